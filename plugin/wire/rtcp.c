/* rtcp.c
 * RTCP and SRTCP, bare on UDP or inside the relay payload: told apart from each other, and shown by the stock dissector.
 *
 *     RTCP    one or more packets, each with its length; together they fill the datagram (RFC 3550, section 6.1)
 *     SRTCP   the first packet's header and SSRC in the clear, the rest encrypted; then a word with the mark E (encrypted) and
 *             an index, then the key's identifier (MKI) if there is one, and a tag (RFC 3711, section 3.4)
 *
 * No RTCP is in the two real captures of today's calls: feedback is in the RTP header extension. The OpenBubbles project's
 * rustpush sends and takes SRTCP (requests for lost packets, reports) with a tag of 10 or 4 bytes and an identifier of 16 or 2.
 * What lengths a datagram has is found by trying them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

#include <epan/dissectors/packet-rtcp.h>
#include <epan/dissectors/packet-rtp.h>
#include <epan/exceptions.h>

/* Header and SSRC of the first packet: in the clear in SRTCP too. */
#define FT_RTCP_CLEAR_LEN   8
#define FT_SRTCP_INDEX_LEN  4
#define FT_SRTCP_ENCRYPTED  0x80000000u
/* An index counts the packets of a sender from 0 or 1: with a report each second this is 18 hours. Random bytes are below it once in
 * 32,768 times. */
#define FT_SRTCP_MAX_INDEX  0xffff

/* Lengths of key identifier and tag, the usual ones first. RFC 3711 has a tag of 10 or 4 bytes and no identifier. */
static const struct {
    unsigned mki, tag;
} srtcp_forms[] = { { 0, 10 }, { 0, 4 }, { 2, 10 }, { 2, 4 }, { 16, 10 }, { 16, 4 } };

typedef enum {
    RTCP_PLAIN,             /* packets fill the datagram, or the capture cut it */
    RTCP_AUTHENTICATED,     /* packets in the clear, then index and tag */
    RTCP_ENCRYPTED,
    RTCP_BROKEN             /* none of these */
} rtcp_form_t;

typedef struct rtcp_parts {
    rtcp_form_t form;
    unsigned clear;         /* bytes that packets with good lengths fill */
    unsigned index_at;      /* offset of the word with the index (authenticated, encrypted) */
    unsigned mki, tag;      /* lengths */
} rtcp_parts_t;

static dissector_handle_t rtcp_handle;
static int proto_rtcp = -1;

static int hf_rtcp = -1;
static int hf_rtcp_form = -1;
static int hf_rtcp_encrypted = -1;
static int hf_rtcp_payload = -1;
static int hf_rtcp_e = -1;
static int hf_rtcp_index = -1;
static int hf_rtcp_mki = -1;
static int hf_rtcp_tag = -1;
static int hf_rtcp_rest = -1;
static int ett_rtcp = -1;
static expert_field ei_rtcp_length = EI_INIT;

static const value_string form_vals[] = {
    { RTCP_PLAIN, "RTCP" },
    { RTCP_AUTHENTICATED, "SRTCP, authenticated only" },
    { RTCP_ENCRYPTED, "SRTCP" },
    { RTCP_BROKEN, "RTCP with a wrong length, or encrypted in an unknown way" },
    { 0, NULL }
};

static bool
is_rtcp_type(uint8_t type)
{
    return type >= FT_RTCP_FIRST_TYPE && type <= FT_RTCP_LAST_TYPE;
}

/* Bytes that packets with version 2, a type of RTCP and a length that fits fill, from the start. */
static unsigned
rtcp_walk(tvbuff_t *tvb)
{
    unsigned reported = tvb_reported_length(tvb), at = 0, next;

    while (tvb_bytes_exist(tvb, (int)at, 4) && (ft_tvb_get_u8(tvb, (int)at) & 0xc0) == 0x80 && is_rtcp_type(ft_tvb_get_u8(tvb, (int)at + 1))) {
        next = at + 4u * (tvb_get_ntohs(tvb, (int)at + 2) + 1u);
        if (next > reported)
            break;
        at = next;
    }
    return at;
}

/* Is there an index with this mark at this place? */
static bool
srtcp_index_at(tvbuff_t *tvb, unsigned at, bool encrypted)
{
    uint32_t word;

    if (!tvb_bytes_exist(tvb, (int)at, FT_SRTCP_INDEX_LEN))
        return false;
    word = tvb_get_ntohl(tvb, (int)at);
    return ((word & FT_SRTCP_ENCRYPTED) != 0) == encrypted && (word & ~FT_SRTCP_ENCRYPTED) <= FT_SRTCP_MAX_INDEX;
}

