/* services.c
 * Service flows: conversations of the device with FaceTime's servers around a call (push, DNS, certificate, registration). The floor names
 * finds the conversations; this file assigns their packets to calls.
 *
 * A packet belongs to a call if all of this holds:
 *
 *  1. Its conversation is with one of FaceTime's servers: by a name in DNS, TLS, HTTP or a certificate, or the push port of an
 *     Apple address. Avoids the device's other traffic. Hosts that only stand in the table as the device's own are not among them.
 *  2. It is of a device of the call: the same address, where that is a private one also behind the same end of the link. Avoids what other
 *     devices of the network do. Behind one end (hardware address, tunnel, PPP session, or a link that has none of these), IPv6 addresses of
 *     one /64 are the same device: a telephone has one /64 for itself (RFC 6459, section 5.2), and uses several addresses of it.
 *  3. It is not earlier than FT_SERVICE_BEFORE_SECONDS before the call's own first packet, and not later than
 *     FT_SERVICE_AFTER_SECONDS after the call's last one. Avoids the notifications that a push connection carries all day.
 *
 * A packet whose device has no call is queued until that device has one. The first packets of a conversation (the TCP handshake) are also
 * queued until a name shows what the conversation is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* The published time line of 2010 has all steps within a few seconds; on two real calls the push came 0.01 s and some seconds before
 * the first datagram. Half a minute leaves time for a person to answer. */
#define FT_SERVICE_BEFORE_SECONDS 30
/* The device tells over the push that the call is over: within a second on the real calls. */
#define FT_SERVICE_AFTER_SECONDS 5

/* Packets of one conversation that wait for a name: a TCP handshake and a TLS one have a dozen. */
#define FT_MAX_NAMELESS 32

/* Evidence of a call of today: of its push connection it is known what the bursts look like. */
#define FT_EV_TODAY (FT_EV(FT_EV_RELAY_HEADER) | FT_EV(FT_EV_LINK_MESSAGE) | FT_EV(FT_EV_APPLE_STUN) | FT_EV(FT_EV_QUIC_RELAY))

#define FT_PORT_HTTP 80
#define FT_PORT_HTTPS 443

/* One packet. File scope. */
typedef struct service_packet {
    uint32_t frame;
    uint32_t bytes;                 /* on the wire */
    nstime_t when;                  /* absolute */
    bool from_device;
    ft_service_flow_t *flow;
    ft_call_t *call;                /* NULL: none */
    struct service_packet *next;    /* in its queue; of those that have a call: another one of the same frame (an aggregate) */
} service_packet_t;

/* Packets that wait, the oldest first. */
typedef struct service_queue {
    service_packet_t *head, **tail;
    unsigned length;
} service_queue_t;

/* A conversation and what of it waits for a name. */
typedef struct service_state {
    ft_service_flow_t flow;         /* first: what others see */
    service_queue_t nameless;
    uint32_t link;                  /* end of the link that the device is behind: ft_link_end() */
    uint32_t first_frame;           /* of the conversation */
    bool begun;                     /* it had a packet before */
} service_state_t;

/* A device and what of it waits for a call. */
typedef struct service_device {
    ft_endpoint_t at;               /* address, of IPv6 its /64; port 0 */
    uint32_t link;                  /* end of the link; 0: it does not matter */
    ft_call_t *call;                /* its latest call; NULL: none yet */
    bool fact;                      /* the call has the device by its packets, not by what a datagram named */
    service_queue_t waiting;
} service_device_t;

static wmem_map_t *flows;           /* conversation_t * -> service_state_t; file scope */
static wmem_map_t *devices;         /* its own key; file scope */
static wmem_map_t *packets;         /* frame number -> service_packet_t, of those that have a call; file scope */
bool ft_any_service_flow;
static bool waits;                  /* that packet, for a call */
static const service_packet_t *at_hand; /* the packet that ft_service_flow_of() takes in */
static tvbuff_t *frame_bytes;       /* of the frame at hand */

/* ---- Queues -------------------------------------------------------------------------------- */

static void
queue_init(service_queue_t *queue)
{
    queue->head = NULL;
    queue->tail = &queue->head;
    queue->length = 0;
}

