/* postdissector.c
 * Runs after all dissectors of every frame, on every pass. On the first pass it takes the datagram's facts into its flow and
 * its call; on every pass it writes facetime.call.* and queues the tap.
 *
 * The facts are taken here and not in the dissector, because a dissector that meets the end of a cut capture does not return.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <epan/proto_data.h>

/* Key of the packet facts among the packet's protocol data. */
#define FT_PACKET_FACTS 0

static int hf_call = -1;
static int hf_call_phase = -1;
static int hf_call_time = -1;
static int hf_call_state = -1;
static int hf_call_direction = -1;
static int hf_call_from = -1;
static int hf_call_to = -1;
static int hf_call_reason = -1;
static int hf_call_end = -1;
static int hf_call_participants = -1;
static int hf_call_first_frame = -1;
static int hf_call_last_frame = -1;
static int ett_call = -1;
static int ett_call_setup = -1;
static expert_field ei_call_limit = EI_INIT;

/* A datagram that a stock dissector took before its flow was known: where it lies in the frame. */
typedef struct late_datagram {
    int offset;             /* of the UDP payload in the frame, in bytes */
    int captured, reported; /* its lengths */
} late_datagram_t;

/* Datagrams that are remembered at most; 24 bytes each and the map's. */
#define FT_MAX_LATE 65536

static wmem_map_t *late;    /* frame number -> late_datagram_t; file scope */
static int proto_data;      /* what is shown as plain data */
static int proto_udp;

void
ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt)
{
    p_remove_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
    p_add_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS, pkt);
}

ft_packet_t *
ft_packet_of(packet_info *pinfo)
{
    return (ft_packet_t *)p_get_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
}

/* Wireshark remembers for each frame which heuristic dissector took it, and asks only that one on later passes. So a datagram
 * that another one took before its flow was known is shown as FaceTime's by this file. */
static void
late_note(const packet_info *pinfo, tvbuff_t *tvb)
{
    late_datagram_t *datagram;

    if (wmem_map_size(late) >= FT_MAX_LATE)
        return;
    datagram = wmem_new(wmem_file_scope(), late_datagram_t);
    datagram->offset = tvb_raw_offset(tvb);
    datagram->captured = (int)tvb_captured_length(tvb);
    datagram->reported = (int)tvb_reported_length(tvb);
    wmem_map_insert(late, GUINT_TO_POINTER(pinfo->num), datagram);
}

/* The protocol of the frame's last layer, -1 if there is none. While a post-dissector runs, its own protocol is a layer too. */
static int
last_layer(const packet_info *pinfo)
{
    wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);

    if (last && GPOINTER_TO_INT(wmem_list_frame_data(last)) == proto_facetime)
        last = wmem_list_frame_prev(last);
    return last ? GPOINTER_TO_INT(wmem_list_frame_data(last)) : -1;
}

/* Nobody took the datagram: then the conversation's dissector gets it on later passes. */
static bool
is_plain_data(const packet_info *pinfo)
{
    return last_layer(pinfo) == proto_data;
}

/* Facts of a datagram that a stock dissector showed on this pass, of a flow that became FaceTime later. */
static ft_packet_t *
late_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    const late_datagram_t *datagram = (const late_datagram_t *)wmem_map_lookup(late, GUINT_TO_POINTER(pinfo->num));
    ft_flow_t *flow = datagram ? ft_flow_find(pinfo) : NULL;
    ft_packet_t *pkt;

    if (!flow || !flow->is_facetime)
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->flow = flow;
    ft_packet_attach(pinfo, pkt);
    /* Reassembled IP fragments are not part of the frame: then there is nothing to add but the call. */
    if ((unsigned)(datagram->offset + datagram->captured) <= tvb_captured_length(frame))
        ft_annotate(tvb_new_subset_length_caplen(frame, datagram->offset, datagram->captured, datagram->reported),
                    pinfo, tree, pkt);
    return pkt;
}

static bool
is_icmp(const packet_info *pinfo)
{
    return proto_is_frame_protocol(pinfo->layers, "icmp") || proto_is_frame_protocol(pinfo->layers, "icmpv6");
}

/* An ICMP error that quotes no more than the UDP header (RFC 792 asks for eight bytes): no dissector of the flow saw it. Wireshark has
 * left the quoted ports in pinfo, but the addresses are those of the error itself: from who refused, to who is told. So an error of a
 * router on the way is not found. */
