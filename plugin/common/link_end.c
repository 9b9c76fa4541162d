/* link_end.c
 * Which end of which link a packet comes from or goes to.
 *
 * An IP address is that of one device only where everybody has his own: a private one is the same in thousands of homes, and a capture may hold
 * several of them (merged files, a router's or a carrier's links). What tells them apart stands in front of the IP header:
 *
 *  1. the interface of the capture, as the file has it, and the kind of link;
 *  2. the VLAN;
 *  3. the hardware address (Ethernet, 802.11, of an aggregate the packet's own);
 *  4. which way the packet went, where the file has it: towards the machine that captured, or from it (pcapng, Linux cooked);
 *  5. the outer addresses of a tunnel, and what numbers its sessions: GTP-U's TEID (3GPP TS 29.281), PPPoE's session (RFC 2516).
 *
 * Each direction of a GTP-U tunnel has a TEID of its own, and each direction of a cable may have an interface of its own: so the end that a
 * device sends from, and the one that it is sent to, are two numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/hash.h"
#include "common/link_end.h"
#include "common/payload.h"

#include <epan/etypes.h>
#include <wiretap/wtap.h>

/* What is hashed. All of it is set, so that no byte between the members is by chance. */
typedef struct link_end {
    uint32_t interface;         /* 0 where the file has none */
    uint32_t encapsulation;     /* WTAP_ENCAP_* */
    uint32_t vlan;
    uint32_t inside;            /* 1: at the machine that captured, 2: on the other side of the interface, 0: not known */
    uint32_t session;           /* TEID, PPPoE session; 0: none */
    uint8_t hardware[8];        /* address, zeroes behind it */
    uint8_t outer[16];          /* IP address of the tunnel's end */
} link_end_t;

/* TS 29.281, 5.1: bit 8 to 6 version 1, bit 5 GTP; what a G-PDU carries is the user's packet. The header has 8 bytes, 4 more with one of the
 * flags below, and extension headers in units of 4 bytes: a PDU session container has 4 or 8. */
#define GTPU_VERSION(flags) (((flags) & 0xf0) == 0x30)
#define GTPU_G_PDU     0xff
#define GTPU_HEADER    8
#define GTPU_LONGEST   28
#define GTPU_TEID_AT   4

/* RFC 2516, 4: version and type 1, code 0 in the session stage; two bytes of PPP behind six of PPPoE. */
#define PPPOE_VERSION_TYPE 0x11
#define PPPOE_HEADER   8
#define PPPOE_SESSION_AT 2
#define PPP_LENGTH     2

/* RFC 791, 3.1; RFC 8200, 3. */
#define IPV4_LENGTH_AT 2
#define IPV6_LENGTH_AT 4

/* IEEE 802.11-2020, 9.3.2.2.2: a subframe of an A-MSDU has destination, source and the length of what follows; that begins with the eight bytes of
 * LLC and SNAP (RFC 1042), which end with the EtherType. IEEE 802.3 writes the same in front of its LLC. */
#define MAC_LENGTH     6
#define MSDU_SOURCE_AT 6
#define MSDU_LENGTH_AT 12
#define MSDU_HEADER    14
#define SNAP_HEADER    8
#define SNAP_TYPE_AT   6
#define ETHERNET_LEAST 46u      /* bytes that an Ethernet frame carries, with padding: IEEE 802.3-2018, 4A.4.2 */
#define ETHERNET_CHECK 4u       /* its check sequence, which some captures have */
static const uint8_t snap[SNAP_TYPE_AT] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00 };

/* The MAC address that stands right in front of the packet. Wireshark has that of the frame, which for an A-MSDU are the ends of the radio link: who
 * sends and receives each of its packets is told by the packet's subframe only. NULL: there is no such header.
 *  1. LLC and SNAP of the packet's version: avoids what is not in front of an IP packet.
 *  2. The length in front is that of LLC, SNAP and the packet, with the padding that it may have from an Ethernet: avoids the 802.11 header itself,
 *     which has other things there. */
static const uint8_t *
msdu_end(const ft_ip_t *ip, unsigned before, bool source)
{
    const uint8_t *llc = ip->bytes - SNAP_HEADER, *header = llc - MSDU_HEADER;
    unsigned length;

    if (before < MSDU_HEADER + SNAP_HEADER || memcmp(llc, snap, sizeof snap) != 0 ||
        ft_u16(llc + SNAP_TYPE_AT) != (ip->v6 ? ETHERTYPE_IPv6 : ETHERTYPE_IP))
        return NULL;
    length = ft_u16(header + MSDU_LENGTH_AT);
    if (length < SNAP_HEADER + ip->length || length > SNAP_HEADER + MAX(ip->length, ETHERNET_LEAST))
        return NULL;
    return source ? header + MSDU_SOURCE_AT : header;
}

static uint32_t
gtpu_teid(const ft_ip_t *ip, unsigned before)
{
    for (unsigned back = GTPU_HEADER; back <= MIN(before, GTPU_LONGEST); back += 4) {
        const uint8_t *header = ip->bytes - back;

        /* The length counts what follows the first eight bytes. */
        if (GTPU_VERSION(header[0]) && header[1] == GTPU_G_PDU && ft_u16(header + 2) == ip->length + back - GTPU_HEADER)
            return (uint32_t)ft_u16(header + GTPU_TEID_AT) << 16 | ft_u16(header + GTPU_TEID_AT + 2);
    }
    return 0;
}

