/* packet-facetime.c
 * Apple FaceTime: registration, fields, preferences, heuristics, and the demultiplexer.
 *
 * One UDP socket of the device carries everything: STUN, SIP, RTP, RTCP, relay channel data, probes and QUIC. The first bytes
 * of each datagram decide which of them it is, never the port and never what the datagram before was. What Wireshark knows is
 * shown by Wireshark's own dissectors; this plugin recognises, demultiplexes, names and stitches.
 *
 * Limits: the media payload, the relay's QUIC and the push are encrypted and stay so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"
#include "bplist.h"
#include "exchange.h"
#include "nat_test.h"

#include <epan/proto_data.h>
#include <wsutil/bits_ctz.h>

int proto_facetime = -1;
int ft_tap = -1;
int ett_facetime = -1;
expert_module_t *ft_expert;
dissector_handle_t ft_handle;
dissector_handle_t ft_watch_handle;

range_t *ft_pref_relay_ports;
range_t *ft_pref_media_ports;
int ft_pref_confidence = FT_CONFIDENCE_MEDIUM;

static int proto_ports = -1;            /* in name only: Decode As "facetime" must find one dissector of that name */
static dissector_handle_t port_handle;
static dissector_handle_t recognise_handle;
static dissector_table_t udp_ports;
static int expert_tap;                  /* Wireshark's, of expert items */
static heur_dtbl_entry_t *heur_entry;   /* of facetime_udp: tells whether the user switched it off */

static int hf_facetime_kind = -1;
static int hf_facetime_confidence = -1;
static int hf_facetime_evidence = -1;
static int hf_facetime_path = -1;
static int ett_facetime_evidence = -1;
static expert_field ei_facetime_unknown = EI_INIT;
static expert_field ei_facetime_guess = EI_INIT;
static expert_field ei_facetime_flow_limit = EI_INIT;
static expert_field ei_facetime_exchange_limit = EI_INIT;

const value_string ft_kind_vals[] = {
    { FT_KIND_UNKNOWN, "unknown" },
    FT_WIRE_FORMATS(FT_FORMAT_KIND)
    [FT_KIND_COUNT] = { 0, NULL }
};

/* The same for the Protocol column. */
static const value_string kind_column_vals[] = {
    { FT_KIND_UNKNOWN, "FaceTime" },
    FT_WIRE_FORMATS(FT_FORMAT_COLUMN)
    [FT_KIND_COUNT] = { 0, NULL }
};

const value_string ft_phase_vals[] = {
    { FT_PHASE_PUSH, "push" },
    { FT_PHASE_LOOKUP, "lookup" },
    { FT_PHASE_PROBE, "probe" },
    { FT_PHASE_CERTIFICATE, "certificate" },
    { FT_PHASE_REGISTRATION, "registration" },
    { FT_PHASE_RELAY, "relay" },
    { FT_PHASE_CONNECTIVITY, "connectivity" },
    { FT_PHASE_SIGNALLING, "signalling" },
    { FT_PHASE_MEDIA, "media" },
    { FT_PHASE_TEARDOWN, "teardown" },
    { 0, NULL }
};

const value_string ft_state_vals[] = {
    { FT_STATE_ATTEMPTED, "attempted" },
    { FT_STATE_RINGING, "ringing" },
    { FT_STATE_ESTABLISHED, "established" },
    { FT_STATE_ENDED, "ended" },
    { FT_STATE_DECLINED, "declined" },
    { FT_STATE_CANCELLED, "cancelled" },
    { FT_STATE_FAILED, "failed" },
    { FT_STATE_INTERRUPTED, "interrupted" },
    { 0, NULL }
};

const value_string ft_direction_vals[] = {
    { FT_DIRECTION_UNKNOWN, "unknown" },
    { FT_DIRECTION_INBOUND, "inbound" },
    { FT_DIRECTION_OUTBOUND, "outbound" },
    { 0, NULL }
};

