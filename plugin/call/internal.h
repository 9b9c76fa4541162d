/* internal.h
 * What the files of the call floor share, and nobody else. From the bottom: call.c (the object), backlog.c and media_backlog.c (earlier
 * packets), events.c (the ladder), history.c (what happened), media.c (streams, loss), relay_counts.c, sessions.c, radios.c, exposure.c,
 * index.c (what calls are found by), push_bursts.c, services.c, facts.c (what a datagram says of its call), merge.c, join.c (which call a
 * datagram belongs to).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_CALL_INTERNAL_H
#define FT_CALL_INTERNAL_H

#include "call/call.h"

/* Media that stopped for so long while the capture went on: the call was interrupted, or is over. FaceTime shows "reconnecting"
 * after some 10 s of silence (observed behaviour, no written source). */
#define FT_SILENCE_SECONDS 10

/* A device that opens a session with a relay after its media was silent for so long may make another call: audio has 50 packets a second, and
 * nobody hangs up and calls again within a second. What comes next says whether it does: join.c. */
#define FT_REDIAL_SECONDS 0.8

/* The addresses in the NAT probes of a flow, while the probes wait for their call. File scope. */
typedef struct ft_probed {
    ft_endpoint_t own, mapped;      /* AT_NONE where not known */
    ft_moment_t own_at, mapped_at;  /* the probes that had them */
} ft_probed_t;

/* Datagrams of a flow that wait for a call: those of one kind, phase and direction, which are few. File scope. */
typedef struct ft_waiting {
    ft_kind_t kind;                 /* FT_KIND_COUNT: ICMP errors that quote a datagram of the flow */
    ft_phase_t phase;
    bool from_a;                    /* they went from side a of the flow to side b */
    uint32_t frame;                 /* the first one's */
    uint32_t number;                /* of the batch, from 1 */
    uint32_t packets;
    uint64_t bytes;                 /* of frames, on the wire */
    nstime_t first_time, last_time; /* absolute */
    struct ft_waiting *next;
} ft_waiting_t;

/* ---- call.c ------------------------------------------------------------------------------- */

/* A new call that begins with this packet; NULL where the limit is reached. */
ft_call_t *ft_call_new(const packet_info *pinfo);
/* Counts frames into a call: their number, bytes on the wire, the first frame's number, first and last time (absolute). */
void ft_call_count_in(ft_call_t *call, uint32_t packets, uint64_t bytes, uint32_t first_frame, const nstime_t *first, const nstime_t *last);
/* True if the call may still get packets at this time. */
bool ft_call_lives(const ft_call_t *call, const nstime_t *now);
/* True if the time of the frame at hand is far from those before it. */
bool ft_call_time_jumps(void);
/* The time of the latest frame of the first pass. */
const nstime_t *ft_call_now(void);

/* The numbers of the calls are to be given again. */
void ft_call_changed(void);
void ft_call_init(void);

/* ---- merge.c -------------------------------------------------------------------------------- */

/* Makes one call of two; the older one stands for both. Returns it. */
ft_call_t *ft_call_merge(ft_call_t *a, ft_call_t *b);

/* ---- index.c ------------------------------------------------------------------------------ */

/* What an endpoint is to the call that is found by it. */
typedef enum {
    FT_KNOWN_DEVICE,        /* the device's own address, or that of its NAT */
    FT_KNOWN_PEER           /* where the other side may be reached */
} ft_known_t;

/* Each of these finds the call that is named so, also one that was silent or is over, as none of the names is used twice; or returns NULL. */
ft_call_t *ft_index_call_id(const char *call_id);
ft_call_t *ft_index_ssrc(uint32_t ssrc);
ft_call_t *ft_index_participant(uint64_t id);
ft_call_t *ft_index_token(const uint8_t *bytes, unsigned len);      /* bytes may be NULL */
/* Each of these finds the call that lives at `now`, or returns NULL. */
ft_call_t *ft_index_relay(const ft_endpoint_t *relay, uint32_t link, const nstime_t *now);
/* The call of the device at side a (0) or b (1) of the flow. A public IPv4 address may be that of a NAT with many devices: there the port must be the
 * same. */
