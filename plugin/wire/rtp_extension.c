/* rtp_extension.c
 * The RTP header extension of FaceTime ("media control info"): its profile word is a bit field that says what follows.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---+---+-+-+---+-------+-+-+-+-+-------------------------------+
 *     |ver|src|B|M|ori|  LTR  |P|F|L|N|        length in words        |   video, version 1 or 2
 *     +---+---+-+-+---+-------+-+-+-+-+-------------------------------+
 *       L: u32 RTP time stamp of a long-term reference frame of the other side that was received
 *       N: u16 packets of the frame, u16 number of the frame (version 2 only)
 *       F: forward error correction, 4 to 36 bytes: what the others leave
 *       P: u32 probe
 *
 *     +---+---+-+-+-+-+---------------+-------------------------------+
 *     |ver| 0 |E|V|S|T|  rate bucket  |        length in words        |   audio, version 2
 *     +---+---+-+-+-+-+---------------+-------------------------------+
 *       always: u16 send time of the latest packet of the other side, u16 kilobytes received, u16 burst loss and packets received
 *       T: u16 queueing delay, u16 send time of this packet, u16 one-way delay
 *       V: u16 burst loss, frame and loss of video, u16 bandwidth
 *       E: two u16 counters of explicit congestion notification
 *       S: 4 bytes of statistics of the connection
 *
 * Sources: the names and their order are those of Apple's AVConference framework (VCMediaControlInfoFaceTimeVideo and
 * VCMediaControlInfoFaceTimeAudio) in public decompilations, and of the OpenBubbles project's rustpush. Measured on 3,856 extensions
 * of two real calls: all have exactly the length that their bits say; "packets of the frame" is the number of packets in 1,402 of 1,402
 * frames; all 817 reference time stamps are of a frame of the other side whose LTR bits are not 0; all 815 send times that are echoed are
 * of a packet of the other side, and the count beside each is that of the packets received by then; where the same one is echoed again, the
 * queueing delay has grown by the time between (277 of 277); the length in 56 headers of error correction is that of the payload.
 *
 * The extension of iOS 4 to 9 has the profile 0x4400 and two words for audio and video alike, so it is none of these two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

#include <wsutil/str_util.h>

#define FT_EXT_HEADER_LEN       4
#define FT_EXT_VERSION(profile) ((profile) >> 14)

#define FT_VIDEO_FRAME  0x0001
#define FT_VIDEO_LTR    0x0002
#define FT_VIDEO_FEC    0x0004
#define FT_VIDEO_PROBE  0x0008

#define FT_AUDIO_TIMING 0x0100
#define FT_AUDIO_STATS  0x0200
#define FT_AUDIO_VIDEO  0x0400
#define FT_AUDIO_ECN    0x0800
#define FT_AUDIO_UNKNOWN 0x3000

/* AVConference refuses more. */
#define FT_FEC_MAX_LEN  36
/* Of a packet with media: its number in the group, a mark, and its length. Measured. */
#define FT_FEC_SOURCE_LEN 4
/* Of a packet with parity: the same, then a count and the length of each packet with media. Measured. */
#define FT_FEC_PARITY_LEN 6
#define FT_FEC_IS_SOURCE 0x80

/* Units of the clock of send times in a second. Measured: 61.44 between packets that are 60 ms apart; so in rustpush. */
#define FT_SEND_CLOCK   1024.0
/* The one-way delay is in units of 1/8192 s ("q13" in rustpush). */
#define FT_OWD_CLOCK    8192.0

