/* facts.c
 * What a datagram says of its call: times, sides, media, SIP's events, addresses that other flows can be found by.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <math.h>

/* Bytes of a name or number that are kept with a call: a telephone number has 15 digits, an address 254 characters (RFC 5321). */
#define FT_MAX_PARTY 256

/* In ft_flow_t.noted, beside the bits of kinds: both ends are devices of the call. */
#define FT_NOTED_BOTH_ENDS (1u << FT_KIND_COUNT)
/* A ladder shows routine of this flow: of QUIC or STUN, as answer or not, in one direction or the other; an ICMP error. */
#define FT_NOTED_ROUTINE(quic, answer, from_a) (1u << (FT_KIND_COUNT + 1 + 4 * (quic) + 2 * (answer) + (from_a)))
#define FT_NOTED_REFUSED (1u << (FT_KIND_COUNT + 9))
/* The call has the remote end by its packets. */
#define FT_NOTED_PEER (1u << (FT_KIND_COUNT + 10))
G_STATIC_ASSERT(FT_KIND_COUNT + 10 < 32);

/* Flows of a call whose sides may be decided later. */
#define FT_MAX_UNDECIDED 16

/* The call can be found by this address of a device, and gets what the device did shortly before. */
static void
facts_index_device(ft_call_t *call, const ft_endpoint_t *device, const uint32_t links[2], bool fact)
{
    ft_index_add_device(device, links, fact, call);
    ft_services_take(call, &device->addr, links[1] ? links[1] : links[0], fact);
    if (links[0] && links[1] && links[0] != links[1])
        ft_services_take(call, &device->addr, links[0], fact);
}

void
ft_facts_add_device(ft_call_t *call, const ft_endpoint_t *device)
{
    for (unsigned i = 0; i < call->n_devices; i++) {
        if (addresses_equal(&call->devices[i].addr, &device->addr))
            return;
    }
    if (call->n_devices < FT_MAX_DEVICES)
        call->devices[call->n_devices++] = *device;
}

/* Directions of the flow in which packets were seen. */
static uint8_t
links_seen(const ft_flow_t *flow)
{
    return (uint8_t)((flow->link_ends[0][1] ? 1 : 0) | (flow->link_ends[1][1] ? 2 : 0));
}

void
ft_facts_undecided(ft_call_t *call, ft_flow_t *flow)
{
    for (unsigned i = 0; i < call->n_undecided; i++) {
        if (call->undecided[i] == flow)
            return;
    }
    if (call->n_undecided >= FT_MAX_UNDECIDED)
        return;
    if (!call->undecided)
        call->undecided = wmem_alloc_array(wmem_file_scope(), ft_flow_t *, FT_MAX_UNDECIDED);
    call->undecided[call->n_undecided++] = flow;
}

/* What was decided before the device was known is looked at again: flows whose one end it is have it at that side, and it is not its own peer. */
static void
facts_decide(ft_call_t *call)
{
    unsigned left = 0;

    for (unsigned place = 0; place < call->n_undecided; place++) {
        ft_flow_t *flow = call->undecided[place];
        bool a = false, b = false;

        for (unsigned i = 0; i < call->n_devices; i++) {
            a |= ft_endpoint_equal(&call->devices[i], &flow->a);
            b |= ft_endpoint_equal(&call->devices[i], &flow->b);
        }
        if (a == b && flow->device_side < 0) {
            call->undecided[left++] = flow;
            continue;
        }
        if (flow->device_side < 0)
            flow->device_side = a ? 0 : 1;
        if (call->peer_flow == flow)
            call->peer = *ft_flow_remote(flow);
    }
    call->n_undecided = left;
}

void
ft_facts_take_device(ft_call_t *call, ft_flow_t *flow)
{
    flow->told_links = links_seen(flow);
    facts_index_device(call, ft_flow_device(flow), flow->link_ends[flow->device_side == 1 ? 1 : 0], true);
    ft_index_add_socket(flow, call);
    ft_facts_add_device(call, ft_flow_device(flow));
    facts_decide(call);
}

void
ft_facts_arrow(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    uint32_t routine = pkt->quoted ? FT_NOTED_REFUSED : pkt->routine ?
                       FT_NOTED_ROUTINE(pkt->kind == FT_KIND_QUIC, pkt->is_answer, ft_flow_from_a(flow, pinfo)) : 0;

    if (flow->first_frame != pinfo->num && (!pkt->label || (flow->noted & routine)))
        return;
    flow->noted |= routine;
    ft_event_add(call, pinfo->num, flow, pkt->label, pkt->kind);
}

