/* passage.c
 * Where and when a datagram was seen: flow, side, path, and the mark in its IP header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

/* DSCP of the IP header, -1 where it is not in the frame (then it was put together from fragments elsewhere).
 *
 * packet_info does not have it, the header's field would need a tree for each packet, and what the IP dissector hands on ends
 * at UDP. But the addresses in packet_info point into the header itself, which begins a fixed distance before. */
static int16_t
packet_dscp(tvbuff_t *frame, const packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(frame), before;
    uintptr_t start, address;
    const uint8_t *header;

    if (captured == 0 || !pinfo->net_src.data)
        return -1;
    switch (pinfo->net_src.type) {
    case AT_IPv4: before = 12; break;       /* RFC 791, 3.1: offset of the source address */
    case AT_IPv6: before = 8; break;        /* RFC 8200, 3 */
    default: return -1;
    }
    start = (uintptr_t)tvb_get_ptr(frame, 0, (int)captured);
    address = (uintptr_t)pinfo->net_src.data;
    if (address < start + before || address >= start + captured)
        return -1;
    header = (const uint8_t *)pinfo->net_src.data - before;
    if (header[0] >> 4 == 4 && before == 12)
        return header[1] >> 2;
    if (header[0] >> 4 == 6 && before == 8)
        return (int16_t)((header[0] & 0x0f) << 2 | header[1] >> 6);
    return -1;
}

void
ft_passage_of(ft_passage_t *passage, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt)
{
    passage->frame = pinfo->num;
    passage->time = pinfo->abs_ts;
    passage->flow = pkt->flow;
    passage->from_a = ft_flow_from_a(pkt->flow, pinfo);
    passage->path = ft_packet_path(pinfo, pkt);
    passage->dscp = packet_dscp(frame, pinfo);
}
