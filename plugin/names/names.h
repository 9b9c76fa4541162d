/* names.h
 * Floor 4, names: what packets of other protocols say of hosts before anything is encrypted (DNS, HTTP requests, TLS hellos and
 * certificates), and which conversations are with FaceTime's servers (services). This header is the floor's door.
 *
 * It knows bytes and conversations. It does not know FaceTime's flows, datagrams and calls. The floors push, call and show and the entry call
 * it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_NAMES_H
#define FT_NAMES_H

#include "common/common.h"

#include "names/web_links.h"

/* What a host is for: facetime.host.role. */
typedef enum {
    FT_ROLE_NONE,
    FT_ROLE_BAG,                /* the configuration: URLs, ports, switches */
    FT_ROLE_CERTIFICATE,
    FT_ROLE_REGISTRATION,
    FT_ROLE_REVOCATION,
    FT_ROLE_RELAY_ALLOCATION,
    FT_ROLE_PUSH,
    FT_ROLE_CONNECTIVITY,       /* is there a network? */
    FT_ROLE_IDENTITY,           /* who can be reached, with which keys */
    FT_ROLE_NAT_PROBE,
    FT_ROLE_LINK,               /* FaceTime links in browsers */
    FT_ROLE_RELAY,              /* the relay over TCP: the hello has a session's token */
    FT_ROLE_DEVICE              /* seen around calls, but not because of them */
} ft_role_t;

#define FT_PORT_DNS  53
/* Apple's documentation: 5223 is the push, and nothing else of Apple's. */
#define FT_PORT_PUSH 5223

/* A line of the table of hosts. Constant. */
typedef struct ft_host {
    const char *pattern;        /* a name, or "*." and a suffix, or "*-" and a name with a number before it */
    const char *path;           /* only for HTTP requests of this path; NULL: for all */
    ft_role_t role;
    const char *source;
} ft_host_t;

/* Why a conversation is push, as a mask of FT_APNS_BY(); also apns.evidence. */
typedef enum {
    FT_APNS_CERTIFICATE,        /* the server's certificate is for *.push.apple.com */
    FT_APNS_SERVER_NAME,        /* the client asks for such a host */
    FT_APNS_ALPN,               /* the application protocol is apns-... */
    FT_APNS_NETWORK,            /* TCP 5223 of a host in Apple's networks: a session that was open before the capture began.
                                 * Alone it shows no item "apns"; it is here for the call that such a session belongs to. */
    FT_APNS_FRAMES,             /* decrypted: frames of the push protocol */
    FT_APNS_EVIDENCE_COUNT
} ft_apns_evidence_t;

#define FT_APNS_BY(evidence) (1u << (evidence))

/* A TCP or UDP conversation with a host of the table. File scope; written on the first pass only. */
typedef struct ft_service {
    ft_role_t role;             /* FT_ROLE_PUSH, FT_ROLE_CERTIFICATE, ...: the first one that was shown */
    const ft_host_t *host;      /* NULL: it is known by its address or its protocol only */
    const char *name;           /* of the host as it was shown; NULL where it was not */
    uint32_t first_frame;       /* that showed it; earlier packets of the conversation belong to it, too */
    uint32_t evidence;          /* FT_APNS_BY() bits; 0 where it is not push */
    bool packed;                /* push: the application protocol is the packed one */
    char protocol[32];          /* push: the application protocol that the server chose, or the only one that the client offers; empty: not known */
} ft_service_t;

/* Packets of a TCP connection that are kept, from its SYN on: the handshake of TCP and a hello of up to five segments. */
#define FT_FIRST_PACKETS 8

/* One of them. File scope. */
typedef struct ft_first_packet {
    uint32_t frame;
    uint32_t bytes;             /* on the wire */
    nstime_t when;              /* absolute */
    bool from_client;           /* who sent the SYN sent it */
} ft_first_packet_t;

/* Texts of ft_role_t; constant. */
extern const value_string ft_role_vals[];

/* The service that the packet's TCP or UDP conversation is with; NULL: none that is known. On the first pass from the packet
 * on that shows it, later from the first packet on. Cheap for packets of other conversations. */
const ft_service_t *ft_service_of(packet_info *pinfo);
/* The same for push, made if there is none (first pass) and given one more reason. NULL where the limit is reached. */
const ft_service_t *ft_service_push(packet_info *pinfo, ft_apns_evidence_t why);
/* False: the capture has shown no host and no service of FaceTime so far, as most captures. Only names.c writes it; asked for each packet. */
extern bool ft_names_known;
/* The line of the host to which a DNS answer of this capture gave the address; NULL: none so far. *name gets the name that was asked
 * for, in file scope; it may be NULL. */
const ft_host_t *ft_host_of_address(const address *addr, const char **name);
/* The line of the first host that the packet at hand names (DNS, HTTP, TLS); NULL if it names none of FaceTime's. First pass only. */
const ft_host_t *ft_host_at_hand(void);

/* connection.c: the first packets of the TCP connection of the packet at hand, itself included; 0: they were not captured, or are not kept any
 * more. Valid until the next packet. First pass only. */
unsigned ft_connection_first(const packet_info *pinfo, const ft_first_packet_t **packets);
/* True if a packet of the frame at hand was kept as one of those. First pass only. */
bool ft_connection_noted(const packet_info *pinfo);

void ft_names_register(void);
/* Reads the names in the packet at hand. Called for every packet of the first pass by the post-dissector, before the service flows. */
void ft_names_collect(tvbuff_t *frame, packet_info *pinfo);
/* Shows the hosts that the frame names. tree: NULL where nobody looks. */
void ft_names_show(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree);
/* Forgets the last file; called when a file is opened. */
void ft_names_init(void);

#endif /* FT_NAMES_H */
