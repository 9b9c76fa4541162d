/* quic.c
 * QUIC between the device and the relay: the stock dissector's work. Here only what tells it from relay channel data.
 *
 * Seen on two real calls: version 1, an Initial of 1200 bytes with an empty source connection ID, ALPN h3, no SNI, to a
 * relay port. A short header (RFC 9000, section 17.3.1) begins with 0x40-0x7f, which relay channel data (0x60 xx) also does.
 * The connection ID after that byte decides: each side is addressed by the source connection ID of its own long headers.
 *
 *  - The relay's connection ID comes in its Initial and Handshake packets, or in a Retry: a datagram from the device that
 *    has it is QUIC, one that does not have it is channel data if its form is right.
 *  - The device's is empty: nothing tells its short headers, and relay.c asks for more than the form (a payload of a kind
 *    that was seen). The same holds if the handshake is not in the capture.
 *  - More connection IDs come in NEW_CONNECTION_ID frames, which are encrypted: after a change of them, as after a change of the
 *    network, what has none of the known IDs and is no channel data either is taken for QUIC.
 *  - Where the capture begins after the handshake, the flow is known by its channel data: what is none of it is taken for QUIC.
 *
 * The ClientHello is in Initial packets, which anybody can decrypt (RFC 9001, section 5.2). Its pre-shared key has an identity of Apple's:
 *
 *     +---------------+-----------------------+------------------------------------------+
 *     | 0             | salt, 12 random bytes | session token, from 90 00 00 01 on, with |
 *     +---------------+-----------------------+ which the push has given the allocation   |
 *     |                                                                                  |
 *     +----------------------------------------------------------------------------------+
 *
 * Measured on the four hellos of two real calls; the names are rustpush's. The token is the same on each path of a device (Wi-Fi, cellular),
 * and another one in each session. The stock dissector decrypts the hello and puts it together, also where it spans several packets;
 * without a tree it is given one for this field.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/http3.h"
#include "wire/pod.h"

#include <epan/epan_dissect.h>
#include <epan/exceptions.h>

/* The identity: a byte of 0, the salt, and the token. Apple's tokens had 107 to 124 bytes. */
#define FT_QUIC_PSK_SALT_AT     1
#define FT_QUIC_PSK_TOKEN_AT    (FT_QUIC_PSK_SALT_AT + FT_QUIC_SALT_LEN)
#define FT_QUIC_PSK_TOKEN_MAX   1024

/* All session tokens of real calls begin so: names/tls.c. */
static const uint8_t psk_token_start[] = { 0x90, 0x00, 0x00, 0x01 };

/* The stock TLS dissector's field of the identity. */
#define FT_QUIC_PSK_FIELD   "tls.handshake.extensions.psk.identity.identity"

/* The stock QUIC dissector's field of a DATAGRAM frame's contents; frames of a packet that are looked at. */
#define QUIC_DATAGRAM_FIELD "quic.dg"
#define QUIC_STREAM_FIELD   "quic.stream_data"
#define QUIC_MAX_FRAMES     16      /* of one packet, that are looked into */

static dissector_handle_t quic_handle;
static int hf_quic = -1;
static int hf_tls_psk_identity = -1;
static int hf_quic_dg = -1;
static int hf_quic_stream = -1;
static int hf_quic_request = -1;
static int hf_quic_request_meaning = -1;

static int hf_quic_known_by = -1;
static int hf_quic_connection_id = -1;
static int hf_quic_pod_id = -1;
static int hf_quic_pod_messages = -1;
static int hf_quic_pod_announced = -1;
static int hf_quic_media = -1;
static int hf_quic_psk_salt = -1;
static int hf_quic_psk_token = -1;
static int hf_quic_psk_first = -1;
static int ett_quic = -1;

/* RFC 9000, section 15 (version 1), and RFC 9369 (version 2). */
#define FT_QUIC_V1 0x00000001u
#define FT_QUIC_V2 0x6b3343cfu