const value_string ft_end_vals[] = {
    { FT_END_CAPTURE, "capture end" },
    { FT_END_BYE, "BYE" },
    { FT_END_BYE_DEVICE, "BYE from the device" },
    { FT_END_BYE_PEER, "BYE from the peer" },
    { FT_END_DECLINED, "declined" },
    { FT_END_CANCELLED, "cancelled" },
    { FT_END_FAILED, "failed" },
    { FT_END_TIMEOUT, "timeout" },
    { 0, NULL }
};

const value_string ft_join_vals[] = {
    { FT_JOIN_NONE, "none" },
    { FT_JOIN_FIRST, "the call begins here" },
    { FT_JOIN_CALL_ID, "SIP Call-ID of the call" },
    { FT_JOIN_SSRC, "SSRC of the call" },
    { FT_JOIN_PARTICIPANT, "participant ID of the call" },
    { FT_JOIN_CANDIDATE, "address announced in the call" },
    { FT_JOIN_MAPPED, "address that a server saw" },
    { FT_JOIN_SOCKET, "same local socket" },
    { FT_JOIN_DEVICE, "same device at the same time" },
    { FT_JOIN_RELAY, "same relay, in a capture taken on the device" },
    { FT_JOIN_BEFORE, "NAT probe of the device shortly before" },
    { FT_JOIN_AROUND, "flow of the device to a FaceTime server, shortly before or during the call" },
    { 0, NULL }
};

/* A packet has one path; a call may have both. */
const value_string ft_path_vals[] = {
    { FT_PATH_DIRECT, "direct" },
    { FT_PATH_RELAY, "relay" },
    { FT_PATH_DIRECT | FT_PATH_RELAY, "relay+direct" },
    { 0, NULL }
};

const value_string ft_confidence_vals[] = {
    { FT_CONFIDENCE_NONE, "none" },
    { FT_CONFIDENCE_LOW, "low" },
    { FT_CONFIDENCE_MEDIUM, "medium" },
    { FT_CONFIDENCE_HIGH, "high" },
    { 0, NULL }
};

#define FT_FORMAT_ADDRESS(name, ...) &ft_wire_##name,

/* All wire formats, in the order in which they are tried: the one that is no evidence itself comes last. */
static const ft_wire_t *const ft_wires[] = {
    FT_WIRE_FORMATS(FT_FORMAT_ADDRESS)
    &ft_wire_vtp,
};

/* By the first byte of a datagram: a bit for each of them that may begin so. */
static uint16_t wires_of[UINT8_MAX + 1];

_Static_assert(array_length(ft_wires) <= 16, "a bit for each wire format");

static void
sort_wires(void)
{
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        for (unsigned i = 0; i < array_length(ft_wires); i++) {
            if ((first & ft_wires[i]->first_mask) == ft_wires[i]->first_bits)
                wires_of[first] |= (uint16_t)(1u << i);
        }
    }
}

static const ft_wire_t *
ft_demux(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    uint8_t first = ft_tvb_get_u8(tvb, 0);

    for (unsigned left = wires_of[first]; left; left &= left - 1) {
        const ft_wire_t *wire = ft_wires[ws_ctz(left)];

        if (wire->match(tvb, pinfo, flow, evidence))
            return wire;
    }
    return NULL;
}

bool
ft_is_shown(const proto_tree *tree)
{
    return tree || have_tap_listener(expert_tap);
}

void
ft_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    if (pkt->claimed && handle)
        call_dissector(handle, tvb, pinfo, root);
}

void
ft_learn(ft_packet_t *pkt, const address *addr, uint16_t port, ft_learned_how_t how)
{
    if (pkt->n_learned >= array_length(pkt->learned))
        return;
    pkt->learned[pkt->n_learned].at.addr = *addr;
    pkt->learned[pkt->n_learned].at.port = port;
    pkt->learned[pkt->n_learned].how = how;
    pkt->n_learned++;
}

