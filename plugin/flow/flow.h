/* flow.h
 * Floor 2, flow: one 5-tuple each; the evidence that it is FaceTime, which side is the device, its requests and answers, what its NAT
 * does. This header is the floor's door; it offers evidence.h, exchange.h, nat_behavior.h and pieces.h as
 * well.
 *
 * A flow knows conversations and endpoints. It does not know how a datagram is read (floor 3) or what a call is (floor 6). The entry passes it
 * what they know (ft_flow_news_t), and each of them keeps its own data with the flow. The entry, the wire formats, the call and the tables
 * call this floor.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_FLOW_H
#define FT_FLOW_H

#include "common/common.h"

/* RFC 9000, section 17.2: a connection ID is at most 20 bytes in version 1. */
#define FT_QUIC_CID_MAX 20

/* Connection IDs that are remembered for each direction of a flow: a Retry, the server's choice, and a second connection. */
#define FT_QUIC_CIDS 4

typedef struct ft_quic_cid {
    uint8_t len;                    /* bytes, 1 to FT_QUIC_CID_MAX */
    uint8_t id[FT_QUIC_CID_MAX];
} ft_quic_cid_t;

/* One 5-tuple of UDP, or of TCP where the relay is reached so. Lives in file scope as the conversation's data; written on the first pass only. */
/* Which end of the call a flow's device is. Of the device, too, where nothing says that both ends were captured. */
typedef enum { FT_WHOSE_UNKNOWN, FT_WHOSE_DEVICE, FT_WHOSE_PEER } ft_whose_t;

