/* passage.c
 * Where and when a datagram was seen: flow, side, path, and the mark in its IP header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

/* An IP header begins within so many bytes of a frame: behind radiotap, 802.11, tags, PPPoE, a tunnel. */
#define FT_IP_WITHIN 256

/* DSCP of the IP header, -1 where it is not found (it is not in the frame if the datagram was put together from fragments).
 *
 * packet_info does not have it, the header's field would need a tree for each packet, and what the IP dissector hands on ends
 * at UDP. So the header is looked for by its version and its two addresses, which stand one behind the other. */
static int16_t
packet_dscp(tvbuff_t *frame, const packet_info *pinfo)
{
    unsigned limit = MIN(tvb_captured_length(frame), FT_IP_WITHIN), length = (unsigned)pinfo->net_src.len, before;
    const uint8_t *bytes;

    switch (pinfo->net_src.type) {
    case AT_IPv4: before = 12; break;       /* RFC 791, 3.1: offset of the source address */
    case AT_IPv6: before = 8; break;        /* RFC 8200, 3 */
    default: return -1;
    }
    if (pinfo->net_dst.type != pinfo->net_src.type || limit < before + 2 * length)
        return -1;
    bytes = tvb_get_ptr(frame, 0, (int)limit);
    for (unsigned at = 0; at + before + 2 * length <= limit; at++) {
        const uint8_t *header = bytes + at, *addresses = header + before;

        if (header[0] >> 4 != (before == 12 ? 4 : 6) || memcmp(addresses, pinfo->net_src.data, length) != 0 ||
            memcmp(addresses + length, pinfo->net_dst.data, length) != 0)
            continue;
        /* The byte behind the first one, or (IPv6) the eight bits that begin four bits before it. */
        return (int16_t)(before == 12 ? header[1] >> 2 : (header[0] & 0x0f) << 2 | header[1] >> 6);
    }
    return -1;
}

void
ft_passage_of(ft_passage_t *passage, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt)
{
    passage->frame = pinfo->num;
    passage->when = pinfo->abs_ts;
    passage->flow = pkt->flow;
    passage->from_a = ft_flow_from_a(pkt->flow, pinfo);
    passage->path = ft_packet_path(pinfo, pkt);
    passage->dscp = pkt->n_rtp ? packet_dscp(frame, pinfo) : -1;
}
