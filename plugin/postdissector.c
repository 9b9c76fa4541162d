/* postdissector.c
 * Runs after all dissectors of every frame, on every pass. On the first pass it takes the datagram's facts into its flow and
 * its call; on every pass it writes facetime.call.* and queues the tap.
 *
 * The facts are taken here, not in the dissector: a dissector that reads beyond the captured bytes does not return.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

static expert_field ei_call_limit = EI_INIT;
static expert_field ei_limit = EI_INIT;

/* RFC 792, RFC 4443. */
#define FT_ICMP_HEADER_LEN 8

static wmem_map_t *late;    /* frame numbers: a stock dissector took a datagram of them before its flow was known; file scope */
static int proto_data;      /* what is shown as plain data */
static wmem_map_t *refused; /* frame number of an ICMP error -> ft_flow_t; file scope */
/* Calls that a frame shows, at most: an aggregate may have packets of several. */
#define FT_MAX_SHOWN 8

/* Those of the frame at hand. */
static struct {
    const ft_call_t *call;
    proto_tree *tree;
    uint32_t phases;            /* mask of 1 << ft_phase_t */
} shown[FT_MAX_SHOWN];
static unsigned n_shown;
static bool has_backlog;        /* the frame before may have brought something into a call: call/backlog.c, call/media_backlog.c */
static bool is_enabled;         /* FaceTime; who changes it makes Wireshark dissect the file again from its beginning */
static int proto_udp, proto_icmp, proto_icmpv6, proto_dns, proto_mdns;

/* Wireshark remembers for each frame which heuristic dissector took it, and asks only that one on later passes. So a datagram
 * that another one took before its flow was known is shown as FaceTime's by this file. */
static void
late_note(const packet_info *pinfo)
{
    if (!wmem_map_contains(late, GUINT_TO_POINTER(pinfo->num)) && ft_limit_take(FT_LIMIT_LATE, &pinfo->abs_ts))
        wmem_map_insert(late, GUINT_TO_POINTER(pinfo->num), GUINT_TO_POINTER(pinfo->num));
}

/* The UDP payload of the packet at hand; NULL: none that has a form. */
static tvbuff_t *
payload_at_hand(tvbuff_t *frame, const packet_info *pinfo)
{
    ft_payload_t payload;

    return ft_payload_in(&payload, frame, pinfo, FT_IP_PROTOCOL_UDP) && payload.captured >= 2 ? ft_payload_tvb(&payload) : NULL;
}

/* The protocol of the frame's last layer, -1 if there is none. */
static int
last_layer(const packet_info *pinfo)
{
    wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);

    return last ? GPOINTER_TO_INT(wmem_list_frame_data(last)) : -1;
}

/* Nobody took the datagram: then the conversation's dissector gets it on later passes. */
static bool
is_plain_data(const packet_info *pinfo)
{
    return last_layer(pinfo) == proto_data;
}

/* Facts of a datagram that a stock dissector showed on this pass, of a flow that became FaceTime later. */
static ft_packet_t *
late_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    ft_flow_t *flow = wmem_map_contains(late, GUINT_TO_POINTER(pinfo->num)) ? ft_flow_find(pinfo) : NULL;
    tvbuff_t *payload;
    ft_packet_t *pkt;

    if (!flow || !flow->is_facetime)
        return NULL;
    /* Where its bytes are not kept there is nothing to add but the call. */
    payload = payload_at_hand(frame, pinfo);
    pkt = ft_packet_new(pinfo, payload, flow, NULL, 0);
    ft_packet_attach(pinfo, pkt);
    if (payload)
        ft_annotate(payload, pinfo, tree, pkt);
    return pkt;
}

static bool
is_icmp(const packet_info *pinfo)
{
    for (const wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer; layer = wmem_list_frame_next(layer)) {
        int proto = GPOINTER_TO_INT(wmem_list_frame_data(layer));

        if (proto == proto_icmp || proto == proto_icmpv6)
            return true;
    }
    return false;
}

