/* web.c
 * WebRTC of a FaceTime link: somebody joined the call in a browser.
 *
 *     RFC 7983: the first byte tells what a datagram is
 *     +--------+
 *     | 0..3   | STUN: the path, with ICE's names                      stun.c
 *     | 20..63 | DTLS: the handshake that makes the keys of the media  here
 *     |128..191| SRTP, SRTCP: the media, encrypted                     here
 *     +--------+
 *
 * All of it is Wireshark's to dissect; this file says what it belongs to. Source: webrtchacks.com, June 2021 (FaceTime in browsers: WebRTC media,
 * SFrame on top of SRTP by Insertable Streams, signalling in a WebSocket); no capture was seen. The payload types are those of a session
 * description that nobody sees: which packets are audio and which are video is not known, and FaceTime's own numbers say nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"

/* RFC 6347, 4.1: type, version, epoch, sequence number, length. */
#define DTLS_HEADER_LEN     13
#define DTLS_EPOCH_AT       3
#define DTLS_LENGTH_AT      11
#define DTLS_HANDSHAKE      22
#define DTLS_FIRST          20      /* types of content */
#define DTLS_LAST           23
#define DTLS_UNIFIED        0x20    /* RFC 9147, 4: the short header of 1.3, 0x20 to 0x3f */
#define DTLS_VERSION_MAJOR  0xfe

/* RFC 5761, 4: the second byte of RTCP where RTP has the same port. */
#define RTCP_FIRST          192
#define RTCP_LAST           223

enum { WEB_DTLS = 1, WEB_RTP = 2, WEB_RTCP = 3 };

static const value_string web_part_vals[] = {
    { WEB_DTLS, "DTLS" },
    { WEB_RTP, "SRTP" },
    { WEB_RTCP, "SRTCP" },
    { 0, NULL }
};

static dissector_handle_t dtls_handle, rtp_handle, rtcp_handle;
static int hf_web = -1;
static int hf_web_part = -1;
static int ett_web = -1;

/* Does a whole DTLS record begin the datagram? Both bytes of the version are those of 1.0 to 1.3. */
static bool
is_dtls(const uint8_t *bytes, unsigned captured, unsigned reported)
{
    return captured >= DTLS_HEADER_LEN && bytes[0] >= DTLS_FIRST && bytes[0] <= DTLS_LAST && bytes[1] == DTLS_VERSION_MAJOR && bytes[2] >= 0xfc &&
           DTLS_HEADER_LEN + (unsigned)ft_u16(bytes + DTLS_LENGTH_AT) <= reported;
}

static bool
is_browsers(const ft_flow_t *flow)
{
    return flow && (flow->evidence & FT_EV(FT_EV_WEB));
}

static bool
web_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow, uint32_t *evidence _U_)
{
    unsigned captured = tvb_captured_length(tvb);
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, (int)captured);

    /* 1. A DTLS record: avoids what only begins as one. Of its short form nothing more is known than where it comes. */
    if (captured >= DTLS_HEADER_LEN && bytes[0] >= DTLS_UNIFIED)
        return is_browsers(flow);
    if (!is_dtls(bytes, captured, tvb_reported_length(tvb)))
        return false;
    /* 2. On a flow that has none yet the first one of a handshake, in the clear: avoids all but the beginning of DTLS. Whose it is,
     *    what is around it tells: ft_context_of(). Not on a flow that is FaceTime's by other signs: its media is no browser's. */
    return is_browsers(flow) || ((!flow || !flow->is_facetime) && bytes[0] == DTLS_HANDSHAKE && ft_u16(bytes + DTLS_EPOCH_AT) == 0);
}

static bool
web_media_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow, uint32_t *evidence _U_)
{
    /* RTP or RTCP behind the handshake: avoids media of FaceTime's own, which has none. */
    return is_browsers(flow) && tvb_captured_length(tvb) >= FT_RTP_HEADER_LEN;
}

static void
web_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, FT_RTP_HEADER_LEN);
    uint32_t part = bytes[0] >> 6 != 2 ? WEB_DTLS : bytes[1] >= RTCP_FIRST && bytes[1] <= RTCP_LAST ? WEB_RTCP : WEB_RTP;
    proto_tree *tree = ft_subtree(ft_tree, hf_web, tvb, 0, -1, ett_web, NULL, "WebRTC of a FaceTime link [guess]");

    proto_item_set_generated(proto_tree_add_uint(tree, hf_web_part, tvb, 0, 0, part));
    pkt->what = val_to_str_const(part, web_part_vals, "");
    pkt->phase = part == WEB_DTLS ? FT_PHASE_RELAY : FT_PHASE_MEDIA;
    pkt->quic_media = part == WEB_RTP;
    if (part == WEB_DTLS) {
        pkt->label = "DTLS handshake";
        pkt->routine = true;
    }
    ft_call_stock(part == WEB_DTLS ? dtls_handle : part == WEB_RTCP ? rtcp_handle : rtp_handle, tvb, pinfo, root, pkt);
}

static void
web_register(void)
{
    static hf_register_info hf[] = {
        { &hf_web, { "WebRTC of a FaceTime Link", "facetime.web", FT_NONE, BASE_NONE,
            NULL, 0x0, "Somebody joined the call in a browser [guess: it had asked for facetime.apple.com; the other end is Apple's]", HFILL } },
        { &hf_web_part, { "Part", "facetime.web.part", FT_UINT8, BASE_DEC,
            VALS(web_part_vals), 0x0, "By the first bytes: RFC 7983, RFC 5761", HFILL } },
    };
    static int *ett[] = { &ett_web };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}

static void
web_handoff(void)
{
    dtls_handle = find_dissector("dtls");
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
}

const ft_wire_t ft_wire_web = {
    .kind = FT_KIND_WEB,
    .first_mask = 0xc0, .first_bits = 0x00,     /* RFC 7983: 20 to 63, and STUN's */
    .register_fields = web_register,
    .handoff = web_handoff,
    .match = web_match,
    .dissect = web_dissect,
};

/* What follows the handshake. */
const ft_wire_t ft_wire_web_media = {
    .kind = FT_KIND_WEB,
    .first_mask = 0xc0, .first_bits = 0x80,     /* RFC 7983 */
    .match = web_media_match,
    .dissect = web_dissect,
};