static int hf_ext = -1;
static int hf_ext_profile = -1;
static int hf_ext_length = -1;
static int hf_ext_word = -1;
static int hf_ext_version = -1;
static int hf_ext_source = -1;
static int hf_ext_back = -1;
static int hf_ext_mirrored = -1;
static int hf_ext_orientation = -1;
static int hf_ext_ltr_bits = -1;
static int hf_ext_has_probe = -1;
static int hf_ext_has_fec = -1;
static int hf_ext_has_ltr = -1;
static int hf_ext_has_frame = -1;
static int hf_ext_ltr_timestamp = -1;
static int hf_ext_frame_packets = -1;
static int hf_ext_frame_number = -1;
static int hf_ext_fec = -1;
static int hf_ext_fec_packet = -1;
static int hf_ext_fec_source = -1;
static int hf_ext_fec_unknown = -1;
static int hf_ext_fec_length = -1;
static int hf_ext_fec_sources = -1;
static int hf_ext_fec_source_length = -1;
static int hf_ext_probe = -1;
static int hf_ext_unknown_bits = -1;
static int hf_ext_has_ecn = -1;
static int hf_ext_has_video = -1;
static int hf_ext_has_stats = -1;
static int hf_ext_has_timing = -1;
static int hf_ext_rate_bucket = -1;
static int hf_ext_old_counter = -1;
static int hf_ext_old_second = -1;
static int hf_ext_echo_time = -1;
static int hf_ext_received_kbytes = -1;
static int hf_ext_audio_burst_loss = -1;
static int hf_ext_audio_received = -1;
static int hf_ext_queueing_delay = -1;
static int hf_ext_send_time = -1;
static int hf_ext_one_way_delay = -1;
static int hf_ext_video_burst_loss = -1;
static int hf_ext_video_frame_packets = -1;
static int hf_ext_video_lost = -1;
static int hf_ext_bandwidth = -1;
static int hf_ext_ecn_ect1 = -1;
static int hf_ext_ecn_ce = -1;
static int hf_ext_stats_index = -1;
static int hf_ext_stats_secondary = -1;
static int hf_ext_stats_primary = -1;
static int hf_ext_stats_total = -1;
static int ett_ext = -1;
static int ett_ext_profile = -1;
static int ett_ext_fec = -1;
static int ett_ext_words = -1;
static expert_field ei_ext_length = EI_INIT;
static expert_field ei_ext_unknown = EI_INIT;

static int *const video_bits[] = {
    &hf_ext_version, &hf_ext_source, &hf_ext_back, &hf_ext_mirrored, &hf_ext_orientation, &hf_ext_ltr_bits,
    &hf_ext_has_probe, &hf_ext_has_fec, &hf_ext_has_ltr, &hf_ext_has_frame, NULL
};

static int *const audio_bits[] = {
    &hf_ext_version, &hf_ext_unknown_bits, &hf_ext_has_ecn, &hf_ext_has_video, &hf_ext_has_stats, &hf_ext_has_timing,
    &hf_ext_rate_bucket, NULL
};

/* rustpush; 0 and 2 were seen. */
static const value_string orientation_vals[] = {
    { 0, "portrait" },
    { 1, "portrait, upside down" },
    { 2, "landscape left" },
    { 3, "landscape right" },
    { 0, NULL }
};

static const value_string source_vals[] = {
    { 0, "camera" },
    { 1, "screen" },
    { 0, NULL }
};

/* A value, if the capture has it: what was cut off must not keep the stock dissector from showing the rest. */
static void
add_value(proto_tree *tree, int hf, tvbuff_t *tvb, int at, int len)
{
    if (tvb_bytes_exist(tvb, at, len))
        proto_tree_add_item(tree, hf, tvb, at, len, ENC_BIG_ENDIAN);
}

/* The same for a time in units of 1/clock s, with the milliseconds that it is. */
static void
add_time(proto_tree *tree, int hf, tvbuff_t *tvb, int at, double clock)
{
    char text[FT_DECIMAL_LEN];

    if (tvb_bytes_exist(tvb, at, 2))
        proto_item_append_text(proto_tree_add_item(tree, hf, tvb, at, 2, ENC_BIG_ENDIAN), " (%s ms)",
                               ft_decimal(text, tvb_get_ntohs(tvb, at) * 1000.0 / clock, 1));
}