/* RFC 792 and RFC 4443: type and code of "port unreachable". */
#define FT_ICMP_PORT_UNREACHABLE   0x0303
#define FT_ICMPV6_PORT_UNREACHABLE 0x0104

/* The flow of the datagram that an ICMP error quotes; NULL: none. pkt gets what the error says of its sockets. The quoted IP header begins
 * behind the eight bytes of ICMP's (RFC 792 and 4443), UDP's ports behind that. */
static ft_flow_t *
quoted_flow(tvbuff_t *frame, const packet_info *pinfo, ft_packet_t *pkt)
{
    const conversation_t *conversation;
    const uint8_t *icmp;
    ft_endpoint_t to;
    ft_flow_t *flow;
    ft_payload_t payload;
    address src, dst;
    ft_ip_t ip, quoted;

    if (!ft_ip_of(&ip, frame, pinfo))
        return NULL;
    /* Which of the two headers the packet's addresses are from differs between versions. */
    if (ip.protocol == FT_IP_PROTOCOL_UDP) {
        quoted = ip;
        if (ip.bytes < tvb_get_ptr(ip.tvb, 0, (int)tvb_captured_length(ip.tvb)) + FT_ICMP_HEADER_LEN)
            return NULL;
        icmp = ip.bytes - FT_ICMP_HEADER_LEN;
    } else {
        if (ip.payload + FT_ICMP_HEADER_LEN > ip.captured ||
            !ft_ip_at(&quoted, ip.bytes + ip.payload + FT_ICMP_HEADER_LEN, ip.captured - ip.payload - FT_ICMP_HEADER_LEN))
            return NULL;
        icmp = ip.bytes + ip.payload;
    }
    if (quoted.protocol != FT_IP_PROTOCOL_UDP || !ft_payload_of(&payload, &quoted))
        return NULL;
    ft_ip_addresses(&quoted, &src, &dst);
    conversation = find_conversation(pinfo->num, &src, &dst, CONVERSATION_UDP, payload.srcport, payload.destport, 0);
    flow = conversation ? (ft_flow_t *)conversation_get_proto_data(conversation, proto_facetime) : NULL;
    if (flow && ft_u16(icmp) == (quoted.v6 ? FT_ICMPV6_PORT_UNREACHABLE : FT_ICMP_PORT_UNREACHABLE)) {
        to = (ft_endpoint_t){ .addr = dst, .port = payload.destport };
        pkt->closed = true;
        pkt->closed_a = ft_endpoint_equal(&flow->a, &to);
    }
    return flow;
}

/* An ICMP error that quotes no more than the UDP header (RFC 792 asks for eight bytes): no dissector of the flow saw it. Its flow is
 * found on the first pass, and kept by frame number. */
static ft_packet_t *
bare_icmp_packet(tvbuff_t *frame, packet_info *pinfo)
{
    ft_flow_t *flow = NULL;
    ft_packet_t quoted = { 0 }, *pkt;

    if (!is_icmp(pinfo))
        return NULL;
    if (PINFO_FD_VISITED(pinfo)) {
        flow = (ft_flow_t *)wmem_map_lookup(refused, GUINT_TO_POINTER(pinfo->num));
    } else {
        flow = quoted_flow(frame, pinfo, &quoted);
        if (flow && ft_limit_take(FT_LIMIT_REFUSED, &pinfo->abs_ts))
            wmem_map_insert(refused, GUINT_TO_POINTER(pinfo->num), flow);
    }
    if (!flow || (PINFO_FD_VISITED(pinfo) && !flow->is_facetime))
        return NULL;
    pkt = ft_packet_new(pinfo, NULL, flow, NULL, 0);
    pkt->quoted = true;
    pkt->closed = quoted.closed;
    pkt->closed_a = quoted.closed_a;
    pkt->phase = ft_flow_is_with_relay(flow) ? FT_PHASE_RELAY : FT_PHASE_CONNECTIVITY;
    pkt->label = "ICMP error";
    ft_packet_attach(pinfo, pkt);
    return pkt;
}

