/* payload.c
 * Where the IP header and the transport layer's payload lie in a frame, or in what a dissector made of it.
 *
 * packet_info does not hold this offset. The fields of other dissectors hold it, but they need a tree for each packet, which is a fifth of
 * tshark's work (measured on 4.0). Instead the header is found by its addresses. The IP dissector does not copy an IPv4 address:
 * it points into the header. It copies IPv6 addresses: the header is searched by its version and its two adjacent addresses.
 *
 * What a dissector decrypted or put together from fragments is not part of the frame. Wireshark lists such bytes with the frame, as its data
 * sources (the tabs of the bytes pane): the header is looked for there, too. Fragments of an IP packet are put together without
 * their header: what they carry is a data source that begins with the ports of UDP or TCP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/payload.h"

#include "common/shortcuts.h"

/* Bytes of a frame in which an IPv6 header is searched: it may follow radiotap, 802.11, tags, PPPoE or a tunnel. */
#define FT_IP_WITHIN 256

/* RFC 791, 3.1. */
#define IPV4_PLAIN   0x45       /* version, and length of a header without options */
#define IPV4_SOURCE  12
#define IPV4_OFFSET  0x1fff     /* of a fragment, in the field with the flags */
#define IPV4_MORE    0x2000     /* fragments */
/* RFC 8200, 3. */
#define IPV6_HEADER  40
#define IPV6_SOURCE  8
#define IPV6_ADDRESS 16

/* RFC 8200, 4: extension headers, each with the number of the next one and its own length in units of eight bytes without the first. */
#define IPV6_HOP_BY_HOP  0
#define IPV6_ROUTING     43
#define IPV6_FRAGMENT    44
#define IPV6_DESTINATION 60

static inline bool
ipv4_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured)
{
    if (captured < FT_IPV4_HEADER)
        return false;
    ip->payload = 4u * (bytes[0] & 0x0f);
    /* Segmentation offload leaves the length 0: the captured length is taken instead. */
    ip->length = ft_u16(bytes + 2) ? (unsigned)ft_u16(bytes + 2) : captured;
    if (ip->payload < FT_IPV4_HEADER || ip->length < ip->payload)
        return false;
    ip->v6 = false;
    ip->dscp = bytes[1] >> 2;
    ip->protocol = bytes[9];
    ip->is_fragment = (ft_u16(bytes + 6) & (IPV4_OFFSET | IPV4_MORE)) != 0;
    return true;
}

/* Not inlined: the callers run for each packet, and most packets are IPv4. */
static G_GNUC_NO_INLINE bool
ipv6_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured)
{
    if (captured < IPV6_HEADER)
        return false;
    ip->payload = IPV6_HEADER;
    ip->length = ft_u16(bytes + 4) ? IPV6_HEADER + (unsigned)ft_u16(bytes + 4) : captured;
    ip->v6 = true;
    ip->dscp = (uint8_t)((bytes[0] & 0x0f) << 2 | bytes[1] >> 6);
    ip->protocol = bytes[6];
    ip->is_fragment = false;
    /* Ends: each extension header has eight bytes at least. */
    while (ip->protocol == IPV6_HOP_BY_HOP || ip->protocol == IPV6_ROUTING || ip->protocol == IPV6_DESTINATION || ip->protocol == IPV6_FRAGMENT) {
        const uint8_t *header = bytes + ip->payload;

        if (ip->payload + 8 > captured || ip->payload + 8 > ip->length)
            return false;
        if (ip->protocol == IPV6_FRAGMENT) {
            /* Offset in the upper 13 bits, "more" in the lowest. */
            ip->is_fragment |= (ft_u16(header + 2) & 0xfff9) != 0;
            ip->payload += 8;
        } else {
            ip->payload += 8 + 8u * header[1];
        }
        ip->protocol = header[0];
    }
    return ip->payload <= ip->length;
}

