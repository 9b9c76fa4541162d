/* wire_quic.c
 * QUIC between the device and the relay: the stock dissector's work. Here only what tells it from relay channel data.
 *
 * Seen on two real calls: version 1, an Initial of 1200 bytes with an empty source connection ID, ALPN h3, no SNI, to a
 * relay port. A short header (RFC 9000, section 17.3.1) begins with 0x40-0x7f, which relay channel data (0x60 xx) also does:
 * wire_relay.c asks for a header that parses to the exact length, and what is left is QUIC, if the flow had a long header
 * or if the connection ID is the flow's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

static dissector_handle_t quic_handle;

/* RFC 9000, section 15 (version 1), and RFC 9369 (version 2). */
#define FT_QUIC_V1 0x00000001u
#define FT_QUIC_V2 0x6b3343cfu

static bool
quic_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    unsigned captured = tvb_captured_length(tvb);
    uint8_t first, dcid_len;
    uint32_t version;
    bool relay_port;

    if (captured < 2)
        return false;
    first = ft_tvb_get_u8(tvb, 0);
    /* 1. The fixed bit of RFC 9000, section 17.2: avoids STUN and RTP. Apple's stack does not grease it. */
    if (!(first & 0x40))
        return false;
    if (!(first & 0x80)) {
        /* 2. A short header says nothing by itself: it counts only on a flow that had a long one. */
        return flow && (flow->kinds & (1u << FT_KIND_QUIC));
    }
    /* 3. A long header with a known version, or a version negotiation (0), and connection IDs of a possible length:
     *    avoids random bytes. Version 0 only on a flow that is known. */
    if (captured < 7)
        return false;
    version = tvb_get_ntohl(tvb, 1);
    dcid_len = ft_tvb_get_u8(tvb, 5);
    if (dcid_len > FT_QUIC_CID_MAX)
        return false;
    if (version != FT_QUIC_V1 && version != FT_QUIC_V2 && !(version == 0 && flow && (flow->kinds & (1u << FT_KIND_QUIC))))
        return false;
    relay_port = ft_is_relay_port(pinfo->destport) || ft_is_relay_port(pinfo->srcport);
    if (!relay_port)
        return flow && (flow->kinds & (1u << FT_KIND_QUIC));
    /* 4. The relay port at one of Apple's addresses: Apple publishes UDP 3478-3497 for FaceTime and Game Center only,
     *    and QUIC to any other of Apple's services goes to UDP 443. */
    if (ft_is_apple(ft_is_relay_port(pinfo->destport) ? &pinfo->dst : &pinfo->src))
        *evidence |= FT_EV(FT_EV_QUIC_RELAY);
    else
        *evidence |= FT_EV(FT_EV_QUIC_PORTS);
    return true;
}

/* Keeps the source connection ID of a long header: datagrams in the other direction are addressed to it. */
static void
quic_learn_cid(tvbuff_t *tvb, ft_packet_t *pkt)
{
    unsigned captured = tvb_captured_length(tvb), at;
    uint8_t len;

    if (captured < 7 || !(ft_tvb_get_u8(tvb, 0) & 0x80))
        return;
    at = 6u + ft_tvb_get_u8(tvb, 5);
    if (at >= captured)
        return;
    len = ft_tvb_get_u8(tvb, (int)at);
    if (len == 0 || len > FT_QUIC_CID_MAX || at + 1u + len > captured)
        return;
    tvb_memcpy(tvb, pkt->quic_scid, (int)at + 1, len);
    pkt->quic_scid_len = len;
}

static void
quic_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree _U_, ft_packet_t *pkt)
{
    pkt->phase = FT_PHASE_RELAY;
    quic_learn_cid(tvb, pkt);
    ft_call_stock(quic_handle, tvb, pinfo, root, pkt);
}

static void
quic_register(void)
{
}

static void
quic_handoff(void)
{
    quic_handle = find_dissector("quic");
}

const ft_wire_t ft_wire_quic = {
    .kind = FT_KIND_QUIC,
    .register_fields = quic_register,
    .handoff = quic_handoff,
    .match = quic_match,
    .dissect = quic_dissect,
};
