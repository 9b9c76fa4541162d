/* index.c
 * What calls are found by: Call-ID, SSRC, participant ID, endpoints that were announced or seen, relays, devices. Hash maps only;
 * an entry points to the call that made it, which may have been merged into another one since.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* An endpoint and, where its address alone does not say whose it is, the end of the link that it is behind. */
typedef struct place {
    ft_endpoint_t at;
    uint32_t link;          /* ft_link_end(); 0: it does not matter, or is not known */
} place_t;

/* An endpoint that a call knows. File scope. */
typedef struct known_endpoint {
    place_t place;
    ft_known_t known;
    ft_join_t reason;       /* as what it is known: FT_JOIN_CANDIDATE or FT_JOIN_MAPPED */
    bool fact;              /* the call has it by its packets; false: a datagram named it */
    uint16_t port;          /* of a device: the port of its latest flow */
    uint32_t ipv4;          /* of a socket behind a link: the device's address, in network order; 0: it has shown none */
    bool many;              /* of a socket behind a link: it was that of several IPv4 addresses, as behind a router */
    ft_call_t *call;
} known_endpoint_t;

typedef struct known_participant {
    uint64_t id;
    ft_call_t *call;
} known_participant_t;

/* The entries of a map in the order of their making: where there are too many, the oldest is the next one. File scope. */
typedef struct index_ring {
    wmem_array_t *entries;      /* pointers */
    uint32_t next;              /* which is taken next, once there are as many as may be */
} index_ring_t;

/* The token of a session with the relay: the push gives it to the device, and each hello from each of its interfaces shows it. File scope. */
typedef struct known_token {
    const uint8_t *bytes;
    unsigned len;
    ft_call_t *call;
} known_token_t;

static wmem_map_t *by_token;            /* known_token_t, its own key */
static wmem_map_t *by_call_id;          /* SIP Call-ID -> ft_call_t */
static wmem_map_t *by_end;              /* place_t -> known_endpoint_t; a local address has one without link, too */
static ft_marks_t end_marks;            /* endpoints in it */
static wmem_map_t *by_device;           /* place_t with port 0 -> known_endpoint_t; with any_address: that of a socket behind a link */
static wmem_map_t *by_relay;            /* place_t -> known_endpoint_t; each without link, too */
static wmem_map_t *by_participant;      /* uint64_t -> known_participant_t */
static wmem_map_t *streams;             /* SSRC -> ft_stream_t */
static index_ring_t ends, devices, relays, participants;
static uint32_t news;

/* 0.0.0.0: of a socket that is known by its port and the end of the link, whichever address it has. */
static const uint8_t any_bytes[4] = { 0, 0, 0, 0 };
static const address any_address = { .type = AT_IPv4, .len = sizeof any_bytes, .data = any_bytes };

static void
ring_init(index_ring_t *ring)
{
    ring->entries = wmem_array_new(wmem_file_scope(), sizeof(void *));
    ring->next = 0;
}

/* A new entry of `size` bytes, all zeros, that the caller enters into the map. Where there are too many it is the oldest, whose key the
 * map has no longer. */
static void *
ring_entry(index_ring_t *ring, wmem_map_t *map, ft_limit_t limit, size_t size, const void *(*key_of)(const void *entry))
{
    void *entry;

    if (wmem_array_get_count(ring->entries) < ft_limit_most(limit)) {
        entry = wmem_alloc0(wmem_file_scope(), size);
        wmem_array_append_one(ring->entries, entry);
        return entry;
    }
    ft_limit_gave_way(limit);
    entry = *(void **)wmem_array_index(ring->entries, ring->next);
    ring->next = (ring->next + 1) % wmem_array_get_count(ring->entries);
    wmem_map_remove(map, key_of(entry));
    return entry;
}

/* The call that stands for this one, if it lives. While it is not decided whether another one began after it, that one. */
static ft_call_t *
living(ft_call_t *call, const nstime_t *now)
{
    if (call)
        call = ft_call_root(call);
    if (call && call->reopened_by && ft_call_root(call->reopened_by) != call)
        call = ft_call_root(call->reopened_by);
    return call && ft_call_lives(call, now) ? call : NULL;
}

