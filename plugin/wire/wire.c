/* wire.c
 * The demultiplexer: which wire format a datagram has, by its first bytes. Never by its port, and never by the datagram before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/link.h"
#include "wire/wire.h"

#include <wsutil/bits_ctz.h>

#define FT_FORMAT_ADDRESS(name, ...) &ft_wire_##name,

/* All wire formats, in the order in which they are tried: the one that is no evidence itself comes last. */
static const ft_wire_t *const ft_wires[] = {
    FT_WIRE_FORMATS(FT_FORMAT_ADDRESS)
    &ft_wire_vtp,
};

/* By the first byte of a datagram: a bit for each of them that may begin so. */
static uint16_t wires_of[UINT8_MAX + 1];

_Static_assert(array_length(ft_wires) <= 16, "a bit for each wire format");

static void
sort_wires(void)
{
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        for (unsigned i = 0; i < array_length(ft_wires); i++) {
            if ((first & ft_wires[i]->first_mask) == ft_wires[i]->first_bits)
                wires_of[first] |= (uint16_t)(1u << i);
        }
    }
}

const ft_wire_t *
ft_demux(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    uint8_t first = ft_tvb_get_u8(tvb, 0);

    for (unsigned left = wires_of[first]; left; left &= left - 1) {
        const ft_wire_t *wire = ft_wires[ws_ctz(left)];

        if (wire->match(tvb, pinfo, flow, evidence))
            return wire;
    }
    return NULL;
}

void
ft_wires_register(void)
{
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->register_fields)
            ft_wires[i]->register_fields();
    }
    ft_link_register();
    sort_wires();
}

void
ft_wires_handoff(void)
{
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->handoff)
            ft_wires[i]->handoff();
    }
}
