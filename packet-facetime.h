/* packet-facetime.h
 * What the files of the FaceTime plugin share: the words (kinds, phases, states), the three structs
 * (packet, flow, call), the tap's payload, and the functions that one file offers to the others.
 *
 * The way of one packet, and so the order of this file:
 *
 *     detect -> demux (packet-facetime.c) -> wire formats -> call -> post-dissector -> taps
 *
 * A wire file knows nothing of calls; the call code never reads a tvb; a tap never changes a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PACKET_FACETIME_H
#define PACKET_FACETIME_H

#include "wire_formats.h"
#include "ws_compat.h"

#include <epan/expert.h>

/* ---- Words -------------------------------------------------------------------------------- */

/* What carries a datagram: facetime.kind. FT_KIND_STUN and so on, by wire_formats.h. */
#define FT_FORMAT_NUMBER(name, kind, number, ...) FT_KIND_##kind = number,
#define FT_FORMAT_ONE(...) +1
typedef enum {
    FT_KIND_UNKNOWN = 0,    /* a datagram of a FaceTime flow in no form that is known here */
    FT_WIRE_FORMATS(FT_FORMAT_NUMBER)
    FT_KIND_COUNT = 1 FT_WIRE_FORMATS(FT_FORMAT_ONE)
} ft_kind_t;

/* Phase of a call that a packet belongs to: facetime.call.phase, in the order of a call. */
typedef enum {
    FT_PHASE_PUSH,
    FT_PHASE_LOOKUP,
    FT_PHASE_PROBE,
    FT_PHASE_CERTIFICATE,
    FT_PHASE_REGISTRATION,
    FT_PHASE_RELAY,
    FT_PHASE_CONNECTIVITY,
    FT_PHASE_SIGNALLING,
    FT_PHASE_MEDIA,
    FT_PHASE_TEARDOWN,
    FT_PHASE_COUNT
} ft_phase_t;

/* State of a call as far as the capture shows it: facetime.call.state. */
typedef enum {
    FT_STATE_ATTEMPTED,     /* a relay was contacted, candidates checked or an INVITE sent, no more */
    FT_STATE_RINGING,       /* a SIP 180 */
    FT_STATE_ESTABLISHED,   /* answered, or media flows, and no end is seen */
    FT_STATE_ENDED,         /* a SIP BYE */
    FT_STATE_DECLINED,      /* a SIP 6xx, 480 or 486 */
    FT_STATE_CANCELLED,     /* a SIP CANCEL or 487 */
    FT_STATE_FAILED,        /* another final SIP error */
    FT_STATE_INTERRUPTED    /* media stopped, the capture went on, and no end was signalled */
} ft_state_t;

/* Who initiated, seen from the device: facetime.call.direction. */
typedef enum { FT_DIRECTION_UNKNOWN, FT_DIRECTION_INBOUND, FT_DIRECTION_OUTBOUND } ft_direction_t;

/* How a call ended: facetime.call.end. */
typedef enum {
    FT_END_CAPTURE,         /* the capture ended first */
    FT_END_BYE,             /* a SIP BYE; which side is the device is not known */
    FT_END_BYE_DEVICE,
    FT_END_BYE_PEER,
    FT_END_DECLINED,
    FT_END_CANCELLED,
    FT_END_FAILED,
    FT_END_TIMEOUT          /* packets stopped and the capture went on; nothing on the wire says why */
} ft_end_t;

/* Why a flow or a packet belongs to its call: facetime.call.reason. */
typedef enum {
    FT_JOIN_NONE,
    FT_JOIN_FIRST,          /* the call begins with it */
    FT_JOIN_CALL_ID,        /* SIP Call-ID of the call */
    FT_JOIN_SSRC,           /* an SSRC of the call, on another path or at the other end */
    FT_JOIN_PARTICIPANT,    /* a participant ID of the call */
    FT_JOIN_CANDIDATE,      /* an address that the call announced */
    FT_JOIN_MAPPED,         /* an address that a server saw */
    FT_JOIN_SOCKET,         /* the same local socket */
    FT_JOIN_DEVICE,         /* the same device at the same time */
    FT_JOIN_RELAY,          /* the same relay, in a capture taken on the device */
    FT_JOIN_BEFORE,         /* a NAT probe of the device, shortly before the call */
    FT_JOIN_AROUND          /* a flow of the device to one of FaceTime's servers, shortly before or during the call */
} ft_join_t;

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
    FT_ROLE_DEVICE              /* seen around calls, but not because of them */
} ft_role_t;

/* Path of a media packet: facetime.path. As a mask in a call. */
typedef enum { FT_PATH_NONE = 0, FT_PATH_DIRECT = 1, FT_PATH_RELAY = 2 } ft_path_t;

