/* hash.c
 * Hashes with a key of this process.
 *
 * Bytes: SipHash (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012) with one round for eight bytes and three at
 * the end, as the dictionaries of Python and Rust have it. Without the key nobody can find inputs that collide more often than by
 * chance; Wireshark's add_address_to_hash() has no key, and the same state for bytes that anyone can compute backwards.
 *
 * Numbers of 32 bits: (a * n + b) >> 32 with a and b of 64 bits, which is strongly universal (M. Dietzfelbinger, "Universal hashing and
 * k-wise independent random variables via integer arithmetic without primes", 1996): two numbers collide by chance, whichever they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/hash.h"

/* Set once, by ft_hash_init(). */
static uint64_t key[2];
static uint64_t factor = 1, addend;

typedef struct sip_state {
    uint64_t v0, v1, v2, v3;
} sip_state_t;

static inline uint64_t
rotated(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void
sip_round(sip_state_t *s)
{
    s->v0 += s->v1;
    s->v1 = rotated(s->v1, 13) ^ s->v0;
    s->v0 = rotated(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotated(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotated(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotated(s->v1, 17) ^ s->v2;
    s->v2 = rotated(s->v2, 32);
}

/* The constants of the paper, 2.1: "somepseudorandomlygeneratedbytes". */
static inline void
sip_begin(sip_state_t *s)
{
    s->v0 = key[0] ^ 0x736f6d6570736575u;
    s->v1 = key[1] ^ 0x646f72616e646f6du;
    s->v2 = key[0] ^ 0x6c7967656e657261u;
    s->v3 = key[1] ^ 0x7465646279746573u;
}

static inline void
sip_word(sip_state_t *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline unsigned
sip_end(sip_state_t *s)
{
    s->v2 ^= 0xff;
    sip_round(s);
    sip_round(s);
    sip_round(s);
    return (unsigned)(s->v0 ^ s->v1 ^ s->v2 ^ s->v3);
}

static uint64_t
random64(void)
{
    uint64_t high = g_random_int();

    return high << 32 | g_random_int();
}

void
ft_hash_init(void)
{
    key[0] = random64();
    key[1] = random64();
    factor = random64();
    addend = random64();
}

unsigned
ft_hash_bytes(const void *bytes, size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes, *last = at + (length & ~(size_t)7);
    uint64_t word = (uint64_t)length << 56;
    sip_state_t s;

    sip_begin(&s);
    for (; at < last; at += 8) {
        uint64_t eight;

        memcpy(&eight, at, sizeof eight);
        sip_word(&s, GUINT64_FROM_LE(eight));
    }
    for (unsigned i = 0; i < (length & 7); i++)
        word |= (uint64_t)at[i] << 8 * i;
    sip_word(&s, word);
    return sip_end(&s);
}

unsigned
ft_hash_pair(uint64_t a, uint64_t b)
{
    sip_state_t s;

    sip_begin(&s);
    sip_word(&s, a);
    sip_word(&s, b);
    sip_word(&s, (uint64_t)16 << 56);
    return sip_end(&s);
}

unsigned
ft_hash_id(const void *id)
{
    return (unsigned)((factor * GPOINTER_TO_UINT(id) + addend) >> 32);
}

unsigned
ft_hash_uint64(const void *number)
{
    return ft_hash_bytes(number, sizeof(uint64_t));
}

unsigned
ft_hash_string(const void *text)
{
    return ft_hash_bytes(text, strlen((const char *)text));
}