ft_call_t *ft_index_device(const ft_flow_t *flow, unsigned side, const nstime_t *now);
/* The call that knows the endpoint at side a (0) or b (1) of the flow. *reason: as what it knows it; *fact: the call has it by its packets, else
 * a datagram named it. */
ft_call_t *ft_index_end(const ft_flow_t *flow, unsigned side, const nstime_t *now, ft_join_t *reason, bool *fact);

/* Each of these enters what a call is found by; beyond the limit of the index nothing is entered. */
void ft_index_add_call_id(const char *call_id, ft_call_t *call);    /* call_id must live in file scope */
void ft_index_add_participant(uint64_t id, ft_call_t *call);
void ft_index_add_token(const uint8_t *bytes, unsigned len, ft_call_t *call);   /* bytes must live in file scope */
void ft_index_add_relay(const ft_endpoint_t *relay, uint32_t link, ft_call_t *call);
void ft_index_add_device(const ft_endpoint_t *device, const uint32_t links[2], bool fact, ft_call_t *call);
/* The socket of the flow's device, where the link tells whose it is: other addresses of the device have it, too. */
void ft_index_add_socket(const ft_flow_t *flow, ft_call_t *call);
/* `link` and `links`: the end of the link behind which the endpoint is, or who names it; ft_flow_t.link_ends. By its packets a call has an endpoint
 * that is entered with FT_JOIN_PEER, and a device that is a fact: what a datagram only names does not take it away. */
void ft_index_add_end(const ft_endpoint_t *end, uint32_t link, ft_known_t known, ft_join_t reason, ft_call_t *call);

/* Changes when an endpoint was entered: a flow looks for its call again only then. */
uint32_t ft_index_news(void);
/* It changes now. */
void ft_index_tell(void);
void ft_index_init(void);

/* ---- events.c ------------------------------------------------------------------------ */

/* Notes an arrow for the ladder: a packet of this ft_flow_t or ft_service_flow_t; label NULL: what begins a flow of this kind. A call has no
 * more than a screen or two of them. First pass only; the label is copied. */
void ft_event_add(ft_call_t *call, uint32_t frame, const void *of, const char *label, ft_kind_t kind);
void ft_event_init(void);

/* ---- backlog.c, services.c ------------------------------------------------------------------ */

/* Notes packets that the frame at hand brought into a call. First pass only. */
void ft_backlog_add(const ft_call_packets_t *packets);
void ft_backlog_init(void);
/* Takes what the device did shortly before into the call. First pass only. */
void ft_services_take(ft_call_t *call, const address *device, uint32_t link, bool fact);
void ft_services_init(void);

/* ---- exposure.c ----------------------------------------------------------------------- */

/* Takes into the call what a datagram, or a packet of a service flow, shows of it to an eavesdropper. First pass only. */
void ft_exposure_datagram(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt, ft_side_t side);
/* The frame shows this, if no earlier one does. value: in file scope; may be NULL. */
void ft_expose(ft_call_t *call, ft_exposure_t what, uint32_t frame, const nstime_t *when, const char *value);
void ft_exposure_probe(ft_call_t *call, const ft_probed_t *probed);
void ft_exposure_service(ft_call_t *call, const ft_service_flow_t *service, uint32_t frame, const nstime_t *when);

/* ---- media_backlog.c ------------------------------------------------------------------------ */

