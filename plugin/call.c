/* call.c
 * Calls: which flows belong to one, and what is known of it. Written on the first pass only; never reads a tvb.
 *
 * A datagram joins the call of its flow. A flow without a call looks for one by these reasons, the surest first:
 *
 *  1. SIP Call-ID: it names the call.
 *  2. SSRC: 32 random bits that stay the same on every path (Wi-Fi, cellular, relay, direct).
 *  3. Address and port that a call announced (link message, SDP) or that a server saw (SNATMAP, STUN).
 *  4. The device's address: a device has one call at a time. Ends with the call, or after a silence.
 *  5. In a Raw IP capture only: the relay's address and port. Such a capture is taken on the device itself, so two local
 *     addresses are its Wi-Fi and its cellular interface. On a network two devices can share a relay and have two calls.
 *
 * Where a later datagram shows (by 1, 2 or 3) that two calls are one, they are merged.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <wiretap/wtap.h>

/* Limits of what a flood can make this file hold. */
#define FT_MAX_CALLS        131072
#define FT_MAX_STREAMS      262144
#define FT_MAX_ENDPOINTS    262144
#define FT_MAX_PENDING      64

/* A call that was silent for so long is over; what comes then is another one. Longer than the 10 s of RTP silence after which
 * FaceTime shows "reconnecting" and the about 20 s after which it gives up (observed behaviour, no written source). */
#define FT_CALL_IDLE_SECONDS 30
/* Answers and late media after the end still belong to the call: SIP's timer F is 32 s (RFC 3261, 17.1.2.2), in practice
 * they come within a round trip or two. */
#define FT_CALL_AFTER_END_SECONDS 5
/* A NAT probe this long before a call belongs to it: 1 s was seen on a real call; the 2010 description has push,
 * certificate and registration in between. */
#define FT_PRELUDE_SECONDS 60
/* Media that stopped for so long while the capture went on: the call was interrupted. */
#define FT_SILENCE_SECONDS 10

/* An address and port that a call knows. File scope. */
typedef struct known_endpoint {
    ft_endpoint_t at;
    ft_call_t *call;
} known_endpoint_t;

static wmem_array_t *calls;             /* of ft_call_t *, in the order they began; merged ones included */
static wmem_array_t *live;              /* the ones that stand for themselves; made by ft_call_renumber() */
static bool numbers_stale;              /* a merge left a gap, or `live` is older than `calls` */
static wmem_map_t *by_call_id;          /* SIP Call-ID -> ft_call_t */
static wmem_map_t *by_endpoint;         /* ft_endpoint_t -> known_endpoint_t */
static wmem_map_t *by_device;           /* ft_endpoint_t with port 0 -> known_endpoint_t */
static wmem_map_t *streams;             /* SSRC -> ft_stream_t */
static ft_flow_t *pending[FT_MAX_PENDING]; /* NAT probes that wait for their call: a ring */
static unsigned pending_next;
static uint32_t endpoint_news;          /* counts what was added to by_endpoint: a flow looks there again only when it changed */
static nstime_t clock_now;              /* absolute time of the latest frame of the first pass */

ft_call_t *
ft_call_root(ft_call_t *call)
{
    /* Merges keep the older call, so that chains are short; they are made shorter on the way. */
    while (call->merged_into) {
        if (call->merged_into->merged_into)
            call->merged_into = call->merged_into->merged_into;
        call = call->merged_into;
    }
    return call;
}

static double
seconds_between(const nstime_t *later, const nstime_t *earlier)
{
    nstime_t delta;

    nstime_delta(&delta, later, earlier);
    return nstime_to_sec(&delta);
}

/* ---- What calls are found by -------------------------------------------------------------- */

static known_endpoint_t *
endpoint_lookup(wmem_map_t *map, const address *addr, uint16_t port)
{
    ft_endpoint_t at = { .addr = *addr, .port = port };

    return addr->type == AT_NONE ? NULL : (known_endpoint_t *)wmem_map_lookup(map, &at);
}