static ft_packet_t *
bare_icmp_packet(packet_info *pinfo)
{
    const conversation_t *conversation;
    ft_flow_t *flow;
    ft_packet_t *pkt;

    if (last_layer(pinfo) != proto_udp || !is_icmp(pinfo))
        return NULL;
    conversation = find_conversation(pinfo->num, &pinfo->dst, &pinfo->src, CONVERSATION_UDP, pinfo->srcport, pinfo->destport, 0);
    flow = conversation ? (ft_flow_t *)conversation_get_proto_data(conversation, proto_facetime) : NULL;
    if (!flow || (PINFO_FD_VISITED(pinfo) && !flow->is_facetime))
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->flow = flow;
    pkt->quoted = true;
    pkt->phase = FT_PHASE_CONNECTIVITY;
    pkt->label = "ICMP error";
    ft_packet_attach(pinfo, pkt);
    return pkt;
}

/* The first datagram of a flow on a port that another dissector owns: what it holds is looked at from the next one on, and
 * on later passes. Weak evidence by its ports alone. */
static ft_packet_t *
owned_packet(packet_info *pinfo)
{
    ft_packet_t *pkt;
    ft_flow_t *flow = ft_flow_get(pinfo);

    if (!flow)
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->flow = flow;
    pkt->kind = FT_KIND_UNKNOWN;
    return pkt;
}

const ft_call_t *
ft_call_of(packet_info *pinfo)
{
    const ft_packet_t *pkt = ft_packet_of(pinfo);

    return pkt && pkt->flow ? ft_flow_call(pkt->flow, pinfo->num) : NULL;
}

static ft_phase_t
phase_of(const ft_packet_t *pkt, const ft_call_t *call, uint32_t frame)
{
    /* What ends the call, and SIP and refusals that follow, are teardown. */
    if (call->end.frame && frame >= call->end.frame && (pkt->kind == FT_KIND_SIP || pkt->quoted))
        return FT_PHASE_TEARDOWN;
    /* What a bare ICMP error quotes is not known: once media flows, it is media. */
    if (pkt->quoted && pkt->kind == FT_KIND_UNKNOWN && call->phase[FT_PHASE_MEDIA].frame && frame > call->phase[FT_PHASE_MEDIA].frame)
        return FT_PHASE_MEDIA;
    return pkt->phase;
}

/* What happened when, as seen from the call's first packet. */
static struct {
    int hf;
    size_t moment;              /* offset in ft_call_t */
    const char *name, *title, *blurb;
} setup_times[] = {
    { -1, offsetof(ft_call_t, phase[FT_PHASE_PUSH]), "push", "Push", "From the call's first packet to its first push packet" },
    { -1, offsetof(ft_call_t, phase[FT_PHASE_PROBE]), "probe", "NAT Probe", "From the call's first packet to its first NAT probe" },
    { -1, offsetof(ft_call_t, phase[FT_PHASE_RELAY]), "relay", "Relay", "From the call's first packet to the first packet to the relay" },
    { -1, offsetof(ft_call_t, phase[FT_PHASE_CONNECTIVITY]), "connectivity", "Connectivity",
      "From the call's first packet to the first STUN check or link message" },
    { -1, offsetof(ft_call_t, invite), "invite", "INVITE", "From the call's first packet to the SIP INVITE" },
    { -1, offsetof(ft_call_t, ringing), "ringing", "Ringing", "From the call's first packet to the SIP 180" },
    { -1, offsetof(ft_call_t, answer), "answer", "Answer", "From the call's first packet to the SIP 200 that answers the INVITE" },
    { -1, offsetof(ft_call_t, phase[FT_PHASE_MEDIA]), "media", "First Media", "From the call's first packet to the first RTP packet" },
    { -1, offsetof(ft_call_t, end), "end", "End", "From the call's first packet to the SIP message that ends it" },
};

static void
show_setup(tvbuff_t *tvb, proto_tree *root, const ft_call_t *call)
{
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree(root, tvb, 0, 0, ett_call_setup, &item, "Times");

    proto_item_set_generated(item);
    for (unsigned i = 0; i < array_length(setup_times); i++) {
        const ft_moment_t *moment = (const ft_moment_t *)(const void *)((const char *)call + setup_times[i].moment);
        nstime_t since;

        if (!moment->frame)
            continue;
        nstime_delta(&since, &moment->time, &call->first_time);
        item = proto_tree_add_time(tree, setup_times[i].hf, tvb, 0, 0, &since);
        proto_item_append_text(item, ", frame %u", moment->frame);
        proto_item_set_generated(item);
    }
}

