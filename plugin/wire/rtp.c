/* rtp.c
 * RTP, bare on UDP or inside the relay payload: the stock dissector shows it, with FaceTime's payload types; this file adds what
 * is FaceTime's own.
 *
 *     RTP header (RFC 3550)   12 bytes
 *     header extension        rtp_extension.c
 *     encrypted payload       AES-128 in counter mode (Google Project Zero, Street-Party, 2018)
 *     what ends the packet    rtp_trailer.c; of today's calls only
 *
 * One socket carries many SSRCs. The stock dissector keeps what it knows of a stream (payload types, extended sequence
 * number) with the conversation; in 4.0 all SSRCs of a conversation share one extended sequence number, and streams that
 * take turns look like thousands of lost packets. So each SSRC gets its own conversation data, and the one of the packet
 * at hand is put into the conversation before the stock dissector is called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

#include <math.h>

#include <epan/proto_data.h>
#include <epan/dissectors/packet-rtp.h>

/* Of a stream whose payload type is not known: a packet that is larger is video. Measured: audio has up to 465 bytes with
 * redundancy, 370 without (1,008 packets); 64 of 100 video packets have more than 500. */
#define FT_RTP_AUDIO_MAX        500


static int proto_rtp = -1;

static int hf_rtp = -1;
static int hf_rtp_payload_name = -1;
static int hf_rtp_media = -1;
static int hf_rtp_media_by = -1;
static int ett_rtp = -1;
static expert_field ei_rtp_type = EI_INIT;

static const value_string media_by_vals[] = {
    { FT_MEDIA_BY_NOTHING, "nothing" },
    { FT_MEDIA_BY_SDP, "SDP (a=rtpID)" },
    { FT_MEDIA_BY_TYPE, "payload type" },
    { FT_MEDIA_BY_SIZE, "size [guess]" },
    { 0, NULL }
};

/* One SSRC of one flow. File scope. */
typedef struct rtp_stream {
    const ft_flow_t *flow;
    uint32_t ssrc;
    const struct rtp_announced *announced; /* what SDP had said of it when it began; NULL: nothing */
    uint32_t setup_frame;       /* that announced it, else the first one of the flow */
    bool old;                   /* the clocks are those of iOS 4 to 9 */
    ft_flow_t *owner;           /* the same flow, to be written to */
    void *data;                 /* the stock dissector's conversation data */
    void *rest;                 /* the same for packets behind the turns that rtp_stock.c keeps; NULL: none so far */
    uint32_t large_frame;       /* frame of the first packet too large for audio; 0: none */
    ft_rtp_stock_t stock;       /* what is known of that data */
    ft_rtp_endings_t endings;   /* what ends its packets, as far as repetition told */
    struct {
        bool begun;
        uint16_t seq;           /* of the latest packet */
        uint32_t interface;     /* of the capture, that it was seen on; 0 where the file has none */
        uint32_t timestamp;
        nstime_t latest, before; /* ft_frame_time() of it, and of the one before */
    } clock;
} rtp_stream_t;

/* What SDP announced about an SSRC. File scope. */
typedef struct rtp_announced {
    uint32_t media;             /* FT_MEDIA_* */
    uint32_t frame;             /* that announced it: it does not apply to earlier packets */
    uint32_t clocks[FT_RTP_TYPES]; /* Hz by payload type, as a=rtpmap has them; 0: none */
} rtp_announced_t;

static wmem_map_t *rtp_streams;         /* rtp_stream_t by flow and SSRC; file scope, made anew for each file */
/* Maps of payload types without and with the clocks of iOS 4 to 9, which streams share: each has 2 KiB. The streams hold them, until the
 * file is closed; NULL: no stream yet. */
static rtp_dyn_payload_t *rtp_maps[2];
static wmem_map_t *rtp_announced;       /* SSRC -> rtp_announced_t; file scope */
static wmem_map_t *rtp_compound;        /* place of an RTP packet, see compound_key() -> the stock dissector's data for it; file scope */
static wmem_map_t *rtp_clusters;        /* rtp_cluster_t by flow, direction and number; file scope */
static uint32_t rtp_number;             /* of the streams so far: a port of the address that they are filed under */

static unsigned
rtp_hash(const void *key)
{
    const rtp_stream_t *k = (const rtp_stream_t *)key;

    return ft_hash_pair((uintptr_t)k->flow, k->ssrc);
}

