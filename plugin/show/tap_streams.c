/* tap_streams.c
 * The streams table: -z facetime,streams[,filter] and Statistics > FaceTime Streams. One row for each call, SSRC and sender.
 *
 * A stream may travel over several paths, at once or one after the other: Wi-Fi and cellular, relay and direct. Each path is a
 * leg, with its own jitter and order; a sequence number counts once, whichever leg brings it first.
 *
 * Rows of one sender and medium stand together. Who sends is told by the direction and, where several do (a group), by the identifier of the
 * sender's media key, which ends each packet. What was lost is also summed for sender and medium: a sender's layers and generations are one medium.
 *
 * What belongs together is measured where it can be: video streams of one sender that have frames with the same timestamps
 * are layers of one picture. Where it is only likely, it is called a guess.
 *
 * Media inside QUIC (wire/pod.c) has no SSRC that could be read: all that a side of a call sends of it is one row, a guess, which says what is
 * seen from outside and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"
#include "show/table.h"

/* Streams of one listener; some 2 kB each and 1 kB for each leg. */
#define FT_MAX_STREAM_ROWS 16384
/* Streams with one SSRC: two senders in some calls. They are a list, so a flood of calls with one SSRC gets no more. */
#define FT_MAX_SAME_SSRC 64
/* Legs of one stream that are told apart: Wi-Fi and cellular, relay and direct, IPv4 and IPv6. */
#define FT_MAX_LEGS 8
/* Streams that are looked at for layers and redundancy: the ones with the latest packets. */
#define FT_RECENT_STREAMS 32
/* Frames of a stream whose timestamps are kept: two seconds of video. */
#define FT_RECENT_FRAMES 64
/* Other streams with the same frames that a stream remembers. */
#define FT_MAX_PARTNERS 4
/* So many frames in common are no chance: timestamps have 32 bits and begin at random. */
#define FT_MIN_SHARED_FRAMES 2
/* Streams of one call that are looked at for the sums of sender and medium; a flood has none. A group of 32 with three layers has some 130. */
#define FT_MAX_SUMMED_STREAMS 256
/* Bytes of a key identifier that a row shows. */
#define FT_KEY_SHOWN 4
/* A payload type that is only redundancy for another stream, where it has an SSRC of its own (wire/rtp.c). */
#define FT_TYPE_REDUNDANCY 20

/* Evidence of calls over today's relay, which have one clock for all streams. */
#define FT_EV_RELAYED_ERA (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | \
                           FT_EV(FT_EV_LINK_PROBE) | FT_EV(FT_EV_QUIC_RELAY))

/* Seen from the device. */
typedef enum { SENDER_UNKNOWN, SENDER_DEVICE, SENDER_PEER, SENDERS } sender_t;

typedef struct leg {
    const ft_flow_t *flow;
    bool from_a;
    ft_leg_stats_t stats;
} leg_t;

typedef struct stream {
    struct streams *all;            /* the context that it is in */
    bool in_quic;                   /* what one side sends inside QUIC: no SSRC, and nothing else of RTP is known */
    struct stream *first, *next;    /* of the streams with this SSRC, in the order in which they began */
    unsigned n_same;                /* of the first of them: how many there are */
    const ft_call_t *call;
    uint32_t ssrc;
    sender_t sender;
    uint32_t paths;                 /* mask of ft_path_t */
    ft_stream_stats_t stats;
    unsigned n_legs;
    leg_t *legs[FT_MAX_LEGS];
    const ft_call_t *listed_in;     /* the call in whose list it is; NULL: none */
    bool joined;                    /* another row has taken it in */
    uint32_t media;                 /* FT_MEDIA_* of its first packet that tells */
    uint8_t mki_len, mki[FT_MKI_MAX]; /* the key's identifier; 0: none was found */
    bool is_recent;                 /* it is in the context's list */
    uint64_t frame_known;           /* bit i: frame_timestamp[i] is set */
    uint32_t frame_timestamp[FT_RECENT_FRAMES];
    struct {
        const struct stream *with;
        uint32_t frames;
    } partner[FT_MAX_PARTNERS];
    ft_turns_t *turns;              /* of all video streams of its sender; the context's */
    const struct stream *redundancy_of; /* the other audio stream that ran at the same time; NULL: none, or */
    bool ambiguous;                 /* several did */
} stream_t;

/* What the sides of a call send inside QUIC; NULL: nothing. */
typedef struct quic_media {
    stream_t *of[SENDERS];
} quic_media_t;

/* What a listener keeps. */
typedef struct streams {
    GHashTable *by_call;            /* ft_call_t -> GPtrArray of its stream_t */
    GHashTable *by_ssrc;            /* SSRC -> stream_t, the first one of its list */
    GHashTable *in_quic;            /* ft_call_t -> quic_media_t: which streams stand for the call */
    GPtrArray *quic;                /* all stream_t of media inside QUIC: it owns them */
    stream_t *recent[FT_RECENT_STREAMS];
    GPtrArray *turns;               /* ft_turns_t of each sender */
} streams_t;

typedef struct stream_row {
    stream_t *stream;
} stream_row_t;

/* ---- What a listener keeps ---------------------------------------------------------------------- */