static void
endpoint_note(wmem_map_t *map, const address *addr, uint16_t port, ft_call_t *call)
{
    known_endpoint_t *known = endpoint_lookup(map, addr, port);

    if (addr->type == AT_NONE)
        return;
    if (!known) {
        if (wmem_map_size(map) >= FT_MAX_ENDPOINTS)
            return;
        known = wmem_new0(wmem_file_scope(), known_endpoint_t);
        ft_endpoint_copy(&known->at, addr, port);
        wmem_map_insert(map, &known->at, known);
    }
    if (known->call != call)
        endpoint_news++;
    known->call = call;
}

/* True if the call may still get packets at this time. */
static bool
call_lives(const ft_call_t *call, const nstime_t *now)
{
    double idle = seconds_between(now, &call->last_time);

    if (call->end_frame && seconds_between(now, &call->end_time) > FT_CALL_AFTER_END_SECONDS)
        return false;
    return idle <= FT_CALL_IDLE_SECONDS;
}

static ft_call_t *
living(const known_endpoint_t *known, const nstime_t *now)
{
    ft_call_t *call = known ? ft_call_root(known->call) : NULL;

    return call && call_lives(call, now) ? call : NULL;
}

ft_call_t *
ft_call_by_endpoint(const address *addr, uint16_t port)
{
    return living(endpoint_lookup(by_endpoint, addr, port), &clock_now);
}

ft_call_t *
ft_call_by_device(const address *addr)
{
    const known_endpoint_t *known = endpoint_lookup(by_device, addr, 0);

    return known ? ft_call_root(known->call) : NULL;
}

ft_stream_t *
ft_stream_find(uint32_t ssrc)
{
    return (ft_stream_t *)wmem_map_lookup(streams, GUINT_TO_POINTER(ssrc));
}

ft_stream_t *
ft_stream_get(uint32_t ssrc)
{
    ft_stream_t *stream = ft_stream_find(ssrc);

    if (!stream && wmem_map_size(streams) < FT_MAX_STREAMS) {
        stream = wmem_new0(wmem_file_scope(), ft_stream_t);
        stream->ssrc = ssrc;
        wmem_map_insert(streams, GUINT_TO_POINTER(ssrc), stream);
    }
    return stream;
}

static ft_call_t *
call_by_ssrc(uint32_t ssrc, const nstime_t *now)
{
    ft_stream_t *stream = ft_stream_find(ssrc);
    ft_call_t *call = stream && stream->call ? ft_call_root(stream->call) : NULL;

    return call && call_lives(call, now) ? call : NULL;
}

/* The sides of a flow. Where the device is not known, who sent first is taken for it. */
static const ft_endpoint_t *
flow_device(const ft_flow_t *flow)
{
    return flow->device_side == 1 ? &flow->b : &flow->a;
}

static const ft_endpoint_t *
flow_remote(const ft_flow_t *flow)
{
    return flow->device_side == 1 ? &flow->a : &flow->b;
}

/* A call that the packet itself names, by reasons 1 to 3. */
static ft_call_t *
call_named(const ft_flow_t *flow, const ft_packet_t *pkt, const nstime_t *now)
{
    ft_call_t *call = NULL;

    if (pkt->sip && pkt->sip->call_id)
        return (call = (ft_call_t *)wmem_map_lookup(by_call_id, pkt->sip->call_id)) ? ft_call_root(call) : NULL;
    for (unsigned i = 0; i < pkt->n_rtp && !call; i++)
        call = call_by_ssrc(pkt->rtp[i].ssrc, now);
    for (unsigned i = 0; i < pkt->n_learned && !call; i++)
        call = living(endpoint_lookup(by_endpoint, &pkt->learned[i].at.addr, pkt->learned[i].at.port), now);
    if (!call)
        call = living(endpoint_lookup(by_endpoint, &flow->a.addr, flow->a.port), now);
    if (!call)
        call = living(endpoint_lookup(by_endpoint, &flow->b.addr, flow->b.port), now);
    return call;
}

