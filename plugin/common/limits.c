/* limits.c
 * Limits of what a flood can make the plugin keep.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/limits.h"

typedef struct limit_state {
    uint32_t used;          /* what is kept */
    uint32_t allowed;       /* more may be taken in this period */
    nstime_t since;         /* begin of the period, absolute */
    uint32_t frame;         /* in which it was reached first; 0: not yet, or not settled */
    bool begun, reached, refuses, gave_way;
} limit_state_t;

#define LIMIT_ROW(name, most, text) { most, text },
static const struct {
    uint32_t most;
    const char *text;
} limits[FT_LIMIT_COUNT] = { FT_LIMITS(LIMIT_ROW) };

/* Of the file that is open. */
static limit_state_t states[FT_LIMIT_COUNT];
static bool to_settle;

bool ft_any_limit;

static void
reach(limit_state_t *state)
{
    if (state->reached)
        return;
    state->reached = true;
    ft_any_limit = to_settle = true;
}

bool
ft_limit_take_some(ft_limit_t which, uint32_t number, const nstime_t *now)
{
    limit_state_t *state = &states[which];

    if (!state->begun || now->secs - state->since.secs > FT_LIMIT_SECONDS) {
        state->begun = true;
        state->since = *now;
        state->allowed = (limits[which].most - state->used) / 2;
    }
    state->refuses = number > state->allowed;
    if (state->refuses) {
        reach(state);
        return false;
    }
    state->allowed -= number;
    state->used += number;
    return true;
}

bool
ft_limit_take(ft_limit_t which, const nstime_t *now)
{
    return ft_limit_take_some(which, 1, now);
}

void
ft_limit_give_back(ft_limit_t which, uint32_t number)
{
    states[which].used -= number;
    states[which].allowed += number;
}

void
ft_limit_gave_way(ft_limit_t which)
{
    states[which].gave_way = true;
    reach(&states[which]);
}

uint32_t
ft_limit_most(ft_limit_t which)
{
    return limits[which].most;
}

bool
ft_limit_refuses(ft_limit_t which)
{
    return states[which].refuses;
}

bool
ft_limit_is_used_up(ft_limit_t which)
{
    return states[which].begun && states[which].allowed == 0;
}

void
ft_limits_settle(uint32_t frame)
{
    if (!to_settle)
        return;
    to_settle = false;
    for (unsigned i = 0; i < FT_LIMIT_COUNT; i++) {
        if (states[i].reached && states[i].frame == 0)
            states[i].frame = frame;
    }
}

ft_limit_t
ft_limits_in(uint32_t frame, ft_limit_t from)
{
    if (!ft_any_limit)
        return FT_LIMIT_COUNT;
    while (from < FT_LIMIT_COUNT && states[from].frame != frame)
        from = (ft_limit_t)(from + 1);
    return from;
}

char *
ft_limit_text(wmem_allocator_t *scope, ft_limit_t which)
{
    if (states[which].gave_way)
        return wmem_strdup_printf(scope, "Limit reached: %s, %u of them; the oldest give way", limits[which].text, limits[which].most);
    return wmem_strdup_printf(scope, "Limit reached: %s, half of what is left of %u within ten minutes; the next ones are not kept",
                              limits[which].text, limits[which].most);
}

char *
ft_limits_reached(void)
{
    GString *text = NULL;

    for (unsigned i = 0; ft_any_limit && i < FT_LIMIT_COUNT; i++) {
        if (!states[i].reached)
            continue;
        if (!text)
            text = g_string_new(limits[i].text);
        else
            g_string_append_printf(text, ", %s", limits[i].text);
    }
    return text ? g_string_free(text, FALSE) : NULL;
}

void
ft_limits_init(void)
{
    memset(states, 0, sizeof states);
    ft_any_limit = to_settle = false;
}
