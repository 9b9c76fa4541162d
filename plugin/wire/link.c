/* link.c
 * Link messages ("global link messages" in Apple's words) inside the relay payload, and inside STUN data indications.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *     | command, top bit: it answers  | length of the TLVs            |
 *     +-------------------------------+-------------------------------+
 *     | 16 bytes of zero                                              |
 *     +-------------------------------+-------------------------------+
 *     | type                          | length                        |  TLVs without padding,
 *     +-------------------------------+-------------------------------+  the HMAC last
 *     | value ...                                                     |
 *     +---------------------------------------------------------------+
 *
 * Sources: types, names and sizes of the TLVs are those of IDSGlobalLinkMessage in public decompilations of Apple's IDSFoundation.
 * The layouts of connection data, interface information and round-trip report, and how an acknowledgement is matched, are also
 * in a public implementation (OpenBubbles rustpush, src/ids/link.rs); facts only. The commands are those of IDSGlobalLink. All 86
 * link messages of two real calls parse to their last byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"
#include "wire/link.h"

#include <epan/to_str.h>

#define FT_LINK_ZEROES      16
#define FT_LINK_ACK         0x8000
#define FT_TLV_HEADER_LEN   4

/* Apple's reader takes 20 TLVs of at most 1024 bytes each, its writer makes messages of at most 1024 bytes. */
#define FT_LINK_MAX_TLVS    20

/* Candidates that Info names: a device has two at least, its own and that of its NAT. */
#define FT_LINK_INFO_CANDIDATES 3

/* Types of the TLVs that have a form of their own. */
enum {
    FT_TLV_COUNTER = 1,
    FT_TLV_CONNECTION = 3,
    FT_TLV_KEY_EXCHANGE = 4,
    FT_TLV_ACCEPT_DELAY = 7,
    FT_TLV_REMOTE = 8,
    FT_TLV_HMAC = 9,
    FT_TLV_ROUND_TRIP = 10,
    FT_TLV_UUID = 11,
    FT_TLV_CAPABILITY = 12,
    FT_TLV_GENERIC = 15,
    FT_TLV_FLAGS = 19,
    FT_TLV_INTERFACE = 21,
    FT_TLV_MKM = 22
};

/* Bits of a capability: IDSFoundation of iOS 26.1. */
#define FT_CAPABILITY_QUALITY   0x0002u     /* quality metadata before media */

/* Connection data: one header word, then so many addresses, then so many candidates. */
#define FT_CONN_ADDRESSES(header)   (((header) >> 6) & 0x7fu)
#define FT_CONN_CANDIDATES(header)  ((header) & 0x3fu)
#define FT_CONN_IPV6                0x8000u     /* of an address' word */
#define FT_CONN_RAT(word)           (((word) >> 10) & 0xfu) /* of that: radio access technology */
#define FT_CONN_INDEX               0x001fu     /* of a candidate's word: which address */
#define FT_CONN_MAX_ADDRESSES       32          /* what five bits of index can name */

#define FT_INTERFACE_COUNT(header)  ((header) & 0x001fu)
#define FT_INTERFACE_LEN            12

/* Families of an address, as in STUN's MAPPED-ADDRESS (RFC 8489, section 14.1), which TLV 8 has the form of. */
#define FT_FAMILY_IPV4  1
#define FT_FAMILY_IPV6  2

static int hf_link_address = -1;
static int hf_link_candidate = -1;
static int hf_link_interface = -1;
static int hf_link = -1;
static int hf_link_tlv = -1;
static int hf_link_command = -1;
static int hf_link_ack = -1;
static int hf_link_address_not_set = -1;
static int hf_link_interface_not_set = -1;
static int hf_link_flags_not_set = -1;
static int hf_link_length = -1;
static int hf_link_zeroes = -1;
static int hf_link_tlv_type = -1;
static int hf_link_tlv_length = -1;
static int hf_link_bytes = -1;
static int hf_link_conn_header = -1;
static int hf_link_conn_version = -1;
static int hf_link_conn_addresses = -1;
static int hf_link_conn_candidates = -1;
static int hf_link_address_kind = -1;
static int hf_link_address_ipv6 = -1;
static int hf_link_address_active = -1;
static int hf_link_address_rat = -1;
static int hf_link_address_delegated = -1;
static int hf_link_address_spare = -1;
static int hf_link_ipv4 = -1;
static int hf_link_ipv6 = -1;
static int hf_link_port_kind = -1;
static int hf_link_port_type = -1;
static int hf_link_port_transport = -1;
static int hf_link_port_index = -1;
static int hf_link_port = -1;
static int hf_link_remote_zero = -1;
static int hf_link_remote_family = -1;
static int hf_link_remote_port = -1;
static int hf_link_remote_ipv4 = -1;
static int hf_link_remote_ipv6 = -1;
static int hf_link_rtt_sent = -1;
static int hf_link_rtt_echoed = -1;
static int hf_link_rtt_delay = -1;
static int hf_link_interface_header = -1;
static int hf_link_interface_version = -1;
static int hf_link_interface_count = -1;
static int hf_link_interface_kind = -1;
static int hf_link_interface_ipv6 = -1;
static int hf_link_interface_type = -1;
static int hf_link_interface_transport = -1;
static int hf_link_interface_rat = -1;
static int hf_link_interface_spare = -1;
static int hf_link_interface_link_id = -1;
static int hf_link_interface_mtu = -1;
static int hf_link_interface_flags = -1;
static int hf_link_interface_mask = -1;
static int hf_link_flag_expensive = -1;
static int hf_link_flag_constrained = -1;
static int hf_link_flag_delegated = -1;
static int hf_link_flag_slice = -1;
static int hf_link_flag_sliced = -1;
static int hf_link_interface_flag_expensive = -1;
static int hf_link_interface_flag_constrained = -1;
static int hf_link_interface_flag_delegated = -1;
static int hf_link_interface_flag_slice = -1;
static int hf_link_interface_flag_sliced = -1;
static int hf_link_capability_base = -1;
static int hf_link_capability_quality = -1;
static int hf_link_accept_seconds = -1;
static int hf_link_rtt_seconds = -1;
static int hf_link_nominated = -1;
static int hf_link_interface_zero = -1;
static int ett_link = -1;
static int ett_link_tlv = -1;
static int ett_link_word = -1;
static int ett_link_item = -1;
static expert_field ei_link_tlv_length = EI_INIT;
static expert_field ei_link_tlv_unknown = EI_INIT;
static expert_field ei_link_header_length = EI_INIT;
static expert_field ei_link_command = EI_INIT;
static expert_field ei_link_hmac = EI_INIT;
static expert_field ei_link_many = EI_INIT;

