/* test_stream_stats.c
 * The arithmetic of RTP streams alone, where captures are too clumsy: edges of the window, wraps, restarts, clocks, joins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/stream_stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static int failures;

static void
check(const char *what, int line, double found, double wanted, double tolerance)
{
    if (fabs(found - wanted) <= tolerance)
        return;
    printf("line %d: %s is %g, not %g\n", line, what, found, wanted);
    failures++;
}

#define CHECK(found, wanted) check(#found, __LINE__, (double)(found), (double)(wanted), 0)
#define CHECK_NEAR(found, wanted, tolerance) check(#found, __LINE__, (found), (wanted), (tolerance))

static void
add_range(ft_seq_t *seq, unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ft_seq_add(seq, (uint16_t)(from + i));
}

/* A packet that is as late as the window is long is told from a duplicate; one more is not. */
static void
window_edge(void)
{
    ft_seq_t seq = { 0 };

    ft_seq_add(&seq, 100);
    add_range(&seq, 102, FT_SEQ_WINDOW - 2);                    /* the highest is 100 + FT_SEQ_WINDOW - 1 */
    CHECK(ft_seq_lost(&seq), 1);
    CHECK(ft_seq_add(&seq, 100), FT_SEQ_DUPLICATE);
    CHECK(ft_seq_add(&seq, 101), FT_SEQ_LATE);
    CHECK(ft_seq_add(&seq, 101), FT_SEQ_DUPLICATE);
    CHECK(ft_seq_lost(&seq), 0);
    ft_seq_add(&seq, 100 + FT_SEQ_WINDOW);
    CHECK(ft_seq_add(&seq, 100), FT_SEQ_STRAY);
    CHECK(ft_seq_add(&seq, 101), FT_SEQ_DUPLICATE);             /* after a stray 100, but within the window */
}

/* Places of the window are used again: an old bit is never taken for a new packet's. */
static void
window_reuse(void)
{
    ft_seq_t seq = { 0 };

    add_range(&seq, 0, FT_SEQ_WINDOW);
    ft_seq_add(&seq, 2 * FT_SEQ_WINDOW - 1);
    CHECK(ft_seq_lost(&seq), FT_SEQ_WINDOW - 1);
    for (unsigned i = FT_SEQ_WINDOW; i < 2 * FT_SEQ_WINDOW - 1; i++)
        CHECK(ft_seq_add(&seq, (uint16_t)i), FT_SEQ_LATE);
    CHECK(ft_seq_lost(&seq), 0);
    CHECK(seq.duplicates, 0);
}

static void
largest_step(void)
{
    ft_seq_t seq = { 0 };

    ft_seq_add(&seq, 0);
    CHECK(ft_seq_add(&seq, FT_SEQ_MAX_STEP), FT_SEQ_NEW);
    CHECK(ft_seq_add(&seq, 2 * FT_SEQ_MAX_STEP + 1), FT_SEQ_STRAY);
    CHECK(ft_seq_add(&seq, FT_SEQ_MAX_STEP + 1), FT_SEQ_NEW);
    CHECK(ft_seq_expected(&seq), FT_SEQ_MAX_STEP + 2);
}

/* Each number once, over many wraps, whatever number is the first. */
static void
many_wraps(void)
{
    for (unsigned first = 0; first < 65536; first += 21845) {
        ft_seq_t seq = { 0 };

        add_range(&seq, first, 400000);
        CHECK(ft_seq_expected(&seq), 400000);
        CHECK(seq.received, 400000);
        CHECK(seq.late + seq.duplicates + seq.restarts, 0);
    }
}

static void
restart(void)
{
    ft_seq_t seq = { 0 };

    add_range(&seq, 10, 5);
    ft_seq_add(&seq, 16);                                       /* 15 is lost */
    add_range(&seq, 40000, 5);
    CHECK(seq.restarts, 1);
    CHECK(ft_seq_expected(&seq), 12);
    CHECK(ft_seq_lost(&seq), 1);
}

/* A stream that was counted in two parts is the stream that was counted in one. */
static void
joined_sequence(void)
{
    for (unsigned first = 65500; first < 65540; first += 39) {
        ft_seq_t whole = { 0 }, early = { 0 }, later = { 0 };

        for (unsigned i = 0; i < 300; i++) {
            if (i % 7 == 3)
                continue;
            ft_seq_add(&whole, (uint16_t)(first + i));
            ft_seq_add(i < 150 ? &early : &later, (uint16_t)(first + i));
        }
        ft_seq_join(&early, &later);
        CHECK(ft_seq_expected(&early), ft_seq_expected(&whole));
        CHECK(ft_seq_lost(&early), ft_seq_lost(&whole));
        CHECK(early.received, whole.received);
    }
}

