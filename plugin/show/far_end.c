/* far_end.c
 * Who is at the far end of a packet of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/far_end.h"

/* In ft_first_seen_t.number, beside an ft_kind_t: of a service flow; of the device's side. */
#define FT_FIRST_SEEN_SERVICE   0x100u
#define FT_FIRST_SEEN_DEVICE   0x200u
#define FT_FIRST_SEEN_B        0x400u /* side b of a flow */
#define FT_FIRST_SEEN_KIND     0x0ffu

static const char *
datagram_role(const ft_call_packets_t *what, const ft_endpoint_t *remote)
{
    if (what->kind == FT_KIND_NAT_PROBE)
        return "NAT probe";
    if (!ft_is_apple(&remote->addr))
        return what->flow->kinds & (1u << FT_KIND_RELAY) ? "relay" : "peer";
    /* Apple's relays of 2010 are TURN servers. */
    if (what->flow->inside_turn || what->flow->kinds & ((1u << FT_KIND_RELAY) | (1u << FT_KIND_QUIC) | (1u << FT_KIND_WEB) | (1u << FT_KIND_LINK_PROBE)))
        return "relay";
    return what->flow->kinds & (1u << FT_KIND_STUN) ? "STUN server" : "Apple";
}

ft_far_end_t
ft_far_end_of(const ft_call_packets_t *what)
{
    ft_far_end_t far_end = { .role = "unknown" };

    if (what->service) {
        far_end.at = &what->service->server;
        far_end.name = what->service->name;
        far_end.role = what->service->phase == FT_PHASE_LOOKUP && what->service->role == FT_ROLE_NONE ? "resolver" :
                     val_to_str_const(what->service->role, ft_role_vals, "server");
    } else if (what->flow) {
        far_end.at = ft_flow_remote(what->flow);
        far_end.role = datagram_role(what, far_end.at);
    }
    if (far_end.at && !far_end.name)
        ft_host_of_address(&far_end.at->addr, &far_end.name);
    return far_end;
}

ft_far_end_t
ft_far_end_device(const ft_call_packets_t *what)
{
    ft_far_end_t far_end = { .role = "device" };

    far_end.at = what->service ? &what->service->device : what->flow ? ft_flow_device(what->flow) : NULL;
    return far_end;
}

ft_first_seen_t
ft_far_end_note(const ft_call_packets_t *what, bool remote)
{
    ft_first_seen_t first = { .when = what->first_time, .number = what->kind };

    first.of = what->service ? (const void *)what->service : what->flow;
    first.number |= (what->service ? FT_FIRST_SEEN_SERVICE : 0) | (remote ? 0 : FT_FIRST_SEEN_DEVICE);
    if (what->flow && (remote ? ft_flow_remote(what->flow) : ft_flow_device(what->flow)) == &what->flow->b)
        first.number |= FT_FIRST_SEEN_B;
    return first;
}

ft_far_end_t
ft_far_end_noted(const ft_first_seen_t *first)
{
    ft_call_packets_t what = { .kind = (ft_kind_t)(first->number & FT_FIRST_SEEN_KIND) };

    if (first->number & FT_FIRST_SEEN_SERVICE)
        what.service = (const ft_service_flow_t *)first->of;
    else
        what.flow = (const ft_flow_t *)first->of;
    return first->number & FT_FIRST_SEEN_DEVICE ? ft_far_end_device(&what) : ft_far_end_of(&what);
}

ft_far_end_t
ft_far_end_noted_end(const ft_first_seen_t *first)
{
    ft_first_seen_t now = *first;
    const ft_flow_t *flow = (const ft_flow_t *)first->of;

    if (!(first->number & FT_FIRST_SEEN_SERVICE) && flow) {
        now.number &= ~FT_FIRST_SEEN_DEVICE;
        if (ft_flow_device(flow) == (first->number & FT_FIRST_SEEN_B ? &flow->b : &flow->a))
            now.number |= FT_FIRST_SEEN_DEVICE;
    }
    return ft_far_end_noted(&now);
}

bool
ft_far_end_same(const ft_first_seen_t *a, const ft_first_seen_t *b)
{
    if ((a->number | b->number) & FT_FIRST_SEEN_DEVICE)
        return a->number & b->number & FT_FIRST_SEEN_DEVICE;
    if (a->number & b->number & FT_FIRST_SEEN_SERVICE)
        return strcmp(ft_far_end_noted(a).role, ft_far_end_noted(b).role) == 0;
    return a->of == b->of && (a->number == FT_KIND_NAT_PROBE) == (b->number == FT_KIND_NAT_PROBE);
}

/* IANA's special-purpose registries (RFC 6890 and updates), as far as a capture of a call may hold them. */
static bool
in_network(const address *addr, uint32_t network, unsigned bits)
{
    const uint8_t *b = (const uint8_t *)addr->data;
    uint32_t ip = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

    return (ip ^ network) >> (32 - bits) == 0;
}

const char *
ft_network_name(const address *addr)
{
    const uint8_t *b = (const uint8_t *)addr->data;

    if (ft_is_apple(addr))
        return "Apple";
    if (addr->type == AT_IPv6) {
        if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
            return "link-local";                    /* RFC 4291 */
        if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8)
            return "documentation";                 /* RFC 3849 */
        return ft_is_private(addr) ? "private" : "-";
    }
    if (addr->type != AT_IPv4)
        return "-";
    if (in_network(addr, 0x64400000u, 10))
        return "shared (carrier's NAT)";            /* RFC 6598 */
    if (ft_is_private(addr))
        return "private";
    if (in_network(addr, 0xc0000000u, 24))
        return "IETF protocols";                    /* RFC 6890; 192.0.0.1 is the near end of 464XLAT, RFC 7335 */
    if (in_network(addr, 0xa9fe0000u, 16))
        return "link-local";                        /* RFC 3927 */
    if (in_network(addr, 0xc0000200u, 24) || in_network(addr, 0xc6336400u, 24) || in_network(addr, 0xcb007100u, 24))
        return "documentation";                     /* RFC 5737 */
    return "-";
}

static const value_string protocols[] = {
    { FT_KIND_UNKNOWN, "UDP" },
    FT_WIRE_FORMATS(FT_FORMAT_PROTOCOL)
    [FT_KIND_COUNT] = { FT_KIND_COUNT, "ICMP" },
    { 0, NULL }
};

const char *
ft_far_end_protocol(const ft_call_packets_t *what)
{
    if (what->service)
        return what->service->protocol;
    return val_to_str_const(what->kind, protocols, "UDP");
}
