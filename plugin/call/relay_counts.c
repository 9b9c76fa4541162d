/* relay_counts.c
 * What was lost on the way to the relay, and on the way from it, apart: from one side of a call. The relay answers each statistics request of
 * the device with what it received from the device before the request, and what it sent to the device before the answer. Measured on both ends
 * of a real call: of 96 answers all agree with the packets of the capture, but for three that the relay never received nor the other end.
 *
 * What is counted to the relay: RTP, and statistics alone; not link messages, control messages and what is encrypted hop by hop. From it: RTP.
 *
 * There is no verdict where the figures cannot be those of this capture:
 *
 *  1. The capture began after the relay did: then only what is lost after the first answer counts.
 *  2. More than a quarter seems to be lost: packets were captured twice, or by halves.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Requests that may wait for their answer: the device sends up to ten a second. */
#define FT_MAX_ASKED 16
/* Where fewer were counted a quarter is nothing. */
#define FT_MIN_COUNTED 40

/* Counts of one way. */
typedef struct way {
    bool has_base;
    int base;                   /* what the first answer was off, where the capture has not the beginning */
    uint32_t lost;
} way_t;

/* What one flow and its relay counted. File scope. */
typedef struct ft_relay_counts {
    uint32_t sent, received;    /* by the capture, so far */
    struct {
        bool waits;
        uint16_t id;
        uint32_t sent;          /* before the request */
    } asked[FT_MAX_ASKED];
    unsigned n_asked;
    way_t up, down;
    bool broken;                /* the figures cannot be those of this capture */
} ft_relay_counts_t;

/* What is lost by now; told: by the relay, 16 bits. False: that cannot be. */
static bool
lost_now(way_t *way, bool from_beginning, uint32_t counted, uint16_t told, bool up, uint32_t *lost)
{
    int off = (int16_t)(up ? (uint16_t)counted - told : told - (uint16_t)counted);

    if (!way->has_base) {
        way->has_base = true;
        way->base = from_beginning ? 0 : off;
    }
    *lost = off > way->base ? (uint32_t)(off - way->base) : 0;
    return counted < FT_MIN_COUNTED || (off - way->base >= -(int)(counted / 4) && *lost <= counted / 4);
}

static void
tell(ft_call_t *call, way_t *way, uint32_t lost, uint32_t *sum, const ft_moment_t *at, ft_side_t who, const char *what)
{
    if (lost <= way->lost)
        return;
    ft_history_add(call, FT_EVENT_LOST, at, who, wmem_strdup_printf(wmem_file_scope(), "%u %s, by its count", lost - way->lost, what));
    *sum += lost - way->lost;
    way->lost = lost;
}

static void
answer(ft_call_t *call, ft_flow_t *flow, const ft_relay_facts_t *relay, const ft_moment_t *at)
{
    ft_relay_counts_t *counts = flow->relay_counts;
    bool from_beginning = flow->first_kind == FT_KIND_QUIC;
    uint32_t up, down;

    for (unsigned i = 0; i < FT_MAX_ASKED; i++) {
        if (!counts->asked[i].waits || counts->asked[i].id != relay->stats_id)
            continue;
        counts->asked[i].waits = false;
        if (!lost_now(&counts->up, from_beginning, counts->asked[i].sent, relay->received, true, &up) ||
            !lost_now(&counts->down, from_beginning, counts->received, relay->sent, false, &down)) {
            counts->broken = true;
            call->relay_count.broken = true;
            return;
        }
        call->relay_count.answers++;
        call->relay_count.sent = MAX(call->relay_count.sent, counts->asked[i].sent);
        call->relay_count.received = MAX(call->relay_count.received, counts->received);
        tell(call, &counts->up, up, &call->relay_count.up_lost, at, FT_SIDE_DEVICE, "did not reach the relay");
        tell(call, &counts->down, down, &call->relay_count.down_lost, at, FT_SIDE_RELAY, "did not come from the relay");
        return;
    }
}

void
ft_relay_counts_take(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, ft_side_t side, const ft_moment_t *at)
{
    const ft_relay_facts_t *relay = &pkt->relay;
    ft_relay_counts_t *counts = flow->relay_counts;

    if (side != FT_SIDE_DEVICE && side != FT_SIDE_PEER)
        return;
    if (!counts)
        counts = flow->relay_counts = wmem_new0(wmem_file_scope(), ft_relay_counts_t);
    if (counts->broken)
        return;
    if (side == FT_SIDE_DEVICE) {
        if (relay->asks) {
            unsigned place = counts->n_asked++ % FT_MAX_ASKED;

            counts->asked[place].waits = true;
            counts->asked[place].id = relay->stats_id;
            counts->asked[place].sent = counts->sent;
        }
        counts->sent += relay->counted;
        return;
    }
    if (relay->answers)
        answer(call, flow, relay, at);
    counts->received += pkt->n_rtp;
}