/* May a datagram that a stock dissector has shown be FaceTime's? First pass only. *payload: its bytes. */
static inline bool
may_be_taken(ft_payload_t *payload, tvbuff_t *frame, const packet_info *pinfo, bool alone, int last)
{
    /* 1. A dissector took it: who took none was asked after this plugin, and DNS, by whatever port, takes nothing of FaceTime's. Of an aggregate
     *    only the last layer is known. */
    if (alone && (last == proto_data || last == proto_udp || last == proto_dns || last == proto_mdns))
        return false;
    /* 2. It begins as one of FaceTime's forms: avoids all work with the traffic of others. */
    return ft_payload_in(payload, frame, pinfo, FT_IP_PROTOCOL_UDP) && ft_wire_begins(payload, pinfo);
}

/* The facts of a datagram that a stock dissector has shown, if it is FaceTime's, or may be. First pass only. Which heuristic Wireshark asks first
 * depends on the packets before, and the port table, a conversation or Decode As may come before all of them. */
static ft_packet_t *
taken_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, bool alone, int last)
{
    ft_payload_t payload;

    if (!may_be_taken(&payload, frame, pinfo, alone, last))
        return NULL;
    /* 3. It is not quoted by an ICMP error. */
    if (alone && is_icmp(pinfo))
        return NULL;
    return ft_recognise_taken(ft_payload_tvb(&payload), pinfo, tree);
}

/* The first datagram of a flow on a port that another dissector owns: what it holds is looked at from the next one on, and
 * on later passes. Weak evidence by its ports alone. */
static ft_packet_t *
owned_packet(packet_info *pinfo)
{
    ft_flow_t *flow = ft_flow_get(pinfo);

    return flow ? ft_packet_new(pinfo, NULL, flow, NULL, 0) : NULL;
}

static ft_phase_t
phase_of(const ft_packet_t *pkt, const ft_call_t *call, uint32_t frame)
{
    uint32_t link_end = ft_call_link_end(call).frame;

    /* What ends the call, and SIP and refusals that follow, are teardown. */
    if (call->end.frame && frame >= call->end.frame && (pkt->kind == FT_KIND_SIP || pkt->quoted))
        return FT_PHASE_TEARDOWN;
    /* The same where the link went; media that still comes is media. */
    if (link_end && frame >= link_end && pkt->phase != FT_PHASE_MEDIA)
        return FT_PHASE_TEARDOWN;
    return pkt->phase;
}

/* Queues on the tap what belongs to a call: the packet at hand, or earlier ones. */
static void
queue_tap(tvbuff_t *frame, packet_info *pinfo, const ft_call_packets_t *what, const ft_packet_t *pkt, bool earlier)
{
    ft_tap_info_t *info = wmem_new0(pinfo->pool, ft_tap_info_t);
    const ft_media_packet_t *media;

    info->call = ft_call_root(what->call);
    info->what = *what;
    info->phase = what->phase;
    info->earlier = earlier;
    info->visited = PINFO_FD_VISITED(pinfo);
    info->packet = pkt;
    if (pkt) {
        ft_arrival_of(&info->arrival, frame, pinfo, pkt);
        info->n_media_backlog = ft_media_backlog_taken(&media);
        if (info->n_media_backlog > 0) {
            /* A copy: the next datagram of the frame may bring more. */
            info->media_backlog = (const ft_media_packet_t *)wmem_memdup(pinfo->pool, media, info->n_media_backlog * sizeof *media);
            ft_media_backlog_forget();
        }
    }
    tap_queue_packet(ft_tap, pinfo, info);
}

/* Wireshark's queue holds 5,000 packets of all taps for a frame, and complains of each further one (TAP_PACKET_QUEUE_LEN of tap.c). */
#define FT_MAX_QUEUED 4096

/* What the frame at hand brought, besides the packets that were shown. */
static void
queue_backlog(tvbuff_t *frame, packet_info *pinfo)
{
    for (unsigned i = 0; i < MIN(ft_backlog_count(), FT_MAX_QUEUED); i++)
        queue_tap(frame, pinfo, ft_backlog_at(i), NULL, true);
}