static void
stream_free(void *data)
{
    stream_t *next;

    for (stream_t *stream = (stream_t *)data; stream; stream = next) {
        next = stream->next;
        for (unsigned i = 0; i < stream->n_legs; i++)
            g_free(stream->legs[i]);
        g_free(stream);
    }
}

static void *
streams_new(void)
{
    streams_t *streams = g_new0(streams_t, 1);

    streams->by_ssrc = g_hash_table_new_full(ft_hash_id, g_direct_equal, NULL, stream_free);
    streams->by_call = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    streams->in_quic = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    streams->quic = g_ptr_array_new_with_free_func(stream_free);
    streams->turns = g_ptr_array_new_with_free_func(g_free);
    return streams;
}

static void
streams_free(void *context)
{
    streams_t *streams = (streams_t *)context;

    g_hash_table_destroy(streams->by_call);
    g_hash_table_destroy(streams->by_ssrc);
    g_hash_table_destroy(streams->in_quic);
    g_ptr_array_free(streams->quic, TRUE);
    g_ptr_array_free(streams->turns, TRUE);
    g_free(streams);
}

/* ---- Which stream a packet is of ----------------------------------------------------------------- */

static sender_t
sender_of(const ft_flow_t *flow, bool from_a)
{
    if (flow->device_side < 0)
        return SENDER_UNKNOWN;
    return ft_flow_from_device(flow, from_a) ? SENDER_DEVICE : SENDER_PEER;
}

static const ft_call_t *
call_of(const stream_t *stream)
{
    return ft_call_root((ft_call_t *)stream->call);
}

static leg_t *
leg_find(const stream_t *stream, const ft_flow_t *flow, bool from_a)
{
    for (unsigned i = 0; i < stream->n_legs; i++) {
        if (stream->legs[i]->flow == flow && stream->legs[i]->from_a == from_a)
            return stream->legs[i];
    }
    return NULL;
}

/* NULL where the stream has more legs than are told apart. */
static leg_t *
leg_get(stream_t *stream, const ft_flow_t *flow, bool from_a)
{
    leg_t *leg = leg_find(stream, flow, from_a);

    if (!leg && stream->n_legs < FT_MAX_LEGS) {
        leg = g_new0(leg_t, 1);
        leg->flow = flow;
        leg->from_a = from_a;
        stream->legs[stream->n_legs++] = leg;
    }
    return leg;
}

/* The leg that tells most of the stream. */
static const leg_t *
leg_main(const stream_t *stream)
{
    const leg_t *best = NULL;

    for (unsigned i = 0; i < stream->n_legs; i++) {
        if (!best || stream->legs[i]->stats.packets > best->stats.packets)
            best = stream->legs[i];
    }
    return best;
}

static stream_t *
stream_find(const streams_t *streams, const ft_call_t *call, uint32_t ssrc, const ft_arrival_t *arrival)
{
    sender_t sender = sender_of(arrival->flow, arrival->from_a);

    for (stream_t *s = (stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc)); s; s = s->next) {
        if (call_of(s) != call)
            continue;
        /* Which side of the flow the device is may turn out later. */
        if (s->sender == SENDER_UNKNOWN && sender != SENDER_UNKNOWN && leg_find(s, arrival->flow, arrival->from_a))
            s->sender = sender;
        if (s->sender == sender)
            return s;
    }
    return NULL;
}

/* Is there no room for another stream with this SSRC? */
static bool
streams_full(const streams_t *streams, uint32_t ssrc)
{
    const stream_t *first = (const stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc));

    return first && first->n_same >= FT_MAX_SAME_SSRC;
}

static stream_t *
stream_new(streams_t *streams, const ft_call_t *call, uint32_t ssrc, const ft_arrival_t *arrival)
{
    stream_t *stream = g_new0(stream_t, 1);
    stream_t *last = (stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc));

    stream->all = streams;
    stream->call = call;
    stream->ssrc = ssrc;
    stream->sender = sender_of(arrival->flow, arrival->from_a);
    stream->first = last ? last : stream;
    stream->first->n_same++;
    if (!last) {
        g_hash_table_insert(streams->by_ssrc, GUINT_TO_POINTER(ssrc), stream);
    } else {
        while (last->next)
            last = last->next;
        last->next = stream;
    }
    return stream;
}

/* The list of its call has it; calls are merged. */
static void
stream_list(stream_t *stream)
{
    const ft_call_t *call = call_of(stream);
    GPtrArray *list;

    if (stream->listed_in == call)
        return;
    list = stream->listed_in ? (GPtrArray *)g_hash_table_lookup(stream->all->by_call, stream->listed_in) : NULL;
    if (list)
        g_ptr_array_remove_fast(list, stream);
    list = (GPtrArray *)g_hash_table_lookup(stream->all->by_call, call);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(stream->all->by_call, (void *)call, list);
    }
    g_ptr_array_add(list, stream);
    stream->listed_in = call;
}

/* ---- What belongs together ----------------------------------------------------------------------- */

static void
recent_add(streams_t *streams, stream_t *stream)
{
    unsigned oldest = 0;

    if (stream->is_recent)
        return;
    for (unsigned i = 0; i < FT_RECENT_STREAMS; i++) {
        if (!streams->recent[i]) {
            oldest = i;
            break;
        }
        if (streams->recent[i]->stats.last_time < streams->recent[oldest]->stats.last_time)
            oldest = i;
    }
    if (streams->recent[oldest])
        streams->recent[oldest]->is_recent = false;
    streams->recent[oldest] = stream;
    stream->is_recent = true;
}

