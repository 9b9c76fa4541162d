/* wire_stun.c
 * STUN in Apple's dialect: the stock dissector shows the message, this file adds what Apple's attributes mean.
 *
 * The dialect (seen on real calls; names of the attributes from public decompilations of Apple's IDSFoundation): the cookie
 * of RFC 8489, no FINGERPRINT, MESSAGE-INTEGRITY last. A message may have one byte 0x0f before it ("internal" form).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#define FT_STUN_PREFIX          0x0f
#define FT_STUN_DATA_INDICATION 0x0017
#define FT_STUN_CHANNEL_NUMBER  0x000c
#define FT_STUN_DATA            0x0013
#define FT_STUN_REQUEST_COUNT   0x0025
#define FT_STUN_XOR_MAPPED      0x0020
#define FT_STUN_CELLULAR        0x8007
#define FT_STUN_LINK_UUID       0x8008
#define FT_STUN_SOCKET_MASK     0x8024
#define FT_STUN_BINDING         0x0001  /* method; the request's type has the same number */
#define FT_STUN_CLASS_MASK      0x0110
#define FT_STUN_CLASS_RESPONSE  0x0100

/* More attributes than this in one message are shown by the stock dissector only: 64 KiB hold 16,384 of them. */
#define FT_STUN_MAX_ATTRIBUTES  64

static dissector_handle_t stun_handle;

static int hf_stun_prefix = -1;
static int hf_stun_type = -1;
static int ett_stun = -1;
static int ett_stun_attribute = -1;
static expert_field ei_stun_length = EI_INIT;

/* Message types that the stock dissector has no name for, and those that Apple uses. */
static const value_string stun_type_vals[] = {
    { 0x0001, "Binding Request" },
    { 0x0101, "Binding Success Response" },
    { 0x0111, "Binding Error Response" },
    { 0x0003, "Allocate Request" },
    { 0x0103, "Allocate Success Response" },
    { 0x0113, "Allocate Error Response" },
    { 0x0017, "Data Indication" },
    { 0x0fe3, "Answer 0x0fe3 [acknowledgement, guess]" },
    { 0, NULL }
};

/* How an attribute's value is shown; the width in bytes where it is fixed, else 0. */
typedef enum { STUN_BYTES, STUN_ENCRYPTED, STUN_U8, STUN_U16, STUN_U32, STUN_HEX32, STUN_U64, STUN_UUID } stun_form_t;

static const struct {
    enum ftenum type;
    int display;
    int width;
} stun_forms[] = {
    [STUN_BYTES]     = { FT_BYTES, BASE_NONE, 0 },
    [STUN_ENCRYPTED] = { FT_BYTES, BASE_NONE, 0 },
    [STUN_U8]        = { FT_UINT8, BASE_DEC, 1 },
    [STUN_U16]       = { FT_UINT16, BASE_DEC, 2 },
    [STUN_U32]       = { FT_UINT32, BASE_DEC, 4 },
    [STUN_HEX32]     = { FT_UINT32, BASE_HEX, 4 },
    [STUN_U64]       = { FT_UINT64, BASE_HEX, 8 },
    [STUN_UUID]      = { FT_GUID, BASE_NONE, 16 },
};

