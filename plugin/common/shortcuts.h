/* shortcuts.h
 * Shortcuts leave out work whose result nobody sees. The tests' build can switch all of them off, to compare what comes out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SHORTCUTS_H
#define FT_SHORTCUTS_H

#include <stdbool.h>

/* Only in the tests' build (FT_TESTS): with this environment variable no shortcut is taken. */
#define FT_NO_SHORTCUTS_VARIABLE "FT_NO_SHORTCUTS"

#ifdef FT_TESTS
extern bool ft_shortcuts;
void ft_shortcuts_register(void);
#else
enum { ft_shortcuts = 1 };
static inline void
ft_shortcuts_register(void)
{
}
#endif

#endif /* FT_SHORTCUTS_H */