/* ---- Showing a datagram -------------------------------------------------------------------- */

static ft_packet_t *
packet_new(packet_info *pinfo, ft_flow_t *flow, const ft_wire_t *wire, uint32_t evidence)
{
    ft_packet_t *pkt = wmem_new0(pinfo->pool, ft_packet_t);

    pkt->flow = flow;
    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence = evidence;
    pkt->phase = ft_kind_phase(pkt->kind);
    pkt->inside_turn = false;
    return pkt;
}

/* Confidence and evidence of the flow; with this datagram's own, which the flow has only after the frame. */
static void
show_evidence(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt)
{
    uint32_t evidence = pkt->evidence | (pkt->flow ? pkt->flow->evidence : 0);
    ft_confidence_t confidence = ft_confidence(evidence);
    proto_item *item = proto_tree_add_uint(tree, hf_facetime_confidence, tvb, 0, 0, confidence);
    proto_tree *sub = proto_item_add_subtree(item, ett_facetime_evidence);

    proto_item_set_generated(item);
    for (unsigned bit = 0; bit < FT_EV_COUNT; bit++) {
        if (evidence & FT_EV(bit))
            proto_item_set_generated(proto_tree_add_string(sub, hf_facetime_evidence, tvb, 0, 0, ft_evidence_text((ft_evidence_t)bit)));
    }
    if (confidence < FT_CONFIDENCE_HIGH)
        expert_add_info(pinfo, item, &ei_facetime_guess);
}

ft_path_t
ft_packet_path(const packet_info *pinfo, const ft_packet_t *pkt)
{
    if (pkt->kind == FT_KIND_RELAY || ft_is_apple(&pinfo->src) || ft_is_apple(&pinfo->dst))
        return FT_PATH_RELAY;
    return FT_PATH_DIRECT;
}

/* The FaceTime tree of a datagram, and what its wire format shows. wire NULL: no form that is known. */
static void
show_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt)
{
    proto_item *item = proto_tree_add_item(root, proto_facetime, tvb, 0, -1, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_facetime);
    proto_item *kind_item = proto_tree_add_uint(tree, hf_facetime_kind, tvb, 0, 0, pkt->kind);

    proto_item_set_generated(kind_item);
    if (pkt->kind != FT_KIND_UNKNOWN)
        proto_item_append_text(item, ", %s", val_to_str_const(pkt->kind, kind_column_vals, "FT/") + strlen("FT/"));
    if (ft_is_shown(tree))
        show_evidence(tvb, pinfo, tree, pkt);
    if (wire) {
        wire->dissect(tvb, pinfo, root, tree, pkt);
        if (pkt->n_rtp)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_facetime_path, tvb, 0, 0, ft_packet_path(pinfo, pkt)));
    } else if (pkt->claimed) {
        expert_add_info(pinfo, item, &ei_facetime_unknown);
        col_add_fstr(pinfo->cinfo, COL_INFO, "Unknown, %u bytes", tvb_reported_length(tvb));
        call_data_dissector(tvb, pinfo, root);
    }
    if (ft_flow_limit_reached())
        expert_add_info(pinfo, item, &ei_facetime_flow_limit);
    if (ft_exchange_limit_reached() && (pkt->kind == FT_KIND_STUN || pkt->kind == FT_KIND_NAT_PROBE))
        expert_add_info(pinfo, item, &ei_facetime_exchange_limit);
}

static void
show_claimed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt)
{
    pkt->claimed = true;
    /* Attached before it is shown: a capture that is cut ends the showing, not the call. */
    ft_packet_attach(pinfo, pkt);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "FaceTime");
    col_clear(pinfo->cinfo, COL_INFO);
    show_datagram(tvb, pinfo, root, wire, pkt);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, val_to_str_const(pkt->kind, kind_column_vals, "FaceTime"));
}

