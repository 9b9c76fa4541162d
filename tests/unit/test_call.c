/* test_call.c
 * Calls from packet facts alone: states, how a call ends, what joins and what merges.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

#include "call/internal.h"

/* Addresses of a flow: device 192.168.1.n, peer 198.51.100.n, relay 17.0.0.n. */
static const uint8_t device_net[3] = { 192, 168, 1 }, peer_net[3] = { 198, 51, 100 }, relay_net[3] = { 17, 0, 0 };

static uint32_t number;     /* of the latest frame */
static double now;          /* seconds since the capture began */

static void
begin(void)
{
    ft_calls_init();
    number = 0;
    now = 0;
}

static ft_endpoint_t
endpoint(const uint8_t *net, uint8_t host, uint16_t port)
{
    ft_endpoint_t end;
    uint8_t *bytes = g_new(uint8_t, 4);

    memcpy(bytes, net, 3);
    bytes[3] = host;
    end.addr = unit_address(bytes, 4);
    end.port = port;
    return end;
}

/* A flow that is known to be FaceTime's; a is the device. */
static ft_flow_t *
flow_new(const uint8_t *device, uint8_t host, const uint8_t *remote, uint8_t other)
{
    ft_flow_t *flow = g_new0(ft_flow_t, 1);

    flow->a = endpoint(device, host, 16402);
    flow->b = endpoint(remote, other, remote == relay_net ? 3482 : 16402);
    flow->first_frame = number + 1;
    flow->is_facetime = true;
    flow->device_side = 0;
    flow->confidence = FT_CONFIDENCE_HIGH;
    return flow;
}

/* One datagram of the flow, `later` seconds after the last; from its end a or b. */
static ft_call_t *
send(ft_flow_t *flow, bool from_a, double later, ft_packet_t *pkt)
{
    packet_info *pinfo;
    const ft_endpoint_t *from = from_a ? &flow->a : &flow->b, *to = from_a ? &flow->b : &flow->a;

    now += later;
    pinfo = unit_packet(++number, now);
    pinfo->src = pinfo->net_src = from->addr;
    pinfo->dst = pinfo->net_dst = to->addr;
    pinfo->srcport = from->port;
    pinfo->destport = to->port;
    if (flow->packets++ == 0) {
        flow->first_time = pinfo->abs_ts;
        flow->first_kind = pkt->kind;
    }
    flow->last_time = pinfo->abs_ts;
    flow->kinds |= 1u << pkt->kind;
    pkt->flow = flow;
    pkt->from_a = from_a;
    return ft_call_add(flow, pinfo, pkt);
}

static ft_call_t *
request(ft_flow_t *flow, bool from_a, const char *method, const char *call_id)
{
    ft_sip_t sip = { .call_id = call_id, .method = method, .is_request = true };
    ft_packet_t pkt = { .kind = FT_KIND_SIP, .phase = FT_PHASE_SIGNALLING, .sip = &sip };

    return send(flow, from_a, 0.1, &pkt);
}

static ft_call_t *
answer(ft_flow_t *flow, bool from_a, uint16_t status, const char *method, const char *call_id)
{
    ft_sip_t sip = { .call_id = call_id, .method = method, .status = status };
    ft_packet_t pkt = { .kind = FT_KIND_SIP, .phase = FT_PHASE_SIGNALLING, .sip = &sip };

    return send(flow, from_a, 0.1, &pkt);
}

static ft_call_t *
rtp(ft_flow_t *flow, bool from_a, double later, uint32_t ssrc)
{
    ft_packet_t pkt = { .kind = FT_KIND_RTP, .phase = FT_PHASE_MEDIA, .n_rtp = 1, .rtp = { { .ssrc = ssrc, .payload_type = 104 } } };

    return send(flow, from_a, later, &pkt);
}

static ft_call_t *
plain(ft_flow_t *flow, ft_kind_t kind, ft_phase_t phase, double later)
{
    ft_packet_t pkt = { .kind = kind, .phase = phase };

    return send(flow, true, later, &pkt);
}

