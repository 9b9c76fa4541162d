/* relay_reading.h
 * How a relay datagram is read: its sub-packets, in the forms in which all bytes are used, and what each payload is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_RELAY_READING_H
#define FT_RELAY_READING_H

#include "wire/relay_header.h"

/* Of a part of the quality metadata that begins with the byte `first`: its length in bytes (IDSFoundation). */
#define FT_RELAY_CHUNK_LEN(first) (2 * (((first) >> 6) + 1))
/* In that byte: another part follows. */
#define FT_RELAY_CHUNK_MORE 0x08
/* First two bytes of a protocol buffer that is encrypted hop by hop: field 1 of 12 bytes, an initialization vector (hbh.c). */
#define FT_PROTOBUF_START 0x0a0c

/* What follows a sub-packet's header. */
enum {
    FT_PAYLOAD_NONE,
    FT_PAYLOAD_RTP,
    FT_PAYLOAD_LINK,
    FT_PAYLOAD_FACE,        /* fa ce: seen by the RTC-Measurement-Project, 2025 */
    FT_PAYLOAD_CONTROL,     /* 40, then SFrame */
    FT_PAYLOAD_PROTOBUF,    /* 0a 0c: a protocol buffer, hop-by-hop encrypted if bit 16 says so */
    FT_PAYLOAD_UNKNOWN,
    FT_PAYLOAD_BAD_LINK     /* a link message but for its length */
};

/* The sub-packets of a datagram. Lives on the stack. */
typedef struct ft_relay_reading {
    tvbuff_t *tvb;
    const uint8_t *bytes;   /* of tvb, those that were captured; while it is read */
    int captured;           /* how many */
    int end;                /* of the content */
    const packet_info *pinfo; /* NULL where not known */
    bool quality;           /* quality metadata may stand before data */
    bool sure;              /* all bytes are used, and each payload is of a form that is known */
    ft_relay_walk_t result; /* how the walk of the last one ended */
    unsigned tries;         /* readings that were tried */
    unsigned n;             /* sub-packets in subs[] */
    ft_relay_sub_t subs[FT_MAX_SUBPACKETS];
} ft_relay_reading_t;

/* What the bytes from `at` to `end` are, FT_PAYLOAD_*, as far as they were captured. */
int ft_relay_payload_kind(tvbuff_t *tvb, int at, int end, uint32_t flags);
/* Has the control message one of the headers that real calls have? Another one is too weak a sign. */
bool ft_relay_control_seen(tvbuff_t *tvb, const ft_relay_sub_t *sub);
/* Did both sides announce, before this frame, that they accept quality metadata before media? */
bool ft_relay_takes_quality(const ft_flow_t *flow, uint32_t frame);

/* Reads the bytes from `at` to `end` and keeps the reading for what comes next: the datagram is matched, then dissected. pinfo and flow may be
 * NULL. It is valid until the next call. */
const ft_relay_reading_t *ft_relay_read_first(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow);
/* The reading that is kept, if it is of this frame and begins at `at`; NULL: it is not, or was used. */
const ft_relay_reading_t *ft_relay_read_kept(const packet_info *pinfo, int at);
/* The kept reading was used: the next one is made anew. */
void ft_relay_read_used(void);
/* The reading of these bytes: a copy of the one that is kept, or a new one. */
void ft_relay_read_once(ft_relay_reading_t *r, tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow);

#endif /* FT_RELAY_READING_H */
