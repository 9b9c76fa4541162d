/* ids.c
 * Identifiers that Wireshark assigns at registration.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/ids.h"

#include <epan/tap.h>

int proto_facetime = -1;
int ft_tap = -1;
expert_module_t *ft_expert;
dissector_handle_t ft_handle;
dissector_handle_t ft_watch_handle;
dissector_handle_t ft_port_handle;
heur_dtbl_entry_t *ft_heur_entry;

static int expert_tap;                  /* Wireshark's, of expert items */

void
ft_ids_init(void)
{
    expert_tap = find_tap_id("expert");
}

bool
ft_is_shown(const proto_tree *tree)
{
    return tree || have_tap_listener(expert_tap);
}
