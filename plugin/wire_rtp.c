/* wire_rtp.c
 * RTP and RTCP, bare on UDP or inside the relay payload: the stock dissectors show them, with FaceTime's payload types.
 *
 * One socket carries many SSRCs. The stock dissector keeps what it knows of a stream (payload types, extended sequence
 * number) with the conversation; in 4.0 all SSRCs of a conversation share one extended sequence number, and streams that
 * take turns look like thousands of lost packets. So each SSRC gets its own conversation data, and the one of the packet
 * at hand is put into the conversation before the stock dissector is called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <epan/proto_data.h>
#include <epan/dissectors/packet-rtp.h>

#define FT_RTP_HEADER_LEN       12      /* RFC 3550, section 5.1 */
#define FT_RTCP_FIRST_TYPE      192     /* RFC 5761, section 4: second byte of RTCP, 192 to 223 */
#define FT_RTCP_LAST_TYPE       223
#define FT_RTP_PROFILE_4400     0x4400  /* extension of iOS 4 to 9 */
#define FT_RTP_PROFILE_4400_LEN 2       /* its length in words */

/* SSRCs that get conversation data of their own; the rest of a capture (or of a flood) shares that of its flow. */
#define FT_RTP_MAX_STREAMS      65536

/* RTP packets that share their frame with another one, of which the stock dissector's data is kept. */
#define FT_RTP_MAX_COMPOUND     65536

static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static int proto_rtp = -1;

static int hf_rtp_payload_name = -1;
static int hf_rtp_media = -1;
static int hf_rtp_profile = -1;
static int hf_rtp_word = -1;
static int hf_rtp_encrypted = -1;
static int ett_rtp = -1;

/* Payload types. "The negotiation lists" is Apple's AVConference as public decompilations show it; "RTC-Measurement-Project"
 * is a study of 2025; sizes and rates are those of two real calls. */
static const struct {
    uint8_t type;
    const char *encoding;       /* name in the stock dissector's map; NULL: a static type, which that map cannot hold */
    const char *name;
    int clock;                  /* Hz, as the stock dissector's map wants it */
    uint32_t media;
} rtp_types[] = {
    /* The negotiation lists 100 as AVC, and sizes agree. */
    { 100, "FaceTime-H264", "Video, H.264", 90000, FT_MEDIA_VIDEO },
    /* iOS 4 to 8 announce 123 as H264; the negotiation of today lists it as HEVC; small packets were seen. */
    { 123, "FaceTime-video-123", "Video, H.264 (to 2015) or HEVC [guess]", 90000, FT_MEDIA_VIDEO },
    /* SDP of 2010: X-H264. */
    { 126, "FaceTime-X-H264", "Video, H.264 (X-H264)", 90000, FT_MEDIA_VIDEO },
    /* SDP of 2010: X-AAC_ELD on 104 to 106; the negotiation of today lists 104. 24 kHz is today's clock, iChat's was 22050. */
    { 104, "FaceTime-AAC-ELD", "Audio, AAC-ELD", 24000, FT_MEDIA_AUDIO },
    { 105, "FaceTime-AAC-ELD", "Audio, AAC-ELD", 24000, FT_MEDIA_AUDIO },
    { 106, "FaceTime-AAC-ELD", "Audio, AAC-ELD", 24000, FT_MEDIA_AUDIO },
    /* 50 packets a second on a cellular call; the codec is not known. */
    { 108, "FaceTime-audio-108", "Audio [codec unknown]", 24000, FT_MEDIA_AUDIO },
    { 34, NULL, "Video, H.263", 90000, FT_MEDIA_VIDEO },
    { 20, NULL, "Audio redundancy [guess]", 0, FT_MEDIA_AUDIO },
    { 13, NULL, "Comfort noise", 0, FT_MEDIA_AUDIO },
    { 0, NULL, "Audio, PCMU", 8000, FT_MEDIA_AUDIO },
    { 3, NULL, "Audio, GSM", 8000, FT_MEDIA_AUDIO },
    { 9, NULL, "Audio, G.722", 8000, FT_MEDIA_AUDIO },
    { 12, NULL, "Audio, QCELP", 8000, FT_MEDIA_AUDIO },
};