/* Time passes in the capture, without a packet of a call. */
static void
pass(double seconds)
{
    now += seconds;
    unit_packet(++number, now);
}

static void
answered_call(void)
{
    ft_flow_t *flow;
    ft_call_t *call;

    begin();
    g_assert_cmpuint(ft_call_count(), ==, 0);
    flow = flow_new(device_net, 1, peer_net, 1);
    call = request(flow, true, "INVITE", "one");
    g_assert_nonnull(call);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ATTEMPTED);
    g_assert_cmpint(call->direction, ==, FT_DIRECTION_OUTBOUND);
    g_assert_true(answer(flow, false, 180, "INVITE", "one") == call);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_RINGING);
    g_assert_true(answer(flow, false, 200, "INVITE", "one") == call);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ESTABLISHED);
    g_assert_true(answer(flow, false, 200, "MESSAGE", "one") == call);
    g_assert_cmpint(ft_call_end(call), ==, FT_END_CAPTURE);
    g_assert_true(request(flow, false, "BYE", "one") == call);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ENDED);
    g_assert_cmpint(ft_call_end(call), ==, FT_END_BYE_PEER);
    g_assert_cmpuint(ft_call_count(), ==, 1);
    g_assert_cmpuint(call->packets, ==, 5);
}

static void
inbound_call(void)
{
    ft_flow_t *flow;

    begin();
    flow = flow_new(device_net, 1, peer_net, 1);
    g_assert_cmpint(request(flow, false, "INVITE", "one")->direction, ==, FT_DIRECTION_INBOUND);
    g_assert_cmpint(ft_call_end(request(flow, true, "BYE", "one")), ==, FT_END_BYE_DEVICE);
}

static void
refused_calls(void)
{
    static const struct {
        uint16_t status;
        ft_state_t state;
    } cases[] = {
        { 100, FT_STATE_ATTEMPTED }, { 180, FT_STATE_RINGING }, { 200, FT_STATE_ESTABLISHED }, { 404, FT_STATE_FAILED }, { 480, FT_STATE_DECLINED },
        { 486, FT_STATE_DECLINED }, { 487, FT_STATE_CANCELLED }, { 500, FT_STATE_FAILED }, { 600, FT_STATE_DECLINED }, { 603, FT_STATE_DECLINED },
    };

    for (unsigned i = 0; i < array_length(cases); i++) {
        ft_flow_t *flow;
        ft_call_t *call;

        begin();
        flow = flow_new(device_net, 1, peer_net, 1);
        request(flow, true, "INVITE", "one");
        call = answer(flow, false, cases[i].status, "INVITE", "one");
        g_assert_cmpint(ft_call_state(call), ==, cases[i].state);
    }
    begin();
    {
        ft_flow_t *flow = flow_new(device_net, 1, peer_net, 1);

        request(flow, true, "INVITE", "one");
        g_assert_cmpint(ft_call_state(request(flow, true, "CANCEL", "one")), ==, FT_STATE_CANCELLED);
    }
}

static void
media_that_stops(void)
{
    ft_flow_t *flow;
    ft_call_t *call;

    begin();
    flow = flow_new(device_net, 1, peer_net, 1);
    call = rtp(flow, true, 0.02, 0x1111);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ESTABLISHED);
    pass(9);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ESTABLISHED);
    pass(2);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_INTERRUPTED);
    g_assert_cmpint(ft_call_end(call), ==, FT_END_TIMEOUT);
    /* The same stream again: the call was not over. */
    g_assert_true(rtp(flow, true, 1, 0x1111) == call);
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ESTABLISHED);
}

