/* words.c
 * The texts of the words of packet-facetime.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/words.h"

const value_string ft_kind_vals[] = {
    { FT_KIND_UNKNOWN, "unknown" },
    FT_WIRE_FORMATS(FT_FORMAT_KIND)
    [FT_KIND_COUNT] = { 0, NULL }
};

const value_string ft_phase_vals[] = {
    { FT_PHASE_PUSH, "push" },
    { FT_PHASE_LOOKUP, "lookup" },
    { FT_PHASE_PROBE, "probe" },
    { FT_PHASE_CERTIFICATE, "certificate" },
    { FT_PHASE_REGISTRATION, "registration" },
    { FT_PHASE_RELAY, "relay" },
    { FT_PHASE_CONNECTIVITY, "connectivity" },
    { FT_PHASE_SIGNALLING, "signalling" },
    { FT_PHASE_MEDIA, "media" },
    { FT_PHASE_TEARDOWN, "teardown" },
    { 0, NULL }
};

const value_string ft_state_vals[] = {
    { FT_STATE_ATTEMPTED, "attempted" },
    { FT_STATE_RINGING, "ringing" },
    { FT_STATE_ESTABLISHED, "established" },
    { FT_STATE_ENDED, "ended" },
    { FT_STATE_DECLINED, "declined" },
    { FT_STATE_CANCELLED, "cancelled" },
    { FT_STATE_FAILED, "failed" },
    { FT_STATE_INTERRUPTED, "interrupted" },
    { 0, NULL }
};

const value_string ft_direction_vals[] = {
    { FT_DIRECTION_UNKNOWN, "unknown" },
    { FT_DIRECTION_INBOUND, "inbound" },
    { FT_DIRECTION_OUTBOUND, "outbound" },
    { 0, NULL }
};

const value_string ft_end_vals[] = {
    { FT_END_CAPTURE, "capture end" },
    { FT_END_BYE, "BYE" },
    { FT_END_BYE_DEVICE, "BYE from the device" },
    { FT_END_BYE_PEER, "BYE from the peer" },
    { FT_END_DECLINED, "declined" },
    { FT_END_CANCELLED, "cancelled" },
    { FT_END_FAILED, "failed" },
    { FT_END_TIMEOUT, "timeout" },
    { FT_END_LINK, "link ended [guess]" },
    { FT_END_LINK_DEVICE, "link ended by the device [guess]" },
    { FT_END_LINK_PEER, "link ended by the peer [guess]" },
    { 0, NULL }
};

const value_string ft_join_vals[] = {
    { FT_JOIN_NONE, "none" },
    { FT_JOIN_FIRST, "the call begins here" },
    { FT_JOIN_CALL_ID, "SIP Call-ID of the call" },
    { FT_JOIN_SSRC, "SSRC of the call" },
    { FT_JOIN_PARTICIPANT, "participant ID of the call" },
    { FT_JOIN_CANDIDATE, "address announced in the call" },
    { FT_JOIN_MAPPED, "address that a server saw" },
    { FT_JOIN_SOCKET, "same local socket" },
    { FT_JOIN_DEVICE, "same device at the same time" },
    { FT_JOIN_RELAY, "same relay, in a capture taken on the device" },
    { FT_JOIN_BEFORE, "NAT probe of the device shortly before" },
    { FT_JOIN_AROUND, "flow of the device to a FaceTime server, shortly before or during the call" },
    { FT_JOIN_PEER, "the same peer as another flow of the call" },
    { FT_JOIN_TOKEN, "token of the session with the relay" },
    { 0, NULL }
};

/* A packet has one path; a call may have both. */
const value_string ft_path_vals[] = {
    { FT_PATH_DIRECT, "direct" },
    { FT_PATH_RELAY, "relay" },
    { FT_PATH_DIRECT | FT_PATH_RELAY, "relay+direct" },
    { 0, NULL }
};

const value_string ft_mode_vals[] = {
    { FT_MODE_UNKNOWN, "unknown" },
    { FT_MODE_MULTIWAY, "multiway" },
    { FT_MODE_ONE_TO_ONE, "one-to-one" },
    { FT_MODE_BROWSER, "in a browser" },
    { 0, NULL }
};

const value_string ft_confidence_vals[] = {
    { FT_CONFIDENCE_NONE, "none" },
    { FT_CONFIDENCE_LOW, "low" },
    { FT_CONFIDENCE_MEDIUM, "medium" },
    { FT_CONFIDENCE_HIGH, "high" },
    { 0, NULL }
};

ft_phase_t
ft_kind_phase(ft_kind_t kind)
{
#define FT_FORMAT_PHASE(name, kind, number, phase, ...) [number] = FT_PHASE_##phase,
    static const ft_phase_t phases[FT_KIND_COUNT] = {
        [FT_KIND_UNKNOWN] = FT_PHASE_CONNECTIVITY,    /* what is not known is no media */
        FT_WIRE_FORMATS(FT_FORMAT_PHASE)
    };

    return kind < FT_KIND_COUNT ? phases[kind] : FT_PHASE_MEDIA;
}
