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
 * relay_header.c knows the fields, relay_reading.c the forms in which a datagram may be read.
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
#include "wire/relay_reading.h"
#include "wire/rtp.h"

#define FT_RELAY_CHANNEL        0x60    /* first byte of the channel number: its high digit says that sub-packets carry the extended header */
#define FT_RELAY_MAX_PADDING    3

/* Bits that IDSFoundation's writer never sets: 10, 12, 17, 20 and 22. In two real calls 10, 17 and 20 came from the relay only. */
#define FT_RELAY_BY_RELAY       0x00521400u

/* Bytes of what is encrypted hop by hop, if it is RTCP's negative acknowledgement of one packet (RFC 4585, 6.2.1: 16 bytes): the fields' tags and
 * lengths, 12 bytes of initialisation vector, 16 of cipher text, 16 of tag. Measured: the one in the real calls comes right after a hole. */
#define FT_RELAY_NACK_LEN       (2 + 12 + 2 + 16 + 2 + 16)

static int hf_relay_subpacket = -1;
static int hf_relay = -1;
static int hf_relay_channel = -1;
static int hf_relay_length = -1;
static int hf_relay_payload_kind = -1;
static int hf_relay_payload = -1;
static int hf_rtp_retransmitted = -1;
static int hf_relay_rest = -1;
static int hf_relay_padding = -1;
static int hf_relay_reading = -1;
static int hf_relay_quality = -1;
static int hf_relay_quality_form = -1;
static int hf_relay_quality_more = -1;
static int hf_relay_quality_rest = -1;
static int ett_relay = -1;
static int ett_relay_subpacket = -1;
static int ett_relay_quality = -1;
static expert_field ei_relay_unknown_flags = EI_INIT;
static expert_field ei_relay_length = EI_INIT;
static expert_field ei_relay_header_short = EI_INIT;
static expert_field ei_relay_count = EI_INIT;
static expert_field ei_relay_subpackets = EI_INIT;
static expert_field ei_relay_stats = EI_INIT;
static expert_field ei_relay_participant = EI_INIT;
static expert_field ei_relay_zero = EI_INIT;
static expert_field ei_relay_payload = EI_INIT;
static expert_field ei_relay_reading = EI_INIT;

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
    { FT_RELAY_FLAGGED, "What the flags say" },
    { FT_RELAY_LISTED, "Transition streams before the payload [guess]" },
    { FT_RELAY_REPEATED, "Repeated header of the participant, length without its bit [guess]" },
    { FT_RELAY_BRIEF, "Header without flags [guess]" },
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

/* What a reading says of the datagram. */
typedef struct relay_checked {
    ft_relay_walk_t result;
    uint32_t flags;         /* of all sub-packets */
    bool known;             /* the first payload is of a kind that is evidence */
    bool plausible;         /* it is of a kind that was seen */
} relay_checked_t;

