/* moment.h
 * The frame and time of an event, and the difference of two times.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_MOMENT_H
#define FT_MOMENT_H

#include "common/frame_time.h"

/* When something happened for the first time. */
typedef struct ft_moment {
    uint32_t frame;                 /* 0: it did not */
    nstime_t when;                  /* absolute */
} ft_moment_t;

/* The frame at hand. */
static inline ft_moment_t
ft_moment_of(const packet_info *pinfo)
{
    return (ft_moment_t){ .frame = pinfo->num, .when = *ft_frame_time(pinfo) };
}

/* later - earlier, in seconds. */
static inline double
ft_seconds(const nstime_t *later, const nstime_t *earlier)
{
    nstime_t delta;

    nstime_delta(&delta, later, earlier);
    return nstime_to_sec(&delta);
}

/* A time stamp so far from those before is believed when the next one agrees: cards and files have single frames that are wrong by hours. Longer
 * than the pauses within a call. */
#define FT_CLOCK_JUMP_SECONDS 60

/* The latest of many times, of which single ones may be wrong. All zero: there was none yet. */
typedef struct ft_clock {
    nstime_t now;                   /* the latest that is believed; absolute */
    nstime_t jump;                  /* one far behind it, which the next one confirms or not; zero: none */
} ft_clock_t;

/* Takes a time a little after the one before, as most are; asked for each packet of a capture. False: it is not, or the time has jumped. */
static inline bool
ft_clock_goes_on(ft_clock_t *clock, const nstime_t *when)
{
    uint64_t on = (uint64_t)when->secs - (uint64_t)clock->now.secs;

    if (on >= FT_CLOCK_JUMP_SECONDS || clock->jump.secs != 0 || clock->jump.nsecs != 0)
        return false;
    if (on > 0 || when->nsecs > clock->now.nsecs)
        clock->now = *when;
    return true;
}

/* Takes a time. Returns true if it shows that the one before was wrong. */
static inline bool
ft_clock_add(ft_clock_t *clock, const nstime_t *when)
{
    bool wrong = false;

    if (ft_clock_goes_on(clock, when))
        return false;
    if (nstime_is_zero(&clock->now)) {
        clock->now = *when;
    } else if (ft_seconds(when, &clock->now) <= FT_CLOCK_JUMP_SECONDS) {
        wrong = !nstime_is_zero(&clock->jump);
        nstime_set_zero(&clock->jump);
        if (nstime_cmp(when, &clock->now) > 0)
            clock->now = *when;
    } else if (!nstime_is_zero(&clock->jump) && ft_seconds(when, &clock->jump) <= FT_CLOCK_JUMP_SECONDS &&
               ft_seconds(&clock->jump, when) <= FT_CLOCK_JUMP_SECONDS) {
        clock->now = nstime_cmp(when, &clock->jump) > 0 ? *when : clock->jump;
        nstime_set_zero(&clock->jump);
    } else {
        clock->jump = *when;
    }
    return wrong;
}

/* The latest time: a jump counts while nothing says that it was wrong. */
static inline const nstime_t *
ft_clock_latest(const ft_clock_t *clock)
{
    return nstime_is_zero(&clock->jump) ? &clock->now : &clock->jump;
}

#endif /* FT_MOMENT_H */
