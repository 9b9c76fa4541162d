/* seen.h
 * What the filter of a listener said of packets before they were of a call.
 *
 * On one pass a packet may be the call's only by what comes later: then that later frame brings it (ft_tap_info_t.earlier), and no filter is asked
 * of it any more. So each packet that may become a call's is also queued when it comes (ft_tap_info_t.pending): a listener whose filter lets
 * it through notes it, and counts it when it is brought. As the later frame need not be one that the filter lets through, what it brings goes to a
 * second listener without a filter: ft_seen_later() for that one, ft_seen_take() for both.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SEEN_H
#define FT_SEEN_H

#include "show/show.h"

/* What one listener with a filter noted; NULL stands for a listener without one. */
typedef struct ft_seen ft_seen_t;

ft_seen_t *ft_seen_new(void);
void ft_seen_free(ft_seen_t *seen);
/* What of a queued packet counts for the listener: `info`, or *part, which is then made; NULL: nothing. */
const ft_tap_info_t *ft_seen_take(ft_seen_t *seen, const ft_tap_info_t *info, ft_tap_info_t *part);
/* What a packet brings of earlier ones, for a listener's second half without a filter: `info`, or *part, which is then made, with the media backlog
 * alone (no packet, and nothing to count); NULL: nothing. */
const ft_tap_info_t *ft_seen_later(const ft_tap_info_t *info, ft_tap_info_t *part);
/* Did the filter let this frame through, before it was of a call? True without a filter. */
bool ft_seen_frame(const ft_seen_t *seen, uint32_t frame);
/* A frame that the filter lets through brings these earlier packets: notes how many of them the filter had not let through. */
void ft_seen_miss(ft_seen_t *seen, const ft_tap_info_t *info);
/* How many were noted so: a filter that asks for the call would have let them through. */
uint64_t ft_seen_missed(const ft_seen_t *seen);

#endif /* FT_SEEN_H */
