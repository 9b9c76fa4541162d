/* facts.c
 * What a datagram says of its call: times, sides, media, SIP's events, addresses that other flows can be found by.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <epan/to_str.h>

/* Bytes of a name or number that are kept with a call: a telephone number has 15 digits, an address 254 characters (RFC 5321). */
#define FT_MAX_PARTY 256

/* In ft_flow_t.noted, beside the bits of kinds: both ends are devices of the call. */
#define FT_NOTED_BOTH_ENDS (1u << FT_KIND_COUNT)
/* A ladder shows routine of this flow: of QUIC or STUN, as answer or not, in one direction or the other; an ICMP error. */
#define FT_NOTED_ROUTINE(quic, answer, from_a) (1u << (FT_KIND_COUNT + 1 + 4 * (quic) + 2 * (answer) + (from_a)))
#define FT_NOTED_REFUSED (1u << (FT_KIND_COUNT + 9))
G_STATIC_ASSERT(FT_KIND_COUNT + 9 < 32);

/* The call can be found by this address of a device, and gets what the device did shortly before. */
static void
facts_index_device(ft_call_t *call, const ft_endpoint_t *device)
{
    ft_index_add_device(device, call);
    ft_services_take(call, &device->addr);
}

void
ft_facts_add_device(ft_call_t *call, const ft_endpoint_t *device)
{
    facts_index_device(call, device);
    for (unsigned i = 0; i < call->n_devices; i++) {
        if (addresses_equal(&call->devices[i].addr, &device->addr))
            return;
    }
    if (call->n_devices < FT_MAX_DEVICES)
        call->devices[call->n_devices++] = *device;
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
    if (moment->frame)
        return;
    moment->frame = pinfo->num;
    moment->when = pinfo->abs_ts;
}

static void
first_moment(ft_moment_t *moment, const ft_moment_t *at)
{
    if (!moment->frame)
        *moment = *at;
}

/* Where both ends are devices of networks that the capture sees, the caller is taken for the device that the call is told of. */
static void
facts_caller(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo)
{
    if (flow->device_side >= 0 || !flow->both_local)
        return;
    flow->device_side = ft_flow_from_a(flow, pinfo) ? 0 : 1;
    ft_facts_add_device(call, ft_flow_device(flow));
}

static void
facts_sip(ft_call_t *call, const ft_sip_t *sip, const packet_info *pinfo, bool from_device, bool sides_known)
{
    ft_moment_t at = { .frame = pinfo->num, .when = pinfo->abs_ts };
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

static void
facts_rtp(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const packet_info *pinfo, ft_side_t side)
{
    ft_moment_t at = { .frame = pinfo->num, .when = pinfo->abs_ts };

    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_rtp_t *rtp = &pkt->rtp[i];
        ft_stream_t *stream = flow->last_stream && flow->last_stream->ssrc == rtp->ssrc ? flow->last_stream : ft_stream_get(rtp->ssrc);

        call->media |= rtp->media;
        if (!stream)
            continue;
        stream->payload_type = rtp->payload_type;
        stream->packets++;
        stream->call = call;
        ft_media_take(call, flow, stream, side, pkt, rtp, &at);
        facts_loss(call, stream, stream->by[side]);
        flow->last_stream = stream;
    }
    call->paths |= pkt->kind == FT_KIND_RELAY || pkt->from_relay || pkt->to_relay || pkt->inside_turn ? FT_PATH_RELAY : FT_PATH_DIRECT;
    if (flow->device_side >= 0)
        *(side == FT_SIDE_DEVICE ? &call->media_sent : &call->media_received) += pkt->n_rtp;
    if (flow->device_side >= 0 && pkt->dscp >= 0)
        *(side == FT_SIDE_DEVICE ? &call->dscp_sent : &call->dscp_received) |= UINT64_C(1) << pkt->dscp;
    call->last_media_time = pinfo->abs_ts;
}

/* ---- The link of a call of today ------------------------------------------------------------------- */

/* In ft_flow_t.told: what the events of the call have of this flow. */
enum { FT_TOLD_OPENED = 1, FT_TOLD_UP = 2, FT_TOLD_DOWN = 4, FT_TOLD_ANSWERED = 8, FT_TOLD_CANDIDATES_A = 16, FT_TOLD_CANDIDATES_B = 32,
       FT_TOLD_ERROR = 64 };

