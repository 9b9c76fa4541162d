/* arrival.c
 * Where and when a datagram was seen: flow, side, path, and the mark in its IP header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"

void
ft_arrival_of(ft_arrival_t *arrival, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt)
{
    arrival->frame = pinfo->num;
    arrival->when = *ft_frame_time(pinfo);
    arrival->flow = pkt->flow;
    arrival->from_a = pkt->from_a;
    arrival->path = ft_packet_path(pinfo, pkt);
    arrival->dscp = pkt->n_rtp ? ft_dscp_of(frame, pinfo) : -1;
}
