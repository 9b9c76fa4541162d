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

/* The names of unset bits, of words that were shown lately: the packets of a stream have the same flags, and field extraction shows them all. */
#define FOLDED_WORDS 32
/* The names of 64 bits, the most that a word has here, fit. */
#define FOLDED_LENGTH 2048

static struct folded {
    int word, line, first; /* the fields of the word, of the line and of the word's first bit; 0: nothing is here */
    uint64_t bits;
    unsigned count; /* unset bits, also those without a name */
    char names[FOLDED_LENGTH];
} folded[FOLDED_WORDS];

static void
folded_add_name(struct folded *of, const char *name)
{
    if (g_str_has_prefix(name, "Bit "))
        return;
    if (of->names[0])
        (void)g_strlcat(of->names, ", ", sizeof of->names);
    (void)g_strlcat(of->names, name, sizeof of->names);
}

/* The entry of the word with these bits in tree; made where another one is in its place. */
static const struct folded *
folded_get(int word, int line, const proto_tree *tree, uint64_t bits)
{
    int first = PNODE_FINFO(tree->first_child) ? PNODE_FINFO(tree->first_child)->hfinfo->id : 0;
    struct folded *of = &folded[(bits ^ bits >> 5 ^ bits >> 10 ^ (unsigned)word) % FOLDED_WORDS];

    if (of->word == word && of->line == line && of->first == first && of->bits == bits)
        return of;
    *of = (struct folded){ .word = word, .line = line, .first = first, .bits = bits };
    for (const proto_node *node = tree->first_child; node; node = node->next) {
        if (!is_unset(PNODE_FINFO(node), bits))
            continue;
        of->count++;
        folded_add_name(of, PNODE_FINFO(node)->hfinfo->name);
    }
    return of;
}

void
ft_fold_unset(proto_item *item, int hf, tvbuff_t *tvb, int at, uint64_t bits)
{
    proto_tree *tree = item ? proto_item_get_subtree(item) : NULL;
    const struct folded *of;

    if (!tree || !PTREE_DATA(tree)->visible || !tree->first_child || !PITEM_FINFO(item))
        return;
    of = folded_get(PITEM_FINFO(item)->hfinfo->id, hf, tree, bits);
    if (of->count < 2)
        return;
    for (proto_node *node = tree->first_child; node; node = node->next) {
        if (is_unset(PNODE_FINFO(node), bits))
            proto_item_set_hidden(node);
    }
    if (of->names[0])
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, at, 0, of->names));
}