static bool
same_sender(const stream_t *a, const stream_t *b)
{
    return a != b && a->sender == b->sender && call_of(a) == call_of(b);
}

static uint32_t
stream_media(const stream_t *stream)
{
    return stream->in_quic ? 0 : ft_rtp_media(ft_stream_main_type(&stream->stats));
}

/* Whose turn it is among the sender's streams: those that sent lately know. */
static ft_turns_t *
turns_of(const streams_t *streams, stream_t *stream)
{
    for (unsigned i = 0; i < FT_RECENT_STREAMS && !stream->turns; i++) {
        if (streams->recent[i] && streams->recent[i]->turns && same_sender(stream, streams->recent[i]))
            stream->turns = streams->recent[i]->turns;
    }
    if (!stream->turns) {
        stream->turns = g_new0(ft_turns_t, 1);
        g_ptr_array_add(streams->turns, stream->turns);
    }
    return stream->turns;
}

static unsigned
frame_place(uint32_t timestamp)
{
    return (timestamp * 2654435761u) >> 26;     /* Knuth's multiplier; six bits, for FT_RECENT_FRAMES */
}

static void
share_frame(stream_t *stream, const stream_t *with)
{
    for (unsigned i = 0; i < FT_MAX_PARTNERS; i++) {
        if (stream->partner[i].with && stream->partner[i].with != with)
            continue;
        stream->partner[i].with = with;
        stream->partner[i].frames++;
        return;
    }
}

/* A video frame begins: which streams of this sender have one with the same timestamp? */
static void
note_frame(ft_table_rows_t *rows, const streams_t *streams, stream_t *stream, uint32_t timestamp)
{
    unsigned place = frame_place(timestamp);

    for (unsigned i = 0; i < FT_RECENT_STREAMS; i++) {
        stream_t *other = streams->recent[i];

        if (!other || !((other->frame_known >> place) & 1) || other->frame_timestamp[place] != timestamp || !same_sender(stream, other))
            continue;
        share_frame(stream, other);
        share_frame(other, stream);
        ft_table_row(rows, other, sizeof(stream_row_t));
    }
    stream->frame_known |= UINT64_C(1) << place;
    stream->frame_timestamp[place] = timestamp;
}

/* Once a second: is there one other audio stream of this sender, which this one may be the redundancy of? */
static void
note_redundancy(const streams_t *streams, stream_t *stream)
{
    const stream_t *found = NULL;

    for (unsigned i = 0; i < FT_RECENT_STREAMS; i++) {
        const stream_t *other = streams->recent[i];

        if (!other || !same_sender(stream, other) || stream_media(other) != FT_MEDIA_AUDIO ||
            stream->stats.last_time - other->stats.last_time > FT_SECOND || other->stats.last_time < stream->stats.first_time)
            continue;
        if (found)
            stream->ambiguous = true;
        found = other;
    }
    if (!found)
        return;
    if (stream->redundancy_of && stream->redundancy_of != found)
        stream->ambiguous = true;
    stream->redundancy_of = found;
}

/* ---- Packets ------------------------------------------------------------------------------------- */

static ft_nanoseconds_t
nanoseconds(const nstime_t *when)
{
    /* A broken file may say any time; 139 years before and after 1970 hold all that 32 bits can say, and the difference of two such
     * times fits. */
    int64_t limit = INT64_C(4400000000), seconds = CLAMP((int64_t)when->secs, -limit, limit);

    return seconds * FT_SECOND + when->nsecs;
}

static void
add_rtp(ft_table_rows_t *rows, const ft_call_t *call, const ft_arrival_t *arrival, const ft_rtp_t *rtp)
{
    streams_t *streams = (streams_t *)ft_table_context(rows);
    stream_t *stream = stream_find(streams, call, rtp->ssrc, arrival);
    int64_t second;
    leg_t *leg;
    ft_leg_result_t result = FT_LEG_FIRST_COPY;
    ft_sample_t sample = {
        .when = nanoseconds(&arrival->when), .frame = arrival->frame, .timestamp = rtp->timestamp, .length = rtp->length,
        .number = rtp->seq, .type = rtp->payload_type, .marker = rtp->marker, .dscp = arrival->dscp,
        .retransmitted = rtp->retransmitted, .parity = rtp->picture.parity
    };
    bool paused = false;

    if (!stream) {
        if (ft_table_leave_out(rows))
            return;
        if (streams_full(streams, rtp->ssrc)) {
            ft_table_left_out(rows);
            return;
        }
        stream = stream_new(streams, call, rtp->ssrc, arrival);
    }
    second = stream->stats.packets ? stream->stats.second : -1;
    ((stream_row_t *)ft_table_row(rows, stream, sizeof(stream_row_t)))->stream = stream;
    stream->paths |= arrival->path;
    stream_list(stream);
    if (!stream->media)
        stream->media = rtp->media;
    if (!stream->mki_len && rtp->mki_len) {
        stream->mki_len = rtp->mki_len;
        memcpy(stream->mki, rtp->mki, sizeof stream->mki);
    }
    leg = leg_get(stream, arrival->flow, arrival->from_a);
    if (leg)
        result = ft_leg_add(&leg->stats, &sample);
    if (rtp->media == FT_MEDIA_VIDEO && !sample.parity && result == FT_LEG_FIRST_COPY) {
        uint32_t clock = ft_rtp_clock(rtp->payload_type, (call->evidence & FT_EV_RELAYED_ERA) != 0);

        paused = ft_turns_add(turns_of(streams, stream), rtp->ssrc, stream->stats.frames ? &stream->stats.frame_timestamp : NULL, rtp->timestamp,
                              clock / 2);
    }
    if (ft_stream_stats_add(&stream->stats, &sample, result, paused) && ft_rtp_media(rtp->payload_type) == FT_MEDIA_VIDEO)
        note_frame(rows, streams, stream, rtp->timestamp);
    recent_add(streams, stream);
    if (second != stream->stats.second && stream->stats.types[FT_TYPE_REDUNDANCY] == stream->stats.packets)
        note_redundancy(streams, stream);
}

