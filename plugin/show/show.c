/* show.c
 * All views, registered in the order in which the menu has them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"

void
ft_show_register(void)
{
    ft_call_fields_register();
    ft_call_expert_register();
    ft_tap_calls_register();
    ft_tap_streams_register();
    ft_tap_quality_register();
    ft_tap_events_register();
    ft_tap_tree_register();
    ft_tap_timeline_register();
    ft_tap_nodes_register();
    ft_tap_exposure_register();
    ft_tap_voip_register();
}

void
ft_show_handoff(void)
{
    ft_conversation_filter_register();
}
