/* handshake.h
 * What a TCP connection says at its beginning.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HANDSHAKE_H
#define FT_HANDSHAKE_H

#include "names/host_names.h"

/* False: the segment belongs to no handshake, as most segments of a capture. Cheap: two comparisons and a look-up. */
bool ft_handshake_may_be(const ft_payload_t *payload);
/* Adds what this segment says, together with the ones before it, to LIST. First pass only, and only where ft_handshake_may_be(). */
void ft_handshake_segment(ft_host_names_t *list, const packet_info *pinfo, const ft_payload_t *payload);
/* Forgets the last file; called when a file is opened. */
void ft_handshake_init(void);

#endif /* FT_HANDSHAKE_H */