static ft_sample_t
sample(unsigned number, ft_nanoseconds_t time, uint32_t timestamp)
{
    ft_sample_t made = { .when = time, .frame = number + 1, .timestamp = timestamp, .length = 100, .number = (uint16_t)number,
                         .type = 104, .dscp = -1 };

    return made;
}

/* RFC 3550, A.8, by hand: differences of 10 ms and 0 give 10/16 and then 10/16 - 10/256. */
static void
jitter(void)
{
    ft_leg_stats_t leg = { 0 };
    ft_sample_t samples[] = {
        sample(0, 0, 0), sample(1, 30 * FT_MILLISECOND, 480), sample(2, 50 * FT_MILLISECOND, 960),
    };
    double mean = 0, max = 0;

    for (unsigned i = 0; i < 3; i++)
        ft_leg_add(&leg, &samples[i]);
    CHECK(ft_leg_jitter(&leg, 24000, &mean, &max), true);
    CHECK_NEAR(max, 0.010 / 16, 1e-9);
    CHECK_NEAR(mean, (0.010 / 16 + 0.010 / 16 - 0.010 / 256) / 2, 1e-9);
    CHECK(ft_leg_jitter(&leg, 24001, &mean, &max), false);
}

/* Timestamps wrap, times of a file may run backwards: no wild jitter. */
static void
jitter_over_wrap(void)
{
    ft_leg_stats_t leg = { 0 };
    double mean = 0, max = 1;

    for (unsigned i = 0; i < 100; i++) {
        ft_sample_t one = sample(i, i * 20 * FT_MILLISECOND, UINT32_MAX - 20 * 480 + i * 480);

        ft_leg_add(&leg, &one);
    }
    ft_leg_jitter(&leg, 24000, &mean, &max);
    CHECK_NEAR(max, 0, 1e-9);
    CHECK(ft_leg_clock(&leg), 24000);
}

/* A sender that begins anew, with other numbers and timestamps, has the jitter and the clock of its runs; so has one with a stray packet among its own. */
static void
jitter_over_restart(void)
{
    ft_leg_stats_t leg = { 0 }, stray = { 0 };
    double mean = 0, max = 1;

    for (unsigned i = 0; i < 200; i++) {
        ft_sample_t one = sample(i < 100 ? i : 30000 + i, i * 20 * FT_MILLISECOND + (i < 100 ? 0 : 60 * FT_SECOND), i * 480 + (i < 100 ? 0 : 0x70000000));
        ft_sample_t other = sample(i == 50 ? 40000 : i, i * 20 * FT_MILLISECOND, i == 50 ? 0x60000000 : i * 480);

        ft_leg_add(&leg, &one);
        ft_leg_add(&stray, &other);
    }
    CHECK(leg.seq.restarts, 1);
    CHECK(ft_leg_jitter(&leg, 24000, &mean, &max), true);
    CHECK_NEAR(max, 0, 1e-9);
    CHECK(leg.longest_gap >= 60 * FT_SECOND, true);
    CHECK(stray.seq.restarts, 0);
    CHECK(ft_leg_jitter(&stray, 24000, &mean, &max), true);
    CHECK_NEAR(max, 0, 1e-9);
    CHECK(ft_leg_clock(&stray), 24000);
}

/* Each clock is found, and is found in batches only if the capture is long enough for it. */
static void
clocks(void)
{
    for (unsigned c = 0; c < FT_N_CLOCKS; c++) {
        ft_leg_stats_t leg = { 0 }, batches = { 0 };

        for (unsigned i = 0; i < 1500; i++) {
            ft_sample_t one = sample(i, i * 20 * FT_MILLISECOND, i * ft_clocks[c] / 50);

            ft_leg_add(&leg, &one);
            one.when = one.when / FT_SECOND * FT_SECOND;
            ft_leg_add(&batches, &one);
        }
        CHECK(ft_leg_clock(&leg), ft_clocks[c]);
        CHECK(ft_leg_in_batches(&leg), false);
        CHECK(ft_leg_clock(&batches), ft_clocks[c]);
        CHECK(ft_leg_in_batches(&batches), true);
    }
}

