/* measured_streams.c
 * What the streams table measures: which stream a packet is of, which legs it has, which streams belong together, and which turned out to be one.
 *
 * A stream may travel over several paths, at once or one after the other: Wi-Fi and cellular, relay and direct. Each path is a
 * leg, with its own jitter and order; a sequence number counts once, whichever leg brings it first.
 *
 * What belongs together is measured where it can be: video streams of one sender that have frames with the same timestamps
 * are layers of one picture. Where it is only likely, it is called a guess.
 *
 * Media inside QUIC (wire/pod.c) has no SSRC that could be read: all that a side of a call sends of it is one stream, a guess.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/measured_streams.h"

/* Streams with one SSRC: two senders in some calls. They are a list, so a flood of calls with one SSRC gets no more. */
#define FT_MAX_SAME_SSRC 64

/* What the sides of a call send inside QUIC; NULL: nothing. */
typedef struct quic_media {
    ft_measured_stream_t *of[FT_SENDERS];
} quic_media_t;

/* ---- What a listener keeps ---------------------------------------------------------------------- */

static void
stream_free(void *data)
{
    ft_measured_stream_t *next;

    for (ft_measured_stream_t *stream = (ft_measured_stream_t *)data; stream; stream = next) {
        next = stream->next;
        for (unsigned i = 0; i < stream->n_legs; i++)
            g_free(stream->legs[i]);
        g_free(stream);
    }
}

void *
ft_measured_streams_new(void)
{
    ft_measured_streams_t *streams = g_new0(ft_measured_streams_t, 1);

    streams->by_ssrc = g_hash_table_new_full(ft_hash_id, g_direct_equal, NULL, stream_free);
    streams->by_call = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    streams->in_quic = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    streams->quic = g_ptr_array_new_with_free_func(stream_free);
    streams->turns = g_ptr_array_new_with_free_func(g_free);
    return streams;
}

void
ft_measured_streams_free(void *context)
{
    ft_measured_streams_t *streams = (ft_measured_streams_t *)context;

    g_hash_table_destroy(streams->by_call);
    g_hash_table_destroy(streams->by_ssrc);
    g_hash_table_destroy(streams->in_quic);
    g_ptr_array_free(streams->quic, TRUE);
    g_ptr_array_free(streams->turns, TRUE);
    g_free(streams);
}

/* ---- Which stream a packet is of ----------------------------------------------------------------- */

static ft_sender_t
sender_of(const ft_flow_t *flow, bool from_a)
{
    if (flow->device_side < 0)
        return FT_SENDER_UNKNOWN;
    return ft_flow_from_device(flow, from_a) ? FT_SENDER_DEVICE : FT_SENDER_PEER;
}

const ft_call_t *
ft_measured_call(const ft_measured_stream_t *stream)
{
    return ft_call_root((ft_call_t *)stream->call);
}

static ft_measured_leg_t *
leg_find(const ft_measured_stream_t *stream, const ft_flow_t *flow, bool from_a)
{
    for (unsigned i = 0; i < stream->n_legs; i++) {
        if (stream->legs[i]->flow == flow && stream->legs[i]->from_a == from_a)
            return stream->legs[i];
    }
    return NULL;
}

/* NULL where the stream has more legs than are told apart. */
static ft_measured_leg_t *
leg_get(ft_measured_stream_t *stream, const ft_flow_t *flow, bool from_a)
{
    ft_measured_leg_t *leg = leg_find(stream, flow, from_a);

    if (!leg && stream->n_legs < FT_MAX_LEGS) {
        leg = g_new0(ft_measured_leg_t, 1);
        leg->flow = flow;
        leg->from_a = from_a;
        stream->legs[stream->n_legs++] = leg;
    }
    return leg;
}

/* The leg that tells most of the stream. */
const ft_measured_leg_t *
ft_measured_main_leg(const ft_measured_stream_t *stream)
{
    const ft_measured_leg_t *best = NULL;

    for (unsigned i = 0; i < stream->n_legs; i++) {
        if (!best || stream->legs[i]->stats.packets > best->stats.packets)
            best = stream->legs[i];
    }
    return best;
}

