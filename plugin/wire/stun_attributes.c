/* stun_attributes.c
 * The attributes of Apple's STUN dialect.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *     | type                          | length of the value           |
 *     +-------------------------------+-------------------------------+
 *     | value ...                     | 0 to 3 bytes of padding       |
 *     +-------------------------------+-------------------------------+
 *
 * Names are those of keys and log messages in public decompilations of Apple's IDSFoundation (IDSStunMessage: the keys
 * "ids-stun-attribute-..."), widths those with which it writes and reads them. Seen on real calls: 8007, 8008, 8023, 8024.
 *
 * Attributes that the stock dissector knows are left to it. Four types mean something else there, told apart by the length:
 * 0x0025 (USE-CANDIDATE, empty), 0x8006 and 0x8008 (Microsoft's), 0x8023 (ALTERNATE-SERVER, an address).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/stun_attributes.h"
#include "wire/link.h"

#include <epan/to_str.h>

#define FT_STUN_REQUEST_COUNT   0x0025
#define FT_STUN_LINK_UUID       0x8008
#define FT_STUN_LINK_ATTRIBUTES 0x8023
#define FT_STUN_SOCKET_MASK     0x8024

/* RFC 8489, 14.2 and 14.8; RFC 8656, 18. Families: 1 is IPv4, 2 IPv6. */
#define FT_STUN_ERROR_CODE      0x0009
#define FT_STUN_CHANNEL_NUMBER  0x000c
#define FT_STUN_LIFETIME        0x000d
#define FT_STUN_XOR_PEER        0x0012
#define FT_STUN_XOR_RELAYED     0x0016
#define FT_STUN_TRANSPORT       0x0019
#define FT_STUN_XOR_MAPPED      0x0020
#define FT_STUN_SOFTWARE        0x8022
#define FT_STUN_IPV4_LEN        8
#define FT_STUN_IPV6_LEN        20

/* What the encryption marker is once it is decrypted (IDSStunMessage compares with it). */
#define FT_STUN_MARKER          "JAVT"
#define FT_STUN_MARKER_LEN      4

static int hf_attribute = -1;
static int hf_attribute_type = -1;
static int hf_attribute_length = -1;
static int hf_attribute_value = -1;
static int hf_attribute_padding = -1;
static int hf_attribute_encrypted = -1;
static int hf_plain_error = -1;
static int hf_plain_reason = -1;
static int hf_plain_ipv4 = -1;
static int hf_plain_ipv6 = -1;
static int hf_plain_port = -1;
static int hf_plain_channel = -1;
static int hf_plain_lifetime = -1;
static int hf_plain_transport = -1;
static int hf_plain_software = -1;
static int hf_echo_sent = -1;
static int hf_echo_delay = -1;
static int hf_capability_light = -1;
static int hf_stun_not_set = -1;
static int hf_capability_nack = -1;
static int hf_capability_pod = -1;
static int hf_capability_mki = -1;
static int hf_capability_id = -1;
static int hf_binding_cellular = -1;
static int hf_binding_additional = -1;
static int hf_binding_disconnect = -1;
static int hf_test_error = -1;
static int ett_attribute = -1;
static int ett_echo = -1;
static expert_field ei_attribute_length = EI_INIT;
static expert_field ei_attribute_overrun = EI_INIT;
static expert_field ei_attribute_unknown = EI_INIT;

/* Capability flags: IDSQRProtoMessage and IDSStunMessage of iOS 26.1. */
static int *const capability_bits[] = { &hf_capability_light, &hf_capability_nack, &hf_capability_pod, &hf_capability_mki, &hf_capability_id, NULL };

/* Channel binding and test options: IDSGlobalLink and IDSStunMessage of iOS 26.1. */
static int *const binding_bits[] = { &hf_binding_cellular, &hf_binding_additional, &hf_binding_disconnect, NULL };
static int *const test_bits[] = { &hf_test_error, NULL };

/* Errors of RFC 8489, 14.8, and RFC 8656, 19; then those of the relay: IDSStunCandidatePair of iOS 26.1. */
static const value_string error_vals[] = {
    { 300, "Try Alternate" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 420, "Unknown Attribute" },
    { 437, "Allocation Mismatch" },
    { 438, "Stale Nonce" },
    { 440, "Address Family not Supported" },
    { 441, "Wrong Credentials" },
    { 442, "Unsupported Transport Protocol" },
    { 443, "Peer Address Family Mismatch" },
    { 486, "Allocation Quota Reached" },
    { 487, "Role Conflict" },
    { 500, "Server Error" },
    { 508, "Insufficient Capacity" },
    { 601, "No session state: the relay does not know the participant" },
    { 602, "Idle client" },
    { 603, "Blocked" },
    { 608, "Blocked" },
    { 610, "Error indication 1" },
    { 611, "Blocked" },
    { 0, NULL }
};