/* RFC 9000, section 17.2, and RFC 9369, section 3.2: bits 4 and 5 of the first byte of an Initial. */
#define FT_QUIC_TYPE(first) (((first) >> 4) & 3)
#define FT_QUIC_V1_INITIAL  0
#define FT_QUIC_V2_INITIAL  1

/* RFC 9001, 5.4.2: a packet has four bytes and the sixteen of the sample behind its connection ID, which is empty at the device. */
#define QUIC_SHORT_MIN 21

enum { QUIC_LONG_HEADER, QUIC_CONNECTION_ID, QUIC_ELIMINATION, QUIC_POD };

static const value_string quic_known_by_vals[] = {
    { QUIC_LONG_HEADER, "Long header" },
    { QUIC_CONNECTION_ID, "Connection ID of the flow" },
    { QUIC_ELIMINATION, "Short header on a flow with QUIC, and no other form" },
    { QUIC_POD, "Connection ID of a pod" },
    { 0, NULL }
};

/* The pre-shared key of a hello. File scope. */
typedef struct quic_psk {
    uint8_t salt[FT_QUIC_SALT_LEN];
    const uint8_t *token;
    unsigned token_len;         /* bytes */
    uint32_t frame;             /* of the hello */
    uint32_t first;             /* of the first hello with this token */
} quic_psk_t;

static wmem_map_t *quic_hellos;     /* frame -> quic_psk_t; file scope */
static wmem_map_t *quic_depths;     /* frame of an Initial that another dissector had on the first pass -> quic_depth() + 1; file scope */
static wmem_map_t *quic_tokens;     /* quic_psk_t of the first hello with its token; file scope */

static unsigned
token_hash(const void *key)
{
    const quic_psk_t *psk = (const quic_psk_t *)key;

    return ft_hash_bytes(psk->token, psk->token_len);
}

static gboolean
token_equal(const void *a, const void *b)
{
    const quic_psk_t *x = (const quic_psk_t *)a, *y = (const quic_psk_t *)b;

    return x->token_len == y->token_len && memcmp(x->token, y->token, x->token_len) == 0;
}

/* From one of the device's ports to a relay port of Apple's, or back? */
static bool
quic_between(const packet_info *pinfo)
{
    return (ft_is_media_port(pinfo->srcport) && ft_is_relay_port(pinfo->destport) && ft_is_apple(&pinfo->dst)) ||
           (ft_is_media_port(pinfo->destport) && ft_is_relay_port(pinfo->srcport) && ft_is_apple(&pinfo->src));
}

/* Begins the datagram as relay data of the flow does, with too little captured to tell the one from the other? Taken for QUIC, it would make each
 * later datagram of the relay doubtful. */
static bool
is_cut_channel_data(tvbuff_t *tvb, const ft_flow_t *flow)
{
    unsigned captured = tvb_captured_length(tvb);

    return !(flow->kinds & (1u << FT_KIND_QUIC)) && captured < FT_RELAY_HEADER_LEN + 2 && captured < tvb_reported_length(tvb) &&
           ft_tvb_get_u8(tvb, 0) == flow->relay_channel >> 8;
}