static gboolean
rtp_equal(const void *a, const void *b)
{
    const rtp_stream_t *x = (const rtp_stream_t *)a, *y = (const rtp_stream_t *)b;

    return x->flow == y->flow && x->ssrc == y->ssrc;
}

void
ft_rtp_announce(const nstime_t *now, uint32_t ssrc, uint32_t media, uint32_t frame, const uint32_t *clocks)
{
    rtp_announced_t *announced;

    if (wmem_map_lookup(rtp_announced, GUINT_TO_POINTER(ssrc)) || !ft_limit_take(FT_LIMIT_RTP_ANNOUNCED, now))
        return;
    announced = wmem_new(wmem_file_scope(), rtp_announced_t);
    announced->media = media;
    announced->frame = frame;
    memcpy(announced->clocks, clocks, sizeof announced->clocks);
    wmem_map_insert(rtp_announced, GUINT_TO_POINTER(ssrc), announced);
}

/* Audio or video? The surest sign first. */
static uint32_t
rtp_media(const packet_info *pinfo, const rtp_stream_t *stream, uint32_t ssrc, const ft_rtp_type_t *type, ft_media_by_t *by)
{
    const rtp_announced_t *announced = wmem_map_size(rtp_announced) == 0 ? NULL :
                                       (const rtp_announced_t *)wmem_map_lookup(rtp_announced, GUINT_TO_POINTER(ssrc));

    /* 1. SDP named the SSRC. */
    if (announced && announced->frame < pinfo->num) {
        *by = FT_MEDIA_BY_SDP;
        return announced->media;
    }
    /* 2. The payload type. */
    if (type && type->media) {
        *by = FT_MEDIA_BY_TYPE;
        return type->media;
    }
    /* 3. A packet of the stream was too large for audio. The opposite proves nothing: a still picture is small. */
    if (stream && stream->large_frame && stream->large_frame <= pinfo->num) {
        *by = FT_MEDIA_BY_SIZE;
        return FT_MEDIA_VIDEO;
    }
    *by = FT_MEDIA_BY_NOTHING;
    return 0;
}

bool
ft_rtp_form(const uint8_t *bytes, unsigned captured, unsigned reported)
{
    unsigned header;

    if (captured < FT_RTP_HEADER_LEN || (bytes[0] & 0xc0) != 0x80)
        return false;
    header = FT_RTP_HEADER_LEN + 4u * (bytes[0] & 0x0f);
    if (!(bytes[0] & 0x10))
        return reported >= header;
    return reported >= header + 4 && (captured < header + 4 || reported >= header + 4u + 4u * ft_u16(bytes + header + 2));
}

bool
ft_rtp_match(tvbuff_t *tvb, const packet_info *pinfo, uint32_t *evidence)
{
    unsigned captured = tvb_captured_length(tvb), header;
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, (int)captured);

    /* 1. Version 2 (RFC 3550): avoids STUN, QUIC, DTLS. */
    if (captured < 2 || (bytes[0] & 0xc0) != 0x80)
        return false;
    /* 2. RTCP is another form. */
    if (ft_rtp_is_rtcp_type(bytes[1]))
        return ft_rtcp_match(tvb);
    /* 3. The fixed header, the CSRC list and the extension fit. */
    if (!ft_rtp_form(bytes, captured, tvb_reported_length(tvb)))
        return false;
    if (!evidence || !ft_is_media_port(pinfo->srcport) || !ft_is_media_port(pinfo->destport))
        return true;
    *evidence |= FT_EV(FT_EV_RTP_PORTS);
    /* 4. The extension of iOS 4 to 9, two words, between two of FaceTime's media ports. */
    header = FT_RTP_HEADER_LEN + 4u * (bytes[0] & 0x0f);
    if ((bytes[0] & 0x10) && captured >= header + 4 && ft_u16(bytes + header) == FT_RTP_PROFILE_4400 &&
        ft_u16(bytes + header + 2) == FT_RTP_PROFILE_4400_LEN)
        *evidence |= FT_EV(FT_EV_RTP_4400);
    return true;
}

bool
ft_rtp_is_facetime(tvbuff_t *tvb, const packet_info *pinfo)
{
    const ft_rtp_type_t *type;
    uint8_t second;

    if (!ft_rtp_match(tvb, pinfo, NULL))
        return false;
    second = ft_tvb_get_u8(tvb, 1);
    if (ft_rtp_is_rtcp_type(second))
        return true;
    type = ft_rtp_type(second & 0x7f);
    return type && type->today;
}