static void
no_clock(void)
{
    ft_leg_stats_t odd = { 0 }, few = { 0 }, still = { 0 };

    for (unsigned i = 0; i < 200; i++) {
        ft_sample_t one = sample(i, i * 20 * FT_MILLISECOND, i * 400), same = sample(i, 0, i * 400);

        ft_leg_add(&odd, &one);                                 /* 20 kHz: nobody's */
        ft_leg_add(&still, &same);
        if (i < 5)
            ft_leg_add(&few, &one);
    }
    CHECK(ft_leg_clock(&odd), 0);
    CHECK(ft_leg_clock(&few), 0);
    CHECK(ft_leg_clock(&still), 0);
}

static void
rates(void)
{
    ft_stream_stats_t stats = { 0 };

    for (unsigned i = 0; i < 30; i++) {
        ft_sample_t one = sample(i, i * 100 * FT_MILLISECOND, i * 2400);

        one.length = i >= 10 && i < 20 ? 1000 : 500;            /* the second second is the fullest */
        ft_stream_stats_add(&stats, &one, FT_LEG_FIRST_COPY, false);
    }
    CHECK_NEAR(ft_stream_seconds(&stats), 2.9, 1e-9);
    CHECK_NEAR(ft_stream_rate(&stats, ft_stream_seconds(&stats)), 20000 * 8 / 2.9, 1e-6);
    CHECK(ft_stream_peak(&stats), 80000);
    CHECK(stats.gaps, 0);
}

static void
extreme_times(void)
{
    ft_stream_stats_t stats = { 0 };
    ft_leg_stats_t leg = { 0 };
    ft_nanoseconds_t times[] = { INT64_C(-6311433600) * FT_SECOND, 0, INT64_C(6311433600) * FT_SECOND / 2, 5 };

    for (unsigned i = 0; i < 4; i++) {
        ft_sample_t one = sample(i, times[i] / 2, i * 480);

        ft_stream_stats_add(&stats, &one, ft_leg_add(&leg, &one), false);
    }
    CHECK(stats.packets, 4);
    CHECK(ft_leg_clock(&leg), 0);
}

/* One packet of a stream among the turns of its sender. */
static bool
turn(ft_turns_t *turns, uint32_t ssrc, uint32_t *last, uint32_t timestamp)
{
    bool paused = ft_turns_add(turns, ssrc, *last ? last : NULL, timestamp, 12000);

    *last = timestamp;
    return paused;
}

/* The relay forwards one layer after the other: what is missing of the first one then was not lost. As in a real call. */
static void
turns_one_after_the_other(void)
{
    ft_turns_t turns = { 0 };
    uint32_t a = 0, b = 0;

    CHECK(turn(&turns, 1, &a, 56910), 0);
    CHECK(turn(&turns, 1, &a, 58509), 0);
    CHECK(turn(&turns, 2, &b, 60109), 0);
    CHECK(turns.changed, 1);
    CHECK(turn(&turns, 2, &b, 64108), 0);
    CHECK(turn(&turns, 1, &a, 66508), 1);
    CHECK(turns.changed, 1);
    CHECK(turn(&turns, 1, &a, 67308), 0);       /* its own turn: a hole here is lost */
    CHECK(turns.changed, 0);
}

/* A pause of all layers is not covered by any; nor is one that lies within the silence. */
static void
turns_with_a_pause(void)
{
    ft_turns_t turns = { 0 };
    uint32_t a = 0, b = 0;

    turn(&turns, 1, &a, 1000);
    turn(&turns, 2, &b, 1000 + 12001);
    CHECK(turn(&turns, 1, &a, 1000 + 12001 + 800), 0);
    turn(&turns, 2, &b, 1000 + 12001 + 1600);
    CHECK(turn(&turns, 1, &a, 1000 + 12001 + 2400), 1);
}

/* Layers that are sent side by side have no turns: their holes are losses. Late packets change nothing; timestamps wrap. */
static void
turns_side_by_side(void)
{
    ft_turns_t turns = { 0 };
    uint32_t a = 0, b = 0, late = 0xfffffe00u;

    for (uint32_t at = 0xffffff00u; at != 0xffffff00u + 8 * 800; at += 800) {
        CHECK(turn(&turns, 1, &a, at), 0);
        CHECK(turns.changed, 0);
        CHECK(turn(&turns, 2, &b, at), 0);
        CHECK(turns.changed, 0);
        CHECK(ft_turns_add(&turns, 3, &late, 0xfffffe00u, 12000), 0);
    }
}