/* Forward error correction. Two forms were seen; another one is left as bytes. */
static void
extension_fec(tvbuff_t *tvb, int at, int len, proto_tree *tree)
{
    proto_tree *sub;
    bool source, parity;

    if (len <= 0 || !tvb_bytes_exist(tvb, at, len))
        return;
    sub = proto_item_add_subtree(proto_tree_add_item(tree, hf_ext_fec, tvb, at, len, ENC_NA), ett_ext_fec);
    source = len >= FT_FEC_SOURCE_LEN && (ft_tvb_get_u8(tvb, at + 1) & FT_FEC_IS_SOURCE);
    parity = len >= FT_FEC_PARITY_LEN && !source && len == FT_FEC_PARITY_LEN + 2 * tvb_get_ntohs(tvb, at + FT_FEC_SOURCE_LEN);

    if (!parity && !(source && len == FT_FEC_SOURCE_LEN))
        return;
    add_value(sub, hf_ext_fec_packet, tvb, at, 1);
    add_value(sub, hf_ext_fec_source, tvb, at + 1, 1);
    add_value(sub, hf_ext_fec_unknown, tvb, at + 2, 2);
    add_value(sub, hf_ext_fec_length, tvb, at + 2, 2);
    if (!parity)
        return;
    add_value(sub, hf_ext_fec_sources, tvb, at + FT_FEC_SOURCE_LEN, 2);
    for (int i = FT_FEC_PARITY_LEN; i < len; i += 2)
        add_value(sub, hf_ext_fec_source_length, tvb, at + i, 2);
}

/* Bytes that the profile promises; -1 where it does not tell. With error correction: at least so many, at most 36 more. */
static int
video_length(uint16_t profile)
{
    int len = 0;

    if (profile & FT_VIDEO_LTR)
        len += 4;
    if ((profile & FT_VIDEO_FRAME) && FT_EXT_VERSION(profile) == 2)
        len += 4;
    if (profile & FT_VIDEO_PROBE)
        len += 4;
    return len;
}

static void
extension_video(tvbuff_t *tvb, int at, int len, proto_tree *tree, uint16_t profile)
{
    int end = at + len;

    if (profile & FT_VIDEO_LTR) {
        add_value(tree, hf_ext_ltr_timestamp, tvb, at, 4);
        at += 4;
    }
    if ((profile & FT_VIDEO_FRAME) && FT_EXT_VERSION(profile) == 2) {
        add_value(tree, hf_ext_frame_packets, tvb, at, 2);
        add_value(tree, hf_ext_frame_number, tvb, at + 2, 2);
        at += 4;
    }
    if (profile & FT_VIDEO_PROBE)
        end -= 4;
    if (profile & FT_VIDEO_FEC)
        extension_fec(tvb, at, end - at, tree);
    if (profile & FT_VIDEO_PROBE)
        add_value(tree, hf_ext_probe, tvb, end, 4);
}

static int
audio_length(uint16_t profile)
{
    int len = 6;

    if (profile & FT_AUDIO_TIMING)
        len += 6;
    if (profile & FT_AUDIO_VIDEO)
        len += 4;
    if (profile & FT_AUDIO_ECN)
        len += 4;
    if (profile & FT_AUDIO_STATS)
        len += 4;
    return len;
}