/* The stock dissector's names and clocks of the payload types. */
static rtp_dyn_payload_t *
rtp_map_new(const rtp_announced_t *announced, bool old)
{
    rtp_dyn_payload_t *map = rtp_dyn_payload_new();
    unsigned count;
    const ft_rtp_type_t *types = ft_rtp_types(&count);

    for (unsigned i = 0; i < count; i++) {
        int clock = old ? types[i].old_clock : types[i].clock;

        if (!types[i].encoding)
            continue;
        if (announced && announced->clocks[types[i].type] > 0 && announced->clocks[types[i].type] <= INT32_MAX)
            clock = (int)announced->clocks[types[i].type];
        ft_rtp_payload_insert(map, types[i].type, types[i].encoding, clock);
    }
    return map;
}

/* Makes the stock dissector's data for a stream: the only way to do so is to announce media, here for an address that no
 * packet has. The payload is encrypted (its keys travel in the push), which the stock dissector calls SRTP: it then
 * decodes nothing. setup_frame is the frame that announced the stream: the VoIP Calls window finds the call by it.
 * The clocks are those that SDP gave with the SSRC (announced), else those of the stream's time. */
static void *
rtp_data_new(packet_info *pinfo, const rtp_stream_t *stream)
{
    const rtp_announced_t *announced = stream->announced;
    uint32_t setup_frame = stream->setup_frame;
    bool old = stream->old;
    static const char nowhere[] = "facetime";
    static struct srtp_info encrypted = { .encryption_algorithm = SRTP_ENC_ALG_AES_CM, .auth_algorithm = SRTP_AUTH_ALG_NONE };
    rtp_dyn_payload_t **shared = &rtp_maps[old], *map = !announced && *shared ? *shared : rtp_map_new(announced, old);
    address addr;
    conversation_t *conversation;
    uint32_t port = ++rtp_number;

    set_address(&addr, AT_STRINGZ, (int)sizeof nowhere, nowhere);
    srtp_add_address(pinfo, PT_UDP, &addr, (int)port, 0, "FaceTime", setup_frame, 0, map, &encrypted, NULL);
    if (map != *shared)
        rtp_dyn_payload_free(map);
    if (!announced)
        *shared = map;
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

/* The conversation of the stock dissector that SDP made for the receiver; NULL if there is none. */
static const conversation_t *
rtp_announced_by_sdp(const packet_info *pinfo)
{
    const conversation_t *found = find_conversation(pinfo->num, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_UDP,
                                                    pinfo->destport, 0, NO_ADDR_B | NO_PORT_B);

    return found && (found->options & NO_PORT2) ? found : NULL;
}

/* The stream of this SSRC; on the first pass it is made where there is none, with data for the stock dissector. old: iOS 4 to 9.
 * NULL: none, or the limit. */
static rtp_stream_t *
rtp_prepare(packet_info *pinfo, ft_flow_t *flow, uint32_t ssrc, bool old)
{
    rtp_stream_t key = { .flow = flow, .ssrc = ssrc }, *stream, **latest, **before;
    const conversation_t *announced;
    unsigned side;

    if (flow == NULL || proto_rtp < 0 || !rtp_conversation(pinfo, flow))
        return NULL;
    side = ft_flow_from_a(flow, pinfo) ? 0 : 1;
    latest = &flow->rtp_latest[side];
    before = &flow->rtp_before[side];
    if (ft_shortcuts && *latest && (*latest)->ssrc == ssrc)
        return *latest;
    stream = *before;
    *before = *latest;
    if (ft_shortcuts && stream && stream->ssrc == ssrc) {
        *latest = stream;
        return stream;
    }
    stream = (rtp_stream_t *)wmem_map_lookup(rtp_streams, &key);
    if (!stream && !PINFO_FD_VISITED(pinfo) && ft_limit_take(FT_LIMIT_RTP_STREAMS, &pinfo->abs_ts)) {
        announced = rtp_announced_by_sdp(pinfo);
        /* The frame whose SDP announced the receiver, else the first one of the flow: it has an arrow in the ladder of the call. */
        key.setup_frame = announced ? announced->setup_frame : flow->first_frame;
        key.announced = (const rtp_announced_t *)wmem_map_lookup(rtp_announced, GUINT_TO_POINTER(ssrc));
        key.old = old || announced;
        key.data = rtp_data_new(pinfo, &key);
        if (key.data) {
            stream = wmem_memdup(wmem_file_scope(), &key, sizeof key);
            stream->owner = flow;
            ft_rtp_numbers_start(&stream->stock);
            wmem_map_insert(rtp_streams, stream, stream);
        }
    }
    *latest = stream;
    return stream;
}

/* Puts the stream's data where the stock dissector finds it. */
static void
rtp_use(packet_info *pinfo, ft_flow_t *flow, rtp_stream_t *stream)
{
    conversation_t *conversation = rtp_conversation(pinfo, flow);
    void *data = stream->data;

    if (ft_rtp_stock_is_rest(&stream->stock, pinfo)) {
        if (!stream->rest)
            stream->rest = rtp_data_new(pinfo, stream);
        data = stream->rest ? stream->rest : data;
    }
    if (conversation && conversation_get_proto_data(conversation, proto_rtp) != data)
        conversation_add_proto_data(conversation, proto_rtp, data);
}

void
ft_rtp_prepare_flow(packet_info *pinfo, ft_flow_t *flow)
{
    rtp_stream_t *stream = rtp_prepare(pinfo, flow, 0, false);

    if (stream)
        rtp_use(pinfo, flow, stream);
}

/* Frame and place in the frame as one number, from 1. */
static void *
compound_key(const packet_info *pinfo, unsigned place)
{
    return (void *)(uintptr_t)((uint64_t)pinfo->num * FT_MAX_AGGREGATE * FT_MAX_SUBPACKETS + place + 1);
}

static void
compound_keep(packet_info *pinfo, unsigned place)
{
    void *data = p_get_proto_data(wmem_file_scope(), pinfo, proto_rtp, FT_RTP_CONVERSATION_DATA);

    if (data && ft_limit_take(FT_LIMIT_RTP_COMPOUND, &pinfo->abs_ts))
        wmem_map_insert(rtp_compound, compound_key(pinfo, place), data);
}

/* Calls the stock dissector. It keeps what it found out on the first pass (extended sequence number, payload types) with the
 * frame, as if a frame had one RTP packet; a compound datagram and an aggregate have several, and all would get the numbers of the first one.
 * So each of them gets its own, which are put back on later passes. */
static void
rtp_call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt, rtp_stream_t *stream)
{
    unsigned place = pkt->rtp_before + pkt->n_rtp - 1;
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    void *data = NULL;

    if (stream)
        rtp_use(pinfo, pkt->flow, stream);
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
    ft_rtp_stock_call(stream ? &stream->stock : NULL, tvb, pinfo, root, pkt);
    if (first_pass && place > 0)
        compound_keep(pinfo, place);
}

