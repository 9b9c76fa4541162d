/* tap_quality.c
 * How good a call was in each second: -z facetime,quality[,filter] and Statistics > FaceTime Quality. One row for each call, sender and
 * second.
 *
 * Seconds are those of the sender's RTP time line where there is one for all of its streams, as in the calls of today: it does not depend on
 * how the capture was handed over, and what came late counts where it belongs. Else they are those of arrival.
 *
 * What the far side reports (bandwidth, delays) travels in the other direction. It counts in the second that the sender had reached when
 * the report came.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"
#include "show/row_key.h"
#include "show/table.h"

#include <math.h>

/* Rows, senders and streams of one listener; a flood gets no more. An hour has 7,200 rows. */
#define FT_MAX_SECONDS 100000
#define FT_MAX_SENDERS 16384
#define FT_MAX_QUALITY_STREAMS 16384
/* Broken frames of a stream that a late packet may complete. */
#define FT_BROKEN_FRAMES 8
/* Streams of one second whose bytes are told apart: the layers that a device sends. */
#define FT_LAYERS 4

/* RTP time may be off arrival by a batch of the capture, and some. Farther away the time line began anew. */
#define FT_MAX_OFF_SECONDS 10

/* RFC 3389; RFC 2198, as FaceTime uses it (wire/rtp_types.c). */
#define FT_TYPE_COMFORT_NOISE 13
#define FT_TYPE_REDUNDANCY 20

/* Evidence of calls over today's relay, which have one clock for all streams of a sender. */
#define FT_EV_RELAYED_ERA (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | \
                           FT_EV(FT_EV_LINK_PROBE) | FT_EV(FT_EV_QUIC_RELAY))

/* A frame of a stream: the packets with one timestamp. */
typedef struct picture {
    uint32_t timestamp;
    uint16_t got, wanted;           /* packets; wanted 0: not told */
    bool open;                      /* more may come */
    bool marker, hole;              /* its last packet came; something before or in it is missing */
    int64_t second;                 /* in whose row it counts */
} picture_t;

typedef struct quality_stream {
    ft_seq_t seq;
    ft_pauses_t pauses;             /* holes that were turns of other layers */
    uint32_t timestamp;             /* of the latest packet */
    picture_t frame;                /* the latest */
    picture_t broken[FT_BROKEN_FRAMES]; /* a ring */
    unsigned n_broken;
} quality_stream_t;

typedef struct sender {
    const ft_call_t *call;
    ft_side_t side;
    nstime_t began;                 /* absolute, of its first packet */
    uint32_t timestamp;             /* of the latest packet that moved the time line */
    uint32_t clock;                 /* Hz, of that; 0: by arrival */
    int64_t ticks;                  /* where that is, in units of the clock since `began` */
    int64_t second;                 /* the latest */
    uint32_t frame_timestamp;       /* the latest, of all streams */
    bool has_frames;
    ft_turns_t turns;
    GHashTable *streams;            /* SSRC -> quality_stream_t */
} sender_t;

typedef struct quality {
    void *keys;                     /* ft_row_keys_new() */
    GHashTable *senders;            /* ft_row_key_t of call and side -> sender_t */
    unsigned n_streams;
} quality_t;

typedef struct quality_row {
    const ft_call_t *call;
    ft_side_t side;
    int64_t second;
    nstime_t began;
    bool by_arrival;
    uint64_t audio_bytes, video_bytes, redundancy_bytes, parity_bytes;
    uint32_t audio_packets, noise_packets;
    uint32_t frames, complete, broken;
    uint64_t lost, repaired, paused;
    uint32_t n_delays;
    double one_way_delay, queueing_delay; /* sums, in seconds */
    double max_one_way_delay;
    uint16_t bandwidth, least_bandwidth; /* kbit/s: the latest report, and the lowest one; 0: none */
    struct {
        uint32_t ssrc;
        uint64_t bytes;
    } layer[FT_LAYERS];
} quality_row_t;

/* ---- What a listener keeps ---------------------------------------------------------------------- */

static void
sender_free(void *data)
{
    sender_t *sender = (sender_t *)data;

    g_hash_table_destroy(sender->streams);
    g_free(sender);
}

static void *
quality_new(void)
{
    quality_t *quality = g_new0(quality_t, 1);

    quality->keys = ft_row_keys_new();
    quality->senders = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, sender_free);
    return quality;
}

