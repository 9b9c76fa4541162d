/* media.c
 * The media of a call: which streams each side sends, what was lost, paused and repaired, and what changed when.
 *
 * A hole in the numbers of a stream is one of three things:
 *
 *  1. Paused: the relay forwards one layer of a picture at a time. A hole of a video stream is that if other streams of the same side had
 *     their turn while it was silent, and these left no pause in the time line that all layers share (stream_stats.h). Avoids calling a
 *     call of many layers lossy. How much of such a hole was lost besides is not on the wire.
 *  2. Repaired: the packet came later, and the relay's header says that it is sent again.
 *  3. Lost: the rest.
 *
 * A media packet changes counters here; only a new stream, and what is worth a line in the events of the call, takes memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* RFC 3389; RFC 2198, as FaceTime uses it (wire/rtp_types.c). */
#define FT_TYPE_COMFORT_NOISE 13
#define FT_TYPE_REDUNDANCY 20

/* Evidence of calls over today's relay, which have one clock for all streams. */
#define FT_EV_RELAYED_ERA (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | \
                           FT_EV(FT_EV_LINK_PROBE) | FT_EV(FT_EV_QUIC_RELAY))

/* A pause of all layers that is longer than half a second is none that a slow picture makes: the slowest that was measured has 6 frames/s. */
#define FT_MAX_PAUSE(clock) ((clock) / 2)

/* Silence after which a medium that comes back is told to have stopped and started again. As in history.c. */
#define FT_STOP_SECONDS 3

/* A packet that came so much earlier than its timestamp says was in the same batch as the one before: as FT_RUSH of stream_stats.c, in 1/s. */
#define FT_RUSH_CLOCK (8 * 24000.0)

/* What the device sent last may stand behind the error in a capture: two cards, or a batch that is not in order. */
#define FT_CLOSED_DISORDER_SECONDS 0.5

/* A NAT's or link's socket goes on after an ICMP error of its own making for so long, if at all: what comes from the peer later than that says
 * that the call goes on. */
#define FT_CLOSED_SECONDS 5

static wmem_map_t *holes;       /* frame number -> ft_hole_t; file scope */

/* ---- Streams --------------------------------------------------------------------------------- */

static ft_medium_t *
medium_of(ft_call_media_t *media, ft_side_t side, uint32_t kind)
{
    return kind == FT_MEDIA_VIDEO ? &media->side[side].video : kind == FT_MEDIA_AUDIO ? &media->side[side].audio : NULL;
}

static const char *
medium_name(uint32_t kind)
{
    return kind == FT_MEDIA_VIDEO ? "video" : kind == FT_MEDIA_AUDIO ? "audio" : "media";
}

/* The name of the payload type, without what follows from the medium: static. */
static const char *
codec_name(uint8_t type)
{
    const char *name = ft_rtp_name(type);

    if (g_str_has_prefix(name, "Audio") || g_str_has_prefix(name, "Video"))
        name += strlen("Audio");
    while (*name == ',' || *name == ' ')
        name++;
    return name;
}

static void
note(ft_call_t *call, ft_event_kind_t kind, const ft_moment_t *at, ft_side_t side, const char *format, ...) G_GNUC_PRINTF(5, 6);

static void
note(ft_call_t *call, ft_event_kind_t kind, const ft_moment_t *at, ft_side_t side, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ft_history_add(call, kind, at, side, wmem_strdup_vprintf(wmem_file_scope(), format, arguments));
    va_end(arguments);
}

static ft_call_media_t *
media_of(ft_call_t *call)
{
    if (!call->streams)
        call->streams = wmem_new0(wmem_file_scope(), ft_call_media_t);
    return call->streams;
}

static void
take_batches(ft_call_media_t *media, const ft_stream_side_t *stream, uint32_t timestamp, const nstime_t *when)
{
    int32_t step = (int32_t)(timestamp - stream->timestamp);

    if (step <= 0)
        return;
    media->steps++;
    if (ft_seconds(when, &stream->when) < step / FT_RUSH_CLOCK)
        media->rushed++;
}

/* ---- Holes ----------------------------------------------------------------------------------- */

static void
hole_at(uint32_t frame, ft_hole_t *hole)
{
    if (!wmem_map_contains(holes, GUINT_TO_POINTER(frame)))
        wmem_map_insert(holes, GUINT_TO_POINTER(frame), hole);
}