/* The side of the device may have turned out since the latest packet. */
static sender_t
sender_now(const stream_t *stream)
{
    if (stream->sender != SENDER_UNKNOWN || stream->n_legs == 0)
        return stream->sender;
    return sender_of(stream->legs[0]->flow, stream->legs[0]->from_a);
}

/* Where the stream is that stands for what this sender of the call sends inside QUIC. One of a call that was merged, or of a sender that was not
 * known, stands for it no more. */
static stream_t **
quic_place(const streams_t *streams, const ft_call_t *call, sender_t sender)
{
    quic_media_t *media = (quic_media_t *)g_hash_table_lookup(streams->in_quic, call);

    if (!media) {
        media = g_new0(quic_media_t, 1);
        g_hash_table_insert(streams->in_quic, (void *)call, media);
    }
    if (media->of[sender] && (call_of(media->of[sender]) != call || sender_now(media->of[sender]) != sender))
        media->of[sender] = NULL;
    return &media->of[sender];
}

static stream_t *
quic_stream_new(streams_t *streams, const ft_call_t *call, sender_t sender)
{
    stream_t *stream = g_new0(stream_t, 1);

    stream->all = streams;
    stream->in_quic = true;
    stream->call = call;
    stream->sender = sender;
    g_ptr_array_add(streams->quic, stream);
    return stream;
}

/* A packet of media inside QUIC: when it came and how long it is are all that is known. */
static void
add_quic(ft_table_rows_t *rows, const ft_call_t *call, const ft_arrival_t *arrival, uint32_t length)
{
    streams_t *streams = (streams_t *)ft_table_context(rows);
    sender_t sender = sender_of(arrival->flow, arrival->from_a);
    stream_t **stream = quic_place(streams, call, sender);
    ft_sample_t sample = {
        .when = nanoseconds(&arrival->when), .frame = arrival->frame, .length = length, .dscp = arrival->dscp, .opaque = true
    };
    leg_t *leg;

    if (!*stream) {
        if (ft_table_leave_out(rows))
            return;
        *stream = quic_stream_new(streams, call, sender);
    }
    ((stream_row_t *)ft_table_row(rows, *stream, sizeof(stream_row_t)))->stream = *stream;
    (*stream)->paths |= arrival->path;
    leg = leg_get(*stream, arrival->flow, arrival->from_a);
    if (leg)
        leg->stats.packets++;
    ft_stream_stats_add(&(*stream)->stats, &sample, FT_LEG_FIRST_COPY, false);
}

static void
streams_packet(ft_table_rows_t *rows, const void *data)
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
    if (info->packet->quic_media && info->packet->tvb)
        add_quic(rows, info->call, &info->arrival, tvb_reported_length(info->packet->tvb));
}

/* ---- Rows that turned out to be one -------------------------------------------------------------- */

/* The first stream with the same SSRC and, by now, the same call and sender. */
static const void *
streams_key(const void *key)
{
    const stream_t *stream = (const stream_t *)key, *s = stream->first;
    stream_t **place;

    if (stream->in_quic) {
        place = quic_place(stream->all, call_of(stream), sender_now(stream));
        if (!*place)
            *place = (stream_t *)key;
        return *place;
    }
    while (s != stream && (call_of(s) != call_of(stream) || sender_now(s) != sender_now(stream)))
        s = s->next;
    stream_list((stream_t *)key);
    return s;
}

static void
streams_join(void *into, const void *row)
{
    stream_t *keep = ((stream_row_t *)into)->stream, *gone = ((const stream_row_t *)row)->stream;

    gone->joined = true;
    if (!keep->mki_len && gone->mki_len) {
        keep->mki_len = gone->mki_len;
        memcpy(keep->mki, gone->mki, sizeof keep->mki);
    }
    keep->paths |= gone->paths;
    ft_stream_stats_join(&keep->stats, &gone->stats);
    for (unsigned i = 0; i < gone->n_legs; i++) {
        leg_t *leg = leg_get(keep, gone->legs[i]->flow, gone->legs[i]->from_a);

        if (leg)
            ft_leg_join(&leg->stats, &gone->legs[i]->stats);
    }
    for (unsigned i = 0; i < FT_MAX_PARTNERS; i++) {
        for (uint32_t n = 0; n < gone->partner[i].frames; n++)
            share_frame(keep, gone->partner[i].with);
    }
}