void
ft_annotate(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, ft_packet_t *pkt)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire = ft_demux(tvb, pinfo, pkt->flow, &evidence);

    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence |= evidence;
    pkt->claimed = false;
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    show_datagram(tvb, pinfo, root, wire, pkt);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, val_to_str_const(pkt->kind, kind_column_vals, "FaceTime"));
}

/* ---- Ways in -------------------------------------------------------------------------------- */

/* What other flows say of a datagram of this form. */
static uint32_t
context_of(tvbuff_t *tvb, const packet_info *pinfo, const ft_wire_t *wire)
{
    uint32_t ssrc;
    bool has_ssrc = wire->kind == FT_KIND_RTP && tvb_captured_length(tvb) >= 12;

    if (has_ssrc)
        ssrc = tvb_get_ntohl(tvb, 8);
    return ft_flow_context(pinfo, has_ssrc ? &ssrc : NULL);
}

static bool
sure_enough(const ft_flow_t *flow, uint32_t evidence)
{
    return (int)ft_confidence(flow->evidence | evidence) >= ft_pref_confidence;
}

/* Can this dissector say anything about the packet? Not about a datagram that an ICMP error quotes: it is not of the flow. */
static bool
is_datagram(tvbuff_t *tvb, const packet_info *pinfo)
{
    return pinfo->ptype == PT_UDP && !pinfo->flags.in_error_pkt && tvb_captured_length(tvb) >= 2;
}

/* The heuristic "facetime_udp": the first datagram of a flow. */
static bool
recognise(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow;
    ft_packet_t *pkt;

    if (!is_datagram(tvb, pinfo))
        return false;
    /* 1. The datagram has one of the forms, and was not seen before: the port table and the heuristic list may both offer it. */
    wire = ft_demux(tvb, pinfo, NULL, &evidence);
    if (!wire || ft_packet_at_hand(pinfo))
        return false;
    /* 2. There is a sign of FaceTime, in itself or in what is around it: avoids all STUN, RTP, SIP and QUIC of others. */
    if ((int)ft_confidence(evidence) < ft_pref_confidence)
        evidence |= context_of(tvb, pinfo, wire);
    if (!evidence)
        return false;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return false;
    /* 3. With the signs of the flow so far it is sure enough: avoids other programs on FaceTime's ports. */
    if (PINFO_FD_VISITED(pinfo) ? !flow->is_facetime : !sure_enough(flow, evidence)) {
        if (!PINFO_FD_VISITED(pinfo) && !flow->watched) {
            pkt = packet_new(pinfo, flow, wire, evidence);
            pkt->stock_tvb = tvb;
            ft_packet_attach(pinfo, pkt);
            if (wire->note)
                wire->note(tvb, pinfo, pkt);
        }
        return false;
    }
    show_claimed(tvb, pinfo, tree, wire, packet_new(pinfo, flow, wire, evidence));
    return true;
}

ft_packet_t *
ft_recognise_taken(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow;
    ft_packet_t *pkt;

    /* The conditions of recognise(), but that here a stock dissector has shown the datagram. */
    if (!heur_entry || !heur_entry->enabled || !is_datagram(tvb, pinfo))
        return NULL;
    wire = ft_demux(tvb, pinfo, NULL, &evidence);
    if (!wire)
        return NULL;
    if ((int)ft_confidence(evidence) < ft_pref_confidence)
        evidence |= context_of(tvb, pinfo, wire);
    flow = evidence ? ft_flow_get(pinfo) : NULL;
    if (!flow)
        return NULL;
    pkt = packet_new(pinfo, flow, wire, evidence);
    pkt->stock_tvb = tvb;
    ft_packet_attach(pinfo, pkt);
    if (sure_enough(flow, evidence)) {
        col_append_str(pinfo->cinfo, COL_INFO, " ");
        show_datagram(tvb, pinfo, root, wire, pkt);
        col_set_str(pinfo->cinfo, COL_PROTOCOL, val_to_str_const(pkt->kind, kind_column_vals, "FaceTime"));
    } else if (wire->note)
        wire->note(tvb, pinfo, pkt);
    return pkt;
}

