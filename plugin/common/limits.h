/* limits.h
 * Limits of what a flood can make the plugin keep: each says once that it was reached, and none is used up for good.
 *
 * What is kept until the file is closed has a limit for the whole file, and of what is left of that only half may be taken in one period of
 * FT_LIMIT_SECONDS. So a flood at nine o'clock leaves room for a call at ten, and the whole stays below the limit. What is only looked up
 * again while it is new has a limit at which the oldest gives way.
 *
 * Written on the first pass only. Belongs to the file that is open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_LIMITS_H
#define FT_LIMITS_H

#include "common/ws_compat.h"

/* Longer than the pauses of a call, and than a flood that is an accident. */
#define FT_LIMIT_SECONDS 600

/* F(name, most, text): most of what may be kept of one file. The text says what it is, in the plural. */
#define FT_LIMITS(F) \
    F(FLOWS,            262144, "flows") \
    F(EXCHANGES,        131072, "requests") \
    F(MESSAGES,         262144, "requests and answers") \
    F(NAT_TESTS,         16384, "NAT tests") \
    F(NAMES,             65536, "packets that name a host") \
    F(ADDRESSES,         65536, "addresses of hosts") \
    F(SERVICES,          65536, "connections with FaceTime's servers") \
    F(HANDSHAKES,         1024, "incomplete TLS handshakes") \
    F(PUSH_LINKS,        65536, "push notifications") \
    F(PUSH_FRAMES,       65536, "packed push frames") \
    F(PUSH_BYTES,     33554432, "bytes of packed push frames") \
    F(RTP_STREAMS,       65536, "RTP streams with data of the RTP dissector") \
    F(RTP_COMPOUND,      65536, "relay datagrams with several RTP packets") \
    F(RTP_ANNOUNCED,     16384, "SSRCs in SDP") \
    F(RTP_KEYS,          65536, "key identifiers of RTP") \
    F(RTP_CLUSTERS,      65536, "probing clusters") \
    F(QUIC_PODS,         16384, "directions of flows with QUIC pods") \
    F(QUIC_HELLOS,       16384, "QUIC hellos with a session token") \
    F(CALLS,            131072, "calls") \
    F(ENDPOINTS,        262144, "candidates") \
    F(DEVICES,          262144, "addresses of devices") \
    F(RELAYS,           262144, "addresses of relays") \
    F(PARTICIPANTS,     262144, "participant IDs") \
    F(STREAMS,          262144, "SSRCs") \
    F(CHANGES,          262144, "flows that change their call") \
    F(EVENTS,           262144, "arrows of ladders") \
    F(SERVICE_FLOWS,     65536, "connections around calls") \
    F(SERVICE_DEVICES,   65536, "devices around calls") \
    F(SERVICE_PACKETS,  262144, "packets around calls") \
    F(HOLES,             65536, "gaps in media") \
    F(MEDIA_BACKLOG,     65536, "media packets before their call is known") \
    F(LATE,              65536, "datagrams that another dissector took") \
    F(REFUSED,           65536, "ICMP errors") \
    F(TCP_CONNECTIONS,    8192, "connections that may be a relay's") \
    F(TCP_BYTES,      33554432, "bytes of segments out of order") \
    F(TCP_MESSAGES,     262144, "messages of a relay over TCP")

#define FT_LIMIT_NAME(name, most, text) FT_LIMIT_##name,
typedef enum {
    FT_LIMITS(FT_LIMIT_NAME)
    FT_LIMIT_COUNT
} ft_limit_t;

/* May so many more be kept, now (absolute)? Then they count. False: the limit is reached. */
bool ft_limit_take_some(ft_limit_t which, uint32_t number, const nstime_t *now);
bool ft_limit_take(ft_limit_t which, const nstime_t *now);
/* So many that count are forgotten: there is room for others. */
void ft_limit_give_back(ft_limit_t which, uint32_t number);
/* The limit is reached, and the oldest gives way. */
void ft_limit_gave_way(ft_limit_t which);
/* As many as may be kept in all. */
uint32_t ft_limit_most(ft_limit_t which);
/* Was the latest that asked refused? */
bool ft_limit_refuses(ft_limit_t which);
/* Is nothing left for the period in which the latest asked? */
bool ft_limit_is_used_up(ft_limit_t which);

/* Was any limit reached in this file? Only limits.c writes it; asked for each packet. */
extern bool ft_any_limit;

/* On the first pass: the limits that were reached since the last call are reached in this frame. */
void ft_limits_settle(uint32_t frame);
/* The first limit from `from` on that was reached in this frame; FT_LIMIT_COUNT: none. Next to nothing where no limit was reached. */
ft_limit_t ft_limits_in(uint32_t frame, ft_limit_t from);
/* What is to be said of a limit that was reached; lives as long as the scope. */
char *ft_limit_text(wmem_allocator_t *scope, ft_limit_t which);
/* What all limits that were reached are about, as a list; NULL: none was. To be freed with g_free(). */
char *ft_limits_reached(void);

/* Forgets the last file; called when a file is opened. */
void ft_limits_init(void);

#endif /* FT_LIMITS_H */