/* How a value is shown. */
typedef enum {
    STUN_BYTES,
    STUN_ENCRYPTED,
    STUN_MARKER,        /* encrypted, and known in the clear */
    STUN_U8,
    STUN_U16,
    STUN_U32,
    STUN_HEX32,
    STUN_U64,
    STUN_UUID,
    STUN_ECHO,          /* two u16 */
    STUN_RADIO,         /* u32 with names */
    STUN_SECONDS,       /* u32 in units of 1/65536 s */
    STUN_CAPABILITY,    /* u64 of bits with names */
    STUN_BINDING,       /* u32 of bits with names */
    STUN_TEST           /* the same */
} stun_form_t;

/* Field type and width in bytes of each form; 0: any. */
static const struct {
    enum ftenum type;
    int display;
    int width;
} stun_forms[] = {
    [STUN_BYTES]     = { FT_BYTES, BASE_NONE, 0 },
    [STUN_ENCRYPTED] = { FT_BYTES, BASE_NONE, 0 },
    [STUN_MARKER]    = { FT_BYTES, BASE_NONE, 0 },
    [STUN_U8]        = { FT_UINT8, BASE_DEC, 1 },
    [STUN_U16]       = { FT_UINT16, BASE_DEC, 2 },
    [STUN_U32]       = { FT_UINT32, BASE_DEC, 4 },
    [STUN_HEX32]     = { FT_UINT32, BASE_HEX, 4 },
    [STUN_U64]       = { FT_UINT64, BASE_HEX, 8 },
    [STUN_UUID]      = { FT_GUID, BASE_NONE, 16 },
    [STUN_ECHO]      = { FT_UINT32, BASE_HEX, 4 },
    [STUN_RADIO]     = { FT_UINT32, BASE_DEC, 4 },
    [STUN_SECONDS]   = { FT_UINT32, BASE_DEC, 4 },
    [STUN_CAPABILITY] = { FT_UINT64, BASE_HEX, 8 },
    [STUN_BINDING]   = { FT_UINT32, BASE_HEX, 4 },
    [STUN_TEST]      = { FT_UINT32, BASE_HEX, 4 },
};

/* One attribute of Apple's. A value is taken as the form says only if it has the form's width. */
typedef struct stun_attribute {
    uint16_t type;
    stun_form_t form;
    const char *name;       /* of the field, below facetime.stun */
    const char *title, *blurb;
} stun_attribute_t;

