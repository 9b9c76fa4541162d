/* sdp.c
 * The session descriptions of iChat and of FaceTime in iOS 4 to 8: the lines that the stock sdp dissector knows nothing of, and what
 * the call needs. The stock dissector shows the whole description.
 *
 *     a=hwi:17412:2:2800                              model, processors, MHz
 *     a=FLS;VRA:0;RVRA:1;AS:2                         feature list: keys and values
 *     a=iChatEncryption:NO   a=bandwidthDetection:YES   a=multipoint:1   b=AS:200   a=framerate:15
 *     m=audio 16402 RTP/AVP 105 0                     media, port, payload types
 *     a=rtpmap:105 X-AAC_ELD/22050                    payload type, codec, clock
 *     a=fmtp:AAC SamplesPerBlock 480
 *     a=fmtp:126 imagesize 0 rules 15:320:240:320:240:15
 *     a=rtcp:16402           a=RTCP:AUDIO 16402 VIDEO 16402
 *     a=rtpID:2864434397                              SSRC of the media of the m= line before it, decimal
 *
 * Source: the jinglenodes sources, a test message with an INVITE of Viceroy 1.4.1; blog.krisk.org, September 2013. The six numbers of
 * a rule have no description: 15 is the frame rate of the same message's a=framerate, 320:240 a picture size.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"
#include "wire/sdp.h"

#include <wsutil/inet_addr.h>
#include <wsutil/str_util.h>
#include <wsutil/strtoi.h>

static int hf_sdp = -1;
static int hf_sdp_address = -1;
static int hf_sdp_media = -1;
static int hf_sdp_port = -1;
static int hf_sdp_format = -1;
static int hf_sdp_bandwidth = -1;
static int hf_sdp_hwi = -1;
static int hf_sdp_hwi_model = -1;
static int hf_sdp_hwi_cpus = -1;
static int hf_sdp_hwi_mhz = -1;
static int hf_sdp_fls = -1;
static int hf_sdp_fls_entry = -1;
static int hf_sdp_fls_key = -1;
static int hf_sdp_fls_value = -1;
static int hf_sdp_fls_name = -1;
static int hf_sdp_fls_place = -1;
static int hf_sdp_encryption = -1;
static int hf_sdp_bandwidth_detection = -1;
static int hf_sdp_multipoint = -1;
static int hf_sdp_framerate = -1;
static int hf_sdp_rtpmap = -1;
static int hf_sdp_rtpmap_type = -1;
static int hf_sdp_rtpmap_codec = -1;
static int hf_sdp_rtpmap_clock = -1;
static int hf_sdp_samples = -1;
static int hf_sdp_imagesize = -1;
static int hf_sdp_rule = -1;
static int hf_sdp_rule_part[6] = { -1, -1, -1, -1, -1, -1 };
static int hf_sdp_rtcp = -1;
static int hf_sdp_rtcp_audio = -1;
static int hf_sdp_rtcp_video = -1;
static int hf_sdp_rtpid = -1;
static int hf_sdp_rtpid_media = -1;
static int ett_sdp = -1;
static int ett_sdp_line = -1;
static expert_field ei_sdp_line = EI_INIT;
static expert_field ei_sdp_limit = EI_INIT;

/* What is known at a line. */
typedef struct sdp_state {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    ft_packet_t *pkt;
    address addr;               /* of the c= line; AT_NONE before it */
    uint32_t media;             /* FT_MEDIA_* of the m= line; 0 before it, or where it is neither */
    uint32_t clocks[FT_RTP_TYPES]; /* Hz, of the a=rtpmap lines so far; 0: none */
    int at, len;                /* the line */
} sdp_state_t;

/* A decimal number at the start of text; *end is what follows it. False if there is none. */
static bool
number_at(const char *text, const char **end, uint32_t *value)
{
    *value = 0;
    *end = text;
    return g_ascii_isdigit(*text) && ws_strtou32(text, end, value);
}

static proto_tree *
line_tree(const sdp_state_t *s, int hf, const char *value)
{
    return proto_item_add_subtree(proto_tree_add_string(s->tree, hf, s->tvb, s->at, s->len, value), ett_sdp_line);
}