static bool
quic_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    unsigned captured = tvb_captured_length(tvb);
    uint8_t first, dcid_len;
    uint32_t version;
    bool relay_port;

    if (captured < 2)
        return false;
    first = ft_tvb_get_u8(tvb, 0);
    /* 1. The fixed bit of RFC 9000, section 17.2: avoids STUN and RTP. Apple's stack does not grease it. */
    if (!(first & 0x40))
        return false;
    if (!(first & 0x80)) {
        /* 2. A short header says nothing by itself: it counts on a flow that had a long one, and, if it is long enough to be one, on
         *    a flow that had relay channel data (the capture began within the call), where it is not TURN's. Between a relay port of
         *    Apple's and one of the device's ports it is a weak sign: packets may stand before the handshake that they follow. */
        if (flow && ft_quic_pod_announced(tvb, pinfo, flow))
            return true;
        if (flow && (flow->kinds & (1u << FT_KIND_QUIC | 1u << FT_KIND_RELAY)))
            return ((flow->kinds & (1u << FT_KIND_QUIC)) || tvb_reported_length(tvb) >= QUIC_SHORT_MIN) && !ft_channel_data_form(tvb, flow) &&
                   !is_cut_channel_data(tvb, flow);
        if (flow && flow->kinds)
            return false;
        if (!quic_between(pinfo))
            return false;
        *evidence |= FT_EV(FT_EV_QUIC_PORTS);
        return true;
    }
    /* 3. A long header with a known version, or a version negotiation (0), and connection IDs of a possible length:
     *    avoids random bytes. Version 0 only on a flow that is known. */
    if (captured < 7)
        return false;
    version = tvb_get_ntohl(tvb, 1);
    dcid_len = ft_tvb_get_u8(tvb, 5);
    if (dcid_len > FT_QUIC_CID_MAX)
        return false;
    if (version != FT_QUIC_V1 && version != FT_QUIC_V2 && !(version == 0 && flow && (flow->kinds & (1u << FT_KIND_QUIC))))
        return false;
    relay_port = ft_is_relay_port(pinfo->destport) || ft_is_relay_port(pinfo->srcport);
    if (!relay_port)
        return flow && (flow->kinds & (1u << FT_KIND_QUIC));
    /* 4. The relay port at one of Apple's addresses: Apple publishes UDP 3478-3497 for FaceTime and Game Center only,
     *    and QUIC to any other of Apple's services goes to UDP 443. */
    if (ft_is_apple(ft_is_relay_port(pinfo->destport) ? &pinfo->dst : &pinfo->src))
        *evidence |= FT_EV(FT_EV_QUIC_RELAY);
    else
        *evidence |= FT_EV(FT_EV_QUIC_PORTS);
    return true;
}

static bool
quic_is_initial(uint8_t first, uint32_t version)
{
    return FT_QUIC_TYPE(first) == (version == FT_QUIC_V2 ? FT_QUIC_V2_INITIAL : FT_QUIC_V1_INITIAL);
}

bool
ft_quic_begins(const uint8_t *bytes)
{
    uint32_t version = ft_u32(bytes + 1);

    /* A long header with the fixed bit, of a known version and with an ID of a possible length. */
    return (bytes[0] & 0xc0) == 0xc0 && bytes[5] <= FT_QUIC_CID_MAX && (version == FT_QUIC_V1 || version == FT_QUIC_V2) &&
           quic_is_initial(bytes[0], version);
}

bool
ft_quic_opens(tvbuff_t *tvb)
{
    return tvb_captured_length(tvb) >= FT_QUIC_BEGINNING && ft_quic_begins(tvb_get_ptr(tvb, 0, FT_QUIC_BEGINNING));
}

/* Takes from a long header whether it opens a connection, and its source connection ID: datagrams in the other direction are
 * addressed to that. The first packet of the datagram speaks for those behind it, which have the same IDs. */
static void
quic_long_header(tvbuff_t *tvb, ft_packet_t *pkt)
{
    unsigned captured = tvb_captured_length(tvb), at;
    uint32_t version = captured < 7 ? 0 : tvb_get_ntohl(tvb, 1);
    uint8_t first = ft_tvb_get_u8(tvb, 0), len;

    /* A version negotiation repeats the IDs of what it answers, and chooses none. */
    if (version == 0)
        return;
    pkt->quic_initial = quic_is_initial(first, version);
    at = 6u + ft_tvb_get_u8(tvb, 5);
    if (at >= captured)
        return;
    len = ft_tvb_get_u8(tvb, (int)at);
    if (len == 0 || len > FT_QUIC_CID_MAX || at + 1u + len > captured)
        return;
    tvb_memcpy(tvb, pkt->quic_scid, (int)at + 1, len);
    pkt->quic_scid_len = len;
}

