/* far_end.h
 * Who is at the far end of a packet of a call: its address, its role, its name, its network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_FAR_END_H
#define FT_FAR_END_H

#include "show/first_seen.h"

/* Addresses live in file scope; texts are static or in file scope. */
typedef struct ft_far_end {
    const ft_endpoint_t *at;    /* NULL: not known */
    const char *role;           /* "relay", "peer", "push", ...; never NULL */
    const char *name;           /* host name as the capture shows it; NULL where it does not */
} ft_far_end_t;

/* The far end of what was queued (a server or the peer), and the device. The role of a flow's far end may become known only later: a table
 * keeps an ft_first_seen_t and asks for the role when it is drawn. */
ft_far_end_t ft_far_end_of(const ft_call_packets_t *what);
ft_far_end_t ft_far_end_device(const ft_call_packets_t *what);
ft_first_seen_t ft_far_end_note(const ft_call_packets_t *what, bool remote);
ft_far_end_t ft_far_end_noted(const ft_first_seen_t *first);
/* The same of the end that was noted, whichever side of the flow turned out to be the device since. */
ft_far_end_t ft_far_end_noted_end(const ft_first_seen_t *first);
/* Is it the same role of the same host? A service flow keeps its role; flows may turn out to have the same one. */
bool ft_far_end_same(const ft_first_seen_t *a, const ft_first_seen_t *b);
/* Whose network an address is in: "Apple", "private", "documentation", ...; "-" where that is not known. Static. */
const char *ft_network_name(const address *addr);
/* The protocol as an analyst would name it; static. */
const char *ft_far_end_protocol(const ft_call_packets_t *what);

#endif /* FT_FAR_END_H */
