/* channel_data.c
 * TURN's ChannelData (RFC 8656, section 12.4): media and signalling behind a TURN server.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *     | channel number                | length of the data            |
 *     +-------------------------------+-------------------------------+
 *     | data                                                          |
 *     +---------------------------------------------------------------+
 *     | up to 3 bytes of padding                                      |
 *     +---------------------------------------------------------------+
 *
 * Who allocates the relayed address chooses the number: 0x4000 to 0x7fff by RFC 5766, to 0x4fff today. The stock STUN dissector shows the header,
 * and gives the data to the heuristics of its own, of which that of RTP is off and those of SIP and RTCP may come before this plugin's. So the entry
 * (datagram.c) looks at the data itself, unless the plugin's heuristic was asked. Data in no known form stays as the stock dissector shows it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"

#define CHANNEL_DATA_HEADER_LEN  4
#define CHANNEL_DATA_LENGTH_AT   2
#define CHANNEL_DATA_MAX_PADDING 3

static dissector_handle_t stun_handle;

static bool
channel_data_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow, uint32_t *evidence _U_)
{
    return ft_channel_data_form(tvb, flow);
}

bool
ft_channel_data_form(tvbuff_t *tvb, const ft_flow_t *flow)
{
    unsigned reported = tvb_reported_length(tvb), end;

    /* 1. The flow has STUN, with which a channel is bound; or it is FaceTime's and has no QUIC, whose short headers begin with the same bits. */
    if (!flow || tvb_captured_length(tvb) < CHANNEL_DATA_HEADER_LEN)
        return false;
    if (!(flow->kinds & (1u << FT_KIND_STUN)) && (!flow->is_facetime || (flow->kinds & (1u << FT_KIND_QUIC | 1u << FT_KIND_RELAY))))
        return false;
    /* 2. The number is a channel's, 3. and the length that of the datagram, but for padding: avoids all else. */
    if ((ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x40)
        return false;
    end = CHANNEL_DATA_HEADER_LEN + tvb_get_ntohs(tvb, CHANNEL_DATA_LENGTH_AT);
    return reported >= end && reported - end <= CHANNEL_DATA_MAX_PADDING;
}

tvbuff_t *
ft_channel_data_of(tvbuff_t *tvb)
{
    unsigned length = tvb_get_ntohs(tvb, CHANNEL_DATA_LENGTH_AT), captured = tvb_captured_length(tvb) - CHANNEL_DATA_HEADER_LEN;

    if (captured < 2 || length < 2)
        return NULL;
    return tvb_new_subset_length_caplen(tvb, CHANNEL_DATA_HEADER_LEN, (int)MIN(captured, length), (int)length);
}

static void
channel_data_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree _U_, ft_packet_t *pkt)
{
    pkt->inside_turn = true;
    pkt->phase = FT_PHASE_RELAY;
    ft_call_stock(stun_handle, tvb, pinfo, root, pkt);
}

static void
channel_data_handoff(void)
{
    stun_handle = find_dissector("stun-udp");
}

const ft_wire_t ft_wire_channel_data = {
    .kind = FT_KIND_STUN,
    .first_mask = 0xc0, .first_bits = 0x40,    /* RFC 7983 */
    .handoff = channel_data_handoff,
    .match = channel_data_match,
    .dissect = channel_data_dissect,
};
