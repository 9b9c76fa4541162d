/* conversation.c
 * Wireshark looks a conversation up with a text made of its ends: some 1,400 instructions. A packet of a service asks three times: for the name, for the
 * service, for the flow.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/conversation.h"

/* The answer, and what was asked. Another packet of an aggregate has other addresses in the frame; NULL: nothing is kept. */
static struct {
    conversation_t *conversation;   /* file scope */
    const void *src, *dst;
    uint32_t frame, srcport, destport;
    port_type ptype;
} kept;

conversation_t *
ft_conversation_at_hand(packet_info *pinfo, bool make)
{
    if (!kept.conversation || kept.frame != pinfo->num || kept.src != pinfo->src.data || kept.dst != pinfo->dst.data ||
        kept.srcport != pinfo->srcport || kept.destport != pinfo->destport || kept.ptype != pinfo->ptype) {
        kept.conversation = ft_conversation(pinfo, make);
        kept.frame = pinfo->num;
        kept.src = pinfo->src.data;
        kept.dst = pinfo->dst.data;
        kept.srcport = pinfo->srcport;
        kept.destport = pinfo->destport;
        kept.ptype = pinfo->ptype;
    }
    return kept.conversation;
}

void
ft_conversation_init(void)
{
    kept.conversation = NULL;
}