/* The first one of the streams that are the same keeps its row: it is its own key. */
static void
streams_rebind(void *row _U_, const void *key _U_)
{
}

/* Of the streams of its sender, from 1: all begin anew where a call becomes one-to-one; 0: not known. */
static uint32_t
generation_of(const stream_t *stream)
{
    static const ft_side_t sides[] = { [SENDER_UNKNOWN] = FT_SIDE_UNKNOWN, [SENDER_DEVICE] = FT_SIDE_DEVICE, [SENDER_PEER] = FT_SIDE_PEER };
    const ft_stream_t *known = stream->in_quic ? NULL : ft_stream_find(stream->ssrc);
    const ft_stream_side_t *side = known ? known->by[sides[sender_now(stream)]] : NULL;

    return side ? side->generation : 0;
}

static int
compare(uint32_t x, uint32_t y)
{
    return x < y ? -1 : x > y;
}

/* What the device sends first, then what it receives; audio, then video. */
static unsigned
sender_rank(const stream_t *stream)
{
    sender_t sender = sender_now(stream);

    return sender == SENDER_UNKNOWN ? UINT_MAX : sender;
}

static unsigned
media_rank(const stream_t *stream)
{
    return stream->in_quic ? 3 : stream->media == FT_MEDIA_AUDIO ? 0 : stream->media == FT_MEDIA_VIDEO ? 1 : 2;
}

/* By call, sender, key, medium, generation; layers in the order in which they began. */
static int
streams_order(const void *row, const void *other)
{
    const stream_t *a = ((const stream_row_t *)row)->stream, *b = ((const stream_row_t *)other)->stream;
    int order = compare(call_of(a)->number, call_of(b)->number);

    if (!order)
        order = compare(sender_rank(a), sender_rank(b));
    if (!order)
        order = memcmp(a->mki, b->mki, sizeof a->mki);
    if (!order)
        order = compare(media_rank(a), media_rank(b));
    if (!order)
        order = compare(generation_of(a), generation_of(b));
    return order ? order : compare(a->stats.first_frame, b->stats.first_frame);
}

/* ---- Columns ------------------------------------------------------------------------------------- */

static const stream_t *
stream_of(const void *row)
{
    return ((const stream_row_t *)row)->stream;
}

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = call_of(stream_of(row))->number;
}

static void
cell_direction(const void *row, ft_cell_t *cell)
{
    static const char *const words[] = { [SENDER_UNKNOWN] = "unknown", [SENDER_DEVICE] = "sent", [SENDER_PEER] = "received" };

    cell->text = g_strdup(words[sender_now(stream_of(row))]);
}

static void
cell_ssrc(const void *row, ft_cell_t *cell)
{
    cell->text = stream_of(row)->in_quic ? g_strdup("-") : g_strdup_printf("0x%08x", stream_of(row)->ssrc);
}

static void
cell_media(const void *row, ft_cell_t *cell)
{
    uint32_t media = stream_media(stream_of(row));

    cell->text = g_strdup(media == FT_MEDIA_AUDIO ? "audio" : media == FT_MEDIA_VIDEO ? "video" : "-");
}

/* The name of the payload type, without the media that has a column of its own. */
static void
cell_codec(const void *row, ft_cell_t *cell)
{
    const char *name = stream_of(row)->in_quic ? "in QUIC [guess]" : ft_rtp_name(ft_stream_main_type(&stream_of(row)->stats));

    if (g_str_has_prefix(name, "Audio") || g_str_has_prefix(name, "Video"))
        name += strlen("Audio");
    while (*name == ',' || *name == ' ')
        name++;
    /* Without the number of its RFC, too: a column as wide as that pushes Lost out of the window. */
    cell->text = g_str_has_prefix(name, "with redundancy") ? g_strdup("redundant") : g_strdup(name);
}

/* The most frequent first; with their packets where there are several. */
static void
cell_types(const void *row, ft_cell_t *cell)
{
    const ft_stream_stats_t *stats = &stream_of(row)->stats;
    uint8_t best = ft_stream_main_type(stats);
    GString *text = g_string_new(NULL);

    if (stream_of(row)->in_quic) {
        g_string_append_c(text, '-');
    } else if (stats->types[best] == stats->packets) {
        g_string_append_printf(text, "%u", best);
    } else {
        g_string_append_printf(text, "%u (%u)", best, stats->types[best]);
        for (unsigned i = 0; i < array_length(stats->types); i++) {
            if (stats->types[i] && i != best)
                g_string_append_printf(text, ", %u (%u)", i, stats->types[i]);
        }
    }
    cell->text = g_string_free(text, FALSE);
}

static void
cell_path(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(stream_of(row)->paths, ft_path_vals, "-"));
}

static void
cell_packets(const void *row, ft_cell_t *cell)
{
    cell->number = stream_of(row)->stats.packets;
}

static void
cell_bytes(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    cell->number = cell->unknown ? 0 : stream_of(row)->stats.bytes;
}