/* Numbers with ':' between them; returns how many there are, 0 if they are more than n or no numbers. */
static unsigned
numbers(const char *text, uint32_t *values, unsigned n)
{
    unsigned count = 0;
    const char *end;

    for (; count < n; count++, text = end + 1) {
        if (!number_at(text, &end, &values[count]))
            return 0;
        if (*end != ':')
            return *end && *end != ' ' ? 0 : count + 1;
    }
    return 0;
}

static bool
line_hwi(const sdp_state_t *s, const char *value)
{
    uint32_t parts[3];
    proto_tree *tree = line_tree(s, hf_sdp_hwi, value);

    if (numbers(value, parts, 3) != 3)
        return false;
    proto_tree_add_uint(tree, hf_sdp_hwi_model, s->tvb, s->at, s->len, parts[0]);
    proto_tree_add_uint(tree, hf_sdp_hwi_cpus, s->tvb, s->at, s->len, parts[1]);
    proto_tree_add_uint(tree, hf_sdp_hwi_mhz, s->tvb, s->at, s->len, parts[2]);
    return true;
}

/* Places that a feature can have: a footer of video has up to four bytes. */
#define FLS_MAX_PLACE 31

/* Keys of the feature list whose short names say what they are; NULL: what it is for is not known. Read in public code that takes part in calls of
 * today (rustpush, avconference.rs), whose negotiation has the same list. */
static const struct {
    const char *key, *name;
    bool ratio;             /* its value is no place in the footer */
} fls_keys[] = {
    { "AR", "aspect ratios", true },
    { "XR", "aspect ratios", true },
    { "LTR", "long-term reference pictures", false },
    { "CABAC", "entropy coding of H.264", false },
    { "VRA", NULL, false }, { "RVRA", NULL, false }, { "AS", NULL, false }, { "CR", NULL, false }, { "CF", NULL, false }, { "CH1", NULL, false },
    { "FA", NULL, false }, { "POS", NULL, false }, { "HTS", NULL, false }, { "EOD", NULL, false }, { "RR", NULL, false }, { "QP", NULL, false },
    { "SW", NULL, false }, { "POSE", NULL, false },
};

/* A feature's number: its bit in the byte that ends a frame (the footer), -1: it has none there. */
static void
fls_feature(const sdp_state_t *s, proto_tree *tree, const char *key, const char *value)
{
    char *end;
    int64_t place;

    for (unsigned i = 0; i < array_length(fls_keys); i++) {
        if (strcmp(fls_keys[i].key, key) != 0)
            continue;
        if (fls_keys[i].name)
            proto_item_set_generated(proto_tree_add_string(tree, hf_sdp_fls_name, s->tvb, s->at, s->len, fls_keys[i].name));
        if (fls_keys[i].ratio || !value)
            return;
        place = g_ascii_strtoll(value, &end, 10);
        if (end != value && *end == '\0' && place >= -1 && place <= FLS_MAX_PLACE)
            proto_item_set_generated(proto_tree_add_int(tree, hf_sdp_fls_place, s->tvb, s->at, s->len, (int32_t)place));
        return;
    }
}

/* ";KEY:VALUE;KEY:VALUE": a key may be without a value. In place of the first semicolon a colon may stand, as after other attributes of SDP. */
static bool
line_fls(const sdp_state_t *s, const char *value)
{
    proto_tree *tree = line_tree(s, hf_sdp_fls, value), *entry;
    char **entries = wmem_strsplit(s->pinfo->pool, *value == ':' ? value + 1 : value, ";", -1), *colon;
    bool any = false;

    for (; *entries; entries++) {
        if (!**entries)
            continue;
        any = true;
        entry = proto_item_add_subtree(proto_tree_add_string(tree, hf_sdp_fls_entry, s->tvb, s->at, s->len, *entries), ett_sdp_line);
        colon = strchr(*entries, ':');
        if (colon)
            *colon = '\0';
        proto_tree_add_string(entry, hf_sdp_fls_key, s->tvb, s->at, s->len, *entries);
        if (colon)
            proto_tree_add_string(entry, hf_sdp_fls_value, s->tvb, s->at, s->len, colon + 1);
        fls_feature(s, entry, *entries, colon ? colon + 1 : NULL);
    }
    return any;
}

/* The number that begins value, at most max. */
static bool
line_number(const sdp_state_t *s, int hf, const char *value, uint32_t max)
{
    uint32_t number;
    const char *end;

    if (!number_at(value, &end, &number) || number > max)
        return false;
    proto_tree_add_uint(s->tree, hf, s->tvb, s->at, s->len, number);
    return true;
}

