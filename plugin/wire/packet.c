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
    uint32_t frame;             /* its number: the program uses one packet_info for all frames, and an error may end a frame before it is left */
    ft_packet_t *pkt;           /* packet scope */
} at_hand;

ft_packet_t *
ft_packet_new(packet_info *pinfo, tvbuff_t *tvb, ft_flow_t *flow, const ft_wire_t *wire, uint32_t evidence)
{
    ft_packet_t *pkt = wmem_new0(pinfo->pool, ft_packet_t);

    pkt->scope = pinfo->pool;
    pkt->tvb = tvb;
    pkt->flow = flow;
    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence = evidence;
    pkt->phase = ft_kind_phase(pkt->kind);
    pkt->from_a = flow && ft_flow_from_a(flow, pinfo);
    ft_ends_of(&pkt->ends, pinfo);
    return pkt;
}

ft_packet_t *
ft_packet_of(packet_info *pinfo)
{
    if (ft_packet_at_hand(pinfo))
        return at_hand.pkt;
    return (ft_packet_t *)p_get_proto_data(pinfo->pool, pinfo, proto_facetime, FT_PACKET_FACTS);
}

ft_packet_t *
ft_packet_at_hand(packet_info *pinfo)
{
    return at_hand.pinfo == pinfo && at_hand.frame == pinfo->num ? at_hand.pkt : NULL;
}

static const uint8_t *
first_byte(const ft_packet_t *pkt)
{
    return pkt->tvb && tvb_captured_length(pkt->tvb) > 0 ? tvb_get_ptr(pkt->tvb, 0, 1) : NULL;
}

bool
ft_packet_within(const ft_packet_t *pkt, const uint8_t *bytes, unsigned length)
{
    /* As numbers: pointers into different buffers have no order. */
    uintptr_t first = (uintptr_t)first_byte(pkt);

    return first && first >= (uintptr_t)bytes && first < (uintptr_t)bytes + length;
}

ft_packet_t *
ft_packet_around(packet_info *pinfo, const uint8_t *bytes)
{
    for (ft_packet_t *pkt = ft_packet_at_hand(pinfo); pkt; pkt = pkt->earlier) {
        uintptr_t first = (uintptr_t)first_byte(pkt);

        if (first && (uintptr_t)bytes >= first && (uintptr_t)bytes < first + tvb_captured_length(pkt->tvb))
            return pkt;
    }
    return NULL;
}

void
ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt)
{
    ft_packet_t *earlier = ft_packet_at_hand(pinfo);

    if (earlier && earlier != pkt) {
        pkt->earlier = earlier;
        pkt->rtp_before = earlier->rtp_before + earlier->n_rtp;
    }
    at_hand.pinfo = pinfo;
    at_hand.frame = pinfo->num;
    at_hand.pkt = pkt;
}

void
ft_packet_leave(packet_info *pinfo, const proto_tree *tree)
{
    if (ft_packet_at_hand(pinfo) && tree)
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
ft_candidate_add(ft_packet_t *pkt, const address *addr, uint16_t port, ft_candidate_how_t how, uint8_t radio)
{
    if (pkt->n_candidates >= FT_MAX_CANDIDATES)
        return;
    if (!pkt->candidates)
        pkt->candidates = wmem_alloc_array(pkt->scope, ft_candidate_t, FT_MAX_CANDIDATES);
    pkt->candidates[pkt->n_candidates].at.addr = *addr;
    pkt->candidates[pkt->n_candidates].at.port = port;
    pkt->candidates[pkt->n_candidates].how = how;
    pkt->candidates[pkt->n_candidates].radio = radio;
    pkt->n_candidates++;
}

ft_path_t
ft_packet_path(const packet_info *pinfo, const ft_packet_t *pkt)
{
    if (pkt->kind == FT_KIND_RELAY || pkt->inside_turn || ft_is_with_apple(pinfo))
        return FT_PATH_RELAY;
    return FT_PATH_DIRECT;
}