/* Keeps the identity of a pre-shared key that the stock dissector found. First pass only. */
static void
quic_keep_psk(const packet_info *pinfo, const field_info *identity)
{
    unsigned len = (unsigned)identity->length;
    const quic_psk_t *same;
    uint8_t *bytes;
    quic_psk_t *psk;

    /* 1. The form: a byte of 0, a salt, a token. Avoids TLS session tickets, of which the first byte is one of a ticket's. */
    if (identity->length <= FT_QUIC_PSK_TOKEN_AT || len > FT_QUIC_PSK_TOKEN_MAX || !identity->ds_tvb ||
        !tvb_bytes_exist(identity->ds_tvb, identity->start, identity->length) || ft_tvb_get_u8(identity->ds_tvb, identity->start) != 0)
        return;
    /* 2. Not more of them than a capture has calls. */
    if (!ft_limit_take(FT_LIMIT_QUIC_HELLOS, &pinfo->abs_ts))
        return;
    psk = wmem_new0(wmem_file_scope(), quic_psk_t);
    tvb_memcpy(identity->ds_tvb, psk->salt, identity->start + FT_QUIC_PSK_SALT_AT, FT_QUIC_SALT_LEN);
    psk->token_len = len - FT_QUIC_PSK_TOKEN_AT;
    bytes = (uint8_t *)tvb_memdup(wmem_file_scope(), identity->ds_tvb, identity->start + FT_QUIC_PSK_TOKEN_AT, psk->token_len);
    psk->token = bytes;
    psk->frame = psk->first = pinfo->num;
    same = (const quic_psk_t *)wmem_map_lookup(quic_tokens, psk);
    if (same)
        psk->first = same->frame;
    else
        wmem_map_insert(quic_tokens, psk, psk);
    wmem_map_insert(quic_hellos, GUINT_TO_POINTER(pinfo->num), psk);
}

/* Under the depth of dissectors TLS keeps the parts of a hello that spans several Initials. The depth at which the stock dissector was called for the
 * frame at hand, *had: it was; else the depth at which this plugin, below UDP, would call it. */
static uint8_t
quic_depth(const packet_info *pinfo, bool *had)
{
    int quic = proto_get_id_by_filter_name("quic"), udp = proto_get_id_by_filter_name("udp");
    uint8_t depth = 0, below = pinfo->curr_layer_num;

    *had = false;
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer; layer = wmem_list_frame_next(layer), depth++) {
        if (GPOINTER_TO_INT(wmem_list_frame_data(layer)) == udp)
            below = depth + 2;
        *had = GPOINTER_TO_INT(wmem_list_frame_data(layer)) == quic;
        if (*had)
            return depth;
    }
    return below;
}

/* On later passes this plugin has the Initial: the stock dissector is called at the depth of the first pass. */
static void
quic_call_initial(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    unsigned kept = GPOINTER_TO_UINT(wmem_map_lookup(quic_depths, GUINT_TO_POINTER(pinfo->num)));
    uint8_t depth_now = pinfo->curr_layer_num;

    if (kept && PINFO_FD_VISITED(pinfo))
        pinfo->curr_layer_num = (uint8_t)(kept - 1);
    ft_call_stock(quic_handle, tvb, pinfo, root, pkt);
    pinfo->curr_layer_num = depth_now;
}

/* How often the protocol is among the frame's layers, where Wireshark counts it; NULL: not at all. What a dissector keeps for a frame it may keep for
 * each time that it is called for it (QUIC since 4.6). */
static int *
quic_layers(const packet_info *pinfo, const char *protocol)
{
    return pinfo->proto_layers ? (int *)wmem_map_lookup(pinfo->proto_layers, GINT_TO_POINTER(proto_get_id_by_filter_name(protocol))) : NULL;
}

/* A datagram that another dissector had. If it was QUIC's, the stock dissector is called again, as on a later pass and as the first time: it shows what
 * it keeps, and keeps nothing. Nobody asked to see this: what goes wrong is not said. */
