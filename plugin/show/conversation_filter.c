/* conversation_filter.c
 * What the menu Conversation Filter of a packet has of FaceTime: its call, what its sender sent in the call, its RTP stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"

#include <epan/conversation_filter.h>
#include <epan/to_str.h>

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

/* A call of more than these has several senders on its far side. */
#define TWO_ENDS 2

/* The facts of the packet that was selected, if it is of a call and a flow; NULL: it is not, or is no datagram of FaceTime's. */
static const ft_packet_t *
packet_of_call(packet_info *pinfo)
{
    const ft_packet_t *pkt = ft_call_of_packet(pinfo) ? ft_packet_of(pinfo) : NULL;

    return pkt && pkt->flow && !pkt->quoted ? pkt : NULL;
}

static FT_FILTER_VALID(sender_valid)
{
    const ft_packet_t *pkt = packet_of_call(pinfo);

    return pkt && pkt->flow->device_side >= 0;
}

/* By the direction; in a group also by the key, for media of several others comes from one relay. */
static FT_FILTER_BUILD(sender_build)
{
    const ft_packet_t *pkt = packet_of_call(pinfo);
    const ft_call_t *call = ft_call_of_packet(pinfo);
    bool sent;
    char *key, *filter;

    if (!pkt || pkt->flow->device_side < 0)
        return NULL;
    sent = ft_flow_from_device(pkt->flow, ft_flow_from_a(pkt->flow, pinfo));
    if (sent || call->n_participants <= TWO_ENDS || pkt->n_rtp == 0 || pkt->rtp[0].mki_len == 0)
        return g_strdup_printf("facetime.call == %u && facetime.direction == \"%s\"", call->number, sent ? "sent" : "received");
    key = bytes_to_str_punct(NULL, pkt->rtp[0].mki, pkt->rtp[0].mki_len, ':');
    filter = g_strdup_printf("facetime.call == %u && facetime.rtp.mki == %s", call->number, key);
    wmem_free(NULL, key);
    return filter;
}

static FT_FILTER_VALID(stream_valid)
{
    const ft_packet_t *pkt = packet_of_call(pinfo);

    return pkt && pkt->n_rtp > 0;
}

static FT_FILTER_BUILD(stream_build)
{
    const ft_packet_t *pkt = packet_of_call(pinfo);

    if (!pkt || pkt->n_rtp == 0)
        return NULL;
    return g_strdup_printf("facetime.call == %u && rtp.ssrc == 0x%08x", ft_call_of_packet(pinfo)->number, pkt->rtp[0].ssrc);
}

void
ft_conversation_filter_register(void)
{
    ft_register_conversation_filter("facetime", "FaceTime Call", filter_valid, filter_build);
    ft_register_conversation_filter("facetime", "FaceTime Sender", sender_valid, sender_build);
    ft_register_conversation_filter("facetime", "FaceTime Stream", stream_valid, stream_build);
}
