/* flow.c
 * Flows: one 5-tuple each, kept as data of Wireshark's conversation. A flow with weak evidence only is watched. A flow with enough evidence is
 * FaceTime, on later passes from its first datagram on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "flow/flow.h"

/* How long after its last FaceTime datagram a socket is evidence for another flow of the same socket. Longer than the pauses of a call,
 * shorter than the time after which a system reuses the port. */
#define FT_SOCKET_SECONDS 60

/* Flows whose latest datagram was not long ago: media comes in a handful of flows that take turns. A power of 2. */
#define FT_RECENT_FLOWS 64

/* Flows without any sign, and their first datagrams, that are watched: QUIC connections, of which one may turn out to be the relay's. On real calls
 * relay data follows on the 12th datagram at the latest. */
#define FT_MAX_UNSURE_FLOWS  16384
#define FT_UNSURE_DATAGRAMS  32

/* Flows that wait at one socket for a sign that it is FaceTime's: registration, NAT probes and a few candidates. */
#define FT_MAX_WAITING 16

/* A local socket. File scope. */
typedef struct ft_socket {
    ft_endpoint_t at;
    bool is_facetime;
    nstime_t last_time;     /* absolute, of the latest FaceTime datagram */
    ft_flow_t *waiting;     /* flows of this socket with weak evidence, the latest first; linked by next */
    unsigned n_waiting;
} ft_socket_t;

static ft_flow_t *recent[FT_RECENT_FLOWS];  /* by recent_place(); NULL: none */
static bool any_facetime;               /* one of this file turned out to be FaceTime's */
static uint32_t unsure_count;           /* of those, without any sign when they were made */
static wmem_map_t *flow_sockets;        /* ft_endpoint_t -> ft_socket_t; file scope */
static ft_marks_t facetime_sockets;     /* those of them that are FaceTime's */

/* The conversation of exactly this 5-tuple. For media that SDP announced Wireshark also has a conversation with one end only; that one
 * would join all flows of the end. On later passes none is made. */
static conversation_t *
flow_conversation(packet_info *pinfo, bool create)
{
    conversation_t *conversation = ft_conversation(pinfo, false);

    if (conversation && (conversation->options & (NO_ADDR2 | NO_PORT2 | NO_PORT2_FORCE)))
        conversation = NULL;
    if (!conversation && create)
        conversation = conversation_new(pinfo->num, &pinfo->src, &pinfo->dst, pinfo->ptype == PT_TCP ? CONVERSATION_TCP : CONVERSATION_UDP,
                                        pinfo->srcport, pinfo->destport, 0);
    return conversation;
}

/* The same place for both directions. Different flows may share one: the later one has it then. */
static inline unsigned
recent_place(const packet_info *pinfo)
{
    const uint8_t *src = (const uint8_t *)pinfo->src.data, *dst = (const uint8_t *)pinfo->dst.data;

    return (pinfo->srcport ^ pinfo->destport ^ src[pinfo->src.len - 1] ^ dst[pinfo->dst.len - 1]) % FT_RECENT_FLOWS;
}

static inline bool
is_side(const ft_endpoint_t *side, const address *addr, uint32_t port)
{
    if (side->port != port || side->addr.type != addr->type)
        return false;
    /* Most are IPv4's, and this is asked several times for each packet: without a call. */
    if (addr->type == AT_IPv4)
        return ft_u32((const uint8_t *)side->addr.data) == ft_u32((const uint8_t *)addr->data);
    return memcmp(side->addr.data, addr->data, (size_t)addr->len) == 0;
}

static inline bool
can_be_recent(const packet_info *pinfo)
{
    return ft_shortcuts && pinfo->src.len > 0 && pinfo->dst.len > 0 && ft_conversations_are_of_addresses();
}

/* The flow that a look-up of the conversation would find, if it is one of the recent ones; NULL: look it up.
 *  1. Both ends are the packet's, in one direction or the other.
 *  2. Wireshark has no later conversation of these ends: it would be found instead.
 *  3. Nor is the packet an earlier one, of a conversation before. */
static inline ft_flow_t *
recent_flow(const packet_info *pinfo)
{
    ft_flow_t *flow = can_be_recent(pinfo) ? recent[recent_place(pinfo)] : NULL;

    if (!flow || flow->tcp != (pinfo->ptype == PT_TCP) || flow->conversation->next || pinfo->num < flow->conversation->setup_frame)
        return NULL;
    if ((is_side(&flow->a, &pinfo->src, pinfo->srcport) && is_side(&flow->b, &pinfo->dst, pinfo->destport)) ||
        (is_side(&flow->b, &pinfo->src, pinfo->srcport) && is_side(&flow->a, &pinfo->dst, pinfo->destport)))
        return flow;
    return NULL;
}

