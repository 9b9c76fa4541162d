/* rtp_trailer.c
 * What ends an RTP packet of today's calls, behind its encrypted payload.
 *
 *     encrypted payload       AES-128 in counter mode (Google Project Zero, Street-Party, 2018)
 *     key identifier          16 or 2 bytes     } of today's calls only
 *     rollover counter        u32, or nothing   }
 *     tag                     4, 10 or 0 bytes  }
 *
 * What ends a packet today (MKI: the master key identifier of RFC 3711; the counter is that of RFC 4771):
 *
 *     long     MKI of 16 bytes, u32 0: all 3,989 packets of two real calls of 2023, one MKI for each sender. In newer calls its parts have names:
 *              short form (2) · upper half of the participant ID (4) · 0 · its lower half (4) · five bytes of 0 (rustpush)
 *     short    MKI of 2 bytes (12 bits roll index, 4 bits ratchet index), u32 0x20: streams of a group, 2026 (rustpush's packets). The 0x20 is
 *              in each of them, so it is no counter; what it is, is not known
 *     tagged   MKI of 2 bytes, the counter in each 128th packet only, a tag of 4 bytes (audio) or 10 (video): between two devices (rustpush)
 *
 * The tag looks like any bytes: there the MKI is told by its being the same in four packets of a stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

/* Packets in a row with the same two bytes in the place of a short key identifier, before they are taken for one: by chance once in 2^48. */
#define FT_RTP_REPEATS          4

/* Behind the key identifier: 0 in 2023 and whatever a counter has reached; the constant of 2026. */
#define FT_RTP_ROC_MAX          255
#define FT_RTP_ROC_CONSTANT     0x20u

/* Tags of SRTP: RFC 3711, 4.2 and 5.2. */
#define FT_RTP_AUDIO_TAG        4
#define FT_RTP_VIDEO_TAG        10
/* Where there is a tag, the counter is in packets whose sequence number has these bits 0. */
#define FT_RTP_ROC_MASK         0x7f


static int hf_rtp_encrypted = -1;
static int hf_rtp_payload = -1;
static int hf_rtp_mki = -1;
static int hf_rtp_mki_roll = -1;
static int hf_rtp_mki_ratchet = -1;
static int hf_rtp_mki_participant = -1;
static int hf_rtp_roc = -1;
static int hf_rtp_roc_constant = -1;
static int hf_rtp_tag = -1;
static int hf_rtp_trailer = -1;
static int hf_rtp_footer = -1;
static int ett_rtp_mki = -1;

static const value_string trailer_vals[] = {
    { FT_TRAILER_NONE, "nothing that is known" },
    { FT_TRAILER_LONG, "key identifier of 16 bytes" },
    { FT_TRAILER_SHORT, "key identifier of 2 bytes" },
    { FT_TRAILER_TAGGED, "key identifier of 2 bytes and a tag, by repetition [guess]" },
    { 0, NULL }
};

/* A key identifier of one sender, or the beginning of one. File scope. */
typedef struct rtp_key {
    const ft_flow_t *flow;
    bool from_a;
    bool is_short;              /* it is all of a short identifier, and so the beginning of the long one of the same key */
    uint8_t len;                /* bytes of id */
    uint8_t id[FT_RTP_KEY_LEN]; /* the rest is 0 */
    uint32_t frame;             /* of the first packet with it */
} rtp_key_t;

static wmem_map_t *rtp_keys;            /* rtp_key_t by flow, direction and identifier or its beginning; file scope */

/* The last u32, if it is small as a counter or the constant are: by chance once in 16 million packets. -1: it is not, or not captured. The payload
 * begins at `at`. */
static int
small_end(const ft_rtp_bytes_t *packet, unsigned at)
{
    uint32_t last;

    if (packet->reported < at + FT_RTP_SHORT_MKI_LEN + FT_RTP_ROC_LEN || packet->captured < packet->reported)
        return -1;
    last = ft_u32(packet->bytes + packet->reported - FT_RTP_ROC_LEN);
    return last <= FT_RTP_ROC_MAX ? (int)last : -1;
}

/* Is there room for a long key identifier and the counter? */
static bool
has_room(const ft_rtp_bytes_t *packet, unsigned at)
{
    return packet->reported >= at + FT_RTP_MKI_LEN + FT_RTP_ROC_LEN;
}

/* Has a long key identifier the parts that newer calls put into it? */
static bool
mki_has_parts(const uint8_t *mki)
{
    return mki[6] == 0 && mki[11] == 0 && ft_u32(mki + 12) == 0;
}