/* Conversation data of the stock dissector for one SSRC of one flow. File scope. */
typedef struct rtp_key {
    const ft_flow_t *flow;
    uint32_t ssrc;
} rtp_key_t;

static wmem_map_t *rtp_streams;         /* rtp_key_t -> conversation data; file scope, made anew for each file */
static wmem_map_t *rtp_compound;        /* place of an RTP packet, see compound_key() -> the stock dissector's data for it; file scope */
static uint32_t rtp_number;             /* of the streams so far: a port of the address that they are filed under */

static unsigned
rtp_hash(const void *key)
{
    const rtp_key_t *k = (const rtp_key_t *)key;

    return g_direct_hash(k->flow) ^ (k->ssrc * 2654435761u);
}

static gboolean
rtp_equal(const void *a, const void *b)
{
    const rtp_key_t *x = (const rtp_key_t *)a, *y = (const rtp_key_t *)b;

    return x->flow == y->flow && x->ssrc == y->ssrc;
}

uint32_t
ft_rtp_media(uint8_t payload_type)
{
    for (unsigned i = 0; i < array_length(rtp_types); i++) {
        if (rtp_types[i].type == payload_type)
            return rtp_types[i].media;
    }
    return 0;
}

const char *
ft_rtp_name(uint8_t payload_type)
{
    for (unsigned i = 0; i < array_length(rtp_types); i++) {
        if (rtp_types[i].type == payload_type)
            return rtp_types[i].name;
    }
    return "Unknown";
}

/* Two real calls of today, over the relay: audio and video share one clock. 554,364 - 1,484 units of a video stream in 23.17 s are
 * 23.9 kHz, its frames are 800 units apart (30 a second at 24 kHz) and those of the audio 480, 960 or 1,440 (20, 40, 60 ms). */
#define FT_RTP_RELAYED_CLOCK 24000

uint32_t
ft_rtp_clock(uint8_t payload_type, bool relayed_era)
{
    for (unsigned i = 0; i < array_length(rtp_types); i++) {
        if (rtp_types[i].type == payload_type)
            return relayed_era ? FT_RTP_RELAYED_CLOCK : (uint32_t)rtp_types[i].clock;
    }
    return 0;
}

static bool
rtp_is_rtcp(tvbuff_t *tvb)
{
    uint8_t type = ft_tvb_get_u8(tvb, 1);

    return type >= FT_RTCP_FIRST_TYPE && type <= FT_RTCP_LAST_TYPE;
}

/* RTP alone tells RTP from RTCP by the second byte; RTCP's own conditions are these. */
static bool
rtcp_form(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);

    /* 1. Version 2 and one of RTCP's types: avoids STUN, QUIC, DTLS. */
    if (captured < 4 || (ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x80 || !rtp_is_rtcp(tvb))
        return false;
    /* 2. The length is in whole words, and that of its first packet fits: avoids RTP with the marker bit. */
    return reported >= 8 && (reported & 3) == 0 && 4u * (tvb_get_ntohs(tvb, 2) + 1u) <= reported;
}

bool
ft_rtp_match(tvbuff_t *tvb, const packet_info *pinfo, uint32_t *evidence)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb), header;
    uint8_t first;
    bool ports;

    /* 1. Version 2 (RFC 3550): avoids STUN, QUIC, DTLS. */
    if (captured < 2)
        return false;
    first = ft_tvb_get_u8(tvb, 0);
    if ((first & 0xc0) != 0x80)
        return false;
    ports = ft_is_media_port(pinfo->srcport) && ft_is_media_port(pinfo->destport);
    /* 2. RTCP is another form. */
    if (rtp_is_rtcp(tvb))
        return rtcp_form(tvb);
    /* 3. The fixed header, the CSRC list and the extension fit. */
    header = FT_RTP_HEADER_LEN + 4u * (first & 0x0f);
    if (reported < header || captured < FT_RTP_HEADER_LEN)
        return false;
    if (first & 0x10) {
        if (reported < header + 4)
            return false;
        if (captured >= header + 4) {
            uint16_t words = tvb_get_ntohs(tvb, (int)header + 2);

            if (reported < header + 4u + 4u * words)
                return false;
            /* 4. The extension of iOS 4 to 9, two words, between two of FaceTime's media ports. */
            if (evidence && ports && tvb_get_ntohs(tvb, (int)header) == FT_RTP_PROFILE_4400 && words == FT_RTP_PROFILE_4400_LEN)
                *evidence |= FT_EV(FT_EV_RTP_4400);
        }
    }
    if (evidence && ports)
        *evidence |= FT_EV(FT_EV_RTP_PORTS);
    return true;
}

