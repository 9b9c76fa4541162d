/* wire.c
 * The demultiplexer: which wire format a datagram has, by its first bytes. Never by its port, and never by the datagram before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/link.h"
#include "wire/stun_attributes.h"
#include "wire/wire.h"

#include <wsutil/bits_ctz.h>

#define FT_FORMAT_ADDRESS(name, ...) &ft_wire_##name,

/* All wire formats, in the order in which they are tried: the one that is no evidence itself comes last. */
static const ft_wire_t *const ft_wires[] = {
    &ft_wire_web_media,
    FT_WIRE_FORMATS(FT_FORMAT_ADDRESS)
    &ft_wire_channel_data,
    &ft_wire_vtp,
};

/* By the first byte of a datagram: a bit for each of them that may begin so. */
static uint16_t wires_of[UINT8_MAX + 1];

_Static_assert(array_length(ft_wires) <= 16, "a bit for each wire format");

static void
sort_wires(void)
{
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        for (unsigned i = 0; i < array_length(ft_wires); i++) {
            if ((first & ft_wires[i]->first_mask) == ft_wires[i]->first_bits)
                wires_of[first] |= (uint16_t)(1u << i);
        }
    }
}

const ft_wire_t *
ft_demux(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    uint8_t first = ft_tvb_get_u8(tvb, 0);

    for (unsigned left = wires_of[first]; left; left &= left - 1) {
        const ft_wire_t *wire = ft_wires[ws_ctz(left)];

        if (wire->match(tvb, pinfo, flow, evidence))
            return wire;
    }
    return NULL;
}

/* What ft_wire_begins() knows of the formats; their match() decides. */
#define STUN_PREFIX       0x0f      /* Apple's, before a message: stun.c */
#define STUN_COOKIE_AT    4
#define RELAY_CHANNEL     0x60      /* relay.c; the high digit */
#define RELAY_LENGTH_AT   2
#define RELAY_MAX_PADDING 3
#define LINK_PROBE        0xde      /* link_probe.c: the first byte */
#define DTLS_HANDSHAKE    22        /* web.c */
#define DTLS_VERSION      0xfe      /* its high byte */
#define NAT_PROBE_LEN     16        /* nat_probe.c */
/* The least that tells one format from another. */
#define LEAST_LEN         8

bool
ft_wire_begins(const ft_payload_t *payload, const packet_info *pinfo)
{
    const uint8_t *bytes = payload->bytes;
    unsigned end;

    if (payload->captured < LEAST_LEN)
        return false;
    if (payload->reported == NAT_PROBE_LEN)
        return true;
    /* By the two bits that RFC 7983 and RFC 9443 tell protocols apart with. */
    switch (bytes[0] >> 6) {
    case 0:
        /* STUN has its cookie, DTLS its version. */
        if (bytes[0] == DTLS_HANDSHAKE)
            return bytes[1] == DTLS_VERSION;
        bytes += bytes[0] == STUN_PREFIX;
        return ft_u16(bytes + STUN_COOKIE_AT) == FT_STUN_COOKIE >> 16;
    case 1:
        /* Relay channel data has a length that fits, SIP a method: what is left are QUIC's short headers, which are most of many captures, and are
         * looked at only on a port of FaceTime's devices once there is a call. */
        end = FT_RELAY_HEADER_LEN + ft_u16(bytes + RELAY_LENGTH_AT);
        if ((bytes[0] & 0xf0) == RELAY_CHANNEL && payload->reported >= end && payload->reported - end <= RELAY_MAX_PADDING)
            return true;
        return (g_ascii_isupper(bytes[0]) && g_ascii_isupper(bytes[1]) && g_ascii_isupper(bytes[2])) ||
               (ft_flow_any_facetime() && (ft_is_media_port(pinfo->srcport) || ft_is_media_port(pinfo->destport)));
    case 2:
        /* RTP says nothing by itself. */
        return ft_flow_any_facetime() || (ft_is_media_port(pinfo->srcport) && ft_is_media_port(pinfo->destport));
    default:
        /* A link probe; QUIC with a long header, to a relay or as it begins: what follows has the same header, and is most of many captures. */
        return bytes[0] == LINK_PROBE || ft_is_own_port(pinfo->srcport) || ft_is_own_port(pinfo->destport) || ft_quic_begins(bytes);
    }
}

bool
ft_wire_may_be(tvbuff_t *tvb, const packet_info *pinfo)
{
    ft_payload_t payload = { .captured = tvb_captured_length(tvb), .reported = tvb_reported_length(tvb) };

    /* 1. There is FaceTime in this file: what is around a datagram may say what it is. */
    /* 2. It has one of FaceTime's ports: a weak sign that counts with a form that says nothing by itself. */
    /* 3. Too little of it was captured to say what it is not. */
    if (!ft_shortcuts || ft_flow_any_facetime() || ft_is_own_port(pinfo->srcport) || ft_is_own_port(pinfo->destport) || payload.captured < LEAST_LEN)
        return true;
    /* 4. It begins as one of the forms does. Avoids to ask each of them of all that nobody takes. */
    payload.bytes = tvb_get_ptr(tvb, 0, LEAST_LEN);
    return ft_wire_begins(&payload, pinfo);
}

void
ft_wires_register(void)
{
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->register_fields)
            ft_wires[i]->register_fields();
    }
    ft_link_register();
    sort_wires();
}

void
ft_wires_handoff(void)
{
    for (unsigned i = 0; i < array_length(ft_wires); i++) {
        if (ft_wires[i]->handoff)
            ft_wires[i]->handoff();
    }
}