/* What the capture shows is surer than what the payload type says. */
static uint32_t
stream_clock(const stream_t *stream, bool *measured)
{
    const leg_t *leg = leg_main(stream);
    uint32_t clock = leg ? ft_leg_clock(&leg->stats) : 0;

    *measured = clock != 0;
    if (stream->in_quic)
        return 0;
    return clock ? clock : ft_rtp_clock(ft_stream_main_type(&stream->stats), (call_of(stream)->evidence & FT_EV_RELAYED_ERA) != 0);
}

/* Arrival says nothing of the network where the capture was handed over in batches: that is so for all its streams. */
static bool
in_batches(const stream_t *stream)
{
    return ft_call_in_batches(call_of(stream));
}

static double
stream_seconds(const stream_t *stream)
{
    bool measured;
    double seconds = in_batches(stream) ? ft_stream_media_seconds(&stream->stats, stream_clock(stream, &measured)) : 0;

    return seconds > 0 ? seconds : ft_stream_seconds(&stream->stats);
}

static void
cell_duration(const void *row, ft_cell_t *cell)
{
    cell->real = stream_seconds(stream_of(row));
}

static void
cell_rate(const void *row, ft_cell_t *cell)
{
    cell->real = ft_stream_rate(&stream_of(row)->stats, stream_seconds(stream_of(row))) / 1000;
}

static void
cell_peak(const void *row, ft_cell_t *cell)
{
    cell->unknown = in_batches(stream_of(row));
    cell->real = ft_stream_peak(&stream_of(row)->stats) / 1000;
}

/* The snap length cut off headers of RTP where the stream travels: numbers that are missing may be among them. */
static bool
is_cut(const stream_t *stream)
{
    for (unsigned i = 0; i < stream->n_legs; i++) {
        if (stream->legs[i]->flow->rtp_cut & (stream->legs[i]->from_a ? 1 : 2))
            return true;
    }
    return false;
}

/* Numbers that are missing may be of headers that were cut off, or of other senders with this SSRC; inside QUIC there are none that could be read:
 * no verdict on what was lost. */
static bool
has_no_verdict(const stream_t *stream)
{
    return stream->in_quic || is_cut(stream) || ft_call_is_scattered(call_of(stream));
}

static void
cell_lost(const void *row, ft_cell_t *cell)
{
    cell->unknown = has_no_verdict(stream_of(row));
    cell->number = cell->unknown ? 0 : ft_stream_lost(&stream_of(row)->stats);
}

static void
cell_lost_part(const void *row, ft_cell_t *cell)
{
    const ft_stream_stats_t *stats = &stream_of(row)->stats;
    uint64_t expected = ft_seq_expected(&stats->seq);

    expected -= MIN(stats->paused, expected);
    cell->unknown = expected == 0 || has_no_verdict(stream_of(row));
    if (!cell->unknown)
        cell->real = 100.0 * (double)ft_stream_lost(stats) / (double)expected;
}

/* Of one sender: the same direction, and the same key. Where only two are in the call, a stream without a key that was found is the sender's, too. */
static bool
is_same_sender(const stream_t *a, const stream_t *b)
{
    if (sender_now(a) != sender_now(b))
        return false;
    if ((!a->mki_len || !b->mki_len) && call_of(a)->n_participants <= FT_TWO_ENDS)
        return true;
    return a->mki_len == b->mki_len && memcmp(a->mki, b->mki, a->mki_len) == 0;
}

/* What all streams of the row's sender and medium lost, of how many. False: no verdict. */
static bool
sum_of(const stream_t *stream, uint64_t *lost, uint64_t *expected)
{
    const GPtrArray *list = (const GPtrArray *)g_hash_table_lookup(stream->all->by_call, call_of(stream));

    *lost = *expected = 0;
    if (!list || list->len > FT_MAX_SUMMED_STREAMS || has_no_verdict(stream))
        return false;
    for (unsigned i = 0; i < list->len; i++) {
        const stream_t *one = (const stream_t *)g_ptr_array_index(list, i);
        uint64_t numbers = ft_seq_expected(&one->stats.seq);

        if (one->joined || one->media != stream->media || !is_same_sender(one, stream))
            continue;
        if (is_cut(one))
            return false;
        *lost += ft_stream_lost(&one->stats);
        *expected += numbers - MIN(one->stats.paused, numbers);
    }
    return *expected > 0;
}

static void
cell_sum(const void *row, ft_cell_t *cell)
{
    uint64_t lost, expected;

    cell->unknown = !sum_of(stream_of(row), &lost, &expected);
    cell->number = lost;
}

static void
cell_sum_part(const void *row, ft_cell_t *cell)
{
    uint64_t lost, expected;

    cell->unknown = !sum_of(stream_of(row), &lost, &expected);
    if (!cell->unknown)
        cell->real = 100.0 * (double)lost / (double)expected;
}

static void
cell_generation(const void *row, ft_cell_t *cell)
{
    cell->number = generation_of(stream_of(row));
    cell->unknown = cell->number == 0;
}

static void
cell_key(const void *row, ft_cell_t *cell)
{
    const stream_t *stream = stream_of(row);
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < MIN(stream->mki_len, FT_KEY_SHOWN); i++)
        g_string_append_printf(text, "%02x", stream->mki[i]);
    g_string_append(text, stream->mki_len == 0 ? "-" : stream->mki_len > FT_KEY_SHOWN ? "..." : "");
    cell->text = g_string_free(text, FALSE);
}

