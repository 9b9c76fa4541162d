/* nat_behavior.h
 * Several NAT probes of one socket, taken as one test of the NAT between it and the network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_NAT_BEHAVIOR_H
#define FT_NAT_BEHAVIOR_H

#include "flow/exchange.h"

/* What a test says: facetime.natprobe.outcome. */
typedef enum {
    FT_NAT_NO_ANSWER,
    FT_NAT_ONE_ANSWER,      /* only one host and port answered: nothing to compare */
    FT_NAT_SAME,            /* all that answered saw the same address and port */
    FT_NAT_DIFFERENT,
    FT_NAT_UNREADABLE       /* answers came, their form is not known */
} ft_nat_outcome_t;

/* How the NAT maps, in the words of RFC 4787, section 4.1: facetime.natprobe.mapping. */
typedef enum {
    FT_NAT_MAPPING_UNKNOWN,
    FT_NAT_MAPPING_NONE,                /* no translation: the mapped address and port are the device's own */
    FT_NAT_MAPPING_ENDPOINT_INDEPENDENT,
    FT_NAT_MAPPING_NOT_PORT,            /* one host, two ports, the same: endpoint-independent or address-dependent */
    FT_NAT_MAPPING_ADDRESS_OR_PORT,     /* two hosts differ: address-dependent, or address and port-dependent */
    FT_NAT_MAPPING_ADDRESS_AND_PORT,    /* two ports of one host differ */
    FT_NAT_MAPPING_CHANGED              /* the same host and port saw two mappings, one after the other */
} ft_nat_mapping_t;

/* An IPv4 address (as in the packet) and a port (in host order): what SNATMAP carries. */
typedef struct ft_nat_address {
    uint32_t ip;
    uint16_t port;
    bool known;
} ft_nat_address_t;

typedef struct ft_nat_behavior ft_nat_behavior_t;

/* One probe and its answers: the data of its exchange. File scope; written on the first pass only. */
typedef struct ft_nat_probe {
    ft_nat_behavior_t *test;            /* NULL where the limit of tests is reached */
    ft_nat_address_t own, mapped;   /* what the request, what the first answer says */
} ft_nat_probe_t;

/* Takes a probe into the test of its socket. First pass only. says: the address that it carries; known is false where its form is
 * not known. */
void ft_nat_behavior_add(const packet_info *pinfo, const ft_exchange_message_t *message, const ft_nat_address_t *says);

/* The test of a message, or NULL. */
const ft_nat_probe_t *ft_nat_probe_of(const ft_exchange_message_t *message);

uint32_t ft_nat_behavior_number(const ft_nat_behavior_t *test);
uint32_t ft_nat_behavior_first_frame(const ft_nat_behavior_t *test);
unsigned ft_nat_behavior_hosts(const ft_nat_behavior_t *test);
unsigned ft_nat_behavior_destinations(const ft_nat_behavior_t *test);
/* True once two hosts or ports have answered: then the outcome is known, if it does not change for the worse. */
bool ft_nat_behavior_is_complete(const ft_nat_behavior_t *test);
ft_nat_outcome_t ft_nat_behavior_outcome(const ft_nat_behavior_t *test);
ft_nat_mapping_t ft_nat_behavior_mapping(const ft_nat_behavior_t *test);

/* Forgets the last file's tests; called when a file is opened. */
void ft_nat_behavior_init(void);

#endif /* FT_NAT_BEHAVIOR_H */