/* A probe, sent with the bit of an answer and not answered (IDSGlobalLink of iOS 26.1). */
#define FT_LINK_TEST    0xf0

/* 4 and 6 travel through the relay; 3 and 5 in STUN data indications between the devices. */
static const value_string link_command_vals[] = {
    { FT_LINK_CONNECTED, "Connected" },
    { FT_LINK_DISCONNECTED, "Disconnected" },
    { FT_LINK_HEARTBEAT, "Heartbeat" },
    { FT_LINK_CANDIDATES, "Connection Data" },
    { FT_LINK_NOMINATE, "Nomination" },
    { FT_LINK_INTERFACES, "Relay Interface Info" },
    { FT_LINK_TEST, "Test Packet" },
    { FT_LINK_ACK | FT_LINK_CONNECTED, "Connected Acknowledgement" },
    { FT_LINK_ACK | FT_LINK_DISCONNECTED, "Disconnected Acknowledgement" },
    { FT_LINK_ACK | FT_LINK_HEARTBEAT, "Heartbeat Acknowledgement" },
    { FT_LINK_ACK | FT_LINK_CANDIDATES, "Connection Data Acknowledgement" },
    { FT_LINK_ACK | FT_LINK_NOMINATE, "Nomination Accepted" },
    { FT_LINK_ACK | FT_LINK_INTERFACES, "Relay Interface Info Acknowledgement" },
    { FT_LINK_ACK | FT_LINK_TEST, "Test Packet" },
    { 0, NULL }
};

static const value_string link_tlv_vals[] = {
    { 1, "Counter" },
    { 2, "Transport" },
    { 3, "Connection Data" },
    { 4, "Key Exchange Data" },
    { 5, "Radio Access Technology" },
    { 6, "MTU" },
    { 7, "Accept Delay" },
    { 8, "Remote Address" },
    { 9, "HMAC-SHA1" },
    { 10, "Round-Trip Report" },
    { 11, "Link UUID" },
    { 12, "Capability" },
    { 13, "Local Channel-Binding UUID" },
    { 14, "Remote Channel-Binding UUID" },
    { 15, "Generic Data" },
    { 17, "Error Code" },
    { 18, "Version" },
    { 19, "Link Flags" },
    { 20, "Data Socket Mask" },
    { 21, "Relay Interface Information" },
    { 22, "Key Material" },
    { 0, NULL }
};

/* Names of IDSFoundation; 0 and 9 also as the public implementation OpenBubbles/rustpush takes them. */
const value_string ft_rat_vals[] = {
    { 0, "Wi-Fi (not cellular)" },
    { 1, "UMTS" },
    { 2, "GSM" },
    { 3, "CDMA2000" },
    { 4, "1X" },
    { 5, "LTE" },
    { 6, "HSPA+" },
    { 7, "TD-SCDMA" },
    { 8, "NR" },
    { 9, "wired" },
    { 10, "unknown" },
    { 0, NULL }
};

/* Types of candidates and transports: IDSFoundation of iOS 26.1. */
static const value_string link_candidate_vals[] = {
    { 0, "Host" },
    { 1, "Server reflexive" },
    { 3, "Relay" },
    { 0, NULL }
};

static const value_string link_transport_vals[] = {
    { 1, "UDP" },
    { 2, "QUIC" },
    { 3, "TCP" },
    { 4, "TCP, another form" },
    { 5, "HTTP/2 [guess]" },
    { 0, NULL }
};

static const value_string link_family_vals[] = {
    { FT_FAMILY_IPV4, "IPv4" },
    { FT_FAMILY_IPV6, "IPv6" },
    { 0, NULL }
};

/* TLVs that hold one value: a number, a UUID or bytes. The width in bytes; 0: any. */
typedef struct link_simple {
    uint16_t type;
    uint8_t width;
    enum ftenum ftype;
    int display;
    const char *name, *title;
    const value_string *values;
    const char *blurb;
} link_simple_t;

static const link_simple_t link_simple[] = {
    { FT_TLV_COUNTER, 2, FT_UINT16, BASE_DEC, "counter", "Counter", NULL,
      "Number of the message among those of its command; an answer repeats it, and so does a retransmission" },
    { 2, 2, FT_UINT16, BASE_DEC, "transport", "Transport", link_transport_vals, "Transport of the link" },
    { FT_TLV_KEY_EXCHANGE, 0, FT_BYTES, BASE_NONE, "key_exchange", "Key Exchange Data", NULL, "Form unknown" },
    { 5, 2, FT_UINT16, BASE_DEC, "rat", "Radio Access Technology", ft_rat_vals, "What the link runs over" },
    { 6, 2, FT_UINT16, BASE_DEC, "mtu", "MTU", NULL, "Largest packet of the link, in bytes" },
    { FT_TLV_ACCEPT_DELAY, 4, FT_UINT32, BASE_DEC, "accept_delay", "Accept Delay", NULL, "Time until the call was accepted, in 1/65536 s; from the side that was called" },
    { FT_TLV_HMAC, 20, FT_BYTES, BASE_NONE, "hmac", "HMAC-SHA1", NULL, "HMAC over what precedes it; its key is not on the wire" },
    { FT_TLV_UUID, 16, FT_GUID, BASE_NONE, "uuid", "Link UUID", NULL, "UUID of the link" },
    { FT_TLV_CAPABILITY, 2, FT_UINT16, BASE_HEX, "capability", "Capability", NULL, "What the sender can do; 1 in all messages seen" },
    { 13, 0, FT_BYTES, BASE_NONE, "local_binding", "Local Channel-Binding UUID", NULL, "UUID of the sender's channel binding" },
    { 14, 0, FT_BYTES, BASE_NONE, "remote_binding", "Remote Channel-Binding UUID", NULL, "UUID of the receiver's channel binding" },
    { FT_TLV_GENERIC, 0, FT_BYTES, BASE_NONE, "generic", "Generic Data", NULL, "Of a test packet the probe; form unknown" },
    { 17, 4, FT_UINT32, BASE_DEC, "error", "Error Code", NULL, "Meaning of the values unknown" },
    { 18, 2, FT_UINT16, BASE_DEC, "version", "Version", NULL, "Version of the sender's link code" },
    { FT_TLV_FLAGS, 2, FT_UINT16, BASE_HEX, "flags", "Link Flags", NULL, "What the link is like" },
    { 20, 4, FT_UINT32, BASE_HEX, "socket_mask", "Data Socket Mask", NULL, "Meaning of the bits unknown" },
};