static void
cell_repaired(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    cell->number = stream_of(row)->stats.repaired;
}

static void
cell_paused(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    cell->number = stream_of(row)->stats.paused;
}

static void
cell_parity(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    cell->number = stream_of(row)->stats.parity;
}

/* On one path. */
static void
cell_duplicates(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    for (unsigned i = 0; i < stream_of(row)->n_legs; i++)
        cell->number += stream_of(row)->legs[i]->stats.seq.duplicates;
}

static void
cell_copies(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    cell->number = stream_of(row)->stats.copies;
}

static void
cell_repairs(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    for (unsigned i = 0; i < stream_of(row)->n_legs; i++)
        cell->number += stream_of(row)->legs[i]->stats.repairs;
}

static void
cell_reordered(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->in_quic;
    for (unsigned i = 0; i < stream_of(row)->n_legs; i++)
        cell->number += stream_of(row)->legs[i]->stats.seq.late;
}

static void
cell_clock(const void *row, ft_cell_t *cell)
{
    bool measured;
    uint32_t clock = stream_clock(stream_of(row), &measured);

    cell->text = clock ? g_strdup_printf("%u, %s", clock, measured ? "measured" : "by payload type") : g_strdup("-");
}

static bool
stream_jitter(const stream_t *stream, double *mean, double *max)
{
    bool measured;
    const leg_t *leg = leg_main(stream);

    return leg && !in_batches(stream) && ft_leg_jitter(&leg->stats, stream_clock(stream, &measured), mean, max);
}

static void
cell_jitter(const void *row, ft_cell_t *cell)
{
    double mean = 0, max = 0;

    cell->unknown = !stream_jitter(stream_of(row), &mean, &max);
    cell->real = mean * 1000;
}

static void
cell_jitter_max(const void *row, ft_cell_t *cell)
{
    double mean = 0, max = 0;

    cell->unknown = !stream_jitter(stream_of(row), &mean, &max);
    cell->real = max * 1000;
}

static void
cell_gaps(const void *row, ft_cell_t *cell)
{
    cell->unknown = in_batches(stream_of(row));
    cell->number = stream_of(row)->stats.gaps;
}

static void
cell_longest_gap(const void *row, ft_cell_t *cell)
{
    cell->unknown = stream_of(row)->stats.gaps == 0 || in_batches(stream_of(row));
    cell->real = (double)stream_of(row)->stats.longest_gap / (double)FT_MILLISECOND;
}

static void
cell_frame_rate(const void *row, ft_cell_t *cell)
{
    bool measured;
    const stream_t *stream = stream_of(row);

    cell->unknown = stream_media(stream) != FT_MEDIA_VIDEO ||
                    !ft_stream_frame_rate(&stream->stats, stream_clock(stream, &measured), &cell->real);
}

/* RFC 2474, 2597, 3246: CS0 to CS7, AF11 to AF43, EF. */
static void
append_dscp(GString *text, unsigned dscp)
{
    g_string_append_printf(text, "%s%u", text->len ? ", " : "", dscp);
    if (dscp % 8 == 0)
        g_string_append_printf(text, " (CS%u)", dscp / 8);
    else if (dscp >= 10 && dscp <= 38 && dscp % 2 == 0)
        g_string_append_printf(text, " (AF%u%u)", dscp / 8, dscp % 8 / 2);
    else if (dscp == 46)
        g_string_append(text, " (EF)");
}

static void
cell_dscp(const void *row, ft_cell_t *cell)
{
    GString *text = g_string_new(NULL);

    for (unsigned dscp = 0; dscp < 64; dscp++) {
        if ((stream_of(row)->stats.dscps >> dscp) & 1)
            append_dscp(text, dscp);
    }
    cell->text = text->len ? g_string_free(text, FALSE) : (g_string_free(text, TRUE), g_strdup("-"));
}

static double
bytes_of_frame(const stream_t *stream)
{
    return (double)stream->stats.bytes / MAX(stream->stats.frames, 1);
}

/* Of two streams with the same frames, the one that spends more on a frame is called the main one. */
static void
cell_main(const void *row, ft_cell_t *cell)
{
    const stream_t *stream = stream_of(row), *with = NULL;
    uint32_t frames = 0;

    for (unsigned i = 0; i < FT_MAX_PARTNERS; i++) {
        if (stream->partner[i].frames > frames && stream->partner[i].frames >= FT_MIN_SHARED_FRAMES) {
            frames = stream->partner[i].frames;
            with = stream->partner[i].with;
        }
    }
    if (with)
        cell->text = bytes_of_frame(stream) >= bytes_of_frame(with) ? g_strdup("this one") :
                     g_strdup_printf("0x%08x (%u of %u frames)", with->ssrc, frames, stream->stats.frames);
    else if (stream->redundancy_of && !stream->ambiguous && stream->stats.types[FT_TYPE_REDUNDANCY] == stream->stats.packets)
        cell->text = g_strdup_printf("0x%08x [guess: the other audio]", stream->redundancy_of->ssrc);
    else
        cell->text = g_strdup("-");
}

static void
cell_first_frame(const void *row, ft_cell_t *cell)
{
    cell->number = stream_of(row)->stats.first_frame;
}

