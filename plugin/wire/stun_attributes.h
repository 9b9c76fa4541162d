/* stun_attributes.h
 * The attributes of Apple's STUN dialect: which they are, and how one is shown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_STUN_ATTRIBUTES_H
#define FT_STUN_ATTRIBUTES_H

#include "wire/wire.h"

/* RFC 8489, section 5. */
#define FT_STUN_COOKIE 0x2112a442u
#define FT_STUN_HEADER_LEN 20
#define FT_STUN_COOKIE_AT 4

/* RFC 8489, section 14: type and length, before the value. */
#define FT_STUN_ATTRIBUTE_HEADER_LEN 4

/* Bytes that fill a value of this length up to a whole word. RFC 8489, section 14. */
#define FT_STUN_PADDING(len) ((4 - ((len) & 3)) & 3)

/* The radio access technology of the sender's link: Apple's. */
#define FT_STUN_CELLULAR        0x8007

/* Is this attribute one that only Apple writes? By type and length: 0x8008 of another length is MS-VERSION. */
bool ft_stun_attribute_is_apple(uint16_t type, unsigned len);

/* Shows the attribute at `at` of the message whose header is at `message`, of which at most `room` bytes (four at least) are inside the
 * message: those of Apple's, or any if `all`, because no stock dissector shows the message. Shows what was captured of it; does not throw for the rest. */
void ft_stun_attribute_show(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int room, bool all, proto_tree *tree);

void ft_stun_attributes_register(void);

#endif /* FT_STUN_ATTRIBUTES_H */