/* In the order of their types: looked up by bisection. */
static const stun_attribute_t stun_attributes[] = {
    { 0x0025, STUN_U32, "request_count", "Request Count",
        "Number of an echo or nomination; not ICE's USE-CANDIDATE, which is empty" },
    { 0x8005, STUN_ECHO, "echo_time", "Echo Time", "Send time of a request and, in its answer, the delay before answering" },
    { 0x8007, STUN_RADIO, "cellular", "Cellular Radio Technology", "Radio access technology of the sender's link" },
    { 0x8008, STUN_UUID, "link_uuid", "Link UUID", "UUID of the link that is checked" },
    { 0x8023, STUN_HEX32, "link_attributes", "Link Attributes", "Attributes of the link [meaning unknown]" },
    { 0x8024, STUN_HEX32, "socket_mask", "Data Socket Mask", "Data socket mask attributes [meaning unknown]" },
    { 0x9001, STUN_BYTES, "p2p_blob", "Peer-to-Peer Negotiation Blob", "Blob of the negotiation between the devices [form unknown]" },
    { 0x9002, STUN_HEX32, "p2p_avc_id", "Peer-to-Peer Connection ID (AVC)", "Connection ID of the media part" },
    { 0x9003, STUN_HEX32, "p2p_ids_id", "Peer-to-Peer Connection ID (IDS)", "Connection ID of the identity service" },
    { 0xee00, STUN_ENCRYPTED, "participants", "Participant IDs (encrypted)", "AES-128-CTR encrypted: 8 bytes each" },
    { 0xee01, STUN_ENCRYPTED, "published_streams", "Published Streams (encrypted)", "AES-128-CTR encrypted: u16 stream IDs" },
    { 0xee02, STUN_ENCRYPTED, "subscribed_streams", "Subscribed Streams (encrypted)", "AES-128-CTR encrypted: for each participant a count, its ID and u16 stream IDs" },
    { 0xee04, STUN_ENCRYPTED, "peer_published_streams", "Peer Published Streams (encrypted)", "AES-128-CTR encrypted: for each peer a count, its ID and u16 stream IDs" },
    { 0xee05, STUN_ENCRYPTED, "peer_subscribed_streams", "Peer Subscribed Streams (encrypted)", "AES-128-CTR encrypted: u16 stream IDs" },
    { 0xee06, STUN_MARKER, "encryption_marker", "Encryption Marker", "Decrypts to \"JAVT\" with the right key" },
    { 0xee07, STUN_ENCRYPTED, "plugin_name", "Plugin Name (encrypted)", "AES-128-CTR encrypted" },
    { 0xee08, STUN_ENCRYPTED, "encrypted_ee08", "Encrypted 0xee08 [unknown]", "AES-128-CTR encrypted, meaning unknown" },
    { 0xee0a, STUN_ENCRYPTED, "encrypted_ee0a", "Encrypted 0xee0a [unknown]", "Encrypted or reserved for it, meaning unknown" },
    { 0xee0b, STUN_ENCRYPTED, "encrypted_ee0b", "Encrypted 0xee0b [unknown]", "Encrypted or reserved for it, meaning unknown" },
    { 0xffc0, STUN_U16, "test_message", "Relay Test Message", "Requested message of a relay test" },
    { 0xffc1, STUN_BYTES, "test_operation", "Relay Test Sub-operation", "Sub-operation of a relay test" },
    { 0xffc2, STUN_U16, "test_error", "Relay Test Error", "Requested error of a relay test" },
    { 0xffd1, STUN_U32, "session_counter", "Session State Counter", "Counts changes of the session's state" },
    { 0xffd2, STUN_BYTES, "truncated", "Truncated", "Empty: the list of participants did not fit" },
    { 0xffd3, STUN_U8, "plugin_operation", "Plugin Operation", "Operation on a plugin of the session" },
    { 0xffd7, STUN_BYTES, "public_key", "Raw Public Key", "A public key" },
    { 0xffdb, STUN_BYTES, "relay_materials", "Relay Materials", "Materials of the relay [form unknown]" },
    { 0xffdf, STUN_BYTES, "server_blob", "Relay Server Blob", "Blob of the relay [form unknown]" },
    { 0xffe0, STUN_U32, "packets_sent", "Packets Sent", "Packets sent so far" },
    { 0xffe1, STUN_U32, "packets_received", "Packets Received", "Packets received so far" },
    { 0xffe2, STUN_U32, "uplink_bandwidth", "Uplink Bandwidth [guess]", "By its width and place among the values of the statistics' answer" },
    { 0xffe3, STUN_U64, "server_time", "Server Time (ms) [guess]", "By its width and place among the values of the statistics' answer" },
    { 0xffe4, STUN_BINDING, "channel_binding", "Channel Binding Information", "Channel binding of the link: 1 cellular, 0x30 an additional binding, 0x200 the relay may disconnect the device" },
    { 0xffe5, STUN_U16, "link_id", "Relay Link ID", "Link on the relay" },
    { 0xffe6, STUN_U32, "relay_request_id", "Relay Request ID", "Request to the relay" },
    { 0xffe7, STUN_TEST, "test_options", "Relay Test Options", "Options of a relay test [meaning of most bits unknown]" },
    { 0xffe8, STUN_HEX32, "channel_settings", "Channel Settings", "Of an answer to AllocBind [meaning of the bits unknown]" },
    { 0xffe9, STUN_HEX32, "relay_cookie", "Relay Cookie", "Cookie of the relay session" },
    { 0xffee, STUN_U16, "session_type", "Session State Type", "Type of a session state change" },
    { 0xfff0, STUN_BYTES, "reallocation_token", "Reallocation Token", "Token for another allocation" },
    { 0xfff1, STUN_UUID, "session_id", "Relay Session ID", "UUID of the relay session" },
    { 0xfff2, STUN_BYTES, "session_token", "Relay Session Token", "Token of the relay session" },
    { 0xfff3, STUN_SECONDS, "client_time", "Client Time", "Clock of the client in 1/65536 s" },
    { 0xfff4, STUN_U32, "client_latency", "Client Latency", "Latency at the client in ms" },
    { 0xfff5, STUN_HEX32, "information_flags", "Information Flags", "Flags of the sender: 7 in each request" },
    { 0xfff7, STUN_CAPABILITY, "capability_flags", "Capability Flags", "What the sender can do" },
    { 0xfffb, STUN_U32, "generation", "Generation Counter", "Counts generations of the session" },
    { 0xfffc, STUN_U8, "max_streams", "Maximum Concurrent Streams", "Most streams at once" },
};

