/* call.c
 * The call: made, counted, numbered; its state and its end. Written on the first pass only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <math.h>

/* A call that is silent for longer than this is over; later packets belong to another call. FaceTime gives up a call without packets after
 * about 20 s (observed behaviour, no written source). */
#define FT_CALL_IDLE_SECONDS 30
/* Answers and late media after the end still belong to the call: SIP's timer F is 32 s (RFC 3261, 17.1.2.2), in practice
 * they come within a round trip or two. */
#define FT_CALL_AFTER_END_SECONDS 5

/* Measured: the other side's media ends within 0.01 s; a capture in batches hands over a second at a time. */
#define FT_LAST_WORD_SECONDS 3

/* Arrival times say little where so many of the packets came too fast, of so many at least. */
#define FT_BATCH_MIN_STEPS 16
#define FT_BATCH_PART 0.8

/* Flows that an SSRC alone makes a call's: the device's interfaces with the relays and the peer's addresses, at both ends of the call, are 16; a
 * network that changes once a minute for an hour makes 60 more. The file of a traffic generator that is known has 11,776 addresses. */
#define FT_MAX_PLACES 80

static wmem_array_t *calls;             /* of ft_call_t *, in the order they were made; merged ones included */
static wmem_array_t *live;              /* the ones that stand for themselves, by their first packets; made by ft_call_renumber() */
static bool numbers_stale;              /* `live` is older than `calls` */
ft_clock_t ft_capture_clock;

ft_call_t *
ft_call_root(ft_call_t *call)
{
    /* A merge keeps the older call, so chains are short; each look-up shortens them further. */
    while (call->merged_into) {
        if (call->merged_into->merged_into)
            call->merged_into = call->merged_into->merged_into;
        call = call->merged_into;
    }
    return call;
}

const ft_endpoint_t *
ft_call_relay(const ft_call_t *call, bool *answers)
{
    static const ft_endpoint_t none;
    const ft_endpoint_t *tried = &none;

    *answers = false;
    for (unsigned i = call->n_relays; i-- > 0;) {
        *answers |= call->relays[i].received > 0 || call->relays[i].data;
        tried = &call->relays[i].at;
    }
    return call->relay.addr.type != AT_NONE ? &call->relay : tried;
}

ft_call_t *
ft_call_of_flow(const ft_flow_t *flow, uint32_t frame)
{
    ft_call_t *call = flow->calls ? (ft_call_t *)wmem_tree_lookup32_le(flow->calls, frame) : flow->call;

    return call ? ft_call_root(call) : NULL;
}

bool
ft_call_lives(const ft_call_t *call, const nstime_t *now)
{
    if (call->superseded)
        return false;
    if (call->end.frame && ft_seconds(now, &call->end.when) > FT_CALL_AFTER_END_SECONDS)
        return false;
    /* One of the two may be wrong. */
    return ft_seconds(now, &call->recent[0]) <= FT_CALL_IDLE_SECONDS || ft_seconds(now, &call->recent[1]) <= FT_CALL_IDLE_SECONDS;
}

ft_call_t *
ft_call_new(const packet_info *pinfo)
{
    ft_call_t *call;

    if (!ft_limit_take(FT_LIMIT_CALLS, &pinfo->abs_ts))
        return NULL;
    call = wmem_new0(wmem_file_scope(), ft_call_t);
    call->number = wmem_array_get_count(calls) + 1;
    call->first_frame = call->last_frame = pinfo->num;
    call->first_time = call->last_time = call->own_first_time = call->own_time = call->recent[0] = call->recent[1] = *ft_frame_time(pinfo);
    wmem_array_append_one(calls, call);
    numbers_stale = true;
    return call;
}

void
ft_call_count_in(ft_call_t *call, uint32_t packets, uint64_t bytes, uint32_t first_frame, const nstime_t *first, const nstime_t *last)
{
    bool earlier = first_frame < call->first_frame;

    call->packets += packets;
    call->bytes += bytes;
    if (earlier) {
        call->first_frame = first_frame;
        numbers_stale = true;
    }
    /* A frame behind the first one, with a time well before it, has a wrong one. */
    if (nstime_cmp(first, &call->first_time) < 0 && (earlier || ft_seconds(&call->first_time, first) <= FT_OUT_OF_ORDER_SECONDS))
        call->first_time = *first;
    if (nstime_cmp(last, &call->last_time) > 0)
        call->last_time = *last;
}

/* ---- Media ---------------------------------------------------------------------------------- */

