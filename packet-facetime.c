/* packet-facetime.c
 * Apple FaceTime: registration, the ways in, and the order of things for a datagram.
 *
 * One UDP socket of the device carries STUN, SIP, RTP, RTCP, relay channel data, probes and QUIC. The first bytes of each datagram decide
 * which of them it is; the port and the datagram before do not count. Wireshark's own dissectors show the protocols that Wireshark knows.
 * This plugin recognises, demultiplexes, names and stitches.
 *
 * Limits: media, the relay's QUIC and the push are encrypted. The plugin does not decrypt them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

static int proto_ports = -1;            /* in name only: Decode As "facetime" must find one dissector of that name */
static dissector_handle_t recognise_handle;

/* ---- Ways in -------------------------------------------------------------------------------- */

static ft_heur_result_t
dissect_facetime_heur(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return ft_wire_may_be(tvb, pinfo) && ft_recognise(tvb, pinfo, tree);
}

/* The same for FaceTime's own ports, by the port table. Wireshark moves a heuristic that hits to the front of its list, so that
 * once any QUIC was seen, QUIC's heuristic takes the relay's handshake before this one is asked; the port table comes before. */
static int
dissect_facetime_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!ft_heur_entry || !ft_heur_entry->enabled)
        return 0;
    return call_dissector_only(recognise_handle, tvb, pinfo, tree, data);
}

static int
dissect_facetime_recognised(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return ft_recognise(tvb, pinfo, tree) ? (int)tvb_captured_length(tvb) : 0;
}

/* An ICMP error that quotes a datagram of the flow belongs to the call, too. Wireshark alone shows it. */
static void
note_quoted(tvbuff_t *tvb, packet_info *pinfo, ft_flow_t *flow)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire = tvb_captured_length(tvb) >= 2 ? ft_demux(tvb, pinfo, flow, &evidence) : NULL;
    ft_packet_t *pkt = ft_packet_new(pinfo, tvb, flow, wire, 0);

    pkt->quoted = true;
    pkt->phase = ft_kind_phase(pkt->kind);
    pkt->label = "ICMP error";
    ft_packet_attach(pinfo, pkt);
}

/* A datagram of a conversation that is FaceTime, or with an end that the SDP of a FaceTime call announced. */
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
    if (!ft_is_datagram(tvb, pinfo))
        return 0;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return 0;
    wire = ft_demux(tvb, pinfo, flow, &evidence);
    if (!flow->is_facetime) {
        if (!wire || PINFO_FD_VISITED(pinfo))
            return 0;
        evidence |= ft_context_of(tvb, pinfo, wire);
        if (!ft_sure_enough(flow, evidence))
            return 0;
    }
    ft_datagram_show(tvb, pinfo, tree, wire, ft_packet_new(pinfo, tvb, flow, wire, evidence));
    return (int)tvb_captured_length(tvb);
}

/* The analyst's Decode As. Also the entry for a fuzzer, by the name "facetime". */
static int
dissect_facetime_decode_as(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    uint32_t evidence = FT_EV(FT_EV_DECODE_AS);
    ft_flow_t *flow = ft_flow_get(pinfo);
    const ft_wire_t *wire = ft_demux(tvb, pinfo, flow, &evidence);

    ft_datagram_show(tvb, pinfo, tree, wire, ft_packet_new(pinfo, tvb, flow, wire, evidence));
    return (int)tvb_captured_length(tvb);
}

/* A datagram of a watched flow. With enough evidence the flow becomes FaceTime; otherwise the conversation's former dissector gets the
 * datagram. The handle belongs to no protocol, so the packet shows nothing of it. */
