/* wire.h
 * Floor 3, wire: one datagram, its bytes and fields, and the facts that it says (ft_packet_t). A file for each wire format; wire.c is the
 * demultiplexer. This header is the floor's door.
 *
 * A wire format knows the flow that its datagram is of, for links between datagrams. It does not know calls, names and tables. The entry
 * calls it; the call and the tables read the facts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WIRE_H
#define FT_WIRE_H

#include "flow/flow.h"

/* ---- Facts ---------------------------------------------------------------------------------- */

/* How a packet came to name an endpoint. */
typedef enum {
    FT_CANDIDATE_OWN,         /* the sender names its own address: candidate of a link message, SNATMAP request */
    FT_CANDIDATE_MAPPED       /* the receiver's address as a server sees it: SNATMAP answer, STUN XOR-MAPPED-ADDRESS */
} ft_candidate_how_t;

/* A link message names up to 15 addresses (4-bit count) and a port list; more are shown but not learned. */
#define FT_MAX_CANDIDATES 24

typedef struct ft_candidate {
    ft_endpoint_t at;
    ft_candidate_how_t how;
    uint8_t radio;              /* what its interface is: FT_RADIO() of a number of ft_rat_vals; 0: not told */
} ft_candidate_t;

/* Radio access technologies as link messages, link probes and STUN number them, in a byte that is 0 where there is none: 0 is Wi-Fi on the wire. */
#define FT_RADIO(number) ((uint8_t)((number) + 1))
extern const value_string ft_rat_vals[];

/* The facts of a SIP message. Strings are UTF-8, in packet scope, NULL where the message has no such header. */
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

/* A media key's identifier (RFC 3711's MKI) has at most 16 bytes: public decompilations of AVConference. */
#define FT_MKI_MAX 16

/* Units in a second of the short form of NTP's time (RFC 5905, 6): link messages, and the client's time of Apple's STUN. */
#define FT_NTP_SHORT_CLOCK 65536.0

/* Units in a second of send times, and of what waited with them. Measured: 61.44 between packets that are 60 ms apart; so in rustpush. */
#define FT_REPORT_QUEUEING_CLOCK 1024.0
/* Units in a second of the one-way delay ("q13" in rustpush). */
#define FT_REPORT_DELAY_CLOCK 8192.0

/* What the sender of an audio packet tells of what it receives: the header extension. Each 0 where the packet does not have it. */
typedef struct ft_report {
    bool has_timing;            /* the delays, which are none before something was received */
    bool has_video;             /* the bandwidth; 0: no estimate yet */
    uint16_t queueing_delay;    /* how long the echoed time waited at the sender, in 1/1024 s */
    uint16_t one_way_delay;     /* over the slow average, in 1/8192 s */
    uint16_t bandwidth;         /* of the other direction, kbit/s */
} ft_report_t;

/* What the header extension of a video packet tells. */
typedef struct ft_picture {
    bool known;                 /* the packet has such an extension */
    bool parity;                /* it carries no picture, but what repairs others (forward error correction) */
    uint16_t packets;           /* of its frame, without parity; 0: not told */
    uint8_t view;               /* source, camera, mirrored, orientation: bits 8 to 13 of the profile */
} ft_picture_t;

/* One RTP packet. RFC 3550, section 5.1. */
typedef struct ft_rtp {
    uint32_t ssrc;
    uint32_t timestamp;         /* in units of the payload type's clock */
    uint16_t seq;
    uint8_t payload_type;
    uint32_t media;             /* FT_MEDIA_*; 0 where not known */
    bool marker;
    uint32_t length;            /* bytes of the RTP packet, header included */
    uint8_t mki_len;            /* bytes of the key identifier behind the payload: 16 or 2; 0: none was found */
    uint8_t mki[FT_MKI_MAX];    /* one for all streams of a sender */
    bool retransmitted;         /* the relay sends it again: its header says so */
    ft_report_t report;         /* of audio */
    ft_picture_t picture;       /* of video */
} ft_rtp_t;

/* A compound relay datagram holds at most 8 sub-packets (Apple's IDSFoundation). */
#define FT_MAX_SUBPACKETS 8

/* Salt of the pre-shared key's identity in a hello to the relay, in bytes: quic.c. */
#define FT_QUIC_SALT_LEN 12

