/* join.c
 * Which call a datagram belongs to. It joins the call of its flow; a flow without a call looks for one by these reasons, the
 * surest first. Each is kept with the flow and shown (facetime.call.reason).
 *
 *  1. SIP Call-ID: it names the call.
 *  2. SSRC: 32 random bits that stay the same on every path (Wi-Fi, cellular, relay, direct) and at both ends.
 *  3. Participant ID of the relay header: 64 bits that a session's relay gives to each of its devices; the token of a session with the relay, which
 *     each interface of the device shows in its hello.
 *  4. Address and port of a peer that another flow of the call has by its packets, or that the call announced (link message, SDP), or that a
 *     server saw (SNATMAP, STUN). The private address of a peer counts only for a flow whose other end is a device of the call, and behind
 *     the same end of the link: avoids joining the calls of two homes that both have 192.168.1.2.
 *  5. The device: one that is in a call has no other at the same time. Ends with the call, or after a silence. With a public IPv4
 *     address the port must be the same: avoids joining the calls of two devices behind one NAT. A device is known by its address, or by its socket
 *     behind the end of the link (index.c): IPv4 and IPv6 of a call whose beginning was not captured. A call that began with a flow whose device
 *     was not known is one with the device's, unless both have media.
 *  6. The relay, on a link without hardware addresses (Raw IP, as a capture on the device itself is): a flow that was there before the capture, from
 *     the same end of the link, without media. Avoids joining two devices behind a gateway, which is Raw IP, too: a session that begins
 *     (QUIC Initial) is a call's own, and a flow with media that the call does not have leaves it.
 *
 * A claim is not a fact. What a datagram names (announced, mapped) lets a flow join that no call has by its packets; it takes no endpoint from a
 * call that has it by its packets, and a datagram does not join a call because it names its addresses: anybody can.
 *
 * Where a later datagram shows (by 1 to 4) that two calls are one, they are merged; by a claim only of a
 * call that has media, and one that has none. Two different Call-IDs are never one call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <math.h>

/* Limit of NAT probes that wait for their call, against a flood. */
#define FT_MAX_PENDING 64

/* A NAT probe this long before a call belongs to it: 1 s was seen on a real call; the 2010 description has push,
 * certificate and registration in between. */
#define FT_PRELUDE_SECONDS 60

static ft_flow_t *pending[FT_MAX_PENDING]; /* a ring */
static unsigned pending_next, n_pending;
static ft_call_t *jump_call, *jump_from;     /* a call that the frame before began although its flow had one, as its time jumps; NULL: none */
static uint32_t batches;                    /* of datagrams that waited so far */
static uint32_t waits_in;                   /* that of the latest one */

/* Is it a NAT probe, or a check that is not the answer to one, on a socket of a call that SIP ended? */
static bool
join_is_after_end(const ft_call_t *call, const ft_packet_t *pkt)
{
    return call->sip_end && call->end.frame && (pkt->kind == FT_KIND_NAT_PROBE || (pkt->kind == FT_KIND_STUN && !pkt->is_answer));
}

/* True if the packet adds nothing to what is known about its flow's call, as most media packets. */
static bool
join_is_told(const ft_flow_t *flow, ft_call_t *call, const ft_packet_t *pkt)
{
    if (pkt->sip || pkt->n_candidates || pkt->quic_initial || pkt->kind == FT_KIND_NAT_PROBE || flow->endpoint_news != ft_index_news() ||
        (pkt->participant && pkt->participant != flow->last_participant) || join_is_after_end(call, pkt))
        return false;
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_stream_t *stream = flow->last_stream && flow->last_stream->ssrc == pkt->rtp[i].ssrc ? flow->last_stream :
                                    ft_stream_find(pkt->rtp[i].ssrc);

        if (!stream || !stream->call || ft_call_root(stream->call) != call)
            return false;
    }
    return true;
}