/* The flow that was looked up, kept as a recent one. */
static ft_flow_t *
flow_of(const packet_info *pinfo, const conversation_t *conversation)
{
    ft_flow_t *flow = conversation ? (ft_flow_t *)conversation_get_proto_data(conversation, proto_facetime) : NULL;

    if (flow && can_be_recent(pinfo))
        recent[recent_place(pinfo)] = flow;
    return flow;
}

static inline bool
has_flow(const packet_info *pinfo)
{
    return pinfo->ptype == PT_UDP || pinfo->ptype == PT_TCP;
}

ft_flow_t *
ft_flow_find(packet_info *pinfo)
{
    ft_flow_t *flow;

    if (!has_flow(pinfo))
        return NULL;
    flow = recent_flow(pinfo);
    return flow ? flow : flow_of(pinfo, flow_conversation(pinfo, false));
}

ft_flow_t *
ft_flow_get(packet_info *pinfo)
{
    conversation_t *conversation;
    ft_flow_t *flow;

    if (!has_flow(pinfo))
        return NULL;
    flow = recent_flow(pinfo);
    if (flow)
        return flow;
    conversation = flow_conversation(pinfo, !PINFO_FD_VISITED(pinfo));
    if (!conversation)
        return NULL;
    flow = flow_of(pinfo, conversation);
    if (flow || PINFO_FD_VISITED(pinfo) || !ft_limit_take(FT_LIMIT_FLOWS, &pinfo->abs_ts))
        return flow;
    flow = wmem_new0(wmem_file_scope(), ft_flow_t);
    ft_endpoint_copy(&flow->a, &pinfo->src, (uint16_t)pinfo->srcport);
    ft_endpoint_copy(&flow->b, &pinfo->dst, (uint16_t)pinfo->destport);
    flow->conversation = conversation;
    flow->tcp = pinfo->ptype == PT_TCP;
    flow->first_frame = pinfo->num;
    flow->first_time = *ft_frame_time(pinfo);
    flow->device_side = -1;
    flow->both_local = ft_is_private(&flow->a.addr) && ft_is_private(&flow->b.addr);
    conversation_add_proto_data(conversation, proto_facetime, flow);
    return flow;
}

ft_flow_t *
ft_flow_get_unsure(packet_info *pinfo)
{
    ft_flow_t *flow = ft_flow_find(pinfo);

    if (flow)
        return flow->given_up ? NULL : flow;
    if (unsure_count >= FT_MAX_UNSURE_FLOWS)
        return NULL;
    flow = ft_flow_get(pinfo);
    unsure_count += flow != NULL;
    return flow;
}

bool
ft_flow_limit_reached(void)
{
    return ft_limit_is_used_up(FT_LIMIT_FLOWS);
}

bool
ft_flow_from_a(const ft_flow_t *flow, const packet_info *pinfo)
{
    return is_side(&flow->a, &pinfo->src, pinfo->srcport);
}

bool
ft_flow_wants_links(const ft_flow_t *flow, bool from_a)
{
    return flow->link_ends[from_a ? 0 : 1][1] == 0;
}

void
ft_flow_note_links(ft_flow_t *flow, bool from_a, uint32_t source, uint32_t destination)
{
    flow->link_ends[from_a ? 0 : 1][1] = source;
    flow->link_ends[from_a ? 1 : 0][0] = destination;
}

uint32_t
ft_flow_link(const ft_flow_t *flow, unsigned side)
{
    return flow->link_ends[side][1] ? flow->link_ends[side][1] : flow->link_ends[side][0];
}

const ft_endpoint_t *
ft_flow_device(const ft_flow_t *flow)
{
    return flow->device_side == 1 ? &flow->b : &flow->a;
}

const ft_endpoint_t *
ft_flow_remote(const ft_flow_t *flow)
{
    return flow->device_side == 1 ? &flow->a : &flow->b;
}

bool
ft_flow_from_device(const ft_flow_t *flow, bool from_a)
{
    return (flow->device_side == 1) != from_a;
}

/* Which side is the device? By the surest sign first. -1: not known. */
static int8_t
flow_device_side(const ft_flow_t *flow, const ft_flow_news_t *news)
{
    bool a = ft_is_apple(&flow->a.addr), b = ft_is_apple(&flow->b.addr);

    /* 1. The other side is one of Apple's hosts. */
    if (a != b)
        return a ? 1 : 0;
    /* 2. The wire format says so: who sends to the relay, who asks for its mapping. */
    if (news->device_by_form >= 0)
        return news->device_by_form;
    /* 3. An address that another flow has shown to be a device's. */
    if (news->device_by_call >= 0)
        return news->device_by_call;
    /* 4. One end has a private address. */
    a = ft_is_private(&flow->a.addr);
    b = ft_is_private(&flow->b.addr);
    if (a != b)
        return a ? 0 : 1;
    return -1;
}

