/* host_names.h
 * Host names that a packet shows in the clear: in DNS, in HTTP requests, in TLS hellos and certificates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HOST_NAMES_H
#define FT_HOST_NAMES_H

#include "common/common.h"

typedef enum {
    FT_NAME_SERVER_NAME,    /* TLS: whom the client wants to talk to (RFC 6066, 3) */
    FT_NAME_ALPN,           /* TLS: an application protocol that a client offers or a server takes (RFC 7301) */
    FT_NAME_RELAY_TOKEN,    /* TLS: the client's pre-shared key is the token of a session with the relay */
    FT_NAME_CERTIFICATE,    /* TLS up to 1.2: a name of the server's certificate */
    FT_NAME_REQUEST,        /* HTTP: host and path */
    FT_NAME_QUESTION,       /* DNS: the name that is asked for */
    FT_NAME_ADDRESS,        /* DNS: one of its addresses */
} ft_host_name_from_t;

/* One of them. Packet scope. */
typedef struct ft_host_name {
    ft_host_name_from_t what;
    const char *text;       /* the name or protocol; NULL for an address */
    const char *path;       /* of a request, else NULL */
    address addr;           /* of FT_NAME_ADDRESS: points into the packet's bytes */
} ft_host_name_t;

/* All of a packet, in the order of their bytes. Packet scope. */
typedef struct ft_host_names {
    wmem_allocator_t *scope;
    wmem_array_t *items;    /* of ft_host_name_t; NULL: none */
} ft_host_names_t;

unsigned ft_host_names_count(const ft_host_names_t *list);
const ft_host_name_t *ft_host_names_at(const ft_host_names_t *list, unsigned i);
/* Adds a copy of a name. A name that is empty, too long or contains a byte 0 is left out: no host has such a name. */
void ft_host_names_add(ft_host_names_t *list, ft_host_name_from_t what, const uint8_t *text, unsigned length);
void ft_host_names_add_request(ft_host_names_t *list, const uint8_t *host, unsigned host_length, const uint8_t *path, unsigned path_length);
void ft_host_names_add_address(ft_host_names_t *list, int type, const uint8_t *bytes);

/* dns.c, http.c: a DNS message, the first bytes of an HTTP request. Other bytes add no name; truncated ones add those that are complete. */
void ft_read_dns(ft_host_names_t *list, const uint8_t *bytes, unsigned length);
void ft_read_http(ft_host_names_t *list, const uint8_t *bytes, unsigned length);
/* tls.c: one whole or cut TLS handshake message, without its header of four bytes. */
void ft_read_tls(ft_host_names_t *list, uint8_t type, const uint8_t *body, unsigned length);
/* True for the handshake messages that ft_read_tls() reads. */
bool ft_read_tls_reads(uint8_t type);

#endif /* FT_HOST_NAMES_H */
