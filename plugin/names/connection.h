/* connection.h
 * The first packets of TCP connections, before anything says whose they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_CONNECTION_H
#define FT_CONNECTION_H

#include "common/common.h"

/* Notes the packet, if it is among the first ones of a connection that begins with a SYN. Cheap for all others. First pass only. */
void ft_connection_note(const packet_info *pinfo, const ft_payload_t *payload);
/* Forgets the last file; called when a file is opened. */
void ft_connection_init(void);

#endif /* FT_CONNECTION_H */
