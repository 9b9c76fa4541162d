/* test_limits.c
 * Limits: what may be kept in one period, in all, and what is said of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

/* The limit that the tests use: 1,024 in all. */
#define LIMIT FT_LIMIT_HANDSHAKES
#define MOST 1024

static unsigned
taken(time_t seconds, unsigned wanted)
{
    const nstime_t now = { seconds, 0 };
    unsigned n = 0;

    while (n < wanted && ft_limit_take(LIMIT, &now))
        n++;
    return n;
}

/* A flood gets half of what is left; later there is room again, and never more than the limit in all. */
static void
test_half_of_what_is_left(void)
{
    unsigned all = 0, period = 0;

    ft_limits_init();
    g_assert_cmpuint(ft_limit_most(LIMIT), ==, MOST);
    g_assert_cmpuint(taken(1000, MOST + 1), ==, MOST / 2);
    g_assert_true(ft_limit_refuses(LIMIT));
    g_assert_cmpuint(taken(1000 + FT_LIMIT_SECONDS, 1), ==, 0);
    g_assert_cmpuint(taken(1000 + FT_LIMIT_SECONDS + 1, 10), ==, 10);
    g_assert_false(ft_limit_refuses(LIMIT));
    g_assert_cmpuint(taken(1000 + FT_LIMIT_SECONDS + 1, MOST), ==, MOST / 4 - 10);
    for (all = MOST / 2 + MOST / 4; period < 100; period++)
        all += taken(100000 + period * (FT_LIMIT_SECONDS + 1), MOST);
    g_assert_cmpuint(all, <=, MOST);
    g_assert_cmpuint(all, >=, MOST - 1);
}

/* Time that goes back opens no new period. */
static void
test_time_goes_back(void)
{
    ft_limits_init();
    g_assert_cmpuint(taken(100000, MOST), ==, MOST / 2);
    g_assert_cmpuint(taken(1000, 1), ==, 0);
    g_assert_cmpuint(taken(100000, 1), ==, 0);
}

static void
test_given_back(void)
{
    ft_limits_init();
    g_assert_cmpuint(taken(1000, MOST), ==, MOST / 2);
    ft_limit_give_back(LIMIT, 3);
    g_assert_cmpuint(taken(1000, MOST), ==, 3);
}

static void
test_many_at_once(void)
{
    const nstime_t now = { 1000, 0 };

    ft_limits_init();
    g_assert_true(ft_limit_take_some(LIMIT, MOST / 2 - 1, &now));
    g_assert_false(ft_limit_take_some(LIMIT, 2, &now));
    g_assert_true(ft_limit_take_some(LIMIT, 1, &now));
}

/* Once, in the frame in which it was. */
static void
test_what_is_said(void)
{
    char *text;

    ft_limits_init();
    ft_limits_settle(1);
    g_assert_null(ft_limits_reached());
    (void)taken(1000, MOST);
    ft_limits_settle(7);
    (void)taken(1000, MOST);
    ft_limit_gave_way(FT_LIMIT_ENDPOINTS);
    ft_limits_settle(8);
    g_assert_cmpint(ft_limits_in(7, (ft_limit_t)0), ==, LIMIT);
    g_assert_cmpint(ft_limits_in(7, (ft_limit_t)(LIMIT + 1)), ==, FT_LIMIT_COUNT);
    g_assert_cmpint(ft_limits_in(8, (ft_limit_t)0), ==, FT_LIMIT_ENDPOINTS);
    g_assert_cmpint(ft_limits_in(9, (ft_limit_t)0), ==, FT_LIMIT_COUNT);
    text = ft_limits_reached();
    g_assert_cmpstr(text, ==, "incomplete TLS handshakes, candidates");
    g_free(text);
    text = ft_limit_text(NULL, FT_LIMIT_ENDPOINTS);
    g_assert_cmpstr(text, ==, "Limit reached: candidates, 262144 of them; the oldest give way");
    wmem_free(NULL, text);
    ft_limits_init();
    g_assert_null(ft_limits_reached());
    g_assert_cmpint(ft_limits_in(8, (ft_limit_t)0), ==, FT_LIMIT_COUNT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits/half_of_what_is_left", test_half_of_what_is_left);
    g_test_add_func("/limits/time_goes_back", test_time_goes_back);
    g_test_add_func("/limits/given_back", test_given_back);
    g_test_add_func("/limits/many_at_once", test_many_at_once);
    g_test_add_func("/limits/what_is_said", test_what_is_said);
    return g_test_run();
}