static relay_checked_t
relay_check(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    relay_checked_t checked = { 0 };
    const ft_relay_reading_t *r = ft_relay_read_first(tvb, at, end, pinfo, flow);
    const ft_relay_sub_t *first = &r->subs[0];
    int kind;

    checked.result = r->result;
    for (unsigned i = 0; i < r->n; i++)
        checked.flags |= r->subs[i].flags;
    if (r->n == 0 || (r->n == 1 && r->result != FT_RELAY_OK))
        return checked;
    kind = first->data || first->is_rtp ? FT_PAYLOAD_RTP : ft_relay_payload_kind(tvb, first->payload, first->end, first->flags);
    /* Nothing at all is only known where there are statistics to send without payload. */
    checked.known = kind == FT_PAYLOAD_NONE ? (first->flags & FT_RELAY_STATS_ID) != 0 :
                    kind == FT_PAYLOAD_RTP || kind == FT_PAYLOAD_LINK || kind == FT_PAYLOAD_FACE ||
                    (kind == FT_PAYLOAD_CONTROL && ft_relay_control_seen(tvb, first));
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
    const uint8_t *bytes;
    relay_quic_t quic;
    bool fits, relay_flow, usual, apples;

    /* 1. The channel number 0x60xx: avoids plain TURN ChannelData (0x40 to 0x4f, RFC 8656). The relay chooses the number; all in two
     *    real calls are 0x6000. Another first byte 0x6x only between a relay port of Apple's and somebody, or on a flow that is FaceTime's. */
    if (tvb_captured_length(tvb) < FT_RELAY_HEADER_LEN + 2)
        return false;
    bytes = tvb_get_ptr(tvb, 0, FT_RELAY_HEADER_LEN);
    usual = bytes[0] == FT_RELAY_CHANNEL;
    apples = usual || relay_is_apples(pinfo);
    if (!apples && (!flow || !flow->is_facetime))
        return false;
    /* 2. The length is that of the datagram, but for up to three bytes of padding: avoids QUIC short headers, which
     *    begin with 0x60 too (one in 16,384 of them passes). On a flow that has relay data, a datagram of the latest
     *    channel number is shown with a wrong length, too. */
    end = FT_RELAY_HEADER_LEN + ft_u16(bytes + 2);
    fits = reported >= end && reported - end <= FT_RELAY_MAX_PADDING;
    relay_flow = flow && flow->is_facetime && (flow->kinds & (1u << FT_KIND_RELAY)) && ft_u16(bytes) == flow->relay_channel;
    if (!fits && !relay_flow)
        return false;
    /* 3. The bytes after the first are not a connection ID of the flow: avoids the QUIC short header that does pass. */
    quic = relay_quic(tvb, pinfo, flow);
    if (quic == QUIC_YES)
        return false;
    checked = relay_check(tvb, FT_RELAY_HEADER_LEN, MIN(end, reported), pinfo, flow);
    if (!fits || (checked.result != FT_RELAY_OK && checked.result != FT_RELAY_CUT) || (checked.flags & FT_RELAY_UNKNOWN)) {
        /* 4. A malformed header is shown, with an expert item, on a flow that has relay data; where QUIC cannot be told by its connection ID, only if
         *    it is wrong in one thing: avoids QUIC of a connection ID that is empty or came encrypted. */
        return relay_flow && (quic == QUIC_NO || (checked.result == FT_RELAY_OK && checked.known && !(checked.flags & FT_RELAY_UNKNOWN)));
    }
    /* 5. The same where all fits: also a payload that was seen before. And of a channel number of another first byte; away from Apple's relays one
     *    that is evidence: avoids TURN's ChannelData and QUIC of others on the flow. */
    if ((quic == QUIC_MAYBE || !usual) && checked.result == FT_RELAY_OK && !checked.plausible)
        return false;
    if (!apples && (checked.result != FT_RELAY_OK || !checked.known))
        return false;
    /* 6. The sub-packets parse to the end. On a flow that has no relay data yet, also: no bit that was never seen, and a host
     *    of Apple's or a payload of a known kind; avoids random bytes (one in about four million gets here). */
    if (checked.result == FT_RELAY_OK && (checked.known || ft_is_with_apple(pinfo)))
        *evidence |= FT_EV(FT_EV_RELAY_HEADER);
    else
        *evidence |= FT_EV(FT_EV_RELAY_FORM);
    return true;
}

/* Shows the parts of the quality metadata from sub->payload to sub->data. */
static void
relay_quality(tvbuff_t *tvb, proto_tree *tree, const ft_relay_sub_t *sub)
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
relay_media(const ft_relay_sub_t *sub, ft_packet_t *pkt)
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
relay_stats_facts(tvbuff_t *tvb, const ft_relay_sub_t *sub, ft_packet_t *pkt)
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
relay_no_payload(packet_info *pinfo, const ft_relay_sub_t *sub, ft_packet_t *pkt)
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
              const ft_relay_sub_t *sub, ft_packet_t *pkt)
{
    int at = sub->data ? sub->data : sub->payload, len = sub->end - at;
    int kind = sub->is_rtp ? FT_PAYLOAD_RTP : ft_relay_payload_kind(tvb, at, sub->end, sub->flags);
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
relay_is_odd(const ft_relay_sub_t *sub, bool from_relay)
{
    uint32_t stats = sub->flags & (FT_RELAY_STATS_ID | FT_RELAY_STATS_PAYLOAD);

    return sub->form != FT_RELAY_FLAGGED || sub->data || (sub->flags & FT_RELAY_UNKNOWN) || stats == FT_RELAY_STATS_PAYLOAD ||
           (stats == FT_RELAY_STATS_ID && from_relay) || ((sub->flags & FT_RELAY_PARTICIPANT) && sub->participant == 0) ||
           (sub->zeros && !from_relay);
}

/* Fields of value 0 from a device: what the relay writes is not known so well. */
static void
relay_complain_zeros(packet_info *pinfo, proto_item *item, uint32_t zeros)
{
    static const value_string names[] = {
        { FT_RELAY_STREAM, "stream ID" },
        { FT_RELAY_PRIORITY, "priority" },
        { FT_RELAY_PROBE_GROUP, "probe group" },
        { FT_RELAY_LINK, "relay link ID" },
        { 0, NULL }
    };

    for (const value_string *name = names; name->strptr; name++) {
        if (zeros & name->value)
            expert_add_info_format(pinfo, item, &ei_relay_zero, "A %s of 0: a device leaves it out", name->strptr);
    }
}

/* What is against the format in a header that could be walked. */
static void
relay_complain(packet_info *pinfo, proto_item *item, const ft_relay_sub_t *sub, const ft_packet_t *pkt)
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
    if (sub->zeros && !pkt->from_relay)
        relay_complain_zeros(pinfo, item, sub->zeros);
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
relay_show_reading(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ft_relay_sub_t *sub)
{
    if (sub->form == FT_RELAY_FLAGGED && !sub->data)
        return;
    proto_item_append_text(item, " [guess]");
    if (sub->form != FT_RELAY_FLAGGED)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_relay_reading, tvb, sub->start, 0, sub->form));
    expert_add_info(pinfo, item, &ei_relay_reading);
}

