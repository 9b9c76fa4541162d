/* relay_tcp.c
 * The relay over TCP, where a network lets no UDP through: what IDSFoundation calls "TCP with STUN" (iOS 26). One after the other, in a stream:
 *
 *     +---------------------------------------------------------------+
 *     | 00...: a STUN message, of the length in its header            |
 *     +---------------------------------------------------------------+
 *     | 01...: channel data; padded to a multiple of four bytes       |   as TURN has it over TCP (RFC 8656, section 12.5)
 *     +---------------------------------------------------------------+
 *
 * Each message is what is a datagram over UDP, and is shown and followed as one. HTTP/2 to the relay is encrypted: the token of its hello names it
 * (names/tls.c). No capture of either was at hand: the forms are those of public decompilations.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

#include <epan/dissectors/packet-tcp.h>

/* The two first bits of a message (RFC 7983); bytes of a header that have its length. */
#define MESSAGE_MASK        0xc0
#define MESSAGE_STUN        0x00
#define MESSAGE_CHANNEL     0x40
#define MESSAGE_HEAD        4
#define STUN_HEADER_LEN     20
#define STUN_COOKIE_AT      4
#define STUN_COOKIE         0x2112a442u     /* RFC 8489, section 5 */

/* RFC 8489, section 5: the bits of the method, around those of the class. */
#define STUN_METHOD(type)   (((type) & 0x000f) | ((type) & 0x00e0) >> 1 | ((type) & 0x3e00) >> 2)
/* Methods of Apple's (IDSFoundation of iOS 26.1): GoAway to Data message error, AllocBind to Put material. IANA has assigned none of them. */
#define STUN_IS_APPLES(method) (((method) >= 0x200 && (method) <= 0x203) || ((method) >= 0x3f0 && (method) <= 0x3f9))

static dissector_handle_t relay_tcp_handle;

/* Bytes of the message at `at`; 0: none begins here. */
static unsigned
message_length(tvbuff_t *tvb, int at)
{
    unsigned length = tvb_get_ntohs(tvb, at + 2);

    switch (ft_tvb_get_u8(tvb, at) & MESSAGE_MASK) {
    case MESSAGE_STUN: return length % 4 == 0 ? STUN_HEADER_LEN + length : 0;
    case MESSAGE_CHANNEL: return (MESSAGE_HEAD + length + 3) & ~3u;
    default: return 0;
    }
}

static unsigned
pdu_length(packet_info *pinfo _U_, tvbuff_t *tvb, int at, void *data _U_)
{
    unsigned length = message_length(tvb, at);

    /* What is out of step is shown as unknown, up to the end of the segment. */
    return length ? length : tvb_reported_length(tvb) - (unsigned)at;
}

/* The form of a message that fills tvb; NULL: none of the two. */
static const ft_wire_t *
message_wire(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    const ft_wire_t *wire = tvb_captured_length(tvb) >= MESSAGE_HEAD ? ft_demux(tvb, pinfo, flow, evidence) : NULL;

    if (!wire || (wire->kind != FT_KIND_RELAY && wire->kind != FT_KIND_STUN))
        return NULL;
    if (wire->kind == FT_KIND_STUN && STUN_IS_APPLES(STUN_METHOD(tvb_get_ntohs(tvb, 0))))
        *evidence |= FT_EV(FT_EV_FORM);
    return wire;
}

static int
dissect_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ft_flow_t *flow = ft_flow_get(pinfo);
    uint32_t evidence = 0;
    const ft_wire_t *wire = flow ? message_wire(tvb, pinfo, flow, &evidence) : NULL;

    if (!flow)
        return 0;
    ft_datagram_show(tvb, pinfo, tree, wire, ft_packet_new(pinfo, tvb, flow, wire, evidence));
    /* The next message of the segment clears the column. */
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    col_set_fence(pinfo->cinfo, COL_INFO);
    return (int)tvb_captured_length(tvb);
}

static int
dissect_relay_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    tcp_dissect_pdus(tvb, pinfo, tree, true, MESSAGE_HEAD, pdu_length, dissect_message, data);
    return (int)tvb_captured_length(tvb);
}

/* Looks at captured bytes only. */
static bool
relay_tcp_match(tvbuff_t *tvb, packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(tvb), length;
    uint32_t evidence = 0;
    const ft_wire_t *wire;

    /* 1. One end is Apple's: avoids TURN of others, and all other protocols. */
    if (!ft_is_apple(&pinfo->src) && !ft_is_apple(&pinfo->dst))
        return false;
    /* 2. A whole message begins the segment. TLS and HTTP have other first bits, or no such length. */
    if (captured < STUN_HEADER_LEN)
        return false;
    length = message_length(tvb, 0);
    if (length < STUN_HEADER_LEN || length > captured)
        return false;
    /* 3. It ends the segment, or another one begins behind it. */
    if (captured - length > 0 && (captured - length < MESSAGE_HEAD || !message_length(tvb, (int)length)))
        return false;
    /* 4. Of STUN, the cookie, and a method or an attribute of Apple's; channel data whose sub-packets parse to the end, with what is known. */
    if ((ft_tvb_get_u8(tvb, 0) & MESSAGE_MASK) == MESSAGE_STUN && tvb_get_ntohl(tvb, STUN_COOKIE_AT) != STUN_COOKIE)
        return false;
    wire = message_wire(tvb_new_subset_length(tvb, 0, (int)length), pinfo, NULL, &evidence);
    return wire && evidence & (FT_EV(FT_EV_FORM) | FT_EV(FT_EV_APPLE_STUN) | FT_EV(FT_EV_RELAY_HEADER)) &&
           (int)ft_confidence(evidence) >= ft_pref_confidence;
}

static ft_heur_result_t
dissect_relay_tcp_heur(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    ft_flow_t *flow;

    if (pinfo->flags.in_error_pkt || !relay_tcp_match(tvb, pinfo))
        return false;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return false;
    conversation_set_dissector(flow->conversation, relay_tcp_handle);
    (void)dissect_relay_tcp(tvb, pinfo, tree, data);
    return true;
}

void
ft_relay_tcp_handoff(void)
{
    relay_tcp_handle = create_dissector_handle(dissect_relay_tcp, proto_facetime);
    heur_dissector_add("tcp", dissect_relay_tcp_heur, "FaceTime relay over TCP", "facetime_tcp", proto_facetime, HEURISTIC_ENABLE);
}
