/* nat_probe.c
 * NAT-mapping probes: SNATMAP, and CommNAT of GameKit's time.
 *
 * SNATMAP, 16 bytes, big-endian (parsed on a real call; names from public decompilations of Apple's
 * AVConference: SNATMAP_MakeRequest, ProcessSNATMAPResponse):
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
 *     +---------------------------------------------------------------+
 *     | 00 01 00 01                                                   |
 *     +---------------------------------------------------------------+
 *     | nonce                                                         |
 *     +---------------------------------------------------------------+
 *     | ff ff ff ff ff ff ff ff                                       |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/nat_probe.h"

#include <epan/to_str.h>

#define FT_NAT_PROBE_LEN    16
#define FT_NAT_NONCE_AT     4
#define FT_NAT_NONCE_LEN    4
#define FT_NAT_VALUE_AT     8       /* after the nonce */
#define FT_SNATMAP_REQUEST  1
#define FT_SNATMAP_ANSWER   2
#define FT_SNATMAP_TAIL     0xaaaa
#define FT_SNATMAP_TAIL_AT  14
#define FT_SNATMAP_NOT_NONCE 0x80000000u
#define FT_COMMNAT_START    0x00010001u
#define FT_COMMNAT_FILL     UINT64_C(0xffffffffffffffff)

/* CommNAT's answer was never seen. Its nonce is looked for in this many bytes, in a datagram of at most so many bytes. */
#define FT_COMMNAT_ANSWER_SEARCH 32
#define FT_COMMNAT_ANSWER_MAX    64

static int hf_natprobe = -1;
static int hf_natprobe_protocol = -1;
static int hf_natprobe_type = -1;
static int hf_natprobe_nonce = -1;
static int hf_natprobe_address = -1;
static int hf_natprobe_port = -1;
static int hf_natprobe_mapped_address = -1;
static int hf_natprobe_mapped_port = -1;
static int hf_natprobe_marker = -1;
static int hf_natprobe_fill = -1;
static int hf_natprobe_unknown = -1;
static int hf_natprobe_nat = -1;
static int hf_natprobe_test = -1;
static int hf_natprobe_test_first_frame = -1;
static int hf_natprobe_hosts = -1;
static int hf_natprobe_destinations = -1;
static int hf_natprobe_outcome = -1;
static int hf_natprobe_mapping = -1;
static int ett_natprobe = -1;
static int ett_natprobe_test = -1;
static expert_field ei_natprobe_length = EI_INIT;
static expert_field ei_natprobe_nonce = EI_INIT;
static expert_field ei_natprobe_unknown = EI_INIT;
static ft_exchange_fields_t natprobe_exchange_fields;

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

static const value_string natprobe_outcome_vals[] = {
    { FT_NAT_NO_ANSWER, "no answer" },
    { FT_NAT_ONE_ANSWER, "only one answer" },
    { FT_NAT_SAME, "same mapping" },
    { FT_NAT_DIFFERENT, "different mapping" },
    { FT_NAT_UNREADABLE, "answers of unknown form" },
    { 0, NULL }
};

static const value_string natprobe_mapping_vals[] = {
    { FT_NAT_MAPPING_NONE, "no translation" },
    { FT_NAT_MAPPING_ENDPOINT_INDEPENDENT, "endpoint-independent mapping" },
    { FT_NAT_MAPPING_NOT_PORT, "endpoint-independent or address-dependent mapping" },
    { FT_NAT_MAPPING_ADDRESS_OR_PORT, "address-dependent or address and port-dependent mapping" },
    { FT_NAT_MAPPING_ADDRESS_AND_PORT, "address and port-dependent mapping" },
    { FT_NAT_MAPPING_CHANGED, "the mapping changed during the test" },
    { 0, NULL }
};

/* What a datagram is. */
typedef enum { NAT_PROBE_NONE, NAT_PROBE_SNATMAP, NAT_PROBE_COMMNAT, NAT_PROBE_COMMNAT_ANSWER } nat_probe_form_t;

