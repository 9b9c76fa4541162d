/* call_fields.c
 * The fields facetime.call.*: what is shown of its call on every packet of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"

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
        nstime_delta(&since, &moment->when, &call->first_time);
        item = proto_tree_add_time(tree, setup_times[i].hf, tvb, 0, 0, &since);
        proto_item_append_text(item, ", frame %u", moment->frame);
        proto_item_set_generated(item);
    }
}

void
ft_call_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_call_t *call, ft_phase_t phase, ft_join_t reason,
             const ft_packet_t *pkt)
{
    proto_tree *tree;
    proto_item *item;
    nstime_t since;

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
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_reason, tvb, 0, 0, reason));
    if (call->from)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_from, tvb, 0, 0, call->from));
    if (call->to)
        proto_item_set_generated(proto_tree_add_string(tree, hf_call_to, tvb, 0, 0, call->to));
    if (call->n_participants)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_call_participants, tvb, 0, 0, call->n_participants));
    show_setup(tvb, tree, call);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_first_frame, tvb, 0, 0, call->first_frame));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_call_last_frame, tvb, 0, 0, call->last_frame));
    ft_call_expert(pinfo, item, call, pkt);
}

void
ft_call_fields_register(void)
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

    for (unsigned i = 0; i < array_length(setup_times); i++) {
        hf_register_info one = { &setup_times[i].hf, { setup_times[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.call.setup.%s", setup_times[i].name),
            FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, setup_times[i].blurb, HFILL } };

        hf_setup[i] = one;
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_setup, array_length(hf_setup));
    proto_register_subtree_array(ett, array_length(ett));
}
