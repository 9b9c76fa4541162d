/* rtp.h
 * What the files of RTP share, and nobody else: rtp.c (the packet), rtp_types.c (payload types), rtp_extension.c (header
 * extension), rtp_trailer.c (what ends the packet) and rtcp.c (RTCP and SRTCP).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_RTP_H
#define FT_RTP_H

#include "wire/wire.h"

/* RFC 5761, section 4: the second byte of RTCP is 192 to 223. */
#define FT_RTCP_FIRST_TYPE 192
#define FT_RTCP_LAST_TYPE 223

/* The extension's profile word and its length in words, of iOS 4 to 9. */
#define FT_RTP_PROFILE_4400 0x4400
#define FT_RTP_PROFILE_4400_LEN 2

/* The P bit (RFC 3550, 5.1), in the first byte. */
#define FT_RTP_P 0x20

/* The media key's identifier (MKI) that is behind the payload, in bytes: in calls of 2023, and its short form. */
#define FT_RTP_MKI_LEN FT_MKI_MAX
#define FT_RTP_SHORT_MKI_LEN 2
/* Bytes of a long identifier by which it is looked up: as many as a control message has of it. */
#define FT_RTP_KEY_LEN 8
/* What is behind the identifier: RFC 4771's counter, or what stands in its place. */
#define FT_RTP_ROC_LEN 4

/* How the media of a packet is known: facetime.rtp.media_by. */
typedef enum { FT_MEDIA_BY_NOTHING, FT_MEDIA_BY_SDP, FT_MEDIA_BY_TYPE, FT_MEDIA_BY_SIZE } ft_media_by_t;

/* An RTP packet as it lies in the capture. Lives as long as its frame. */
typedef struct ft_rtp_bytes {
    const uint8_t *bytes;
    unsigned captured, reported;
} ft_rtp_bytes_t;

/* ---- rtp.c -------------------------------------------------------------------------------- */

/* Is a datagram with this second byte RTCP, and not RTP? */
static inline bool
ft_rtp_is_rtcp_type(uint8_t second)
{
    return second >= FT_RTCP_FIRST_TYPE && second <= FT_RTCP_LAST_TYPE;
}

/* The form of RTP alone: how many bytes were captured, and how many there were on the wire. */
bool ft_rtp_form(const uint8_t *bytes, unsigned captured, unsigned reported);
/* An RTP or RTCP packet, also inside something else. Captured bytes only; evidence may be NULL, pinfo too then. */
bool ft_rtp_match(tvbuff_t *tvb, const packet_info *pinfo, uint32_t *evidence);
/* Is it RTCP, if it is one of the two? It has two captured bytes. */
bool ft_rtp_is_rtcp(tvbuff_t *tvb);
void ft_rtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);
/* As ft_wire_t.unseen, for a packet of this form. */
bool ft_rtp_unseen(const ft_rtp_bytes_t *packet, packet_info *pinfo, ft_packet_t *pkt);
/* The same match, and the payload type is one that FaceTime uses over the relay, or it is RTCP. */
bool ft_rtp_is_facetime(tvbuff_t *tvb, const packet_info *pinfo);
/* Says which media (FT_MEDIA_*) an SSRC has that SDP names in this frame, and which clocks (Hz, by payload type; 0: none). First pass only. */
#define FT_RTP_TYPES 128
void ft_rtp_announce(const nstime_t *now, uint32_t ssrc, uint32_t media, uint32_t frame, const uint32_t *clocks);

/* ---- rtp_stock.c -------------------------------------------------------------------------- */

/* A sequence number and a time stamp, extended over their wraps as the stock dissector does it. */
typedef struct ft_rtp_numbers {
    uint32_t seq;
    uint64_t timestamp;
} ft_rtp_numbers_t;

