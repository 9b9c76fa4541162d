/* wire_nat_probe.c
 * NAT-mapping probes: SNATMAP, and CommNAT of GameKit's time.
 *
 * SNATMAP, 16 bytes, big-endian (parsed on a real call; names from Apple's IDSFoundation):
 *
 *      0                   1                   2                   3
 *     +---------------------------------------------------------------+
 *     | type: 1 request, 2 answer                                     |
 *     +---------------------------------------------------------------+
 *     | nonce (31 bits, the same in request and answer)               |
 *     +---------------------------------------------------------------+
 *     | address                                                       |
 *     +-------------------------------+-------------------------------+
 *     | port                          | aa aa                         |
 *     +-------------------------------+-------------------------------+
 *
 * A request carries the device's own address and port; an answer carries the mapped ones with every bit inverted,
 * so that no NAT that rewrites addresses inside payloads finds them.
 *
 * CommNAT, 16 bytes (one real capture of 2017, three requests; no answer was seen):
 *
 *     00 01 00 01 | nonce (4 bytes) | ff ff ff ff ff ff ff ff
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <epan/to_str.h>

#define FT_NAT_PROBE_LEN    16
#define FT_SNATMAP_REQUEST  1
#define FT_SNATMAP_ANSWER   2
#define FT_SNATMAP_TAIL     0xaaaa
#define FT_COMMNAT_START    0x00010001u
#define FT_COMMNAT_FILL     UINT64_C(0xffffffffffffffff)

static int hf_natprobe_protocol = -1;
static int hf_natprobe_type = -1;
static int hf_natprobe_nonce = -1;
static int hf_natprobe_address = -1;
static int hf_natprobe_port = -1;
static int hf_natprobe_mapped_address = -1;
static int hf_natprobe_mapped_port = -1;
static int hf_natprobe_marker = -1;
static int hf_natprobe_fill = -1;
static int ett_natprobe = -1;

enum { FT_PROBE_SNATMAP, FT_PROBE_COMMNAT };

static const value_string natprobe_protocol_vals[] = {
    { FT_PROBE_SNATMAP, "SNATMAP" },
    { FT_PROBE_COMMNAT, "CommNAT" },
    { 0, NULL }
};

static const value_string natprobe_type_vals[] = {
    { FT_SNATMAP_REQUEST, "Request" },
    { FT_SNATMAP_ANSWER, "Answer" },
    { 0, NULL }
};

static bool
nat_probe_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    uint32_t first;

    /* 1. Exactly 16 bytes, all captured: avoids DNS, STUN and game keep-alives, which are longer or shorter. */
    if (tvb_reported_length(tvb) != FT_NAT_PROBE_LEN || tvb_captured_length(tvb) < FT_NAT_PROBE_LEN)
        return false;
    first = tvb_get_ntohl(tvb, 0);
    /* 2. SNATMAP: type 1 or 2, a 31-bit nonce and aaaa at the end: avoids counters that start at 1. */
    if ((first == FT_SNATMAP_REQUEST || first == FT_SNATMAP_ANSWER) && !(tvb_get_ntohl(tvb, 4) & 0x80000000u) &&
        tvb_get_ntohs(tvb, 14) == FT_SNATMAP_TAIL) {
        *evidence |= FT_EV(FT_EV_SNATMAP);
        return true;
    }
    /* 3. CommNAT: the start and eight bytes of ff: avoids a STUN of RFC 3489 cut to 16 bytes. */
    if (first == FT_COMMNAT_START && tvb_get_ntoh64(tvb, 8) == FT_COMMNAT_FILL) {
        *evidence |= FT_EV(FT_EV_COMMNAT);
        return true;
    }
    return false;
}

