/* call.h
 * Floor 6, call: which packets make a call, and what it is. This header is the floor's door.
 *
 * It knows facts of datagrams (ft_packet_t), flows and services. It reads no bytes, and does not know how a call is shown. Written on the
 * first pass only. The entry tells it each datagram; the tables and fields read it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_CALL_H
#define FT_CALL_H

#include "names/names.h"
#include "wire/wire.h"

/* Who sends, seen from the device. */
typedef enum { FT_SIDE_UNKNOWN, FT_SIDE_DEVICE, FT_SIDE_PEER, FT_SIDE_RELAY } ft_side_t;
/* Who sent what went from side a of the flow (from_a), or from side b. On the peer's own leg with the relay, where both ends were captured, it is the
 * peer who sends, and what comes to it is the device's. */
static inline ft_side_t
ft_side_of(const ft_flow_t *flow, bool from_a)
{
    if (flow->device_side < 0)
        return FT_SIDE_UNKNOWN;
    return ft_flow_from_device(flow, from_a) != (flow->whose == FT_WHOSE_PEER) ? FT_SIDE_DEVICE : FT_SIDE_PEER;
}

/* Sides that send media: all but the relay. */
#define FT_MEDIA_SIDES 3

/* A stream as one side has it: in a capture of both ends the same SSRC is sent at one and received at the other. File scope. */
typedef struct ft_stream_side {
    ft_seq_t seq;                   /* which sequence numbers came, on all paths */
    uint64_t paused;                /* numbers that were not forwarded while another layer was */
    ft_pauses_t pauses;             /* where */
    uint32_t packets, repaired, parity; /* all; sent again by the relay; error correction */
    uint32_t timestamp;             /* of the latest packet */
    nstime_t when;                  /* absolute, of that */
    uint8_t codec;                  /* payload type of the latest packet that is neither comfort noise nor redundancy */
    uint32_t generation;            /* of the side's streams that it began with, from 1 */
    struct ft_event *begins;        /* FT_EVENT_STREAM; NULL: it is not kept */
} ft_stream_side_t;

/* One packet of a stream as it was seen first. */
typedef struct ft_sight {
    const ft_flow_t *flow;          /* NULL: none */
    nstime_t when;                  /* absolute */
    uint16_t seq;
} ft_sight_t;

/* One SSRC of one sender. File scope. */
typedef struct ft_stream {
    uint32_t ssrc;
    uint8_t payload_type;           /* of the latest packet */
    uint32_t packets;               /* on all paths */
    struct ft_call *call;
    ft_stream_side_t *by[FT_MEDIA_SIDES]; /* as each side has it; NULL: that one does not */
    uint16_t latest;                /* sequence number of the latest packet */
    nstime_t when;                  /* absolute, of that */
    ft_sight_t sight;               /* one packet of it, to be seen again at another place */
    ft_flow_t *sender;              /* the first flow with a relay whose device sent it; NULL: none was captured */
} ft_stream_t;

/* What happened in a call. */
typedef enum {
    FT_EVENT_INVITED,
    FT_EVENT_RINGING,
    FT_EVENT_ACCEPTED,
    FT_EVENT_RELAY_OPENED,          /* a session with a relay */
    FT_EVENT_REALLOCATED,
    FT_EVENT_LEG_UP,                /* a socket of the device carries media or relay data */
    FT_EVENT_LEG_DOWN,
    FT_EVENT_CANDIDATES,            /* somebody names its addresses */
    FT_EVENT_PATH_ANSWERED,
    FT_EVENT_NOMINATED,             /* "use this path from now on"; and its acceptance */
    FT_EVENT_MEDIA_STARTED,
    FT_EVENT_MEDIA_STOPPED,
    FT_EVENT_MODE,
    FT_EVENT_STREAM,                /* a new SSRC */
    FT_EVENT_GENERATION,            /* all streams of a side begin anew */
    FT_EVENT_LAYER,                 /* another layer of the picture is forwarded */
    FT_EVENT_CODEC,
    FT_EVENT_SILENT,                /* comfort noise */
    FT_EVENT_SPEAKS,
    FT_EVENT_LOST,
    FT_EVENT_NACK,
    FT_EVENT_REPAIRED,
    FT_EVENT_ROTATED,
    FT_EVENT_CAMERA,
    FT_EVENT_RELAY_ERROR,
    FT_EVENT_SOCKET_CLOSED,
    FT_EVENT_ENDED,
    FT_EVENT_COUNT
} ft_event_kind_t;