static ft_heur_result_t
dissect_facetime_heur(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return recognise(tvb, pinfo, tree);
}

/* The same for FaceTime's own ports, by the port table. Wireshark moves a heuristic that hits to the front of its list, so that
 * once any QUIC was seen, QUIC's heuristic takes the relay's handshake before this one is asked; the port table comes before. */
static int
dissect_facetime_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!heur_entry || !heur_entry->enabled)
        return 0;
    return call_dissector_only(recognise_handle, tvb, pinfo, tree, data);
}

static int
dissect_facetime_recognised(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return recognise(tvb, pinfo, tree) ? (int)tvb_captured_length(tvb) : 0;
}

ft_phase_t
ft_kind_phase(ft_kind_t kind)
{
#define FT_FORMAT_PHASE(name, kind, number, phase, ...) [number] = FT_PHASE_##phase,
    static const ft_phase_t phases[FT_KIND_COUNT] = {
        [FT_KIND_UNKNOWN] = FT_PHASE_MEDIA,
        FT_WIRE_FORMATS(FT_FORMAT_PHASE)
    };

    return kind < FT_KIND_COUNT ? phases[kind] : FT_PHASE_MEDIA;
}

/* An ICMP error quotes a datagram of the flow: it belongs to the call too, and is shown by Wireshark alone. */
static void
note_quoted(tvbuff_t *tvb, packet_info *pinfo, ft_flow_t *flow)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire = tvb_captured_length(tvb) >= 2 ? ft_demux(tvb, pinfo, flow, &evidence) : NULL;
    ft_packet_t *pkt = packet_new(pinfo, flow, wire, 0);

    pkt->quoted = true;
    pkt->phase = ft_kind_phase(pkt->kind);
    pkt->label = "ICMP error";
    ft_packet_attach(pinfo, pkt);
}

/* A datagram of a conversation that is FaceTime, or whose one end SDP of a FaceTime call announced. */
static int
dissect_facetime(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow;

    if (pinfo->flags.in_error_pkt) {
        flow = ft_flow_find(pinfo);
        if (flow && flow->is_facetime)
            note_quoted(tvb, pinfo, flow);
        return 0;
    }
    if (!is_datagram(tvb, pinfo))
        return 0;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return 0;
    wire = ft_demux(tvb, pinfo, flow, &evidence);
    if (!flow->is_facetime) {
        if (!wire || PINFO_FD_VISITED(pinfo))
            return 0;
        evidence |= context_of(tvb, pinfo, wire);
        if (!sure_enough(flow, evidence))
            return 0;
    }
    show_claimed(tvb, pinfo, tree, wire, packet_new(pinfo, flow, wire, evidence));
    return (int)tvb_captured_length(tvb);
}

/* The analyst's Decode As. Also the entry for a fuzzer, by the name "facetime". */
static int
dissect_facetime_decode_as(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    uint32_t evidence = FT_EV(FT_EV_DECODE_AS);
    ft_flow_t *flow = ft_flow_get(pinfo);
    const ft_wire_t *wire = ft_demux(tvb, pinfo, flow, &evidence);

    show_claimed(tvb, pinfo, tree, wire, packet_new(pinfo, flow, wire, evidence));
    return (int)tvb_captured_length(tvb);
}

/* A flow that may be FaceTime: better evidence makes it so, else who had the conversation before gets the datagram. This
 * handle belongs to no protocol, so nothing of it is seen in the packet. */
