/* radios.c
 * What the interfaces of a call's ends are (Wi-Fi, LTE, ...): as link messages and STUN checks announce them, by address. Told by the devices, and not
 * measured.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

static ft_radio_t *
find(ft_call_t *call, const address *addr)
{
    for (unsigned i = 0; i < call->n_radios; i++) {
        if (addresses_equal(&call->radios[i].addr, addr))
            return &call->radios[i];
    }
    return NULL;
}

static void
note(ft_call_t *call, const address *addr, uint8_t radio, ft_side_t side, const ft_moment_t *at)
{
    ft_radio_t *known;

    if (!radio || side == FT_SIDE_UNKNOWN)
        return;
    known = find(call, addr);
    if (!known && call->n_radios < FT_MAX_RADIOS) {
        known = &call->radios[call->n_radios++];
        *known = (ft_radio_t){ .side = side };
        copy_address_wmem(wmem_file_scope(), &known->addr, addr);
    }
    /* The latest: an interface may go from LTE to NR. */
    if (known)
        known->radio = radio;
    ft_expose(call, FT_EXPOSED_RADIO, at->frame, &at->when, NULL);
}

void
ft_radios_take(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt, ft_side_t side, const ft_moment_t *at)
{
    note(call, &pinfo->src, pkt->radio, side, at);
    for (unsigned i = 0; i < pkt->n_candidates; i++)
        note(call, &pkt->candidates[i].at.addr, pkt->candidates[i].radio, side, at);
}

void
ft_radios_merge(ft_call_t *keep, const ft_call_t *gone)
{
    for (unsigned i = 0; i < gone->n_radios; i++) {
        if (!find(keep, &gone->radios[i].addr) && keep->n_radios < FT_MAX_RADIOS)
            keep->radios[keep->n_radios++] = gone->radios[i];
    }
}

const char *
ft_radio_name(const ft_call_t *call, const address *addr)
{
    const ft_radio_t *known = find((ft_call_t *)call, addr);

    return known ? val_to_str_const((uint32_t)known->radio - FT_RADIO(0), ft_rat_vals, "unknown") : NULL;
}
