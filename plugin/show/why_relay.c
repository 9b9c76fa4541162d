/* why_relay.c
 * Why a call's media went over the relay, in one sentence, as far as the wire shows it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/why_relay.h"

char *
ft_why_relay(const ft_call_t *call)
{
    ft_moment_t last = ft_call_last_media(call);
    double rest;
    char seconds[FT_DECIMAL_LEN];

    if (!(call->paths & FT_PATH_RELAY) || !last.frame)
        return NULL;
    if (call->direct_media.frame)
        return g_strdup_printf("moved to a direct path in frame %u", call->direct_media.frame);
    if (!call->path_answered.frame) {
        if (call->checks == 0)
            return g_strdup("no direct path was tried");
        return g_strdup_printf("none of %u direct checks was answered", call->checks);
    }
    rest = MAX(ft_seconds(&last.when, &call->path_answered.when), 0);
    if (!call->path_nominated.frame)
        return g_strdup_printf("a direct path answered in frame %u, was never nominated, and media stayed on the relay for %s s",
                               call->path_answered.frame, ft_decimal(seconds, rest, 1));
    /* The nomination that comes when media stops is part of the tear-down. */
    return g_strdup_printf("a direct path answered in frame %u, was nominated in frame %u%s, and media stayed on the relay for %s s",
                           call->path_answered.frame, call->path_nominated.frame,
                           ft_seconds(&last.when, &call->path_nominated.when) < 1 ? " when media stopped" : "", ft_decimal(seconds, rest, 1));
}