/* Where a datagram that may be the answer to a CommNAT request carries the request's nonce. -1: nowhere. */
static int
commnat_answer_nonce(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    int end = MIN((int)tvb_captured_length(tvb), FT_COMMNAT_ANSWER_SEARCH);
    uint8_t nonce[FT_NAT_NONCE_LEN];

    if (tvb_reported_length(tvb) > FT_COMMNAT_ANSWER_MAX)
        return -1;
    for (int at = 0; at + FT_NAT_NONCE_LEN <= end; at += FT_NAT_NONCE_LEN) {
        tvb_memcpy(tvb, nonce, at, sizeof nonce);
        if (ft_exchange_asked(pinfo, flow, FT_EXCHANGE_COMMNAT, nonce, sizeof nonce))
            return at;
    }
    return -1;
}

/* On a flow that is known to carry NAT probes: also what is cut, too long or of a form that is not known. */
static nat_probe_form_t
nat_probe_form_known(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    uint32_t first;

    if (tvb_captured_length(tvb) < FT_NAT_VALUE_AT)
        return NAT_PROBE_NONE;
    /* 1. An answer to a CommNAT request, by its direction and the nonce. */
    if (commnat_answer_nonce(tvb, pinfo, flow) >= 0)
        return NAT_PROBE_COMMNAT_ANSWER;
    first = tvb_get_ntohl(tvb, 0);
    if (first == FT_COMMNAT_START)
        return NAT_PROBE_COMMNAT;
    /* 2. SNATMAP by its type and, if it is there, the end of its sixteen bytes. */
    if (first != FT_SNATMAP_REQUEST && first != FT_SNATMAP_ANSWER)
        return NAT_PROBE_NONE;
    if (tvb_captured_length(tvb) >= FT_NAT_PROBE_LEN && tvb_get_ntohs(tvb, FT_SNATMAP_TAIL_AT) != FT_SNATMAP_TAIL)
        return NAT_PROBE_NONE;
    return NAT_PROBE_SNATMAP;
}

/* By the bytes alone. */
static nat_probe_form_t
nat_probe_form_strict(tvbuff_t *tvb)
{
    uint32_t first;

    /* 1. Exactly 16 bytes, all captured: avoids DNS, STUN and game keep-alives, which are longer or shorter. */
    if (tvb_reported_length(tvb) != FT_NAT_PROBE_LEN || tvb_captured_length(tvb) < FT_NAT_PROBE_LEN)
        return NAT_PROBE_NONE;
    first = tvb_get_ntohl(tvb, 0);
    /* 2. SNATMAP: type 1 or 2, a 31-bit nonce and aaaa at the end: avoids counters that start at 1. */
    if ((first == FT_SNATMAP_REQUEST || first == FT_SNATMAP_ANSWER) &&
        !(tvb_get_ntohl(tvb, FT_NAT_NONCE_AT) & FT_SNATMAP_NOT_NONCE) && tvb_get_ntohs(tvb, FT_SNATMAP_TAIL_AT) == FT_SNATMAP_TAIL)
        return NAT_PROBE_SNATMAP;
    /* 3. CommNAT: the start and eight bytes of ff: avoids a STUN of RFC 3489 cut to 16 bytes. */
    if (first == FT_COMMNAT_START && tvb_get_ntoh64(tvb, FT_NAT_VALUE_AT) == FT_COMMNAT_FILL)
        return NAT_PROBE_COMMNAT;
    return NAT_PROBE_NONE;
}

static nat_probe_form_t
nat_probe_form_on(nat_probe_form_t strict, tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    if (strict != NAT_PROBE_SNATMAP && flow && flow->is_facetime && (flow->kinds & (1u << FT_KIND_NAT_PROBE)))
        return nat_probe_form_known(tvb, pinfo, flow);
    return strict;
}

static nat_probe_form_t
nat_probe_form(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    return nat_probe_form_on(nat_probe_form_strict(tvb), tvb, pinfo, flow);
}

