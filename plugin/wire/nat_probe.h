/* nat_probe.h
 * The NAT test of a socket, as other formats show it that are part of one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_NAT_PROBE_H
#define FT_NAT_PROBE_H

#include "wire/wire.h"

/* The test that the probe belongs to: all of it once the capture has been read, before that on the answer that completes it. NULL: none. */
void ft_nat_test_show(tvbuff_t *tvb, packet_info *pinfo, const ft_nat_behavior_t *test, bool answer, proto_tree *tree);

#endif /* FT_NAT_PROBE_H */
