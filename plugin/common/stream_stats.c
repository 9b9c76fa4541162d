/* stream_stats.c
 * The arithmetic of RTP streams. RFC 3550 names: 6.4.1 (jitter, loss), A.1 (sequence numbers), A.8 (jitter, computed).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/stream_stats.h"

#include <math.h>
#include <string.h>

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* RFC 3551, table 4 and 5, and the clocks of AAC and Opus. */
const uint32_t ft_clocks[FT_N_CLOCKS] = { 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000 };

/* ---- Sequence numbers -------------------------------------------------------------------------- */

static bool
seq_seen(const ft_seq_t *seq, int64_t number)
{
    uint64_t place = (uint64_t)number % FT_SEQ_WINDOW;

    return (seq->seen[place / 64] >> (place % 64)) & 1;
}

static void
seq_mark(ft_seq_t *seq, int64_t number, bool on)
{
    uint64_t place = (uint64_t)number % FT_SEQ_WINDOW, bit = UINT64_C(1) << (place % 64);

    if (on)
        seq->seen[place / 64] |= bit;
    else
        seq->seen[place / 64] &= ~bit;
}

static void
seq_begin(ft_seq_t *seq, uint16_t number)
{
    memset(seq->seen, 0, sizeof seq->seen);
    /* Starts at 65,536, so that a packet that arrives before the first number has no negative number. */
    seq->lowest = seq->highest = INT64_C(0x100000000) + number;
    seq->begun = true;
    seq->has_stray = false;
    seq->received++;
    seq_mark(seq, seq->highest, true);
}

ft_seq_result_t
ft_seq_add(ft_seq_t *seq, uint16_t number)
{
    int64_t extended;
    int step;

    if (!seq->begun) {
        seq_begin(seq, number);
        return FT_SEQ_NEW;
    }
    step = (int16_t)(uint16_t)(number - (uint16_t)seq->highest);
    if (step > FT_SEQ_MAX_STEP || step <= -FT_SEQ_WINDOW) {
        /* Two consecutive numbers far from all others: the sender restarted. */
        if (seq->has_stray && number == seq->after_stray) {
            seq->expected_before += (uint64_t)(seq->highest - seq->lowest + 1);
            seq->restarts++;
            seq_begin(seq, (uint16_t)(number - 1));
            return ft_seq_add(seq, number);
        }
        seq->has_stray = true;
        seq->after_stray = (uint16_t)(number + 1);
        return FT_SEQ_STRAY;
    }
    extended = seq->highest + step;
    if (step > 0) {
        if (step >= FT_SEQ_WINDOW) {
            memset(seq->seen, 0, sizeof seq->seen);
        } else {
            for (int64_t skipped = seq->highest + 1; skipped < extended; skipped++)
                seq_mark(seq, skipped, false);
        }
        seq->highest = extended;
    } else if (seq_seen(seq, extended)) {
        seq->duplicates++;
        return FT_SEQ_DUPLICATE;
    }
    seq_mark(seq, extended, true);
    seq->received++;
    if (step > 0)
        return FT_SEQ_NEW;
    seq->late++;
    seq->lowest = MIN_OF(seq->lowest, extended);
    return FT_SEQ_LATE;
}

uint64_t
ft_seq_expected(const ft_seq_t *seq)
{
    return seq->expected_before + (seq->begun ? (uint64_t)(seq->highest - seq->lowest + 1) : 0);
}

uint64_t
ft_seq_lost(const ft_seq_t *seq)
{
    uint64_t expected = ft_seq_expected(seq);

    return expected > seq->received ? expected - seq->received : 0;
}

uint64_t
ft_seq_hole(const ft_seq_t *seq, bool begun, uint64_t restarts, int64_t highest)
{
    return begun && seq->restarts == restarts && seq->highest > highest + 1 ? (uint64_t)(seq->highest - highest - 1) : 0;
}

