/* relay_header.c
 * The headers of relay channel data: their fields, in order and size, and how a walk over one ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/relay_header.h"

#define FT_RELAY_MAX_STREAMS    11      /* secondary stream IDs: 12 in all with the primary */
#define FT_RELAY_MAX_LINKS      3       /* secondary relay link IDs: 4 in all */
#define FT_RELAY_TRANSITION_IDS 8       /* stream IDs of a transition that is listed without a count: rustpush */
#define FT_RELAY_PRIORITY_LOW   1       /* the only priorities in two real calls: of most packets, */
#define FT_RELAY_PRIORITY_HIGH  127     /* and of some with audio */
#define FT_RELAY_BRIEF_MAX      15      /* a header without flags that begins with so much or less has a count: rustpush */
#define FT_RELAY_STATS          5       /* values of a stats payload */

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
static int hf_relay_base_stream_id = -1;
static int hf_relay_transition_count = -1;
static int hf_relay_transition_id = -1;
static int ett_relay_flags = -1;

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

/* A cursor over a header: where it is, and where the header must end. Reads nothing that was not captured. */
typedef struct relay_cursor {
    tvbuff_t *tvb;
    const uint8_t *bytes; /* of tvb, those that were captured */
    int captured;       /* how many */
    int at;
    int end;            /* as the channel header states it */
    ft_relay_walk_t result;
} relay_cursor_t;

static bool
relay_has(relay_cursor_t *c, int n)
{
    if (c->result != FT_RELAY_OK)
        return false;
    if (c->at + n > c->end)
        c->result = FT_RELAY_SHORT;
    else if (c->at + n > c->captured)
        c->result = FT_RELAY_CUT;
    return c->result == FT_RELAY_OK;
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

/* The same of a field that a device writes only where its value is not 0 (IDSFoundation of iOS 26.1). */
static void
relay_nonzero(relay_cursor_t *c, proto_tree *tree, int hf, int n, uint32_t bit, ft_relay_sub_t *sub)
{
    if (relay_has(c, n) && c->bytes[c->at] == 0 && c->bytes[c->at + n - 1] == 0)
        sub->zeros |= bit;
    relay_field(c, tree, hf, n);
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
        c->result = FT_RELAY_BAD_COUNT;
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
relay_header(relay_cursor_t *c, proto_tree *tree, ft_relay_sub_t *sub)
{
    int words = 1, data_length = -1;

    sub->zeros = 0;
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
        relay_nonzero(c, tree, hf_relay_stream_id, 2, FT_RELAY_STREAM, sub);
    }
    if (sub->flags & FT_RELAY_STREAMS)
        relay_ids(c, tree, hf_relay_stream_count, hf_relay_secondary_stream_id, FT_RELAY_MAX_STREAMS);
    if (sub->flags & FT_RELAY_PARTICIPANT) {
        if (relay_has(c, 8))
            sub->participant = (uint64_t)ft_u32(c->bytes + c->at) << 32 | ft_u32(c->bytes + c->at + 4);
        relay_field(c, tree, hf_relay_participant_id, 8);
    }
    if (relay_has_base(sub->flags))
        relay_field(c, tree, hf_relay_base_stream_id, 2);
    /* Where the transition's streams are listed, the bit announces their number. */
    if ((sub->flags & FT_RELAY_PRIORITY) && sub->form == FT_RELAY_LISTED) {
        if (relay_has(c, 1))
            sub->listed = 1 + c->bytes[c->at];
        relay_field(c, tree, hf_relay_transition_count, 1);
    } else if (sub->flags & FT_RELAY_PRIORITY) {
        relay_nonzero(c, tree, hf_relay_priority, 1, FT_RELAY_PRIORITY, sub);
    }
    if (sub->flags & FT_RELAY_PROBE_GROUP)
        relay_nonzero(c, tree, hf_relay_probe_group, 2, FT_RELAY_PROBE_GROUP, sub);
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
        if (c->result == FT_RELAY_OK)
            sub->stats = stats;
    }
    if (sub->flags & FT_RELAY_LINK)
        relay_nonzero(c, tree, hf_relay_link_id, 2, FT_RELAY_LINK, sub);
    if (sub->flags & FT_RELAY_LINKS)
        relay_ids(c, tree, hf_relay_link_count, hf_relay_secondary_link_id, FT_RELAY_MAX_LINKS);
    if (sub->flags & FT_RELAY_SESSION)
        relay_field(c, tree, hf_relay_session_counter, 1);
    return data_length;
}