/* Who of the two is the relay? */
static void
relay_sides(const packet_info *pinfo, const ft_relay_reading_t *r, ft_packet_t *pkt)
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
    ft_relay_reading_t r;

    ft_relay_read_once(&r, tvb, at, end, pinfo, pkt->flow);
    relay_sides(pinfo, &r, pkt);
    pkt->compound |= r.n > 1;
    for (unsigned n = 0; n < r.n; n++) {
        const ft_relay_sub_t *sub = &r.subs[n];
        proto_item *item = NULL;
        /* The item reaches to the end of the captured bytes; its length is set once the end of the header is known. */
        proto_tree *sub_tree = tree ? ft_subtree_kept(tree, hf_relay_subpacket, tvb, sub->start, -1, ett_relay_subpacket, &item, n + 1,
                                                      "Sub-packet %u", n + 1) : NULL;

        if (n > 0) {
            col_append_str(pinfo->cinfo, COL_INFO, "; ");
            col_set_fence(pinfo->cinfo, COL_INFO);
        }
        if (sub_tree) {
            ft_relay_sub_t shown = *sub;

            ft_relay_walk(tvb, end, sub_tree, &shown);
            proto_item_set_end(item, tvb, sub->payload);
        }
        relay_show_reading(tvb, pinfo, sub_tree, item, sub);
        relay_complain(pinfo, item, sub, pkt);
        if (!pkt->participant)
            pkt->participant = sub->participant;
        at = sub->end;
        switch (n + 1 < r.n ? FT_RELAY_OK : r.result) {
        case FT_RELAY_OK:
            break;
        case FT_RELAY_CUT:
            relay_says(pinfo, "Header Cut Off", pkt);
            /* Ask for the byte that is not there: Wireshark then says why the packet ends here. */
            tvb_ensure_bytes_exist(tvb, sub->payload, 1);
            return;
        case FT_RELAY_SHORT:
            expert_add_info(pinfo, item, &ei_relay_header_short);
            relay_rest(tvb, sub->payload, end, sub_tree);
            return;
        case FT_RELAY_BAD_COUNT:
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
    const ft_relay_reading_t *r = ft_relay_read_kept(pinfo, FT_RELAY_HEADER_LEN);
    const ft_relay_sub_t *sub = r ? &r->subs[0] : NULL;
    int reported = (int)tvb_reported_length(tvb);
    ft_rtp_bytes_t packet;

    if (!r || r->tvb != tvb || r->n != 1 || r->result != FT_RELAY_OK ||
        !sub->is_rtp || !sub->last || sub->end != r->end || (int)tvb_captured_length(tvb) < reported || reported - r->end > FT_RELAY_MAX_PADDING ||
        r->quality != (pkt->flow && ft_relay_takes_quality(pkt->flow, pinfo->num)))
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
    ft_relay_read_used();
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
        uint16_t bytes = tvb_get_ntohs(tvb, 2);
        ft_kept_text_t *kept = ft_kept_text_of(hf_relay_length, bytes);

        proto_tree_add_item(tree, hf_relay_channel, tvb, 0, 2, ENC_BIG_ENDIAN);
        length = proto_tree_add_uint(tree, hf_relay_length, tvb, 2, 2, bytes);
        if (!ft_kept_text_use(length, kept, bytes, (uint64_t)hf_relay_length)) {
            proto_item_append_text(length, " bytes");
            ft_kept_text_take(length, kept, bytes, (uint64_t)hf_relay_length);
        }
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
    return checked.result == FT_RELAY_OK && checked.known && !(checked.flags & FT_RELAY_UNKNOWN);
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
        { &hf_relay_payload_kind, { "Payload", "facetime.relay.payload.kind", FT_UINT8, BASE_DEC,
            VALS(relay_payload_vals), 0x0, "What follows the header, by its first bytes", HFILL } },
        { &hf_relay_payload, { "Payload Bytes", "facetime.relay.payload", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Payload of unknown form", HFILL } },
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
    static int *ett[] = { &ett_relay, &ett_relay_subpacket, &ett_relay_quality };
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
        { &ei_relay_zero, { "facetime.relay.zero", PI_PROTOCOL, PI_NOTE,
            "A field of value 0 that a device would leave out", EXPFILL } },
        { &ei_relay_reading, { "facetime.relay.guessed_form", PI_ASSUMPTION, PI_NOTE,
            "Read in a form for which there is no flag: all bytes are used so [guess]", EXPFILL } },
        { &ei_relay_payload, { "facetime.relay.unknown_payload", PI_UNDECODED, PI_NOTE,
            "Payload of unknown form", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_relay_header_register();
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