/* A call that the packet itself names, by reasons 1 to 3, or the hello that its flow began with. */
static ft_call_t *
join_by_name(const ft_flow_t *flow, const ft_packet_t *pkt, ft_join_t *reason)
{
    ft_call_t *call = NULL;

    if (pkt->sip && pkt->sip->call_id) {
        *reason = FT_JOIN_CALL_ID;
        return ft_index_call_id(pkt->sip->call_id);
    }
    *reason = FT_JOIN_SSRC;
    for (unsigned i = 0; i < pkt->n_rtp && !call; i++)
        call = ft_index_ssrc(pkt->rtp[i].ssrc);
    if (!call && pkt->participant) {
        *reason = FT_JOIN_PARTICIPANT;
        call = ft_index_participant(pkt->participant);
    }
    if (!call && pkt->quic_token) {
        *reason = FT_JOIN_TOKEN;
        call = ft_index_token(pkt->quic_token, pkt->quic_token_len);
    }
    if (!call && flow->waiting_hello.token && !flow->call) {
        *reason = FT_JOIN_TOKEN;
        call = ft_index_token(flow->waiting_hello.token, flow->waiting_hello.token_len);
    }
    return call;
}

/* Reason 4. Not SIP with a Call-ID of its own, which would have been found by it. */
static ft_call_t *
join_by_address(const ft_flow_t *flow, const ft_packet_t *pkt, const nstime_t *now, ft_join_t *reason, bool *fact)
{
    ft_join_t other_reason;
    bool other_fact;
    ft_call_t *call;

    if (pkt->sip && pkt->sip->call_id)
        return NULL;
    call = ft_index_end(flow, 0, now, reason, fact);
    if (!call || !*fact) {
        ft_call_t *other = ft_index_end(flow, 1, now, &other_reason, &other_fact);

        if (other && (!call || other_fact)) {
            call = other;
            *reason = other_reason;
            *fact = other_fact;
        }
    }
    /* Nobody sends relay data to a peer: what does is a stranger. */
    if (call && pkt->kind == FT_KIND_RELAY && call->peer.addr.type != AT_NONE &&
        (ft_endpoint_equal(&flow->a, &call->peer) || ft_endpoint_equal(&flow->b, &call->peer)))
        call = NULL;
    /* Checks to another peer after the end belong to the next call; those to Apple's servers may still be of this one. */
    if (call && call->end.frame && (!flow->call || ft_call_root(flow->call) != call) && !ft_is_apple(&ft_flow_remote(flow)->addr))
        call = NULL;
    return call;
}

/* Reason 5. */
static ft_call_t *
join_by_device(const ft_flow_t *flow, const nstime_t *now, ft_join_t *reason)
{
    ft_call_t *call = NULL;

    *reason = FT_JOIN_DEVICE;
    if (flow->device_side >= 0)
        call = ft_index_device(flow, (unsigned)flow->device_side, now);
    /* What is new after the end belongs to the next call. */
    if (call && call->end.frame)
        call = NULL;
    return call;
}

/* Reason 6. */
static ft_call_t *
join_by_relay(const ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt, ft_join_t *reason)
{
    if (!ft_packet_is_with_relay(pkt) || pkt->quic_initial || pkt->n_rtp || pinfo->dl_src.type != AT_NONE)
        return NULL;
    *reason = FT_JOIN_RELAY;
    return ft_index_relay(ft_flow_remote(flow), ft_flow_link(flow, flow->device_side == 1 ? 1 : 0), ft_frame_time(pinfo));
}

/* Does the packet begin another call on a socket or a device whose call has gone silent? Today's calls end without a sign, and
 * another one may begin before FT_CALL_IDLE_SECONDS are over.
 *  1. The call had media, and it has been silent for longer than FaceTime lets it be.
 *  2. The packet is of the kind that a call begins with (a QUIC Initial, a NAT probe), or it is from a sender that the call does not
 *     know: avoids cutting a call in two that comes back after a dead spot.
 *  3. After a shorter silence, only what a call begins with. The device may also look for another relay within the call: its next media
 *     decides (join_decide()).
 *  4. SIP ended the call: a NAT probe, and a STUN message that asks or tells, are of the next one, which checks its paths before its INVITE. Not at
 *     once after the end: avoids a check that was on its way. */
static bool
join_starts_over(const ft_call_t *call, const ft_packet_t *pkt, const ft_call_t *by_name, const nstime_t *now)
{
    bool begins = pkt->quic_initial || pkt->kind == FT_KIND_NAT_PROBE;
    double silence;

    if (by_name == call)
        return false;
    if (join_is_after_end(call, pkt) && ft_seconds(now, &call->end.when) > FT_REDIAL_SECONDS)
        return true;
    if (nstime_is_zero(&call->last_media_time))
        return false;
    /* Files that were put one behind the other have times that go back: as long ago as a silence. */
    silence = ft_seconds(now, &call->last_media_time);
    if (silence < -FT_SILENCE_SECONDS)
        return begins;
    if (silence <= FT_SILENCE_SECONDS)
        return begins && silence > FT_REDIAL_SECONDS;
    return begins || pkt->n_rtp > 0 || (pkt->participant && call->n_participants > 0);
}

