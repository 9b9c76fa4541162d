/* events.c
 * The packets of a call that a ladder shows: signalling and changes of state, not each media packet. Noted on the first pass, by
 * frame number, and read on all passes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Limit of arrows of one call: more cannot be read. Checks and link messages go on until the end of a call. */
#define FT_MAX_CALL_EVENTS 200

static wmem_map_t *events;      /* frame number -> label, in file scope */

/* What begins a flow, as a ladder shows it. */
static const value_string flow_begins[] = {
    { FT_KIND_UNKNOWN, "Unknown datagram" },
    FT_WIRE_FORMATS(FT_FORMAT_LADDER)
    [FT_KIND_COUNT] = { 0, NULL }
};

static void
event_note(uint32_t frame, const char *label)
{
    if (wmem_map_contains(events, GUINT_TO_POINTER(frame)) || !ft_limit_take(FT_LIMIT_EVENTS, ft_call_now()))
        return;
    wmem_map_insert(events, GUINT_TO_POINTER(frame), wmem_strdup(wmem_file_scope(), label));
}

void
ft_event_add(ft_call_t *call, uint32_t frame, const char *label, ft_kind_t kind)
{
    if (call->n_events >= FT_MAX_CALL_EVENTS)
        return;
    call->n_events++;
    event_note(frame, label ? label : val_to_str_const(kind, flow_begins, "Unknown datagram"));
}

const char *
ft_event_label(uint32_t frame)
{
    return (const char *)wmem_map_lookup(events, GUINT_TO_POINTER(frame));
}

void
ft_event_init(void)
{
    events = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
}