static ft_measured_stream_t *
stream_find(const ft_measured_streams_t *streams, const ft_call_t *call, uint32_t ssrc, const ft_arrival_t *arrival)
{
    ft_sender_t sender = sender_of(arrival->flow, arrival->from_a);

    for (ft_measured_stream_t *s = (ft_measured_stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc)); s; s = s->next) {
        if (ft_measured_call(s) != call)
            continue;
        /* Which side of the flow the device is may turn out later. */
        if (s->sender == FT_SENDER_UNKNOWN && sender != FT_SENDER_UNKNOWN && leg_find(s, arrival->flow, arrival->from_a))
            s->sender = sender;
        if (s->sender == sender)
            return s;
    }
    return NULL;
}

/* Is there no room for another stream with this SSRC? */
static bool
streams_full(const ft_measured_streams_t *streams, uint32_t ssrc)
{
    const ft_measured_stream_t *first = (const ft_measured_stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc));

    return first && first->n_same >= FT_MAX_SAME_SSRC;
}

static ft_measured_stream_t *
stream_new(ft_measured_streams_t *streams, const ft_call_t *call, uint32_t ssrc, const ft_arrival_t *arrival)
{
    ft_measured_stream_t *stream = g_new0(ft_measured_stream_t, 1);
    ft_measured_stream_t *last = (ft_measured_stream_t *)g_hash_table_lookup(streams->by_ssrc, GUINT_TO_POINTER(ssrc));

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
stream_list(ft_measured_stream_t *stream)
{
    const ft_call_t *call = ft_measured_call(stream);
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
recent_add(ft_measured_streams_t *streams, ft_measured_stream_t *stream)
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

/* Where both ends were captured, both send and both receive: which end's this is. */
static bool
of_peer(const ft_measured_stream_t *stream)
{
    return stream->n_legs > 0 && stream->legs[0]->flow->whose == FT_WHOSE_PEER;
}

static bool
same_sender(const ft_measured_stream_t *a, const ft_measured_stream_t *b)
{
    return a != b && a->sender == b->sender && of_peer(a) == of_peer(b) && ft_measured_call(a) == ft_measured_call(b);
}

uint32_t
ft_measured_media(const ft_measured_stream_t *stream)
{
    return stream->in_quic ? 0 : ft_rtp_media(ft_stream_main_type(&stream->stats));
}

/* Whose turn it is among the sender's streams: those that sent lately know. */
static ft_turns_t *
turns_of(const ft_measured_streams_t *streams, ft_measured_stream_t *stream)
{
    /* Whose it is turned out since. */
    if (stream->turns && stream->turns_of_peer != of_peer(stream))
        stream->turns = NULL;
    stream->turns_of_peer = of_peer(stream);
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
share_frame(ft_measured_stream_t *stream, const ft_measured_stream_t *with)
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
note_frame(ft_table_rows_t *rows, const ft_measured_streams_t *streams, ft_measured_stream_t *stream, uint32_t timestamp)
{
    unsigned place = frame_place(timestamp);

    for (unsigned i = 0; i < FT_RECENT_STREAMS; i++) {
        ft_measured_stream_t *other = streams->recent[i];

        if (!other || !((other->frame_known >> place) & 1) || other->frame_timestamp[place] != timestamp || !same_sender(stream, other))
            continue;
        share_frame(stream, other);
        share_frame(other, stream);
        ft_table_row(rows, other, sizeof(ft_stream_row_t));
    }
    stream->frame_known |= UINT64_C(1) << place;
    stream->frame_timestamp[place] = timestamp;
}

/* Once a second: is there one other audio stream of this sender, which this one may be the redundancy of? */
static void
note_redundancy(const ft_measured_streams_t *streams, ft_measured_stream_t *stream)
{
    const ft_measured_stream_t *found = NULL;

    for (unsigned i = 0; i < FT_RECENT_STREAMS; i++) {
        const ft_measured_stream_t *other = streams->recent[i];

        if (!other || !same_sender(stream, other) || ft_measured_media(other) != FT_MEDIA_AUDIO ||
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
    ft_measured_streams_t *streams = (ft_measured_streams_t *)ft_table_context(rows);
    ft_measured_stream_t *stream = stream_find(streams, call, rtp->ssrc, arrival);
    int64_t second;
    ft_measured_leg_t *leg;
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
    ((ft_stream_row_t *)ft_table_row(rows, stream, sizeof(ft_stream_row_t)))->stream = stream;
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
ft_sender_t
ft_measured_sender(const ft_measured_stream_t *stream)
{
    if (stream->sender != FT_SENDER_UNKNOWN || stream->n_legs == 0)
        return stream->sender;
    return sender_of(stream->legs[0]->flow, stream->legs[0]->from_a);
}

/* Where the stream is that stands for what this sender of the call sends inside QUIC. One of a call that was merged, or of a sender that was not
 * known, stands for it no more. */
static ft_measured_stream_t **
quic_place(const ft_measured_streams_t *streams, const ft_call_t *call, ft_sender_t sender)
{
    quic_media_t *media = (quic_media_t *)g_hash_table_lookup(streams->in_quic, call);

    if (!media) {
        media = g_new0(quic_media_t, 1);
        g_hash_table_insert(streams->in_quic, (void *)call, media);
    }
    if (media->of[sender] && (ft_measured_call(media->of[sender]) != call || ft_measured_sender(media->of[sender]) != sender))
        media->of[sender] = NULL;
    return &media->of[sender];
}

static ft_measured_stream_t *
quic_stream_new(ft_measured_streams_t *streams, const ft_call_t *call, ft_sender_t sender)
{
    ft_measured_stream_t *stream = g_new0(ft_measured_stream_t, 1);

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
    ft_measured_streams_t *streams = (ft_measured_streams_t *)ft_table_context(rows);
    ft_sender_t sender = sender_of(arrival->flow, arrival->from_a);
    ft_measured_stream_t **stream = quic_place(streams, call, sender);
    ft_sample_t sample = {
        .when = nanoseconds(&arrival->when), .frame = arrival->frame, .length = length, .dscp = arrival->dscp, .opaque = true
    };
    ft_measured_leg_t *leg;

    if (!*stream) {
        if (ft_table_leave_out(rows))
            return;
        *stream = quic_stream_new(streams, call, sender);
    }
    ((ft_stream_row_t *)ft_table_row(rows, *stream, sizeof(ft_stream_row_t)))->stream = *stream;
    (*stream)->paths |= arrival->path;
    leg = leg_get(*stream, arrival->flow, arrival->from_a);
    if (leg)
        leg->stats.packets++;
    ft_stream_stats_add(&(*stream)->stats, &sample, FT_LEG_FIRST_COPY, false);
}

void
ft_measured_streams_packet(ft_table_rows_t *rows, const void *data)
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
const void *
ft_measured_streams_key(const void *key)
{
    const ft_measured_stream_t *stream = (const ft_measured_stream_t *)key, *s = stream->first;
    ft_measured_stream_t **place;

    if (stream->in_quic) {
        place = quic_place(stream->all, ft_measured_call(stream), ft_measured_sender(stream));
        if (!*place)
            *place = (ft_measured_stream_t *)key;
        return *place;
    }
    while (s != stream && (ft_measured_call(s) != ft_measured_call(stream) || ft_measured_sender(s) != ft_measured_sender(stream)))
        s = s->next;
    stream_list((ft_measured_stream_t *)key);
    return s;
}

void
ft_measured_streams_join(void *into, const void *row)
{
    ft_measured_stream_t *keep = ((ft_stream_row_t *)into)->stream, *gone = ((const ft_stream_row_t *)row)->stream;

    gone->joined = true;
    if (!keep->mki_len && gone->mki_len) {
        keep->mki_len = gone->mki_len;
        memcpy(keep->mki, gone->mki, sizeof keep->mki);
    }
    keep->paths |= gone->paths;
    ft_stream_stats_join(&keep->stats, &gone->stats);
    for (unsigned i = 0; i < gone->n_legs; i++) {
        ft_measured_leg_t *leg = leg_get(keep, gone->legs[i]->flow, gone->legs[i]->from_a);

        if (leg)
            ft_leg_join(&leg->stats, &gone->legs[i]->stats);
    }
    for (unsigned i = 0; i < FT_MAX_PARTNERS; i++) {
        for (uint32_t n = 0; n < gone->partner[i].frames; n++)
            share_frame(keep, gone->partner[i].with);
    }
}