/* Takes a header without flags: a stream ID, or, as no stream ID begins with four zero bits, a count and so many secondary ones. */
static void
relay_brief_header(relay_cursor_t *c, proto_tree *tree, ft_relay_sub_t *sub)
{
    if (!relay_has(c, 1))
        return;
    if (c->bytes[c->at] <= FT_RELAY_BRIEF_MAX) {
        if (c->bytes[c->at] == 0)
            c->result = FT_RELAY_BAD_COUNT;
        relay_ids(c, tree, hf_relay_stream_count, hf_relay_secondary_stream_id, FT_RELAY_BRIEF_MAX);
        return;
    }
    if (relay_has(c, 2))
        sub->stream = ft_u16(c->bytes + c->at);
    relay_field(c, tree, hf_relay_stream_id, 2);
}

/* tvb: where the bytes are from; NULL without a tree. */
static ft_relay_walk_t
relay_walk(tvbuff_t *tvb, const uint8_t *bytes, int captured, int end, proto_tree *tree, ft_relay_sub_t *sub)
{
    relay_cursor_t c = { .tvb = tvb, .bytes = bytes, .captured = captured, .at = sub->start, .end = end, .result = FT_RELAY_OK };
    int data_length = -1, list_at;

    sub->flags = 0;
    sub->participant = 0;
    sub->stream = -1;
    sub->listed = FT_RELAY_TRANSITION_IDS;
    sub->data = 0;
    sub->stats = 0;
    sub->is_rtp = false;
    sub->last = true;
    if (sub->form == FT_RELAY_BRIEF)
        relay_brief_header(&c, tree, sub);
    else
        data_length = relay_header(&c, tree, sub);
    list_at = c.at;
    if (sub->form == FT_RELAY_LISTED) {
        if (sub->listed > FT_RELAY_MAX_STREAMS + 1)
            c.result = FT_RELAY_BAD_COUNT;
        for (unsigned i = 0; i < sub->listed; i++)
            relay_field(&c, tree, hf_relay_transition_id, 2);
    }
    if (sub->priority_behind) {
        if (relay_has(&c, 1) && c.bytes[c.at] != FT_RELAY_PRIORITY_LOW && c.bytes[c.at] != FT_RELAY_PRIORITY_HIGH)
            c.result = FT_RELAY_BAD_COUNT;
        relay_field(&c, tree, hf_relay_priority, 1);
    }
    /* In the forms without a bit for it, a length stands before data: data that is RTP or a control message begins with other bits. */
    if (sub->form != FT_RELAY_FLAGGED && data_length < 0 && relay_has(&c, 2) && (c.bytes[c.at] & 0xc0) == 0) {
        data_length = ft_u16(c.bytes + c.at);
        relay_field(&c, tree, hf_relay_data_length, 2);
    }

    sub->payload = c.at;
    sub->end = end;
    if (c.result == FT_RELAY_OK && data_length >= 0) {
        sub->end = (sub->list_counted ? list_at : c.at) + data_length;
        if (sub->end > end || sub->end < c.at) {
            sub->end = end;
            return FT_RELAY_SHORT;
        }
        sub->last = sub->end == end;
    }
    return c.result;
}

ft_relay_walk_t
ft_relay_walk(tvbuff_t *tvb, int end, proto_tree *tree, ft_relay_sub_t *sub)
{
    int captured = (int)tvb_captured_length(tvb);

    return relay_walk(tvb, tvb_get_ptr(tvb, 0, captured), captured, end, tree, sub);
}

ft_relay_walk_t
ft_relay_walk_bytes(const uint8_t *bytes, int captured, int end, ft_relay_sub_t *sub)
{
    return relay_walk(NULL, bytes, captured, end, NULL, sub);
}

void
ft_relay_header_register(void)
{
    static hf_register_info hf[] = {
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
        { &hf_relay_base_stream_id, { "Base Layer Stream ID [guess]", "facetime.relay.base_stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Stream of the base layer that the payload belongs to", HFILL } },
        { &hf_relay_transition_count, { "Transition Streams [guess]", "facetime.relay.transition_streams", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Stream IDs before the payload, without the first one", HFILL } },
        { &hf_relay_transition_id, { "Transition Stream ID [guess]", "facetime.relay.transition_stream_id", FT_UINT16, BASE_HEX,
            NULL, 0x0, "A stream of the transition", HFILL } },
    };
    static hf_register_info hf_bits[32];
    static int *ett[] = { &ett_relay_flags };

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
}
