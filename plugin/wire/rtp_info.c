/* rtp_info.c
 * What the Info column says of an RTP packet: medium, codec, direction, and the numbers as Wireshark's own dissector writes them.
 *
 * Media are most of a capture, and the column is written for each packet, also where nobody sees it: so without printf().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/rtp.h"

/* Room for all that is written: the words, a type's brief text, one number in hexadecimal and three decimal ones. */
#define INFO_LEN 160

static inline char *
add_bytes(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

#define ADD_TEXT(to, text) add_bytes((to), (text), sizeof (text) - 1)

static char *
add_decimal(char *to, uint32_t number)
{
    static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                                "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    char digits[10];
    unsigned n = sizeof digits;

    /* Two digits at a time: a division costs more than all else here. */
    for (; number >= 100; number /= 100) {
        n -= 2;
        memcpy(digits + n, pairs + 2 * (number % 100), 2);
    }
    if (number >= 10) {
        n -= 2;
        memcpy(digits + n, pairs + 2 * number, 2);
    } else {
        digits[--n] = (char)('0' + number);
    }
    memcpy(to, digits + n, sizeof digits - n);
    return to + sizeof digits - n;
}

/* In capitals, as %X. */
static char *
add_hexadecimal(char *to, uint32_t number)
{
    unsigned shift = 28;

    while (shift > 0 && !(number >> shift))
        shift -= 4;
    for (;; shift -= 4) {
        unsigned digit = number >> shift & 15;

        *to++ = (char)(digit < 10 ? '0' + digit : 'A' - 10 + digit);
        if (shift == 0)
            return to;
    }
}

/* Medium and codec. SDP may have given a type to another medium than it has by itself: then its number. */
static char *
add_brief(char *to, const ft_rtp_t *rtp)
{
    const ft_rtp_type_t *type = ft_rtp_type(rtp->payload_type);

    if (type && type->brief && (rtp->media == 0 || rtp->media == type->media))
        return add_bytes(to, type->brief, strlen(type->brief));
    if (rtp->media == FT_MEDIA_VIDEO)
        to = ADD_TEXT(to, "Video ");
    else if (rtp->media == FT_MEDIA_AUDIO)
        to = ADD_TEXT(to, "Audio ");
    return add_decimal(ADD_TEXT(to, "PT="), rtp->payload_type);
}

const char *
ft_rtp_brief(wmem_allocator_t *scope, const ft_rtp_t *rtp)
{
    char text[INFO_LEN];

    *add_brief(text, rtp) = 0;
    return wmem_strdup(scope, text);
}

/* Medium, codec, direction and numbers of pkt's latest RTP packet, to `to`, which has INFO_LEN bytes. */
static void
write_info(char *to, const ft_packet_t *pkt)
{
    const ft_rtp_t *rtp = &pkt->rtp[pkt->n_rtp - 1];

    to = add_brief(to, rtp);
    if (rtp->picture.parity)
        to = ADD_TEXT(to, " parity");
    if (pkt->flow && pkt->flow->device_side >= 0)
        to = ft_flow_from_device(pkt->flow, pkt->from_a) ? ADD_TEXT(to, ", sent") : ADD_TEXT(to, ", received");
    if (rtp->retransmitted)
        to = ADD_TEXT(to, ", retransmitted");
    if (pkt->claimed) {
        to = add_hexadecimal(ADD_TEXT(to, ", SSRC=0x"), rtp->ssrc);
        to = add_decimal(ADD_TEXT(to, ", Seq="), rtp->seq);
        to = add_decimal(ADD_TEXT(to, ", Time="), rtp->timestamp);
        if (rtp->marker)
            to = ADD_TEXT(to, ", Mark");
    }
    *to = 0;
}

void
ft_rtp_info(packet_info *pinfo, const ft_packet_t *pkt)
{
    char info[INFO_LEN];

    if (!pinfo->cinfo)
        return;
    write_info(info, pkt);
    col_append_str(pinfo->cinfo, COL_INFO, info);
}

void
ft_rtp_info_alone(packet_info *pinfo, const ft_packet_t *pkt)
{
    char info[INFO_LEN];

    if (!pinfo->cinfo)
        return;
    write_info(info, pkt);
    col_add_str(pinfo->cinfo, COL_INFO, info);
}