static void
queue_push(service_queue_t *queue, service_packet_t *packet)
{
    packet->next = NULL;
    *queue->tail = packet;
    queue->tail = &packet->next;
    queue->length++;
}

static service_packet_t *
queue_pop(service_queue_t *queue)
{
    service_packet_t *packet = queue->head;

    queue->head = packet->next;
    if (!queue->head)
        queue->tail = &queue->head;
    queue->length--;
    return packet;
}

static void
packet_forget(service_packet_t *packet)
{
    wmem_free(wmem_file_scope(), packet);
    ft_limit_give_back(FT_LIMIT_SERVICE_PACKETS, 1);
}

/* ---- Which conversations ------------------------------------------------------------------- */

static ft_phase_t
role_phase(ft_role_t role)
{
    switch (role) {
    case FT_ROLE_PUSH: return FT_PHASE_PUSH;
    case FT_ROLE_REGISTRATION:
    case FT_ROLE_IDENTITY: return FT_PHASE_REGISTRATION;
    case FT_ROLE_RELAY:
    case FT_ROLE_RELAY_ALLOCATION: return FT_PHASE_RELAY;
    case FT_ROLE_CONNECTIVITY:
    case FT_ROLE_LINK: return FT_PHASE_LOOKUP;
    case FT_ROLE_NAT_PROBE: return FT_PHASE_PROBE;
    case FT_ROLE_BAG:
    case FT_ROLE_CERTIFICATE:
    case FT_ROLE_REVOCATION:
    case FT_ROLE_NONE:
    case FT_ROLE_DEVICE: break;
    }
    return FT_PHASE_CERTIFICATE;
}

static const char *
port_protocol(uint32_t port)
{
    return port == FT_PORT_HTTP ? "HTTP" : "TLS";
}

static void
service_flow_know(service_state_t *state, ft_role_t role, const char *name)
{
    if (role == FT_ROLE_NONE || role == FT_ROLE_DEVICE)
        return;
    state->flow.role = role;
    state->flow.phase = role_phase(role);
    if (name && !state->flow.name)
        state->flow.name = wmem_strdup(wmem_file_scope(), name);
    state->flow.known = true;
}

/* The conversation's state, made if there is none. server_is_dst: the packet goes to the server. */
static service_state_t *
service_flow_get(packet_info *pinfo, bool server_is_dst)
{
    conversation_t *conversation = ft_conversation_at_hand(pinfo, true);
    service_state_t *state = (service_state_t *)wmem_map_lookup(flows, conversation);

    if (state || !ft_limit_take(FT_LIMIT_SERVICE_FLOWS, &pinfo->abs_ts))
        return state;
    state = wmem_new0(wmem_file_scope(), service_state_t);
    queue_init(&state->nameless);
    ft_endpoint_copy(&state->flow.server, server_is_dst ? &pinfo->dst : &pinfo->src,
                     (uint16_t)(server_is_dst ? pinfo->destport : pinfo->srcport));
    ft_endpoint_copy(&state->flow.device, server_is_dst ? &pinfo->src : &pinfo->dst,
                     (uint16_t)(server_is_dst ? pinfo->srcport : pinfo->destport));
    state->link = ft_link_end(frame_bytes, pinfo, server_is_dst);
    state->first_frame = conversation->setup_frame;
    wmem_map_insert(flows, conversation, state);
    ft_any_service_flow = true;
    return state;
}

static service_packet_t *
packet_new(ft_service_flow_t *flow, uint32_t frame, uint32_t bytes, const nstime_t *when, bool from_device)
{
    service_packet_t *packet;

    if (!ft_limit_take(FT_LIMIT_SERVICE_PACKETS, when))
        return NULL;
    packet = wmem_new0(wmem_file_scope(), service_packet_t);
    packet->frame = frame;
    packet->bytes = bytes;
    packet->when = *when;
    packet->flow = flow;
    packet->from_device = from_device;
    return packet;
}