/* The packet as the stock dissector is to see it. The P bit of today's media is not RFC 3550's: it says that a footer ends the cipher text
 * (AVConference, RTPTransport.c), and the last byte of the packet, which is no count of padding, is behind that. So it is not shown to it. */
static tvbuff_t *
rtp_for_stock(tvbuff_t *tvb, packet_info *pinfo, bool old)
{
    unsigned captured = tvb_captured_length(tvb);
    uint8_t *bytes;
    tvbuff_t *copy;

    if (old || !(ft_tvb_get_u8(tvb, 0) & FT_RTP_P))
        return tvb;
    bytes = (uint8_t *)tvb_memdup(pinfo->pool, tvb, 0, captured);
    bytes[0] &= (uint8_t)~FT_RTP_P;
    copy = tvb_new_child_real_data(tvb, bytes, captured, (int)tvb_reported_length(tvb));
    add_new_data_source(pinfo, copy, "RTP without the mark of the footer");
    return copy;
}

/* ---- Probing clusters ------------------------------------------------------------------------------- */

/* A cluster of one sender. File scope. */
typedef struct rtp_cluster {
    const ft_flow_t *flow;
    bool from_a;
    uint32_t number;
    ft_rtp_probe_t probe;
} rtp_cluster_t;

static unsigned
cluster_hash(const void *key)
{
    const rtp_cluster_t *k = (const rtp_cluster_t *)key;

    return g_direct_hash(k->flow) ^ ft_hash_id(GUINT_TO_POINTER(k->number)) ^ (k->from_a ? 1 : 0);
}