static int link_simple_hf[array_length(link_simple)];

/* Of link flags and capability: IDSGlobalLink of iOS 26.1. */
static int *const link_flag_bits[] = { &hf_link_flag_sliced, &hf_link_flag_slice, &hf_link_flag_delegated, &hf_link_flag_constrained,
                                       &hf_link_flag_expensive, NULL };
static int *const interface_flag_bits[] = { &hf_link_interface_flag_sliced, &hf_link_interface_flag_slice, &hf_link_interface_flag_delegated,
                                            &hf_link_interface_flag_constrained, &hf_link_interface_flag_expensive, NULL };
static int *const link_capability_bits[] = { &hf_link_capability_quality, &hf_link_capability_base, NULL };

/* Times are in the short form of NTP, in Apple's log messages, too: FT_NTP_SHORT_CLOCK. */
static ft_exchange_fields_t link_exchange_fields;

ft_link_form_t
ft_link_form_at(const uint8_t *bytes, unsigned captured, unsigned reported)
{
    static const uint8_t zeroes[FT_LINK_ZEROES];
    uint16_t command;

    if (captured < FT_LINK_HEADER_LEN)
        return FT_LINK_NOT;
    /* 1. One of the commands (answers have the top bit): avoids RTP of payload types other than 4 and 6. */
    command = ft_u16(bytes) & (uint16_t)~FT_LINK_ACK;
    if (command == 0 || command > 0xff)
        return FT_LINK_NOT;
    /* 2. The zeroes: avoid RTP, whose timestamp and SSRC are not 0, and STUN, which has a cookie there. */
    if (memcmp(bytes + 4, zeroes, FT_LINK_ZEROES) != 0)
        return FT_LINK_NOT;
    /* 3. The exact length: what is shown without it is no evidence. */
    return reported == FT_LINK_HEADER_LEN + (unsigned)ft_u16(bytes + 2) ? FT_LINK_EXACT : FT_LINK_WRONG_LENGTH;
}

ft_link_form_t
ft_link_form(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb);

    return ft_link_form_at(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb));
}

bool
ft_link_match(tvbuff_t *tvb)
{
    return ft_link_form(tvb) == FT_LINK_EXACT;
}

/* Shows a word that is a bit field; its parts are those of a NULL-terminated list. */
/* A time of 16.16 bits, in seconds. */
static double
link_seconds(tvbuff_t *tvb, int at)
{
    return tvb_get_ntohl(tvb, at) / FT_NTP_SHORT_CLOCK;
}

static void
link_word(proto_tree *tree, tvbuff_t *tvb, int at, int hf, int *const *parts)
{
    proto_tree_add_bitmask(tree, tvb, at, hf, ett_link_word, parts, ENC_BIG_ENDIAN);
}

/* The same of a word that is mostly flags. */
static void
link_flags(proto_tree *tree, tvbuff_t *tvb, int at, int hf, int *const *parts, int hf_not_set)
{
    ft_add_flags(tree, hf, tvb, at, ett_link_word, parts, hf_not_set, tvb_get_ntohs(tvb, at));
}

/* An address of 4 or 16 bytes; returns its length, 0 if it does not fit before `end`. */
static int
link_address(tvbuff_t *tvb, packet_info *pinfo, int at, int end, bool v6, proto_tree *tree, int hf, address *addr)
{
    int len = v6 ? 16 : 4;

    if (at + len > end)
        return 0;
    alloc_address_tvb(pinfo->pool, addr, v6 ? AT_IPv6 : AT_IPv4, len, tvb, at);
    proto_tree_add_item(tree, hf, tvb, at, len, v6 ? ENC_NA : ENC_BIG_ENDIAN);
    return len;
}

/* The sender's candidates:
 *
 *     | 3 bits: 1, 7 bits: addresses, 6 bits: candidates |
 *     for each address:   | IPv6, active, 4 bits radio access technology, delegated, 9 bits spare | 4 or 16 bytes |
 *     for each candidate: | 4 bits type, 7 bits transport, 5 bits index of the address | port |
 *
 * Returns the offset of the first byte that did not fit. *complete: nothing that was announced is missing. */
static int
link_connection(tvbuff_t *tvb, packet_info *pinfo, int at, int end, proto_tree *tree, ft_packet_t *pkt, bool *complete)
{
    static int *const header_parts[] = { &hf_link_conn_version, &hf_link_conn_addresses, &hf_link_conn_candidates, NULL };
    static int *const address_parts[] = { &hf_link_address_ipv6, &hf_link_address_active, &hf_link_address_rat,
                                          &hf_link_address_delegated, &hf_link_address_spare, NULL };
    static int *const port_parts[] = { &hf_link_port_type, &hf_link_port_transport, &hf_link_port_index, NULL };
    address addrs[FT_CONN_MAX_ADDRESSES];
    uint8_t radios[FT_CONN_MAX_ADDRESSES];
    unsigned n_addrs, n_candidates, n = 0;
    uint16_t header;

    *complete = false;
    if (at + 2 > end)
        return at;
    header = tvb_get_ntohs(tvb, at);
    n_addrs = FT_CONN_ADDRESSES(header);
    n_candidates = FT_CONN_CANDIDATES(header);
    link_word(tree, tvb, at, hf_link_conn_header, header_parts);
    at += 2;
    for (; n < n_addrs; n++) {
        address addr;
        bool v6;
        int len;
        proto_item *item;
        proto_tree *sub;

        if (at + 2 > end)
            return at;
        v6 = (tvb_get_ntohs(tvb, at) & FT_CONN_IPV6) != 0;
        len = v6 ? 16 : 4;
        if (at + 2 + len > end)
            return at;
        sub = ft_subtree(tree, hf_link_address, tvb, at, 2 + len, ett_link_item, &item, "Address %u", n);
        link_flags(sub, tvb, at, hf_link_address_kind, address_parts, hf_link_address_not_set);
        link_address(tvb, pinfo, at + 2, end, v6, sub, v6 ? hf_link_ipv6 : hf_link_ipv4, &addr);
        proto_item_append_text(item, ": %s", address_to_str(pinfo->pool, &addr));
        if (n < FT_CONN_MAX_ADDRESSES) {
            addrs[n] = addr;
            radios[n] = FT_RADIO(FT_CONN_RAT(tvb_get_ntohs(tvb, at)));
        }
        at += 2 + len;
    }
    for (unsigned i = 0; i < n_candidates; i++, at += 4) {
        proto_item *item;
        proto_tree *sub;
        unsigned which;
        uint16_t port;

        if (at + 4 > end)
            return at;
        which = tvb_get_ntohs(tvb, at) & FT_CONN_INDEX;
        port = tvb_get_ntohs(tvb, at + 2);
        sub = ft_subtree(tree, hf_link_candidate, tvb, at, 4, ett_link_item, &item, "Candidate %u", i);
        link_word(sub, tvb, at, hf_link_port_kind, port_parts);
        proto_tree_add_item(sub, hf_link_port, tvb, at + 2, 2, ENC_BIG_ENDIAN);
        if (which < n && which < FT_CONN_MAX_ADDRESSES) {
            proto_item_append_text(item, ": %s port %u", address_to_str(pinfo->pool, &addrs[which]), port);
            ft_candidate_add(pkt, &addrs[which], port, FT_CANDIDATE_OWN, radios[which]);
        }
    }
    *complete = true;
    return at;
}

