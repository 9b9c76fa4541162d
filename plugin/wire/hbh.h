/* hbh.h
 * Payloads of relay channel data that are encrypted hop by hop: RTCP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HBH_H
#define FT_HBH_H

#include "wire/wire.h"

/* Shows a hop-by-hop encrypted payload: a protocol buffer. hbh: the header's mark says that it is one. */
void ft_hbh_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool hbh);

void ft_hbh_register(void);

#endif /* FT_HBH_H */
