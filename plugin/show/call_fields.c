/* call_fields.c
 * The fields facetime.call.*: what is shown of its call on every packet of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"

static int hf_call_setup = -1;
static int proto_call = -1;              /* in name only: the call is no part of another protocol in JSON and PDML */
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
static int hf_call_mode = -1;
static int hf_call_media_time = -1;
static int hf_call_caller = -1;
static int hf_call_accept_delay = -1;
static int hf_call_up_lost = -1;
static int hf_call_down_lost = -1;
static int hf_direction = -1;
static int hf_report_delay = -1;
static int hf_report_queueing = -1;
static int hf_report_bandwidth = -1;
static int hf_lost = -1;
static int hf_paused = -1;
static int hf_hole_frame = -1;
static int hf_nack_frame = -1;
static int hf_repair_frame = -1;
static int hf_event = -1;
static int ett_call = -1;
static int ett_call_setup = -1;

/* Not in ft_call_t: ft_call_last_media(). */
#define MOMENT_LAST_MEDIA SIZE_MAX

/* What happened when, as seen from the call's first packet. */
static struct {
    int hf;
    size_t moment;              /* offset in ft_call_t, or MOMENT_LAST_MEDIA */
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
    { -1, MOMENT_LAST_MEDIA, "last_media", "Last Media", "From the call's first packet to the last RTP packet (while the file is read: so far)" },
    { -1, offsetof(ft_call_t, ended.at), "end", "End", "From the call's first packet to what ends it: a SIP message, or that the link went" },
};

static ft_kept_text_t setup_texts[array_length(setup_times)];   /* of the latest lines */

/* Behind the time the frame. The packets of a call have the same lines. */
static void
add_frame(proto_item *item, ft_kept_text_t *text, const nstime_t *since, uint32_t frame)
{
    uint64_t nanoseconds_and_frame = (uint64_t)(unsigned)since->nsecs << 32 | frame;

    if (ft_kept_text_use(item, text, (uint64_t)since->secs, nanoseconds_and_frame))
        return;
    proto_item_append_text(item, ", frame %u", frame);
    ft_kept_text_take(item, text, (uint64_t)since->secs, nanoseconds_and_frame);
}

static void
show_setup(tvbuff_t *tvb, proto_tree *root, const ft_call_t *call)
{
    proto_item *item;
    proto_tree *tree = ft_subtree(root, hf_call_setup, tvb, 0, 0, ett_call_setup, &item, "Times");

    proto_item_set_generated(item);
    for (unsigned i = 0; i < array_length(setup_times); i++) {
        ft_moment_t moment = setup_times[i].moment == MOMENT_LAST_MEDIA ? ft_call_last_media(call) :
                             *(const ft_moment_t *)(const void *)((const char *)call + setup_times[i].moment);
        nstime_t since;

        if (!moment.frame)
            continue;
        nstime_delta(&since, &moment.when, &call->first_time);
        item = proto_tree_add_time(tree, setup_times[i].hf, tvb, 0, 0, &since);
        add_frame(item, &setup_texts[i], &since, moment.frame);
        proto_item_set_generated(item);
    }
}

/* The numbers are those of the filters in the tables. */
enum { DIRECTION_SENT = 1, DIRECTION_RECEIVED = 2 };

static const value_string datagram_direction_vals[] = {
    { DIRECTION_SENT, "sent" },
    { DIRECTION_RECEIVED, "received" },
    { 0, NULL }
};

static void
show_frame(tvbuff_t *tvb, proto_tree *tree, int hf, uint32_t frame, uint32_t at_hand)
{
    if (frame && frame != at_hand)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
}

/* What is missing before the packet, or was, and where it was asked for and came. */
static void
show_hole(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, const ft_call_t *call)
{
    const ft_hole_t *hole = ft_hole_of_frame(pinfo->num);

    if (!hole || ft_call_is_scattered(call))
        return;
    if (hole->frame == pinfo->num)
        proto_item_set_generated(proto_tree_add_uint(tree, hole->paused ? hf_paused : hf_lost, tvb, 0, 0, hole->count));
    show_frame(tvb, tree, hf_hole_frame, hole->frame, pinfo->num);
    show_frame(tvb, tree, hf_nack_frame, hole->nack, pinfo->num);
    show_frame(tvb, tree, hf_repair_frame, hole->repair, pinfo->num);
}

/* What the sender reports of what it receives, in units that a graph can draw. */
static void
show_report(tvbuff_t *tvb, proto_tree *tree, const ft_report_t *report)
{
    if (report->has_timing) {
        proto_item_set_generated(ft_add_double(tree, hf_report_delay, tvb, 0, 0, 1000 * report->one_way_delay / FT_REPORT_DELAY_CLOCK));
        proto_item_set_generated(ft_add_double(tree, hf_report_queueing, tvb, 0, 0, 1000 * report->queueing_delay / FT_REPORT_QUEUEING_CLOCK));
    }
    if (report->has_video && report->bandwidth)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_report_bandwidth, tvb, 0, 0, report->bandwidth));
}