/* A call that began while the device's call before was silent: is it another one? It is not, and was merged already, where its media has names of
 * the call before.
 *  1. Media or a participant that the call before does not have: it is another one, and the call before is over.
 *  2. Media of the call before on its old flows: the two are one. */
static ft_call_t *
join_decide(ft_call_t *call, const ft_packet_t *pkt)
{
    ft_call_t *before = call->reopens ? ft_call_root(call->reopens) : NULL, *after = call->reopened_by ? ft_call_root(call->reopened_by) : NULL;

    if (before && before != call && (pkt->n_rtp || pkt->participant)) {
        before->superseded = !before->end.frame;
        before->reopened_by = call->reopens = NULL;
    }
    if (after && pkt->n_rtp) {
        call->reopened_by = NULL;
        if (after != call && after->reopens && ft_call_root(after->reopens) == call)
            return ft_call_merge(call, after);
    }
    return call;
}

/* ---- Taking flows --------------------------------------------------------------------------- */

/* What the datagrams are that wait: the first of a flow on a port that another dissector owns was not looked at. */
static ft_kind_t
join_waiting_kind(const ft_flow_t *flow)
{
    if (flow->first_kind != FT_KIND_UNKNOWN)
        return flow->first_kind;
    for (unsigned kind = FT_KIND_UNKNOWN + 1; kind < FT_KIND_COUNT; kind++) {
        if (flow->kinds & (1u << kind))
            return (ft_kind_t)kind;
    }
    return FT_KIND_UNKNOWN;
}

static void
join_take_waiting(ft_call_t *call, ft_flow_t *flow)
{
    ft_kind_t unseen = join_waiting_kind(flow);

    for (ft_waiting_t *batch = flow->waiting, *next; batch; batch = next) {
        bool seen = batch->kind != FT_KIND_UNKNOWN;
        ft_kind_t kind = seen ? batch->kind : unseen;
        ft_phase_t phase = seen ? batch->phase : ft_kind_phase(unseen);
        ft_moment_t *moment = &call->phase[phase];

        next = batch->next;
        ft_call_count_in(call, batch->packets, batch->bytes, batch->frame, &batch->first_time, &batch->last_time);
        /* As of datagrams that came later: what is not known, and an ICMP error, says nothing of a phase. */
        if (kind != FT_KIND_UNKNOWN && kind != FT_KIND_COUNT && (!moment->frame || batch->frame < moment->frame)) {
            moment->frame = batch->frame;
            moment->when = batch->first_time;
        }
        ft_backlog_add(&(ft_call_packets_t){ .call = call, .flow = flow, .phase = phase, .kind = kind,
                                        .from_device = ft_flow_from_device(flow, batch->from_a), .frame = batch->frame, .batch = batch->number,
                                        .packets = batch->packets, .bytes = batch->bytes,
                                        .first_time = batch->first_time, .last_time = batch->last_time });
        wmem_free(wmem_file_scope(), batch);
    }
    flow->waiting = NULL;
}

/* From this frame on the flow is of this call; NULL: of none. Later passes see it so. */
static void
join_note_call(ft_flow_t *flow, ft_call_t *call, uint32_t frame)
{
    if (flow->call && !flow->calls) {
        flow->calls = wmem_tree_new(wmem_file_scope());
        wmem_tree_insert32(flow->calls, 0, flow->call);
    }
    if (flow->calls && ft_limit_take(FT_LIMIT_CHANGES, ft_call_now()))
        wmem_tree_insert32(flow->calls, frame, call);
}

/* The flow's call goes on: what waited for another one is of it. */
static void
join_come_back(ft_call_t *call, ft_flow_t *flow)
{
    if (!flow->waiting)
        return;
    join_note_call(flow, call, flow->waiting->frame);
    join_take_waiting(call, flow);
}