/* The form of STUN's MAPPED-ADDRESS without the exclusive-or: u8 0, u8 family, u16 port, the address. */
static int
link_remote(tvbuff_t *tvb, packet_info *pinfo, int at, int end, proto_tree *tree, proto_item *item)
{
    bool v6;
    address addr;

    if (end - at != 8 && end - at != 20)
        return at;
    v6 = end - at == 20;
    proto_tree_add_item(tree, hf_link_remote_zero, tvb, at, 1, ENC_NA);
    proto_tree_add_item(tree, hf_link_remote_family, tvb, at + 1, 1, ENC_NA);
    proto_tree_add_item(tree, hf_link_remote_port, tvb, at + 2, 2, ENC_BIG_ENDIAN);
    link_address(tvb, pinfo, at + 4, end, v6, tree, v6 ? hf_link_remote_ipv6 : hf_link_remote_ipv4, &addr);
    proto_item_append_text(item, ": %s port %u", address_to_str(pinfo->pool, &addr), tvb_get_ntohs(tvb, at + 2));
    return end;
}

/* The sender's interfaces on the relay: u16 header (3 bits: version 1, 8 bits: 0, 5 bits: count), then 12 bytes each. */
static int
link_interfaces(tvbuff_t *tvb, int at, int end, proto_tree *tree, proto_item *tlv_item, bool *complete)
{
    static int *const header_parts[] = { &hf_link_interface_version, &hf_link_interface_zero, &hf_link_interface_count, NULL };
    static int *const kind_parts[] = { &hf_link_interface_ipv6, &hf_link_interface_type, &hf_link_interface_transport,
                                       &hf_link_interface_rat, &hf_link_interface_spare, NULL };
    unsigned count, i;

    *complete = false;
    if (at + 2 > end)
        return at;
    count = FT_INTERFACE_COUNT(tvb_get_ntohs(tvb, at));
    link_word(tree, tvb, at, hf_link_interface_header, header_parts);
    at += 2;
    for (i = 0; i < count && at + FT_INTERFACE_LEN <= end; i++, at += FT_INTERFACE_LEN) {
        proto_tree *sub = ft_subtree(tree, hf_link_interface, tvb, at, FT_INTERFACE_LEN, ett_link_item, NULL,
                                                        "Interface %u: relay link 0x%04x", i, tvb_get_ntohs(tvb, at + 2));

        link_word(sub, tvb, at, hf_link_interface_kind, kind_parts);
        proto_tree_add_item(sub, hf_link_interface_link_id, tvb, at + 2, 2, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_link_interface_mtu, tvb, at + 4, 2, ENC_BIG_ENDIAN);
        link_flags(sub, tvb, at + 6, hf_link_interface_flags, interface_flag_bits, hf_link_interface_not_set);
        proto_tree_add_item(sub, hf_link_interface_mask, tvb, at + 8, 4, ENC_BIG_ENDIAN);
    }
    proto_item_append_text(tlv_item, ": %u", count);
    *complete = i == count;
    return at;
}

/* A time, with the seconds that it is. */
static void
link_time(proto_tree *tree, int hf, tvbuff_t *tvb, int at)
{
    proto_item *item = proto_tree_add_item(tree, hf, tvb, at, 4, ENC_BIG_ENDIAN);
    char seconds[FT_DECIMAL_LEN];

    proto_item_append_text(item, " (%s s)", ft_decimal(seconds, tvb_get_ntohl(tvb, at) / FT_NTP_SHORT_CLOCK, 6));
}

/* Requests have the sender's clock, answers repeat it beside the time that they took. */
static int
link_round_trip(tvbuff_t *tvb, int at, int end, proto_tree *tree)
{
    if (end - at != 12)
        return at;
    link_time(tree, hf_link_rtt_sent, tvb, at);
    link_time(tree, hf_link_rtt_echoed, tvb, at + 4);
    link_time(tree, hf_link_rtt_delay, tvb, at + 8);
    if (tvb_get_ntohl(tvb, at + 4) != 0)
        proto_item_set_generated(ft_add_double(tree, hf_link_rtt_seconds, tvb, at + 8, 4, link_seconds(tvb, at + 8)));
    return end;
}

static int
link_key_material(tvbuff_t *tvb, packet_info *pinfo, int at, int len, proto_tree *tree)
{
    tvbuff_t *list = tvb_new_subset_length(tvb, at, len);

    if (!ft_bplist_match(list)) {
        if (len > 0)
            proto_tree_add_item(tree, hf_link_bytes, tvb, at, len, ENC_NA);
        return at + len;
    }
    ft_bplist_dissect(list, pinfo, tree, NULL, -1);
    return at + len;
}