static ft_socket_t *
flow_socket(const ft_endpoint_t *at)
{
    ft_socket_t *sock = (ft_socket_t *)wmem_map_lookup(flow_sockets, at);

    if (!sock) {
        sock = wmem_new0(wmem_file_scope(), ft_socket_t);
        sock->at = *at;
        wmem_map_insert(flow_sockets, &sock->at, sock);
    }
    return sock;
}

/* A flow whose own evidence is weak waits at its socket. */
static void
flow_wait(ft_flow_t *flow)
{
    ft_socket_t *sock;

    if (flow->waits || flow->device_side < 0)
        return;
    sock = flow_socket(ft_flow_device(flow));
    if (sock->n_waiting >= FT_MAX_WAITING)
        return;
    flow->waits = true;
    flow->next = sock->waiting;
    sock->waiting = flow;
    sock->n_waiting++;
}

/* Sets the conversation's dissector for all frames, also for those before this one: on later passes the flow is FaceTime from its first
 * datagram on. It is set from frame 1, not by conversation_set_dissector(), which uses frame 0: the STUN heuristic sets frame 0 on
 * every pass and would take the flow back. Inside TURN the conversation remains TURN's. */
static void
flow_claim(ft_flow_t *flow, uint32_t frame, bool inside_turn)
{
    dissector_handle_t now = conversation_get_dissector(flow->conversation, frame);

    flow->is_facetime = true;
    any_facetime = true;
    if (!flow->tcp && !flow->watched_dissector && now != ft_watch_handle && now != ft_handle)
        flow->watched_dissector = now;
    if (!inside_turn && !flow->tcp)
        conversation_set_dissector_from_frame_number(flow->conversation, 1, ft_handle);
}

/* The flow's socket of this side (0: a, 1: b) is FaceTime's, and so are the flows that wait at it, if their last datagram is recent. */
static void
flow_note_socket(ft_flow_t *flow, unsigned side, const packet_info *pinfo)
{
    ft_socket_t *sock = flow->sockets[side] ? flow->sockets[side] : flow_socket(side ? &flow->b : &flow->a);

    flow->sockets[side] = sock;
    if (!sock->is_facetime)
        ft_marks_add(&facetime_sockets, &sock->at.addr, sock->at.port);
    sock->is_facetime = true;
    sock->last_time = *ft_frame_time(pinfo);
    while (sock->waiting) {
        ft_flow_t *other = sock->waiting;
        nstime_t age;

        sock->waiting = other->next;
        sock->n_waiting--;
        other->next = NULL;
        other->waits = false;
        nstime_delta(&age, ft_frame_time(pinfo), &other->last_time);
        if (other->is_facetime || nstime_to_sec(&age) > FT_SOCKET_SECONDS)
            continue;
        other->evidence |= FT_EV(FT_EV_SAME_SOCKET);
        other->confidence = ft_confidence(other->evidence);
        if ((int)other->confidence < ft_pref_confidence)
            continue;
        flow_claim(other, pinfo->num, false);
        other->next = flow->siblings;
        flow->siblings = other;
    }
}

static bool
flow_socket_lives(const packet_info *pinfo, const address *addr, uint32_t port)
{
    ft_endpoint_t at = { .addr = *addr, .port = (uint16_t)port };
    const ft_socket_t *sock;
    nstime_t age;

    if (!ft_marks_may_have(&facetime_sockets, addr, at.port))
        return false;
    sock = (const ft_socket_t *)wmem_map_lookup(flow_sockets, &at);

    if (!sock || !sock->is_facetime)
        return false;
    nstime_delta(&age, ft_frame_time(pinfo), &sock->last_time);
    return nstime_to_sec(&age) <= FT_SOCKET_SECONDS;
}

bool
ft_flow_any_facetime(void)
{
    return any_facetime;
}

bool
ft_flow_same_socket(const packet_info *pinfo)
{
    return flow_socket_lives(pinfo, &pinfo->src, pinfo->srcport) || flow_socket_lives(pinfo, &pinfo->dst, pinfo->destport);
}

/* For announced media Wireshark makes a conversation with one end, which the rtp dissector owns. STUN and SIP arrive at that socket as well,
 * so this plugin takes the conversation over and demultiplexes. */
void
ft_flow_take_announced(const packet_info *pinfo, const ft_endpoint_t *at)
{
    conversation_t *conversation = find_conversation(pinfo->num, &at->addr, &at->addr, CONVERSATION_UDP, at->port, 0,
                                                     NO_ADDR_B | NO_PORT_B);

    if (conversation && (conversation->options & NO_ADDR2))
        conversation_set_dissector(conversation, ft_handle);
}