/* Makes the stock dissector's data for a stream: the only way to do so is to announce media, here for an address that no
 * packet has. The payload is encrypted (its keys travel in the push), which the stock dissector calls SRTP: it then
 * decodes nothing. setup_frame is the frame that announced the stream: the VoIP Calls window finds the call by it. */
static void *
rtp_data_new(packet_info *pinfo, uint32_t setup_frame)
{
    static const char nowhere[] = "facetime";
    static struct srtp_info encrypted = { .encryption_algorithm = SRTP_ENC_ALG_AES_CM, .auth_algorithm = SRTP_AUTH_ALG_NONE };
    rtp_dyn_payload_t *map = rtp_dyn_payload_new();
    address addr;
    conversation_t *conversation;
    uint32_t port = ++rtp_number;

    for (unsigned i = 0; i < array_length(rtp_types); i++) {
        if (rtp_types[i].encoding)
            ft_rtp_payload_insert(map, rtp_types[i].type, rtp_types[i].encoding, rtp_types[i].clock);
    }
    set_address(&addr, AT_STRINGZ, (int)sizeof nowhere, nowhere);
    srtp_add_address(pinfo, PT_UDP, &addr, (int)port, 0, "FaceTime", setup_frame, 0, map, &encrypted, NULL);
    rtp_dyn_payload_free(map);
    conversation = find_conversation(setup_frame, &addr, &addr, CONVERSATION_UDP, port, 0, NO_ADDR_B | NO_PORT_B);
    return conversation ? conversation_get_proto_data(conversation, proto_rtp) : NULL;
}

/* The conversation in which the stock dissector looks for its data, one for each direction: it asks by the receiver's
 * address and both ports. Where SDP announced the receiver, it would find SDP's, which is that of all senders and whose
 * payload types are not encrypted; this one is nearer. On later passes it is only looked up. */
static conversation_t *
rtp_conversation(packet_info *pinfo, ft_flow_t *flow)
{
    conversation_t **kept = &flow->rtp_conversation[ft_flow_from_a(flow, pinfo) ? 0 : 1], *found;

    if (*kept)
        return *kept;
    found = find_conversation(pinfo->num, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_UDP, pinfo->destport, pinfo->srcport,
                              NO_ADDR_B);
    if ((!found || (found->options & (NO_PORT2 | NO_PORT2_FORCE))) && !PINFO_FD_VISITED(pinfo))
        found = conversation_new(flow->first_frame, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_UDP,
                                 pinfo->destport, pinfo->srcport, NO_ADDR2);
    *kept = found;
    return found;
}

/* The frame whose SDP announced the receiver, else the first one of the flow: it has an arrow in the ladder of the call. */
static uint32_t
rtp_setup_frame(const packet_info *pinfo, const ft_flow_t *flow)
{
    const conversation_t *announced = find_conversation(pinfo->num, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_UDP,
                                                        pinfo->destport, 0, NO_ADDR_B | NO_PORT_B);

    return announced && (announced->options & NO_PORT2) ? announced->setup_frame : flow->first_frame;
}

