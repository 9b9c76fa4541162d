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

/* Bytes of a header without options. RFC 791, 3.1; RFC 768; RFC 9293, 3.1. */
#define FT_IPV4_HEADER 20
#define FT_UDP_HEADER  8
#define FT_TCP_HEADER  20

/* An IP header and its payload, in the frame or in bytes that a dissector made of it (decrypted, reassembled). Valid as long as the frame's
 * bytes. */
typedef struct ft_ip {
    tvbuff_t *tvb;              /* the buffer that holds the header; NULL after ft_ip_at() */
    const uint8_t *bytes;       /* the header */
    unsigned captured;          /* captured bytes from the header on */
    unsigned length;            /* bytes of header, extension headers and payload on the wire */
    unsigned payload;           /* offset of the payload, in bytes from the header */
    uint8_t protocol;           /* of the payload, one of IANA's protocol numbers */
    uint8_t dscp;               /* RFC 2474: 0 to 63 */
    bool v6;
    bool is_fragment;           /* the payload is one part of a larger one, not necessarily the first */
} ft_ip_t;

/* A segment or datagram. Lives as long as the frame's bytes. */
typedef struct ft_payload {
    tvbuff_t *tvb;              /* what holds the bytes: as ft_ip_t.tvb, or the whole of a fragmented packet */
    const uint8_t *bytes;
    unsigned captured;          /* bytes that tvb has */
    unsigned reported;          /* bytes on the wire */
    uint32_t sequence;          /* of TCP: of the first byte; 0 for UDP */
    uint16_t srcport, destport;
    uint8_t flags;              /* of TCP; 0 for UDP */
} ft_payload_t;

/* Two bytes in network byte order. */
static inline uint16_t
ft_u16(const uint8_t *at)
{
    return (uint16_t)((unsigned)at[0] << 8 | at[1]);
}

/* Four bytes in network byte order. */
static inline uint32_t
ft_u32(const uint8_t *at)
{
    return (uint32_t)ft_u16(at) << 16 | ft_u16(at + 2);
}

/* Finds the innermost IP header from which the packet's addresses were read. False: it is not valid, or Wireshark kept no buffer with it. */
bool ft_ip_of(ft_ip_t *ip, tvbuff_t *frame, const packet_info *pinfo);
/* Its differentiated services code point (RFC 2474), 0 to 63; -1: there is no such header. */
int ft_dscp_of(tvbuff_t *frame, const packet_info *pinfo);
/* Reads the header at these bytes. False: it is not valid, or it is truncated. */
bool ft_ip_at(ft_ip_t *ip, const uint8_t *bytes, unsigned captured);
/* The addresses of the header. They point into it. */
void ft_ip_addresses(const ft_ip_t *ip, address *src, address *dst);
/* Finds the payload of TCP or UDP behind the header. False: a fragment, another protocol, or truncated before the payload. */
bool ft_payload_of(ft_payload_t *payload, const ft_ip_t *ip);
/* ft_ip_of() and ft_payload_of() in one. Of the last fragment of an IP packet, the payload of the reassembled packet. False also where the
 * header is of another protocol, as in a datagram that an ICMP error quotes. */
bool ft_payload_in(ft_payload_t *payload, tvbuff_t *frame, const packet_info *pinfo, uint8_t protocol);
/* The bytes of the payload as a buffer of their own, for a dissector. */
tvbuff_t *ft_payload_tvb(const ft_payload_t *payload);

#endif /* FT_PAYLOAD_H */
