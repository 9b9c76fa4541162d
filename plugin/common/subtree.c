/* subtree.c
 * A line of the tree with more below it, as a registered field; and the bits of a word, of which most are not set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/subtree.h"

#include "common/decimal.h"
#include "common/shortcuts.h"

/* Does the line say this already? A field without a value is shown by its name. */
static bool
is_name_of(const field_info *line, const char *text)
{
    return line->hfinfo->type == FT_NONE && strcmp(line->hfinfo->name, text) == 0;
}

proto_tree *
ft_subtree(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length, int ett, proto_item **item, const char *format, ...)
{
    proto_item *line = proto_tree_add_item(tree, hf, tvb, start, length, ENC_NA);
    char text[ITEM_LABEL_LENGTH];
    va_list arguments;

    if (item)
        *item = line;
    if (line && PITEM_FINFO(line) && PTREE_DATA(tree)->visible && !is_name_of(PITEM_FINFO(line), format)) {
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        proto_item_set_text(line, "%s", text);
    }
    return proto_item_add_subtree(line, ett);
}

proto_tree *
ft_subtree_kept(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length, int ett, proto_item **item, uint64_t key, const char *format, ...)
{
    proto_item *line = proto_tree_add_item(tree, hf, tvb, start, length, ENC_NA);
    ft_kept_text_t *kept = ft_kept_text_of(hf, key);
    char text[ITEM_LABEL_LENGTH];
    va_list arguments;

    if (item)
        *item = line;
    if (!ft_kept_text_use(line, kept, key, (uint64_t)hf)) {
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        proto_item_set_text(line, "%s", text);
        ft_kept_text_take(line, kept, key, (uint64_t)hf);
    }
    return proto_item_add_subtree(line, ett);
}

/* ---- Texts that are kept ----------------------------------------------------------------------- */

/* Wireshark makes no text for a line that is not shown. */
static bool
has_text(const proto_item *item)
{
    return item && PITEM_FINFO(item) && PTREE_DATA(item)->visible && !FI_GET_FLAG(PITEM_FINFO(item), FI_HIDDEN);
}

bool
ft_kept_text_use(proto_item *item, const ft_kept_text_t *kept, uint64_t key, uint64_t more)
{
    field_info *line;

    if (!has_text(item))
        return true;
    if (!ft_shortcuts || !kept->begun || kept->key != key || kept->more != more)
        return false;
    /* Not proto_item_set_text(): of a text that is there already, printf() costs more than the line itself. */
    line = PITEM_FINFO(item);
    if (!line->rep)
        line->rep = wmem_new(PTREE_DATA(item)->pinfo->pool, item_label_t);
    *line->rep = kept->label;
    return true;
}

void
ft_kept_text_take(const proto_item *item, ft_kept_text_t *kept, uint64_t key, uint64_t more)
{
    const field_info *line = item ? PITEM_FINFO(item) : NULL;

    if (!line || !line->rep)
        return;
    kept->begun = true;
    kept->key = key;
    kept->more = more;
    kept->label = *line->rep;
}

/* As many as there are lengths of datagrams. */
#define KEPT_TEXTS 1024

ft_kept_text_t *
ft_kept_text_of(int hf, uint64_t value)
{
    static ft_kept_text_t texts[KEPT_TEXTS];

    return &texts[((value ^ (uint64_t)(unsigned)hf << 32) * UINT64_C(0x9e3779b97f4a7c15)) >> 54]; /* 2^64 by the golden ratio: Knuth, 6.4 */
}
G_STATIC_ASSERT(KEPT_TEXTS == 1 << 10);

proto_item *
ft_add_double(proto_tree *tree, int hf, tvbuff_t *tvb, int at, int len, double value)
{
    char text[FT_DECIMAL_LEN];
    ft_kept_text_t *kept;
    proto_item *item;
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    kept = ft_kept_text_of(hf, bits);
    if (!ft_shortcuts || !kept->begun || kept->key != bits || kept->more != (uint64_t)hf) {
        item = proto_tree_add_double_format_value(tree, hf, tvb, at, len, value, "%s", ft_decimal(text, value, FT_DECIMALS_AS_NEEDED));
        ft_kept_text_take(item, kept, bits, (uint64_t)hf);
        return item;
    }
    item = proto_tree_add_double(tree, hf, tvb, at, len, value);
    ft_kept_text_use(item, kept, bits, (uint64_t)hf);
    return item;
}