static void
note_moment(ft_moment_t *moment, const packet_info *pinfo)
{
    if (!moment->frame)
        *moment = ft_moment_of(pinfo);
}

static void
first_moment(ft_moment_t *moment, const ft_moment_t *at)
{
    if (!moment->frame)
        *moment = *at;
}

static bool
is_device_of(const ft_call_t *call, const address *addr)
{
    for (unsigned i = 0; i < call->n_devices; i++) {
        if (addresses_equal(&call->devices[i].addr, addr))
            return true;
    }
    return false;
}

/* Where both ends have private addresses, the device that the call is told of is the one that spoke with Apple's servers before. Where both did, as
 * the capture sees both networks, or none, it is the caller. */
static void
facts_caller(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo)
{
    bool a, b;

    if (flow->device_side >= 0 || !flow->both_local)
        return;
    a = is_device_of(call, &flow->a.addr);
    b = is_device_of(call, &flow->b.addr);
    flow->device_side = (a != b ? a : ft_flow_from_a(flow, pinfo)) ? 0 : 1;
    ft_facts_take_device(call, flow);
}

static void
facts_sip(ft_call_t *call, const ft_sip_t *sip, const packet_info *pinfo, bool from_device, bool sides_known)
{
    ft_moment_t at = ft_moment_of(pinfo);
    ft_side_t side = !sides_known ? FT_SIDE_UNKNOWN : from_device ? FT_SIDE_DEVICE : FT_SIDE_PEER;
    uint32_t ends = 0;
    bool invite = sip->method && strcmp(sip->method, "INVITE") == 0;

    if (!call->sip_call_id && sip->call_id) {
        call->sip_call_id = wmem_strdup(wmem_file_scope(), sip->call_id);
        ft_index_add_call_id(call->sip_call_id, call);
    }
    /* Only of the INVITE and its answers is it known that From is the caller: a MESSAGE or BYE may be the other side's. */
    if (invite && !call->from && sip->from)
        call->from = ft_text_keep(sip->from, FT_MAX_PARTY);
    if (invite && !call->to && sip->to)
        call->to = ft_text_keep(sip->to, FT_MAX_PARTY);
    if (invite && sip->is_request && !call->invite.frame)
        call->direction = from_device ? FT_DIRECTION_OUTBOUND : FT_DIRECTION_INBOUND;
    if (invite && sip->is_request && !call->invite.frame)
        ft_history_add(call, FT_EVENT_INVITED, &at, side, "SIP INVITE");
    if (invite && sip->is_request)
        note_moment(&call->invite, pinfo);
    if (invite && !sip->is_request && call->direction == FT_DIRECTION_UNKNOWN)
        call->direction = from_device ? FT_DIRECTION_INBOUND : FT_DIRECTION_OUTBOUND;
    if (invite && sip->status == 180 && !call->ringing.frame)
        ft_history_add(call, FT_EVENT_RINGING, &at, side, "SIP 180");
    if (invite && sip->status >= 200 && sip->status < 300 && !call->answer.frame)
        ft_history_add(call, FT_EVENT_ACCEPTED, &at, side, "SIP 200");
    if (invite && sip->status == 180)
        note_moment(&call->ringing, pinfo);
    if (invite && sip->status >= 200 && sip->status < 300)
        note_moment(&call->answer, pinfo);
    if (ft_sip_is_request(sip, "BYE")) {
        ends = FT_SIP_BYE;
        if (call->bye_by == FT_END_CAPTURE)
            call->bye_by = !sides_known ? FT_END_BYE : from_device ? FT_END_BYE_DEVICE : FT_END_BYE_PEER;
    }
    if (ft_sip_is_request(sip, "CANCEL"))
        ends = FT_SIP_CANCELLED;
    if (invite && sip->status >= 300) {
        if (sip->status == 487)                         /* RFC 3261, 21.4.25: Request Terminated */
            ends = FT_SIP_CANCELLED;
        else if (sip->status >= 600 || sip->status == 486 || sip->status == 480)
            ends = FT_SIP_DECLINED;                     /* Decline, Busy Here, Temporarily Unavailable */
        else
            ends = FT_SIP_FAILED;
    }
    call->sip_end |= ends;
    if (ends)
        note_moment(&call->end, pinfo);
    if (ends && !call->ended.at.frame) {
        call->ended.kind = FT_EVENT_ENDED;
        call->ended.at = at;
    }
}

/* A stream with fewer packets than this says little in per cent: two seconds of audio. */
#define FT_LOSS_MIN_PACKETS 100

