/* exposure.c
 * What a packet shows of its call to an eavesdropper, and what it shows to be protected. Facts only, each with its first frame; the
 * words are in tap_exposure.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Bytes of a text that a table shows: ft_cell_t cuts there, too. */
#define FT_MAX_EXPOSED 128

void
ft_expose(ft_call_t *call, ft_exposure_t what, uint32_t frame, const nstime_t *when, const char *value)
{
    ft_moment_t *moment = &call->exposure[what];

    if (moment->frame && moment->frame <= frame)
        return;
    moment->frame = frame;
    moment->when = *when;
    call->exposed[what] = value;
}

/* Would the frame be the first to show it? What is shown need not be written down else. */
static bool
is_first(const ft_call_t *call, ft_exposure_t what, uint32_t frame)
{
    return !call->exposure[what].frame || call->exposure[what].frame > frame;
}

static char *
place(const ft_endpoint_t *at)
{
    return ft_endpoint_text(wmem_file_scope(), at);
}

/* All addresses of the message. */
static char *
places(const ft_packet_t *pkt)
{
    wmem_strbuf_t *text = wmem_strbuf_new(wmem_file_scope(), NULL);

    for (unsigned i = 0; i < pkt->n_candidates && wmem_strbuf_get_len(text) < FT_MAX_EXPOSED; i++)
        wmem_strbuf_append_printf(text, "%s%s", i ? ", " : "", place(&pkt->candidates[i].at));
    return wmem_strbuf_finalize(text);
}

/* Whose the addresses are, and these. A mapped address is that of who gets the answer. */
static const char *
of_whom(ft_side_t side, bool mapped, const char *text)
{
    if (side != FT_SIDE_DEVICE && side != FT_SIDE_PEER)
        return text;
    return wmem_strdup_printf(wmem_file_scope(), "%s: %s", (side == FT_SIDE_DEVICE) != mapped ? "device" : "peer", text);
}

static void
expose_candidates(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt, ft_side_t side)
{
    for (unsigned i = 0; i < pkt->n_candidates; i++) {
        bool one = pkt->candidates[i].how == FT_CANDIDATE_MAPPED || pkt->kind == FT_KIND_NAT_PROBE;
        ft_exposure_t what = pkt->candidates[i].how == FT_CANDIDATE_MAPPED ? FT_EXPOSED_MAPPED : one ? FT_EXPOSED_OWN_ADDRESS : FT_EXPOSED_CANDIDATES;

        if ((one || pkt->kind != FT_KIND_SIP) && is_first(call, what, pinfo->num))
            ft_expose(call, what, pinfo->num, ft_frame_time(pinfo),
                      of_whom(side, what == FT_EXPOSED_MAPPED, one ? place(&pkt->candidates[i].at) : places(pkt)));
    }
}

static void
expose_sip(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt)
{
    const nstime_t *now = ft_frame_time(pinfo);
    uint32_t frame = pinfo->num;

    if (pkt->sip->from || pkt->sip->to)
        ft_expose(call, FT_EXPOSED_PARTIES, frame, now, NULL);
    if (pkt->sip->user_agent && is_first(call, FT_EXPOSED_SOFTWARE, frame))
        ft_expose(call, FT_EXPOSED_SOFTWARE, frame, now, ft_text_keep(pkt->sip->user_agent, FT_MAX_EXPOSED));
    if (pkt->sip->has_sdp && is_first(call, FT_EXPOSED_SDP, frame))
        ft_expose(call, FT_EXPOSED_SDP, frame, now, pkt->n_candidates ? places(pkt) : NULL);
}

void
ft_exposure_datagram(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt, ft_side_t side)
{
    const nstime_t *now = ft_frame_time(pinfo);
    uint32_t frame = pinfo->num;

    if (pkt->n_rtp) {
        if (is_first(call, FT_EXPOSED_MEDIA_SHAPE, frame))
            ft_expose(call, FT_EXPOSED_MEDIA_SHAPE, frame, now, wmem_strdup_printf(wmem_file_scope(), "first SSRC 0x%08x", pkt->rtp[0].ssrc));
        ft_expose(call, FT_HIDDEN_MEDIA, frame, now, NULL);
    }
    if (pkt->participant && is_first(call, FT_EXPOSED_PARTICIPANTS, frame))
        ft_expose(call, FT_EXPOSED_PARTICIPANTS, frame, now, wmem_strdup_printf(wmem_file_scope(), "0x%016" PRIx64, pkt->participant));
    if (pkt->kind == FT_KIND_QUIC)
        ft_expose(call, FT_HIDDEN_RELAY, frame, now, NULL);
    if (pkt->sip)
        expose_sip(call, pinfo, pkt);
    expose_candidates(call, pinfo, pkt, side);
}

void
ft_exposure_probe(ft_call_t *call, const ft_probed_t *probed)
{
    if (probed->own_at.frame)
        ft_expose(call, FT_EXPOSED_OWN_ADDRESS, probed->own_at.frame, &probed->own_at.when, of_whom(FT_SIDE_DEVICE, false, place(&probed->own)));
    if (probed->mapped_at.frame)
        ft_expose(call, FT_EXPOSED_MAPPED, probed->mapped_at.frame, &probed->mapped_at.when, of_whom(FT_SIDE_PEER, true, place(&probed->mapped)));
}

void
ft_exposure_service(ft_call_t *call, const ft_service_flow_t *service, uint32_t frame, const nstime_t *when)
{
    bool clear = service->protocol && strcmp(service->protocol, "HTTP") == 0;

    switch (service->phase) {
    case FT_PHASE_LOOKUP:
        ft_expose(call, FT_EXPOSED_HOST_NAMES, frame, when, service->name);
        return;
    case FT_PHASE_PUSH:
        ft_expose(call, FT_HIDDEN_PUSH, frame, when, NULL);
        ft_expose(call, FT_AUTHORISED_PUSH, frame, when, NULL);
        break;
    case FT_PHASE_REGISTRATION:
        ft_expose(call, FT_HIDDEN_REGISTRATION, frame, when, NULL);
        break;
    default:
        if (clear)
            ft_expose(call, FT_EXPOSED_WEB, frame, when, service->name);
        break;
    }
    if (!clear && is_first(call, FT_EXPOSED_SERVERS, frame))
        ft_expose(call, FT_EXPOSED_SERVERS, frame, when, service->name ? service->name : place(&service->server));
}