/* What the datagram at hand is to its call. */
static void
show_datagram(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, const ft_call_t *call, const ft_packet_t *pkt)
{
    if (pkt->flow->device_side >= 0 && !pkt->quoted)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_direction, tvb, 0, 0, ft_flow_from_device(pkt->flow, ft_flow_from_a(pkt->flow, pinfo)) ?
                                                     DIRECTION_SENT : DIRECTION_RECEIVED));
    show_hole(tvb, pinfo, tree, call);
    for (unsigned i = 0; i < pkt->n_rtp && !pkt->quoted; i++)
        show_report(tvb, tree, &pkt->rtp[i].report);
}

/* What happened with this frame; once the file was read. */
static void
show_events(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const ft_dated_event_t *events;
    unsigned count;

    if (!PINFO_FD_VISITED(pinfo))
        return;
    events = ft_history_at(pinfo->num, &count);
    for (unsigned i = 0; i < count; i++)
        proto_item_set_generated(proto_tree_add_string(tree, hf_event, tvb, 0, 0, ft_event_text(pinfo->pool, events[i].call, events[i].event)));
}

static void
show_media(tvbuff_t *tvb, proto_tree *tree, const ft_call_t *call)
{
    ft_moment_t first = ft_call_first_media(call), last = ft_call_last_media(call);
    nstime_t media;

    if (ft_call_mode(call) != FT_MODE_UNKNOWN)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_mode, tvb, 0, 0, ft_call_mode(call)));
    if (first.frame && !ft_call_times_go_back(call)) {
        nstime_delta(&media, &last.when, &first.when);
        proto_item_set_generated(proto_tree_add_time(tree, hf_call_media_time, tvb, 0, 0, &media));
    }
    if (call->invited_by != FT_SIDE_UNKNOWN)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_caller, tvb, 0, 0, call->invited_by));
    if (call->accept_delay)
        proto_item_set_generated(ft_add_double(tree, hf_call_accept_delay, tvb, 0, 0, call->accept_delay / FT_NTP_SHORT_CLOCK));
    if (call->relay_count.answers && !call->relay_count.broken) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_up_lost, tvb, 0, 0, call->relay_count.up_lost));
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_down_lost, tvb, 0, 0, call->relay_count.down_lost));
    }
}

proto_tree *
ft_call_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_call_t *call, ft_phase_t phase, ft_join_t reason,
             const ft_packet_t *pkt)
{
    proto_tree *tree;
    proto_item *item;
    nstime_t since;

    nstime_delta(&since, ft_frame_time(pinfo), &call->first_time);
    tree = ft_subtree_kept(root, proto_call, tvb, 0, 0, ett_call, &item, (uint64_t)call->number << 8 | phase, "FaceTime Call %u, %s", call->number,
                           val_to_str_const(phase, ft_phase_vals, "unknown"));
    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call, tvb, 0, 0, call->number));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_phase, tvb, 0, 0, phase));
    proto_item_set_generated(proto_tree_add_time(tree, hf_call_time, tvb, 0, 0, &since));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_state, tvb, 0, 0, ft_call_state(call)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_end, tvb, 0, 0, ft_call_end(call)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_direction, tvb, 0, 0, call->direction));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_reason, tvb, 0, 0, reason));
    if (call->from)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_from, tvb, 0, 0, call->from));
    if (call->to)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_to, tvb, 0, 0, call->to));
    if (call->n_participants)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_participants, tvb, 0, 0, call->n_participants));
    show_media(tvb, tree, call);
    if (pkt)
        show_datagram(tvb, pinfo, tree, call, pkt);
    show_events(tvb, pinfo, tree);
    show_setup(tvb, tree, call);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_first_frame, tvb, 0, 0, call->first_frame));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_last_frame, tvb, 0, 0, call->last_frame));
    ft_call_expert(pinfo, item, call, pkt);
    return tree;
}

void
ft_call_show_phase(tvbuff_t *tvb, proto_tree *tree, ft_phase_t phase)
{
    proto_item_append_text(proto_tree_get_parent(tree), ", %s", val_to_str_const(phase, ft_phase_vals, "unknown"));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_phase, tvb, 0, 0, phase));
}

