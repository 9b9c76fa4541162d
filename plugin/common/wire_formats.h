/* wire_formats.h
 * The list of wire formats. A new one needs a new file with an ft_wire_t, and a line here: see CONTRIBUTING.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WIRE_FORMATS_H
#define FT_WIRE_FORMATS_H

/* Formats are tried in this order. Where the first bytes of two formats overlap, the format with more conditions comes first:
 * the NAT probe before STUN (both begin with 00), relay channel data before QUIC (both 60), WebRTC before RTP (on flows of its own).
 *
 *   struct        the file's ft_wire_t is ft_wire_ and this
 *   kind          the kind is FT_KIND_ and this
 *   number        of the kind, as facetime.kind has it: numbers in use do not change, a new format takes the next one
 *   phase         of a call that such a datagram most often belongs to
 *   facetime.kind its text in the field
 *   column        text of the Protocol column, FT and a word: no more than seven characters are shown by default
 *   protocol      what tables say of the datagrams of a step
 *   ladder        what a ladder says of the first datagram of a flow
 *
 *        struct      kind        number  phase         facetime.kind  column      protocol         ladder */
#define FT_WIRE_FORMATS(FORMAT) \
    FORMAT(web,        WEB,        9,      MEDIA,        "web",         "FTWeb",    "WebRTC",        "WebRTC") \
    FORMAT(nat_probe,  NAT_PROBE,  7,      PROBE,        "nat-probe",   "FTNAT",    "NAT probe",     "NAT probe") \
    FORMAT(stun,       STUN,       1,      CONNECTIVITY, "stun",        "FTSTUN",   "STUN",          "STUN check") \
    FORMAT(link_probe, LINK_PROBE, 6,      RELAY,        "link-probe",  "FTProbe",  "link probe",    "Link probe") \
    FORMAT(relay,      RELAY,      5,      RELAY,        "relay",       "FTRelay",  "relay channel", "Relay channel data") \
    FORMAT(rtcp,       RTCP,       4,      MEDIA,        "rtcp",        "FTRTCP",   "RTCP",          "RTCP") \
    FORMAT(rtp,        RTP,        3,      MEDIA,        "rtp",         "FTRTP",    "RTP",           "Media, direct") \
    FORMAT(sip,        SIP,        2,      SIGNALLING,   "sip",         "FTSIP",    "SIP",           "SIP") \
    FORMAT(quic,       QUIC,       8,      RELAY,        "quic",        "FTQUIC",   "QUIC",          "QUIC to the relay")

/* A line's texts as elements of a value_string, at the number of the kind. */
#define FT_FORMAT_KIND(name, kind, number, phase, text, column, protocol, ladder) [number] = { number, text },
#define FT_FORMAT_COLUMN(name, kind, number, phase, text, column, protocol, ladder) [number] = { number, column },
#define FT_FORMAT_PROTOCOL(name, kind, number, phase, text, column, protocol, ladder) [number] = { number, protocol },
#define FT_FORMAT_LADDER(name, kind, number, phase, text, column, protocol, ladder) [number] = { number, ladder },

#endif /* FT_WIRE_FORMATS_H */
