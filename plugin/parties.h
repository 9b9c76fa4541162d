/* parties.h
 * Who is at the far end of a packet of a call: its address, its role, its name, its network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PARTIES_H
#define FT_PARTIES_H

#include "mentions.h"

/* Addresses live in file scope; texts are static or in file scope. */
typedef struct ft_party {
    const ft_endpoint_t *at;    /* NULL: not known */
    const char *role;           /* "relay", "peer", "push", ...; never NULL */
    const char *name;           /* host name as the capture shows it; NULL where it does not */
} ft_party_t;

/* The server or peer of what was queued, and the device. What a flow's far end is may show only later: a table that keeps its role
 * keeps a mention and asks again when it is drawn. */
ft_party_t ft_party_remote(const ft_brought_t *what);
ft_party_t ft_party_device(const ft_brought_t *what);
ft_mention_t ft_party_mention(const ft_brought_t *what, bool remote);
ft_party_t ft_party_mentioned(const ft_mention_t *mention);
/* Is it the same part of the same host? Errands have a role each, which stays; flows may turn out to have the same one. */
bool ft_party_same_mention(const ft_mention_t *a, const ft_mention_t *b);
/* Whose network an address is in: "Apple", "private", "documentation", ...; "-" where that is not known. Static. */
const char *ft_network_name(const address *addr);
/* The protocol as an analyst would name it; static. */
const char *ft_party_protocol(const ft_brought_t *what);

#endif /* FT_PARTIES_H */
