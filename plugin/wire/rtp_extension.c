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
 *       P: u32 number of a cluster of packets that probe the bandwidth: the RTP time stamp of one of the sender's audio packets
 *
 *     +---+---+-+-+-+-+---------------+-------------------------------+
 *     |ver| 0 |E|V|S|T| queue target  |        length in words        |   audio, version 2
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
 * The word of error correction has three versions (VCFECHeader); all 56 of the real calls are of version 0:
 *
 *     |0 0| step  | position|M| group       |L|0|parity | payload length      |   M: media, else parity; L: the frame's last group
 *     |0 1| step  | position  |M| group       |L|parity | level in per cent |
 *     |1 0| ?     |P| position            | ?         | parity packets      |   P: parity
 *
 * Behind it parity has in version 0 a count and the length of each packet with media, filled with zeroes to whole words, and in the others
 * u16 redundant bits and u16 a sequence number of its own.
 *
 * In a group audio may have ROC and MKI instead (VCMediaControlInfoMultiwayAudio): u32 counter, u32 the beginning of the key identifier.
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
#define FT_AUDIO_PARTS  (FT_AUDIO_TIMING | FT_AUDIO_STATS | FT_AUDIO_VIDEO | FT_AUDIO_ECN)

/* AVConference refuses more. */
#define FT_FEC_MAX_LEN  36
/* The word that all have, and the parts of parity. */
#define FT_FEC_WORD_LEN     4
#define FT_FEC_COUNT_LEN    2       /* version 0: number of packets with media */
#define FT_FEC_PARITY_LEN   8       /* versions 1 and 2: all of it */
#define FT_FEC_VERSION(word) ((word) >> 30)
#define FT_FEC_V0_MEDIA     0x00800000u
#define FT_FEC_V1_MEDIA     0x00400000u
#define FT_FEC_V2_PARITY    0x04000000u

/* Group audio: counter and key. */
#define FT_MULTIWAY_WORDS   2
#define FT_MULTIWAY_MKI_AT  4
#define FT_MULTIWAY_MKI_LEN 4

/* AVConference: the target is in units of 20 ms; nothing was received yet; there is no measurement. */
#define FT_QUEUE_UNIT_MS    20
#define FT_NOTHING_RECEIVED 0
#define FT_NO_DELAY         0xffff

static int hf_ext_content = -1;
static int hf_ext = -1;
static int hf_ext_profile = -1;
static int hf_ext_length = -1;
static int hf_ext_word = -1;
static int hf_ext_version = -1;
static int hf_ext_not_set = -1;
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
static int hf_fec_version = -1;
static int hf_fec_v0_step = -1;
static int hf_fec_v0_position = -1;
static int hf_fec_v0_media = -1;
static int hf_fec_v0_group = -1;
static int hf_fec_v0_last = -1;
static int hf_fec_v0_zero = -1;
static int hf_fec_v0_parity = -1;
static int hf_fec_v0_length = -1;
static int hf_fec_v1_step = -1;
static int hf_fec_v1_position = -1;
static int hf_fec_v1_media = -1;
static int hf_fec_v1_group = -1;
static int hf_fec_v1_last = -1;
static int hf_fec_v1_parity = -1;
static int hf_fec_v1_level = -1;
static int hf_fec_v2_unknown = -1;
static int hf_fec_v2_parity = -1;
static int hf_fec_v2_position = -1;
static int hf_fec_v2_unknown_low = -1;
static int hf_fec_v2_packets = -1;
static int hf_fec_redundant_bits = -1;
static int hf_fec_parity_seq = -1;
static int hf_fec_padding = -1;
static int hf_ext_fec_sources = -1;
static int hf_ext_fec_source_length = -1;
static int hf_ext_probe = -1;
static int hf_ext_unknown_bits = -1;
static int hf_ext_has_ecn = -1;
static int hf_ext_has_video = -1;
static int hf_ext_has_stats = -1;
static int hf_ext_has_timing = -1;
static int hf_ext_queue_target = -1;
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
static int hf_ext_video_received = -1;
static int hf_ext_multiway_roc = -1;
static int hf_ext_multiway_mki = -1;
static int hf_ext_probe_first = -1;
static int hf_ext_probe_audio = -1;
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
    &hf_ext_queue_target, NULL
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
        proto_tree_add_uint(tree, hf, tvb, at, len, len == 1 ? ft_tvb_get_u8(tvb, at) : len == 2 ? tvb_get_ntohs(tvb, at) : tvb_get_ntohl(tvb, at));
}

