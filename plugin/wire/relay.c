/* relay.c
 * Relay channel data (Apple's QuickRelay): a channel header and one or more sub-packets.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-------------------------------+
 *     | channel number (0x60 xx)      | length of all that follows    |
 *     +-------------------------------+-------------------------------+
 *     | flags, bits 0-15              | flags, bits 16-31, if bit 15  |
 *     +-------------------------------+-------------------------------+
 *     | one field for each bit that has one, in the order of the bits |
 *     +---------------------------------------------------------------+
 *     | payload: RTP, RTCP, a link message, others, or nothing        |
 *     +---------------------------------------------------------------+
 *     | if bit 7: the next sub-packet, from its flags on              |
 *     +---------------------------------------------------------------+
 *     | 0-3 bytes of padding, not in the length                       |
 *     +---------------------------------------------------------------+
 *
 * Calls of 2026 have more forms, for which no bit tells (rustpush: its reader and the datagrams of its tests). A datagram is read in one of
 * them where its flags do not lead to the end, all bytes are used, and each payload is of a form that is known; the reading is marked:
 *
 *  - listed: with bit 11 the IDs of the transition's streams stand before the payload: eight, or one more than a count in priority's place;
 *  - repeated: a later sub-packet has a header with the participant of the first, and a length without bit 7 before its payload;
 *  - brief: a later sub-packet has no flags but a stream ID, or a count and so many secondary ones; then a length, or the payload to the end;
 *  - in each of them a priority may stand behind the header and the list.
 *
 * Names and sizes are those of Apple's IDSFoundation (StunUtilProcessIncomingChannelData) as public decompilations show them; the
 * names of the marks are those of a public implementation (OpenBubbles rustpush, src/ids/link.rs). All 4,342 relay datagrams of
 * two real calls parse to their last byte. The relay takes fields out and puts others in, so both directions differ.
 *
 * The device asks for statistics (bit 9, every 91 ms), the relay answers some of them (bits 9 and 10). The five values have no
 * order in public code, only names in AVConference (remoteTimestamp, serverPacketInterval, totalRemoteMediaPacketReceived,
 * totalRemoteMediaPacketSent, uplinkBandwidthSample); measured on 60 answers of one call:
 *
 *  1. a clock of milliseconds;
 *  2. minus the first: the clock when the request with this ID came. It is 505 ms for five requests, again and again;
 *  3. what the relay got from the device before the request, RTP and bare requests: what is missing was lost on the way up;
 *  4. what the relay sent to the device: exactly the RTP datagrams that were captured before (both from both ends of a call);
 *  5. 0 until media flows, then 8273 to 65535.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"
#include "wire/control.h"
#include "wire/hbh.h"
#include "wire/link.h"
#include "wire/rtp.h"

#define FT_RELAY_CHANNEL        0x60    /* first byte of the channel number: its high digit says that sub-packets carry the extended header */
#define FT_RELAY_MAX_PADDING    3
#define FT_RELAY_MAX_STREAMS    11      /* secondary stream IDs: 12 in all with the primary */
#define FT_RELAY_MAX_LINKS      3       /* secondary relay link IDs: 4 in all */
#define FT_RELAY_STATS          5       /* values of a stats payload */
#define FT_RELAY_TRANSITION_IDS 8       /* stream IDs of a transition that is listed without a count: rustpush */
#define FT_RELAY_PRIORITY_LOW   1       /* the only priorities in two real calls: of most packets, */
#define FT_RELAY_PRIORITY_HIGH  127     /* and of some with audio */
#define FT_RELAY_BRIEF_MAX      15      /* a header without flags that begins with so much or less has a count: rustpush */
#define FT_RELAY_CHUNKS         8       /* chunks of quality metadata that are taken for such; Apple names four kinds */
#define FT_RELAY_CHUNK_LEN(first) (2 * (((first) >> 6) + 1)) /* bytes of one */
#define FT_RELAY_CHUNK_MORE     0x08    /* in its first byte: another one follows */

/* Readings of a datagram that are tried at most: eight sub-packets of eight readings each could be combined in millions of ways. */
#define FT_RELAY_TRIES          64
#define FT_PROTOBUF_START       0x0a0c  /* field 1 of 12 bytes, an initialization vector: hbh.c */

#define FT_RELAY_STREAM         0x00000001u
#define FT_RELAY_STREAMS        0x00000002u
#define FT_RELAY_PARTICIPANT    0x00000004u
#define FT_RELAY_PRIORITY       0x00000008u
#define FT_RELAY_PROBE_GROUP    0x00000010u
#define FT_RELAY_VERSION        0x00000020u
#define FT_RELAY_COMPOUND       0x00000080u
#define FT_RELAY_STATS_ID       0x00000200u
#define FT_RELAY_STATS_PAYLOAD  0x00000400u
#define FT_RELAY_LINK           0x00002000u
#define FT_RELAY_LINKS          0x00004000u
#define FT_RELAY_MORE_FLAGS     0x00008000u
#define FT_RELAY_HBH            0x00010000u
#define FT_RELAY_SESSION        0x00020000u
#define FT_RELAY_TRANSITION     0x00000800u
#define FT_RELAY_BASE           0x00100000u
#define FT_RELAY_LINK_MESSAGE   0x00200000u

/* Bits that IDSFoundation's writer never sets: 10, 12, 17, 20 and 22. In two real calls 10, 17 and 20 came from the relay only. */
#define FT_RELAY_BY_RELAY       0x00521400u

#define FT_RELAY_RETRANSMITTED  0x00040000u

/* Bytes of what is encrypted hop by hop, if it is RTCP's negative acknowledgement of one packet (RFC 4585, 6.2.1: 16 bytes): the fields' tags and
 * lengths, 12 bytes of initialisation vector, 16 of cipher text, 16 of tag. Measured: the one in the real calls comes right after a hole. */
#define FT_RELAY_NACK_LEN       (2 + 12 + 2 + 16 + 2 + 16)

/* Bits that no real call had and no public code names; Apple's reader complains about bits 25 to 31. Bit 20 is not among them:
 * the relay sets it on link messages (all 50 that it sent in the two real calls, none else). */
#define FT_RELAY_UNKNOWN        0xfe401000u

static int hf_relay_subpacket = -1;
static int hf_relay = -1;
static int hf_relay_channel = -1;
static int hf_relay_length = -1;
static int hf_relay_flags = -1;
static int hf_relay_flags_low = -1;
static int hf_relay_flags_high = -1;
static int hf_relay_bit[32];
static int hf_relay_not_set_low = -1;
static int hf_relay_not_set_high = -1;
static int hf_relay_stream_id = -1;
static int hf_relay_stream_count = -1;
static int hf_relay_secondary_stream_id = -1;
static int hf_relay_participant_id = -1;
static int hf_relay_priority = -1;
static int hf_relay_probe_group = -1;
static int hf_relay_version = -1;
static int hf_relay_data_length = -1;
static int hf_relay_stats_id = -1;
static int hf_relay_stats[FT_RELAY_STATS] = { -1, -1, -1, -1, -1 };
static int hf_relay_stats_number[FT_RELAY_STATS] = { -1, -1, -1, -1, -1 };
static int hf_relay_link_id = -1;
static int hf_relay_link_count = -1;
static int hf_relay_secondary_link_id = -1;
static int hf_relay_session_counter = -1;
static int hf_relay_payload_kind = -1;
static int hf_relay_payload = -1;
static int hf_rtp_retransmitted = -1;
static int hf_relay_rest = -1;
static int hf_relay_padding = -1;
static int hf_relay_base_stream_id = -1;
static int hf_relay_transition_count = -1;
static int hf_relay_transition_id = -1;
static int hf_relay_reading = -1;
static int hf_relay_quality = -1;
static int hf_relay_quality_form = -1;
static int hf_relay_quality_more = -1;
static int hf_relay_quality_rest = -1;
static int ett_relay = -1;
static int ett_relay_subpacket = -1;
static int ett_relay_flags = -1;
static int ett_relay_quality = -1;
static expert_field ei_relay_unknown_flags = EI_INIT;
static expert_field ei_relay_length = EI_INIT;
static expert_field ei_relay_header_short = EI_INIT;
static expert_field ei_relay_count = EI_INIT;
static expert_field ei_relay_subpackets = EI_INIT;
static expert_field ei_relay_stats = EI_INIT;
static expert_field ei_relay_participant = EI_INIT;
static expert_field ei_relay_payload = EI_INIT;
static expert_field ei_relay_reading = EI_INIT;

