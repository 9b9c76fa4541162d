/* support.h
 * What the unit tests share. They are linked with the plugin's own objects and with libwireshark, but Wireshark is not started:
 * what they test needs no protocol tree and no registration. State that the plugin keeps in file scope comes from malloc() here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_UNIT_SUPPORT_H
#define FT_UNIT_SUPPORT_H

#include "show/show.h"

/* The preferences have their defaults, no file was read. */
void unit_begin(void);

/* An address of four or sixteen bytes; the bytes must outlive it. */
address unit_address(const void *bytes, int length);

/* A tvb over the first `captured` bytes of a datagram of `reported`. To be freed with tvb_free(). */
tvbuff_t *unit_tvb(const uint8_t *bytes, unsigned captured, unsigned reported);

/* A packet: frame number and time in seconds since the capture began. Valid until the next call. */
packet_info *unit_packet(uint32_t number, double seconds);

#endif /* FT_UNIT_SUPPORT_H */
