/* packet.c
 * The facts of one datagram, and what all wire formats do with them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"

#include <epan/proto_data.h>

/* Key of the packet facts among the packet's protocol data. */
#define FT_PACKET_FACTS 0

static uint32_t attached_to;    /* the frame that got facts last */

ft_packet_t *
ft_packet_new(packet_info *pinfo, ft_flow_t *flow, const ft_wire_t *wire, uint32_t evidence)
{
    ft_packet_t *pkt = wmem_new0(pinfo->pool, ft_packet_t);

    pkt->flow = flow;
    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence = evidence;
    pkt->phase = ft_kind_phase(pkt->kind);
    return pkt;
}

ft_packet_t *
ft_packet_of(packet_info *pinfo)
{
    return (ft_packet_t *)p_get_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
}

ft_packet_t *
ft_packet_at_hand(packet_info *pinfo)
{
    return pinfo->num == attached_to ? ft_packet_of(pinfo) : NULL;
}

void
ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt)
{
    attached_to = pinfo->num;
    if (ft_packet_of(pinfo))
        p_remove_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
    p_add_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS, pkt);
}

void
ft_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    if (pkt->claimed && handle)
        call_dissector(handle, tvb, pinfo, root);
}

void
ft_candidate_add(ft_packet_t *pkt, const address *addr, uint16_t port, ft_candidate_how_t how)
{
    if (pkt->n_candidates >= array_length(pkt->candidates))
        return;
    pkt->candidates[pkt->n_candidates].at.addr = *addr;
    pkt->candidates[pkt->n_candidates].at.port = port;
    pkt->candidates[pkt->n_candidates].how = how;
    pkt->n_candidates++;
}

ft_path_t
ft_packet_path(const packet_info *pinfo, const ft_packet_t *pkt)
{
    if (pkt->kind == FT_KIND_RELAY || ft_is_apple(&pinfo->src) || ft_is_apple(&pinfo->dst))
        return FT_PATH_RELAY;
    return FT_PATH_DIRECT;
}