/* True if the packet can tell nothing about its flow's call that was not known at the last one: most media packets. */
static bool
call_is_told(const ft_flow_t *flow, ft_call_t *call, const ft_packet_t *pkt)
{
    if (pkt->sip || pkt->n_learned || flow->endpoint_news != endpoint_news)
        return false;
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_stream_t *stream = flow->last_stream && flow->last_stream->ssrc == pkt->rtp[i].ssrc ? flow->last_stream :
                                    ft_stream_find(pkt->rtp[i].ssrc);

        if (!stream || !stream->call || ft_call_root(stream->call) != call)
            return false;
    }
    return true;
}

/* A call by its surroundings, reasons 4 and 5. */
static ft_call_t *
call_near(const ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_call_t *call = living(endpoint_lookup(by_device, &flow_device(flow)->addr, 0), &pinfo->abs_ts);

    if (!call && pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_RAW_IP &&
        (pkt->kind == FT_KIND_RELAY || pkt->kind == FT_KIND_QUIC))
        call = living(endpoint_lookup(by_endpoint, &flow_remote(flow)->addr, 0), &pinfo->abs_ts);
    return call;
}

/* ---- Making, joining, merging ------------------------------------------------------------- */

static ft_call_t *
call_new(const packet_info *pinfo)
{
    ft_call_t *call;

    if (wmem_array_get_count(calls) >= FT_MAX_CALLS)
        return NULL;
    call = wmem_new0(wmem_file_scope(), ft_call_t);
    call->number = wmem_array_get_count(calls) + 1;
    call->first_frame = call->last_frame = pinfo->num;
    call->first_time = call->last_time = pinfo->abs_ts;
    wmem_array_append_one(calls, call);
    numbers_stale = true;
    return call;
}

static void
call_count(ft_call_t *call, uint32_t packets, uint64_t bytes, uint32_t first_frame, const nstime_t *first, const nstime_t *last)
{
    call->packets += packets;
    call->bytes += bytes;
    if (first_frame < call->first_frame)
        call->first_frame = first_frame;
    if (nstime_cmp(first, &call->first_time) < 0)
        call->first_time = *first;
    if (nstime_cmp(last, &call->last_time) > 0)
        call->last_time = *last;
}

/* Gives the flow to the call, with the datagrams that came before. */
static void
call_take_flow(ft_call_t *call, ft_flow_t *flow, uint32_t from_frame)
{
    if (flow->call && !flow->calls) {
        flow->calls = wmem_tree_new(wmem_file_scope());
        wmem_tree_insert32(flow->calls, 0, flow->call);
    }
    if (flow->calls)
        wmem_tree_insert32(flow->calls, from_frame, call);
    flow->call = call;
    if (flow->uncounted_packets)
        call_count(call, flow->uncounted_packets, flow->uncounted_bytes, flow->first_frame, &flow->first_time, &flow->last_time);
    flow->uncounted_packets = 0;
    flow->uncounted_bytes = 0;
    call->evidence |= flow->evidence;
    if (flow->confidence > call->confidence)
        call->confidence = flow->confidence;
    endpoint_note(by_device, &flow_device(flow)->addr, 0, call);
}

/* NAT probes of the device that came shortly before. */
static void
call_take_pending(ft_call_t *call, const ft_flow_t *of)
{
    for (unsigned i = 0; i < FT_MAX_PENDING; i++) {
        ft_flow_t *flow = pending[i];

        if (!flow || !addresses_equal(&flow_device(flow)->addr, &flow_device(of)->addr))
            continue;
        pending[i] = NULL;
        if (seconds_between(&of->last_time, &flow->last_time) <= FT_PRELUDE_SECONDS)
            call_take_flow(call, flow, flow->first_frame);
    }
}

/* Flows of the same socket that only this one showed to be FaceTime. */
static void
call_take_brought(ft_call_t *call, ft_flow_t *of)
{
    while (of->brought) {
        ft_flow_t *flow = of->brought;

        of->brought = flow->next;
        flow->next = NULL;
        if (!flow->call)
            call_take_flow(call, flow, flow->first_frame);
    }
}

