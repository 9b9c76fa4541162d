/* seed.c
 * Preloaded by tests/bench: Wireshark's hash tables begin with the same number in each run, so two runs of the same program need the same instructions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdlib.h>

uint32_t g_random_int(void);

/* GLib's function, for those who call it from outside GLib: numbers that follow from $FT_SEED (1, if that is not set). */
uint32_t
g_random_int(void)
{
    static uint64_t state;

    if (state == 0) {
        const char *seed = getenv("FT_SEED");

        state = seed ? strtoull(seed, NULL, 10) * 2 + 1 : 3;
    }
    /* Knuth's MMIX generator; the upper bits are the good ones. */
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}
