/* parties.h
 * Who is at the far end of a packet of a call: its address, its role, its name, its network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PARTIES_H
#define FT_PARTIES_H

#include "packet-facetime.h"

/* Addresses live in file scope or as long as the tap's data; texts are static or in file scope. */
typedef struct ft_party {
    const ft_endpoint_t *at;    /* NULL: not known */
    const char *role;           /* "relay", "peer", "push", ...; never NULL */
    const char *name;           /* host name as the capture shows it; NULL where it does not */
} ft_party_t;

/* The server or peer of what was queued, and the device. */
ft_party_t ft_party_remote(const ft_brought_t *what);
ft_party_t ft_party_device(const ft_brought_t *what);
/* Whose network an address is in: "Apple", "private", "documentation", ...; "-" where that is not known. Static. */
const char *ft_network_name(const address *addr);
/* The protocol as an analyst would name it; static. */
const char *ft_party_protocol(const ft_brought_t *what);

#endif /* FT_PARTIES_H */