static gboolean
cluster_equal(const void *a, const void *b)
{
    const rtp_cluster_t *x = (const rtp_cluster_t *)a, *y = (const rtp_cluster_t *)b;

    return x->flow == y->flow && x->from_a == y->from_a && x->number == y->number;
}

/* The cluster that a video packet probes in; NULL: none. An audio packet is noted, as its time stamp may be the number of one: that of the
 * latest before the cluster, or of the next. What is kept is written on the first pass. */
static const ft_rtp_probe_t *
rtp_probe(const ft_rtp_bytes_t *packet, const packet_info *pinfo, const rtp_stream_t *stream, const ft_rtp_t *rtp)
{
    rtp_cluster_t key = { .flow = stream->flow, .from_a = ft_flow_from_a(stream->flow, pinfo) }, *cluster;
    unsigned side = key.from_a ? 0 : 1;
    ft_flow_t *flow = stream->owner;

    if (rtp->media == FT_MEDIA_AUDIO && !PINFO_FD_VISITED(pinfo)) {
        if (flow->rtp_audio[side].cluster && flow->rtp_audio[side].cluster_number == rtp->timestamp)
            flow->rtp_audio[side].cluster->audio_frame = pinfo->num;
        flow->rtp_audio[side].cluster = NULL;
        flow->rtp_audio[side].timestamp = rtp->timestamp;
        flow->rtp_audio[side].frame = pinfo->num;
    }
    if (rtp->media != FT_MEDIA_VIDEO || !(packet->bytes[0] & 0x10))
        return NULL;
    key.number = ft_rtp_extension_probe(packet, FT_RTP_HEADER_LEN + 4u * (packet->bytes[0] & 0x0f));
    if (key.number == 0)
        return NULL;
    cluster = (rtp_cluster_t *)wmem_map_lookup(rtp_clusters, &key);
    if (!cluster && !PINFO_FD_VISITED(pinfo) && ft_limit_take(FT_LIMIT_RTP_CLUSTERS, &pinfo->abs_ts)) {
        cluster = (rtp_cluster_t *)wmem_memdup(wmem_file_scope(), &key, sizeof key);
        cluster->probe.frame = pinfo->num;
        if (flow->rtp_audio[side].frame && flow->rtp_audio[side].timestamp == key.number)
            cluster->probe.audio_frame = flow->rtp_audio[side].frame;
        wmem_map_insert(rtp_clusters, cluster, cluster);
    }
    if (cluster && !cluster->probe.audio_frame && !PINFO_FD_VISITED(pinfo)) {
        flow->rtp_audio[side].cluster = &cluster->probe;
        flow->rtp_audio[side].cluster_number = key.number;
    }
    return cluster ? &cluster->probe : NULL;
}

static const char *
media_name(uint32_t media)
{
    return media == FT_MEDIA_VIDEO ? "video" : media == FT_MEDIA_AUDIO ? "audio" : "unknown";
}

/* FaceTime's own: never throws, so that the stock dissector shows the packet up to where the capture cut it. */
static void
rtp_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *ft_tree, const ft_rtp_type_t *type, uint32_t media, ft_media_by_t by,
         const ft_rtp_trailer_t *trailer, const ft_rtp_t *rtp, const ft_rtp_probe_t *probe)
{
    const char *name = type ? type->name : "Unknown";
    proto_tree *tree = ft_subtree_kept(ft_tree, hf_rtp, tvb, 0, -1, ett_rtp, NULL, (uintptr_t)type, "RTP: %s", name);
    proto_item *item = proto_tree_add_string(tree, hf_rtp_payload_name, tvb, 1, 1, name);
    int at = FT_RTP_HEADER_LEN + 4 * (ft_tvb_get_u8(tvb, 0) & 0x0f);

    proto_item_set_generated(item);
    if (!type)
        expert_add_info_format(pinfo, item, &ei_rtp_type, "Payload type %u was never seen in a FaceTime call", ft_tvb_get_u8(tvb, 1) & 0x7f);
    proto_item_set_generated(proto_tree_add_string(tree, hf_rtp_media, tvb, 1, 1, media_name(media)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_rtp_media_by, tvb, 1, 1, by));
    if (ft_tvb_get_u8(tvb, 0) & 0x10)
        at = ft_rtp_extension_dissect(tvb, at, pinfo, tree, rtp, probe);
    ft_rtp_trailer_show(tvb, at, tree, trailer);
}

