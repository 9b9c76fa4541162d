/* rtp_types.c
 * FaceTime's RTP payload types: what each is, and how the stock rtp dissector is told.
 *
 * Sources:
 *   SDP      session descriptions of iChat and iOS 4 to 8 (the jinglenodes sources; blog.krisk.org, September 2013)
 *   AVC      Apple's AVConference framework as public decompilations show it: its table of sample rates and codecs by payload
 *            type, and the set of types that FaceTime may use (0, 8, 9, 13, 97, 98, 104 to 108, 119, 121, 122 of audio)
 *   rustpush the OpenBubbles project's FaceTime client, which talks with Apple's devices
 *   measured 3,989 packets of two real calls
 *
 * Today audio and video have one clock of 24,000 Hz: 800 ticks are a frame at 30 frames a second, 480 are 20 ms of sound.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

#define FT_CLOCK        24000   /* measured, all streams of both calls */
#define FT_OLD_VIDEO    90000   /* SDP */

static const ft_rtp_type_t rtp_types[] = {
    /* rustpush sends HEVC with it; so does screen sharing of macOS 26, whose offer of 123 alone gives H.264 (remotex, measured). */
    { 100, FT_MEDIA_VIDEO, "FaceTime-HEVC", FT_CLOCK, FT_OLD_VIDEO, "Video, HEVC", "Video HEVC", true },
    /* SDP: H264; rustpush: H.264. */
    { 123, FT_MEDIA_VIDEO, "FaceTime-H264", FT_CLOCK, FT_OLD_VIDEO, "Video, H.264", "Video H.264", true },
    /* SDP: X-H264. */
    { 126, FT_MEDIA_VIDEO, "FaceTime-X-H264", FT_CLOCK, FT_OLD_VIDEO, "Video, H.264 (X-H264)", "Video H.264", true },
    /* SDP has X-AAC_ELD on 104 to 106; AVC has AAC-ELD on 101, 104, 105, 106 at 48, 24, 22.05 and 16 kHz. */
    { 101, FT_MEDIA_AUDIO, "FaceTime-AAC-ELD", 48000, 48000, "Audio, AAC-ELD at 48 kHz", "Audio AAC-ELD", true },
    { 104, FT_MEDIA_AUDIO, "FaceTime-AAC-ELD", FT_CLOCK, FT_CLOCK, "Audio, AAC-ELD", "Audio AAC-ELD", true },
    { 105, FT_MEDIA_AUDIO, "FaceTime-AAC-ELD", FT_CLOCK, 22050, "Audio, AAC-ELD", "Audio AAC-ELD", true },
    { 106, FT_MEDIA_AUDIO, "FaceTime-AAC-ELD", FT_CLOCK, 16000, "Audio, AAC-ELD", "Audio AAC-ELD", true },
    /* AVC: EVS on 107, 108 and 111; rustpush: 108. Its samples are at 32 kHz, the RTP clock is 24 kHz all the same (measured). */
    { 107, FT_MEDIA_AUDIO, "FaceTime-EVS", FT_CLOCK, FT_CLOCK, "Audio, EVS", "Audio EVS", true },
    { 108, FT_MEDIA_AUDIO, "FaceTime-EVS", FT_CLOCK, FT_CLOCK, "Audio, EVS", "Audio EVS", true },
    { 111, FT_MEDIA_AUDIO, "FaceTime-EVS", FT_CLOCK, FT_CLOCK, "Audio, EVS", "Audio EVS", true },
    /* AVC; not seen. */
    { 97, FT_MEDIA_AUDIO, "FaceTime-AMR", FT_CLOCK, 8000, "Audio, AMR", "Audio AMR", true },
    { 98, FT_MEDIA_AUDIO, "FaceTime-AMR-WB", FT_CLOCK, 16000, "Audio, AMR-WB", "Audio AMR-WB", true },
    /* AVC: "accf", 24 kHz, 480 samples; "ACC24" among the features of one-to-one and group calls since 26.1. */
    { 113, FT_MEDIA_AUDIO, "FaceTime-ACC24", FT_CLOCK, FT_CLOCK, "Audio, ACC24", "Audio ACC24", true },
    { 112, FT_MEDIA_AUDIO, "FaceTime-audio-112", FT_CLOCK, FT_CLOCK, "Audio at 24 kHz [codec unknown]", NULL, true },
    { 119, FT_MEDIA_AUDIO, "FaceTime-Opus", FT_CLOCK, FT_CLOCK, "Audio, Opus", "Audio Opus", true },
    { 121, FT_MEDIA_AUDIO, "FaceTime-audio-121", FT_CLOCK, 16000, "Audio, bundled [codec unknown]", NULL, true },
    { 122, FT_MEDIA_AUDIO, "FaceTime-audio-122", FT_CLOCK, 8000, "Audio, bundled [codec unknown]", NULL, true },
    /* AVC has numbers without names for the codecs of these, and real-time text on 99. */
    { 109, 0, "FaceTime-109", FT_CLOCK, FT_CLOCK, "Codec 200 of Apple's table [unknown]", NULL, false },
    { 110, 0, "FaceTime-110", FT_CLOCK, FT_CLOCK, "Codec 300 of Apple's table [unknown]", NULL, false },
    { 117, 0, "FaceTime-117", FT_CLOCK, FT_CLOCK, "Codec 10 of Apple's table [unknown]", NULL, false },
    { 124, 0, "FaceTime-124", FT_CLOCK, FT_CLOCK, "Codec 301 of Apple's table [unknown]", NULL, false },
    { 99, 0, "FaceTime-text", 8000, 8000, "Real-time text", "Real-time text", false },
    /* rustpush: RFC 2198. */
    { 20, FT_MEDIA_AUDIO, NULL, FT_CLOCK, FT_CLOCK, "Audio with redundancy (RFC 2198)", "Audio with redundancy", true },
    /* RFC 3389; FaceTime's has the clock of the stream that it stands for (AVC, measured). */
    { 13, FT_MEDIA_AUDIO, NULL, FT_CLOCK, FT_CLOCK, "Comfort noise", "Comfort noise", true },
    /* SDP and RFC 3551. */
    { 34, FT_MEDIA_VIDEO, NULL, FT_OLD_VIDEO, FT_OLD_VIDEO, "Video, H.263", "Video H.263", false },
    { 0, FT_MEDIA_AUDIO, NULL, 8000, 8000, "Audio, PCMU", "Audio PCMU", false },
    { 3, FT_MEDIA_AUDIO, NULL, 8000, 8000, "Audio, GSM", "Audio GSM", false },
    { 8, FT_MEDIA_AUDIO, NULL, 8000, 8000, "Audio, PCMA", "Audio PCMA", false },
    { 9, FT_MEDIA_AUDIO, NULL, 8000, 8000, "Audio, G.722", "Audio G.722", false },
    { 12, FT_MEDIA_AUDIO, NULL, 8000, 8000, "Audio, QCELP", "Audio QCELP", false },
};

