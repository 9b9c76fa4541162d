/* pod.c
 * QUIC "pods": in a group call of today media travels in DATAGRAM frames of QUIC connections beside the one to the relay. They have no
 * handshake of their own; device and relay agree on connection IDs of four bytes and on secrets in AllocBind, which is encrypted:
 *
 *     +---------------+-------+---------------------+-+-------------+
 *     |0 1 S R R K P P| type  | random              |1| random      |   short header (RFC 9000, 17.3.1) and connection ID
 *     +---------------+-------+---------------------+-+-------------+
 *       type: 0 media (AVConference), 1 messages (identity service)
 *
 * The form of the ID is that of OpenBubbles rustpush (src/ids/link.rs), which takes part in such calls; no capture at hand has one. So a pod
 * is known by repetition: other short headers of these flows begin with a known connection ID of eight bytes, or, to the device, with an
 * empty one and so with random bytes. Between devices STUN names the IDs (attributes 9002 and 9003).
 *
 * What is inside is encrypted. That it is media is a guess: by type, size and rate.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/pod.h"

/* Pods that are followed in each direction of a flow: two for each of a few allocations, and what looks like one by chance. */
#define FT_QUIC_PODS            8
/* Packets with the same ID that make a pod. Random bytes have the form of an ID once in 16 packets, and the same ID again once in 2^32. */
#define FT_QUIC_POD_REPEATS     4

#define FT_QUIC_POD_ID_AT       1
#define FT_QUIC_POD_ID_LEN      4
#define FT_QUIC_POD_TYPE(id)    ((id) >> 28)
#define FT_QUIC_POD_MARK        0x00800000u
#define FT_QUIC_POD_MEDIA       0u
#define FT_QUIC_POD_MESSAGES    1u

/* An RTP packet with its relay header (2), sixteen bytes of QUIC's tag, and the short header has more bytes; an acknowledgement fewer. */
#define FT_QUIC_MEDIA_MIN       60
/* Packets of that size in a second that are media: audio has 16 to 50. */
#define FT_QUIC_MEDIA_RATE      10

/* The ID, if the bytes are a short header. False: another form. */
static bool
pod_id(tvbuff_t *tvb, uint32_t *id)
{
    if (tvb_captured_length(tvb) < FT_QUIC_POD_ID_AT + FT_QUIC_POD_ID_LEN || (ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x40)
        return false;
    *id = tvb_get_ntohl(tvb, FT_QUIC_POD_ID_AT);
    return true;
}

static ft_quic_pod_t *
pod_find(const ft_flow_t *flow, unsigned side, uint32_t id)
{
    ft_quic_pod_t *pods = flow->pods[side];

    for (unsigned i = 0; pods && i < FT_QUIC_PODS; i++) {
        if (pods[i].first_frame && pods[i].id == id)
            return &pods[i];
    }
    return NULL;
}

/* A place for an ID: an empty one, or that of the candidate that was seen longest ago. NULL: all are known pods, or the limit is reached. */
static ft_quic_pod_t *
pod_place(ft_flow_t *flow, unsigned side, const nstime_t *now)
{
    ft_quic_pod_t *place = NULL;

    if (!flow->pods[side] && !ft_limit_take(FT_LIMIT_QUIC_PODS, now))
        return NULL;
    if (!flow->pods[side])
        flow->pods[side] = wmem_alloc0_array(wmem_file_scope(), ft_quic_pod_t, FT_QUIC_PODS);
    for (unsigned i = 0; i < FT_QUIC_PODS; i++) {
        ft_quic_pod_t *pod = &flow->pods[side][i];

        if (!pod->known_frame && (!place || pod->last_frame < place->last_frame))
            place = pod;
    }
    return place;
}

static ft_quic_pod_t *
pod_get(ft_flow_t *flow, unsigned side, uint32_t id, const packet_info *pinfo)
{
    ft_quic_pod_t *pod = pod_find(flow, side, id);

    if (pod)
        return pod;
    pod = pod_place(flow, side, ft_frame_time(pinfo));
    if (!pod)
        return NULL;
    *pod = (ft_quic_pod_t){ .id = id, .messages = FT_QUIC_POD_TYPE(id) == FT_QUIC_POD_MESSAGES, .first_frame = pinfo->num };
    return pod;
}

/* Counts a packet of the pod, and whether it has the rate of media. */
static void
pod_count(ft_quic_pod_t *pod, tvbuff_t *tvb, const packet_info *pinfo)
{
    nstime_t since;

    pod->packets++;
    pod->last_frame = pinfo->num;
    if (!pod->known_frame && pod->packets >= FT_QUIC_POD_REPEATS)
        pod->known_frame = pinfo->num;
    if (pod->messages || pod->media_frame || tvb_reported_length(tvb) < FT_QUIC_MEDIA_MIN)
        return;
    nstime_delta(&since, ft_frame_time(pinfo), &pod->second);
    if (pod->in_second == 0 || since.secs != 0) {
        pod->second = *ft_frame_time(pinfo);
        pod->in_second = 0;
    }
    if (++pod->in_second >= FT_QUIC_MEDIA_RATE && pod->known_frame)
        pod->media_frame = pinfo->num;
}

const ft_quic_pod_t *
ft_quic_pod(tvbuff_t *tvb, const packet_info *pinfo, ft_flow_t *flow)
{
    unsigned side = ft_flow_from_a(flow, pinfo) ? 0 : 1;
    ft_quic_pod_t *pod;
    uint32_t id;

    if (!pod_id(tvb, &id))
        return NULL;
    pod = pod_find(flow, side, id);
    if (!PINFO_FD_VISITED(pinfo)) {
        /* The form of an ID; what STUN has named needs none. */
        if (!pod && (FT_QUIC_POD_TYPE(id) > FT_QUIC_POD_MESSAGES || !(id & FT_QUIC_POD_MARK)))
            return NULL;
        if (!pod)
            pod = pod_get(flow, side, id, pinfo);
        if (pod)
            pod_count(pod, tvb, pinfo);
    }
    if (!pod || !pod->known_frame || pod->first_frame > pinfo->num)
        return NULL;
    /* Where the sign came later, it holds for the earlier packets on the second pass. */
    return pod->known_frame <= pinfo->num || PINFO_FD_VISITED(pinfo) ? pod : NULL;
}

bool
ft_quic_pod_media(const ft_quic_pod_t *pod, tvbuff_t *tvb, const packet_info *pinfo)
{
    return !pod->messages && pod->media_frame && tvb_reported_length(tvb) >= FT_QUIC_MEDIA_MIN &&
           (pod->media_frame <= pinfo->num || PINFO_FD_VISITED(pinfo));
}

bool
ft_quic_pod_announced(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    const ft_quic_pod_t *pod;
    uint32_t id;

    if (!pod_id(tvb, &id))
        return false;
    pod = pod_find(flow, ft_flow_from_a(flow, pinfo) ? 0 : 1, id);
    return pod && pod->announced && pod->first_frame < pinfo->num;
}

void
ft_quic_pod_announce(ft_flow_t *flow, uint32_t id, bool messages, const packet_info *pinfo)
{
    for (unsigned side = 0; side < 2; side++) {
        ft_quic_pod_t *pod = pod_get(flow, side, id, pinfo);

        if (!pod || pod->announced)
            continue;
        pod->announced = true;
        pod->messages = messages;
        pod->known_frame = pod->first_frame;
    }
}
