/* control.h
 * Control messages of the media stack (AVConference) in the relay's payload: SFrame behind a byte of Apple's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_CONTROL_H
#define FT_CONTROL_H

#include "wire/wire.h"

/* How sure it is that bytes are a control message. */
typedef enum {
    FT_CONTROL_NOT,
    FT_CONTROL_VALID,       /* the header is a valid one, and its parts fit */
    FT_CONTROL_CUT,         /* a header as in real calls, but the message ends in it */
    FT_CONTROL_SEEN         /* a header as in real calls, and its parts fit */
} ft_control_form_t;

/* Captured bytes only. */
ft_control_form_t ft_control_form(tvbuff_t *tvb);
void ft_control_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt);
void ft_control_register(void);

#endif /* FT_CONTROL_H */