/* Puts the data of this SSRC into the conversation. On the first pass it is made where there is none. */
static void
rtp_prepare(packet_info *pinfo, ft_flow_t *flow, uint32_t ssrc)
{
    rtp_key_t key = { .flow = flow, .ssrc = ssrc };
    conversation_t *conversation;
    void *data;

    if (flow == NULL || proto_rtp < 0)
        return;
    conversation = rtp_conversation(pinfo, flow);
    if (!conversation)
        return;
    data = wmem_map_lookup(rtp_streams, &key);
    if (!data && !PINFO_FD_VISITED(pinfo) && wmem_map_size(rtp_streams) < FT_RTP_MAX_STREAMS) {
        data = rtp_data_new(pinfo, rtp_setup_frame(pinfo, flow));
        if (data)
            wmem_map_insert(rtp_streams, wmem_memdup(wmem_file_scope(), &key, sizeof key), data);
    }
    if (data && conversation_get_proto_data(conversation, proto_rtp) != data)
        conversation_add_proto_data(conversation, proto_rtp, data);
}

void
ft_rtp_prepare_flow(packet_info *pinfo, ft_flow_t *flow)
{
    rtp_prepare(pinfo, flow, 0);
}

/* Frame and place in the frame as one number, from 1. */
static void *
compound_key(const packet_info *pinfo, unsigned place)
{
    return (void *)(uintptr_t)((uint64_t)pinfo->num * FT_MAX_SUBPACKETS + place + 1);
}

static void
compound_keep(packet_info *pinfo, unsigned place)
{
    void *data = p_get_proto_data(wmem_file_scope(), pinfo, proto_rtp, FT_RTP_CONVERSATION_DATA);

    if (data && wmem_map_size(rtp_compound) < FT_RTP_MAX_COMPOUND)
        wmem_map_insert(rtp_compound, compound_key(pinfo, place), data);
}

/* Calls the stock dissector. It keeps what it found out on the first pass (extended sequence number, payload types) with the
 * frame, as if a frame had one RTP packet; a compound datagram has several, and all would get the numbers of the first one. So
 * each of them gets its own, which are put back on later passes. */
static void
rtp_call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    unsigned place = pkt->n_rtp - 1;
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    void *data = NULL;

    if (first_pass && place > 0) {
        if (place == 1)
            compound_keep(pinfo, 0);
        p_remove_proto_data(wmem_file_scope(), pinfo, proto_rtp, FT_RTP_CONVERSATION_DATA);
    } else if (!first_pass && wmem_map_size(rtp_compound) > 0) {
        data = wmem_map_lookup(rtp_compound, compound_key(pinfo, place));
    }
    if (data) {
        p_remove_proto_data(wmem_file_scope(), pinfo, proto_rtp, FT_RTP_CONVERSATION_DATA);
        p_add_proto_data(wmem_file_scope(), pinfo, proto_rtp, FT_RTP_CONVERSATION_DATA, data);
    }
    ft_call_stock(rtp_handle, tvb, pinfo, root, pkt);
    if (first_pass && place > 0)
        compound_keep(pinfo, place);
}

static void
rtp_extension(tvbuff_t *tvb, proto_tree *tree)
{
    int at = FT_RTP_HEADER_LEN + 4 * (ft_tvb_get_u8(tvb, 0) & 0x0f);
    unsigned words;

    if (!(ft_tvb_get_u8(tvb, 0) & 0x10))
        return;
    proto_tree_add_item(tree, hf_rtp_profile, tvb, at, 2, ENC_BIG_ENDIAN);
    words = tvb_get_ntohs(tvb, at + 2);
    at += 4;
    for (; words > 0; words--, at += 4)
        proto_tree_add_item(tree, hf_rtp_word, tvb, at, 4, ENC_BIG_ENDIAN);
}

/* Takes the fixed header into the packet facts. */
static void
rtp_header(tvbuff_t *tvb, ft_packet_t *pkt)
{
    ft_rtp_t *rtp;

    if (pkt->n_rtp >= array_length(pkt->rtp))
        return;
    rtp = &pkt->rtp[pkt->n_rtp++];
    rtp->payload_type = ft_tvb_get_u8(tvb, 1) & 0x7f;
    rtp->marker = (ft_tvb_get_u8(tvb, 1) & 0x80) != 0;
    rtp->seq = tvb_get_ntohs(tvb, 2);
    rtp->timestamp = tvb_get_ntohl(tvb, 4);
    rtp->ssrc = tvb_get_ntohl(tvb, 8);
    rtp->length = tvb_reported_length(tvb);
}

