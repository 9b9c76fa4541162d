/* link_end.h
 * Which end of which link a packet comes from or goes to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_LINK_END_H
#define FT_LINK_END_H

#include "common/ws_compat.h"

/* A number for the end of the link that the packet comes from (source), or goes to: of the capture's interface, the VLAN, the hardware address,
 * the tunnel and the PPP session. The same private address behind two ends is that of two devices. frame: the whole frame. Never 0, which
 * stands for an end that no packet has shown. */
uint32_t ft_link_end(tvbuff_t *frame, const packet_info *pinfo, bool source);

/* The number of the capture's interface that the packet was seen on; 0 where the file has none. */
uint32_t ft_interface(const packet_info *pinfo);

#endif /* FT_LINK_END_H */