/* Gives the flow to the call, with the datagrams that wait. `frame` is the frame at hand. */
static void
join_take_flow(ft_call_t *call, ft_flow_t *flow, uint32_t frame, ft_join_t reason)
{
    uint32_t from_frame = flow->waiting ? flow->waiting->frame : frame;

    join_note_call(flow, call, from_frame);
    flow->call = call;
    flow->reason = reason;
    ft_media_backlog_take(flow);
    ft_media_early_take(call, flow);
    flow->last_participant = 0;
    flow->noted = 0;
    flow->told = 0;
    flow->relay_counts = NULL;
    flow->opened = NULL;
    flow->token = NULL;
    call->reasons |= 1u << reason;
    call->by_ssrc += reason == FT_JOIN_SSRC;
    join_take_waiting(call, flow);
    call->evidence |= flow->evidence;
    if (flow->confidence > call->confidence)
        ft_facts_confidence(call, flow);
    if (flow->device_side >= 0)
        ft_facts_take_device(call, flow);
    /* The stock dissector's streams are filed under the flow's first frame (wire/rtp.c): the ladder needs an arrow there. */
    if (flow->first_frame < frame)
        ft_event_add(call, flow->first_frame, flow, NULL, flow->first_kind);
}

/* Keeps what a waiting NAT probe says: the latest of each flow. */
static void
join_keep_probed(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        const ft_candidate_t *candidate = &pkt->candidates[i];
        bool own = candidate->how == FT_CANDIDATE_OWN;
        ft_moment_t *moment;

        if (!flow->probed)
            flow->probed = wmem_new0(wmem_file_scope(), ft_probed_t);
        moment = own ? &flow->probed->own_at : &flow->probed->mapped_at;
        ft_endpoint_copy(own ? &flow->probed->own : &flow->probed->mapped, &candidate->at.addr, candidate->at.port);
        moment->frame = pinfo->num;
        moment->when = *ft_frame_time(pinfo);
    }
}

/* Enters the addresses of a NAT probe into the index and into the call's exposure. */
static void
join_take_probed(ft_call_t *call, ft_flow_t *flow)
{
    const ft_probed_t *probed = flow->probed;

    if (!probed)
        return;
    ft_index_add_end(&probed->own, ft_flow_link(flow, flow->device_side == 1 ? 1 : 0), FT_KNOWN_DEVICE, FT_JOIN_CANDIDATE, call);
    ft_index_add_end(&probed->mapped, ft_flow_link(flow, flow->device_side == 1 ? 1 : 0), FT_KNOWN_DEVICE, FT_JOIN_MAPPED, call);
    ft_exposure_probe(call, probed);
    flow->probed = NULL;
}

/* Is the device of the other flow at this side of the flow: the same address and, where that is a local one, behind the same end of the link? */
static bool
join_same_device(const ft_flow_t *flow, unsigned side, const ft_flow_t *other)
{
    const address *addr = side ? &flow->b.addr : &flow->a.addr;
    unsigned other_side = other->device_side == 1 ? 1 : 0;

    if (!addresses_equal(addr, other_side ? &other->b.addr : &other->a.addr))
        return false;
    if (!ft_is_local(addr) || ft_flow_link(flow, side) == ft_flow_link(other, other_side))
        return true;
    for (unsigned i = 0; i < 2; i++) {
        if (flow->link_ends[side][i] && flow->link_ends[side][i] == other->link_ends[other_side][i])
            return true;
    }
    return false;
}

/* NAT probes that the device with this address sent shortly before. */
static void
join_take_pending(ft_call_t *call, const ft_flow_t *of, unsigned side, uint32_t frame)
{
    for (unsigned i = 0; i < FT_MAX_PENDING; i++) {
        ft_flow_t *flow = pending[i];

        if (!flow || !join_same_device(of, side, flow))
            continue;
        pending[i] = NULL;
        n_pending--;
        if (flow->waiting && ft_seconds(&of->last_time, &flow->last_time) <= FT_PRELUDE_SECONDS) {
            join_take_flow(call, flow, frame, FT_JOIN_BEFORE);
            join_take_probed(call, flow);
        }
    }
}

/* Flows of the same socket that only this one showed to be FaceTime. */
static void
join_take_siblings(ft_call_t *call, ft_flow_t *of, uint32_t frame)
{
    while (of->siblings) {
        ft_flow_t *flow = of->siblings;

        of->siblings = flow->next;
        flow->next = NULL;
        if (!flow->call)
            join_take_flow(call, flow, frame, FT_JOIN_SOCKET);
    }
}