static bool
nat_probe_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    nat_probe_form_t form = nat_probe_form_strict(tvb);

    if (form == NAT_PROBE_SNATMAP)
        *evidence |= FT_EV(FT_EV_SNATMAP);
    else if (form == NAT_PROBE_COMMNAT)
        *evidence |= FT_EV(FT_EV_COMMNAT);
    return nat_probe_form_on(form, tvb, pinfo, flow) != NAT_PROBE_NONE;
}

/* ---- What links probes --------------------------------------------------------------------- */

static const ft_exchange_message_t *
nat_probe_exchange(tvbuff_t *tvb, const packet_info *pinfo, const ft_packet_t *pkt, ft_exchange_kind_t kind, int nonce_at)
{
    uint8_t nonce[FT_NAT_NONCE_LEN];

    tvb_memcpy(tvb, nonce, nonce_at, sizeof nonce);
    return ft_exchange_note(tvb, pinfo, pkt->flow, kind, nonce, sizeof nonce, pkt->is_answer);
}

/* Is the device behind a NAT? Its own address and port, as the request names them, against the mapped ones. Without the request
 * the answer's destination stands for them; without an answer the request's source for the mapped ones, if it is another one:
 * then a NAT lies between the device and the capture. */
static void
show_nat(tvbuff_t *tvb, const packet_info *pinfo, const ft_nat_probe_t *probe, bool answer, const ft_nat_address_t *says, proto_tree *tree)
{
    ft_nat_address_t own = probe ? probe->own : (ft_nat_address_t){ 0 }, mapped = probe ? probe->mapped : (ft_nat_address_t){ 0 };
    const address *here = answer ? &pinfo->dst : &pinfo->src;
    ft_nat_address_t at = { .port = (uint16_t)(answer ? pinfo->destport : pinfo->srcport), .known = here->type == AT_IPv4 };
    bool nat;

    if (at.known)
        memcpy(&at.ip, here->data, sizeof at.ip);
    if (answer) {
        mapped = *says;
        own = own.known ? own : at;
    } else {
        own = *says;
        if (!mapped.known && at.known && (at.ip != own.ip || at.port != own.port))
            mapped = at;
    }
    if (!own.known || !mapped.known)
        return;
    nat = own.ip != mapped.ip || own.port != mapped.port;
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_natprobe_nat, tvb, 0, 0, nat));
}

void
ft_nat_test_show(tvbuff_t *tvb, packet_info *pinfo, const ft_nat_behavior_t *test, bool answer, proto_tree *tree)
{
    proto_item *item;
    proto_tree *sub;
    ft_nat_mapping_t mapping;

    if (!test)
        return;
    item = proto_tree_add_uint(tree, hf_natprobe_test, tvb, 0, 0, ft_nat_behavior_number(test));
    sub = proto_item_add_subtree(item, ett_natprobe_test);
    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_uint(sub, hf_natprobe_test_first_frame, tvb, 0, 0, ft_nat_behavior_first_frame(test)));
    if (!PINFO_FD_VISITED(pinfo) && !(answer && ft_nat_behavior_is_complete(test)))
        return;
    proto_item_set_generated(proto_tree_add_uint(sub, hf_natprobe_hosts, tvb, 0, 0, ft_nat_behavior_hosts(test)));
    proto_item_set_generated(proto_tree_add_uint(sub, hf_natprobe_destinations, tvb, 0, 0, ft_nat_behavior_destinations(test)));
    proto_item_set_generated(proto_tree_add_uint(sub, hf_natprobe_outcome, tvb, 0, 0, ft_nat_behavior_outcome(test)));
    proto_item_append_text(item, ", %s", val_to_str_const(ft_nat_behavior_outcome(test), natprobe_outcome_vals, "unknown"));
    mapping = ft_nat_behavior_mapping(test);
    if (mapping == FT_NAT_MAPPING_UNKNOWN)
        return;
    proto_item_set_generated(proto_tree_add_uint(sub, hf_natprobe_mapping, tvb, 0, 0, mapping));
    proto_item_append_text(item, ": %s", val_to_str_const(mapping, natprobe_mapping_vals, "unknown"));
}

