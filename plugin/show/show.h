/* show.h
 * Floor 7, show: the fields of the call, its expert items, the tables, VoIP Calls, the conversation filter. This header is the floor's door.
 *
 * It reads all floors below and changes nothing. The entry calls it once for registration and then for each packet of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SHOW_H
#define FT_SHOW_H

#include "call/call.h"

/* What is queued on the tap "facetime" for each packet of a call, on every pass; and on the first pass also for earlier packets that
 * only this one showed to be the call's. In packet scope. */
typedef struct ft_tap_info {
    const ft_call_t *call;
    const ft_packet_t *packet;      /* NULL where a stock dissector had the packet */
    ft_call_packets_t what;
    bool earlier;                   /* earlier packets, which no filter is asked of now */
    bool pending;                   /* a packet of no call so far, which a later one may bring: show/seen.h; `call` is NULL */
    bool visited;                   /* a later pass: all is known */
    ft_phase_t phase;               /* as facetime.call.phase */
    ft_arrival_t arrival;           /* of the datagram at hand; all zero for a packet of a service flow and for earlier packets */
    const ft_media_packet_t *media_backlog;        /* RTP packets among the earlier ones, in the order of each flow */
    unsigned n_media_backlog;
} ft_tap_info_t;

/* Registers all views with Wireshark; the second one when all protocols are registered. */
void ft_show_register(void);
void ft_show_handoff(void);

/* call_fields.c: shows the call below root, and returns its tree. pkt: the datagram at hand; NULL for a packet of a service flow. */
proto_tree *ft_call_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_call_t *call, ft_phase_t phase, ft_join_t reason,
                         const ft_packet_t *pkt);
/* One more phase in that tree: another packet of the frame is of it. */
void ft_call_show_phase(tvbuff_t *tvb, proto_tree *tree, ft_phase_t phase);
/* tap_voip.c: shows the packet in Telephony > VoIP Calls, if it is an event of its call and the window listens. Any pass. */
void ft_voip_queue(packet_info *pinfo, const ft_call_t *call, const ft_call_packets_t *what);
/* False: nobody listens to them. */
bool ft_voip_wanted(void);

#endif /* FT_SHOW_H */