static int stun_attribute_hf[array_length(stun_attributes)];

/* Names of other attributes, for messages that no stock dissector shows: those that Apple's code knows (RFC 8489, RFC 8656),
 * and what the stock dissector makes of types of Apple's. */
static const value_string standard_names[] = {
    { 0x0006, "USERNAME" },
    { 0x0008, "MESSAGE-INTEGRITY" },
    { 0x0009, "ERROR-CODE" },
    { 0x000a, "UNKNOWN-ATTRIBUTES" },
    { 0x000c, "CHANNEL-NUMBER" },
    { 0x000d, "LIFETIME" },
    { 0x0012, "XOR-PEER-ADDRESS" },
    { 0x0013, "DATA" },
    { 0x0016, "XOR-RELAYED-ADDRESS" },
    { 0x0019, "REQUESTED-TRANSPORT" },
    { 0x0020, "XOR-MAPPED-ADDRESS" },
    { 0x0022, "RESERVATION-TOKEN" },
    { 0x0025, "USE-CANDIDATE" },
    { 0x8008, "MS-VERSION" },
    { 0x8022, "SOFTWARE" },
    { 0x8023, "ALTERNATE-SERVER" },
    { 0x8028, "FINGERPRINT" },
    { 0, NULL }
};

/* Both lists as one, made when the fields are registered; the end is the second list's. */
static value_string attribute_names[array_length(stun_attributes) + array_length(standard_names)];

static int
compare_type(const void *key, const void *member)
{
    return *(const uint16_t *)key - ((const stun_attribute_t *)member)->type;
}

static const stun_attribute_t *
attribute_find(uint16_t type)
{
    return (const stun_attribute_t *)bsearch(&type, stun_attributes, array_length(stun_attributes), sizeof *stun_attributes, compare_type);
}

/* What the stock dissector makes of a type of Apple's, if the length is right for that. */
static bool
attribute_is_stock(uint16_t type, unsigned len)
{
    return (type == FT_STUN_REQUEST_COUNT && len == 0) ||       /* USE-CANDIDATE: RFC 8445, section 16.1 */
           (type == FT_STUN_LINK_UUID && len == 4) ||           /* MS-VERSION: [MS-TURN] 2.2.2.17 */
           (type == FT_STUN_LINK_ATTRIBUTES && (len == 8 || len == 20)); /* ALTERNATE-SERVER: RFC 8489, section 14.15 */
}

/* Apple's parts of the numbers. Not 0x8006, 0x8020 (Microsoft's), 0x8022 (SOFTWARE), 0xff04 and 0xff05 (Google's). */
static bool
attribute_is_range(uint16_t type)
{
    return (type >= 0x8005 && type <= 0x8024 && type != 0x8006 && type != 0x8020 && type != 0x8022) ||
           (type & 0xf000) == 0x9000 || (type & 0xff00) == 0xee00 || ((type & 0xff00) == 0xff00 && type != 0xff04 && type != 0xff05);
}

bool
ft_stun_attribute_is_apple(uint16_t type, unsigned len)
{
    return (type == FT_STUN_CELLULAR && len == 4) || (type == FT_STUN_LINK_UUID && len == 16) ||
           (type == FT_STUN_SOCKET_MASK && len == 4);
}

static void
show_encrypted(tvbuff_t *tvb, proto_tree *tree)
{
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_attribute_encrypted, tvb, 0, 0, true));
}

