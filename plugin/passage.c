/* passage.c
 * Where and when a datagram was seen: flow, side, path, and the mark in its IP header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "payload.h"

void
ft_passage_of(ft_passage_t *passage, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt)
{
    ft_ip_t ip;

    passage->frame = pinfo->num;
    passage->when = pinfo->abs_ts;
    passage->flow = pkt->flow;
    passage->from_a = ft_flow_from_a(pkt->flow, pinfo);
    passage->path = ft_packet_path(pinfo, pkt);
    passage->dscp = pkt->n_rtp && ft_ip_of(&ip, frame, pinfo) ? ip.dscp : -1;
}