static void
join_wait(ft_flow_t *flow)
{
    for (unsigned i = 0; i < FT_MAX_PENDING; i++) {
        if (pending[i] == flow)
            return;
    }
    if (!pending[pending_next])
        n_pending++;
    pending[pending_next] = flow;
    pending_next = (pending_next + 1) % FT_MAX_PENDING;
}

/* Does a datagram of this kind make a call by itself? A NAT probe does not: GameKit and the system send them without one. */
static bool
join_begins(const ft_packet_t *pkt)
{
    return pkt->kind != FT_KIND_NAT_PROBE && pkt->kind != FT_KIND_LINK_PROBE && pkt->kind != FT_KIND_UNKNOWN;
}

/* May the flow's call a be one with b? fact: not only a claim of b says so. */
static bool
join_may_merge(const ft_call_t *a, const ft_call_t *b, bool fact)
{
    if (!fact && (!nstime_is_zero(&a->last_media_time) || nstime_is_zero(&b->last_media_time)))
        return false;
    return !a->sip_call_id || !b->sip_call_id || strcmp(a->sip_call_id, b->sip_call_id) == 0;
}

/* The device asks a peer of the call from a socket that has a call of its own: two interfaces of a device in the middle of a call, whose sessions with
 * the relay nothing else links. Returns the call, which the other one is part of now.
 *  1. It is the very socket: avoids two devices behind one address.
 *  2. The datagram is from there: avoids what somebody sends to it.
 *  3. The other call has no media, the call has some: avoids joining the calls of two devices. */
static ft_call_t *
join_socket(ft_call_t *call, const ft_flow_t *flow, const packet_info *pinfo)
{
    ft_join_t reason;
    ft_call_t *other = join_by_device(flow, ft_frame_time(pinfo), &reason);

    if (!other || other == call || !ft_flow_from_device(flow, ft_flow_from_a(flow, pinfo)) || !join_may_merge(other, call, false))
        return call;
    for (unsigned i = 0; i < other->n_devices; i++) {
        if (ft_endpoint_equal(&other->devices[i], ft_flow_device(flow)))
            return ft_call_merge(call, other);
    }
    return call;
}

/* The device of the flow has just turned out to be that of another call. Returns the call, which that one may be part of now.
 *  1. The call knew no device: avoids joining the calls of two devices.
 *  2. Not both have media, nor Call-IDs: avoids joining two calls. */
static ft_call_t *
join_device(ft_call_t *call, const ft_flow_t *flow, const nstime_t *now)
{
    ft_join_t reason;
    ft_call_t *other = flow->device_side >= 0 && call->n_devices == 0 ? join_by_device(flow, now, &reason) : NULL;

    if (!other || other == call || call->end.frame)
        return call;
    return join_may_merge(call, other, false) || join_may_merge(other, call, false) ? ft_call_merge(call, other) : call;
}

/* The call that the datagram belongs to, NULL if it has none yet. *reason: why, where it is not the flow's already. *superseded: the
 * call that had the flow, if the datagram begins another one. */
