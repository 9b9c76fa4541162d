/* relay_tcp.c
 * The relay over TCP, where a network lets no UDP through: what IDSFoundation calls "TCP with STUN" (iOS 26). One after the other, in a stream:
 *
 *     +---------------------------------------------------------------+
 *     | 00...: a STUN message, of the length in its header            |
 *     +---------------------------------------------------------------+
 *     | 01...: channel data; padded to a multiple of four bytes       |   as TURN has it over TCP (RFC 8656, section 12.5)
 *     +---------------------------------------------------------------+
 *     | 14-17 03...: a record of a TLS that is one in form only       |   [guess]: inside it the same, one or several
 *     +---------------------------------------------------------------+
 *
 * Each message is what is a datagram over UDP, and is shown and followed as one, in the frame whose segment completes it: however the stream is
 * cut, in whatever order its segments come, and from wherever in it the capture begins (flow/pieces.c). HTTP/2 to the relay is encrypted: the token
 * of its hello names it (names/tls.c). No capture of any was at hand: the forms are those of public decompilations.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>
#include <epan/show_exception.h>

/* The two first bits of a message (RFC 7983); bytes of a header that have its length. */
#define MESSAGE_MASK        0xc0
#define MESSAGE_STUN        0x00
#define MESSAGE_CHANNEL     0x40
#define MESSAGE_HEAD        4
/* More than any that Apple's code writes: 20 attributes of 1,472 bytes are not sent in one message, nor are eight sub-packets of the size of a frame.
 * Avoids waiting for the end of what is none. */
#define MESSAGE_MAX         16384
#define STUN_HEADER_LEN     20
#define STUN_COOKIE_AT      4
#define STUN_COOKIE         0x2112a442u     /* RFC 8489, section 5 */
/* RFC 8446, section 5.1: types of records from change_cipher_spec to application_data, major version, bytes of a header. */
#define RECORD_FIRST        0x14
#define RECORD_DATA         0x17
#define RECORD_MAJOR        0x03
#define RECORD_MINOR_MAX    0x04
#define RECORD_HEAD         5
/* Bytes of one direction in which no message was found: it is none of the relay's. */
#define GIVE_UP_AFTER       16384

/* RFC 8489, section 5: the bits of the method, around those of the class. */
#define STUN_METHOD(type)   (((type) & 0x000f) | ((type) & 0x00e0) >> 1 | ((type) & 0x3e00) >> 2)
/* Methods of Apple's (IDSFoundation of iOS 26.1): GoAway to Data message error, AllocBind to Put material. IANA has assigned none of them. */
#define STUN_IS_APPLES(method) (((method) >= 0x200 && (method) <= 0x203) || ((method) >= 0x3f0 && (method) <= 0x3f9))

/* A connection that may be the relay's. File scope; written on the first pass only. */
typedef struct connection {
    conversation_t *conversation;
    ft_pieces_t sides[2];       /* by side_of() */
    bool is_relay;              /* a message of the relay's was in it */
    bool given_up;              /* too much was in it that is none */
} connection_t;

/* A message that a frame completes. File scope. */
typedef struct message {
    uint8_t *bytes;             /* where it began in an earlier segment: a copy; NULL: it is in the frame's own one */
    unsigned at;                /* there, in bytes */
    unsigned length, reported;  /* bytes: captured, and of the message */
    bool is_message;            /* false: bytes of no message */
} message_t;

/* The messages of a segment. File scope. */
typedef struct segment {
    const conversation_t *conversation;
    uint32_t sequence;          /* of its first byte */
    unsigned count;
    message_t *messages;
    struct segment *next;       /* of the same frame */
} segment_t;

/* While a segment is read: on the first pass. */
typedef struct reading {
    packet_info *pinfo;
    tvbuff_t *tvb;              /* the segment */
    const uint8_t *bytes;       /* what it holds */
    connection_t *connection;
    wmem_array_t *messages;     /* message_t; packet scope */
} reading_t;

static dissector_handle_t relay_tcp_handle;
static heur_dtbl_entry_t *heur_entry;   /* the analyst's switch */
static int proto_tcp;
static wmem_map_t *connections;         /* conversation_t -> connection_t; file scope */
static wmem_map_t *segments;            /* frame number -> segment_t; file scope */
static struct {
    uint32_t frame, sequence;
} shown;                                /* the segment at hand that was shown; frame 0: none */

/* ---- Messages ------------------------------------------------------------------------------- */