/* How a sub-packet is written. */
typedef enum {
    RELAY_FLAGGED,      /* as the flags announce it: the only form that IDSFoundation of iOS 26.1 writes and reads */
    RELAY_LISTED,       /* bit 11: the IDs of the transition's streams stand before the payload, and bit 3 counts them */
    RELAY_REPEATED,     /* not the first: a header of the same participant, and a length for which no bit is set */
    RELAY_BRIEF         /* not the first: no flags, a stream ID or a count of secondary ones */
} relay_form_t;

/* What follows a sub-packet's header. */
enum {
    FT_PAYLOAD_NONE,
    FT_PAYLOAD_RTP,
    FT_PAYLOAD_LINK,
    FT_PAYLOAD_FACE,        /* fa ce: seen by the RTC-Measurement-Project, 2025 */
    FT_PAYLOAD_CONTROL,     /* 40, then SFrame */
    FT_PAYLOAD_PROTOBUF,    /* 0a 0c: a protocol buffer, hop-by-hop encrypted if bit 16 says so */
    FT_PAYLOAD_UNKNOWN,
    FT_PAYLOAD_BAD_LINK     /* a link message but for its length */
};

static const value_string relay_payload_vals[] = {
    { FT_PAYLOAD_NONE, "None" },
    { FT_PAYLOAD_RTP, "RTP or RTCP" },
    { FT_PAYLOAD_LINK, "Link message" },
    { FT_PAYLOAD_FACE, "fa ce [unknown]" },
    { FT_PAYLOAD_CONTROL, "Control message (SFrame)" },
    { FT_PAYLOAD_PROTOBUF, "Protocol buffer" },
    { FT_PAYLOAD_UNKNOWN, "Unknown" },
    { FT_PAYLOAD_BAD_LINK, "Link message of wrong length" },
    { 0, NULL }
};

static const value_string relay_form_vals[] = {
    { RELAY_FLAGGED, "What the flags say" },
    { RELAY_LISTED, "Transition streams before the payload [guess]" },
    { RELAY_REPEATED, "Repeated header of the participant, length without its bit [guess]" },
    { RELAY_BRIEF, "Header without flags [guess]" },
    { 0, NULL }
};

/* By the first two bits of a part of the quality metadata. */
static const value_string relay_quality_vals[] = {
    { 0, "2 bytes" },
    { 1, "4 bytes" },
    { 2, "6 bytes" },
    { 3, "8 bytes" },
    { 0, NULL }
};

/* Each bit: filter name, title, blurb. The order of the bits is the order of the fields. */
static const struct {
    const char *name, *title, *blurb;
} relay_bits[32] = {
    [0] = { "stream", "Stream ID", "The primary stream ID follows" },
    [1] = { "streams", "Secondary Stream IDs", "A count and that many further stream IDs follow" },
    [2] = { "participant", "Participant ID", "The participant ID follows" },
    [3] = { "priority", "Priority", "The channel priority follows" },
    [4] = { "probe_group", "Probe Group", "The probe group ID follows" },
    [5] = { "version", "Version Counter", "The low byte of the version counter follows" },
    [6] = { "count", "Count Packet", "A mark without data: the packet is counted; set on all media from devices" },
    [7] = { "compound", "Compound", "The length of this sub-packet's data follows, and another sub-packet after the data" },
    [8] = { "opt_out", "Opt out of Priority Filter", "A mark without data; in real calls set on video only" },
    [9] = { "stats_id", "Stats ID", "A statistics ID follows" },
    [10] = { "stats", "Stats Payload", "Five statistics values follow the ID" },
    [11] = { "transition", "Transition Streams", "Packet of a change between streams; the list of them may stand before the payload [guess]" },
    [12] = { "bit12", "Bit 12", "Never seen; a device never sets it" },
    [13] = { "link", "Relay Link ID", "The primary relay link ID follows" },
    [14] = { "links", "Secondary Relay Link IDs", "A count and that many further relay link IDs follow" },
    [15] = { "more", "More Flags", "A second flags word follows" },
    [16] = { "hbh", "Hop-by-Hop Encrypted", "The payload is a protocol buffer that is encrypted between the device and the relay" },
    [17] = { "session", "Session State Counter", "The low byte of the session state counter follows" },
    [18] = { "retransmitted", "Retransmitted", "A mark without data: the packet was sent before" },
    [19] = { "no_retransmission", "Not to be Retransmitted", "A mark without data" },
    [20] = { "base_stream", "Base Layer Stream [guess]", "Without bit 21 a stream ID follows the participant ID; with it a mark on the relay's link messages" },
    [21] = { "link_message", "Link Message [guess]", "A mark without data; in real calls set on all link messages and on nothing else" },
    [22] = { "bit22", "Bit 22", "Never seen; a device never sets it" },
    [23] = { "link_test", "Link Test Packet", "A mark without data: the packet probes the link over the relay" },
    [24] = { "quic_pod", "QUIC Pod [guess]", "A mark without data: encrypted by a QUIC connection of its own, and not hop by hop (bit 16)" },
    [25] = { "bit25", "Bit 25", "Never seen" },
    [26] = { "bit26", "Bit 26", "Never seen" },
    [27] = { "bit27", "Bit 27", "Never seen" },
    [28] = { "bit28", "Bit 28", "Never seen" },
    [29] = { "bit29", "Bit 29", "Never seen" },
    [30] = { "bit30", "Bit 30", "Never seen" },
    [31] = { "bit31", "Bit 31", "Never seen" },
};

/* One sub-packet. Offsets from the start of the datagram, in bytes. */
typedef struct relay_sub {
    relay_form_t form;
    bool priority_behind;   /* the priority stands behind the header and not in it */
    uint32_t flags;         /* 0 in the brief form */
    uint64_t participant;   /* 0: none */
    int stream;             /* primary stream ID; -1: none */
    unsigned listed;        /* IDs in the list of a transition's streams */
    int data;               /* what is behind the quality metadata; 0: there is none */
    bool is_rtp;            /* its payload, without quality metadata, was found to be RTP */
    int start;          /* of the flags */
    int stats;          /* of the statistics ID, with its values where they are announced; 0: none, or cut off */
    int payload;        /* of the payload: the end of the header */
    int end;            /* of the payload */
    bool last;
} relay_sub_t;

/* How walking one header ended. */
typedef enum {
    RELAY_OK,
    RELAY_CUT,          /* the capture ends inside the header */
    RELAY_SHORT,        /* the length that the datagram states ends inside the header */
    RELAY_COUNT         /* more IDs than there can be, or a value that cannot be */
} relay_walk_t;

/* A cursor over a header: where it is, and where the header must end. Reads nothing that was not captured. */
typedef struct relay_cursor {
    tvbuff_t *tvb;
    const uint8_t *bytes; /* of tvb, those that were captured */
    int captured;       /* how many */
    int at;
    int end;            /* as the channel header states it */
    relay_walk_t result;
} relay_cursor_t;

static bool
relay_has(relay_cursor_t *c, int n)
{
    if (c->result != RELAY_OK)
        return false;
    if (c->at + n > c->end)
        c->result = RELAY_SHORT;
    else if (c->at + n > c->captured)
        c->result = RELAY_CUT;
    return c->result == RELAY_OK;
}

/* Takes n bytes as one field: shows them if there is a tree. */
static void
relay_field(relay_cursor_t *c, proto_tree *tree, int hf, int n)
{
    if (!relay_has(c, n))
        return;
    if (tree)
        proto_tree_add_item(tree, hf, c->tvb, c->at, n, ENC_BIG_ENDIAN);
    c->at += n;
}

/* Takes a count and that many 16-bit IDs. */
static void
relay_ids(relay_cursor_t *c, proto_tree *tree, int hf_count, int hf_id, unsigned most)
{
    unsigned count;

    if (!relay_has(c, 1))
        return;
    count = c->bytes[c->at];
    relay_field(c, tree, hf_count, 1);
    if (count > most) {
        c->result = RELAY_COUNT;
        return;
    }
    while (count-- > 0)
        relay_field(c, tree, hf_id, 2);
}

static void
relay_flags(tvbuff_t *tvb, int at, int words, uint32_t flags, proto_tree *tree)
{
    /* Most significant bit first, as Wireshark shows bit fields. */
    static int *low[17], *high[17];
    proto_item *all;

    if (low[0] == NULL) {
        for (int bit = 0; bit < 16; bit++) {
            low[bit] = &hf_relay_bit[15 - bit];
            high[bit] = &hf_relay_bit[31 - bit];
        }
    }
    all = proto_tree_add_uint(tree, hf_relay_flags, tvb, at, 2 * words, flags);
    proto_item_set_generated(all);
    if (words == 1)
        proto_item_set_hidden(all);
    ft_add_flags(tree, hf_relay_flags_low, tvb, at, ett_relay_flags, low, hf_relay_not_set_low, flags & 0xffff);
    if (words == 2)
        ft_add_flags(tree, hf_relay_flags_high, tvb, at + 2, ett_relay_flags, high, hf_relay_not_set_high, flags >> 16);
}