static void
extension_audio(tvbuff_t *tvb, int at, proto_tree *tree, uint16_t profile)
{
    add_value(tree, hf_ext_echo_time, tvb, at, 2);
    add_value(tree, hf_ext_received_kbytes, tvb, at + 2, 2);
    add_value(tree, hf_ext_audio_burst_loss, tvb, at + 4, 2);
    add_value(tree, hf_ext_audio_received, tvb, at + 4, 2);
    at += 6;
    if (profile & FT_AUDIO_TIMING) {
        add_time(tree, hf_ext_queueing_delay, tvb, at, FT_SEND_CLOCK);
        add_value(tree, hf_ext_send_time, tvb, at + 2, 2);
        add_time(tree, hf_ext_one_way_delay, tvb, at + 4, FT_OWD_CLOCK);
        at += 6;
    }
    if (profile & FT_AUDIO_VIDEO) {
        add_value(tree, hf_ext_video_burst_loss, tvb, at, 2);
        add_value(tree, hf_ext_video_frame_packets, tvb, at, 2);
        add_value(tree, hf_ext_video_lost, tvb, at, 2);
        add_value(tree, hf_ext_bandwidth, tvb, at + 2, 2);
        at += 4;
    }
    if (profile & FT_AUDIO_ECN) {
        add_value(tree, hf_ext_ecn_ect1, tvb, at, 2);
        add_value(tree, hf_ext_ecn_ce, tvb, at + 2, 2);
        at += 4;
    }
    if (profile & FT_AUDIO_STATS) {
        add_value(tree, hf_ext_stats_index, tvb, at, 1);
        add_value(tree, hf_ext_stats_secondary, tvb, at + 1, 1);
        add_value(tree, hf_ext_stats_primary, tvb, at + 2, 1);
        add_value(tree, hf_ext_stats_total, tvb, at + 3, 1);
    }
}

/* The bits say what follows; are they of a form that is known, and is the length right? Then the words have names. */
static void
extension_named(tvbuff_t *tvb, int at, int words, packet_info *pinfo, proto_tree *tree, proto_item *profile_item, uint16_t profile, uint32_t media)
{
    unsigned version = FT_EXT_VERSION(profile);
    int len = 4 * words, promised;
    bool fec = false;

    if (profile == FT_RTP_PROFILE_4400 && words == FT_RTP_PROFILE_4400_LEN) {
        add_value(tree, hf_ext_old_counter, tvb, at, 4);
        add_value(tree, hf_ext_old_second, tvb, at + 4, 4);
        return;
    }
    if (media == FT_MEDIA_VIDEO && (version == 1 || version == 2)) {
        proto_tree_add_bitmask_list(proto_item_add_subtree(profile_item, ett_ext_profile), tvb, at - FT_EXT_HEADER_LEN, 2, video_bits, ENC_BIG_ENDIAN);
        promised = video_length(profile);
        fec = (profile & FT_VIDEO_FEC) != 0;
    } else if (media == FT_MEDIA_AUDIO && version == 2) {
        proto_tree_add_bitmask_list(proto_item_add_subtree(profile_item, ett_ext_profile), tvb, at - FT_EXT_HEADER_LEN, 2, audio_bits, ENC_BIG_ENDIAN);
        /* Whole words: what does not fill one is followed by padding. */
        promised = (audio_length(profile) + 3) & ~3;
        if (profile & FT_AUDIO_UNKNOWN) {
            expert_add_info(pinfo, profile_item, &ei_ext_unknown);
            return;
        }
    } else {
        expert_add_info(pinfo, profile_item, &ei_ext_unknown);
        return;
    }
    if (fec ? len < promised || len > promised + FT_FEC_MAX_LEN : len != promised) {
        expert_add_info_format(pinfo, profile_item, &ei_ext_length, "The profile says %d bytes%s, the extension has %d",
                               promised, fec ? " and error correction" : "", len);
        return;
    }
    if (media == FT_MEDIA_VIDEO)
        extension_video(tvb, at, len, tree, profile);
    else
        extension_audio(tvb, at, tree, profile);
}

/* ---- The facts, with or without a tree ------------------------------------------------------------ */

/* What turns and flips a picture, and where it comes from: all but version and what follows. */
#define FT_VIDEO_VIEW(profile) (((profile) >> 8) & 0x3f)

/* The same form that extension_fec() shows as parity. */
static bool
fec_is_parity(const uint8_t *bytes, int len)
{
    return len >= FT_FEC_PARITY_LEN && !(bytes[1] & FT_FEC_IS_SOURCE) && len == FT_FEC_PARITY_LEN + 2 * ft_u16(bytes + FT_FEC_SOURCE_LEN);
}

