/* conversation_filter.c
 * "FaceTime Call" in the menu Conversation Filter of a packet: selects all packets of its call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"

#include <epan/conversation_filter.h>

static FT_FILTER_VALID(filter_valid)
{
    return ft_call_of_packet(pinfo) != NULL;
}

/* To be freed with g_free(), as Wireshark does. */
static FT_FILTER_BUILD(filter_build)
{
    const ft_call_t *call = ft_call_of_packet(pinfo);

    return call ? g_strdup_printf("facetime.call == %u", call->number) : NULL;
}

void
ft_conversation_filter_register(void)
{
    ft_register_conversation_filter("facetime", "FaceTime Call", filter_valid, filter_build);
}