/* Loss so far; the worst stream is kept with the call. Looked at now and then: it is two subtractions, but for each media packet. */
#define FT_LOSS_EVERY 64

static void
facts_loss(ft_call_t *call, const ft_stream_t *stream, const ft_stream_side_t *by)
{
    uint64_t expected, lost;
    unsigned percent;

    if (by->packets % FT_LOSS_EVERY)
        return;
    expected = ft_seq_expected(&by->seq);
    expected -= MIN(by->paused, expected);
    if (expected < FT_LOSS_MIN_PACKETS)
        return;
    lost = ft_seq_lost(&by->seq);
    percent = (unsigned)(100 * (lost - MIN(by->paused, lost)) / expected);
    if (stream->ssrc == call->worst_ssrc || percent > call->worst_loss) {
        call->worst_loss = (uint8_t)MIN(percent, 100);
        call->worst_ssrc = stream->ssrc;
    }
}

/* Packets of a stream after which another one is looked out for: a minute of audio. */
#define FT_SIGHT_EVERY 3000
/* Longer than a packet is on its way between two places of a network, or waits in a queue: their clocks differ. */
#define FT_CLOCKS_DIFFER_SECONDS 3

/* The same packet at two places: captured at both ends, say, and the files merged. Only its time differs, by its way and by the clocks. */
static void
facts_clocks(ft_call_t *call, ft_flow_t *flow, ft_stream_t *stream, uint16_t number, const packet_info *pinfo)
{
    ft_sight_t *sight = &stream->sight;
    double offset;

    if (!sight->flow || (flow == sight->flow && stream->packets % FT_SIGHT_EVERY == 0)) {
        sight->flow = flow;
        sight->seq = number;
        sight->when = *ft_frame_time(pinfo);
    } else if (flow != sight->flow && number == sight->seq) {
        offset = ft_seconds(ft_frame_time(pinfo), &sight->when);
        if (call->clock_offset == 0 && fabs(offset) > FT_CLOCKS_DIFFER_SECONDS)
            call->clock_offset = offset;
    }
}

/* The longest time in which the device sent media and nothing came. */
static void
facts_unheard(ft_call_t *call, const packet_info *pinfo, bool from_device)
{
    const nstime_t *now = ft_frame_time(pinfo);

    if (!from_device) {
        call->last_received = *now;
    } else if (!nstime_is_zero(&call->last_received) && now->secs - call->last_received.secs > (time_t)call->unheard &&
               now->secs - call->last_media_time.secs <= 1) {
        call->unheard = (uint32_t)(now->secs - call->last_received.secs);
        call->unheard_frame = pinfo->num;
    }
}

/* Is it media that anybody may have sent? It moves no call that has a relay to another path, and names no peer.
 *  1. The call has a relay, and this came beside it: an SSRC can be read off the relay's datagrams, and a stranger may write it on his own.
 *  2. No check was sent over the flow, as over each direct path before media.
 *  3. The device sends no media on it, or, where it is not known which end that is, one end sends none. */
static bool
is_claim(const ft_call_t *call, const ft_flow_t *flow, const ft_packet_t *pkt)
{
    bool answers;

    if (pkt->kind != FT_KIND_RTP || pkt->inside_turn || flow->kinds & (1u << FT_KIND_STUN) || ft_call_relay(call, &answers)->addr.type == AT_NONE)
        return false;
    return flow->device_side >= 0 ? !flow->rtp_latest[flow->device_side] : !flow->rtp_latest[0] || !flow->rtp_latest[1];
}

/* Both ends of a call over the relay may be in one capture: at a router of both, or two files that were merged. A relay sends no device its own
 * media, so who gets a stream that another address sends to a relay is the other end of the call. The device is the one that the call is told by. */
static void
facts_ends(const ft_call_t *call, ft_flow_t *flow, ft_stream_t *stream, bool from_device)
{
    ft_flow_t *sender = stream->sender;

    if (from_device) {
        if (!sender)
            stream->sender = flow;
        return;
    }
    if (!sender || sender == flow || (flow->whose != FT_WHOSE_UNKNOWN && sender->whose != FT_WHOSE_UNKNOWN) ||
        addresses_equal(&ft_flow_device(sender)->addr, &ft_flow_device(flow)->addr))
        return;
    if (flow->whose == FT_WHOSE_UNKNOWN && sender->whose == FT_WHOSE_UNKNOWN)
        flow->whose = addresses_equal(&ft_flow_device(flow)->addr, &call->device.addr) ? FT_WHOSE_DEVICE : FT_WHOSE_PEER;
    if (flow->whose == FT_WHOSE_UNKNOWN)
        flow->whose = sender->whose == FT_WHOSE_PEER ? FT_WHOSE_DEVICE : FT_WHOSE_PEER;
    if (sender->whose == FT_WHOSE_UNKNOWN)
        sender->whose = flow->whose == FT_WHOSE_PEER ? FT_WHOSE_DEVICE : FT_WHOSE_PEER;
}

