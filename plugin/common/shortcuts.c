/* shortcuts.c
 * The switch for the shortcuts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/shortcuts.h"

#ifdef FT_TESTS
#include <glib.h>

bool ft_shortcuts = true;

void
ft_shortcuts_register(void)
{
    ft_shortcuts = !g_getenv(FT_NO_SHORTCUTS_VARIABLE);
}
#else
/* ISO C wants a declaration in each file. */
typedef int ft_shortcuts_always_t;
#endif