/* Links a probe, and shows what it is linked to. says->known is false where the address cannot be read. */
static void
show_links(tvbuff_t *tvb, packet_info *pinfo, const ft_exchange_message_t *message, const ft_nat_address_t *says,
           proto_tree *tree, proto_item *item, const ft_packet_t *pkt)
{
    const ft_nat_probe_t *probe;

    ft_nat_behavior_add(pinfo, message, says);
    probe = ft_nat_probe_of(message);
    ft_exchange_show(&natprobe_exchange_fields, message, tvb, pinfo, tree, item);
    if (says->known)
        show_nat(tvb, pinfo, probe, pkt->is_answer, says, tree);
    if (probe)
        ft_nat_test_show(tvb, pinfo, probe->test, pkt->is_answer, tree);
}

/* ---- The forms ------------------------------------------------------------------------------ */

/* Bytes beyond those that are known. */
static void
show_rest(tvbuff_t *tvb, int at, proto_tree *tree)
{
    if (at < (int)tvb_reported_length(tvb))
        proto_tree_add_item(tree, hf_natprobe_unknown, tvb, at, (int)tvb_reported_length(tvb) - at, ENC_NA);
}

/* Adds an expert item if the length of the probe is not sixteen bytes. */
static void
check_length(tvbuff_t *tvb, packet_info *pinfo, proto_item *item)
{
    if (tvb_reported_length(tvb) != FT_NAT_PROBE_LEN)
        expert_add_info_format(pinfo, item, &ei_natprobe_length, "A probe has %d bytes, this one %u", FT_NAT_PROBE_LEN,
                               tvb_reported_length(tvb));
}

static void
snatmap_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    bool answer = tvb_get_ntohl(tvb, 0) == FT_SNATMAP_ANSWER, complete = tvb_reported_length(tvb) >= FT_NAT_PROBE_LEN;
    const ft_exchange_message_t *message;
    ft_nat_address_t says = { .known = complete };
    proto_item *nonce, *own;
    uint32_t *ip;
    address addr;

    pkt->is_answer = answer;
    pkt->label = answer ? "SNATMAP answer" : "SNATMAP request";
    proto_item_append_text(item, "SNATMAP %s", answer ? "Answer" : "Request");
    pkt->what = answer ? "SNATMAP Answer" : "SNATMAP Request";
    col_append_str(pinfo->cinfo, COL_INFO, pkt->what);
    proto_tree_add_item(tree, hf_natprobe_type, tvb, 0, 4, ENC_BIG_ENDIAN);
    nonce = proto_tree_add_item(tree, hf_natprobe_nonce, tvb, FT_NAT_NONCE_AT, FT_NAT_NONCE_LEN, ENC_BIG_ENDIAN);
    if (tvb_get_ntohl(tvb, FT_NAT_NONCE_AT) & FT_SNATMAP_NOT_NONCE)
        expert_add_info(pinfo, nonce, &ei_natprobe_nonce);
    check_length(tvb, pinfo, item);
    if (!complete) {
        show_rest(tvb, FT_NAT_VALUE_AT, tree);
        message = nat_probe_exchange(tvb, pinfo, pkt, FT_EXCHANGE_SNATMAP, FT_NAT_NONCE_AT);
        show_links(tvb, pinfo, message, &says, tree, item, pkt);
        return;
    }
    message = nat_probe_exchange(tvb, pinfo, pkt, FT_EXCHANGE_SNATMAP, FT_NAT_NONCE_AT);
    /* Item by item: where the capture is cut, what comes before the cut is shown. */
    says.ip = tvb_get_ipv4(tvb, 8);
    if (answer) {
        /* Shown upright: what travels is the bitwise inverse. */
        says.ip = ~says.ip;
        own = proto_tree_add_ipv4(tree, hf_natprobe_mapped_address, tvb, 8, 4, says.ip);
        proto_item_append_text(own, " (every bit inverted on the wire)");
        says.port = (uint16_t)~tvb_get_ntohs(tvb, 12);
        proto_tree_add_uint(tree, hf_natprobe_mapped_port, tvb, 12, 2, says.port);
    } else {
        own = proto_tree_add_ipv4(tree, hf_natprobe_address, tvb, 8, 4, says.ip);
        says.port = tvb_get_ntohs(tvb, 12);
        if (pinfo->src.type == AT_IPv4 && (memcmp(&says.ip, pinfo->src.data, sizeof says.ip) != 0 || says.port != pinfo->srcport))
            proto_item_append_text(own, " (not the packet's source: translated before it was captured)");
        proto_tree_add_uint(tree, hf_natprobe_port, tvb, 12, 2, says.port);
    }
    proto_tree_add_item(tree, hf_natprobe_marker, tvb, FT_SNATMAP_TAIL_AT, 2, ENC_BIG_ENDIAN);
    show_rest(tvb, FT_NAT_PROBE_LEN, tree);

    ip = wmem_new(pinfo->pool, uint32_t);
    *ip = says.ip;
    set_address(&addr, AT_IPv4, 4, ip);
    ft_candidate_add(pkt, &addr, says.port, answer ? FT_CANDIDATE_MAPPED : FT_CANDIDATE_OWN, 0);
    col_append_fstr(pinfo->cinfo, COL_INFO, ", %s %s:%u", answer ? "mapped" : "own", address_to_str(pinfo->pool, &addr), says.port);
    show_links(tvb, pinfo, message, &says, tree, item, pkt);
}