static char *
endpoint_name(const ft_endpoint_t *at)
{
    char *addr = address_to_str(wmem_file_scope(), &at->addr);

    return wmem_strdup_printf(wmem_file_scope(), at->addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u", addr, at->port);
}

/* Both ends of the flow, the device first. */
static char *
path_name(const ft_flow_t *flow)
{
    return wmem_strdup_printf(wmem_file_scope(), "%s to %s", endpoint_name(ft_flow_device(flow)), endpoint_name(ft_flow_remote(flow)));
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
    ft_moment_t at = { .frame = pinfo->num, .when = pinfo->abs_ts };
    bool devices = pkt->closed_a == (ft_flow_device(flow) == &flow->a);

    if (!pkt->closed || !tell_once(flow, FT_TOLD_DOWN))
        return;
    if (!devices) {
        /* What the far end closed may be one of its candidates only. */
        ft_history_add(call, FT_EVENT_SOCKET_CLOSED, &at, FT_SIDE_PEER, endpoint_name(ft_flow_remote(flow)));
        return;
    }
    if (!ft_media_socket(call, flow)) {
        ft_history_add(call, FT_EVENT_LEG_DOWN, &at, FT_SIDE_DEVICE, path_name(flow));
        return;
    }
    if (!call->closed.frame)
        ft_history_add(call, FT_EVENT_SOCKET_CLOSED, &at, FT_SIDE_DEVICE, endpoint_name(ft_flow_device(flow)));
    facts_closed(call, &at, FT_SIDE_UNKNOWN);
}

static void
facts_link(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const ft_moment_t *at, ft_side_t side)
{
    const ft_link_facts_t *link = &pkt->link;

    if (link->has_delay && !call->accept_delay) {
        call->accept_delay = link->accept_delay;
        call->accept_told_by = side;
    }
    switch (link->command) {
    case FT_LINK_CANDIDATES:
        if (!link->is_ack && tell_once(flow, side == FT_SIDE_DEVICE ? FT_TOLD_CANDIDATES_A : FT_TOLD_CANDIDATES_B))
            ft_history_add(call, FT_EVENT_CANDIDATES, at, side,
                           wmem_strdup_printf(wmem_file_scope(), "%u addresses", pkt->n_candidates));
        break;
    case FT_LINK_NOMINATE:
        first_moment(&call->path_nominated, at);
        ft_history_add(call, FT_EVENT_NOMINATED, at, side,
                       wmem_strdup_printf(wmem_file_scope(), "%s%s", link->is_ack ? "accepted: " : "", path_name(flow)));
        break;
    case FT_LINK_DISCONNECTED:
        if (link->is_ack)
            break;
        ft_history_add(call, FT_EVENT_LEG_DOWN, at, side, "link disconnected");
        facts_closed(call, at, side);
        break;
    default:
        break;
    }
}

/* What the datagram says of relay sessions, legs and paths. */
static void
facts_paths(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const ft_moment_t *at, ft_side_t side)
{
    if (pkt->quic_initial && side == FT_SIDE_DEVICE && tell_once(flow, FT_TOLD_OPENED))
        ft_history_add(call, FT_EVENT_RELAY_OPENED, at, side, path_name(flow));
    if (pkt->kind == FT_KIND_RELAY && tell_once(flow, FT_TOLD_UP))
        ft_history_add(call, FT_EVENT_LEG_UP, at, side, path_name(flow));
    if (pkt->n_rtp && pkt->kind == FT_KIND_RTP && tell_once(flow, FT_TOLD_UP)) {
        ft_history_add(call, FT_EVENT_LEG_UP, at, side, path_name(flow));
        if (!ft_is_apple(&ft_flow_remote(flow)->addr))
            first_moment(&call->direct_media, at);
    }
    if (pkt->kind == FT_KIND_STUN && pkt->is_answer && !pkt->error && !ft_is_apple(&ft_flow_remote(flow)->addr) &&
        tell_once(flow, FT_TOLD_ANSWERED)) {
        first_moment(&call->path_answered, at);
        ft_history_add(call, FT_EVENT_PATH_ANSWERED, at, side, path_name(flow));
    }
    if (pkt->error && ft_is_apple(&ft_flow_remote(flow)->addr) && tell_once(flow, FT_TOLD_ERROR))
        ft_history_add(call, FT_EVENT_RELAY_ERROR, at, FT_SIDE_RELAY,
                       wmem_strdup_printf(wmem_file_scope(), "%u%s%s", pkt->error, pkt->error_reason ? " " : "",
                                          pkt->error_reason ? pkt->error_reason : ""));
    if (pkt->session_gone)
        facts_closed(call, at, FT_SIDE_UNKNOWN);
    if (pkt->kind == FT_KIND_RELAY)
        ft_relay_counts_take(call, flow, pkt, side, at);
    if (pkt->relay.nack)
        ft_media_ask(call, side, at);
    if (pkt->link.command)
        facts_link(call, flow, pkt, at, side);
}

/* The relay is who sends relay data; a host that only answered a QUIC handshake may be one that was tried and left. The peer is
 * who sends SIP or media itself, or answers a check. */
static void
facts_sides(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, bool from_device)
{
    const ft_endpoint_t *device = ft_flow_device(flow), *remote = ft_flow_remote(flow);
    bool apple = ft_is_apple(&remote->addr);

    if (call->device.addr.type == AT_NONE && flow->device_side >= 0)
        call->device = *device;
    /* Both ends have private addresses: the capture sees both devices' networks, and what both do around the call. */
    if (flow->both_local && !(flow->noted & FT_NOTED_BOTH_ENDS)) {
        flow->noted |= FT_NOTED_BOTH_ENDS;
        facts_index_device(call, &flow->a);
        facts_index_device(call, &flow->b);
    }
    if ((pkt->kind == FT_KIND_RELAY || (pkt->inside_turn && pkt->n_rtp)) && call->relay.addr.type == AT_NONE)
        call->relay = *remote;
    if ((pkt->kind == FT_KIND_RELAY || pkt->kind == FT_KIND_QUIC) && !(flow->noted & (1u << pkt->kind))) {
        ft_index_add_relay(&remote->addr, call);
        flow->noted |= 1u << pkt->kind;
    }
    if (call->peer.addr.type == AT_NONE && !apple && !pkt->inside_turn &&
        (pkt->kind == FT_KIND_SIP || pkt->kind == FT_KIND_RTP || (pkt->kind == FT_KIND_STUN && pkt->is_answer && !from_device)))
        call->peer = *remote;
    if (pkt->kind == FT_KIND_STUN && !apple && !pkt->inside_turn && !pkt->is_answer && from_device && call->announced_peer.addr.type == AT_NONE &&
        !ft_is_private(&remote->addr))
        call->announced_peer = *remote;
    if (pkt->kind == FT_KIND_STUN && !apple && !pkt->inside_turn)
        *(pkt->is_answer ? &call->check_answers : &call->checks) += 1;
}

static void
facts_candidates(ft_call_t *call, const ft_packet_t *pkt, bool from_device)
{
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        const ft_candidate_t *candidate = &pkt->candidates[i];
        bool own = candidate->how == FT_CANDIDATE_OWN;
        bool of_device = own ? from_device : !from_device;

        ft_index_add_end(&candidate->at, of_device ? FT_KNOWN_DEVICE : FT_KNOWN_PEER, own ? FT_JOIN_CANDIDATE : FT_JOIN_MAPPED, call);
        if (!of_device && own && call->announced_peer.addr.type == AT_NONE && !ft_is_private(&candidate->at.addr) && !ft_is_apple(&candidate->at.addr))
            ft_endpoint_copy(&call->announced_peer, &candidate->at.addr, candidate->at.port);
        /* The device's other addresses: another interface of it, or IPv6. Not those of its NAT, which others have too. */
        if (of_device && own && (candidate->at.addr.type == AT_IPv6 || ft_is_private(&candidate->at.addr)))
            facts_index_device(call, &candidate->at);
    }
}

