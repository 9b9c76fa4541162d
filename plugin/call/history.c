/* history.c
 * What happened in each call: a list of events, with time, frame and who. Noted on the first pass; the tables, the ladder and the fields
 * read it. What only later packets show (media stopped, who ended the call) is worked out when it is asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <stdlib.h>

/* Events that are kept, of all calls together and of one; some 70 bytes each and the text. A call of half a minute has 20 to 60. */
#define FT_MAX_HISTORY 131072
#define FT_MAX_CALL_HISTORY 1000

/* Silence after which a medium counts as stopped, once the capture went on: comfort noise and still pictures come once a second. */
#define FT_STOP_SECONDS 3

const value_string ft_event_vals[] = {
    { FT_EVENT_INVITED, "invited" },
    { FT_EVENT_RINGING, "ringing" },
    { FT_EVENT_ACCEPTED, "accepted" },
    { FT_EVENT_RELAY_OPENED, "relay session opened" },
    { FT_EVENT_REALLOCATED, "relay session re-allocated" },
    { FT_EVENT_LEG_UP, "leg up" },
    { FT_EVENT_LEG_DOWN, "leg down" },
    { FT_EVENT_CANDIDATES, "candidates" },
    { FT_EVENT_PATH_ANSWERED, "path answered" },
    { FT_EVENT_NOMINATED, "path nominated" },
    { FT_EVENT_MEDIA_STARTED, "media started" },
    { FT_EVENT_MEDIA_STOPPED, "media stopped" },
    { FT_EVENT_MODE, "mode" },
    { FT_EVENT_STREAM, "new stream" },
    { FT_EVENT_GENERATION, "new generation of streams" },
    { FT_EVENT_LAYER, "layer" },
    { FT_EVENT_CODEC, "codec" },
    { FT_EVENT_SILENT, "silent" },
    { FT_EVENT_SPEAKS, "speaks" },
    { FT_EVENT_LOST, "lost" },
    { FT_EVENT_NACK, "asked for again" },
    { FT_EVENT_REPAIRED, "repaired" },
    { FT_EVENT_ROTATED, "rotated" },
    { FT_EVENT_CAMERA, "camera" },
    { FT_EVENT_RELAY_ERROR, "relay error" },
    { FT_EVENT_SOCKET_CLOSED, "socket closed" },
    { FT_EVENT_ENDED, "ended" },
    { 0, NULL }
};

const value_string ft_side_vals[] = {
    { FT_SIDE_UNKNOWN, "unknown" },
    { FT_SIDE_DEVICE, "device" },
    { FT_SIDE_PEER, "peer" },
    { FT_SIDE_RELAY, "relay" },
    { 0, NULL }
};

static uint32_t n_events;               /* that are kept */
static wmem_array_t *dated;             /* ft_dated_event_t of all calls, by frame; file scope; NULL: not made yet */
static uint32_t dated_of;               /* n_events when it was made */

ft_event_t *
ft_history_add(ft_call_t *call, ft_event_kind_t kind, const ft_moment_t *at, ft_side_t who, const char *what)
{
    ft_event_t *event;

    if (call->n_history >= FT_MAX_CALL_HISTORY || n_events >= FT_MAX_HISTORY) {
        call->n_history_left_out++;
        return NULL;
    }
    event = wmem_new(wmem_file_scope(), ft_event_t);
    *event = (ft_event_t){ .kind = kind, .at = *at, .who = who, .what = what };
    if (!call->events)
        call->events_end = &call->events;
    *call->events_end = event;
    call->events_end = &event->next;
    call->n_history++;
    n_events++;
    return event;
}

void
ft_history_merge(ft_call_t *keep, ft_call_t *gone)
{
    keep->n_history_left_out += gone->n_history_left_out;
    if (!gone->events)
        return;
    if (!keep->events)
        keep->events_end = &keep->events;
    *keep->events_end = gone->events;
    keep->events_end = gone->events_end;
    keep->n_history += gone->n_history;
    gone->events = NULL;
    gone->n_history = 0;
}