void
ft_seq_join(ft_seq_t *into, const ft_seq_t *later)
{
    uint64_t before, received, duplicates, late, restarts;
    int step;

    if (!later->begun)
        return;
    if (!into->begun) {
        *into = *later;
        return;
    }
    /* One run if the later part begins near the end of the earlier one, else two runs. */
    step = (int16_t)(uint16_t)((uint16_t)later->lowest - (uint16_t)into->highest);
    before = into->expected_before + later->expected_before;
    received = into->received + later->received;
    duplicates = into->duplicates + later->duplicates;
    late = into->late + later->late;
    restarts = into->restarts + later->restarts;
    if (later->restarts > 0 || step > FT_SEQ_MAX_STEP || step <= -FT_SEQ_WINDOW) {
        before += (uint64_t)(into->highest - into->lowest + 1);
        *into = *later;
    } else {
        int64_t end = into->highest + step + (later->highest - later->lowest);

        into->lowest = MIN_OF(into->lowest, into->highest + step);
        into->highest = MAX_OF(into->highest, end);
        memcpy(into->seen, later->seen, sizeof into->seen);
    }
    into->expected_before = before;
    into->received = received;
    into->duplicates = duplicates;
    into->late = late;
    into->restarts = restarts;
}

/* ---- Turns ------------------------------------------------------------------------------------- */

/* Is timestamp a after b? They wrap. */
static bool
is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

bool
ft_turns_add(ft_turns_t *turns, uint32_t ssrc, const uint32_t *stream_last, uint32_t timestamp, uint32_t max_pause)
{
    bool paused = false, mine = false;

    turns->changed = false;
    if (!turns->begun) {
        *turns = (ft_turns_t){ .begun = true, .ssrc = ssrc, .from = timestamp, .last = timestamp, .whole_from = timestamp };
        return false;
    }
    if (is_after(turns->last, timestamp))
        return false;
    if (timestamp - turns->last > max_pause)
        turns->whole_from = timestamp;
    if (turns->ssrc != ssrc) {
        /* Streams that run side by side, as those that a device sends, have no turns. */
        mine = stream_last ? is_after(turns->from, *stream_last) : is_after(timestamp, turns->last);
        paused = mine && stream_last && !is_after(turns->whole_from, *stream_last);
    }
    if (mine) {
        turns->changed = is_after(turns->last, turns->from);
        turns->ssrc = ssrc;
        turns->from = timestamp;
    }
    turns->last = timestamp;
    return paused;
}

void
ft_pauses_add(ft_pauses_t *pauses, const ft_seq_t *seq, uint64_t count)
{
    unsigned place = pauses->n % FT_PAUSES;

    if (count == 0 || count > UINT16_MAX)
        return;
    pauses->holes[place].first = seq->highest - (int64_t)count;
    pauses->holes[place].count = (uint16_t)count;
    pauses->holes[place].restarts = (uint16_t)seq->restarts;
    pauses->n++;
}

bool
ft_pauses_have(const ft_pauses_t *pauses, const ft_seq_t *seq, uint16_t number)
{
    int64_t extended = seq->highest - (uint16_t)((uint16_t)seq->highest - number);

    for (unsigned i = 0; i < MIN_OF(pauses->n, FT_PAUSES); i++) {
        if (pauses->holes[i].restarts == (uint16_t)seq->restarts && extended >= pauses->holes[i].first &&
            extended - pauses->holes[i].first < pauses->holes[i].count)
            return true;
    }
    return false;
}

/* ---- One path of a stream ---------------------------------------------------------------------- */

/* RFC 3550, A.8, for each clock, in seconds. In the order of arrival (6.4.1). */
static void
leg_jitter(ft_leg_stats_t *leg, ft_nanoseconds_t waited, int32_t step)
{
    double seconds = (double)waited / (double)FT_SECOND;

    for (unsigned i = 0; i < FT_N_CLOCKS; i++) {
        double difference = fabs(seconds - (double)step / ft_clocks[i]);

        leg->jitter[i] += (difference - leg->jitter[i]) / 16;
        leg->jitter_sum[i] += leg->jitter[i];
        leg->jitter_max[i] = MAX_OF(leg->jitter_max[i], leg->jitter[i]);
    }
    leg->n_jitter++;
}