static ft_rtp_bytes_t
rtp_bytes(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb);

    return (ft_rtp_bytes_t){ tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb) };
}

/* Has the packet the extension of iOS 4 to 9? */
static bool
rtp_is_old(const ft_rtp_bytes_t *packet)
{
    unsigned at = FT_RTP_HEADER_LEN + 4u * (packet->bytes[0] & 0x0f);

    return (packet->bytes[0] & 0x10) && at + 2 <= packet->captured && ft_u16(packet->bytes + at) == FT_RTP_PROFILE_4400;
}

/* Takes the header, its extension and the key's identifier into the packet facts. The fixed header is captured. */
static void
rtp_take(const ft_rtp_bytes_t *packet, ft_packet_t *pkt, uint32_t media)
{
    const uint8_t *bytes = packet->bytes;
    ft_rtp_t *rtp;
    unsigned at;

    if (pkt->n_rtp >= array_length(pkt->rtp))
        return;
    rtp = &pkt->rtp[pkt->n_rtp++];
    rtp->payload_type = bytes[1] & 0x7f;
    rtp->media = media;
    rtp->marker = (bytes[1] & 0x80) != 0;
    rtp->seq = ft_u16(bytes + 2);
    rtp->timestamp = ft_u32(bytes + 4);
    rtp->ssrc = ft_u32(bytes + FT_RTP_SSRC_AT);
    rtp->length = packet->reported;
    rtp->retransmitted = pkt->relay.again;
    at = FT_RTP_HEADER_LEN + 4u * (bytes[0] & 0x0f);
    if (bytes[0] & 0x10)
        ft_rtp_extension_read(packet, at, rtp);
}

/* Finds what ends the packet, and takes the key's identifier into the packet's facts. stream may be NULL. */
static ft_rtp_trailer_t
rtp_take_trailer(const ft_rtp_bytes_t *packet, const packet_info *pinfo, rtp_stream_t *stream, uint32_t media, bool old, ft_packet_t *pkt)
{
    ft_rtp_t *rtp = &pkt->rtp[pkt->n_rtp - 1];

    if (old)
        return (ft_rtp_trailer_t){ .kind = FT_TRAILER_NONE };
    return ft_rtp_trailer_take(packet, pinfo, pkt->flow, stream ? &stream->endings : NULL, media, rtp);
}

/* rtp_match() has seen that the fixed header is captured. */
static void
rtp_note(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    const ft_rtp_bytes_t packet = rtp_bytes(tvb);
    ft_media_by_t by;
    uint32_t media;

    media = rtp_media(pinfo, NULL, ft_u32(packet.bytes + FT_RTP_SSRC_AT), ft_rtp_type(packet.bytes[1] & 0x7f), &by);
    rtp_take(&packet, pkt, media);
    rtp_take_trailer(&packet, pinfo, NULL, media, rtp_is_old(&packet), pkt);
}

/* Numbers that a stream may be ahead where it goes on: half a second of video, or two seconds of audio. */
#define FT_STEP_NUMBERS 100

/* By what its sender says a packet is no later than this behind the one before [guess]: silence with comfort noise has gaps of two seconds. */
#define FT_STEP_LONGEST_GAP 10

/* Was the capture's clock put back before this packet? First pass only.
 *  1. The stream goes on: the same flow and SSRC, and the number is one of the next. Avoids a file that was appended to another one, and duplicates.
 *  2. It was seen on the same interface: avoids two cards with clocks of their own.
 *  3. The time stamp is before the latest one: avoids pauses. By a second at least: avoids packets that a capture put out of order.
 *  4. And before the one before that: avoids a single frame whose time is wrong, which came before.
 * The step is over where a packet follows the latest one without it: it was a single frame whose time is wrong, or the clock was put right. */