static bool
is_record(const uint8_t *bytes, unsigned count)
{
    return bytes[0] >= RECORD_FIRST && bytes[0] <= RECORD_DATA && (count < 2 || bytes[1] == RECORD_MAJOR) &&
           (count < 3 || bytes[2] <= RECORD_MINOR_MAX);
}

static unsigned
message_length(const uint8_t *bytes, unsigned count, void *data _U_)
{
    unsigned first = bytes[0] & MESSAGE_MASK, length;

    if (is_record(bytes, count))
        return count < RECORD_HEAD ? RECORD_HEAD : RECORD_HEAD + ft_u16(bytes + 3);
    if (first != MESSAGE_STUN && first != MESSAGE_CHANNEL)
        return 0;
    if (count < MESSAGE_HEAD)
        return MESSAGE_HEAD;
    length = ft_u16(bytes + 2);
    if (length > MESSAGE_MAX || (first == MESSAGE_STUN && length % 4 != 0))
        return 0;
    /* As many of the cookie's bytes as there are. */
    if (first == MESSAGE_STUN) {
        const uint8_t cookie[] = { STUN_COOKIE >> 24, STUN_COOKIE >> 16 & 0xff, STUN_COOKIE >> 8 & 0xff, STUN_COOKIE & 0xff };

        if (memcmp(bytes + STUN_COOKIE_AT, cookie, MIN(count - STUN_COOKIE_AT, sizeof cookie)) != 0)
            return 0;
    }
    return first == MESSAGE_STUN ? STUN_HEADER_LEN + length : (MESSAGE_HEAD + length + 3) & ~3u;
}

/* The form of a message that fills tvb; NULL: none of the two. */
static const ft_wire_t *
message_wire(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    const ft_wire_t *wire = tvb_captured_length(tvb) >= MESSAGE_HEAD ? ft_demux(tvb, pinfo, flow, evidence) : NULL;

    if (!wire || (wire->kind != FT_KIND_RELAY && wire->kind != FT_KIND_STUN))
        return NULL;
    if (wire->kind == FT_KIND_STUN && STUN_IS_APPLES(STUN_METHOD(tvb_get_ntohs(tvb, 0))))
        *evidence |= FT_EV(FT_EV_FORM);
    return wire;
}

/* Where the message begins that a record carries, if it carries one from its first byte to its last; 0: it is no record. */
static inline unsigned
record_head(const uint8_t *bytes, unsigned count)
{
    return is_record(bytes, count) ? RECORD_HEAD : 0;
}

/* Does a message begin here that nobody but FaceTime sends? */
static bool
is_sure(const uint8_t *bytes, unsigned count, const reading_t *reading)
{
    unsigned head = record_head(bytes, count), length = message_length(bytes, count, NULL);
    uint32_t evidence = 0;
    tvbuff_t *tvb;

    /* 1. A whole one begins here, itself or in a record of data. */
    if (length < STUN_HEADER_LEN || length > count || (head > 0 && bytes[0] != RECORD_DATA))
        return false;
    if (head > 0) {
        unsigned inside = length > head ? message_length(bytes + head, length - head, NULL) : 0;

        if (inside < STUN_HEADER_LEN || inside > length - head)
            return false;
    }
    /* 2. It ends the bytes, or what may be another one begins behind it. */
    if (count > length && message_length(bytes + length, count - length, NULL) == 0)
        return false;
    /* 3. In a record STUN comes first, whose cookie no cipher text has: one record in 2^42 does. */
    if (head > 0 && !reading->connection->is_relay && (bytes[head] & MESSAGE_MASK) != MESSAGE_STUN)
        return false;
    /* 4. Of STUN, a method or an attribute of Apple's (the cookie is in its length); channel data whose sub-packets parse to the end, with what is
     *    known. */
    tvb = tvb_new_child_real_data(reading->tvb, bytes + head, length - head, (int)(length - head));
    return message_wire(tvb, reading->pinfo, NULL, &evidence) &&
           evidence & (FT_EV(FT_EV_FORM) | FT_EV(FT_EV_APPLE_STUN) | FT_EV(FT_EV_RELAY_HEADER)) && (int)ft_confidence(evidence) >= ft_pref_confidence;
}

/* Are these bytes messages from the first to the last? */
static bool
is_chain(const uint8_t *bytes, unsigned count)
{
    unsigned at = 0;

    while (at < count) {
        unsigned length = message_length(bytes + at, count - at, NULL);

        if (length == 0 || length > count - at)
            return false;
        at += length;
    }
    return true;
}