static unsigned
place_hash(const void *key)
{
    const place_t *place = (const place_t *)key;

    return ft_hash_pair(ft_endpoint_hash(&place->at), place->link);
}

/* A key of all maps of endpoints. */
static const void *
endpoint_key(const void *entry)
{
    return &((const known_endpoint_t *)entry)->place;
}

static gboolean
place_equal(const void *a, const void *b)
{
    return ((const place_t *)a)->link == ((const place_t *)b)->link && ft_endpoint_equal(&((const place_t *)a)->at, &((const place_t *)b)->at);
}

static known_endpoint_t *
endpoint_lookup(wmem_map_t *map, const address *addr, uint16_t port, uint32_t link)
{
    place_t place = { .at = { .addr = *addr, .port = port }, .link = link };

    return addr->type == AT_NONE ? NULL : (known_endpoint_t *)wmem_map_lookup(map, &place);
}

/* The entry of an endpoint, made if there is none. It belongs to `call` from now on. NULL: without an address, or where another call has it by
 * its packets while this one only names it. */
static known_endpoint_t *
endpoint_enter(wmem_map_t *map, index_ring_t *ring, ft_limit_t limit, const address *addr, uint16_t port, uint32_t link, bool fact,
               ft_call_t *call)
{
    known_endpoint_t *known = endpoint_lookup(map, addr, port, link);
    ft_call_t *owner;

    if (addr->type == AT_NONE)
        return NULL;
    if (!known) {
        known = (known_endpoint_t *)ring_entry(ring, map, limit, sizeof *known, endpoint_key);
        wmem_free(wmem_file_scope(), (void *)known->place.at.addr.data);
        memset(known, 0, sizeof *known);
        ft_endpoint_copy(&known->place.at, addr, port);
        known->place.link = link;
        wmem_map_insert(map, &known->place, known);
        if (map == by_end)
            ft_marks_add(&end_marks, addr, port);
    }
    owner = living(known->call, ft_call_now());
    if (owner && owner != call && known->fact && !fact)
        return NULL;
    if (owner != call) {
        known->fact = false;
        news++;
    }
    known->fact |= fact;
    known->call = call;
    return known;
}

/* ---- Call-ID, SSRC, participant ------------------------------------------------------------ */

ft_call_t *
ft_index_call_id(const char *call_id)
{
    ft_call_t *call = (ft_call_t *)wmem_map_lookup(by_call_id, call_id);

    return call ? ft_call_root(call) : NULL;
}

void
ft_index_add_call_id(const char *call_id, ft_call_t *call)
{
    wmem_map_insert(by_call_id, call_id, call);
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

    if (!stream && ft_limit_take(FT_LIMIT_STREAMS, ft_call_now())) {
        stream = wmem_new0(wmem_file_scope(), ft_stream_t);
        stream->ssrc = ssrc;
        wmem_map_insert(streams, GUINT_TO_POINTER(ssrc), stream);
    }
    return stream;
}

ft_call_t *
ft_index_ssrc(uint32_t ssrc)
{
    ft_stream_t *stream = ft_stream_find(ssrc);

    return stream && stream->call ? ft_call_root(stream->call) : NULL;
}

static const void *
participant_key(const void *entry)
{
    return &((const known_participant_t *)entry)->id;
}

static known_participant_t *
participant_lookup(uint64_t id)
{
    return (known_participant_t *)wmem_map_lookup(by_participant, &id);
}

ft_call_t *
ft_index_participant(uint64_t id)
{
    known_participant_t *known = id ? participant_lookup(id) : NULL;

    return known ? ft_call_root(known->call) : NULL;
}

void
ft_index_add_participant(uint64_t id, ft_call_t *call)
{
    known_participant_t *known = participant_lookup(id);

    if (!known) {
        known = (known_participant_t *)ring_entry(&participants, by_participant, FT_LIMIT_PARTICIPANTS, sizeof *known, participant_key);
        known->call = NULL;
        known->id = id;
        wmem_map_insert(by_participant, &known->id, known);
    }
    if (!known->call || ft_call_root(known->call) != call)
        call->n_participants++;
    known->call = call;
}

