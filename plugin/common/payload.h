/* payload.h
 * Where the transport layer's payload lies in a frame.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PAYLOAD_H
#define FT_PAYLOAD_H

#include "common/ws_compat.h"

/* IANA, protocol numbers. */
#define FT_IP_PROTOCOL_TCP 6
#define FT_IP_PROTOCOL_UDP 17

/* An IP header that stands in the frame, and what is behind it. Lives as long as the frame's bytes. */
typedef struct ft_ip {
    const uint8_t *frame;       /* where the frame, or whatever holds the header, begins */
    const uint8_t *bytes;       /* the header */
    unsigned captured;          /* bytes from there that the frame has */
    unsigned length;            /* of header, extension headers and payload on the wire, in bytes */
    unsigned payload;           /* where the payload begins, in bytes from the header */
    uint8_t protocol;           /* of the payload, one of IANA's protocol numbers */
    uint8_t dscp;               /* RFC 2474: 0 to 63 */
    bool v6;
    bool is_fragment;           /* of a larger packet: the payload is not whole, and may be a later part */
} ft_ip_t;

/* A segment or datagram. Lives as long as the frame's bytes. */
typedef struct ft_payload {
    const uint8_t *bytes;
    unsigned offset;            /* of them in the frame, or whatever holds the header */
    unsigned captured;          /* bytes that the frame has */
    unsigned reported;          /* bytes on the wire */
    uint32_t sequence;          /* of TCP: of the first byte; 0 for UDP */
    uint16_t srcport, destport;
} ft_payload_t;

/* Two bytes in network byte order. */
static inline uint16_t
ft_u16(const uint8_t *at)
{
    return (uint16_t)((unsigned)at[0] << 8 | at[1]);
}

/* The innermost IP header that the packet's addresses were read from. False: it does not stand in the frame (the packet was put
 * together, decrypted or inflated), or is none that is valid. */
bool ft_ip_of(ft_ip_t *ip, tvbuff_t *frame, const packet_info *pinfo);
/* The header at these bytes. False: none that is valid, or cut. */
bool ft_ip_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured);
/* Its addresses, which point into the header. */
void ft_ip_addresses(const ft_ip_t *ip, address *src, address *dst);
/* What TCP or UDP carries behind that header. False: it is a fragment, or another protocol, or cut before its payload. */
bool ft_payload_of(ft_payload_t *payload, const ft_ip_t *ip);
/* The two in one, for each packet of a file: what the packet carries in this protocol. False also for a packet of another one, as that
 * which an ICMP error quotes. */
bool ft_payload_in(ft_payload_t *payload, tvbuff_t *frame, const packet_info *pinfo, uint8_t protocol);

#endif /* FT_PAYLOAD_H */