static bool
line_yes_no(const sdp_state_t *s, int hf, const char *value)
{
    bool yes = g_ascii_strncasecmp(value, "YES", 3) == 0;

    if (!yes && g_ascii_strncasecmp(value, "NO", 2) != 0)
        return false;
    proto_tree_add_boolean(s->tree, hf, s->tvb, s->at, s->len, yes);
    return true;
}

/* "TYPE CODEC/CLOCK" */
static bool
line_rtpmap(sdp_state_t *s, const char *value)
{
    proto_tree *tree = line_tree(s, hf_sdp_rtpmap, value);
    uint32_t type, clock;
    const char *end, *slash;

    if (!number_at(value, &end, &type) || type > 127 || *end != ' ')
        return false;
    end += strspn(end, " ");
    slash = strchr(end, '/');
    proto_tree_add_uint(tree, hf_sdp_rtpmap_type, s->tvb, s->at, s->len, type);
    proto_tree_add_string(tree, hf_sdp_rtpmap_codec, s->tvb, s->at, s->len,
                          slash ? wmem_strndup(s->pinfo->pool, end, (size_t)(slash - end)) : end);
    if (!slash || !number_at(slash + 1, &end, &clock))
        return false;
    proto_tree_add_uint(tree, hf_sdp_rtpmap_clock, s->tvb, s->at, s->len, clock);
    s->clocks[type] = clock;
    return true;
}

/* "AAC SamplesPerBlock 480", or "TYPE imagesize N rules RULE RULE ..."; other parameters are the stock dissector's. */
static bool
line_fmtp(const sdp_state_t *s, const char *value)
{
    const char *found = strstr(value, "SamplesPerBlock "), *rules;
    uint32_t parts[6];
    proto_tree *tree;
    char **list;

    if (found)
        return line_number(s, hf_sdp_samples, found + strlen("SamplesPerBlock "), UINT32_MAX);
    found = strstr(value, "imagesize ");
    if (!found)
        return true;
    if (!line_number(s, hf_sdp_imagesize, found + strlen("imagesize "), UINT32_MAX))
        return false;
    rules = strstr(found, "rules ");
    if (!rules)
        return true;
    for (list = wmem_strsplit(s->pinfo->pool, rules + strlen("rules "), " ", -1); *list; list++) {
        if (!**list)
            continue;
        tree = line_tree(s, hf_sdp_rule, *list);
        if (numbers(*list, parts, 6) != 6)
            return false;
        for (unsigned i = 0; i < 6; i++)
            proto_tree_add_uint(tree, hf_sdp_rule_part[i], s->tvb, s->at, s->len, parts[i]);
    }
    return true;
}

/* "AUDIO PORT VIDEO PORT" */
static bool
line_rtcp_ports(const sdp_state_t *s, const char *value)
{
    const char *audio = strstr(value, "AUDIO "), *video = strstr(value, "VIDEO ");
    bool ok = audio || video;

    if (audio)
        ok = line_number(s, hf_sdp_rtcp_audio, audio + strlen("AUDIO "), UINT16_MAX) && ok;
    if (video)
        ok = line_number(s, hf_sdp_rtcp_video, video + strlen("VIDEO "), UINT16_MAX) && ok;
    return ok;
}

/* "IN IP4 ADDRESS": where the sender wants its media. */
static bool
line_address(sdp_state_t *s, const char *value)
{
    uint32_t *ip;

    if (!g_str_has_prefix(value, "IN IP4 "))
        return g_str_has_prefix(value, "IN ");
    ip = wmem_new(s->pinfo->pool, uint32_t);
    if (!ws_inet_pton4(value + strlen("IN IP4 "), ip))
        return false;
    set_address(&s->addr, AT_IPv4, 4, ip);
    proto_tree_add_ipv4(s->tree, hf_sdp_address, s->tvb, s->at, s->len, *ip);
    return true;
}

