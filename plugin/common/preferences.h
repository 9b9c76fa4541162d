/* preferences.h
 * The preferences: the confidence from which a flow is shown as FaceTime, and FaceTime's ports.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PREFERENCES_H
#define FT_PREFERENCES_H

#include "packet-facetime.h"

#include "common/ws_compat.h"

/* Apple's published ports (support.apple.com 102266, "TCP and UDP ports used by Apple software products"):
 * UDP 3478-3497, 16384-16387 and 16393-16402; 16403 was seen with iChat. Default values of the preferences. */
#define FT_RELAY_PORTS "3478-3497"
#define FT_MEDIA_PORTS "16384-16403"

/* The ranges live as long as Wireshark keeps them; read only. */
extern range_t *ft_pref_relay_ports;
extern range_t *ft_pref_media_ports;
extern int ft_pref_confidence;          /* an ft_confidence_t: a flow with this confidence is shown as FaceTime */

/* How tshark prints the tables. */
enum { FT_TABLES_TEXT, FT_TABLES_JSON };
extern int ft_pref_tables;

void ft_preferences_register(void);
/* Reads the ports from the preferences into a table, and adds ft_port_handle to the table "udp.port" for them (if it was made). */
void ft_ports_take(void);
/* What a port is, by the preferences. */
#define FT_RELAY_PORT 1
#define FT_MEDIA_PORT 2
/* Of each port, a mask of those. Only preferences.c writes it; asked for each packet. */
extern uint8_t ft_ports[UINT16_MAX + 1];

static inline bool
ft_is_relay_port(uint32_t port)
{
    return port <= UINT16_MAX && (ft_ports[port] & FT_RELAY_PORT);
}

static inline bool
ft_is_media_port(uint32_t port)
{
    return port <= UINT16_MAX && (ft_ports[port] & FT_MEDIA_PORT);
}

/* One of both. */
static inline bool
ft_is_own_port(uint32_t port)
{
    return port <= UINT16_MAX && ft_ports[port];
}

/* True for a relay port whose datagrams Wireshark gives to another dissector (3478: STUN). */
bool ft_is_owned_port(uint32_t port);

#endif /* FT_PREFERENCES_H */
