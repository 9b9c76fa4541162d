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

/* The same for a line whose text follows from its field and `key`: it is made once, and copied from then on. Only where no other line with this
 * field has a kept text of another meaning. */
proto_tree *ft_subtree_kept(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length, int ett, proto_item **item, uint64_t key,
                            const char *format, ...) G_GNUC_PRINTF(9, 10);

/* proto_tree_add_bitmask() of a word that is mostly flags, in network byte order. If two or more are not set, they are hidden, and one line says which;
 * filters find them as before. bits: static. hf_not_set: of the line, a FT_STRING, another one for each place: EK wants no name twice. value: of the
 * word, as many bits as hf has. */
void ft_add_flags(proto_tree *tree, int hf, tvbuff_t *tvb, int at, int ett, int *const *bits, int hf_not_set, uint64_t value);
/* The same below an item that has the word already: proto_tree_add_bitmask_list(). */
void ft_add_flags_below(proto_tree *tree, tvbuff_t *tvb, int at, int len, int *const *bits, int hf_not_set, uint64_t value);

/* The text of a line that is the same in many packets: to copy it costs a tenth of making it. Static; all zero is none. */
typedef struct ft_kept_text {
    bool begun;
    uint64_t key, more;             /* what it was made of */
    item_label_t label;             /* as Wireshark made it */
} ft_kept_text_t;

/* Gives the line the text that was kept for this key; false: there is none, the caller makes it. A line whose text nobody sees needs none: true. */
bool ft_kept_text_use(proto_item *item, const ft_kept_text_t *kept, uint64_t key, uint64_t more);
/* Keeps the text of the line, if it has one. */
void ft_kept_text_take(const proto_item *item, ft_kept_text_t *kept, uint64_t key, uint64_t more);

/* The place of the text of a field's line with this value, among those that were shown lately. Key and `more` are the value and the field. */
ft_kept_text_t *ft_kept_text_of(int hf, uint64_t value);

/* Adds a field of type FT_DOUBLE; the label has a point whatever the locale, and the value of its column and of PDML is the number's own. The
 * value is in the field's unit. Returns the item, as proto_tree_add_double() does. */
proto_item *ft_add_double(proto_tree *tree, int hf, tvbuff_t *tvb, int at, int len, double value);

#endif /* FT_SUBTREE_H */