/* The packet at hand has shown what the connection is: those before it, from its SYN on, belong to it, too. */
static void
service_flow_begin(service_state_t *state, const packet_info *pinfo)
{
    const ft_first_packet_t *first;
    unsigned count = ft_connection_first(pinfo, &first);

    for (unsigned i = 0; i < count; i++) {
        /* Where the ports are used again, what was before is another connection's. */
        service_packet_t *packet = first[i].frame < pinfo->num && first[i].frame >= state->first_frame ?
                                   packet_new(&state->flow, first[i].frame, first[i].bytes, &first[i].when, first[i].from_client) : NULL;

        if (packet)
            queue_push(&state->nameless, packet);
    }
}

/* A DNS packet that names one of FaceTime's hosts. */
static service_state_t *
service_flow_dns(packet_info *pinfo)
{
    const ft_host_t *host;
    service_state_t *state;

    if (pinfo->srcport != FT_PORT_DNS && pinfo->destport != FT_PORT_DNS)
        return NULL;
    host = ft_host_at_hand();
    if (!host || host->role == FT_ROLE_DEVICE)
        return NULL;
    state = service_flow_get(pinfo, pinfo->destport == FT_PORT_DNS);
    if (state && !state->flow.known) {
        state->flow.known = true;
        state->flow.phase = FT_PHASE_LOOKUP;
        state->flow.protocol = "DNS";
    }
    return state;
}

/* The server's side of a TCP conversation: who has one of the ports that FaceTime's servers have. 1: the destination, 0: the source,
 * -1: neither or both. */
static int
server_side(const packet_info *pinfo)
{
    bool dst = pinfo->destport == FT_PORT_HTTP || pinfo->destport == FT_PORT_HTTPS || pinfo->destport == FT_PORT_PUSH;
    bool src = pinfo->srcport == FT_PORT_HTTP || pinfo->srcport == FT_PORT_HTTPS || pinfo->srcport == FT_PORT_PUSH;

    return dst == src ? -1 : dst;
}

/* A packet of a TCP conversation that is, or may turn out to be, with one of FaceTime's servers. */
static service_state_t *
service_flow_tcp(packet_info *pinfo)
{
    int side = server_side(pinfo);
    const ft_service_t *service;
    const ft_host_t *host;
    const address *server;
    const char *name = NULL;
    service_state_t *state;

    if (side < 0 && ft_is_apple(&pinfo->src) == ft_is_apple(&pinfo->dst))
        return NULL;
    service = ft_service_of(pinfo);
    /* The relay may have any port. */
    if (side < 0 && service && service->role == FT_ROLE_RELAY)
        side = ft_is_apple(&pinfo->dst);
    if (side < 0)
        return NULL;
    server = side ? &pinfo->dst : &pinfo->src;
    host = ft_host_of_address(server, &name);
    if (!service && !host && !ft_is_apple(server))
        return NULL;
    state = service_flow_get(pinfo, side);
    if (!state || state->flow.known)
        return state;
    if (!state->flow.protocol)
        service_flow_begin(state, pinfo);
    state->flow.protocol = port_protocol(state->flow.server.port);
    if (service)
        service_flow_know(state, service->role, service->name ? service->name : name);
    else if (host)
        service_flow_know(state, host->role, name);
    return state;
}

/* ---- Joining ------------------------------------------------------------------------------- */

static const char *
service_flow_label(const ft_service_flow_t *flow)
{
    switch (flow->phase) {
    case FT_PHASE_PUSH: return "Push (TLS)";
    case FT_PHASE_LOOKUP: return "DNS look-up";
    case FT_PHASE_REGISTRATION: return "Registration (HTTPS)";
    case FT_PHASE_RELAY: return "Relay (TLS)";
    case FT_PHASE_CERTIFICATE: return "Certificate or configuration";
    default: return "FaceTime server";
    }
}