static void
read_video(const uint8_t *bytes, int len, uint16_t profile, ft_picture_t *picture)
{
    int promised = video_length(profile);
    bool fec = (profile & FT_VIDEO_FEC) != 0;

    if (fec ? len < promised || len > promised + FT_FEC_MAX_LEN : len != promised)
        return;
    picture->known = true;
    picture->view = FT_VIDEO_VIEW(profile);
    if (profile & FT_VIDEO_LTR)
        bytes += 4;
    if ((profile & FT_VIDEO_FRAME) && FT_EXT_VERSION(profile) == 2) {
        picture->packets = ft_u16(bytes);
        bytes += 4;
    }
    picture->parity = fec && fec_is_parity(bytes, len - promised);
}

static void
read_audio(const uint8_t *bytes, int len, uint16_t profile, ft_report_t *report)
{
    if ((profile & FT_AUDIO_UNKNOWN) || len != ((audio_length(profile) + 3) & ~3))
        return;
    bytes += 6;
    if (profile & FT_AUDIO_TIMING) {
        report->has_timing = true;
        report->queueing_delay = ft_u16(bytes);
        report->one_way_delay = ft_u16(bytes + 4);
        bytes += 6;
    }
    if (profile & FT_AUDIO_VIDEO) {
        report->has_video = true;
        report->bandwidth = ft_u16(bytes + 2);
    }
}

unsigned
ft_rtp_extension_read(const ft_rtp_bytes_t *packet, unsigned offset, ft_rtp_t *rtp)
{
    unsigned at = offset + FT_EXT_HEADER_LEN, version;
    const uint8_t *bytes = packet->bytes + at;
    uint16_t profile;
    int len;

    if (at > packet->captured)
        return at;
    profile = ft_u16(bytes - FT_EXT_HEADER_LEN);
    len = 4 * ft_u16(bytes + 2 - FT_EXT_HEADER_LEN);
    version = FT_EXT_VERSION(profile);
    if (profile != FT_RTP_PROFILE_4400 && at + (unsigned)len <= packet->captured) {
        if (rtp->media == FT_MEDIA_VIDEO && (version == 1 || version == 2))
            read_video(bytes, len, profile, &rtp->picture);
        else if (rtp->media == FT_MEDIA_AUDIO && version == 2)
            read_audio(bytes, len, profile, &rtp->report);
    }
    return at + (unsigned)len;
}

