/* vtp.c
 * "Open FaceTime": signalling inside a virtual transport packet, as far as US patent 9,237,169 describes it (Network stream
 * identification for open FaceTime, Apple, filed 2012). No capture shows it.
 *
 *     +-+-----------------------------+
 *     |0| header, length not published|
 *     +-+-----------------------------+-------------------------------+
 *     | a signalling packet: SIP, DTLS or ICE (STUN)                  |
 *     +---------------------------------------------------------------+
 *
 * What the patent says: one port carries media and signalling. A media packet is RTP and begins with the bits 10. A signalling packet
 * is wrapped in a virtual transport packet, and the first bit of its header tells it from media; the receiver takes the header away
 * and gives the rest to SIP, to the DTLS handshake or to ICE. The parts of the header and its length are in no text that could be
 * had, so the wrapped packet is looked for, and what precedes it is shown as bytes.
 *
 * This form is tried last, on flows that are FaceTime by other signs, and is no evidence itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/stun_attributes.h"
#include "wire/wire.h"

/* Bytes before the wrapped packet, at most: a header on a packet that must fit one datagram is short. */
#define FT_VTP_MAX_HEADER   16

#define FT_DTLS_RECORD_LEN  13      /* RFC 6347, section 4.1 */
#define FT_DTLS_HANDSHAKE   22      /* content type */
#define FT_DTLS_FIRST       20      /* content types: RFC 7983 */
#define FT_DTLS_LAST        63

enum { VTP_NONE, VTP_SIP, VTP_STUN, VTP_DTLS };

static const value_string vtp_inside_vals[] = {
    { VTP_SIP, "SIP" },
    { VTP_STUN, "ICE (STUN)" },
    { VTP_DTLS, "DTLS handshake" },
    { 0, NULL }
};

static dissector_handle_t sip_handle, stun_handle, dtls_handle;

static int hf_vtp = -1;
static int hf_vtp_media = -1;
static int hf_vtp_header = -1;
static int hf_vtp_inside = -1;
static int ett_vtp = -1;
static expert_field ei_vtp_patent = EI_INIT;

