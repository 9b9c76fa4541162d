/* ids.h
 * Identifiers that Wireshark assigns at registration: protocol, tap, expert module, dissector handles. packet-facetime.c sets them once, in
 * proto_register_facetime() and proto_reg_handoff_facetime(). Afterwards they are only read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_IDS_H
#define FT_IDS_H

#include "common/ws_compat.h"

#include <epan/expert.h>

extern int proto_facetime;                  /* -1 before registration */
extern int ft_tap;                          /* id of the tap "facetime" */
extern int ft_expert_tap;                   /* Wireshark's, of expert items */
extern expert_module_t *ft_expert;          /* all expert items of the plugin but those of the push are registered with it */
extern dissector_handle_t ft_handle;        /* of conversations that are FaceTime */
extern dissector_handle_t ft_watch_handle;  /* of conversations that may turn out to be */
extern dissector_handle_t ft_port_handle;   /* of FaceTime's ports in the table "udp.port" */
extern heur_dtbl_entry_t *ft_heur_entry;    /* of "facetime_udp": tells whether the user switched it off; NULL before handoff */

/* Called when a file is opened: finds the expert tap, which Wireshark registers after all handoffs. */
void ft_ids_init(void);

/* Does anybody see what is shown? Without a tree only those who collect expert items. A tree may be there for the protocols alone, or for
 * fields of others: then nobody sees fields of FaceTime's. Half a million media packets need not be shown to nobody. */
bool ft_is_tree_shown(proto_tree *tree);
static inline bool
ft_is_shown(proto_tree *tree)
{
    return tree ? ft_is_tree_shown(tree) : have_tap_listener(ft_expert_tap);
}

/* Will anybody look into the tree: is it printed, does a filter, column or tap ask for a field of `proto`, or are expert items collected?
 * A tree that only counts protocols is nobody's: what costs much and decides nothing is not read for it. */
bool ft_is_looked_at(proto_tree *tree, int proto);

#endif /* FT_IDS_H */