/* The sender wants to be addressed by the source connection ID of its long header: packets from the other side carry it. */
static void
flow_add_quic_cid(ft_flow_t *flow, unsigned side, const ft_flow_news_t *news)
{
    ft_quic_cid_t *cids = flow->quic_cids[side];

    if (flow->n_quic_cids[side] && cids[0].len == news->quic_scid_len && memcmp(cids[0].id, news->quic_scid, news->quic_scid_len) == 0)
        return;
    memmove(&cids[1], &cids[0], (FT_QUIC_CIDS - 1) * sizeof cids[0]);
    cids[0].len = news->quic_scid_len;
    memcpy(cids[0].id, news->quic_scid, news->quic_scid_len);
    if (flow->n_quic_cids[side] < FT_QUIC_CIDS)
        flow->n_quic_cids[side]++;
}

const ft_quic_cid_t *
ft_flow_quic_cid(const ft_flow_t *flow, const packet_info *pinfo, tvbuff_t *tvb)
{
    unsigned side = ft_flow_from_a(flow, pinfo) ? 0 : 1, captured;
    const uint8_t *bytes;

    if (flow->n_quic_cids[side] == 0)
        return NULL;
    captured = tvb_captured_length(tvb);
    bytes = tvb_get_ptr(tvb, 0, (int)captured);
    for (unsigned i = 0; i < flow->n_quic_cids[side]; i++) {
        const ft_quic_cid_t *cid = &flow->quic_cids[side][i];

        /* A connection ID of four bytes or more does not occur by chance. */
        if (cid->len >= 4 && captured >= 1u + cid->len && memcmp(bytes + 1, cid->id, cid->len) == 0)
            return cid;
    }
    return NULL;
}

bool
ft_flow_update(ft_flow_t *flow, const packet_info *pinfo, const ft_flow_news_t *news)
{
    bool from_a = ft_flow_from_a(flow, pinfo);

    flow->last_time = *ft_frame_time(pinfo);
    if (flow->packets == 0)
        flow->first_kind = news->kind;
    flow->packets++;
    flow->bytes += ft_wire_bytes(pinfo);
    flow->kinds |= 1u << news->kind;
    flow->inside_turn |= news->inside_turn;
    if (news->quic_scid_len)
        flow_add_quic_cid(flow, from_a ? 1 : 0, news);
    if (news->evidence & ~flow->evidence) {
        flow->evidence |= news->evidence;
        flow->confidence = ft_confidence(flow->evidence);
    }
    if (flow->device_side < 0)
        flow->device_side = flow_device_side(flow, news);
    if (flow->is_facetime || (int)flow->confidence < ft_pref_confidence)
        return false;
    flow_claim(flow, pinfo->num, news->inside_turn);
    return true;
}

void
ft_flow_settle(ft_flow_t *flow, const packet_info *pinfo)
{
    /* The ports of TCP are others than those of UDP. */
    if (flow->tcp)
        return;
    if (!flow->is_facetime)
        flow_wait(flow);
    else if (flow->both_local) {
        flow_note_socket(flow, 0, pinfo);
        flow_note_socket(flow, 1, pinfo);
    } else if (flow->device_side >= 0)
        flow_note_socket(flow, (unsigned)flow->device_side, pinfo);
}

bool
ft_flow_is_owned(const packet_info *pinfo)
{
    /* 1. One side's port is owned by another dissector and 2. the other side has one of FaceTime's device ports: avoids
     * following all STUN of others. */
    return (ft_is_media_port(pinfo->srcport) && ft_is_owned_port(pinfo->destport)) ||
           (ft_is_media_port(pinfo->destport) && ft_is_owned_port(pinfo->srcport));
}

void
ft_flow_watch(ft_flow_t *flow, const packet_info *pinfo)
{
    dissector_handle_t now;

    if (flow->is_facetime || flow->given_up || flow->tcp)
        return;
    now = conversation_get_dissector(flow->conversation, pinfo->num);
    if (!flow->evidence && flow->packets >= FT_UNSURE_DATAGRAMS) {
        /* It goes back to who had it, with what the rest of the capture costs. */
        flow->given_up = true;
        flow->watched = false;
        if (now == ft_watch_handle)
            conversation_set_dissector(flow->conversation, flow->watched_dissector);
        return;
    }
    if (now == ft_watch_handle)
        return;
    flow->watched = true;
    flow->watched_dissector = now;
    conversation_set_dissector(flow->conversation, ft_watch_handle);
}

void
ft_flow_init(void)
{
    memset(recent, 0, sizeof recent);
    any_facetime = false;
    unsure_count = 0;
    flow_sockets = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    memset(&facetime_sockets, 0, sizeof facetime_sockets);
}
