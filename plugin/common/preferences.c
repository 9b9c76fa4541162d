/* preferences.c
 * The preferences, and the ports that they name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/preferences.h"

#include "common/ids.h"

range_t *ft_pref_relay_ports;
range_t *ft_pref_media_ports;
int ft_pref_confidence = FT_CONFIDENCE_MEDIUM;
int ft_pref_tables = FT_TABLES_TEXT;

uint8_t ft_ports[UINT16_MAX + 1];

static dissector_table_t udp_ports;

static void
take_port(uint32_t port, void *kind)
{
    ft_ports[port] |= (uint8_t)GPOINTER_TO_UINT(kind);
}

/* Adds a port to the table "udp.port", or removes it. A port of another dissector stays as it is (3478 is STUN's). */
static void
add_port(uint32_t port, void *add)
{
    dissector_handle_t owner = dissector_get_default_uint_handle("udp.port", port);

    if (owner && owner != ft_port_handle)
        return;
    if (add)
        dissector_add_uint("udp.port", port, ft_port_handle);
    else
        dissector_delete_uint("udp.port", port, ft_port_handle);
}

/* Also the callback of the preferences: Wireshark dissects the file again after it. */
void
ft_ports_take(void)
{
    static range_t *relay, *media;

    memset(ft_ports, 0, sizeof ft_ports);
    range_foreach(ft_pref_relay_ports, take_port, GUINT_TO_POINTER(FT_RELAY_PORT));
    range_foreach(ft_pref_media_ports, take_port, GUINT_TO_POINTER(FT_MEDIA_PORT));
    if (!ft_port_handle)
        return;
    udp_ports = find_dissector_table("udp.port");
    range_foreach(relay, add_port, NULL);
    range_foreach(media, add_port, NULL);
    relay = range_copy(wmem_epan_scope(), ft_pref_relay_ports);
    media = range_copy(wmem_epan_scope(), ft_pref_media_ports);
    range_foreach(relay, add_port, GINT_TO_POINTER(true));
    range_foreach(media, add_port, GINT_TO_POINTER(true));
}

bool
ft_is_owned_port(uint32_t port)
{
    dissector_handle_t owner;

    if (!ft_is_relay_port(port))
        return false;
    owner = dissector_get_uint_handle(udp_ports, port);
    return owner && owner != ft_port_handle;
}

void
ft_preferences_register(void)
{
    static const enum_val_t confidences[] = {
        { "low", "Low: any STUN, RTP or QUIC on FaceTime's ports", FT_CONFIDENCE_LOW },
        { "medium", "Medium: also what only its surroundings make FaceTime", FT_CONFIDENCE_MEDIUM },
        { "high", "High: only what nothing but FaceTime sends", FT_CONFIDENCE_HIGH },
        { NULL, NULL, 0 }
    };
    static const enum_val_t tables[] = {
        { "text", "Text: lines with aligned columns", FT_TABLES_TEXT },
        { "json", "JSON: one object for each table, on one line", FT_TABLES_JSON },
        { NULL, NULL, 0 }
    };
    module_t *module = prefs_register_protocol(proto_facetime, ft_ports_take);

    prefs_register_enum_preference(module, "confidence", "Show as FaceTime from",
        "How sure the evidence must be before a UDP flow is shown as FaceTime. "
        "Low takes calls of other programs on the same ports for FaceTime.",
        &ft_pref_confidence, confidences, FALSE);
    range_convert_str(wmem_epan_scope(), &ft_pref_relay_ports, FT_RELAY_PORTS, UINT16_MAX);
    prefs_register_range_preference(module, "relay.ports", "Relay UDP ports",
        "Server ports of the relay and of STUN. QUIC to these ports at an Apple address is taken for FaceTime.",
        &ft_pref_relay_ports, UINT16_MAX);
    range_convert_str(wmem_epan_scope(), &ft_pref_media_ports, FT_MEDIA_PORTS, UINT16_MAX);
    prefs_register_range_preference(module, "media.ports", "Device UDP ports",
        "Ports that the device uses for a call. They make weak evidence stronger, and never make a call alone.",
        &ft_pref_media_ports, UINT16_MAX);
    prefs_register_enum_preference(module, "tables", "Tables in a terminal",
        "How tshark prints the tables of -z facetime,... "
        "Text is for people. JSON is for programs: numbers are numbers, and what is not known is null.",
        &ft_pref_tables, tables, FALSE);
}
