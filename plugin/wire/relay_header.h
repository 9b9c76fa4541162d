/* relay_header.h
 * The headers of relay channel data: bits, fields, and the one place that knows their order.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_RELAY_HEADER_H
#define FT_RELAY_HEADER_H

#include "wire/wire.h"

/* Bits of the flags that something follows from, bit 0 the lowest of the first word: relay_bits in relay_header.c has all 32. */
#define FT_RELAY_STREAM         0x00000001u /* a primary stream ID follows */
#define FT_RELAY_STREAMS        0x00000002u /* a count, and so many secondary ones */
#define FT_RELAY_PARTICIPANT    0x00000004u /* a participant ID */
#define FT_RELAY_PRIORITY       0x00000008u /* a priority; in the listed form the number of stream IDs */
#define FT_RELAY_PROBE_GROUP    0x00000010u /* a probe group */
#define FT_RELAY_VERSION        0x00000020u /* a version counter */
#define FT_RELAY_COMPOUND       0x00000080u /* the length of the data; another sub-packet follows them */
#define FT_RELAY_STATS_ID       0x00000200u /* the number of a statistics request */
#define FT_RELAY_STATS_PAYLOAD  0x00000400u /* the values of the answer */
#define FT_RELAY_TRANSITION     0x00000800u /* a change between streams */
#define FT_RELAY_LINK           0x00002000u /* a primary relay link ID */
#define FT_RELAY_LINKS          0x00004000u /* a count, and so many secondary ones */
#define FT_RELAY_MORE_FLAGS     0x00008000u /* a second word of flags */
#define FT_RELAY_HBH            0x00010000u /* the payload is encrypted hop by hop */
#define FT_RELAY_SESSION        0x00020000u /* a session state counter */
#define FT_RELAY_RETRANSMITTED  0x00040000u /* the packet was sent before */
#define FT_RELAY_BASE           0x00100000u /* without the next one: a base layer's stream ID */
#define FT_RELAY_LINK_MESSAGE   0x00200000u /* the payload is a link message */

/* Bits that no real call had and no public code names; Apple's reader complains about bits 25 to 31. Bit 20 is not among them:
 * the relay sets it on link messages (all 50 that it sent in the two real calls, none else). */
#define FT_RELAY_UNKNOWN        0xfe401000u

/* How a sub-packet is written. */
typedef enum {
    FT_RELAY_FLAGGED,       /* as the flags announce it: the only form that IDSFoundation of iOS 26.1 writes and reads */
    FT_RELAY_LISTED,        /* bit 11: the IDs of the transition's streams stand before the payload, and bit 3 counts them */
    FT_RELAY_REPEATED,      /* not the first: a header of the same participant, and a length for which no bit is set */
    FT_RELAY_BRIEF          /* not the first: no flags, a stream ID or a count of secondary ones */
} ft_relay_form_t;

/* One sub-packet. Offsets from the start of the datagram, in bytes. */
typedef struct ft_relay_sub {
    ft_relay_form_t form;
    bool priority_behind;   /* the priority stands behind the header and not in it */
    bool list_counted;      /* the length that bit 7 announces is that of list and payload, as IDSFoundation knows no list; else of the payload */
    uint32_t flags;         /* 0 in the brief form */
    uint32_t zeros;         /* bits of fields that are there with the value 0, but for the participant ID */
    uint64_t participant;   /* 0: none */
    int stream;             /* primary stream ID; -1: none */
    unsigned listed;        /* IDs in the list of a transition's streams */
    int data;               /* what is behind the quality metadata; 0: there is none */
    bool is_rtp;            /* its payload, without quality metadata, was found to be RTP */
    int start;              /* of the flags */
    int stats;              /* of the statistics ID, with its values where they are announced; 0: none, or cut off */
    int payload;            /* of the payload: the end of the header */
    int end;                /* of the payload */
    bool last;              /* no other one follows */
} ft_relay_sub_t;

/* How walking one header ended. */
typedef enum {
    FT_RELAY_OK,
    FT_RELAY_CUT,           /* the capture ends inside the header */
    FT_RELAY_SHORT,         /* the length that the datagram states ends inside the header */
    FT_RELAY_BAD_COUNT      /* more IDs than there can be, or a value that cannot be */
} ft_relay_walk_t;

/* Walks the header of one sub-packet from sub->start, in the form sub->form; end is that of the datagram's content. Shows it if tree is
 * not NULL. Reads captured bytes only. */
ft_relay_walk_t ft_relay_walk(tvbuff_t *tvb, int end, proto_tree *tree, ft_relay_sub_t *sub);
/* The same without a tree, of the captured bytes of a buffer. */
ft_relay_walk_t ft_relay_walk_bytes(const uint8_t *bytes, int captured, int end, ft_relay_sub_t *sub);

void ft_relay_header_register(void);

#endif /* FT_RELAY_HEADER_H */
