/* packet-facetime.h
 * The words that all floors and every reader share: kinds, phases, states, reasons, evidence. Their texts are in common/words.c.
 *
 * It knows no struct and no function of a floor: those are in the floor's own header (plugin/flow/flow.h, plugin/call/call.h, ...).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PACKET_FACETIME_H
#define PACKET_FACETIME_H

#include "common/wire_formats.h"

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
    FT_STATE_ENDED,         /* a SIP BYE; today: media stopped, and the device's socket or the link is closed */
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
    FT_END_TIMEOUT,         /* packets stopped and the capture went on; nothing on the wire says why */
    FT_END_LINK,            /* today: media stopped and the link went; who stopped first is not known */
    FT_END_LINK_DEVICE,
    FT_END_LINK_PEER
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
    FT_JOIN_AROUND,         /* a flow of the device to one of FaceTime's servers, shortly before or during the call */
    FT_JOIN_PEER,           /* the same peer: an endpoint that the call has by its packets */
    FT_JOIN_TOKEN           /* the token of a session with the relay */
} ft_join_t;

/* Path of a media packet: facetime.path. As a mask in a call. */
typedef enum { FT_PATH_NONE = 0, FT_PATH_DIRECT = 1, FT_PATH_RELAY = 2 } ft_path_t;

/* How a call of today is run: facetime.call.mode. */
typedef enum {
    FT_MODE_UNKNOWN,
    FT_MODE_MULTIWAY,       /* as a group: each stream has an ID, video comes in layers, the relay chooses */
    FT_MODE_ONE_TO_ONE,     /* between two devices: one audio and one video stream of each */
    FT_MODE_BROWSER         /* somebody joined by a FaceTime link, with WebRTC */
} ft_mode_t;

/* How sure: facetime.confidence. */
typedef enum { FT_CONFIDENCE_NONE, FT_CONFIDENCE_LOW, FT_CONFIDENCE_MEDIUM, FT_CONFIDENCE_HIGH } ft_confidence_t;

/* Media of an RTP payload type, as a mask in a call. */
enum { FT_MEDIA_AUDIO = 1, FT_MEDIA_VIDEO = 2 };

/* Why a flow is taken for FaceTime: facetime.evidence. A bit each; flow/evidence.c holds the text and the weight of each. */
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
    FT_EV_QUIC_PORTS,       /* QUIC to a relay port of an unknown host */
    FT_EV_RTP_PORTS,        /* RTP between two of FaceTime's media ports */
    FT_EV_SAME_SOCKET,      /* another flow of the same local socket is FaceTime */
    FT_EV_SSRC,             /* an SSRC that a call already has, or that SDP named */
    FT_EV_CANDIDATE,        /* an end of the flow was announced as a candidate */
    FT_EV_DECODE_AS,        /* the analyst chose FaceTime by Decode As */
    FT_EV_FORM,             /* a form that only FaceTime sends, of a wire format without a sign of its own above */
    FT_EV_WEB_PATH,         /* STUN with an Apple host, of a client that opened a FaceTime link */
    FT_EV_WEB,              /* DTLS of the same: a browser */
    FT_EV_COUNT
} ft_evidence_t;

#define FT_EV(bit) (1u << (bit))

/* What Wireshark calls when it registers its protocols, and when all of them are registered. */
void proto_register_facetime(void);
void proto_reg_handoff_facetime(void);

#endif /* PACKET_FACETIME_H */