/* The same for a time in units of 1/clock s, with the milliseconds that it is; one value means that there is none. */
static void
add_time_or(proto_tree *tree, int hf, tvbuff_t *tvb, int at, double clock, uint16_t none, const char *text)
{
    char milliseconds[FT_DECIMAL_LEN];
    ft_kept_text_t *kept;
    proto_item *item;
    uint16_t value;

    if (!tvb_bytes_exist(tvb, at, 2))
        return;
    value = tvb_get_ntohs(tvb, at);
    kept = ft_kept_text_of(hf, value);
    item = proto_tree_add_uint(tree, hf, tvb, at, 2, value);
    if (ft_kept_text_use(item, kept, value, (uint64_t)hf))
        return;
    if (value == none)
        proto_item_append_text(item, " (%s)", text);
    else
        proto_item_append_text(item, " (%s ms)", ft_decimal(milliseconds, value * 1000.0 / clock, 1));
    ft_kept_text_take(item, kept, value, (uint64_t)hf);
}

/* Media or parity? By the word of error correction. */
static bool
fec_has_media(uint32_t word)
{
    switch (FT_FEC_VERSION(word)) {
    case 0: return (word & FT_FEC_V0_MEDIA) != 0;
    case 1: return (word & FT_FEC_V1_MEDIA) != 0;
    default: return !(word & FT_FEC_V2_PARITY);
    }
}

/* Is the length of what follows the word of parity in version 0 that of its count? Whole words: an even count leaves two bytes. */
static bool
fec_lengths_fit(tvbuff_t *tvb, int at, int len)
{
    return len >= FT_FEC_COUNT_LEN && len == ((FT_FEC_COUNT_LEN * (1 + tvb_get_ntohs(tvb, at)) + 3) & ~3);
}

/* What follows the word of parity in version 0. Returns whether its length fits. */
static bool
fec_lengths(tvbuff_t *tvb, int at, int len, proto_tree *tree)
{
    int used;

    if (!fec_lengths_fit(tvb, at, len))
        return false;
    used = FT_FEC_COUNT_LEN * (1 + tvb_get_ntohs(tvb, at));
    add_value(tree, hf_ext_fec_sources, tvb, at, FT_FEC_COUNT_LEN);
    for (int i = FT_FEC_COUNT_LEN; i < used; i += 2)
        add_value(tree, hf_ext_fec_source_length, tvb, at + i, 2);
    if (used < len)
        add_value(tree, hf_fec_padding, tvb, at + used, len - used);
    return true;
}