static void
quality_free(void *context)
{
    quality_t *quality = (quality_t *)context;

    g_hash_table_destroy(quality->senders);
    ft_row_keys_free(quality->keys);
    g_free(quality);
}

/* Keys of the rows: side and second; of the senders: the side alone, with a second that no row has. */
#define FT_PART_OF(side, second) ((unsigned)(side) << 28 | (unsigned)((second) & 0x0fffffff))
#define FT_NO_SECOND 0x0fffffff

static sender_t *
sender_find(const quality_t *quality, const ft_call_t *call, ft_side_t side)
{
    return (sender_t *)g_hash_table_lookup(quality->senders, ft_row_key(quality->keys, call, FT_PART_OF(side, FT_NO_SECOND), NULL));
}

static sender_t *
sender_get(quality_t *quality, const ft_call_t *call, ft_side_t side, const ft_arrival_t *arrival)
{
    sender_t *sender;

    if (g_hash_table_size(quality->senders) >= FT_MAX_SENDERS)
        return sender_find(quality, call, side);
    sender = sender_find(quality, call, side);
    if (sender)
        return sender;
    sender = g_new0(sender_t, 1);
    sender->call = call;
    sender->side = side;
    sender->began = arrival->when;
    sender->streams = g_hash_table_new_full(ft_hash_id, g_direct_equal, NULL, g_free);
    g_hash_table_insert(quality->senders, (void *)ft_row_key(quality->keys, call, FT_PART_OF(side, FT_NO_SECOND), NULL), sender);
    return sender;
}

/* *is_new: the packet at hand is its first. */
static quality_stream_t *
stream_get(quality_t *quality, sender_t *sender, uint32_t ssrc, bool *is_new)
{
    quality_stream_t *stream = (quality_stream_t *)g_hash_table_lookup(sender->streams, GUINT_TO_POINTER(ssrc));

    *is_new = !stream;
    if (stream || quality->n_streams >= FT_MAX_QUALITY_STREAMS)
        return stream;
    stream = g_new0(quality_stream_t, 1);
    g_hash_table_insert(sender->streams, GUINT_TO_POINTER(ssrc), stream);
    quality->n_streams++;
    return stream;
}

static quality_row_t *
row_get(ft_table_rows_t *rows, const sender_t *sender, int64_t second)
{
    const quality_t *quality = (const quality_t *)ft_table_context(rows);
    quality_row_t *row;

    /* Twenty years of one call: a broken file's time. */
    if (second < 0 || second >= FT_NO_SECOND) {
        ft_table_left_out(rows);
        return NULL;
    }
    row = (quality_row_t *)ft_table_row(rows, ft_row_key(quality->keys, sender->call, FT_PART_OF(sender->side, second), NULL), sizeof *row);
    if (!row)
        return NULL;
    row->call = sender->call;
    row->side = sender->side;
    row->second = second;
    row->began = sender->began;
    row->by_arrival = sender->clock == 0;
    return row;
}

/* ---- Time ---------------------------------------------------------------------------------------- */

/* The second of a packet, and moves the time line on. */
static int64_t
second_of(sender_t *sender, const ft_call_t *call, const ft_rtp_t *rtp, const nstime_t *when)
{
    double arrived = MAX(ft_seconds(when, &sender->began), 0);
    uint32_t clock = call->evidence & FT_EV_RELAYED_ERA ? ft_rtp_clock(rtp->payload_type, true) : 0;
    int64_t ticks;
    bool anew;

    if (clock == 0) {
        sender->clock = 0;
        sender->second = MAX(sender->second, (int64_t)arrived);
        return (int64_t)arrived;
    }
    ticks = sender->ticks + (int32_t)(rtp->timestamp - sender->timestamp);
    anew = sender->clock != clock || fabs((double)ticks / clock - arrived) > FT_MAX_OFF_SECONDS;
    if (anew)
        ticks = (int64_t)(arrived * clock);
    /* What is late, or sent again, does not turn the line back. */
    if (anew || ticks >= sender->ticks) {
        sender->clock = clock;
        sender->ticks = ticks;
        sender->timestamp = rtp->timestamp;
        sender->second = MAX(sender->second, ticks / clock);
    }
    return MAX(ticks, 0) / clock;
}

/* ---- Frames --------------------------------------------------------------------------------------- */