static rtcp_parts_t
rtcp_read(tvbuff_t *tvb)
{
    rtcp_parts_t parts = { .form = RTCP_PLAIN };
    unsigned reported = tvb_reported_length(tvb), trailer;

    parts.clear = rtcp_walk(tvb);
    /* 1. The packets fill the datagram; or the end is not in the capture. */
    if (parts.clear == reported || tvb_captured_length(tvb) < reported)
        return parts;
    for (unsigned i = 0; i < array_length(srtcp_forms); i++) {
        trailer = FT_SRTCP_INDEX_LEN + srtcp_forms[i].mki + srtcp_forms[i].tag;
        if (reported < FT_RTCP_CLEAR_LEN + trailer)
            continue;
        parts.index_at = reported - trailer;
        parts.mki = srtcp_forms[i].mki;
        parts.tag = srtcp_forms[i].tag;
        /* 2. An index with the mark E where this form has it. */
        if (srtcp_index_at(tvb, parts.index_at, true)) {
            parts.form = RTCP_ENCRYPTED;
            return parts;
        }
        /* 3. Without the mark, right behind packets in the clear. */
        if (parts.clear == parts.index_at && srtcp_index_at(tvb, parts.index_at, false)) {
            parts.form = RTCP_AUTHENTICATED;
            return parts;
        }
    }
    parts.form = RTCP_BROKEN;
    return parts;
}

bool
ft_rtcp_match(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);
    rtcp_parts_t parts;

    /* 1. Version 2 and one of RTCP's types: avoids STUN, QUIC, DTLS. */
    if (captured < 4 || (ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x80 || !is_rtcp_type(ft_tvb_get_u8(tvb, 1)))
        return false;
    /* 2. The length is in whole words, and that of its first packet fits: avoids RTP with the marker bit. SRTCP's tag may be no whole number of
     *    words: where the capture lost it, any length will do. */
    if (reported >= FT_RTCP_CLEAR_LEN && ((reported & 3) == 0 || captured < reported) && 4u * (tvb_get_ntohs(tvb, 2) + 1u) <= reported)
        return true;
    /* 3. Or it is SRTCP. */
    parts = rtcp_read(tvb);
    return parts.form == RTCP_ENCRYPTED || parts.form == RTCP_AUTHENTICATED;
}

/* The stock dissector shows SRTCP where its data of the conversation says so, with the lengths that are given there; it asks by the
 * sender's address and both ports. That data is set for this call only: the next datagram may be RTCP. */
static void
srtcp_call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt, const rtcp_parts_t *parts)
{
    struct srtp_info info = { .encryption_algorithm = SRTP_ENC_ALG_AES_CM, .auth_algorithm = SRTP_AUTH_ALG_HMAC_SHA1,
                              .mki_len = parts->mki, .auth_tag_len = parts->tag };
    conversation_t *conversation = find_conversation(pinfo->num, &pinfo->net_src, &pinfo->net_dst, CONVERSATION_UDP, pinfo->srcport,
                                                     pinfo->destport, NO_ADDR_B);
    struct _rtcp_conversation_info *data, *own;

    if (!pkt->claimed || proto_rtcp < 0)
        return;
    if (!conversation && !PINFO_FD_VISITED(pinfo))
        conversation = conversation_new(pinfo->num, &pinfo->net_src, &pinfo->net_dst, CONVERSATION_UDP, pinfo->srcport, pinfo->destport,
                                        NO_ADDR2);
    if (!conversation)
        return;
    data = (struct _rtcp_conversation_info *)conversation_get_proto_data(conversation, proto_rtcp);
    own = data ? data : wmem_new0(pinfo->pool, struct _rtcp_conversation_info);
    if (!data)
        conversation_add_proto_data(conversation, proto_rtcp, own);
    own->srtcp_info = &info;
    TRY {
        ft_call_stock(rtcp_handle, tvb, pinfo, root, pkt);
    }
    FINALLY {
        own->srtcp_info = NULL;
        if (!data)
            conversation_delete_proto_data(conversation, proto_rtcp);
    }
    ENDTRY;
}