/* What relay channel data says of media besides RTP: relay.c. */
typedef struct ft_relay_facts {
    ft_mode_t mode;             /* of the RTP in it; FT_MODE_UNKNOWN: none, or one that the relay sends again */
    bool again;                 /* the latest RTP in it is one that the relay sends again */
    unsigned counted;           /* sub-packets that the relay counts: RTP, and statistics alone */
    bool asks;                  /* a statistics request; asked: the answer to one, with the two numbers */
    bool answers;
    uint16_t stats_id;
    uint16_t received, sent;    /* the relay's counts, from and to the device; the low 16 bits */
    bool hop_by_hop;            /* encrypted hop by hop; nack: of the length of RTCP's negative acknowledgement of one packet */
    bool nack;
} ft_relay_facts_t;

/* What a link message says of its link: link.c. */
typedef struct ft_link_facts {
    uint16_t command;           /* FT_LINK_*; 0: there is no link message */
    bool is_ack;
    bool has_delay;
    int counter;                /* its number; -1: it has none, or it was not captured */
    uint32_t accept_delay;      /* 1/65536 s until the called one accepted */
} ft_link_facts_t;

/* Commands of link messages (IDSFoundation of iOS 26.1); an acknowledgement has the top bit as well. */
enum { FT_LINK_CONNECTED = 1, FT_LINK_DISCONNECTED = 2, FT_LINK_HEARTBEAT = 3, FT_LINK_CANDIDATES = 4, FT_LINK_NOMINATE = 5, FT_LINK_INTERFACES = 6 };

/* The facts of one datagram. In packet scope; made anew on each pass, from the bytes alone. */
typedef struct ft_packet {
    wmem_allocator_t *scope;        /* where the facts live */
    ft_kind_t kind;
    ft_phase_t phase;
    tvbuff_t *tvb;                  /* the datagram; NULL: only what is around it is known */
    bool stock;                     /* a dissector that Wireshark remembers for this frame may have taken it */
    bool taken;                     /* the post-dissector has it */
    struct ft_packet *earlier;      /* facts of an earlier datagram of the same frame (an aggregate); NULL: none */
    ft_ends_t ends;                 /* between which it travels: of an aggregate, packet_info has in the end those of the last datagram */
    uint32_t evidence;              /* FT_EV() bits of this datagram */
    bool claimed;                   /* this dissector showed the datagram (false: a stock dissector had it) */
    bool quoted;                    /* the frame is an ICMP error that quotes a datagram of the flow */
    bool closed, closed_a;          /* the error says that nobody listens at the quoted datagram's destination; that is side a of the flow */
    bool inside_turn;               /* the datagram came out of a TURN message */
    bool inside_shown;              /* what a TURN message carries was shown with it */
    bool from_relay, to_relay;      /* the source, the destination is the relay's side */
    ft_flow_t *flow;                /* file scope; NULL if there is none */
    bool from_a;                    /* it goes from side a of the flow to side b */
    bool compound;                  /* the datagram may hold more than one RTP packet */
    bool rtp_cut;                   /* what may be RTP was captured without its header */
    unsigned n_rtp;
    unsigned rtp_before;            /* RTP packets of the frame's earlier datagrams */
    ft_rtp_t rtp[FT_MAX_SUBPACKETS];
    unsigned n_candidates;
    ft_candidate_t *candidates;     /* room for FT_MAX_CANDIDATES; NULL while there is none, as in media */
    ft_sip_t *sip;                  /* packet scope; NULL if the datagram is no SIP */
    uint32_t sdp_ssrc[4];           /* SSRCs that SDP names (a=rtpID) */
    unsigned n_sdp_ssrc;
    bool is_answer;                 /* answer of a STUN or NAT probe */
    int16_t dscp;                   /* of the IP header, 0 to 63; -1: not known. Only of media, and on the first pass */
    ft_relay_facts_t relay;
    ft_link_facts_t link;
    uint16_t error;                 /* ERROR-CODE of a STUN message (RFC 8489, 14.8); 0: none */
    const char *error_reason;       /* its phrase; packet scope; NULL: none */
    uint8_t radio;                  /* of the sender's link, by a STUN message: FT_RADIO(); 0: not told */
    bool reallocates;               /* STUN Reallocate: a request, or the relay's indication; not an answer */
    bool session_gone;              /* the relay says that it does not know the session (any more) */
    const char *what;               /* what the tree's first line says of it: static or packet scope; NULL: its kind says all */
    const char *label;              /* what a ladder says of it: static or packet scope; NULL: nothing new by itself */
    bool routine;                   /* repeated until it is answered (STUN checks, QUIC Initials): a ladder shows the first of a flow */
    bool quic_initial;              /* a QUIC Initial: somebody opens a connection */
    uint64_t participant;           /* participant ID of the (first) relay sub-packet; 0: none */
    bool quic_between;              /* of a QUIC pod between the two devices, whose connection ID their checks have named: no relay */
    bool quic_media;                /* a packet of a QUIC pod that has the size and rate of media: a guess, counted as media. Or of WebRTC: web.c */
    const uint8_t *quic_token;      /* session token of a QUIC hello to the relay; file scope; NULL: none */
    unsigned quic_token_len;        /* bytes */
    uint8_t quic_salt[FT_QUIC_SALT_LEN]; /* beside the token: another one in each hello */
    uint8_t quic_scid_len;          /* source connection ID of a QUIC long header: packets back carry it; 0: none */
    uint8_t quic_scid[FT_QUIC_CID_MAX];
} ft_packet_t;