static void
commnat_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    static const ft_nat_address_t unreadable = { .known = false };
    int reported = (int)tvb_reported_length(tvb);
    const ft_exchange_message_t *message = nat_probe_exchange(tvb, pinfo, pkt, FT_EXCHANGE_COMMNAT, FT_NAT_NONCE_AT);

    pkt->label = "CommNAT probe";
    proto_item_append_text(item, "CommNAT Request");
    pkt->what = "CommNAT Request";
    col_append_str(pinfo->cinfo, COL_INFO, pkt->what);
    proto_tree_add_item(tree, hf_natprobe_marker, tvb, 0, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_natprobe_nonce, tvb, FT_NAT_NONCE_AT, FT_NAT_NONCE_LEN, ENC_BIG_ENDIAN);
    check_length(tvb, pinfo, item);
    show_links(tvb, pinfo, message, &unreadable, tree, item, pkt);
    if (reported < FT_NAT_PROBE_LEN) {
        show_rest(tvb, FT_NAT_VALUE_AT, tree);
        return;
    }
    if (tvb_get_ntoh64(tvb, FT_NAT_VALUE_AT) == FT_COMMNAT_FILL) {
        proto_tree_add_item(tree, hf_natprobe_fill, tvb, FT_NAT_VALUE_AT, 8, ENC_NA);
    } else {
        expert_add_info(pinfo, proto_tree_add_item(tree, hf_natprobe_unknown, tvb, FT_NAT_VALUE_AT, 8, ENC_NA), &ei_natprobe_unknown);
    }
    show_rest(tvb, FT_NAT_PROBE_LEN, tree);
}

/* An answer whose form is not known: all that can be said is which request it answers. */
static void
commnat_answer_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, ft_packet_t *pkt)
{
    static const ft_nat_address_t unreadable = { .known = false };
    int at = commnat_answer_nonce(tvb, pinfo, pkt->flow);

    pkt->is_answer = true;
    proto_item_append_text(item, "CommNAT Answer");
    pkt->what = "CommNAT Answer";
    col_append_fstr(pinfo->cinfo, COL_INFO, "%s, unknown form", pkt->what);
    expert_add_info_format(pinfo, item, &ei_natprobe_unknown, "Answer of unknown form, linked by the nonce at byte %d", at);
    show_links(tvb, pinfo, nat_probe_exchange(tvb, pinfo, pkt, FT_EXCHANGE_COMMNAT, at), &unreadable, tree, item, pkt);
    if (at > 0)
        proto_tree_add_item(tree, hf_natprobe_unknown, tvb, 0, at, ENC_NA);
    proto_tree_add_item(tree, hf_natprobe_nonce, tvb, at, FT_NAT_NONCE_LEN, ENC_BIG_ENDIAN);
    show_rest(tvb, at + FT_NAT_NONCE_LEN, tree);
}