/* Of each payload type its place among them, from 1; 0: it has none. Filled by the first who asks. */
static uint8_t places[128];
G_STATIC_ASSERT(array_length(rtp_types) < 256);

const ft_rtp_type_t *
ft_rtp_type(uint8_t type)
{
    static bool filled;

    if (G_UNLIKELY(!filled)) {
        for (unsigned i = array_length(rtp_types); i-- > 0;)
            places[rtp_types[i].type] = (uint8_t)(i + 1);
        filled = true;
    }
    return type < array_length(places) && places[type] ? &rtp_types[places[type] - 1] : NULL;
}

const ft_rtp_type_t *
ft_rtp_types(unsigned *count)
{
    *count = array_length(rtp_types);
    return rtp_types;
}

uint32_t
ft_rtp_media(uint8_t payload_type)
{
    const ft_rtp_type_t *type = ft_rtp_type(payload_type);

    return type ? type->media : 0;
}

const char *
ft_rtp_name(uint8_t payload_type)
{
    const ft_rtp_type_t *type = ft_rtp_type(payload_type);

    return type ? type->name : "Unknown";
}

bool
ft_rtp_is_own(uint8_t payload_type)
{
    const ft_rtp_type_t *type = ft_rtp_type(payload_type);

    return type && (type->today || type->encoding);
}

uint32_t
ft_rtp_clock(uint8_t payload_type, bool relayed_era)
{
    const ft_rtp_type_t *type = ft_rtp_type(payload_type);

    return type ? (uint32_t)(relayed_era ? type->clock : type->old_clock) : 0;
}
