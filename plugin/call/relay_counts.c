/* relay_counts.c
 * What was lost on the way to the relay, and on the way from it, apart: from one side of a call. The relay answers each statistics request of
 * the device with what it received from the device before the request, and what it sent to the device before the answer. Measured on both ends
 * of a real call: of 96 answers all agree with the packets of the capture, but for three that the relay never received nor the other end.
 *
 * What is counted to the relay: RTP, and statistics alone; not link messages, control messages and what is encrypted hop by hop. From it: RTP.
 *
 * There is no verdict where the figures cannot be those of this capture:
 *
 *  1. The capture began after the relay did, as the hello to it is not there: then only what is lost after the first answer counts.
 *  2. More than a quarter seems to be lost: packets were captured by halves.
 *  3. The relay counted packets from the device that the capture has not, or fewer to it than the capture has: what the capture missed is not known.
 *
 *  4. A request comes again behind others: files overlap.
 *
 * A packet that was captured twice counts once: a mirror port's copy comes right behind it. One that is sent again is another one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Requests that may wait for their answer: the device sends up to ten a second. */
#define FT_MAX_ASKED 16
/* Where fewer were counted a quarter is nothing. */
#define FT_MIN_COUNTED 40

/* Packets of which a copy is known: a copy comes within milliseconds. */
#define FT_RECENT_COUNTED 16
/* The request may stand in the capture before packets that were at the relay before it: four, on a real call, in the answer to one request. The
 * capture has missed what it is short of in so many answers in a row. */
#define FT_SHORT_ANSWERS 2

/* Counts of one way. */
typedef struct way {
    bool has_base;
    int base;                   /* what the first answer was off, where the capture has not the beginning */
    uint32_t lost;
    unsigned n_short;           /* answers in a row by which the capture is short of packets */
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
    uint32_t recent[2][FT_RECENT_COUNTED]; /* to and from the device: what the latest packets of media were; 0: none */
    way_t up, down;
    bool copies, unsure;        /* packets were captured twice; packets with parity may have been */
    bool from_beginning;        /* the hello to the relay was captured, and no data of the relay before it */
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
    way->n_short = off < way->base ? way->n_short + 1 : 0;
    return way->n_short < FT_SHORT_ANSWERS && (counted < FT_MIN_COUNTED || (off - way->base >= -(int)(counted / 4) && *lost <= counted / 4));
}

static void
tell(ft_call_t *call, way_t *way, uint32_t lost, uint32_t *sum, const ft_moment_t *at, ft_side_t who, const char *what)
{
    ft_event_t *event;

    if (lost <= way->lost)
        return;
    event = ft_history_add(call, FT_EVENT_LOST, at, who, wmem_strdup_printf(wmem_file_scope(), "%u %s, by its count", lost - way->lost, what));
    if (event)
        event->by_relay = true;
    *sum += lost - way->lost;
    way->lost = lost;
}

static void
answer(ft_call_t *call, ft_flow_t *flow, const ft_relay_facts_t *relay, const ft_moment_t *at)
{
    ft_relay_counts_t *counts = flow->relay_counts;
    uint32_t up, down;

    for (unsigned i = 0; i < FT_MAX_ASKED; i++) {
        if (!counts->asked[i].waits || counts->asked[i].id != relay->stats_id)
            continue;
        counts->asked[i].waits = false;
        if ((counts->copies && counts->unsure) ||
            !lost_now(&counts->up, counts->from_beginning, counts->asked[i].sent, relay->received, true, &up) ||
            !lost_now(&counts->down, counts->from_beginning, counts->received, relay->sent, false, &down)) {
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

/* How many of the datagram's packets the capture has for the first time. Packets with parity have the number and the length of each other, so that
 * nothing tells a copy of one: where there are copies, and parity, there is no verdict. */
static unsigned
first_copies(ft_relay_counts_t *counts, const ft_packet_t *pkt, bool sent)
{
    unsigned n = 0;
    bool same;

    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_rtp_t *rtp = &pkt->rtp[i];
        uint32_t what = (rtp->ssrc * UINT32_C(2654435761)) ^ ((uint32_t)rtp->seq << 16 | (rtp->length & 0xffff)) ^ rtp->timestamp;
        uint32_t *place = &counts->recent[sent][rtp->seq % FT_RECENT_COUNTED];

        what ^= (uint32_t)rtp->retransmitted << 31;
        same = *place == what;
        counts->copies |= same && !rtp->picture.parity;
        counts->unsure |= same && rtp->picture.parity;
        n += !same || rtp->picture.parity;
        *place = what;
    }
    return n;
}

/* Is it a copy of a request that was captured already? */
static bool
asked_before(const ft_relay_counts_t *counts, uint16_t id)
{
    for (unsigned i = 0; i < MIN(counts->n_asked, FT_MAX_ASKED); i++) {
        if (counts->asked[i].id == id)
            return true;
    }
    return false;
}

static bool
asked_last(const ft_relay_counts_t *counts, uint16_t id)
{
    return counts->asked[(counts->n_asked - 1) % FT_MAX_ASKED].id == id;
}

void
ft_relay_counts_take(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, bool sent, bool hello, const ft_moment_t *at)
{
    const ft_relay_facts_t *relay = &pkt->relay;
    ft_relay_counts_t *counts = flow->relay_counts;
    bool again;

    if (!counts) {
        counts = flow->relay_counts = wmem_new0(wmem_file_scope(), ft_relay_counts_t);
        counts->from_beginning = hello;
    }
    if (counts->broken)
        return;
    if (!sent) {
        if (relay->answers)
            answer(call, flow, relay, at);
        counts->received += first_copies(counts, pkt, false);
        return;
    }
    again = relay->asks && asked_before(counts, relay->stats_id);
    if (again && !asked_last(counts, relay->stats_id)) {
        counts->broken = true;
        call->relay_count.broken = true;
        return;
    }
    if (relay->asks && !again) {
        unsigned place = counts->n_asked++ % FT_MAX_ASKED;

        counts->asked[place].waits = true;
        counts->asked[place].id = relay->stats_id;
        counts->asked[place].sent = counts->sent;
    }
    /* What it counts besides RTP are requests alone. */
    counts->sent += first_copies(counts, pkt, true) + (again || relay->counted < pkt->n_rtp ? 0 : relay->counted - pkt->n_rtp);
}