static void
hole_new(ft_call_t *call, ft_side_t side, const ft_rtp_t *rtp, uint64_t count, bool paused, uint32_t frame)
{
    ft_call_media_t *media = call->streams;
    ft_hole_t *hole;

    if (!ft_limit_take(FT_LIMIT_HOLES, ft_call_now()))
        return;
    hole = wmem_new0(wmem_file_scope(), ft_hole_t);
    hole->ssrc = rtp->ssrc;
    hole->side = side;
    hole->count = (uint16_t)MIN(count, UINT16_MAX);
    hole->number = (uint16_t)(rtp->seq - hole->count);
    hole->paused = paused;
    hole->frame = frame;
    hole_at(frame, hole);
    if (!paused)
        media->holes[media->n_holes++ % FT_RECENT_HOLES] = hole;
}

/* The relay was asked for something again: for the latest hole that nobody asked for yet. */
void
ft_media_ask(ft_call_t *call, ft_side_t side, const ft_moment_t *at)
{
    ft_call_media_t *media = call->streams;
    ft_hole_t *found = NULL;

    for (unsigned i = 0; media && i < FT_RECENT_HOLES; i++) {
        ft_hole_t *hole = media->holes[i];

        if (hole && hole->side != side && !hole->nack && !hole->repair && (!found || hole->frame > found->frame))
            found = hole;
    }
    if (!found) {
        note(call, FT_EVENT_NACK, at, side, "RTCP to the relay, of the length of a request for one packet [guess]");
        return;
    }
    found->nack = at->frame;
    hole_at(at->frame, found);
    note(call, FT_EVENT_NACK, at, side, "0x%08x, %u from number %u on, missing in frame %u [guess]", found->ssrc, found->count, found->number,
         found->frame);
}

static void
repaired(ft_call_t *call, ft_side_t side, const ft_rtp_t *rtp, const ft_moment_t *at)
{
    ft_call_media_t *media = call->streams;

    for (unsigned i = 0; i < FT_RECENT_HOLES; i++) {
        ft_hole_t *hole = media->holes[i];

        if (!hole || hole->ssrc != rtp->ssrc || hole->side != side || (uint16_t)(rtp->seq - hole->number) >= hole->count)
            continue;
        if (!hole->repair)
            hole->repair = at->frame;
        hole_at(at->frame, hole);
        note(call, FT_EVENT_REPAIRED, at, side, "0x%08x, number %u, missing in frame %u", rtp->ssrc, rtp->seq, hole->frame);
        return;
    }
    note(call, FT_EVENT_REPAIRED, at, side, "0x%08x, number %u", rtp->ssrc, rtp->seq);
}

const ft_hole_t *
ft_hole_of_frame(uint32_t frame)
{
    return wmem_map_size(holes) > 0 ? (const ft_hole_t *)wmem_map_lookup(holes, GUINT_TO_POINTER(frame)) : NULL;
}

/* ---- What changes ------------------------------------------------------------------------------ */

static void
take_mode(ft_call_t *call, ft_side_t side, ft_mode_t mode, const ft_moment_t *at)
{
    ft_call_media_t *media = call->streams;
    ft_mode_t before = media->side[side].mode;

    if (mode == FT_MODE_UNKNOWN || mode == before)
        return;
    media->side[side].mode = mode;
    if (before != FT_MODE_UNKNOWN)
        note(call, FT_EVENT_MODE, at, side, "%s, was %s", val_to_str_const(mode, ft_mode_vals, "unknown"),
             val_to_str_const(before, ft_mode_vals, "unknown"));
    else
        note(call, FT_EVENT_MODE, at, side, "%s", val_to_str_const(mode, ft_mode_vals, "unknown"));
}

/* A side's streams begin anew where its mode changes: each SSRC of the new mode is a new one (measured on a real call). */
static void
take_new_stream(ft_call_t *call, ft_side_t side, ft_stream_side_t *stream, const ft_rtp_t *rtp, bool mode_changed, const ft_moment_t *at)
{
    ft_call_media_t *media = call->streams;

    if (media->side[side].generation == 0)
        media->side[side].generation = 1;
    else if (mode_changed) {
        media->side[side].generation++;
        note(call, FT_EVENT_GENERATION, at, side, "number %u", media->side[side].generation);
    }
    stream->generation = media->side[side].generation;
    stream->begins = ft_history_add(call, FT_EVENT_STREAM, at, side, wmem_strdup_printf(wmem_file_scope(), "%s 0x%08x, %s", medium_name(rtp->media),
                                                                                        rtp->ssrc, codec_name(rtp->payload_type)));
}

