/* evidence.c
 * The weight of each piece of evidence that a flow is FaceTime.
 *
 * A wire format's match() returns the evidence of a datagram. The evidence of all datagrams of a flow gives the flow's confidence. The rules:
 *
 *  1. A sign that no other protocol shows makes a flow FaceTime at once (high). Each was tried on 270,727 UDP payloads of other
 *     protocols without a false positive.
 *  2. A sign that needs its surroundings (QUIC to a relay port at an Apple address, an end that a call announced)
 *     gives medium: alone it could be another Apple service.
 *  3. Forms that any VoIP program shows (STUN, RTP, QUIC on FaceTime's ports) stay low, however many of them come:
 *     otherwise a WhatsApp or Zoom call on port 16402 would be FaceTime. Such a flow is watched. It becomes FaceTime from its first
 *     datagram when a stronger sign arrives.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "flow/flow.h"

/* Weight and reason of each sign; the order is that of ft_evidence_t. */
static const struct {
    ft_confidence_t confidence;
    const char *text;
} ft_evidence[FT_EV_COUNT] = {
    [FT_EV_RELAY_HEADER] = { FT_CONFIDENCE_HIGH, "relay channel header of exact length" },
    [FT_EV_RELAY_FORM]   = { FT_CONFIDENCE_LOW, "form of a relay channel header" },
    [FT_EV_LINK_MESSAGE] = { FT_CONFIDENCE_HIGH, "link message" },
    [FT_EV_SNATMAP]      = { FT_CONFIDENCE_HIGH, "SNATMAP probe" },
    [FT_EV_COMMNAT]      = { FT_CONFIDENCE_HIGH, "CommNAT probe" },
    [FT_EV_LINK_PROBE]   = { FT_CONFIDENCE_HIGH, "link probe" },
    [FT_EV_APPLE_STUN]   = { FT_CONFIDENCE_HIGH, "STUN with Apple's attributes" },
    [FT_EV_VICEROY]      = { FT_CONFIDENCE_HIGH, "SIP by Viceroy" },
    [FT_EV_VICEROY_SDP]  = { FT_CONFIDENCE_HIGH, "SDP by Viceroy" },
    [FT_EV_SIP_PORTS]    = { FT_CONFIDENCE_LOW, "SIP to user \"user\" on FaceTime's media ports" },
    [FT_EV_RTP_4400]     = { FT_CONFIDENCE_HIGH, "RTP header extension 0x4400 between FaceTime's media ports" },
    [FT_EV_QUIC_RELAY]   = { FT_CONFIDENCE_MEDIUM, "QUIC to a relay port at an Apple address" },
    [FT_EV_STUN_PORTS]   = { FT_CONFIDENCE_LOW, "STUN on FaceTime's ports" },
    [FT_EV_QUIC_PORTS]   = { FT_CONFIDENCE_LOW, "QUIC on a relay port" },
    [FT_EV_RTP_PORTS]    = { FT_CONFIDENCE_LOW, "RTP between FaceTime's media ports" },
    [FT_EV_SAME_SOCKET]  = { FT_CONFIDENCE_MEDIUM, "same local socket as another FaceTime flow" },
    [FT_EV_SSRC]         = { FT_CONFIDENCE_MEDIUM, "SSRC of a FaceTime call" },
    [FT_EV_CANDIDATE]    = { FT_CONFIDENCE_MEDIUM, "address announced in a FaceTime call" },
    [FT_EV_DECODE_AS]    = { FT_CONFIDENCE_HIGH, "chosen by Decode As" },
    [FT_EV_FORM]         = { FT_CONFIDENCE_HIGH, "form that nothing else sends" },
    [FT_EV_WEB_PATH]     = { FT_CONFIDENCE_LOW, "STUN with an Apple host, by who opened a FaceTime link" },
    [FT_EV_WEB]          = { FT_CONFIDENCE_MEDIUM, "DTLS with an Apple host, by who opened a FaceTime link" },
};

ft_confidence_t
ft_confidence(uint32_t evidence)
{
    ft_confidence_t best = FT_CONFIDENCE_NONE;

    for (unsigned bit = 0; bit < FT_EV_COUNT && evidence >> bit; bit++) {
        if ((evidence & FT_EV(bit)) && ft_evidence[bit].confidence > best)
            best = ft_evidence[bit].confidence;
    }
    return best;
}

const char *
ft_evidence_text(ft_evidence_t bit)
{
    return bit < FT_EV_COUNT ? ft_evidence[bit].text : "unknown";
}
