/* test_hash.c
 * Keyed hashes: what they compute, and that what was chosen to collide under a hash without a key does not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

#include <epan/address.h>

#define CHOSEN 2000
#define KNUTH 2654435761u
#define SHIFTED 1025u               /* h + (h << 10) */

/* The number by which `odd` is one, modulo 2^32 (Newton). */
static uint32_t
inverse(uint32_t odd)
{
    uint32_t x = odd;

    for (int i = 0; i < 5; i++)
        x *= 2 - odd * x;
    return x;
}

/* SipHash-1-3 with the key 0, as Python 3.11 has it: PYTHONHASHSEED=0 python3 -c 'print(hex(hash(b"FaceTime") & 0xffffffff))'. */
static void
test_values(void)
{
    uint8_t bytes[64];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    g_assert_cmphex(ft_hash_bytes("a", 1), ==, 0xb89b1813);
    g_assert_cmphex(ft_hash_bytes("FaceTime", 8), ==, 0xc14c4afd);
    g_assert_cmphex(ft_hash_string("FaceTime"), ==, 0xc14c4afd);
    g_assert_cmphex(ft_hash_bytes(bytes, 15), ==, 0xbb91c9ea);
    g_assert_cmphex(ft_hash_bytes(bytes, 18), ==, 0x3044067d);
    memset(bytes, 'x', sizeof bytes);
    g_assert_cmphex(ft_hash_bytes(bytes, sizeof bytes), ==, 0x9610aea3);
}

/* Sockets with one value of add_address_to_hash(port * 2654435761u), which has no key: its steps can be computed backwards, and one
 * address in 65,536 needs a begin that is the product of a port. Returns how many different values the plugin's hash has for them. */
static unsigned
chosen_endpoints(void)
{
    const uint32_t step = inverse(SHIFTED), port_of = inverse(KNUTH), wanted = 0x12345678;
    GHashTable *values = g_hash_table_new(g_direct_hash, g_direct_equal);
    unsigned found = 0, different;

    for (uint32_t number = 0; found < CHOSEN; number++) {
        uint8_t bytes[4] = { (uint8_t)(number & 0xff), (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24) };
        uint32_t state = wanted;
        ft_endpoint_t at;

        for (int i = 3; i >= 0; i--) {
            state ^= state >> 6;
            state ^= state >> 12;
            state ^= state >> 24;
            state = state * step - bytes[i];
        }
        state *= port_of;
        if (state > UINT16_MAX)
            continue;
        at.addr = unit_address(bytes, sizeof bytes);
        at.port = (uint16_t)state;
        g_assert_cmphex(add_address_to_hash(at.port * KNUTH, &at.addr), ==, wanted);
        g_hash_table_add(values, GUINT_TO_POINTER(ft_endpoint_hash(&at)));
        found++;
    }
    different = g_hash_table_size(values);
    g_hash_table_destroy(values);
    return different;
}

/* By chance 2,000 of 2^32 values have a pair that is the same once in 2,000 runs. */
static void
test_chosen_endpoints(void)
{
    g_assert_cmpuint(chosen_endpoints(), >=, CHOSEN - 2);
}

/* Multiples of a table's size, for SSRCs and message identifiers: the low bits of their hash are not all the same. */
static void
test_chosen_numbers(void)
{
    uint32_t seen[64] = { 0 };

    ft_hash_init();
    for (uint32_t i = 0; i < 6400; i++)
        seen[ft_hash_id(GUINT_TO_POINTER(i << 16)) % 64]++;
    for (unsigned i = 0; i < 64; i++)
        g_assert_cmpuint(seen[i], <, 6400 / 4);
}

/* Two processes have different keys; within one the values stay. */
static void
test_key(void)
{
    const uint64_t number = 7;
    unsigned bytes, pair, id, uint64;

    ft_hash_init();
    bytes = ft_hash_bytes("FaceTime", 8);
    pair = ft_hash_pair(1, 2);
    id = ft_hash_id(GUINT_TO_POINTER(7));
    uint64 = ft_hash_uint64(&number);
    g_assert_cmphex(bytes, ==, ft_hash_bytes("FaceTime", 8));
    g_assert_cmphex(pair, !=, ft_hash_pair(2, 1));
    ft_hash_init();
    g_assert_false(bytes == ft_hash_bytes("FaceTime", 8) && pair == ft_hash_pair(1, 2));
    g_assert_false(id == ft_hash_id(GUINT_TO_POINTER(7)) && uint64 == ft_hash_uint64(&number));
    g_assert_cmpuint(chosen_endpoints(), >=, CHOSEN - 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* First with the key that is all zeros. */
    g_test_add_func("/hash/values", test_values);
    g_test_add_func("/hash/chosen_endpoints", test_chosen_endpoints);
    g_test_add_func("/hash/chosen_numbers", test_chosen_numbers);
    g_test_add_func("/hash/key", test_key);
    return g_test_run();
}