static void
call_wait(ft_flow_t *flow)
{
    for (unsigned i = 0; i < FT_MAX_PENDING; i++) {
        if (pending[i] == flow)
            return;
    }
    pending[pending_next] = flow;
    pending_next = (pending_next + 1) % FT_MAX_PENDING;
}

/* The older call takes over the younger one. */
static ft_call_t *
call_merge(ft_call_t *a, ft_call_t *b)
{
    ft_call_t *keep = a->number < b->number ? a : b, *gone = keep == a ? b : a;

    call_count(keep, gone->packets, gone->bytes, gone->first_frame, &gone->first_time, &gone->last_time);
    keep->last_frame = MAX(keep->last_frame, gone->last_frame);
    keep->evidence |= gone->evidence;
    keep->confidence = MAX(keep->confidence, gone->confidence);
    keep->media |= gone->media;
    keep->paths |= gone->paths;
    keep->n_devices += gone->n_devices;
    if (keep->direction == FT_DIRECTION_UNKNOWN)
        keep->direction = gone->direction;
    if (nstime_is_zero(&keep->media_time) || (!nstime_is_zero(&gone->media_time) && nstime_cmp(&gone->media_time, &keep->media_time) < 0))
        keep->media_time = gone->media_time;
    if (nstime_cmp(&gone->last_media_time, &keep->last_media_time) > 0)
        keep->last_media_time = gone->last_media_time;
    keep->invited |= gone->invited;
    keep->ringing |= gone->ringing;
    keep->answered |= gone->answered;
    keep->bye |= gone->bye;
    keep->declined |= gone->declined;
    keep->cancelled |= gone->cancelled;
    keep->failed |= gone->failed;
    if (!keep->end_frame) {
        keep->end_frame = gone->end_frame;
        keep->end_time = gone->end_time;
    }
    if (!keep->sip_call_id)
        keep->sip_call_id = gone->sip_call_id;
    if (!keep->from)
        keep->from = gone->from;
    if (!keep->to)
        keep->to = gone->to;
    if (keep->peer.addr.type == AT_NONE)
        keep->peer = gone->peer;
    if (keep->relay.addr.type == AT_NONE)
        keep->relay = gone->relay;
    gone->merged_into = keep;
    numbers_stale = true;
    return keep;
}

/* ---- What a packet says of its call -------------------------------------------------------- */

static void
call_sip(ft_call_t *call, const ft_sip_t *sip, const packet_info *pinfo, bool from_device)
{
    bool ends = false;
    bool invite = sip->method && strcmp(sip->method, "INVITE") == 0;

    if (!call->sip_call_id && sip->call_id) {
        call->sip_call_id = wmem_strdup(wmem_file_scope(), sip->call_id);
        wmem_map_insert(by_call_id, call->sip_call_id, call);
    }
    if (!call->from && sip->from)
        call->from = wmem_strdup(wmem_file_scope(), sip->from);
    if (!call->to && sip->to)
        call->to = wmem_strdup(wmem_file_scope(), sip->to);
    if (invite && sip->is_request && !call->invited) {
        call->invited = true;
        call->direction = from_device ? FT_DIRECTION_OUTBOUND : FT_DIRECTION_INBOUND;
    }
    if (invite && !sip->is_request && call->direction == FT_DIRECTION_UNKNOWN)
        call->direction = from_device ? FT_DIRECTION_INBOUND : FT_DIRECTION_OUTBOUND;
    if (invite && sip->status == 180)
        call->ringing = true;
    if (invite && sip->status >= 200 && sip->status < 300)
        call->answered = true;
    if (sip->is_request && sip->method && strcmp(sip->method, "BYE") == 0)
        ends = call->bye = true;
    if (sip->is_request && sip->method && strcmp(sip->method, "CANCEL") == 0)
        ends = call->cancelled = true;
    if (invite && sip->status >= 300) {
        ends = true;
        if (sip->status == 487)                         /* RFC 3261, 21.4.25: Request Terminated */
            call->cancelled = true;
        else if (sip->status >= 600 || sip->status == 486 || sip->status == 480)
            call->declined = true;                      /* Decline, Busy Here, Temporarily Unavailable */
        else
            call->failed = true;
    }
    if (ends && !call->end_frame) {
        call->end_frame = pinfo->num;
        call->end_time = pinfo->abs_ts;
    }
}