static unsigned
find_message(const uint8_t *bytes, unsigned count, bool first, void *data)
{
    const reading_t *reading = (const reading_t *)data;

    /* 1. In a connection that is the relay's, a segment's whole messages are its. */
    if (first && reading->connection->is_relay && is_chain(bytes, count))
        return 0;
    /* 2. Else what only FaceTime sends, wherever it begins: a capture may begin within a message, and so may a segment. */
    for (unsigned at = 0; at + STUN_HEADER_LEN <= count; at++) {
        if (is_sure(bytes + at, count - at, reading)) {
            reading->connection->is_relay = true;
            return at;
        }
    }
    return count;
}

static void
note_message(reading_t *reading, const uint8_t *bytes, unsigned length, unsigned reported, bool is_message)
{
    uintptr_t at = (uintptr_t)bytes - (uintptr_t)reading->bytes;
    message_t message = { .length = length, .reported = reported, .is_message = is_message };

    if (length == 0 || !ft_limit_take(FT_LIMIT_TCP_MESSAGES, &reading->pinfo->abs_ts))
        return;
    if ((uintptr_t)bytes >= (uintptr_t)reading->bytes && at < tvb_captured_length(reading->tvb))
        message.at = (unsigned)at;
    else
        message.bytes = (uint8_t *)wmem_memdup(wmem_file_scope(), bytes, length);
    wmem_array_append_one(reading->messages, message);
}

static void
take_message(const uint8_t *bytes, unsigned count, bool is_message, void *data)
{
    reading_t *reading = (reading_t *)data;
    unsigned head = is_message ? record_head(bytes, count) : 0;

    if (head == 0) {
        note_message(reading, bytes, count, count, is_message);
        return;
    }
    /* What else a record holds is shown by the TLS dissector, or it is encrypted. */
    while (bytes[0] == RECORD_DATA && head < count) {
        unsigned length = message_length(bytes + head, count - head, NULL);

        if (length == 0 || length > count - head)
            return;
        note_message(reading, bytes + head, length, length, true);
        head += length;
    }
}

/* ---- Segments ------------------------------------------------------------------------------- */

static const ft_pieces_reader_t reader = { .length = message_length, .find = find_message, .take = take_message };

/* Which of the two directions, whoever sent first. */
static unsigned
side_of(const packet_info *pinfo)
{
    int order = cmp_address(&pinfo->src, &pinfo->dst);

    return order < 0 || (order == 0 && pinfo->srcport < pinfo->destport) ? 1 : 0;
}

static connection_t *
connection_of(const conversation_t *conversation)
{
    return (connection_t *)wmem_map_lookup(connections, conversation);
}

static connection_t *
connection_new(conversation_t *conversation, const packet_info *pinfo)
{
    connection_t *connection;

    if (!ft_limit_take(FT_LIMIT_TCP_CONNECTIONS, &pinfo->abs_ts))
        return NULL;
    connection = wmem_new0(wmem_file_scope(), connection_t);
    connection->conversation = conversation;
    wmem_map_insert(connections, conversation, connection);
    return connection;
}

static void
connection_give_up(connection_t *connection)
{
    connection->given_up = true;
    ft_pieces_forget(&connection->sides[0]);
    ft_pieces_forget(&connection->sides[1]);
    ft_limit_give_back(FT_LIMIT_TCP_CONNECTIONS, 1);
}

/* The capture cut the segment. A message that ends with it is shown as far as it goes, and the next segment is in step. */
static void
note_cut(reading_t *reading, ft_pieces_t *side, const ft_payload_t *payload)
{
    uint32_t end = payload->sequence + payload->captured;
    unsigned missing = payload->reported - payload->captured, length;

    for (unsigned i = 0; i < side->count; i++) {
        ft_piece_t *piece = &side->pieces[i];

        if (piece->end != end || !piece->in_step || piece->tail.count < MESSAGE_HEAD || piece->tail.count > payload->captured)
            continue;
        length = message_length(piece->tail.bytes, piece->tail.count, NULL);
        if (length == 0 || length > piece->tail.count + missing)
            return;
        note_message(reading, payload->bytes + payload->captured - piece->tail.count, piece->tail.count, length, true);
        if (length == piece->tail.count + missing) {
            piece->end += missing;
            piece->tail.count = 0;
        }
        return;
    }
}

static segment_t *
segment_of(const packet_info *pinfo, const conversation_t *conversation, uint32_t sequence)
{
    segment_t *segment = (segment_t *)wmem_map_lookup(segments, GUINT_TO_POINTER(pinfo->num));

    while (segment && (segment->conversation != conversation || segment->sequence != sequence))
        segment = segment->next;
    return segment;
}

