/* wire_link.c
 * Link messages ("global link messages" in Apple's words) inside the relay payload.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *     | command                       | length of the TLVs            |
 *     +-------------------------------+-------------------------------+
 *     | 16 bytes of zero                                              |
 *     +-------------------------------+-------------------------------+
 *     | type                          | length                        |  TLVs without padding,
 *     +-------------------------------+-------------------------------+  the HMAC last
 *     | value ...                                                     |
 *     +---------------------------------------------------------------+
 *
 * Names of the TLVs are those of log messages in Apple's IDSFoundation; the commands' meanings are inferred. All link
 * messages of the real calls parse to their last byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <epan/to_str.h>

#define FT_LINK_HEADER_LEN  20
#define FT_LINK_ZEROES      16
#define FT_LINK_ACK         0x8000u
#define FT_TLV_HEADER_LEN   4
#define FT_TLV_CONNECTION   3

static int hf_link_command = -1;
static int hf_link_length = -1;
static int hf_link_zeroes = -1;
static int hf_link_tlv_type = -1;
static int hf_link_tlv_length = -1;
static int hf_link_number = -1;
static int hf_link_bytes = -1;
static int hf_link_uuid = -1;
static int hf_link_hmac = -1;
static int hf_link_header = -1;
static int hf_link_address_kind = -1;
static int hf_link_ipv4 = -1;
static int hf_link_ipv6 = -1;
static int hf_link_port_kind = -1;
static int hf_link_port = -1;
static int ett_link = -1;
static int ett_link_tlv = -1;
static expert_field ei_link_tlv_length = EI_INIT;
static expert_field ei_link_tlv_unknown = EI_INIT;

/* 3 and 5 travel in STUN data indications between the devices in the last second of a call. */
static const value_string link_command_vals[] = {
    { 0x0003, "Command 3 [unknown]" },
    { 0x0004, "Connection Data" },
    { 0x0005, "Command 5 [unknown]" },
    { 0x0006, "Link State" },
    { 0x8004, "Connection Data Acknowledgement" },
    { 0x8006, "Link State Acknowledgement" },
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

bool
ft_link_match(tvbuff_t *tvb)
{
    static const uint8_t zeroes[FT_LINK_ZEROES];
    unsigned captured = tvb_captured_length(tvb);
    uint16_t command;

    if (captured < FT_LINK_HEADER_LEN)
        return false;
    /* 1. One of the commands (answers have the top bit): avoids RTP of payload types other than 4 and 6. */
    command = tvb_get_ntohs(tvb, 0) & ~FT_LINK_ACK;
    if (command == 0 || command > 0xff)
        return false;
    /* 2. The exact length, and 3. the zeroes: avoid RTP with SSRC 0, and STUN, which has a cookie there. */
    return tvb_reported_length(tvb) == FT_LINK_HEADER_LEN + (unsigned)tvb_get_ntohs(tvb, 2) &&
           tvb_memeql(tvb, 4, zeroes, FT_LINK_ZEROES) == 0;
}

/* An address of 4 or 16 bytes; returns its length, 0 if it does not fit before `end`. */
static int
link_address(tvbuff_t *tvb, packet_info *pinfo, int at, int end, bool v6, proto_tree *tree, address *addr)
{
    int len = v6 ? 16 : 4;

    if (at + len > end)
        return 0;
    alloc_address_tvb(pinfo->pool, addr, v6 ? AT_IPv6 : AT_IPv4, len, tvb, at);
    proto_tree_add_item(tree, v6 ? hf_link_ipv6 : hf_link_ipv4, tvb, at, len, v6 ? ENC_NA : ENC_BIG_ENDIAN);
    return len;
}

/* The sender's candidates, as inferred from three variants on real calls: u16 header, whose low digit counts the addresses;
 * per address u16 kind (top bit: IPv6) and the address; then entries of u16 (low digit: which address) and u16 port.
 * Returns the offset of the first byte that did not fit. */
static int
link_connection(tvbuff_t *tvb, packet_info *pinfo, int at, int end, proto_tree *tree, ft_packet_t *pkt)
{
    address addrs[16];
    unsigned n_addrs, n = 0;

    if (at + 2 > end)
        return at;
    n_addrs = tvb_get_ntohs(tvb, at) & 0xf;
    proto_tree_add_item(tree, hf_link_header, tvb, at, 2, ENC_BIG_ENDIAN);
    at += 2;
    for (; n < n_addrs && at + 2 <= end; n++) {
        bool v6 = (tvb_get_ntohs(tvb, at) & 0x8000u) != 0;
        int len;

        proto_tree_add_item(tree, hf_link_address_kind, tvb, at, 2, ENC_BIG_ENDIAN);
        len = link_address(tvb, pinfo, at + 2, end, v6, tree, &addrs[n]);
        if (len == 0)
            return at + 2;
        at += 2 + len;
    }
    for (; at + 4 <= end; at += 4) {
        unsigned which = tvb_get_ntohs(tvb, at) & 0xf;
        uint16_t port = tvb_get_ntohs(tvb, at + 2);
        proto_item *item;

        proto_tree_add_item(tree, hf_link_port_kind, tvb, at, 2, ENC_BIG_ENDIAN);
        item = proto_tree_add_item(tree, hf_link_port, tvb, at + 2, 2, ENC_BIG_ENDIAN);
        if (which < n) {
            proto_item_append_text(item, " (%s)", address_to_str(pinfo->pool, &addrs[which]));
            ft_learn(pkt, &addrs[which], port, FT_LEARNED_OWN);
        }
    }
    return at;
}

static void
link_tlv(tvbuff_t *tvb, packet_info *pinfo, int at, uint16_t type, int len, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    int end = at + len, done = at;

    switch (type) {
    case 1: case 2: case 5: case 6: case 12: case 18: case 19:          /* u16 */
        if (len == 2) {
            proto_tree_add_item(tree, hf_link_number, tvb, at, 2, ENC_BIG_ENDIAN);
            proto_item_append_text(item, ": %u", tvb_get_ntohs(tvb, at));
            done = end;
        }
        break;
    case 7: case 17: case 20:                                           /* u32 */
        if (len == 4) {
            proto_tree_add_item(tree, hf_link_number, tvb, at, 4, ENC_BIG_ENDIAN);
            proto_item_append_text(item, ": %u", tvb_get_ntohl(tvb, at));
            done = end;
        }
        break;
    case FT_TLV_CONNECTION:
        done = link_connection(tvb, pinfo, at, end, tree, pkt);
        break;
    case 8:                                 /* an address; no public source and no real call says in which form */
        if (len == 4 || len == 16) {
            address addr;

            link_address(tvb, pinfo, at, end, len == 16, tree, &addr);
        } else if (len > 0) {
            proto_tree_add_item(tree, hf_link_bytes, tvb, at, len, ENC_NA);
        }
        done = end;
        break;
    case 9:
        if (len == 20) {
            proto_tree_add_item(tree, hf_link_hmac, tvb, at, len, ENC_NA);
            done = end;
        }
        break;
    case 11:
        if (len == 16) {
            proto_tree_add_item(tree, hf_link_uuid, tvb, at, len, ENC_BIG_ENDIAN);
            done = end;
        }
        break;
    case 4: case 10: case 13: case 14: case 15: case 21: case 22:       /* bytes of their own form */
        if (len > 0)
            proto_tree_add_item(tree, hf_link_bytes, tvb, at, len, ENC_NA);
        done = end;
        break;
    default:
        expert_add_info_format(pinfo, item, &ei_link_tlv_unknown, "Unknown TLV type %u", type);
        if (len > 0)
            proto_tree_add_item(tree, hf_link_bytes, tvb, at, len, ENC_NA);
        done = end;
        break;
    }
    if (done < end) {
        expert_add_info_format(pinfo, item, &ei_link_tlv_length, "%s cannot have %d bytes",
                               val_to_str_const(type, link_tlv_vals, "This TLV"), len);
        proto_tree_add_item(tree, hf_link_bytes, tvb, done, end - done, ENC_NA);
    }
}

void
ft_link_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    int reported = (int)tvb_reported_length(tvb), at = FT_LINK_HEADER_LEN;
    uint16_t command = tvb_get_ntohs(tvb, 0);
    const char *name = val_to_str_const(command, link_command_vals, "Unknown command");
    proto_item *item;
    proto_tree *link_tree = proto_tree_add_subtree_format(tree, tvb, 0, -1, ett_link, &item, "Link Message: %s", name);

    col_append_fstr(pinfo->cinfo, COL_INFO, "Link message, %s", name);
    proto_tree_add_item(link_tree, hf_link_command, tvb, 0, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(link_tree, hf_link_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(link_tree, hf_link_zeroes, tvb, 4, FT_LINK_ZEROES, ENC_NA);
    /* Each round takes four bytes or more, so a datagram's 64 KiB bound the loop. */
    while (at < reported) {
        proto_item *tlv_item;
        proto_tree *tlv_tree;
        uint16_t type;
        int len;

        if (at + FT_TLV_HEADER_LEN > reported) {
            expert_add_info_format(pinfo, item, &ei_link_tlv_length, "%d bytes are left, a TLV has at least four", reported - at);
            proto_tree_add_item(link_tree, hf_link_bytes, tvb, at, reported - at, ENC_NA);
            return;
        }
        type = tvb_get_ntohs(tvb, at);
        len = tvb_get_ntohs(tvb, at + 2);
        tlv_tree = proto_tree_add_subtree(link_tree, tvb, at, FT_TLV_HEADER_LEN, ett_link_tlv, &tlv_item,
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
        at += len;
    }
}

void
ft_link_register(void)
{
    static hf_register_info hf[] = {
        { &hf_link_command, { "Command", "facetime.link.command", FT_UINT16, BASE_HEX,
            VALS(link_command_vals), 0x0, "What the link message is; the meanings are inferred", HFILL } },
        { &hf_link_length, { "Length", "facetime.link.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the TLVs", HFILL } },
        { &hf_link_zeroes, { "Zeroes", "facetime.link.zeroes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Sixteen bytes of zero", HFILL } },
        { &hf_link_tlv_type, { "Type", "facetime.link.tlv.type", FT_UINT16, BASE_DEC,
            VALS(link_tlv_vals), 0x0, "What the TLV holds", HFILL } },
        { &hf_link_tlv_length, { "Length", "facetime.link.tlv.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the value", HFILL } },
        { &hf_link_number, { "Value", "facetime.link.tlv.number", FT_UINT32, BASE_DEC_HEX,
            NULL, 0x0, "Value of a TLV that holds a number", HFILL } },
        { &hf_link_bytes, { "Bytes", "facetime.link.tlv.bytes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Value whose form is not known", HFILL } },
        { &hf_link_uuid, { "Link UUID", "facetime.link.uuid", FT_GUID, BASE_NONE,
            NULL, 0x0, "UUID of the link", HFILL } },
        { &hf_link_hmac, { "HMAC-SHA1", "facetime.link.hmac", FT_BYTES, BASE_NONE,
            NULL, 0x0, "HMAC over what precedes it; its key is not on the wire", HFILL } },
        { &hf_link_header, { "Header [guess]", "facetime.link.candidate.header", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Its low digit counts the addresses; the rest is not known", HFILL } },
        { &hf_link_address_kind, { "Address Kind [guess]", "facetime.link.candidate.kind", FT_UINT16, BASE_HEX,
            NULL, 0x0, "The top bit says IPv6; the rest is not known", HFILL } },
        { &hf_link_ipv4, { "Candidate Address", "facetime.link.candidate.ipv4", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Address under which the sender may be reached", HFILL } },
        { &hf_link_ipv6, { "Candidate Address", "facetime.link.candidate.ipv6", FT_IPv6, BASE_NONE,
            NULL, 0x0, "Address under which the sender may be reached", HFILL } },
        { &hf_link_port_kind, { "Port Kind [guess]", "facetime.link.candidate.port_kind", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Its low digit says which address; the rest is not known", HFILL } },
        { &hf_link_port, { "Candidate Port", "facetime.link.candidate.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "UDP port under which the sender may be reached", HFILL } },
    };
    static int *ett[] = { &ett_link, &ett_link_tlv };
    static ei_register_info ei[] = {
        { &ei_link_tlv_length, { "facetime.link.bad_length", PI_MALFORMED, PI_ERROR,
            "Length of a TLV does not fit", EXPFILL } },
        { &ei_link_tlv_unknown, { "facetime.link.unknown_tlv", PI_UNDECODED, PI_WARN,
            "Unknown TLV", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