static void
snatmap_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    uint32_t type = tvb_get_ntohl(tvb, 0);
    bool answer = type == FT_SNATMAP_ANSWER;
    proto_item *generated;
    address addr;
    uint32_t *ip = wmem_new(pinfo->pool, uint32_t);
    uint16_t port = tvb_get_ntohs(tvb, 12);

    *ip = tvb_get_ipv4(tvb, 8);
    proto_tree_add_item(tree, hf_natprobe_type, tvb, 0, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_natprobe_nonce, tvb, 4, 4, ENC_BIG_ENDIAN);
    if (answer) {
        /* Shown upright: what travels is the bitwise inverse. */
        *ip = ~*ip;
        port = (uint16_t)~port;
        generated = proto_tree_add_ipv4(tree, hf_natprobe_mapped_address, tvb, 8, 4, *ip);
        proto_item_append_text(generated, " (every bit inverted on the wire)");
        proto_tree_add_uint(tree, hf_natprobe_mapped_port, tvb, 12, 2, port);
    } else {
        proto_tree_add_ipv4(tree, hf_natprobe_address, tvb, 8, 4, *ip);
        proto_tree_add_uint(tree, hf_natprobe_port, tvb, 12, 2, port);
    }
    proto_tree_add_item(tree, hf_natprobe_marker, tvb, 14, 2, ENC_BIG_ENDIAN);

    set_address(&addr, AT_IPv4, 4, ip);
    ft_learn(pkt, &addr, port, answer ? FT_LEARNED_MAPPED : FT_LEARNED_OWN);
    pkt->is_answer = answer;
    col_append_fstr(pinfo->cinfo, COL_INFO, "SNATMAP %s, %s %s:%u", answer ? "answer" : "request",
                    answer ? "mapped" : "own", address_to_str(pinfo->pool, &addr), port);
    proto_item_append_text(item, "SNATMAP %s", answer ? "Answer" : "Request");
}

static void
nat_probe_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root _U_, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_item *item, *protocol;
    proto_tree *tree = proto_tree_add_subtree(ft_tree, tvb, 0, FT_NAT_PROBE_LEN, ett_natprobe, &item, "NAT Probe: ");
    bool snatmap = tvb_get_ntohs(tvb, 14) == FT_SNATMAP_TAIL;

    protocol = proto_tree_add_uint(tree, hf_natprobe_protocol, tvb, 0, 0, snatmap ? FT_PROBE_SNATMAP : FT_PROBE_COMMNAT);
    proto_item_set_generated(protocol);
    pkt->phase = FT_PHASE_PROBE;
    if (snatmap) {
        snatmap_dissect(tvb, pinfo, tree, item, pkt);
        return;
    }
    proto_item_append_text(item, "CommNAT");
    col_append_str(pinfo->cinfo, COL_INFO, "CommNAT probe");
    proto_tree_add_item(tree, hf_natprobe_marker, tvb, 0, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_natprobe_nonce, tvb, 4, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_natprobe_fill, tvb, 8, 8, ENC_NA);
}

static void
nat_probe_register(void)
{
    static hf_register_info hf[] = {
        { &hf_natprobe_protocol, { "Protocol", "facetime.natprobe.protocol", FT_UINT8, BASE_DEC,
            VALS(natprobe_protocol_vals), 0x0, "Which NAT probe this is", HFILL } },
        { &hf_natprobe_type, { "Type", "facetime.natprobe.type", FT_UINT32, BASE_DEC,
            VALS(natprobe_type_vals), 0x0, "Request of the device or answer of Apple's host", HFILL } },
        { &hf_natprobe_nonce, { "Nonce", "facetime.natprobe.nonce", FT_UINT32, BASE_HEX,
            NULL, 0x0, "The same in a request and its answer", HFILL } },
        { &hf_natprobe_address, { "Own Address", "facetime.natprobe.address", FT_IPv4, BASE_NONE,
            NULL, 0x0, "The device's own address, as it knows it", HFILL } },
        { &hf_natprobe_port, { "Own Port", "facetime.natprobe.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The device's own UDP port", HFILL } },
        { &hf_natprobe_mapped_address, { "Mapped Address", "facetime.natprobe.mapped_address", FT_IPv4, BASE_NONE,
            NULL, 0x0, "The device's address as Apple's host sees it; it travels with every bit inverted", HFILL } },
        { &hf_natprobe_mapped_port, { "Mapped Port", "facetime.natprobe.mapped_port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The device's UDP port as Apple's host sees it; it travels with every bit inverted", HFILL } },
        { &hf_natprobe_marker, { "Marker", "facetime.natprobe.marker", FT_UINT32, BASE_HEX,
            NULL, 0x0, "Constant by which the probe is known", HFILL } },
        { &hf_natprobe_fill, { "Fill", "facetime.natprobe.fill", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Eight bytes of ff in a CommNAT request [meaning unknown]", HFILL } },
    };
    static int *ett[] = { &ett_natprobe };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}

const ft_wire_t ft_wire_nat_probe = {
    .kind = FT_KIND_NAT_PROBE,
    .register_fields = nat_probe_register,
    .match = nat_probe_match,
    .dissect = nat_probe_dissect,
};