/* How sure: facetime.confidence. */
typedef enum { FT_CONFIDENCE_NONE, FT_CONFIDENCE_LOW, FT_CONFIDENCE_MEDIUM, FT_CONFIDENCE_HIGH } ft_confidence_t;

/* Media of an RTP payload type, as a mask in a call. */
enum { FT_MEDIA_AUDIO = 1, FT_MEDIA_VIDEO = 2 };

/* Why a flow is taken for FaceTime: facetime.evidence. A bit each; detect.c holds the text and the weight of each. */
typedef enum {
    FT_EV_RELAY_HEADER,     /* relay channel data of exact length, its sub-packets parse to the end */
    FT_EV_RELAY_FORM,       /* the same, but the host is not known and what follows the header is not, or was cut off */
    FT_EV_LINK_MESSAGE,     /* link message: command, exact length and 16 zero bytes */
    FT_EV_SNATMAP,
    FT_EV_COMMNAT,
    FT_EV_LINK_PROBE,
    FT_EV_APPLE_STUN,       /* STUN with Apple's attributes */
    FT_EV_VICEROY,          /* SIP of Apple's Viceroy stack */
    FT_EV_VICEROY_SDP,      /* SDP lines that only Viceroy writes */
    FT_EV_SIP_PORTS,        /* SIP between two media ports, request URI with the literal user "user" */
    FT_EV_RTP_4400,         /* RTP header extension 0x4400 of two words, both ports in FaceTime's range */
    FT_EV_QUIC_RELAY,       /* QUIC to a relay port at an Apple address */
    FT_EV_STUN_PORTS,       /* STUN from or to one of FaceTime's ports */
    FT_EV_QUIC_PORTS,       /* QUIC to a relay port, the address is nobody's we know */
    FT_EV_RTP_PORTS,        /* RTP between two of FaceTime's media ports */
    FT_EV_SAME_SOCKET,      /* another flow of the same local socket is FaceTime */
    FT_EV_SSRC,             /* an SSRC that a call already has, or that SDP named */
    FT_EV_CANDIDATE,        /* an end of the flow was announced as a candidate */
    FT_EV_DECODE_AS,        /* the analyst said so */
    FT_EV_FORM,             /* the form of a wire format that nothing but FaceTime sends, and that has no sign of its own above */
    FT_EV_COUNT
} ft_evidence_t;

#define FT_EV(bit) (1u << (bit))

/* ---- Numbers with a source ---------------------------------------------------------------- */

/* Apple's published ports (support.apple.com 102266, "TCP and UDP ports used by Apple software products"):
 * UDP 3478-3497, 16384-16387 and 16393-16402; 16403 was seen with iChat. Default values of the preferences. */
#define FT_RELAY_PORTS "3478-3497"
#define FT_MEDIA_PORTS "16384-16403"

/* RFC 8489, section 5. */
#define FT_STUN_COOKIE 0x2112a442u
#define FT_STUN_HEADER_LEN 20

/* RFC 9000, section 17.2: a connection ID is at most 20 bytes in version 1. */
#define FT_QUIC_CID_MAX 20

/* Connection IDs that are remembered for each direction of a flow: a Retry, the server's choice, and a second connection. */
#define FT_QUIC_CIDS 4

/* ---- Packet ------------------------------------------------------------------------------- */

/* An address and a port. Addresses of calls and flows live in file scope, those of packets in packet scope. */
typedef struct ft_endpoint {
    address addr;       /* AT_NONE where unknown */
    uint16_t port;      /* 0 where unknown */
} ft_endpoint_t;

/* How a packet came to name an endpoint. */
typedef enum {
    FT_LEARNED_OWN,         /* the sender names its own address: candidate of a link message, SNATMAP request */
    FT_LEARNED_MAPPED       /* the receiver's address as a server sees it: SNATMAP answer, STUN XOR-MAPPED-ADDRESS */
} ft_learned_how_t;

/* A link message names up to 15 addresses (4-bit count) and a port list; more are shown but not learned. */
#define FT_MAX_LEARNED 24

typedef struct ft_learned {
    ft_endpoint_t at;
    ft_learned_how_t how;
} ft_learned_t;

/* What a SIP message said. Strings are UTF-8, in packet scope, NULL where the message has no such header. */
typedef struct ft_sip {
    const char *call_id;
    const char *from;           /* display name or user part: a phone number or an Apple ID */
    const char *to;
    const char *user_agent;
    const char *method;         /* of the CSeq header: it names the request that a response answers */
    bool is_request;
    uint16_t status;            /* of a response, 0 in a request */
    bool has_sdp;
} ft_sip_t;