/* A value of the form's width, all of it captured. */
static void
show_value(tvbuff_t *tvb, packet_info *pinfo, int at, int len, const stun_attribute_t *attribute, proto_tree *tree, proto_item *item)
{
    int hf = stun_attribute_hf[attribute - stun_attributes];
    proto_item *value;
    proto_tree *sub;
    uint16_t sent, delay;
    char sent_text[FT_DECIMAL_LEN], delay_text[FT_DECIMAL_LEN];
    e_guid_t uuid;

    if (len == 0)
        return;
    value = proto_tree_add_item(tree, hf, tvb, at, len, ENC_BIG_ENDIAN);
    switch (attribute->form) {
    case STUN_ENCRYPTED:
        show_encrypted(tvb, tree);
        proto_item_append_text(item, ", %d bytes", len);
        break;
    case STUN_MARKER:
        if (len != FT_STUN_MARKER_LEN || tvb_memeql(tvb, at, (const uint8_t *)FT_STUN_MARKER, FT_STUN_MARKER_LEN) != 0)
            show_encrypted(tvb, tree);
        break;
    case STUN_ECHO:
        /* 1/1024 s: IDSFoundation shifts a time in units of 2^-32 s by 22 bits to the right. */
        sent = tvb_get_ntohs(tvb, at);
        delay = tvb_get_ntohs(tvb, at + 2);
        sub = proto_item_add_subtree(value, ett_echo);
        proto_tree_add_uint_format_value(sub, hf_echo_sent, tvb, at, 2, sent, "%u (%s s)", sent, ft_decimal(sent_text, sent / 1024.0, 3));
        proto_tree_add_uint_format_value(sub, hf_echo_delay, tvb, at + 2, 2, delay, "%u (%s s)", delay, ft_decimal(delay_text, delay / 1024.0, 3));
        proto_item_append_text(item, ": sent %s s, delay %s s", sent_text, delay_text);
        break;
    case STUN_RADIO:
        proto_item_append_text(item, ": %s", val_to_str_const(tvb_get_ntohl(tvb, at), ft_rat_vals, "unknown"));
        break;
    case STUN_U8:
        proto_item_append_text(item, ": %u", ft_tvb_get_u8(tvb, at));
        break;
    case STUN_U16:
        proto_item_append_text(item, ": %u", tvb_get_ntohs(tvb, at));
        break;
    case STUN_U32:
        proto_item_append_text(item, ": %u", tvb_get_ntohl(tvb, at));
        break;
    case STUN_BINDING:
    case STUN_TEST:
        proto_tree_add_bitmask_list(proto_item_add_subtree(value, ett_echo), tvb, at, len,
                                    attribute->form == STUN_TEST ? test_bits : binding_bits, ENC_BIG_ENDIAN);
        /* fall through */
    case STUN_HEX32:
        proto_item_append_text(item, ": 0x%08x", tvb_get_ntohl(tvb, at));
        break;
    case STUN_BYTES:
        proto_item_append_text(item, ", %d bytes", len);
        break;
    case STUN_SECONDS:
        ft_decimal(sent_text, tvb_get_ntohl(tvb, at) / FT_NTP_SHORT_CLOCK, 6);
        proto_item_append_text(value, " (%s s)", sent_text);
        proto_item_append_text(item, ": %s s", sent_text);
        break;
    case STUN_CAPABILITY:
        ft_add_flags_below(proto_item_add_subtree(value, ett_echo), tvb, at, len, capability_bits, hf_stun_not_set, tvb_get_ntoh64(tvb, at));
        proto_item_append_text(item, ": 0x%016" PRIx64, tvb_get_ntoh64(tvb, at));
        break;
    case STUN_U64:
        proto_item_append_text(item, ": 0x%016" PRIx64, tvb_get_ntoh64(tvb, at));
        break;
    case STUN_UUID:
        tvb_get_guid(tvb, at, &uuid, ENC_BIG_ENDIAN);
        proto_item_append_text(item, ": %s", guid_to_str(pinfo->pool, &uuid));
        break;
    }
}

/* An address that is exclusive-ored with the cookie and, of IPv6, the transaction ID (RFC 8489, 14.2), which follow each other in the header at
 * `message`. */
static void
show_xor_address(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int len, proto_tree *tree, proto_item *item)
{
    uint16_t port = tvb_get_ntohs(tvb, at + 2) ^ (FT_STUN_COOKIE >> 16);
    uint8_t bytes[16];
    ws_in4_addr v4;
    ws_in6_addr v6;
    address addr;

    for (int i = 0; i < len - 4; i++)
        bytes[i] = ft_tvb_get_u8(tvb, at + 4 + i) ^ ft_tvb_get_u8(tvb, message + FT_STUN_COOKIE_AT + i);
    proto_tree_add_uint(tree, hf_plain_port, tvb, at + 2, 2, port);
    if (len == FT_STUN_IPV4_LEN) {
        memcpy(&v4, bytes, sizeof v4);
        proto_tree_add_ipv4(tree, hf_plain_ipv4, tvb, at + 4, 4, v4);
        set_address(&addr, AT_IPv4, 4, bytes);
        proto_item_append_text(item, ": %s:%u", address_to_str(pinfo->pool, &addr), port);
    } else {
        memcpy(&v6, bytes, sizeof v6);
        proto_tree_add_ipv6(tree, hf_plain_ipv6, tvb, at + 4, 16, &v6);
        set_address(&addr, AT_IPv6, 16, bytes);
        proto_item_append_text(item, ": [%s]:%u", address_to_str(pinfo->pool, &addr), port);
    }
}