/* A TLV that holds one value; returns where it ends, or `at` if its width is another. -1: it is none of these. */
static int
link_value(tvbuff_t *tvb, int at, uint16_t type, int len, proto_tree *tree, proto_item *item)
{
    for (unsigned i = 0; i < array_length(link_simple); i++) {
        const link_simple_t *simple = &link_simple[i];

        if (simple->type != type)
            continue;
        if (simple->width && len != simple->width)
            return at;
        if (type == FT_TLV_FLAGS)
            link_flags(tree, tvb, at, link_simple_hf[i], link_flag_bits, hf_link_flags_not_set);
        else if (type == FT_TLV_CAPABILITY)
            link_word(tree, tvb, at, link_simple_hf[i], link_capability_bits);
        else if (len > 0)
            proto_tree_add_item(tree, link_simple_hf[i], tvb, at, len, ENC_BIG_ENDIAN);
        if (type == FT_TLV_ACCEPT_DELAY)
            proto_item_set_generated(ft_add_double(tree, hf_link_accept_seconds, tvb, at, len, link_seconds(tvb, at)));
        if (simple->ftype == FT_UINT16 || simple->ftype == FT_UINT32)
            proto_item_append_text(item, ": %u", len == 2 ? tvb_get_ntohs(tvb, at) : tvb_get_ntohl(tvb, at));
        return at + len;
    }
    return -1;
}

/* Notes who takes quality metadata before media. First pass only. */
static void
link_capability(const packet_info *pinfo, const ft_packet_t *pkt, uint16_t capability)
{
    unsigned side;

    if (!pkt->flow || PINFO_FD_VISITED(pinfo) || !(capability & FT_CAPABILITY_QUALITY))
        return;
    side = ft_flow_from_a(pkt->flow, pinfo) ? 0 : 1;
    if (!pkt->flow->quality_from[side])
        pkt->flow->quality_from[side] = pinfo->num;
}

static void
link_tlv(tvbuff_t *tvb, packet_info *pinfo, int at, uint16_t type, int len, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    int end = at + len, done;
    bool complete = len > 0 || type == FT_TLV_KEY_EXCHANGE || type == FT_TLV_GENERIC;

    switch (type) {
    case FT_TLV_CONNECTION:
        done = link_connection(tvb, pinfo, at, end, tree, pkt, &complete);
        break;
    case FT_TLV_REMOTE:
        done = link_remote(tvb, pinfo, at, end, tree, item);
        break;
    case FT_TLV_ROUND_TRIP:
        done = link_round_trip(tvb, at, end, tree);
        break;
    case FT_TLV_INTERFACE:
        done = link_interfaces(tvb, at, end, tree, item, &complete);
        break;
    case FT_TLV_MKM:
        done = link_key_material(tvb, pinfo, at, len, tree);
        break;
    case FT_TLV_ACCEPT_DELAY:
        if (len == 4 && tvb_bytes_exist(tvb, at, 4)) {
            pkt->link.has_delay = true;
            pkt->link.accept_delay = tvb_get_ntohl(tvb, at);
        }
        /* fall through */
    default:
        done = link_value(tvb, at, type, len, tree, item);
        if (type == FT_TLV_CAPABILITY && len == 2 && tvb_bytes_exist(tvb, at, 2))
            link_capability(pinfo, pkt, tvb_get_ntohs(tvb, at));
        if (done >= 0)
            break;
        expert_add_info_format(pinfo, item, &ei_link_tlv_unknown, "Unknown TLV type %u", type);
        if (len > 0)
            proto_tree_add_item(tree, hf_link_bytes, tvb, at, len, ENC_NA);
        return;
    }
    /* Something is missing, or something is left over. */
    if (done < end || !complete) {
        expert_add_info_format(pinfo, item, &ei_link_tlv_length, "%s cannot have %d bytes",
                               val_to_str_const(type, link_tlv_vals, "This TLV"), len);
        if (done < end)
            proto_tree_add_item(tree, hf_link_bytes, tvb, done, end - done, ENC_NA);
    }
}

/* The counter (TLV 1); -1 if the message has none, or it was not captured. */
static int
link_counter(tvbuff_t *tvb)
{
    int captured = (int)tvb_captured_length(tvb), at = FT_LINK_HEADER_LEN;

    for (unsigned n = 0; n < FT_LINK_MAX_TLVS && at + FT_TLV_HEADER_LEN <= captured; n++) {
        uint16_t type = tvb_get_ntohs(tvb, at), len = tvb_get_ntohs(tvb, at + 2);

        at += FT_TLV_HEADER_LEN;
        if (type == FT_TLV_COUNTER && len == 2 && at + 2 <= captured)
            return tvb_get_ntohs(tvb, at);
        at += len;
    }
    return -1;
}

/* Links a message to its acknowledgement: that has the same command but for the top bit, and the same counter; each command has a
 * counter of its own (Apple's code and the public implementation match by these two). A message is sent again until it is
 * acknowledged, and the relay may deliver either twice. */
static void
link_exchange(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ft_packet_t *pkt, uint16_t command)
{
    int counter = link_counter(tvb), reported = (int)tvb_reported_length(tvb);
    const ft_exchange_message_t *message;
    const uint8_t id[] = { (uint8_t)((command & ~FT_LINK_ACK) >> 8), (uint8_t)command, (uint8_t)(counter >> 8), (uint8_t)counter };

    /* Nobody answers a test packet. */
    if (counter < 0 || !pkt->flow || (command & ~FT_LINK_ACK) == FT_LINK_TEST)
        return;
    message = ft_exchange_note(tvb, pinfo, pkt->flow, FT_EXCHANGE_LINK, id, sizeof id, (command & FT_LINK_ACK) != 0);
    /* It ends with an HMAC over all that it says: a copy on another leg ends so too. */
    if (!PINFO_FD_VISITED(pinfo) && reported > FT_LINK_HEADER_LEN + 8 && (int)tvb_captured_length(tvb) == reported)
        ft_exchange_copy(message, tvb_get_ntoh64(tvb, reported - 8));
    ft_exchange_show(&link_exchange_fields, message, tvb, pinfo, tree, item);
}

/* A nomination makes the pair of its flow the active one for both sides; so does its acceptance, where the nomination was not captured. Later
 * messages of the flow say which frame that was. */
static void
link_nomination(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt, uint16_t command)
{
    if (!pkt->flow)
        return;
    if ((command & ~FT_LINK_ACK) == FT_LINK_NOMINATE && !PINFO_FD_VISITED(pinfo) && !pkt->flow->nominated_frame)
        pkt->flow->nominated_frame = pinfo->num;
    if (pkt->flow->nominated_frame && pkt->flow->nominated_frame <= pinfo->num)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_link_nominated, tvb, 0, 0, pkt->flow->nominated_frame));
}

