/* tap_voip.c
 * Calls for Telephony > VoIP Calls and its ladder: the window listens on a tap "voip" that no stock dissector feeds.
 *
 * A call with SIP in the clear has a row there already, by the stock SIP dissector; a second one would show it twice.
 * What is queued are events (call_events.c): the window walks a list for each of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/far_end.h"
#include "show/table.h"

#include <epan/tap.h>
#include <epan/tap-voip.h>
#include <epan/to_str.h>

static int voip_tap = -1;

static voip_call_state
voip_state(const ft_call_t *call)
{
    switch (ft_call_state(call)) {
    case FT_STATE_ATTEMPTED: return VOIP_CALL_SETUP;
    case FT_STATE_RINGING: return VOIP_RINGING;
    case FT_STATE_ESTABLISHED: return VOIP_IN_CALL;
    case FT_STATE_ENDED: return VOIP_COMPLETED;
    case FT_STATE_DECLINED: return VOIP_REJECTED;
    case FT_STATE_CANCELLED: return VOIP_CANCELLED;
    case FT_STATE_FAILED: return VOIP_REJECTED;
    case FT_STATE_INTERRUPTED: return VOIP_COMPLETED;   /* there is no nearer word; the comment says it */
    }
    return VOIP_UNKNOWN;
}

static char *
voip_identity(wmem_allocator_t *pool, const char *name, const ft_endpoint_t *at)
{
    if (name)
        return wmem_strdup(pool, name);
    return at->addr.type == AT_NONE ? wmem_strdup(pool, "unknown") : address_to_str(pool, &at->addr);
}

/* What the arrow says: the events of the frame, if there are any, else what the packet is. NULL: no arrow. */
static const char *
voip_label(const packet_info *pinfo, const void *of)
{
    const ft_dated_event_t *events;
    unsigned count = 0;
    char *text;

    /* The window asks for arrows once the file was read. */
    events = PINFO_FD_VISITED(pinfo) ? ft_history_at(pinfo->num, &count) : NULL;
    if (!events)
        return ft_event_label(pinfo->num, of);
    text = ft_event_text(pinfo->pool, events[0].call, events[0].event);
    for (unsigned i = 1; i < count; i++)
        text = wmem_strdup_printf(pinfo->pool, "%s; %s", text, ft_event_text(pinfo->pool, events[i].call, events[i].event));
    return text;
}

bool
ft_voip_wanted(void)
{
    return have_tap_listener(voip_tap);
}

void
ft_voip_queue(packet_info *pinfo, const ft_call_t *call, const ft_call_packets_t *what)
{
    ft_far_end_t remote;
    const char *label;
    voip_packet_info_t *info;
    const ft_endpoint_t *peer = call->peer.addr.type == AT_NONE ? &call->announced_peer : &call->peer;
    const ft_endpoint_t *caller = &call->device, *called = peer, *at;
    char *relay, *name;
    bool answers;

    if (!ft_voip_wanted() || call->invite.frame || call->sip_call_id)
        return;
    label = voip_label(pinfo, what->flow ? (const void *)what->flow : what->service);
    /* The window takes a call's duration from its arrows. */
    if (!label && pinfo->num == call->last_frame)
        label = "Last packet";
    if (!label)
        return;
    if (call->direction == FT_DIRECTION_INBOUND) {
        caller = peer;
        called = &call->device;
    }
    /* As the table of calls: also one that was only tried. */
    at = ft_call_relay(call, &answers);
    relay = at->addr.type == AT_NONE ? NULL : address_to_str(pinfo->pool, &at->addr);
    info = wmem_new0(pinfo->pool, voip_packet_info_t);
    info->protocol_name = wmem_strdup(pinfo->pool, "FaceTime");
    info->call_id = wmem_strdup_printf(pinfo->pool, "facetime-%u", call->number);
    info->call_state = voip_state(call);
    info->call_active_state = info->call_state == VOIP_IN_CALL || info->call_state == VOIP_RINGING ? VOIP_ACTIVE : VOIP_INACTIVE;
    info->from_identity = voip_identity(pinfo->pool, call->from, caller);
    info->to_identity = voip_identity(pinfo->pool, call->to, called);
    /* Nobody knows who called: both say so. */
    if (call->direction == FT_DIRECTION_UNKNOWN && !call->from && !call->to) {
        char *both = wmem_strdup_printf(pinfo->pool, "unknown (%s or %s)", info->from_identity,
                                        called->addr.type == AT_NONE ? "its peer" : info->to_identity);

        info->from_identity = both;
        info->to_identity = wmem_strdup(pinfo->pool, both);
    }
    info->call_comment = wmem_strdup_printf(pinfo->pool, "facetime.call == %u, %s%s%s", call->number,
                                            val_to_str_const(ft_call_state(call), ft_state_vals, "unknown"),
                                            relay ? ", relay " : "", relay ? relay : "");
    info->frame_label = wmem_strdup(pinfo->pool, label);
    remote = ft_far_end_of(what);
    name = remote.name ? ft_printable(remote.name) : NULL;
    info->frame_comment = wmem_strdup_printf(pinfo->pool, "FaceTime %s: %s%s%s", val_to_str_const(what->phase, ft_phase_vals, "unknown"),
                                             remote.role, name ? " " : "", name ? name : "");
    g_free(name);
    tap_queue_packet(voip_tap, pinfo, info);
}

void
ft_tap_voip_register(void)
{
    voip_tap = register_tap("voip");
}