/* One event. File scope; its text is final on later passes. */
typedef struct ft_event {
    ft_event_kind_t kind;
    ft_moment_t at;
    ft_side_t who;
    const char *what;               /* file scope or static; NULL: the kind says it all */
    bool by_relay;                  /* FT_EVENT_LOST: the relay's count says so */
    const ft_flow_t *leg;           /* `who` is as if this leg were the device's, as was not yet known; NULL: it was */
    struct ft_event *next;          /* of the same call */
} ft_event_t;

/* Numbers of a stream that were missing when a later one came. File scope. */
typedef struct ft_hole {
    uint32_t ssrc;
    ft_side_t side;
    uint16_t number, count;         /* the first; how many (65,535: or more) */
    bool paused;                    /* another layer was forwarded meanwhile: nothing was lost */
    uint32_t frame;                 /* that showed the hole */
    uint32_t nack, repair;          /* frames: that asked the relay for it [guess], of the first packet that filled it; 0: none */
} ft_hole_t;

/* One medium of one side. */
typedef struct ft_medium {
    ft_moment_t first;
    ft_event_t stopped;             /* FT_EVENT_MEDIA_STOPPED, of the latest packet */
    ft_turns_t turns;               /* of video */
    uint32_t ssrc;                  /* of the latest packet */
    bool silent;                    /* of audio: the latest packet was comfort noise */
} ft_medium_t;

/* The media of a call. File scope. */
#define FT_RECENT_HOLES 8
typedef struct ft_call_media {
    struct {
        ft_medium_t audio, video;
        ft_medium_t opaque;         /* inside QUIC, or WebRTC's: which medium is not known, and that it is media is a guess */
        ft_mode_t mode;             /* latest */
        uint32_t generation;        /* of its streams, from 1; 0: none yet */
        uint32_t of_picture;        /* generation of the stream of the latest video packet */
        bool has_view;
        uint8_t view;               /* latest: ft_picture_t.view */
    } side[FT_MEDIA_SIDES];
    uint32_t steps, rushed;         /* packets with a later timestamp than the one before; those that came much faster than that */
    const ft_flow_t *flow[FT_MEDIA_SIDES]; /* of the latest packet */
    ft_hole_t *holes[FT_RECENT_HOLES]; /* the latest ones, a ring */
    unsigned n_holes;
} ft_call_media_t;

/* Addresses of the device that a call keeps: Wi-Fi and cellular, each with IPv4 and IPv6, and those of a second capture point. */
#define FT_MAX_DEVICES 8

/* Relays that a call keeps: tried ones, one for each interface, and those after a loss of the network. */
#define FT_MAX_RELAYS 4

typedef struct ft_call_relay {
    ft_endpoint_t at;
    uint32_t sent, received;        /* packets to it and from it */
    bool data;                      /* relay channel data was among them: not only tried */
} ft_call_relay_t;

/* Sessions with relays that a call keeps: one for each relay that was tried, and those after a re-allocation. */
#define FT_MAX_SESSIONS 8

/* A session with a relay: call/sessions.c. */
typedef struct ft_session {
    const uint8_t *token;           /* file scope */
    unsigned token_len;             /* bytes */
    uint32_t first_frame;           /* of the first hello with it */
    uint32_t legs;                  /* pairs of sockets that said hello with it */
} ft_session_t;

/* Addresses whose interfaces a call keeps: two devices with Wi-Fi and cellular, each with IPv4, IPv6 and what a NAT makes of them. */
#define FT_MAX_RADIOS 16

/* What an interface is, as its device says: call/radios.c. */
typedef struct ft_radio {
    address addr;                   /* file scope */
    ft_side_t side;                 /* whose */
    uint8_t radio;                  /* FT_RADIO() */
} ft_radio_t;