static bool
picture_is_whole(const picture_t *frame)
{
    return frame->wanted ? frame->got >= frame->wanted : frame->marker && !frame->hole;
}

static void
picture_count(ft_table_rows_t *rows, const sender_t *sender, const picture_t *frame, bool whole, int by)
{
    quality_row_t *row = row_get(rows, sender, frame->second);

    if (!row)
        return;
    if (whole)
        row->complete += (uint32_t)by;
    else
        row->broken += (uint32_t)by;
}

/* A packet of a frame before the latest: it may complete one that was broken. */
static void
picture_late(ft_table_rows_t *rows, const sender_t *sender, quality_stream_t *stream, const ft_rtp_t *rtp)
{
    for (unsigned i = 0; i < FT_BROKEN_FRAMES; i++) {
        picture_t *frame = &stream->broken[i];

        if (frame->got == 0 || frame->timestamp != rtp->timestamp)
            continue;
        frame->got++;
        frame->marker |= rtp->marker;
        if (frame->wanted ? frame->got >= frame->wanted : frame->marker) {
            picture_count(rows, sender, frame, false, -1);
            picture_count(rows, sender, frame, true, 1);
            frame->got = 0;
        }
        return;
    }
}

/* hole: numbers are missing right before the packet, and they are lost. */
static void
picture_add(ft_table_rows_t *rows, const sender_t *sender, quality_stream_t *stream, const ft_rtp_t *rtp, bool hole, int64_t second)
{
    picture_t *frame = &stream->frame;
    bool begins = frame->got == 0 || frame->timestamp != rtp->timestamp, before_marked = frame->marker;

    if (begins && frame->got && (int32_t)(rtp->timestamp - frame->timestamp) < 0) {
        picture_late(rows, sender, stream, rtp);
        return;
    }
    if (begins) {
        if (frame->open) {
            picture_count(rows, sender, frame, false, 1);
            stream->broken[stream->n_broken++ % FT_BROKEN_FRAMES] = *frame;
        }
        *frame = (picture_t){ .timestamp = rtp->timestamp, .wanted = rtp->picture.packets, .open = true, .second = second };
        /* What is missing may be the end of the frame before: not if that came. */
        hole = hole && before_marked;
    }
    frame->got++;
    frame->marker |= rtp->marker;
    frame->hole |= hole;
    if (frame->open && picture_is_whole(frame)) {
        frame->open = false;
        picture_count(rows, sender, frame, true, 1);
    }
}

/* ---- Packets -------------------------------------------------------------------------------------- */

static void
add_layer(quality_row_t *row, const ft_rtp_t *rtp)
{
    for (unsigned i = 0; i < FT_LAYERS; i++) {
        if (row->layer[i].bytes && row->layer[i].ssrc != rtp->ssrc)
            continue;
        row->layer[i].ssrc = rtp->ssrc;
        row->layer[i].bytes += rtp->length;
        return;
    }
}

static void
add_video(ft_table_rows_t *rows, sender_t *sender, quality_stream_t *stream, quality_row_t *row, const ft_rtp_t *rtp, bool lost)
{
    row->video_bytes += rtp->length;
    add_layer(row, rtp);
    if (!sender->has_frames || (int32_t)(rtp->timestamp - sender->frame_timestamp) > 0) {
        sender->has_frames = true;
        sender->frame_timestamp = rtp->timestamp;
        row->frames++;
    }
    picture_add(rows, sender, stream, rtp, lost, row->second);
}

static void
add_audio(quality_row_t *row, const ft_rtp_t *rtp)
{
    row->audio_bytes += rtp->length;
    row->audio_packets++;
    row->noise_packets += rtp->payload_type == FT_TYPE_COMFORT_NOISE;
    if (rtp->payload_type == FT_TYPE_REDUNDANCY)
        row->redundancy_bytes += rtp->length;
}