static void
quic_show_again(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    volatile gboolean columns = col_get_writable(pinfo->cinfo, -1);
    uint8_t depth_now = pinfo->curr_layer_num;
    int *quics = quic_layers(pinfo, "quic"), *tlss = quic_layers(pinfo, "tls");
    int n_quic = quics ? *quics : 0, n_tls = tlss ? *tlss : 0;
    bool had;

    if (quics)
        *quics = 0;
    if (tlss)
        *tlss = 0;
    pinfo->curr_layer_num = quic_depth(pinfo, &had);
    pinfo->fd->visited = had;
    TRY {
        col_set_writable(pinfo->cinfo, -1, FALSE);
        call_dissector_only(quic_handle, tvb, pinfo, tree, NULL);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS {
    }
    FINALLY {
        pinfo->fd->visited = 0;
        pinfo->curr_layer_num = depth_now;
        if (quics)
            *quics = n_quic;
        if (tlss)
            *tlss = n_tls;
        col_set_writable(pinfo->cinfo, -1, columns);
    }
    ENDTRY;
}

/* Calls the stock dissector, and keeps the pre-shared key that it finds. */
static void
quic_read_hello(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt)
{
    const GPtrArray *found;

    if (pkt->claimed)
        ft_call_stock(quic_handle, tvb, pinfo, tree, pkt);
    else
        quic_show_again(tvb, pinfo, tree);
    found = proto_get_finfo_ptr_array(tree, hf_tls_psk_identity);
    if (found && found->len)
        quic_keep_psk(pinfo, (const field_info *)g_ptr_array_index(found, 0));
}

/* Shows a datagram that may hold a hello; first pass only. What is kept does not depend on there being a tree: the field of the identity is
 * asked for, and without a tree the stock dissector gets one in which only what was asked for becomes an item. */
static void
quic_hello(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_packet_t *pkt)
{
    epan_dissect_t *volatile own = epan_dissect_new(pinfo->epan, TRUE, FALSE);

    TRY {
        epan_dissect_prime_with_hfid(own, hf_tls_psk_identity);
        quic_read_hello(tvb, pinfo, root && pkt->claimed ? root : own->tree, pkt);
    }
    FINALLY {
        epan_dissect_free(own);
    }
    ENDTRY;
}

static void
quic_take_psk(const quic_psk_t *psk, ft_packet_t *pkt)
{
    pkt->quic_token = psk->token;
    pkt->quic_token_len = psk->token_len;
    memcpy(pkt->quic_salt, psk->salt, sizeof pkt->quic_salt);
}

/* A datagram that a stock dissector has, or will have on this pass: what a call needs of it. Where the capture began within a group call there is no
 * handshake: the ID of a pod that comes again and again, between a relay port of Apple's and one of the device's ports, is as good a sign. */
static void
quic_note(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    pkt->quic_initial = ft_quic_opens(tvb);
    if (!pkt->quic_initial && pkt->flow && quic_between(pinfo) && ft_quic_pod(tvb, pinfo, pkt->flow))
        pkt->evidence |= FT_EV(FT_EV_QUIC_RELAY);
}

void
ft_quic_take_hello(packet_info *pinfo, ft_packet_t *pkt)
{
    const quic_psk_t *psk;
    bool had;

    if (pkt->tvb && ft_limit_take(FT_LIMIT_LATE, &pinfo->abs_ts))
        wmem_map_insert(quic_depths, GUINT_TO_POINTER(pinfo->num), GUINT_TO_POINTER(quic_depth(pinfo, &had) + 1u));
    /* Cheap test first: a hello for a relay comes from one of the device's media ports, or, where a NAT changed that, goes to a host of Apple's. */
    if (!pkt->tvb || pkt->quic_token || hf_tls_psk_identity < 0 ||
        !(ft_is_media_port(pinfo->srcport) || ft_is_media_port(pinfo->destport) || ft_is_apple(&pinfo->dst)))
        return;
    quic_hello(pkt->tvb, pinfo, NULL, pkt);
    psk = (const quic_psk_t *)wmem_map_lookup(quic_hellos, GUINT_TO_POINTER(pinfo->num));
    if (!psk)
        return;
    quic_take_psk(psk, pkt);
    /* From a media port, with a token that begins as all do: a sign whatever the address. A ticket of TLS has no byte of 0 and salt before it. */
    if (psk->token_len > sizeof psk_token_start && memcmp(psk->token, psk_token_start, sizeof psk_token_start) == 0)
        pkt->evidence |= FT_EV(FT_EV_FORM);
}

/* Shows the pre-shared key of this frame's hello, and puts it into the packet's facts. */
static void
quic_psk(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    const quic_psk_t *psk = (const quic_psk_t *)wmem_map_lookup(quic_hellos, GUINT_TO_POINTER(pinfo->num));

    if (!psk)
        return;
    quic_take_psk(psk, pkt);
    proto_item_set_generated(proto_tree_add_bytes_with_length(tree, hf_quic_psk_salt, tvb, 0, 0, psk->salt, FT_QUIC_SALT_LEN));
    proto_item_set_generated(proto_tree_add_bytes_with_length(tree, hf_quic_psk_token, tvb, 0, 0, psk->token, (int)psk->token_len));
    if (psk->first != psk->frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_quic_psk_first, tvb, 0, 0, psk->first));
}