/* A paused hole is not lost, a repaired one neither; parity has no number of its own. */
static void
stream_losses(void)
{
    ft_stream_stats_t stats = { 0 };
    ft_leg_stats_t leg = { 0 };
    ft_sample_t sample = { .length = 100, .dscp = -1, .timestamp = 1 };

    sample.number = 1;
    ft_stream_stats_add(&stats, &sample, ft_leg_add(&leg, &sample), false);
    sample.number = 4;
    ft_stream_stats_add(&stats, &sample, ft_leg_add(&leg, &sample), true);
    CHECK(stats.paused, 2);
    CHECK(ft_stream_lost(&stats), 0);
    sample.number = 7;
    ft_stream_stats_add(&stats, &sample, ft_leg_add(&leg, &sample), false);
    CHECK(ft_stream_lost(&stats), 2);
    sample.number = 6;
    sample.retransmitted = true;
    ft_stream_stats_add(&stats, &sample, ft_leg_add(&leg, &sample), false);
    CHECK(ft_stream_lost(&stats), 1);
    CHECK(stats.repaired, 1);
    CHECK(leg.seq.late, 0);
    sample = (ft_sample_t){ .number = 5, .length = 50, .dscp = -1, .parity = true };
    ft_stream_stats_add(&stats, &sample, ft_leg_add(&leg, &sample), false);
    CHECK(ft_stream_lost(&stats), 1);
    CHECK(stats.parity, 1);
}

/* Which numbers were of a turn of another layer: all of a hole and none beside it, the latest four holes, over the wrap. */
static void
pauses_of_late_numbers(void)
{
    for (unsigned base = 100; base <= 65530; base += 65430) {
        ft_pauses_t pauses = { 0 };
        ft_seq_t seq = { 0 };

        ft_seq_add(&seq, (uint16_t)base);
        CHECK(ft_pauses_have(&pauses, &seq, (uint16_t)base), 0);
        for (unsigned i = 1; i <= FT_PAUSES + 1; i++) {
            ft_seq_add(&seq, (uint16_t)(base + 10 * i));
            ft_pauses_add(&pauses, &seq, 3);
        }
        CHECK(ft_pauses_have(&pauses, &seq, (uint16_t)(base + 9)), 0);      /* more than four ago */
        for (unsigned i = 2; i <= FT_PAUSES + 1; i++) {
            for (unsigned before = 1; before <= 4; before++)
                CHECK(ft_pauses_have(&pauses, &seq, (uint16_t)(base + 10 * i - before)), before <= 3);
            CHECK(ft_pauses_have(&pauses, &seq, (uint16_t)(base + 10 * i)), 0);
        }
    }
}

/* A hole of none, and one of more numbers than there are, are none. */
static void
pauses_of_no_size(void)
{
    ft_pauses_t pauses = { 0 };
    ft_seq_t seq = { 0 };

    ft_seq_add(&seq, 7);
    ft_pauses_add(&pauses, &seq, 0);
    ft_pauses_add(&pauses, &seq, UINT16_MAX + 1);
    CHECK(pauses.n, 0);
    CHECK(ft_pauses_have(&pauses, &seq, 6), 0);
    ft_pauses_add(&pauses, &seq, UINT16_MAX);
    CHECK(pauses.n, 1);
    CHECK(ft_pauses_have(&pauses, &seq, 6), 1);
}

/* The same number 65,536 packets later, or after the sender began anew, is another one. */
static void
pauses_are_forgotten(void)
{
    ft_pauses_t pauses = { 0 };
    ft_seq_t seq = { 0 };

    add_range(&seq, 0, 100);
    ft_seq_add(&seq, 110);
    ft_pauses_add(&pauses, &seq, 10);
    CHECK(ft_pauses_have(&pauses, &seq, 105), 1);
    add_range(&seq, 111, 65536 - 11);
    CHECK(ft_pauses_have(&pauses, &seq, 65530), 0);
    add_range(&seq, 100, 20);
    CHECK(ft_pauses_have(&pauses, &seq, 105), 0);

    seq = (ft_seq_t){ 0 };
    pauses = (ft_pauses_t){ 0 };
    add_range(&seq, 0, 100);
    ft_seq_add(&seq, 110);
    ft_pauses_add(&pauses, &seq, 10);
    add_range(&seq, 20000, 10);                 /* a restart */
    add_range(&seq, 50, 50);                    /* and another one, to where it was */
    ft_seq_add(&seq, 112);
    CHECK(seq.restarts, 2);
    CHECK(ft_pauses_have(&pauses, &seq, 105), 0);
}