static void
nat_probe_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root _U_, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_item *item;
    proto_tree *tree = ft_subtree(ft_tree, hf_natprobe, tvb, 0, -1, ett_natprobe, &item, "NAT Probe: ");
    nat_probe_form_t form = nat_probe_form(tvb, pinfo, pkt->flow);

    pkt->phase = FT_PHASE_PROBE;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_natprobe_protocol, tvb, 0, 0,
                                                 form == NAT_PROBE_SNATMAP ? FT_PROBE_SNATMAP : FT_PROBE_COMMNAT));
    switch (form) {
    case NAT_PROBE_SNATMAP:
        snatmap_dissect(tvb, pinfo, tree, item, pkt);
        break;
    case NAT_PROBE_COMMNAT:
        commnat_dissect(tvb, pinfo, tree, item, pkt);
        break;
    case NAT_PROBE_COMMNAT_ANSWER:
        commnat_answer_dissect(tvb, pinfo, tree, item, pkt);
        break;
    case NAT_PROBE_NONE:
        break;
    }
}

static void
nat_probe_register(void)
{
    static hf_register_info hf[] = {
        { &hf_natprobe, { "NAT Probe", "facetime.natprobe", FT_NONE, BASE_NONE,
            NULL, 0x0, "A question how the device is seen from outside, or its answer", HFILL } },
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
        { &hf_natprobe_unknown, { "Unknown", "facetime.natprobe.unknown", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of a probe or an answer whose meaning is not known", HFILL } },
        { &hf_natprobe_nat, { "Behind NAT", "facetime.natprobe.nat", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The device's own address or port is not the one under which it is seen outside", HFILL } },
        { &hf_natprobe_test, { "NAT Test", "facetime.natprobe.test", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of the test that the probe belongs to, from 1: probes of one socket", HFILL } },
        { &hf_natprobe_test_first_frame, { "First Frame", "facetime.natprobe.test.first_frame", FT_FRAMENUM, BASE_NONE,
            NULL, 0x0, "First probe of the test", HFILL } },
        { &hf_natprobe_hosts, { "Hosts", "facetime.natprobe.hosts", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Different addresses that were asked in the test", HFILL } },
        { &hf_natprobe_destinations, { "Destinations", "facetime.natprobe.destinations", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Different pairs of address and port that were asked in the test", HFILL } },
        { &hf_natprobe_outcome, { "Outcome", "facetime.natprobe.outcome", FT_UINT8, BASE_DEC,
            VALS(natprobe_outcome_vals), 0x0, "Whether all that answered saw the same address and port", HFILL } },
        { &hf_natprobe_mapping, { "Mapping", "facetime.natprobe.mapping", FT_UINT8, BASE_DEC,
            VALS(natprobe_mapping_vals), 0x0, "What the outcome says of the NAT, in the words of RFC 4787", HFILL } },
        { &hf_natprobe_fill, { "Fill", "facetime.natprobe.fill", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Eight bytes of ff in a CommNAT request [meaning unknown]", HFILL } },
    };
    static int *ett[] = { &ett_natprobe, &ett_natprobe_test };
    static ei_register_info ei[] = {
        { &ei_natprobe_length, { "facetime.natprobe.bad_length", PI_MALFORMED, PI_WARN,
            "Length is not that of a NAT probe", EXPFILL } },
        { &ei_natprobe_nonce, { "facetime.natprobe.bad_nonce", PI_PROTOCOL, PI_WARN,
            "A nonce has 31 bits, this one has 32", EXPFILL } },
        { &ei_natprobe_unknown, { "facetime.natprobe.unknown_form", PI_UNDECODED, PI_NOTE,
            "Probe or answer of unknown form", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_exchange_register(&natprobe_exchange_fields, "facetime.natprobe");
}

const ft_wire_t ft_wire_nat_probe = {
    .kind = FT_KIND_NAT_PROBE,
    .register_fields = nat_probe_register,
    .match = nat_probe_match,
    .dissect = nat_probe_dissect,
};
