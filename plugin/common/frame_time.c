/* frame_time.c
 * The time of a frame where the capture's clock was put back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/frame_time.h"

/* Steps that are kept: two cards whose packets take turns make two for each packet. Past it no more are seen. */
#define MAX_STEPS 4096

typedef struct step {
    uint32_t frame;         /* the first one after it */
    double back, total;     /* seconds: of this one; of all so far */
} step_t;

unsigned ft_frame_steps;

/* Of the file that is open, in the order of frames. */
static step_t steps[MAX_STEPS];
static nstime_t of_frame;   /* what ft_frame_time() gave last */

/* The latest step before the frame or in it; NULL: none. */
static const step_t *
step_before(uint32_t frame)
{
    unsigned low = 0, high = ft_frame_steps;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (steps[middle].frame <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &steps[low - 1] : NULL;
}

/* All steps up to this frame, in seconds. */
static double
total_at(uint32_t frame)
{
    const step_t *step = step_before(frame);

    return step ? step->total : 0;
}

static nstime_t
seconds(double number)
{
    nstime_t result;

    result.secs = (time_t)number;
    result.nsecs = (int)((number - (double)result.secs) * 1e9);
    return result;
}

const nstime_t *
ft_frame_time_stepped(const packet_info *pinfo)
{
    nstime_t total = seconds(total_at(pinfo->num));

    nstime_sum(&of_frame, &pinfo->abs_ts, &total);
    return &of_frame;
}

nstime_t
ft_frame_time_stamp(uint32_t frame, const nstime_t *when)
{
    nstime_t stamp = *when, total = seconds(total_at(frame));

    nstime_subtract(&stamp, &total);
    return stamp;
}

void
ft_frame_time_step(const packet_info *pinfo, double back)
{
    if (ft_frame_steps < MAX_STEPS)
        steps[ft_frame_steps++] = (step_t){ .frame = pinfo->num, .back = back, .total = MAX(total_at(pinfo->num) + back, 0) };
}

double
ft_frame_time_back(uint32_t first, uint32_t last)
{
    return MAX(total_at(last) - total_at(first), 0);
}

double
ft_frame_time_latest_step(void)
{
    return ft_frame_steps ? MAX(steps[ft_frame_steps - 1].back, 0) : 0;
}

void
ft_frame_time_init(void)
{
    ft_frame_steps = 0;
}