/* Apple's attributes, in the order of their types. A value is taken as the form says only if it has the form's width. */
static const struct {
    uint16_t type;
    stun_form_t form;
    const char *name, *title, *blurb;
} stun_attributes[] = {
    { 0x0025, STUN_U32, "request_count", "Request Count", "Not ICE's USE-CANDIDATE, which is empty: a count of requests" },
    { 0x8005, STUN_HEX32, "echo_time", "Echo Time", "Send time and delay, 16 bits each" },
    { 0x8007, STUN_U32, "cellular", "Cellular Radio Technology", "Number of the radio technology; 0 on Wi-Fi" },
    { 0x8008, STUN_UUID, "link_uuid", "Link UUID", "UUID of the link that is checked" },
    { 0x8023, STUN_HEX32, "link_attributes", "Link Attributes", "Attributes of the link [meaning unknown]" },
    { 0x8024, STUN_HEX32, "socket_mask", "Data Socket Mask", "Data socket mask attributes [meaning unknown]" },
    { 0x9001, STUN_ENCRYPTED, "p2p_blob", "Peer-to-Peer Encryption Blob", "Encrypted" },
    { 0x9002, STUN_HEX32, "p2p_avc_id", "Peer-to-Peer Connection ID (AVC)", "Connection ID of the media part" },
    { 0x9003, STUN_HEX32, "p2p_ids_id", "Peer-to-Peer Connection ID (IDS)", "Connection ID of the identity service" },
    { 0xee00, STUN_ENCRYPTED, "participants", "Participant IDs (encrypted)", "AES-128-CTR encrypted" },
    { 0xee01, STUN_ENCRYPTED, "published_streams", "Published Streams (encrypted)", "AES-128-CTR encrypted" },
    { 0xee02, STUN_ENCRYPTED, "subscribed_streams", "Subscribed Streams (encrypted)", "AES-128-CTR encrypted" },
    { 0xee04, STUN_ENCRYPTED, "encrypted_ee04", "Encrypted 0xee04", "Encrypted or reserved" },
    { 0xee05, STUN_ENCRYPTED, "encrypted_ee05", "Encrypted 0xee05", "Encrypted or reserved" },
    { 0xee06, STUN_BYTES, "encryption_marker", "Encryption Marker", "In the clear" },
    { 0xee07, STUN_ENCRYPTED, "plugin_name", "Plugin Name (encrypted)", "AES-128-CTR encrypted" },
    { 0xee08, STUN_ENCRYPTED, "encrypted_ee08", "Encrypted 0xee08", "Encrypted or reserved" },
    { 0xee0a, STUN_ENCRYPTED, "encrypted_ee0a", "Encrypted 0xee0a", "Encrypted or reserved" },
    { 0xee0b, STUN_ENCRYPTED, "encrypted_ee0b", "Encrypted 0xee0b", "Encrypted or reserved" },
    { 0xffc0, STUN_U16, "test_message", "Relay Test Message", "Requested message of a relay test" },
    { 0xffc1, STUN_BYTES, "test_operation", "Relay Test Sub-operation", "Sub-operation of a relay test" },
    { 0xffc2, STUN_U16, "test_error", "Relay Test Error", "Requested error of a relay test" },
    { 0xffd1, STUN_U32, "session_counter", "Session State Counter", "Counts changes of the session's state" },
    { 0xffd3, STUN_U8, "plugin_operation", "Plugin Operation", "Operation on a plugin of the session" },
    { 0xffd7, STUN_BYTES, "public_key", "Raw Public Key", "A public key" },
    { 0xffdb, STUN_BYTES, "relay_materials", "Relay Materials", "Form unknown" },
    { 0xffdf, STUN_BYTES, "server_blob", "Relay Server Blob", "Form unknown" },
    { 0xffe0, STUN_U32, "packets_sent", "Packets Sent", "Packets sent so far" },
    { 0xffe1, STUN_U32, "packets_received", "Packets Received", "Packets received so far" },
    { 0xffe2, STUN_U32, "unknown_ffe2", "Attribute 0xffe2 [unknown]", "No name in public code" },
    { 0xffe3, STUN_U64, "unknown_ffe3", "Attribute 0xffe3 [unknown]", "No name in public code" },
    { 0xffe4, STUN_HEX32, "channel_binding", "Channel Binding Information", "Meaning of the bits unknown" },
    { 0xffe5, STUN_U16, "link_id", "Relay Link ID", "Link on the relay" },
    { 0xffe6, STUN_U32, "relay_request_id", "Relay Request ID", "Request to the relay" },
    { 0xffe7, STUN_HEX32, "test_options", "Relay Test Options", "Meaning of the bits unknown" },
    { 0xffe8, STUN_U32, "unknown_ffe8", "Attribute 0xffe8 [unknown]", "No name in public code" },
    { 0xffe9, STUN_HEX32, "relay_cookie", "Relay Cookie", "Cookie of the relay session" },
    { 0xffee, STUN_U16, "session_type", "Session State Type", "Type of a session state change" },
    { 0xfff0, STUN_BYTES, "reallocation_token", "Reallocation Token", "Token for another allocation" },
    { 0xfff1, STUN_UUID, "session_id", "Relay Session ID", "UUID of the relay session" },
    { 0xfff2, STUN_BYTES, "session_token", "Relay Session Token", "Token of the relay session" },
    { 0xfff3, STUN_U32, "client_time", "Client Time", "Time at the client; its unit is not known" },
    { 0xfff4, STUN_U32, "client_latency", "Client Latency", "Latency at the client; its unit is not known" },
    { 0xfff5, STUN_HEX32, "information_flags", "Information Flags", "Meaning of the bits unknown" },
    { 0xfff7, STUN_U64, "capability_flags", "Capability Flags", "Meaning of the bits unknown" },
    { 0xfffb, STUN_U32, "generation", "Generation Counter", "Counts generations of the session" },
    { 0xfffc, STUN_U8, "max_streams", "Maximum Concurrent Streams", "Most streams at once" },
};

