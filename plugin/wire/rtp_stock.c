/* rtp_stock.c
 * The stock rtp dissector, left out where nobody sees what it does, and brought up to date where somebody does later.
 *
 * That dissector leaves two things behind. With each frame it keeps the upper parts of sequence number and time stamp, for later passes;
 * these take 140 bytes and a fifth of the work for a media packet, and most files are read once. And with the stream's data it keeps the
 * latest extended numbers, from which it reckons those of the next packet it is called for.
 *
 * So this file reckons them as well, for all packets, and keeps only the places where an upper part changes: once in 65,536 packets.
 * Where a packet is shown for which the stock dissector was not called on the first pass, that dissector is first called for headers
 * of numbers between those that it knows and those of the packet, apart from the frame; then it finds the same numbers as in a run where it
 * saw each packet.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

#include <epan/exceptions.h>
#include <epan/proto_data.h>
#include <epan/tap.h>

/* Changes of an upper part that are kept for a stream: hours of media. For each packet behind them the stock dissector is called, with data
 * of its own: so the numbers of the packets before them are never further away than that many cycles. */
#define FT_RTP_MAX_TURNS 32

/* The stock dissector starts one cycle up. */
#define START_SEQ       UINT32_C(0x10000)
#define START_TIMESTAMP UINT64_C(0x100000000)

/* Less than half a cycle: the stock dissector takes what is further away for the cycle before or after. */
#define SEQ_STEP        0x4000
#define TIMESTAMP_STEP  0x40000000

/* Headers that bring the stock dissector up to date at most: four for each turn, and those of the two cycles at the ends. */
#define FT_RTP_MAX_HEADERS (4 * FT_RTP_MAX_TURNS + 8)

static bool profile_is_read[UINT16_MAX + 1], profile_is_free[UINT16_MAX + 1];
static dissector_handle_t handle;
static bool is_enabled;         /* RTP; who changes it makes Wireshark dissect the file again from its beginning */
static dissector_table_t extensions;
static int proto = -1, tap = -1;

/* ---- Extended numbers ----------------------------------------------------------------------- */

void
ft_rtp_numbers_start(ft_rtp_stock_t *stock)
{
    const ft_rtp_numbers_t start = { START_SEQ, START_TIMESTAMP };

    stock->latest = stock->before = stock->known = stock->known_rest = start;
}

/* The number with these lower bits that is nearest to the one before, as the stock dissector finds it. */
static uint32_t
extended_seq(uint32_t before, uint16_t seq)
{
    uint32_t number = (before & 0xffff0000) | seq;

    if (number + 0x8000 < before)
        number += 0x10000;
    else if (before + 0x8000 < number)
        number -= 0x10000;
    return number;
}

static uint64_t
extended_timestamp(uint64_t before, uint32_t timestamp)
{
    uint64_t number = (before & UINT64_C(0xffffffff00000000)) | timestamp;

    if (number + 0x80000000 < before)
        number += UINT64_C(0x100000000);
    else if (before + 0x80000000 < number)
        number -= UINT64_C(0x100000000);
    return number;
}

void
ft_rtp_numbers_take(ft_rtp_stock_t *stock, uint32_t frame, uint16_t seq, uint32_t timestamp)
{
    ft_rtp_numbers_t next = { extended_seq(stock->latest.seq, seq), extended_timestamp(stock->latest.timestamp, timestamp) };

    if ((next.seq ^ stock->latest.seq) >> 16 || (next.timestamp ^ stock->latest.timestamp) >> 32) {
        ft_rtp_turn_t turn = { frame, next.seq & 0xffff0000, next.timestamp & UINT64_C(0xffffffff00000000) };

        if (!stock->turns)
            stock->turns = wmem_array_new(wmem_file_scope(), sizeof turn);
        if (!stock->always)
            wmem_array_append_one(stock->turns, turn);
        /* From the last one on that is kept: each packet before it has its numbers. */
        stock->always = wmem_array_get_count(stock->turns) >= FT_RTP_MAX_TURNS;
    }
    stock->before = stock->latest;
    stock->latest = next;
}

/* The extended numbers of a packet on a later pass. */
static ft_rtp_numbers_t
numbers_at(const ft_rtp_stock_t *stock, uint32_t frame, uint16_t seq, uint32_t timestamp)
{
    ft_rtp_numbers_t numbers = { START_SEQ | seq, START_TIMESTAMP | timestamp };

    for (unsigned i = stock->turns ? wmem_array_get_count(stock->turns) : 0; i > 0; i--) {
        const ft_rtp_turn_t *turn = (const ft_rtp_turn_t *)wmem_array_index(stock->turns, i - 1);

        if (turn->frame <= frame) {
            numbers.seq = turn->seq | seq;
            numbers.timestamp = turn->timestamp | timestamp;
            break;
        }
    }
    return numbers;
}

static void
put(uint8_t *at, uint32_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        at[bytes] = (uint8_t)number;
        number >>= 8;
    }
}

/* Calls the stock dissector for a header alone: with a packet_info of its own, so that nothing of it is seen in the frame's columns,
 * layers, taps and data. What remains is what it keeps with the stream. */
