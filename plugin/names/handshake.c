/* handshake.c
 * What a TCP connection says at its beginning: a TLS hello or certificate, an HTTP request.
 *
 * A hello with post-quantum keys and a chain of certificates take several segments. The message of a direction that is not complete is kept
 * until it is, as long as its segments arrive in order. Otherwise it is dropped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/handshake.h"

/* RFC 8446, 5.1. */
#define TLS_HANDSHAKE     22
#define TLS_RECORD_HEADER 5
#define TLS_MAJOR         3
/* RFC 8446, 4. */
#define TLS_MESSAGE_HEADER 4

/* Limit of bytes for one direction, from its first segment on. Chains of certificates have 3 to 6 KiB. */
#define MAX_HANDSHAKE  32768
/* Limits of directions at a time, and of the bytes of all of them. Of a flood of incomplete hellos the oldest give way. */
#define MAX_HANDSHAKES 1024
#define MAX_KEPT       (8 * 1024 * 1024)

/* One direction of a connection. */
typedef struct direction_key {
    ft_endpoint_t src, dst;
} direction_key_t;

/* Reads a direction's records, segment by segment: each byte is copied once, and each message read once. */
typedef struct reader {
    wmem_allocator_t *scope;        /* of the bytes */
    uint8_t *bytes;                 /* of the handshake message that is not complete; NULL: none yet */
    unsigned length, size;          /* of these bytes: how many there are, and for how many there is room */
    unsigned record_left;           /* bytes that are missing of the record at hand */
    unsigned head_length;           /* bytes of the next record's header that are there */
    uint8_t head[TLS_RECORD_HEADER];
} reader_t;

/* A direction whose handshake message is not complete. File scope. */
typedef struct handshake {
    direction_key_t key;
    uint32_t next;                  /* sequence number of the byte that is missing */
    unsigned total;                 /* bytes of its segments so far */
    reader_t reader;
    struct handshake *older, *newer;
} handshake_t;

static wmem_map_t *handshakes;      /* direction_key_t -> handshake_t; file scope */
static handshake_t *oldest, *newest;
static unsigned n_handshakes;       /* how many these are */
static unsigned kept;               /* bytes for which their readers have room */

/* How many of them have ports that meet here. One hello that is never complete would else cost each later segment of all others a look-up. Ports that
 * are chosen to meet cost no more than that. */
#define PLACES 1024     /* a power of two */
static uint16_t waiting[PLACES];

static inline uint16_t *
waiting_at(unsigned srcport, unsigned destport)
{
    return &waiting[(srcport ^ destport) & (PLACES - 1)];
}

/* May a direction that is kept go on in this segment? */
static inline bool
is_waiting(const ft_payload_t *payload)
{
    return *waiting_at(payload->srcport, payload->destport) > 0;
}

static unsigned
key_hash(const void *key)
{
    const direction_key_t *k = (const direction_key_t *)key;

    return ft_endpoint_hash(&k->src) * 31 + ft_endpoint_hash(&k->dst);
}

static gboolean
key_equal(const void *a, const void *b)
{
    const direction_key_t *x = (const direction_key_t *)a, *y = (const direction_key_t *)b;

    return ft_endpoint_equal(&x->src, &y->src) && ft_endpoint_equal(&x->dst, &y->dst);
}

static void
handshake_drop(handshake_t *handshake)
{
    wmem_map_remove(handshakes, &handshake->key);
    *(handshake->older ? &handshake->older->newer : &oldest) = handshake->newer;
    *(handshake->newer ? &handshake->newer->older : &newest) = handshake->older;
    n_handshakes--;
    --*waiting_at(handshake->key.src.port, handshake->key.dst.port);
    kept -= handshake->reader.size;
    wmem_free(wmem_file_scope(), (void *)handshake->key.src.addr.data);
    wmem_free(wmem_file_scope(), (void *)handshake->key.dst.addr.data);
    wmem_free(wmem_file_scope(), handshake->reader.bytes);
    wmem_free(wmem_file_scope(), handshake);
}

/* Until there is room for what came last. */
static void
drop_oldest(const handshake_t *but)
{
    while (oldest && oldest != but && (n_handshakes > MAX_HANDSHAKES || kept > MAX_KEPT))
        handshake_drop(oldest), ft_limit_gave_way(FT_LIMIT_HANDSHAKES);
}

/* READER: what the first segment left, in a scope of its own. */
static void
handshake_keep(const direction_key_t *key, const ft_payload_t *payload, const reader_t *reader)
{
    handshake_t *handshake = wmem_new0(wmem_file_scope(), handshake_t);

    ft_endpoint_copy(&handshake->key.src, &key->src.addr, key->src.port);
    ft_endpoint_copy(&handshake->key.dst, &key->dst.addr, key->dst.port);
    handshake->next = payload->sequence + payload->captured;
    handshake->total = payload->captured;
    handshake->reader = *reader;
    handshake->reader.scope = wmem_file_scope();
    handshake->reader.size = reader->length;
    handshake->reader.bytes = reader->length ? (uint8_t *)wmem_memdup(wmem_file_scope(), reader->bytes, reader->length) : NULL;
    handshake->older = newest;
    *(newest ? &newest->newer : &oldest) = handshake;
    newest = handshake;
    wmem_map_insert(handshakes, &handshake->key, handshake);
    n_handshakes++;
    ++*waiting_at(key->src.port, key->dst.port);
    kept += handshake->reader.size;
    drop_oldest(handshake);
}

static bool
is_handshake(const uint8_t *bytes, unsigned length)
{
    return length >= TLS_RECORD_HEADER && bytes[0] == TLS_HANDSHAKE && bytes[1] == TLS_MAJOR && bytes[2] <= 4;
}