static void
service_flow_join(ft_call_t *call, service_packet_t *packet)
{
    ft_service_flow_t *flow = packet->flow;
    ft_moment_t *moment = &call->phase[flow->phase];

    packet->call = call;
    packet->next = (service_packet_t *)wmem_map_lookup(packets, GUINT_TO_POINTER(packet->frame));
    wmem_map_insert(packets, GUINT_TO_POINTER(packet->frame), packet);
    ft_call_count_in(call, 1, packet->bytes, packet->frame, &packet->when, &packet->when);
    call->last_frame = MAX(call->last_frame, packet->frame);
    call->reasons |= 1u << FT_JOIN_AROUND;
    if (!moment->frame || packet->frame < moment->frame) {
        moment->frame = packet->frame;
        moment->when = packet->when;
    }
    ft_exposure_service(call, flow, packet->frame, &packet->when);
    if (flow->call != call) {
        flow->call = call;
        ft_event_add(call, packet->frame, flow, service_flow_label(flow), FT_KIND_UNKNOWN);
    }
    /* Who asked for the packet at hand shows it. */
    if (packet == at_hand) {
        waits = false;
        return;
    }
    ft_backlog_add(&(ft_call_packets_t){ .call = call, .service = flow, .phase = flow->phase, .from_device = packet->from_device,
                                    .frame = packet->frame, .packets = 1, .bytes = packet->bytes,
                                    .first_time = packet->when, .last_time = packet->when });
}

static unsigned
device_hash(const void *key)
{
    return ft_hash_pair(ft_endpoint_hash(&((const service_device_t *)key)->at), ((const service_device_t *)key)->link);
}

static gboolean
device_equal(const void *a, const void *b)
{
    const service_device_t *x = (const service_device_t *)a, *y = (const service_device_t *)b;

    return x->link == y->link && ft_endpoint_equal(&x->at, &y->at);
}

/* The device with this address behind this end of a link, made if there is none. NULL: the limit. Behind one end, IPv6 addresses of one /64 are of
 * one device; a public IPv4 address is the same everywhere. */
static service_device_t *
service_flow_device_get(const address *addr, uint32_t link)
{
    uint8_t prefix[16] = { 0 };
    service_device_t key = { .at = { .addr = *addr }, .link = link }, *device;

    if (addr->type == AT_IPv6) {
        memcpy(prefix, addr->data, 8);
        set_address(&key.at.addr, AT_IPv6, sizeof prefix, prefix);
    } else if (!ft_is_local(addr)) {
        key.link = 0;
    }
    device = (service_device_t *)wmem_map_lookup(devices, &key);
    if (!device && ft_limit_take(FT_LIMIT_SERVICE_DEVICES, ft_call_now())) {
        device = wmem_new0(wmem_file_scope(), service_device_t);
        ft_endpoint_copy(&device->at, &key.at.addr, 0);
        device->link = key.link;
        queue_init(&device->waiting);
        wmem_map_insert(devices, device, device);
    }
    return device;
}

void
ft_services_take(ft_call_t *call, const address *addr, uint32_t link, bool fact)
{
    service_device_t *device = service_flow_device_get(addr, link);
    ft_call_t *owner = device && device->call ? ft_call_root(device->call) : NULL;

    if (!device || (owner && owner != call && device->fact && !fact && ft_call_lives(owner, ft_call_now())))
        return;
    device->fact = fact || (owner == call && device->fact);
    device->call = call;
    if (call->evidence & FT_EV_TODAY)
        ft_push_take(call, &device->at);
    while (device->waiting.head) {
        service_packet_t *packet = queue_pop(&device->waiting);

        if (ft_seconds(&call->own_first_time, &packet->when) <= FT_SERVICE_BEFORE_SECONDS &&
            (packet->flow->phase != FT_PHASE_PUSH || !(call->evidence & FT_EV_TODAY) ||
             !ft_push_is_keep_alive(&device->at, &packet->when, &call->own_first_time)))
            service_flow_join(call, packet);
        else
            packet_forget(packet);
    }
}

/* The device's call, if it is near enough in time. */
static ft_call_t *
service_flow_call(const service_device_t *device, const nstime_t *now)
{
    ft_call_t *call = device->call ? ft_call_root(device->call) : NULL;

    if (!call || call->superseded || ft_seconds(now, &call->own_time) > FT_SERVICE_AFTER_SECONDS ||
        (call->end.frame && ft_seconds(now, &call->end.when) > FT_SERVICE_AFTER_SECONDS))
        return NULL;
    return call;
}

