/* endpoint.c
 * An address and a port; Apple's networks and private ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/endpoint.h"

#include "common/hash.h"

#include <epan/to_str.h>

/* A port and the longest address that a UDP datagram can have, IPv6. */
#define FT_ENDPOINT_BYTES (2 + 16)

unsigned
ft_endpoint_hash(const void *key)
{
    const ft_endpoint_t *e = (const ft_endpoint_t *)key;
    uint8_t bytes[FT_ENDPOINT_BYTES];
    size_t length = MIN((size_t)e->addr.len, sizeof bytes - sizeof e->port);

    memcpy(bytes, &e->port, sizeof e->port);
    if (length > 0)
        memcpy(bytes + sizeof e->port, e->addr.data, length);
    return ft_hash_bytes(bytes, sizeof e->port + length);
}

gboolean
ft_endpoint_equal(const void *a, const void *b)
{
    const ft_endpoint_t *x = (const ft_endpoint_t *)a, *y = (const ft_endpoint_t *)b;

    return x->port == y->port && addresses_equal(&x->addr, &y->addr);
}

void
ft_endpoint_copy(ft_endpoint_t *to, const address *addr, uint16_t port)
{
    copy_address_wmem(wmem_file_scope(), &to->addr, addr);
    to->port = port;
}

char *
ft_endpoint_text(wmem_allocator_t *pool, const ft_endpoint_t *at)
{
    char *addr = address_to_str(NULL, &at->addr);
    char *text = wmem_strdup_printf(pool, at->addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u", addr, at->port);

    wmem_free(NULL, addr);
    return text;
}

bool
ft_is_apple_v6(const uint8_t *bytes)
{
    /* ARIN, APNIC and RIPE allocations of Apple Inc.: 2403:300::/32, 2620:149::/32, 2a01:b740::/32. */
    static const uint8_t apple_v6[][4] = {
        { 0x24, 0x03, 0x03, 0x00 }, { 0x26, 0x20, 0x01, 0x49 }, { 0x2a, 0x01, 0xb7, 0x40 },
    };
    /* RFC 6052, 2.1: how a device that has IPv6 only writes an IPv4 address; its last four bytes are that. A network may take a prefix of its own, too,
     * which nothing tells. */
    static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

    if (bytes[0] == 0)
        return memcmp(bytes, nat64, sizeof nat64) == 0 && bytes[sizeof nat64] == FT_APPLE_NET;
    for (unsigned i = 0; i < array_length(apple_v6); i++) {
        if (memcmp(bytes, apple_v6[i], sizeof apple_v6[i]) == 0)
            return true;
    }
    return false;
}

bool
ft_is_private(const address *addr)
{
    const uint8_t *b = (const uint8_t *)addr->data;

    if (addr->type == AT_IPv4)
        return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
               (b[0] == 100 && (b[1] & 0xc0) == 64);
    return addr->type == AT_IPv6 && (b[0] & 0xfe) == 0xfc;
}

bool
ft_is_anyones(const address *addr)
{
    static const uint8_t zeroes[15];
    const uint8_t *b = (const uint8_t *)addr->data;

    if (addr->type == AT_IPv4)
        return (b[0] == 192 && b[1] == 0 && b[2] == 0 && b[3] < 8) || b[0] == 127 || b[0] == 0;
    return addr->type == AT_IPv6 && memcmp(b, zeroes, sizeof zeroes) == 0 && b[15] <= 1;
}

bool
ft_is_local(const address *addr)
{
    const uint8_t *b = (const uint8_t *)addr->data;

    if (ft_is_private(addr) || ft_is_anyones(addr))
        return true;
    if (addr->type == AT_IPv4)
        return b[0] == 169 && b[1] == 254;                                 /* RFC 3927 */
    return addr->type == AT_IPv6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80; /* RFC 4291, 2.5.6 */
}