/* Reads a segment, and keeps what messages it completes. First pass only. */
static void
read_segment(packet_info *pinfo, tvbuff_t *tvb, connection_t *connection, const ft_payload_t *payload)
{
    reading_t reading = { .pinfo = pinfo, .tvb = tvb, .bytes = payload->bytes, .connection = connection,
                          .messages = wmem_array_new(pinfo->pool, sizeof(message_t)) };
    ft_pieces_t *side = &connection->sides[side_of(pinfo)];
    segment_t *segment;
    unsigned count;

    if (ft_pieces_add(side, payload->sequence, payload->bytes, payload->captured, &reader, &reading) > 0 && payload->captured < payload->reported)
        note_cut(&reading, side, payload);
    if (!connection->is_relay && side->unread > GIVE_UP_AFTER)
        connection_give_up(connection);
    count = wmem_array_get_count(reading.messages);
    if (count == 0)
        return;
    segment = wmem_new0(wmem_file_scope(), segment_t);
    segment->conversation = connection->conversation;
    segment->sequence = payload->sequence;
    segment->count = count;
    segment->messages = (message_t *)wmem_memdup(wmem_file_scope(), wmem_array_get_raw(reading.messages), count * sizeof *segment->messages);
    segment->next = (segment_t *)wmem_map_lookup(segments, GUINT_TO_POINTER(pinfo->num));
    wmem_map_insert(segments, GUINT_TO_POINTER(pinfo->num), segment);
}

/* ---- Showing -------------------------------------------------------------------------------- */

static tvbuff_t *
message_tvb(packet_info *pinfo, tvbuff_t *tvb, const message_t *message)
{
    tvbuff_t *whole;

    if (!message->bytes)
        return tvb_new_subset_length_caplen(tvb, (int)message->at, (int)message->length, (int)message->reported);
    whole = tvb_new_child_real_data(tvb, message->bytes, message->length, (int)message->reported);
    add_new_data_source(pinfo, whole, "Message over TCP");
    return whole;
}

static void
show_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_flow_t *flow, bool is_message)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire = is_message ? message_wire(tvb, pinfo, flow, &evidence) : NULL;

    TRY {
        ft_datagram_show(tvb, pinfo, tree, wire, ft_packet_new(pinfo, tvb, flow, wire, evidence));
    }
    CATCH_NONFATAL_ERRORS {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
    /* The next message of the segment clears the column. */
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    col_set_fence(pinfo->cinfo, COL_INFO);
}

static void
show_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const segment_t *segment, bool beside)
{
    ft_flow_t *flow = segment ? ft_flow_get(pinfo) : NULL;

    if (!flow)
        return;
    /* What TCP says of a segment that it gives to none stays. */
    if (beside) {
        col_append_str(pinfo->cinfo, COL_INFO, " ");
        col_set_fence(pinfo->cinfo, COL_INFO);
    }
    for (unsigned i = 0; i < segment->count; i++)
        show_message(message_tvb(pinfo, tvb, &segment->messages[i]), pinfo, tree, flow, segment->messages[i].is_message);
}

/* ---- Ways in -------------------------------------------------------------------------------- */

/* The segment's bytes and sequence number, from the frame, which is the first data source: TCP's dissector gives its numbers as the preferences say. */
static bool
segment_payload(ft_payload_t *payload, const packet_info *pinfo)
{
    return pinfo->data_src && ft_payload_in(payload, get_data_source_tvb((const struct data_source *)pinfo->data_src->data), pinfo, FT_IP_PROTOCOL_TCP) &&
           payload->captured > 0;
}

/* Is it plain that a protocol of others begins here? Their connections are not kept. */
static bool
is_foreign(const uint8_t *bytes, unsigned count)
{
    /* A record of TLS, a method of HTTP, an answer. */
    return is_record(bytes, count) ? count >= 3 : count >= 3 && g_ascii_isupper(bytes[0]) && g_ascii_isupper(bytes[1]) && g_ascii_isupper(bytes[2]);
}

/* Do these bytes begin as STUN with a method of Apple's does, as far as they go? in_record: only a whole header, in a record of data. */
static bool
begins_apples(const uint8_t *bytes, unsigned count)
{
    const unsigned head = record_head(bytes, count);

    if (head > 0 && (bytes[0] != RECORD_DATA || count < head + STUN_HEADER_LEN))
        return false;
    bytes += head;
    count -= head;
    if ((bytes[0] & MESSAGE_MASK) != MESSAGE_STUN || message_length(bytes, count, NULL) == 0)
        return false;
    if (count < 2)
        return bytes[0] == 0x08 || bytes[0] == 0x09 || bytes[0] == 0x0e || bytes[0] == 0x0f;
    return STUN_IS_APPLES(STUN_METHOD(ft_u16(bytes)));
}