/* One RTP packet. RFC 3550, section 5.1. */
typedef struct ft_rtp {
    uint32_t ssrc;
    uint32_t timestamp;         /* in units of the payload type's clock */
    uint16_t seq;
    uint8_t payload_type;
    uint32_t media;             /* FT_MEDIA_*; 0 where not known */
    bool marker;
    uint32_t length;            /* bytes of the RTP packet, header included */
} ft_rtp_t;

/* Where and when a datagram was seen. */
typedef struct ft_passage {
    uint32_t frame;
    nstime_t when;              /* absolute */
    const struct ft_flow *flow; /* file scope */
    bool from_a;                /* it went from side a of the flow to side b */
    ft_path_t path;             /* of media */
    int16_t dscp;               /* of the IP header, 0 to 63; -1: not known */
} ft_passage_t;

/* An RTP packet that came before its flow had a call. */
typedef struct ft_early {
    ft_passage_t passage;
    ft_rtp_t rtp;
} ft_early_t;

/* A compound relay datagram holds at most 8 sub-packets (packet-facetime's source: Apple's IDSFoundation). */
#define FT_MAX_SUBPACKETS 8

struct ft_flow;
struct ft_call;

/* Packet facts: what one datagram said. In packet scope; made anew on each pass from the bytes alone. */
typedef struct ft_packet {
    ft_kind_t kind;
    ft_phase_t phase;
    tvbuff_t *stock_tvb;            /* UDP payload, if a dissector that Wireshark remembers for this frame may have taken it; else NULL */
    uint32_t evidence;              /* FT_EV() bits of this datagram */
    bool claimed;                   /* this dissector showed the datagram (false: a stock dissector had it) */
    bool quoted;                    /* the frame is an ICMP error that quotes a datagram of the flow */
    bool inside_turn;               /* the datagram came out of a TURN message */
    bool from_relay, to_relay;      /* the source, the destination is the relay's side */
    struct ft_flow *flow;           /* file scope; NULL if there is none */
    unsigned n_rtp;
    ft_rtp_t rtp[FT_MAX_SUBPACKETS];
    unsigned n_learned;
    ft_learned_t learned[FT_MAX_LEARNED];
    ft_sip_t *sip;                  /* packet scope; NULL if the datagram is no SIP */
    uint32_t sdp_ssrc[4];           /* SSRCs that SDP names (a=rtpID) */
    unsigned n_sdp_ssrc;
    bool is_answer;                 /* answer of a STUN or NAT probe */
    int16_t dscp;                   /* of the IP header, 0 to 63; -1: not known. Only of media, and on the first pass */
    const char *label;              /* what a ladder says of it: static or packet scope; NULL: nothing new by itself */
    bool routine;                   /* repeated until it is answered (STUN checks, QUIC Initials): a ladder shows the first of a flow */
    bool quic_initial;              /* a QUIC Initial: somebody opens a connection */
    uint64_t participant;           /* participant ID of the (first) relay sub-packet; 0: none */
    uint8_t quic_scid_len;          /* source connection ID of a QUIC long header: packets back carry it; 0: none */
    uint8_t quic_scid[FT_QUIC_CID_MAX];
} ft_packet_t;

/* ---- Flow --------------------------------------------------------------------------------- */

typedef struct ft_quic_cid {
    uint8_t len;                    /* bytes, 1 to FT_QUIC_CID_MAX */
    uint8_t id[FT_QUIC_CID_MAX];
} ft_quic_cid_t;

/* When something happened for the first time. */
typedef struct ft_moment {
    uint32_t frame;                 /* 0: it did not */
    nstime_t when;                  /* absolute */
} ft_moment_t;

/* What the NAT probes of a flow say of the device, while they wait for its call. File scope. */
typedef struct ft_probed {
    ft_endpoint_t own, mapped;      /* AT_NONE where not known */
    ft_moment_t own_at, mapped_at;  /* the probes that said so */
} ft_probed_t;

/* Datagrams of a flow that wait for a call: those of one kind, phase and direction, which are few. File scope. */
typedef struct ft_waiting {
    ft_kind_t kind;                 /* FT_KIND_COUNT: ICMP errors that quote a datagram of the flow */
    ft_phase_t phase;
    bool from_a;                    /* they went from side a of the flow to side b */
    uint32_t frame;                 /* the first one's */
    uint32_t packets;
    uint64_t bytes;                 /* of frames, on the wire */
    nstime_t first_time, last_time; /* absolute */
    struct ft_waiting *next;
} ft_waiting_t;