/* Do bits 20 and 21 say that the stream ID of a base layer follows the participant ID? With both set nothing follows (all 50 link messages
 * that the relay sent in two real calls). */
static bool
relay_has_base(uint32_t flags)
{
    return (flags & (FT_RELAY_BASE | FT_RELAY_LINK_MESSAGE)) == FT_RELAY_BASE;
}

/* Takes the flags and the fields that they announce. Returns the length that they state for the data; -1: they state none. */
static int
relay_header(relay_cursor_t *c, proto_tree *tree, relay_sub_t *sub)
{
    int words = 1, data_length = -1;

    if (relay_has(c, 2)) {
        sub->flags = ft_u16(c->bytes + c->at);
        c->at += 2;
        if ((sub->flags & FT_RELAY_MORE_FLAGS) && relay_has(c, 2)) {
            sub->flags |= (uint32_t)ft_u16(c->bytes + c->at) << 16;
            c->at += 2;
            words = 2;
        }
        if (tree)
            relay_flags(c->tvb, sub->start, words, sub->flags, tree);
    }
    if (sub->flags & FT_RELAY_STREAM) {
        if (relay_has(c, 2))
            sub->stream = ft_u16(c->bytes + c->at);
        relay_field(c, tree, hf_relay_stream_id, 2);
    }
    if (sub->flags & FT_RELAY_STREAMS)
        relay_ids(c, tree, hf_relay_stream_count, hf_relay_secondary_stream_id, FT_RELAY_MAX_STREAMS);
    if (sub->flags & FT_RELAY_PARTICIPANT) {
        if (relay_has(c, 8))
            sub->participant = tvb_get_ntoh64(c->tvb, c->at);
        relay_field(c, tree, hf_relay_participant_id, 8);
    }
    if (relay_has_base(sub->flags))
        relay_field(c, tree, hf_relay_base_stream_id, 2);
    /* Where the transition's streams are listed, the bit announces their number. */
    if ((sub->flags & FT_RELAY_PRIORITY) && sub->form == RELAY_LISTED) {
        if (relay_has(c, 1))
            sub->listed = 1 + c->bytes[c->at];
        relay_field(c, tree, hf_relay_transition_count, 1);
    } else if (sub->flags & FT_RELAY_PRIORITY) {
        relay_field(c, tree, hf_relay_priority, 1);
    }
    if (sub->flags & FT_RELAY_PROBE_GROUP)
        relay_field(c, tree, hf_relay_probe_group, 2);
    if (sub->flags & FT_RELAY_VERSION)
        relay_field(c, tree, hf_relay_version, 1);
    if ((sub->flags & FT_RELAY_COMPOUND) && relay_has(c, 2)) {
        data_length = ft_u16(c->bytes + c->at);
        relay_field(c, tree, hf_relay_data_length, 2);
    }
    if (sub->flags & FT_RELAY_STATS_ID) {
        int stats = c->at;

        relay_field(c, tree, hf_relay_stats_id, 2);
        if (sub->flags & FT_RELAY_STATS_PAYLOAD) {
            for (int i = 0; i < FT_RELAY_STATS; i++) {
                if (tree && relay_has(c, 2))
                    proto_item_set_hidden(proto_tree_add_item(tree, hf_relay_stats_number[i], c->tvb, c->at, 2, ENC_BIG_ENDIAN));
                relay_field(c, tree, hf_relay_stats[i], 2);
            }
        }
        if (c->result == RELAY_OK)
            sub->stats = stats;
    }
    if (sub->flags & FT_RELAY_LINK)
        relay_field(c, tree, hf_relay_link_id, 2);
    if (sub->flags & FT_RELAY_LINKS)
        relay_ids(c, tree, hf_relay_link_count, hf_relay_secondary_link_id, FT_RELAY_MAX_LINKS);
    if (sub->flags & FT_RELAY_SESSION)
        relay_field(c, tree, hf_relay_session_counter, 1);
    return data_length;
}

/* Takes a header without flags: a stream ID, or, as no stream ID begins with four zero bits, a count and so many secondary ones. */
static void
relay_brief_header(relay_cursor_t *c, proto_tree *tree, relay_sub_t *sub)
{
    if (!relay_has(c, 1))
        return;
    if (c->bytes[c->at] <= FT_RELAY_BRIEF_MAX) {
        if (c->bytes[c->at] == 0)
            c->result = RELAY_COUNT;
        relay_ids(c, tree, hf_relay_stream_count, hf_relay_secondary_stream_id, FT_RELAY_BRIEF_MAX);
        return;
    }
    if (relay_has(c, 2))
        sub->stream = ft_u16(c->bytes + c->at);
    relay_field(c, tree, hf_relay_stream_id, 2);
}

/* Walks the header of one sub-packet from sub->start, in the form sub->form; end is that of the datagram's content. Shows it if tree is
 * not NULL. The one place that knows the order and the size of the fields. */
static relay_walk_t
relay_walk(tvbuff_t *tvb, int end, proto_tree *tree, relay_sub_t *sub)
{
    relay_cursor_t c = { .tvb = tvb, .captured = (int)tvb_captured_length(tvb), .at = sub->start, .end = end, .result = RELAY_OK };
    int data_length = -1;

    c.bytes = tvb_get_ptr(tvb, 0, c.captured);
    sub->flags = 0;
    sub->participant = 0;
    sub->stream = -1;
    sub->listed = FT_RELAY_TRANSITION_IDS;
    sub->data = 0;
    sub->stats = 0;
    sub->is_rtp = false;
    sub->last = true;
    if (sub->form == RELAY_BRIEF)
        relay_brief_header(&c, tree, sub);
    else
        data_length = relay_header(&c, tree, sub);
    if (sub->form == RELAY_LISTED) {
        if (sub->listed > FT_RELAY_MAX_STREAMS + 1)
            c.result = RELAY_COUNT;
        for (unsigned i = 0; i < sub->listed; i++)
            relay_field(&c, tree, hf_relay_transition_id, 2);
    }
    if (sub->priority_behind) {
        if (relay_has(&c, 1) && c.bytes[c.at] != FT_RELAY_PRIORITY_LOW && c.bytes[c.at] != FT_RELAY_PRIORITY_HIGH)
            c.result = RELAY_COUNT;
        relay_field(&c, tree, hf_relay_priority, 1);
    }
    /* In the forms without a bit for it, a length stands before data: data that is RTP or a control message begins with other bits. */
    if (sub->form != RELAY_FLAGGED && data_length < 0 && relay_has(&c, 2) && (c.bytes[c.at] & 0xc0) == 0) {
        data_length = ft_u16(c.bytes + c.at);
        relay_field(&c, tree, hf_relay_data_length, 2);
    }

    sub->payload = c.at;
    sub->end = end;
    if (c.result == RELAY_OK && data_length >= 0) {
        if (c.at + data_length > end)
            return RELAY_SHORT;
        sub->end = c.at + data_length;
        sub->last = sub->end == end;
    }
    return c.result;
}

/* What the bytes from `at` to `end` are, as far as they were captured. */
static int
relay_payload_kind(tvbuff_t *tvb, int at, int end, uint32_t flags)
{
    int captured = (int)tvb_captured_length(tvb) - at;
    const uint8_t *bytes;
    uint16_t start;

    if (at >= end)
        return FT_PAYLOAD_NONE;
    if (captured < 2)
        return FT_PAYLOAD_UNKNOWN;
    bytes = tvb_get_ptr(tvb, at, captured);
    start = ft_u16(bytes);
    /* What is encrypted between device and relay has one form; its first bytes mean nothing else. */
    if (flags & FT_RELAY_HBH)
        return FT_PAYLOAD_PROTOBUF;
    /* The link message before RTP: its acknowledgement looks like RTP of payload type 4 or 6. */
    switch (ft_link_form_at(bytes, (unsigned)MIN(captured, end - at), (unsigned)(end - at))) {
    case FT_LINK_EXACT: return FT_PAYLOAD_LINK;
    case FT_LINK_WRONG_LENGTH: return FT_PAYLOAD_BAD_LINK;
    case FT_LINK_NOT: break;
    }
    /* The capture ends within its header, which would be RTP's with SSRC 0. */
    if ((flags & FT_RELAY_LINK_MESSAGE) && captured < FT_LINK_HEADER_LEN && captured < end - at)
        return FT_PAYLOAD_BAD_LINK;
    if ((start & 0xc000) == 0x8000)
        return FT_PAYLOAD_RTP;
    if (ft_control_form(tvb_new_subset_length(tvb, at, end - at)) != FT_CONTROL_NOT)
        return FT_PAYLOAD_CONTROL;
    switch (start) {
    case 0xface: return FT_PAYLOAD_FACE;
    case FT_PROTOBUF_START: return FT_PAYLOAD_PROTOBUF;
    default: return FT_PAYLOAD_UNKNOWN;
    }
}