static void
rtp_clock_step(const rtp_stream_t *stream, const packet_info *pinfo, const uint8_t *bytes)
{
    uint16_t ahead = (uint16_t)(ft_u16(bytes + 2) - stream->clock.seq);
    uint32_t rate = ft_rtp_clock(bytes[1] & 0x7f, !stream->old);
    double on, step, later;

    if (ahead == 0 || ahead > FT_STEP_NUMBERS || ft_interface(pinfo) != stream->clock.interface)
        return;
    on = ft_seconds(ft_frame_time(pinfo), &stream->clock.latest);
    step = ft_frame_time_latest_step();
    /* As long after the packet before as its sender says. */
    later = rate ? (double)(int32_t)(ft_u32(bytes + 4) - stream->clock.timestamp) / rate : 0;
    if (on < -FT_OUT_OF_ORDER_SECONDS && ft_seconds(ft_frame_time(pinfo), &stream->clock.before) < -FT_OUT_OF_ORDER_SECONDS)
        ft_frame_time_step(pinfo, (later > 0 && later < FT_STEP_LONGEST_GAP ? later : 0) - on);
    else if (step > 0 && fabs(on - step) < FT_OUT_OF_ORDER_SECONDS)
        ft_frame_time_step(pinfo, -step);
}

/* Notes the time of the stream's packet, whose fixed header begins at bytes. First pass only. */
static void
rtp_clock(rtp_stream_t *stream, const packet_info *pinfo, const uint8_t *bytes)
{
    if (stream->clock.begun && (ft_frame_steps || pinfo->abs_ts.secs < stream->clock.latest.secs))
        rtp_clock_step(stream, pinfo, bytes);
    stream->clock.begun = true;
    stream->clock.seq = ft_u16(bytes + 2);
    stream->clock.timestamp = ft_u32(bytes + 4);
    stream->clock.interface = ft_interface(pinfo);
    stream->clock.before = stream->clock.latest;
    stream->clock.latest = *ft_frame_time(pinfo);
}

/* Notes what later packets of the stream are told by. First pass only. */
static void
rtp_note_packet(rtp_stream_t *stream, const packet_info *pinfo, const ft_rtp_bytes_t *packet)
{
    rtp_clock(stream, pinfo, packet->bytes);
    if (!stream->large_frame && packet->reported > FT_RTP_AUDIO_MAX)
        stream->large_frame = pinfo->num;
}

void
ft_rtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    uint8_t second = ft_tvb_get_u8(tvb, 1);
    uint32_t ssrc, media;
    const ft_rtp_type_t *type;
    const ft_rtp_probe_t *probe;
    ft_rtp_trailer_t trailer;
    tvbuff_t *stock_tvb;
    rtp_stream_t *stream;
    ft_rtp_bytes_t packet;
    ft_media_by_t by;
    bool old;

    if (ft_rtp_is_rtcp_type(second)) {
        ft_rtcp_dissect(tvb, pinfo, root, ft_tree, pkt);
        return;
    }
    pkt->phase = FT_PHASE_MEDIA;
    type = ft_rtp_type(second & 0x7f);
    ssrc = tvb_get_ntohl(tvb, 8);
    packet = rtp_bytes(tvb);
    old = rtp_is_old(&packet);
    stream = rtp_prepare(pinfo, pkt->flow, ssrc, old);
    if (stream && !PINFO_FD_VISITED(pinfo))
        rtp_note_packet(stream, pinfo, &packet);
    media = rtp_media(pinfo, stream, ssrc, type, &by);
    rtp_take(&packet, pkt, media);
    trailer = rtp_take_trailer(&packet, pinfo, stream, media, old, pkt);
    probe = stream && !old ? rtp_probe(&packet, pinfo, stream, &pkt->rtp[pkt->n_rtp - 1]) : NULL;
    if (ft_is_shown(ft_tree))
        rtp_show(tvb, pinfo, ft_tree, type, media, by, &trailer, &pkt->rtp[pkt->n_rtp - 1], probe);
    if (stream && pkt->claimed && !PINFO_FD_VISITED(pinfo))
        ft_rtp_numbers_take(&stream->stock, pinfo->num, tvb_get_ntohs(tvb, 2), tvb_get_ntohl(tvb, 4));
    /* Before the stock dissector, which ends where the capture is cut. */
    if (ft_tree && !pkt->what)
        pkt->what = ft_rtp_brief(pinfo->pool, &pkt->rtp[pkt->n_rtp - 1]);
    ft_rtp_info(pinfo, pkt);
    stock_tvb = rtp_for_stock(tvb, pinfo, old);
    if (stream && !root && pkt->n_rtp == 1 && ft_rtp_stock_is_unseen(&stream->stock, &packet, pkt))
        return;
    rtp_call_stock(stock_tvb, pinfo, root, pkt, stream);
}