static void
take_audio(ft_call_t *call, ft_side_t side, ft_stream_side_t *stream, ft_medium_t *medium, const ft_rtp_t *rtp, const ft_moment_t *at)
{
    bool silent = rtp->payload_type == FT_TYPE_COMFORT_NOISE;

    if (silent)
        ft_expose(call, FT_EXPOSED_SPEECH, at->frame, &at->when, NULL);
    if (silent != medium->silent)
        ft_history_add(call, silent ? FT_EVENT_SILENT : FT_EVENT_SPEAKS, at, side, silent ? "comfort noise" : NULL);
    medium->silent = silent;
    if (silent || rtp->payload_type == FT_TYPE_REDUNDANCY)
        return;
    if (stream->codec && stream->codec != rtp->payload_type)
        note(call, FT_EVENT_CODEC, at, side, "audio 0x%08x, %s, was %s", rtp->ssrc, codec_name(rtp->payload_type), codec_name(stream->codec));
    stream->codec = rtp->payload_type;
}

/* Bits of ft_picture_t.view. */
#define FT_VIEW_ORIENTATION 0x03
#define FT_VIEW_CAMERA 0x3c

static const char *const held[] = { "portrait", "portrait, upside down", "landscape left", "landscape right" };

static const char *
camera(uint8_t view)
{
    return view & 0x30 ? "screen" : view & 0x08 ? "back camera" : "front camera";
}

const char *
ft_view_text(wmem_allocator_t *pool, const ft_call_t *call, ft_side_t side)
{
    if (!call->streams || side >= FT_MEDIA_SIDES || !call->streams->side[side].has_view)
        return NULL;
    return wmem_strdup_printf(pool, "%s, %s", held[call->streams->side[side].view & FT_VIEW_ORIENTATION], camera(call->streams->side[side].view));
}

static void
take_view(ft_call_t *call, ft_side_t side, const ft_picture_t *picture, const ft_moment_t *at)
{
    ft_call_media_t *media = call->streams;
    uint8_t before = media->side[side].view, now = picture->view;

    if (!picture->known || (media->side[side].has_view && before == now))
        return;
    if (media->side[side].has_view && (before ^ now) & FT_VIEW_ORIENTATION)
        note(call, FT_EVENT_ROTATED, at, side, "%s, was %s", held[now & FT_VIEW_ORIENTATION], held[before & FT_VIEW_ORIENTATION]);
    if (media->side[side].has_view && (before ^ now) & FT_VIEW_CAMERA)
        note(call, FT_EVENT_CAMERA, at, side, "%s%s", camera(now), now & 0x04 ? ", mirrored" : "");
    ft_expose(call, FT_EXPOSED_VIEW, at->frame, &at->when, NULL);
    media->side[side].has_view = true;
    media->side[side].view = now;
}

static void
take_video(ft_call_t *call, ft_side_t side, ft_stream_side_t *stream, const ft_medium_t *medium, const ft_rtp_t *rtp, bool is_new, uint32_t before,
           const ft_moment_t *at)
{
    take_view(call, side, &rtp->picture, at);
    if (stream->codec && stream->codec != rtp->payload_type)
        note(call, FT_EVENT_CODEC, at, side, "video 0x%08x, %s, was %s", rtp->ssrc, codec_name(rtp->payload_type), codec_name(stream->codec));
    stream->codec = rtp->payload_type;
    /* A new generation's picture is no other layer of the one before. */
    if (medium->turns.changed && (!is_new || before != rtp->ssrc) && stream->generation == call->streams->side[side].of_picture)
        note(call, FT_EVENT_LAYER, at, side, "0x%08x, %s, was 0x%08x", rtp->ssrc, codec_name(rtp->payload_type), before);
    call->streams->side[side].of_picture = stream->generation;
}

/* First and latest packet of a medium; what comes after a silence begins it again. */
static void
take_medium(ft_call_t *call, ft_side_t side, ft_medium_t *medium, const char *name, const ft_moment_t *at)
{
    if (!medium->first.frame) {
        medium->first = *at;
        medium->stopped = (ft_event_t){ .kind = FT_EVENT_MEDIA_STOPPED, .who = side, .what = name };
        ft_history_add(call, FT_EVENT_MEDIA_STARTED, at, side, name);
    } else if (ft_seconds(&at->when, &medium->stopped.at.when) > FT_STOP_SECONDS) {
        ft_history_add(call, FT_EVENT_MEDIA_STOPPED, &medium->stopped.at, side, name);
        ft_history_add(call, FT_EVENT_MEDIA_STARTED, at, side, name);
    }
    medium->stopped.at = *at;
}

