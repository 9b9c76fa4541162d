/* subtree.h
 * A line of the tree with more below it, as a registered field: JSON, EK and PDML then have a name for it that does not change from packet to
 * packet, as the text of the line does. And the bits of a word.
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

/* Of the bits below a word, hides those that are not set and says them in one line, if they are two or more; filters find them as before. item: of
 * the word, which may be NULL; hf: of the line, a FT_STRING, another one for each place: EK wants no name twice; bits: the word's value. */
void ft_fold_unset(proto_item *item, int hf, tvbuff_t *tvb, int at, uint64_t bits);

#endif /* FT_SUBTREE_H */