int
ft_rtp_extension_dissect(tvbuff_t *tvb, int offset, packet_info *pinfo, proto_tree *tree, uint32_t media)
{
    proto_item *item, *profile_item;
    proto_tree *ext, *list;
    uint16_t profile, words;
    int at = offset + FT_EXT_HEADER_LEN;

    if (!tvb_bytes_exist(tvb, offset, FT_EXT_HEADER_LEN))
        return at;
    profile = tvb_get_ntohs(tvb, offset);
    words = tvb_get_ntohs(tvb, offset + 2);
    item = proto_tree_add_none_format(tree, hf_ext, tvb, offset, MIN(FT_EXT_HEADER_LEN + 4 * words, tvb_captured_length_remaining(tvb, offset)),
                                      "Header Extension: 0x%04x, %u word%s", profile, words, plurality(words, "", "s"));
    ext = proto_item_add_subtree(item, ett_ext);
    profile_item = proto_tree_add_item(ext, hf_ext_profile, tvb, offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(ext, hf_ext_length, tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    extension_named(tvb, at, words, pinfo, ext, profile_item, profile, media);
    if (words > 0 && tvb_bytes_exist(tvb, at, 4)) {
        list = proto_tree_add_subtree_format(ext, tvb, at, MIN(4 * words, tvb_captured_length_remaining(tvb, at)), ett_ext_words, NULL, "Words");
        for (int i = 0; i < words && tvb_bytes_exist(tvb, at + 4 * i, 4); i++)
            proto_tree_add_item(list, hf_ext_word, tvb, at + 4 * i, 4, ENC_BIG_ENDIAN);
    }
    return at + 4 * words;
}

void
ft_rtp_extension_register(void)
{
    static hf_register_info hf[] = {
        { &hf_ext, { "Header Extension", "facetime.rtp.extension", FT_NONE, BASE_NONE,
            NULL, 0x0, "What FaceTime sends in the clear with its encrypted media", HFILL } },
        { &hf_ext_profile, { "Profile", "facetime.rtp.extension.profile", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A bit field here: it says what the words hold", HFILL } },
        { &hf_ext_length, { "Length", "facetime.rtp.extension.words", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Words that follow", HFILL } },
        { &hf_ext_word, { "Word", "facetime.rtp.extension.word", FT_UINT32, BASE_HEX,
            NULL, 0x0, "One word of the header extension, as it is", HFILL } },
        { &hf_ext_version, { "Version", "facetime.rtp.extension.version", FT_UINT16, BASE_DEC,
            NULL, 0xc000, "Version of the control information: 2 between two devices, 1 in a group or before one is alone with the other", HFILL } },
        { &hf_ext_source, { "Source", "facetime.rtp.extension.source", FT_UINT16, BASE_DEC,
            VALS(source_vals), 0x3000, "Where the picture comes from", HFILL } },
        { &hf_ext_back, { "Back Camera", "facetime.rtp.extension.back_camera", FT_BOOLEAN, 16,
            NULL, 0x0800, "The camera on the back, not the one above the screen", HFILL } },
        { &hf_ext_mirrored, { "Mirrored", "facetime.rtp.extension.mirrored", FT_BOOLEAN, 16,
            NULL, 0x0400, "The picture is to be mirrored", HFILL } },
        { &hf_ext_orientation, { "Orientation", "facetime.rtp.extension.orientation", FT_UINT16, BASE_DEC,
            VALS(orientation_vals), 0x0300, "How the sender's device is held", HFILL } },
        { &hf_ext_ltr_bits, { "Long-Term Reference", "facetime.rtp.extension.ltr", FT_UINT16, BASE_DEC,
            NULL, 0x00f0, "Not 0: the frame is one that later frames may refer to, and the receiver acknowledges it", HFILL } },
        { &hf_ext_has_probe, { "Probe Follows", "facetime.rtp.extension.has_probe", FT_BOOLEAN, 16,
            NULL, 0x0008, "The last word is the probe", HFILL } },
        { &hf_ext_has_fec, { "Error Correction Follows", "facetime.rtp.extension.has_fec", FT_BOOLEAN, 16,
            NULL, 0x0004, "A header of forward error correction is among the words", HFILL } },
        { &hf_ext_has_ltr, { "Reference Time Stamp Follows", "facetime.rtp.extension.has_ltr_timestamp", FT_BOOLEAN, 16,
            NULL, 0x0002, "The first word acknowledges a frame", HFILL } },
        { &hf_ext_has_frame, { "Frame Information Follows", "facetime.rtp.extension.has_frame", FT_BOOLEAN, 16,
            NULL, 0x0001, "A word says how many packets the frame has (version 2)", HFILL } },
        { &hf_ext_ltr_timestamp, { "Reference Time Stamp", "facetime.rtp.extension.ltr_timestamp", FT_UINT32, BASE_DEC,
            NULL, 0x0, "RTP time stamp of the other side's long-term reference frame that this side has", HFILL } },
        { &hf_ext_frame_packets, { "Packets of the Frame", "facetime.rtp.extension.frame_packets", FT_UINT16, BASE_DEC,
            NULL, 0x0, "RTP packets that make up this frame", HFILL } },
        { &hf_ext_frame_number, { "Frame Number", "facetime.rtp.extension.frame_number", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Counts the frames of the stream", HFILL } },
        { &hf_ext_fec, { "Error Correction", "facetime.rtp.extension.fec", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Header of forward error correction", HFILL } },
        { &hf_ext_fec_packet, { "Packet of the Group", "facetime.rtp.extension.fec.packet", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Place in the group: 8, 9, 10 are parity, 11 to 15 media, as far as was seen", HFILL } },
        { &hf_ext_fec_source, { "Carries Media", "facetime.rtp.extension.fec.source", FT_BOOLEAN, 8,
            NULL, FT_FEC_IS_SOURCE, "Media; else parity, which has the sequence number of the last packet with media", HFILL } },
        { &hf_ext_fec_unknown, { "Bits 11 to 15 [unknown]", "facetime.rtp.extension.fec.unknown", FT_UINT16, BASE_DEC,
            NULL, 0xf800, "19 in all packets seen", HFILL } },
        { &hf_ext_fec_length, { "Payload Length", "facetime.rtp.extension.fec.length", FT_UINT16, BASE_DEC,
            NULL, 0x07ff, "Bytes of the payload; of parity: of the longest payload that it protects", HFILL } },
        { &hf_ext_fec_sources, { "Packets with Media", "facetime.rtp.extension.fec.sources", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Packets that the parity protects", HFILL } },
        { &hf_ext_fec_source_length, { "Their Payload Length", "facetime.rtp.extension.fec.source_length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the payload of one packet that the parity protects", HFILL } },
        { &hf_ext_probe, { "Probe [guess: a time stamp]", "facetime.rtp.extension.probe", FT_UINT32, BASE_DEC,
            NULL, 0x0, "In version 2 within 1,500 ticks of the packet's own time stamp, mostly whole blocks of 480; 0 in version 1", HFILL } },
        { &hf_ext_unknown_bits, { "Unknown Bits", "facetime.rtp.extension.unknown_bits", FT_UINT16, BASE_HEX,
            NULL, FT_AUDIO_UNKNOWN, "Never seen set on audio", HFILL } },
        { &hf_ext_has_ecn, { "Congestion Counters Follow", "facetime.rtp.extension.has_ecn", FT_BOOLEAN, 16,
            NULL, FT_AUDIO_ECN, "Two counters of explicit congestion notification are there", HFILL } },
        { &hf_ext_has_video, { "Video Feedback Follows", "facetime.rtp.extension.has_video", FT_BOOLEAN, 16,
            NULL, FT_AUDIO_VIDEO, "Loss of video and the bandwidth are there", HFILL } },
        { &hf_ext_has_stats, { "Connection Statistics Follow", "facetime.rtp.extension.has_stats", FT_BOOLEAN, 16,
            NULL, FT_AUDIO_STATS, "The last word has statistics of the connection", HFILL } },
        { &hf_ext_has_timing, { "Times Follow", "facetime.rtp.extension.has_timing", FT_BOOLEAN, 16,
            NULL, FT_AUDIO_TIMING, "Delays and the send time are there", HFILL } },
        { &hf_ext_rate_bucket, { "Rate Bucket", "facetime.rtp.extension.rate_bucket", FT_UINT16, BASE_DEC,
            NULL, 0x00ff, "Step of the bit rate; 0 in all packets seen", HFILL } },
        { &hf_ext_old_counter, { "Counter [guess]", "facetime.rtp.extension.old.counter", FT_UINT32, BASE_HEX,
            NULL, 0x0, "First word of iOS 4 to 9: it grows from packet to packet", HFILL } },
        { &hf_ext_old_second, { "Second Word [unknown]", "facetime.rtp.extension.old.second", FT_UINT32, BASE_HEX,
            NULL, 0x0, "0 where it was seen", HFILL } },
        { &hf_ext_echo_time, { "Echoed Send Time", "facetime.rtp.extension.echo_time", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Send time of the latest audio packet that came from the other side; 0: none yet", HFILL } },
        { &hf_ext_received_kbytes, { "Kilobytes Received", "facetime.rtp.extension.received_kbytes", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Kilobytes received so far; 0 in all packets seen", HFILL } },
        { &hf_ext_audio_burst_loss, { "Audio Burst Loss", "facetime.rtp.extension.audio_burst_loss", FT_UINT16, BASE_DEC,
            NULL, 0xf000, "Audio packets that were lost in a row", HFILL } },
        { &hf_ext_audio_received, { "Audio Packets Received", "facetime.rtp.extension.audio_received", FT_UINT16, BASE_DEC,
            NULL, 0x0fff, "Audio packets of the other side that came so far", HFILL } },
        { &hf_ext_queueing_delay, { "Queueing Delay", "facetime.rtp.extension.queueing_delay", FT_UINT16, BASE_DEC,
            NULL, 0x0, "From the arrival of the packet whose send time is echoed to this one, in 1/1024 s", HFILL } },
        { &hf_ext_send_time, { "Send Time", "facetime.rtp.extension.send_time", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The sender's clock in 1/1024 s, from the RTP time stamp; the other side echoes it", HFILL } },
        { &hf_ext_one_way_delay, { "One-Way Delay", "facetime.rtp.extension.one_way_delay", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Delay of the other side's packets above its lowest, in 1/8192 s", HFILL } },
        { &hf_ext_video_burst_loss, { "Video Burst Loss", "facetime.rtp.extension.video_burst_loss", FT_UINT16, BASE_DEC,
            NULL, 0xf000, "Video packets that were lost in a row", HFILL } },
        { &hf_ext_video_frame_packets, { "Video Frame Packets", "facetime.rtp.extension.video_frame_packets", FT_UINT16, BASE_DEC,
            NULL, 0x0fc0, "Packets of a frame of the other side, the one with most loss", HFILL } },
        { &hf_ext_video_lost, { "Video Packets Lost", "facetime.rtp.extension.video_lost", FT_UINT16, BASE_DEC,
            NULL, 0x003f, "Packets of that frame that did not come", HFILL } },
        { &hf_ext_bandwidth, { "Bandwidth Estimate", "facetime.rtp.extension.bandwidth", FT_UINT16, BASE_DEC,
            NULL, 0x0, "What the sender thinks it can receive [unit unknown, kbit/s by its size]", HFILL } },
        { &hf_ext_ecn_ect1, { "ECT(1) Packets", "facetime.rtp.extension.ecn_ect1", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Packets that came marked ECT(1)", HFILL } },
        { &hf_ext_ecn_ce, { "CE Packets", "facetime.rtp.extension.ecn_ce", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Packets that came marked as having met congestion", HFILL } },
        { &hf_ext_stats_index, { "Statistics Interval", "facetime.rtp.extension.stats.interval", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Counts the intervals, about one second each", HFILL } },
        { &hf_ext_stats_secondary, { "Packets on the Second Path Only", "facetime.rtp.extension.stats.secondary", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Packets of the interval that only the second path brought", HFILL } },
        { &hf_ext_stats_primary, { "Packets on the First Path", "facetime.rtp.extension.stats.primary", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Packets of the interval on the first path", HFILL } },
        { &hf_ext_stats_total, { "Packets on All Paths", "facetime.rtp.extension.stats.total", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Different packets of the interval", HFILL } },
    };
    static int *ett[] = { &ett_ext, &ett_ext_profile, &ett_ext_fec, &ett_ext_words };
    static ei_register_info ei[] = {
        { &ei_ext_length, { "facetime.rtp.extension.bad_length", PI_PROTOCOL, PI_WARN,
            "The extension has not the length that its profile says", EXPFILL } },
        { &ei_ext_unknown, { "facetime.rtp.extension.unknown", PI_UNDECODED, PI_NOTE,
            "Profile of an unknown version, or of media that is not known", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
