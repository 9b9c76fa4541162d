/* rtcp_packets.c
 * The packets of RTCP in the clear, beside the stock dissector's tree: what AVConference means by them. Over the relay RTCP is encrypted (hbh.c); in
 * the clear it travels between Apple's devices without a relay: direct calls, screen sharing, Xcode's Device Hub.
 *
 *     204 APP "RCTL"         SSRC, name, then an extension as audio has it, head included: 85, receive queue target, 4 words (rtp_extension.c)
 *     204 APP 00000005       SSRC, name, RTP time stamp of the long-term reference picture that was received (LTR acknowledgement)
 *     192 FIR                SSRC, a list of numbers of 16 bits             (old number of RFC 2032, 5.2.1, where there is no list)
 *     193 NACK               SSRC, first lost number, mask of the 16 after it  (RFC 2032, 5.2.2)
 *     205 transport feedback 1 NACK, 3 TMMBR, 4 TMMBN (RFC 4585, 5104)
 *     206 payload feedback   1 PLI, 2 SLI, 4 FIR, 5 TSTR; 15 loss feedback of AVConference's own
 *
 * Sources: measured by others on Screen Sharing and Device Hub (remotex, rPlayHub: RCTL, LTR acknowledgement), and the names in public decompilations of
 * AVConference. None was in a capture at hand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

/* RFC 3550, 6.7: of each packet, header and SSRC; then the name of an APP. */
#define RTCP_HEAD_LEN       8
#define RTCP_NAME_LEN       4
#define RTCP_APP_LEN        (RTCP_HEAD_LEN + RTCP_NAME_LEN)
#define RTCP_SUBTYPE_MASK   0x1f

#define RTCP_OLD_FIR        192
#define RTCP_OLD_NACK       193
#define RTCP_APP            204
#define RTCP_RTPFB          205
#define RTCP_PSFB           206

#define APP_RCTL            0x5243544cu     /* "RCTL" */
#define APP_LTR_ACK         5u

static int hf_packet = -1;
static int hf_type = -1;
static int hf_transport = -1;
static int hf_payload = -1;
static int hf_app = -1;
static int hf_ltr_ack = -1;
static int hf_fir_number = -1;
static int hf_nack_first = -1;
static int hf_nack_mask = -1;
static int hf_nack_lost = -1;
static int hf_data = -1;
static int ett_packet = -1;

static const value_string type_vals[] = {
    { RTCP_OLD_FIR, "full intra request, old number" },
    { RTCP_OLD_NACK, "negative acknowledgement, old number" },
    { 200, "sender report" },
    { 201, "receiver report" },
    { 202, "source description" },
    { 203, "goodbye" },
    { RTCP_APP, "application-defined" },
    { RTCP_RTPFB, "transport feedback" },
    { RTCP_PSFB, "payload-specific feedback" },
    { 207, "extended report" },
    { 0, NULL }
};

static const value_string transport_vals[] = {
    { 1, "NACK: lost packets" },
    { 3, "TMMBR: a limit of the bit rate is asked for" },
    { 4, "TMMBN: the limit is taken" },
    { 0, NULL }
};

static const value_string payload_vals[] = {
    { 1, "PLI: a picture was lost" },
    { 2, "SLI: slices were lost" },
    { 4, "FIR: a whole picture is asked for" },
    { 5, "TSTR: another trade-off of time and space is asked for" },
    { 15, "ALFB: loss feedback of AVConference's own" },
    { 0, NULL }
};

static const value_string app_vals[] = {
    { APP_RCTL, "rate control feedback (RCTL)" },
    { APP_LTR_ACK, "acknowledgement of a long-term reference picture" },
    { 0, NULL }
};

/* The rest of a packet that has no form here. */
static void
show_rest(tvbuff_t *tvb, int at, proto_tree *tree)
{
    int left = (int)tvb_captured_length(tvb) - at;

    if (left > 0)
        proto_tree_add_item(tree, hf_data, tvb, at, left, ENC_NA);
}

static void
show_app(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item)
{
    ft_rtp_t audio = { .media = FT_MEDIA_AUDIO };
    int length = (int)tvb_reported_length(tvb), at = RTCP_APP_LEN;
    uint32_t name;

    if (!tvb_bytes_exist(tvb, RTCP_HEAD_LEN, RTCP_NAME_LEN))
        return;
    name = tvb_get_ntohl(tvb, RTCP_HEAD_LEN);
    proto_tree_add_item(tree, hf_app, tvb, RTCP_HEAD_LEN, RTCP_NAME_LEN, ENC_BIG_ENDIAN);
    if (name == APP_RCTL && length > RTCP_APP_LEN + 4) {
        proto_item_append_text(item, ", RCTL");
        at = ft_rtp_extension_dissect(tvb, at, pinfo, tree, &audio, NULL);
    } else if (name == APP_LTR_ACK && length == RTCP_APP_LEN + 4) {
        proto_item_append_text(item, ", LTR acknowledgement");
        if (tvb_bytes_exist(tvb, at, 4))
            proto_tree_add_item(tree, hf_ltr_ack, tvb, at, 4, ENC_BIG_ENDIAN);
        at += 4;
    }
    show_rest(tvb, at, tree);
}

