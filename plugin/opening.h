/* opening.h
 * What a TCP connection says at its opening.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_OPENING_H
#define FT_OPENING_H

#include "payload.h"
#include "said.h"

/* False: ft_opening_segment() has nothing to say of the segment, as of most of a capture. To ask costs next to nothing. */
bool ft_opening_may_be(const ft_payload_t *payload);
/* Adds what this segment says, together with the ones before it, to LIST. First pass only, and only where ft_opening_may_be(). */
void ft_opening_segment(ft_said_list_t *list, const packet_info *pinfo, const ft_payload_t *payload);
/* Forgets the last file; called when a file is opened. */
void ft_opening_init(void);

#endif /* FT_OPENING_H */
