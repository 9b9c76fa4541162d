/* media_backlog.c
 * RTP that comes before its flow has a call (a capture that begins within a call, media before the first sign of FaceTime).
 *
 * On one pass, as in tshark, the packet that shows what they are brings them into the call. The table of streams needs their RTP headers as
 * well. They are kept only if a tap listens, until the flow has its call. Later passes see each of them in its place.
 *
 * When each stream of such a flow began is kept in any case: the call has its media from there on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* Packets that are kept at most, of one flow (some 40 s of audio and video) and of all; 64 bytes each. */
#define FT_MAX_MEDIA_BACKLOG_OF_FLOW 8192

/* A stream of a flow without a call: audio, redundancy and four layers of a picture, in both directions, are 12. File scope. */
#define FT_MAX_EARLY_OF_FLOW 12
struct ft_early {
    ft_rtp_t rtp;               /* the first packet */
    ft_moment_t first, latest;
    bool from_a;
    struct ft_early *next;
};

static wmem_array_t *taken;     /* ft_media_packet_t of the flows that the frame at hand gave a call; file scope */

void
ft_media_backlog_note(ft_flow_t *flow, const ft_arrival_t *arrival, const ft_packet_t *pkt)
{
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        ft_media_packet_t packet = { .arrival = *arrival, .rtp = pkt->rtp[i] };

        if ((flow->media_backlog && wmem_array_get_count(flow->media_backlog) >= FT_MAX_MEDIA_BACKLOG_OF_FLOW) ||
            !ft_limit_take(FT_LIMIT_MEDIA_BACKLOG, ft_call_now()))
            return;
        if (!flow->media_backlog)
            flow->media_backlog = wmem_array_new(wmem_file_scope(), sizeof packet);
        wmem_array_append_one(flow->media_backlog, packet);
    }
}

void
ft_media_backlog_take(ft_flow_t *flow)
{
    unsigned count;

    if (!flow->media_backlog)
        return;
    count = wmem_array_get_count(flow->media_backlog);
    if (count > 0)
        wmem_array_append(taken, wmem_array_get_raw(flow->media_backlog), count);
    ft_limit_give_back(FT_LIMIT_MEDIA_BACKLOG, count);
    wmem_destroy_array(flow->media_backlog);
    flow->media_backlog = NULL;
}

unsigned
ft_media_backlog_taken(const ft_media_packet_t **packets)
{
    *packets = (const ft_media_packet_t *)wmem_array_get_raw(taken);
    return wmem_array_get_count(taken);
}

void
ft_media_backlog_forget(void)
{
    if (wmem_array_get_count(taken) == 0)
        return;
    wmem_destroy_array(taken);
    taken = wmem_array_new(wmem_file_scope(), sizeof(ft_media_packet_t));
}

void
ft_media_early_note(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt)
{
    bool from_a = ft_flow_from_a(flow, pinfo);

    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        struct ft_early **place = &flow->early;
        unsigned n = 0;

        while (*place && ((*place)->rtp.ssrc != pkt->rtp[i].ssrc || (*place)->from_a != from_a)) {
            place = &(*place)->next;
            n++;
        }
        if (!*place) {
            if (n >= FT_MAX_EARLY_OF_FLOW || !ft_limit_take(FT_LIMIT_MEDIA_BACKLOG, ft_call_now()))
                return;
            *place = wmem_new0(wmem_file_scope(), struct ft_early);
            (*place)->rtp = pkt->rtp[i];
            (*place)->first = ft_moment_of(pinfo);
            (*place)->from_a = from_a;
        }
        (*place)->latest = ft_moment_of(pinfo);
    }
}

void
ft_media_early_take(ft_call_t *call, ft_flow_t *flow)
{
    while (flow->early) {
        struct ft_early *early = flow->early;

        flow->early = early->next;
        ft_media_begin(call, ft_side_of(flow, early->from_a), &early->rtp, &early->first, &early->latest);
        ft_limit_give_back(FT_LIMIT_MEDIA_BACKLOG, 1);
        wmem_free(wmem_file_scope(), early);
    }
}

void
ft_media_backlog_init(void)
{
    taken = wmem_array_new(wmem_file_scope(), sizeof(ft_media_packet_t));
}
