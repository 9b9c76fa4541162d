/* relay_reading.c
 * How a relay datagram is read: the sub-packets in the form that their flags announce, else in one in which all bytes are used.
 *
 * Calls of 2026 have more forms, for which no bit tells (rustpush: its reader and the datagrams of its tests). A datagram is read in one of
 * them where its flags do not lead to the end, all bytes are used, and each payload is of a form that is known; the reading is marked:
 *
 *  - listed: with bit 11 the IDs of the transition's streams stand before the payload: eight, or one more than a count in priority's place;
 *  - repeated: a later sub-packet has a header with the participant of the first, and a length without bit 7 before its payload;
 *  - brief: a later sub-packet has no flags but a stream ID, or a count and so many secondary ones; then a length, or the payload to the end;
 *  - in each of them a priority may stand behind the header and the list.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/relay_reading.h"
#include "wire/control.h"
#include "wire/link.h"
#include "wire/rtp.h"

#define FT_RELAY_CHUNKS         8       /* chunks of quality metadata that are taken for such; Apple names four kinds */

/* Readings of a datagram that are tried at most: eight sub-packets of nine readings each could be combined in millions of ways. */
#define FT_RELAY_TRIES          128

/* bytes: of tvb, those that were captured. */
static int
payload_kind(tvbuff_t *tvb, const uint8_t *bytes, int captured, int at, int end, uint32_t flags)
{
    uint16_t start;

    captured -= at;
    if (at >= end)
        return FT_PAYLOAD_NONE;
    if (captured < 2)
        return FT_PAYLOAD_UNKNOWN;
    bytes += at;
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

int
ft_relay_payload_kind(tvbuff_t *tvb, int at, int end, uint32_t flags)
{
    int captured = (int)tvb_captured_length(tvb);

    return payload_kind(tvb, tvb_get_ptr(tvb, 0, captured), captured, at, end, flags);
}

bool
ft_relay_control_seen(tvbuff_t *tvb, const ft_relay_sub_t *sub)
{
    ft_control_form_t form = ft_control_form(tvb_new_subset_length(tvb, sub->payload, sub->end - sub->payload));

    return form == FT_CONTROL_SEEN || form == FT_CONTROL_CUT;
}

/* RTP of any type, or RTCP. */
static bool
relay_is_rtp(const ft_relay_reading_t *r, int at, int end)
{
    int captured = MIN(r->captured, end) - at;
    const uint8_t *bytes = r->bytes + at;

    /* A tvb of its own only where it is needed: this is asked of each media packet. */
    if (ft_shortcuts && captured >= 2 && !ft_rtp_is_rtcp_type(bytes[1]))
        return ft_rtp_form(bytes, (unsigned)captured, (unsigned)(end - at));
    return ft_rtp_match(tvb_new_subset_length(r->tvb, at, end - at), r->pinfo, NULL);
}

/* RTP of one of FaceTime's payload types and without contributing sources, which FaceTime never has, or RTCP; ssrc_low: the lower half that its
 * SSRC must have, or one more, as that of the stream with parity has; -1: any. */
static bool
relay_is_media(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, int ssrc_low)
{
    unsigned ssrc;

    if (!ft_rtp_is_facetime(tvb_new_subset_length(tvb, at, end - at), pinfo))
        return false;
    if (!ft_rtp_is_rtcp_type(ft_tvb_get_u8(tvb, at + 1)) && (ft_tvb_get_u8(tvb, at) & 0x0f))
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

/* Does quality metadata stand before the data? Its first byte may be that of RTP or of a control message, whose other bytes then fit once in some
 * five times; that RTP stands behind bytes that are no metadata happens once in 300 times. So it comes first, unless the stream ID says that RTP is
 * right here. */
static bool
relay_has_quality(const ft_relay_reading_t *r, ft_relay_sub_t *sub, int ssrc_low)
{
    int data = relay_quality_end(r->tvb, sub->payload, sub->end), left = (int)tvb_captured_length(r->tvb) - data;

    if (data < 0 || data >= sub->end || left < 2 || (sub->flags & FT_RELAY_HBH))
        return false;
    if (sub->stream >= 0 && relay_is_media(r->tvb, sub->payload, sub->end, r->pinfo, sub->stream))
        return false;
    if (!relay_is_media(r->tvb, data, sub->end, r->pinfo, ssrc_low) &&
        ft_link_form_at(tvb_get_ptr(r->tvb, data, left), (unsigned)MIN(left, sub->end - data), (unsigned)(sub->end - data)) != FT_LINK_EXACT &&
        ft_control_form(tvb_new_subset_length(r->tvb, data, sub->end - data)) != FT_CONTROL_SEEN)
        return false;
    sub->data = data;
    return true;
}

/* Is what the header says likely, if the sub-packet has this form? */
static bool
relay_form_allowed(const ft_relay_reading_t *r, unsigned n, const ft_relay_sub_t *sub)
{
    /* 1. Bits that have a name: avoids data that is taken for flags. What is wrong with the first header is shown, so there it may be. */
    if ((sub->flags & FT_RELAY_UNKNOWN) && (n > 0 || sub->form != FT_RELAY_FLAGGED))
        return false;
    switch (sub->form) {
    case FT_RELAY_FLAGGED:
        return true;
    case FT_RELAY_LISTED:
        /* 2. A list only where the bit of a transition says so. */
        if (!(sub->flags & FT_RELAY_TRANSITION) || (sub->list_counted && !(sub->flags & FT_RELAY_COMPOUND)))
            return false;
        break;
    case FT_RELAY_REPEATED:
        /* 3. What states its length by its bit, or is a transition, has another form. */
        if (n == 0 || (sub->flags & (FT_RELAY_COMPOUND | FT_RELAY_TRANSITION)))
            return false;
        break;
    case FT_RELAY_BRIEF:
        return n > 0;
    }
    /* 4. A later header names the participant of the first one: avoids any data. */
    return n == 0 || (sub->participant && sub->participant == r->subs[0].participant);
}

/* Is the payload of a form that is known? In the form that the flags of the first sub-packet say any will do. Elsewhere the bytes may as well be those
 * of another form, whose IDs and lengths are any numbers: there RTP must be of one of FaceTime's types, and a stream ID half of its SSRC; a control
 * message must have a header that was seen, and what is encrypted hop by hop its first bytes. */
static bool
relay_payload_sure(const ft_relay_reading_t *r, unsigned n, ft_relay_sub_t *sub)
{
    bool plain = n == 0 && sub->form == FT_RELAY_FLAGGED && !(sub->flags & FT_RELAY_TRANSITION);
    /* Of a transition, and behind the first one, several forms may look right: the stream ID tells. */
    int ssrc_low = !plain && sub->form <= FT_RELAY_LISTED ? sub->stream : -1;

    if (r->quality && relay_has_quality(r, sub, ssrc_low))
        return true;
    switch (payload_kind(r->tvb, r->bytes, r->captured, sub->payload, sub->end, sub->flags)) {
    case FT_PAYLOAD_NONE:
        return sub->form == FT_RELAY_FLAGGED;
    case FT_PAYLOAD_LINK:
    case FT_PAYLOAD_FACE:
        return true;
    case FT_PAYLOAD_CONTROL:
        return plain || ft_relay_control_seen(r->tvb, sub);
    case FT_PAYLOAD_PROTOBUF:
        return plain || tvb_get_ntohs(r->tvb, sub->payload) == FT_PROTOBUF_START;
    case FT_PAYLOAD_RTP:
        sub->is_rtp = plain && !r->quality && relay_is_rtp(r, sub->payload, sub->end);
        if (sub->is_rtp)
            return true;
        if (relay_is_media(r->tvb, sub->payload, sub->end, r->pinfo, ssrc_low))
            return true;
        break;
    default:
        break;
    }
    return false;
}

/* Reads the sub-packets from `at` on, the surest form first; n of them are read. False: there is no reading that uses all bytes, or too
 * many were tried. */
static bool
relay_try(ft_relay_reading_t *r, int at, unsigned n)
{
    static const struct {
        ft_relay_form_t form;
        bool priority_behind, list_counted;
    } readings[] = {
        { FT_RELAY_FLAGGED, false, false }, { FT_RELAY_LISTED, false, true }, { FT_RELAY_LISTED, true, true }, { FT_RELAY_LISTED, false, false },
        { FT_RELAY_LISTED, true, false }, { FT_RELAY_REPEATED, false, false }, { FT_RELAY_REPEATED, true, false }, { FT_RELAY_BRIEF, false, false },
        { FT_RELAY_BRIEF, true, false },
    };

    for (unsigned i = 0; i < array_length(readings); i++) {
        ft_relay_sub_t *sub = &r->subs[n];

        if (r->tries++ >= FT_RELAY_TRIES)
            return false;
        sub->form = readings[i].form;
        sub->priority_behind = readings[i].priority_behind;
        sub->list_counted = readings[i].list_counted;
        sub->start = at;
        r->result = ft_relay_walk_bytes(r->bytes, r->captured, r->end, sub);
        r->n = n + 1;
        if ((r->result != FT_RELAY_OK && r->result != FT_RELAY_CUT) || !relay_form_allowed(r, n, sub))
            continue;
        /* Where the capture is cut, the rest cannot be asked. */
        if (r->result == FT_RELAY_CUT)
            return n > 0;
        if (!relay_payload_sure(r, n, sub))
            continue;
        if (sub->last || (sub->end < r->end && n + 1 < FT_MAX_SUBPACKETS && relay_try(r, sub->end, n + 1)))
            return true;
    }
    return false;
}

bool
ft_relay_takes_quality(const ft_flow_t *flow, uint32_t frame)
{
    return flow->quality_from[0] && flow->quality_from[0] < frame && flow->quality_from[1] && flow->quality_from[1] < frame;
}

/* Reads the sub-packets of the bytes from `at` to `end`. Those whose flags say all are read so; else the forms are tried for which the
 * flags have no bit. Where none fits, or what is there is wrong, it is read as the flags say. Captured bytes only. */
static void
relay_read(ft_relay_reading_t *r, tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    /* Not all of it: what is in subs[] is only read where n says so. */
    r->tvb = tvb;
    r->captured = (int)tvb_captured_length(tvb);
    r->bytes = tvb_get_ptr(tvb, 0, r->captured);
    r->end = end;
    r->pinfo = pinfo;
    r->quality = pinfo && flow && ft_relay_takes_quality(flow, pinfo->num);
    r->result = FT_RELAY_SHORT;
    r->tries = r->n = 0;
    r->sure = at < end && relay_try(r, at, 0);
    if (r->sure)
        return;
    r->result = FT_RELAY_SHORT;
    for (r->n = 0; at < end && r->n < FT_MAX_SUBPACKETS;) {
        ft_relay_sub_t *sub = &r->subs[r->n++];

        *sub = (ft_relay_sub_t){ .form = FT_RELAY_FLAGGED, .start = at };
        r->result = ft_relay_walk_bytes(r->bytes, r->captured, end, sub);
        if (r->result != FT_RELAY_OK || sub->last)
            return;
        at = sub->end;
    }
    if (at < end)
        r->result = FT_RELAY_BAD_COUNT;
}

/* The reading that the match made, for the dissection, which comes next. */
static struct {
    uint32_t frame;         /* 0: none */
    int at;
    ft_relay_reading_t reading;
} kept_one;

const ft_relay_reading_t *
ft_relay_read_first(tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    relay_read(&kept_one.reading, tvb, at, end, pinfo, flow);
    kept_one.frame = pinfo ? pinfo->num : 0;
    kept_one.at = at;
    return &kept_one.reading;
}

const ft_relay_reading_t *
ft_relay_read_kept(const packet_info *pinfo, int at)
{
    return kept_one.frame == pinfo->num && kept_one.at == at ? &kept_one.reading : NULL;
}

void
ft_relay_read_used(void)
{
    kept_one.frame = 0;
}

void
ft_relay_read_once(ft_relay_reading_t *r, tvbuff_t *tvb, int at, int end, const packet_info *pinfo, const ft_flow_t *flow)
{
    const ft_relay_reading_t *kept = &kept_one.reading;
    bool same = ft_shortcuts && kept_one.frame == pinfo->num && kept_one.at == at && kept->tvb == tvb && kept->end == end &&
                kept->quality == (flow && ft_relay_takes_quality(flow, pinfo->num));

    kept_one.frame = 0;
    if (same)
        memcpy(r, kept, offsetof(ft_relay_reading_t, subs) + kept->n * sizeof kept->subs[0]);
    else
        relay_read(r, tvb, at, end, pinfo, flow);
}
