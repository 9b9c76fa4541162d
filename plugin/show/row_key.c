/* row_key.c
 * Keys of table rows that are about a part of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/row_key.h"

static guint
key_hash(gconstpointer k)
{
    const ft_row_key_t *key = (const ft_row_key_t *)k;
    unsigned of_address = key->addr.type == AT_NONE ? 0 : ft_hash_bytes(key->addr.data, (size_t)key->addr.len);

    return ft_hash_pair((uintptr_t)key->call, (uint64_t)of_address << 32 | key->part);
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const ft_row_key_t *x = (const ft_row_key_t *)a, *y = (const ft_row_key_t *)b;

    return x->call == y->call && x->part == y->part && addresses_equal(&x->addr, &y->addr);
}

static void
key_free(gpointer k)
{
    ft_row_key_t *key = (ft_row_key_t *)k;

    free_address(&key->addr);
    g_free(key);
}

void *
ft_row_keys_new(void)
{
    return g_hash_table_new_full(key_hash, key_equal, key_free, NULL);
}

void
ft_row_keys_free(void *keys)
{
    g_hash_table_destroy((GHashTable *)keys);
}

const ft_row_key_t *
ft_row_key(void *keys, const ft_call_t *call, unsigned part, const address *addr)
{
    GHashTable *all = (GHashTable *)keys;
    ft_row_key_t probe = { .call = call, .part = part, .all = all }, *key;

    if (addr)
        probe.addr = *addr;
    key = (ft_row_key_t *)g_hash_table_lookup(all, &probe);
    if (key)
        return key;
    key = g_new(ft_row_key_t, 1);
    *key = probe;
    if (addr)
        copy_address(&key->addr, addr);
    g_hash_table_add(all, key);
    return key;
}

bool
ft_row_key_known(void *keys, const ft_call_t *call, unsigned part, const address *addr)
{
    ft_row_key_t probe = { .call = call, .part = part };

    if (addr)
        probe.addr = *addr;
    return g_hash_table_contains((GHashTable *)keys, &probe);
}

const void *
ft_row_key_root(const void *k)
{
    const ft_row_key_t *key = (const ft_row_key_t *)k;
    const ft_call_t *root = ft_call_root((ft_call_t *)key->call);

    return root == key->call ? key : ft_row_key(key->all, root, key->part, key->addr.type == AT_NONE ? NULL : &key->addr);
}

int
ft_row_order(const ft_call_t *call, const nstime_t *time, uint32_t frame,
             const ft_call_t *other_call, const nstime_t *other_time, uint32_t other_frame)
{
    if (call != other_call)
        return call->number < other_call->number ? -1 : 1;
    if (nstime_cmp(time, other_time) != 0)
        return nstime_cmp(time, other_time);
    return frame < other_frame ? -1 : frame > other_frame;
}
