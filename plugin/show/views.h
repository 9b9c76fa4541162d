/* views.h
 * What each file of this floor registers; show.c calls them all, and nobody else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_VIEWS_H
#define FT_VIEWS_H

#include "show/show.h"

void ft_call_fields_register(void);
/* Adds the call's expert items, on its last frame once the file was read, and on the frame that shows a number. */
void ft_call_expert_register(void);
void ft_call_expert(packet_info *pinfo, proto_item *item, const ft_call_t *call, const ft_packet_t *pkt);
void ft_tap_calls_register(void);
void ft_tap_streams_register(void);
void ft_tap_quality_register(void);
void ft_tap_events_register(void);
void ft_tap_tree_register(void);
void ft_tap_timeline_register(void);
void ft_tap_nodes_register(void);
void ft_tap_exposure_register(void);
void ft_tap_voip_register(void);
void ft_conversation_filter_register(void);

#endif /* FT_VIEWS_H */