static unsigned
token_hash(const void *key)
{
    return ft_hash_bytes(((const known_token_t *)key)->bytes, ((const known_token_t *)key)->len);
}

static gboolean
token_equal(const void *a, const void *b)
{
    const known_token_t *x = (const known_token_t *)a, *y = (const known_token_t *)b;

    return x->len == y->len && memcmp(x->bytes, y->bytes, x->len) == 0;
}

ft_call_t *
ft_index_token(const uint8_t *bytes, unsigned len)
{
    known_token_t key = { .bytes = bytes, .len = len };
    const known_token_t *known = bytes ? (const known_token_t *)wmem_map_lookup(by_token, &key) : NULL;

    return known ? ft_call_root(known->call) : NULL;
}

void
ft_index_add_token(const uint8_t *bytes, unsigned len, ft_call_t *call)
{
    known_token_t key = { .bytes = bytes, .len = len, .call = call }, *known = (known_token_t *)wmem_map_lookup(by_token, &key);

    if (!known && wmem_map_size(by_token) < ft_limit_most(FT_LIMIT_PARTICIPANTS)) {
        known = (known_token_t *)wmem_memdup(wmem_file_scope(), &key, sizeof key);
        wmem_map_insert(by_token, known, known);
    }
}

/* ---- Endpoints ----------------------------------------------------------------------------- */

ft_call_t *
ft_index_relay(const ft_endpoint_t *relay, uint32_t link, const nstime_t *now)
{
    known_endpoint_t *known = endpoint_lookup(by_relay, &relay->addr, relay->port, link);

    return known ? living(known->call, now) : NULL;
}

void
ft_index_add_relay(const ft_endpoint_t *relay, uint32_t link, ft_call_t *call)
{
    endpoint_enter(by_relay, &relays, FT_LIMIT_RELAYS, &relay->addr, relay->port, link, true, call);
    endpoint_enter(by_relay, &relays, FT_LIMIT_RELAYS, &relay->addr, relay->port, 0, true, call);
}

/* The end of the link that tells this side of the flow from the other: where packets come from [1], where they go to [0]. 0: it does not, as in Raw
 * IP, or is not known. */
static uint32_t
own_link(const ft_flow_t *flow, unsigned side, unsigned way)
{
    uint32_t link = flow->link_ends[side][way];
    const uint32_t *others = flow->link_ends[1 - side];

    return link != others[0] && link != others[1] ? link : 0;
}

/* May a socket with this address be known by its port and the end of the link? A public IPv4 address may be that of a NAT, behind which are many. */
static bool
is_socket_address(const address *addr)
{
    return addr->type == AT_IPv6 ? !ft_is_anyones(addr) : ft_is_private(addr);
}

/* In network order; 0: it is no IPv4 address. */
static uint32_t
ipv4_of(const address *addr)
{
    uint32_t ipv4 = 0;

    if (addr->type == AT_IPv4)
        memcpy(&ipv4, addr->data, sizeof ipv4);
    return ipv4;
}

/* The entry of a device by its socket: FaceTime has one port for IPv4 and IPv6, and for the relay and the peer.
 *  1. The end of the link is one end of the flow only (a hardware address, a tunnel): avoids Raw IP, where all ends are one.
 *  2. The port is the same: avoids most of what is behind one router.
 *  3. The socket has one IPv4 address at most: avoids the rest of it. A device has several IPv6 addresses. */
static const known_endpoint_t *
socket_lookup(const ft_flow_t *flow, unsigned side)
{
    const ft_endpoint_t *end = side ? &flow->b : &flow->a;

    if (!is_socket_address(&end->addr))
        return NULL;
    for (unsigned way = 2; way-- > 0;) {
        uint32_t link = own_link(flow, side, way);
        const known_endpoint_t *known = link ? endpoint_lookup(by_device, &any_address, end->port, link) : NULL;

        if (known && !known->many && (known->ipv4 == 0 || known->ipv4 == ipv4_of(&end->addr) || end->addr.type == AT_IPv6))
            return known;
    }
    return NULL;
}