/* "MEDIA PORT PROTOCOL TYPE TYPE ..." */
static bool
line_media(sdp_state_t *s, const char *value)
{
    proto_tree *tree = line_tree(s, hf_sdp_media, value);
    char **words = wmem_strsplit(s->pinfo->pool, value, " ", 64);
    uint32_t number;
    const char *end;

    s->media = g_str_has_prefix(value, "audio ") ? FT_MEDIA_AUDIO : g_str_has_prefix(value, "video ") ? FT_MEDIA_VIDEO : 0;
    if (!words[0] || !words[1] || !number_at(words[1], &end, &number) || number == 0 || number > UINT16_MAX)
        return false;
    proto_tree_add_uint(tree, hf_sdp_port, s->tvb, s->at, s->len, number);
    if (s->addr.type != AT_NONE)
        ft_candidate_add(s->pkt, &s->addr, (uint16_t)number, FT_CANDIDATE_OWN, 0);
    if (!words[2])
        return false;
    for (char **type = words + 3; *type; type++) {
        if (number_at(*type, &end, &number) && number <= 127)
            proto_tree_add_uint(tree, hf_sdp_format, s->tvb, s->at, s->len, number);
    }
    return true;
}

/* The SSRC that the sender's stream of this m= line will have. */
static bool
line_rtpid(const sdp_state_t *s, const char *value)
{
    uint32_t ssrc;
    const char *end;
    proto_tree *tree;

    if (!number_at(value, &end, &ssrc) || ssrc == 0)
        return false;
    tree = proto_item_add_subtree(proto_tree_add_uint(s->tree, hf_sdp_rtpid, s->tvb, s->at, s->len, ssrc), ett_sdp_line);
    if (s->media) {
        proto_item_set_generated(proto_tree_add_string(tree, hf_sdp_rtpid_media, s->tvb, s->at, s->len,
                                                       s->media == FT_MEDIA_VIDEO ? "video" : "audio"));
        if (!PINFO_FD_VISITED(s->pinfo))
            ft_rtp_announce(ft_frame_time(s->pinfo), ssrc, s->media, s->pinfo->num, s->clocks);
    }
    if (s->pkt->n_sdp_ssrc < array_length(s->pkt->sdp_ssrc))
        s->pkt->sdp_ssrc[s->pkt->n_sdp_ssrc++] = ssrc;
    return true;
}

/* One line. False if it is one of these and has not their form. */
static bool
sdp_line(sdp_state_t *s, const char *line)
{
    static const struct {
        const char *prefix;
        int *hf;
        uint32_t max;
    } plain[] = {
        { "b=AS:", &hf_sdp_bandwidth, UINT32_MAX }, { "a=multipoint:", &hf_sdp_multipoint, UINT32_MAX },
        { "a=framerate:", &hf_sdp_framerate, UINT32_MAX }, { "a=rtcp:", &hf_sdp_rtcp, UINT16_MAX },
    };

    for (unsigned i = 0; i < array_length(plain); i++) {
        if (g_str_has_prefix(line, plain[i].prefix))
            return line_number(s, *plain[i].hf, line + strlen(plain[i].prefix), plain[i].max);
    }
    if (g_str_has_prefix(line, "c="))
        return line_address(s, line + 2);
    if (g_str_has_prefix(line, "m="))
        return line_media(s, line + 2);
    if (g_str_has_prefix(line, "a=hwi:"))
        return line_hwi(s, line + strlen("a=hwi:"));
    if (g_str_has_prefix(line, "a=FLS") && strchr(";:", line[strlen("a=FLS")]))
        return line_fls(s, line + strlen("a=FLS"));
    if (g_str_has_prefix(line, "a=iChatEncryption:"))
        return line_yes_no(s, hf_sdp_encryption, line + strlen("a=iChatEncryption:"));
    if (g_str_has_prefix(line, "a=bandwidthDetection:"))
        return line_yes_no(s, hf_sdp_bandwidth_detection, line + strlen("a=bandwidthDetection:"));
    if (g_str_has_prefix(line, "a=rtpmap:"))
        return line_rtpmap(s, line + strlen("a=rtpmap:"));
    if (g_str_has_prefix(line, "a=fmtp:"))
        return line_fmtp(s, line + strlen("a=fmtp:"));
    if (g_str_has_prefix(line, "a=RTCP:"))
        return line_rtcp_ports(s, line + strlen("a=RTCP:"));
    if (g_str_has_prefix(line, "a=rtpID:"))
        return line_rtpid(s, line + strlen("a=rtpID:"));
    return true;
}