static void
call_rtp(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, const packet_info *pinfo)
{
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        const ft_rtp_t *rtp = &pkt->rtp[i];
        ft_stream_t *stream = flow->last_stream && flow->last_stream->ssrc == rtp->ssrc ? flow->last_stream : ft_stream_get(rtp->ssrc);

        call->media |= ft_rtp_media(rtp->payload_type);
        if (!stream)
            continue;
        stream->payload_type = rtp->payload_type;
        stream->packets++;
        stream->call = call;
        flow->last_stream = stream;
    }
    call->paths |= pkt->kind == FT_KIND_RELAY || pkt->from_relay || pkt->to_relay ? FT_PATH_RELAY : FT_PATH_DIRECT;
    if (nstime_is_zero(&call->media_time))
        call->media_time = pinfo->abs_ts;
    call->last_media_time = pinfo->abs_ts;
}

static void
call_update(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    const ft_endpoint_t *device = flow_device(flow), *remote = flow_remote(flow);
    bool from_device = (flow->device_side == 1) != ft_flow_from_a(flow, pinfo);

    call_count(call, 1, pinfo->fd->pkt_len, pinfo->num, &pinfo->abs_ts, &pinfo->abs_ts);
    call->last_frame = MAX(call->last_frame, pinfo->num);
    call->evidence |= flow->evidence;
    if (flow->confidence > call->confidence)
        call->confidence = flow->confidence;
    if (call->device.addr.type == AT_NONE && flow->device_side >= 0)
        call->device = *device;
    /* The relay is who sends relay data; a host that only answered a QUIC handshake may be one that was tried and left. */
    if (pkt->kind == FT_KIND_RELAY && call->relay.addr.type == AT_NONE)
        call->relay = *remote;
    if ((pkt->kind == FT_KIND_RELAY || pkt->kind == FT_KIND_QUIC) && !(flow->noted & (1u << pkt->kind))) {
        endpoint_note(by_endpoint, &remote->addr, 0, call);
        flow->noted |= 1u << pkt->kind;
    }
    /* The peer is who sends SIP or media itself, or answers a check. */
    if ((pkt->kind == FT_KIND_SIP || (pkt->kind == FT_KIND_RTP && !ft_is_apple(&remote->addr)) ||
         (pkt->kind == FT_KIND_STUN && pkt->is_answer && !from_device)) &&
        call->peer.addr.type == AT_NONE && !ft_is_apple(&remote->addr))
        call->peer = *remote;
    for (unsigned i = 0; i < pkt->n_learned; i++) {
        const ft_learned_t *learned = &pkt->learned[i];
        bool of_device = learned->how == FT_LEARNED_OWN ? from_device : !from_device;

        endpoint_note(by_endpoint, &learned->at.addr, learned->at.port, call);
        /* The device's other addresses: another interface of it, or IPv6. */
        if (of_device && learned->how == FT_LEARNED_OWN)
            endpoint_note(by_device, &learned->at.addr, 0, call);
    }
    for (unsigned i = 0; i < pkt->n_sdp_ssrc; i++) {
        ft_stream_t *stream = ft_stream_get(pkt->sdp_ssrc[i]);

        if (stream)
            stream->call = call;
    }
    if (pkt->sip)
        call_sip(call, pkt->sip, pinfo, from_device);
    if (pkt->n_rtp)
        call_rtp(call, flow, pkt, pinfo);
}

/* Does a datagram of this kind make a call by itself? A NAT probe does not: GameKit and the system send them without one. */
static bool
call_begins(const ft_packet_t *pkt)
{
    return pkt->kind != FT_KIND_NAT_PROBE && pkt->kind != FT_KIND_LINK_PROBE && pkt->kind != FT_KIND_UNKNOWN;
}