/* The entry of the device at this side of the flow; NULL: none. */
static const known_endpoint_t *
device_lookup(const ft_flow_t *flow, unsigned side)
{
    const address *addr = side ? &flow->b.addr : &flow->a.addr;
    const known_endpoint_t *known;

    if (!ft_is_local(addr)) {
        known = endpoint_lookup(by_device, addr, 0, 0);
    } else {
        known = endpoint_lookup(by_device, addr, 0, flow->link_ends[side][1]);
        if (!known)
            known = endpoint_lookup(by_device, addr, 0, flow->link_ends[side][0]);
    }
    return known ? known : socket_lookup(flow, side);
}

ft_call_t *
ft_index_device(const ft_flow_t *flow, unsigned side, const nstime_t *now)
{
    const ft_endpoint_t *device = side ? &flow->b : &flow->a;
    const known_endpoint_t *known = device_lookup(flow, side);

    if (!known || (known->port != device->port && (ft_is_anyones(&device->addr) || (device->addr.type == AT_IPv4 && !ft_is_private(&device->addr)))))
        return NULL;
    return living(known->call, now);
}

void
ft_index_add_device(const ft_endpoint_t *device, const uint32_t links[2], bool fact, ft_call_t *call)
{
    bool local = ft_is_local(&device->addr);
    known_endpoint_t *known;

    for (unsigned i = 0; i < 2; i++) {
        uint32_t link = local ? links[i] : 0;

        /* Once where there is one number, or none. */
        if (i > 0 && link == (local ? links[0] : 0))
            break;
        if (local && link == 0 && links[1 - i] != 0)
            continue;
        known = endpoint_enter(by_device, &devices, FT_LIMIT_DEVICES, &device->addr, 0, link, fact, call);
        if (known)
            known->port = device->port;
    }
}

void
ft_index_add_socket(const ft_flow_t *flow, ft_call_t *call)
{
    unsigned side = flow->device_side == 1 ? 1 : 0;
    const ft_endpoint_t *device = ft_flow_device(flow);
    uint32_t ipv4 = ipv4_of(&device->addr);

    if (!is_socket_address(&device->addr))
        return;
    for (unsigned way = 0; way < 2; way++) {
        uint32_t link = own_link(flow, side, way);
        known_endpoint_t *known;

        if (!link || (way && link == own_link(flow, side, 0)))
            continue;
        known = endpoint_enter(by_device, &devices, FT_LIMIT_DEVICES, &any_address, device->port, link, true, call);
        if (!known)
            continue;
        known->many |= known->ipv4 && ipv4 && known->ipv4 != ipv4;
        if (ipv4)
            known->ipv4 = ipv4;
    }
}

ft_call_t *
ft_call_by_device(const ft_flow_t *flow, unsigned side)
{
    const known_endpoint_t *known = device_lookup(flow, side);

    return known ? ft_call_root(known->call) : NULL;
}

bool
ft_call_has_socket(const ft_flow_t *flow)
{
    for (unsigned side = 0; side < 2; side++) {
        const known_endpoint_t *known = socket_lookup(flow, side);

        if (known && living(known->call, ft_call_now()))
            return true;
    }
    return false;
}

/* The entry of a local address behind one of the flow's ends, or, with an entry that was only named, of another interface of the device: only towards
 * the call's relay, as many homes have the same addresses. NULL: none. */
static known_endpoint_t *
local_end(const ft_flow_t *flow, unsigned side, known_endpoint_t *anywhere, const nstime_t *now)
{
    const ft_endpoint_t *end = side ? &flow->b : &flow->a, *other = side ? &flow->a : &flow->b;
    ft_call_t *call;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t link = flow->link_ends[i < 2 ? side : 1 - side][1 - i % 2];
        known_endpoint_t *known = link ? endpoint_lookup(by_end, &end->addr, end->port, link) : NULL;

        if (known)
            return known;
    }
    if (ft_flow_link(flow, side) == 0 && ft_flow_link(flow, 1 - side) == 0)
        return anywhere;
    call = anywhere->known == FT_KNOWN_DEVICE ? living(anywhere->call, now) : NULL;
    return call && ft_index_relay(other, 0, now) == call ? anywhere : NULL;
}

