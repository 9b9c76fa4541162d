/* web_links.c
 * The browsers that have opened a FaceTime link.
 *
 * A person without an Apple device joins a call in a browser, by a link to facetime.apple.com (since 2021). Its media is WebRTC's, which has
 * no sign of FaceTime: STUN, DTLS and SRTP with a host of Apple's (webrtchacks.com, June 2021). What tells it from others is that the browser has asked
 * for that page before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/web_links.h"

#include <math.h>

/* Clients that are remembered; the one that asked longest ago gives way. A household has few. */
#define MAX_CLIENTS 32

/* From the page to the media: a person waits to be let in, and may come back to a page that is open. */
#define WEB_LINK_SECONDS 3600

typedef struct client {
    uint8_t bytes[16];          /* of its address */
    int length;                 /* 4 or 16; 0: none */
    nstime_t when;              /* it asked last */
} client_t;

static client_t clients[MAX_CLIENTS];
static bool any;                /* avoids all work where nobody opened a link */

static client_t *
client_find(const address *addr)
{
    for (unsigned i = 0; i < MAX_CLIENTS; i++) {
        if (clients[i].length == addr->len && memcmp(clients[i].bytes, addr->data, (size_t)addr->len) == 0)
            return &clients[i];
    }
    return NULL;
}

/* A free place, or that of who asked longest ago. */
static client_t *
oldest_client(void)
{
    client_t *oldest = &clients[0];

    for (unsigned i = 0; i < MAX_CLIENTS && oldest->length; i++) {
        if (clients[i].length == 0 || nstime_cmp(&clients[i].when, &oldest->when) < 0)
            oldest = &clients[i];
    }
    return oldest;
}

void
ft_web_link_opened(const packet_info *pinfo)
{
    /* Servers have the lower port: 53 of a look-up, 443 of the page. */
    const address *addr = pinfo->destport < pinfo->srcport ? &pinfo->src : &pinfo->dst;
    client_t *client;

    if (addr->type != AT_IPv4 && addr->type != AT_IPv6)
        return;
    client = client_find(addr);
    if (!client)
        client = oldest_client();
    client->length = addr->len;
    memcpy(client->bytes, addr->data, (size_t)addr->len);
    client->when = *ft_frame_time(pinfo);
    any = true;
}

bool
ft_web_link_between(const packet_info *pinfo)
{
    bool from_apple;
    const client_t *client;

    if (!any)
        return false;
    from_apple = ft_is_apple(&pinfo->src);
    if (from_apple == ft_is_apple(&pinfo->dst))
        return false;
    client = client_find(from_apple ? &pinfo->dst : &pinfo->src);
    return client && fabs(ft_seconds(ft_frame_time(pinfo), &client->when)) <= WEB_LINK_SECONDS;
}

void
ft_web_links_init(void)
{
    memset(clients, 0, sizeof clients);
    any = false;
}
