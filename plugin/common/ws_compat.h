/* ws_compat.h
 * What differs between the Wireshark versions that this plugin builds on (4.0 to 4.6).
 * No other file has a version #if. A name that changed gets an ft_ name here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WS_COMPAT_H
#define FT_WS_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

#include <ws_version.h>
#include <epan/packet.h>
#include <epan/conversation.h>
#include <epan/prefs.h>
#include <epan/stat_groups.h>
#include <epan/stat_tap_ui.h>

#define FT_WS_VERSION (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

/* Heuristics return bool since 4.4; before, gboolean. Boolean preferences changed in the same way: one of the wrong width overwrites its
 * neighbours in memory. */
#if FT_WS_VERSION >= 404
typedef bool ft_heur_result_t;
#else
typedef gboolean ft_heur_result_t;
#endif

/* tvb_get_guint8() was renamed in 4.4, its old name is deprecated there. */
#if FT_WS_VERSION >= 404
#define ft_tvb_get_u8(tvb, offset) tvb_get_uint8((tvb), (offset))
#else
#define ft_tvb_get_u8(tvb, offset) tvb_get_guint8((tvb), (offset))
#endif

/* tvb_child_uncompress() was renamed in 4.4. It returns NULL where the bytes do not inflate. */
#if FT_WS_VERSION >= 404
#define ft_tvb_inflate(parent, tvb, offset, length) tvb_child_uncompress_zlib((parent), (tvb), (offset), (length))
#else
#define ft_tvb_inflate(parent, tvb, offset, length) tvb_child_uncompress((parent), (tvb), (offset), (length))
#endif

/* The number of audio channels became an argument in 4.2; FaceTime's audio is mono as far as SDP says. */
#if FT_WS_VERSION >= 402
#define ft_rtp_payload_insert(map, type, name, clock) rtp_dyn_payload_insert((map), (type), (name), (clock), 1)
#else
#define ft_rtp_payload_insert(map, type, name, clock) rtp_dyn_payload_insert((map), (type), (name), (clock))
#endif

/* Key under which the stock rtp dissector keeps its data with a frame: RTP_CONVERSATION_PROTO_DATA of packet-rtp.h since 4.2, of
 * packet-rtp.c in 4.0, with the same value. */
#define FT_RTP_CONVERSATION_DATA 0

/* Since 4.6 a preference lets UDP tell conversations of different interfaces or VLANs apart. A look-up must use the same function as the
 * UDP dissector. */
#if FT_WS_VERSION >= 406
#define ft_conversations_are_of_addresses() (prefs.conversation_deinterlacing_key == 0)
#define FT_CONVERSATION_FIND(pinfo) find_conversation_pinfo_strat((pinfo), 0)
#define FT_CONVERSATION_MAKE(pinfo) find_or_create_conversation_strat(pinfo)
#else
#define ft_conversations_are_of_addresses() true
#define FT_CONVERSATION_FIND(pinfo) find_conversation_pinfo((pinfo), 0)
#define FT_CONVERSATION_MAKE(pinfo) find_or_create_conversation(pinfo)
#endif

/* The conversation of the packet's addresses and ports; where there is none, a new one (make) or NULL. The look-up takes another key if a dissector
 * has set one: QUIC sets the number of its connection since 4.2, for what it calls, and does not take it back. */
static inline conversation_t *
ft_conversation(packet_info *pinfo, bool make)
{
    struct conversation_element *elements = pinfo->conv_elements;
    conversation_t *conversation;

    pinfo->conv_elements = NULL;
    conversation = make ? FT_CONVERSATION_MAKE(pinfo) : FT_CONVERSATION_FIND(pinfo);
    pinfo->conv_elements = elements;
    return conversation;
}

/* The function that starts a -z statistic returns since 4.6 whether it succeeded. Before, it ended the program on failure. */
#if FT_WS_VERSION >= 406
typedef bool ft_stat_init_t;
#define FT_STAT_INIT_OK return true
#define FT_STAT_INIT_FAILED return false
#else
typedef void ft_stat_init_t;
#define FT_STAT_INIT_OK return
#define FT_STAT_INIT_FAILED exit(EXIT_FAILURE)
#endif

/* The functions of a conversation filter got an argument in 4.2, and return bool since 4.4. */
#if FT_WS_VERSION >= 402
#define FT_FILTER_VALID(name) ft_heur_result_t name(packet_info *pinfo, void *user_data _U_)
#define FT_FILTER_BUILD(name) char *name(packet_info *pinfo, void *user_data _U_)
#define ft_register_conversation_filter(proto, title, valid, build) register_conversation_filter((proto), (title), (valid), (build), NULL)
#else
#define FT_FILTER_VALID(name) ft_heur_result_t name(packet_info *pinfo)
#define FT_FILTER_BUILD(name) char *name(packet_info *pinfo)
#define ft_register_conversation_filter(proto, title, valid, build) register_conversation_filter((proto), (title), (valid), (build))
#endif

/* The stock STUN dissector shows a message that the capture cut up to the cut; since 4.6 it refuses it (measured on 4.6.9). */
#define FT_STOCK_STUN_TAKES_CUT (FT_WS_VERSION < 406)
/* The value of a field that another dissector added: part of the field_info until 4.0. */
#if FT_WS_VERSION >= 402
#define FT_FINFO_VALUE(fi) ((fi)->value)
#else
#define FT_FINFO_VALUE(fi) (&(fi)->value)
#endif

/* An address of such a value: IPv4 in the host's byte order, IPv6 as 16 bytes. */
#if FT_WS_VERSION >= 402
#define FT_FVALUE_IPV4(value) (fvalue_get_ipv4(value)->addr)
#define FT_FVALUE_IPV6(value) (fvalue_get_ipv6(value)->addr.bytes)
#else
#define FT_FVALUE_IPV4(value) ((value)->value.ipv4.addr)
#define FT_FVALUE_IPV6(value) ((value)->value.ipv6.addr.bytes)
#endif

/* How a heuristic on TLS says who gets the rest of the session: until 4.0 its data is the place for the handle, since 4.2 a struct.
 * The user includes epan/dissectors/packet-tls.h. */
#if FT_WS_VERSION >= 402
#define ft_tls_set_app_handle(data, handle) do { if (data) *((struct tlsinfo *)(data))->app_handle = (handle); } while (0)
#else
#define ft_tls_set_app_handle(data, handle) do { if (data) *(dissector_handle_t *)(data) = (handle); } while (0)
#endif

#endif /* FT_WS_COMPAT_H */