/* "Rushed": eight times faster than the slowest usual clock (24 kHz) allows. A stream with a faster clock is then not taken for a batch. */
#define FT_RUSH (8 * 24000.0)

static void
leg_times(ft_leg_stats_t *leg, const ft_sample_t *sample)
{
    ft_nanoseconds_t waited = sample->when - leg->last_time;
    int32_t step = (int32_t)(sample->timestamp - leg->last_timestamp);

    leg_jitter(leg, waited, step);
    leg->media += step;
    leg->longest_gap = MAX_OF(leg->longest_gap, waited);
    if (step > 0) {
        leg->steps++;
        if ((double)waited / (double)FT_SECOND < step / FT_RUSH)
            leg->rushed++;
    }
}

/* A sender that numbers anew has other timestamps, too: from the last packet before to the first one after, neither time says anything of the other. */
static void
leg_restart(ft_leg_stats_t *leg, const ft_sample_t *sample)
{
    ft_nanoseconds_t waited = sample->when - leg->last_time;

    leg->longest_gap = MAX_OF(leg->longest_gap, waited);
    leg->first_time += waited;
}

ft_leg_result_t
ft_leg_add(ft_leg_stats_t *leg, const ft_sample_t *sample)
{
    uint64_t restarts = leg->seq.restarts;
    uint32_t *recent = &leg->recent[sample->number % FT_RECENT];
    ft_seq_result_t found;
    uint32_t now = ((uint32_t)sample->number << 16 | (sample->length & 0x7fff) << 1 | sample->marker) + 1;

    leg->packets++;
    if (sample->parity)
        return FT_LEG_FIRST_COPY;
    found = ft_seq_add(&leg->seq, sample->number);
    /* Sent again is not out of order. */
    if (found == FT_SEQ_LATE && sample->retransmitted)
        leg->seq.late--;
    if (found == FT_SEQ_DUPLICATE) {
        if (*recent && ((*recent - 1) >> 16) == sample->number && *recent != now) {
            leg->seq.duplicates--;
            leg->repairs++;
            return FT_LEG_REPAIR;
        }
        return FT_LEG_COPY;
    }
    *recent = now;
    /* Alone so far away from all others: the next one shows whether it belongs to them. */
    if (found == FT_SEQ_STRAY)
        return FT_LEG_FIRST_COPY;
    if (leg->timed && leg->seq.restarts != restarts)
        leg_restart(leg, sample);
    else if (leg->timed)
        leg_times(leg, sample);
    else
        leg->first_time = sample->when;
    leg->timed = true;
    leg->last_time = sample->when;
    leg->last_timestamp = sample->timestamp;
    return FT_LEG_FIRST_COPY;
}

/* Conditions for an estimate of the clock: a minimum of differences, and no pause longer than this part of the whole. */
#define FT_CLOCK_MIN_PACKETS 10
#define FT_CLOCK_MAX_PAUSE 0.1
/* Tolerance: the clocks of devices differ, and the first and last packets were queued. */
#define FT_CLOCK_TOLERANCE 0.01

uint32_t
ft_leg_clock(const ft_leg_stats_t *leg)
{
    double span = (double)(leg->last_time - leg->first_time) / (double)FT_SECOND;
    double pause = (double)leg->longest_gap / (double)FT_SECOND, low, high;
    uint32_t found = 0;

    if (leg->n_jitter < FT_CLOCK_MIN_PACKETS || span <= 0 || leg->media <= 0 || pause > FT_CLOCK_MAX_PAUSE * span)
        return 0;
    /* Each end of the span is uncertain by the longest time that a packet was queued. */
    low = (double)leg->media / (span + pause) * (1 - FT_CLOCK_TOLERANCE);
    high = (double)leg->media / (span - pause) * (1 + FT_CLOCK_TOLERANCE);
    for (unsigned i = 0; i < FT_N_CLOCKS; i++) {
        if (ft_clocks[i] < low || ft_clocks[i] > high)
            continue;
        if (found)
            return 0;
        found = ft_clocks[i];
    }
    return found;
}