ft_call_t *
ft_call_add(ft_flow_t *flow, packet_info *pinfo, const ft_packet_t *pkt, uint32_t *packets, uint64_t *bytes)
{
    ft_call_t *call = flow->call ? ft_call_root(flow->call) : NULL, *named;
    uint32_t packets_before;
    uint64_t bytes_before;

    *packets = 0;
    *bytes = 0;
    if (call && call_lives(call, &pinfo->abs_ts) && call_is_told(flow, call, pkt))
        named = call;
    else
        named = call_named(flow, pkt, &pinfo->abs_ts);
    flow->endpoint_news = endpoint_news;
    /* A new Call-ID on a flow that has a call with another one is a new call, however soon it comes. */
    if (call && pkt->sip && pkt->sip->call_id && call->sip_call_id && strcmp(pkt->sip->call_id, call->sip_call_id) != 0)
        call = named;
    else if (call && !call_lives(call, &pinfo->abs_ts) && !(named == call))
        call = named;
    else if (call && named && named != call)
        call = call_merge(call, named);
    if (!call)
        call = named;
    if (!call && !(pkt->sip && pkt->sip->is_request && pkt->sip->method && strcmp(pkt->sip->method, "INVITE") == 0 &&
                   flow->call))
        call = call_near(flow, pinfo, pkt);
    if (!call && call_begins(pkt))
        call = call_new(pinfo);
    if (!call) {
        flow->uncounted_packets++;
        flow->uncounted_bytes += pinfo->fd->pkt_len;
        call_wait(flow);
        return NULL;
    }
    packets_before = call->packets;
    bytes_before = call->bytes;
    if (!flow->call || ft_call_root(flow->call) != call) {
        call_take_flow(call, flow, flow->call ? pinfo->num : flow->first_frame);
        call_take_pending(call, flow);
    }
    if (flow->brought)
        call_take_brought(call, flow);
    call_update(call, flow, pinfo, pkt);
    *packets = call->packets - packets_before;
    *bytes = call->bytes - bytes_before;
    return call;
}

ft_state_t
ft_call_state(const ft_call_t *call)
{
    if (call->bye)
        return FT_STATE_ENDED;
    if (call->declined)
        return FT_STATE_DECLINED;
    if (call->cancelled)
        return FT_STATE_CANCELLED;
    if (call->failed)
        return FT_STATE_FAILED;
    if (!nstime_is_zero(&call->media_time))
        return seconds_between(&clock_now, &call->last_media_time) > FT_SILENCE_SECONDS ? FT_STATE_INTERRUPTED : FT_STATE_ESTABLISHED;
    if (call->answered)
        return FT_STATE_ESTABLISHED;
    return call->ringing ? FT_STATE_RINGING : FT_STATE_ATTEMPTED;
}

void
ft_call_renumber(void)
{
    uint32_t number = 0;

    if (!numbers_stale)
        return;
    numbers_stale = false;
    live = wmem_array_new(wmem_file_scope(), sizeof(ft_call_t *));
    for (unsigned i = 0; i < wmem_array_get_count(calls); i++) {
        ft_call_t *call = *(ft_call_t **)wmem_array_index(calls, i);

        if (call->merged_into)
            continue;
        call->number = ++number;
        wmem_array_append_one(live, call);
    }
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
    return wmem_array_get_count(calls) >= FT_MAX_CALLS;
}

void
ft_call_clock(const nstime_t *now)
{
    if (nstime_cmp(now, &clock_now) > 0)
        clock_now = *now;
}

void
ft_call_init(void)
{
    calls = wmem_array_new(wmem_file_scope(), sizeof(ft_call_t *));
    live = NULL;
    numbers_stale = true;
    by_call_id = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
    by_endpoint = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    by_device = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    streams = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    memset(pending, 0, sizeof pending);
    pending_next = 0;
    endpoint_news = 0;
    nstime_set_zero(&clock_now);
}
