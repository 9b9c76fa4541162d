/* early_media.c
 * RTP that comes before its flow has a call (a capture that begins within a call, media before the first sign of FaceTime).
 *
 * On one pass, as in tshark, such packets are counted by the packet that shows what they are; a table of streams needs their
 * RTP headers as well. They are kept for taps only, until the flow has its call; later passes see each of them in its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call.h"

/* Packets that are kept at most, of one flow (some 40 s of audio and video) and of all; 64 bytes each. */
#define FT_MAX_EARLY_OF_FLOW 8192
#define FT_MAX_EARLY 65536

static unsigned early_count;
static wmem_array_t *taken;     /* ft_early_t of the flows that the frame at hand gave a call; file scope */

void
ft_early_note(ft_flow_t *flow, const ft_passage_t *passage, const ft_packet_t *pkt)
{
    for (unsigned i = 0; i < pkt->n_rtp; i++) {
        ft_early_t early = { .passage = *passage, .rtp = pkt->rtp[i] };

        if (early_count >= FT_MAX_EARLY || (flow->early && wmem_array_get_count(flow->early) >= FT_MAX_EARLY_OF_FLOW))
            return;
        if (!flow->early)
            flow->early = wmem_array_new(wmem_file_scope(), sizeof early);
        wmem_array_append_one(flow->early, early);
        early_count++;
    }
}

void
ft_early_take(ft_flow_t *flow)
{
    unsigned count;

    if (!flow->early)
        return;
    count = wmem_array_get_count(flow->early);
    if (count > 0)
        wmem_array_append(taken, wmem_array_get_raw(flow->early), count);
    early_count -= count;
    wmem_destroy_array(flow->early);
    flow->early = NULL;
}

unsigned
ft_early_taken(const ft_early_t **early)
{
    *early = (const ft_early_t *)wmem_array_get_raw(taken);
    return wmem_array_get_count(taken);
}

void
ft_early_forget(void)
{
    if (wmem_array_get_count(taken) == 0)
        return;
    wmem_destroy_array(taken);
    taken = wmem_array_new(wmem_file_scope(), sizeof(ft_early_t));
}

void
ft_early_init(void)
{
    early_count = 0;
    taken = wmem_array_new(wmem_file_scope(), sizeof(ft_early_t));
}