/* The first or the last media packet of a side, or of all (side = FT_MEDIA_SIDES). */
static ft_moment_t
edge_of(const ft_call_t *call, unsigned only, bool last)
{
    ft_moment_t edge = { 0 };

    for (unsigned side = 0; call->streams && side < FT_MEDIA_SIDES; side++) {
        const ft_medium_t *media[] = { &call->streams->side[side].audio, &call->streams->side[side].video,
                                       &call->streams->side[side].opaque };

        for (unsigned i = 0; i < array_length(media); i++) {
            const ft_moment_t *at = last ? &media[i]->stopped.at : &media[i]->first;

            if (at->frame && (only == FT_MEDIA_SIDES || only == side) && (!edge.frame || (last ? at->frame > edge.frame : at->frame < edge.frame)))
                edge = *at;
        }
    }
    return edge;
}

ft_moment_t
ft_call_first_media(const ft_call_t *call)
{
    return edge_of(call, FT_MEDIA_SIDES, false);
}

ft_moment_t
ft_call_last_media(const ft_call_t *call)
{
    return edge_of(call, FT_MEDIA_SIDES, true);
}

bool
ft_call_times_go_back(const ft_call_t *call)
{
    ft_moment_t first = ft_call_first_media(call), last = ft_call_last_media(call);

    return first.frame && ft_seconds(&first.when, &last.when) > FT_OUT_OF_ORDER_SECONDS;
}

/* Whose last media packet came first; FT_SIDE_UNKNOWN where one of them sent none, or had stopped long before the other one: muted, without camera,
 * or it was no longer there. Who hangs up sends until then, and the other one does not know it for no longer than packets take. */
static ft_side_t
stopped_first(const ft_call_t *call)
{
    ft_moment_t device = edge_of(call, FT_SIDE_DEVICE, true), peer = edge_of(call, FT_SIDE_PEER, true);

    if (!device.frame || !peer.frame || fabs(ft_seconds(&device.when, &peer.when)) > FT_LAST_WORD_SECONDS)
        return FT_SIDE_UNKNOWN;
    return device.frame < peer.frame ? FT_SIDE_DEVICE : FT_SIDE_PEER;
}

/* What the calls of Apple's devices show. */
#define FT_EV_OF_DEVICES (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | FT_EV(FT_EV_QUIC_RELAY))

bool
ft_call_is_browsers(const ft_call_t *call)
{
    return (call->evidence & FT_EV(FT_EV_WEB)) && !(call->evidence & FT_EV_OF_DEVICES);
}

ft_mode_t
ft_call_mode(const ft_call_t *call)
{
    ft_mode_t mode = FT_MODE_UNKNOWN;

    if (ft_call_is_browsers(call))
        return FT_MODE_BROWSER;
    if (call->n_participants > FT_TWO_ENDS)
        return FT_MODE_MULTIWAY;
    /* Both sides change one after the other: the call is one-to-one once one of them says so. */
    for (unsigned side = 0; call->streams && side < FT_MEDIA_SIDES; side++)
        mode = MAX(mode, call->streams->side[side].mode);
    return mode;
}

bool
ft_call_is_scattered(const ft_call_t *call)
{
    return call->by_ssrc > FT_MAX_PLACES;
}

ft_confidence_t
ft_call_confidence(const ft_call_t *call)
{
    if (ft_call_is_scattered(call) && call->confidence > FT_CONFIDENCE_LOW)
        return (ft_confidence_t)(call->confidence - 1);
    return call->confidence;
}

bool
ft_call_in_batches(const ft_call_t *call)
{
    const ft_call_media_t *media = call->streams;

    return media && media->steps >= FT_BATCH_MIN_STEPS && media->rushed >= FT_BATCH_PART * media->steps;
}

/* ---- State and end ------------------------------------------------------------------------- */

ft_state_t
ft_call_state(const ft_call_t *call)
{
    if (call->sip_end & FT_SIP_BYE)
        return FT_STATE_ENDED;
    if (call->sip_end & FT_SIP_DECLINED)
        return FT_STATE_DECLINED;
    if (call->sip_end & FT_SIP_CANCELLED)
        return FT_STATE_CANCELLED;
    if (call->sip_end & FT_SIP_FAILED)
        return FT_STATE_FAILED;
    if (ft_call_link_end(call).frame)
        return FT_STATE_ENDED;
    if (!nstime_is_zero(&call->last_media_time))
        return ft_seconds(ft_call_now(), &call->last_media_time) > FT_SILENCE_SECONDS ? FT_STATE_INTERRUPTED : FT_STATE_ESTABLISHED;
    if (call->answer.frame)
        return FT_STATE_ESTABLISHED;
    return call->ringing.frame ? FT_STATE_RINGING : FT_STATE_ATTEMPTED;
}

