/* names.c
 * Host names in DNS, HTTP requests, TLS hellos and certificates, and the services that they show. The post-dissector calls this file for
 * every packet.
 *
 * The names are read from the packet's bytes (handshake.c, dns.c, http.c, tls.c), not from the fields of Wireshark's dissectors. A
 * post-dissector can ask for fields, but then Wireshark builds a tree for each packet of the file: 22 % more work for tshark on a capture
 * without FaceTime (measured on 4.0 with callgrind), for some dozen names. Therefore names inside QUIC, in DNS over TCP and in certificates
 * of TLS 1.3 are not read. In all known captures FaceTime's servers show their names in one of the places that are read.
 *
 * Read on the first pass, kept in file scope by frame and by conversation, shown from there on every pass.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/connection.h"
#include "names/handshake.h"
#include "names/hosts.h"
#include "names/names.h"
#include "names/web_links.h"

/* RFC 7301 registers none of them; read on the wire and in public code: apns-security-v2, apns-security-v3,
 * apns-pack-v1:4096:4096 (the sizes of both sides' tables). */
#define FT_ALPN_PREFIX  "apns-"
#define FT_ALPN_PACKED  "apns-pack-v1"

static int proto_host = -1;              /* in name only: the line of a host is no part of another protocol in JSON and PDML */
static int hf_host_name = -1;
static int hf_host_role = -1;
static int hf_host_source = -1;
static int ett_host = -1;

/* A name that a frame shows. File scope. */
typedef struct ft_named {
    const char *name;           /* as it was shown */
    const ft_host_t *host;
    struct ft_named *next;      /* another one of the same frame */
} ft_named_t;

/* An address that DNS gave a name of the table. File scope. */
typedef struct ft_addressed {
    ft_endpoint_t at;           /* port 0 */
    char *name;
    const ft_host_t *host;
} ft_addressed_t;

static wmem_map_t *addresses;   /* ft_endpoint_t with port 0 -> ft_addressed_t; file scope */
static ft_marks_t address_marks; /* those in it, with port 0 */
static wmem_map_t *named;       /* frame number -> ft_named_t; file scope */
static wmem_map_t *services;    /* index of a conversation + 1 -> ft_service_t; file scope */
static ft_marks_t pair_marks;   /* both ends of each conversation with a service, with the sum of their ports; saves look-ups */
static const ft_host_t *host_at_hand; /* the first one that the packet at hand names */
bool ft_names_known;

/* ---- Conversations ------------------------------------------------------------------------- */

/* The conversation of this 5-tuple: one that SDP made for media has only one end. */
static conversation_t *
service_conversation(packet_info *pinfo)
{
    conversation_t *conversation = ft_conversation_at_hand(pinfo, false);

    return conversation && !(conversation->options & (NO_ADDR2 | NO_PORT2 | NO_PORT2_FORCE)) ? conversation : NULL;
}

static ft_service_t *
service_find(packet_info *pinfo)
{
    conversation_t *conversation;

    if ((pinfo->ptype != PT_TCP && pinfo->ptype != PT_UDP) || pinfo->flags.in_error_pkt || wmem_map_size(services) == 0 ||
        !ft_marks_may_have(&pair_marks, &pinfo->src, pinfo->srcport + pinfo->destport) ||
        !ft_marks_may_have(&pair_marks, &pinfo->dst, pinfo->srcport + pinfo->destport))
        return NULL;
    conversation = service_conversation(pinfo);
    return conversation ? (ft_service_t *)wmem_map_lookup(services, GUINT_TO_POINTER(conversation->conv_index + 1)) : NULL;
}

const ft_service_t *
ft_service_of(packet_info *pinfo)
{
    return service_find(pinfo);
}

/* The conversation's service, made if there is none. First pass only. host may be NULL, name as well. */
static ft_service_t *
service_get(packet_info *pinfo, ft_role_t role, const ft_host_t *host, const char *name)
{
    ft_service_t *service = service_find(pinfo);
    conversation_t *conversation;

    if (!service) {
        conversation = service_conversation(pinfo);
        if (!conversation || !ft_limit_take(FT_LIMIT_SERVICES, &pinfo->abs_ts))
            return NULL;
        service = wmem_new0(wmem_file_scope(), ft_service_t);
        service->role = role;
        service->first_frame = pinfo->num;
        ft_names_known = true;
        wmem_map_insert(services, GUINT_TO_POINTER(conversation->conv_index + 1), service);
        ft_marks_add(&pair_marks, &pinfo->src, pinfo->srcport + pinfo->destport);
        ft_marks_add(&pair_marks, &pinfo->dst, pinfo->srcport + pinfo->destport);
    }
    /* A push service stays one: a courier's certificate may also hold names of other roles. */
    if (role == FT_ROLE_PUSH && service->role != FT_ROLE_PUSH) {
        service->role = role;
        service->host = NULL;
    }
    if (host && !service->host && service->role == host->role) {
        service->host = host;
        service->name = wmem_strdup(wmem_file_scope(), name);
    }
    return service;
}

