/* ids.h
 * What Wireshark gave the plugin when it was registered: the protocol, its trees, its tap, its dissectors. Set once by packet-facetime.c
 * (proto_register_facetime() and proto_reg_handoff_facetime()), only read afterwards.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_IDS_H
#define FT_IDS_H

#include "common/ws_compat.h"

#include <epan/expert.h>

extern int proto_facetime;                  /* -1 before registration */
extern int ft_tap;                          /* id of the tap "facetime" */
extern expert_module_t *ft_expert;          /* all expert items of the plugin but those of the push are registered with it */
extern dissector_handle_t ft_handle;        /* of conversations that are FaceTime */
extern dissector_handle_t ft_watch_handle;  /* of conversations that may turn out to be */
extern dissector_handle_t ft_port_handle;   /* of FaceTime's ports in the table "udp.port" */
extern heur_dtbl_entry_t *ft_heur_entry;    /* of "facetime_udp": tells whether the user switched it off; NULL before handoff */

/* Finds what Wireshark registers only after all handoffs: when a file is opened. */
void ft_ids_init(void);

/* Does anybody see what is shown? Without a tree only those who collect expert items. Half a million media packets need not be shown
 * to nobody. */
bool ft_is_shown(const proto_tree *tree);

#endif /* FT_IDS_H */