/* RTP of any type, or RTCP. */
static bool
relay_is_rtp(tvbuff_t *tvb, int at, int end, const packet_info *pinfo)
{
    int captured = MIN((int)tvb_captured_length(tvb), end) - at;
    const uint8_t *bytes = tvb_get_ptr(tvb, at, captured);

    /* A tvb of its own only where it is needed: this is asked of each media packet. */
    if (ft_shortcuts && captured >= 2 && !ft_rtp_is_rtcp_type(bytes[1]))
        return ft_rtp_form(bytes, (unsigned)captured, (unsigned)(end - at));
    return ft_rtp_match(tvb_new_subset_length(tvb, at, end - at), pinfo, NULL);
}

/* RTP of one of FaceTime's payload types, or RTCP; ssrc_low: the lower half that its SSRC must have, or one more, as that of the stream
 * with parity has; -1: any. */
static bool
relay_is_media(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, int ssrc_low)
{
    unsigned ssrc;

    if (!ft_rtp_is_facetime(tvb_new_subset_length(tvb, at, end - at), pinfo))
        return false;
    if (ssrc_low < 0 || !tvb_bytes_exist(tvb, at + 10, 2))
        return true;
    ssrc = tvb_get_ntohs(tvb, at + 10);
    return ssrc == (unsigned)ssrc_low || ((ssrc + 1) & 0xffff) == (unsigned)ssrc_low;
}

/* The chunks of quality metadata that stand before the data from `at` on: IDSFoundation tells a chunk's length by the first two bits of its
 * first byte, and whether another one follows by bit 3. Returns the offset behind them; -1: they do not end before `end`. */
static int
relay_quality_end(tvbuff_t *tvb, int at, int end)
{
    end = MIN(end, (int)tvb_captured_length(tvb));
    for (unsigned n = 0; n < FT_RELAY_CHUNKS && at < end; n++) {
        uint8_t first = ft_tvb_get_u8(tvb, at);

        at += FT_RELAY_CHUNK_LEN(first);
        if (at > end)
            return -1;
        if (!(first & FT_RELAY_CHUNK_MORE))
            return at;
    }
    return -1;
}

/* ---- Readings ------------------------------------------------------------------------------------ */

/* The sub-packets of a datagram. Lives on the stack. */
typedef struct relay_reading {
    tvbuff_t *tvb;
    int end;                /* of the content */
    const packet_info *pinfo; /* NULL where not known */
    bool quality;           /* quality metadata may stand before data */
    bool sure;              /* all bytes are used, and each payload is of a form that is known */
    relay_walk_t result;    /* how the walk of the last one ended */
    unsigned tries, n;
    relay_sub_t subs[FT_MAX_SUBPACKETS];
} relay_reading_t;

/* Is what the header says likely, if the sub-packet has this form? */
static bool
relay_form_allowed(const relay_reading_t *r, unsigned n, const relay_sub_t *sub)
{
    /* 1. Bits that have a name: avoids data that is taken for flags. What is wrong with the first header is shown, so there it may be. */
    if ((sub->flags & FT_RELAY_UNKNOWN) && (n > 0 || sub->form != RELAY_FLAGGED))
        return false;
    switch (sub->form) {
    case RELAY_FLAGGED:
        return true;
    case RELAY_LISTED:
        /* 2. A list only where the bit of a transition says so. */
        if (!(sub->flags & FT_RELAY_TRANSITION))
            return false;
        break;
    case RELAY_REPEATED:
        /* 3. What states its length by its bit, or is a transition, has another form. */
        if (n == 0 || (sub->flags & (FT_RELAY_COMPOUND | FT_RELAY_TRANSITION)))
            return false;
        break;
    case RELAY_BRIEF:
        return n > 0;
    }
    /* 4. A later header names the participant of the first one: avoids any data. */
    return n == 0 || (sub->participant && sub->participant == r->subs[0].participant);
}

/* Is the payload of a form that is known? In the form that the flags say any RTP will do, else it must be one of FaceTime's types. */
static bool
relay_payload_sure(const relay_reading_t *r, unsigned n, relay_sub_t *sub)
{
    bool plain = n == 0 && sub->form == RELAY_FLAGGED && !(sub->flags & FT_RELAY_TRANSITION);
    /* Of a transition both forms may look right: the stream ID tells. */
    int ssrc_low = n == 0 && (sub->flags & FT_RELAY_TRANSITION) ? sub->stream : -1, data;

    switch (relay_payload_kind(r->tvb, sub->payload, sub->end, sub->flags)) {
    case FT_PAYLOAD_NONE:
        return sub->form == RELAY_FLAGGED;
    case FT_PAYLOAD_LINK:
    case FT_PAYLOAD_CONTROL:
    case FT_PAYLOAD_FACE:
    case FT_PAYLOAD_PROTOBUF:
        return true;
    case FT_PAYLOAD_RTP:
        sub->is_rtp = plain && !r->quality && relay_is_rtp(r->tvb, sub->payload, sub->end, r->pinfo);
        if (sub->is_rtp)
            return true;
        if (relay_is_media(r->tvb, sub->payload, sub->end, r->pinfo, ssrc_low))
            return true;
        break;
    default:
        break;
    }
    if (!r->quality)
        return false;
    data = relay_quality_end(r->tvb, sub->payload, sub->end);
    if (data < 0 || data >= sub->end || !relay_is_media(r->tvb, data, sub->end, r->pinfo, ssrc_low))
        return false;
    sub->data = data;
    return true;
}

/* Reads the sub-packets from `at` on, the surest form first; n of them are read. False: there is no reading that uses all bytes, or too
 * many were tried. */
static bool
relay_try(relay_reading_t *r, int at, unsigned n)
{
    static const struct {
        relay_form_t form;
        bool priority_behind;
    } readings[] = {
        { RELAY_FLAGGED, false }, { RELAY_LISTED, false }, { RELAY_LISTED, true }, { RELAY_REPEATED, false },
        { RELAY_REPEATED, true }, { RELAY_BRIEF, false }, { RELAY_BRIEF, true },
    };

    for (unsigned i = 0; i < array_length(readings); i++) {
        relay_sub_t *sub = &r->subs[n];

        if (r->tries++ >= FT_RELAY_TRIES)
            return false;
        sub->form = readings[i].form;
        sub->priority_behind = readings[i].priority_behind;
        sub->start = at;
        r->result = relay_walk(r->tvb, r->end, NULL, sub);
        r->n = n + 1;
        if ((r->result != RELAY_OK && r->result != RELAY_CUT) || !relay_form_allowed(r, n, sub))
            continue;
        /* Where the capture is cut, the rest cannot be asked. */
        if (r->result == RELAY_CUT)
            return n > 0;
        if (!relay_payload_sure(r, n, sub))
            continue;
        if (sub->last || (sub->end < r->end && n + 1 < FT_MAX_SUBPACKETS && relay_try(r, sub->end, n + 1)))
            return true;
    }
    return false;
}

/* Did both sides announce, before this frame, that they accept quality metadata before media? */
static bool
relay_takes_quality(const ft_flow_t *flow, uint32_t frame)
{
    return flow->quality_from[0] && flow->quality_from[0] < frame && flow->quality_from[1] && flow->quality_from[1] < frame;
}

/* Reads the sub-packets of the bytes from `at` to `end`. Those whose flags say all are read so; else the forms are tried for which the
 * flags have no bit. Where none fits, or what is there is wrong, it is read as the flags say. Captured bytes only. */
static void
relay_read(relay_reading_t *r, tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    /* Not all of it: what is in subs[] is only read where n says so. */
    r->tvb = tvb;
    r->end = end;
    r->pinfo = pinfo;
    r->quality = pinfo && flow && relay_takes_quality(flow, pinfo->num);
    r->result = RELAY_SHORT;
    r->tries = r->n = 0;
    r->sure = at < end && relay_try(r, at, 0);
    if (r->sure)
        return;
    r->result = RELAY_SHORT;
    for (r->n = 0; at < end && r->n < FT_MAX_SUBPACKETS;) {
        relay_sub_t *sub = &r->subs[r->n++];

        *sub = (relay_sub_t){ .form = RELAY_FLAGGED, .start = at };
        r->result = relay_walk(tvb, end, NULL, sub);
        if (r->result != RELAY_OK || sub->last)
            return;
        at = sub->end;
    }
    if (at < end)
        r->result = RELAY_COUNT;
}

/* The reading that relay_match() made, for relay_dissect(), which comes next. */
static struct {
    uint32_t frame;         /* 0: none */
    int at;
    relay_reading_t reading;
} relay_kept;