void
ft_facts_take(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_moment_t at = { .frame = pinfo->num, .when = pinfo->abs_ts };
    bool from_device;
    ft_side_t side;

    if (ft_sip_is_request(pkt->sip, "INVITE"))
        facts_caller(call, flow, pinfo);
    from_device = ft_flow_from_device(flow, ft_flow_from_a(flow, pinfo));
    side = flow->device_side < 0 ? FT_SIDE_UNKNOWN : from_device ? FT_SIDE_DEVICE : FT_SIDE_PEER;
    ft_call_count_in(call, 1, ft_wire_bytes(pinfo), pinfo->num, &pinfo->abs_ts, &pinfo->abs_ts);
    call->last_frame = MAX(call->last_frame, pinfo->num);
    if (nstime_cmp(&pinfo->abs_ts, &call->own_time) > 0)
        call->own_time = pinfo->abs_ts;
    call->evidence |= flow->evidence;
    if (flow->confidence > call->confidence)
        call->confidence = flow->confidence;
    /* What is not known says nothing of a phase. */
    if (pkt->kind != FT_KIND_UNKNOWN)
        note_moment(&call->phase[pkt->phase], pinfo);
    ft_facts_arrow(call, flow, pinfo, pkt);
    ft_exposure_datagram(call, pinfo, pkt);
    facts_sides(call, flow, pkt, from_device);
    facts_candidates(call, pkt, from_device);
    if (pkt->participant && pkt->participant != flow->last_participant) {
        ft_index_add_participant(pkt->participant, call);
        flow->last_participant = pkt->participant;
    }
    for (unsigned i = 0; i < pkt->n_sdp_ssrc; i++) {
        ft_stream_t *stream = ft_stream_get(pkt->sdp_ssrc[i]);

        if (stream)
            stream->call = call;
    }
    if (pkt->sip)
        facts_sip(call, pkt->sip, pinfo, from_device, flow->device_side >= 0);
    if (pkt->n_rtp)
        facts_rtp(call, flow, pkt, pinfo, side);
    facts_paths(call, flow, pkt, &at, side);
}
