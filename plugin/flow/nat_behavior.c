/* nat_behavior.c
 * Several NAT probes of one socket, taken as one test.
 *
 * FaceTime of 2010 asks two of Apple's hosts with neighbouring addresses on up to three ports. If two of them see the device
 * behind the same address and port, its NAT keeps one mapping for all, and a peer can reach the device through it.
 *
 * Probes belong to one test by these conditions:
 *
 *  1. The same local address and port: a mapping can be compared for one socket only (RFC 4787, section 4.1).
 *  2. No pause of more than FT_NAT_BEHAVIOR_SECONDS: a later call from the same port is another test.
 *
 * Not asked for: neighbouring addresses. Two hosts far apart say as much about the NAT.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "flow/flow.h"

/* Longer than a few repetitions of a probe; shorter than the time between two calls. Not from a source. */
#define FT_NAT_BEHAVIOR_SECONDS 10

/* Two hosts with three ports each were described; further ones count for nothing. */
#define FT_NAT_BEHAVIOR_DESTINATIONS 8

/* A host and port that was asked. File scope. */
typedef struct nat_destination {
    ft_endpoint_t at;
    bool answered;
    ft_nat_address_t mapped;    /* what its first answer says, if that can be read */
} nat_destination_t;

/* File scope; written on the first pass only. */
struct ft_nat_behavior {
    ft_endpoint_t local;        /* the socket */
    uint32_t number;            /* from 1, in the order of the capture */
    uint32_t first_frame;
    nstime_t last_time;         /* absolute, of the latest probe or answer */
    unsigned n_destinations, n_hosts;
    nat_destination_t destinations[FT_NAT_BEHAVIOR_DESTINATIONS];
    ft_nat_address_t own;       /* what the first request says */
    bool changed;               /* one destination saw two mappings */
};

static wmem_map_t *tests;       /* ft_endpoint_t (local) -> latest ft_nat_behavior_t; file scope */
static uint32_t n_tests;

static ft_nat_behavior_t *
test_get(const packet_info *pinfo, const address *addr, uint16_t port)
{
    ft_endpoint_t at = { .addr = *addr, .port = port };
    ft_nat_behavior_t *test = (ft_nat_behavior_t *)wmem_map_lookup(tests, &at);
    nstime_t age;

    if (test) {
        nstime_delta(&age, ft_frame_time(pinfo), &test->last_time);
        if (nstime_to_sec(&age) <= FT_NAT_BEHAVIOR_SECONDS) {
            test->last_time = *ft_frame_time(pinfo);
            return test;
        }
    }
    if (!ft_limit_take(FT_LIMIT_NAT_TESTS, &pinfo->abs_ts))
        return NULL;
    test = wmem_new0(wmem_file_scope(), ft_nat_behavior_t);
    ft_endpoint_copy(&test->local, addr, port);
    test->number = ++n_tests;
    test->first_frame = pinfo->num;
    test->last_time = *ft_frame_time(pinfo);
    wmem_map_insert(tests, &test->local, test);
    return test;
}

/* The destination in the test, added if it is not there. NULL: there are too many. */
static nat_destination_t *
test_destination(ft_nat_behavior_t *test, const address *addr, uint16_t port)
{
    nat_destination_t *destination;
    bool new_host = true;

    for (unsigned i = 0; i < test->n_destinations; i++) {
        destination = &test->destinations[i];
        if (!addresses_equal(&destination->at.addr, addr))
            continue;
        if (destination->at.port == port)
            return destination;
        new_host = false;
    }
    if (test->n_destinations == FT_NAT_BEHAVIOR_DESTINATIONS)
        return NULL;
    destination = &test->destinations[test->n_destinations++];
    ft_endpoint_copy(&destination->at, addr, port);
    test->n_hosts += new_host ? 1 : 0;
    return destination;
}

static bool
same_address(const ft_nat_address_t *a, const ft_nat_address_t *b)
{
    return a->ip == b->ip && a->port == b->port;
}

