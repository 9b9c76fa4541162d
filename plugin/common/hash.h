/* hash.h
 * Hashes of what comes from the network, with a key of this process: who writes a capture cannot choose what collides.
 *
 * Each map uses one of these whose key a sender can choose. A map by frame number, or by a pointer of the plugin's own, needs none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HASH_H
#define FT_HASH_H

#include "common/ws_compat.h"

#include <stddef.h>

/* Chooses the key, by GLib's random numbers. Once, when the plugin is registered; before, the key is all zeros. */
void ft_hash_init(void);

/* SipHash-1-3 of these bytes, the lower half. */
unsigned ft_hash_bytes(const void *bytes, size_t length);
/* The same of two numbers; a pointer may be one of them. */
unsigned ft_hash_pair(uint64_t a, uint64_t b);

/* GHashFuncs: of a number in a pointer (GUINT_TO_POINTER()), of a uint64_t, of a string. */
unsigned ft_hash_id(const void *key);
unsigned ft_hash_uint64(const void *key);
unsigned ft_hash_string(const void *key);

#endif /* FT_HASH_H */