static uint32_t
pppoe_session(const ft_ip_t *ip, unsigned before)
{
    const uint8_t *header = ip->bytes - PPPOE_HEADER;

    if (before < PPPOE_HEADER || header[0] != PPPOE_VERSION_TYPE || header[1] != 0 || ft_u16(header + 4) != ip->length + PPP_LENGTH)
        return 0;
    return ft_u16(header + PPPOE_SESSION_AT);
}

/* Is this an IP header whose length says where its packet ends? A length of 0 (segmentation offload) would fit everywhere: two bytes of a hardware
 * address, say, in front of an EtherType. */
static bool
has_length(ft_ip_t *ip, const uint8_t *bytes, unsigned captured)
{
    return ft_ip_at(ip, bytes, captured) && ft_u16(bytes + (ip->v6 ? IPV6_LENGTH_AT : IPV4_LENGTH_AT)) != 0;
}

/* The outermost IP header in front of the innermost: the first place that is one by its version, and whose length reaches over the inner one. */
static bool
outer_ip(ft_ip_t *outer, const uint8_t *start, const ft_ip_t *ip, unsigned before)
{
    const uint8_t *end = ip->bytes + ip->length;

    for (const uint8_t *at = start; at + FT_IPV4_HEADER <= start + before; at++) {
        if (has_length(outer, at, (unsigned)(ip->bytes - at) + ip->captured) && outer->payload <= (unsigned)(ip->bytes - at) && !outer->is_fragment &&
            at + outer->length >= end && at + outer->length <= end + 8)
            return true;
    }
    return false;
}

/* The IP header of a fragment that a tunnel's packet was put together with: the first place in the frame that is one by its version, and whose length
 * reaches to the end of the frame, or to its padding. */
static bool
last_fragment(ft_ip_t *outer, tvbuff_t *frame)
{
    unsigned captured = tvb_captured_length(frame), reported = tvb_reported_length(frame);
    const uint8_t *bytes = tvb_get_ptr(frame, 0, (int)captured);

    for (unsigned at = 0; at + FT_IPV4_HEADER <= captured; at++) {
        if (has_length(outer, bytes + at, captured - at) && outer->is_fragment && at + outer->length <= reported &&
            at + MAX(outer->length, ETHERNET_LEAST) + ETHERNET_CHECK >= reported)
            return true;
    }
    return false;
}

uint32_t
ft_interface(const packet_info *pinfo)
{
    return pinfo->rec->presence_flags & WTAP_HAS_INTERFACE_ID ? pinfo->rec->rec_header.packet_header.interface_id : 0;
}

uint32_t
ft_link_end(tvbuff_t *frame, const packet_info *pinfo, bool source)
{
    const address *hardware = source ? &pinfo->dl_src : &pinfo->dl_dst;
    const wtap_rec *rec = pinfo->rec;
    link_end_t end;
    address src, dst;
    ft_ip_t ip, outer;
    const uint8_t *start, *msdu;
    unsigned before;
    uint32_t hash;

    memset(&end, 0, sizeof end);
    end.interface = ft_interface(pinfo);
    end.encapsulation = (uint32_t)rec->rec_header.packet_header.pkt_encap;
    end.vlan = pinfo->vlan_id;
    if (pinfo->p2p_dir == P2P_DIR_SENT || pinfo->p2p_dir == P2P_DIR_RECV)
        end.inside = (pinfo->p2p_dir == P2P_DIR_SENT) == source ? 1 : 2;
    if (hardware->type != AT_NONE && hardware->len > 0)
        memcpy(end.hardware, hardware->data, MIN((size_t)hardware->len, sizeof end.hardware));
    if (frame && ft_ip_of(&ip, frame, pinfo)) {
        /* What stands in front of the packet is in the same buffer: the frame's bytes, or those decrypted or put together from it. */
        start = tvb_get_ptr(ip.tvb, 0, (int)tvb_captured_length(ip.tvb));
        before = (unsigned)(ip.bytes - start);
        msdu = msdu_end(&ip, before, source);
        if (msdu) {
            memset(end.hardware, 0, sizeof end.hardware);
            memcpy(end.hardware, msdu, MAC_LENGTH);
        }
        end.session = gtpu_teid(&ip, before);
        if (!end.session)
            end.session = pppoe_session(&ip, before);
        /* What carries the packet in a subframe is no tunnel, and in front of the subframe are the bytes of others. */
        if ((!msdu && outer_ip(&outer, start, &ip, before)) || (ip.tvb != frame && last_fragment(&outer, frame))) {
            ft_ip_addresses(&outer, &src, &dst);
            memcpy(end.outer, source ? src.data : dst.data, MIN((size_t)src.len, sizeof end.outer));
        }
    }
    hash = ft_hash_bytes(&end, sizeof end);
    return hash ? hash : 1;
}
