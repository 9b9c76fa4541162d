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

/* A datagram that a stock dissector took before its flow was known: where it lies in the frame. */
typedef struct late_datagram {
    int offset;             /* of the UDP payload in the frame, in bytes */
    int captured, reported; /* its lengths */
    bool in_frame;          /* false: it was put together from fragments, or decrypted */
} late_datagram_t;

/* RFC 792, RFC 4443. */
#define FT_ICMP_HEADER_LEN 8

static wmem_map_t *late;    /* frame number -> late_datagram_t; file scope */
static int proto_data;      /* what is shown as plain data */
static wmem_map_t *refused; /* frame number of an ICMP error -> ft_flow_t; file scope */
static bool has_backlog;        /* the frame before may have brought something into a call: call/backlog.c, call/media_backlog.c */
static protocol_t *protocol;    /* FaceTime */
static int proto_udp, proto_icmp, proto_icmpv6, proto_stun, proto_sip, proto_sdp;

/* Wireshark remembers for each frame which heuristic dissector took it, and asks only that one on later passes. So a datagram
 * that another one took before its flow was known is shown as FaceTime's by this file. */
static void
late_note(const packet_info *pinfo, tvbuff_t *frame, tvbuff_t *tvb)
{
    late_datagram_t *datagram;

    if (!ft_limit_take(FT_LIMIT_LATE, &pinfo->abs_ts))
        return;
    datagram = wmem_new(wmem_file_scope(), late_datagram_t);
    datagram->offset = tvb_raw_offset(tvb);
    datagram->captured = (int)tvb_captured_length(tvb);
    datagram->reported = (int)tvb_reported_length(tvb);
    datagram->in_frame = tvb_get_ds_tvb(tvb) == frame;
    wmem_map_insert(late, GUINT_TO_POINTER(pinfo->num), datagram);
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
    const late_datagram_t *datagram = (const late_datagram_t *)wmem_map_lookup(late, GUINT_TO_POINTER(pinfo->num));
    ft_flow_t *flow = datagram ? ft_flow_find(pinfo) : NULL;
    ft_packet_t *pkt;

    if (!flow || !flow->is_facetime)
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->scope = pinfo->pool;
    pkt->flow = flow;
    ft_packet_attach(pinfo, pkt);
    /* Reassembled IP fragments are not part of the frame: then there is nothing to add but the call. */
    if (datagram->in_frame && (unsigned)(datagram->offset + datagram->captured) <= tvb_captured_length(frame))
        ft_annotate(tvb_new_subset_length_caplen(frame, datagram->offset, datagram->captured, datagram->reported),
                    pinfo, tree, pkt);
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
        if (ip.bytes < ip.frame + FT_ICMP_HEADER_LEN)
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
    ft_packet_t said = { 0 }, *pkt;

    if (last_layer(pinfo) != proto_udp || !is_icmp(pinfo))
        return NULL;
    if (PINFO_FD_VISITED(pinfo)) {
        flow = (ft_flow_t *)wmem_map_lookup(refused, GUINT_TO_POINTER(pinfo->num));
    } else {
        flow = quoted_flow(frame, pinfo, &said);
        if (flow && ft_limit_take(FT_LIMIT_REFUSED, &pinfo->abs_ts))
            wmem_map_insert(refused, GUINT_TO_POINTER(pinfo->num), flow);
    }
    if (!flow || (PINFO_FD_VISITED(pinfo) && !flow->is_facetime))
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->scope = pinfo->pool;
    pkt->flow = flow;
    pkt->quoted = true;
    pkt->closed = said.closed;
    pkt->closed_a = said.closed_a;
    pkt->phase = FT_PHASE_CONNECTIVITY;
    pkt->label = "ICMP error";
    ft_packet_attach(pinfo, pkt);
    return pkt;
}

/* The UDP payload that Wireshark's STUN or SIP dissector has shown; NULL: there is none. Not in reassembled fragments, which are not
 * part of the frame. */
static tvbuff_t *
taken_payload(tvbuff_t *frame, const packet_info *pinfo)
{
    int last = last_layer(pinfo);
    ft_payload_t payload;

    if ((last != proto_stun && last != proto_sip && last != proto_sdp) || !ft_payload_in(&payload, frame, pinfo, FT_IP_PROTOCOL_UDP) ||
        payload.reported < 4)
        return NULL;
    return tvb_new_subset_length_caplen(frame, (int)payload.offset, (int)payload.captured, (int)payload.reported);
}

static ft_packet_t *
taken_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    tvbuff_t *payload = taken_payload(frame, pinfo);

    return payload && !is_icmp(pinfo) ? ft_recognise_taken(payload, pinfo, tree) : NULL;
}

/* The first datagram of a flow on a port that another dissector owns: what it holds is looked at from the next one on, and
 * on later passes. Weak evidence by its ports alone. */