/* Gives what the packet's sender is. */
static ft_side_t
facts_rtp(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const packet_info *pinfo, bool from_a)
{
    ft_moment_t at = ft_moment_of(pinfo);
    ft_side_t side = ft_side_of(flow, from_a);
    bool at_device;

    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_rtp_t *rtp = &pkt->rtp[i];
        ft_stream_t *stream = flow->last_stream && flow->last_stream->ssrc == rtp->ssrc ? flow->last_stream : ft_stream_get(rtp->ssrc);

        call->media |= rtp->media;
        if (!stream)
            continue;
        stream->payload_type = rtp->payload_type;
        stream->packets++;
        stream->latest = rtp->seq;
        stream->when = *ft_frame_time(pinfo);
        stream->call = call;
        if (pkt->kind == FT_KIND_RELAY && flow->device_side >= 0) {
            facts_ends(call, flow, stream, ft_flow_from_device(flow, from_a));
            side = ft_side_of(flow, from_a);
        }
        ft_media_take(call, flow, stream, side, pkt, rtp, &at);
        /* Numbers that are missing may be among headers that were cut off. */
        if (!flow->rtp_cut)
            facts_loss(call, stream, stream->by[side]);
        facts_clocks(call, flow, stream, rtp->seq, pinfo);
        flow->last_stream = stream;
    }
    if (!is_claim(call, flow, pkt))
        call->paths |= pkt->kind == FT_KIND_RELAY || pkt->from_relay || pkt->to_relay || pkt->inside_turn ? FT_PATH_RELAY : FT_PATH_DIRECT;
    at_device = flow->device_side >= 0 && flow->whose != FT_WHOSE_PEER;
    if (at_device) {
        *(side == FT_SIDE_DEVICE ? &call->media_sent : &call->media_received) += pkt->n_rtp;
        facts_unheard(call, pinfo, side == FT_SIDE_DEVICE);
        if (pkt->dscp >= 0)
            *(side == FT_SIDE_DEVICE ? &call->dscp_sent : &call->dscp_received) |= UINT64_C(1) << pkt->dscp;
    }
    /* What the call announced counts for more now: its other flows look again. */
    if (nstime_is_zero(&call->last_media_time))
        ft_index_tell();
    call->last_media_time = *ft_frame_time(pinfo);
    return side;
}

/* Media inside QUIC, or of a browser: who sends when is all that is known. */
static void
facts_quic_media(ft_call_t *call, const ft_flow_t *flow, const packet_info *pinfo, ft_side_t side)
{
    ft_moment_t at = ft_moment_of(pinfo);

    ft_media_take_opaque(call, side, flow->evidence & FT_EV(FT_EV_WEB) ? "by WebRTC [guess]" : "in QUIC [guess]", &at);
    call->media_in_quic++;
    call->paths |= ft_is_apple(&ft_flow_remote(flow)->addr) ? FT_PATH_RELAY : FT_PATH_DIRECT;
    if (flow->device_side >= 0)
        (*(side == FT_SIDE_DEVICE ? &call->media_sent : &call->media_received))++;
    call->last_media_time = *ft_frame_time(pinfo);
}

/* ---- The link of a call of today ------------------------------------------------------------------- */

/* In ft_flow_t.told: what the events of the call have of this flow. */
enum { FT_TOLD_OPENED = 1, FT_TOLD_UP = 2, FT_TOLD_DOWN = 4, FT_TOLD_ANSWERED = 8, FT_TOLD_CANDIDATES_A = 16, FT_TOLD_CANDIDATES_B = 32,
       FT_TOLD_ERROR = 64, FT_TOLD_REALLOCATED = 128, FT_TOLD_MOVED = 256 };

/* Both ends of the flow, the device first. */
static char *
path_name(const ft_flow_t *flow)
{
    char *device = ft_endpoint_text(NULL, ft_flow_device(flow)), *remote = ft_endpoint_text(NULL, ft_flow_remote(flow));
    char *text = wmem_strdup_printf(wmem_file_scope(), "%s to %s", device, remote);

    wmem_free(NULL, device);
    wmem_free(NULL, remote);
    return text;
}