void
ft_media_take_opaque(ft_call_t *call, ft_side_t side, const char *what, const ft_moment_t *at)
{
    take_medium(call, side, &media_of(call)->side[side].opaque, what, at);
}

/* Media after the socket was closed: another one was opened, or the error was none of the end. */
static void
take_reopened(ft_call_t *call, ft_side_t side, const ft_moment_t *at)
{
    if (ft_seconds(&at->when, &call->closed.when) <= (side == FT_SIDE_PEER ? FT_CLOSED_SECONDS : FT_CLOSED_DISORDER_SECONDS))
        return;
    call->closed.frame = 0;
    call->closed_by = FT_SIDE_UNKNOWN;
    if (!call->sip_end)
        call->ended.at.frame = 0;
}

void
ft_media_begin(ft_call_t *call, ft_side_t side, const ft_rtp_t *rtp, const ft_moment_t *first, const ft_moment_t *latest)
{
    ft_call_media_t *media = media_of(call);
    ft_medium_t *medium = medium_of(media, side, rtp->media);
    ft_stream_t *stream = ft_stream_get(rtp->ssrc);

    if (!stream || rtp->picture.parity || (stream->call && ft_call_root(stream->call) != call) || stream->by[side])
        return;
    stream->call = call;
    stream->by[side] = wmem_new0(wmem_file_scope(), ft_stream_side_t);
    stream->by[side]->timestamp = rtp->timestamp;
    stream->by[side]->when = first->when;
    take_new_stream(call, side, stream->by[side], rtp, false, first);
    if (medium) {
        take_medium(call, side, medium, medium_name(rtp->media), first);
        medium->ssrc = rtp->ssrc;
        medium->stopped.at = *latest;
    }
}

/* Which end is the device, or whose leg it is, turned out within the stream: what was taken so far is this side's. */
static void
take_over(ft_call_media_t *media, ft_stream_t *stream, ft_side_t side, ft_side_t before, uint32_t kind)
{
    ft_medium_t *of = medium_of(media, side, kind), *unknown = medium_of(media, before, kind);

    stream->by[side] = stream->by[before];
    stream->by[before] = NULL;
    if (stream->by[side]->begins)
        stream->by[side]->begins->who = side;
    if (media->side[side].generation == 0)
        media->side[side].generation = media->side[before].generation;
    if (before == FT_SIDE_UNKNOWN && of && unknown && unknown->first.frame && !of->first.frame) {
        *of = *unknown;
        of->stopped.who = side;
    }
}

/* As which side the stream was taken until now, if that was another one than it is; this one, if it was none. */
static ft_side_t
taken_as(const ft_stream_t *stream, const ft_flow_t *flow, ft_side_t side)
{
    if (side == FT_SIDE_UNKNOWN || stream->by[side])
        return side;
    if (stream->by[FT_SIDE_UNKNOWN])
        return FT_SIDE_UNKNOWN;
    if (flow->whose == FT_WHOSE_PEER && stream->sender == flow && stream->by[FT_SIDE_DEVICE])
        return FT_SIDE_DEVICE;
    return side;
}