static ft_packet_t *
owned_packet(packet_info *pinfo)
{
    ft_packet_t *pkt;
    ft_flow_t *flow = ft_flow_get(pinfo);

    if (!flow)
        return NULL;
    pkt = wmem_new0(pinfo->pool, ft_packet_t);
    pkt->scope = pinfo->pool;
    pkt->flow = flow;
    pkt->kind = FT_KIND_UNKNOWN;
    return pkt;
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
queue_tap(tvbuff_t *frame, packet_info *pinfo, const ft_call_packets_t *what, const ft_packet_t *pkt)
{
    ft_tap_info_t *info = wmem_new0(pinfo->pool, ft_tap_info_t);

    info->call = ft_call_root(what->call);
    info->what = *what;
    info->phase = what->phase;
    info->earlier = what->frame != pinfo->num;
    info->visited = PINFO_FD_VISITED(pinfo);
    info->packet = pkt;
    if (pkt) {
        ft_arrival_of(&info->arrival, frame, pinfo, pkt);
        info->n_media_backlog = ft_media_backlog_taken(&info->media_backlog);
    }
    tap_queue_packet(ft_tap, pinfo, info);
}

/* Wireshark's queue holds 5,000 packets of all taps for a frame, and complains of each further one (TAP_PACKET_QUEUE_LEN of tap.c). */
#define FT_MAX_QUEUED 4096

/* What the frame at hand brought; those of the frame itself are queued by whoever showed it. */
static void
queue_backlog(tvbuff_t *frame, packet_info *pinfo)
{
    for (unsigned i = 0; i < MIN(ft_backlog_count(), FT_MAX_QUEUED); i++) {
        if (ft_backlog_at(i)->frame != pinfo->num)
            queue_tap(frame, pinfo, ft_backlog_at(i), NULL);
    }
}

/* The facts of the frame's datagram, by whichever way they are known; NULL if it is none of FaceTime's. */
static ft_packet_t *
packet_facts(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    ft_packet_t *pkt;

    /* Most packets of a capture are TCP's; none of them has facts. */
    if (pinfo->ptype == PT_TCP)
        return NULL;
    pkt = ft_packet_at_hand(pinfo);
    if (!pkt && PINFO_FD_VISITED(pinfo) && wmem_map_size(late) > 0)
        pkt = late_packet(tvb, pinfo, tree);
    if (!pkt && !PINFO_FD_VISITED(pinfo) && pinfo->ptype == PT_UDP)
        pkt = taken_packet(tvb, pinfo, tree);
    if (!pkt && !PINFO_FD_VISITED(pinfo) && pinfo->ptype == PT_UDP && ft_flow_is_owned(pinfo) && !is_icmp(pinfo))
        pkt = owned_packet(pinfo);
    if (!pkt)
        pkt = bare_icmp_packet(tvb, pinfo);
    return pkt && pkt->flow ? pkt : NULL;
}

/* Which side the calls know as a device's: as ft_flow_t.device_side. */
static int8_t
device_by_call(const ft_flow_t *flow)
{
    bool a = ft_call_by_device(&flow->a.addr) != NULL, b = ft_call_by_device(&flow->b.addr) != NULL;

    return a == b ? -1 : a ? 0 : 1;
}

/* Which side the form of the datagram shows as the device: who sends to the relay, who asks for its mapping. */
static int8_t
device_by_form(const ft_packet_t *pkt, bool from_a)
{
    bool probe = pkt->kind == FT_KIND_NAT_PROBE;

    if (pkt->to_relay || (probe && !pkt->is_answer))
        return from_a ? 0 : 1;
    if (pkt->from_relay || (probe && pkt->is_answer))
        return from_a ? 1 : 0;
    return -1;
}

/* Tells the flow what the datagram, and what is known around it, say of it. */
static void
take_into_flow(packet_info *pinfo, ft_flow_t *flow, const ft_packet_t *pkt)
{
    ft_flow_news_t news = { .kind = pkt->kind, .evidence = pkt->evidence, .device_by_form = -1, .device_by_call = -1,
                            .inside_turn = pkt->inside_turn, .quic_scid_len = pkt->quic_scid_len, .quic_scid = pkt->quic_scid };

    if (flow->device_side < 0) {
        news.device_by_form = device_by_form(pkt, ft_flow_from_a(flow, pinfo));
        news.device_by_call = device_by_call(flow);
    }
    if (pkt->sip) {
        for (unsigned i = 0; i < pkt->n_candidates; i++)
            ft_flow_take_announced(pinfo, &pkt->candidates[i].at);
    }
    if (ft_flow_update(flow, pinfo, &news))
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
            *first = (ft_moment_t){ .frame = pinfo->num, .when = pinfo->abs_ts };
    }
    if (pkt->quoted)
        return ft_call_add_quoted(pkt->flow, pinfo, pkt);
    /* Wireshark goes on asking who took it. */
    if (pkt->stock_tvb && !is_plain_data(pinfo))
        late_note(pinfo, tvb, pkt->stock_tvb);
    take_into_flow(pinfo, pkt->flow, pkt);
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

/* Nothing is made that nobody will see: half a million media packets go through here. */
static bool
is_looked_at(proto_tree *tree)
{
    return (tree && proto_field_is_referenced(tree, proto_facetime)) || ft_is_shown(NULL);
}

static void
show_datagram_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_call_t *call, const ft_packet_t *pkt)
{
    ft_phase_t phase = phase_of(pkt, call, pinfo->num);
    ft_call_packets_t what = { .call = call, .flow = pkt->flow, .phase = phase,
                          .kind = pkt->quoted ? FT_KIND_COUNT : pkt->kind, .frame = pinfo->num, .packets = 1,
                          .bytes = pinfo->fd->pkt_len, .first_time = pinfo->abs_ts, .last_time = pinfo->abs_ts };

    if (is_looked_at(tree))
        ft_call_show(tvb, pinfo, tree, call, phase, pkt->flow->reason, pkt);
    ft_voip_queue(pinfo, call, &what);
    if (have_tap_listener(ft_tap)) {
        /* Who sent an ICMP error is its own source; which ports pinfo has then differs between versions. */
        what.from_device = pkt->quoted ? addresses_equal(&pinfo->src, &ft_flow_device(pkt->flow)->addr)
                                       : ft_flow_from_device(pkt->flow, ft_flow_from_a(pkt->flow, pinfo));
        queue_tap(tvb, pinfo, &what, pkt);
    }
}