/* Queues a packet that a later one may bring into a call, so that the filter of each listener is asked of it. batch 0: it is kept by itself. */
static void
queue_pending(packet_info *pinfo, uint32_t batch)
{
    ft_tap_info_t *info;

    if (!have_tap_listener(ft_tap))
        return;
    info = wmem_new0(pinfo->pool, ft_tap_info_t);
    info->pending = true;
    info->what.frame = pinfo->num;
    info->what.batch = batch;
    info->what.packets = 1;
    info->what.bytes = ft_wire_bytes(pinfo);
    info->what.first_time = info->what.last_time = *ft_frame_time(pinfo);
    tap_queue_packet(ft_tap, pinfo, info);
}

static void
collect_names(tvbuff_t *tvb, packet_info *pinfo)
{
    ft_names_collect(tvb, pinfo);
    if (ft_connection_noted(pinfo))
        queue_pending(pinfo, 0);
}

/* May the packet at hand, the only one of its frame, have facts that no dissector of the plugin saw? As unseen_packet(), without its work: most packets of
 * a capture have nothing to do with FaceTime. */
static bool
unseen_may_be(tvbuff_t *frame, const packet_info *pinfo)
{
    ft_payload_t payload;
    int last;

    if (pinfo->ptype == PT_TCP)
        return false;
    if (!ft_shortcuts || ft_any_limit)
        return true;
    last = last_layer(pinfo);
    if (last == proto_udp)
        return true;
    if (PINFO_FD_VISITED(pinfo))
        return wmem_map_size(late) > 0;
    return pinfo->ptype == PT_UDP && (may_be_taken(&payload, frame, pinfo, true, last) ||
                                      ((ft_is_media_port(pinfo->srcport) || ft_is_media_port(pinfo->destport)) && ft_flow_is_owned(pinfo)));
}

/* The facts of the packet at hand that no dissector of the plugin saw; NULL if it is none of FaceTime's. alone: it is the frame's only one. */
static ft_packet_t *
unseen_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool alone)
{
    ft_packet_t *pkt = NULL;
    int last = last_layer(pinfo);

    if (PINFO_FD_VISITED(pinfo) && wmem_map_size(late) > 0)
        pkt = late_packet(tvb, pinfo, tree);
    if (!pkt && !PINFO_FD_VISITED(pinfo) && pinfo->ptype == PT_UDP)
        pkt = taken_packet(tvb, pinfo, tree, alone, last);
    if (!pkt && !PINFO_FD_VISITED(pinfo) && pinfo->ptype == PT_UDP && ft_flow_is_owned(pinfo) && !(alone && is_icmp(pinfo)))
        pkt = owned_packet(pinfo);
    if (!pkt && alone && last == proto_udp)
        pkt = bare_icmp_packet(tvb, pinfo);
    return pkt;
}

/* Which side the calls know as a device's: as ft_flow_t.device_side. */
static int8_t
device_by_call(const ft_flow_t *flow)
{
    bool a = ft_call_by_device(flow, 0) != NULL, b = ft_call_by_device(flow, 1) != NULL;

    return a == b ? -1 : a ? 0 : 1;
}

/* SIP between a device and other software, a telephone that knows no FaceTime: who names himself Viceroy in User-Agent or Server is the device, and
 * who answers as Viceroy to SIP that was not. Between two devices both do; then the sign says nothing. */
static int8_t
device_by_software(const ft_flow_t *flow, const ft_packet_t *pkt, bool from_a)
{
    bool viceroy = (pkt->evidence & FT_EV(FT_EV_VICEROY)) != 0;

    if (pkt->sip->user_agent && !viceroy)
        return from_a ? 1 : 0;
    if (viceroy && !from_a && (flow->kinds & (1u << FT_KIND_SIP)) && !(flow->evidence & FT_EV(FT_EV_VICEROY)))
        return 1;
    return -1;
}

