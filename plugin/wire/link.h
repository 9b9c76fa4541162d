/* link.h
 * What the files about link messages share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_LINK_H
#define FT_LINK_H

#include "wire/wire.h"

/* Bytes before the TLVs: command, length, and zeroes. */
#define FT_LINK_HEADER_LEN 20

typedef enum {
    FT_LINK_NOT,
    FT_LINK_WRONG_LENGTH,   /* command and zeroes, but the length is another: shown, and no evidence */
    FT_LINK_EXACT
} ft_link_form_t;

/* Has it the form of a link message? Captured bytes only. */
ft_link_form_t ft_link_form(tvbuff_t *tvb);
/* The same of bytes: how many were captured, and how many there were on the wire. */
ft_link_form_t ft_link_form_at(const uint8_t *bytes, unsigned captured, unsigned reported);
/* The counter (TLV 1) of a link message, if it has one. Captured bytes only. */
bool ft_link_counter(tvbuff_t *tvb, int *counter);

void ft_link_register(void);

#endif /* FT_LINK_H */