static inline bool
ip_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured)
{
    ip->bytes = bytes;
    ip->captured = captured;
    if (captured == 0)
        return false;
    switch (bytes[0] >> 4) {
    case 4: return ipv4_at(ip, bytes, captured);
    case 6: return ipv6_at(ip, bytes, captured);
    default: return false;
    }
}

bool
ft_ip_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured)
{
    ip->tvb = NULL;
    return ip_at(ip, bytes, captured);
}

void
ft_ip_addresses(const ft_ip_t *ip, address *src, address *dst)
{
    if (ip->v6) {
        set_address(src, AT_IPv6, 16, ip->bytes + IPV6_SOURCE);
        set_address(dst, AT_IPv6, 16, ip->bytes + IPV6_SOURCE + 16);
    } else {
        set_address(src, AT_IPv4, 4, ip->bytes + IPV4_SOURCE);
        set_address(dst, AT_IPv4, 4, ip->bytes + IPV4_SOURCE + 4);
    }
}

static unsigned latest_header;      /* where the latest one was that was found by its addresses, in bytes of its buffer */

static inline bool
is_header(const uint8_t *header, const packet_info *pinfo, unsigned source, unsigned length, uint8_t version)
{
    return header[0] >> 4 == version && memcmp(header + source, pinfo->net_src.data, length) == 0 &&
           memcmp(header + source + length, pinfo->net_dst.data, length) == 0;
}

/* The header before this copy of its source address; NULL: none within FT_IP_WITHIN bytes. */
static G_GNUC_NO_INLINE const uint8_t *
header_by_addresses(const uint8_t *bytes, unsigned captured, const packet_info *pinfo, unsigned source, uint8_t version)
{
    unsigned length = (unsigned)pinfo->net_src.len, limit = MIN(captured, FT_IP_WITHIN);

    if (pinfo->net_dst.type != pinfo->net_src.type)
        return NULL;
    /* Most packets of a capture have their header in the same place. */
    if (ft_shortcuts && latest_header + source + 2 * length <= limit && is_header(bytes + latest_header, pinfo, source, length, version))
        return bytes + latest_header;
    for (const uint8_t *header = bytes; header + source + 2 * length <= bytes + limit; header++) {
        if (is_header(header, pinfo, source, length, version)) {
            latest_header = (unsigned)(header - bytes);
            return header;
        }
    }
    return NULL;
}

/* The header in this buffer: where the source address points to, or by both addresses. */
static inline const uint8_t *
header_in(const uint8_t *bytes, unsigned captured, const packet_info *pinfo, unsigned source)
{
    /* As numbers: pointers into different buffers have no order. */
    uintptr_t at = (uintptr_t)pinfo->net_src.data - source;

    return at >= (uintptr_t)bytes && at < (uintptr_t)bytes + captured ? (const uint8_t *)at : NULL;
}

/* The same of IPv4: a header without options, all of it captured. */
static inline const uint8_t *
plain_ipv4(const uint8_t *bytes, unsigned captured, const packet_info *pinfo)
{
    const uint8_t *header = header_in(bytes, captured, pinfo, IPV4_SOURCE);

    return header && captured - (unsigned)(header - bytes) >= FT_IPV4_HEADER && header[0] == IPV4_PLAIN ? header : NULL;
}

/* The header in one of the other data sources of the frame, the latest first, or by its addresses. *tvb: what holds it. */
static G_GNUC_NO_INLINE const uint8_t *
header_elsewhere(tvbuff_t **tvb, const packet_info *pinfo, unsigned source)
{
    const uint8_t *header = NULL;
    uint8_t version = source == IPV4_SOURCE ? 4 : 6;
    tvbuff_t *frame = *tvb;

    for (const GSList *one = pinfo->data_src ? pinfo->data_src->next : NULL; one && !header; one = one->next) {
        tvbuff_t *other = get_data_source_tvb((const struct data_source *)one->data);
        unsigned captured = tvb_captured_length(other);

        if (captured == 0)
            continue;
        *tvb = other;
        header = header_in(tvb_get_ptr(other, 0, (int)captured), captured, pinfo, source);
    }
    if (header)
        return header;
    *tvb = frame;
    header = header_by_addresses(tvb_get_ptr(frame, 0, (int)tvb_captured_length(frame)), tvb_captured_length(frame), pinfo, source, version);
    for (const GSList *one = pinfo->data_src ? pinfo->data_src->next : NULL; one && !header; one = one->next) {
        tvbuff_t *other = get_data_source_tvb((const struct data_source *)one->data);
        unsigned captured = tvb_captured_length(other);

        if (captured == 0)
            continue;
        *tvb = other;
        header = header_by_addresses(tvb_get_ptr(other, 0, (int)captured), captured, pinfo, source, version);
    }
    return header;
}