static int
dissect_facetime_watch(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow = ft_flow_find(pinfo);
    ft_packet_t *pkt;

    if (flow && pinfo->flags.in_error_pkt)
        note_quoted(tvb, pinfo, flow);
    else if (flow && is_datagram(tvb, pinfo) && !PINFO_FD_VISITED(pinfo) && proto_is_protocol_enabled(find_protocol_by_id(proto_facetime))) {
        wire = ft_demux(tvb, pinfo, flow, &evidence);
        if (wire) {
            evidence |= context_of(tvb, pinfo, wire);
            if (sure_enough(flow, evidence))
                return call_dissector(ft_handle, tvb, pinfo, tree);
        }
        pkt = packet_new(pinfo, flow, wire, evidence);
        pkt->stock_tvb = flow->watched_dissector ? NULL : tvb;
        ft_packet_attach(pinfo, pkt);
        if (wire && wire->note)
            wire->note(tvb, pinfo, pkt);
    }
    return flow && flow->watched_dissector ? call_dissector_only(flow->watched_dissector, tvb, pinfo, tree, data) : 0;
}

static void
dissect_link_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root _U_, proto_tree *ft_tree, ft_packet_t *pkt)
{
    ft_link_dissect(tvb, pinfo, ft_tree, pkt);
}

/* The heuristic "facetime_stun": what a TURN message carries (Data and Send indications, ChannelData). Never claims the
 * conversation, which is TURN's. */
static ft_heur_result_t
dissect_facetime_heur_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_packet_t *outer = ft_packet_of(pinfo), *pkt;
    ft_flow_t *flow;
    ft_kind_t kind;
    bool claimed, inside_turn = true;
    proto_tree *ft_tree;
    void (*show)(tvbuff_t *, packet_info *, proto_tree *, proto_tree *, ft_packet_t *);

    if (!is_datagram(tvb, pinfo))
        return FALSE;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return FALSE;
    pkt = outer ? outer : packet_new(pinfo, flow, NULL, 0);
    /* 1. A link message: command, exact length and sixteen zeroes. */
    if (ft_link_match(tvb)) {
        evidence = FT_EV(FT_EV_LINK_MESSAGE);
        kind = FT_KIND_STUN;
        pkt->phase = FT_PHASE_CONNECTIVITY;
        show = dissect_link_message;
    }
    /* 2. Relay channel data on a port that is STUN's: the flow is the relay's, not TURN's. Only at an Apple address: without
     * its channel number the header is a form that media inside TURN has too, by chance. */
    else if (!outer && ((ft_is_apple(&pinfo->dst) && ft_is_relay_port(pinfo->destport)) ||
                        (ft_is_apple(&pinfo->src) && ft_is_relay_port(pinfo->srcport))) && ft_relay_headless_match(tvb)) {
        evidence = FT_EV(FT_EV_RELAY_HEADER);
        kind = FT_KIND_RELAY;
        inside_turn = false;
        show = ft_relay_headless_dissect;
    }
    /* 3. One of the forms, with enough evidence in itself or in its flow; not STUN in STUN, also not in a virtual transport packet
     * (the two could go on inside each other until Wireshark gives up), and not RTP by its ports. */
    else {
        wire = ft_demux(tvb, pinfo, flow, &evidence);
        if (!wire || wire->kind == FT_KIND_STUN || wire == &ft_wire_vtp ||
            !(flow->is_facetime || sure_enough(flow, evidence & ~FT_EV(FT_EV_RTP_PORTS))))
            return FALSE;
        kind = wire->kind;
        show = wire->dissect;
    }
    claimed = pkt->claimed;
    pkt->claimed = true;        /* what is inside was shown by nobody yet */
    pkt->evidence |= evidence;
    if (!outer) {
        pkt->kind = kind;
        pkt->inside_turn = inside_turn;
        ft_packet_attach(pinfo, pkt);
    }
    ft_tree = proto_item_add_subtree(proto_tree_add_item(tree, proto_facetime, tvb, 0, -1, ENC_NA), ett_facetime);
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    if (!outer) {
        proto_item_set_generated(proto_tree_add_uint(ft_tree, hf_facetime_kind, tvb, 0, 0, pkt->kind));
        show_evidence(tvb, pinfo, ft_tree, pkt);
    }
    show(tvb, pinfo, tree, ft_tree, pkt);
    pkt->claimed = claimed || !outer;
    return TRUE;
}