const ft_service_t *
ft_service_push(packet_info *pinfo, ft_apns_evidence_t why)
{
    ft_service_t *service;

    if (PINFO_FD_VISITED(pinfo))
        return service_find(pinfo);
    service = service_get(pinfo, FT_ROLE_PUSH, NULL, NULL);
    if (service)
        service->evidence |= FT_APNS_BY(why);
    return service;
}

/* ---- Names ----------------------------------------------------------------------------------- */

const ft_host_t *
ft_host_at_hand(void)
{
    return host_at_hand;
}

/* Keeps a name of the frame if it is one of FaceTime's hosts. Each host once per frame: a certificate repeats names. */
static const ft_host_t *
name_take(packet_info *pinfo, const char *name, const char *path)
{
    const ft_host_t *host = name ? ft_host_find(name, path) : NULL;
    ft_named_t *first, *one;

    if (!host)
        return NULL;
    if (!host_at_hand)
        host_at_hand = host;
    if (host->role == FT_ROLE_LINK)
        ft_web_link_opened(pinfo);
    first = (ft_named_t *)wmem_map_lookup(named, GUINT_TO_POINTER(pinfo->num));
    for (one = first; one; one = one->next) {
        if (one->host == host)
            return host;
    }
    if (!ft_limit_take(FT_LIMIT_NAMES, &pinfo->abs_ts))
        return host;
    one = wmem_new(wmem_file_scope(), ft_named_t);
    one->name = wmem_strdup(wmem_file_scope(), name);
    one->host = host;
    one->next = NULL;
    if (first) {
        one->next = first->next;
        first->next = one;
    } else {
        ft_names_known = true;
        wmem_map_insert(named, GUINT_TO_POINTER(pinfo->num), one);
    }
    return host;
}

/* A name of a TLS session: SNI or one in its certificate. */
static void
tls_name(packet_info *pinfo, const char *name, ft_apns_evidence_t why)
{
    const ft_host_t *host = name_take(pinfo, name, NULL);
    ft_service_t *service;

    if (!host)
        return;
    service = service_get(pinfo, host->role, host, name);
    if (service && host->role == FT_ROLE_PUSH && pinfo->ptype == PT_TCP)
        service->evidence |= FT_APNS_BY(why);
}

/* An application protocol of a hello. sole: the only one of its packet. */
static void
tls_protocol(packet_info *pinfo, const char *protocol, bool sole)
{
    ft_service_t *service = g_str_has_prefix(protocol, FT_ALPN_PREFIX) ? service_get(pinfo, FT_ROLE_PUSH, NULL, NULL) : NULL;

    if (!service)
        return;
    service->evidence |= FT_APNS_BY(FT_APNS_ALPN);
    /* A client may offer several protocols; the server's answer names one. */
    if (sole) {
        service->packed = g_str_has_prefix(protocol, FT_ALPN_PACKED);
        g_strlcpy(service->protocol, protocol, sizeof service->protocol);
    }
}

/* The hello of a connection to the relay over TCP. Two signs: the token's form, and a host of Apple's. */
static void
relay_token(packet_info *pinfo)
{
    if (pinfo->ptype == PT_TCP && ft_is_apple(&pinfo->dst))
        (void)service_get(pinfo, FT_ROLE_RELAY, NULL, NULL);
}

static void
http_request(packet_info *pinfo, const ft_host_name_t *shown)
{
    const ft_host_t *host = name_take(pinfo, shown->text, shown->path);

    if (host)
        (void)service_get(pinfo, host->role, host, shown->text);
}

/* An address of an answer: a connection to it is with the host, before it says so itself. */
static void
address_take(const nstime_t *now, const address *addr, const ft_host_t *host, const char *name)
{
    ft_endpoint_t at = { .addr = *addr };
    ft_addressed_t *one = (ft_addressed_t *)wmem_map_lookup(addresses, &at);

    /* Repeated answers take no more memory. */
    if (!one) {
        if (!ft_limit_take(FT_LIMIT_ADDRESSES, now))
            return;
        one = wmem_new0(wmem_file_scope(), ft_addressed_t);
        ft_endpoint_copy(&one->at, &at.addr, 0);
        ft_names_known = true;
        wmem_map_insert(addresses, &one->at, one);
        ft_marks_add(&address_marks, &one->at.addr, 0);
    }
    one->host = host;
    if (!one->name || strcmp(one->name, name) != 0) {
        wmem_free(wmem_file_scope(), one->name);
        one->name = wmem_strdup(wmem_file_scope(), name);
    }
}

const ft_host_t *
ft_host_of_address(const address *addr, const char **name)
{
    ft_endpoint_t at = { .addr = *addr };
    const ft_addressed_t *one;

    if (!ft_marks_may_have(&address_marks, addr, 0))
        return NULL;
    one = (const ft_addressed_t *)wmem_map_lookup(addresses, &at);
    if (!one)
        return NULL;
    *name = one->name;
    return one->host;
}