static inline bool
ip_of(ft_ip_t *ip, tvbuff_t *frame, const packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(frame), source;
    const uint8_t *bytes = tvb_get_ptr(frame, 0, (int)captured), *header;

    switch (pinfo->net_src.type) {
    case AT_IPv4: source = IPV4_SOURCE; break;
    case AT_IPv6: source = IPV6_SOURCE; break;
    default: return false;
    }
    ip->tvb = frame;
    header = header_in(bytes, captured, pinfo, source);
    if (!header) {
        header = header_elsewhere(&ip->tvb, pinfo, source);
        if (!header)
            return false;
        captured = tvb_captured_length(ip->tvb);
        bytes = tvb_get_ptr(ip->tvb, 0, (int)captured);
    }
    if (!ip_at(ip, header, captured - (unsigned)(header - bytes)))
        return false;
    return (source == IPV6_SOURCE) == ip->v6;
}

bool
ft_ip_of(ft_ip_t *ip, tvbuff_t *frame, const packet_info *pinfo)
{
    return ip_of(ip, frame, pinfo);
}

int
ft_dscp_of(tvbuff_t *frame, const packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(frame);
    const uint8_t *bytes = tvb_get_ptr(frame, 0, (int)captured), *header;
    ft_ip_t ip;

    /* A header that nearly all packets have: it is asked for each media packet. */
    if (ft_shortcuts && pinfo->net_src.type == AT_IPv4) {
        header = plain_ipv4(bytes, captured, pinfo);
        if (header && ft_u16(header + 2) >= FT_IPV4_HEADER)
            return header[1] >> 2;
    }
    return ip_of(&ip, frame, pinfo) ? ip.dscp : -1;
}

/* What the transport layer carries, whose header begins at these bytes. captured, length: from there on, captured and on the wire. */
static inline bool
transport_at(ft_payload_t *payload, uint8_t protocol, const uint8_t *header, unsigned captured, unsigned length)
{
    unsigned before;

    switch (protocol) {
    case FT_IP_PROTOCOL_UDP:
        if (captured < FT_UDP_HEADER)
            return false;
        before = FT_UDP_HEADER;
        payload->sequence = 0;
        payload->flags = 0;
        /* RFC 2675, 4: a length of 0 is that of the IP packet. */
        if (ft_u16(header + 4)) {
            length = MIN(length, ft_u16(header + 4));
            captured = MIN(captured, length);
        }
        break;
    case FT_IP_PROTOCOL_TCP:
        if (captured < FT_TCP_HEADER)
            return false;
        before = 4u * (header[12] >> 4);
        if (before < FT_TCP_HEADER)
            return false;
        payload->sequence = (uint32_t)ft_u16(header + 4) << 16 | ft_u16(header + 6);
        payload->flags = header[13];
        break;
    default:
        return false;
    }
    if (captured < before)
        return false;
    payload->bytes = header + before;
    payload->captured = captured - before;
    payload->reported = length - before;
    payload->srcport = ft_u16(header);
    payload->destport = ft_u16(header + 2);
    return true;
}

static inline bool
payload_of(ft_payload_t *payload, const ft_ip_t *ip)
{
    unsigned length = ip->length - ip->payload;

    if (ip->is_fragment || ip->payload > ip->captured)
        return false;
    payload->tvb = ip->tvb;
    return transport_at(payload, ip->protocol, ip->bytes + ip->payload, MIN(ip->captured - ip->payload, length), length);
}