/* The flow has a call: its RTP packets so far are given to the taps. */
void ft_media_backlog_take(ft_flow_t *flow);
/* The flow has no call: notes the streams that the packet is of. First pass only. */
void ft_media_early_note(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* The flow has this call: its streams so far began in it. First pass only. */
void ft_media_early_take(ft_call_t *call, ft_flow_t *flow);
void ft_media_backlog_init(void);

/* ---- history.c ----------------------------------------------------------------------------- */

/* Notes an event. `what` must live in file scope, or be NULL. Past a limit of the call, or of all, it is counted only, and NULL is returned. First
 * pass only. */
ft_event_t *ft_history_add(ft_call_t *call, ft_event_kind_t kind, const ft_moment_t *at, ft_side_t who, const char *what);
/* Puts the events of a call into the one that it turned out to be part of. */
void ft_history_merge(ft_call_t *keep, ft_call_t *gone);
void ft_history_init(void);

/* ---- media.c ------------------------------------------------------------------------------- */

/* Takes one RTP packet of a side into its stream and the media of its call. First pass only. */
void ft_media_take(ft_call_t *call, ft_flow_t *flow, ft_stream_t *stream, ft_side_t side, const ft_packet_t *pkt, const ft_rtp_t *rtp,
                   const ft_moment_t *at);
/* Takes a packet of which nothing more is known than that it may be media. First pass only. what: static, where it is. */
void ft_media_take_opaque(ft_call_t *call, ft_side_t side, const char *what, const ft_moment_t *at);
/* A stream of this side began with this packet before its flow was known, and had its latest one then. First pass only. */
void ft_media_begin(ft_call_t *call, ft_side_t side, const ft_rtp_t *rtp, const ft_moment_t *first,
                    const ft_moment_t *latest);
/* Takes what a datagram without RTP says of media: requests for repair. */
void ft_media_ask(ft_call_t *call, ft_side_t side, const ft_moment_t *at);
/* Adds the media of a call to those of the one that it turned out to be part of. */
void ft_media_merge(ft_call_t *keep, ft_call_t *gone);
/* The socket at the device's end of the flow is closed: is it one that has media? */
bool ft_media_socket(const ft_call_t *call, const ft_flow_t *flow);
void ft_media_init(void);

/* ---- push_bursts.c -------------------------------------------------------------------------- */

/* Takes a packet of the push connection of a device (port 0) into its bursts. bytes: of the frame or the
 * whole segment; opens: it is the first of its connection, and has no data, as a SYN. First pass only. */
void ft_push_note(const ft_endpoint_t *device, uint32_t frame, const nstime_t *when, bool from_device, uint32_t bytes, bool opens);
/* Was the push packet at this time one of a keep-alive, well before the call's own first packet? */
bool ft_push_is_keep_alive(const ft_endpoint_t *device, const nstime_t *when, const nstime_t *call_begins);
/* Tells the call who called, as a guess, if a burst of the device before it tells. First pass only. */
void ft_push_take(ft_call_t *call, const ft_endpoint_t *device);
void ft_push_init(void);

/* ---- relay_counts.c ------------------------------------------------------------------------- */

/* Takes relay channel data into the counts of its flow, and what the relay counted into the call. First pass only. */
void ft_relay_counts_take(ft_call_t *call, ft_flow_t *flow, const ft_packet_t *pkt, bool sent, bool hello, const ft_moment_t *at);

/* ---- sessions.c ----------------------------------------------------------------------------- */

/* Takes the token of a hello: a session of the call, and of this leg of it. First pass only. */
void ft_session_take(ft_call_t *call, ft_flow_t *flow, const uint8_t *token, unsigned token_len, const ft_moment_t *at, ft_side_t side);
/* Adds the sessions of a call to those of the one that it turned out to be part of. */
void ft_session_merge(ft_call_t *keep, const ft_call_t *gone);

/* ---- radios.c ------------------------------------------------------------------------------- */

/* Takes what a datagram of this side says of its interfaces. First pass only. */
void ft_radios_take(ft_call_t *call, const packet_info *pinfo, const ft_packet_t *pkt, ft_side_t side, const ft_moment_t *at);
/* Adds the interfaces of a call to those of the one that it turned out to be part of. */
void ft_radios_merge(ft_call_t *keep, const ft_call_t *gone);

/* ---- facts.c ------------------------------------------------------------------------- */

/* Takes what one datagram says into its call. */
void ft_facts_take(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* The packet as an arrow of the ladder, unless its flow has one like it: checks that nobody answers go out once a second. */
void ft_facts_arrow(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* Takes what an ICMP error says of a datagram's flow: whose socket is closed. */
void ft_facts_quoted(ft_call_t *call, ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* Adds an address of the device to the call. */
void ft_facts_add_device(ft_call_t *call, const ft_endpoint_t *device);
/* The call is as sure as its surest flow. */
void ft_facts_confidence(ft_call_t *call, const ft_flow_t *flow);
/* The flow's device is one of the call: the call is found by it, and gets what the device did shortly before. */
void ft_facts_take_device(ft_call_t *call, ft_flow_t *flow);
/* Notes a flow whose sides are decided when a device of the call is known; once, and as many as there is room for. */
void ft_facts_undecided(ft_call_t *call, ft_flow_t *flow);

#endif /* FT_CALL_INTERNAL_H */