static void
cell_last_frame(const void *row, ft_cell_t *cell)
{
    cell->number = stream_of(row)->stats.last_frame;
}

static void
cell_notes(const void *row, ft_cell_t *cell)
{
    const stream_t *stream = stream_of(row);
    GString *text = g_string_new(NULL);

    if (stream->in_quic)
        g_string_append(text, "rate: of QUIC packets");
    if (in_batches(stream))
        g_string_append(text, stream->in_quic ? "; captured in batches" : "captured in batches: times by RTP");
    if (stream->stats.seq.restarts)
        g_string_append_printf(text, "%snumbering restarted%s", text->len ? "; " : "", stream->stats.seq.restarts == 1 ? " once" : "");
    if (stream->stats.seq.restarts > 1)
        g_string_append_printf(text, " %" PRIu64 " times", stream->stats.seq.restarts);
    if (is_cut(stream))
        g_string_append_printf(text, "%sheaders cut off by the snap length: loss not measurable", text->len ? "; " : "");
    if (ft_call_is_scattered(call_of(stream)))
        g_string_append_printf(text, "%sone SSRC from many addresses: loss not measurable", text->len ? "; " : "");
    if (text->len == 0)
        g_string_append_c(text, '-');
    cell->text = g_string_free(text, FALSE);
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    static const char *const from[] = { [SENDER_UNKNOWN] = "", [SENDER_DEVICE] = " && facetime.direction == 1",
                                        [SENDER_PEER] = " && facetime.direction == 2" };

    if (stream_of(row)->in_quic)
        cell->text = g_strdup_printf("facetime.call == %u && facetime.quic.media%s", call_of(stream_of(row))->number, from[sender_now(stream_of(row))]);
    else
        cell->text = g_strdup_printf("facetime.call == %u && rtp.ssrc == 0x%08x", call_of(stream_of(row))->number, stream_of(row)->ssrc);
}

static const ft_column_t streams_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "Direction", FT_CELL_TEXT, cell_direction, false },
    { "Media", FT_CELL_TEXT, cell_media, true },
    { "Codec", FT_CELL_TEXT, cell_codec, true },
    { "kbit/s", FT_CELL_REAL1, cell_rate, true },
    { "Frames/s", FT_CELL_REAL1, cell_frame_rate, true },
    { "Lost", FT_CELL_NUMBER, cell_lost, true },
    { "Notes", FT_CELL_TEXT, cell_notes, true },
    { "SSRC", FT_CELL_TEXT, cell_ssrc, false },
    { "Path", FT_CELL_TEXT, cell_path, true },
    { "Lost (%)", FT_CELL_REAL2, cell_lost_part, true },
    { "Payload type (packets)", FT_CELL_TEXT, cell_types, true },
    { "Packets", FT_CELL_NUMBER, cell_packets, true },
    { "RTP bytes", FT_CELL_BIG, cell_bytes, true },
    { "Duration (s)", FT_CELL_REAL, cell_duration, true },
    { "Peak (kbit/s in 1 s)", FT_CELL_REAL1, cell_peak, true },
    { "Repaired", FT_CELL_NUMBER, cell_repaired, true },
    { "Paused", FT_CELL_NUMBER, cell_paused, true },
    { "Parity", FT_CELL_NUMBER, cell_parity, true },
    { "Duplicates", FT_CELL_NUMBER, cell_duplicates, true },
    { "Copies on another path", FT_CELL_NUMBER, cell_copies, true },
    { "Same number, other content", FT_CELL_NUMBER, cell_repairs, true },
    { "Reordered", FT_CELL_NUMBER, cell_reordered, true },
    { "Clock (Hz)", FT_CELL_TEXT, cell_clock, true },
    { "Jitter (ms)", FT_CELL_REAL2, cell_jitter, true },
    { "Max jitter (ms)", FT_CELL_REAL2, cell_jitter_max, true },
    { "Gaps over 200 ms", FT_CELL_NUMBER, cell_gaps, true },
    { "Longest gap (ms)", FT_CELL_REAL0, cell_longest_gap, true },
    { "DSCP", FT_CELL_TEXT, cell_dscp, true },
    { "Main stream (same timestamps)", FT_CELL_TEXT, cell_main, true },
    { "First frame", FT_CELL_NUMBER, cell_first_frame, false },
    { "Last frame", FT_CELL_NUMBER, cell_last_frame, true },
    { "Generation", FT_CELL_NUMBER, cell_generation, true },
    { "Key", FT_CELL_TEXT, cell_key, true },
    { "Lost, all of sender and medium", FT_CELL_NUMBER, cell_sum, true },
    { "Lost of these (%)", FT_CELL_REAL2, cell_sum_part, true },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

static ft_table_t streams_table = {
    .title = "FaceTime Streams",
    .tap = "facetime",
    .cli = "facetime,streams",
    .columns = streams_columns,
    .n_columns = array_length(streams_columns),
    .packet = streams_packet,
    .before_draw = ft_call_renumber,
    .key = streams_key,
    .join = streams_join,
    .rebind = streams_rebind,
    .order = streams_order,
    .context_new = streams_new,
    .context_free = streams_free,
    .max_rows = FT_MAX_STREAM_ROWS,
};

void
ft_tap_streams_register(void)
{
    ft_table_register(&streams_table);
}