/* Where a short key identifier stands, if a tag ends the packet; NULL: the packet is too short, cut, or of unknown media. */
static const uint8_t *
tagged_mki(const ft_rtp_bytes_t *packet, unsigned at, uint32_t media, ft_rtp_trailer_t *trailer)
{
    unsigned length;

    if (media != FT_MEDIA_AUDIO && media != FT_MEDIA_VIDEO)
        return NULL;
    *trailer = (ft_rtp_trailer_t){ .kind = FT_TRAILER_TAGGED, .mki = FT_RTP_SHORT_MKI_LEN };
    trailer->tag = media == FT_MEDIA_AUDIO ? FT_RTP_AUDIO_TAG : FT_RTP_VIDEO_TAG;
    trailer->roc = ft_u16(packet->bytes + 2) & FT_RTP_ROC_MASK ? 0 : FT_RTP_ROC_LEN;
    length = trailer->mki + trailer->roc + trailer->tag;
    return packet->reported >= at + length && packet->captured == packet->reported ? packet->bytes + packet->reported - length : NULL;
}

/* Notes what repeats from packet to packet of a stream. First pass only. */
static void
learn(const ft_rtp_bytes_t *packet, unsigned at, const packet_info *pinfo, ft_rtp_endings_t *endings, uint32_t media)
{
    const uint8_t *before, *mki;
    ft_rtp_trailer_t tagged;

    if (endings->trailer)
        return;
    if (small_end(packet, at) >= 0) {
        endings->run = 0;
        if (!has_room(packet, at))
            return;
        before = packet->bytes + packet->reported - FT_RTP_ROC_LEN - FT_RTP_MKI_LEN;
        if (endings->has_end && memcmp(before, endings->end, FT_RTP_MKI_LEN) == 0)
            endings->trailer = FT_TRAILER_LONG;
        else if (endings->has_end && memcmp(before + FT_RTP_MKI_LEN - FT_RTP_SHORT_MKI_LEN, endings->end + FT_RTP_MKI_LEN - FT_RTP_SHORT_MKI_LEN,
                                            FT_RTP_SHORT_MKI_LEN) == 0)
            endings->trailer = FT_TRAILER_SHORT;
        if (!endings->trailer || !endings->has_end)
            endings->run_frame = pinfo->num;
        memcpy(endings->end, before, FT_RTP_MKI_LEN);
        endings->has_end = true;
    } else {
        mki = tagged_mki(packet, at, media, &tagged);
        if (!mki)
            return;
        if (endings->run == 0 || endings->run_mki != ft_u16(mki)) {
            endings->run_mki = ft_u16(mki);
            endings->run = 0;
            endings->run_frame = pinfo->num;
        }
        if (++endings->run >= FT_RTP_REPEATS)
            endings->trailer = FT_TRAILER_TAGGED;
    }
    if (endings->trailer)
        endings->trailer_frame = pinfo->num;
}

/* What ends the packet, whose payload begins at `at`. What repetition has told so far comes first; on later passes it is known from the first
 * packet of a run on. */
static ft_rtp_trailer_t
trailer_of(const ft_rtp_bytes_t *packet, unsigned at, const packet_info *pinfo, const ft_rtp_endings_t *endings, uint32_t media)
{
    const ft_rtp_trailer_t none = { .kind = FT_TRAILER_NONE };
    ft_rtp_trailer_t trailer;
    bool told = endings && endings->trailer && (PINFO_FD_VISITED(pinfo) ? endings->run_frame : endings->trailer_frame) <= pinfo->num, is_short;
    int last;

    if (told && endings->trailer == FT_TRAILER_TAGGED)
        return tagged_mki(packet, at, media, &trailer) ? trailer : none;
    last = small_end(packet, at);
    if (last < 0)
        return none;
    is_short = told ? endings->trailer == FT_TRAILER_SHORT : (uint32_t)last == FT_RTP_ROC_CONSTANT &&
               (!has_room(packet, at) || !mki_has_parts(packet->bytes + packet->reported - FT_RTP_ROC_LEN - FT_RTP_MKI_LEN));
    if (!is_short && !has_room(packet, at))
        return none;
    return (ft_rtp_trailer_t){ .kind = is_short ? FT_TRAILER_SHORT : FT_TRAILER_LONG, .mki = is_short ? FT_RTP_SHORT_MKI_LEN : FT_RTP_MKI_LEN,
                               .roc = FT_RTP_ROC_LEN };
}

static unsigned
trailer_len(const ft_rtp_trailer_t *trailer)
{
    return trailer->mki + trailer->roc + trailer->tag;
}

static unsigned
key_hash(const void *key)
{
    const rtp_key_t *k = (const rtp_key_t *)key;

    return ft_hash_bytes(k->id, sizeof k->id) ^ g_direct_hash(k->flow) ^ (k->from_a ? 1 : 0);
}

