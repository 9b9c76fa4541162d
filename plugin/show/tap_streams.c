/* tap_streams.c
 * The streams table: -z facetime,streams[,filter] and Statistics > FaceTime Streams. One row for each call, SSRC and sender.
 * measured_streams.c measures; here is how it is shown.
 *
 * Rows of one sender and medium stand together. Who sends is told by the direction and, where several do (a group), by the identifier of the
 * sender's media key, which ends each packet. What was lost is also summed for sender and medium: a sender's layers and generations are one medium.
 *
 * Media inside QUIC (wire/pod.c) is one row for each side, a guess, which says what is seen from outside and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/measured_streams.h"

/* Streams of one listener; some 2 kB each and 1 kB for each leg. */
#define FT_MAX_STREAM_ROWS 16384
/* So many frames in common are no chance: timestamps have 32 bits and begin at random. */
#define FT_MIN_SHARED_FRAMES 2
/* Streams of one call that are looked at for the sums of sender and medium; a flood has none. A group of 32 with three layers has some 130. */
#define FT_MAX_SUMMED_STREAMS 256
/* Bytes of a key identifier that a row shows. */
#define FT_KEY_SHOWN 4

/* ---- Rows ----------------------------------------------------------------------------------------- */

/* The first one of the streams that are the same keeps its row: it is its own key. */
static void
streams_rebind(void *row _U_, const void *key _U_)
{
}

/* Of the streams of its sender, from 1: all begin anew where a call becomes one-to-one; 0: not known. */
static uint32_t
generation_of(const ft_measured_stream_t *stream)
{
    static const ft_side_t sides[] = { [FT_SENDER_UNKNOWN] = FT_SIDE_UNKNOWN, [FT_SENDER_DEVICE] = FT_SIDE_DEVICE, [FT_SENDER_PEER] = FT_SIDE_PEER };
    const ft_stream_t *known = stream->in_quic ? NULL : ft_stream_find(stream->ssrc);
    const ft_stream_side_t *side = known ? known->by[sides[ft_measured_sender(stream)]] : NULL;

    return side ? side->generation : 0;
}

static int
compare(uint32_t x, uint32_t y)
{
    return x < y ? -1 : x > y;
}

/* What the device sends first, then what it receives; audio, then video. */
static unsigned
sender_rank(const ft_measured_stream_t *stream)
{
    ft_sender_t sender = ft_measured_sender(stream);

    return sender == FT_SENDER_UNKNOWN ? UINT_MAX : sender;
}

static unsigned
media_rank(const ft_measured_stream_t *stream)
{
    return stream->in_quic ? 3 : stream->media == FT_MEDIA_AUDIO ? 0 : stream->media == FT_MEDIA_VIDEO ? 1 : 2;
}

/* By call, sender, key, medium, generation; layers in the order in which they began. */
static int
streams_order(const void *row, const void *other)
{
    const ft_measured_stream_t *a = ((const ft_stream_row_t *)row)->stream, *b = ((const ft_stream_row_t *)other)->stream;
    int order = compare(ft_measured_call(a)->number, ft_measured_call(b)->number);

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

static const ft_measured_stream_t *
stream_of(const void *row)
{
    return ((const ft_stream_row_t *)row)->stream;
}

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = ft_measured_call(stream_of(row))->number;
}

static void
cell_direction(const void *row, ft_cell_t *cell)
{
    static const char *const words[] = { [FT_SENDER_UNKNOWN] = "unknown", [FT_SENDER_DEVICE] = "sent", [FT_SENDER_PEER] = "received" };

    cell->text = g_strdup(words[ft_measured_sender(stream_of(row))]);
}

static void
cell_ssrc(const void *row, ft_cell_t *cell)
{
    cell->text = stream_of(row)->in_quic ? g_strdup("-") : g_strdup_printf("0x%08x", stream_of(row)->ssrc);
}

/* What one side sends to a browser, or from one: what is in it the browser's session description says, which nobody sees. */
static bool
is_web(const ft_measured_stream_t *stream)
{
    return ft_call_is_browsers(ft_measured_call(stream));
}

static void
cell_media(const void *row, ft_cell_t *cell)
{
    uint32_t media = ft_measured_media(stream_of(row));

    cell->text = g_strdup(media == FT_MEDIA_AUDIO ? "audio" : media == FT_MEDIA_VIDEO ? "video" : "-");
}