/* ---- Registration --------------------------------------------------------------------------- */

/* Forgets the last file, before the next one is read. */
static void
facetime_init(void)
{
    ft_flow_init();
    ft_call_init();
    ft_exchange_init();
    ft_nat_test_init();
    ft_postdissector_init();
    ft_names_init();
    ft_apns_init();
    /* Wireshark registers it after all handoffs. */
    expert_tap = find_tap_id("expert");
}

bool
ft_is_owned_port(uint32_t port)
{
    dissector_handle_t owner;

    if (!ft_is_relay_port(port))
        return false;
    owner = dissector_get_uint_handle(udp_ports, port);
    return owner && owner != port_handle;
}

/* Puts FaceTime's ports into the port table, or takes them out; not those that belong to another dissector (3478 is STUN's). */
static void
add_port(uint32_t port, void *add)
{
    dissector_handle_t owner = dissector_get_default_uint_handle("udp.port", port);

    if (owner && owner != port_handle)
        return;
    if (add)
        dissector_add_uint("udp.port", port, port_handle);
    else
        dissector_delete_uint("udp.port", port, port_handle);
}

/* A changed preference changes what is recognised: Wireshark dissects the file again if there is a callback. */
static void
facetime_prefs_changed(void)
{
    static range_t *relay, *media;

    ft_ports_take();
    if (!port_handle)
        return;
    range_foreach(relay, add_port, NULL);
    range_foreach(media, add_port, NULL);
    relay = range_copy(wmem_epan_scope(), ft_pref_relay_ports);
    media = range_copy(wmem_epan_scope(), ft_pref_media_ports);
    range_foreach(relay, add_port, GINT_TO_POINTER(true));
    range_foreach(media, add_port, GINT_TO_POINTER(true));
}

static void
register_preferences(void)
{
    static const enum_val_t confidences[] = {
        { "low", "Low: any STUN, RTP or QUIC on FaceTime's ports", FT_CONFIDENCE_LOW },
        { "medium", "Medium: also what only its surroundings make FaceTime", FT_CONFIDENCE_MEDIUM },
        { "high", "High: only what nothing but FaceTime sends", FT_CONFIDENCE_HIGH },
        { NULL, NULL, 0 }
    };
    module_t *module = prefs_register_protocol(proto_facetime, facetime_prefs_changed);

    prefs_register_enum_preference(module, "confidence", "Show as FaceTime from",
        "How sure the evidence must be before a UDP flow is shown as FaceTime. "
        "Low takes calls of other programs on the same ports for FaceTime.",
        &ft_pref_confidence, confidences, FALSE);
    range_convert_str(wmem_epan_scope(), &ft_pref_relay_ports, FT_RELAY_PORTS, UINT16_MAX);
    prefs_register_range_preference(module, "relay.ports", "Relay UDP ports",
        "Server ports of the relay and of STUN. QUIC to these ports at an Apple address is taken for FaceTime.",
        &ft_pref_relay_ports, UINT16_MAX);
    range_convert_str(wmem_epan_scope(), &ft_pref_media_ports, FT_MEDIA_PORTS, UINT16_MAX);
    prefs_register_range_preference(module, "media.ports", "Device UDP ports",
        "Ports that the device uses for a call. They make weak evidence stronger, and never make a call alone.",
        &ft_pref_media_ports, UINT16_MAX);
}

