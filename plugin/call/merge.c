/* merge.c
 * Two calls that turned out to be one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

static void
earlier_moment(ft_moment_t *keep, const ft_moment_t *other)
{
    if (other->frame && (!keep->frame || other->frame < keep->frame))
        *keep = *other;
}

static void
merge_relay(ft_call_t *keep, const ft_call_relay_t *relay)
{
    for (unsigned i = 0; i < keep->n_relays; i++) {
        if (ft_endpoint_equal(&keep->relays[i].at, &relay->at)) {
            keep->relays[i].sent += relay->sent;
            keep->relays[i].received += relay->received;
            keep->relays[i].data |= relay->data;
            return;
        }
    }
    if (keep->n_relays < FT_MAX_RELAYS)
        keep->relays[keep->n_relays++] = *relay;
}

ft_call_t *
ft_call_merge(ft_call_t *a, ft_call_t *b)
{
    ft_call_t *keep = a->first_frame <= b->first_frame ? a : b, *gone = keep == a ? b : a;
    bool later = gone->last_frame > keep->last_frame;

    ft_call_count_in(keep, gone->packets, gone->bytes, gone->first_frame, &gone->first_time, &gone->last_time);
    keep->last_frame = MAX(keep->last_frame, gone->last_frame);
    if (nstime_cmp(&gone->own_first_time, &keep->own_first_time) < 0)
        keep->own_first_time = gone->own_first_time;
    if (nstime_cmp(&gone->own_time, &keep->own_time) > 0) {
        keep->own_time = gone->own_time;
        keep->own_clock = gone->own_clock;
    }
    if (later)
        memcpy(keep->recent, gone->recent, sizeof keep->recent);
    keep->superseded = keep->superseded && gone->superseded;
    keep->evidence |= gone->evidence;
    keep->confidence = MAX(keep->confidence, gone->confidence);
    keep->reasons |= gone->reasons;
    keep->media |= gone->media;
    keep->paths |= gone->paths;
    keep->sip_end |= gone->sip_end;
    if (keep->direction == FT_DIRECTION_UNKNOWN)
        keep->direction = gone->direction;
    if (keep->bye_by == FT_END_CAPTURE)
        keep->bye_by = gone->bye_by;
    for (unsigned i = 0; i < FT_PHASE_COUNT; i++)
        earlier_moment(&keep->phase[i], &gone->phase[i]);
    for (unsigned i = 0; i < FT_EXPOSURE_COUNT; i++) {
        if (gone->exposure[i].frame)
            ft_expose(keep, (ft_exposure_t)i, gone->exposure[i].frame, &gone->exposure[i].when, gone->exposed[i]);
    }
    ft_radios_merge(keep, gone);
    if (gone->worst_loss > keep->worst_loss) {
        keep->worst_loss = gone->worst_loss;
        keep->worst_ssrc = gone->worst_ssrc;
    }
    if (keep->clock_offset == 0)
        keep->clock_offset = gone->clock_offset;
    if (!keep->reopened_by)
        keep->reopened_by = gone->reopened_by;
    keep->dscp_sent |= gone->dscp_sent;
    keep->dscp_received |= gone->dscp_received;
    earlier_moment(&keep->invite, &gone->invite);
    earlier_moment(&keep->ringing, &gone->ringing);
    earlier_moment(&keep->answer, &gone->answer);
    earlier_moment(&keep->end, &gone->end);
    if (nstime_cmp(&gone->last_media_time, &keep->last_media_time) > 0)
        keep->last_media_time = gone->last_media_time;
    keep->by_ssrc += gone->by_ssrc;
    keep->media_in_quic += gone->media_in_quic;
    keep->media_sent += gone->media_sent;
    keep->media_received += gone->media_received;
    keep->checks += gone->checks;
    keep->check_answers += gone->check_answers;
    keep->n_participants += gone->n_participants;
    if (!keep->sip_call_id)
        keep->sip_call_id = gone->sip_call_id;
    if (!keep->from)
        keep->from = gone->from;
    if (!keep->to)
        keep->to = gone->to;
    if (keep->peer.addr.type == AT_NONE) {
        keep->peer = gone->peer;
        keep->peer_flow = gone->peer_flow;
    }
    if (keep->announced_peer.addr.type == AT_NONE)
        keep->announced_peer = gone->announced_peer;
    if (keep->relay.addr.type == AT_NONE)
        keep->relay = gone->relay;
    for (unsigned i = 0; i < gone->n_relays; i++)
        merge_relay(keep, &gone->relays[i]);
    earlier_moment(&keep->refused, &gone->refused);
    if (nstime_cmp(&gone->last_received, &keep->last_received) > 0)
        keep->last_received = gone->last_received;
    if (gone->unheard > keep->unheard) {
        keep->unheard = gone->unheard;
        keep->unheard_frame = gone->unheard_frame;
    }
    for (unsigned i = 0; i < gone->n_devices; i++)
        ft_facts_add_device(keep, &gone->devices[i]);
    keep->relay_count.answers += gone->relay_count.answers;
    keep->relay_count.sent = MAX(keep->relay_count.sent, gone->relay_count.sent);
    keep->relay_count.received = MAX(keep->relay_count.received, gone->relay_count.received);
    keep->relay_count.up_lost += gone->relay_count.up_lost;
    keep->relay_count.down_lost += gone->relay_count.down_lost;
    keep->relay_count.broken |= gone->relay_count.broken;
    earlier_moment(&keep->path_answered, &gone->path_answered);
    earlier_moment(&keep->path_nominated, &gone->path_nominated);
    for (unsigned side = 0; side < FT_MEDIA_SIDES; side++)
        keep->nomination[side] = MAX(keep->nomination[side], gone->nomination[side]);
    earlier_moment(&keep->direct_media, &gone->direct_media);
    if (keep->invited_by == FT_SIDE_UNKNOWN)
        keep->invited_by = gone->invited_by;
    if (!keep->accept_delay) {
        keep->accept_delay = gone->accept_delay;
        keep->accept_told_by = gone->accept_told_by;
    }
    ft_session_merge(keep, gone);
    ft_media_merge(keep, gone);
    ft_history_merge(keep, gone);
    earlier_moment(&keep->closed, &gone->closed);
    earlier_moment(&keep->ended.at, &gone->ended.at);
    if (keep->closed_by == FT_SIDE_UNKNOWN)
        keep->closed_by = gone->closed_by;
    for (unsigned i = 0; i < gone->n_undecided; i++)
        ft_facts_undecided(keep, gone->undecided[i]);
    gone->n_undecided = 0;
    if (keep->reopens && ft_call_root(keep->reopens) == keep)
        keep->reopens = NULL;
    gone->merged_into = keep;
    ft_call_changed();
    return keep;
}
