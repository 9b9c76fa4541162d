/* packet.c
 * The facts of one datagram, and what all wire formats do with them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"

#include <epan/proto_data.h>

/* Key of the packet facts among the packet's protocol data. */
#define FT_PACKET_FACTS 0

/* The facts of the datagram at hand: nobody asks for those of another frame while one is dissected. Protocol data would take a list node
 * and a look-up for each packet; only a frame that somebody looks at gets them, for the questions that come afterwards. */
static struct {
    const packet_info *pinfo;   /* the frame's; NULL: no frame has facts now */
    ft_packet_t *pkt;           /* packet scope */
} at_hand;

ft_packet_t *
ft_packet_new(packet_info *pinfo, ft_flow_t *flow, const ft_wire_t *wire, uint32_t evidence)
{
    ft_packet_t *pkt = wmem_new0(pinfo->pool, ft_packet_t);

    pkt->scope = pinfo->pool;
    pkt->flow = flow;
    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence = evidence;
    pkt->phase = ft_kind_phase(pkt->kind);
    return pkt;
}

ft_packet_t *
ft_packet_of(packet_info *pinfo)
{
    if (at_hand.pinfo == pinfo)
        return at_hand.pkt;
    return (ft_packet_t *)p_get_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
}

ft_packet_t *
ft_packet_at_hand(packet_info *pinfo)
{
    return at_hand.pinfo == pinfo ? at_hand.pkt : NULL;
}

void
ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt)
{
    at_hand.pinfo = pinfo;
    at_hand.pkt = pkt;
}

void
ft_packet_leave(packet_info *pinfo, const proto_tree *tree)
{
    if (at_hand.pinfo == pinfo && tree)
        p_add_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS, at_hand.pkt);
    at_hand.pinfo = NULL;
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
    if (pkt->n_candidates >= FT_MAX_CANDIDATES)
        return;
    if (!pkt->candidates)
        pkt->candidates = wmem_alloc_array(pkt->scope, ft_candidate_t, FT_MAX_CANDIDATES);
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
