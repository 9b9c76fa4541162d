/* test_table.c
 * Texts of the tables: names from the network, times.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"
#include "show/table.h"

static void
printable(const char *text, const char *shown)
{
    char *got = ft_printable(text);

    g_assert_cmpstr(got, ==, shown);
    g_assert_true(g_utf8_validate(got, -1, NULL));
    g_free(got);
}

static void
names(void)
{
    printable("+12025550134", "+12025550134");
    printable("", "");
    printable("  \t ", "");
    printable(" Anna  Maria ", "Anna  Maria");
    printable("a\x1b[2Jb", "a.[2Jb");
    printable("a\nb\rc\x7f", "a.b.c.");
    printable("\xe2\x80\xae" "evil", ".evil");                     /* U+202E, right-to-left override */
    printable("a\xe2\x80\xa8" "b", "a.b");                         /* U+2028, line separator */
    printable("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");           /* an emoji */
    printable("a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd");         /* no UTF-8 */
}

static void
long_names(void)
{
    char text[FT_CELL_MAX + 2], *got;

    memset(text, 'n', sizeof text);
    text[FT_CELL_MAX] = '\0';
    printable(text, text);
    text[FT_CELL_MAX] = 'n';
    text[FT_CELL_MAX + 1] = '\0';
    got = ft_printable(text);
    g_assert_cmpuint(strlen(got), ==, FT_CELL_MAX + 3);
    g_assert_true(g_str_has_suffix(got, "n..."));
    g_free(got);
    /* A character is not cut in two. */
    memcpy(text + FT_CELL_MAX - 1, "\xc3\xa9", 3);
    got = ft_printable(text);
    g_assert_cmpuint(strlen(got), ==, FT_CELL_MAX - 1 + 3);
    g_free(got);
}

static void
time_is(time_t seconds, int nanoseconds, const char *shown)
{
    nstime_t when = { .secs = seconds, .nsecs = nanoseconds };
    char *got = ft_time_text(&when);

    g_assert_cmpstr(got, ==, shown);
    g_free(got);
}

static void
times(void)
{
    time_is(0, 0, "1970-01-01 00:00:00.000");
    time_is(0, 999999999, "1970-01-01 00:00:00.999");
    time_is(1278063003, 400000000, "2010-07-02 09:30:03.400");
    time_is((time_t)UINT32_MAX, 0, "2106-02-07 06:28:15.000");
    time_is((time_t)INT64_MAX, 0, "-");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/names", names);
    g_test_add_func("/table/long names", long_names);
    g_test_add_func("/table/times", times);
    return g_test_run();
}
