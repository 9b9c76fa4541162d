/* pod.h
 * QUIC "pods": connections beside the one to the relay, without a handshake, that carry media or messages in DATAGRAM frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_POD_H
#define FT_POD_H

#include "wire/wire.h"

/* A pod of one direction of a flow. File scope; written on the first pass only. */
typedef struct ft_quic_pod {
    uint32_t id;                /* the connection ID that its packets begin with */
    uint32_t packets;
    uint32_t first_frame, last_frame;
    uint32_t known_frame;       /* frame from which on it is known to be a pod; 0: not so far */
    bool announced;             /* STUN has named the ID: it is one from the first packet on */
    bool messages;              /* it carries messages, not media */
    uint32_t media_frame;       /* frame from which on it has the rate of media; 0: not so far */
    nstime_t second;            /* absolute, begin of the second in which packets are counted */
    uint32_t in_second;         /* packets of the size of media in it */
} ft_quic_pod_t;

/* The pod that a short header belongs to; NULL: none that is known at this frame. On the first pass the packet is counted. Captured bytes
 * only. */
const ft_quic_pod_t *ft_quic_pod(tvbuff_t *tvb, const packet_info *pinfo, ft_flow_t *flow);
/* Is the packet media of its pod? By size and rate, on later passes from the pod's first packet on. */
bool ft_quic_pod_media(const ft_quic_pod_t *pod, tvbuff_t *tvb, const packet_info *pinfo);
/* Is the short header one of a pod that STUN has named on this flow? */
bool ft_quic_pod_announced(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow);
/* STUN names the connection ID of a pod between the devices, in either direction. First pass only. */
void ft_quic_pod_announce(ft_flow_t *flow, uint32_t id, bool messages, const packet_info *pinfo);

#endif /* FT_POD_H */