static void
one_more(ft_stream_stats_t *stats, ft_leg_stats_t *leg, uint16_t number, bool retransmitted, bool paused)
{
    ft_sample_t sample = { .number = number, .length = 100, .dscp = -1, .timestamp = 1, .retransmitted = retransmitted };

    ft_stream_stats_add(stats, &sample, ft_leg_add(leg, &sample), paused);
}

/* What comes late out of a paused hole was forwarded; what is lost in the same numbers an hour later stays lost. */
static void
paused_and_late(void)
{
    ft_stream_stats_t stats = { 0 };
    ft_leg_stats_t leg = { 0 };

    one_more(&stats, &leg, 10, false, false);
    one_more(&stats, &leg, 15, false, true);
    CHECK(stats.paused, 4);
    one_more(&stats, &leg, 12, false, false);
    CHECK(stats.paused, 3);
    one_more(&stats, &leg, 12, false, false);                       /* a duplicate: once is enough */
    CHECK(stats.paused, 3);
    CHECK(ft_stream_lost(&stats), 0);
    for (unsigned i = 16; i <= 65536 + 10; i++)
        one_more(&stats, &leg, (uint16_t)i, false, false);
    one_more(&stats, &leg, 15, false, false);
    CHECK(ft_stream_lost(&stats), 4);
    one_more(&stats, &leg, 12, false, false);
    one_more(&stats, &leg, 13, true, false);
    CHECK(stats.paused, 3);
    CHECK(ft_stream_lost(&stats), 2);
    CHECK(stats.repaired, 1);
}

/* A repair counts once, also over two paths; one that came before is none; another packet of the same number is the path's own. */
static void
repairs(void)
{
    ft_stream_stats_t stats = { 0 };
    ft_leg_stats_t one = { 0 }, two = { 0 };
    ft_sample_t sample = { .number = 3, .length = 100, .dscp = -1, .timestamp = 1 };

    for (uint16_t number = 1; number <= 5; number += 2)
        one_more(&stats, &one, number, false, false);
    one_more(&stats, &one, 2, true, false);
    one_more(&stats, &two, 2, true, false);
    CHECK(stats.repaired, 1);
    CHECK(stats.copies, 1);
    one_more(&stats, &one, 3, true, false);                         /* it had come */
    CHECK(stats.repaired, 1);
    CHECK(one.seq.duplicates, 1);
    CHECK(ft_stream_lost(&stats), 1);
    sample.length = 60;
    CHECK(ft_leg_add(&one, &sample), FT_LEG_REPAIR);
    CHECK(one.repairs, 1);
    CHECK(one.seq.duplicates, 1);
}

/* Sums of two parts of a stream: paused, repaired, parity. */
static void
joined_losses(void)
{
    ft_stream_stats_t early = { 0 }, late = { 0 }, none = { 0 };
    ft_leg_stats_t leg = { 0 }, other = { 0 };
    ft_sample_t parity = { .number = 5, .length = 50, .dscp = -1, .parity = true };

    one_more(&early, &leg, 1, false, false);
    one_more(&early, &leg, 4, false, true);
    one_more(&early, &leg, 6, false, false);
    one_more(&late, &other, 7, false, false);
    one_more(&late, &other, 10, false, false);
    one_more(&late, &other, 8, true, false);
    ft_stream_stats_add(&late, &parity, FT_LEG_FIRST_COPY, false);
    ft_stream_stats_join(&early, &late);
    ft_stream_stats_join(&early, &none);
    CHECK(early.paused, 2);
    CHECK(early.repaired, 1);
    CHECK(early.parity, 1);
    CHECK(ft_stream_lost(&early), 2);           /* 5 and 9 */
    CHECK(early.packets, 7);
}

int
main(void)
{
    pauses_of_late_numbers();
    pauses_of_no_size();
    pauses_are_forgotten();
    paused_and_late();
    repairs();
    joined_losses();
    turns_one_after_the_other();
    turns_with_a_pause();
    turns_side_by_side();
    stream_losses();
    window_edge();
    window_reuse();
    largest_step();
    many_wraps();
    restart();
    joined_sequence();
    jitter();
    jitter_over_wrap();
    jitter_over_restart();
    clocks();
    no_clock();
    rates();
    extreme_times();
    if (failures == 0)
        printf("all right\n");
    return failures > 0;
}