static void
call_for_header(tvbuff_t *tvb, const packet_info *pinfo, uint32_t ssrc, const ft_rtp_numbers_t *numbers)
{
    uint8_t *header = (uint8_t *)wmem_alloc0(pinfo->pool, FT_RTP_HEADER_LEN);
    packet_info alone = *pinfo;
    frame_data frame = *pinfo->fd;

    header[0] = 0x80;
    put(header + 2, numbers->seq, 2);
    put(header + 4, (uint32_t)numbers->timestamp, 4);
    put(header + FT_RTP_SSRC_AT, ssrc, 4);
    frame.pfd = NULL;
    alone.fd = &frame;
    alone.cinfo = NULL;
    alone.layers = wmem_list_new(pinfo->pool);
    alone.proto_layers = wmem_map_new(pinfo->pool, g_direct_hash, g_direct_equal);
    alone.proto_data = NULL;
    alone.flags.in_error_pkt = 1;       /* no tap gets it */
    call_dissector(handle, tvb_new_child_real_data(tvb, header, FT_RTP_HEADER_LEN, FT_RTP_HEADER_LEN), &alone, NULL);
    p_remove_proto_data(wmem_file_scope(), &alone, proto, FT_RTP_CONVERSATION_DATA);
    /* The list of what it kept with the packet is GLib's; what is in it goes with the packet's scope. */
    g_slist_free(alone.proto_data);
}

/* Brings the stock dissector's numbers of the stream to where it finds those of the packet. */
static void
catch_up(ft_rtp_stock_t *stock, tvbuff_t *tvb, packet_info *pinfo, const ft_rtp_t *rtp)
{
    ft_rtp_numbers_t here = stock->latest, near = stock->before, *known = &stock->known;

    /* It has the frame's own numbers, and keeps to them. */
    if (p_get_proto_data(wmem_file_scope(), pinfo, proto, FT_RTP_CONVERSATION_DATA))
        return;
    if (ft_rtp_stock_is_rest(stock, pinfo))
        known = &stock->known_rest;
    if (PINFO_FD_VISITED(pinfo))
        here = near = numbers_at(stock, pinfo->num, rtp->seq, rtp->timestamp);
    for (unsigned n = 0; n < FT_RTP_MAX_HEADERS; n++) {
        int64_t seq = (int64_t)near.seq - known->seq, timestamp = (int64_t)(near.timestamp - known->timestamp);

        if (seq == 0 && timestamp == 0)
            break;
        if (PINFO_FD_VISITED(pinfo) && ABS(seq) <= SEQ_STEP && ABS(timestamp) <= TIMESTAMP_STEP)
            break;
        known->seq += (uint32_t)CLAMP(seq, -SEQ_STEP, SEQ_STEP);
        known->timestamp += (uint64_t)CLAMP(timestamp, -TIMESTAMP_STEP, TIMESTAMP_STEP);
        call_for_header(tvb, pinfo, rtp->ssrc, known);
    }
    *known = here;
}

/* ---- Calling it, or not --------------------------------------------------------------------- */

/* Does no dissector take header extensions with this profile? The stock one itself takes those of RFC 8285. */
static bool
is_free(uint16_t profile)
{
    if (!profile_is_read[profile]) {
        profile_is_read[profile] = true;
        profile_is_free[profile] = profile != 0xbede && (profile & 0xfff0) != 0x1000 && extensions &&
                                   !dissector_get_uint_handle(extensions, profile);
    }
    return profile_is_free[profile];
}

/* Would nobody see anything of what the stock dissector does with this packet, but the columns?
 *  1. There is no tree (the caller's), and nobody listens to RTP or collects expert items.
 *  2. The packet is whole, without padding and CSRC list: what is wrong with those is said in other places, too.
 *  3. Its extension is nobody else's.
 *  4. It is alone in its datagram, and the datagram in its frame: what the stock dissector keeps with a frame is of one packet, and what others keep
 *     has the number of the layer, so all must run on each pass.
 *  5. Its stream has data of its own, and the user has not switched RTP off. */
bool
ft_rtp_stock_is_unseen(const ft_rtp_stock_t *stock, const ft_rtp_bytes_t *packet, const ft_packet_t *pkt)
{
    const uint8_t *bytes = packet->bytes;

    if (!ft_shortcuts || stock->always || !pkt->claimed || pkt->compound || pkt->earlier || ft_more_may_follow(pkt->tvb) ||
        have_tap_listener(tap) || ft_is_shown(NULL) ||
        packet->captured < packet->reported || (bytes[0] & 0x2f) || !is_enabled)
        return false;
    return !(bytes[0] & 0x10) || is_free(ft_u16(bytes + FT_RTP_HEADER_LEN));
}

void
ft_rtp_stock_call(ft_rtp_stock_t *stock, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    gboolean writable = col_get_writable(pinfo->cinfo, -1);

    if (stock)
        catch_up(stock, tvb, pinfo, &pkt->rtp[pkt->n_rtp - 1]);
    /* Info has what ft_rtp_info() wrote: the stock dissector knows no direction, and has other names for some types. */
    col_set_writable(pinfo->cinfo, -1, false);
    TRY {
        ft_call_stock(handle, tvb, pinfo, root, pkt);
    }
    FINALLY {
        col_set_writable(pinfo->cinfo, -1, writable);
    }
    ENDTRY;
}

bool
ft_rtp_stock_is_rest(const ft_rtp_stock_t *stock, const packet_info *pinfo)
{
    return stock->always && !PINFO_FD_VISITED(pinfo);
}

void
ft_rtp_stock_init(void)
{
    memset(profile_is_read, 0, sizeof profile_is_read);
    is_enabled = proto >= 0 && proto_is_protocol_enabled(find_protocol_by_id(proto));
}

void
ft_rtp_stock_handoff(void)
{
    handle = find_dissector("rtp");
    proto = proto_get_id_by_filter_name("rtp");
    tap = find_tap_id("rtp");
    extensions = find_dissector_table("rtp.hdr_ext");
}