/* One 5-tuple. Lives in file scope as the conversation's data; written on the first pass only. */
typedef struct ft_flow {
    conversation_t *conversation;   /* Wireshark's; file scope */
    ft_endpoint_t a, b;             /* the ends, a sent the first datagram */
    uint32_t first_frame;           /* frame number of the first datagram that was looked at */
    ft_kind_t first_kind;           /* what that was */
    nstime_t first_time, last_time; /* absolute, of the first and the last datagram */
    uint32_t evidence;              /* FT_EV() bits of all datagrams */
    ft_confidence_t confidence;     /* from the evidence */
    bool is_facetime;               /* sure enough (preference); never taken back */
    bool watched;                   /* the conversation goes through ft_watch (a candidate) */
    dissector_handle_t watched_dissector; /* who had the conversation when we began to watch; may be NULL */
    bool waits;                     /* at its socket, for a sign that the socket is FaceTime's */
    int8_t device_side;             /* 0: a is the device, 1: b is, -1: not known */
    bool both_local;                /* both ends have private addresses: both are devices */
    uint32_t packets;               /* datagrams so far */
    uint64_t bytes;                 /* frame bytes on the wire of those */
    struct ft_waiting *waiting;     /* datagrams that wait for a call: before the flow had one, or between two; the first one's first */
    ft_probed_t *probed;            /* what NAT probes among them said; NULL: nothing */
    wmem_array_t *early;            /* ft_early_t of those: early_media.c; NULL: none */
    uint32_t kinds;                 /* mask of 1 << ft_kind_t */
    uint32_t noted;                 /* mask of 1 << ft_kind_t for which the call knows the other side; see also call_facts.c */
    struct ft_flow *brought;        /* other flows of its socket that this one showed to be FaceTime: the call takes them */
    struct ft_flow *next;           /* of the flows that wait at one socket, or that were brought */
    struct ft_call *call;           /* the latest call; NULL before there is one */
    ft_join_t reason;               /* why the flow belongs to it */
    uint64_t last_participant;      /* the latest participant ID that the call was told: saves a look-up for each packet */
    wmem_tree_t *calls;             /* frame number -> call from there on, once a second call uses the flow; else NULL */
    uint8_t n_quic_cids[2];         /* connection IDs that packets from a [0], from b [1] were addressed to, the latest first */
    ft_quic_cid_t quic_cids[2][FT_QUIC_CIDS];
    uint32_t endpoint_news;         /* state of the calls' endpoints when the flow last looked for its call there */
    struct ft_stream *last_stream;  /* the stream of the latest RTP packet: saves a look-up for each packet of a burst */
    conversation_t *rtp_conversation[2]; /* where the stock rtp dissector keeps its data for packets from a [0], from b [1]; see wire_rtp.c */
} ft_flow_t;

/* One SSRC of one sender. File scope. */
typedef struct ft_stream {
    uint32_t ssrc;
    uint8_t payload_type;           /* of the latest packet */
    uint32_t packets;               /* on all paths */
    struct ft_call *call;
    struct ft_seq *seq;             /* which sequence numbers came, on all paths: stream_stats.h */
} ft_stream_t;

/* ---- Call --------------------------------------------------------------------------------- */

/* Addresses of the device that a call keeps: Wi-Fi and cellular, each with IPv4 and IPv6, and those of a second capture point. */
#define FT_MAX_DEVICES 8

/* What an eavesdropper can read of a call, and what is protected: call_exposure.c has the words. */
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
    FT_HIDDEN_PUSH,         /* what the push carries */
    FT_HIDDEN_REGISTRATION, /* what is registered */
    FT_HIDDEN_RELAY,        /* what is agreed with the relay */
    FT_HIDDEN_MEDIA,        /* audio and video themselves */
    FT_AUTHORISED_PUSH,     /* how the call was authorised */
    FT_EXPOSURE_COUNT
} ft_exposure_t;

/* What SIP said of the end of a call, as a mask. */
enum { FT_SIP_BYE = 1, FT_SIP_DECLINED = 2, FT_SIP_CANCELLED = 4, FT_SIP_FAILED = 8 };

/* One call. File scope. Written on the first pass only; a call that turned out to be part of another points to it. */
typedef struct ft_call {
    uint32_t number;                /* facetime.call, from 1; final after ft_call_renumber() */
    struct ft_call *merged_into;    /* NULL: the call stands for itself */
    bool superseded;                /* another call began on its sockets: it gets no more packets */
    uint32_t first_frame, last_frame;
    nstime_t first_time, last_time; /* absolute */
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
    nstime_t last_media_time;       /* absolute; zero before there is media */
    uint32_t sip_end;               /* mask of FT_SIP_*: how it ended */
    ft_end_t bye_by;                /* whose BYE: FT_END_BYE, _DEVICE or _PEER */
    uint32_t media_sent, media_received; /* RTP packets from and to the device; both 0 where its side is not known */
    uint32_t checks, check_answers; /* STUN requests between the devices and their answers */
    const char *sip_call_id;        /* NULL without SIP */
    const char *from, *to;          /* number, Apple ID or display name as visible; NULL where not */
    ft_endpoint_t device, peer, relay; /* AT_NONE where not known */
    ft_endpoint_t announced_peer;   /* the first public address that the peer announced: where it may be, while no packet shows it */
    ft_endpoint_t devices[FT_MAX_DEVICES]; /* the device's addresses with the port first seen; device is the first of them */
    unsigned n_devices;
    ft_moment_t exposure[FT_EXPOSURE_COUNT]; /* the first packet that shows each */
    uint64_t dscp_sent, dscp_received; /* masks of the DSCP values of media from and to the device */
    uint8_t worst_loss;             /* of its streams, in per cent of a stream's packets, rounded down */
    uint32_t worst_ssrc;            /* of the stream with that loss */
    unsigned n_events;              /* packets that a ladder shows */
    unsigned n_participants;        /* participant IDs seen: over two in a group call */
} ft_call_t;