/* From this frame on the upper parts of a stream's numbers are these. */
typedef struct ft_rtp_turn {
    uint32_t frame;
    uint32_t seq;               /* its lower 16 bits are 0 */
    uint64_t timestamp;         /* its lower 32 bits are 0 */
} ft_rtp_turn_t;

/* What is known of the stock dissector's data for a stream. File scope. Written on the first pass; `known` also later, as that data is. */
typedef struct ft_rtp_stock {
    ft_rtp_numbers_t latest, before;    /* of the latest packet of the first pass, and of the one before it */
    ft_rtp_numbers_t known;             /* of the packet that the stock dissector reckons the next one from */
    ft_rtp_numbers_t known_rest;        /* the same in the data for the rest of the stream, see `always` */
    wmem_array_t *turns;                /* ft_rtp_turn_t; NULL: none */
    bool always;                        /* too many turns: the stock dissector is called for each packet from now on, with other data */
} ft_rtp_stock_t;

/* The numbers of a stream that has no packet yet. */
void ft_rtp_numbers_start(ft_rtp_stock_t *stock);
/* Takes those of the next packet. First pass only, once for each packet of the stream. */
void ft_rtp_numbers_take(ft_rtp_stock_t *stock, uint32_t frame, uint16_t seq, uint32_t timestamp);
/* True: nobody would see what the stock dissector does with this RTP packet, the only one of pkt's datagram. */
bool ft_rtp_stock_is_unseen(const ft_rtp_stock_t *stock, const ft_rtp_bytes_t *packet, const ft_packet_t *pkt);
/* Calls the stock dissector for pkt's latest RTP packet. stock: NULL where the stream has no data of its own. */
void ft_rtp_stock_call(ft_rtp_stock_t *stock, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt);
/* Is the packet of the rest of the stream, for which the stock dissector has data of its own? */
bool ft_rtp_stock_is_rest(const ft_rtp_stock_t *stock, const packet_info *pinfo);
void ft_rtp_stock_init(void);
void ft_rtp_stock_handoff(void);

/* ---- rtp_trailer.c ------------------------------------------------------------------------ */

/* What ends a packet: facetime.rtp.trailer. */
typedef enum {
    FT_TRAILER_NONE,
    FT_TRAILER_LONG,            /* key identifier of 16 bytes, counter */
    FT_TRAILER_SHORT,           /* key identifier of 2 bytes, counter or what stands in its place */
    FT_TRAILER_TAGGED           /* key identifier of 2 bytes, at times the counter, tag */
} ft_rtp_trailer_kind_t;

/* The parts of a trailer, in bytes, in their order; 0: not there. */
typedef struct ft_rtp_trailer {
    ft_rtp_trailer_kind_t kind;
    unsigned mki, roc, tag;
} ft_rtp_trailer_t;

/* What repeats at the end of a stream's packets. Begins as zeroes; file scope. Written on the first pass. */
typedef struct ft_rtp_endings {
    uint8_t end[FT_RTP_MKI_LEN];    /* bytes before a small last number, in the latest packet: if they repeat, they are a key identifier */
    bool has_end;
    ft_rtp_trailer_kind_t trailer;  /* found by repetition; on later passes known from run_frame on */
    uint32_t trailer_frame;         /* frame that told; 0: none so far */
    uint16_t run_mki;               /* the two bytes in the place of a short identifier, if there is a tag */
    unsigned run;                   /* packets in a row that have them */
    uint32_t run_frame;             /* the first of those; or that of `end` */
    uint8_t key[FT_RTP_KEY_LEN];    /* begin of the key identifier that was noted last, zeroes before there is one */
} ft_rtp_endings_t;

/* Finds what ends a packet of today, and takes the key's identifier into its facts. endings: those of its stream, or NULL; flow: the stream's,
 * may be NULL without endings. The fixed header is captured. */
ft_rtp_trailer_t ft_rtp_trailer_take(const ft_rtp_bytes_t *packet, const packet_info *pinfo, const ft_flow_t *flow, ft_rtp_endings_t *endings,
                                     uint32_t media, ft_rtp_t *rtp);
