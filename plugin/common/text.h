/* text.h
 * Text from the network, as it may be shown: in fields, columns, tables and files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_TEXT_H
#define FT_TEXT_H

#include "common/ws_compat.h"

/* Would the character change more than its own place in a line? Control characters, line separators, what turns the direction of
 * writing, what is not assigned. */
bool ft_is_disruptive(gunichar c);

/* The text of these bytes in valid UTF-8, without disruptive characters: a tab is a blank, ASCII's other control characters are their
 * pictures (U+2400 and up), all else, and bytes that are no UTF-8, is U+FFFD. Never NULL; lives as long as the scope. */
char *ft_text(wmem_allocator_t *scope, const uint8_t *bytes, size_t length);
/* The text, or its beginning of at most `most` bytes without a cut character: for what is kept. In file scope. */
char *ft_text_keep(const char *text, size_t most);
/* The same as ft_text() of `length` captured bytes of a tvb. Throws where they are not there. */
char *ft_tvb_text(wmem_allocator_t *scope, tvbuff_t *tvb, int at, int length);

#endif /* FT_TEXT_H */