/* What an eavesdropper can read of a call, and what is protected: show/tap_exposure.c has the words. */
typedef enum {
    FT_EXPOSED_PARTIES,     /* numbers, Apple IDs or names in SIP */
    FT_EXPOSED_SDP,         /* addresses, ports, codecs and SSRCs in SDP */
    FT_EXPOSED_SOFTWARE,    /* SIP's User-Agent */
    FT_EXPOSED_HOST_NAMES,  /* names of servers in DNS */
    FT_EXPOSED_WEB,         /* configuration and certificates over HTTP */
    FT_EXPOSED_SERVERS,     /* which servers, by their names in TLS or their addresses */
    FT_EXPOSED_OWN_ADDRESS, /* the device's own address in NAT probes */
    FT_EXPOSED_MAPPED,      /* its address outside its NAT */
    FT_EXPOSED_CANDIDATES,  /* all its addresses, in link messages */
    FT_EXPOSED_PARTICIPANTS, /* participant IDs in relay headers */
    FT_EXPOSED_MEDIA_SHAPE, /* headers of RTP: who sends audio and video when, how much */
    FT_EXPOSED_RADIO,       /* what each interface is, in link messages and STUN */
    FT_EXPOSED_VIEW,        /* how a device is held, and which camera it uses, in the header extension of video */
    FT_EXPOSED_SPEECH,      /* who speaks when: comfort noise in the headers of RTP */
    FT_EXPOSED_END,         /* who hung up; only known once the file was read: ft_call_t.ended */
    FT_HIDDEN_PUSH,         /* what the push carries */
    FT_HIDDEN_REGISTRATION, /* what is registered */
    FT_HIDDEN_RELAY,        /* what is agreed with the relay */
    FT_HIDDEN_MEDIA,        /* audio and video themselves */
    FT_AUTHORISED_PUSH,     /* how the call was authorised */
    FT_EXPOSURE_COUNT
} ft_exposure_t;

/* How SIP ended the call, as a mask. */
enum { FT_SIP_BYE = 1, FT_SIP_DECLINED = 2, FT_SIP_CANCELLED = 4, FT_SIP_FAILED = 8 };

/* Participants of a call that is no group: its two ends. */
#define FT_TWO_ENDS 2

