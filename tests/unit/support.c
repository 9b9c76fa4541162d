/* support.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

#include <wiretap/wtap.h>

/* Takes the place of libwireshark's function, which wants a file to be open. NULL: malloc(). */
wmem_allocator_t *
wmem_file_scope(void)
{
    return NULL;
}

void
unit_begin(void)
{
    range_convert_str(NULL, &ft_pref_relay_ports, FT_RELAY_PORTS, UINT16_MAX);
    range_convert_str(NULL, &ft_pref_media_ports, FT_MEDIA_PORTS, UINT16_MAX);
    ft_ports_take();
    ft_calls_init();
}

address
unit_address(const void *bytes, int length)
{
    address addr;

    set_address(&addr, length == 4 ? AT_IPv4 : AT_IPv6, length, bytes);
    return addr;
}

tvbuff_t *
unit_tvb(const uint8_t *bytes, unsigned captured, unsigned reported)
{
    return tvb_new_real_data(bytes, captured, (int)reported);
}

packet_info *
unit_packet(uint32_t number, double seconds)
{
    static packet_info pinfo;
    static frame_data frame;
    static wtap_rec record;
    double whole = (double)(int64_t)seconds;

    memset(&pinfo, 0, sizeof pinfo);
    memset(&frame, 0, sizeof frame);
    memset(&record, 0, sizeof record);
    frame.num = number;
    frame.pkt_len = 100;
    record.rec_header.packet_header.pkt_encap = WTAP_ENCAP_ETHERNET;
    pinfo.num = number;
    pinfo.fd = &frame;
    pinfo.rec = &record;
    pinfo.ptype = PT_UDP;
    pinfo.abs_ts.secs = 1700000000 + (time_t)whole;
    pinfo.abs_ts.nsecs = (int)((seconds - whole) * 1e9);
    ft_call_clock(&pinfo.abs_ts);
    return &pinfo;
}