/* Is it between a device and a relay, by its kind? QUIC may be between two devices, too. */
static inline bool
ft_packet_is_with_relay(const ft_packet_t *pkt)
{
    return pkt->kind == FT_KIND_RELAY || pkt->kind == FT_KIND_WEB || (pkt->kind == FT_KIND_QUIC && !pkt->quic_between);
}

/* Where and when a datagram was seen. */
typedef struct ft_arrival {
    uint32_t frame;
    nstime_t when;              /* absolute */
    const ft_flow_t *flow; /* file scope */
    bool from_a;                /* it went from side a of the flow to side b */
    ft_path_t path;             /* of media */
    int16_t dscp;               /* of the IP header, 0 to 63; -1: not known */
} ft_arrival_t;

/* An RTP packet that came before its flow had a call. */
typedef struct ft_media_packet {
    ft_arrival_t arrival;
    ft_rtp_t rtp;
} ft_media_packet_t;

/* ---- Wire formats --------------------------------------------------------------------------- */

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
    /* Does what dissect() does where there is no tree and no listener, but for the columns: writes Info, fills pkt. Returns true; or false, and
     * dissect() has all to do. Never throws. May be NULL. */
    bool (*unseen)(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt);
    /* Notes what later datagrams are linked to (or pkt's RTP header), on the first pass, where a stock dissector shows the datagram because its
     * flow may become FaceTime's only later. Looks at captured bytes only. May be NULL. */
    void (*note)(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt);
} ft_wire_t;

#define FT_FORMAT_EXTERN(name, ...) extern const ft_wire_t ft_wire_##name;
FT_WIRE_FORMATS(FT_FORMAT_EXTERN)
/* No kinds of their own: WebRTC's media, what TURN's ChannelData carries, what a virtual transport packet wraps. */
extern const ft_wire_t ft_wire_web_media;
extern const ft_wire_t ft_wire_channel_data;
extern const ft_wire_t ft_wire_vtp;

/* ---- wire.c --------------------------------------------------------------------------------- */

/* Registers the fields of all wire formats; finds the stock dissectors that they need. */
void ft_wires_register(void);
void ft_wires_handoff(void);
/* May the datagram have one of the forms? Says no to most datagrams of others, by a few bytes and without a buffer for them. */
bool ft_wire_begins(const ft_payload_t *payload, const packet_info *pinfo);
/* The same of a datagram that nobody claimed, before any form is asked. */
bool ft_wire_may_be(tvbuff_t *tvb, const packet_info *pinfo);
/* The wire format of a datagram of two captured bytes at least; NULL: none that is known. flow may be NULL. Adds to *evidence. */
const ft_wire_t *ft_demux(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence);

/* ---- packet.c: the facts -------------------------------------------------------------------- */