static int hf_stun_attribute[array_length(stun_attributes)];

/* Offset of the STUN message in the datagram: 1 after the prefix byte. -1 if this is no STUN of RFC 8489. */
static int
stun_start(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);
    int at = 0;

    if (captured < FT_STUN_HEADER_LEN)
        return -1;
    if (ft_tvb_get_u8(tvb, 0) == FT_STUN_PREFIX && captured > FT_STUN_HEADER_LEN && tvb_get_ntohl(tvb, 5) == FT_STUN_COOKIE)
        at = 1;
    /* 1. RFC 8489, section 5: two zero bits, the cookie, and a length of whole words. Avoids RTP, QUIC and DTLS. */
    if ((ft_tvb_get_u8(tvb, at) & 0xc0) || tvb_get_ntohl(tvb, at + 4) != FT_STUN_COOKIE || (tvb_get_ntohs(tvb, at + 2) & 3))
        return -1;
    /* 2. The length is that of the datagram: avoids other protocols that hold the cookie in this place by chance. */
    if ((unsigned)at + FT_STUN_HEADER_LEN + tvb_get_ntohs(tvb, at + 2) != reported)
        return -1;
    return at;
}

/* Is this attribute one that only Apple writes? By type and length: 0x8008 of another length is MS-VERSION. */
static bool
stun_is_apple(uint16_t type, unsigned len)
{
    return (type == FT_STUN_CELLULAR && len == 4) || (type == FT_STUN_LINK_UUID && len == 16) ||
           (type == FT_STUN_SOCKET_MASK && len == 4);
}

static bool
stun_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    int at = stun_start(tvb), end = (int)tvb_captured_length(tvb);
    uint16_t type;
    bool channel = false, data = false;

    if (at < 0)
        return false;
    type = tvb_get_ntohs(tvb, at);
    at += FT_STUN_HEADER_LEN;
    for (unsigned n = 0; n < FT_STUN_MAX_ATTRIBUTES && at + 4 <= end; n++) {
        uint16_t attribute = tvb_get_ntohs(tvb, at), len = tvb_get_ntohs(tvb, at + 2);

        if (stun_is_apple(attribute, len))
            *evidence |= FT_EV(FT_EV_APPLE_STUN);
        channel |= attribute == FT_STUN_CHANNEL_NUMBER;
        data |= attribute == FT_STUN_DATA;
        at += 4 + ((len + 3) & ~3);
    }
    /* A data indication of TURN has a peer address (RFC 8656, section 11.6); Apple's has a channel number in its place. */
    if (type == FT_STUN_DATA_INDICATION && channel && data)
        *evidence |= FT_EV(FT_EV_APPLE_STUN);
    if (ft_is_media_port(pinfo->srcport) || ft_is_media_port(pinfo->destport))
        *evidence |= FT_EV(FT_EV_STUN_PORTS);
    return true;
}

static void
stun_attribute(tvbuff_t *tvb, packet_info *pinfo, int at, uint16_t type, int len, proto_tree *tree)
{
    for (unsigned i = 0; i < array_length(stun_attributes); i++) {
        int width = stun_forms[stun_attributes[i].form].width;
        proto_item *item;

        if (stun_attributes[i].type != type)
            continue;
        if (width && len != width) {
            /* USE-CANDIDATE and MS-VERSION share types with Apple's; the stock dissector shows them. */
            if (type == FT_STUN_REQUEST_COUNT || type == FT_STUN_LINK_UUID)
                return;
            proto_tree_add_subtree_format(tree, tvb, at, len, ett_stun_attribute, &item, "%s: %d bytes",
                                          stun_attributes[i].title, len);
            expert_add_info_format(pinfo, item, &ei_stun_length, "%s has %d bytes, this one %d",
                                   stun_attributes[i].title, width, len);
            return;
        }
        if (len == 0)
            return;
        proto_tree_add_item(tree, hf_stun_attribute[i], tvb, at, len, ENC_BIG_ENDIAN);
        return;
    }
}