/* Which side the form of the datagram shows as the device: who sends to the relay, who asks for its mapping, whose software it is. */
static int8_t
device_by_form(const ft_flow_t *flow, const ft_packet_t *pkt, bool from_a)
{
    bool probe = pkt->kind == FT_KIND_NAT_PROBE;

    if (pkt->to_relay || (probe && !pkt->is_answer))
        return from_a ? 0 : 1;
    if (pkt->from_relay || (probe && pkt->is_answer))
        return from_a ? 1 : 0;
    return pkt->sip ? device_by_software(flow, pkt, from_a) : -1;
}

/* Tells the flow what the datagram, and what is known around it, say of it. */
static void
take_into_flow(tvbuff_t *frame, packet_info *pinfo, ft_flow_t *flow, const ft_packet_t *pkt)
{
    ft_flow_news_t news = { .kind = pkt->kind, .evidence = pkt->evidence, .device_by_form = -1, .device_by_call = -1,
                            .inside_turn = pkt->inside_turn, .quic_scid_len = pkt->quic_scid_len, .quic_scid = pkt->quic_scid };

    if (pkt->rtp_cut)
        flow->rtp_cut |= pkt->from_a ? 1 : 2;
    if (ft_flow_wants_links(flow, pkt->from_a))
        ft_flow_note_links(flow, pkt->from_a, ft_link_end(frame, pinfo, true), ft_link_end(frame, pinfo, false));
    if (flow->device_side < 0) {
        news.device_by_form = device_by_form(flow, pkt, pkt->from_a);
        news.device_by_call = device_by_call(flow);
    }
    if (!flow->is_facetime && news.evidence && (int)ft_confidence(flow->evidence | news.evidence) < ft_pref_confidence && ft_call_has_socket(flow))
        news.evidence |= FT_EV(FT_EV_SAME_SOCKET);
    if (pkt->sip) {
        for (unsigned i = 0; i < pkt->n_candidates; i++)
            ft_flow_take_announced(pinfo, &pkt->candidates[i].at);
    }
    /* A browser's payload types are not FaceTime's. */
    if (ft_flow_update(flow, pinfo, &news) && !(flow->evidence & FT_EV(FT_EV_WEB)))
        ft_rtp_prepare_flow(pinfo, flow);
    ft_flow_settle(flow, pinfo);
}

/* Takes the datagram into its flow and its call. Returns the call; NULL: none yet. */
static ft_call_t *
take_datagram(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    ft_arrival_t arrival;

    if (pkt->closed) {
        ft_moment_t *first = &pkt->flow->refused[pkt->closed_a ? 0 : 1];

        if (!first->frame)
            *first = ft_moment_of(pinfo);
    }
    if (pkt->quoted)
        return ft_call_add_quoted(pkt->flow, pinfo, pkt);
    /* Wireshark goes on asking who took it. */
    if (pkt->stock && (pkt->earlier || !is_plain_data(pinfo)))
        late_note(pinfo);
    if (!pkt->claimed && pkt->quic_initial)
        ft_quic_take_hello(pinfo, pkt);
    take_into_flow(tvb, pinfo, pkt->flow, pkt);
    if (pkt->n_rtp) {
        ft_arrival_of(&arrival, tvb, pinfo, pkt);
        pkt->dscp = arrival.dscp;
    }
    if (pkt->flow->is_facetime)
        return ft_call_add(pkt->flow, pinfo, pkt);
    ft_call_wait(pkt->flow, pinfo, pkt);
    ft_flow_watch(pkt->flow, pinfo);
    if (pkt->n_rtp && have_tap_listener(ft_tap))
        ft_media_backlog_note(pkt->flow, &arrival, pkt);
    return NULL;
}

/* A frame shows each call once, with the phases that its packets are of. */
static void
show_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_call_t *call, ft_phase_t phase, ft_join_t reason, const ft_packet_t *pkt)
{
    unsigned place = 0;

    while (place < n_shown && shown[place].call != call)
        place++;
    if (place == n_shown && n_shown == array_length(shown))
        return;
    if (place == n_shown) {
        shown[place].call = call;
        shown[place].phases = 0;
        shown[place].tree = ft_call_show(tvb, pinfo, tree, call, phase, reason, pkt);
        n_shown++;
    } else if (!(shown[place].phases & 1u << phase)) {
        ft_call_show_phase(tvb, shown[place].tree, phase);
    }
    shown[place].phases |= 1u << phase;
}