/* The reading of these bytes: a copy of the one that is kept, or a new one. */
static void
relay_read_once(relay_reading_t *r, tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    const relay_reading_t *kept = &relay_kept.reading;
    bool same = ft_shortcuts && relay_kept.frame == pinfo->num && relay_kept.at == at && kept->tvb == tvb && kept->end == end &&
                kept->quality == (flow && relay_takes_quality(flow, pinfo->num));

    relay_kept.frame = 0;
    if (same)
        memcpy(r, kept, offsetof(relay_reading_t, subs) + kept->n * sizeof kept->subs[0]);
    else
        relay_read(r, tvb, at, end, pinfo, flow);
}

/* What a reading says of the datagram. */
typedef struct relay_checked {
    relay_walk_t result;
    uint32_t flags;         /* of all sub-packets */
    bool known;             /* the first payload is of a kind that is evidence */
    bool plausible;         /* it is of a kind that was seen */
} relay_checked_t;

/* Has the control message one of the headers that real calls have? Another one is too weak a sign. */
static bool
relay_control_seen(tvbuff_t *tvb, const relay_sub_t *sub)
{
    ft_control_form_t form = ft_control_form(tvb_new_subset_length(tvb, sub->payload, sub->end - sub->payload));

    return form == FT_CONTROL_SEEN || form == FT_CONTROL_CUT;
}

static relay_checked_t
relay_check(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    relay_checked_t checked = { 0 };
    relay_reading_t *r = &relay_kept.reading;
    const relay_sub_t *first = &r->subs[0];
    int kind;

    relay_read(r, tvb, at, end, pinfo, flow);
    relay_kept.frame = pinfo ? pinfo->num : 0;
    relay_kept.at = at;
    checked.result = r->result;
    for (unsigned i = 0; i < r->n; i++)
        checked.flags |= r->subs[i].flags;
    if (r->n == 0 || (r->n == 1 && r->result != RELAY_OK))
        return checked;
    kind = first->data || first->is_rtp ? FT_PAYLOAD_RTP : relay_payload_kind(tvb, first->payload, first->end, first->flags);
    /* Nothing at all is only known where there are statistics to send without payload. */
    checked.known = kind == FT_PAYLOAD_NONE ? (first->flags & FT_RELAY_STATS_ID) != 0 :
                    kind == FT_PAYLOAD_RTP || kind == FT_PAYLOAD_LINK || kind == FT_PAYLOAD_FACE ||
                    (kind == FT_PAYLOAD_CONTROL && relay_control_seen(tvb, first));
    checked.plausible = checked.known || kind == FT_PAYLOAD_CONTROL ||
                        (kind == FT_PAYLOAD_PROTOBUF && tvb_get_ntohs(tvb, first->payload) == FT_PROTOBUF_START);
    return checked;
}

/* Can the datagram be a QUIC short header, whose first byte can be 0x60 too? */
typedef enum {
    QUIC_NO,        /* no QUIC on the flow, or the connection IDs of this direction are known and it has none of them */
    QUIC_MAYBE,     /* the connection IDs of this direction are empty, as those that the device chooses are, or were not seen */
    QUIC_YES        /* it begins with a connection ID of the flow */
} relay_quic_t;

static relay_quic_t
relay_quic(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    if (!flow || !(flow->kinds & (1u << FT_KIND_QUIC)))
        return QUIC_NO;
    if (ft_flow_quic_cid(flow, pinfo, tvb))
        return QUIC_YES;
    return flow->n_quic_cids[ft_flow_from_a(flow, pinfo) ? 0 : 1] ? QUIC_NO : QUIC_MAYBE;
}

/* Is one end a relay port of Apple's? */
static bool
relay_is_apples(const packet_info *pinfo)
{
    return (ft_is_relay_port(pinfo->destport) && ft_is_apple(&pinfo->dst)) || (ft_is_relay_port(pinfo->srcport) && ft_is_apple(&pinfo->src));
}

static bool
relay_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    int reported = (int)tvb_reported_length(tvb), end;
    relay_checked_t checked;
    relay_quic_t quic;
    bool fits, relay_flow;

    /* 1. The channel number 0x60xx: avoids plain TURN ChannelData (0x40 to 0x4f, RFC 8656). The relay chooses the number; all in two
     *    real calls are 0x6000. Another first byte 0x6x only between a relay port of Apple's and somebody. */
    if (tvb_captured_length(tvb) < FT_RELAY_HEADER_LEN + 2)
        return false;
    if (ft_tvb_get_u8(tvb, 0) != FT_RELAY_CHANNEL && !relay_is_apples(pinfo))
        return false;
    /* 2. The length is that of the datagram, but for up to three bytes of padding: avoids QUIC short headers, which
     *    begin with 0x60 too (one in 16,384 of them passes). On a flow that has relay data, a datagram of the latest
     *    channel number is shown with a wrong length, too. */
    end = FT_RELAY_HEADER_LEN + tvb_get_ntohs(tvb, 2);
    fits = reported >= end && reported - end <= FT_RELAY_MAX_PADDING;
    relay_flow = flow && flow->is_facetime && (flow->kinds & (1u << FT_KIND_RELAY)) && tvb_get_ntohs(tvb, 0) == flow->relay_channel;
    if (!fits && !relay_flow)
        return false;
    /* 3. The bytes after the first are not a connection ID of the flow: avoids the QUIC short header that does pass. */
    quic = relay_quic(tvb, pinfo, flow);
    if (quic == QUIC_YES)
        return false;
    checked = relay_check(tvb, FT_RELAY_HEADER_LEN, MIN(end, reported), pinfo, flow);
    if (!fits || (checked.result != RELAY_OK && checked.result != RELAY_CUT) || (checked.flags & FT_RELAY_UNKNOWN)) {
        /* 4. A malformed header is shown, with an expert item, on a flow that has relay data; where QUIC cannot be told by its connection ID, only if
         *    it is wrong in one thing: avoids QUIC of a connection ID that is empty or came encrypted. */
        return relay_flow && (quic == QUIC_NO || (checked.result == RELAY_OK && checked.known && !(checked.flags & FT_RELAY_UNKNOWN)));
    }
    /* 5. The same where all fits: also a payload that was seen before. And of a channel number of another first byte. */
    if ((quic == QUIC_MAYBE || ft_tvb_get_u8(tvb, 0) != FT_RELAY_CHANNEL) && checked.result == RELAY_OK && !checked.plausible)
        return false;
    /* 6. The sub-packets parse to the end. On a flow that has no relay data yet, also: no bit that was never seen, and a host
     *    of Apple's or a payload of a known kind; avoids random bytes (one in about four million gets here). */
    if (checked.result == RELAY_OK && (checked.known || ft_is_apple(&pinfo->src) || ft_is_apple(&pinfo->dst)))
        *evidence |= FT_EV(FT_EV_RELAY_HEADER);
    else
        *evidence |= FT_EV(FT_EV_RELAY_FORM);
    return true;
}

/* Shows the parts of the quality metadata from sub->payload to sub->data. */
static void
relay_quality(tvbuff_t *tvb, proto_tree *tree, const relay_sub_t *sub)
{
    for (int at = sub->payload; at < sub->data;) {
        int len = FT_RELAY_CHUNK_LEN(ft_tvb_get_u8(tvb, at));
        proto_tree *chunk = proto_item_add_subtree(proto_tree_add_item(tree, hf_relay_quality, tvb, at, len, ENC_NA), ett_relay_quality);

        proto_tree_add_item(chunk, hf_relay_quality_form, tvb, at, 1, ENC_NA);
        proto_tree_add_item(chunk, hf_relay_quality_more, tvb, at, 1, ENC_NA);
        proto_tree_add_item(chunk, hf_relay_quality_rest, tvb, at + 1, len - 1, ENC_NA);
        at += len;
    }
}

/* What the header says of the RTP behind it. A device that is one of several has a stream ID; one that is alone with another has its relay link's
 * (measured: all 3,989 packets of two real calls, but for the one that the relay sent again, which has neither). */
static void
relay_media(const relay_sub_t *sub, ft_packet_t *pkt)
{
    pkt->relay.counted++;
    pkt->relay.again = (sub->flags & FT_RELAY_RETRANSMITTED) != 0;
    if (sub->flags & FT_RELAY_STREAM)
        pkt->relay.mode = FT_MODE_MULTIWAY;
    else if (sub->flags & FT_RELAY_LINK)
        pkt->relay.mode = FT_MODE_ONE_TO_ONE;
}