void
ft_nat_behavior_add(const packet_info *pinfo, const ft_exchange_message_t *message, const ft_nat_address_t *says)
{
    bool answer;
    const address *local, *remote;
    uint16_t local_port, remote_port;
    nat_destination_t *destination;
    ft_nat_probe_t *probe;

    if (!message || PINFO_FD_VISITED(pinfo))
        return;
    answer = message->is_answer;
    local = answer ? &pinfo->dst : &pinfo->src;
    remote = answer ? &pinfo->src : &pinfo->dst;
    local_port = (uint16_t)(answer ? pinfo->destport : pinfo->srcport);
    remote_port = (uint16_t)(answer ? pinfo->srcport : pinfo->destport);
    probe = (ft_nat_probe_t *)message->exchange->data;
    if (!probe) {
        probe = wmem_new0(wmem_file_scope(), ft_nat_probe_t);
        probe->test = test_get(pinfo, local, local_port);
        message->exchange->data = probe;
    }
    if (!answer && !probe->own.known)
        probe->own = *says;
    if (answer && !probe->mapped.known)
        probe->mapped = *says;
    if (!probe->test)
        return;
    probe->test->last_time = *ft_frame_time(pinfo);
    if (!answer && !probe->test->own.known)
        probe->test->own = *says;
    destination = test_destination(probe->test, remote, remote_port);
    if (!answer || !destination)
        return;
    destination->answered = true;
    if (!says->known)
        return;
    if (!destination->mapped.known)
        destination->mapped = *says;
    else if (!same_address(&destination->mapped, says))
        probe->test->changed = true;
}

const ft_nat_probe_t *
ft_nat_probe_of(const ft_exchange_message_t *message)
{
    return message ? (const ft_nat_probe_t *)message->exchange->data : NULL;
}

uint32_t
ft_nat_behavior_number(const ft_nat_behavior_t *test)
{
    return test->number;
}

uint32_t
ft_nat_behavior_first_frame(const ft_nat_behavior_t *test)
{
    return test->first_frame;
}

unsigned
ft_nat_behavior_hosts(const ft_nat_behavior_t *test)
{
    return test->n_hosts;
}

unsigned
ft_nat_behavior_destinations(const ft_nat_behavior_t *test)
{
    return test->n_destinations;
}

/* Of the destinations that saw a mapping: how many they are, and whether two hosts or two ports of one host differ. */
static unsigned
test_compare(const ft_nat_behavior_t *test, bool *two_hosts, bool *hosts_differ, bool *ports_differ)
{
    unsigned n = 0;

    *two_hosts = *hosts_differ = *ports_differ = false;
    for (unsigned i = 0; i < test->n_destinations; i++) {
        const nat_destination_t *a = &test->destinations[i];

        if (!a->mapped.known)
            continue;
        n++;
        for (unsigned j = 0; j < i; j++) {
            const nat_destination_t *b = &test->destinations[j];
            bool same_host = addresses_equal(&a->at.addr, &b->at.addr);

            if (!b->mapped.known)
                continue;
            *two_hosts |= !same_host;
            if (same_address(&a->mapped, &b->mapped))
                continue;
            if (same_host)
                *ports_differ = true;
            else
                *hosts_differ = true;
        }
    }
    return n;
}

bool
ft_nat_behavior_is_complete(const ft_nat_behavior_t *test)
{
    bool two_hosts, hosts_differ, ports_differ;

    return test_compare(test, &two_hosts, &hosts_differ, &ports_differ) >= 2;
}

ft_nat_outcome_t
ft_nat_behavior_outcome(const ft_nat_behavior_t *test)
{
    bool two_hosts, hosts_differ, ports_differ;
    unsigned readable = test_compare(test, &two_hosts, &hosts_differ, &ports_differ), answered = 0;

    for (unsigned i = 0; i < test->n_destinations; i++)
        answered += test->destinations[i].answered ? 1 : 0;
    if (hosts_differ || ports_differ || test->changed)
        return FT_NAT_DIFFERENT;
    if (readable >= 2)
        return FT_NAT_SAME;
    if (answered == 0)
        return FT_NAT_NO_ANSWER;
    return readable == 1 || answered == 1 ? FT_NAT_ONE_ANSWER : FT_NAT_UNREADABLE;
}

ft_nat_mapping_t
ft_nat_behavior_mapping(const ft_nat_behavior_t *test)
{
    bool two_hosts, hosts_differ, ports_differ;
    unsigned readable = test_compare(test, &two_hosts, &hosts_differ, &ports_differ);

    if (test->changed)
        return FT_NAT_MAPPING_CHANGED;
    if (ports_differ)
        return FT_NAT_MAPPING_ADDRESS_AND_PORT;
    if (hosts_differ)
        return FT_NAT_MAPPING_ADDRESS_OR_PORT;
    if (readable < 2)
        return FT_NAT_MAPPING_UNKNOWN;
    for (unsigned i = 0; i < test->n_destinations; i++) {
        const nat_destination_t *destination = &test->destinations[i];

        if (destination->mapped.known && test->own.known && same_address(&destination->mapped, &test->own))
            return FT_NAT_MAPPING_NONE;
    }
    return two_hosts ? FT_NAT_MAPPING_ENDPOINT_INDEPENDENT : FT_NAT_MAPPING_NOT_PORT;
}

void
ft_nat_behavior_init(void)
{
    tests = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    n_tests = 0;
}