static void
show_datagram_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_call_t *call, const ft_packet_t *pkt)
{
    bool listened = have_tap_listener(ft_tap);
    ft_call_packets_t what;
    ft_phase_t phase;

    if (!listened && !ft_is_shown(tree) && !ft_voip_wanted())
        return;
    phase = phase_of(pkt, call, pinfo->num);
    what = (ft_call_packets_t){ .call = call, .flow = pkt->flow, .phase = phase, .kind = pkt->quoted ? FT_KIND_COUNT : pkt->kind,
                                .frame = pinfo->num, .packets = 1, .bytes = ft_wire_bytes(pinfo),
                                .first_time = *ft_frame_time(pinfo), .last_time = *ft_frame_time(pinfo) };
    if (ft_is_shown(tree))
        show_call(tvb, pinfo, tree, call, phase, pkt->flow->reason, pkt);
    ft_voip_queue(pinfo, call, &what);
    if (listened) {
        /* Who sent an ICMP error is its own source; which ports pinfo has then differs between versions. */
        what.from_device = pkt->quoted ? addresses_equal(&pinfo->src, &ft_flow_device(pkt->flow)->addr)
                                       : ft_flow_from_device(pkt->flow, ft_flow_from_a(pkt->flow, pinfo));
        what.from_third = pkt->quoted && !what.from_device && !addresses_equal(&pinfo->src, &ft_flow_remote(pkt->flow)->addr);
        queue_tap(tvb, pinfo, &what, pkt, false);
    }
}

static void
show_service_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_call_t *call, const ft_service_flow_t *service)
{
    ft_call_packets_t what = { .call = call, .service = service, .phase = service->phase, .frame = pinfo->num, .packets = 1,
                          .bytes = ft_wire_bytes(pinfo), .first_time = *ft_frame_time(pinfo), .last_time = *ft_frame_time(pinfo) };

    if (ft_is_shown(tree))
        show_call(tvb, pinfo, tree, call, service->phase, FT_JOIN_AROUND, NULL);
    ft_voip_queue(pinfo, call, &what);
    if (have_tap_listener(ft_tap)) {
        what.from_device = addresses_equal(&pinfo->src, &service->device.addr);
        queue_tap(tvb, pinfo, &what, NULL, false);
    }
}

/* Each limit says once that it was reached: in the frame in which it was. */
static void
show_limits(packet_info *pinfo, proto_tree *tree)
{
    ft_limit_t limit;

    if (!PINFO_FD_VISITED(pinfo))
        ft_limits_settle(pinfo->num);
    if (!ft_is_shown(tree))
        return;
    for (limit = ft_limits_in(pinfo->num, (ft_limit_t)0); limit < FT_LIMIT_COUNT; limit = ft_limits_in(pinfo->num, (ft_limit_t)(limit + 1)))
        expert_add_info_format(pinfo, tree, &ei_limit, "%s", ft_limit_text(pinfo->pool, limit));
}

/* The item "apns" of a packet of a push connection, if somebody looks. */
static void
show_push(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const ft_service_t *service;

    if (!tree || pinfo->ptype != PT_TCP || !proto_field_is_referenced(tree, proto_apns))
        return;
    service = ft_service_of(pinfo);
    if (service && service->role == FT_ROLE_PUSH)
        ft_apns_show(tvb, pinfo, tree, service);
}

