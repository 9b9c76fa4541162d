/* mentions.h
 * What a row of a table names besides its own subject: hosts, roles, ports, protocols. The first few of them, by their time and not by
 * the order in which they were counted: so a table says the same after one pass as after two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_MENTIONS_H
#define FT_MENTIONS_H

#include "packet-facetime.h"

/* Things that a row names; there are more only in a flood, and then the row says so. */
#define FT_MENTIONS 6

typedef struct ft_mention {
    nstime_t when;          /* absolute, when it was first seen */
    const void *of;         /* a flow, an errand, static text; the table knows which */
    uint32_t number;        /* beside it: a port, a kind */
} ft_mention_t;

typedef struct ft_mentions {
    ft_mention_t list[FT_MENTIONS];     /* the earliest first */
    unsigned count;
    bool more;                          /* some found no place */
} ft_mentions_t;

/* Are the two the same thing? */
typedef bool (*ft_mention_same_t)(const ft_mention_t *a, const ft_mention_t *b);

void ft_mentions_add(ft_mentions_t *mentions, const ft_mention_t *one, ft_mention_same_t same);
/* Adds those of another row. */
void ft_mentions_join(ft_mentions_t *into, const ft_mentions_t *gone, ft_mention_same_t same);
/* The same number; and the same text. */
bool ft_mention_same_number(const ft_mention_t *a, const ft_mention_t *b);
bool ft_mention_same_text(const ft_mention_t *a, const ft_mention_t *b);

#endif /* FT_MENTIONS_H */