/* What the packet's sender reports of the other one. */
static void
add_report(ft_table_rows_t *rows, const ft_call_t *call, ft_side_t side, const ft_report_t *report)
{
    const sender_t *other;
    quality_row_t *row;

    if (!report->has_timing && !report->has_video)
        return;
    other = sender_find((const quality_t *)ft_table_context(rows), call, side == FT_SIDE_DEVICE ? FT_SIDE_PEER : FT_SIDE_DEVICE);
    row = other ? row_get(rows, other, other->second) : NULL;
    if (!row)
        return;
    if (report->has_timing) {
        row->n_delays++;
        row->one_way_delay += report->one_way_delay / FT_REPORT_DELAY_CLOCK;
        row->max_one_way_delay = MAX(row->max_one_way_delay, report->one_way_delay / FT_REPORT_DELAY_CLOCK);
        row->queueing_delay += report->queueing_delay / FT_REPORT_QUEUEING_CLOCK;
    }
    /* 0: no estimate yet. */
    if (report->has_video && report->bandwidth) {
        row->least_bandwidth = row->bandwidth ? MIN(row->least_bandwidth, report->bandwidth) : report->bandwidth;
        row->bandwidth = report->bandwidth;
    }
}

/* What of the stream's numbers the packet shows to be missing; counts it. True if something was lost. */
static bool
add_hole(sender_t *sender, quality_stream_t *stream, quality_row_t *row, const ft_rtp_t *rtp, bool is_new, bool *duplicate)
{
    bool begun = stream->seq.begun, paused = false;
    uint64_t restarts = stream->seq.restarts, hole, *missing;
    int64_t highest = stream->seq.highest;
    uint32_t clock = sender->clock ? sender->clock : ft_rtp_clock(rtp->payload_type, false);
    ft_seq_result_t result = ft_seq_add(&stream->seq, rtp->seq);

    *duplicate = result == FT_SEQ_DUPLICATE;
    if (*duplicate)
        return false;
    if (rtp->media == FT_MEDIA_VIDEO)
        paused = ft_turns_add(&sender->turns, rtp->ssrc, is_new ? NULL : &stream->timestamp, rtp->timestamp, clock / 2);
    if (result == FT_SEQ_NEW)
        stream->timestamp = rtp->timestamp;
    /* What is late was counted as lost or paused, in its own second if that can be told. */
    missing = ft_pauses_have(&stream->pauses, &stream->seq, rtp->seq) ? &row->paused : &row->lost;
    if (result == FT_SEQ_LATE && *missing > 0)
        --*missing;
    row->repaired += rtp->retransmitted;
    hole = ft_seq_hole(&stream->seq, begun, restarts, highest);
    if (paused) {
        row->paused += hole;
        ft_pauses_add(&stream->pauses, &stream->seq, hole);
    } else {
        row->lost += hole;
    }
    return hole > 0 && !paused;
}

static void
add_rtp(ft_table_rows_t *rows, const ft_call_t *call, const ft_arrival_t *arrival, const ft_rtp_t *rtp)
{
    quality_t *quality = (quality_t *)ft_table_context(rows);
    bool is_new, lost, duplicate;
    ft_side_t side = ft_side_of(arrival->flow, arrival->from_a);
    sender_t *sender = sender_get(quality, call, side, arrival);
    quality_stream_t *stream = sender ? stream_get(quality, sender, rtp->ssrc, &is_new) : NULL;
    quality_row_t *row;

    if (!stream) {
        ft_table_left_out(rows);
        return;
    }
    row = row_get(rows, sender, second_of(sender, call, rtp, &arrival->when));
    if (!row)
        return;
    if (rtp->picture.parity) {
        row->video_bytes += rtp->length;
        row->parity_bytes += rtp->length;
        return;
    }
    lost = add_hole(sender, stream, row, rtp, is_new, &duplicate);
    if (duplicate)
        return;
    if (rtp->media == FT_MEDIA_VIDEO)
        add_video(rows, sender, stream, row, rtp, lost);
    else if (rtp->media == FT_MEDIA_AUDIO)
        add_audio(row, rtp);
    add_report(rows, call, side, &rtp->report);
}

static void
quality_packet(ft_table_rows_t *rows, const void *data)
{
    ft_seen_t *seen = ft_table_seen(rows);
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(seen, (const ft_tap_info_t *)data, &part);

    if (!info)
        return;
    for (unsigned i = 0; i < info->n_media_backlog; i++) {
        if (ft_seen_frame(seen, info->media_backlog[i].arrival.frame))
            add_rtp(rows, info->call, &info->media_backlog[i].arrival, &info->media_backlog[i].rtp);
    }
    if (!info->packet || info->packet->quoted)
        return;
    for (unsigned i = 0; i < info->packet->n_rtp; i++)
        add_rtp(rows, info->call, &info->arrival, &info->packet->rtp[i]);
}