/* The connection of the packet, if it is or may be the relay's; NULL: it is not. First pass only. sure: only one that has begun as the relay's does. */
static connection_t *
connection_for(packet_info *pinfo, const ft_payload_t *payload, bool sure)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    connection_t *connection = conversation ? connection_of(conversation) : NULL;

    if (connection)
        return connection->given_up ? NULL : connection;
    if (!conversation || (sure ? !begins_apples(payload->bytes, payload->captured)
                               : is_foreign(payload->bytes, payload->captured) && !begins_apples(payload->bytes, payload->captured)))
        return NULL;
    return connection_new(conversation, pinfo);
}

/* TCP gave the segment to nobody, on a port of the relay's: since 4.6 so are all behind a hole from the first one on, which a heuristic saw before. */
static bool
is_left_over(const packet_info *pinfo)
{
    wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);

    return (ft_is_relay_port(pinfo->srcport) || ft_is_relay_port(pinfo->destport)) && last &&
           GPOINTER_TO_INT(wmem_list_frame_data(last)) == proto_tcp;
}

/* Reads the segment, if it was not, and shows its messages. beside: another dissector had it, or none. Returns its connection; NULL: it is none of the
 * relay's. */
static const connection_t *
take_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_payload_t *payload, bool beside)
{
    const conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    connection_t *connection;

    if (!PINFO_FD_VISITED(pinfo)) {
        connection = connection_for(pinfo, payload, beside && !is_left_over(pinfo));
        if (connection)
            read_segment(pinfo, tvb, connection, payload);
    } else {
        connection = conversation ? connection_of(conversation) : NULL;
    }
    if (!connection || !connection->is_relay)
        return NULL;
    if (!PINFO_FD_VISITED(pinfo) && conversation_get_dissector(connection->conversation, pinfo->num) != relay_tcp_handle)
        conversation_set_dissector_from_frame_number(connection->conversation, pinfo->num, relay_tcp_handle);
    shown.frame = pinfo->num;
    shown.sequence = payload->sequence;
    show_segment(tvb, pinfo, tree, segment_of(pinfo, connection->conversation, payload->sequence), beside);
    return connection;
}

static int
dissect_relay_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ft_payload_t payload;

    if (segment_payload(&payload, pinfo))
        (void)take_segment(tvb, pinfo, tree, &payload, false);
    return (int)tvb_captured_length(tvb);
}

static ft_heur_result_t
dissect_relay_tcp_heur(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ft_payload_t payload;

    /* One end is Apple's: avoids TURN of others, and all other protocols. */
    return !pinfo->flags.in_error_pkt && ft_is_with_apple(pinfo) && segment_payload(&payload, pinfo) &&
           take_segment(tvb, pinfo, tree, &payload, false) != NULL;
}

void
ft_relay_tcp_unseen(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    bool was_shown = shown.frame == pinfo->num;
    uint32_t sequence = shown.sequence;
    ft_payload_t payload;

    shown.frame = 0;
    /* 1. With the analyst's leave. */
    if (pinfo->flags.in_error_pkt || !heur_entry || !heur_entry->enabled)
        return;
    /* 2. On later passes, only where the frame has messages. */
    if (PINFO_FD_VISITED(pinfo) && !wmem_map_contains(segments, GUINT_TO_POINTER(pinfo->num)))
        return;
    if (!ft_payload_in(&payload, frame, pinfo, FT_IP_PROTOCOL_TCP) || payload.captured == 0 || (was_shown && payload.sequence == sequence))
        return;
    /* 3. Its connection has begun as the relay's: TLS, and what dissectors take by their ports, is most of what there is. */
    if (wmem_map_size(connections) == 0 && !begins_apples(payload.bytes, payload.captured) && !is_left_over(pinfo))
        return;
    (void)take_segment(ft_payload_tvb(&payload), pinfo, tree, &payload, true);
    shown.frame = 0;
}

void
ft_relay_tcp_init(void)
{
    connections = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    segments = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    shown.frame = 0;
}

void
ft_relay_tcp_handoff(void)
{
    relay_tcp_handle = create_dissector_handle(dissect_relay_tcp, proto_facetime);
    heur_dissector_add("tcp", dissect_relay_tcp_heur, "FaceTime relay over TCP", "facetime_tcp", proto_facetime, HEURISTIC_ENABLE);
    proto_tcp = proto_get_id_by_filter_name("tcp");
    heur_entry = find_heur_dissector_by_unique_short_name("facetime_tcp");
}
