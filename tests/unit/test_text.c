/* test_text.c
 * Text from the network as it may be shown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

static void
shown(const char *bytes, size_t length, const char *expected)
{
    char *text = ft_text(NULL, (const uint8_t *)bytes, length);

    g_assert_cmpstr(text, ==, expected);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *c = text; *c; c = g_utf8_next_char(c))
        g_assert_false(ft_is_disruptive(g_utf8_get_char(c)));
    wmem_free(NULL, text);
}

#define SHOWN(bytes, expected) shown(bytes, sizeof(bytes) - 1, expected)

static void
test_as_it_is(void)
{
    SHOWN("", "");
    SHOWN("courier.push.apple.com", "courier.push.apple.com");
    SHOWN(" ~", " ~");
    SHOWN("Zo\xc3\xab \xf0\x9f\x98\x80", "Zo\xc3\xab \xf0\x9f\x98\x80");
    shown("cut off", 3, "cut");
}

static void
test_control_characters(void)
{
    SHOWN("a\tb", "a b");
    SHOWN("a\x1b[2J", "a\xe2\x90\x9b[2J");
    SHOWN("a\r\nb", "a\xe2\x90\x8d\xe2\x90\x8a" "b");
    SHOWN("a\0b", "a\xe2\x90\x80" "b");
    SHOWN("\x1f\x7f", "\xe2\x90\x9f\xe2\x90\xa1");
    SHOWN("a\x7f", "a\xe2\x90\xa1");
    SHOWN("a\xc2\x9b" "b", "a\xef\xbf\xbd" "b");                     /* U+009B, a control sequence in one character */
    SHOWN("\xe2\x80\xae" "moc", "\xef\xbf\xbdmoc");                  /* U+202E turns what follows around */
    SHOWN("a\xe2\x80\xa8" "b", "a\xef\xbf\xbd" "b");                 /* U+2028, a line separator */
}

static void
test_no_utf8(void)
{
    SHOWN("a\xff" "b", "a\xef\xbf\xbd" "b");
    SHOWN("\xc3", "\xef\xbf\xbd");                                    /* half a character */
    SHOWN("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                    /* longer than it need be */
    SHOWN("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");    /* a surrogate */
    SHOWN("\x80\0\x80", "\xef\xbf\xbd\xe2\x90\x80\xef\xbf\xbd");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/as_it_is", test_as_it_is);
    g_test_add_func("/text/control_characters", test_control_characters);
    g_test_add_func("/text/no_utf8", test_no_utf8);
    return g_test_run();
}