/* One call. File scope. Written on the first pass only; a call that turned out to be part of another points to it. */
typedef struct ft_call {
    uint32_t number;                /* facetime.call, from 1; final after ft_call_renumber() */
    struct ft_call *merged_into;    /* NULL: the call stands for itself */
    bool superseded;                /* another call began on its sockets: it gets no more packets */
    uint32_t first_frame, last_frame;
    nstime_t first_time, last_time; /* absolute */
    ft_clock_t own_clock;           /* of its own packets */
    nstime_t recent[2];             /* absolute, of its two latest own packets in the order of the file */
    struct ft_call *reopens, *reopened_by; /* the silent call of the same device that may go on in this one, and back; NULL: none, or decided */
    nstime_t own_first_time, own_time; /* absolute, of the first and the latest packet that is the call's own, not one around it */
    uint32_t packets;               /* frames */
    uint64_t bytes;                 /* of those frames, on the wire */
    uint32_t evidence;              /* of all its flows */
    ft_confidence_t confidence;     /* of its surest flow */
    uint32_t reasons;               /* mask of 1 << ft_join_t: why its flows belong together */
    ft_direction_t direction;
    uint32_t media;                 /* mask of FT_MEDIA_* */
    uint32_t paths;                 /* mask of ft_path_t */
    ft_moment_t phase[FT_PHASE_COUNT]; /* the first packet of each phase */
    ft_moment_t invite, ringing, answer; /* SIP: INVITE, 180, 200 to INVITE */
    ft_moment_t end;                /* the first SIP message that ends the call */
    ft_call_media_t *streams;       /* NULL: no media yet */
    ft_side_t invited_by;           /* by the bursts of the push connection, a guess; FT_SIDE_UNKNOWN: they do not tell */
    uint32_t accept_delay;          /* of a link message: 1/65536 s until the called side accepted; 0: none */
    ft_side_t accept_told_by;       /* who sent that */
    ft_moment_t closed;             /* the device's media socket is closed, the relay knows no session, or a link is disconnected; nothing was sent
                                     * since */
    ft_side_t closed_by;            /* who said that the link is disconnected; FT_SIDE_UNKNOWN: nobody */
    ft_event_t *events, **events_end; /* what happened; NULL: nothing, or nothing yet */
    struct {
        uint32_t answers;           /* of the relay to statistics requests that tell something; 0: no verdict */
        uint32_t sent, received;    /* packets of the fullest flow that the latest answer is about */
        uint32_t up_lost, down_lost; /* that did not reach the relay; that it sent and that did not come */
        bool broken;                /* the figures of a flow cannot be those of this capture */
    } relay_count;
    int nomination[FT_MEDIA_SIDES]; /* highest number of a nomination by each side */
    ft_moment_t path_answered, path_nominated, direct_media; /* the first of each: between the devices */
    ft_event_t ended;               /* FT_EVENT_ENDED; frame 0: no end was seen. By whom: ft_call_end() */
    unsigned n_history, n_history_left_out;
    nstime_t last_media_time;       /* absolute; zero before there is media */
    uint32_t sip_end;               /* mask of FT_SIP_*: how it ended */
    ft_end_t bye_by;                /* whose BYE: FT_END_BYE, _DEVICE or _PEER */
    uint32_t media_in_quic;         /* packets of media inside QUIC: a guess */
    uint32_t media_sent, media_received; /* RTP packets from and to the device; both 0 where its side is not known */
    uint32_t checks, check_answers; /* STUN requests between the devices and their answers */
    const char *sip_call_id;        /* NULL without SIP */
    const char *from, *to;          /* number, Apple ID or display name as visible; NULL where not */
    ft_endpoint_t device, peer, relay; /* AT_NONE where not known */
    ft_call_relay_t relays[FT_MAX_RELAYS]; /* in the order of their first packets */
    unsigned n_relays;
    ft_session_t sessions[FT_MAX_SESSIONS]; /* with relays, in the order of their first hellos */
    unsigned n_sessions;
    ft_moment_t refused;            /* the first ICMP error that quotes a packet to a relay */
    nstime_t last_received;         /* absolute, of media to the device; zero: none yet */
    uint32_t unheard;               /* the longest time that the device sent media and none came, in seconds */
    uint32_t unheard_frame;         /* the frame at which it had lasted so long */
    const struct ft_flow *peer_flow; /* that showed the peer; NULL: none */
    struct ft_flow **undecided;     /* flows of which it is not known which side is the device, each once; FT_MAX_UNDECIDED places
                                     * in file scope, NULL: none yet. A flow may be in those of two calls: it goes from one to the other. */
    unsigned n_undecided;
    ft_endpoint_t announced_peer;   /* the first public address that the peer announced: where it may be, while no packet shows it */
    ft_endpoint_t devices[FT_MAX_DEVICES]; /* the device's addresses with the port first seen; device is the first of them */
    unsigned n_devices;
    ft_moment_t exposure[FT_EXPOSURE_COUNT]; /* the first packet that shows each */
    const char *exposed[FT_EXPOSURE_COUNT]; /* what it shows, where that is one value; file scope; NULL: none */
    ft_radio_t radios[FT_MAX_RADIOS];
    unsigned n_radios;
    uint64_t dscp_sent, dscp_received; /* masks of the DSCP values of media from and to the device */
    double clock_offset;            /* seconds by which the clocks of two places differ that the call was captured at; 0: not seen */
    uint32_t by_ssrc;               /* flows that are the call's for an SSRC only */
    uint8_t worst_loss;             /* of its streams, in per cent of a stream's packets, rounded down */
    uint32_t worst_ssrc;            /* of the stream with that loss */
    unsigned n_events;              /* packets that a ladder shows */
    unsigned n_participants;        /* participant IDs seen: over FT_TWO_ENDS in a group call */
} ft_call_t;

/* A conversation of the device with one of FaceTime's servers: services.c. File scope. */
typedef struct ft_service_flow {
    bool known;                     /* something has shown what it is */
    ft_role_t role;                 /* of the server; FT_ROLE_NONE for DNS */
    ft_phase_t phase;
    const char *name;               /* of the server, as it was shown; NULL where it was not */
    const char *protocol;           /* static text */
    ft_endpoint_t device, server;
    ft_call_t *call;                /* the latest call that took packets of it */
} ft_service_flow_t;

/* Packets that belong to a call: the one at hand, or earlier ones that it brought into the call (the backlog). Packet scope. */
typedef struct ft_call_packets {
    ft_call_t *call;
    const ft_flow_t *flow;          /* NULL: packets of a service flow */
    const ft_service_flow_t *service;      /* NULL: datagrams of a flow */
    ft_phase_t phase;
    ft_kind_t kind;                 /* of the first datagram; FT_KIND_COUNT: an ICMP error that quotes one */
    bool from_device;
    bool from_third;                /* an ICMP error of a host between the two, a router: neither end sent it */
    uint32_t frame;                 /* the first one's */
    uint32_t batch;                 /* number of the batch in which they wait or waited for their call, from 1; 0: in none */
    uint32_t packets;
    uint64_t bytes;                 /* of frames, on the wire */
    nstime_t first_time, last_time; /* absolute */
} ft_call_packets_t;

