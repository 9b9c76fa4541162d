/* row_key.h
 * Keys of table rows that are about a part of a call: a step, a host. Two calls that were merged have one row for each part.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_ROW_KEY_H
#define FT_ROW_KEY_H

#include "show/show.h"

/* A key; the same for the same part as long as the listener lives. */
typedef struct ft_row_key {
    const ft_call_t *call;
    unsigned part;          /* what the table makes of it */
    address addr;           /* AT_NONE: the part is not about an address; its bytes belong to the key */
    GHashTable *all;        /* the keys of the listener */
} ft_row_key_t;

/* The keys of a listener: its table's context_new and context_free. */
void *ft_row_keys_new(void);
void ft_row_keys_free(void *keys);

/* The key of a part of a call; addr may be NULL. */
const ft_row_key_t *ft_row_key(void *keys, const ft_call_t *call, unsigned part, const address *addr);
/* Has it been asked for? */
bool ft_row_key_known(void *keys, const ft_call_t *call, unsigned part, const address *addr);
/* The key that stands for this one now: a table's `key`. */
const void *ft_row_key_root(const void *key);

/* Which of two rows stands above the other: by call, then by time, then by frame. As strcmp() says it. */
int ft_row_order(const ft_call_t *call, const nstime_t *time, uint32_t frame,
                 const ft_call_t *other_call, const nstime_t *other_time, uint32_t other_frame);

#endif /* FT_ROW_KEY_H */