void
ft_sdp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    int at = 0, end = MIN((int)tvb_captured_length(tvb), FT_SDP_MAX_BYTES), next, len;
    proto_item *item = proto_tree_add_item(tree, hf_sdp, tvb, 0, end, ENC_NA);
    sdp_state_t s = { .tvb = tvb, .pinfo = pinfo, .tree = proto_item_add_subtree(item, ett_sdp), .pkt = pkt, .addr = ADDRESS_INIT_NONE };

    for (unsigned n = 0; at < end; n++, at = next) {
        if (n >= FT_SDP_MAX_LINES) {
            expert_add_info(pinfo, item, &ei_sdp_limit);
            return;
        }
        len = tvb_find_line_end(tvb, at, end - at, &next, false);
        s.at = at;
        s.len = len;
        if (!sdp_line(&s, ft_tvb_text(pinfo->pool, tvb, at, len)))
            proto_tree_add_expert(s.tree, pinfo, &ei_sdp_line, tvb, at, len);
        if (next <= at)
            return;
    }
    if ((int)tvb_captured_length(tvb) > end)
        expert_add_info(pinfo, item, &ei_sdp_limit);
}

void
ft_sdp_register(void)
{
    static hf_register_info hf[] = {
        { &hf_sdp, { "Session Description", "facetime.sdp", FT_NONE, BASE_NONE,
            NULL, 0x0, "What the sender offers or accepts, as far as FaceTime has its own way", HFILL } },
        { &hf_sdp_address, { "Media Address", "facetime.sdp.address", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Where the sender wants its media", HFILL } },
        { &hf_sdp_media, { "Media", "facetime.sdp.media", FT_STRING, BASE_NONE,
            NULL, 0x0, "m= line: audio or video, its port and its payload types", HFILL } },
        { &hf_sdp_port, { "Media Port", "facetime.sdp.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Where the sender wants its media", HFILL } },
        { &hf_sdp_format, { "Payload Type", "facetime.sdp.format", FT_UINT8, BASE_DEC,
            NULL, 0x0, "RTP payload type that the sender can take, the best first", HFILL } },
        { &hf_sdp_bandwidth, { "Bandwidth (b=AS)", "facetime.sdp.bandwidth", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Kilobits a second that the session may have", HFILL } },
        { &hf_sdp_hwi, { "Hardware (a=hwi)", "facetime.sdp.hwi", FT_STRING, BASE_NONE,
            NULL, 0x0, "The sender's hardware: it decides which picture sizes are offered", HFILL } },
        { &hf_sdp_hwi_model, { "Model", "facetime.sdp.hwi.model", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of the model [which is which: unknown]", HFILL } },
        { &hf_sdp_hwi_cpus, { "Processors", "facetime.sdp.hwi.cpus", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Processors of the device", HFILL } },
        { &hf_sdp_hwi_mhz, { "Clock", "facetime.sdp.hwi.mhz", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Megahertz of the processors", HFILL } },
        { &hf_sdp_fls, { "Feature List (a=FLS)", "facetime.sdp.fls", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the sender's encoder and decoder can do", HFILL } },
        { &hf_sdp_fls_entry, { "Feature", "facetime.sdp.fls.entry", FT_STRING, BASE_NONE,
            NULL, 0x0, "One key with its value [meaning unknown]", HFILL } },
        { &hf_sdp_fls_key, { "Key", "facetime.sdp.fls.key", FT_STRING, BASE_NONE,
            NULL, 0x0, "Name of a feature; VRA, RVRA and AS were seen", HFILL } },
        { &hf_sdp_fls_value, { "Value", "facetime.sdp.fls.value", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the sender says of the feature", HFILL } },
        { &hf_sdp_fls_name, { "Name", "facetime.sdp.fls.name", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the key is short for", HFILL } },
        { &hf_sdp_fls_place, { "Place in the Footer", "facetime.sdp.fls.place", FT_INT32, BASE_DEC,
            NULL, 0x0, "Bit that the feature has in what ends a frame, encrypted; -1: none", HFILL } },
        { &hf_sdp_encryption, { "Encryption (a=iChatEncryption)", "facetime.sdp.encryption", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "iChat's own encryption; that of FaceTime is not negotiated here", HFILL } },
        { &hf_sdp_bandwidth_detection, { "Bandwidth Detection", "facetime.sdp.bandwidth_detection", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The sender measures the bandwidth", HFILL } },
        { &hf_sdp_multipoint, { "Multipoint", "facetime.sdp.multipoint", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Calls of more than two [guess, by its name]", HFILL } },
        { &hf_sdp_framerate, { "Frame Rate", "facetime.sdp.framerate", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Pictures a second that the sender wants at most", HFILL } },
        { &hf_sdp_rtpmap, { "Payload Type Map (a=rtpmap)", "facetime.sdp.rtpmap", FT_STRING, BASE_NONE,
            NULL, 0x0, "Which codec a payload type has", HFILL } },
        { &hf_sdp_rtpmap_type, { "Payload Type", "facetime.sdp.rtpmap.type", FT_UINT8, BASE_DEC,
            NULL, 0x0, "RTP payload type of the map", HFILL } },
        { &hf_sdp_rtpmap_codec, { "Codec", "facetime.sdp.rtpmap.codec", FT_STRING, BASE_NONE,
            NULL, 0x0, "X-AAC_ELD is AAC-ELD, X-H264 Apple's form of H.264 in RTP", HFILL } },
        { &hf_sdp_rtpmap_clock, { "Clock", "facetime.sdp.rtpmap.clock", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Hertz of the RTP time stamps", HFILL } },
        { &hf_sdp_samples, { "Samples per Block", "facetime.sdp.samples_per_block", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Samples of an AAC-ELD block", HFILL } },
        { &hf_sdp_imagesize, { "Image Size", "facetime.sdp.imagesize", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Number of a picture size [which is which: unknown]", HFILL } },
        { &hf_sdp_rule, { "Image Rule", "facetime.sdp.rule", FT_STRING, BASE_NONE,
            NULL, 0x0, "Frame rate and picture sizes that go together", HFILL } },
        { &hf_sdp_rule_part[0], { "Frame Rate", "facetime.sdp.rule.framerate", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Pictures a second", HFILL } },
        { &hf_sdp_rule_part[1], { "Width", "facetime.sdp.rule.width", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Pixels from left to right", HFILL } },
        { &hf_sdp_rule_part[2], { "Height", "facetime.sdp.rule.height", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Pixels from top to bottom", HFILL } },
        { &hf_sdp_rule_part[3], { "Second Width [guess]", "facetime.sdp.rule.width2", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The same as the width where it was seen; perhaps the largest, or that of the other direction", HFILL } },
        { &hf_sdp_rule_part[4], { "Second Height [guess]", "facetime.sdp.rule.height2", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The same as the height where it was seen; perhaps the largest, or that of the other direction", HFILL } },
        { &hf_sdp_rule_part[5], { "Second Frame Rate [guess]", "facetime.sdp.rule.framerate2", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The same as the frame rate where it was seen; perhaps the largest, or that of the other direction", HFILL } },
        { &hf_sdp_rtcp, { "RTCP Port (a=rtcp)", "facetime.sdp.rtcp", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Where the sender wants RTCP: the media's own port", HFILL } },
        { &hf_sdp_rtcp_audio, { "RTCP Port of Audio (a=RTCP)", "facetime.sdp.rtcp.audio", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The same in Viceroy's own line, for audio", HFILL } },
        { &hf_sdp_rtcp_video, { "RTCP Port of Video (a=RTCP)", "facetime.sdp.rtcp.video", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The same in Viceroy's own line, for video", HFILL } },
        { &hf_sdp_rtpid, { "SSRC (a=rtpID)", "facetime.sdp.rtpid", FT_UINT32, BASE_HEX,
            NULL, 0x0, "SSRC that the sender's stream will have", HFILL } },
        { &hf_sdp_rtpid_media, { "Media of the SSRC", "facetime.sdp.rtpid.media", FT_STRING, BASE_NONE,
            NULL, 0x0, "audio or video, by the m= line before it", HFILL } },
    };
    static int *ett[] = { &ett_sdp, &ett_sdp_line };
    static ei_register_info ei[] = {
        { &ei_sdp_line, { "facetime.sdp.bad_line", PI_MALFORMED, PI_WARN,
            "A line of FaceTime's own has not its form", EXPFILL } },
        { &ei_sdp_limit, { "facetime.sdp.too_long", PI_PROTOCOL, PI_WARN,
            "The session description has more lines or bytes than are read", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