bool
ft_leg_jitter(const ft_leg_stats_t *leg, uint32_t clock, double *mean, double *max)
{
    for (unsigned i = 0; i < FT_N_CLOCKS && leg->n_jitter > 0; i++) {
        if (ft_clocks[i] != clock)
            continue;
        *mean = leg->jitter_sum[i] / (double)leg->n_jitter;
        *max = leg->jitter_max[i];
        return true;
    }
    return false;
}

/* The share of packets that must have come too fast. */
#define FT_BATCH_MIN_STEPS 4
#define FT_BATCH_PART 0.8

bool
ft_leg_in_batches(const ft_leg_stats_t *leg)
{
    return leg->steps >= FT_BATCH_MIN_STEPS && (double)leg->rushed >= FT_BATCH_PART * (double)leg->steps;
}

void
ft_leg_join(ft_leg_stats_t *into, const ft_leg_stats_t *later)
{
    ft_leg_stats_t sum = *into;

    if (later->packets == 0)
        return;
    if (into->packets == 0) {
        *into = *later;
        return;
    }
    ft_seq_join(&sum.seq, &later->seq);
    sum.packets += later->packets;
    sum.repairs += later->repairs;
    sum.longest_gap = MAX_OF(sum.longest_gap, later->longest_gap);
    sum.longest_gap = MAX_OF(sum.longest_gap, later->first_time - into->last_time);
    sum.last_time = later->last_time;
    sum.last_timestamp = later->last_timestamp;
    sum.media += later->media;
    sum.n_jitter += later->n_jitter;
    for (unsigned i = 0; i < FT_N_CLOCKS; i++) {
        sum.jitter[i] = later->jitter[i];
        sum.jitter_sum[i] += later->jitter_sum[i];
        sum.jitter_max[i] = MAX_OF(sum.jitter_max[i], later->jitter_max[i]);
    }
    sum.steps += later->steps;
    sum.rushed += later->rushed;
    memcpy(sum.recent, later->recent, sizeof sum.recent);
    *into = sum;
}

/* ---- A stream, on all its paths ----------------------------------------------------------------- */

static bool
stream_frame(ft_stream_stats_t *stats, uint32_t timestamp)
{
    int32_t step = (int32_t)(timestamp - stats->frame_timestamp);

    if (stats->frames > 0 && step <= 0)
        return false;
    if (stats->frames > 0)
        stats->frame_media += step;
    stats->frames++;
    stats->frame_timestamp = timestamp;
    return true;
}

static void
stream_gap(ft_stream_stats_t *stats, ft_nanoseconds_t waited)
{
    if (waited <= FT_GAP)
        return;
    stats->gaps++;
    stats->longest_gap = MAX_OF(stats->longest_gap, waited);
}

static void
stream_second(ft_stream_stats_t *stats, const ft_sample_t *sample)
{
    int64_t second = (sample->when - stats->first_time) / FT_SECOND;

    if (second > stats->second) {
        stats->second = second;
        stats->second_bytes = 0;
    }
    stats->second_bytes += sample->length;
    stats->peak_bytes = MAX_OF(stats->peak_bytes, stats->second_bytes);
}

