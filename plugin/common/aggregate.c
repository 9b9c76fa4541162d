/* aggregate.c
 * Frames that hold several packets one behind the other.
 *
 *     +---------------+----+-----------+---------+----+-----------+---------+----+-----------+
 *     | frame header  | .. | IP packet | padding | .. | IP packet | padding | .. | IP packet |
 *     +---------------+----+-----------+---------+----+-----------+---------+----+-----------+
 *                       ^ each with a header of its own: of an A-MSDU, two MAC addresses, a length, LLC and SNAP
 *
 * Wireshark's dissectors go through them one by one, and each overwrites the addresses in packet_info: what runs after all dissectors finds those
 * of the last one. So the packets are looked for in the frame's bytes. A header that is found is skipped with all that it carries, so only
 * the few bytes between two packets are searched, and never what they carry. The last packet found must be the one whose addresses
 * packet_info has: if it is not, what was found are the packets of a tunnel, and the search goes on inside of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/aggregate.h"

#include "common/ids.h"

#include <epan/ipproto.h>

/* The fewest layers of a frame with two packets: a link, then IP, UDP and data twice. Most frames have fewer: link, ethertype, IP, TCP, TLS. */
#define FT_LAYERS_OF_TWO 7

/* Tunnels in tunnels that are searched for an aggregate. */
#define FT_MAX_TUNNELS 8

/* RFC 768. */
#define UDP_LENGTH_AT   4

/* RFC 4443, 2.1, and the types that IANA has assigned. */
#define ICMPV6_HEADER       8
#define ICMPV6_FIRST_ERROR  1
#define ICMPV6_LAST_ERROR   4
#define ICMPV6_FIRST_OTHER  128
#define ICMPV6_LAST_OTHER   161

uint32_t ft_aggregate_part;

/* How often the protocol is among the frame's layers. */
static unsigned
layers_of(const packet_info *pinfo, int proto)
{
    const int *count = (const int *)wmem_map_lookup(pinfo->proto_layers, GINT_TO_POINTER(proto));

    return count ? (unsigned)*count : 0;
}

bool
ft_aggregate_may_be(const packet_info *pinfo)
{
    static int proto_ip = -1, proto_ipv6 = -1;

    if (wmem_list_count(pinfo->layers) < FT_LAYERS_OF_TWO || !pinfo->proto_layers)
        return false;
    if (proto_ip < 0) {
        proto_ip = proto_get_id_by_filter_name("ip");
        proto_ipv6 = proto_get_id_by_filter_name("ipv6");
    }
    return layers_of(pinfo, proto_ip) + layers_of(pinfo, proto_ipv6) > 1;
}

/* RFC 1071. 0 where the header's checksum is right. */
static uint16_t
checksum(const uint8_t *bytes, unsigned length)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i + 1 < length; i += 2)
        sum += ft_u16(bytes + i);
    while (sum > UINT16_MAX)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Does an IP header fit into these bytes? length: how many there are on the wire. What a tunnel's outer header carries is looked at no further. */
static bool
is_inner(bool v6, const uint8_t *bytes, unsigned captured, unsigned length)
{
    ft_ip_t inner;

    return ft_ip_at(&inner, bytes, captured) && inner.v6 == v6 && inner.length <= length;
}

/* An error with the packet that it quotes, which may be cut, or one of the other messages that are in use. */
static bool
is_icmpv6(const uint8_t *bytes, unsigned captured)
{
    ft_ip_t quoted;

    if (bytes[0] >= ICMPV6_FIRST_ERROR && bytes[0] <= ICMPV6_LAST_ERROR)
        return captured < ICMPV6_HEADER + FT_IPV4_HEADER || (ft_ip_at(&quoted, bytes + ICMPV6_HEADER, captured - ICMPV6_HEADER) && quoted.v6);
    return bytes[0] >= ICMPV6_FIRST_OTHER && bytes[0] <= ICMPV6_LAST_OTHER;
}

/* Is this an IP packet that ends within the bytes? captured, reported: how many there are, in the capture and on the wire.
 *  1. The header is valid (ft_ip_at()), with the length that it says: avoids most other bytes.
 *  2. IPv4: the checksum is right, or left to the network card: avoids bytes that look like a header by chance.
 *  3. Of UDP, TCP, ICMPv6 and a packet inside of it the header fits: avoids the same in IPv6, which has no checksum. */