/* New facts of the datagram in tvb (which may be NULL), in packet scope. wire NULL: no form that is known. */
ft_packet_t *ft_packet_new(packet_info *pinfo, tvbuff_t *tvb, ft_flow_t *flow, const ft_wire_t *wire, uint32_t evidence);
/* Gives the facts of the datagram at hand to the post-dissector, which runs after all dissectors of the frame. */
void ft_packet_attach(packet_info *pinfo, ft_packet_t *pkt);
/* The facts of the frame's latest datagram that showed a sign of FaceTime, those of the ones before behind them; NULL: none did. */
ft_packet_t *ft_packet_of(packet_info *pinfo);
/* The same while the frame is dissected. Cheap where there are none, as in most frames of a capture. */
ft_packet_t *ft_packet_at_hand(packet_info *pinfo);
/* The frame is dissected to its end: ft_packet_of() knows its facts from now on only if it has a tree. Called for each frame. */
void ft_packet_leave(packet_info *pinfo, const proto_tree *tree);
/* The facts of the datagram that these bytes are part of, while the frame is dissected; NULL: none so far. */
ft_packet_t *ft_packet_around(packet_info *pinfo, const uint8_t *bytes);
/* Is one of the datagram's bytes, or the one behind them, in this range? */
bool ft_packet_within(const ft_packet_t *pkt, const uint8_t *bytes, unsigned length);
/* How the datagram travels, if it is media. */
ft_path_t ft_packet_path(const packet_info *pinfo, const ft_packet_t *pkt);
/* Adds an endpoint that the packet names; a full list drops it. addr's bytes must live as long as the packet. */
void ft_candidate_add(ft_packet_t *pkt, const address *addr, uint16_t port, ft_candidate_how_t how, uint8_t radio);
/* Where and when the datagram at hand was seen. frame: the whole frame's bytes. */
void ft_arrival_of(ft_arrival_t *arrival, tvbuff_t *frame, const packet_info *pinfo, const ft_packet_t *pkt);
/* Calls a stock dissector for the bytes of tvb, unless one had the packet already (pkt->claimed is false). */
void ft_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt);

/* ---- What other floors ask of single formats ------------------------------------------------ */

/* quic.c: reads the session token of an Initial that the stock dissector showed, where the flow was not known then. First pass only. */
void ft_quic_take_hello(packet_info *pinfo, ft_packet_t *pkt);
/* sip.c: is it a request with this method? False where sip is NULL. */
bool ft_sip_is_request(const ft_sip_t *sip, const char *method);

/* RFC 3550, section 5.1: bytes of the header, and where the SSRC is. */
#define FT_RTP_HEADER_LEN 12
#define FT_RTP_SSRC_AT 8

/* rtp.c: makes the stock dissector's data for a flow whose RTP may be shown on a later pass only. First pass only. */
void ft_rtp_prepare_flow(packet_info *pinfo, ft_flow_t *flow);
/* FT_MEDIA_* of a payload type, 0 where not known. */
uint32_t ft_rtp_media(uint8_t payload_type);
/* rtp_info.c: medium and codec of a packet, "Video HEVC"; in the scope. */
const char *ft_rtp_brief(wmem_allocator_t *scope, const ft_rtp_t *rtp);
/* What FaceTime uses a payload type for; never NULL. */
const char *ft_rtp_name(uint8_t payload_type);
/* False: FaceTime has no such payload type, or a static one that telephones use and FaceTime does not. */
bool ft_rtp_is_own(uint8_t payload_type);
/* Its clock in Hz, 0 where not known; `relayed_era`: in a call of the years with the relay channel (iOS 12 and later). */
uint32_t ft_rtp_clock(uint8_t payload_type, bool relayed_era);

/* link.c: link messages, inside a TURN message as well. ft_link_match() looks at captured bytes only. */
bool ft_link_match(tvbuff_t *tvb);
void ft_link_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt);

/* Bytes of channel number and length, in front of relay data as of TURN's ChannelData (RFC 8656, 12.4). */
#define FT_RELAY_HEADER_LEN 4

/* channel_data.c: has the datagram the form of TURN's ChannelData, on a flow with STUN? What it carries; NULL: nothing that was captured. */
bool ft_channel_data_form(tvbuff_t *tvb, const ft_flow_t *flow);
tvbuff_t *ft_channel_data_of(tvbuff_t *tvb);

/* quic.c: is it a QUIC Initial of a known version? It says nothing of FaceTime. Looks at captured bytes only. */
bool ft_quic_opens(tvbuff_t *tvb);
/* The same of the first FT_QUIC_BEGINNING bytes of a datagram. */
#define FT_QUIC_BEGINNING 7
bool ft_quic_begins(const uint8_t *bytes);

/* relay.c: the channel number of all relay datagrams in two real calls. */
#define FT_RELAY_CHANNEL_SEEN 0x6000

/* relay.c: relay channel data whose channel header the stock STUN dissector took for TURN ChannelData (UDP port 3478 belongs to it). tvb is
 * what follows the header. The match looks at captured bytes only. */
bool ft_relay_headless_match(tvbuff_t *tvb);
void ft_relay_headless_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt);

#endif /* FT_WIRE_H */