static void
show_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_call_t *call, const ft_packet_t *pkt)
{
    proto_tree *tree;
    proto_item *item;
    nstime_t since;
    ft_phase_t phase = phase_of(pkt, call, pinfo->num);

    nstime_delta(&since, &pinfo->abs_ts, &call->first_time);
    tree = proto_tree_add_subtree_format(root, tvb, 0, 0, ett_call, &item, "FaceTime Call %u", call->number);
    proto_item_append_text(item, ", %s", val_to_str_const(phase, ft_phase_vals, "unknown"));
    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call, tvb, 0, 0, call->number));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_phase, tvb, 0, 0, phase));
    proto_item_set_generated(proto_tree_add_time(tree, hf_call_time, tvb, 0, 0, &since));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_state, tvb, 0, 0, ft_call_state(call)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_end, tvb, 0, 0, ft_call_end(call)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_direction, tvb, 0, 0, call->direction));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_reason, tvb, 0, 0, pkt->flow->reason));
    if (call->from)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_from, tvb, 0, 0, call->from));
    if (call->to)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_to, tvb, 0, 0, call->to));
    if (call->n_participants)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_participants, tvb, 0, 0, call->n_participants));
    show_setup(tvb, tree, call);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_first_frame, tvb, 0, 0, call->first_frame));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_last_frame, tvb, 0, 0, call->last_frame));
}

/* DSCP of the IP header, -1 where it is not in the frame (then it was put together from fragments elsewhere).
 *
 * packet_info does not have it, the header's field would need a tree for each packet, and what the IP dissector hands on ends
 * at UDP. But the addresses in packet_info point into the header itself, which begins a fixed distance before. */
static int16_t
packet_dscp(tvbuff_t *frame, const packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(frame), before;
    uintptr_t start, address;
    const uint8_t *header;

    if (captured == 0 || !pinfo->net_src.data)
        return -1;
    switch (pinfo->net_src.type) {
    case AT_IPv4: before = 12; break;       /* RFC 791, 3.1: offset of the source address */
    case AT_IPv6: before = 8; break;        /* RFC 8200, 3 */
    default: return -1;
    }
    start = (uintptr_t)tvb_get_ptr(frame, 0, (int)captured);
    address = (uintptr_t)pinfo->net_src.data;
    if (address < start + before || address >= start + captured)
        return -1;
    header = (const uint8_t *)pinfo->net_src.data - before;
    if (header[0] >> 4 == 4 && before == 12)
        return header[1] >> 2;
    if (header[0] >> 4 == 6 && before == 8)
        return (int16_t)((header[0] & 0x0f) << 2 | header[1] >> 6);
    return -1;
}

static void
passage_of(ft_passage_t *passage, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt)
{
    passage->frame = pinfo->num;
    passage->time = pinfo->abs_ts;
    passage->flow = pkt->flow;
    passage->from_a = ft_flow_from_a(pkt->flow, pinfo);
    passage->path = ft_packet_path(pinfo, pkt);
    passage->dscp = packet_dscp(frame, pinfo);
}

static int
facetime_postdissector(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ft_packet_t *pkt;
    ft_call_t *call = NULL;
    uint32_t packets = 1;
    uint64_t bytes = pinfo->fd->pkt_len;

    ft_early_forget();
    if (!PINFO_FD_VISITED(pinfo))
        ft_call_clock(&pinfo->abs_ts);
    pkt = ft_packet_of(pinfo);
    if (!pkt && PINFO_FD_VISITED(pinfo) && wmem_map_size(late) > 0)
        pkt = late_packet(tvb, pinfo, tree);
    if (!pkt && !PINFO_FD_VISITED(pinfo) && pinfo->ptype == PT_UDP && ft_flow_is_owned(pinfo) && !is_icmp(pinfo))
        pkt = owned_packet(pinfo);
    if (!pkt && pinfo->ptype == PT_UDP)
        pkt = bare_icmp_packet(pinfo);
    if (!pkt || !pkt->flow)
        return 0;

    if (PINFO_FD_VISITED(pinfo)) {
        ft_call_renumber();
        call = ft_flow_call(pkt->flow, pinfo->num);
    } else if (pkt->quoted) {
        call = ft_call_add_quoted(pkt->flow, pinfo, pkt);
    } else {
        ft_flow_update(pkt->flow, pinfo, pkt);
        if (pkt->flow->is_facetime) {
            call = ft_call_add(pkt->flow, pinfo, pkt, &packets, &bytes);
        } else {
            ft_call_wait(pkt->flow, pinfo);
            ft_flow_watch(pkt->flow, pinfo);
            if (pkt->n_rtp && have_tap_listener(ft_tap)) {
                ft_passage_t passage;

                passage_of(&passage, tvb, pinfo, pkt);
                ft_early_note(pkt->flow, &passage, pkt);
            }
            if (pkt->stock_tvb && !is_plain_data(pinfo))
                late_note(pinfo, pkt->stock_tvb);
        }
    }
    if (!call) {
        if (tree && pkt->flow->is_facetime && ft_call_limit_reached())
            expert_add_info(pinfo, tree, &ei_call_limit);
        return 0;
    }
    /* Nothing is made that nobody will see: half a million media packets go through here. */
    if (tree && proto_field_is_referenced(tree, proto_facetime))
        show_call(tvb, pinfo, tree, call, pkt);
    ft_voip_queue(pinfo, call);
    if (have_tap_listener(ft_tap)) {
        ft_tap_info_t *info = wmem_new0(pinfo->pool, ft_tap_info_t);

        info->call = call;
        info->packet = pkt;
        info->packets = packets;
        info->bytes = bytes;
        info->length = pinfo->fd->pkt_len;
        info->phase = phase_of(pkt, call, pinfo->num);
        passage_of(&info->passage, tvb, pinfo, pkt);
        info->n_early = ft_early_taken(&info->early);
        tap_queue_packet(ft_tap, pinfo, info);
    }
    return 0;
}