/* ---- Bits of a word ----------------------------------------------------------------------------- */

/* What is known of a word's value, of values that were shown lately: the packets of a stream have the same flags. */
#define FOLDED_WORDS 256
static struct folded {
    int *const *bits;       /* the list of the word's bits; NULL: nothing is here */
    uint64_t value;
    unsigned unset;         /* bits that are not set, also those without a name */
    GString *names;         /* of those with a name */
    ft_kept_text_t text;    /* of the word's line */
} folded[FOLDED_WORDS];

/* A bit that is 0 in the word. */
static bool
is_unset(const header_field_info *bit, uint64_t value)
{
    return bit->type == FT_BOOLEAN && bit->bitmask && !(bit->bitmask & value);
}

/* Bits without a meaning are called by their number. */
static bool
has_name(const header_field_info *bit)
{
    return !g_str_has_prefix(bit->name, "Bit ");
}

/* The entry of the word with this value; made where another one is in its place. */
static struct folded *
folded_get(int *const *bits, uint64_t value)
{
    uint64_t mixed = (value ^ (uint64_t)(unsigned)*bits[0] << 32) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio: Knuth, 6.4 */
    struct folded *of = &folded[mixed >> 56];

    if (of->bits == bits && of->value == value)
        return of;
    of->bits = bits;
    of->value = value;
    of->unset = 0;
    of->text.begun = false;
    if (!of->names)
        of->names = g_string_new(NULL);
    g_string_truncate(of->names, 0);
    for (unsigned i = 0; bits[i]; i++) {
        const header_field_info *bit = proto_registrar_get_nth((unsigned)*bits[i]);

        if (!is_unset(bit, value))
            continue;
        of->unset++;
        if (has_name(bit))
            g_string_append_printf(of->names, "%s%s", of->names->len ? ", " : "", bit->name);
    }
    return of;
}
G_STATIC_ASSERT(FOLDED_WORDS == 256);

/* In one line instead of one for each: those that are not set, in the word's tree. */
static void
say_unset(proto_tree *tree, const struct folded *of, int hf_not_set, tvbuff_t *tvb, int at)
{
    if (of->unset < 2)
        return;
    for (proto_node *node = tree->first_child; node; node = node->next) {
        if (PNODE_FINFO(node) && is_unset(PNODE_FINFO(node)->hfinfo, of->value))
            proto_item_set_hidden(node);
    }
    if (of->names->len)
        proto_item_set_generated(proto_tree_add_string(tree, hf_not_set, tvb, at, 0, of->names->str));
}

void
ft_add_flags(proto_tree *tree, int hf, tvbuff_t *tvb, int at, int ett, int *const *bits, int hf_not_set, uint64_t value)
{
    struct folded *of = tree && PTREE_DATA(tree)->visible ? folded_get(bits, value) : NULL;
    bool kept = of && of->text.begun && ft_shortcuts;
    proto_item *item;

    /* The line names the bits that are set, which costs as much as a field for each. */
    item = proto_tree_add_bitmask_with_flags(tree, tvb, (unsigned)at, hf, ett, bits, ENC_BIG_ENDIAN,
                                             BMT_NO_INT | BMT_NO_TFS | (kept ? BMT_NO_APPEND : 0));
    if (kept)
        ft_kept_text_use(item, &of->text, value, 0);
    else if (of)
        ft_kept_text_take(item, &of->text, value, 0);
    if (of && item && proto_item_get_subtree(item))
        say_unset(proto_item_get_subtree(item), of, hf_not_set, tvb, at);
}

void
ft_add_flags_below(proto_tree *tree, tvbuff_t *tvb, int at, int len, int *const *bits, int hf_not_set, uint64_t value)
{
    struct folded *of = tree && PTREE_DATA(tree)->visible ? folded_get(bits, value) : NULL;

    proto_tree_add_bitmask_list(tree, tvb, (unsigned)at, len, bits, ENC_BIG_ENDIAN);
    if (of)
        say_unset(tree, of, hf_not_set, tvb, at);
}
