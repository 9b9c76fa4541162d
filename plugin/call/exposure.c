/* exposure.c
 * What a packet shows of its call to an eavesdropper, and what it shows to be protected. Facts only, each with its first frame; the
 * words are in tap_exposure.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

static void
expose(ft_call_t *call, ft_exposure_t what, uint32_t frame, const nstime_t *when)
{
    ft_moment_t *moment = &call->exposure[what];

    if (moment->frame && moment->frame <= frame)
        return;
    moment->frame = frame;
    moment->when = *when;
}

void
ft_exposure_datagram(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt)
{
    const nstime_t *now = &pinfo->abs_ts;
    uint32_t frame = pinfo->num;

    if (pkt->n_rtp) {
        expose(call, FT_EXPOSED_MEDIA_SHAPE, frame, now);
        expose(call, FT_HIDDEN_MEDIA, frame, now);
    }
    if (pkt->participant)
        expose(call, FT_EXPOSED_PARTICIPANTS, frame, now);
    if (pkt->kind == FT_KIND_QUIC)
        expose(call, FT_HIDDEN_RELAY, frame, now);
    if (pkt->sip) {
        if (pkt->sip->from || pkt->sip->to)
            expose(call, FT_EXPOSED_PARTIES, frame, now);
        if (pkt->sip->user_agent)
            expose(call, FT_EXPOSED_SOFTWARE, frame, now);
        if (pkt->sip->has_sdp)
            expose(call, FT_EXPOSED_SDP, frame, now);
    }
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        if (pkt->candidates[i].how == FT_CANDIDATE_MAPPED)
            expose(call, FT_EXPOSED_MAPPED, frame, now);
        else if (pkt->kind == FT_KIND_NAT_PROBE)
            expose(call, FT_EXPOSED_OWN_ADDRESS, frame, now);
        else if (pkt->kind != FT_KIND_SIP)
            expose(call, FT_EXPOSED_CANDIDATES, frame, now);
    }
}

void
ft_exposure_probe(ft_call_t *call, const ft_probed_t *probed)
{
    if (probed->own_at.frame)
        expose(call, FT_EXPOSED_OWN_ADDRESS, probed->own_at.frame, &probed->own_at.when);
    if (probed->mapped_at.frame)
        expose(call, FT_EXPOSED_MAPPED, probed->mapped_at.frame, &probed->mapped_at.when);
}

void
ft_exposure_service(ft_call_t *call, const ft_service_flow_t *service, uint32_t frame, const nstime_t *when)
{
    bool clear = service->protocol && strcmp(service->protocol, "HTTP") == 0;

    switch (service->phase) {
    case FT_PHASE_LOOKUP:
        expose(call, FT_EXPOSED_HOST_NAMES, frame, when);
        return;
    case FT_PHASE_PUSH:
        expose(call, FT_HIDDEN_PUSH, frame, when);
        expose(call, FT_AUTHORISED_PUSH, frame, when);
        break;
    case FT_PHASE_REGISTRATION:
        expose(call, FT_HIDDEN_REGISTRATION, frame, when);
        break;
    default:
        if (clear)
            expose(call, FT_EXPOSED_WEB, frame, when);
        break;
    }
    if (!clear)
        expose(call, FT_EXPOSED_SERVERS, frame, when);
}