/* A conversation of the device with one of FaceTime's servers: errands.c. File scope. */
typedef struct ft_errand {
    bool known;                     /* something has shown what it is */
    ft_role_t role;                 /* of the server; FT_ROLE_NONE for DNS */
    ft_phase_t phase;
    const char *name;               /* of the server, as it was shown; NULL where it was not */
    const char *protocol;           /* static text */
    ft_endpoint_t device, server;
    ft_call_t *call;                /* the latest call that took packets of it */
} ft_errand_t;

/* Packets that belong to a call: the one at hand, or earlier ones that it brought into the call. Packet scope. */
typedef struct ft_brought {
    ft_call_t *call;
    const ft_flow_t *flow;          /* NULL: packets of an errand */
    const ft_errand_t *errand;      /* NULL: datagrams of a flow */
    ft_phase_t phase;
    ft_kind_t kind;                 /* of the first datagram; FT_KIND_COUNT: an ICMP error that quotes one */
    bool from_device;
    uint32_t frame;                 /* the first one's */
    uint32_t packets;
    uint64_t bytes;                 /* of frames, on the wire */
    nstime_t first_time, last_time; /* absolute */
} ft_brought_t;

/* What is queued on the tap "facetime" for each packet of a call, on every pass; and on the first pass also for earlier packets that
 * only this one showed to be the call's. In packet scope. */
typedef struct ft_tap_info {
    const ft_call_t *call;
    const ft_packet_t *packet;      /* NULL where a stock dissector had the packet */
    ft_brought_t what;
    bool earlier;                   /* earlier packets, which no filter saw */
    ft_phase_t phase;               /* as facetime.call.phase */
    ft_passage_t passage;           /* of the datagram at hand; all zero for an errand and for earlier packets */
    const ft_early_t *early;        /* RTP packets among the earlier ones, in the order of each flow */
    unsigned n_early;
} ft_tap_info_t;

/* ---- packet-facetime.c -------------------------------------------------------------------- */

/* How the datagram travels, if it is media. */
ft_path_t ft_packet_path(const packet_info *pinfo, const ft_packet_t *pkt);

extern int proto_facetime;              /* set by proto_register_facetime() */
extern int ft_tap;                      /* id of the tap "facetime" */
extern int ett_facetime;
extern dissector_handle_t ft_handle;        /* for conversations that are FaceTime */
extern dissector_handle_t ft_watch_handle;  /* for conversations that may turn out to be */
extern expert_module_t *ft_expert;     /* all expert items of the plugin are registered with it */

/* Preferences. The ranges live as long as Wireshark keeps them; read only. */
extern range_t *ft_pref_relay_ports;
extern range_t *ft_pref_media_ports;
extern int ft_pref_confidence;          /* an ft_confidence_t: sure enough */

void proto_register_facetime(void);
void proto_reg_handoff_facetime(void);

/* Text of each word; never NULL. */
extern const value_string ft_kind_vals[];
extern const value_string ft_phase_vals[];
extern const value_string ft_state_vals[];
extern const value_string ft_direction_vals[];
extern const value_string ft_end_vals[];
extern const value_string ft_join_vals[];
extern const value_string ft_path_vals[];
extern const value_string ft_confidence_vals[];

/* Shows a datagram of a known FaceTime flow that a stock dissector took before the flow was known.
 * tvb is the UDP payload. Adds the FaceTime tree below root and fills pkt; calls no stock dissector. */
void ft_annotate(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, ft_packet_t *pkt);

/* Takes a datagram that a heuristic of another protocol took before this plugin's was asked: Wireshark asks first who hit last.
 * tvb is the UDP payload, shown by a stock dissector already. Returns its facts, attached; NULL: no sign of FaceTime. First pass only. */
ft_packet_t *ft_recognise_taken(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root);

/* ---- Wire formats ------------------------------------------------------------------------- */

