/* ids.c
 * Identifiers that Wireshark assigns at registration.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/ids.h"

#include "common/shortcuts.h"

#include <epan/tap.h>

int proto_facetime = -1;
int ft_tap = -1;
expert_module_t *ft_expert;
dissector_handle_t ft_handle;
dissector_handle_t ft_watch_handle;
dissector_handle_t ft_port_handle;
heur_dtbl_entry_t *ft_heur_entry;

int ft_expert_tap;
static int expert_fields = -1;           /* the protocol that their fields belong to */

void
ft_ids_init(void)
{
    ft_expert_tap = find_tap_id("expert");
    expert_fields = proto_get_id_by_filter_name("_ws.expert");
}

static bool
is_asked_for(int proto)
{
    return proto >= 0 && proto_registrar_get_nth((unsigned)proto)->ref_type != HF_REF_TYPE_NONE;
}

bool
ft_is_tree_shown(proto_tree *tree)
{
    if (!ft_shortcuts || have_tap_listener(ft_expert_tap))
        return true;
    /* Not proto_field_is_referenced(): Wireshark 4.6 says yes for each protocol where a protocol hierarchy is made, which counts the call, too. */
    return PTREE_DATA(tree)->visible || is_asked_for(proto_facetime) || is_asked_for(proto_expert);
}

bool
ft_is_looked_at(proto_tree *tree, int proto)
{
    if (!ft_shortcuts || have_tap_listener(ft_expert_tap))
        return true;
    /* Who asks for a field asks for its protocol, too: proto_tree_prime_with_hfid(). */
    return tree && (PTREE_DATA(tree)->visible || is_asked_for(proto) || is_asked_for(expert_fields));
}