static void
reader_add(reader_t *reader, const uint8_t *bytes, unsigned length)
{
    if (reader->length + length > reader->size) {
        reader->size = MAX(2 * reader->size, reader->length + length);
        reader->bytes = (uint8_t *)wmem_realloc(reader->scope, reader->bytes, reader->size);
    }
    memcpy(reader->bytes + reader->length, bytes, length);
    reader->length += length;
}

/* Takes a segment's records apart, their handshake messages one behind the other. False: behind them stands something else. */
static bool
reader_take(reader_t *reader, const uint8_t *bytes, unsigned length)
{
    while (length > 0) {
        unsigned part;

        if (reader->record_left > 0) {
            part = MIN(reader->record_left, length);
            reader_add(reader, bytes, part);
            reader->record_left -= part;
        } else {
            part = MIN(TLS_RECORD_HEADER - reader->head_length, length);
            memcpy(reader->head + reader->head_length, bytes, part);
            reader->head_length += part;
            if (reader->head[0] != TLS_HANDSHAKE)
                return false;
            if (reader->head_length == TLS_RECORD_HEADER) {
                if (!is_handshake(reader->head, TLS_RECORD_HEADER))
                    return false;
                reader->record_left = ft_u16(reader->head + 3);
                reader->head_length = 0;
            }
        }
        bytes += part;
        length -= part;
    }
    return true;
}

/* Reads the messages that are complete, and forgets them. A message that the capture cut is read as far as it goes. False: what
 * follows is encrypted, or nothing that is read. */
static bool
reader_messages(ft_host_names_t *list, reader_t *reader, bool cut)
{
    unsigned at = 0;

    while (at + TLS_MESSAGE_HEADER <= reader->length) {
        const uint8_t *message = reader->bytes + at;
        unsigned size = (unsigned)message[1] << 16 | (unsigned)message[2] << 8 | message[3];
        unsigned have = reader->length - at - TLS_MESSAGE_HEADER;

        if (size > have && !ft_read_tls_reads(message[0]))
            return false;
        if (size > have && !cut)
            break;
        ft_read_tls(list, message[0], message + TLS_MESSAGE_HEADER, MIN(size, have));
        at += TLS_MESSAGE_HEADER + MIN(size, have);
    }
    if (at > 0) {
        reader->length -= at;
        memmove(reader->bytes, reader->bytes + at, reader->length);
    }
    return true;
}

/* Reads one more segment. True: the last message, or the record that it stands in, goes on in another one. */
static bool
reader_go_on(ft_host_names_t *list, reader_t *reader, const ft_payload_t *payload)
{
    bool cut = payload->captured < payload->reported;
    bool go_on = reader_take(reader, payload->bytes, payload->captured);

    return reader_messages(list, reader, cut) && go_on && !cut && (reader->length > 0 || reader->record_left > 0 || reader->head_length > 0);
}

static void
read_segment(ft_host_names_t *list, const direction_key_t *key, const ft_payload_t *payload)
{
    reader_t reader = { .scope = list->scope };

    if (payload->captured <= TLS_RECORD_HEADER || !is_handshake(payload->bytes, payload->captured) ||
        !ft_read_tls_reads(payload->bytes[TLS_RECORD_HEADER]))
        return;
    if (reader_go_on(list, &reader, payload))
        handshake_keep(key, payload, &reader);
}

/* The next segment of a direction that is kept. */
static void
go_on(ft_host_names_t *list, handshake_t *handshake, const ft_payload_t *payload)
{
    unsigned before = handshake->reader.size;
    bool more;

    /* Sent again: it was read. */
    if ((int32_t)(payload->sequence - handshake->next) < 0)
        return;
    if (payload->sequence != handshake->next || handshake->total + payload->captured > MAX_HANDSHAKE) {
        handshake_drop(handshake);
        return;
    }
    handshake->total += payload->captured;
    handshake->next += payload->captured;
    more = reader_go_on(list, &handshake->reader, payload);
    kept += handshake->reader.size - before;
    if (more)
        drop_oldest(handshake);
    else
        handshake_drop(handshake);
}

/* True: a direction's segment that is kept, or the first one of a handshake. */
static bool
tls_segment(ft_host_names_t *list, const packet_info *pinfo, const ft_payload_t *payload)
{
    const direction_key_t key = { { pinfo->src, payload->srcport }, { pinfo->dst, payload->destport } };
    handshake_t *handshake = is_waiting(payload) ? (handshake_t *)wmem_map_lookup(handshakes, &key) : NULL;

    if (handshake)
        go_on(list, handshake, payload);
    else if (payload->bytes[0] == TLS_HANDSHAKE)
        read_segment(list, &key, payload);
    else
        return false;
    return true;
}

bool
ft_handshake_may_be(const ft_payload_t *payload)
{
    return payload->captured > 0 && (payload->bytes[0] == TLS_HANDSHAKE || is_waiting(payload) || g_ascii_isupper(payload->bytes[0]));
}

void
ft_handshake_segment(ft_host_names_t *list, const packet_info *pinfo, const ft_payload_t *payload)
{
    if (!tls_segment(list, pinfo, payload) && g_ascii_isupper(payload->bytes[0]))
        ft_read_http(list, payload->bytes, payload->captured);
}

void
ft_handshake_init(void)
{
    handshakes = wmem_map_new(wmem_file_scope(), key_hash, key_equal);
    oldest = newest = NULL;
    n_handshakes = 0;
    memset(waiting, 0, sizeof waiting);
    kept = 0;
}