/* The value of an attribute of the standards, all of it captured, in a message that no stock dissector shows. False: it has none of the forms
 * that are known. */
static bool
show_standard(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int len, uint16_t type, proto_tree *tree, proto_item *item)
{
    const uint8_t *text;

    switch (type) {
    case FT_STUN_XOR_MAPPED:
    case FT_STUN_XOR_PEER:
    case FT_STUN_XOR_RELAYED:
        if ((len != FT_STUN_IPV4_LEN && len != FT_STUN_IPV6_LEN) || !tvb_bytes_exist(tvb, message, FT_STUN_HEADER_LEN))
            return false;
        show_xor_address(tvb, pinfo, message, at, len, tree, item);
        return true;
    case FT_STUN_ERROR_CODE:
        if (len < 4)
            return false;
        proto_tree_add_uint(tree, hf_plain_error, tvb, at + 2, 2, 100u * (ft_tvb_get_u8(tvb, at + 2) & 7u) + ft_tvb_get_u8(tvb, at + 3));
        proto_item_append_text(item, ": %u", 100u * (ft_tvb_get_u8(tvb, at + 2) & 7u) + ft_tvb_get_u8(tvb, at + 3));
        if (len > 4) {
            proto_tree_add_item_ret_string(tree, hf_plain_reason, tvb, at + 4, len - 4, ENC_UTF_8, pinfo->pool, &text);
            proto_item_append_text(item, " %s", (const char *)text);
        }
        return true;
    case FT_STUN_CHANNEL_NUMBER:
        if (len != 4)
            return false;
        proto_tree_add_item(tree, hf_plain_channel, tvb, at, 2, ENC_BIG_ENDIAN);
        proto_item_append_text(item, ": 0x%04x", tvb_get_ntohs(tvb, at));
        return true;
    case FT_STUN_LIFETIME:
        if (len != 4)
            return false;
        proto_tree_add_item(tree, hf_plain_lifetime, tvb, at, 4, ENC_BIG_ENDIAN);
        proto_item_append_text(item, ": %u s", tvb_get_ntohl(tvb, at));
        return true;
    case FT_STUN_TRANSPORT:
        if (len != 4)
            return false;
        proto_tree_add_item(tree, hf_plain_transport, tvb, at, 1, ENC_BIG_ENDIAN);
        proto_item_append_text(item, ": %u", ft_tvb_get_u8(tvb, at));
        return true;
    case FT_STUN_SOFTWARE:
        if (len == 0)
            return false;
        proto_tree_add_item_ret_string(tree, hf_plain_software, tvb, at, len, ENC_UTF_8, pinfo->pool, &text);
        proto_item_append_text(item, ": %s", (const char *)text);
        return true;
    default:
        return false;
    }
}

/* An attribute whose length the capture does not have: its type, if that is one of Apple's, or any. */
static void
show_type_alone(tvbuff_t *tvb, int at, bool all, proto_tree *tree)
{
    proto_tree *sub;
    const stun_attribute_t *attribute;

    if (tvb_captured_length_remaining(tvb, at) < 2)
        return;
    attribute = attribute_find(tvb_get_ntohs(tvb, at));
    if (!attribute && !all)
        return;
    sub = ft_subtree(tree, hf_attribute, tvb, at, 2, ett_attribute, NULL, "%s", attribute ? attribute->title :
                     val_to_str_const(tvb_get_ntohs(tvb, at), standard_names, "Unknown Attribute"));
    proto_tree_add_item(sub, hf_attribute_type, tvb, at, 2, ENC_BIG_ENDIAN);
}

