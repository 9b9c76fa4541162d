/* conversation.h
 * The conversation of the packet at hand, which several files ask for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_CONVERSATION_H
#define FT_CONVERSATION_H

#include "common/ws_compat.h"

/* As ft_conversation(), with the answer kept for the next question about the same packet. Only for what runs after all dissectors of the frame: they
 * may begin a new conversation of the same ends. */
conversation_t *ft_conversation_at_hand(packet_info *pinfo, bool make);
/* A file is opened: what is kept was another one's. */
void ft_conversation_init(void);

#endif