/* Forward error correction. A version or a length that is not known is left as bytes. */
static void
extension_fec(tvbuff_t *tvb, int at, int len, proto_tree *tree)
{
    static int *const v0[] = { &hf_fec_version, &hf_fec_v0_step, &hf_fec_v0_position, &hf_fec_v0_media, &hf_fec_v0_group, &hf_fec_v0_last,
                               &hf_fec_v0_zero, &hf_fec_v0_parity, &hf_fec_v0_length, NULL };
    static int *const v1[] = { &hf_fec_version, &hf_fec_v1_step, &hf_fec_v1_position, &hf_fec_v1_media, &hf_fec_v1_group, &hf_fec_v1_last,
                               &hf_fec_v1_parity, &hf_fec_v1_level, NULL };
    static int *const v2[] = { &hf_fec_version, &hf_fec_v2_unknown, &hf_fec_v2_parity, &hf_fec_v2_position, &hf_fec_v2_unknown_low,
                               &hf_fec_v2_packets, NULL };
    static int *const *const layouts[] = { v0, v1, v2 };
    proto_tree *sub;
    uint32_t word;
    bool media;

    if (len <= 0 || !tvb_bytes_exist(tvb, at, len))
        return;
    sub = proto_item_add_subtree(proto_tree_add_item(tree, hf_ext_fec, tvb, at, len, ENC_NA), ett_ext_fec);
    word = len >= FT_FEC_WORD_LEN ? tvb_get_ntohl(tvb, at) : UINT32_MAX;
    if (FT_FEC_VERSION(word) >= array_length(layouts))
        return;
    media = fec_has_media(word);
    if (media ? len != FT_FEC_WORD_LEN : FT_FEC_VERSION(word) > 0 && len != FT_FEC_PARITY_LEN)
        return;
    if (!media && FT_FEC_VERSION(word) == 0 && !fec_lengths(tvb, at + FT_FEC_WORD_LEN, len - FT_FEC_WORD_LEN, sub))
        return;
    proto_tree_add_bitmask_list(sub, tvb, at, FT_FEC_WORD_LEN, layouts[FT_FEC_VERSION(word)], ENC_BIG_ENDIAN);
    if (!media && FT_FEC_VERSION(word) > 0) {
        add_value(sub, hf_fec_redundant_bits, tvb, at + FT_FEC_WORD_LEN, 2);
        add_value(sub, hf_fec_parity_seq, tvb, at + FT_FEC_WORD_LEN + 2, 2);
    }
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

/* The number of a probing cluster, and the packets that belong to it. */
static void
extension_probe(tvbuff_t *tvb, int at, proto_tree *tree, const ft_rtp_probe_t *probe)
{
    add_value(tree, hf_ext_probe, tvb, at, 4);
    if (!probe)
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_ext_probe_first, tvb, 0, 0, probe->frame));
    if (probe->audio_frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_ext_probe_audio, tvb, 0, 0, probe->audio_frame));
}

static void
extension_video(tvbuff_t *tvb, int at, int len, proto_tree *tree, uint16_t profile, const ft_rtp_probe_t *probe)
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
        extension_probe(tvb, end, tree, probe);
}

/* Bytes of the parts that the profile promises. Only version 2 has more than the first. */
static int
audio_length(uint16_t profile)
{
    int len = 6;

    if (FT_EXT_VERSION(profile) != 2)
        return len;
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
    bool more = FT_EXT_VERSION(profile) == 2;

    add_value(tree, hf_ext_echo_time, tvb, at, 2);
    add_value(tree, hf_ext_received_kbytes, tvb, at + 2, 2);
    add_value(tree, hf_ext_audio_burst_loss, tvb, at + 4, 2);
    add_value(tree, hf_ext_audio_received, tvb, at + 4, 2);
    at += 6;
    if (more && (profile & FT_AUDIO_TIMING)) {
        add_time_or(tree, hf_ext_queueing_delay, tvb, at, FT_REPORT_QUEUEING_CLOCK, FT_NOTHING_RECEIVED, "nothing was received yet");
        add_value(tree, hf_ext_send_time, tvb, at + 2, 2);
        add_time_or(tree, hf_ext_one_way_delay, tvb, at + 4, FT_REPORT_DELAY_CLOCK, FT_NO_DELAY, "none");
        at += 6;
    }
    if (more && (profile & FT_AUDIO_VIDEO)) {
        add_value(tree, hf_ext_video_burst_loss, tvb, at, 2);
        add_value(tree, hf_ext_video_frame_packets, tvb, at, 2);
        add_value(tree, hf_ext_video_lost, tvb, at, 2);
        add_value(tree, hf_ext_video_received, tvb, at, 2);
        add_value(tree, hf_ext_bandwidth, tvb, at + 2, 2);
        at += 4;
    }
    if (more && (profile & FT_AUDIO_ECN)) {
        add_value(tree, hf_ext_ecn_ect1, tvb, at, 2);
        add_value(tree, hf_ext_ecn_ce, tvb, at + 2, 2);
        at += 4;
    }
    if (more && (profile & FT_AUDIO_STATS)) {
        add_value(tree, hf_ext_stats_index, tvb, at, 1);
        add_value(tree, hf_ext_stats_secondary, tvb, at + 1, 1);
        add_value(tree, hf_ext_stats_primary, tvb, at + 2, 1);
        add_value(tree, hf_ext_stats_total, tvb, at + 3, 1);
    }
}