/* Two interfaces, two relays: nothing but the SSRC says that they are one call. */
static void
merge_by_ssrc(void)
{
    ft_flow_t *wifi, *cellular, *third;
    ft_call_t *one, *two, *three;

    begin();
    wifi = flow_new(device_net, 1, relay_net, 1);
    cellular = flow_new(device_net, 2, relay_net, 2);
    third = flow_new(device_net, 3, relay_net, 3);
    one = plain(wifi, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    two = plain(cellular, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    three = plain(third, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_cmpuint(ft_call_count(), ==, 3);
    g_assert_true(one != two && two != three);
    rtp(wifi, true, 0.1, 0xabcd);
    g_assert_true(rtp(cellular, true, 0.1, 0xabcd) == one);
    g_assert_true(ft_call_root(two) == one);
    g_assert_cmpuint(ft_call_count(), ==, 2);
    g_assert_cmpuint(one->packets, ==, 4);
    g_assert_cmpuint(one->n_devices, ==, 2);
    g_assert_cmpuint(one->number, ==, 1);
    g_assert_cmpuint(three->number, ==, 2);
    g_assert_true(ft_call_at(0) == one && ft_call_at(1) == three);
    g_assert_true(ft_call_of_flow(cellular, number) == one);
    /* A chain of merges ends at the one that stands for all. */
    g_assert_true(rtp(third, true, 0.1, 0xabcd) == one);
    g_assert_true(ft_call_root(three) == one && ft_call_root(two) == one);
    g_assert_cmpuint(ft_call_count(), ==, 1);
}

/* The SIP Call-ID joins flows of any address, and keeps two dialogues apart on one flow. */
static void
call_ids(void)
{
    ft_flow_t *flow, *other;
    ft_call_t *one, *two;

    begin();
    flow = flow_new(device_net, 1, peer_net, 1);
    other = flow_new(device_net, 2, peer_net, 2);
    one = request(flow, true, "INVITE", "one");
    g_assert_true(request(other, true, "MESSAGE", "one") == one);
    two = request(flow, true, "INVITE", "two");
    g_assert_true(two != one);
    g_assert_cmpuint(ft_call_count(), ==, 2);
    g_assert_true(ft_call_of_flow(flow, 1) == one);
    g_assert_true(ft_call_of_flow(flow, number) == two);
}

/* A NAT probe makes no call; it belongs to the call of its device that follows soon. */
static void
probe_before_the_call(void)
{
    ft_flow_t *probe, *flow;
    ft_call_t *call;

    begin();
    probe = flow_new(device_net, 1, relay_net, 9);
    flow = flow_new(device_net, 1, peer_net, 1);
    g_assert_null(plain(probe, FT_KIND_NAT_PROBE, FT_PHASE_PROBE, 0));
    g_assert_cmpuint(ft_call_count(), ==, 0);
    call = request(flow, true, "INVITE", "one");
    g_assert_true(ft_call_of_flow(probe, 1) == call);
    g_assert_cmpuint(call->packets, ==, 2);
    g_assert_cmpuint(call->first_frame, ==, 1);

    begin();
    probe = flow_new(device_net, 1, relay_net, 9);
    flow = flow_new(device_net, 1, peer_net, 1);
    plain(probe, FT_KIND_NAT_PROBE, FT_PHASE_PROBE, 0);
    pass(300);
    call = request(flow, true, "INVITE", "one");
    g_assert_null(ft_call_of_flow(probe, 1));
    g_assert_cmpuint(call->packets, ==, 1);
}

/* A device has one call at a time; another device has its own. */
static void
by_device(void)
{
    ft_flow_t *flow, *second, *stranger;
    ft_call_t *call;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    second = flow_new(device_net, 1, peer_net, 1);
    stranger = flow_new(device_net, 2, peer_net, 2);
    call = plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_true(plain(second, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == call);
    g_assert_true(plain(stranger, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) != call);
    g_assert_cmpuint(ft_call_count(), ==, 2);
}

/* After a long silence the same flow has another call; earlier frames keep theirs. */
static void
silence(void)
{
    ft_flow_t *flow;
    ft_call_t *one, *two;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    one = plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_true(plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 20) == one);
    two = plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 300);
    g_assert_true(two != one);
    g_assert_true(ft_call_of_flow(flow, 1) == one && ft_call_of_flow(flow, 2) == one && ft_call_of_flow(flow, 3) == two);
    g_assert_cmpuint(one->packets, ==, 2);
    g_assert_cmpuint(two->packets, ==, 1);
}

static ft_call_t *
opens(ft_flow_t *flow, double later)
{
    ft_packet_t pkt = { .kind = FT_KIND_QUIC, .phase = FT_PHASE_RELAY, .quic_initial = true };

    return send(flow, true, later, &pkt);
}

/* The sender names an address as its own. */
static ft_call_t *
names(ft_flow_t *flow, bool from_a, const ft_endpoint_t *end)
{
    ft_packet_t pkt = { .kind = FT_KIND_STUN, .phase = FT_PHASE_CONNECTIVITY };

    ft_candidate_add(&pkt, &end->addr, end->port, FT_CANDIDATE_OWN, 0);
    return send(flow, from_a, 0.1, &pkt);
}

static void
behind(ft_flow_t *flow, uint32_t link)
{
    ft_flow_note_links(flow, true, link, 99);
    ft_flow_note_links(flow, false, 99, link);
}

/* A private address is one device behind one end of a link; a public one is everywhere the same. */
static void
two_homes(void)
{
    static const uint8_t public_net[3] = { 203, 0, 113 }, xlat_net[3] = { 192, 0, 0 };
    ft_flow_t *one, *same, *other, *claimed;
    ft_call_t *call;

    begin();
    one = flow_new(device_net, 1, relay_net, 1);
    same = flow_new(device_net, 1, peer_net, 1);
    other = flow_new(device_net, 1, peer_net, 2);
    behind(one, 7);
    behind(same, 7);
    behind(other, 8);
    call = plain(one, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_true(plain(same, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == call);
    g_assert_true(plain(other, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) != call);
    /* Also where the call announced it. */
    claimed = flow_new(device_net, 5, peer_net, 3);
    behind(claimed, 8);
    g_assert_true(names(one, true, &claimed->a) == call);
    g_assert_true(plain(claimed, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) != call);

    begin();
    one = flow_new(public_net, 1, relay_net, 1);
    same = flow_new(public_net, 1, peer_net, 1);
    behind(one, 7);
    behind(same, 8);
    call = plain(one, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_true(plain(same, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == call);

    /* RFC 7335: with another port, another device, behind the same end as well. */
    begin();
    one = flow_new(xlat_net, 1, relay_net, 1);
    other = flow_new(xlat_net, 1, peer_net, 1);
    other->a.port = 16393;
    behind(one, 7);
    behind(other, 7);
    call = plain(one, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    g_assert_true(plain(other, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) != call);
}

/* Another interface that checks the peer whom the call checks; not one that goes to the same relay with a session of its own. */
static void
same_peer(void)
{
    ft_flow_t *wifi, *check, *cellular;
    ft_call_t *call;

    begin();
    wifi = flow_new(device_net, 1, relay_net, 1);
    check = flow_new(device_net, 1, peer_net, 1);
    call = plain(wifi, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
    plain(check, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1);
    cellular = flow_new(device_net, 2, peer_net, 1);
    g_assert_true(plain(cellular, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == call);
    g_assert_cmpint(cellular->reason, ==, FT_JOIN_PEER);
    g_assert_true(opens(flow_new(device_net, 3, relay_net, 1), 0.1) != call);
}

/* A stranger's datagram that names the addresses of two devices joins no calls, before they have media and after. */
static void
strangers(void)
{
    static const uint8_t strange_net[3] = { 203, 0, 113 };

    for (unsigned with_media = 0; with_media < 2; with_media++) {
        ft_flow_t *one, *two, *stranger;
        ft_call_t *first, *second;

        begin();
        one = flow_new(device_net, 1, relay_net, 1);
        two = flow_new(device_net, 2, relay_net, 2);
        first = plain(one, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
        second = plain(two, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1);
        if (with_media) {
            rtp(one, true, 0.1, 1);
            rtp(two, true, 0.1, 2);
        }
        stranger = flow_new(strange_net, 77, relay_net, 1);
        g_assert_true(names(stranger, true, &one->a) != first);
        names(stranger, true, &two->a);
        g_assert_true(plain(one, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1) == first && plain(two, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1) == second);
        g_assert_true(plain(flow_new(device_net, 1, peer_net, 1), FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == first);
        g_assert_cmpuint(ft_call_count(), ==, 3);
        g_assert_cmpuint(first->packets, ==, 3 + with_media);
    }
}

/* Identifiers name a call after a pause, too, and an hour later at another place, whose clock is said to differ. */
static void
names_after_a_pause(void)
{
    ft_flow_t *flow, *there;
    ft_call_t *call;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    call = rtp(flow, true, 0.1, 0xabcd);
    g_assert_true(rtp(flow, true, 40, 0xabcd) == call);
    g_assert_true(plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 90) != call);
    g_assert_true(rtp(flow, true, 0.1, 0xabcd) == call);
    g_assert_cmpuint(ft_call_count(), ==, 1);
    g_assert_true(call->clock_offset == 0);
    there = flow_new(device_net, 9, relay_net, 9);
    g_assert_true(opens(there, 3600) != call);
    g_assert_true(rtp(there, false, 0.1, 0xabcd) == call);
    g_assert_cmpuint(ft_call_count(), ==, 1);
    g_assert_true(call->clock_offset > 3600);
}

/* A single time stamp that is wrong, forwards or back, with a name in the packet or without, makes no call, and ends none. */
static void
one_wrong_time(void)
{
    for (unsigned with_name = 0; with_name < 2; with_name++) {
        for (int step = -3600; step <= 3600; step += 7200) {
            ft_flow_t *flow, *other;
            ft_call_t *call, *second;

            begin();
            flow = flow_new(device_net, 1, relay_net, 1);
            other = flow_new(device_net, 2, relay_net, 2);
            call = rtp(flow, true, 0.1, 1);
            second = rtp(other, true, 0.1, 2);
            if (with_name)
                rtp(flow, true, step, 1);
            else
                plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, step);
            g_assert_true(rtp(other, true, -step, 2) == second);
            g_assert_true(plain(flow, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1) == call);
            g_assert_true(plain(other, FT_KIND_RELAY, FT_PHASE_RELAY, 0.1) == second);
            g_assert_cmpuint(ft_call_count(), ==, 2);
            g_assert_cmpuint(call->packets, ==, 3);
            g_assert_cmpint(ft_call_state(second), ==, FT_STATE_ESTABLISHED);
        }
    }
}

/* A new session with a relay after a second: media of its own makes it another call, from its first datagram on, media of the call before makes it
 * a part of that. */
static void
redial(void)
{
    ft_flow_t *flow, *again, *check;
    ft_call_t *one, *two;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    again = flow_new(device_net, 1, relay_net, 2);
    check = flow_new(device_net, 1, peer_net, 1);
    one = rtp(flow, true, 0.1, 1);
    plain(check, FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1);
    two = opens(again, 1);
    g_assert_true(two != one);
    g_assert_true(plain(flow_new(device_net, 1, peer_net, 1), FT_KIND_STUN, FT_PHASE_CONNECTIVITY, 0.1) == two);
    g_assert_true(rtp(again, true, 0.1, 2) == two);
    g_assert_cmpuint(ft_call_count(), ==, 2);
    g_assert_cmpuint(two->packets, ==, 3);

    /* The media goes on over the new relay, or over the old one. */
    for (unsigned old = 0; old < 2; old++) {
        begin();
        flow = flow_new(device_net, 1, relay_net, 1);
        again = flow_new(device_net, 1, relay_net, 2);
        one = rtp(flow, true, 0.1, 1);
        g_assert_true(opens(again, 3) != one);
        g_assert_true(rtp(old ? flow : again, true, 0.1, 1) == one);
        g_assert_cmpuint(ft_call_count(), ==, 1);
    }

    /* While media flows, another session is the call's. */
    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    one = rtp(flow, true, 0.1, 1);
    g_assert_true(opens(flow_new(device_net, 1, relay_net, 2), 0.5) == one);
}

/* Video over the relay; again: the relay sent it again. */
static ft_call_t *
video(ft_flow_t *flow, bool from_a, uint32_t ssrc, uint16_t seq, bool again)
{
    ft_packet_t pkt = { .kind = FT_KIND_RELAY, .phase = FT_PHASE_MEDIA, .n_rtp = 1,
                        .rtp = { { .ssrc = ssrc, .seq = seq, .timestamp = 800u * seq, .payload_type = 100, .media = FT_MEDIA_VIDEO,
                                   .retransmitted = again } } };

    return send(flow, from_a, 0.01, &pkt);
}

/* RTCP to the relay, of the length of a request for one packet; returns its frame. */
static uint32_t
asks(ft_flow_t *flow, bool from_a)
{
    ft_packet_t pkt = { .kind = FT_KIND_RELAY, .phase = FT_PHASE_RELAY, .relay = { .nack = true } };

    send(flow, from_a, 0.01, &pkt);
    return number;
}

static const ft_hole_t *
hole_of(uint32_t frame)
{
    const ft_hole_t *hole = ft_hole_of_frame(frame);

    g_assert_nonnull(hole);
    return hole;
}

/* A hole, who asks for it, and what fills it. */
static void
asked_for_and_repaired(void)
{
    ft_flow_t *flow;
    uint32_t first, second, nack, repair;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    video(flow, false, 0x77, 1, false);
    g_assert_null(ft_hole_of_frame(number));
    video(flow, false, 0x77, 3, false);
    first = number;
    g_assert_cmpuint(hole_of(first)->number, ==, 2);
    g_assert_cmpuint(hole_of(first)->count, ==, 1);
    /* Whoever sends the stream does not ask for it. */
    g_assert_null(ft_hole_of_frame(asks(flow, false)));
    nack = asks(flow, true);
    g_assert_true(hole_of(nack) == hole_of(first));
    g_assert_cmpuint(hole_of(first)->nack, ==, nack);
    /* It was asked for, and there is no other one. */
    g_assert_null(ft_hole_of_frame(asks(flow, true)));
    video(flow, false, 0x77, 2, true);
    repair = number;
    g_assert_cmpuint(hole_of(first)->repair, ==, repair);
    g_assert_true(hole_of(repair) == hole_of(first));
    /* The first packet that fills it; a packet of another stream, or of another number, fills nothing. */
    video(flow, false, 0x77, 2, true);
    g_assert_cmpuint(hole_of(first)->repair, ==, repair);
    video(flow, false, 0x77, 9, false);
    second = number;
    video(flow, false, 0x78, 5, true);
    video(flow, false, 0x77, 3, true);
    g_assert_cmpuint(hole_of(second)->repair, ==, 0);
    video(flow, false, 0x77, 8, true);
    g_assert_cmpuint(hole_of(second)->repair, ==, number);
    /* What was repaired is not asked for. */
    g_assert_null(ft_hole_of_frame(asks(flow, true)));
}

/* The latest hole that nobody asked for is meant; those before it wait. */
static void
asked_for_the_latest(void)
{
    ft_flow_t *flow;
    uint32_t holes[3];

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    for (uint16_t i = 0; i <= 3; i++) {
        video(flow, false, 0x77, (uint16_t)(10 * i), false);
        if (i > 0)
            holes[i - 1] = number;
    }
    g_assert_cmpuint(hole_of(holes[1])->count, ==, 9);
    for (unsigned i = 3; i-- > 0;) {
        uint32_t nack = asks(flow, true);

        g_assert_cmpuint(hole_of(holes[i])->nack, ==, nack);
    }
}

/* Two layers of one picture take turns: what is missing meanwhile was not lost, and what comes late of it was forwarded. */
static void
paused_layers(void)
{
    ft_flow_t *flow;
    ft_call_t *call;
    ft_stream_t *stream;

    begin();
    flow = flow_new(device_net, 1, relay_net, 1);
    call = video(flow, false, 0x77, 1, false);
    video(flow, false, 0x77, 2, false);
    for (uint16_t i = 3; i <= 6; i++)
        video(flow, false, 0x78, i, false);
    video(flow, false, 0x77, 7, false);
    g_assert_true(hole_of(number)->paused);
    g_assert_cmpuint(hole_of(number)->count, ==, 4);
    stream = flow->last_stream;
    g_assert_cmpuint(stream->by[FT_SIDE_PEER]->paused, ==, 4);
    video(flow, false, 0x77, 5, false);
    g_assert_cmpuint(stream->by[FT_SIDE_PEER]->paused, ==, 3);
    g_assert_cmpuint(stream->by[FT_SIDE_PEER]->repaired, ==, 0);
    /* Nobody asks for what was not forwarded. */
    g_assert_null(ft_hole_of_frame(asks(flow, true)));
    g_assert_cmpint(ft_call_state(call), ==, FT_STATE_ESTABLISHED);
}

/* 64 flows of NAT probes wait for a call of their device; of more, the latest. */
static void
probes_that_wait(void)
{
    enum { WAITING = 64, MORE = WAITING + 1 };
    ft_flow_t *probes[MORE], *flow;
    ft_call_t *call;

    begin();
    for (unsigned i = 0; i < MORE; i++) {
        probes[i] = flow_new(device_net, 1, relay_net, (uint8_t)(i + 1));
        g_assert_null(plain(probes[i], FT_KIND_NAT_PROBE, FT_PHASE_CONNECTIVITY, 0.01));
    }
    flow = flow_new(device_net, 1, peer_net, 1);
    call = request(flow, true, "INVITE", "one");
    g_assert_nonnull(call);
    for (unsigned i = 0; i < MORE; i++)
        g_assert_true((ft_call_of_flow(probes[i], probes[i]->first_frame) == call) == (i > 0));
}

/* A ladder has 200 arrows of one call. */
static void
arrows_of_a_call(void)
{
    enum { ARROWS = 200 };
    ft_flow_t *flow;
    ft_call_t *call;

    begin();
    flow = flow_new(device_net, 1, peer_net, 1);
    call = request(flow, true, "INVITE", "one");
    g_assert_nonnull(call);
    for (unsigned i = call->n_events; i <= ARROWS; i++)
        ft_event_add(call, 1000 + i, flow, "arrow", FT_KIND_STUN);
    g_assert_cmpuint(call->n_events, ==, ARROWS);
    g_assert_cmpstr(ft_event_label(1000 + ARROWS - 1, flow), ==, "arrow");
    g_assert_null(ft_event_label(1000 + ARROWS, flow));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    unit_begin();
    g_test_add_func("/call/answered", answered_call);
    g_test_add_func("/call/inbound", inbound_call);
    g_test_add_func("/call/refused", refused_calls);
    g_test_add_func("/call/media that stops", media_that_stops);
    g_test_add_func("/call/merge by SSRC", merge_by_ssrc);
    g_test_add_func("/call/Call-IDs", call_ids);
    g_test_add_func("/call/probe before the call", probe_before_the_call);
    g_test_add_func("/call/by device", by_device);
    g_test_add_func("/call/silence", silence);
    g_test_add_func("/call/two homes", two_homes);
    g_test_add_func("/call/same peer", same_peer);
    g_test_add_func("/call/strangers", strangers);
    g_test_add_func("/call/names after a pause", names_after_a_pause);
    g_test_add_func("/call/one wrong time", one_wrong_time);
    g_test_add_func("/call/redial", redial);
    g_test_add_func("/call/asked for and repaired", asked_for_and_repaired);
    g_test_add_func("/call/asked for the latest", asked_for_the_latest);
    g_test_add_func("/call/paused layers", paused_layers);
    g_test_add_func("/call/probes that wait", probes_that_wait);
    g_test_add_func("/call/arrows", arrows_of_a_call);
    return g_test_run();
}
