/* hbh.h
 * Payloads of relay channel data that are encrypted and have a form of their own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HBH_H
#define FT_HBH_H

#include "wire/wire.h"

/* Shows a hop-by-hop encrypted payload: a protocol buffer. hbh: the header's mark says that it is one. */
void ft_hbh_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool hbh);
/* Shows a payload that begins with 40 0f. */
void ft_control_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

void ft_hbh_register(void);

#endif /* FT_HBH_H */