/* The name of the payload type, without the media that has a column of its own. */
static void
cell_codec(const void *row, ft_cell_t *cell)
{
    const ft_measured_stream_t *stream = stream_of(row);
    const char *name = !stream->in_quic ? ft_rtp_name(ft_stream_main_type(&stream->stats)) : is_web(stream) ? "by WebRTC [guess]" : "in QUIC [guess]";

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
stream_clock(const ft_measured_stream_t *stream, bool *measured)
{
    const ft_measured_leg_t *leg = ft_measured_main_leg(stream);
    uint32_t clock = leg ? ft_leg_clock(&leg->stats) : 0;

    *measured = clock != 0;
    if (stream->in_quic)
        return 0;
    return clock ? clock : ft_rtp_clock(ft_stream_main_type(&stream->stats), (ft_measured_call(stream)->evidence & FT_EV_RELAYED_ERA) != 0);
}

/* Arrival says nothing of the network where the capture was handed over in batches: that is so for all its streams. */
static bool
in_batches(const ft_measured_stream_t *stream)
{
    return ft_call_in_batches(ft_measured_call(stream));
}

static double
stream_seconds(const ft_measured_stream_t *stream)
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
is_cut(const ft_measured_stream_t *stream)
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
has_no_verdict(const ft_measured_stream_t *stream)
{
    return stream->in_quic || is_cut(stream) || ft_call_is_scattered(ft_measured_call(stream));
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
is_same_sender(const ft_measured_stream_t *a, const ft_measured_stream_t *b)
{
    if (ft_measured_sender(a) != ft_measured_sender(b))
        return false;
    if ((!a->mki_len || !b->mki_len) && ft_measured_call(a)->n_participants <= FT_TWO_ENDS)
        return true;
    return a->mki_len == b->mki_len && memcmp(a->mki, b->mki, a->mki_len) == 0;
}

/* What all streams of the row's sender and medium lost, of how many. False: no verdict. */
static bool
sum_of(const ft_measured_stream_t *stream, uint64_t *lost, uint64_t *expected)
{
    const GPtrArray *list = (const GPtrArray *)g_hash_table_lookup(stream->all->by_call, ft_measured_call(stream));

    *lost = *expected = 0;
    if (!list || list->len > FT_MAX_SUMMED_STREAMS || has_no_verdict(stream))
        return false;
    for (unsigned i = 0; i < list->len; i++) {
        const ft_measured_stream_t *one = (const ft_measured_stream_t *)g_ptr_array_index(list, i);
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
    const ft_measured_stream_t *stream = stream_of(row);
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
stream_jitter(const ft_measured_stream_t *stream, double *mean, double *max)
{
    bool measured;
    const ft_measured_leg_t *leg = ft_measured_main_leg(stream);

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
    const ft_measured_stream_t *stream = stream_of(row);

    cell->unknown = ft_measured_media(stream) != FT_MEDIA_VIDEO ||
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
bytes_of_frame(const ft_measured_stream_t *stream)
{
    return (double)stream->stats.bytes / MAX(stream->stats.frames, 1);
}

/* Of two streams with the same frames, the one that spends more on a frame is called the main one. */
static void
cell_main(const void *row, ft_cell_t *cell)
{
    const ft_measured_stream_t *stream = stream_of(row), *with = NULL;
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
    const ft_measured_stream_t *stream = stream_of(row);
    GString *text = g_string_new(NULL);

    if (stream->in_quic)
        g_string_append(text, is_web(stream) ? "rate: of SRTP packets" : "rate: of QUIC packets");
    if (in_batches(stream))
        g_string_append(text, stream->in_quic ? "; captured in batches" : "captured in batches: times by RTP");
    if (stream->stats.seq.restarts)
        g_string_append_printf(text, "%snumbering restarted%s", text->len ? "; " : "", stream->stats.seq.restarts == 1 ? " once" : "");
    if (stream->stats.seq.restarts > 1)
        g_string_append_printf(text, " %" PRIu64 " times", stream->stats.seq.restarts);
    if (is_cut(stream))
        g_string_append_printf(text, "%sheaders cut off by the snap length: loss not measurable", text->len ? "; " : "");
    if (ft_call_is_scattered(ft_measured_call(stream)))
        g_string_append_printf(text, "%sone SSRC from many addresses: loss not measurable", text->len ? "; " : "");
    if (text->len == 0)
        g_string_append_c(text, '-');
    cell->text = g_string_free(text, FALSE);
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    static const char *const from[] = { [FT_SENDER_UNKNOWN] = "", [FT_SENDER_DEVICE] = " && facetime.direction == 1",
                                        [FT_SENDER_PEER] = " && facetime.direction == 2" };
    const ft_measured_stream_t *stream = stream_of(row);
    uint32_t call = ft_measured_call(stream)->number;

    if (stream->in_quic)
        cell->text = g_strdup_printf("facetime.call == %u && facetime.%s%s", call, is_web(stream) ? "web.part == 2" : "quic.media",
                                     from[ft_measured_sender(stream)]);
    else
        cell->text = g_strdup_printf("facetime.call == %u && rtp.ssrc == 0x%08x", call, stream->ssrc);
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
    .packet = ft_measured_streams_packet,
    .media_backlog = true,
    .before_draw = ft_call_renumber,
    .key = ft_measured_streams_key,
    .join = ft_measured_streams_join,
    .rebind = streams_rebind,
    .order = streams_order,
    .context_new = ft_measured_streams_new,
    .context_free = ft_measured_streams_free,
    .max_rows = FT_MAX_STREAM_ROWS,
};

void
ft_tap_streams_register(void)
{
    ft_table_register(&streams_table);
}