/* Learns the address that the sender saw: RFC 8489, section 14.2. */
static void
stun_mapped(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int len, ft_packet_t *pkt)
{
    uint8_t *bytes;
    address addr;
    bool v6 = len == 20;

    if ((len != 8 && len != 20) || !tvb_bytes_exist(tvb, at, len))
        return;
    /* The cookie and the transaction ID follow each other in the header: 16 bytes to exclusive-or with. */
    bytes = (uint8_t *)tvb_memdup(pinfo->pool, tvb, at + 4, (size_t)len - 4);
    for (int i = 0; i < len - 4; i++)
        bytes[i] ^= ft_tvb_get_u8(tvb, message + 4 + i);
    set_address(&addr, v6 ? AT_IPv6 : AT_IPv4, len - 4, bytes);
    ft_learn(pkt, &addr, tvb_get_ntohs(tvb, at + 2) ^ (FT_STUN_COOKIE >> 16), FT_LEARNED_MAPPED);
}

static void
stun_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    int message = stun_start(tvb), at = message + FT_STUN_HEADER_LEN, end = (int)tvb_captured_length(tvb);
    proto_tree *tree;
    uint16_t type;

    if (message < 0)
        return;
    type = tvb_get_ntohs(tvb, message);
    /* Binding finds out how the device can be reached, from Apple's server (2010) as from the peer. What else goes to a relay's
     * port (Allocate and what follows) is about the relay. */
    pkt->phase = FT_PHASE_CONNECTIVITY;
    if ((type & ~FT_STUN_CLASS_MASK) != FT_STUN_BINDING && (ft_is_relay_port(pinfo->srcport) || ft_is_relay_port(pinfo->destport)))
        pkt->phase = FT_PHASE_RELAY;
    pkt->is_answer = (type & FT_STUN_CLASS_MASK) == FT_STUN_CLASS_RESPONSE;
    tree = proto_tree_add_subtree_format(ft_tree, tvb, 0, -1, ett_stun, NULL, "STUN: %s",
                                         val_to_str_const(type, stun_type_vals, "Other Message"));
    if (message == 1)
        proto_tree_add_item(tree, hf_stun_prefix, tvb, 0, 1, ENC_NA);
    proto_tree_add_item(tree, hf_stun_type, tvb, message, 2, ENC_BIG_ENDIAN);
    for (unsigned n = 0; n < FT_STUN_MAX_ATTRIBUTES && at + 4 <= end; n++) {
        uint16_t attribute = tvb_get_ntohs(tvb, at);
        int len = tvb_get_ntohs(tvb, at + 2);

        if (at + 4 + len > end)
            break;
        stun_attribute(tvb, pinfo, at + 4, attribute, len, tree);
        if (attribute == FT_STUN_XOR_MAPPED)
            stun_mapped(tvb, pinfo, message, at + 4, len, pkt);
        at += 4 + ((len + 3) & ~3);
    }
    ft_call_stock(stun_handle, tvb_new_subset_remaining(tvb, message), pinfo, root, pkt);
}

static void
stun_register(void)
{
    static hf_register_info hf[] = {
        { &hf_stun_prefix, { "Prefix", "facetime.stun.prefix", FT_UINT8, BASE_HEX,
            NULL, 0x0, "One byte 0x0f before the message: the internal form", HFILL } },
        { &hf_stun_type, { "Message Type", "facetime.stun.type", FT_UINT16, BASE_HEX,
            VALS(stun_type_vals), 0x0, "Type of the STUN message", HFILL } },
    };
    static hf_register_info hf_attributes[array_length(stun_attributes)];
    static int *ett[] = { &ett_stun, &ett_stun_attribute };
    static ei_register_info ei[] = {
        { &ei_stun_length, { "facetime.stun.bad_length", PI_PROTOCOL, PI_WARN,
            "Length of an attribute is not the known one", EXPFILL } },
    };

    for (unsigned i = 0; i < array_length(stun_attributes); i++) {
        hf_register_info one = { &hf_stun_attribute[i], { stun_attributes[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.stun.%s", stun_attributes[i].name),
            stun_forms[stun_attributes[i].form].type, stun_forms[stun_attributes[i].form].display,
            NULL, 0x0, stun_attributes[i].blurb, HFILL } };

        hf_stun_attribute[i] = -1;
        hf_attributes[i] = one;
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_attributes, array_length(hf_attributes));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}

static void
stun_handoff(void)
{
    stun_handle = find_dissector("stun-udp");
}

const ft_wire_t ft_wire_stun = {
    .kind = FT_KIND_STUN,
    .register_fields = stun_register,
    .handoff = stun_handoff,
    .match = stun_match,
    .dissect = stun_dissect,
};
