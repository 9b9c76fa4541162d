/* said.h
 * What a packet says of the hosts around it before anything is encrypted: names in DNS, in HTTP requests, in TLS hellos and certificates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SAID_H
#define FT_SAID_H

#include "packet-facetime.h"

typedef enum {
    FT_SAID_SERVER_NAME,    /* TLS: whom the client wants to talk to (RFC 6066, 3) */
    FT_SAID_ALPN,           /* TLS: an application protocol that a client offers or a server takes (RFC 7301) */
    FT_SAID_CERTIFICATE,    /* TLS up to 1.2: a name of the server's certificate */
    FT_SAID_REQUEST,        /* HTTP: host and path */
    FT_SAID_QUESTION,       /* DNS: the name that is asked for */
    FT_SAID_ADDRESS,        /* DNS: one of its addresses */
} ft_said_what_t;

/* One of them. Packet scope. */
typedef struct ft_said {
    ft_said_what_t what;
    const char *text;       /* the name or protocol; NULL for an address */
    const char *path;       /* of a request, else NULL */
    address addr;           /* of FT_SAID_ADDRESS: points into the packet's bytes */
} ft_said_t;

/* All of a packet, in the order of their bytes. Packet scope. */
typedef struct ft_said_list {
    wmem_allocator_t *scope;
    wmem_array_t *items;    /* of ft_said_t; NULL: none */
} ft_said_list_t;

unsigned ft_said_count(const ft_said_list_t *list);
const ft_said_t *ft_said_at(const ft_said_list_t *list, unsigned i);
/* Adds a name; the text is copied. One that is empty, too long or has a byte 0 is left out: no host has such a name. */
void ft_said_add(ft_said_list_t *list, ft_said_what_t what, const uint8_t *text, unsigned length);
void ft_said_add_request(ft_said_list_t *list, const uint8_t *host, unsigned host_length, const uint8_t *path, unsigned path_length);
void ft_said_add_address(ft_said_list_t *list, int type, const uint8_t *bytes);

/* said_dns.c, said_http.c: a DNS message, the first bytes of an HTTP request. Other bytes, and cut ones, say nothing or less. */
void ft_said_dns(ft_said_list_t *list, const uint8_t *bytes, unsigned length);
void ft_said_http(ft_said_list_t *list, const uint8_t *bytes, unsigned length);
/* said_tls.c: one whole or cut TLS handshake message, without its header of four bytes. */
void ft_said_tls(ft_said_list_t *list, uint8_t type, const uint8_t *body, unsigned length);
/* True for the handshake messages that ft_said_tls() reads. */
bool ft_said_tls_reads(uint8_t type);

#endif /* FT_SAID_H */