static bool
is_packet(ft_ip_t *ip, const uint8_t *bytes, unsigned captured, unsigned reported)
{
    const uint8_t *header;
    unsigned length;

    if (!ft_ip_at(ip, bytes, captured) || ip->length > reported || ip->payload > captured)
        return false;
    if (!ip->v6 && ft_u16(bytes + 2) == 0)
        return false;
    if (!ip->v6 && ft_u16(bytes + 10) != 0 && checksum(bytes, ip->payload) != 0)
        return false;
    length = ip->length - ip->payload;
    if (ip->is_fragment || ip->payload + MIN(length, FT_TCP_HEADER) > captured)
        return true;
    header = bytes + ip->payload;
    switch (ip->protocol) {
    case FT_IP_PROTOCOL_UDP: return length >= FT_UDP_HEADER && ft_u16(header + UDP_LENGTH_AT) >= FT_UDP_HEADER && ft_u16(header + UDP_LENGTH_AT) <= length;
    case FT_IP_PROTOCOL_TCP: return length >= FT_TCP_HEADER && 4u * (header[12] >> 4) >= FT_TCP_HEADER && 4u * (header[12] >> 4) <= length;
    case IP_PROTO_IPIP: return is_inner(false, header, ip->captured - ip->payload, length);
    case IP_PROTO_IPV6: return is_inner(true, header, ip->captured - ip->payload, length);
    case IP_PROTO_ICMPV6: return length >= ICMPV6_HEADER && is_icmpv6(header, ip->captured - ip->payload);
    default: return !ip->v6;
    }
}

/* The packets in these bytes, one behind the other. Returns how many. */
static unsigned
packets_in(ft_ip_t *packets, tvbuff_t *tvb, const uint8_t *bytes, unsigned captured, unsigned reported)
{
    unsigned count = 0;

    for (unsigned at = 0; at + FT_IPV4_HEADER <= captured && count < FT_MAX_AGGREGATE;) {
        ft_ip_t *ip = &packets[count];

        if ((bytes[at] >> 4 != 4 && bytes[at] >> 4 != 6) || !is_packet(ip, bytes + at, captured - at, reported - at)) {
            at++;
            continue;
        }
        ip->tvb = tvb;
        at += ip->length;
        count++;
    }
    return count;
}

static bool
is_at_hand(const ft_ip_t *ip, const packet_info *pinfo)
{
    address src, dst;

    ft_ip_addresses(ip, &src, &dst);
    return addresses_equal(&src, &pinfo->net_src) && addresses_equal(&dst, &pinfo->net_dst);
}

unsigned
ft_aggregate_of(ft_ip_t *packets, tvbuff_t *frame, const packet_info *pinfo)
{
    const uint8_t *bytes;
    unsigned captured, reported, count;
    ft_ip_t own;

    if (!ft_ip_of(&own, frame, pinfo))
        return 0;
    captured = tvb_captured_length(own.tvb);
    reported = tvb_reported_length(own.tvb);
    bytes = tvb_get_ptr(own.tvb, 0, (int)captured);
    for (unsigned depth = 0; depth < FT_MAX_TUNNELS; depth++) {
        const ft_ip_t *last;

        count = packets_in(packets, own.tvb, bytes, captured, reported);
        if (count == 0)
            return 0;
        last = &packets[count - 1];
        /* The packet that an ICMP error quotes is no further one. */
        if (is_at_hand(last, pinfo) || last->protocol == IP_PROTO_ICMP || last->protocol == IP_PROTO_ICMPV6)
            return count - 1;
        bytes = last->bytes + last->payload;
        reported = last->length - last->payload;
        captured = MIN(last->captured - last->payload, reported);
    }
    return 0;
}

void
ft_ends_of(ft_ends_t *ends, const packet_info *pinfo)
{
    ends->src = pinfo->src;
    ends->dst = pinfo->dst;
    ends->net_src = pinfo->net_src;
    ends->net_dst = pinfo->net_dst;
    ends->srcport = pinfo->srcport;
    ends->destport = pinfo->destport;
    ends->ptype = pinfo->ptype;
}

void
ft_ends_put(packet_info *pinfo, const ft_ends_t *ends)
{
    pinfo->src = ends->src;
    pinfo->dst = ends->dst;
    pinfo->net_src = ends->net_src;
    pinfo->net_dst = ends->net_dst;
    pinfo->srcport = ends->srcport;
    pinfo->destport = ends->destport;
    pinfo->ptype = ends->ptype;
}

void
ft_ends_in(ft_ends_t *ends, const ft_ip_t *ip, const ft_payload_t *payload)
{
    ft_ip_addresses(ip, &ends->src, &ends->dst);
    ends->net_src = ends->src;
    ends->net_dst = ends->dst;
    ends->srcport = payload->srcport;
    ends->destport = payload->destport;
    ends->ptype = ip->protocol == FT_IP_PROTOCOL_TCP ? PT_TCP : PT_UDP;
}