bool
ft_payload_of(ft_payload_t *payload, const ft_ip_t *ip)
{
    return payload_of(payload, ip);
}

/* What the fragments of the packet carry together: the latest data source that is larger than the fragment at hand and begins with the
 * packet's ports. */
static G_GNUC_NO_INLINE bool
payload_of_fragments(ft_payload_t *payload, const ft_ip_t *ip, const packet_info *pinfo)
{
    bool found = false;

    for (const GSList *one = pinfo->data_src ? pinfo->data_src->next : NULL; one; one = one->next) {
        tvbuff_t *whole = get_data_source_tvb((const struct data_source *)one->data);
        unsigned captured = tvb_captured_length(whole);
        const uint8_t *bytes;

        if (captured < FT_UDP_HEADER || tvb_reported_length(whole) <= ip->length - ip->payload)
            continue;
        bytes = tvb_get_ptr(whole, 0, (int)captured);
        if (ft_u16(bytes) != pinfo->srcport || ft_u16(bytes + 2) != pinfo->destport)
            continue;
        payload->tvb = whole;
        found |= transport_at(payload, ip->protocol, bytes, captured, tvb_reported_length(whole));
    }
    return found;
}

/* As ft_payload_in() for nearly all packets: the header is in the frame itself, and has no options, no extension headers and no fragment. False: it is not
 * that simple, or has no payload. */
static inline bool
plain_payload_in(ft_payload_t *payload, tvbuff_t *frame, const packet_info *pinfo, uint8_t protocol)
{
    unsigned captured = tvb_captured_length(frame), head, length;
    const uint8_t *bytes = tvb_get_ptr(frame, 0, (int)captured), *header;

    if (pinfo->net_src.type == AT_IPv4) {
        header = plain_ipv4(bytes, captured, pinfo);
        if (!header || header[9] != protocol || (ft_u16(header + 6) & (IPV4_OFFSET | IPV4_MORE)))
            return false;
        captured -= (unsigned)(header - bytes);
        head = FT_IPV4_HEADER;
        length = ft_u16(header + 2);
    } else if (pinfo->net_src.type == AT_IPv6) {
        head = IPV6_HEADER;
        if (latest_header + head > captured)
            return false;
        header = bytes + latest_header;
        captured -= latest_header;
        if (header[6] != protocol || pinfo->net_dst.type != AT_IPv6 || !is_header(header, pinfo, IPV6_SOURCE, IPV6_ADDRESS, 6))
            return false;
        length = ft_u16(header + 4) ? IPV6_HEADER + (unsigned)ft_u16(header + 4) : 0;
    } else {
        return false;
    }
    /* 0: a segment as the network card gets it. */
    if (length < head)
        return false;
    payload->tvb = frame;
    return transport_at(payload, protocol, header + head, MIN(captured, length) - head, length - head) && payload->srcport == pinfo->srcport;
}

bool
ft_payload_in(ft_payload_t *payload, tvbuff_t *frame, const packet_info *pinfo, uint8_t protocol)
{
    ft_ip_t ip;

    if (ft_shortcuts && plain_payload_in(payload, frame, pinfo, protocol))
        return true;
    if (!ip_of(&ip, frame, pinfo) || ip.protocol != protocol)
        return false;
    if (G_UNLIKELY(ip.is_fragment))
        return payload_of_fragments(payload, &ip, pinfo);
    return payload_of(payload, &ip) && payload->srcport == pinfo->srcport;
}

tvbuff_t *
ft_payload_tvb(const ft_payload_t *payload)
{
    int offset = (int)(payload->bytes - tvb_get_ptr(payload->tvb, 0, (int)tvb_captured_length(payload->tvb)));

    return tvb_new_subset_length_caplen(payload->tvb, offset, (int)payload->captured, (int)payload->reported);
}
