/* call_expert.c
 * Expert items about a call. An item about the whole call is on its last frame, after the file was read (on later passes and in the window).
 * An item about a number in the clear is on the frame with the number.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/why_relay.h"

#include <epan/to_str.h>

/* Fewer media packets than this in the only direction there is may be the start of a call that was cut off: one second of audio. */
#define FT_ONE_WAY_PACKETS 50

/* Fewer checks may just have been too early: they go out once a second. */
#define FT_UNANSWERED_CHECKS 3

/* Between the answer (or, today, the exchange of addresses) and the first media packet: users hang up after some seconds of silence. */
#define FT_LONG_SETUP_SECONDS 5

/* Above it, speech suffers in spite of concealment (ITU-T G.113 puts the edge for common codecs at some per cent). */
#define FT_LOSS_PERCENT 5

/* Media from the other side stopped for so long while the device sent: longer than a handover from Wi-Fi to cellular. */
#define FT_UNHEARD_SECONDS 5

static expert_field ei_relay_no_answer = EI_INIT;
static expert_field ei_relay_refused = EI_INIT;
static expert_field ei_unheard = EI_INIT;
static expert_field ei_one_way = EI_INIT;
static expert_field ei_checks_unanswered = EI_INIT;
static expert_field ei_relayed = EI_INIT;
static expert_field ei_no_bye = EI_INIT;
static expert_field ei_long_setup = EI_INIT;
static expert_field ei_loss = EI_INIT;
static expert_field ei_relay_loss = EI_INIT;
static expert_field ei_not_marked = EI_INIT;
static expert_field ei_marked_differently = EI_INIT;
static expert_field ei_interrupted = EI_INIT;
static expert_field ei_clocks = EI_INIT;
static expert_field ei_number = EI_INIT;
static expert_field ei_clock_back = EI_INIT;
static expert_field ei_scattered = EI_INIT;

static void
expert_media(packet_info *pinfo, proto_item *item, const ft_call_t *call)
{
    static const uint64_t unmarked = 1;     /* the bit of DSCP 0 */

    if (call->media_sent + call->media_received >= FT_ONE_WAY_PACKETS && (call->media_sent == 0 || call->media_received == 0))
        expert_add_info_format(pinfo, item, &ei_one_way, "Media in one direction only: %u packets %s the device, none %s it",
                               MAX(call->media_sent, call->media_received), call->media_sent ? "from" : "to", call->media_sent ? "to" : "from");
    if (call->dscp_sent && call->dscp_received && call->dscp_sent != call->dscp_received)
        expert_add_info_format(pinfo, item, &ei_marked_differently, "Media is marked differently by direction: %s from the device, %s to it",
                               call->dscp_sent == unmarked ? "not marked" : "marked", call->dscp_received == unmarked ? "not marked" : "marked");
    else if ((call->dscp_sent | call->dscp_received) == unmarked)
        expert_add_info(pinfo, item, &ei_not_marked);
    if (!call->relay_count.broken && (call->relay_count.up_lost || call->relay_count.down_lost))
        expert_add_info_format(pinfo, item, &ei_relay_loss,
                               "By the relay's count %u of %u packets from the device did not reach it, %u that it sent did not come",
                               call->relay_count.up_lost, call->relay_count.sent, call->relay_count.down_lost);
    if (call->worst_loss > FT_LOSS_PERCENT && !ft_call_is_scattered(call))
        expert_add_info_format(pinfo, item, &ei_loss, "A stream lost %u %% of its packets (SSRC 0x%08x)", call->worst_loss, call->worst_ssrc);
}

/* The relay and what of it came back, and a spell in which nothing came. */
static void
expert_relay(packet_info *pinfo, proto_item *item, const ft_call_t *call)
{
    bool answers;
    const ft_endpoint_t *relay = ft_call_relay(call, &answers);
    unsigned sent = 0;

    for (unsigned i = 0; i < call->n_relays; i++)
        sent += call->relays[i].sent;
    if (sent && !answers)
        expert_add_info_format(pinfo, item, &ei_relay_no_answer,
                               "The call failed at the session with the relay: no answer from %s, port %u, to %u packets%s",
                               address_to_str(pinfo->pool, &relay->addr), relay->port, sent,
                               call->refused.frame ? "; ICMP errors refuse them" : "");
    else if (call->refused.frame)
        expert_add_info_format(pinfo, item, &ei_relay_refused, "ICMP errors refuse packets to the relay (the first in frame %u)", call->refused.frame);
    if (call->unheard >= FT_UNHEARD_SECONDS)
        expert_add_info_format(pinfo, item, &ei_unheard, "Media in one direction for %u s: until frame %u the device sent, and nothing came to it",
                               call->unheard, call->unheard_frame);
}

static void
expert_setup(packet_info *pinfo, proto_item *item, const ft_call_t *call)
{
    const ft_moment_t *media = &call->phase[FT_PHASE_MEDIA], *from = &call->answer;
    char seconds[FT_DECIMAL_LEN];

    if (call->paths != FT_PATH_RELAY && call->checks >= FT_UNANSWERED_CHECKS && !call->check_answers)
        expert_add_info_format(pinfo, item, &ei_checks_unanswered, "None of %u STUN checks was answered", call->checks);
    /* Fewer checks, and none that was answered, may just have been too early. */
    if (call->paths == FT_PATH_RELAY && (call->check_answers || call->checks >= FT_UNANSWERED_CHECKS)) {
        char *why = ft_why_relay(call);

        if (why)
            expert_add_info_format(pinfo, item, &ei_relayed, "Media went over the relay: %s", why);
        g_free(why);
    }
    if (!from->frame && !call->sip_call_id)
        from = &call->phase[FT_PHASE_CONNECTIVITY];
    if (from->frame && media->frame > from->frame && ft_seconds(&media->when, &from->when) > FT_LONG_SETUP_SECONDS)
        expert_add_info_format(pinfo, item, &ei_long_setup, "%s s from %s (frame %u) to the first media packet",
                               ft_decimal(seconds, ft_seconds(&media->when, &from->when), 1),
                               from == &call->answer ? "the answer" : "the exchange of addresses", from->frame);
}