static void
quality_join(void *into, const void *row)
{
    quality_row_t *keep = (quality_row_t *)into;
    const quality_row_t *gone = (const quality_row_t *)row;

    keep->audio_bytes += gone->audio_bytes;
    keep->video_bytes += gone->video_bytes;
    keep->redundancy_bytes += gone->redundancy_bytes;
    keep->parity_bytes += gone->parity_bytes;
    keep->audio_packets += gone->audio_packets;
    keep->noise_packets += gone->noise_packets;
    keep->frames += gone->frames;
    keep->complete += gone->complete;
    keep->broken += gone->broken;
    keep->lost += gone->lost;
    keep->repaired += gone->repaired;
    keep->paused += gone->paused;
    keep->n_delays += gone->n_delays;
    keep->one_way_delay += gone->one_way_delay;
    keep->queueing_delay += gone->queueing_delay;
    keep->max_one_way_delay = MAX(keep->max_one_way_delay, gone->max_one_way_delay);
    if (gone->bandwidth) {
        keep->least_bandwidth = keep->bandwidth ? MIN(keep->least_bandwidth, gone->least_bandwidth) : gone->least_bandwidth;
        keep->bandwidth = gone->bandwidth;
    }
}

static void
quality_rebind(void *row, const void *key)
{
    ((quality_row_t *)row)->call = ((const ft_row_key_t *)key)->call;
}

static int
quality_order(const void *row, const void *other)
{
    const quality_row_t *x = (const quality_row_t *)row, *y = (const quality_row_t *)other;

    if (x->call != y->call)
        return x->call->number < y->call->number ? -1 : 1;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    return (int)x->side - (int)y->side;
}

/* ---- Columns --------------------------------------------------------------------------------------- */

static const quality_row_t *
row_of(const void *row)
{
    return (const quality_row_t *)row;
}

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->call->number;
}

static void
cell_sender(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(row_of(row)->side, ft_side_vals, "unknown"));
}

static void
cell_second(const void *row, ft_cell_t *cell)
{
    cell->number = (uint64_t)row_of(row)->second;
}

static void
cell_time(const void *row, ft_cell_t *cell)
{
    cell->real = MAX(ft_seconds(&row_of(row)->began, &row_of(row)->call->first_time), 0) + (double)row_of(row)->second;
}

static void
cell_audio(const void *row, ft_cell_t *cell)
{
    cell->real = (double)row_of(row)->audio_bytes * 8 / 1000;
}

static void
cell_video(const void *row, ft_cell_t *cell)
{
    cell->real = (double)row_of(row)->video_bytes * 8 / 1000;
}

static void
cell_frames(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->frames;
}

static void
cell_complete(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->complete;
}

static void
cell_broken(const void *row, ft_cell_t *cell)
{
    cell->unknown = ft_call_is_scattered(row_of(row)->call);
    cell->number = row_of(row)->broken;
}

static void
cell_lost(const void *row, ft_cell_t *cell)
{
    cell->unknown = ft_call_is_scattered(row_of(row)->call);
    cell->number = row_of(row)->lost;
}

static void
cell_repaired(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->repaired;
}

static void
cell_paused(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->paused;
}

/* The one with the most bytes, and how many there are. */
static void
cell_layer(const void *row, ft_cell_t *cell)
{
    const quality_row_t *r = row_of(row);
    unsigned best = 0, count = 0;

    for (unsigned i = 0; i < FT_LAYERS; i++) {
        count += r->layer[i].bytes > 0;
        if (r->layer[i].bytes > r->layer[best].bytes)
            best = i;
    }
    cell->text = count == 0 ? g_strdup("-") : count == 1 ? g_strdup_printf("0x%08x", r->layer[best].ssrc) :
                 g_strdup_printf("0x%08x (of %u)", r->layer[best].ssrc, count);
}

static void
part_of(ft_cell_t *cell, uint64_t part, uint64_t whole)
{
    cell->unknown = whole == 0;
    if (whole)
        cell->real = 100.0 * (double)part / (double)whole;
}

static void
cell_redundancy(const void *row, ft_cell_t *cell)
{
    part_of(cell, row_of(row)->redundancy_bytes, row_of(row)->audio_bytes);
}

static void
cell_parity(const void *row, ft_cell_t *cell)
{
    part_of(cell, row_of(row)->parity_bytes, row_of(row)->video_bytes);
}