/* True the first time. */
static bool
tell_once(ft_flow_t *flow, uint32_t what)
{
    if (flow->told & what)
        return false;
    flow->told |= what;
    return true;
}

/* What happened on a leg, of which it may turn out that it is the peer's own. */
static ft_event_t *
tell_of_leg(ft_call_t *call, const ft_flow_t *flow, ft_event_kind_t kind, const ft_moment_t *at, ft_side_t who, const char *what)
{
    ft_event_t *event = ft_history_add(call, kind, at, who, what);

    if (event && flow->whose == FT_WHOSE_UNKNOWN)
        event->leg = flow;
    return event;
}

/* A socket is closed, the session is gone, or a link is disconnected: the call is over unless somebody sends media later. */
static void
facts_closed(ft_call_t *call, const ft_moment_t *at, ft_side_t by)
{
    if (!call->streams || call->closed.frame)
        return;
    call->closed = *at;
    call->closed_by = by;
    if (!call->ended.at.frame) {
        call->ended.kind = FT_EVENT_ENDED;
        call->ended.at = *at;
    }
}

void
ft_facts_quoted(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_moment_t at = ft_moment_of(pinfo);
    bool devices = pkt->closed_a == (ft_flow_device(flow) == &flow->a);
    ft_side_t near = flow->whose == FT_WHOSE_PEER ? FT_SIDE_PEER : FT_SIDE_DEVICE, far = near == FT_SIDE_PEER ? FT_SIDE_DEVICE : FT_SIDE_PEER;

    if (!pkt->closed || !tell_once(flow, FT_TOLD_DOWN))
        return;
    if (!devices) {
        /* What the far end closed may be one of its candidates only. */
        ft_history_add(call, FT_EVENT_SOCKET_CLOSED, &at, far, ft_endpoint_text(wmem_file_scope(), ft_flow_remote(flow)));
        return;
    }
    if (!ft_media_socket(call, flow)) {
        ft_history_add(call, FT_EVENT_LEG_DOWN, &at, near, path_name(flow));
        return;
    }
    if (!call->closed.frame)
        ft_history_add(call, FT_EVENT_SOCKET_CLOSED, &at, near, ft_endpoint_text(wmem_file_scope(), ft_flow_device(flow)));
    facts_closed(call, &at, FT_SIDE_UNKNOWN);
}

/* Has the side nominated another pair with a higher number before? The other side then ignores it (IDSGlobalLink of iOS 26.1). */
static bool
facts_nomination_is_old(ft_call_t *call, const ft_link_facts_t *link, ft_side_t side)
{
    int highest = call->nomination[side];

    if (link->is_ack || link->counter < 0)
        return false;
    call->nomination[side] = MAX(highest, link->counter);
    return link->counter < highest;
}

static void
facts_link(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const ft_moment_t *at, ft_side_t side)
{
    const ft_link_facts_t *link = &pkt->link;
    char seconds[FT_DECIMAL_LEN];
    bool old;

    if (link->has_delay && !call->accept_delay) {
        call->accept_delay = link->accept_delay;
        call->accept_told_by = side;
        tell_of_leg(call, flow, FT_EVENT_ACCEPTED, at, side,
                       wmem_strdup_printf(wmem_file_scope(), "after %s s, by its link message",
                                          ft_decimal(seconds, link->accept_delay / FT_NTP_SHORT_CLOCK, 1)));
    }
    switch (link->command) {
    case FT_LINK_CANDIDATES:
        if (!link->is_ack && tell_once(flow, side == FT_SIDE_DEVICE ? FT_TOLD_CANDIDATES_A : FT_TOLD_CANDIDATES_B))
            tell_of_leg(call, flow, FT_EVENT_CANDIDATES, at, side,
                           wmem_strdup_printf(wmem_file_scope(), "%u addresses", pkt->n_candidates));
        break;
    case FT_LINK_NOMINATE:
        first_moment(&call->path_nominated, at);
        old = facts_nomination_is_old(call, link, side);
        tell_of_leg(call, flow, FT_EVENT_NOMINATED, at, side,
                       wmem_strdup_printf(wmem_file_scope(), "%s%s%s", link->is_ack ? "accepted: " : "", path_name(flow), old ? ", an old number" : ""));
        break;
    case FT_LINK_DISCONNECTED:
        if (link->is_ack)
            break;
        tell_of_leg(call, flow, FT_EVENT_LEG_DOWN, at, side, "link disconnected");
        facts_closed(call, at, side);
        break;
    default:
        break;
    }
}