static int
dissect_facetime_watch(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow = ft_flow_find(pinfo);
    ft_packet_t *pkt = NULL;
    int taken = 0;

    if (flow && pinfo->flags.in_error_pkt)
        note_quoted(tvb, pinfo, flow);
    else if (flow && ft_is_datagram(tvb, pinfo) && !PINFO_FD_VISITED(pinfo) && proto_is_protocol_enabled(find_protocol_by_id(proto_facetime))) {
        wire = ft_demux(tvb, pinfo, flow, &evidence);
        if (wire) {
            evidence |= ft_context_of(tvb, pinfo, wire);
            if (ft_sure_enough(flow, evidence))
                return call_dissector(ft_handle, tvb, pinfo, tree);
        }
        pkt = ft_packet_new(pinfo, tvb, flow, wire, evidence);
        if (wire == &ft_wire_channel_data)
            pkt->kind = ft_inside_kind(tvb, pinfo, flow);
        ft_packet_attach(pinfo, pkt);
        if (wire && wire->note)
            wire->note(tvb, pinfo, pkt);
    }
    if (flow && flow->watched_dissector)
        taken = call_dissector_only(flow->watched_dissector, tvb, pinfo, tree, data);
    /* Who had the conversation leaves it to the heuristics: Wireshark remembers which of them takes the frame. */
    if (pkt && taken == 0)
        pkt->stock = true;
    return taken;
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
    ft_packet_t *outer, *pkt;
    ft_flow_t *flow;
    ft_kind_t kind;
    bool claimed, inside_turn = true;
    proto_tree *ft_tree;
    proto_item *item;
    void (*show)(tvbuff_t *, packet_info *, proto_tree *, proto_tree *, ft_packet_t *);

    if (!ft_is_datagram(tvb, pinfo))
        return FALSE;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return FALSE;
    outer = ft_packet_around(pinfo, tvb_get_ptr(tvb, 0, 1));
    pkt = outer ? outer : ft_packet_new(pinfo, tvb, flow, NULL, 0);
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
        if (!wire || wire->kind == FT_KIND_STUN || wire == &ft_wire_vtp || wire->kind == FT_KIND_QUIC ||
            !(flow->is_facetime || ft_sure_enough(flow, evidence & ~FT_EV(FT_EV_RTP_PORTS))))
            return FALSE;
        kind = wire->kind;
        show = wire->dissect;
        if (outer)
            outer->inside_shown = true;
    }
    claimed = pkt->claimed;
    pkt->claimed = true;        /* no dissector has shown what is inside */
    pkt->evidence |= evidence;
    if (!outer) {
        pkt->kind = kind;
        pkt->inside_turn = inside_turn;
        ft_packet_attach(pinfo, pkt);
    }
    ft_tree = ft_tree_of(tvb, tree, &item);
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    if (!outer) {
        ft_kind_show(tvb, ft_tree, pkt->kind);
        ft_evidence_show(tvb, pinfo, ft_tree, pkt);
    }
    show(tvb, pinfo, tree, ft_tree, pkt);
    pkt->claimed = claimed || !outer;
    return TRUE;
}

/* ---- Registration --------------------------------------------------------------------------- */

/* Forgets the last file, before the next one is read: floor by floor, from the bottom. */
static void
facetime_init(void)
{
    ft_ids_init();
    ft_limits_init();
    ft_frame_time_init();
    ft_conversation_init();
    ft_flow_init();
    ft_pieces_init();
    ft_exchange_init();
    ft_nat_behavior_init();
    ft_names_init();
    ft_apns_init();
    ft_calls_init();
    ft_relay_tcp_init();
    ft_postdissector_init();
}

void
proto_register_facetime(void)
{
    proto_facetime = proto_register_protocol("Apple FaceTime", "FaceTime", "facetime");
    proto_ports = proto_register_protocol_in_name_only("Apple FaceTime on its own ports", "FaceTime Ports", "facetime_ports",
                                                       proto_facetime, FT_PROTOCOL);
    ft_expert = expert_register_protocol(proto_facetime);
    ft_shortcuts_register();
    ft_hash_init();
    ft_datagram_register();
    ft_wires_register();
    ft_bplist_register();
    ft_names_register();
    ft_apns_register();
    ft_preferences_register();
    register_dissector("facetime", dissect_facetime_decode_as, proto_facetime);
    ft_tap = register_tap("facetime");
    ft_postdissector_register();
    ft_show_register();
    register_init_routine(facetime_init);
}

void
proto_reg_handoff_facetime(void)
{
    ft_handle = create_dissector_handle(dissect_facetime, proto_facetime);
    ft_watch_handle = create_dissector_handle(dissect_facetime_watch, -1);
    ft_wires_handoff();
    ft_bplist_handoff();
    ft_apns_handoff();
    heur_dissector_add("udp", dissect_facetime_heur, "FaceTime over UDP", "facetime_udp", proto_facetime, HEURISTIC_ENABLE);
    ft_relay_tcp_handoff();
    heur_dissector_add("stun", dissect_facetime_heur_stun, "FaceTime inside TURN", "facetime_stun", proto_facetime, HEURISTIC_ENABLE);
    ft_show_handoff();
    ft_heur_entry = find_heur_dissector_by_unique_short_name("facetime_udp");
    dissector_add_for_decode_as("udp.port", find_dissector("facetime"));
    recognise_handle = create_dissector_handle(dissect_facetime_recognised, proto_facetime);
    ft_port_handle = create_dissector_handle_with_name_and_description(dissect_facetime_port, proto_ports,
                                                                    "facetime_port", "FaceTime, where recognised");
    ft_ports_take();
}