/* What the connection ID says; and whether the packet is media, as far as that can be guessed from outside. */
static void
quic_show_pod(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, const ft_quic_pod_t *pod, ft_packet_t *pkt)
{
    proto_tree_add_item(tree, hf_quic_pod_id, tvb, 1, 4, ENC_BIG_ENDIAN);
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_quic_pod_messages, tvb, 0, 0, pod->messages));
    if (pod->announced)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_quic_pod_announced, tvb, 0, 0, pod->first_frame));
    if (!ft_quic_pod_media(pod, tvb, pinfo))
        return;
    pkt->quic_media = true;
    pkt->phase = FT_PHASE_MEDIA;
    pkt->label = "Media in QUIC [guess]";
    pkt->routine = true;
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_quic_media, tvb, 0, 0, true));
}

/* The bytes of a frame that the stock dissector shows; NULL: not all of them are there. */
static tvbuff_t *
quic_frame(const GPtrArray *frames, unsigned i)
{
    const field_info *frame = (const field_info *)g_ptr_array_index(frames, i);

    if (!frame->ds_tvb || frame->length < 2 || !tvb_bytes_exist(frame->ds_tvb, frame->start, frame->length))
        return NULL;
    return tvb_new_subset_length(frame->ds_tvb, frame->start, frame->length);
}

/* With the keys of the connection the stock dissector shows DATAGRAM frames (RFC 9221): those with the form of sub-packets of channel data are shown
 * as such. They are shown only: which keys there are, and whether there is a tree, decides nothing about flow and call. */
static void
quic_show_datagrams(packet_info *pinfo, proto_tree *root, proto_tree *tree, const ft_packet_t *pkt)
{
    const GPtrArray *frames = proto_get_finfo_ptr_array(root, hf_quic_dg);

    for (unsigned i = 0; frames && i < MIN(frames->len, QUIC_MAX_FRAMES); i++) {
        ft_packet_t inside = { .scope = pkt->scope, .kind = FT_KIND_RELAY, .phase = pkt->phase, .claimed = true, .dscp = -1 };
        tvbuff_t *data = quic_frame(frames, i);

        if (data && ft_relay_headless_match(data))
            ft_relay_headless_dissect(data, pinfo, root, tree, &inside);
    }
}