static void
show_service_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_call_t *call, const ft_service_flow_t *service)
{
    ft_call_packets_t what = { .call = call, .service = service, .phase = service->phase, .frame = pinfo->num, .packets = 1,
                          .bytes = pinfo->fd->pkt_len, .first_time = pinfo->abs_ts, .last_time = pinfo->abs_ts };

    if (is_looked_at(tree))
        ft_call_show(tvb, pinfo, tree, call, service->phase, FT_JOIN_AROUND, NULL);
    ft_voip_queue(pinfo, call, &what);
    if (have_tap_listener(ft_tap)) {
        what.from_device = addresses_equal(&pinfo->src, &service->device.addr);
        queue_tap(tvb, pinfo, &what, NULL);
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

/* A frame that may be part of a call, or has something to show. Not part of its caller, which is called for each frame of a capture. */
static G_GNUC_NO_INLINE void
take_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const char *current = pinfo->current_proto;
    const ft_service_flow_t *service;
    ft_packet_t *pkt;
    ft_call_t *call = NULL;

    /* Whose expert items these are. */
    pinfo->current_proto = "FaceTime";
    ft_services_begin(pinfo);
    ft_names_show(tvb, pinfo, tree);
    show_push(tvb, pinfo, tree);
    pkt = packet_facts(tvb, pinfo, tree);
    if (pkt) {
        has_backlog = true;
        call = PINFO_FD_VISITED(pinfo) ? ft_call_of_flow(pkt->flow, pinfo->num) : take_datagram(tvb, pinfo, pkt);
        if (call)
            show_datagram_call(tvb, pinfo, tree, call, pkt);
        else if (ft_is_shown(tree) && pkt->flow->is_facetime && ft_call_limit_reached())
            expert_add_info(pinfo, tree, &ei_call_limit);
    } else if (ft_service_flow_may_be(pinfo)) {
        service = ft_service_flow_of(pinfo, &call);
        if (service)
            show_service_call(tvb, pinfo, tree, call, service);
    }
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
    if (has_backlog) {
        ft_media_backlog_forget();
        ft_backlog_forget();
        has_backlog = false;
    }
    if (PINFO_FD_VISITED(pinfo)) {
        ft_call_renumber();
    } else {
        ft_call_clock(&pinfo->abs_ts);
        ft_names_collect(tvb, pinfo);
    }
    /* Most packets of a capture are TCP's, with hosts that have nothing to do with FaceTime. */
    if (tree || pinfo->ptype != PT_TCP || ft_service_flow_may_be(pinfo))
        take_frame(tvb, pinfo, tree);
}

static int
facetime_postdissector(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (proto_is_protocol_enabled(protocol))
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
    protocol = find_protocol_by_id(proto_facetime);
    proto_data = proto_get_id_by_filter_name("data");
    proto_udp = proto_get_id_by_filter_name("udp");
    proto_icmp = proto_get_id_by_filter_name("icmp");
    proto_icmpv6 = proto_get_id_by_filter_name("icmpv6");
    proto_stun = proto_get_id_by_filter_name("stun");
    proto_sip = proto_get_id_by_filter_name("sip");
    proto_sdp = proto_get_id_by_filter_name("sdp");
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