/* Statistics: a request is an ID, the answer repeats it and has five values. */
static void
relay_stats_facts(tvbuff_t *tvb, const relay_sub_t *sub, ft_packet_t *pkt)
{
    if (!(sub->flags & FT_RELAY_STATS_ID) || !sub->stats)
        return;
    pkt->relay.stats_id = tvb_get_ntohs(tvb, sub->stats);
    pkt->relay.asks = !(sub->flags & FT_RELAY_STATS_PAYLOAD);
    pkt->relay.answers = !pkt->relay.asks;
    if (pkt->relay.answers) {
        pkt->relay.received = tvb_get_ntohs(tvb, sub->stats + 6);
        pkt->relay.sent = tvb_get_ntohs(tvb, sub->stats + 8);
    }
}

/* The tree's first line is about the first sub-packet, Info about all. */
static void
relay_says(packet_info *pinfo, const char *what, ft_packet_t *pkt)
{
    if (!pkt->what)
        pkt->what = what;
    col_append_str(pinfo->cinfo, COL_INFO, what);
}

/* A sub-packet that is a header and no more: statistics, or nothing. */
static void
relay_no_payload(packet_info *pinfo, const relay_sub_t *sub, ft_packet_t *pkt)
{
    if (!(sub->flags & FT_RELAY_STATS_ID)) {
        relay_says(pinfo, "No Payload", pkt);
        return;
    }
    relay_says(pinfo, (sub->flags & FT_RELAY_STATS_PAYLOAD) ? "Statistics Answer" : "Statistics Request", pkt);
    if (!sub->stats)
        return;
    col_append_fstr(pinfo->cinfo, COL_INFO, ", ID=0x%04x", pkt->relay.stats_id);
    if (pkt->relay.answers)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", relay received %u, sent %u", pkt->relay.received, pkt->relay.sent);
}

static const char *
relay_payload_title(int kind, uint32_t flags)
{
    if (flags & FT_RELAY_HBH)
        return "Hop-by-Hop Encrypted";
    switch (kind) {
    case FT_PAYLOAD_CONTROL: return "Control Message (SFrame)";
    case FT_PAYLOAD_PROTOBUF: return "Protocol Buffer";
    default: return "Unknown Payload";
    }
}

static void
relay_payload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, proto_tree *tree,
              const relay_sub_t *sub, ft_packet_t *pkt)
{
    int at = sub->data ? sub->data : sub->payload, len = sub->end - at;
    int kind = sub->is_rtp ? FT_PAYLOAD_RTP : relay_payload_kind(tvb, at, sub->end, sub->flags);
    proto_item *item;
    tvbuff_t *payload;

    pkt->rtp_cut |= (kind == FT_PAYLOAD_UNKNOWN || kind == FT_PAYLOAD_RTP) && len >= FT_RTP_HEADER_LEN &&
                    tvb_captured_length(tvb) < tvb_reported_length(tvb) && (int)tvb_captured_length(tvb) < at + FT_RTP_HEADER_LEN;
    relay_stats_facts(tvb, sub, pkt);
    if (tree)
        relay_quality(tvb, tree, sub);
    if (tree)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_relay_payload_kind, tvb, at, 0, (uint32_t)kind));
    if (kind == FT_PAYLOAD_NONE || (int)tvb_captured_length(tvb) <= at) {
        pkt->relay.counted += (sub->flags & FT_RELAY_STATS_ID) != 0;
        relay_no_payload(pinfo, sub, pkt);
        return;
    }
    payload = tvb_new_subset_length(tvb, at, len);
    if (kind == FT_PAYLOAD_RTP && !sub->is_rtp && !ft_rtp_match(payload, pinfo, NULL))
        kind = FT_PAYLOAD_UNKNOWN;
    switch (kind) {
    case FT_PAYLOAD_LINK:
        pkt->evidence |= FT_EV(FT_EV_LINK_MESSAGE);
        /* fall through */
    case FT_PAYLOAD_BAD_LINK:
        if (pkt->n_rtp == 0)
            pkt->phase = FT_PHASE_CONNECTIVITY;
        ft_link_dissect(payload, pinfo, ft_tree, pkt);
        return;
    case FT_PAYLOAD_RTP:
        pkt->phase = FT_PHASE_MEDIA;
        /* Before it is shown: a capture that is cut ends the showing. */
        if (!ft_rtp_is_rtcp(payload))
            relay_media(sub, pkt);
        ft_rtp_dissect(payload, pinfo, root, ft_tree, pkt);
        if (tree && (sub->flags & FT_RELAY_RETRANSMITTED))
            proto_item_set_generated(proto_tree_add_boolean(tree, hf_rtp_retransmitted, tvb, sub->start, 0, true));
        return;
    default:
        break;
    }
    relay_says(pinfo, relay_payload_title(kind, sub->flags), pkt);
    col_append_fstr(pinfo->cinfo, COL_INFO, ", %d bytes", len);
    switch (kind) {
    case FT_PAYLOAD_PROTOBUF:
        pkt->relay.hop_by_hop = (sub->flags & FT_RELAY_HBH) != 0;
        pkt->relay.nack = pkt->relay.hop_by_hop && len == FT_RELAY_NACK_LEN;
        ft_hbh_dissect(payload, pinfo, tree, (sub->flags & FT_RELAY_HBH) != 0);
        break;
    case FT_PAYLOAD_CONTROL:
        ft_control_dissect(payload, pinfo, tree, pkt);
        break;
    default:
        item = proto_tree_add_item(tree, hf_relay_payload, payload, 0, -1, ENC_NA);
        expert_add_info(pinfo, item, &ei_relay_payload);
        break;
    }
}

/* Does the header need an expert item: it is malformed, or read in a form that its flags do not announce? */
static bool
relay_is_odd(const relay_sub_t *sub, bool from_relay)
{
    uint32_t stats = sub->flags & (FT_RELAY_STATS_ID | FT_RELAY_STATS_PAYLOAD);

    return sub->form != RELAY_FLAGGED || sub->data || (sub->flags & FT_RELAY_UNKNOWN) || stats == FT_RELAY_STATS_PAYLOAD ||
           (stats == FT_RELAY_STATS_ID && from_relay) || ((sub->flags & FT_RELAY_PARTICIPANT) && sub->participant == 0);
}

/* What is against the format in a header that could be walked. */
static void
relay_complain(packet_info *pinfo, proto_item *item, const relay_sub_t *sub, const ft_packet_t *pkt)
{
    if (sub->flags & FT_RELAY_UNKNOWN)
        expert_add_info_format(pinfo, item, &ei_relay_unknown_flags, "Flag bits never seen before: 0x%08x",
                               sub->flags & FT_RELAY_UNKNOWN);
    if ((sub->flags & FT_RELAY_STATS_PAYLOAD) && !(sub->flags & FT_RELAY_STATS_ID))
        expert_add_info_format(pinfo, item, &ei_relay_stats, "Statistics values are announced without an ID: there are none");
    if (pkt->from_relay && (sub->flags & FT_RELAY_STATS_ID) && !(sub->flags & FT_RELAY_STATS_PAYLOAD))
        expert_add_info_format(pinfo, item, &ei_relay_stats, "A statistics ID from the relay has no values");
    if ((sub->flags & FT_RELAY_PARTICIPANT) && sub->participant == 0)
        expert_add_info(pinfo, item, &ei_relay_participant);
}

/* Bytes behind a malformed header: their meaning is not known. */
static void
relay_rest(tvbuff_t *tvb, int at, int end, proto_tree *tree)
{
    if (at < end)
        proto_tree_add_item(tree, hf_relay_rest, tvb, at, end - at, ENC_NA);
}

/* Adds the expert item of a sub-packet that is read in a form for which its flags have no bit. */
static void
relay_show_reading(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const relay_sub_t *sub)
{
    if (sub->form == RELAY_FLAGGED && !sub->data)
        return;
    proto_item_append_text(item, " [guess]");
    if (sub->form != RELAY_FLAGGED)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_relay_reading, tvb, sub->start, 0, sub->form));
    expert_add_info(pinfo, item, &ei_relay_reading);
}

/* Who of the two is the relay? */
static void
relay_sides(const packet_info *pinfo, const relay_reading_t *r, ft_packet_t *pkt)
{
    bool dst = ft_is_apple(&pinfo->dst), src = ft_is_apple(&pinfo->src);

    /* Where neither or both are Apple's, the relay is who has a relay port. */
    if (dst == src) {
        dst = ft_is_relay_port(pinfo->destport);
        src = !dst && ft_is_relay_port(pinfo->srcport);
    }
    /* Where none has, what only a relay writes tells. */
    for (unsigned n = 0; !dst && !src && n < r->n; n++)
        src = (r->subs[n].flags & FT_RELAY_BY_RELAY) != 0;
    pkt->to_relay = dst;
    pkt->from_relay = src;
}