/* TCP 5223 between the device and Apple. */
static void
collect_push_address(packet_info *pinfo)
{
    if (ft_is_apple(pinfo->destport == FT_PORT_PUSH ? &pinfo->dst : &pinfo->src) && !service_find(pinfo))
        ft_service_push(pinfo, FT_APNS_NETWORK);
}

static void
take_names(packet_info *pinfo, const ft_host_names_t *list)
{
    const ft_host_t *asked = NULL;
    const char *question = NULL;
    unsigned protocols = 0;

    for (unsigned i = 0; i < ft_host_names_count(list); i++)
        protocols += ft_host_names_at(list, i)->what == FT_NAME_ALPN;
    for (unsigned i = 0; i < ft_host_names_count(list); i++) {
        const ft_host_name_t *shown = ft_host_names_at(list, i);

        switch (shown->what) {
        case FT_NAME_SERVER_NAME: tls_name(pinfo, shown->text, FT_APNS_SERVER_NAME); break;
        case FT_NAME_CERTIFICATE: tls_name(pinfo, shown->text, FT_APNS_CERTIFICATE); break;
        case FT_NAME_ALPN: tls_protocol(pinfo, shown->text, protocols == 1); break;
        case FT_NAME_RELAY_TOKEN: relay_token(pinfo); break;
        case FT_NAME_REQUEST: http_request(pinfo, shown); break;
        case FT_NAME_QUESTION:
            question = shown->text;
            asked = name_take(pinfo, question, NULL);
            break;
        case FT_NAME_ADDRESS:
            if (asked)
                address_take(ft_frame_time(pinfo), &shown->addr, asked, question);
            break;
        }
    }
}

static bool
has_port(const packet_info *pinfo, uint32_t port)
{
    return pinfo->srcport == port || pinfo->destport == port;
}

/* Takes what a DNS message or the beginning of a TCP connection says. */
static void
collect_names(packet_info *pinfo, const ft_payload_t *payload)
{
    ft_host_names_t list = { .scope = pinfo->pool };

    if (pinfo->ptype == PT_UDP)
        ft_read_dns(&list, payload->bytes, payload->captured);
    else
        ft_handshake_segment(&list, pinfo, payload);
    if (list.items)
        take_names(pinfo, &list);
}

void
ft_names_collect(tvbuff_t *frame, packet_info *pinfo)
{
    ft_payload_t payload;

    host_at_hand = NULL;
    if (pinfo->ptype == PT_TCP) {
        if (!ft_payload_in(&payload, frame, pinfo, FT_IP_PROTOCOL_TCP))
            return;
        if (has_port(pinfo, FT_PORT_PUSH))
            collect_push_address(pinfo);
        ft_connection_note(pinfo, &payload);
        if (ft_handshake_may_be(&payload))
            collect_names(pinfo, &payload);
    } else if (pinfo->ptype == PT_UDP && has_port(pinfo, FT_PORT_DNS)) {
        if (ft_payload_in(&payload, frame, pinfo, FT_IP_PROTOCOL_UDP))
            collect_names(pinfo, &payload);
    }
}

static void
show_host(tvbuff_t *tvb, proto_tree *root, const ft_named_t *one)
{
    proto_item *item;
    proto_tree *tree = ft_subtree(root, proto_host, tvb, 0, 0, ett_host, &item, "FaceTime Host: %s, %s", one->name,
                                                     val_to_str_const(one->host->role, ft_role_vals, "unknown"));

    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_string(tree, hf_host_name, tvb, 0, 0, one->name));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_host_role, tvb, 0, 0, one->host->role));
    proto_item_set_generated(proto_tree_add_string(tree, hf_host_source, tvb, 0, 0, one->host->source));
}

void
ft_names_show(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree)
{
    if (!tree || wmem_map_size(named) == 0 || !ft_is_shown(tree))
        return;
    for (const ft_named_t *one = (const ft_named_t *)wmem_map_lookup(named, GUINT_TO_POINTER(pinfo->num)); one; one = one->next)
        show_host(tvb, tree, one);
}

void
ft_names_init(void)
{
    ft_web_links_init();
    addresses = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
    memset(&address_marks, 0, sizeof address_marks);
    named = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    services = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    memset(&pair_marks, 0, sizeof pair_marks);
    ft_names_known = false;
    host_at_hand = NULL;
    ft_connection_init();
    ft_handshake_init();
}

void
ft_names_register(void)
{
    static hf_register_info hf[] = {
        { &hf_host_name, { "Name", "facetime.host.name", FT_STRING, BASE_NONE,
            NULL, 0x0, "Host of FaceTime's that the packet names", HFILL } },
        { &hf_host_role, { "Role", "facetime.host.role", FT_UINT8, BASE_DEC,
            VALS(ft_role_vals), 0x0, "What the host is for", HFILL } },
        { &hf_host_source, { "Source", "facetime.host.source", FT_STRING, BASE_NONE,
            NULL, 0x0, "Where the host's role is known from", HFILL } },
    };
    static int *ett[] = { &ett_host };

    ft_hosts_register();
    proto_host = proto_register_protocol_in_name_only("FaceTime Host", "FaceTime Host", "facetime_hosts", proto_facetime, FT_PROTOCOL);
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