bool
ft_rtp_is_rtcp(tvbuff_t *tvb)
{
    return ft_rtp_is_rtcp_type(ft_tvb_get_u8(tvb, 1));
}

bool
ft_rtp_unseen(const ft_rtp_bytes_t *packet, packet_info *pinfo, ft_packet_t *pkt)
{
    const uint8_t *bytes = packet->bytes;
    const ft_rtp_type_t *type = ft_rtp_type(bytes[1] & 0x7f);
    uint32_t ssrc = ft_u32(bytes + FT_RTP_SSRC_AT);
    rtp_stream_t *stream;
    ft_media_by_t by;
    uint32_t media;
    bool old = rtp_is_old(packet);

    if (ft_rtp_is_rtcp_type(bytes[1]) || packet->captured < packet->reported || pkt->n_rtp > 0)
        return false;
    stream = rtp_prepare(pinfo, pkt->flow, ssrc, old);
    if (!stream || !ft_rtp_stock_is_unseen(&stream->stock, packet, pkt))
        return false;
    if (!PINFO_FD_VISITED(pinfo)) {
        rtp_note_packet(stream, pinfo, packet);
        ft_rtp_numbers_take(&stream->stock, pinfo->num, ft_u16(bytes + 2), ft_u32(bytes + 4));
    }
    pkt->phase = FT_PHASE_MEDIA;
    media = rtp_media(pinfo, stream, ssrc, type, &by);
    rtp_take(packet, pkt, media);
    /* What later packets are told by does not depend on who looks. */
    rtp_take_trailer(packet, pinfo, stream, media, old, pkt);
    if (!old)
        rtp_probe(packet, pinfo, stream, &pkt->rtp[pkt->n_rtp - 1]);
    ft_rtp_info_alone(pinfo, pkt);
    return true;
}

static bool
rtp_unseen(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    const ft_rtp_bytes_t packet = rtp_bytes(tvb);

    return ft_rtp_unseen(&packet, pinfo, pkt);
}

static bool
rtp_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    return ft_rtp_match(tvb, pinfo, evidence);
}

static void
rtp_init(void)
{
    rtp_streams = wmem_map_new(wmem_file_scope(), rtp_hash, rtp_equal);
    rtp_announced = wmem_map_new(wmem_file_scope(), ft_hash_id, g_direct_equal);
    rtp_compound = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    rtp_maps[false] = rtp_maps[true] = NULL;
    rtp_clusters = wmem_map_new(wmem_file_scope(), cluster_hash, cluster_equal);
    ft_rtp_trailer_init();
    rtp_number = 0;
    ft_rtp_stock_init();
}

static void
rtp_register(void)
{
    static hf_register_info hf[] = {
        { &hf_rtp, { "RTP", "facetime.rtp", FT_NONE, BASE_NONE,
            NULL, 0x0, "An RTP packet of FaceTime's", HFILL } },
        { &hf_rtp_payload_name, { "Payload Type Name", "facetime.rtp.payload_name", FT_STRING, BASE_NONE,
            NULL, 0x0, "What FaceTime uses this payload type for", HFILL } },
        { &hf_rtp_media, { "Media", "facetime.rtp.media", FT_STRING, BASE_NONE,
            NULL, 0x0, "audio or video", HFILL } },
        { &hf_rtp_media_by, { "Media Known By", "facetime.rtp.media_by", FT_UINT8, BASE_DEC,
            VALS(media_by_vals), 0x0, "What tells audio from video here", HFILL } },
    };
    static int *ett[] = { &ett_rtp };
    static ei_register_info ei[] = {
        { &ei_rtp_type, { "facetime.rtp.unknown_type", PI_UNDECODED, PI_NOTE,
            "Payload type that was never seen in a FaceTime call", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_rtp_extension_register();
    ft_rtp_trailer_register();
    register_init_routine(rtp_init);
}

static void
rtp_handoff(void)
{
    proto_rtp = proto_get_id_by_filter_name("rtp");
    ft_rtp_stock_handoff();
}

const ft_wire_t ft_wire_rtp = {
    .kind = FT_KIND_RTP,
    .first_mask = 0xc0, .first_bits = 0x80,    /* RFC 3550, 5.1: version 2 */
    .register_fields = rtp_register,
    .handoff = rtp_handoff,
    .match = rtp_match,
    .dissect = ft_rtp_dissect,
    .unseen = rtp_unseen,
    .note = rtp_note,
};