/* Does a SIP message begin here? By its first word, or by the version in the first line. */
static bool
vtp_is_sip(tvbuff_t *tvb, int at)
{
    static const char *const starts[] = { "SIP/2.0 ", "INVITE sip:", "ACK sip:", "BYE sip:", "CANCEL sip:", "MESSAGE sip:", "OPTIONS sip:" };

    for (unsigned i = 0; i < array_length(starts); i++) {
        if (tvb_strneql(tvb, at, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

/* A STUN message to the end of the datagram: RFC 8489, section 5. */
static bool
vtp_is_stun(tvbuff_t *tvb, int at)
{
    int left = (int)tvb_captured_length(tvb) - at;

    return left >= FT_STUN_HEADER_LEN && (ft_tvb_get_u8(tvb, at) & 0xc0) == 0 && tvb_get_ntohl(tvb, at + 4) == FT_STUN_COOKIE &&
           at + FT_STUN_HEADER_LEN + tvb_get_ntohs(tvb, at + 2) == (int)tvb_reported_length(tvb);
}

/* A DTLS handshake record of version 1.0 or 1.2 and epoch 0, that fits. */
static bool
vtp_is_dtls(tvbuff_t *tvb, int at)
{
    int left = (int)tvb_captured_length(tvb) - at;

    return left > FT_DTLS_RECORD_LEN && ft_tvb_get_u8(tvb, at) == FT_DTLS_HANDSHAKE && ft_tvb_get_u8(tvb, at + 1) == 0xfe &&
           (ft_tvb_get_u8(tvb, at + 2) == 0xff || ft_tvb_get_u8(tvb, at + 2) == 0xfd) && tvb_get_ntohs(tvb, at + 3) == 0 &&
           at + FT_DTLS_RECORD_LEN + tvb_get_ntohs(tvb, at + 11) <= (int)tvb_reported_length(tvb);
}

/* Looks for the wrapped packet. Returns what it is, and where it begins. */
static uint32_t
vtp_find(tvbuff_t *tvb, int *at)
{
    for (*at = 1; *at <= FT_VTP_MAX_HEADER; (*at)++) {
        if (vtp_is_stun(tvb, *at))
            return VTP_STUN;
        if (vtp_is_dtls(tvb, *at))
            return VTP_DTLS;
        if (vtp_is_sip(tvb, *at))
            return VTP_SIP;
    }
    return VTP_NONE;
}

/* Is what precedes the packet something else that is known? */
static bool
vtp_has_other_reason(tvbuff_t *tvb, int at)
{
    bool blank = true;

    /* 1. Empty lines before a SIP message (RFC 3261, 7.5). */
    for (int i = 0; i < at; i++)
        blank &= ft_tvb_get_u8(tvb, i) == '\r' || ft_tvb_get_u8(tvb, i) == '\n';
    /* 2. A length, as of a packet in a stream (RFC 4571). */
    if (blank || (at == 2 && tvb_get_ntohs(tvb, 0) + 2u == tvb_reported_length(tvb)))
        return true;
    /* 3. Four zeroes, where ESP could stand, too (RFC 3948). 4. TURN's ChannelData (RFC 8656, 12.4), by its length. */
    if (at == 4 && (tvb_get_ntohl(tvb, 0) == 0 ||
                    ((ft_tvb_get_u8(tvb, 0) & 0xc0) == 0x40 && tvb_reported_length(tvb) - 4u - tvb_get_ntohs(tvb, 2) <= 3)))
        return true;
    /* 5. A DTLS record before another one. */
    return at >= 3 && ft_tvb_get_u8(tvb, 0) >= FT_DTLS_FIRST && ft_tvb_get_u8(tvb, 0) <= FT_DTLS_LAST && ft_tvb_get_u8(tvb, 1) == 0xfe;
}

static bool
vtp_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow, uint32_t *evidence _U_)
{
    int at;

    /* 1. The flow is FaceTime by other signs: nothing here is a sign of its own. */
    if (!flow || !flow->is_facetime)
        return false;
    /* 2. The first bit is not RTP's. */
    if (tvb_captured_length(tvb) < 2 || (ft_tvb_get_u8(tvb, 0) & 0x80))
        return false;
    /* 3. A packet of one of the three protocols that the patent names follows a few bytes later: avoids all else that is not known. */
    /* 4. What precedes it has no other explanation. */
    return vtp_find(tvb, &at) != VTP_NONE && !vtp_has_other_reason(tvb, at);
}

static void
vtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    int at;
    uint32_t inside = vtp_find(tvb, &at);
    proto_item *item;
    proto_tree *tree = ft_subtree(ft_tree, hf_vtp, tvb, 0, at, ett_vtp, &item, "Virtual Transport Packet [from a patent, never seen]");

    pkt->phase = inside == VTP_SIP ? FT_PHASE_SIGNALLING : FT_PHASE_CONNECTIVITY;
    col_append_fstr(pinfo->cinfo, COL_INFO, "Virtual Transport, %s ", val_to_str_const(inside, vtp_inside_vals, "unknown"));
    col_set_fence(pinfo->cinfo, COL_INFO);
    expert_add_info(pinfo, item, &ei_vtp_patent);
    proto_tree_add_item(tree, hf_vtp_media, tvb, 0, 1, ENC_NA);
    proto_tree_add_item(tree, hf_vtp_header, tvb, 0, at, ENC_NA);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_vtp_inside, tvb, at, 0, inside));
    ft_call_stock(inside == VTP_SIP ? sip_handle : inside == VTP_STUN ? stun_handle : dtls_handle, tvb_new_subset_remaining(tvb, at),
                  pinfo, root, pkt);
}

static void
vtp_register(void)
{
    static hf_register_info hf[] = {
        { &hf_vtp, { "Virtual Transport Packet", "facetime.vtp", FT_NONE, BASE_NONE,
            NULL, 0x0, "A packet inside a virtual transport packet [from a patent, never seen]", HFILL } },
        { &hf_vtp_media, { "Media", "facetime.vtp.media", FT_BOOLEAN, 8,
            NULL, 0x80, "First bit of the header: RTP has it set, a virtual transport packet has not", HFILL } },
        { &hf_vtp_header, { "Header [unknown]", "facetime.vtp.header", FT_BYTES, BASE_NONE,
            NULL, 0x0, "What precedes the wrapped packet", HFILL } },
        { &hf_vtp_inside, { "Inside", "facetime.vtp.inside", FT_UINT8, BASE_DEC,
            VALS(vtp_inside_vals), 0x0, "What is wrapped, by its first bytes", HFILL } },
    };
    static int *ett[] = { &ett_vtp };
    static ei_register_info ei[] = {
        { &ei_vtp_patent, { "facetime.vtp.patent", PI_ASSUMPTION, PI_NOTE,
            "This form is known from a patent only", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}

static void
vtp_handoff(void)
{
    sip_handle = find_dissector("sip");
    stun_handle = find_dissector("stun-udp");
    dtls_handle = find_dissector("dtls");
}

const ft_wire_t ft_wire_vtp = {
    .kind = FT_KIND_UNKNOWN,
    .register_fields = vtp_register,
    .handoff = vtp_handoff,
    .match = vtp_match,
    .dissect = vtp_dissect,
};
