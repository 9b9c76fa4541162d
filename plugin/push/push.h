/* push.h
 * Floor 5, push: the push connection between a device and Apple's couriers. This header is the floor's door.
 *
 * It knows services (floor 4: why a conversation is push) and the bytes of decrypted TLS. It does not know flows and calls. The entry calls it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PUSH_H
#define FT_PUSH_H

#include "names/names.h"

extern int proto_apns;                      /* the protocol "apns"; -1 before registration */

void ft_apns_register(void);
void ft_apns_handoff(void);
/* Shows the item of a packet of a push conversation below tree. */
void ft_apns_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_service_t *service);
/* Forgets the last file; called when a file is opened. */
void ft_apns_init(void);

#endif /* FT_PUSH_H */
