/* handshake.c
 * What a TCP connection says at its beginning: a TLS hello or certificate, an HTTP request.
 *
 * A hello with post-quantum keys and a chain of certificates take several segments. The segments of a direction are kept until the message is
 * complete, as long as they arrive in order. Otherwise they are dropped.
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

/* Limit of bytes for one direction. Chains of certificates have 3 to 6 KiB. */
#define MAX_HANDSHAKE  32768
/* Limit of directions at a time, against a flood of incomplete hellos. */
#define MAX_HANDSHAKES 1024

/* One direction of a connection. */
typedef struct direction_key {
    ft_endpoint_t src, dst;
} direction_key_t;

/* A direction whose handshake message is not complete. File scope. */
typedef struct handshake {
    direction_key_t key;
    uint32_t next;          /* sequence number of the byte that is missing */
    unsigned shown;          /* bytes of handshake messages that were read: they say nothing twice */
    unsigned length;
    uint8_t *bytes;         /* of the segments, from a record's first one on */
} handshake_t;

static wmem_map_t *handshakes;    /* direction_key_t -> handshake_t; file scope */
static unsigned n_handshakes;     /* how many these are */

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
    n_handshakes--;
    wmem_free(wmem_file_scope(), (void *)handshake->key.src.addr.data);
    wmem_free(wmem_file_scope(), (void *)handshake->key.dst.addr.data);
    wmem_free(wmem_file_scope(), handshake->bytes);
    wmem_free(wmem_file_scope(), handshake);
}

static void
handshake_keep(const direction_key_t *key, const ft_payload_t *payload, unsigned shown)
{
    handshake_t *handshake;

    if (n_handshakes >= MAX_HANDSHAKES)
        return;
    handshake = wmem_new0(wmem_file_scope(), handshake_t);
    ft_endpoint_copy(&handshake->key.src, &key->src.addr, key->src.port);
    ft_endpoint_copy(&handshake->key.dst, &key->dst.addr, key->dst.port);
    handshake->next = payload->sequence + payload->captured;
    handshake->shown = shown;
    handshake->length = payload->captured;
    handshake->bytes = (uint8_t *)wmem_memdup(wmem_file_scope(), payload->bytes, payload->captured);
    wmem_map_insert(handshakes, &handshake->key, handshake);
    n_handshakes++;
}

static bool
is_handshake(const uint8_t *bytes, unsigned length)
{
    return length > TLS_RECORD_HEADER && bytes[0] == TLS_HANDSHAKE && bytes[1] == TLS_MAJOR && bytes[2] <= 4;
}

/* Reads the handshake messages that these records carry, those that end behind byte `shown`. Returns how many bytes of messages were
 * read by now; *more: the last one goes on in another segment. A message that the capture cut is read as far as it goes. */
static unsigned
read_records(ft_host_names_t *list, const uint8_t *bytes, unsigned length, unsigned shown, bool cut, bool *more)
{
    uint8_t *messages = (uint8_t *)wmem_alloc(list->scope, length);
    unsigned have = 0, at = 0;

    *more = false;
    while (is_handshake(bytes, length)) {
        unsigned size = ft_u16(bytes + 3), part = MIN(size, length - TLS_RECORD_HEADER);

        memcpy(messages + have, bytes + TLS_RECORD_HEADER, part);
        have += part;
        bytes += TLS_RECORD_HEADER + part;
        length -= TLS_RECORD_HEADER + part;
        *more = part < size;
    }
    /* A record's header that is cut in two, or a message whose next record begins the next segment. */
    if (length > 0 && length <= TLS_RECORD_HEADER && bytes[0] == TLS_HANDSHAKE)
        *more = true;
    while (at + TLS_MESSAGE_HEADER <= have) {
        unsigned size = (unsigned)messages[at + 1] << 16 | (unsigned)messages[at + 2] << 8 | messages[at + 3];
        unsigned end = at + TLS_MESSAGE_HEADER + size;

        if (end > have && !ft_read_tls_reads(messages[at])) {
            /* What follows is encrypted, or of a type that is not read. */
            *more = false;
            return have;
        }
        if (end > have)
            *more = true;
        if (end > have && !cut)
            return at;
        if (at >= shown)
            ft_read_tls(list, messages[at], messages + at + TLS_MESSAGE_HEADER, MIN(size, have - at - TLS_MESSAGE_HEADER));
        at = end;
    }
    return at;
}

static void
read_segment(ft_host_names_t *list, const direction_key_t *key, const ft_payload_t *payload)
{
    bool more, cut = payload->captured < payload->reported;
    unsigned shown;

    if (payload->captured <= TLS_RECORD_HEADER || !is_handshake(payload->bytes, payload->captured) ||
        !ft_read_tls_reads(payload->bytes[TLS_RECORD_HEADER]))
        return;
    shown = read_records(list, payload->bytes, payload->captured, 0, cut, &more);
    if (more && !cut)
        handshake_keep(key, payload, shown);
}

/* The next segment of a direction that is kept. */
static void
go_on(ft_host_names_t *list, handshake_t *handshake, const ft_payload_t *payload)
{
    bool more, cut = payload->captured < payload->reported;

    /* Sent again: it was read. */
    if ((int32_t)(payload->sequence - handshake->next) < 0)
        return;
    if (payload->sequence != handshake->next || handshake->length + payload->captured > MAX_HANDSHAKE) {
        handshake_drop(handshake);
        return;
    }
    handshake->bytes = (uint8_t *)wmem_realloc(wmem_file_scope(), handshake->bytes, handshake->length + payload->captured);
    memcpy(handshake->bytes + handshake->length, payload->bytes, payload->captured);
    handshake->length += payload->captured;
    handshake->next += payload->captured;
    handshake->shown = read_records(list, handshake->bytes, handshake->length, handshake->shown, cut, &more);
    if (!more || cut)
        handshake_drop(handshake);
}

/* True: a direction's segment that is kept, or the first one of a handshake. */
static bool
tls_segment(ft_host_names_t *list, const packet_info *pinfo, const ft_payload_t *payload)
{
    const direction_key_t key = { { pinfo->src, payload->srcport }, { pinfo->dst, payload->destport } };
    handshake_t *handshake = (handshake_t *)wmem_map_lookup(handshakes, &key);

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
    return payload->captured > 0 && (n_handshakes > 0 || payload->bytes[0] == TLS_HANDSHAKE || g_ascii_isupper(payload->bytes[0]));
}

void
ft_handshake_segment(ft_host_names_t *list, const packet_info *pinfo, const ft_payload_t *payload)
{
    if ((payload->bytes[0] == TLS_HANDSHAKE || n_handshakes > 0) && tls_segment(list, pinfo, payload))
        return;
    if (g_ascii_isupper(payload->bytes[0]))
        ft_read_http(list, payload->bytes, payload->captured);
}

void
ft_handshake_init(void)
{
    handshakes = wmem_map_new(wmem_file_scope(), key_hash, key_equal);
    n_handshakes = 0;
}