static ft_call_t *
join_find(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt, ft_join_t *reason, ft_call_t **superseded)
{
    ft_call_t *call = flow->call ? ft_call_root(flow->call) : NULL, *named, *over = NULL, *owner;
    ft_join_t owner_reason;
    bool fact = true;

    if (call && ft_call_lives(call, ft_frame_time(pinfo)) && join_is_told(flow, call, pkt))
        return call;
    /* What answers begins nothing: it is of the call that asked, however late it is, or its time. */
    if (call && pkt->kind == FT_KIND_STUN && pkt->is_answer)
        return call;
    named = join_by_name(flow, pkt, reason);
    if (call && join_starts_over(call, pkt, named, ft_frame_time(pinfo)))
        over = call;
    /* It was only the relay that spoke for the flow. */
    else if (call && flow->reason == FT_JOIN_RELAY && pkt->n_rtp && !named && !nstime_is_zero(&call->last_media_time))
        return NULL;
    /* A new Call-ID on a flow that has a call with another one is a new call, however soon it comes. */
    else if (call && pkt->sip && pkt->sip->call_id && call->sip_call_id && strcmp(pkt->sip->call_id, call->sip_call_id) != 0)
        over = call;
    if (!named && !over) {
        named = join_by_address(flow, pkt, ft_frame_time(pinfo), reason, &fact);
        /* A claim does not take the device from a call that has it by its packets. */
        owner = named && !call && !fact ? join_by_device(flow, ft_frame_time(pinfo), &owner_reason) : NULL;
        if (owner && owner != named) {
            named = owner;
            *reason = owner_reason;
        }
        if (named && !call && fact)
            named = join_socket(named, flow, pinfo);
        /* The same socket with another relay, say. */
        if (named && join_starts_over(named, pkt, NULL, ft_frame_time(pinfo))) {
            over = named;
            named = NULL;
        }
    }
    if (over || (call && !ft_call_lives(call, ft_frame_time(pinfo)) && named != call))
        call = NULL;
    /* The old flows of a call go on while it is not decided whether there is another one. */
    if (call && named && named->reopens && ft_call_root(named->reopens) == call)
        named = call;
    if (call && named && named != call && join_may_merge(call, named, fact)) {
        call = ft_call_merge(call, named);
        /* The call that the flow began goes on in an older one. */
        if (call == named && flow->reason == FT_JOIN_FIRST)
            flow->reason = *reason;
    }
    if (!call)
        call = named;
    if (call)
        call = join_device(call, flow, ft_frame_time(pinfo));
    if (!call && !(ft_sip_is_request(pkt->sip, "INVITE") && flow->call)) {
        call = join_by_device(flow, ft_frame_time(pinfo), reason);
        if (call && (call == over || join_starts_over(call, pkt, NULL, ft_frame_time(pinfo)))) {
            over = call;
            call = NULL;
        }
        if (!call && !over && !flow->call)
            call = join_by_relay(flow, pinfo, pkt, reason);
        /* Two dialogues of one device at a time: the Call-ID decides. */
        if (call && pkt->sip && pkt->sip->call_id && call->sip_call_id)
            call = NULL;
    }
    *superseded = over;
    return call;
}

/* Sequence numbers that a stream may be ahead at another place: half a minute of audio, and more with the time. */
#define FT_NUMBERS_AHEAD 1500
#define FT_NUMBERS_PER_SECOND 200

/* RTP that has the SSRCs of a call but none of its sequence numbers, from where the call has no flow: anybody can send it. */
static bool
join_is_foreign(const ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    if (flow->call)
        return false;
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_stream_t *stream = ft_stream_find(pkt->rtp[i].ssrc);
        int distance = stream ? abs((int16_t)(pkt->rtp[i].seq - stream->latest)) : 0;

        if (!stream || !stream->call || stream->packets == 0 ||
            distance <= FT_NUMBERS_AHEAD + FT_NUMBERS_PER_SECOND * fabs(ft_seconds(ft_frame_time(pinfo), &stream->when)))
            return false;
    }
    return pkt->n_rtp > 0;
}

void
ft_call_wait(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_kind_t kind = pkt->quoted ? FT_KIND_COUNT : pkt->kind;
    bool from_a = ft_flow_from_a(flow, pinfo);
    ft_waiting_t **place = &flow->waiting, *batch;

    /* The first that waits is not of the call that the flow has: it begins another one, or came after the end. */
    if (flow->call && !flow->waiting)
        join_note_call(flow, NULL, pinfo->num);
    while (*place && ((*place)->kind != kind || (*place)->phase != pkt->phase || (*place)->from_a != from_a))
        place = &(*place)->next;
    batch = *place;
    if (!batch) {
        batch = *place = wmem_new0(wmem_file_scope(), ft_waiting_t);
        batch->kind = kind;
        batch->phase = pkt->phase;
        batch->from_a = from_a;
        batch->frame = pinfo->num;
        batch->number = ++batches;
        batch->first_time = batch->last_time = *ft_frame_time(pinfo);
    }
    waits_in = batch->number;
    if (!flow->is_facetime)
        ft_media_early_note(flow, pinfo, pkt);
    batch->packets++;
    batch->bytes += ft_wire_bytes(pinfo);
    if (nstime_cmp(ft_frame_time(pinfo), &batch->first_time) < 0)
        batch->first_time = *ft_frame_time(pinfo);
    if (nstime_cmp(ft_frame_time(pinfo), &batch->last_time) > 0)
        batch->last_time = *ft_frame_time(pinfo);
    if (pkt->quic_token && !flow->waiting_hello.token) {
        flow->waiting_hello.token = pkt->quic_token;
        flow->waiting_hello.token_len = pkt->quic_token_len;
        flow->waiting_hello.at = ft_moment_of(pinfo);
    }
}

uint32_t
ft_call_waits_in(void)
{
    return waits_in;
}