/* One wire format: a new one is a new file with such a struct, and a line in wire_formats.h. */
typedef struct ft_wire {
    ft_kind_t kind;
    /* Its datagrams begin with a byte whose bits under first_mask are first_bits; match() is only asked then. No mask: any byte. */
    uint8_t first_mask, first_bits;
    /* Registers the format's fields and expert items; may be NULL. */
    void (*register_fields)(void);
    /* Finds the stock dissectors that the format needs; may be NULL. */
    void (*handoff)(void);
    /* Has the datagram this form? Never throws: looks at captured bytes only. Adds FT_EV() bits to *evidence.
     * flow may be NULL (first datagram). */
    bool (*match)(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence);
    /* Shows a datagram for which match() held: FaceTime's own fields below ft_tree, what a stock dissector
     * knows below root, by ft_call_stock(). Fills pkt. May throw as dissectors do when the capture is cut. */
    void (*dissect)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);
    /* Notes what later datagrams are linked to (or pkt's RTP header), on the first pass, where a stock dissector shows the datagram because its
     * flow may become FaceTime's only later. Looks at captured bytes only. May be NULL. */
    void (*note)(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt);
} ft_wire_t;

#define FT_FORMAT_EXTERN(name, ...) extern const ft_wire_t ft_wire_##name;
FT_WIRE_FORMATS(FT_FORMAT_EXTERN)
/* No kind of its own: what a virtual transport packet wraps. */
extern const ft_wire_t ft_wire_vtp;

/* wire_sip.c: is it a request with this method? False where sip is NULL. */
bool ft_sip_is_request(const ft_sip_t *sip, const char *method);

/* Does anybody see what is shown? Without a tree only those who collect expert items. Half a million media packets need not be shown
 * to nobody. */
bool ft_is_shown(const proto_tree *tree);

/* Phase that a datagram of this kind most often belongs to. */
ft_phase_t ft_kind_phase(ft_kind_t kind);

/* Calls a stock dissector for the bytes of tvb, unless one had the packet already (pkt->claimed is false). */
void ft_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt);

/* Adds an endpoint that the packet names; a full list drops it. addr's bytes must live as long as the packet. */
void ft_learn(ft_packet_t *pkt, const address *addr, uint16_t port, ft_learned_how_t how);

/* wire_link.c: link messages inside the relay payload. ft_link_match() looks at captured bytes only. */
bool ft_link_match(tvbuff_t *tvb);
void ft_link_register(void);
void ft_link_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt);

/* wire_rtp.c: an RTP or RTCP packet, also inside something else. Captured bytes only; evidence may be NULL. */
bool ft_rtp_match(tvbuff_t *tvb, const packet_info *pinfo, uint32_t *evidence);
void ft_rtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);
/* Makes the stock dissector's data for a flow whose RTP may be shown on a later pass only. First pass only. */
void ft_rtp_prepare_flow(packet_info *pinfo, ft_flow_t *flow);
/* FT_MEDIA_* of a payload type, 0 where not known. */
uint32_t ft_rtp_media(uint8_t payload_type);
/* What FaceTime uses a payload type for; never NULL. */
const char *ft_rtp_name(uint8_t payload_type);
/* Its clock in Hz, 0 where not known; `relayed_era`: in a call of the years with the relay channel (iOS 12 and later). */
uint32_t ft_rtp_clock(uint8_t payload_type, bool relayed_era);
/* Says which media (FT_MEDIA_*) an SSRC has that SDP names in this frame, and which clocks (Hz, by payload type; 0: none). First pass only. */
#define FT_RTP_TYPES 128
void ft_rtp_announce(uint32_t ssrc, uint32_t media, uint32_t frame, const uint32_t *clocks);

/* wire_relay.c: relay channel data whose channel header the stock STUN dissector took for TURN ChannelData (UDP port 3478
 * belongs to it). tvb is what follows the header. The match looks at captured bytes only. */
bool ft_relay_headless_match(tvbuff_t *tvb);
void ft_relay_headless_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);

/* ---- detect.c ----------------------------------------------------------------------------- */

/* True if addr is in one of Apple's networks. */
bool ft_is_apple(const address *addr);
/* True for a private, shared (RFC 6598) or unique local address: many networks have the same. */
bool ft_is_private(const address *addr);
bool ft_is_relay_port(uint32_t port);
bool ft_is_media_port(uint32_t port);
/* Takes the preferences' ports: a port is looked up for each datagram of a capture. */
void ft_ports_take(void);
/* True if Wireshark gives datagrams of this relay port to another dissector: packet-facetime.c. */
bool ft_is_owned_port(uint32_t port);

/* Confidence that evidence gives; the sum of weak evidence stays weak. */
ft_confidence_t ft_confidence(uint32_t evidence);
/* The reason behind one bit, as shown in facetime.evidence. Never NULL. */
const char *ft_evidence_text(ft_evidence_t bit);