static void
cell_silence(const void *row, ft_cell_t *cell)
{
    part_of(cell, row_of(row)->noise_packets, row_of(row)->audio_packets);
}

static void
cell_delay(const void *row, ft_cell_t *cell)
{
    cell->unknown = row_of(row)->n_delays == 0;
    if (!cell->unknown)
        cell->real = 1000 * row_of(row)->one_way_delay / row_of(row)->n_delays;
}

static void
cell_max_delay(const void *row, ft_cell_t *cell)
{
    cell->unknown = row_of(row)->n_delays == 0;
    cell->real = 1000 * row_of(row)->max_one_way_delay;
}

static void
cell_queueing(const void *row, ft_cell_t *cell)
{
    cell->unknown = row_of(row)->n_delays == 0;
    if (!cell->unknown)
        cell->real = 1000 * row_of(row)->queueing_delay / row_of(row)->n_delays;
}

static void
cell_bandwidth(const void *row, ft_cell_t *cell)
{
    cell->unknown = row_of(row)->bandwidth == 0;
    cell->number = row_of(row)->bandwidth;
}

static void
cell_least_bandwidth(const void *row, ft_cell_t *cell)
{
    cell->unknown = row_of(row)->bandwidth == 0;
    cell->number = row_of(row)->least_bandwidth;
}

static void
cell_basis(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(row_of(row)->by_arrival ? "arrival" : ft_call_in_batches(row_of(row)->call) ? "RTP time; captured in batches" : "RTP time");
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    const quality_row_t *r = row_of(row);

    cell->text = r->side == FT_SIDE_UNKNOWN ? g_strdup_printf("facetime.call == %u && rtp", r->call->number) :
                 g_strdup_printf("facetime.call == %u && rtp && facetime.direction == %u", r->call->number, r->side == FT_SIDE_DEVICE ? 1 : 2);
}

static const ft_column_t quality_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "Sender", FT_CELL_TEXT, cell_sender, false },
    { "Time (s)", FT_CELL_REAL1, cell_time, false },
    { "Audio (kbit/s)", FT_CELL_REAL1, cell_audio, true },
    { "Video (kbit/s)", FT_CELL_REAL1, cell_video, true },
    { "Frames/s", FT_CELL_NUMBER, cell_frames, true },
    { "Lost", FT_CELL_NUMBER, cell_lost, true },
    { "Second", FT_CELL_NUMBER, cell_second, false },
    { "Complete frames", FT_CELL_NUMBER, cell_complete, true },
    { "Broken frames", FT_CELL_NUMBER, cell_broken, true },
    { "Repaired", FT_CELL_NUMBER, cell_repaired, true },
    { "Paused", FT_CELL_NUMBER, cell_paused, true },
    { "Main layer", FT_CELL_TEXT, cell_layer, true },
    { "Redundancy (% of audio)", FT_CELL_REAL1, cell_redundancy, true },
    { "Parity (% of video)", FT_CELL_REAL1, cell_parity, true },
    { "One-way delay (ms, as reported)", FT_CELL_REAL1, cell_delay, true },
    { "Max one-way delay (ms)", FT_CELL_REAL1, cell_max_delay, true },
    { "Queueing delay (ms)", FT_CELL_REAL1, cell_queueing, true },
    { "Bandwidth (kbit/s, as reported)", FT_CELL_NUMBER, cell_bandwidth, true },
    { "Lowest bandwidth (kbit/s)", FT_CELL_NUMBER, cell_least_bandwidth, true },
    { "Silence (% of audio packets)", FT_CELL_REAL0, cell_silence, true },
    { "Seconds by", FT_CELL_TEXT, cell_basis, true },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

static ft_table_t quality_table = {
    .title = "FaceTime Quality",
    .tap = "facetime",
    .cli = "facetime,quality",
    .columns = quality_columns,
    .n_columns = array_length(quality_columns),
    .packet = quality_packet,
    .media_backlog = true,
    .before_draw = ft_call_renumber,
    .key = ft_row_key_root,
    .join = quality_join,
    .rebind = quality_rebind,
    .order = quality_order,
    .context_new = quality_new,
    .context_free = quality_free,
    .max_rows = FT_MAX_SECONDS,
};

void
ft_tap_quality_register(void)
{
    ft_table_register(&quality_table);
}