static void
show_old_nack(tvbuff_t *tvb, proto_tree *tree)
{
    uint16_t first, mask;

    if (!tvb_bytes_exist(tvb, RTCP_HEAD_LEN, 4))
        return;
    first = tvb_get_ntohs(tvb, RTCP_HEAD_LEN);
    mask = tvb_get_ntohs(tvb, RTCP_HEAD_LEN + 2);
    proto_tree_add_item(tree, hf_nack_first, tvb, RTCP_HEAD_LEN, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_nack_mask, tvb, RTCP_HEAD_LEN + 2, 2, ENC_BIG_ENDIAN);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_nack_lost, tvb, 0, 0, first));
    for (unsigned bit = 0; bit < 16; bit++) {
        if (mask >> bit & 1)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_nack_lost, tvb, 0, 0, (uint16_t)(first + 1 + bit)));
    }
    show_rest(tvb, RTCP_HEAD_LEN + 4, tree);
}

static void
show_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root)
{
    uint8_t type = ft_tvb_get_u8(tvb, 1);
    int captured = (int)tvb_captured_length(tvb);
    const char *name = val_to_str_const(type, type_vals, "unknown type");
    proto_item *item;
    proto_tree *tree = ft_subtree(root, hf_packet, tvb, 0, -1, ett_packet, &item, "Packet: %s", name);

    proto_tree_add_item(tree, hf_type, tvb, 1, 1, ENC_NA);
    switch (type) {
    case RTCP_APP:
        show_app(tvb, pinfo, tree, item);
        break;
    case RTCP_RTPFB:
        proto_tree_add_item(tree, hf_transport, tvb, 0, 1, ENC_NA);
        break;
    case RTCP_PSFB:
        proto_tree_add_item(tree, hf_payload, tvb, 0, 1, ENC_NA);
        break;
    case RTCP_OLD_FIR:
        for (int at = RTCP_HEAD_LEN; at + 2 <= captured; at += 2)
            proto_tree_add_item(tree, hf_fir_number, tvb, at, 2, ENC_BIG_ENDIAN);
        break;
    case RTCP_OLD_NACK:
        show_old_nack(tvb, tree);
        break;
    }
}

/* Does the packet say more than the stock dissector has a name for? */
static bool
is_own(uint8_t type)
{
    return type == RTCP_OLD_FIR || type == RTCP_OLD_NACK || (type >= RTCP_APP && type <= RTCP_PSFB);
}

void
ft_rtcp_packets(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, unsigned end)
{
    for (unsigned at = 0, next; at < end && tvb_bytes_exist(tvb, (int)at, 4); at = next) {
        next = at + 4u * (tvb_get_ntohs(tvb, (int)at + 2) + 1u);
        if (next > end)
            break;
        if (is_own(ft_tvb_get_u8(tvb, (int)at + 1)))
            show_packet(tvb_new_subset_length_caplen(tvb, (int)at, (int)MIN(next - at, tvb_captured_length(tvb) - at), (int)(next - at)), pinfo, tree);
    }
}

void
ft_rtcp_packets_register(void)
{
    static hf_register_info hf[] = {
        { &hf_packet, { "Packet", "facetime.rtcp.packet", FT_NONE, BASE_NONE,
            NULL, 0x0, "A packet of RTCP that AVConference gives a meaning of its own, or an old number", HFILL } },
        { &hf_type, { "Type", "facetime.rtcp.type", FT_UINT8, BASE_DEC,
            VALS(type_vals), 0x0, "What the packet is", HFILL } },
        { &hf_transport, { "Transport Feedback", "facetime.rtcp.transport", FT_UINT8, BASE_DEC,
            VALS(transport_vals), RTCP_SUBTYPE_MASK, "Feedback about packets (RFC 4585, RFC 5104)", HFILL } },
        { &hf_payload, { "Payload Feedback", "facetime.rtcp.feedback", FT_UINT8, BASE_DEC,
            VALS(payload_vals), RTCP_SUBTYPE_MASK, "Feedback about pictures (RFC 4585, RFC 5104)", HFILL } },
        { &hf_app, { "Application", "facetime.rtcp.app", FT_UINT32, BASE_HEX,
            VALS(app_vals), 0x0, "Name of an application-defined packet, four bytes", HFILL } },
        { &hf_ltr_ack, { "Acknowledged Picture", "facetime.rtcp.ltr_ack", FT_UINT32, BASE_DEC,
            NULL, 0x0, "RTP time stamp of the long-term reference picture that was received", HFILL } },
        { &hf_fir_number, { "Number", "facetime.rtcp.fir.number", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Listed in a full intra request of the old number [meaning unknown]", HFILL } },
        { &hf_nack_first, { "First Lost Packet", "facetime.rtcp.nack.first", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Sequence number of the first packet that is asked for", HFILL } },
        { &hf_nack_mask, { "Further Lost Packets", "facetime.rtcp.nack.mask", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Bit i: the packet i + 1 after the first is asked for, too", HFILL } },
        { &hf_nack_lost, { "Lost Packet", "facetime.rtcp.nack.lost", FT_UINT16, BASE_DEC,
            NULL, 0x0, "A sequence number that is asked for", HFILL } },
        { &hf_data, { "Contents [unknown]", "facetime.rtcp.packet.data", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of the packet that have no name", HFILL } },
    };
    static int *ett[] = { &ett_packet };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