/* The hello that the flow began with before it was known. */
static void
facts_waiting_hello(ft_call_t *call, ft_flow_t *flow)
{
    if (tell_once(flow, FT_TOLD_OPENED))
        flow->opened = tell_of_leg(call, flow, FT_EVENT_RELAY_OPENED, &flow->waiting_hello.at, FT_SIDE_DEVICE, path_name(flow));
    ft_index_add_token(flow->waiting_hello.token, flow->waiting_hello.token_len, call);
    ft_session_take(call, flow, flow->waiting_hello.token, flow->waiting_hello.token_len, &flow->waiting_hello.at, FT_SIDE_DEVICE);
    flow->waiting_hello.token = NULL;
}

/* What the datagram says of relay sessions, legs and paths. */
static void
facts_paths(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt, const ft_moment_t *at, ft_side_t side)
{
    bool sent = flow->device_side >= 0 && ft_flow_from_device(flow, pkt->from_a);
    /* What comes from Apple's side is the relay's. */
    bool from_relay = flow->device_side >= 0 && !sent && ft_is_apple(&ft_flow_remote(flow)->addr);

    if (flow->waiting_hello.token && side != FT_SIDE_UNKNOWN)
        facts_waiting_hello(call, flow);
    if (pkt->quic_initial && sent && tell_once(flow, FT_TOLD_OPENED))
        flow->opened = tell_of_leg(call, flow, FT_EVENT_RELAY_OPENED, at, side, path_name(flow));
    if (pkt->quic_token)
        ft_session_take(call, flow, pkt->quic_token, pkt->quic_token_len, at, side);
    if (pkt->kind == FT_KIND_RELAY && tell_once(flow, FT_TOLD_UP))
        tell_of_leg(call, flow, FT_EVENT_LEG_UP, at, side, path_name(flow));
    if (pkt->n_rtp && pkt->kind == FT_KIND_RTP && tell_once(flow, FT_TOLD_UP)) {
        tell_of_leg(call, flow, FT_EVENT_LEG_UP, at, side, path_name(flow));
        if (!ft_is_apple(&ft_flow_remote(flow)->addr))
            first_moment(&call->direct_media, at);
    }
    if (pkt->kind == FT_KIND_STUN && pkt->is_answer && !pkt->error && !ft_is_apple(&ft_flow_remote(flow)->addr) &&
        tell_once(flow, FT_TOLD_ANSWERED)) {
        first_moment(&call->path_answered, at);
        tell_of_leg(call, flow, FT_EVENT_PATH_ANSWERED, at, side, path_name(flow));
    }
    if (pkt->error && ft_is_apple(&ft_flow_remote(flow)->addr) && tell_once(flow, FT_TOLD_ERROR))
        ft_history_add(call, FT_EVENT_RELAY_ERROR, at, FT_SIDE_RELAY,
                       wmem_strdup_printf(wmem_file_scope(), "%u%s%s", pkt->error, pkt->error_reason ? " " : "",
                                          pkt->error_reason ? pkt->error_reason : ""));
    if (pkt->reallocates && tell_once(flow, from_relay ? FT_TOLD_MOVED : FT_TOLD_REALLOCATED))
        tell_of_leg(call, flow, FT_EVENT_REALLOCATED, at, from_relay ? FT_SIDE_RELAY : side,
                       from_relay ? "STUN Reallocate, by the relay's wish" : "STUN Reallocate");
    if (pkt->radio || pkt->n_candidates)
        ft_radios_take(call, pinfo, pkt, side, at);
    if (pkt->session_gone)
        facts_closed(call, at, FT_SIDE_UNKNOWN);
    if (pkt->kind == FT_KIND_RELAY && flow->device_side >= 0 && flow->whose != FT_WHOSE_PEER)
        ft_relay_counts_take(call, flow, pkt, sent, (flow->told & FT_TOLD_OPENED) != 0, at);
    if (pkt->relay.nack)
        ft_media_ask(call, side, at);
    if (pkt->link.command)
        facts_link(call, flow, pkt, at, side);
}

/* The relay is who sends relay data; a host that only answered a QUIC handshake may be one that was tried and left. The peer is
 * who sends SIP or media itself, or answers a check. */
static void
facts_peer(ft_call_t *call, ft_flow_t *flow)
{
    call->peer = *ft_flow_remote(flow);
    call->peer_flow = flow;
    for (unsigned i = 0; i < call->n_devices; i++) {
        if (flow->device_side < 0 && ft_endpoint_equal(&call->devices[i], &call->peer))
            call->peer = *ft_flow_device(flow);
    }
    if (flow->device_side < 0)
        ft_facts_undecided(call, flow);
}