static gboolean
key_equal(const void *a, const void *b)
{
    const rtp_key_t *x = (const rtp_key_t *)a, *y = (const rtp_key_t *)b;

    return x->flow == y->flow && x->from_a == y->from_a && x->len == y->len && memcmp(x->id, y->id, sizeof x->id) == 0;
}

static rtp_key_t
rtp_key(const ft_flow_t *flow, bool from_a, const uint8_t *id, unsigned len)
{
    rtp_key_t key = { .flow = flow, .from_a = from_a, .len = (uint8_t)MIN(len, FT_RTP_KEY_LEN) };

    memcpy(key.id, id, key.len);
    return key;
}

uint32_t
ft_rtp_key_frame(const ft_flow_t *flow, bool from_a, const uint8_t *id, unsigned len)
{
    rtp_key_t key = rtp_key(flow, from_a, id, len);
    const rtp_key_t *found = (const rtp_key_t *)wmem_map_lookup(rtp_keys, &key);

    if (!found && len > FT_RTP_SHORT_MKI_LEN) {
        key = rtp_key(flow, from_a, id, FT_RTP_SHORT_MKI_LEN);
        found = (const rtp_key_t *)wmem_map_lookup(rtp_keys, &key);
        return found && found->is_short ? found->frame : 0;
    }
    return found ? found->frame : 0;
}

/* Notes the first packet with a key identifier, for each length that a control message may give of it. First pass only. */
static void
note_key(const packet_info *pinfo, const ft_flow_t *flow, ft_rtp_endings_t *endings, const ft_rtp_t *rtp)
{
    rtp_key_t key, *kept;
    bool from_a = ft_flow_from_a(flow, pinfo);

    if (rtp->mki_len >= FT_RTP_KEY_LEN && memcmp(endings->key, rtp->mki, FT_RTP_KEY_LEN) == 0)
        return;
    key = rtp_key(flow, from_a, rtp->mki, rtp->mki_len);
    if (memcmp(endings->key, key.id, sizeof key.id) == 0)
        return;
    memcpy(endings->key, key.id, sizeof key.id);
    for (unsigned len = MIN(rtp->mki_len, FT_RTP_KEY_LEN); len > 0; len--) {
        key = rtp_key(flow, from_a, rtp->mki, len);
        kept = (rtp_key_t *)wmem_map_lookup(rtp_keys, &key);
        if (!kept) {
            if (!ft_limit_take(FT_LIMIT_RTP_KEYS, &pinfo->abs_ts))
                return;
            key.frame = pinfo->num;
            kept = (rtp_key_t *)wmem_memdup(wmem_file_scope(), &key, sizeof key);
            wmem_map_insert(rtp_keys, kept, kept);
        }
        kept->is_short |= len == rtp->mki_len;
    }
}

/* Where the payload begins: behind the CSRC list and the header extension, which fit (ft_rtp_match) if they were captured. */
static unsigned
payload_at(const ft_rtp_bytes_t *packet)
{
    unsigned at = FT_RTP_HEADER_LEN + 4u * (packet->bytes[0] & 0x0f);

    if (!(packet->bytes[0] & 0x10))
        return at;
    return at + 4 <= packet->captured ? at + 4 + 4u * ft_u16(packet->bytes + at + 2) : packet->reported;
}

ft_rtp_trailer_t
ft_rtp_trailer_take(const ft_rtp_bytes_t *packet, const packet_info *pinfo, const ft_flow_t *flow, ft_rtp_endings_t *endings, uint32_t media,
                    ft_rtp_t *rtp)
{
    unsigned at = payload_at(packet);
    ft_rtp_trailer_t trailer;

    if (endings && !PINFO_FD_VISITED(pinfo))
        learn(packet, at, pinfo, endings, media);
    trailer = trailer_of(packet, at, pinfo, endings, media);
    if (!trailer.kind)
        return trailer;
    rtp->mki_len = (uint8_t)trailer.mki;
    memcpy(rtp->mki, packet->bytes + packet->reported - trailer_len(&trailer), trailer.mki);
    if (endings && !PINFO_FD_VISITED(pinfo))
        note_key(pinfo, flow, endings, rtp);
    return trailer;
}

/* The key's identifier and its parts. */
static void
show_mki(tvbuff_t *tvb, int at, const ft_rtp_trailer_t *trailer, proto_tree *tree)
{
    proto_item *item = proto_tree_add_item(tree, hf_rtp_mki, tvb, at, (int)trailer->mki, ENC_NA);
    proto_tree *sub;
    uint64_t participant;

    if (trailer->kind == FT_TRAILER_LONG && !mki_has_parts(tvb_get_ptr(tvb, at, FT_RTP_MKI_LEN)))
        return;
    sub = proto_item_add_subtree(item, ett_rtp_mki);
    proto_tree_add_item(sub, hf_rtp_mki_roll, tvb, at, FT_RTP_SHORT_MKI_LEN, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_rtp_mki_ratchet, tvb, at, FT_RTP_SHORT_MKI_LEN, ENC_BIG_ENDIAN);
    if (trailer->kind == FT_TRAILER_LONG) {
        participant = (uint64_t)tvb_get_ntohl(tvb, at + 2) << 32 | tvb_get_ntohl(tvb, at + 7);
        proto_tree_add_uint64(sub, hf_rtp_mki_participant, tvb, at + 2, 9, participant);
    }
}

