/* mentions.c
 * The first few things that a row of a table names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "mentions.h"

void
ft_mentions_add(ft_mentions_t *mentions, const ft_mention_t *one, ft_mention_same_t same)
{
    unsigned place = 0;

    while (place < mentions->count && !same(&mentions->list[place], one))
        place++;
    if (place == FT_MENTIONS) {
        mentions->more = true;
        place--;
    }
    if (place < mentions->count && nstime_cmp(&one->when, &mentions->list[place].when) >= 0)
        return;
    if (place == mentions->count)
        mentions->count++;
    for (; place > 0 && nstime_cmp(&one->when, &mentions->list[place - 1].when) < 0; place--)
        mentions->list[place] = mentions->list[place - 1];
    mentions->list[place] = *one;
}

void
ft_mentions_join(ft_mentions_t *into, const ft_mentions_t *gone, ft_mention_same_t same)
{
    for (unsigned i = 0; i < gone->count; i++)
        ft_mentions_add(into, &gone->list[i], same);
    into->more |= gone->more;
}

bool
ft_mention_same_number(const ft_mention_t *a, const ft_mention_t *b)
{
    return a->number == b->number;
}

bool
ft_mention_same_text(const ft_mention_t *a, const ft_mention_t *b)
{
    return strcmp((const char *)a->of, (const char *)b->of) == 0;
}