/* Shows all sub-packets from `at` to `end`. */
static void
relay_subpackets(tvbuff_t *tvb, int at, int end, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, proto_tree *tree,
                 ft_packet_t *pkt)
{
    relay_reading_t r;

    relay_read_once(&r, tvb, at, end, pinfo, pkt->flow);
    relay_sides(pinfo, &r, pkt);
    pkt->compound |= r.n > 1;
    for (unsigned n = 0; n < r.n; n++) {
        const relay_sub_t *sub = &r.subs[n];
        proto_item *item = NULL;
        /* The item reaches to the end of the captured bytes; its length is set once the end of the header is known. */
        proto_tree *sub_tree = tree ? ft_subtree(tree, hf_relay_subpacket, tvb, sub->start, -1, ett_relay_subpacket, &item, "Sub-packet %u", n + 1) : NULL;

        if (n > 0) {
            col_append_str(pinfo->cinfo, COL_INFO, "; ");
            col_set_fence(pinfo->cinfo, COL_INFO);
        }
        if (sub_tree) {
            relay_sub_t shown = *sub;

            relay_walk(tvb, end, sub_tree, &shown);
            proto_item_set_end(item, tvb, sub->payload);
        }
        relay_show_reading(tvb, pinfo, sub_tree, item, sub);
        relay_complain(pinfo, item, sub, pkt);
        if (!pkt->participant)
            pkt->participant = sub->participant;
        at = sub->end;
        switch (n + 1 < r.n ? RELAY_OK : r.result) {
        case RELAY_OK:
            break;
        case RELAY_CUT:
            relay_says(pinfo, "Header Cut Off", pkt);
            /* Ask for the byte that is not there: Wireshark then says why the packet ends here. */
            tvb_ensure_bytes_exist(tvb, sub->payload, 1);
            return;
        case RELAY_SHORT:
            expert_add_info(pinfo, item, &ei_relay_header_short);
            relay_rest(tvb, sub->payload, end, sub_tree);
            return;
        case RELAY_COUNT:
            if (n + 1 == FT_MAX_SUBPACKETS && !sub->last)
                break;
            expert_add_info(pinfo, item, &ei_relay_count);
            relay_rest(tvb, sub->payload, end, sub_tree);
            return;
        }
        relay_payload(tvb, pinfo, root, ft_tree, sub_tree, sub, pkt);
        if (sub->last)
            return;
    }
    if (r.n == FT_MAX_SUBPACKETS && at < end) {
        proto_item *item;
        proto_tree *sub_tree = ft_subtree(tree, hf_relay_subpacket, tvb, at, -1, ett_relay_subpacket, &item, "Sub-packet %u", r.n + 1);

        expert_add_info(pinfo, item, &ei_relay_subpackets);
        relay_rest(tvb, at, end, sub_tree);
    }
}

/* One sub-packet with one RTP packet, and nothing in it is against the format: most datagrams of a call. */
static bool
relay_unseen(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    const relay_reading_t *r = &relay_kept.reading;
    const relay_sub_t *sub = &r->subs[0];
    int reported = (int)tvb_reported_length(tvb);
    ft_rtp_bytes_t packet;

    if (relay_kept.frame != pinfo->num || relay_kept.at != FT_RELAY_HEADER_LEN || r->tvb != tvb || r->n != 1 || r->result != RELAY_OK ||
        !sub->is_rtp || !sub->last || sub->end != r->end || (int)tvb_captured_length(tvb) < reported || reported - r->end > FT_RELAY_MAX_PADDING ||
        r->quality != (pkt->flow && relay_takes_quality(pkt->flow, pinfo->num)))
        return false;
    relay_sides(pinfo, r, pkt);
    if (relay_is_odd(sub, pkt->from_relay))
        return false;
    /* What the header says, not what there is: the length is that of the content. */
    packet.bytes = tvb_get_ptr(tvb, 0, reported);
    if (r->end != FT_RELAY_HEADER_LEN + ft_u16(packet.bytes + 2))
        return false;
    if (pkt->flow && !PINFO_FD_VISITED(pinfo))
        pkt->flow->relay_channel = ft_u16(packet.bytes);
    packet.bytes += sub->payload;
    packet.captured = packet.reported = (unsigned)(sub->end - sub->payload);
    pkt->relay.again = (sub->flags & FT_RELAY_RETRANSMITTED) != 0;
    if (!ft_rtp_unseen(&packet, pinfo, pkt))
        return false;
    relay_stats_facts(tvb, sub, pkt);
    relay_media(sub, pkt);
    pkt->participant = sub->participant;
    relay_kept.frame = 0;
    return true;
}

static void
relay_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_item *length = NULL;
    proto_tree *tree = ft_tree ? ft_subtree(ft_tree, hf_relay, tvb, 0, -1, ett_relay, NULL, "Relay Channel Data") : NULL;
    int end = FT_RELAY_HEADER_LEN + tvb_get_ntohs(tvb, 2);
    int reported = (int)tvb_reported_length(tvb);

    pkt->phase = FT_PHASE_RELAY;
    if (pkt->flow && !PINFO_FD_VISITED(pinfo))
        pkt->flow->relay_channel = tvb_get_ntohs(tvb, 0);
    if (tree) {
        proto_tree_add_item(tree, hf_relay_channel, tvb, 0, 2, ENC_BIG_ENDIAN);
        length = proto_tree_add_item(tree, hf_relay_length, tvb, 2, 2, ENC_BIG_ENDIAN);
        proto_item_append_text(length, " bytes");
    }
    if (end > reported || end + FT_RELAY_MAX_PADDING < reported) {
        expert_add_info_format(pinfo, length, &ei_relay_length, "Length %d does not fit a datagram of %d bytes",
                               end - FT_RELAY_HEADER_LEN, reported);
        end = MIN(end, reported);
    }
    if (end == FT_RELAY_HEADER_LEN)
        relay_says(pinfo, "No Payload", pkt);
    relay_subpackets(tvb, FT_RELAY_HEADER_LEN, end, pinfo, root, ft_tree, tree, pkt);
    if (end < reported)
        proto_tree_add_item(tree, hf_relay_padding, tvb, end, reported - end, ENC_NA);
}

bool
ft_relay_headless_match(tvbuff_t *tvb)
{
    relay_checked_t checked = relay_check(tvb, 0, (int)tvb_reported_length(tvb), NULL, NULL);

    /* The stock dissector has taken the four bytes of the channel header away, so its number cannot be asked for:
     * the header must parse to the end, without unknown bits, and hold what is known. */
    return checked.result == RELAY_OK && checked.known && !(checked.flags & FT_RELAY_UNKNOWN);
}

void
ft_relay_headless_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    pkt->phase = FT_PHASE_RELAY;
    relay_subpackets(tvb, 0, (int)tvb_reported_length(tvb), pinfo, root, ft_tree,
                     ft_subtree(ft_tree, hf_relay, tvb, 0, -1, ett_relay, NULL, "Relay Channel Data"), pkt);
}