void
ft_media_take(ft_call_t *call, ft_flow_t *flow, ft_stream_t *stream, ft_side_t side, const ft_packet_t *pkt, const ft_rtp_t *rtp, const ft_moment_t *at)
{
    ft_call_media_t *media = media_of(call);
    ft_medium_t *medium = medium_of(media, side, rtp->media);
    ft_stream_side_t *by;
    ft_mode_t mode = media->side[side].mode;
    bool is_new, paused = false, begun;
    uint32_t before;
    uint64_t restarts, hole;
    ft_seq_result_t number;
    int64_t highest;
    ft_side_t as = taken_as(stream, flow, side);

    if (as != side)
        take_over(media, stream, side, as, rtp->media);
    by = stream->by[side];
    is_new = !by;
    if (is_new)
        by = stream->by[side] = wmem_new0(wmem_file_scope(), ft_stream_side_t);
    if (call->closed.frame)
        take_reopened(call, side, at);
    media->flow[side] = flow;
    by->packets++;
    if (rtp->picture.parity) {
        by->parity++;
        return;
    }
    if (!is_new)
        take_batches(media, by, rtp->timestamp, &at->when);
    begun = by->seq.begun;
    restarts = by->seq.restarts;
    highest = by->seq.highest;
    number = ft_seq_add(&by->seq, rtp->seq);
    /* What is late, or a copy over another path, says how things were. */
    if (number == FT_SEQ_NEW)
        take_mode(call, side, pkt->relay.mode, at);
    if (is_new)
        take_new_stream(call, side, by, rtp, mode != FT_MODE_UNKNOWN && pkt->relay.mode != FT_MODE_UNKNOWN && mode != pkt->relay.mode, at);
    before = medium ? medium->ssrc : 0;
    /* On the peer's own leg the device's media comes again, later. */
    if (medium && (number == FT_SEQ_NEW || flow->whose != FT_WHOSE_PEER)) {
        take_medium(call, side, medium, medium_name(rtp->media), at);
        medium->ssrc = rtp->ssrc;
    }
    if (medium && rtp->media == FT_MEDIA_AUDIO && number == FT_SEQ_NEW)
        take_audio(call, side, by, medium, rtp, at);
    if (medium && rtp->media == FT_MEDIA_VIDEO && number == FT_SEQ_NEW) {
        uint32_t clock = ft_rtp_clock(rtp->payload_type, (call->evidence & FT_EV_RELAYED_ERA) != 0);

        paused = ft_turns_add(&medium->turns, rtp->ssrc, is_new ? NULL : &by->timestamp, rtp->timestamp, FT_MAX_PAUSE(clock));
        take_video(call, side, by, medium, rtp, is_new, before, at);
    }
    if (number == FT_SEQ_NEW) {
        by->timestamp = rtp->timestamp;
        by->when = at->when;
    } else if (number == FT_SEQ_LATE && ft_pauses_have(&by->pauses, &by->seq, rtp->seq)) {
        by->paused--;
    }
    if (rtp->retransmitted) {
        by->repaired++;
        repaired(call, side, rtp, at);
    }
    hole = ft_seq_hole(&by->seq, begun, restarts, highest);
    if (!hole || ft_call_is_scattered(call))
        return;
    if (paused) {
        by->paused += hole;
        ft_pauses_add(&by->pauses, &by->seq, hole);
    } else
        note(call, FT_EVENT_LOST, at, side, "%s 0x%08x, %" PRIu64 " from number %u on", medium_name(rtp->media), rtp->ssrc, hole,
             (uint16_t)(rtp->seq - hole));
    hole_new(call, side, rtp, hole, paused, at->frame);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

bool
ft_media_socket(const ft_call_t *call, const ft_flow_t *flow)
{
    const ft_endpoint_t *socket = ft_flow_device(flow);

    for (unsigned side = 0; call->streams && side < FT_MEDIA_SIDES; side++) {
        const ft_flow_t *media = call->streams->flow[side];

        if (!media || ft_flow_device(media)->port != socket->port)
            continue;
        /* One socket has both families, with an address of each. */
        if (ft_flow_device(media)->addr.type != socket->addr.type || addresses_equal(&ft_flow_device(media)->addr, &socket->addr))
            return true;
    }
    return false;
}

/* ---- Merging ----------------------------------------------------------------------------------- */

static void
merge_medium(ft_medium_t *keep, const ft_medium_t *gone)
{
    if (!gone->first.frame)
        return;
    if (!keep->first.frame) {
        *keep = *gone;
        return;
    }
    if (gone->first.frame < keep->first.frame)
        keep->first = gone->first;
    if (gone->stopped.at.frame > keep->stopped.at.frame)
        keep->stopped = gone->stopped;
}

void
ft_media_merge(ft_call_t *keep, ft_call_t *gone)
{
    ft_call_media_t *from = gone->streams, *to;

    gone->streams = NULL;
    if (!from)
        return;
    if (!keep->streams) {
        keep->streams = from;
        return;
    }
    to = keep->streams;
    for (unsigned side = 0; side < FT_MEDIA_SIDES; side++) {
        merge_medium(&to->side[side].audio, &from->side[side].audio);
        merge_medium(&to->side[side].video, &from->side[side].video);
        merge_medium(&to->side[side].opaque, &from->side[side].opaque);
        to->side[side].mode = MAX(to->side[side].mode, from->side[side].mode);
        to->side[side].generation = MAX(to->side[side].generation, from->side[side].generation);
        if (!to->flow[side])
            to->flow[side] = from->flow[side];
    }
    to->steps += from->steps;
    to->rushed += from->rushed;
}

void
ft_media_init(void)
{
    holes = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
}