/* Audio of a group may have counter and key there: the second word is the beginning of the packet's key identifier. */
static bool
extension_multiway(tvbuff_t *tvb, int at, int words, proto_tree *tree, const ft_rtp_t *rtp)
{
    if (words != FT_MULTIWAY_WORDS || !tvb_bytes_exist(tvb, at, 4 * words) || rtp->mki_len == 0 ||
        tvb_memeql(tvb, at + FT_MULTIWAY_MKI_AT, rtp->mki, MIN(rtp->mki_len, FT_MULTIWAY_MKI_LEN)) != 0)
        return false;
    add_value(tree, hf_ext_multiway_roc, tvb, at, FT_MULTIWAY_MKI_AT);
    proto_tree_add_item(tree, hf_ext_multiway_mki, tvb, at + FT_MULTIWAY_MKI_AT, FT_MULTIWAY_MKI_LEN, ENC_NA);
    return true;
}

/* The bits say what follows; are they of a form that is known, and is the length right? Then the words have names. */
static void
extension_named(tvbuff_t *tvb, int at, int words, packet_info *pinfo, proto_tree *tree, proto_item *profile_item, uint16_t profile,
                const ft_rtp_t *rtp, const ft_rtp_probe_t *probe)
{
    unsigned version = FT_EXT_VERSION(profile);
    int len = 4 * words, promised;
    uint32_t media = rtp->media;
    bool fec = false;

    if (profile == FT_RTP_PROFILE_4400 && words == FT_RTP_PROFILE_4400_LEN) {
        add_value(tree, hf_ext_old_counter, tvb, at, 4);
        add_value(tree, hf_ext_old_second, tvb, at + 4, 4);
        return;
    }
    if (media == FT_MEDIA_AUDIO && version != 2 && extension_multiway(tvb, at, words, tree, rtp))
        return;
    if (media == FT_MEDIA_VIDEO && (version == 1 || version == 2)) {
        ft_add_flags_below(proto_item_add_subtree(profile_item, ett_ext_profile), tvb, at - FT_EXT_HEADER_LEN, 2, video_bits, hf_ext_not_set, profile);
        promised = video_length(profile);
        fec = (profile & FT_VIDEO_FEC) != 0;
    } else if (media == FT_MEDIA_AUDIO && (version == 1 || version == 2)) {
        ft_add_flags_below(proto_item_add_subtree(profile_item, ett_ext_profile), tvb, at - FT_EXT_HEADER_LEN, 2, audio_bits, hf_ext_not_set, profile);
        /* Whole words: what does not fill one is followed by padding. */
        promised = (audio_length(profile) + 3) & ~3;
        if (profile & FT_AUDIO_UNKNOWN || (version == 1 && (profile & FT_AUDIO_PARTS))) {
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
        extension_video(tvb, at, len, tree, profile, probe);
    else
        extension_audio(tvb, at, tree, profile);
}

/* ---- The facts, with or without a tree ------------------------------------------------------------ */

/* What turns and flips a picture, and where it comes from: all but version and what follows. */
#define FT_VIDEO_VIEW(profile) (((profile) >> 8) & 0x3f)

/* Does the word say parity, and is the length what parity has? As extension_fec() shows it. */
static bool
fec_is_parity(const uint8_t *bytes, int len)
{
    uint32_t word;
    int used;

    if (len <= FT_FEC_WORD_LEN)
        return false;
    word = (uint32_t)ft_u16(bytes) << 16 | ft_u16(bytes + 2);
    if (FT_FEC_VERSION(word) > 2 || fec_has_media(word))
        return false;
    if (FT_FEC_VERSION(word))
        return len == FT_FEC_PARITY_LEN;
    used = len >= FT_FEC_WORD_LEN + FT_FEC_COUNT_LEN ? FT_FEC_COUNT_LEN * (1 + ft_u16(bytes + FT_FEC_WORD_LEN)) : 0;
    return used && len == FT_FEC_WORD_LEN + ((used + 3) & ~3);
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
        report->queueing_delay = ft_u16(bytes);
        report->one_way_delay = ft_u16(bytes + 4);
        report->has_timing = report->queueing_delay != FT_NOTHING_RECEIVED && report->one_way_delay != FT_NO_DELAY;
        bytes += 6;
    }
    if (profile & FT_AUDIO_VIDEO) {
        report->has_video = true;
        report->bandwidth = ft_u16(bytes + 2);
    }
}

uint32_t
ft_rtp_extension_probe(const ft_rtp_bytes_t *packet, unsigned offset)
{
    uint16_t profile;
    unsigned end;

    if (offset + FT_EXT_HEADER_LEN > packet->captured)
        return 0;
    profile = ft_u16(packet->bytes + offset);
    end = offset + FT_EXT_HEADER_LEN + 4u * ft_u16(packet->bytes + offset + 2);
    if (!(profile & FT_VIDEO_PROBE) || FT_EXT_VERSION(profile) != 2 || end < offset + FT_EXT_HEADER_LEN + 4 || end > packet->captured)
        return 0;
    return ft_u32(packet->bytes + end - 4);
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
ft_rtp_extension_dissect(tvbuff_t *tvb, int offset, packet_info *pinfo, proto_tree *tree, const ft_rtp_t *rtp, const ft_rtp_probe_t *probe)
{
    proto_item *profile_item;
    proto_tree *ext, *list;
    uint16_t profile, words;
    int at = offset + FT_EXT_HEADER_LEN;

    if (!tvb_bytes_exist(tvb, offset, FT_EXT_HEADER_LEN))
        return at;
    profile = tvb_get_ntohs(tvb, offset);
    words = tvb_get_ntohs(tvb, offset + 2);
    ext = ft_subtree_kept(tree, hf_ext, tvb, offset, MIN(FT_EXT_HEADER_LEN + 4 * words, tvb_captured_length_remaining(tvb, offset)), ett_ext, NULL,
                          (uint64_t)profile << 16 | words, "Header Extension: 0x%04x, %u word%s", profile, words, plurality(words, "", "s"));
    profile_item = proto_tree_add_uint(ext, hf_ext_profile, tvb, offset, 2, profile);
    proto_tree_add_uint(ext, hf_ext_length, tvb, offset + 2, 2, words);
    extension_named(tvb, at, words, pinfo, ext, profile_item, profile, rtp, probe);
    if (words > 0 && tvb_bytes_exist(tvb, at, 4)) {
        list = ft_subtree(ext, hf_ext_content, tvb, at, MIN(4 * words, tvb_captured_length_remaining(tvb, at)), ett_ext_words, NULL, "Words");
        for (int i = 0; i < words && tvb_bytes_exist(tvb, at + 4 * i, 4); i++)
            proto_tree_add_item(list, hf_ext_word, tvb, at + 4 * i, 4, ENC_BIG_ENDIAN);
    }
    return at + 4 * words;
}

void
ft_rtp_extension_register(void)
{
    static hf_register_info hf[] = {
        { &hf_ext_content, { "Words", "facetime.rtp.extension.content", FT_NONE, BASE_NONE,
            NULL, 0x0, "The words of the header extension, one by one", HFILL } },
        { &hf_ext, { "Header Extension", "facetime.rtp.extension", FT_NONE, BASE_NONE,
            NULL, 0x0, "What FaceTime sends in the clear with its encrypted media", HFILL } },
        { &hf_ext_profile, { "Profile", "facetime.rtp.extension.profile", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A bit field here: it says what the words hold", HFILL } },
        { &hf_ext_length, { "Length", "facetime.rtp.extension.words", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Words that follow", HFILL } },
        { &hf_ext_word, { "Word", "facetime.rtp.extension.word", FT_UINT32, BASE_HEX,
            NULL, 0x0, "One word of the header extension, as it is", HFILL } },
        { &hf_ext_not_set, { "Not Set", "facetime.rtp.extension.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the bits of the profile that are 0", HFILL } },
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
            NULL, 0x00f0, "Not 0: the receiver acknowledges the frame, and later frames may refer to it; 3: it refers to such a one itself", HFILL } },
        { &hf_ext_has_probe, { "Probe Follows", "facetime.rtp.extension.has_probe", FT_BOOLEAN, 16,
            NULL, 0x0008, "The last word is the number of a probing cluster", HFILL } },
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
        { &hf_fec_version, { "Version", "facetime.rtp.extension.fec.version", FT_UINT32, BASE_DEC,
            NULL, 0xc0000000, "0 in the calls of 2023; 1 and 2 are newer", HFILL } },
        { &hf_fec_v0_step, { "Step", "facetime.rtp.extension.fec.step", FT_UINT32, BASE_DEC,
            NULL, 0x38000000, "Distance between the places of one group: more than 1 where groups are interleaved", HFILL } },
        { &hf_fec_v0_position, { "Position", "facetime.rtp.extension.fec.position", FT_UINT32, BASE_DEC,
            NULL, 0x07000000, "Place of the packet in its group; parity comes first", HFILL } },
        { &hf_fec_v0_media, { "Carries Media", "facetime.rtp.extension.fec.source", FT_BOOLEAN, 32,
            NULL, FT_FEC_V0_MEDIA, "Media; else parity, which has in version 0 the sequence number of the last packet with media", HFILL } },
        { &hf_fec_v0_group, { "Group", "facetime.rtp.extension.fec.group", FT_UINT32, BASE_DEC,
            NULL, 0x007f0000, "Number of the group", HFILL } },
        { &hf_fec_v0_last, { "Last Group of the Frame", "facetime.rtp.extension.fec.last_group", FT_BOOLEAN, 32,
            NULL, 0x00008000, "The group is the last one of its frame", HFILL } },
        { &hf_fec_v0_zero, { "Spare", "facetime.rtp.extension.fec.spare", FT_UINT32, BASE_DEC,
            NULL, 0x00004000, "Always 0", HFILL } },
        { &hf_fec_v0_parity, { "Parity Packets", "facetime.rtp.extension.fec.parity_packets", FT_UINT32, BASE_DEC,
            NULL, 0x00003800, "Packets with parity: the place of the first packet with media", HFILL } },
        { &hf_fec_v0_length, { "Payload Length", "facetime.rtp.extension.fec.length", FT_UINT32, BASE_DEC,
            NULL, 0x000007ff, "Bytes of the payload; of parity: of the longest payload that it protects", HFILL } },
        { &hf_fec_v1_step, { "Step", "facetime.rtp.extension.fec.step", FT_UINT32, BASE_DEC,
            NULL, 0x38000000, "Distance between the places of one group: more than 1 where groups are interleaved", HFILL } },
        { &hf_fec_v1_position, { "Position", "facetime.rtp.extension.fec.position", FT_UINT32, BASE_DEC,
            NULL, 0x07800000, "Place of the packet in its group; parity comes first", HFILL } },
        { &hf_fec_v1_media, { "Carries Media", "facetime.rtp.extension.fec.source", FT_BOOLEAN, 32,
            NULL, FT_FEC_V1_MEDIA, "Media; else parity, which has in version 0 the sequence number of the last packet with media", HFILL } },
        { &hf_fec_v1_group, { "Group", "facetime.rtp.extension.fec.group", FT_UINT32, BASE_DEC,
            NULL, 0x003f8000, "Number of the group", HFILL } },
        { &hf_fec_v1_last, { "Last Group of the Frame", "facetime.rtp.extension.fec.last_group", FT_BOOLEAN, 32,
            NULL, 0x00004000, "The group is the last one of its frame", HFILL } },
        { &hf_fec_v1_parity, { "Parity Packets", "facetime.rtp.extension.fec.parity_packets", FT_UINT32, BASE_DEC,
            NULL, 0x00003c00, "Packets with parity: the place of the first packet with media", HFILL } },
        { &hf_fec_v1_level, { "Level (%)", "facetime.rtp.extension.fec.level", FT_UINT32, BASE_DEC,
            NULL, 0x000003ff, "How much parity there is", HFILL } },
        { &hf_fec_v2_unknown, { "Three Bits [unknown]", "facetime.rtp.extension.fec.unknown", FT_UINT32, BASE_DEC,
            NULL, 0x38000000, "No code that writes them was seen", HFILL } },
        { &hf_fec_v2_parity, { "Parity", "facetime.rtp.extension.fec.is_parity", FT_BOOLEAN, 32,
            NULL, FT_FEC_V2_PARITY, "Parity; else media", HFILL } },
        { &hf_fec_v2_position, { "Position", "facetime.rtp.extension.fec.position", FT_UINT32, BASE_DEC,
            NULL, 0x03ff0000, "Place of the packet in its group; parity comes first", HFILL } },
        { &hf_fec_v2_unknown_low, { "Six Bits [unknown]", "facetime.rtp.extension.fec.unknown", FT_UINT32, BASE_DEC,
            NULL, 0x0000fc00, "No code that writes them was seen", HFILL } },
        { &hf_fec_v2_packets, { "Parity Packets", "facetime.rtp.extension.fec.parity_packets", FT_UINT32, BASE_DEC,
            NULL, 0x000003ff, "Packets with parity of the frame", HFILL } },
        { &hf_fec_redundant_bits, { "Redundant Bits", "facetime.rtp.extension.fec.redundant_bits", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Parity of the sizes of the payloads", HFILL } },
        { &hf_fec_parity_seq, { "Parity Sequence Number", "facetime.rtp.extension.fec.parity_seq", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Counts the packets with parity apart from those with media", HFILL } },
        { &hf_fec_padding, { "Padding", "facetime.rtp.extension.fec.padding", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Fills the last word", HFILL } },
        { &hf_ext_fec_sources, { "Packets with Media", "facetime.rtp.extension.fec.sources", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Packets that the parity protects", HFILL } },
        { &hf_ext_fec_source_length, { "Their Payload Length", "facetime.rtp.extension.fec.source_length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the payload of one packet that the parity protects", HFILL } },
        { &hf_ext_probe, { "Probing Cluster", "facetime.rtp.extension.probe", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of packets that probe the bandwidth: the RTP time stamp of an audio packet of the sender; 0 in version 1", HFILL } },
        { &hf_ext_probe_first, { "Cluster Began In", "facetime.rtp.extension.probe_first", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "First packet with this number", HFILL } },
        { &hf_ext_probe_audio, { "Audio Packet of the Number", "facetime.rtp.extension.probe_audio", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "Audio packet of the sender whose time stamp is the cluster's number", HFILL } },
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
        { &hf_ext_queue_target, { "Receive Queue Target (20 ms)", "facetime.rtp.extension.receive_queue_target", FT_UINT16, BASE_DEC,
            NULL, 0x00ff, "How much audio the sender wants to hold before it plays it, in units of 20 ms; 0 in all packets seen", HFILL } },
        { &hf_ext_old_counter, { "Counter", "facetime.rtp.extension.old.counter", FT_UINT32, BASE_HEX,
            NULL, 0x0, "First word of iOS 4 to 9: another one in each packet of the sender, growing", HFILL } },
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
            NULL, 0x0, "Short average of the delay of the other side's packets above its long average, in 1/8192 s; 0xffff: none", HFILL } },
        { &hf_ext_video_burst_loss, { "Video Burst Loss", "facetime.rtp.extension.video_burst_loss", FT_UINT16, BASE_DEC,
            NULL, 0xf000, "Video packets that were lost in a row", HFILL } },
        { &hf_ext_video_frame_packets, { "Video Frame Packets", "facetime.rtp.extension.video_frame_packets", FT_UINT16, BASE_DEC,
            NULL, 0x0fc0, "Packets of a frame of the other side, the one with most loss", HFILL } },
        { &hf_ext_video_lost, { "Video Packets Lost", "facetime.rtp.extension.video_lost", FT_UINT16, BASE_DEC,
            NULL, 0x003f, "Packets of that frame that did not come", HFILL } },
        { &hf_ext_video_received, { "Or Video Packets Received [guess]", "facetime.rtp.extension.video_received", FT_UINT16, BASE_DEC,
            NULL, 0x0fff, "The same twelve bits, where the call does without statistics of losses: video packets that came so far", HFILL } },
        { &hf_ext_multiway_roc, { "Rollover Counter", "facetime.rtp.extension.roc", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Audio of a group: how often the sequence number went round", HFILL } },
        { &hf_ext_multiway_mki, { "Beginning of the Key Identifier", "facetime.rtp.extension.mki", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Audio of a group: the first bytes of the key identifier that ends the packet", HFILL } },
        { &hf_ext_bandwidth, { "Bandwidth Estimate", "facetime.rtp.extension.bandwidth", FT_UINT16, BASE_DEC,
            NULL, 0x0, "What the sender thinks it can receive, in kbit/s [by its size]", HFILL } },
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
