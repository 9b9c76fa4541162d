/* first_seen.c
 * The first few things that a row of a table names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/first_seen.h"

void
ft_first_seen_add(ft_first_seen_list_t *list, const ft_first_seen_t *one, ft_first_seen_same_t same)
{
    unsigned place = 0;

    while (place < list->count && !same(&list->list[place], one))
        place++;
    if (place == FT_FIRST_SEEN_MAX) {
        list->more = true;
        place--;
    }
    if (place < list->count && nstime_cmp(&one->when, &list->list[place].when) >= 0)
        return;
    if (place == list->count)
        list->count++;
    for (; place > 0 && nstime_cmp(&one->when, &list->list[place - 1].when) < 0; place--)
        list->list[place] = list->list[place - 1];
    list->list[place] = *one;
}

void
ft_first_seen_join(ft_first_seen_list_t *into, const ft_first_seen_list_t *gone, ft_first_seen_same_t same)
{
    for (unsigned i = 0; i < gone->count; i++)
        ft_first_seen_add(into, &gone->list[i], same);
    into->more |= gone->more;
}

bool
ft_first_seen_same_number(const ft_first_seen_t *a, const ft_first_seen_t *b)
{
    return a->number == b->number;
}

bool
ft_first_seen_same_text(const ft_first_seen_t *a, const ft_first_seen_t *b)
{
    return strcmp((const char *)a->of, (const char *)b->of) == 0;
}
