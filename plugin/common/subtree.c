/* subtree.c
 * A line of the tree with more below it, as a registered field; and the bits of a word, of which most are not set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/subtree.h"

proto_tree *
ft_subtree(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length, int ett, proto_item **item, const char *format, ...)
{
    proto_item *line = proto_tree_add_item(tree, hf, tvb, start, length, ENC_NA);
    va_list arguments;
    char *text;

    if (item)
        *item = line;
    if (line && PITEM_FINFO(line) && PTREE_DATA(tree)->visible) {
        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        proto_item_set_text(line, "%s", text);
        g_free(text);
    }
    return proto_item_add_subtree(line, ett);
}

/* A bit of the word that is 0. Bits without a meaning are called by their number. */
static bool
is_unset(const field_info *bit, uint64_t bits)
{
    return bit && bit->hfinfo->type == FT_BOOLEAN && bit->hfinfo->bitmask && !(bit->hfinfo->bitmask & bits);
}

void
ft_fold_unset(proto_item *item, int hf, tvbuff_t *tvb, int at, uint64_t bits)
{
    proto_tree *tree = item ? proto_item_get_subtree(item) : NULL;
    wmem_strbuf_t *names;
    unsigned count = 0;

    if (!tree || !PTREE_DATA(tree)->visible)
        return;
    for (const proto_node *node = tree->first_child; node; node = node->next)
        count += is_unset(PNODE_FINFO(node), bits);
    if (count < 2)
        return;
    names = wmem_strbuf_new(PNODE_POOL(tree), "");
    for (proto_node *node = tree->first_child; node; node = node->next) {
        if (!is_unset(PNODE_FINFO(node), bits))
            continue;
        proto_item_set_hidden(node);
        if (!g_str_has_prefix(PNODE_FINFO(node)->hfinfo->name, "Bit "))
            wmem_strbuf_append_printf(names, "%s%s", wmem_strbuf_get_len(names) ? ", " : "", PNODE_FINFO(node)->hfinfo->name);
    }
    if (wmem_strbuf_get_len(names))
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, at, 0, wmem_strbuf_get_str(names)));
}