ft_side_t
ft_event_who(const ft_event_t *event)
{
    if (!event->leg || event->leg->whose != FT_WHOSE_PEER)
        return event->who;
    return event->who == FT_SIDE_DEVICE ? FT_SIDE_PEER : event->who == FT_SIDE_PEER ? FT_SIDE_DEVICE : event->who;
}

char *
ft_event_text(wmem_allocator_t *pool, const ft_call_t *call, const ft_event_t *event)
{
    bool ended = event->kind == FT_EVENT_ENDED;
    ft_side_t who = ended ? ft_call_ended_by(call) : ft_event_who(event);
    const char *what = ended ? val_to_str_const(ft_call_end(call), ft_end_vals, "unknown") : event->what;

    return wmem_strdup_printf(pool, "%s%s%s%s%s", who == FT_SIDE_UNKNOWN ? "" : val_to_str_const(who, ft_side_vals, "unknown"),
                              who == FT_SIDE_UNKNOWN ? "" : ": ", val_to_str_const(event->kind, ft_event_vals, "unknown"),
                              what ? ", " : "", what ? what : "");
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void
each_end(const ft_call_t *call, void (*take)(const ft_call_t *call, const ft_event_t *event, void *data), void *data)
{
    for (unsigned side = 0; call->streams && side < FT_MEDIA_SIDES; side++) {
        const ft_medium_t *media[] = { &call->streams->side[side].audio, &call->streams->side[side].video,
                                       &call->streams->side[side].opaque };

        for (unsigned i = 0; i < array_length(media); i++) {
            if (media[i]->first.frame && (call->closed.frame || ft_seconds(ft_call_now(), &media[i]->stopped.at.when) > FT_STOP_SECONDS))
                take(call, &media[i]->stopped, data);
        }
    }
    if (call->ended.at.frame)
        take(call, &call->ended, data);
}

void
ft_history_each(const ft_call_t *call, void (*take)(const ft_call_t *call, const ft_event_t *event, void *data), void *data)
{
    bool no_verdict = ft_call_is_scattered(call);

    for (const ft_event_t *event = call->events; event; event = event->next) {
        if (!(no_verdict && event->kind == FT_EVENT_LOST) && !(event->by_relay && call->relay_count.broken))
            take(call, event, data);
    }
    each_end(call, take, data);
}

static void
date(const ft_call_t *call, const ft_event_t *event, void *data _U_)
{
    ft_dated_event_t one = { .call = call, .event = event };

    wmem_array_append_one(dated, one);
}

static int
by_frame(const void *a, const void *b)
{
    const ft_event_t *x = ((const ft_dated_event_t *)a)->event, *y = ((const ft_dated_event_t *)b)->event;

    if (x->at.frame != y->at.frame)
        return x->at.frame < y->at.frame ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

const ft_dated_event_t *
ft_history_at(uint32_t frame, unsigned *count)
{
    const ft_dated_event_t *all;
    unsigned low = 0, high, first;

    if (!dated || dated_of != n_events) {
        if (dated)
            wmem_destroy_array(dated);
        dated = wmem_array_sized_new(wmem_file_scope(), sizeof(ft_dated_event_t), n_events + 1);
        dated_of = n_events;
        for (unsigned i = 0, n = ft_call_count(); i < n; i++)
            ft_history_each(ft_call_at(i), date, NULL);
        wmem_array_sort(dated, by_frame);
    }
    all = (const ft_dated_event_t *)wmem_array_get_raw(dated);
    high = wmem_array_get_count(dated);
    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (all[middle].event->at.frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    first = low;
    while (low < wmem_array_get_count(dated) && all[low].event->at.frame == frame)
        low++;
    *count = low - first;
    return *count ? &all[first] : NULL;
}

void
ft_history_init(void)
{
    n_events = 0;
    dated = NULL;
    dated_of = 0;
}