typedef struct ft_flow {
    conversation_t *conversation;   /* Wireshark's; file scope */
    uint32_t link_ends[2][2];       /* of side a [0] and b [1], where it is sent to [0] and where it sends from [1]: ft_link_end(); 0: not seen */
    ft_endpoint_t a, b;             /* the ends, a sent the first datagram */
    uint32_t first_frame;           /* frame number of the first datagram that was looked at */
    ft_kind_t first_kind;           /* what that was */
    nstime_t first_time, last_time; /* absolute, of the first and the last datagram */
    uint32_t evidence;              /* FT_EV() bits of all datagrams */
    ft_confidence_t confidence;     /* from the evidence */
    bool is_facetime;               /* sure enough (preference); never taken back */
    bool tcp;                       /* a connection of TCP: its messages count as datagrams (relay_tcp.c) */
    bool inside_turn;               /* a datagram of it came out of a TURN message */
    bool quic_between;              /* its QUIC is between the two devices (wire/quic.c) */
    bool given_up;                  /* it was watched for long enough without any sign */
    bool watched;                   /* the conversation goes through ft_watch_handle (a candidate) */
    dissector_handle_t watched_dissector; /* who had the conversation before this plugin; may be NULL */
    bool waits;                     /* at its socket, for a sign that the socket is FaceTime's */
    int8_t device_side;             /* 0: a is the device, 1: b is, -1: not known */
    ft_whose_t whose;            /* which end of the call its device is */
    bool both_local;                /* both ends have private addresses: both are devices */
    uint32_t packets;               /* datagrams so far */
    uint64_t bytes;                 /* frame bytes on the wire of those */
    uint32_t kinds;                 /* mask of 1 << ft_kind_t */
    uint8_t n_quic_cids[2];         /* connection IDs that packets from a [0], from b [1] were addressed to, the latest first */
    ft_quic_cid_t quic_cids[2][FT_QUIC_CIDS];
    struct ft_socket *sockets[2];   /* of side a [0] and b [1], once it is FaceTime's, in file scope (flow.c); NULL before: saves a look-up */
    ft_moment_t refused[2];         /* the first ICMP error that says that nobody listens at side a [0], b [1] */
    struct ft_flow *siblings;       /* other flows of its socket that this one showed to be FaceTime: the call takes them */
    struct ft_flow *next;           /* of the flows that wait at one socket, or of the siblings */

    /* What the RTP wire format keeps with the flow (wire/rtp.c). */
    conversation_t *rtp_conversation[2]; /* where the stock rtp dissector keeps its data for packets from a [0], from b [1] */
    struct rtp_stream *rtp_latest[2];    /* the stream of the latest packet from a [0], from b [1]: saves a look-up */
    struct rtp_stream *rtp_before[2];    /* the one before: audio and video take turns */
    struct {
        uint32_t timestamp, frame;  /* of the latest audio packet from a [0], from b [1]; frame 0: none */
        struct ft_rtp_probe *cluster; /* one that waits for its audio packet; NULL: none */
        uint32_t cluster_number;
    } rtp_audio[2];

    /* What relay channel data and link messages keep with the flow (wire/relay.c, wire/link.c). */
    uint16_t relay_channel;         /* channel number of the latest relay channel data; 0: none */
    struct ft_exchange *control_pending[2]; /* the latest control message from a [0], b [1] that is not acknowledged; NULL: none (control.c) */
    bool beyond_allocbind;          /* STUN of another method than AllocBind was in it (wire/stun.c) */
    uint32_t nominated_frame;       /* of the first nomination of the flow's pair of addresses; 0: none */
    uint32_t quality_from[2];       /* frame in which side a [0], b [1] said that it takes quality metadata; 0: it did not */

    /* QUIC connections without a handshake in packets from a [0], from b [1], an array each; NULL: none (wire/pod.c). */
    struct ft_quic_pod *pods[2];

    /* What the call floor keeps with the flow (call/join.c, call/facts.c). All in file scope. */
    struct ft_call *call;           /* the latest call; NULL before there is one */
    ft_join_t reason;               /* why the flow belongs to it */
    wmem_tree_t *calls;             /* frame number -> call from there on, once a second call uses the flow, or none (NULL); else NULL */
    struct ft_waiting *waiting;     /* datagrams that wait for a call: before the flow had one, or between two; the first one's first */
    struct ft_probed *probed;       /* what NAT probes among them said; NULL: nothing */
    wmem_array_t *media_backlog;    /* ft_media_packet_t of those; NULL: none */
    struct ft_early *early;         /* streams among them: call/media_backlog.c; NULL: none */
    uint32_t noted;                 /* mask of 1 << ft_kind_t for which the call knows the other side, and FT_NOTED_* */
    struct ft_relay_counts *relay_counts; /* what the flow and its relay counted: call/relay_counts.c; NULL: nothing */
    uint32_t told;                  /* mask of what the events of the call have of it: call/facts.c */
    struct ft_event *opened;        /* its leg said hello to a relay: call/sessions.c; NULL: it did not */
    const uint8_t *token;           /* of its latest hello; file scope; NULL: none */
    unsigned token_len;             /* bytes */
    struct {
        const uint8_t *token;       /* as above; NULL: none, or the call has it */
        unsigned token_len;         /* bytes */
        ft_moment_t at;
    } waiting_hello;                /* the first hello, where it came before the flow was known */
    uint64_t last_participant;      /* the latest participant ID that the call was told: saves a look-up for each packet */
    uint8_t rtp_cut;                /* directions in which RTP may have come without its header: bit 0 from a, bit 1 from b */
    uint8_t relay_index;            /* of its remote end among the relays of the call, from 1; 0: it is none */
    uint8_t told_links;             /* directions whose ends of the link the call was told: bit 0 from a, bit 1 from b */
    uint32_t endpoint_news;         /* state of the calls' endpoints when the flow last looked for its call there */
    struct ft_stream *last_stream;  /* the stream of the latest RTP packet: saves a look-up for each packet of a burst */
} ft_flow_t;

/* What a datagram, and the calls, tell a flow. Packet scope. */
typedef struct ft_flow_news {
    ft_kind_t kind;
    uint32_t evidence;              /* FT_EV() bits */
    int8_t device_by_form;          /* which side the wire format says is the device: as ft_flow_t.device_side */
    int8_t device_by_call;          /* the same by what the calls know of the ends; only asked for while the side is not known */
    bool inside_turn;               /* the datagram came out of a TURN message */
    uint8_t quic_scid_len;          /* source connection ID of a QUIC long header; 0: none */
    const uint8_t *quic_scid;       /* its bytes */
} ft_flow_news_t;