/* ---- call.c --------------------------------------------------------------------------------- */

/* The relay whose packets the call has: the first with channel data, else the first that was tried; AT_NONE where there is none. *answers: something
 * came back from one. */
const ft_endpoint_t *ft_call_relay(const ft_call_t *call, bool *answers);
/* The call that stands for this one, after merges. */
ft_call_t *ft_call_root(ft_call_t *call);
/* The call of the flow at this frame; NULL if none. */
ft_call_t *ft_call_of_flow(const ft_flow_t *flow, uint32_t frame);
/* State and end as far as what was read so far tells. */
ft_state_t ft_call_state(const ft_call_t *call);
ft_end_t ft_call_end(const ft_call_t *call);
/* Who ended it; FT_SIDE_UNKNOWN where that is not known. */
ft_side_t ft_call_ended_by(const ft_call_t *call);
/* When a call of today was over, as far as its link shows it; frame 0: it is not. */
ft_moment_t ft_call_link_end(const ft_call_t *call);
/* How it is run now, by the latest packet of either side. */
ft_mode_t ft_call_mode(const ft_call_t *call);
/* Did somebody join it in a browser, with nothing of a device's call to be seen? Media is WebRTC's then: a guess. */
bool ft_call_is_browsers(const ft_call_t *call);
/* More pairs of addresses have its SSRCs than a call has paths: a generator's file, or one whose addresses were changed. Numbers of streams, losses and
 * hosts say nothing then. */
bool ft_call_is_scattered(const ft_call_t *call);
/* How sure it is that this is a call of FaceTime's. */
ft_confidence_t ft_call_confidence(const ft_call_t *call);
/* First and last media packet, of any side; frame 0: none. */
ft_moment_t ft_call_first_media(const ft_call_t *call);
ft_moment_t ft_call_last_media(const ft_call_t *call);
/* Has its last frame of media a time well before that of its first one: files that were put one behind the other? */
bool ft_call_times_go_back(const ft_call_t *call);
/* The capture was handed over now and then (rvictl: once a second), so that arrival times say little. */
bool ft_call_in_batches(const ft_call_t *call);
/* Numbers the calls that stand for themselves from 1, in the order of their first packets, if something changed. */
void ft_call_renumber(void);
/* Calls in the order in which they began; number of them. i from 0. */
unsigned ft_call_count(void);
const ft_call_t *ft_call_at(unsigned i);
/* True if more calls were seen than are kept. */
bool ft_call_limit_reached(void);

/* ---- index.c -------------------------------------------------------------------------------- */

/* The stream with the SSRC, NULL if there is none; the second one makes it (NULL: the limit). */
ft_stream_t *ft_stream_find(uint32_t ssrc);
ft_stream_t *ft_stream_get(uint32_t ssrc);
/* tvb: of the packet. The living call that one of its ends was announced for, or seen for by a server; NULL if there is none. */
ft_call_t *ft_call_by_ends(tvbuff_t *tvb, const packet_info *pinfo);
/* The latest call of the device at side a (0) or b (1) of the flow; NULL if there is none. */
ft_call_t *ft_call_by_device(const ft_flow_t *flow, unsigned side);
/* Is one end of the flow a socket of a call that is there now, by its port and the end of the link, with whichever address? */
bool ft_call_has_socket(const ft_flow_t *flow);

/* ---- join.c --------------------------------------------------------------------------------- */

/* Of the frames of the first pass. Only call.c, which begins it, and the next functions write it. */
extern ft_clock_t ft_capture_clock;

/* The same as ft_call_clock(), where the time jumps, or jumped before. */
void ft_call_clock_jumps(const nstime_t *now);
/* Tells the calls the time of each frame, so that a silent call can be told from one at the end of the capture; what the frame before began is of the
 * call before, if its time was wrong. */
static inline void
ft_call_clock(const nstime_t *now)
{
    if (G_UNLIKELY(!ft_clock_goes_on(&ft_capture_clock, now)))
        ft_call_clock_jumps(now);
}

/* Takes a datagram of a FaceTime flow into its call, making or joining one. First pass only.
 * Returns the call, or NULL (no call yet, or the limit). */