/* A call of today is over where all of this holds:
 *
 *  1. It had media. Avoids links that were only tried.
 *  2. Its device's media socket is closed (an ICMP error for it), or the relay knows no session (any more), or one side said that a link is
 *     disconnected. Avoids dead spots and captures that end first.
 *  3. No media was sent since, on whichever path. Avoids a socket that gave way to another one: Wi-Fi to cellular.
 */
ft_moment_t
ft_call_link_end(const ft_call_t *call)
{
    ft_moment_t none = { 0 };

    return call->streams && call->closed.frame ? call->closed : none;
}

/* Who stopped first hung up, if nobody said that it did: then the other one's media still came for as long as it did not know. */
static ft_end_t
end_of_link(const ft_call_t *call)
{
    switch (call->closed_by != FT_SIDE_UNKNOWN ? call->closed_by : stopped_first(call)) {
    case FT_SIDE_DEVICE: return FT_END_LINK_DEVICE;
    case FT_SIDE_PEER: return FT_END_LINK_PEER;
    case FT_SIDE_UNKNOWN:
    case FT_SIDE_RELAY: break;
    }
    return FT_END_LINK;
}

ft_end_t
ft_call_end(const ft_call_t *call)
{
    switch (ft_call_state(call)) {
    case FT_STATE_ENDED: return call->sip_end & FT_SIP_BYE ? call->bye_by : end_of_link(call);
    case FT_STATE_DECLINED: return FT_END_DECLINED;
    case FT_STATE_CANCELLED: return FT_END_CANCELLED;
    case FT_STATE_FAILED: return FT_END_FAILED;
    case FT_STATE_INTERRUPTED: return FT_END_TIMEOUT;
    case FT_STATE_ATTEMPTED:
    case FT_STATE_RINGING:
    case FT_STATE_ESTABLISHED: break;
    }
    return ft_seconds(ft_call_now(), &call->own_time) > FT_SILENCE_SECONDS ? FT_END_TIMEOUT : FT_END_CAPTURE;
}

ft_side_t
ft_call_ended_by(const ft_call_t *call)
{
    switch (ft_call_end(call)) {
    case FT_END_BYE_DEVICE:
    case FT_END_LINK_DEVICE: return FT_SIDE_DEVICE;
    case FT_END_BYE_PEER:
    case FT_END_LINK_PEER: return FT_SIDE_PEER;
    default: return FT_SIDE_UNKNOWN;
    }
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static int
by_first_packet(const void *a, const void *b)
{
    const ft_call_t *x = *(ft_call_t *const *)a, *y = *(ft_call_t *const *)b;

    return x->first_frame < y->first_frame ? -1 : x->first_frame > y->first_frame;
}

void
ft_call_changed(void)
{
    numbers_stale = true;
}

void
ft_call_renumber(void)
{
    if (!numbers_stale)
        return;
    numbers_stale = false;
    if (live)
        wmem_destroy_array(live);
    live = wmem_array_sized_new(wmem_file_scope(), sizeof(ft_call_t *), wmem_array_get_count(calls) + 1);
    for (unsigned i = 0; i < wmem_array_get_count(calls); i++) {
        ft_call_t *call = *(ft_call_t **)wmem_array_index(calls, i);

        if (!call->merged_into)
            wmem_array_append_one(live, call);
    }
    wmem_array_sort(live, by_first_packet);
    for (unsigned i = 0; i < wmem_array_get_count(live); i++)
        (*(ft_call_t **)wmem_array_index(live, i))->number = i + 1;
}

unsigned
ft_call_count(void)
{
    ft_call_renumber();
    return live ? wmem_array_get_count(live) : 0;
}

const ft_call_t *
ft_call_at(unsigned i)
{
    return *(ft_call_t **)wmem_array_index(live, i);
}

bool
ft_call_limit_reached(void)
{
    return ft_limit_refuses(FT_LIMIT_CALLS);
}

const nstime_t *
ft_call_now(void)
{
    return ft_clock_latest(&ft_capture_clock);
}

bool
ft_call_time_jumps(void)
{
    return !nstime_is_zero(&ft_capture_clock.jump);
}

void
ft_call_init(void)
{
    calls = wmem_array_new(wmem_file_scope(), sizeof(ft_call_t *));
    live = NULL;
    numbers_stale = true;
    memset(&ft_capture_clock, 0, sizeof ft_capture_clock);
}
