/* endpoint.h
 * An address and a port: hash and comparison for maps, a copy in file scope, and tests for Apple's and for private networks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_ENDPOINT_H
#define FT_ENDPOINT_H

#include "common/ws_compat.h"

/* Addresses of calls and flows live in file scope, those of packets in packet scope. */
typedef struct ft_endpoint {
    address addr;       /* AT_NONE where unknown */
    uint16_t port;      /* 0 where unknown */
} ft_endpoint_t;

/* A GHashFunc and a GEqualFunc. */
unsigned ft_endpoint_hash(const void *key);
gboolean ft_endpoint_equal(const void *a, const void *b);
/* Copies address and port; the address's bytes go into file scope. */
void ft_endpoint_copy(ft_endpoint_t *to, const address *addr, uint16_t port);
/* "198.51.100.7:3478", "[2001:db8::1]:3478". In pool; NULL: the caller frees it with wmem_free(NULL, ). */
char *ft_endpoint_text(wmem_allocator_t *pool, const ft_endpoint_t *at);

/* The first byte of Apple's IPv4 addresses. */
#define FT_APPLE_NET 17

/* ft_is_apple() of the 16 bytes of an IPv6 address. */
bool ft_is_apple_v6(const uint8_t *bytes);
/* True if addr is in one of Apple's networks, behind NAT64 (64:ff9b::/96, RFC 6052), too. */
static inline bool
ft_is_apple(const address *addr)
{
    /* ARIN's allocation of Apple Inc.: 17.0.0.0/8. Asked for each packet. */
    if (addr->type == AT_IPv4)
        return *(const uint8_t *)addr->data == FT_APPLE_NET;
    return addr->type == AT_IPv6 && ft_is_apple_v6((const uint8_t *)addr->data);
}

/* True if one of the packet's ends is. */
static inline bool
ft_is_with_apple(const packet_info *pinfo)
{
    return ft_is_apple(&pinfo->src) || ft_is_apple(&pinfo->dst);
}

/* True for a private, shared (RFC 6598) or unique local address: many networks have the same. */
bool ft_is_private(const address *addr);
/* True for an address that any number of devices have at once, on one link as well: 192.0.0.0/29 (RFC 7335, the near end of 464XLAT), loopback,
 * unspecified. */
bool ft_is_anyones(const address *addr);
/* True for an address that says which device it is only together with the link: a private one, a link-local one, or anyone's. */
bool ft_is_local(const address *addr);

#endif /* FT_ENDPOINT_H */