void
ft_call_fields_register(void)
{
    static hf_register_info hf[] = {
        { &hf_call_setup, { "Times", "facetime.call.setup", FT_NONE, BASE_NONE,
            NULL, 0x0, "When each step of the call was seen first", HFILL } },
        { &hf_call, { "Call", "facetime.call", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of the call in this capture, from 1", HFILL } },
        { &hf_call_phase, { "Phase", "facetime.call.phase", FT_UINT8, BASE_DEC,
            VALS(ft_phase_vals), 0x0, "Phase of the call that the packet belongs to", HFILL } },
        { &hf_call_time, { "Time since Start", "facetime.call.time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time since the first packet of the call", HFILL } },
        { &hf_call_state, { "State", "facetime.call.state", FT_UINT8, BASE_DEC,
            VALS(ft_state_vals), 0x0, "State of the call at the end of the capture (while it is read: so far)", HFILL } },
        { &hf_call_direction, { "Call Direction", "facetime.call.direction", FT_UINT8, BASE_DEC,
            VALS(ft_direction_vals), 0x0, "Who initiated, seen from the device", HFILL } },
        { &hf_call_end, { "End", "facetime.call.end", FT_UINT8, BASE_DEC,
            VALS(ft_end_vals), 0x0, "How the call ended, as far as the wire shows it (while the file is read: so far)", HFILL } },
        { &hf_call_reason, { "Reason", "facetime.call.reason", FT_UINT8, BASE_DEC,
            VALS(ft_join_vals), 0x0, "Why the packet belongs to the call", HFILL } },
        { &hf_call_participants, { "Participants", "facetime.call.participants", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of participant IDs seen in relay headers", HFILL } },
        { &hf_call_mode, { "Mode", "facetime.call.mode", FT_UINT8, BASE_DEC,
            VALS(ft_mode_vals), 0x0, "How the call is run, by relay headers: as a group (multiway) or between two devices (while it is read: so far)",
            HFILL } },
        { &hf_call_media_time, { "Media Time", "facetime.call.media_time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "From the first to the last RTP packet of the call, by arrival (while it is read: so far)", HFILL } },
        { &hf_call_caller, { "Caller [guess]", "facetime.call.caller_guess", FT_UINT8, BASE_DEC,
            VALS(ft_side_vals), 0x0, "Who sent first in the burst of the push connection with which the call began", HFILL } },
        { &hf_call_accept_delay, { "Accept Delay (s)", "facetime.call.accept_delay", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "How long it took the called side to accept, as a link message says", HFILL } },
        { &hf_call_up_lost, { "Lost on the Way to the Relay", "facetime.call.uplink_lost", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Packets of the device that did not reach the relay, by its answers to statistics requests", HFILL } },
        { &hf_call_down_lost, { "Lost on the Way from the Relay", "facetime.call.downlink_lost", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Packets that the relay sent and that did not come, by its answers to statistics requests", HFILL } },
        { &hf_report_delay, { "Reported One-Way Delay (ms)", "facetime.report.one_way_delay", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "Of what the sender of this packet receives, above the slow average", HFILL } },
        { &hf_report_queueing, { "Reported Queueing Delay (ms)", "facetime.report.queueing_delay", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "How long the send time that is echoed waited at the sender of this packet", HFILL } },
        { &hf_report_bandwidth, { "Reported Bandwidth (kbit/s)", "facetime.report.bandwidth", FT_UINT16, BASE_DEC,
            NULL, 0x0, "For what the sender of this packet receives, by its estimate", HFILL } },
        { &hf_direction, { "Direction", "facetime.direction", FT_UINT8, BASE_DEC,
            VALS(datagram_direction_vals), 0x0, "Sent or received, seen from the device; only where it is known which end that is", HFILL } },
        { &hf_lost, { "Lost Before This Packet", "facetime.rtp.lost", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Sequence numbers that are missing before this packet", HFILL } },
        { &hf_paused, { "Paused Before This Packet", "facetime.rtp.paused", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Sequence numbers that are missing before this packet, while another layer of the picture was forwarded", HFILL } },
        { &hf_hole_frame, { "Missing In", "facetime.rtp.hole_frame", FT_FRAMENUM, BASE_NONE,
            NULL, 0x0, "The packet that shows that what is asked for, or repaired, here was missing", HFILL } },
        { &hf_nack_frame, { "Asked For In", "facetime.rtp.nack_frame", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, "The packet that asks the relay for what is missing [guess]", HFILL } },
        { &hf_repair_frame, { "Repaired In", "facetime.rtp.repair_frame", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, "The packet that the relay sent again for what is missing", HFILL } },
        { &hf_event, { "Event", "facetime.call.event", FT_STRING, BASE_NONE,
            NULL, 0x0, "What happened in the call with this packet; known when the capture has been read", HFILL } },
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

    for (unsigned i = 0; i < array_length(setup_times); i++) {
        hf_register_info one = { &setup_times[i].hf, { setup_times[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.call.setup.%s", setup_times[i].name),
            FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, setup_times[i].blurb, HFILL } };

        hf_setup[i] = one;
    }
    proto_call = proto_register_protocol_in_name_only("FaceTime Call", "FaceTime Call", "facetime_calls", proto_facetime, FT_PROTOCOL);
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_setup, array_length(hf_setup));
    proto_register_subtree_array(ett, array_length(ett));
}
