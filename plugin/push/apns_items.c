/* apns_items.c
 * Items of the push protocol's frames: what each number means in each command, its form, and how it is shown.
 *
 * Sources: the names under which Apple's apsd keeps and logs the values, read in public decompilations (APSProtocolParser:
 * APSProtocolToken, ...MessageExpiry, ...DeliveryStatus and so on); theiphonewiki.com and theapplewiki.com, "Apple Push
 * (Notification) Service (Protocol)"; mfrister/pushproxy; JJTech0130/pypush; OpenBubbles/rustpush. An item is in two rows
 * where the two sides mean different things by one number.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

static dissector_handle_t certificate_handle;

static int hf_item_bytes = -1;
static int hf_topic = -1;
static int hf_nonce_version = -1;
static int hf_nonce_time = -1;
static int hf_nonce_random = -1;
static int hf_failure_reason = -1;
static int hf_failure_count = -1;
static int hf_capabilities_dual = -1;
static int hf_capabilities_rtt = -1;
static int hf_capabilities_filter = -1;
static int hf_capabilities_ttr = -1;
static int ett_payload = -1;

const value_string ft_apns_command_vals[] = {
    { 7, "Connect" },
    { 8, "Connect Answer" },
    { 9, "Filter" },
    { 10, "Notification" },
    { 11, "Acknowledge" },
    { 12, "Keep-Alive" },
    { 13, "Keep-Alive Answer" },
    { 14, "No Storage" },
    { 15, "Flush" },
    { 16, "Flush Answer" },
    { 17, "Generate Token" },
    { 18, "Generate Token Answer" },
    { 19, "Active Interval" },
    { 20, "State" },
    { 21, "Transport Acknowledge" },
    { 22, "Command 22 [unknown]" },
    { 23, "Redirect" },
    { 27, "Tracing Acknowledge" },
    { 29, "Channel List" },
    { 30, "Channel Update" },
    { 32, "Presence Tracking" },
    { 33, "Filter Update" },
    { 34, "Command 34 [unknown]" },
    { 0, NULL }
};

static const value_string status_vals[] = {
    { 0, "OK" },
    { 2, "Error" },
    { 0, NULL }
};

static const value_string state_vals[] = {
    { 1, "Active" },
    { 2, "Inactive" },
    { 0, NULL }
};

static const value_string priority_vals[] = {
    { 1, "Low" },
    { 5, "Conserve power" },
    { 10, "Immediate" },
    { 0, NULL }
};

/* Fields. The order is that of fields[]. */
enum {
    F_TOKEN, F_BASE_TOKEN, F_TOPIC_HASH, F_MESSAGE_ID, F_EXPIRY, F_TIMESTAMP, F_STATUS, F_STATE, F_PAYLOAD, F_FLAGS, F_INTERFACE,
    F_INTERVAL, F_CARRIER, F_SYSTEM_VERSION, F_SYSTEM_BUILD, F_HARDWARE, F_CERTIFICATE, F_NONCE, F_SIGNATURE, F_VERSION,
    F_REDIRECT_COUNT, F_DNS_TIME, F_TLS_TIME, F_TCP_TIME, F_FAILURE, F_LAST_CONNECTED, F_DISCONNECT_REASON, F_HOST_CERTIFICATE,
    F_OFFLOAD_REASON, F_FEATURES, F_PSK_COUNT, F_SERVER_METADATA, F_MESSAGE_SIZE, F_LARGE_MESSAGE_SIZE, F_CAPABILITIES,
    F_SERVER_TIME, F_REDIRECT_REASON, F_REGION, F_MIN_KEEP_ALIVE, F_EXPECTED_KEEP_ALIVE, F_MAX_KEEP_ALIVE, F_CLIENT_ADDRESS,
    F_EXPERIMENT, F_INVALID_REASON, F_PSK_STATUS, F_FILTER_VERSION, F_RTT, F_STORAGE_FLAGS, F_PRIORITY, F_TRACING, F_CORRELATION,
    F_PUSH_TYPE, F_CHANNEL_INFO, F_KEEP_ALIVE_TEXT, F_DELAY_TEXT, F_SERVER_STATS, F_KEEP_ALIVE_STATE, F_KEEP_ALIVE_SUBSTATE,
    F_DELAY, F_WANTED_PADDING, F_PADDING, F_APP_ID, F_TOKEN_TYPE, F_TTL, F_KEY_HASH, F_CHANNELS, F_TIMEOUT, F_SALT, F_TRACKING,
    F_UNKNOWN, F_COUNT
};

