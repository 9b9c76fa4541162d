/* aggregate.h
 * Frames that hold several packets one behind the other: an 802.11 A-MSDU, multiplexed PPP (RFC 3153), what a USB modem sends at once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_AGGREGATE_H
#define FT_AGGREGATE_H

#include "common/payload.h"

/* Packets of one frame that are looked at, at most; the last one always is. An A-MSDU has up to 11,454 bytes (IEEE 802.11-2020, table 9-34):
 * 184 packets of 40 bytes, the least that IP and TCP have, each with 22 bytes of its own headers. */
#define FT_MAX_AGGREGATE 192

/* Bytes of the smallest datagram. */
#define FT_LEAST_PACKET (FT_IPV4_HEADER + FT_UDP_HEADER)

/* The ends of one packet, as packet_info has them. Addresses live as long as the frame's bytes. */
typedef struct ft_ends {
    address src, dst, net_src, net_dst;
    uint32_t srcport, destport;
    port_type ptype;
} ft_ends_t;

/* Could another packet be behind this datagram in its frame, by the bytes that are left there? Padding, a check sequence and the like may look as if.
 * For use while the frame is dissected, when its layers do not tell yet. */
static inline bool
ft_more_may_follow(tvbuff_t *datagram)
{
    return (unsigned)tvb_raw_offset(datagram) + tvb_reported_length(datagram) + FT_LEAST_PACKET <= tvb_reported_length(tvb_get_ds_tvb(datagram));
}

/* Can the frame hold more than one packet, by its layers? False for nearly all. Cheap. */
bool ft_aggregate_may_be(const packet_info *pinfo);
/* The IP packets of the frame in their order, those before the last: packet_info has the last one's addresses. Returns how many;
 * 0: the frame holds one packet (which may be inside another: a tunnel). */
unsigned ft_aggregate_of(ft_ip_t *packets, tvbuff_t *frame, const packet_info *pinfo);

/* packet_info's ends, and others in their place: what follows takes the packet at hand to be the one with these. */
void ft_ends_of(ft_ends_t *ends, const packet_info *pinfo);
void ft_ends_put(packet_info *pinfo, const ft_ends_t *ends);
/* The ends that these headers say. */
void ft_ends_in(ft_ends_t *ends, const ft_ip_t *ip, const ft_payload_t *payload);

/* How many of the frame's bytes on the wire are the packet's at hand: all, or of an aggregate the part that was set (0: all). */
extern uint32_t ft_aggregate_part;

static inline uint32_t
ft_wire_bytes(const packet_info *pinfo)
{
    return G_LIKELY(ft_aggregate_part == 0) ? pinfo->fd->pkt_len : ft_aggregate_part;
}

#endif /* FT_AGGREGATE_H */