void
proto_register_facetime(void)
{
    static hf_register_info hf[] = {
        { &hf_facetime_kind, { "Kind", "facetime.kind", FT_UINT8, BASE_DEC,
            VALS(ft_kind_vals), 0x0, "What carries the datagram, by its first bytes", HFILL } },
        { &hf_facetime_confidence, { "Confidence", "facetime.confidence", FT_UINT8, BASE_DEC,
            VALS(ft_confidence_vals), 0x0, "How sure it is that this flow is FaceTime", HFILL } },
        { &hf_facetime_evidence, { "Evidence", "facetime.evidence", FT_STRING, BASE_NONE,
            NULL, 0x0, "Why this flow is taken for FaceTime", HFILL } },
        { &hf_facetime_path, { "Path", "facetime.path", FT_UINT8, BASE_DEC,
            VALS(ft_path_vals), 0x0, "How media travels: over Apple's relay or directly between the devices", HFILL } },
    };
    static int *ett[] = { &ett_facetime, &ett_facetime_evidence };
    static ei_register_info ei[] = {
        { &ei_facetime_unknown, { "facetime.unknown", PI_UNDECODED, PI_NOTE,
            "Datagram of a FaceTime flow in no known form", EXPFILL } },
        { &ei_facetime_guess, { "facetime.guess", PI_ASSUMPTION, PI_CHAT,
            "Taken for FaceTime by its surroundings", EXPFILL } },
        { &ei_facetime_flow_limit, { "facetime.flow_limit", PI_ASSUMPTION, PI_WARN,
            "More FaceTime-like flows than are kept: the later ones are not followed", EXPFILL } },
        { &ei_facetime_exchange_limit, { "facetime.exchange_limit", PI_ASSUMPTION, PI_WARN,
            "More requests and answers than are kept: the later ones are not linked", EXPFILL } },
    };

    proto_facetime = proto_register_protocol("Apple FaceTime", "FaceTime", "facetime");
    proto_ports = proto_register_protocol_in_name_only("Apple FaceTime on its own ports", "FaceTime Ports", "facetime_ports",
                                                       proto_facetime, FT_PROTOCOL);
    ft_expert = expert_register_protocol(proto_facetime);
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->register_fields)
            ft_wires[i]->register_fields();
    }
    sort_wires();
    ft_link_register();
    ft_bplist_register();
    ft_names_register();
    ft_apns_register();
    register_preferences();
    register_dissector("facetime", dissect_facetime_decode_as, proto_facetime);
    ft_tap = register_tap("facetime");
    ft_postdissector_register();
    ft_tap_calls_register();
    ft_tap_streams_register();
    ft_tap_tree_register();
    ft_tap_timeline_register();
    ft_tap_nodes_register();
    ft_tap_exposure_register();
    ft_tap_voip_register();
    register_init_routine(facetime_init);
}

void
proto_reg_handoff_facetime(void)
{
    ft_handle = create_dissector_handle(dissect_facetime, proto_facetime);
    ft_watch_handle = create_dissector_handle(dissect_facetime_watch, -1);
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->handoff)
            ft_wires[i]->handoff();
    }
    ft_bplist_handoff();
    ft_apns_handoff();
    heur_dissector_add("udp", dissect_facetime_heur, "FaceTime over UDP", "facetime_udp", proto_facetime, HEURISTIC_ENABLE);
    heur_dissector_add("stun", dissect_facetime_heur_stun, "FaceTime inside TURN", "facetime_stun", proto_facetime, HEURISTIC_ENABLE);
    ft_conversation_filter_register();
    heur_entry = find_heur_dissector_by_unique_short_name("facetime_udp");
    dissector_add_for_decode_as("udp.port", find_dissector("facetime"));
    udp_ports = find_dissector_table("udp.port");
    recognise_handle = create_dissector_handle(dissect_facetime_recognised, proto_facetime);
    port_handle = create_dissector_handle_with_name_and_description(dissect_facetime_port, proto_ports,
                                                                    "facetime_port", "FaceTime, where recognised");
    facetime_prefs_changed();
}