/* size: bytes of the value; 0: any number. size2: another size that it may have; 0: none. */
static struct {
    int hf;
    const char *name, *title;
    enum ftenum type;
    int display;
    const void *strings;
    uint8_t size, size2;
    unsigned encoding;
    const char *blurb;
} fields[F_COUNT] = {
#define BE ENC_BIG_ENDIAN
    [F_TOKEN] = { -1, "token", "Push Token", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Names a device, or a service on it, to the push service" },
    [F_BASE_TOKEN] = { -1, "base_token", "Base Token", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Token of the device that another token was made from" },
    [F_TOPIC_HASH] = { -1, "topic.hash", "Topic Hash", FT_BYTES, BASE_NONE, NULL, 20, 32, ENC_NA, "SHA-1 of the topic's name (32 bytes in later versions)" },
    [F_MESSAGE_ID] = { -1, "message_id", "Message ID", FT_UINT32, BASE_HEX, NULL, 4, 0, BE, "The same in a notification and its acknowledgement" },
    [F_EXPIRY] = { -1, "expiry", "Expiry", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 4, 0, ENC_TIME_SECS | BE, "The push service keeps the notification until then" },
    [F_TIMESTAMP] = { -1, "timestamp", "Timestamp", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 8, 0, ENC_TIME_NSECS | BE, "When the push service took the message, in nanoseconds since 1970" },
    [F_STATUS] = { -1, "status", "Status", FT_UINT8, BASE_DEC, VALS(status_vals), 1, 0, BE, "Result, 0 where all is well" },
    [F_STATE] = { -1, "state", "State", FT_UINT8, BASE_DEC, VALS(state_vals), 1, 0, BE, "Is the device in use?" },
    [F_PAYLOAD] = { -1, "payload", "Payload", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "What the notification carries: a property list or JSON" },
    [F_FLAGS] = { -1, "flags", "Flags", FT_UINT32, BASE_HEX, NULL, 4, 0, BE, "Bits whose meanings are mostly not known" },
    [F_INTERFACE] = { -1, "interface", "Interface", FT_UINT8, BASE_DEC, NULL, 1, 0, BE, "Kind of network that the device uses [values unknown]" },
    [F_INTERVAL] = { -1, "active_interval", "Active Interval", FT_UINT32, BASE_DEC, NULL, 4, 0, BE, "For how long the device stays active, in seconds" },
    [F_CARRIER] = { -1, "carrier", "Carrier", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Mobile network, or WiFi" },
    [F_SYSTEM_VERSION] = { -1, "system_version", "System Version", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Version of the device's system" },
    [F_SYSTEM_BUILD] = { -1, "system_build", "System Build", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Build of the device's system" },
    [F_HARDWARE] = { -1, "hardware", "Hardware", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Model of the device" },
    [F_CERTIFICATE] = { -1, "certificate", "Device Certificate", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "The device's certificate, from its activation" },
    [F_NONCE] = { -1, "nonce", "Nonce", FT_BYTES, BASE_NONE, NULL, 17, 0, ENC_NA, "What the device signs: version, time and eight random bytes" },
    [F_SIGNATURE] = { -1, "signature", "Signature", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "01 01 and the nonce's signature by the device's key" },
    [F_VERSION] = { -1, "version", "Protocol Version", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Version of the protocol; 9 and 12 seen in public code" },
    [F_REDIRECT_COUNT] = { -1, "redirect_count", "Redirect Count", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "How often the device was sent to another courier" },
    [F_DNS_TIME] = { -1, "dns_time", "DNS Time", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Duration of the name's look-up in milliseconds" },
    [F_TLS_TIME] = { -1, "tls_time", "TLS Time", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Duration of the TLS handshake in milliseconds" },
    [F_TCP_TIME] = { -1, "tcp_time", "TCP Time", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Duration of the TCP handshake in milliseconds" },
    [F_FAILURE] = { -1, "failure", "Connection Failure", FT_BYTES, BASE_NONE, NULL, 6, 0, ENC_NA, "A reason why connections failed before this one, and how often" },
    [F_LAST_CONNECTED] = { -1, "last_connected", "Last Connected", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 8, 0, ENC_TIME_MSECS | BE, "When the device was connected before, in milliseconds since 1970" },
    [F_DISCONNECT_REASON] = { -1, "disconnect_reason", "Disconnect Reason", FT_UINT32, BASE_DEC, NULL, 4, 0, BE, "Why the connection before this one ended [values unknown]" },
    [F_HOST_CERTIFICATE] = { -1, "host_certificate_info", "Host Certificate Information", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Of a device that is not the one that connects [form unknown]" },
    [F_OFFLOAD_REASON] = { -1, "offload_reason", "Offload Reason", FT_UINT32, BASE_DEC, NULL, 4, 0, BE, "Why the connection moves between processors [values unknown]" },
    [F_FEATURES] = { -1, "features", "Features", FT_UINT32, BASE_HEX, NULL, 4, 0, BE, "Bits of the client's features; bit 1: the connection is offloaded" },
    [F_PSK_COUNT] = { -1, "psk_count", "PSKs Wanted", FT_UINT8, BASE_DEC, NULL, 1, 0, BE, "Pre-shared keys that the device asks for" },
    [F_SERVER_METADATA] = { -1, "server_metadata", "Server Metadata", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "What the courier says of itself" },
    [F_MESSAGE_SIZE] = { -1, "message_size", "Message Size", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Longest payload that the courier takes, in bytes" },
    [F_LARGE_MESSAGE_SIZE] = { -1, "large_message_size", "Large Message Size", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Longest payload of services that may send more, in bytes" },
    [F_CAPABILITIES] = { -1, "capabilities", "Capabilities", FT_UINT32, BASE_HEX, NULL, 4, 0, BE, "What the courier can do" },
    [F_SERVER_TIME] = { -1, "server_time", "Server Time", FT_UINT64, BASE_DEC, NULL, 8, 0, BE, "The courier's clock [unit unknown; probably milliseconds since 1970]" },
    [F_REDIRECT_REASON] = { -1, "redirect_reason", "Redirect Reason", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Why the courier sends the device elsewhere" },
    [F_REGION] = { -1, "region", "Region", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Where the courier takes the device to be" },
    [F_MIN_KEEP_ALIVE] = { -1, "keep_alive.min", "Shortest Keep-Alive Interval", FT_UINT64, BASE_DEC, NULL, 0, 0, BE, "Shortest interval between keep-alives [unit unknown]" },
    [F_EXPECTED_KEEP_ALIVE] = { -1, "keep_alive.expected", "Expected Keep-Alive Interval", FT_UINT64, BASE_DEC, NULL, 0, 0, BE, "Interval between keep-alives that the courier expects [unit unknown]" },
    [F_MAX_KEEP_ALIVE] = { -1, "keep_alive.max", "Longest Keep-Alive Interval", FT_UINT64, BASE_DEC, NULL, 0, 0, BE, "Longest interval between keep-alives [unit unknown]" },
    [F_CLIENT_ADDRESS] = { -1, "client_address", "Client Address", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "The device's address as the courier sees it [form unknown]" },
    [F_EXPERIMENT] = { -1, "experiment", "Experiment ID", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Number of an experiment that the courier tries on the device" },
    [F_INVALID_REASON] = { -1, "invalid_reason", "Invalid Reason", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Why the courier refuses the connect" },
    [F_PSK_STATUS] = { -1, "psk_status", "PSK Status", FT_UINT8, BASE_DEC, NULL, 1, 0, BE, "Will pre-shared keys come? [values unknown]" },
    [F_FILTER_VERSION] = { -1, "filter_version", "Filter Version", FT_UINT64, BASE_DEC, NULL, 8, 0, BE, "Number of the list of topics" },
    [F_RTT] = { -1, "rtt", "Last Round-Trip Time", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Of the device's message before this one [unit unknown]" },
    [F_STORAGE_FLAGS] = { -1, "storage_flags", "Storage Flags", FT_UINT8, BASE_HEX, NULL, 1, 0, BE, "Was the notification stored? [bits unknown]" },
    [F_PRIORITY] = { -1, "priority", "Priority", FT_UINT8, BASE_DEC, VALS(priority_vals), 1, 0, BE, "How soon the notification must arrive" },
    [F_TRACING] = { -1, "tracing_uuid", "Tracing UUID", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "By which Apple follows a notification" },
    [F_CORRELATION] = { -1, "correlation_id", "Correlation Identifier", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Ties notifications together" },
    [F_PUSH_TYPE] = { -1, "push_type", "Push Type", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Kind of notification [values unknown]" },
    [F_CHANNEL_INFO] = { -1, "channel_info", "Channel Information", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Channel that the notification was published on (Protocol Buffers)" },
    [F_KEEP_ALIVE_TEXT] = { -1, "keep_alive.interval", "Keep-Alive Interval", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "Interval that the device keeps, as text" },
    [F_DELAY_TEXT] = { -1, "keep_alive.delayed_response", "Delayed Response Interval", FT_STRING, BASE_NONE, NULL, 0, 0, ENC_UTF_8, "How long the answer may take, as text" },
    [F_SERVER_STATS] = { -1, "server_stats", "Server Statistics", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "1: the device uses the courier's statistics" },
    [F_KEEP_ALIVE_STATE] = { -1, "keep_alive.state", "Keep-Alive State", FT_UINT8, BASE_DEC, NULL, 1, 0, BE, "State of the device's keep-alive algorithm [values unknown]" },
    [F_KEEP_ALIVE_SUBSTATE] = { -1, "keep_alive.substate", "Keep-Alive Substate", FT_UINT8, BASE_DEC, NULL, 1, 0, BE, "Substate of the device's keep-alive algorithm [values unknown]" },
    [F_DELAY] = { -1, "keep_alive.delay", "Keep-Alive Delay", FT_UINT64, BASE_DEC, NULL, 0, 0, BE, "For how long keep-alives should wait [unit unknown]" },
    [F_WANTED_PADDING] = { -1, "padding_wanted", "Padding Wanted", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Bytes of padding that the answer should have" },
    [F_PADDING] = { -1, "padding", "Padding", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Bytes that mean nothing" },
    [F_APP_ID] = { -1, "app_id", "App ID", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Number of an app on the device" },
    [F_TOKEN_TYPE] = { -1, "token_type", "Token Type", FT_UINT16, BASE_DEC, NULL, 2, 0, BE, "Kind of token that is asked for [values unknown]" },
    [F_TTL] = { -1, "ttl", "Time to Live", FT_UINT32, BASE_DEC, NULL, 4, 0, BE, "For how long the token is good [unit unknown]" },
    [F_KEY_HASH] = { -1, "vapid_key_hash", "VAPID Key Hash", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Hash of the public key of a web site that pushes" },
    [F_CHANNELS] = { -1, "channels", "Channels", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Channels to listen to, or their news (Protocol Buffers)" },
    [F_TIMEOUT] = { -1, "timeout", "Timeout", FT_UINT32, BASE_DEC, NULL, 4, 0, BE, "When to ask again [unit unknown]" },
    [F_SALT] = { -1, "salt", "Salt", FT_UINT64, BASE_HEX, NULL, 8, 0, BE, "Random number of the tracking" },
    [F_TRACKING] = { -1, "tracking_flag", "Tracking Flag", FT_UINT32, BASE_HEX, NULL, 4, 0, BE, "What to track [values unknown]" },
    [F_UNKNOWN] = { -1, "item.unknown", "Value [unknown]", FT_BYTES, BASE_NONE, NULL, 0, 0, ENC_NA, "Known to occur, but not what it means" },
#undef BE
};

#define D APNS_FROM_DEVICE
#define S APNS_FROM_SERVER

/* What a number means in a command. title: where the field's is not plain enough. */
static const struct {
    uint8_t command, id, from, field;
    const char *title;
} items[] = {
    { 7, 1, D, F_TOKEN, NULL }, { 7, 2, D, F_STATE, NULL }, { 7, 5, D, F_FLAGS, NULL }, { 7, 6, D, F_INTERFACE, NULL },
    { 7, 7, D, F_INTERVAL, NULL }, { 7, 8, D, F_CARRIER, NULL }, { 7, 9, D, F_SYSTEM_VERSION, NULL },
    { 7, 10, D, F_SYSTEM_BUILD, NULL }, { 7, 11, D, F_HARDWARE, NULL }, { 7, 12, D, F_CERTIFICATE, NULL }, { 7, 13, D, F_NONCE, NULL },
    { 7, 14, D, F_SIGNATURE, NULL }, { 7, 16, D, F_VERSION, NULL }, { 7, 17, D, F_REDIRECT_COUNT, NULL }, { 7, 19, D, F_DNS_TIME, NULL },
    { 7, 20, D, F_TLS_TIME, NULL }, { 7, 21, D, F_FAILURE, NULL }, { 7, 22, D, F_LAST_CONNECTED, NULL }, { 7, 25, D, F_TCP_TIME, NULL },
    { 7, 26, D, F_DISCONNECT_REASON, NULL }, { 7, 29, D, F_HOST_CERTIFICATE, NULL }, { 7, 30, D, F_OFFLOAD_REASON, NULL },
    { 7, 31, D, F_FEATURES, NULL }, { 7, 32, D, F_PSK_COUNT, NULL },

    { 8, 1, S, F_STATUS, NULL }, { 8, 2, S, F_SERVER_METADATA, NULL }, { 8, 3, S, F_TOKEN, NULL }, { 8, 4, S, F_MESSAGE_SIZE, NULL },
    { 8, 5, S, F_UNKNOWN, NULL }, { 8, 6, S, F_CAPABILITIES, NULL }, { 8, 7, S, F_SERVER_TIME, "Server Time, after a Bad Nonce" },
    { 8, 8, S, F_LARGE_MESSAGE_SIZE, NULL }, { 8, 9, S, F_REDIRECT_REASON, NULL }, { 8, 10, S, F_SERVER_TIME, NULL },
    { 8, 11, S, F_REGION, NULL }, { 8, 16, S, F_MIN_KEEP_ALIVE, NULL }, { 8, 17, S, F_EXPECTED_KEEP_ALIVE, NULL },
    { 8, 18, S, F_MAX_KEEP_ALIVE, NULL }, { 8, 19, S, F_CLIENT_ADDRESS, NULL }, { 8, 20, S, F_EXPERIMENT, NULL },
    { 8, 21, S, F_INVALID_REASON, NULL }, { 8, 22, S, F_PSK_STATUS, NULL },

    { 9, 1, APNS_FROM_ANY, F_TOKEN, NULL }, { 9, 2, D, F_TOPIC_HASH, "Enabled Topic" }, { 9, 2, S, F_FILTER_VERSION, NULL },
    { 9, 3, D, F_TOPIC_HASH, "Ignored Topic" }, { 9, 3, S, F_STATUS, NULL }, { 9, 4, D, F_TOPIC_HASH, "Opportunistic Topic" },
    { 9, 5, D, F_TOPIC_HASH, "Paused Topic" }, { 9, 6, D, F_TOPIC_HASH, "Topic that wakes nobody" },
    { 9, 7, D, F_UNKNOWN, "Enabled Topic, short form [unknown]" }, { 9, 8, D, F_UNKNOWN, "Ignored Topic, short form [unknown]" },
    { 9, 9, D, F_UNKNOWN, "Opportunistic Topic, short form [unknown]" }, { 9, 10, D, F_UNKNOWN, "Paused Topic, short form [unknown]" },
    { 9, 11, D, F_UNKNOWN, "Topic that wakes nobody, short form [unknown]" }, { 9, 12, D, F_FILTER_VERSION, NULL },

    { 10, 1, S, F_TOKEN, "Recipient's Token" }, { 10, 1, D, F_TOPIC_HASH, "Topic" }, { 10, 2, S, F_TOPIC_HASH, "Topic" },
    { 10, 2, D, F_TOKEN, "Sender's Token" }, { 10, 3, APNS_FROM_ANY, F_PAYLOAD, NULL }, { 10, 4, APNS_FROM_ANY, F_MESSAGE_ID, NULL },
    { 10, 5, APNS_FROM_ANY, F_EXPIRY, NULL }, { 10, 6, APNS_FROM_ANY, F_TIMESTAMP, NULL }, { 10, 7, APNS_FROM_ANY, F_UNKNOWN, NULL },
    { 10, 9, S, F_STORAGE_FLAGS, NULL }, { 10, 13, APNS_FROM_ANY, F_PRIORITY, NULL }, { 10, 15, S, F_BASE_TOKEN, NULL },
    { 10, 21, S, F_TRACING, NULL }, { 10, 24, S, F_CORRELATION, NULL }, { 10, 25, D, F_RTT, NULL }, { 10, 26, S, F_FLAGS, NULL },
    { 10, 28, S, F_PUSH_TYPE, NULL }, { 10, 29, S, F_CHANNEL_INFO, NULL },

    { 11, 1, APNS_FROM_ANY, F_TOKEN, NULL }, { 11, 4, APNS_FROM_ANY, F_MESSAGE_ID, NULL }, { 11, 6, S, F_TIMESTAMP, NULL },
    { 11, 8, APNS_FROM_ANY, F_STATUS, NULL },

    { 12, 1, D, F_CARRIER, NULL }, { 12, 2, D, F_SYSTEM_VERSION, NULL }, { 12, 3, D, F_SYSTEM_BUILD, NULL }, { 12, 4, D, F_HARDWARE, NULL },
    { 12, 5, D, F_KEEP_ALIVE_TEXT, NULL }, { 12, 6, D, F_DELAY_TEXT, NULL }, { 12, 8, D, F_SERVER_STATS, NULL },
    { 12, 9, D, F_KEEP_ALIVE_STATE, NULL }, { 12, 10, D, F_KEEP_ALIVE_SUBSTATE, NULL },
    { 13, 1, S, F_STATUS, NULL }, { 13, 2, S, F_DELAY, NULL },
    { 14, 1, S, F_TOKEN, "Destination" },
    { 15, 1, APNS_FROM_ANY, F_WANTED_PADDING, NULL }, { 15, 2, APNS_FROM_ANY, F_PADDING, NULL }, { 16, 2, APNS_FROM_ANY, F_PADDING, NULL },

    { 17, 1, D, F_BASE_TOKEN, NULL }, { 17, 2, D, F_TOPIC_HASH, "Topic" }, { 17, 3, D, F_APP_ID, NULL }, { 17, 4, D, F_TOKEN_TYPE, NULL },
    { 17, 5, D, F_TTL, NULL }, { 17, 6, D, F_KEY_HASH, NULL },
    { 18, 1, S, F_STATUS, NULL }, { 18, 2, S, F_TOKEN, NULL }, { 18, 3, S, F_TOPIC_HASH, "Topic" }, { 18, 4, S, F_APP_ID, NULL },
    { 19, 1, D, F_INTERVAL, NULL }, { 20, 1, D, F_STATE, NULL }, { 20, 2, D, F_INTERVAL, NULL },
    { 23, 2, S, F_SERVER_METADATA, NULL }, { 23, 9, S, F_REDIRECT_REASON, NULL },
    { 27, 1, D, F_TOPIC_HASH, "Topic" }, { 27, 2, D, F_TRACING, NULL }, { 27, 3, D, F_STATUS, NULL }, { 27, 4, D, F_TOKEN, NULL },
    { 29, 1, APNS_FROM_ANY, F_MESSAGE_ID, NULL }, { 29, 2, APNS_FROM_ANY, F_CHANNELS, NULL }, { 29, 3, APNS_FROM_ANY, F_TOKEN, NULL },
    { 29, 4, S, F_STATUS, NULL }, { 29, 5, S, F_TIMEOUT, NULL },
    { 30, 1, S, F_MESSAGE_ID, NULL }, { 30, 2, S, F_CHANNELS, NULL }, { 30, 3, S, F_TOKEN, NULL }, { 30, 4, S, F_TIMESTAMP, NULL },
    { 32, 1, APNS_FROM_ANY, F_MESSAGE_ID, NULL }, { 32, 2, APNS_FROM_ANY, F_TOKEN, NULL }, { 32, 3, D, F_SALT, NULL },
    { 32, 3, S, F_STATUS, NULL }, { 32, 4, D, F_TRACKING, NULL }, { 32, 5, D, F_TIMESTAMP, NULL },
    { 33, 1, S, F_TOKEN, NULL }, { 33, 2, S, F_FILTER_VERSION, NULL }, { 33, 3, S, F_STATUS, NULL },
};
#undef D
#undef S

/* First row of each command and number + 1; filled once. All commands and numbers are below 64. */
#define APNS_MAX_NUMBER 64
static uint16_t first_row[APNS_MAX_NUMBER][APNS_MAX_NUMBER];

bool
ft_apns_command_known(uint8_t command)
{
    return try_val_to_str(command, ft_apns_command_vals) != NULL;
}

static bool
size_fits(unsigned field, unsigned len)
{
    if (fields[field].type == FT_UINT64 && fields[field].size == 0)
        return len >= 1 && len <= 8;
    return fields[field].size == 0 || len == fields[field].size || (fields[field].size2 && len == fields[field].size2);
}

/* The row of an item; -1 if the number is not known. The side decides between two meanings; the length where the side is not
 * known, and where a side was taken for the other. */
static int
find_row(uint8_t command, uint8_t id, ft_apns_from_t from, int len)
{
    int row = command < APNS_MAX_NUMBER && id < APNS_MAX_NUMBER ? (int)first_row[command][id] - 1 : -1;
    int best = row;

    for (; row >= 0 && row < (int)array_length(items) && items[row].command == command && items[row].id == id; row++) {
        bool side = items[row].from == APNS_FROM_ANY || from == APNS_FROM_ANY || items[row].from == from;
        bool fits = len < 0 || size_fits(items[row].field, (unsigned)len);

        /* A topic's hash is told from a token by its length alone. */
        if (fits && (side || len == APNS_HASH_LEN) && (items[row].field != F_TOKEN || len != APNS_HASH_LEN))
            return row;
        if (side)
            best = row;
    }
    return best;
}

bool
ft_apns_item_plausible(uint8_t command, uint8_t id, unsigned len)
{
    int row = find_row(command, id, APNS_FROM_ANY, (int)len);

    return row < 0 || size_fits(items[row].field, len);
}

static void
show_topic(tvbuff_t *tvb, proto_tree *tree, proto_item *item, int at, int len, ft_apns_facts_t *facts)
{
    uint8_t hash[APNS_HASH_LEN];
    const ft_apns_topic_t *topic;

    if (len != APNS_HASH_LEN)
        return;
    tvb_memcpy(tvb, hash, at, APNS_HASH_LEN);
    topic = ft_apns_topic_find(hash);
    facts->n_topics++;
    facts->topic = topic ? topic->name : NULL;
    if (!topic)
        return;
    proto_item_set_generated(proto_tree_add_string(tree, hf_topic, tvb, at, len, topic->name));
    proto_item_append_text(item, ": %s", topic->name);
}

/* 00, milliseconds since 1970, random (theiphonewiki.com, "Apple Push Service Protocol"). */
static void
show_nonce(tvbuff_t *tvb, proto_tree *tree, int at)
{
    proto_tree_add_item(tree, hf_nonce_version, tvb, at, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_nonce_time, tvb, at + 1, 8, ENC_TIME_MSECS | ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_nonce_random, tvb, at + 9, 8, ENC_NA);
}

/* What lies below a value. */
static void
show_inside(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, int at, int len, unsigned field, ft_apns_facts_t *facts)
{
    switch (field) {
    case F_TOPIC_HASH:
        show_topic(tvb, tree, item, at, len, facts);
        break;
    case F_MESSAGE_ID:
        facts->has_id = true;
        facts->id = tvb_get_ntohl(tvb, at);
        break;
    case F_PAYLOAD:
        if (len > 0)
            ft_apns_payload_show(tvb_new_subset_length(tvb, at, len), pinfo, tree);
        break;
    case F_CERTIFICATE:
        if (len > 0)
            ft_apns_show_by(certificate_handle, tvb_new_subset_length(tvb, at, len), pinfo, tree);
        break;
    case F_NONCE:
        show_nonce(tvb, tree, at);
        break;
    case F_FAILURE:
        proto_tree_add_item(tree, hf_failure_reason, tvb, at, 4, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, hf_failure_count, tvb, at + 4, 2, ENC_BIG_ENDIAN);
        break;
    case F_CAPABILITIES:
        proto_tree_add_item(tree, hf_capabilities_dual, tvb, at, 4, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, hf_capabilities_rtt, tvb, at, 4, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, hf_capabilities_filter, tvb, at, 4, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, hf_capabilities_ttr, tvb, at, 4, ENC_BIG_ENDIAN);
        break;
    }
}

static const char *
row_title(int row)
{
    return items[row].title ? items[row].title : fields[items[row].field].title;
}

void
ft_apns_item_name(proto_item *head, uint8_t command, uint8_t id, ft_apns_from_t from)
{
    int row = find_row(command, id, from, -1);

    if (row >= 0)
        proto_item_append_text(head, ", %s", row_title(row));
}

void
ft_apns_item_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *head, int at, int len,
               uint8_t command, uint8_t id, ft_apns_from_t from, ft_apns_facts_t *facts)
{
    int row = find_row(command, id, from, len);
    proto_item *item;
    unsigned field;

    if (row < 0) {
        proto_item_append_text(head, ", unknown");
        expert_add_info_format(pinfo, head, &ft_ei_apns_unknown_item, "Item %u of command %u is not known", id, command);
        if (len > 0)
            proto_tree_add_item(tree, hf_item_bytes, tvb, at, len, ENC_NA);
        return;
    }
    proto_item_append_text(head, ", %s", row_title(row));
    field = items[row].field;
    if (!size_fits(field, (unsigned)len)) {
        expert_add_info_format(pinfo, head, &ft_ei_apns_bad_length, "%s cannot have %d bytes", row_title(row), len);
        if (len > 0)
            proto_tree_add_item(tree, hf_item_bytes, tvb, at, len, ENC_NA);
        return;
    }
    if (len == 0 && fields[field].type == FT_BYTES)
        return;
    if (fields[field].type == FT_STRING)
        item = proto_tree_add_string(tree, fields[field].hf, tvb, at, len, ft_tvb_text(pinfo->pool, tvb, at, len));
    else
        item = proto_tree_add_item(tree, fields[field].hf, tvb, at, len, fields[field].encoding);
    show_inside(tvb, pinfo, field == F_PAYLOAD || field == F_CERTIFICATE ? proto_item_add_subtree(item, ett_payload) : tree,
                head, at, len, field, facts);
}

void
ft_apns_item_show_number(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *head, int at, int len,
                      uint8_t command, uint8_t id, ft_apns_from_t from, uint64_t number, ft_apns_facts_t *facts)
{
    int row = find_row(command, id, from, -1);
    nstime_t when = { 0, 0 };
    unsigned field;

    if (row < 0) {
        proto_item_append_text(head, ", unknown: %" PRIu64, number);
        expert_add_info_format(pinfo, head, &ft_ei_apns_unknown_item, "Item %u of command %u is not known", id, command);
        return;
    }
    proto_item_append_text(head, ", %s", row_title(row));
    field = items[row].field;
    switch (fields[field].type) {
    case FT_UINT8: case FT_UINT16: case FT_UINT32:
        proto_tree_add_uint(tree, fields[field].hf, tvb, at, len, (uint32_t)number);
        break;
    case FT_UINT64:
        proto_tree_add_uint64(tree, fields[field].hf, tvb, at, len, number);
        break;
    case FT_ABSOLUTE_TIME:
        if (field == F_EXPIRY) {
            when.secs = (time_t)(uint32_t)number;
        } else {
            uint64_t per_second = field == F_TIMESTAMP ? UINT64_C(1000000000) : UINT64_C(1000);

            when.secs = (time_t)(number / per_second);
            when.nsecs = (int)(number % per_second * (UINT64_C(1000000000) / per_second));
        }
        proto_tree_add_time(tree, fields[field].hf, tvb, at, len, &when);
        break;
    default:
        proto_item_append_text(head, ": %" PRIu64, number);
        break;
    }
    if (field == F_MESSAGE_ID) {
        facts->has_id = true;
        facts->id = (uint32_t)number;
    }
}

void
ft_apns_items_handoff(void)
{
    /* Registered by name in its media type only. */
    certificate_handle = find_dissector("application/pkix-cert");
}

void
ft_apns_items_register(void)
{
    static hf_register_info hf_fields[F_COUNT];
    static hf_register_info hf[] = {
        { &hf_item_bytes, { "Bytes", "apns.item.bytes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Value of an item that is not known or does not have its length", HFILL } },
        { &hf_topic, { "Topic", "apns.topic", FT_STRING, BASE_NONE,
            NULL, 0x0, "Name of the topic, if its hash is that of a known one", HFILL } },
        { &hf_nonce_version, { "Version", "apns.nonce.version", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Version of the nonce, 0", HFILL } },
        { &hf_nonce_time, { "Time", "apns.nonce.time", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC,
            NULL, 0x0, "When the device made the nonce, by its own clock", HFILL } },
        { &hf_nonce_random, { "Random", "apns.nonce.random", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Eight random bytes", HFILL } },
        { &hf_failure_reason, { "Reason", "apns.failure.reason", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Why a connection failed, as a number of Apple's", HFILL } },
        { &hf_failure_count, { "Count", "apns.failure.count", FT_UINT16, BASE_DEC,
            NULL, 0x0, "How often connections failed so", HFILL } },
        { &hf_capabilities_dual, { "Dual Channel", "apns.capabilities.dual_channel", FT_BOOLEAN, 32,
            NULL, 0x1, "Wi-Fi and cellular at once", HFILL } },
        { &hf_capabilities_rtt, { "Report Round-Trip Time", "apns.capabilities.report_rtt", FT_BOOLEAN, 32,
            NULL, 0x2, "The device should say how long its messages took", HFILL } },
        { &hf_capabilities_filter, { "Filter Optimization", "apns.capabilities.filter_optimization", FT_BOOLEAN, 32,
            NULL, 0x4, "The courier remembers the list of topics", HFILL } },
        { &hf_capabilities_ttr, { "Requested TTR", "apns.capabilities.requested_ttr", FT_BOOLEAN, 32,
            NULL, 0x8, "Named so in Apple's code; the meaning is not known", HFILL } },
    };
    static int *ett[] = { &ett_payload };

    for (unsigned i = 0; i < F_COUNT; i++) {
        hf_register_info one = { &fields[i].hf, { fields[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "apns.%s", fields[i].name),
            fields[i].type, fields[i].display, fields[i].strings, 0x0, fields[i].blurb, HFILL } };

        hf_fields[i] = one;
    }
    for (unsigned i = array_length(items); i-- > 0;)
        first_row[items[i].command][items[i].id] = (uint16_t)(i + 1);
    proto_register_field_array(proto_apns, hf_fields, array_length(hf_fields));
    proto_register_field_array(proto_apns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