/* The candidates that the message announced, from this one of the packet's on. */
static void
link_info(packet_info *pinfo, const ft_packet_t *pkt, unsigned first)
{
    for (unsigned i = first; i < pkt->n_candidates; i++) {
        if (i - first == FT_LINK_INFO_CANDIDATES) {
            col_append_fstr(pinfo->cinfo, COL_INFO, " and %u more", pkt->n_candidates - i);
            return;
        }
        col_append_fstr(pinfo->cinfo, COL_INFO, "%s%s", i > first ? ", " : pkt->n_candidates - first > 1 ? ", candidates " : ", candidate ",
                        ft_endpoint_text(pinfo->pool, &pkt->candidates[i].at));
    }
}

void
ft_link_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    int reported = (int)tvb_reported_length(tvb), at = FT_LINK_HEADER_LEN;
    uint16_t command = tvb_get_ntohs(tvb, 0);
    const char *name = val_to_str_const(command, link_command_vals, "Unknown command");
    unsigned candidates = pkt->n_candidates;
    proto_item *item, *command_item, *length_item, *hmac_item = NULL;
    proto_tree *link_tree = ft_subtree(tree, hf_link, tvb, 0, -1, ett_link, &item, "Link Message: %s", name);

    pkt->label = name;
    pkt->link.command = command & ~FT_LINK_ACK;
    pkt->link.is_ack = (command & FT_LINK_ACK) != 0;
    pkt->link.counter = link_counter(tvb);
    if (!pkt->what)
        pkt->what = name;
    col_append_str(pinfo->cinfo, COL_INFO, name);
    command_item = proto_tree_add_item(link_tree, hf_link_command, tvb, 0, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(proto_item_add_subtree(command_item, ett_link_word), hf_link_ack, tvb, 0, 2, ENC_BIG_ENDIAN);
    if (!try_val_to_str(command, link_command_vals))
        expert_add_info(pinfo, command_item, &ei_link_command);
    length_item = proto_tree_add_item(link_tree, hf_link_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    if (ft_link_form(tvb) == FT_LINK_WRONG_LENGTH)
        expert_add_info_format(pinfo, length_item, &ei_link_header_length, "The header says %u bytes of TLVs, there are %d",
                               tvb_get_ntohs(tvb, 2), reported - FT_LINK_HEADER_LEN);
    proto_tree_add_item(link_tree, hf_link_zeroes, tvb, 4, FT_LINK_ZEROES, ENC_NA);
    /* Before the TLVs: a capture that is cut must not keep the message from being linked, if its counter is there. */
    link_exchange(tvb, pinfo, link_tree, item, pkt, command);
    link_nomination(tvb, pinfo, link_tree, pkt, command);
    /* Each round takes four bytes or more, so a datagram's 64 KiB bound the loop. */
    for (unsigned n = 1; at < reported; n++) {
        proto_item *tlv_item;
        proto_tree *tlv_tree;
        uint16_t type;
        int len;

        if (hmac_item)
            expert_add_info(pinfo, hmac_item, &ei_link_hmac);
        hmac_item = NULL;
        if (at + FT_TLV_HEADER_LEN > reported) {
            expert_add_info_format(pinfo, item, &ei_link_tlv_length, "%d bytes are left, a TLV has at least four", reported - at);
            proto_tree_add_item(link_tree, hf_link_bytes, tvb, at, reported - at, ENC_NA);
            return;
        }
        if (n == FT_LINK_MAX_TLVS + 1)
            expert_add_info(pinfo, item, &ei_link_many);
        type = tvb_get_ntohs(tvb, at);
        len = tvb_get_ntohs(tvb, at + 2);
        tlv_tree = ft_subtree(link_tree, hf_link_tlv, tvb, at, FT_TLV_HEADER_LEN, ett_link_tlv, &tlv_item, "%s",
                                          val_to_str_const(type, link_tlv_vals, "Unknown TLV"));
        proto_tree_add_item(tlv_tree, hf_link_tlv_type, tvb, at, 2, ENC_BIG_ENDIAN);
        proto_tree_add_item(tlv_tree, hf_link_tlv_length, tvb, at + 2, 2, ENC_BIG_ENDIAN);
        at += FT_TLV_HEADER_LEN;
        if (at + len > reported) {
            expert_add_info_format(pinfo, tlv_item, &ei_link_tlv_length, "The TLV says %d bytes, %d are left", len, reported - at);
            len = reported - at;
        }
        proto_item_set_len(tlv_item, FT_TLV_HEADER_LEN + len);
        link_tlv(tvb, pinfo, at, type, len, tlv_tree, tlv_item, pkt);
        if (type == FT_TLV_HMAC)
            hmac_item = tlv_item;
        at += len;
    }
    link_info(pinfo, pkt, candidates);
}

void
ft_link_register(void)
{
    static hf_register_info hf[] = {
        { &hf_link_address, { "Address", "facetime.link.address", FT_NONE, BASE_NONE,
            NULL, 0x0, "An address of the sender", HFILL } },
        { &hf_link_candidate, { "Candidate", "facetime.link.candidate", FT_NONE, BASE_NONE,
            NULL, 0x0, "An address and a port at which the sender may be reached", HFILL } },
        { &hf_link_interface, { "Interface", "facetime.link.interface", FT_NONE, BASE_NONE,
            NULL, 0x0, "An interface of the sender", HFILL } },
        { &hf_link, { "Link Message", "facetime.link", FT_NONE, BASE_NONE,
            NULL, 0x0, "What the devices tell each other of their ways", HFILL } },
        { &hf_link_tlv, { "Value", "facetime.link.tlv", FT_NONE, BASE_NONE,
            NULL, 0x0, "Type, length and value", HFILL } },
        { &hf_link_command, { "Command", "facetime.link.command", FT_UINT16, BASE_HEX,
            VALS(link_command_vals), 0x0, "What the link message is", HFILL } },
        { &hf_link_address_not_set, { "Not Set", "facetime.link.candidate.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the bits of the address kind that are 0", HFILL } },
        { &hf_link_interface_not_set, { "Not Set", "facetime.link.interface.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the flags of the interface that are 0", HFILL } },
        { &hf_link_flags_not_set, { "Not Set", "facetime.link.flags.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the link flags that are 0", HFILL } },
        { &hf_link_ack, { "Acknowledgement", "facetime.link.ack", FT_BOOLEAN, 16,
            NULL, FT_LINK_ACK, "The message answers one of the same command and counter", HFILL } },
        { &hf_link_length, { "Length", "facetime.link.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the TLVs", HFILL } },
        { &hf_link_zeroes, { "Zeroes", "facetime.link.zeroes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Sixteen bytes of zero", HFILL } },
        { &hf_link_tlv_type, { "Type", "facetime.link.tlv.type", FT_UINT16, BASE_DEC,
            VALS(link_tlv_vals), 0x0, "What the TLV holds", HFILL } },
        { &hf_link_tlv_length, { "Length", "facetime.link.tlv.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the value", HFILL } },
        { &hf_link_bytes, { "Bytes", "facetime.link.tlv.bytes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Value whose form is not known, or what does not fit the known form", HFILL } },
        { &hf_link_conn_header, { "Header", "facetime.link.candidate.header", FT_UINT16, BASE_HEX,
            NULL, 0x0, "How many addresses and candidates follow", HFILL } },
        { &hf_link_conn_version, { "Version [guess]", "facetime.link.candidate.version", FT_UINT16, BASE_DEC,
            NULL, 0xe000, "1 in all messages seen", HFILL } },
        { &hf_link_conn_addresses, { "Addresses", "facetime.link.candidate.addresses", FT_UINT16, BASE_DEC,
            NULL, 0x1fc0, "Number of addresses", HFILL } },
        { &hf_link_conn_candidates, { "Candidates", "facetime.link.candidate.count", FT_UINT16, BASE_DEC,
            NULL, 0x003f, "Number of candidates", HFILL } },
        { &hf_link_address_kind, { "Address Kind", "facetime.link.candidate.kind", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Family and interface of the address", HFILL } },
        { &hf_link_address_ipv6, { "IPv6", "facetime.link.candidate.is_ipv6", FT_BOOLEAN, 16,
            NULL, FT_CONN_IPV6, "The address has 16 bytes", HFILL } },
        { &hf_link_address_active, { "Active", "facetime.link.candidate.active", FT_BOOLEAN, 16,
            NULL, 0x4000, "The address is in use; set in all messages seen", HFILL } },
        { &hf_link_address_rat, { "Radio Access Technology", "facetime.link.candidate.rat", FT_UINT16, BASE_DEC,
            VALS(ft_rat_vals), 0x3c00, "What the interface of the address is", HFILL } },
        { &hf_link_address_delegated, { "Delegated", "facetime.link.candidate.delegated", FT_BOOLEAN, 16,
            NULL, 0x0200, "The interface is a VPN, or stands for another one", HFILL } },
        { &hf_link_address_spare, { "Spare", "facetime.link.candidate.spare", FT_UINT16, BASE_HEX,
            NULL, 0x01ff, "0 in all messages seen", HFILL } },
        { &hf_link_ipv4, { "Candidate Address", "facetime.link.candidate.ipv4", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Address under which the sender may be reached", HFILL } },
        { &hf_link_ipv6, { "Candidate Address", "facetime.link.candidate.ipv6", FT_IPv6, BASE_NONE,
            NULL, 0x0, "Address under which the sender may be reached", HFILL } },
        { &hf_link_port_kind, { "Candidate Kind", "facetime.link.candidate.port_kind", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Type of the candidate, and which address is its", HFILL } },
        { &hf_link_port_type, { "Type", "facetime.link.candidate.type", FT_UINT16, BASE_DEC,
            VALS(link_candidate_vals), 0xf000, "Where the address was found", HFILL } },
        { &hf_link_port_transport, { "Transport", "facetime.link.candidate.transport", FT_UINT16, BASE_DEC,
            VALS(link_transport_vals), 0x0fe0, "1 in all messages seen", HFILL } },
        { &hf_link_port_index, { "Address Index", "facetime.link.candidate.index", FT_UINT16, BASE_DEC,
            NULL, FT_CONN_INDEX, "Number of the address in the list before, from 0", HFILL } },
        { &hf_link_port, { "Candidate Port", "facetime.link.candidate.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "UDP port under which the sender may be reached", HFILL } },
        { &hf_link_remote_zero, { "Reserved", "facetime.link.remote.reserved", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Zero in all that was seen", HFILL } },
        { &hf_link_remote_family, { "Family", "facetime.link.remote.family", FT_UINT8, BASE_DEC,
            VALS(link_family_vals), 0x0, "Family of the address", HFILL } },
        { &hf_link_remote_port, { "Remote Port", "facetime.link.remote.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "UDP port of the remote end at the relay", HFILL } },
        { &hf_link_remote_ipv4, { "Remote Address", "facetime.link.remote.ipv4", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Address of the remote end at the relay", HFILL } },
        { &hf_link_remote_ipv6, { "Remote Address", "facetime.link.remote.ipv6", FT_IPv6, BASE_NONE,
            NULL, 0x0, "Address of the remote end at the relay", HFILL } },
        { &hf_link_rtt_sent, { "Requester's Time", "facetime.link.rtt.requester_time", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Clock of who asks in 1/65536 s, the low half of its NTP time; 0 in an answer", HFILL } },
        { &hf_link_rtt_echoed, { "Echoed Time", "facetime.link.rtt.echoed_time", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Clock of who asked, as it came; 0 in a request", HFILL } },
        { &hf_link_rtt_delay, { "Processing Delay", "facetime.link.rtt.delay", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Time between receiving and answering in 1/65536 s; 0 in a request", HFILL } },
        { &hf_link_interface_header, { "Header", "facetime.link.interface.header", FT_UINT16, BASE_HEX,
            NULL, 0x0, "How many interfaces follow", HFILL } },
        { &hf_link_interface_version, { "Version", "facetime.link.interface.version", FT_UINT16, BASE_DEC,
            NULL, 0xe000, "1 in all messages seen", HFILL } },
        { &hf_link_interface_count, { "Interfaces", "facetime.link.interface.count", FT_UINT16, BASE_DEC,
            NULL, 0x001f, "Number of interfaces", HFILL } },
        { &hf_link_interface_zero, { "Spare", "facetime.link.interface.zero", FT_UINT16, BASE_HEX,
            NULL, 0x1fe0, "Always 0 so far", HFILL } },
        { &hf_link_interface_kind, { "Interface Kind", "facetime.link.interface.kind", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Family, type and technology of the interface", HFILL } },
        { &hf_link_interface_ipv6, { "IPv6", "facetime.link.interface.is_ipv6", FT_BOOLEAN, 16,
            NULL, 0x8000, "The relay is reached over IPv6", HFILL } },
        { &hf_link_interface_type, { "Type", "facetime.link.interface.type", FT_UINT16, BASE_DEC,
            VALS(link_candidate_vals), 0x7800, "Type of the candidate; 3 in all messages seen", HFILL } },
        { &hf_link_interface_transport, { "Transport", "facetime.link.interface.transport", FT_UINT16, BASE_DEC,
            VALS(link_transport_vals), 0x0780, "How the relay is reached; QUIC in all messages seen", HFILL } },
        { &hf_link_interface_rat, { "Radio Access Technology", "facetime.link.interface.rat", FT_UINT16, BASE_DEC,
            VALS(ft_rat_vals), 0x0078, "What the interface is", HFILL } },
        { &hf_link_interface_spare, { "Spare", "facetime.link.interface.spare", FT_UINT16, BASE_HEX,
            NULL, 0x0007, "0 in all messages seen; iOS 27 has a mark for plain TCP among them [guess]", HFILL } },
        { &hf_link_interface_link_id, { "Relay Link ID", "facetime.link.interface.link_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Link of the interface on the relay; relay channel data names it", HFILL } },
        { &hf_link_interface_mtu, { "MTU", "facetime.link.interface.mtu", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Largest packet of the interface, in bytes", HFILL } },
        { &hf_link_interface_flags, { "Link Flags", "facetime.link.interface.flags", FT_UINT16, BASE_HEX,
            NULL, 0x0, "What the interface is like: 0 on Wi-Fi and 1 on cellular in the messages seen", HFILL } },
        { &hf_link_flag_expensive, { "Expensive", "facetime.link.flags.expensive", FT_BOOLEAN, 16,
            NULL, 0x0001, "The interface costs money, as cellular", HFILL } },
        { &hf_link_flag_constrained, { "Constrained", "facetime.link.flags.constrained", FT_BOOLEAN, 16,
            NULL, 0x0002, "Low data mode", HFILL } },
        { &hf_link_flag_delegated, { "VPN", "facetime.link.flags.vpn", FT_BOOLEAN, 16,
            NULL, 0x0004, "The interface stands for another one", HFILL } },
        { &hf_link_flag_slice, { "Cellular Slicing [guess]", "facetime.link.flags.slicing", FT_UINT16, BASE_HEX,
            NULL, 0x0078, "Bits about slices of the cellular network", HFILL } },
        { &hf_link_flag_sliced, { "Slice in Use", "facetime.link.flags.slice", FT_BOOLEAN, 16,
            NULL, 0x0080, "The sliced cellular interface is in use", HFILL } },
        { &hf_link_interface_flag_expensive, { "Expensive", "facetime.link.interface.flags.expensive", FT_BOOLEAN, 16,
            NULL, 0x0001, "The interface costs money, as cellular", HFILL } },
        { &hf_link_interface_flag_constrained, { "Constrained", "facetime.link.interface.flags.constrained", FT_BOOLEAN, 16,
            NULL, 0x0002, "Low data mode", HFILL } },
        { &hf_link_interface_flag_delegated, { "VPN", "facetime.link.interface.flags.vpn", FT_BOOLEAN, 16,
            NULL, 0x0004, "The interface stands for another one", HFILL } },
        { &hf_link_interface_flag_slice, { "Cellular Slicing [guess]", "facetime.link.interface.flags.slicing", FT_UINT16, BASE_HEX,
            NULL, 0x0078, "Bits about slices of the cellular network", HFILL } },
        { &hf_link_interface_flag_sliced, { "Slice in Use", "facetime.link.interface.flags.slice", FT_BOOLEAN, 16,
            NULL, 0x0080, "The sliced cellular interface is in use", HFILL } },
        { &hf_link_capability_base, { "Always Set", "facetime.link.capability.base", FT_BOOLEAN, 16,
            NULL, 0x0001, "Set in all messages seen", HFILL } },
        { &hf_link_capability_quality, { "Quality Metadata", "facetime.link.capability.quality", FT_BOOLEAN, 16,
            NULL, FT_CAPABILITY_QUALITY, "The sender takes quality metadata before media (iOS 26)", HFILL } },
        { &hf_link_accept_seconds, { "Accept Delay (s)", "facetime.link.accept_delay.seconds", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "Time until the call was accepted", HFILL } },
        { &hf_link_rtt_seconds, { "Processing Delay (s)", "facetime.link.rtt.delay.seconds", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "Time between receiving and answering", HFILL } },
        { &hf_link_nominated, { "Pair Nominated In", "facetime.link.nominated", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "First nomination of this pair of addresses or its acceptance: then it is the active one", HFILL } },
        { &hf_link_interface_mask, { "Data Socket Mask", "facetime.link.interface.socket_mask", FT_UINT32, BASE_HEX,
            NULL, 0x0, "Meaning of the bits unknown", HFILL } },
    };
    static hf_register_info hf_simple[array_length(link_simple)];
    static int *ett[] = { &ett_link, &ett_link_tlv, &ett_link_word, &ett_link_item };
    static ei_register_info ei[] = {
        { &ei_link_tlv_length, { "facetime.link.bad_length", PI_MALFORMED, PI_ERROR,
            "Length of a TLV does not fit", EXPFILL } },
        { &ei_link_tlv_unknown, { "facetime.link.unknown_tlv", PI_UNDECODED, PI_WARN,
            "Unknown TLV", EXPFILL } },
        { &ei_link_header_length, { "facetime.link.bad_header_length", PI_MALFORMED, PI_ERROR,
            "The header's length is not that of the message", EXPFILL } },
        { &ei_link_command, { "facetime.link.unknown_command", PI_UNDECODED, PI_NOTE,
            "Command that was never seen", EXPFILL } },
        { &ei_link_hmac, { "facetime.link.hmac_not_last", PI_PROTOCOL, PI_WARN,
            "Something follows the HMAC, which signs what precedes it", EXPFILL } },
        { &ei_link_many, { "facetime.link.too_many", PI_PROTOCOL, PI_NOTE,
            "More than twenty TLVs: Apple's code reads no more", EXPFILL } },
    };

    for (unsigned i = 0; i < array_length(link_simple); i++) {
        hf_register_info one = { &link_simple_hf[i], { link_simple[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.link.%s", link_simple[i].name), link_simple[i].ftype,
            link_simple[i].display, link_simple[i].values ? VALS(link_simple[i].values) : NULL, 0x0, link_simple[i].blurb, HFILL } };

        link_simple_hf[i] = -1;
        hf_simple[i] = one;
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_simple, array_length(hf_simple));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_exchange_register(&link_exchange_fields, "facetime.link");
}