/* Shows the bytes from offset on: the encrypted payload, and what ends the packet. */
void ft_rtp_trailer_show(tvbuff_t *tvb, int offset, proto_tree *tree, const ft_rtp_trailer_t *trailer);
/* The first frame of an RTP packet of this flow and direction whose key identifier begins with these bytes (8 of a long one, or both of a
 * short one); 0: none. */
uint32_t ft_rtp_key_frame(const ft_flow_t *flow, bool from_a, const uint8_t *id, unsigned len);
void ft_rtp_trailer_init(void);
void ft_rtp_trailer_register(void);

/* ---- rtp_info.c --------------------------------------------------------------------------- */

/* Adds medium, codec, direction and numbers of pkt's latest RTP packet to Info; the numbers only where the stock dissector wrote none. */
void ft_rtp_info(packet_info *pinfo, const ft_packet_t *pkt);
/* The same where nothing stands in Info but what is behind a fence: cheaper, as the column is not searched for its end. */
void ft_rtp_info_alone(packet_info *pinfo, const ft_packet_t *pkt);

/* ---- rtp_types.c -------------------------------------------------------------------------- */

/* One payload type. */
typedef struct ft_rtp_type {
    uint8_t type;
    uint32_t media;             /* FT_MEDIA_*; 0: no source says it */
    const char *encoding;       /* name in the stock dissector's map; NULL: a static type, which that map cannot hold */
    int clock;                  /* Hz, today */
    int old_clock;              /* Hz, in iOS 4 to 9, where SDP does not say another one */
    const char *name;           /* for people; "[guess]" where no source says it */
    const char *brief;          /* medium and codec as Info has them; NULL: the number says as much */
    bool today;                 /* used by calls over the relay */
} ft_rtp_type_t;

/* The payload type; NULL where it is none of FaceTime's. */
const ft_rtp_type_t *ft_rtp_type(uint8_t type);
/* All of them. */
const ft_rtp_type_t *ft_rtp_types(unsigned *count);

/* ---- rtp_extension.c ---------------------------------------------------------------------- */

void ft_rtp_extension_register(void);
/* A cluster of video packets that probe the bandwidth. File scope. */
typedef struct ft_rtp_probe {
    uint32_t frame;             /* of the first of them */
    uint32_t audio_frame;       /* of the sender's audio packet whose time stamp is its number; 0: not seen */
} ft_rtp_probe_t;

/* The number of the probing cluster in the extension of a video packet, which begins at offset; 0: none, or it was not captured. */
uint32_t ft_rtp_extension_probe(const ft_rtp_bytes_t *packet, unsigned offset);
/* Shows the header extension that begins at offset. Bytes that the capture has not are left out. probe: its cluster, or NULL. Returns the
 * offset behind it. */
int ft_rtp_extension_dissect(tvbuff_t *tvb, int offset, packet_info *pinfo, proto_tree *tree, const ft_rtp_t *rtp, const ft_rtp_probe_t *probe);
/* Takes what it tells into the facts (rtp->media is known); captured bytes only. Returns the offset behind it. */
unsigned ft_rtp_extension_read(const ft_rtp_bytes_t *packet, unsigned offset, ft_rtp_t *rtp);

/* ---- rtcp_packets.c ----------------------------------------------------------------------- */

void ft_rtcp_packets_register(void);
/* Shows what AVConference means by the packets of RTCP that fill the first `end` bytes; of those that the stock dissector says all of, nothing. */
void ft_rtcp_packets(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, unsigned end);

/* ---- rtcp.c ------------------------------------------------------------------------------- */

/* Has the datagram the form of RTCP or SRTCP? Captured bytes only. */
bool ft_rtcp_match(tvbuff_t *tvb);
void ft_rtcp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);

#endif /* FT_RTP_H */
