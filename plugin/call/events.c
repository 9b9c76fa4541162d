/* events.c
 * The packets of a call that a ladder shows: signalling and changes of state, not each media packet. Noted on the first pass, by
 * frame number and flow, and read on all passes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Limit of arrows of one call: more cannot be read. Checks and link messages go on until the end of a call. */
#define FT_MAX_CALL_EVENTS 200

/* One arrow. File scope. */
typedef struct event {
    const void *of;             /* the ft_flow_t or ft_service_flow_t whose packet it is */
    const char *label;
    struct event *next;         /* another one of the same frame, of another flow: an aggregate */
} event_t;

static wmem_map_t *events;      /* frame number -> event_t; file scope */

/* What begins a flow, as a ladder shows it. */
static const value_string flow_begins[] = {
    { FT_KIND_UNKNOWN, "Unknown datagram" },
    FT_WIRE_FORMATS(FT_FORMAT_LADDER)
    [FT_KIND_COUNT] = { 0, NULL }
};

static const event_t *
event_find(uint32_t frame, const void *of)
{
    const event_t *event = (const event_t *)wmem_map_lookup(events, GUINT_TO_POINTER(frame));

    while (event && event->of != of)
        event = event->next;
    return event;
}

static void
event_note(uint32_t frame, const void *of, const char *label)
{
    event_t *event, *first;

    if (event_find(frame, of) || !ft_limit_take(FT_LIMIT_EVENTS, ft_call_now()))
        return;
    event = wmem_new(wmem_file_scope(), event_t);
    event->of = of;
    event->label = wmem_strdup(wmem_file_scope(), label);
    event->next = NULL;
    first = (event_t *)wmem_map_lookup(events, GUINT_TO_POINTER(frame));
    if (first) {
        event->next = first->next;
        first->next = event;
    } else {
        wmem_map_insert(events, GUINT_TO_POINTER(frame), event);
    }
}

void
ft_event_add(ft_call_t *call, uint32_t frame, const void *of, const char *label, ft_kind_t kind)
{
    if (call->n_events >= FT_MAX_CALL_EVENTS)
        return;
    call->n_events++;
    event_note(frame, of, label ? label : val_to_str_const(kind, flow_begins, "Unknown datagram"));
}

const char *
ft_event_label(uint32_t frame, const void *of)
{
    const event_t *event = event_find(frame, of);

    return event ? event->label : NULL;
}

void
ft_event_init(void)
{
    events = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
}
