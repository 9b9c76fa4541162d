/* stream_stats.h
 * The arithmetic of RTP streams: loss, duplicates, order, jitter, clock, bit rate, gaps, frames. It does not use Wireshark, so that it can be
 * tested alone. Each struct has a fixed size: a packet changes counters and allocates nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_STREAM_STATS_H
#define FT_STREAM_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* Time in nanoseconds since 1970. */
typedef int64_t ft_nanoseconds_t;
#define FT_SECOND INT64_C(1000000000)
#define FT_MILLISECOND INT64_C(1000000)

/* One RTP packet as the arithmetic sees it. */
typedef struct ft_sample {
    ft_nanoseconds_t when;      /* of arrival at the capture */
    uint32_t frame;             /* its number in the capture */
    uint32_t timestamp;         /* in units of the stream's clock */
    uint32_t length;            /* bytes, RTP header included */
    uint16_t number;            /* sequence number */
    uint8_t type;               /* payload type, 0 to 127 */
    bool marker;
    int16_t dscp;               /* of the IP header, 0 to 63; -1: not known */
    bool retransmitted;         /* sent again by the relay */
    bool parity;                /* repairs others (forward error correction); its number is that of one of them */
    bool opaque;                /* encrypted, headers and all: number, timestamp, type and marker are not known */
} ft_sample_t;

/* ---- Sequence numbers -------------------------------------------------------------------------- */

/* Sequence numbers that are remembered one by one. A packet that is later than this is not told from a duplicate. 1,024 numbers are five
 * seconds of video at 200 packets per second. */
#define FT_SEQ_WINDOW 1024

/* RFC 3550, A.1: a larger step ahead (MAX_DROPOUT) is a restart of the stream, or a stray packet. */
#define FT_SEQ_MAX_STEP 3000

typedef enum {
    FT_SEQ_NEW,                 /* the highest number so far */
    FT_SEQ_LATE,                /* a lower number that was not there yet */
    FT_SEQ_DUPLICATE,
    FT_SEQ_STRAY                /* far from all others; counted once the next one follows it */
} ft_seq_result_t;

/* Which sequence numbers arrived: one by one for the last FT_SEQ_WINDOW, in sums for earlier ones. */
typedef struct ft_seq {
    bool begun;
    bool has_stray;
    uint16_t after_stray;       /* the number that would make the latest stray packet a restart */
    int64_t lowest, highest;    /* of this run, extended beyond 16 bits */
    uint64_t expected_before;   /* expected packets of the runs before the latest restart */
    uint64_t received;          /* distinct numbers that arrived, of all runs */
    uint64_t duplicates, late, restarts;
    uint64_t seen[FT_SEQ_WINDOW / 64]; /* bit `number % FT_SEQ_WINDOW`, of the numbers above highest - FT_SEQ_WINDOW */
} ft_seq_t;

ft_seq_result_t ft_seq_add(ft_seq_t *seq, uint16_t number);
/* Expected packets: the numbers from the lowest to the highest, of all runs. Lost ones: those that did not arrive. */
uint64_t ft_seq_expected(const ft_seq_t *seq);
uint64_t ft_seq_lost(const ft_seq_t *seq);
/* Adds the sums of a later part of the same stream. */
void ft_seq_join(ft_seq_t *into, const ft_seq_t *later);

/* The numbers between the highest before (as it was then) and the latest packet, which ft_seq_add() called new; 0: none is missing, or the
 * numbering began anew. */
uint64_t ft_seq_hole(const ft_seq_t *seq, bool begun, uint64_t restarts, int64_t highest);

/* ---- Turns: streams of one picture, of which one is forwarded at a time ---------------------------- */

/* The layers of a camera have one time line. Measured on a real call: the relay forwards one of them at a time, and what it forwards is
 * back to back in that time. A layer that others took turns for was not lost. */
typedef struct ft_turns {
    bool begun;
    uint32_t ssrc;              /* whose turn it is */
    uint32_t from, last;        /* timestamps: of the first packet of this turn; of the latest packet of any stream */
    uint32_t whole_from;        /* since here no pause of all streams was longer than it may be */
    bool changed;               /* the latest packet began a turn, after one of at least two frames */
} ft_turns_t;

/* Takes a packet of a stream. stream_last: the timestamp of the stream's packet before, NULL: this is its first. max_pause, in units of
 * the clock: a longer one of all streams is not covered by any. True if the stream was silent until now while others had their turn: the
 * numbers that are missing since were not forwarded. */
bool ft_turns_add(ft_turns_t *turns, uint32_t ssrc, const uint32_t *stream_last, uint32_t timestamp, uint32_t max_pause);

/* The holes that were turns of other layers, the latest ones: of a packet that comes late it is known then that its layer was forwarded. */
#define FT_PAUSES 4

typedef struct ft_pauses {
    unsigned n;                 /* holes so far; the latest FT_PAUSES are kept, at number % FT_PAUSES */
    struct {
        int64_t first;          /* of the missing numbers, extended beyond 16 bits: the same number comes again after 65,536 packets */
        uint16_t count;         /* of them */
        uint16_t restarts;      /* of the numbering until then (its low bits) */
    } holes[FT_PAUSES];
} ft_pauses_t;