/* The packet at hand; pkt: its facts, NULL if no dissector of the plugin saw it. */
static void
take_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt, bool alone)
{
    const ft_service_flow_t *service;
    ft_call_t *call = NULL;

    show_push(tvb, pinfo, tree);
    /* Most packets of a capture are TCP's; none of them has facts but where the relay is reached so. */
    if (!pkt && pinfo->ptype != PT_TCP)
        pkt = unseen_packet(tvb, pinfo, tree, alone);
    if (pkt && pkt->flow) {
        pkt->taken = true;
        has_backlog |= !PINFO_FD_VISITED(pinfo);
        call = PINFO_FD_VISITED(pinfo) ? ft_call_of_flow(pkt->flow, pinfo->num) : take_datagram(tvb, pinfo, pkt);
        if (!call && !PINFO_FD_VISITED(pinfo))
            queue_pending(pinfo, ft_call_waits_in());
        if (call)
            show_datagram_call(tvb, pinfo, tree, call, pkt);
        else if (ft_is_shown(tree) && pkt->flow->is_facetime && ft_call_limit_reached())
            expert_add_info(pinfo, tree, &ei_call_limit);
    } else if (ft_service_flow_may_be(pinfo)) {
        service = ft_service_flow_of(pinfo, &call);
        if (service)
            show_service_call(tvb, pinfo, tree, call, service);
        else if (!PINFO_FD_VISITED(pinfo) && ft_service_flow_waits())
            queue_pending(pinfo, 0);
    }
}

/* The oldest facts of the frame's datagrams that were not taken: of the one whose bytes are in this range, or (bytes NULL) of any. NULL: none. */
static ft_packet_t *
facts_left(packet_info *pinfo, const uint8_t *bytes, unsigned length)
{
    ft_packet_t *found = NULL;

    for (ft_packet_t *pkt = ft_packet_at_hand(pinfo); pkt; pkt = pkt->earlier) {
        if (!pkt->taken && (!bytes || ft_packet_within(pkt, bytes, length)))
            found = pkt;
    }
    return found;
}

/* The ends of a packet of an aggregate. False: it is neither UDP nor TCP, and says nothing of FaceTime. pkt: its facts, or NULL. */
static bool
ends_within(ft_ends_t *ends, const ft_ip_t *ip, const ft_packet_t *pkt)
{
    ft_payload_t payload;

    if (pkt)
        *ends = pkt->ends;
    /* Who sent an ICMP error is its own source. */
    if (pkt && pkt->quoted)
        ft_ip_addresses(ip, &ends->src, &ends->dst);
    if (pkt)
        return true;
    if (!ft_payload_of(&payload, ip))
        return false;
    ft_ends_in(ends, ip, &payload);
    return true;
}

static void
take_earlier_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_ends_t *ends, uint32_t bytes, uint32_t *left, ft_packet_t *pkt,
                    bool names)
{
    ft_ends_put(pinfo, ends);
    ft_aggregate_part = MIN(bytes, *left - 1);
    *left -= ft_aggregate_part;
    if (names && !PINFO_FD_VISITED(pinfo))
        collect_names(tvb, pinfo);
    take_packet(tvb, pinfo, tree, pkt, false);
    if (pkt)
        pkt->taken = true;
}

/* The packets of an aggregate before the last one, each as if the frame had only it; then those whose bytes are not found, but that showed a
 * sign of FaceTime. What is left are packet_info and the part of the frame that are the last one's. Returns that one's facts, or NULL. */
static ft_packet_t *
take_earlier_packets(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_ip_t *packets, unsigned count)
{
    ft_packet_t *last = ft_packet_at_hand(pinfo);
    uint32_t left = MAX(pinfo->fd->pkt_len, 1u);
    ft_ends_t ends, these;

    ft_ends_of(&ends, pinfo);
    for (unsigned i = 0; i < count && last; i++) {
        if (ft_packet_within(last, packets[i].bytes, packets[i].length))
            last = NULL;
    }
    if (last)
        last->taken = true;
    for (unsigned i = 0; i < count; i++) {
        ft_packet_t *pkt = facts_left(pinfo, packets[i].bytes, packets[i].length);

        if (ends_within(&these, &packets[i], pkt))
            take_earlier_packet(tvb, pinfo, tree, &these, packets[i].length, &left, pkt, true);
    }
    for (ft_packet_t *pkt = facts_left(pinfo, NULL, 0); pkt; pkt = facts_left(pinfo, NULL, 0)) {
        these = pkt->ends;
        take_earlier_packet(tvb, pinfo, tree, &these, pkt->tvb ? tvb_reported_length(pkt->tvb) : 1, &left, pkt, count > 0);
    }
    ft_ends_put(pinfo, &ends);
    ft_aggregate_part = left;
    return last;
}

