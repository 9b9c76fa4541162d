/* subtree.c
 * A line of the tree with more below it, as a registered field.
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
