/* parties.c
 * Who is at the far end of a packet of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "parties.h"

/* In the number of a mention, beside an ft_kind_t: it is of an errand, of the device's side. */
#define FT_MENTION_ERRAND   0x100u
#define FT_MENTION_DEVICE   0x200u
#define FT_MENTION_KIND     0x0ffu

static const char *
datagram_role(const ft_brought_t *what, const ft_endpoint_t *remote)
{
    if (what->kind == FT_KIND_NAT_PROBE)
        return "NAT probe";
    if (!ft_is_apple(&remote->addr))
        return what->flow->kinds & (1u << FT_KIND_RELAY) ? "relay" : "peer";
    if (what->flow->kinds & ((1u << FT_KIND_RELAY) | (1u << FT_KIND_QUIC) | (1u << FT_KIND_LINK_PROBE)))
        return "relay";
    return what->flow->kinds & (1u << FT_KIND_STUN) ? "STUN server" : "Apple";
}

ft_party_t
ft_party_remote(const ft_brought_t *what)
{
    ft_party_t party = { .role = "unknown" };

    if (what->errand) {
        party.at = &what->errand->server;
        party.name = what->errand->name;
        party.role = what->errand->phase == FT_PHASE_LOOKUP && what->errand->role == FT_ROLE_NONE ? "resolver" :
                     val_to_str_const(what->errand->role, ft_role_vals, "server");
    } else if (what->flow) {
        party.at = ft_flow_remote(what->flow);
        party.role = datagram_role(what, party.at);
    }
    if (party.at && !party.name)
        ft_host_of_address(&party.at->addr, &party.name);
    return party;
}

ft_party_t
ft_party_device(const ft_brought_t *what)
{
    ft_party_t party = { .role = "device" };

    party.at = what->errand ? &what->errand->device : what->flow ? ft_flow_device(what->flow) : NULL;
    return party;
}

ft_mention_t
ft_party_mention(const ft_brought_t *what, bool remote)
{
    ft_mention_t mention = { .when = what->first_time, .number = what->kind };

    mention.of = what->errand ? (const void *)what->errand : what->flow;
    mention.number |= (what->errand ? FT_MENTION_ERRAND : 0) | (remote ? 0 : FT_MENTION_DEVICE);
    return mention;
}

ft_party_t
ft_party_mentioned(const ft_mention_t *mention)
{
    ft_brought_t what = { .kind = (ft_kind_t)(mention->number & FT_MENTION_KIND) };

    if (mention->number & FT_MENTION_ERRAND)
        what.errand = (const ft_errand_t *)mention->of;
    else
        what.flow = (const ft_flow_t *)mention->of;
    return mention->number & FT_MENTION_DEVICE ? ft_party_device(&what) : ft_party_remote(&what);
}

bool
ft_party_same_mention(const ft_mention_t *a, const ft_mention_t *b)
{
    if ((a->number | b->number) & FT_MENTION_DEVICE)
        return a->number & b->number & FT_MENTION_DEVICE;
    if (a->number & b->number & FT_MENTION_ERRAND)
        return strcmp(ft_party_mentioned(a).role, ft_party_mentioned(b).role) == 0;
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
ft_party_protocol(const ft_brought_t *what)
{
    if (what->errand)
        return what->errand->protocol;
    return val_to_str_const(what->kind, protocols, "UDP");
}