/* Takes the hole of `count` numbers in front of the highest one. */
void ft_pauses_add(ft_pauses_t *pauses, const ft_seq_t *seq, uint64_t count);
/* Is this number, which came late, one of those? */
bool ft_pauses_have(const ft_pauses_t *pauses, const ft_seq_t *seq, uint16_t number);

/* ---- One path of a stream ---------------------------------------------------------------------- */

/* Clocks that audio and video have, in Hz. Jitter is kept for each of them, because which one is right is known only later. */
#define FT_N_CLOCKS 10
extern const uint32_t ft_clocks[FT_N_CLOCKS];

/* Packets whose length and marker are kept, to tell a copy from another packet with the same number. */
#define FT_RECENT 64

typedef struct ft_leg_stats {
    uint64_t packets;
    ft_seq_t seq;
    uint64_t repairs;           /* packets with a number that was there and another length or marker; not among the duplicates */
    uint32_t recent[FT_RECENT]; /* number << 16 | length of the packet (15 bits) << 1 | marker, + 1; 0: none. At number % FT_RECENT */
    bool timed;                 /* the next two are set */
    ft_nanoseconds_t first_time, last_time; /* the first one without the time between runs of numbers: last - first is what `media` took */
    ft_nanoseconds_t longest_gap;
    uint32_t last_timestamp;
    int64_t media;              /* how far the timestamps went, in units of the clock */
    uint64_t n_jitter;          /* differences that the three below are made of */
    double jitter[FT_N_CLOCKS], jitter_sum[FT_N_CLOCKS], jitter_max[FT_N_CLOCKS]; /* in seconds */
    uint64_t steps, rushed;     /* packets with a later timestamp; those that came much faster than their timestamps say */
} ft_leg_stats_t;

/* What ft_leg_add() found out about a packet. */
typedef enum { FT_LEG_FIRST_COPY, FT_LEG_COPY, FT_LEG_REPAIR } ft_leg_result_t;

ft_leg_result_t ft_leg_add(ft_leg_stats_t *leg, const ft_sample_t *sample);
/* The clock in Hz as timestamps and arrival times show it; 0 where they do not. */
uint32_t ft_leg_clock(const ft_leg_stats_t *leg);
/* Mean and maximum of the jitter with a clock of this rate, in seconds. False: not one of ft_clocks, or too few packets. */
bool ft_leg_jitter(const ft_leg_stats_t *leg, uint32_t clock, double *mean, double *max);
/* True if packets arrived in batches, much faster than they were sent: the capture was handed over in parts, and its times are those of the
 * hand-over. */
bool ft_leg_in_batches(const ft_leg_stats_t *leg);
void ft_leg_join(ft_leg_stats_t *into, const ft_leg_stats_t *later);

/* ---- A stream, on all its paths ----------------------------------------------------------------- */

/* Silence that a listener notices. */
#define FT_GAP (200 * FT_MILLISECOND)

typedef struct ft_stream_stats {
    uint64_t packets, bytes;    /* all, copies included */
    ft_seq_t seq;               /* the same number on two paths is one */
    uint64_t copies;            /* of a packet that another path brought first */
    uint64_t paused;            /* numbers that were not forwarded while another layer was */
    ft_pauses_t pauses;         /* where */
    uint64_t repaired;          /* packets that were sent again, and had not come before */
    uint64_t parity;            /* packets that repair others; their numbers do not count */
    uint32_t first_frame, last_frame;
    ft_nanoseconds_t first_time, last_time;
    uint64_t gaps;              /* longer than FT_GAP */
    ft_nanoseconds_t longest_gap; /* of those; 0 if there is none */
    int64_t second;             /* whole seconds since first_time of the latest packet */
    uint64_t second_bytes, peak_bytes; /* in that second; in the fullest one */
    uint32_t frames;            /* different timestamps, in their order */
    uint32_t frame_timestamp;   /* of the latest one */
    int64_t frame_media;        /* from the first to the latest one, in units of the clock */
    uint32_t types[128];        /* packets of each payload type */
    uint64_t dscps;             /* mask of those seen */
} ft_stream_stats_t;

/* Adds a packet, with what its path found out about it. paused: what is missing before it was not forwarded (ft_turns_add()). True if a video
 * frame begins with it. */
bool ft_stream_stats_add(ft_stream_stats_t *stats, const ft_sample_t *sample, ft_leg_result_t result, bool paused);
/* Numbers that did not come, but for those that were paused. */
uint64_t ft_stream_lost(const ft_stream_stats_t *stats);
void ft_stream_stats_join(ft_stream_stats_t *into, const ft_stream_stats_t *later);
/* By arrival, or by the timestamps of a clock. */
double ft_stream_seconds(const ft_stream_stats_t *stats);
double ft_stream_media_seconds(const ft_stream_stats_t *stats, uint32_t clock);
/* Bits per second: of the whole stream that took so long (one shorter than a second counts as a second), and of its fullest second. */
double ft_stream_rate(const ft_stream_stats_t *stats, double seconds);
double ft_stream_peak(const ft_stream_stats_t *stats);
/* Frames per second of media time; false where there are too few. */
bool ft_stream_frame_rate(const ft_stream_stats_t *stats, uint32_t clock, double *rate);
/* The most frequent payload type. */
uint8_t ft_stream_main_type(const ft_stream_stats_t *stats);

#endif /* FT_STREAM_STATS_H */