/* A frame that may be part of a call, or has something to show. Not part of its caller, which is called for each frame of a capture. */
static G_GNUC_NO_INLINE void
take_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool several)
{
    static ft_ip_t packets[FT_MAX_AGGREGATE];
    const char *current = pinfo->current_proto;
    ft_packet_t *pkt = ft_packet_at_hand(pinfo);
    unsigned count = 0;

    /* Whose expert items these are. */
    pinfo->current_proto = "FaceTime";
    n_shown = 0;
    ft_services_begin(tvb);
    if (G_UNLIKELY(several)) {
        count = ft_aggregate_of(packets, tvb, pinfo);
        if (count > 0 || (pkt && pkt->earlier))
            pkt = take_earlier_packets(tvb, pinfo, tree, packets, count);
        if (!PINFO_FD_VISITED(pinfo))
            collect_names(tvb, pinfo);
    } else if (pkt && pkt->earlier && pinfo->ptype == PT_TCP) {
        /* A segment with several messages to the relay. */
        pkt = take_earlier_packets(tvb, pinfo, tree, packets, 0);
    }
    ft_names_show(tvb, pinfo, tree);
    take_packet(tvb, pinfo, tree, pkt, true);
    ft_aggregate_part = 0;
    if (ft_backlog_count() > 0) {
        has_backlog = true;
        if (have_tap_listener(ft_tap))
            queue_backlog(tvb, pinfo);
    }
    if (ft_any_limit)
        show_limits(pinfo, tree);
    pinfo->current_proto = current;
}

static void
end_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    bool several = ft_aggregate_may_be(pinfo);

    if (pinfo->ptype == PT_TCP && ft_is_with_apple(pinfo))
        ft_relay_tcp_unseen(tvb, pinfo, tree);
    if (has_backlog) {
        ft_media_backlog_forget();
        ft_backlog_forget();
        has_backlog = false;
    }
    if (PINFO_FD_VISITED(pinfo)) {
        ft_call_renumber();
    } else {
        ft_call_clock(ft_frame_time(pinfo));
        if (!several)
            collect_names(tvb, pinfo);
    }
    if (tree || several || ft_packet_at_hand(pinfo) || ft_service_flow_may_be(pinfo) || unseen_may_be(tvb, pinfo))
        take_frame(tvb, pinfo, tree, several);
}

static int
facetime_postdissector(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (is_enabled)
        end_frame(tvb, pinfo, tree);
    ft_packet_leave(pinfo, tree);
    return 0;
}

void
ft_postdissector_init(void)
{
    has_backlog = false;
    late = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    refused = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    is_enabled = proto_is_protocol_enabled(find_protocol_by_id(proto_facetime));
    proto_data = proto_get_id_by_filter_name("data");
    proto_udp = proto_get_id_by_filter_name("udp");
    proto_icmp = proto_get_id_by_filter_name("icmp");
    proto_icmpv6 = proto_get_id_by_filter_name("icmpv6");
    proto_dns = proto_get_id_by_filter_name("dns");
    proto_mdns = proto_get_id_by_filter_name("mdns");
}

void
ft_postdissector_register(void)
{
    static ei_register_info ei[] = {
        { &ei_limit, { "facetime.limit", PI_ASSUMPTION, PI_WARN,
            "A limit was reached in this frame: not everything is kept from here on", EXPFILL } },
        { &ei_call_limit, { "facetime.call_limit", PI_ASSUMPTION, PI_WARN,
            "More FaceTime calls than are kept: the later ones are not followed", EXPFILL } },
    };

    expert_register_field_array(ft_expert, ei, array_length(ei));
    /* Of no protocol: what runs after each packet of a file is not a layer of it, and costs half as much to call. */
    register_postdissector(create_dissector_handle(facetime_postdissector, -1));
}