void
ft_stun_attribute_show(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int room, bool all, proto_tree *tree)
{
    int value = at + FT_STUN_ATTRIBUTE_HEADER_LEN, inside = room - FT_STUN_ATTRIBUTE_HEADER_LEN, captured, padding, len, shown;
    const stun_attribute_t *attribute;
    bool stock, unknown;
    proto_tree *sub;
    proto_item *item;
    uint16_t type;

    if (tvb_captured_length_remaining(tvb, at) < FT_STUN_ATTRIBUTE_HEADER_LEN) {
        show_type_alone(tvb, at, all, tree);
        return;
    }
    type = tvb_get_ntohs(tvb, at);
    len = tvb_get_ntohs(tvb, at + 2);
    shown = MIN(len, inside);
    stock = attribute_is_stock(type, (unsigned)len);
    attribute = stock ? NULL : attribute_find(type);
    unknown = !stock && !attribute && attribute_is_range(type);
    if (!attribute && !unknown && !all)
        return;
    padding = MIN((int)FT_STUN_PADDING(len), inside - shown);
    captured = (int)tvb_captured_length_remaining(tvb, value);
    sub = ft_subtree(tree, hf_attribute, tvb, at, MIN(FT_STUN_ATTRIBUTE_HEADER_LEN + shown + padding, FT_STUN_ATTRIBUTE_HEADER_LEN + captured),
                                 ett_attribute, &item, "%s", attribute ? attribute->title :
                                 val_to_str_const(type, standard_names, "Unknown Attribute"));
    proto_tree_add_item(sub, hf_attribute_type, tvb, at, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_attribute_length, tvb, at + 2, 2, ENC_BIG_ENDIAN);
    if (unknown)
        expert_add_info_format(pinfo, item, &ei_attribute_unknown, "Attribute 0x%04x is in a range of Apple's, its meaning is not known", type);
    if (len > inside)
        expert_add_info_format(pinfo, item, &ei_attribute_overrun, "The attribute says %d bytes, the message has %d left", len, inside);
    else if (attribute && stun_forms[attribute->form].width && len != stun_forms[attribute->form].width)
        expert_add_info_format(pinfo, item, &ei_attribute_length, "%s has %d bytes, this one %d", attribute->title,
                               stun_forms[attribute->form].width, len);
    else if (attribute && shown <= captured) {
        show_value(tvb, pinfo, value, len, attribute, sub, item);
        shown = 0;
    } else if (all && shown == len && shown <= captured && show_standard(tvb, pinfo, message, value, len, type, sub, item))
        shown = 0;
    /* Not as it should be, not known, or cut by the capture: the bytes that are there. */
    if (MIN(shown, captured) > 0)
        proto_tree_add_item(sub, hf_attribute_value, tvb, value, MIN(shown, captured), ENC_NA);
    padding = MIN(padding, captured - MIN(len, inside));
    if (padding > 0)
        proto_tree_add_item(sub, hf_attribute_padding, tvb, value + MIN(len, inside), padding, ENC_NA);
}

