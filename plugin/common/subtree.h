/* subtree.h
 * A line of the tree with more below it, as a registered field: JSON, EK and PDML then have a name for it that does not change from packet to
 * packet, as the text of the line does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SUBTREE_H
#define FT_SUBTREE_H

#include "common/ws_compat.h"

/* Adds the line and returns the tree below it. hf: of a field of type FT_NONE or FT_PROTOCOL. length -1: to the end of tvb. *item: the line;
 * item may be NULL. The text is only made where it is seen. */
proto_tree *ft_subtree(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length, int ett, proto_item **item, const char *format, ...)
    G_GNUC_PRINTF(8, 9);

#endif /* FT_SUBTREE_H */