void
ft_call_expert(packet_info *pinfo, proto_item *item, const ft_call_t *call, const ft_packet_t *pkt)
{
    char seconds[FT_DECIMAL_LEN];
    ft_state_t state;
    double back;

    if (pkt && ft_sip_is_request(pkt->sip, "INVITE") && (pkt->sip->from || pkt->sip->to))
        expert_add_info(pinfo, item, &ei_number);
    if (!PINFO_FD_VISITED(pinfo) || pinfo->num != call->last_frame)
        return;
    state = ft_call_state(call);
    expert_media(pinfo, item, call);
    expert_relay(pinfo, item, call);
    expert_setup(pinfo, item, call);
    if (call->clock_offset != 0)
        expert_add_info_format(pinfo, item, &ei_clocks,
                               "The call was captured at two places whose clocks differ by %s s: its times are those of both",
                               ft_decimal(seconds, call->clock_offset, 1));
    back = ft_frame_time_back(call->first_frame, call->last_frame);
    if (back > 0)
        expert_add_info_format(pinfo, item, &ei_clock_back,
                               "The capture's clock was put back by %s s within the call: its times are as if it had not been",
                               ft_decimal(seconds, back, 1));
    if (ft_call_is_scattered(call))
        expert_add_info_format(pinfo, item, &ei_scattered,
                               "%u pairs of addresses have an SSRC of this call, more than a call has paths: no verdict on losses and hosts",
                               call->by_ssrc);
    if (state == FT_STATE_INTERRUPTED)
        expert_add_info(pinfo, item, &ei_interrupted);
    if (call->sip_call_id && call->answer.frame && !call->end.frame)
        expert_add_info(pinfo, item, &ei_no_bye);
}

void
ft_call_expert_register(void)
{
    static ei_register_info ei[] = {
        { &ei_one_way, { "facetime.one_way", PI_SEQUENCE, PI_WARN,
            "Media in one direction only", EXPFILL } },
        { &ei_checks_unanswered, { "facetime.checks_unanswered", PI_SEQUENCE, PI_WARN,
            "No STUN check of the call was answered", EXPFILL } },
        { &ei_relayed, { "facetime.relayed", PI_SEQUENCE, PI_NOTE,
            "Media went over the relay, and why", EXPFILL } },
        { &ei_no_bye, { "facetime.no_bye", PI_SEQUENCE, PI_NOTE,
            "The call was answered and there is no BYE", EXPFILL } },
        { &ei_long_setup, { "facetime.long_setup", PI_SEQUENCE, PI_NOTE,
            "Long time until the first media packet", EXPFILL } },
        { &ei_loss, { "facetime.loss", PI_SEQUENCE, PI_WARN,
            "A stream lost more than 5 % of its packets", EXPFILL } },
        { &ei_relay_loss, { "facetime.relay_loss", PI_SEQUENCE, PI_NOTE,
            "Packets were lost on the way to the relay or from it, by its count", EXPFILL } },
        { &ei_not_marked, { "facetime.not_marked", PI_SEQUENCE, PI_CHAT,
            "Media is not marked (DSCP 0): networks treat it as best effort", EXPFILL } },
        { &ei_marked_differently, { "facetime.marked_differently", PI_SEQUENCE, PI_NOTE,
            "Media is marked differently by direction (DSCP): a network on the way may have changed the mark", EXPFILL } },
        { &ei_interrupted, { "facetime.interrupted", PI_SEQUENCE, PI_NOTE,
            "Media stopped, the capture went on, and nothing on the wire says why", EXPFILL } },
        { &ei_relay_no_answer, { "facetime.relay_no_answer", PI_SEQUENCE, PI_WARN,
            "No answer from the relay", EXPFILL } },
        { &ei_relay_refused, { "facetime.relay_refused", PI_SEQUENCE, PI_WARN,
            "ICMP errors refuse packets to the relay", EXPFILL } },
        { &ei_unheard, { "facetime.unheard", PI_SEQUENCE, PI_WARN,
            "Media in one direction only, for some seconds of the call", EXPFILL } },
        { &ei_clocks, { "facetime.clocks_differ", PI_SEQUENCE, PI_NOTE,
            "The call was captured at two places whose clocks differ", EXPFILL } },
        { &ei_clock_back, { "facetime.clock_put_back", PI_SEQUENCE, PI_NOTE,
            "The capture's clock was put back within the call", EXPFILL } },
        { &ei_scattered, { "facetime.scattered", PI_UNDECODED, PI_NOTE,
            "One SSRC from more addresses than a call has paths: a generator's file, or changed addresses", EXPFILL } },
        { &ei_number, { "facetime.number_in_clear", PI_SECURITY, PI_NOTE,
            "Who calls whom travels in the clear", EXPFILL } },
    };

    expert_register_field_array(ft_expert, ei, array_length(ei));
}