void
ft_call_clock_jumps(const nstime_t *now)
{
    if (ft_clock_add(&ft_capture_clock, now) && jump_call && ft_call_root(jump_call) != ft_call_root(jump_from))
        ft_call_merge(ft_call_root(jump_call), ft_call_root(jump_from));
    jump_call = NULL;
}

ft_call_t *
ft_call_add(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_join_t reason = FT_JOIN_NONE;
    ft_call_t *over = NULL, *call;

    if (join_is_foreign(flow, pinfo, pkt)) {
        ft_call_wait(flow, pinfo, pkt);
        return NULL;
    }
    call = join_find(flow, pinfo, pkt, &reason, &over);
    flow->endpoint_news = ft_index_news();
    if (!call && join_begins(pkt)) {
        call = ft_call_new(pinfo);
        reason = FT_JOIN_FIRST;
        if (call && over && !over->end.frame && !nstime_is_zero(&over->last_media_time) &&
            ft_seconds(ft_frame_time(pinfo), &over->last_media_time) <= FT_SILENCE_SECONDS) {
            call->reopens = over;
            over->reopened_by = call;
        } else if (call && over && !over->end.frame) {
            over->superseded = true;
        }
        if (call && flow->call && ft_call_time_jumps()) {
            jump_call = call;
            jump_from = flow->call;
        }
    }
    if (!call) {
        ft_call_wait(flow, pinfo, pkt);
        if (pkt->kind == FT_KIND_NAT_PROBE)
            join_keep_probed(flow, pinfo, pkt);
        join_wait(flow);
        return NULL;
    }
    if (!flow->call || ft_call_root(flow->call) != call) {
        join_take_flow(call, flow, pinfo->num, reason);
        join_take_pending(call, flow, flow->device_side == 1 ? 1 : 0, pinfo->num);
        if (flow->both_local)
            join_take_pending(call, flow, flow->device_side == 1 ? 0 : 1, pinfo->num);
    } else {
        join_come_back(call, flow);
    }
    if (flow->siblings)
        join_take_siblings(call, flow, pinfo->num);
    if (call->reopens || call->reopened_by)
        call = join_decide(call, pkt);
    /* NAT probes of a silence within the call. */
    if (n_pending && pkt->n_rtp && ft_seconds(ft_frame_time(pinfo), &call->last_media_time) > FT_REDIAL_SECONDS)
        join_take_pending(call, flow, flow->device_side == 1 ? 1 : 0, pinfo->num);
    ft_facts_take(call, flow, pinfo, pkt);
    return call;
}

ft_call_t *
ft_call_add_quoted(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_call_t *call = flow->call ? ft_call_root(flow->call) : NULL;

    if (!call || !ft_call_lives(call, ft_frame_time(pinfo))) {
        ft_call_wait(flow, pinfo, pkt);
        return NULL;
    }
    join_come_back(call, flow);
    ft_call_count_in(call, 1, ft_wire_bytes(pinfo), pinfo->num, ft_frame_time(pinfo), ft_frame_time(pinfo));
    call->last_frame = MAX(call->last_frame, pinfo->num);
    /* Not the device's own, which comes when its socket is closed. */
    if (!call->refused.frame && !addresses_equal(&pinfo->src, &ft_flow_device(flow)->addr) && ft_flow_is_with_relay(flow)) {
        call->refused.frame = pinfo->num;
        call->refused.when = *ft_frame_time(pinfo);
    }
    ft_facts_arrow(call, flow, pinfo, pkt);
    ft_facts_quoted(call, flow, pinfo, pkt);
    return call;
}

const ft_call_t *
ft_call_of_packet(packet_info *pinfo)
{
    const ft_packet_t *pkt = ft_packet_of(pinfo);
    ft_call_t *call = NULL;

    if (pkt && pkt->flow)
        return ft_call_of_flow(pkt->flow, pinfo->num);
    return ft_service_flow_of(pinfo, &call) ? call : NULL;
}

void
ft_calls_init(void)
{
    ft_call_init();
    ft_index_init();
    ft_event_init();
    ft_history_init();
    ft_push_init();
    ft_media_init();
    ft_backlog_init();
    ft_media_backlog_init();
    ft_services_init();
    memset(pending, 0, sizeof pending);
    pending_next = n_pending = 0;
    jump_call = NULL;
    batches = 0;
    waits_in = 0;
}
