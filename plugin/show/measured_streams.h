/* measured_streams.h
 * What the streams table measures: the streams of a listener, a stream for each call, SSRC and sender, with its legs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_MEASURED_STREAMS_H
#define FT_MEASURED_STREAMS_H

#include "show/seen.h"
#include "show/table.h"

/* Evidence of calls over today's relay, which have one clock for all streams. */
#define FT_EV_RELAYED_ERA (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | \
                           FT_EV(FT_EV_LINK_PROBE) | FT_EV(FT_EV_QUIC_RELAY))

/* Legs of one stream that are told apart: Wi-Fi and cellular, relay and direct, IPv4 and IPv6. */
#define FT_MAX_LEGS 8
/* Streams that are looked at for layers and redundancy: the ones with the latest packets. */
#define FT_RECENT_STREAMS 32
/* Frames of a stream whose timestamps are kept: two seconds of video. */
#define FT_RECENT_FRAMES 64
/* Other streams with the same frames that a stream remembers. */
#define FT_MAX_PARTNERS 4
/* A payload type that is only redundancy for another stream, where it has an SSRC of its own (wire/rtp.c). */
#define FT_TYPE_REDUNDANCY 20

/* Seen from the device. */
typedef enum { FT_SENDER_UNKNOWN, FT_SENDER_DEVICE, FT_SENDER_PEER, FT_SENDERS } ft_sender_t;

typedef struct ft_measured_leg {
    const ft_flow_t *flow;
    bool from_a;
    ft_leg_stats_t stats;
} ft_measured_leg_t;

typedef struct ft_measured_stream {
    struct ft_measured_streams *all;            /* the context that it is in */
    bool in_quic;                   /* what one side sends inside QUIC: no SSRC, and nothing else of RTP is known */
    struct ft_measured_stream *first, *next;    /* of the streams with this SSRC, in the order in which they began */
    unsigned n_same;                /* of the first of them: how many there are */
    const ft_call_t *call;
    uint32_t ssrc;
    ft_sender_t sender;
    uint32_t paths;                 /* mask of ft_path_t */
    ft_stream_stats_t stats;
    unsigned n_legs;
    ft_measured_leg_t *legs[FT_MAX_LEGS];
    const ft_call_t *listed_in;     /* the call in whose list it is; NULL: none */
    bool joined;                    /* another row has taken it in */
    uint32_t media;                 /* FT_MEDIA_* of its first packet that tells */
    uint8_t mki_len, mki[FT_MKI_MAX]; /* the key's identifier; 0: none was found */
    bool is_recent;                 /* it is in the context's list */
    uint64_t frame_known;           /* bit i: frame_timestamp[i] is set */
    uint32_t frame_timestamp[FT_RECENT_FRAMES];
    struct {
        const struct ft_measured_stream *with;
        uint32_t frames;
    } partner[FT_MAX_PARTNERS];
    ft_turns_t *turns;              /* of all video streams of its sender; the context's */
    bool turns_of_peer;             /* they are those of the other end, where both ends were captured */
    const struct ft_measured_stream *redundancy_of; /* the other audio stream that ran at the same time; NULL: none, or */
    bool ambiguous;                 /* several did */
} ft_measured_stream_t;

/* What a listener keeps. */
typedef struct ft_measured_streams {
    GHashTable *by_call;            /* ft_call_t -> GPtrArray of its ft_measured_stream_t */
    GHashTable *by_ssrc;            /* SSRC -> ft_measured_stream_t, the first one of its list */
    GHashTable *in_quic;            /* ft_call_t -> quic_media_t: which streams stand for the call */
    GPtrArray *quic;                /* all ft_measured_stream_t of media inside QUIC: it owns them */
    ft_measured_stream_t *recent[FT_RECENT_STREAMS];
    GPtrArray *turns;               /* ft_turns_t of each sender */
} ft_measured_streams_t;

typedef struct ft_stream_row {
    ft_measured_stream_t *stream;
} ft_stream_row_t;

/* A listener's context; freed by ft_measured_streams_free(). */
void *ft_measured_streams_new(void);
void ft_measured_streams_free(void *context);
/* Takes what the tap queued for a packet (ft_tap_info_t) into its streams; a table's `packet`. */
void ft_measured_streams_packet(ft_table_rows_t *rows, const void *data);
/* The first stream with the same SSRC and, by now, the same call and sender: a table's `key`. */
const void *ft_measured_streams_key(const void *key);
/* Adds what the stream of one row measured to that of another: a table's `join`. */
void ft_measured_streams_join(void *into, const void *row);

/* The stream's call as it is known now; lives in file scope. */
const ft_call_t *ft_measured_call(const ft_measured_stream_t *stream);
/* Its sender as it is known now. */
ft_sender_t ft_measured_sender(const ft_measured_stream_t *stream);
/* FT_MEDIA_* of its most frequent payload type; 0: not known. */
uint32_t ft_measured_media(const ft_measured_stream_t *stream);
/* The leg that tells most of the stream; NULL: there is none. */
const ft_measured_leg_t *ft_measured_main_leg(const ft_measured_stream_t *stream);

#endif /* FT_MEASURED_STREAMS_H */