void
ft_stun_attributes_register(void)
{
    static hf_register_info hf[] = {
        { &hf_attribute, { "Attribute", "facetime.stun.attribute", FT_NONE, BASE_NONE,
            NULL, 0x0, "An attribute of the message", HFILL } },
        { &hf_attribute_type, { "Attribute Type", "facetime.stun.attribute.type", FT_UINT16, BASE_HEX,
            VALS(attribute_names), 0x0, "What the attribute is", HFILL } },
        { &hf_attribute_length, { "Attribute Length", "facetime.stun.attribute.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the value, without padding", HFILL } },
        { &hf_attribute_value, { "Value", "facetime.stun.attribute.value", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of an attribute that is not known, or not as long as it should be", HFILL } },
        { &hf_attribute_padding, { "Padding", "facetime.stun.attribute.padding", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Fills the value up to four bytes; a receiver ignores it", HFILL } },
        { &hf_attribute_encrypted, { "Encrypted", "facetime.stun.encrypted", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The value is encrypted with AES-128-CTR; the key is not on the wire", HFILL } },
        { &hf_plain_error, { "Error Code", "facetime.stun.error", FT_UINT16, BASE_DEC,
            VALS(error_vals), 0x0, "Number of the error (RFC 8489, 14.8), where the stock dissector does not show the message", HFILL } },
        { &hf_plain_reason, { "Error Reason", "facetime.stun.error.reason", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the server says of the error, where the stock dissector does not show the message", HFILL } },
        { &hf_plain_ipv4, { "Address", "facetime.stun.xor.ipv4", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Decoded from an exclusive-or with the cookie, where the stock dissector does not show the message", HFILL } },
        { &hf_plain_ipv6, { "Address", "facetime.stun.xor.ipv6", FT_IPv6, BASE_NONE,
            NULL, 0x0, "Decoded from an exclusive-or with cookie and transaction ID, where the stock dissector does not show the message", HFILL } },
        { &hf_plain_port, { "Port", "facetime.stun.xor.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Decoded from an exclusive-or with the cookie, where the stock dissector does not show the message", HFILL } },
        { &hf_plain_channel, { "Channel Number", "facetime.stun.channel", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Channel of the relay (RFC 8656, 18.1), where the stock dissector does not show the message", HFILL } },
        { &hf_plain_lifetime, { "Lifetime (s)", "facetime.stun.lifetime", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Lifetime of the allocation (RFC 8656, 18.2), where the stock dissector does not show the message", HFILL } },
        { &hf_plain_transport, { "Requested Transport", "facetime.stun.transport", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Protocol number (RFC 8656, 18.7), where the stock dissector does not show the message", HFILL } },
        { &hf_plain_software, { "Software", "facetime.stun.software", FT_STRING, BASE_NONE,
            NULL, 0x0, "Software of the sender (RFC 8489, 14.14), where the stock dissector does not show the message", HFILL } },
        { &hf_echo_sent, { "Send Time", "facetime.stun.echo_time.sent", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Low 16 bits of the requester's clock in units of 1/1024 s; an answer repeats it", HFILL } },
        { &hf_echo_delay, { "Delay", "facetime.stun.echo_time.delay", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Time between the arrival of the request and the answer, in units of 1/1024 s; 0 in a request", HFILL } },
        { &hf_stun_not_set, { "Not Set", "facetime.stun.capability.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the capabilities that the sender does not have", HFILL } },
        { &hf_capability_light, { "Lightweight Participant", "facetime.stun.capability.lightweight", FT_BOOLEAN, 64,
            NULL, 0x8000, "The sender is a lightweight participant", HFILL } },
        { &hf_capability_nack, { "Uplink NACK", "facetime.stun.capability.uplink_nack", FT_BOOLEAN, 64,
            NULL, 0x00080000, "The relay may ask for packets again", HFILL } },
        { &hf_capability_pod, { "QUIC Pods on Virtual Links", "facetime.stun.capability.quic_pod", FT_BOOLEAN, 64,
            NULL, 0x400000, "Media of virtual relay links may travel in QUIC", HFILL } },
        { &hf_capability_mki, { "Short Key Identifiers", "facetime.stun.capability.short_mki", FT_BOOLEAN, 64,
            NULL, 0x800000, "RTP may end with key identifiers of 2 bytes", HFILL } },
        { &hf_capability_id, { "Downlink Without Participant ID", "facetime.stun.capability.no_participant_id", FT_BOOLEAN, 64,
            NULL, 0x02000000, "The relay need not write the participant ID to the device", HFILL } },
        { &hf_binding_cellular, { "Cellular", "facetime.stun.channel_binding.cellular", FT_BOOLEAN, 32,
            NULL, 0x00000001, "The link is cellular", HFILL } },
        { &hf_binding_additional, { "Additional Binding", "facetime.stun.channel_binding.additional", FT_UINT32, BASE_HEX,
            NULL, 0x00000030, "3: a binding beside the first one", HFILL } },
        { &hf_binding_disconnect, { "May Be Disconnected", "facetime.stun.channel_binding.may_disconnect", FT_BOOLEAN, 32,
            NULL, 0x00000200, "The relay may disconnect the device by itself", HFILL } },
        { &hf_test_error, { "Error Requested", "facetime.stun.test_options.error", FT_BOOLEAN, 32,
            NULL, 0x00000008, "A message type and an error code follow, with which the relay is to answer", HFILL } },
    };
    static hf_register_info hf_attributes[array_length(stun_attributes)];
    static int *ett[] = { &ett_attribute, &ett_echo };
    static ei_register_info ei[] = {
        { &ei_attribute_length, { "facetime.stun.bad_length", PI_PROTOCOL, PI_WARN,
            "Length of an attribute is not the known one", EXPFILL } },
        { &ei_attribute_overrun, { "facetime.stun.attribute_overrun", PI_MALFORMED, PI_ERROR,
            "An attribute runs over the end of the message", EXPFILL } },
        { &ei_attribute_unknown, { "facetime.stun.unknown_attribute", PI_UNDECODED, PI_NOTE,
            "Unknown attribute in a range of Apple's", EXPFILL } },
    };
    unsigned n = 0;

    for (unsigned i = 0; i < array_length(stun_attributes); i++) {
        const stun_attribute_t *attribute = &stun_attributes[i];
        hf_register_info one = { &stun_attribute_hf[i], { attribute->title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.stun.%s", attribute->name),
            stun_forms[attribute->form].type, stun_forms[attribute->form].display,
            attribute->form == STUN_RADIO ? VALS(ft_rat_vals) : NULL, 0x0, attribute->blurb, HFILL } };

        stun_attribute_hf[i] = -1;
        hf_attributes[i] = one;
        attribute_names[n].value = attribute->type;
        attribute_names[n++].strptr = attribute->title;
    }
    for (unsigned i = 0; i < array_length(standard_names); i++) {
        if (!standard_names[i].strptr || !attribute_find((uint16_t)standard_names[i].value))
            attribute_names[n++] = standard_names[i];
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_attributes, array_length(hf_attributes));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