/* The relay at the flow's remote end, made if the call has none there; NULL: the limit. */
static ft_call_relay_t *
facts_relay(ft_call_t *call, ft_flow_t *flow)
{
    const ft_endpoint_t *remote = ft_flow_remote(flow);

    /* The number may be of a call that was merged into this one. */
    if (flow->relay_index == 0 || flow->relay_index > call->n_relays || !ft_endpoint_equal(&call->relays[flow->relay_index - 1].at, remote)) {
        unsigned i = 0;

        while (i < call->n_relays && !ft_endpoint_equal(&call->relays[i].at, remote))
            i++;
        if (i == FT_MAX_RELAYS)
            return NULL;
        if (i == call->n_relays)
            call->relays[call->n_relays++].at = *remote;
        flow->relay_index = (uint8_t)(i + 1);
    }
    return &call->relays[flow->relay_index - 1];
}

static void
facts_count_relay(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, bool from_device)
{
    ft_call_relay_t *relay = facts_relay(call, flow);

    if (!relay)
        return;
    *(from_device ? &relay->sent : &relay->received) += 1;
    relay->data |= pkt->kind == FT_KIND_RELAY;
}

/* What a device exchanges with Apple's servers, not with its peer. */
#define KINDS_OF_SERVERS (1u << FT_KIND_RELAY | 1u << FT_KIND_WEB | 1u << FT_KIND_QUIC | 1u << FT_KIND_NAT_PROBE | 1u << FT_KIND_LINK_PROBE)

static void
facts_sides(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, bool from_device)
{
    const ft_endpoint_t *device = ft_flow_device(flow), *remote = ft_flow_remote(flow);
    bool apple = ft_is_apple(&remote->addr), with_relay = ft_packet_is_with_relay(pkt);

    if (call->device.addr.type == AT_NONE && flow->device_side >= 0)
        call->device = *device;
    /* Both ends have private addresses: the capture sees both devices' networks, and what both do around the call. */
    if (flow->both_local && !(flow->noted & FT_NOTED_BOTH_ENDS)) {
        flow->noted |= FT_NOTED_BOTH_ENDS;
        facts_index_device(call, &flow->a, flow->link_ends[0], true);
        facts_index_device(call, &flow->b, flow->link_ends[1], true);
    }
    if ((pkt->kind == FT_KIND_RELAY || pkt->kind == FT_KIND_WEB || (pkt->inside_turn && pkt->n_rtp)) && call->relay.addr.type == AT_NONE)
        call->relay = *remote;
    if (with_relay)
        facts_count_relay(call, flow, pkt, from_device);
    if (with_relay && !(flow->noted & (1u << pkt->kind))) {
        ft_index_add_relay(remote, ft_flow_link(flow, flow->device_side == 1 ? 1 : 0), call);
        flow->noted |= 1u << pkt->kind;
    }
    if (call->peer.addr.type == AT_NONE && !apple && !pkt->inside_turn && !is_claim(call, flow, pkt) &&
        (pkt->kind == FT_KIND_SIP || pkt->kind == FT_KIND_RTP || (pkt->quic_between && pkt->quic_media) ||
         (pkt->kind == FT_KIND_STUN && pkt->is_answer && !from_device)))
        facts_peer(call, flow);
    if (pkt->kind == FT_KIND_STUN && !apple && !pkt->inside_turn && !pkt->is_answer && from_device && call->announced_peer.addr.type == AT_NONE &&
        !ft_is_private(&remote->addr))
        call->announced_peer = *remote;
    /* Not a relay or server whose address is not Apple's: behind NAT64, say. */
    if (!apple && !pkt->inside_turn && !(flow->noted & FT_NOTED_PEER) && !is_claim(call, flow, pkt) &&
        (pkt->kind == FT_KIND_STUN || pkt->kind == FT_KIND_RTP) &&
        !ft_is_local(&remote->addr) && !ft_is_relay_port(remote->port) && !(flow->kinds & KINDS_OF_SERVERS)) {
        flow->noted |= FT_NOTED_PEER;
        ft_index_add_end(remote, 0, FT_KNOWN_PEER, FT_JOIN_PEER, call);
    }
    if (pkt->kind == FT_KIND_STUN && !apple && !pkt->inside_turn)
        *(pkt->is_answer ? &call->check_answers : &call->checks) += 1;
}

/* Does a device send to its relay a list of its addresses without the one it sends from? Measured: each list of the real calls has it. Avoids the list
 * of another device, which anybody can send who has seen it. */