void
ft_postdissector_init(void)
{
    late = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    proto_data = proto_get_id_by_filter_name("data");
    proto_udp = proto_get_id_by_filter_name("udp");
}

void
ft_postdissector_register(void)
{
    static hf_register_info hf[] = {
        { &hf_call, { "Call", "facetime.call", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of the call in this capture, from 1", HFILL } },
        { &hf_call_phase, { "Phase", "facetime.call.phase", FT_UINT8, BASE_DEC,
            VALS(ft_phase_vals), 0x0, "Phase of the call that the packet belongs to", HFILL } },
        { &hf_call_time, { "Time since Start", "facetime.call.time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time since the first packet of the call", HFILL } },
        { &hf_call_state, { "State", "facetime.call.state", FT_UINT8, BASE_DEC,
            VALS(ft_state_vals), 0x0, "State of the call at the end of the capture (while it is read: so far)", HFILL } },
        { &hf_call_direction, { "Direction", "facetime.call.direction", FT_UINT8, BASE_DEC,
            VALS(ft_direction_vals), 0x0, "Who initiated, seen from the device", HFILL } },
        { &hf_call_end, { "End", "facetime.call.end", FT_UINT8, BASE_DEC,
            VALS(ft_end_vals), 0x0, "How the call ended, as far as the wire shows it (while the file is read: so far)", HFILL } },
        { &hf_call_reason, { "Reason", "facetime.call.reason", FT_UINT8, BASE_DEC,
            VALS(ft_join_vals), 0x0, "Why the packet belongs to the call", HFILL } },
        { &hf_call_participants, { "Participants", "facetime.call.participants", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of participant IDs seen in relay headers", HFILL } },
        { &hf_call_from, { "From", "facetime.call.from", FT_STRING, BASE_NONE,
            NULL, 0x0, "Number, Apple ID or name of the caller, where it is visible", HFILL } },
        { &hf_call_to, { "To", "facetime.call.to", FT_STRING, BASE_NONE,
            NULL, 0x0, "Number, Apple ID or name of the called, where it is visible", HFILL } },
        { &hf_call_first_frame, { "First Frame", "facetime.call.first_frame", FT_FRAMENUM, BASE_NONE,
            NULL, 0x0, "First frame of the call", HFILL } },
        { &hf_call_last_frame, { "Last Frame", "facetime.call.last_frame", FT_FRAMENUM, BASE_NONE,
            NULL, 0x0, "Last frame of the call (while it is read: so far)", HFILL } },
    };
    static hf_register_info hf_setup[array_length(setup_times)];
    static int *ett[] = { &ett_call, &ett_call_setup };
    static ei_register_info ei[] = {
        { &ei_call_limit, { "facetime.call_limit", PI_ASSUMPTION, PI_WARN,
            "More FaceTime calls than are kept: the later ones are not followed", EXPFILL } },
    };

    for (unsigned i = 0; i < array_length(setup_times); i++) {
        hf_register_info one = { &setup_times[i].hf, { setup_times[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.call.setup.%s", setup_times[i].name),
            FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, setup_times[i].blurb, HFILL } };

        hf_setup[i] = one;
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_setup, array_length(hf_setup));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    register_postdissector(create_dissector_handle(facetime_postdissector, proto_facetime));
}