/* What a device asks its relay for (OpenBubbles rustpush; CallModeUpdate: IDSFoundation of iOS 26.0). */
static const struct {
    const char *path, *meaning;
} quic_requests[] = {
    { "/QR/AllocBind", "a session with the relay" },
    { "/QR/Material", "keys for the participants" },
    { "/QR/SessionInfo", "participants and streams of the session" },
    { "/QR/UnAllocBind", "end of the session" },
    { "/QR/Indications", "what the relay has to say from now on" },
    { "/QR/CallModeUpdate", "one-to-one or group" },
};

/* The same of the streams of HTTP/3: what is asked for. */
static void
quic_show_requests(packet_info *pinfo, proto_tree *root, proto_tree *tree)
{
    const GPtrArray *frames = proto_get_finfo_ptr_array(root, hf_quic_stream);

    for (unsigned i = 0; frames && i < MIN(frames->len, QUIC_MAX_FRAMES); i++) {
        tvbuff_t *data = quic_frame(frames, i);
        const char *method, *path;

        if (!data || !ft_http3_request(pinfo->pool, data, &method, &path))
            continue;
        proto_item_set_generated(proto_tree_add_string_format_value(tree, hf_quic_request, data, 0, 0, path, "%s %s", method, path));
        for (unsigned k = 0; k < array_length(quic_requests); k++) {
            if (strcmp(path, quic_requests[k].path) == 0)
                proto_item_set_generated(proto_tree_add_string(tree, hf_quic_request_meaning, data, 0, 0, quic_requests[k].meaning));
        }
    }
}

/* Calls the stock dissector, and shows what DATAGRAM and STREAM frames hold. The fields of these are asked for as in quic_hello(), so that a filter for
 * what is inside finds the packet where nobody looks at the tree. */
static void
quic_with_frames(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *tree, const ft_packet_t *pkt)
{
    epan_dissect_t *volatile own = epan_dissect_new(pinfo->epan, TRUE, FALSE);

    TRY {
        epan_dissect_prime_with_hfid(own, hf_quic_dg);
        if (hf_quic_stream >= 0)
            epan_dissect_prime_with_hfid(own, hf_quic_stream);
        ft_call_stock(quic_handle, tvb, pinfo, root, pkt);
        quic_show_datagrams(pinfo, root, tree, pkt);
        if (hf_quic_stream >= 0)
            quic_show_requests(pinfo, root, tree);
    }
    FINALLY {
        epan_dissect_free(own);
    }
    ENDTRY;
}

static void
quic_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    bool is_long = (ft_tvb_get_u8(tvb, 0) & 0x80) != 0;
    const ft_quic_cid_t *cid = NULL;
    const ft_quic_pod_t *pod = NULL;
    proto_tree *tree = ft_subtree(ft_tree, hf_quic, tvb, 0, -1, ett_quic, NULL, "QUIC to the Relay");

    if (is_long)
        quic_long_header(tvb, pkt);
    else if (pkt->flow)
        cid = ft_flow_quic_cid(pkt->flow, pinfo, tvb);
    if (!is_long && !cid && pkt->flow)
        pod = ft_quic_pod(tvb, pinfo, pkt->flow);
    pkt->quic_between = pod && pod->announced && !ft_is_with_apple(pinfo);
    pkt->phase = pkt->quic_between ? FT_PHASE_CONNECTIVITY : FT_PHASE_RELAY;
    if (pkt->quic_between && !PINFO_FD_VISITED(pinfo))
        pkt->flow->quic_between = true;
    if (pkt->quic_between)
        proto_item_set_text(proto_tree_get_parent(tree), "QUIC between the Devices");
    proto_item_set_generated(proto_tree_add_uint(tree, hf_quic_known_by, tvb, 0, 0, is_long ? QUIC_LONG_HEADER : cid ? QUIC_CONNECTION_ID :
                                                 pod ? QUIC_POD : QUIC_ELIMINATION));
    if (cid)
        proto_tree_add_item(tree, hf_quic_connection_id, tvb, 1, cid->len, ENC_NA);
    if (pod)
        quic_show_pod(tvb, pinfo, tree, pod, pkt);
    if (pkt->quic_initial) {
        pkt->label = "QUIC Initial";
        pkt->routine = true;
    }
    if (!pkt->quic_initial) {
        if (root && pkt->claimed && hf_quic_dg >= 0 && !is_long)
            quic_with_frames(tvb, pinfo, root, tree, pkt);
        else
            ft_call_stock(quic_handle, tvb, pinfo, root, pkt);
        return;
    }
    if (PINFO_FD_VISITED(pinfo) || hf_tls_psk_identity < 0)
        quic_call_initial(tvb, pinfo, root, pkt);
    else
        quic_hello(tvb, pinfo, root, pkt);
    quic_psk(tvb, pinfo, tree, pkt);
}

