/* first_seen.h
 * What a row of a table names besides its own subject: hosts, roles, ports, protocols. The first few of them, by their time and not by
 * the order in which they were counted: so a table says the same after one pass as after two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_FIRST_SEEN_H
#define FT_FIRST_SEEN_H

#include "show/show.h"

/* Things that a row names; there are more only in a flood, and then the row says so. */
#define FT_FIRST_SEEN_MAX 6

typedef struct ft_first_seen {
    nstime_t when;          /* absolute, when it was first seen */
    const void *of;         /* a flow, a service flow, static text; the table knows which */
    uint32_t number;        /* beside it: a port, a kind */
} ft_first_seen_t;

typedef struct ft_first_seen_list {
    ft_first_seen_t list[FT_FIRST_SEEN_MAX];     /* the earliest first */
    unsigned count;
    bool more;                          /* some found no place */
} ft_first_seen_list_t;

/* Are the two the same thing? */
typedef bool (*ft_first_seen_same_t)(const ft_first_seen_t *a, const ft_first_seen_t *b);

void ft_first_seen_add(ft_first_seen_list_t *list, const ft_first_seen_t *one, ft_first_seen_same_t same);
/* Adds those of another row. */
void ft_first_seen_join(ft_first_seen_list_t *into, const ft_first_seen_list_t *gone, ft_first_seen_same_t same);
/* The same number; and the same text. */
bool ft_first_seen_same_number(const ft_first_seen_t *a, const ft_first_seen_t *b);
bool ft_first_seen_same_text(const ft_first_seen_t *a, const ft_first_seen_t *b);

#endif /* FT_FIRST_SEEN_H */
