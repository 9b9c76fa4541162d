/* frame_time.h
 * The time of a frame where the capture's clock was put back.
 *
 * A clock that is set while a capture runs (NTP, a card that synchronises) makes time stamps go back in the middle of a call. Differences across the
 * step would be wrong: a duration below zero, a call that is over before it began. So all differences are taken of times that go on.
 *
 * Only a step back is certain, as time does not go back: a step on looks like a pause. Who knows that packets follow each other (wire/rtp.c) says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_FRAME_TIME_H
#define FT_FRAME_TIME_H

#include "common/ws_compat.h"

/* A capture with several queues puts packets out of order by less than this [guess]: time stamps that go back by more are those of a clock. */
#define FT_OUT_OF_ORDER_SECONDS 1.0

/* How many steps this file has so far. Only frame_time.c writes it; asked for each packet. */
extern unsigned ft_frame_steps;

/* ft_frame_time() where there are steps. */
const nstime_t *ft_frame_time_stepped(const packet_info *pinfo);

/* The time stamp of the frame, plus the steps back before it and in it. Absolute; lives until the next frame is asked for. */
static inline const nstime_t *
ft_frame_time(const packet_info *pinfo)
{
    return ft_frame_steps == 0 ? &pinfo->abs_ts : ft_frame_time_stepped(pinfo);
}

/* The same of this frame as the file has it, of a time that ft_frame_time() gave. */
nstime_t ft_frame_time_stamp(uint32_t frame, const nstime_t *when);
/* The clock went back by so many seconds right before this frame; less than zero: it went on again, after a step back. First pass only. */
void ft_frame_time_step(const packet_info *pinfo, double back);
/* By how many seconds the clock was put back after the first of these frames, up to the last one; 0: it was not, or it went on again. */
double ft_frame_time_back(uint32_t first, uint32_t last);
/* The latest step back of this file, in seconds; 0: there was none, or the clock went on again since. First pass only. */
double ft_frame_time_latest_step(void);
/* Forgets the last file; called when a file is opened. */
void ft_frame_time_init(void);

#endif /* FT_FRAME_TIME_H */