/* ---- flow.c ------------------------------------------------------------------------------- */

/* The flow of the packet's conversation, or NULL. */
ft_flow_t *ft_flow_find(packet_info *pinfo);
/* The same, made on the first pass if there is none. NULL where the limit is reached or on later passes. */
ft_flow_t *ft_flow_get(packet_info *pinfo);
/* Adds a datagram and its evidence to its flow. First pass only. */
void ft_flow_update(ft_flow_t *flow, packet_info *pinfo, const ft_packet_t *pkt);
/* Lets later datagrams of a flow that is not sure enough come to ft_watch_handle first. First pass only. */
void ft_flow_watch(ft_flow_t *flow, packet_info *pinfo);
/* The call of the flow at this frame; NULL if none. */
ft_call_t *ft_flow_call(const ft_flow_t *flow, uint32_t frame);
/* True if the packet went from side a to side b of the flow. */
bool ft_flow_from_a(const ft_flow_t *flow, const packet_info *pinfo);
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
/* The evidence that another flow gives to this packet: same socket, announced candidate, known SSRC. */
uint32_t ft_flow_context(const packet_info *pinfo, const uint32_t *ssrc);
/* Endpoints as keys of maps, and a copy in file scope. */
unsigned ft_endpoint_hash(const void *key);
gboolean ft_endpoint_equal(const void *a, const void *b);
void ft_endpoint_copy(ft_endpoint_t *to, const address *addr, uint16_t port);
/* Forgets the last file's flows; called when a file is opened. */
void ft_flow_init(void);

/* ---- call*.c ------------------------------------------------------------------------------ */

/* Takes a datagram of a FaceTime flow into its call, making or joining one. First pass only.
 * Returns the call, or NULL (no call yet, or the limit). */
ft_call_t *ft_call_add(ft_flow_t *flow, packet_info *pinfo, const ft_packet_t *pkt);
/* The same for an ICMP error that quotes a datagram of the flow. */
ft_call_t *ft_call_add_quoted(ft_flow_t *flow, packet_info *pinfo, const ft_packet_t *pkt);
/* Counts a datagram of a flow that has no call (yet): the call that takes the flow gets it. First pass only. */
void ft_call_wait(ft_flow_t *flow, const packet_info *pinfo, const ft_packet_t *pkt);
/* The call that stands for this one, after merges. */
ft_call_t *ft_call_root(ft_call_t *call);
/* Numbers the calls that stand for themselves from 1, in the order of their first packets, if something changed. */
void ft_call_renumber(void);
/* State and end as far as what was read so far tells. */
ft_state_t ft_call_state(const ft_call_t *call);
ft_end_t ft_call_end(const ft_call_t *call);
/* early_media.c: keeps the RTP headers of a packet whose flow has no call yet; first pass only. */
void ft_early_note(ft_flow_t *flow, const ft_passage_t *passage, const ft_packet_t *pkt);
/* Those of the flows that got a call since the latest ft_early_forget(); valid until the next frame. */
unsigned ft_early_taken(const ft_early_t **early);
void ft_early_forget(void);
void ft_early_init(void);
/* later - earlier, in seconds. */
double ft_seconds(const nstime_t *later, const nstime_t *earlier);
/* Calls in the order in which they began; number of them. i from 0. */
unsigned ft_call_count(void);
const ft_call_t *ft_call_at(unsigned i);
/* The stream with the SSRC, NULL if there is none; the second one makes it (NULL: the limit). */
ft_stream_t *ft_stream_find(uint32_t ssrc);
ft_stream_t *ft_stream_get(uint32_t ssrc);
/* Tells the calls the time of each frame, so that a silent call can be told from one at the end of the capture. */
void ft_call_clock(const nstime_t *now);
/* The living call that one of the packet's ends was announced for, or seen for by a server; NULL if there is none. */
ft_call_t *ft_call_by_ends(const packet_info *pinfo);
/* The latest call of the device with this address; NULL if there is none. */
ft_call_t *ft_call_by_device(const address *addr);
/* What a ladder shows of a packet of a call; NULL if it shows nothing. The second one notes it: first pass only, the label is copied. */
const char *ft_event_label(uint32_t frame);
void ft_event_note(uint32_t frame, const char *label);
/* What the frame at hand brought into calls besides itself; first pass only, valid until ft_brought_forget(). */
unsigned ft_brought_count(void);
const ft_brought_t *ft_brought_at(unsigned i);
void ft_brought_forget(void);
/* errands.c: tells what kind of capture the frame is from. Before the next three, for each frame that they are asked of. */
void ft_errands_begin(const packet_info *pinfo);
/* False: the packet is no errand's. To ask costs next to nothing, and most packets of a capture are none. */
bool ft_errand_may_be(const packet_info *pinfo);
/* The errand that the packet is part of, and *call, the call that it belongs to; NULL if it is none or has no call.
 * On the first pass it also takes the packet in. */
