/* text.c
 * Text from the network, as it may be shown. Wireshark escapes what it prints in trees, but not what it writes as the value of a field:
 * a name with an escape sequence in it would be one in the terminal of who runs tshark -T fields.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/text.h"

/* Unicode, "Control Pictures": one for each of ASCII's control characters. */
#define PICTURES        0x2400u
#define PICTURE_DELETE  0x2421u
#define REPLACEMENT     0xfffdu
#define ASCII_DELETE    0x7fu

bool
ft_is_disruptive(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return !g_unichar_isprint(c) || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static gunichar
shown_as(gunichar c)
{
    if (c == '\t')
        return ' ';
    if (c < ' ')
        return PICTURES + c;
    if (c == ASCII_DELETE)
        return PICTURE_DELETE;
    return ft_is_disruptive(c) ? REPLACEMENT : c;
}

/* Most texts are ASCII that can be printed: they need no look at each character. */
static bool
is_plain(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < ' ' || bytes[i] >= ASCII_DELETE)
            return false;
    }
    return true;
}

char *
ft_text(wmem_allocator_t *scope, const uint8_t *bytes, size_t length)
{
    const char *at = (const char *)bytes, *end;
    wmem_strbuf_t *text;

    /* Of no bytes there may be no pointer. */
    if (length == 0)
        return wmem_strdup(scope, "");
    end = at + length;
    if (is_plain(bytes, length))
        return wmem_strndup(scope, at, length);
    text = wmem_strbuf_new(scope, "");
    while (at < end) {
        gunichar c = *at == '\0' ? 0 : g_utf8_get_char_validated(at, end - at);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            wmem_strbuf_append_unichar(text, REPLACEMENT);
            at++;
            continue;
        }
        wmem_strbuf_append_unichar(text, shown_as(c));
        at += g_unichar_to_utf8(c, NULL);
    }
    return wmem_strbuf_finalize(text);
}

char *
ft_text_keep(const char *text, size_t most)
{
    size_t length = strlen(text);

    if (length > most) {
        length = most;
        while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80)
            length--;
    }
    return wmem_strndup(wmem_file_scope(), text, length);
}

char *
ft_tvb_text(wmem_allocator_t *scope, tvbuff_t *tvb, int at, int length)
{
    return ft_text(scope, tvb_get_ptr(tvb, at, length), (size_t)length);
}