bool
ft_stream_stats_add(ft_stream_stats_t *stats, const ft_sample_t *sample, ft_leg_result_t result, bool paused)
{
    bool first_copy = result == FT_LEG_FIRST_COPY, begun = stats->seq.begun;
    ft_seq_result_t number = FT_SEQ_DUPLICATE;
    uint64_t restarts = stats->seq.restarts, hole;
    int64_t highest = stats->seq.highest;

    if (stats->packets == 0) {
        stats->first_frame = sample->frame;
        stats->first_time = stats->last_time = sample->when;
    }
    stats->packets++;
    stats->bytes += sample->length;
    if (!sample->opaque)
        stats->types[sample->type & 127]++;
    if (sample->dscp >= 0)
        stats->dscps |= UINT64_C(1) << (sample->dscp & 63);
    stats->first_frame = MIN_OF(stats->first_frame, sample->frame);
    stats->last_frame = MAX_OF(stats->last_frame, sample->frame);
    stream_gap(stats, sample->when - stats->last_time);
    stats->last_time = MAX_OF(stats->last_time, sample->when);
    stream_second(stats, sample);
    if (sample->opaque)
        return false;
    if (sample->parity) {
        stats->parity++;
        return false;
    }
    /* A packet that its own path saw before is not new here. */
    if (first_copy)
        number = ft_seq_add(&stats->seq, sample->number);
    if (first_copy && number == FT_SEQ_DUPLICATE) {
        stats->seq.duplicates--;
        stats->copies++;
        first_copy = false;
    }
    hole = paused ? ft_seq_hole(&stats->seq, begun, restarts, highest) : 0;
    stats->paused += hole;
    ft_pauses_add(&stats->pauses, &stats->seq, hole);
    if (number == FT_SEQ_LATE && ft_pauses_have(&stats->pauses, &stats->seq, sample->number))
        stats->paused--;
    stats->repaired += first_copy && sample->retransmitted;
    return first_copy && stream_frame(stats, sample->timestamp);
}

void
ft_stream_stats_join(ft_stream_stats_t *into, const ft_stream_stats_t *later)
{
    if (later->packets == 0)
        return;
    if (into->packets == 0) {
        *into = *later;
        return;
    }
    stream_gap(into, later->first_time - into->last_time);
    into->packets += later->packets;
    into->bytes += later->bytes;
    ft_seq_join(&into->seq, &later->seq);
    into->copies += later->copies;
    into->paused += later->paused;
    into->pauses = later->pauses;
    into->repaired += later->repaired;
    into->parity += later->parity;
    into->first_frame = MIN_OF(into->first_frame, later->first_frame);
    into->last_frame = MAX_OF(into->last_frame, later->last_frame);
    into->first_time = MIN_OF(into->first_time, later->first_time);
    into->last_time = MAX_OF(into->last_time, later->last_time);
    into->gaps += later->gaps;
    into->longest_gap = MAX_OF(into->longest_gap, later->longest_gap);
    into->peak_bytes = MAX_OF(into->peak_bytes, later->peak_bytes);
    into->frames += later->frames;
    into->frame_media += later->frame_media;
    for (unsigned i = 0; i < 128; i++)
        into->types[i] += later->types[i];
    into->dscps |= later->dscps;
}

double
ft_stream_seconds(const ft_stream_stats_t *stats)
{
    return (double)(stats->last_time - stats->first_time) / (double)FT_SECOND;
}

double
ft_stream_media_seconds(const ft_stream_stats_t *stats, uint32_t clock)
{
    return clock ? (double)stats->frame_media / clock : 0;
}

uint64_t
ft_stream_lost(const ft_stream_stats_t *stats)
{
    uint64_t lost = ft_seq_lost(&stats->seq);

    return lost > stats->paused ? lost - stats->paused : 0;
}

double
ft_stream_rate(const ft_stream_stats_t *stats, double seconds)
{
    return (double)stats->bytes * 8 / MAX_OF(seconds, 1.0);
}

double
ft_stream_peak(const ft_stream_stats_t *stats)
{
    /* A short last second with many packets can raise the mean above that of each whole second. */
    return MAX_OF((double)stats->peak_bytes * 8, ft_stream_rate(stats, ft_stream_seconds(stats)));
}

bool
ft_stream_frame_rate(const ft_stream_stats_t *stats, uint32_t clock, double *rate)
{
    if (stats->frames < 2 || stats->frame_media <= 0 || clock == 0)
        return false;
    *rate = (stats->frames - 1) * (double)clock / (double)stats->frame_media;
    return true;
}

uint8_t
ft_stream_main_type(const ft_stream_stats_t *stats)
{
    uint8_t best = 0;

    for (uint8_t i = 1; i < 128; i++) {
        if (stats->types[i] > stats->types[best])
            best = i;
    }
    return best;
}