void
ft_rtcp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    rtcp_parts_t parts = rtcp_read(tvb);
    int reported = (int)tvb_reported_length(tvb), rest = (int)parts.clear, at = (int)parts.index_at;
    proto_tree *tree = ft_subtree(ft_tree, hf_rtcp, tvb, 0, -1, ett_rtcp, NULL, "%s", val_to_str_const(parts.form, form_vals, "RTCP"));
    proto_item *item = proto_tree_add_uint(tree, hf_rtcp_form, tvb, 0, 0, parts.form);

    pkt->phase = FT_PHASE_MEDIA;
    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_rtcp_encrypted, tvb, 0, 0, parts.form == RTCP_ENCRYPTED));
    if (parts.form == RTCP_ENCRYPTED)
        rest = 0;
    ft_rtcp_packets(tvb, pinfo, tree, tvb_captured_length(tvb) < tvb_reported_length(tvb) ? tvb_reported_length(tvb) : (unsigned)rest);
    switch (parts.form) {
    case RTCP_ENCRYPTED:
    case RTCP_AUTHENTICATED:
        if (parts.form == RTCP_ENCRYPTED && at > FT_RTCP_CLEAR_LEN)
            proto_tree_add_item(tree, hf_rtcp_payload, tvb, FT_RTCP_CLEAR_LEN, at - FT_RTCP_CLEAR_LEN, ENC_NA);
        proto_tree_add_item(tree, hf_rtcp_e, tvb, at, FT_SRTCP_INDEX_LEN, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, hf_rtcp_index, tvb, at, FT_SRTCP_INDEX_LEN, ENC_BIG_ENDIAN);
        at += FT_SRTCP_INDEX_LEN;
        if (parts.mki > 0)
            proto_tree_add_item(tree, hf_rtcp_mki, tvb, at, (int)parts.mki, ENC_NA);
        at += (int)parts.mki;
        proto_tree_add_item(tree, hf_rtcp_tag, tvb, at, (int)parts.tag, ENC_NA);
        if (parts.form == RTCP_ENCRYPTED)
            srtcp_call_stock(tvb, pinfo, root, pkt, &parts);
        else
            ft_call_stock(rtcp_handle, tvb_new_subset_length(tvb, 0, rest), pinfo, root, pkt);
        break;
    case RTCP_BROKEN:
        expert_add_info_format(pinfo, item, &ei_rtcp_length, "Of %d bytes, RTCP packets fill %d", reported, rest);
        proto_tree_add_item(tree, hf_rtcp_rest, tvb, rest, reported - rest, ENC_NA);
        if (rest > 0)
            ft_call_stock(rtcp_handle, tvb_new_subset_length(tvb, 0, rest), pinfo, root, pkt);
        else
            col_append_str(pinfo->cinfo, COL_INFO, "Wrong Length");
        break;
    default:
        ft_call_stock(rtcp_handle, tvb, pinfo, root, pkt);
    }
}

static bool
rtcp_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow _U_, uint32_t *evidence _U_)
{
    return ft_rtcp_match(tvb);
}

static void
rtcp_register(void)
{
    static hf_register_info hf[] = {
        { &hf_rtcp, { "RTCP", "facetime.rtcp", FT_NONE, BASE_NONE,
            NULL, 0x0, "An RTCP packet of FaceTime's", HFILL } },
        { &hf_rtcp_form, { "Form", "facetime.rtcp.form", FT_UINT8, BASE_DEC,
            VALS(form_vals), 0x0, "RTCP or SRTCP, by lengths and by the word with the index", HFILL } },
        { &hf_rtcp_encrypted, { "Encrypted", "facetime.rtcp.encrypted", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "What follows the first SSRC is encrypted; the keys are not on this flow", HFILL } },
        { &hf_rtcp_payload, { "Encrypted Reports", "facetime.rtcp.payload", FT_BYTES, BASE_NONE,
            NULL, 0x0, "The encrypted part of SRTCP", HFILL } },
        { &hf_rtcp_e, { "Encrypted (E)", "facetime.rtcp.e", FT_BOOLEAN, 32,
            NULL, FT_SRTCP_ENCRYPTED, "The sender's mark that the datagram is encrypted", HFILL } },
        { &hf_rtcp_index, { "SRTCP Index", "facetime.rtcp.index", FT_UINT32, BASE_DEC,
            NULL, 0x7fffffff, "Counts the sender's SRTCP datagrams", HFILL } },
        { &hf_rtcp_mki, { "Key Identifier", "facetime.rtcp.mki", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Names the sender's media key (MKI) [length by trial]", HFILL } },
        { &hf_rtcp_tag, { "Authentication Tag", "facetime.rtcp.tag", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Ends SRTCP [length by trial]", HFILL } },
        { &hf_rtcp_rest, { "Bytes of No Packet", "facetime.rtcp.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "What follows the RTCP packets and has no known form", HFILL } },
    };
    static int *ett[] = { &ett_rtcp };
    static ei_register_info ei[] = {
        { &ei_rtcp_length, { "facetime.rtcp.bad_length", PI_PROTOCOL, PI_WARN,
            "The lengths of the RTCP packets do not fill the datagram, and it is no SRTCP of a known form", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_rtcp_packets_register();
}

static void
rtcp_handoff(void)
{
    rtcp_handle = find_dissector("rtcp");
    proto_rtcp = proto_get_id_by_filter_name("rtcp");
}

const ft_wire_t ft_wire_rtcp = {
    .kind = FT_KIND_RTCP,
    .first_mask = 0xc0, .first_bits = 0x80,    /* RFC 3550, 6.1: version 2 */
    .register_fields = rtcp_register,
    .handoff = rtcp_handoff,
    .match = rtcp_match,
    .dissect = ft_rtcp_dissect,
};