ft_call_t *
ft_index_end(const ft_flow_t *flow, unsigned side, const nstime_t *now, ft_join_t *reason, bool *fact)
{
    const ft_endpoint_t *end = side ? &flow->b : &flow->a;
    known_endpoint_t *known = endpoint_lookup(by_end, &end->addr, end->port, 0);
    ft_call_t *call;

    if (known && ft_is_local(&end->addr))
        known = local_end(flow, side, known, now);
    call = known ? living(known->call, now) : NULL;
    /* Many homes have the same private addresses: that of a peer counts only where the other end is a device of the call. */
    if (!call || (known->known == FT_KNOWN_PEER && ft_is_local(&end->addr) && ft_call_by_device(flow, 1 - side) != call))
        return NULL;
    *reason = known->reason;
    *fact = known->fact;
    return call;
}

void
ft_index_add_end(const ft_endpoint_t *end, uint32_t link, ft_known_t known, ft_join_t reason, ft_call_t *call)
{
    bool fact = reason == FT_JOIN_PEER;
    known_endpoint_t *entry;

    /* The relay's address travels in link messages too, and is the same for many calls. */
    if (ft_is_apple(&end->addr) || ft_is_anyones(&end->addr))
        return;
    for (unsigned i = 0; i < 2; i++) {
        entry = endpoint_enter(by_end, &ends, FT_LIMIT_ENDPOINTS, &end->addr, end->port, i ? link : 0, fact, call);
        if (entry && (fact || !entry->fact)) {
            entry->known = known;
            entry->reason = reason;
        }
        if (!link || !ft_is_local(&end->addr))
            break;
    }
}

ft_call_t *
ft_call_by_ends(tvbuff_t *tvb, const packet_info *pinfo)
{
    uint16_t srcport = (uint16_t)pinfo->srcport, destport = (uint16_t)pinfo->destport;
    ft_flow_t flow;
    ft_call_t *call;
    ft_join_t reason;
    bool fact;

    if (!ft_marks_may_have(&end_marks, &pinfo->src, srcport) && !ft_marks_may_have(&end_marks, &pinfo->dst, destport))
        return NULL;
    if (!endpoint_lookup(by_end, &pinfo->src, srcport, 0) && !endpoint_lookup(by_end, &pinfo->dst, destport, 0))
        return NULL;
    flow = (ft_flow_t){ .device_side = -1, .a = { pinfo->src, srcport }, .b = { pinfo->dst, destport } };
    if (ft_is_local(&pinfo->src) || ft_is_local(&pinfo->dst)) {
        flow.link_ends[0][1] = ft_link_end(tvb_get_ds_tvb(tvb), pinfo, true);
        flow.link_ends[1][0] = ft_link_end(tvb_get_ds_tvb(tvb), pinfo, false);
    }
    call = ft_index_end(&flow, 0, ft_call_now(), &reason, &fact);
    return call ? call : ft_index_end(&flow, 1, ft_call_now(), &reason, &fact);
}

void
ft_index_tell(void)
{
    news++;
}

uint32_t
ft_index_news(void)
{
    return news;
}

void
ft_index_init(void)
{
    by_call_id = wmem_map_new(wmem_file_scope(), ft_hash_string, g_str_equal);
    by_end = wmem_map_new(wmem_file_scope(), place_hash, place_equal);
    memset(&end_marks, 0, sizeof end_marks);
    by_device = wmem_map_new(wmem_file_scope(), place_hash, place_equal);
    by_relay = wmem_map_new(wmem_file_scope(), place_hash, place_equal);
    by_participant = wmem_map_new(wmem_file_scope(), ft_hash_uint64, g_int64_equal);
    streams = wmem_map_new(wmem_file_scope(), ft_hash_id, g_direct_equal);
    ring_init(&ends);
    ring_init(&devices);
    ring_init(&relays);
    ring_init(&participants);
    by_token = wmem_map_new(wmem_file_scope(), token_hash, token_equal);
    news = 0;
}