static bool
is_list_of_another(const ft_flow_t *flow, const ft_packet_t *pkt, bool from_device)
{
    bool any = false;

    if (pkt->kind != FT_KIND_RELAY || !from_device)
        return false;
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        any |= pkt->candidates[i].how == FT_CANDIDATE_OWN;
        if (addresses_equal(&pkt->candidates[i].at.addr, &ft_flow_device(flow)->addr))
            return false;
    }
    return any;
}

static void
facts_candidates(ft_call_t *call, const ft_flow_t *flow, const ft_packet_t *pkt, bool from_device)
{
    unsigned device_side = flow->device_side == 1 ? 1 : 0;

    if (is_list_of_another(flow, pkt, from_device))
        return;
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        const ft_candidate_t *candidate = &pkt->candidates[i];
        bool own = candidate->how == FT_CANDIDATE_OWN;
        bool of_device = own ? from_device : !from_device;

        ft_index_add_end(&candidate->at, ft_flow_link(flow, device_side), of_device ? FT_KNOWN_DEVICE : FT_KNOWN_PEER,
                         own ? FT_JOIN_CANDIDATE : FT_JOIN_MAPPED, call);
        if (!of_device && own && call->announced_peer.addr.type == AT_NONE && !ft_is_private(&candidate->at.addr) && !ft_is_apple(&candidate->at.addr))
            ft_endpoint_copy(&call->announced_peer, &candidate->at.addr, candidate->at.port);
        /* The device's other addresses: another interface of it, or IPv6. Not those of its NAT, which others have too. */
        if (of_device && own && (candidate->at.addr.type == AT_IPv6 || ft_is_private(&candidate->at.addr)))
            facts_index_device(call, &candidate->at, flow->link_ends[device_side], false);
    }
}

/* A NAT probe is certain to be Apple's, but games (GameKit) and the system send it without a call: it makes none sure. */
#define FT_EV_OF_NO_CALL (FT_EV(FT_EV_SNATMAP) | FT_EV(FT_EV_COMMNAT))

void
ft_facts_confidence(ft_call_t *call, const ft_flow_t *flow)
{
    ft_confidence_t confidence = ft_confidence(flow->evidence & ~FT_EV_OF_NO_CALL);

    if (confidence > call->confidence)
        call->confidence = confidence;
}

void
ft_facts_take(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_moment_t at = ft_moment_of(pinfo);
    bool from_a = pkt->from_a, from_device;
    ft_side_t side;

    if (ft_sip_is_request(pkt->sip, "INVITE"))
        facts_caller(call, flow, pinfo);
    from_device = ft_flow_from_device(flow, from_a);
    side = ft_side_of(flow, from_a);
    ft_call_count_in(call, 1, ft_wire_bytes(pinfo), pinfo->num, ft_frame_time(pinfo), ft_frame_time(pinfo));
    call->last_frame = MAX(call->last_frame, pinfo->num);
    ft_clock_add(&call->own_clock, ft_frame_time(pinfo));
    call->own_time = *ft_clock_latest(&call->own_clock);
    call->recent[1] = call->recent[0];
    call->recent[0] = *ft_frame_time(pinfo);
    call->evidence |= flow->evidence;
    if (flow->confidence > call->confidence)
        ft_facts_confidence(call, flow);
    /* What is not known says nothing of a phase. */
    if (pkt->kind != FT_KIND_UNKNOWN)
        note_moment(&call->phase[pkt->phase], pinfo);
    ft_facts_arrow(call, flow, pinfo, pkt);
    ft_exposure_datagram(call, pinfo, pkt, side);
    if (flow->told_links != links_seen(flow) && flow->device_side >= 0)
        ft_facts_take_device(call, flow);
    facts_sides(call, flow, pkt, from_device);
    facts_candidates(call, flow, pkt, from_device);
    if (pkt->participant && pkt->participant != flow->last_participant) {
        ft_index_add_participant(pkt->participant, call);
        flow->last_participant = pkt->participant;
    }
    if (pkt->quic_token)
        ft_index_add_token(pkt->quic_token, pkt->quic_token_len, call);
    for (unsigned i = 0; i < pkt->n_sdp_ssrc; i++) {
        ft_stream_t *stream = ft_stream_get(pkt->sdp_ssrc[i]);

        if (stream)
            stream->call = call;
    }
    if (pkt->sip)
        facts_sip(call, pkt->sip, pinfo, from_device, flow->device_side >= 0);
    if (pkt->n_rtp)
        side = facts_rtp(call, flow, pkt, pinfo, from_a);
    if (pkt->quic_media)
        facts_quic_media(call, flow, pinfo, side);
    facts_paths(call, flow, pinfo, pkt, &at, side);
}
