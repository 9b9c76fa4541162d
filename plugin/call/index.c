/* index.c
 * What calls are found by: Call-ID, SSRC, participant ID, endpoints that were announced or seen, relays, devices. Hash maps only;
 * an entry points to the call that made it, which may have been merged into another one since.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* An endpoint that a call knows. File scope. */
typedef struct known_endpoint {
    ft_endpoint_t at;
    ft_known_t known;
    ft_join_t reason;       /* as what it is known: FT_JOIN_CANDIDATE or FT_JOIN_MAPPED */
    uint16_t port;          /* of a device: the port of its latest flow */
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

static wmem_map_t *by_call_id;          /* SIP Call-ID -> ft_call_t */
static wmem_map_t *by_end;              /* ft_endpoint_t -> known_endpoint_t */
static wmem_map_t *by_device;           /* ft_endpoint_t with port 0 -> known_endpoint_t */
static wmem_map_t *by_relay;            /* the same */
static wmem_map_t *by_participant;      /* uint64_t -> known_participant_t */
static wmem_map_t *streams;             /* SSRC -> ft_stream_t */
static index_ring_t ends, devices, relays, participants;
static uint32_t news;

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

static ft_call_t *
living(ft_call_t *call, const nstime_t *now)
{
    if (call)
        call = ft_call_root(call);
    return call && ft_call_lives(call, now) ? call : NULL;
}

static known_endpoint_t *
endpoint_lookup(wmem_map_t *map, const address *addr, uint16_t port)
{
    ft_endpoint_t at = { .addr = *addr, .port = port };

    return addr->type == AT_NONE ? NULL : (known_endpoint_t *)wmem_map_lookup(map, &at);
}

/* A key of all maps of endpoints. */
static const void *
endpoint_key(const void *entry)
{
    return &((const known_endpoint_t *)entry)->at;
}

/* The entry of an endpoint, made if there is none; NULL without an address. It belongs to `call` from now on. */
static known_endpoint_t *
endpoint_enter(wmem_map_t *map, index_ring_t *ring, ft_limit_t limit, const address *addr, uint16_t port, ft_call_t *call)
{
    known_endpoint_t *known = endpoint_lookup(map, addr, port);

    if (addr->type == AT_NONE)
        return NULL;
    if (!known) {
        known = (known_endpoint_t *)ring_entry(ring, map, limit, sizeof *known, endpoint_key);
        wmem_free(wmem_file_scope(), (void *)known->at.addr.data);
        memset(known, 0, sizeof *known);
        ft_endpoint_copy(&known->at, addr, port);
        wmem_map_insert(map, &known->at, known);
    }
    if (known->call != call)
        news++;
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
ft_index_ssrc(uint32_t ssrc, const nstime_t *now)
{
    ft_stream_t *stream = ft_stream_find(ssrc);

    return stream ? living(stream->call, now) : NULL;
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
ft_index_participant(uint64_t id, const nstime_t *now)
{
    known_participant_t *known = id ? participant_lookup(id) : NULL;

    return known ? living(known->call, now) : NULL;
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

/* ---- Endpoints ----------------------------------------------------------------------------- */

ft_call_t *
ft_index_relay(const address *relay, const nstime_t *now)
{
    known_endpoint_t *known = endpoint_lookup(by_relay, relay, 0);

    return known ? living(known->call, now) : NULL;
}

void
ft_index_add_relay(const address *relay, ft_call_t *call)
{
    endpoint_enter(by_relay, &relays, FT_LIMIT_RELAYS, relay, 0, call);
}

ft_call_t *
ft_index_device(const ft_endpoint_t *device, const nstime_t *now)
{
    known_endpoint_t *known = endpoint_lookup(by_device, &device->addr, 0);

    if (!known || (device->addr.type == AT_IPv4 && !ft_is_private(&device->addr) && known->port != device->port))
        return NULL;
    return living(known->call, now);
}

void
ft_index_add_device(const ft_endpoint_t *device, ft_call_t *call)
{
    known_endpoint_t *known = endpoint_enter(by_device, &devices, FT_LIMIT_DEVICES, &device->addr, 0, call);

    if (known)
        known->port = device->port;
}

ft_call_t *
ft_call_by_device(const address *addr)
{
    known_endpoint_t *known = endpoint_lookup(by_device, addr, 0);

    return known ? ft_call_root(known->call) : NULL;
}

ft_call_t *
ft_index_end(const ft_endpoint_t *end, const ft_endpoint_t *other, const nstime_t *now, ft_join_t *reason)
{
    known_endpoint_t *known = endpoint_lookup(by_end, &end->addr, end->port);
    ft_call_t *call = known ? living(known->call, now) : NULL;

    /* Many homes have the same private addresses: that of a peer counts only where the other end is a device of the call. */
    if (!call || (known->known == FT_KNOWN_PEER && ft_is_private(&end->addr) && ft_call_by_device(&other->addr) != call))
        return NULL;
    if (reason)
        *reason = known->reason;
    return call;
}

void
ft_index_add_end(const ft_endpoint_t *end, ft_known_t known, ft_join_t reason, ft_call_t *call)
{
    known_endpoint_t *entry;

    /* The relay's address travels in link messages too, and is the same for many calls. */
    if (ft_is_apple(&end->addr))
        return;
    entry = endpoint_enter(by_end, &ends, FT_LIMIT_ENDPOINTS, &end->addr, end->port, call);
    if (entry) {
        entry->known = known;
        entry->reason = reason;
    }
}

ft_call_t *
ft_call_by_ends(const packet_info *pinfo)
{
    ft_endpoint_t src = { .addr = pinfo->src, .port = (uint16_t)pinfo->srcport };
    ft_endpoint_t dst = { .addr = pinfo->dst, .port = (uint16_t)pinfo->destport };
    ft_call_t *call = ft_index_end(&src, &dst, ft_call_now(), NULL);

    return call ? call : ft_index_end(&dst, &src, ft_call_now(), NULL);
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
    by_end = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    by_device = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    by_relay = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    by_participant = wmem_map_new(wmem_file_scope(), ft_hash_uint64, g_int64_equal);
    streams = wmem_map_new(wmem_file_scope(), ft_hash_id, g_direct_equal);
    ring_init(&ends);
    ring_init(&devices);
    ring_init(&relays);
    ring_init(&participants);
    news = 0;
}
