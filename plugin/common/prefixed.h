/* prefixed.h
 * Numbers that begin in the low bits of a byte (RFC 7541, 5.1): of QPACK's field lines, and of the packed push.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PREFIXED_H
#define FT_PREFIXED_H

#include "common/ws_compat.h"

/* Bits of a number behind its first byte that are read: more than any length in a datagram or a frame of the push needs. */
#define FT_PREFIXED_BITS 28

/* Reads the number in the low `bits` (1 to 8) of the byte at *at, and in those behind it; *at is then behind them. Reads nothing from `end` on, which
 * must have been captured. False: it is not all there, or has more than FT_PREFIXED_BITS. */
static inline bool
ft_prefixed_number(tvbuff_t *tvb, int *at, int end, unsigned bits, uint32_t *number)
{
    uint32_t mask = (1u << bits) - 1, rest = 0;

    if (*at >= end)
        return false;
    *number = ft_tvb_get_u8(tvb, (*at)++) & mask;
    if (*number != mask)
        return true;
    for (unsigned shift = 0; shift < FT_PREFIXED_BITS; shift += 7) {
        uint8_t byte;

        if (*at >= end)
            return false;
        byte = ft_tvb_get_u8(tvb, (*at)++);
        rest |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = rest + mask;
            return true;
        }
    }
    return false;
}

#endif /* FT_PREFIXED_H */