static void
quic_init(void)
{
    quic_hellos = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    quic_depths = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    quic_tokens = wmem_map_new(wmem_file_scope(), token_hash, token_equal);
}

static void
quic_register(void)
{
    static hf_register_info hf[] = {
        { &hf_quic, { "QUIC to the Relay", "facetime.quic", FT_NONE, BASE_NONE,
            NULL, 0x0, "A QUIC packet between device and relay", HFILL } },
        { &hf_quic_known_by, { "Known by", "facetime.quic.known_by", FT_UINT8, BASE_DEC,
            VALS(quic_known_by_vals), 0x0, "Why the datagram is QUIC and not relay channel data", HFILL } },
        { &hf_quic_connection_id, { "Connection ID", "facetime.quic.connection_id", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Connection ID that the other side chose in an earlier long header", HFILL } },
        { &hf_quic_pod_id, { "Pod", "facetime.quic.pod.id", FT_UINT32, BASE_HEX,
            NULL, 0x0, "Connection ID of a connection without handshake [guess, if STUN has not named it]", HFILL } },
        { &hf_quic_pod_messages, { "Pod Carries Messages", "facetime.quic.pod.messages", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Messages of the identity service; else media, by the first four bits of the ID", HFILL } },
        { &hf_quic_pod_announced, { "Pod Named In", "facetime.quic.pod.named_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "STUN message that names the connection ID", HFILL } },
        { &hf_quic_media, { "Media in QUIC [guess]", "facetime.quic.media", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Size and rate of the pod's packets are those of media; what is inside is encrypted", HFILL } },
        { &hf_quic_psk_salt, { "Salt", "facetime.quic.psk.salt", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Random bytes of the pre-shared key's identity: another one in each hello", HFILL } },
        { &hf_quic_psk_token, { "Session Token", "facetime.quic.psk.token", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Token of the relay session, from the pre-shared key's identity: the same on each path of a device", HFILL } },
        { &hf_quic_psk_first, { "Same Token First In", "facetime.quic.psk.first", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "The first hello of this capture with this session token", HFILL } },
        { &hf_quic_request, { "Request", "facetime.quic.request", FT_STRING, BASE_NONE,
            NULL, 0x0, "Path of a request of HTTP/3 to the relay; only with the keys of the connection", HFILL } },
        { &hf_quic_request_meaning, { "Asks for", "facetime.quic.request.meaning", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the request is about", HFILL } },
    };
    static int *ett[] = { &ett_quic };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_init_routine(quic_init);
}

static void
quic_handoff(void)
{
    quic_handle = find_dissector("quic");
    hf_quic_dg = proto_registrar_get_id_byname(QUIC_DATAGRAM_FIELD);
    hf_quic_stream = proto_registrar_get_id_byname(QUIC_STREAM_FIELD);
    hf_tls_psk_identity = proto_registrar_get_id_byname(FT_QUIC_PSK_FIELD);
}

const ft_wire_t ft_wire_quic = {
    .kind = FT_KIND_QUIC,
    .first_mask = 0x40, .first_bits = 0x40,    /* RFC 9000, 17.2: the fixed bit */
    .register_fields = quic_register,
    .handoff = quic_handoff,
    .match = quic_match,
    .dissect = quic_dissect,
    .note = quic_note,
};