#include "flow/evidence.h"
#include "flow/exchange.h"
#include "flow/nat_behavior.h"
#include "flow/pieces.h"

/* Is it between a device and a relay, by what was in it? QUIC may be between two devices, too. */
static inline bool
ft_flow_is_with_relay(const ft_flow_t *flow)
{
    return flow->kinds & (1u << FT_KIND_RELAY | 1u << FT_KIND_WEB) || (flow->kinds & (1u << FT_KIND_QUIC) && !flow->quic_between);
}

/* The flow of the packet's conversation, or NULL. */
ft_flow_t *ft_flow_find(packet_info *pinfo);
/* The same, made on the first pass if there is none. NULL where the limit is reached or on later passes. */
ft_flow_t *ft_flow_get(packet_info *pinfo);
/* The same for a flow without any sign, which may get one: a QUIC connection. There are fewer of them. */
ft_flow_t *ft_flow_get_unsure(packet_info *pinfo);
/* Adds a datagram and its evidence to its flow. Returns true if the flow became FaceTime by it. First pass only. */
bool ft_flow_update(ft_flow_t *flow, const packet_info *pinfo, const ft_flow_news_t *news);
/* To be called after ft_flow_update(). If the flow is FaceTime, so is its socket, and so are the flows that wait there: they become
 * flow->siblings. If it is not, it waits at its socket. First pass only. */
void ft_flow_settle(ft_flow_t *flow, const packet_info *pinfo);
/* SDP announced media at this endpoint: Wireshark has a conversation with one end for it, which the flow's dissector takes over. */
void ft_flow_take_announced(const packet_info *pinfo, const ft_endpoint_t *at);
/* Lets later datagrams of a flow that is not sure enough come to ft_watch_handle first. First pass only. */
void ft_flow_watch(ft_flow_t *flow, const packet_info *pinfo);
/* True if the packet went from side a to side b of the flow. */
bool ft_flow_from_a(const ft_flow_t *flow, const packet_info *pinfo);
/* Has no packet of the flow gone in this direction, so that the ends of the link are not known? */
bool ft_flow_wants_links(const ft_flow_t *flow, bool from_a);
/* They are these. First pass only. */
void ft_flow_note_links(ft_flow_t *flow, bool from_a, uint32_t source, uint32_t destination);
/* The end of the link at which side a (0) or b (1) is: where it sends from, else where it is sent to; 0: not known. */
uint32_t ft_flow_link(const ft_flow_t *flow, unsigned side);
/* The sides of a flow, which live as long as it. Where the device is not known, who sent first is taken for it. */
const ft_endpoint_t *ft_flow_device(const ft_flow_t *flow);
const ft_endpoint_t *ft_flow_remote(const ft_flow_t *flow);
/* Did the device send what a (from_a) or b (not from_a) sent? */
bool ft_flow_from_device(const ft_flow_t *flow, bool from_a);
/* The connection ID of the flow that a QUIC short header in tvb is addressed to; NULL if it has none that is known.
 * Captured bytes only. */
const ft_quic_cid_t *ft_flow_quic_cid(const ft_flow_t *flow, const packet_info *pinfo, tvbuff_t *tvb);
/* The datagram went to a dissector that owns one of FaceTime's ports (3478 is STUN's): its flow may be FaceTime's registration. */
bool ft_flow_is_owned(const packet_info *pinfo);
/* True if more flows were seen than are kept. */
bool ft_flow_limit_reached(void);
/* False: no flow of this file has turned out to be FaceTime's so far; none can be FaceTime by its surroundings. */
bool ft_flow_any_facetime(void);
/* Is one of the packet's ends a local socket of another FaceTime flow, not long ago? */
bool ft_flow_same_socket(const packet_info *pinfo);
/* Forgets the last file's flows; called when a file is opened. */
void ft_flow_init(void);

#endif /* FT_FLOW_H */