/* The packet waits; what waited too long, or beyond what a conversation may keep, is forgotten. */
static void
service_flow_wait(service_queue_t *queue, service_packet_t *packet, unsigned most)
{
    queue_push(queue, packet);
    while (queue->length > most || ft_seconds(&packet->when, &queue->head->when) > FT_SERVICE_BEFORE_SECONDS)
        packet_forget(queue_pop(queue));
}

/* Notes the segment in its burst. Its bytes are those of its frame; where it came in fragments, whose last one has the frame, those that it carries. */
static void
note_push(const service_device_t *device, const service_packet_t *packet, const packet_info *pinfo, bool is_first)
{
    ft_payload_t payload;
    bool known = ft_payload_in(&payload, frame_bytes, pinfo, FT_IP_PROTOCOL_TCP);

    ft_push_note(&device->at, packet->frame, &packet->when, packet->from_device, known ? MAX(packet->bytes, payload.reported) : packet->bytes,
                 is_first && known && payload.reported == 0);
}

static void
service_flow_add(service_state_t *state, const packet_info *pinfo)
{
    service_packet_t *packet;
    service_device_t *device;
    ft_call_t *call;
    bool is_first = !state->begun;

    state->begun = true;
    packet = packet_new(&state->flow, pinfo->num, ft_wire_bytes(pinfo), ft_frame_time(pinfo), addresses_equal(&pinfo->src, &state->flow.device.addr));
    if (!packet)
        return;
    at_hand = packet;
    waits = true;
    if (!state->flow.known) {
        service_flow_wait(&state->nameless, packet, FT_MAX_NAMELESS);
        return;
    }
    device = service_flow_device_get(&state->flow.device.addr, state->link);
    if (!device) {
        waits = false;
        packet_forget(packet);
        return;
    }
    while (state->nameless.head)
        queue_push(&device->waiting, queue_pop(&state->nameless));
    if (state->flow.phase == FT_PHASE_PUSH)
        note_push(device, packet, pinfo, is_first);
    service_flow_wait(&device->waiting, packet, ft_limit_most(FT_LIMIT_SERVICE_PACKETS));
    call = service_flow_call(device, ft_frame_time(pinfo));
    if (call)
        ft_services_take(call, &state->flow.device.addr, state->link, false);
}

void
ft_services_begin(tvbuff_t *frame)
{
    frame_bytes = frame;
}

static bool
is_between(const ft_service_flow_t *flow, const packet_info *pinfo)
{
    bool to_device = flow->server.port == pinfo->srcport && flow->device.port == pinfo->destport;

    if (to_device)
        return addresses_equal(&pinfo->dst, &flow->device.addr) && addresses_equal(&pinfo->src, &flow->server.addr);
    return flow->device.port == pinfo->srcport && flow->server.port == pinfo->destport && addresses_equal(&pinfo->src, &flow->device.addr) &&
           addresses_equal(&pinfo->dst, &flow->server.addr);
}

const ft_service_flow_t *
ft_service_flow_of(packet_info *pinfo, ft_call_t **call)
{
    const service_packet_t *packet;
    service_state_t *state;

    *call = NULL;
    if (!PINFO_FD_VISITED(pinfo)) {
        state = pinfo->ptype == PT_TCP ? service_flow_tcp(pinfo) : pinfo->ptype == PT_UDP ? service_flow_dns(pinfo) : NULL;
        waits = false;
        if (state)
            service_flow_add(state, pinfo);
        at_hand = NULL;
    }
    if (wmem_map_size(packets) == 0)
        return NULL;
    packet = (const service_packet_t *)wmem_map_lookup(packets, GUINT_TO_POINTER(pinfo->num));
    /* Of an aggregate, the one between the ends at hand. */
    while (packet && !is_between(packet->flow, pinfo))
        packet = packet->next;
    if (!packet)
        return NULL;
    *call = ft_call_root(packet->call);
    return packet->flow;
}

bool
ft_service_flow_waits(void)
{
    return waits;
}

void
ft_services_init(void)
{
    flows = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    devices = wmem_map_new(wmem_file_scope(), device_hash, device_equal);
    packets = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    at_hand = NULL;
    waits = false;
    ft_any_service_flow = false;
    frame_bytes = NULL;
}
