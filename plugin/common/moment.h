/* moment.h
 * The frame and time of an event, and the difference of two times.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_MOMENT_H
#define FT_MOMENT_H

#include "common/ws_compat.h"

/* When something happened for the first time. */
typedef struct ft_moment {
    uint32_t frame;                 /* 0: it did not */
    nstime_t when;                  /* absolute */
} ft_moment_t;

/* later - earlier, in seconds. */
static inline double
ft_seconds(const nstime_t *later, const nstime_t *earlier)
{
    nstime_t delta;

    nstime_delta(&delta, later, earlier);
    return nstime_to_sec(&delta);
}

#endif /* FT_MOMENT_H */