static void
relay_register(void)
{
    static hf_register_info hf[] = {
        { &hf_relay_subpacket, { "Sub-packet", "facetime.relay.subpacket", FT_NONE, BASE_NONE,
            NULL, 0x0, "A header of the relay channel with its payload; a datagram holds up to eight", HFILL } },
        { &hf_relay, { "Relay Channel Data", "facetime.relay", FT_NONE, BASE_NONE,
            NULL, 0x0, "Data that the relay carries between the devices, or for itself", HFILL } },
        { &hf_relay_channel, { "Channel Number", "facetime.relay.channel", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Channel on the relay; the high nibble 6 says that sub-packets carry the extended header", HFILL } },
        { &hf_relay_length, { "Length", "facetime.relay.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes that follow, without padding", HFILL } },
        { &hf_relay_flags, { "All Flags", "facetime.relay.flags", FT_UINT32, BASE_HEX,
            NULL, 0x0, "Both flags words as one number, bit 0 is the lowest of the first word", HFILL } },
        { &hf_relay_not_set_low, { "Not Set", "facetime.relay.flags.low.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the flags that are 0", HFILL } },
        { &hf_relay_not_set_high, { "Not Set", "facetime.relay.flags.high.not_set", FT_STRING, BASE_NONE,
            NULL, 0x0, "Names of the flags of the second word that are 0", HFILL } },
        { &hf_relay_flags_low, { "Flags", "facetime.relay.flags.low", FT_UINT16, BASE_HEX,
            NULL, 0x0, "First flags word, bits 0 to 15", HFILL } },
        { &hf_relay_flags_high, { "More Flags", "facetime.relay.flags.high", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Second flags word, bits 16 to 31", HFILL } },
        { &hf_relay_stream_id, { "Stream ID", "facetime.relay.stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Primary stream ID", HFILL } },
        { &hf_relay_stream_count, { "Secondary Stream IDs", "facetime.relay.secondary_streams", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Number of further stream IDs, 0 to 11", HFILL } },
        { &hf_relay_secondary_stream_id, { "Secondary Stream ID", "facetime.relay.secondary_stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A further stream that the payload belongs to", HFILL } },
        { &hf_relay_participant_id, { "Participant ID", "facetime.relay.participant_id", FT_UINT64, BASE_HEX,
            NULL, 0x0, "Participant of the session", HFILL } },
        { &hf_relay_priority, { "Priority", "facetime.relay.priority", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Channel priority; 1 and 127 were seen", HFILL } },
        { &hf_relay_probe_group, { "Probe Group", "facetime.relay.probe_group", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Probe group ID", HFILL } },
        { &hf_relay_version, { "Version Counter", "facetime.relay.version", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Low byte of the version counter", HFILL } },
        { &hf_relay_data_length, { "Data Length", "facetime.relay.data_length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of this sub-packet's payload; the next sub-packet follows", HFILL } },
        { &hf_relay_stats_id, { "Stats ID", "facetime.relay.stats_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Number of a statistics request; the relay's answer repeats it", HFILL } },
        { &hf_relay_stats[0], { "Relay Time (ms)", "facetime.relay.stats.time", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Low 16 bits of the relay's clock when it answers", HFILL } },
        { &hf_relay_stats[1], { "Delay (ms) [guess]", "facetime.relay.stats.delay", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Time between the request with this ID and the answer, at the relay", HFILL } },
        { &hf_relay_stats[2], { "Packets from the Device", "facetime.relay.stats.received", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Media and bare requests that came from the device before the request: what is missing was lost on the way up", HFILL } },
        { &hf_relay_stats[3], { "Packets to the Device", "facetime.relay.stats.sent", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Media packets that the relay sent to the device so far", HFILL } },
        { &hf_relay_stats[4], { "Uplink Bandwidth Sample [guess]", "facetime.relay.stats.bandwidth", FT_UINT16, BASE_DEC,
            NULL, 0x0, "0 before media flows, 65535 as upper limit; its unit is not known", HFILL } },
        { &hf_relay_stats_number[0], { "Stats Value 1", "facetime.relay.stats.1", FT_UINT16, BASE_DEC,
            NULL, 0x0, "First statistics value from the relay, by its place", HFILL } },
        { &hf_relay_stats_number[1], { "Stats Value 2", "facetime.relay.stats.2", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Second statistics value from the relay, by its place", HFILL } },
        { &hf_relay_stats_number[2], { "Stats Value 3", "facetime.relay.stats.3", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Third statistics value from the relay, by its place", HFILL } },
        { &hf_relay_stats_number[3], { "Stats Value 4", "facetime.relay.stats.4", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Fourth statistics value from the relay, by its place", HFILL } },
        { &hf_relay_stats_number[4], { "Stats Value 5", "facetime.relay.stats.5", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Fifth statistics value from the relay, by its place", HFILL } },
        { &hf_relay_link_id, { "Relay Link ID", "facetime.relay.link_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Primary relay link ID", HFILL } },
        { &hf_relay_link_count, { "Secondary Relay Link IDs", "facetime.relay.secondary_links", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Number of further relay link IDs, 0 to 3", HFILL } },
        { &hf_relay_secondary_link_id, { "Secondary Relay Link ID", "facetime.relay.secondary_link_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A further relay link", HFILL } },
        { &hf_relay_session_counter, { "Session State Counter", "facetime.relay.session_counter", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Low byte of the session state counter", HFILL } },
        { &hf_relay_payload_kind, { "Payload", "facetime.relay.payload.kind", FT_UINT8, BASE_DEC,
            VALS(relay_payload_vals), 0x0, "What follows the header, by its first bytes", HFILL } },
        { &hf_relay_payload, { "Payload Bytes", "facetime.relay.payload", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Payload of unknown form", HFILL } },
        { &hf_relay_base_stream_id, { "Base Layer Stream ID [guess]", "facetime.relay.base_stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Stream of the base layer that the payload belongs to", HFILL } },
        { &hf_relay_transition_count, { "Transition Streams [guess]", "facetime.relay.transition_streams", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Stream IDs before the payload, without the first one", HFILL } },
        { &hf_relay_transition_id, { "Transition Stream ID [guess]", "facetime.relay.transition_stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A stream of the transition", HFILL } },
        { &hf_relay_reading, { "Read As", "facetime.relay.reading", FT_UINT8, BASE_DEC,
            VALS(relay_form_vals), 0x0, "The form in which all bytes of the datagram are used; its flags do not tell", HFILL } },
        { &hf_relay_quality, { "Quality Metadata [guess]", "facetime.relay.quality", FT_BYTES, BASE_NONE,
            NULL, 0x0, "What devices that measure a link write before the payload (iOS 26): sequence numbers and statistics", HFILL } },
        { &hf_relay_quality_form, { "Length", "facetime.relay.quality.form", FT_UINT8, BASE_DEC,
            VALS(relay_quality_vals), 0xc0, "Bytes of this part", HFILL } },
        { &hf_relay_quality_more, { "Another One Follows", "facetime.relay.quality.more", FT_BOOLEAN, 8,
            NULL, FT_RELAY_CHUNK_MORE, "Another part stands before the payload", HFILL } },
        { &hf_relay_quality_rest, { "Contents [unknown]", "facetime.relay.quality.contents", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Which of Apple's four kinds of part this is, is not known", HFILL } },
        { &hf_rtp_retransmitted, { "RTP Sent Again", "facetime.rtp.retransmitted", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The relay sends this RTP packet again, after a request for it: by the flag of the header", HFILL } },
        { &hf_relay_rest, { "Other Bytes", "facetime.relay.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes that cannot be read because of what is wrong before them", HFILL } },
        { &hf_relay_padding, { "Padding", "facetime.relay.padding", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Padding to a multiple of four bytes, not counted in the length; Apple's code writes bytes of 20", HFILL } },
    };
    static hf_register_info hf_bits[32];
    static int *ett[] = { &ett_relay, &ett_relay_subpacket, &ett_relay_flags, &ett_relay_quality };
    static ei_register_info ei[] = {
        { &ei_relay_unknown_flags, { "facetime.relay.unknown_flags", PI_UNDECODED, PI_WARN,
            "Flag bits never seen before", EXPFILL } },
        { &ei_relay_length, { "facetime.relay.bad_length", PI_MALFORMED, PI_ERROR,
            "Length does not fit the datagram", EXPFILL } },
        { &ei_relay_header_short, { "facetime.relay.header_short", PI_MALFORMED, PI_ERROR,
            "The sub-packet ends inside its header or its data", EXPFILL } },
        { &ei_relay_count, { "facetime.relay.bad_count", PI_PROTOCOL, PI_WARN,
            "More IDs than a sub-packet can have", EXPFILL } },
        { &ei_relay_subpackets, { "facetime.relay.too_many", PI_PROTOCOL, PI_WARN,
            "More than eight sub-packets", EXPFILL } },
        { &ei_relay_stats, { "facetime.relay.bad_stats", PI_PROTOCOL, PI_WARN,
            "Statistics ID and values do not belong together", EXPFILL } },
        { &ei_relay_participant, { "facetime.relay.participant_zero", PI_PROTOCOL, PI_NOTE,
            "Participant ID 0: Apple's code complains about it", EXPFILL } },
        { &ei_relay_reading, { "facetime.relay.guessed_form", PI_ASSUMPTION, PI_NOTE,
            "Read in a form for which there is no flag: all bytes are used so [guess]", EXPFILL } },
        { &ei_relay_payload, { "facetime.relay.unknown_payload", PI_UNDECODED, PI_NOTE,
            "Payload of unknown form", EXPFILL } },
    };

    for (unsigned bit = 0; bit < array_length(relay_bits); bit++) {
        hf_register_info one = { &hf_relay_bit[bit], { relay_bits[bit].title,
            wmem_strdup_printf(wmem_epan_scope(), "facetime.relay.flags.%s", relay_bits[bit].name), FT_BOOLEAN, 16,
            NULL, UINT64_C(1) << (bit % 16), relay_bits[bit].blurb, HFILL } };

        hf_relay_bit[bit] = -1;
        hf_bits[bit] = one;
    }
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_field_array(proto_facetime, hf_bits, array_length(hf_bits));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_hbh_register();
    ft_control_register();
}

const ft_wire_t ft_wire_relay = {
    .kind = FT_KIND_RELAY,
    .first_mask = 0xf0, .first_bits = FT_RELAY_CHANNEL,
    .register_fields = relay_register,
    .match = relay_match,
    .dissect = relay_dissect,
    .unseen = relay_unseen,
};
