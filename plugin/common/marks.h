/* marks.h
 * Endpoints that a map may have: a bit for each of some thousand values of a cheap mix of address and port. Without its bit an endpoint is in no map, and
 * the keyed hash is not taken: most packets of a capture are of none that the plugin knows. Who chooses endpoints that meet makes a look-up as dear as it
 * is without this, no dearer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_MARKS_H
#define FT_MARKS_H

#include "common/shortcuts.h"
#include "common/ws_compat.h"

#include <epan/address.h>

/* A power of two: far more than the endpoints of some calls. */
#define FT_MARKS_BITS 12

typedef struct ft_marks {
    uint8_t bits[1u << FT_MARKS_BITS >> 3];     /* all 0: no endpoint */
} ft_marks_t;

/* The bit of an endpoint: the last four bytes of its address differ most. Multiplication by 2^32 by the golden ratio: Knuth, 6.4. */
static inline unsigned
ft_marks_place(const address *addr, unsigned port)
{
    uint32_t word = 0;

    if (addr->len >= (int)sizeof word)
        memcpy(&word, (const uint8_t *)addr->data + addr->len - sizeof word, sizeof word);
    return ((word ^ port << 16) * 0x9e3779b1u) >> (32 - FT_MARKS_BITS);
}

static inline void
ft_marks_add(ft_marks_t *marks, const address *addr, unsigned port)
{
    unsigned place = ft_marks_place(addr, port);

    marks->bits[place >> 3] |= (uint8_t)(1u << (place & 7));
}

/* False: the endpoint was not added. */
static inline bool
ft_marks_may_have(const ft_marks_t *marks, const address *addr, unsigned port)
{
    unsigned place = ft_marks_place(addr, port);

    return !ft_shortcuts || (marks->bits[place >> 3] & 1u << (place & 7));
}

#endif /* FT_MARKS_H */