const ft_errand_t *ft_errand_packet(packet_info *pinfo, ft_call_t **call);
/* True if more calls were seen than are kept. */
bool ft_call_limit_reached(void);
/* Forgets the last file's calls; called when a file is opened. */
void ft_call_init(void);

/* ---- hosts.c, names.c --------------------------------------------------------------------- */

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
    const ft_host_t *host;      /* NULL: only an address or a protocol gave it away */
    const char *name;           /* of the host as it was shown; NULL where it was not */
    uint32_t first_frame;       /* that showed it; earlier packets of the conversation belong to it, too */
    uint32_t evidence;          /* FT_APNS_BY() bits; 0 where it is not push */
    bool packed;                /* push: the application protocol is the packed one */
} ft_service_t;

extern const value_string ft_role_vals[];

/* The line for a host name, the most special one; NULL: none of FaceTime's. path: of an HTTP request, or NULL. */
const ft_host_t *ft_host_find(const char *name, const char *path);
void ft_hosts_register(void);

/* The service that the packet's TCP or UDP conversation is with; NULL: none that is known. On the first pass from the packet
 * on that shows it, later from the first packet on. Cheap for packets of other conversations. */
const ft_service_t *ft_service_of(packet_info *pinfo);
/* The same for push, made if there is none (first pass) and given one more reason. NULL where the limit is reached. */
const ft_service_t *ft_service_push(packet_info *pinfo, ft_apns_evidence_t why);
/* False: this capture has named no host and no conversation of FaceTime's so far, as most captures. To ask costs next to nothing. */
bool ft_names_known(void);
/* The line of the host to which a DNS answer of this capture gave the address; NULL: none so far. *name gets the name that was asked
 * for, in file scope; it may be NULL. */
const ft_host_t *ft_host_of_address(const address *addr, const char **name);
/* The line of the host that this frame names (DNS, HTTP, TLS); NULL if it names none of FaceTime's. */
const ft_host_t *ft_host_of_frame(uint32_t frame);

void ft_names_register(void);
/* Takes the names that the frame says. Called for every frame of the first pass by the post-dissector, before the errands. */
void ft_names_collect(tvbuff_t *frame, packet_info *pinfo);
/* Shows the frame's host and push. tree: NULL where nobody looks. */
void ft_names_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
/* Forgets the last file; called when a file is opened. */
void ft_names_init(void);

/* ---- apns.c ------------------------------------------------------------------------------- */

extern int proto_apns;

void ft_apns_register(void);
void ft_apns_handoff(void);
void ft_apns_init(void);
/* The item of a packet of a push conversation. */
void ft_apns_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_service_t *service);

/* ---- postdissector.c, taps ---------------------------------------------------------------- */

void ft_postdissector_register(void);
/* Gives the facts of the datagram at hand to the post-dissector, which runs after all dissectors of the frame. */
void ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt);
/* The facts of the frame's datagram; NULL if it showed no sign of FaceTime. */
ft_packet_t *ft_packet_of(packet_info *pinfo);
/* The same while the frame is dissected. To ask costs next to nothing where there are none, as in most frames of a capture. */
ft_packet_t *ft_packet_at_hand(packet_info *pinfo);
void ft_postdissector_init(void);
/* call_fields.c: shows the call below root. pkt: the datagram at hand; NULL for a packet of an errand. */
void ft_call_fields_register(void);
void ft_call_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_call_t *call, ft_phase_t phase, ft_join_t reason,
                  const ft_packet_t *pkt);
/* passage.c: where and when the datagram at hand was seen. */
void ft_passage_of(ft_passage_t *passage, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt);
/* The call of the packet that was dissected last with this pinfo; NULL if it has none. */
const ft_call_t *ft_call_of(packet_info *pinfo);

/* Each registers one view with Wireshark. */
void ft_tap_calls_register(void);
void ft_tap_timeline_register(void);
void ft_tap_nodes_register(void);
void ft_tap_exposure_register(void);
/* call_expert.c: adds the call's expert items, on its last frame once the file was read, and on the frame that shows a number. */
void ft_call_expert_register(void);
void ft_call_expert(packet_info *pinfo, proto_item *item, const ft_call_t *call, const ft_packet_t *pkt);
void ft_tap_voip_register(void);
void ft_tap_streams_register(void);
void ft_tap_tree_register(void);
void ft_conversation_filter_register(void);
/* Shows the packet in Telephony > VoIP Calls, if it is an event of its call and the window listens. Any pass. */
void ft_voip_queue(packet_info *pinfo, const ft_call_t *call, const ft_brought_t *what);

#endif /* PACKET_FACETIME_H */