void
ft_rtp_trailer_show(tvbuff_t *tvb, int offset, proto_tree *tree, const ft_rtp_trailer_t *trailer)
{
    int captured = (int)tvb_captured_length(tvb), end = captured, roc;

    proto_item_set_generated(proto_tree_add_boolean(tree, hf_rtp_encrypted, tvb, 0, 0, true));
    if (trailer->kind)
        end = (int)tvb_reported_length(tvb) - (int)trailer_len(trailer);
    if (end > offset)
        proto_tree_add_item(tree, hf_rtp_payload, tvb, offset, end - offset, ENC_NA);
    if (trailer->kind && (ft_tvb_get_u8(tvb, 0) & FT_RTP_P))
        proto_tree_add_item(tree, hf_rtp_footer, tvb, 0, 1, ENC_NA);
    if (!trailer->kind || end < offset)
        return;
    show_mki(tvb, end, trailer, tree);
    roc = end + (int)trailer->mki;
    if (trailer->roc)
        proto_tree_add_item(tree, tvb_get_ntohl(tvb, roc) == FT_RTP_ROC_CONSTANT ? hf_rtp_roc_constant : hf_rtp_roc, tvb, roc, FT_RTP_ROC_LEN,
                            ENC_BIG_ENDIAN);
    if (trailer->tag)
        proto_tree_add_item(tree, hf_rtp_tag, tvb, roc + (int)trailer->roc, (int)trailer->tag, ENC_NA);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_rtp_trailer, tvb, end, 0, trailer->kind));
}

void
ft_rtp_trailer_init(void)
{
    rtp_keys = wmem_map_new(wmem_file_scope(), key_hash, key_equal);
}

void
ft_rtp_trailer_register(void)
{
    static hf_register_info hf[] = {
        { &hf_rtp_encrypted, { "Payload Encrypted", "facetime.rtp.encrypted", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The media payload is encrypted; its keys are not on this flow", HFILL } },
        { &hf_rtp_payload, { "Encrypted Payload", "facetime.rtp.payload", FT_BYTES, BASE_NONE,
            NULL, 0x0, "The media, and what else ends the packet where no key identifier is found", HFILL } },
        { &hf_rtp_mki, { "Key Identifier", "facetime.rtp.mki", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Names the sender's media key (MKI); the same in all streams of a sender", HFILL } },
        { &hf_rtp_mki_roll, { "Roll Index", "facetime.rtp.mki.roll", FT_UINT16, BASE_DEC,
            NULL, 0xfff0, "Number of the sender's key", HFILL } },
        { &hf_rtp_mki_ratchet, { "Ratchet Index", "facetime.rtp.mki.ratchet", FT_UINT16, BASE_DEC,
            NULL, 0x000f, "How often the key was made anew from itself", HFILL } },
        { &hf_rtp_mki_participant, { "Participant ID", "facetime.rtp.mki.participant", FT_UINT64, BASE_HEX,
            NULL, 0x0, "Participant whose key it is; its halves stand on both sides of a byte of 0", HFILL } },
        { &hf_rtp_roc_constant, { "Constant [unknown]", "facetime.rtp.mki_suffix", FT_UINT32, BASE_HEX,
            NULL, 0x0, "0x20 behind each key identifier of calls of 2026, where earlier ones have a rollover counter", HFILL } },
        { &hf_rtp_tag, { "Authentication Tag [guess]", "facetime.rtp.tag", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Tag of SRTP, between two devices: 4 bytes on audio, 10 on video", HFILL } },
        { &hf_rtp_footer, { "Footer in the Cipher Text", "facetime.rtp.footer", FT_BOOLEAN, 8,
            NULL, FT_RTP_P, "The P bit: features of the frame end the payload, encrypted; not the padding of RFC 3550", HFILL } },
        { &hf_rtp_trailer, { "Ends With", "facetime.rtp.trailer", FT_UINT8, BASE_DEC,
            VALS(trailer_vals), 0x0, "What ends the packet, and what tells it", HFILL } },
        { &hf_rtp_roc, { "Rollover Counter", "facetime.rtp.roc", FT_UINT32, BASE_DEC,
            NULL, 0x0, "How often the sequence number went round", HFILL } },
    };
    static int *ett[] = { &ett_rtp_mki };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