ft_call_t *ft_call_add(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* The same for an ICMP error that quotes a datagram of the flow. */
ft_call_t *ft_call_add_quoted(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* Counts a datagram of a flow that has no call (yet): the call that takes the flow gets it. First pass only. */
void ft_call_wait(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* The batch in which the datagram that ft_call_wait() took last waits: ft_call_packets_t.batch. */
uint32_t ft_call_waits_in(void);
/* The call of the packet that was dissected last with this pinfo; NULL if it has none. */
const ft_call_t *ft_call_of_packet(packet_info *pinfo);
/* Forgets the last file; called when a file is opened. For all files of the floor. */
void ft_calls_init(void);

/* ---- services.c ----------------------------------------------------------------------------- */

/* Tells the frame at hand. Before the next two, for each frame that they are asked of. */
void ft_services_begin(tvbuff_t *frame);
/* This file has a service flow. Only services.c writes it. */
extern bool ft_any_service_flow;

/* False: the packet is of no service flow, as most packets of a capture. Cheap. */
static inline bool
ft_service_flow_may_be(const packet_info *pinfo)
{
    /* Over UDP there is DNS. */
    if (pinfo->ptype == PT_UDP && pinfo->srcport != FT_PORT_DNS && pinfo->destport != FT_PORT_DNS)
        return false;
    return ft_any_service_flow || ft_names_known || (pinfo->ptype == PT_TCP && ft_is_with_apple(pinfo));
}

/* The service flow that the packet is part of, and *call, the call that it belongs to; NULL if it is none or has no call.
 * On the first pass it also takes the packet in. */
const ft_service_flow_t *ft_service_flow_of(packet_info *pinfo, ft_call_t **call);
/* True if that packet waits for a call. First pass only. */
bool ft_service_flow_waits(void);

/* ---- backlog.c, media_backlog.c ------------------------------------------------------------- */

/* What the frame at hand brought into calls besides itself; first pass only, valid until ft_backlog_forget(). */
unsigned ft_backlog_count(void);
const ft_call_packets_t *ft_backlog_at(unsigned i);
void ft_backlog_forget(void);
/* Keeps the RTP headers of a packet whose flow has no call yet. First pass only. */
void ft_media_backlog_note(ft_flow_t *flow, const ft_arrival_t *arrival, const ft_packet_t *pkt);
/* Those of the flows that got a call since the latest ft_media_backlog_forget(); valid until the next frame. */
unsigned ft_media_backlog_taken(const ft_media_packet_t **packets);
void ft_media_backlog_forget(void);

/* ---- sessions.c ----------------------------------------------------------------------------- */

/* What tells the token of a session from others: its first bytes behind those that all tokens have. */
char *ft_session_name(wmem_allocator_t *pool, const uint8_t *token, unsigned len);

/* ---- radios.c ------------------------------------------------------------------------------- */

/* What the interface with this address is, as its device says: "LTE". NULL: it did not say. */
const char *ft_radio_name(const ft_call_t *call, const address *addr);

/* ---- media.c -------------------------------------------------------------------------------- */

/* How a device of this side is held and which camera it uses, by its latest picture: "portrait, front camera". NULL: not known. Static or `pool`. */
const char *ft_view_text(wmem_allocator_t *pool, const ft_call_t *call, ft_side_t side);
/* The hole that the frame shows, asks for or fills; NULL: none. */
const ft_hole_t *ft_hole_of_frame(uint32_t frame);

/* ---- history.c ------------------------------------------------------------------------------ */

extern const value_string ft_event_vals[];
extern const value_string ft_side_vals[];
/* Calls back for each event of the call, in the order in which they were noted. Those that hang on the end of the call come last. */
void ft_history_each(const ft_call_t *call, void (*take)(const ft_call_t *call, const ft_event_t *event, void *data), void *data);
/* Who it was, as it turned out. */
ft_side_t ft_event_who(const ft_event_t *event);
/* Events of all calls at this frame, sorted: *count of them; NULL: none. Once the file was read (later passes). */
/* "device: codec, audio 0x2ba588db, EVS, was AAC-ELD": who, what kind, and what. */
char *ft_event_text(wmem_allocator_t *pool, const ft_call_t *call, const ft_event_t *event);
typedef struct ft_dated_event {
    const ft_call_t *call;
    const ft_event_t *event;
} ft_dated_event_t;
const ft_dated_event_t *ft_history_at(uint32_t frame, unsigned *count);

/* ---- events.c ------------------------------------------------------------------------------- */

/* What a ladder shows of a packet of this ft_flow_t or ft_service_flow_t; NULL if it shows nothing. File scope. */
const char *ft_event_label(uint32_t frame, const void *of);

#endif /* FT_CALL_H */
