/* connection.c
 * The first packets of TCP connections, before anything says whose they are: SYN, its answers, and the segments of the hello or request that
 * names the server. Where DNS is encrypted, or was before the capture, the name comes only then.
 *
 * They are kept in a table of a fixed size, by both ports, so that a packet of another connection costs one comparison. Two connections at the same
 * place: the later one has it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/connection.h"
#include "names/names.h"

/* Connections that begin at about the same time; a power of two. 440 bytes each. */
#define MAX_CONNECTIONS 1024

/* RFC 9293, 3.1. */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* A connection. The addresses are copies in file scope. */
typedef struct connection {
    ft_endpoint_t client, server;
    unsigned count;                                     /* of packets; FT_FIRST_PACKETS: no more are taken */
    ft_first_packet_t packets[FT_FIRST_PACKETS];
} connection_t;

static uint32_t noted;                  /* frame of the latest packet that was kept */
static bool begun;                      /* the file has a SYN */
static connection_t connections[MAX_CONNECTIONS];
static bool is_open[MAX_CONNECTIONS];   /* there is one at this place, and packets of it are taken */

static inline unsigned
place_of(const packet_info *pinfo)
{
    return (pinfo->srcport ^ pinfo->destport) & (MAX_CONNECTIONS - 1);
}

static connection_t *
connection_at(const packet_info *pinfo)
{
    return &connections[place_of(pinfo)];
}

/* Is the packet of this connection? *from_client: who sent it. */
static bool
is_of(const connection_t *connection, const packet_info *pinfo, bool *from_client)
{
    *from_client = connection->client.port == pinfo->srcport && connection->server.port == pinfo->destport;
    if (*from_client)
        return addresses_equal(&pinfo->src, &connection->client.addr) && addresses_equal(&pinfo->dst, &connection->server.addr);
    return connection->client.port == pinfo->destport && connection->server.port == pinfo->srcport &&
           addresses_equal(&pinfo->dst, &connection->client.addr) && addresses_equal(&pinfo->src, &connection->server.addr);
}

/* Who sends a SYN has a new connection; the same SYN again is of the old one. This and the next one are not inlined: ft_connection_note() is called for
 * each packet, and most are of no connection that begins. */
static G_GNUC_NO_INLINE void
connection_begin(const packet_info *pinfo)
{
    connection_t *connection;
    bool from_client;

    begun = true;
    connection = connection_at(pinfo);
    if (connection->count > 0 && is_of(connection, pinfo, &from_client) && connection->count < FT_FIRST_PACKETS)
        return;
    if (connection->count > 0) {
        wmem_free(wmem_file_scope(), (void *)connection->client.addr.data);
        wmem_free(wmem_file_scope(), (void *)connection->server.addr.data);
    }
    ft_endpoint_copy(&connection->client, &pinfo->src, (uint16_t)pinfo->srcport);
    ft_endpoint_copy(&connection->server, &pinfo->dst, (uint16_t)pinfo->destport);
    connection->count = 0;
    is_open[place_of(pinfo)] = true;
}

static G_GNUC_NO_INLINE void
connection_take(const packet_info *pinfo)
{
    connection_t *connection = connection_at(pinfo);
    ft_first_packet_t *packet;
    bool from_client;

    if (!is_of(connection, pinfo, &from_client))
        return;
    noted = pinfo->num;
    packet = &connection->packets[connection->count++];
    packet->frame = pinfo->num;
    packet->bytes = ft_wire_bytes(pinfo);
    packet->when = *ft_frame_time(pinfo);
    packet->from_client = from_client;
    is_open[place_of(pinfo)] = connection->count < FT_FIRST_PACKETS;
}

void
ft_connection_note(const packet_info *pinfo, const ft_payload_t *payload)
{
    if (G_UNLIKELY((payload->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN))
        connection_begin(pinfo);
    if (is_open[place_of(pinfo)])
        connection_take(pinfo);
}

bool
ft_connection_noted(const packet_info *pinfo)
{
    return noted == pinfo->num;
}

unsigned
ft_connection_first(const packet_info *pinfo, const ft_first_packet_t **packets)
{
    const connection_t *connection = connection_at(pinfo);
    bool from_client;

    if (connection->count == 0 || !is_of(connection, pinfo, &from_client))
        return 0;
    *packets = connection->packets;
    return connection->count;
}

void
ft_connection_init(void)
{
    /* The addresses went with the last file. */
    if (begun) {
        memset(connections, 0, sizeof connections);
        memset(is_open, 0, sizeof is_open);
    }
    begun = false;
    noted = 0;
}
