/* sdp.h
 * What the two files of SIP share: wire_sip.c (the message) and sdp.c (the session description in its body).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_SDP_H
#define FT_SDP_H

#include "wire/wire.h"

/* What is read of one description at most; a SIP message over UDP is not larger than its datagram, but a deflated body may be. */
#define FT_SDP_MAX_BYTES 65536
#define FT_SDP_MAX_LINES 256

void ft_sdp_register(void);
/* Shows the lines of FaceTime's own, and takes out where the media will be and which SSRCs it will have. */
void ft_sdp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt);

#endif /* FT_SDP_H */