/* rtp_match() has seen that the fixed header is captured. */
static void
rtp_note(tvbuff_t *tvb, packet_info *pinfo _U_, ft_packet_t *pkt)
{
    rtp_header(tvb, pkt);
}

void
ft_rtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_tree *tree;
    uint8_t payload_type;

    if (rtp_is_rtcp(tvb)) {
        pkt->phase = FT_PHASE_MEDIA;
        ft_call_stock(rtcp_handle, tvb, pinfo, root, pkt);
        return;
    }
    pkt->phase = FT_PHASE_MEDIA;
    payload_type = ft_tvb_get_u8(tvb, 1) & 0x7f;
    rtp_header(tvb, pkt);
    if (ft_tree) {
        tree = proto_tree_add_subtree_format(ft_tree, tvb, 0, -1, ett_rtp, NULL, "RTP: %s", ft_rtp_name(payload_type));
        proto_item_set_generated(proto_tree_add_string(tree, hf_rtp_payload_name, tvb, 1, 1, ft_rtp_name(payload_type)));
        proto_item_set_generated(proto_tree_add_string(tree, hf_rtp_media, tvb, 1, 1,
                                 ft_rtp_media(payload_type) == FT_MEDIA_VIDEO ? "video" :
                                 ft_rtp_media(payload_type) == FT_MEDIA_AUDIO ? "audio" : "unknown"));
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_rtp_encrypted, tvb, 0, 0, true));
        rtp_extension(tvb, tree);
    }
    rtp_prepare(pinfo, pkt->flow, tvb_get_ntohl(tvb, 8));
    rtp_call_stock(tvb, pinfo, root, pkt);
}

static bool
rtp_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    return ft_rtp_match(tvb, pinfo, evidence);
}

static bool
rtcp_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow _U_, uint32_t *evidence _U_)
{
    return rtcp_form(tvb);
}

static void
rtp_init(void)
{
    rtp_streams = wmem_map_new(wmem_file_scope(), rtp_hash, rtp_equal);
    rtp_compound = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    rtp_number = 0;
}

static void
rtp_register(void)
{
    static hf_register_info hf[] = {
        { &hf_rtp_payload_name, { "Payload Type Name", "facetime.rtp.payload_name", FT_STRING, BASE_NONE,
            NULL, 0x0, "What FaceTime uses this payload type for", HFILL } },
        { &hf_rtp_media, { "Media", "facetime.rtp.media", FT_STRING, BASE_NONE,
            NULL, 0x0, "audio or video, by payload type", HFILL } },
        { &hf_rtp_profile, { "Extension Bit Field", "facetime.rtp.extension.profile", FT_UINT16, BASE_HEX,
            NULL, 0x0, "The extension's profile word, which is a bit field here [bits unknown]", HFILL } },
        { &hf_rtp_word, { "Extension Word", "facetime.rtp.extension.word", FT_UINT32, BASE_HEX,
            NULL, 0x0, "One word of the header extension [meaning unknown]", HFILL } },
        { &hf_rtp_encrypted, { "Payload Encrypted", "facetime.rtp.encrypted", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The media payload is encrypted; its keys are not on this flow", HFILL } },
    };
    static int *ett[] = { &ett_rtp };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_init_routine(rtp_init);
}

static void
rtp_handoff(void)
{
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    proto_rtp = proto_get_id_by_filter_name("rtp");
}

const ft_wire_t ft_wire_rtp = {
    .kind = FT_KIND_RTP,
    .register_fields = rtp_register,
    .handoff = rtp_handoff,
    .match = rtp_match,
    .dissect = ft_rtp_dissect,
    .note = rtp_note,
};

/* RTP's struct registers and finds what RTCP needs. */
const ft_wire_t ft_wire_rtcp = {
    .kind = FT_KIND_RTCP,
    .match = rtcp_match,
    .dissect = ft_rtp_dissect,
};
