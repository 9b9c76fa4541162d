/* entry.h
 * Floor 8, the entry: what its files offer each other, and nobody else. From the bottom: datagram.c, relay_tcp.c, postdissector.c,
 * packet-facetime.c.
 *
 * It knows all floors, and the order of things for one frame: recognise, demultiplex, show, take the facts into flow and call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_ENTRY_H
#define FT_ENTRY_H

#include "push/push.h"
#include "show/show.h"

/* ---- datagram.c ----------------------------------------------------------------------------- */

void ft_datagram_register(void);
/* Can the plugin say anything about the packet? Not about a datagram that an ICMP error quotes: it is not of the flow. */
bool ft_is_datagram(tvbuff_t *tvb, const packet_info *pinfo);
/* The evidence that its surroundings give to a datagram of this form: same socket, announced candidate, known SSRC. */
uint32_t ft_context_of(tvbuff_t *tvb, const packet_info *pinfo, const ft_wire_t *wire);
/* Is the flow FaceTime, by the preference, with this evidence besides its own? */
bool ft_sure_enough(const ft_flow_t *flow, uint32_t evidence);
/* Takes the first datagram of a flow, if it is FaceTime's: the heuristic "facetime_udp". False: it is left to others. */
bool ft_recognise(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
/* Takes a datagram that a heuristic of another protocol took before this plugin's was asked: Wireshark asks first who hit last.
 * tvb is the UDP payload, shown by a stock dissector already. Returns its facts, attached; NULL: no sign of FaceTime. First pass only. */
ft_packet_t *ft_recognise_taken(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root);
/* Shows a datagram that the plugin claims. wire NULL: no form that is known. */
void ft_datagram_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt);
/* Shows a datagram of a known FaceTime flow that a stock dissector took before the flow was known.
 * tvb is the UDP payload. Adds the FaceTime tree below root and fills pkt; calls no stock dissector. */
void ft_annotate(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, ft_packet_t *pkt);
/* The tree "Apple FaceTime" of the datagram in tvb, below root. *item: its own item. */
proto_tree *ft_tree_of(tvbuff_t *tvb, proto_tree *root, proto_item **item);
/* The kind of what a datagram of TURN's ChannelData carries; FT_KIND_STUN: none that is known. */
ft_kind_t ft_inside_kind(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow);
/* What carries the datagram. */
void ft_kind_show(tvbuff_t *tvb, proto_tree *tree, ft_kind_t kind);
/* Confidence and evidence of the flow; with this datagram's own, which the flow has only after the frame. */
void ft_evidence_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt);

/* ---- relay_tcp.c ---------------------------------------------------------------------------- */

/* The heuristic "facetime_tcp". */
void ft_relay_tcp_handoff(void);
/* Shows the messages of a segment that TCP gave to no dissector, as it is out of order or sent again, or to another one.
 * Only of TCP between a device and a host of Apple's. */
void ft_relay_tcp_unseen(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree);
/* Forgets the last file; called when a file is opened. */
void ft_relay_tcp_init(void);

/* ---- postdissector.c ------------------------------------------------------------------------ */

void ft_postdissector_register(void);
/* Forgets the last file; called when a file is opened. */
void ft_postdissector_init(void);

#endif /* FT_ENTRY_H */
