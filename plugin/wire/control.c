/* control.c
 * Control messages of the media stack in the relay's payload: what can be seen of them from outside.
 *
 *     +---------------+-+-----+-+-----+-------------------------------+
 *     | 40            |S| LEN |X|  K  | key identifier, if X: K + 1   |
 *     +---------------+-+-----+-+-----+ bytes, else it is K           |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *     | counter, LEN + 1 bytes                                        |
 *     +---------------------------------------------------------------+
 *     | cipher text ...                              | tag, 10 bytes  |
 *     +---------------------------------------------------------------+
 *
 * 40 is Apple's; behind it stands SFrame in an early form (draft-omara-sframe-01, section 4.2; that these are its packets: OpenBubbles
 * rustpush, src/ids/link.rs). S would say that a signature follows; Apple's have none. The cipher is AES-128 in counter mode with an
 * HMAC-SHA256 of which 10 bytes are written.
 *
 * Measured on the 102 messages of two real calls: all have the header 0f (a key identifier of 8 bytes, a counter of one); the key
 * identifier is the beginning of the sender's RTP key identifier; the counter is one up with each new message, and the same counter comes
 * with the same bytes (46 times). 25 bytes is the shortest and most frequent length: 4 bytes of cipher text, which is an acknowledgement
 * in rustpush; it follows a longer message of the other side. Where keys have a short identifier the header is 09.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/control.h"
#include "wire/rtp.h"

#define FT_CONTROL_MARK         0x40
#define FT_CONTROL_HEADER_AT    1
#define FT_CONTROL_KEY_AT       2
#define FT_CONTROL_TAG_LEN      10
#define FT_CONTROL_ACK_LEN      4       /* bytes of cipher text of an acknowledgement */

/* The header's byte. */
#define FT_SFRAME_SIGNATURE     0x80u
#define FT_SFRAME_COUNTER(h)    ((((unsigned)(h) >> 4) & 7u) + 1u)  /* bytes */
#define FT_SFRAME_LONG_KEY      0x08u
#define FT_SFRAME_KEY(h)        (((h) & FT_SFRAME_LONG_KEY) ? ((unsigned)(h) & 7u) + 1u : 0u)  /* bytes */

/* Headers with a key identifier of 8 and of 2 bytes, and a counter of one. */
#define FT_SFRAME_LONG          0x0f
#define FT_SFRAME_SHORT         0x09

/* An exchange is known by the key's first bytes and the counter's last. */
#define FT_CONTROL_ID_KEY       8
#define FT_CONTROL_ID_COUNTER   (FT_EXCHANGE_ID_MAX - FT_CONTROL_ID_KEY)

/* What is kept with a message. File scope. */
typedef struct control_message {
    uint32_t ack_of;            /* of an acknowledgement: the message that it probably is for; 0: none */
    uint32_t acked_in;          /* of a message: its probable acknowledgement; 0: none */
} control_message_t;

static int hf_control = -1;
static int hf_control_mark = -1;
static int hf_control_header = -1;
static int hf_control_signature = -1;
static int hf_control_counter_length = -1;
static int hf_control_long_key = -1;
static int hf_control_key_bits = -1;
static int hf_control_id = -1;
static int hf_control_counter = -1;
static int hf_control_encrypted = -1;
static int hf_control_tag = -1;
static int hf_control_short = -1;
static int hf_control_key_frame = -1;
static int hf_control_retransmission = -1;
static int hf_control_retransmission_of = -1;
static int hf_control_ack = -1;
static int hf_control_ack_of = -1;
static int hf_control_acked_in = -1;
static int ett_control = -1;
static int ett_control_header = -1;
static expert_field ei_control_short = EI_INIT;

/* Bytes of mark, header, key identifier and counter. */
static int
control_head_len(uint8_t header)
{
    return FT_CONTROL_KEY_AT + (int)FT_SFRAME_KEY(header) + (int)FT_SFRAME_COUNTER(header);
}

ft_control_form_t
ft_control_form(tvbuff_t *tvb)
{
    bool seen, fits;
    uint8_t header;

    /* 1. Apple's mark: avoids RTP, link messages and protocol buffers. */
    if (tvb_captured_length(tvb) < FT_CONTROL_KEY_AT || ft_tvb_get_u8(tvb, 0) != FT_CONTROL_MARK)
        return FT_CONTROL_NOT;
    /* 2. A header of SFrame without signature, and room for its parts, a byte of cipher text and the tag: avoids half of other bytes. */
    header = ft_tvb_get_u8(tvb, FT_CONTROL_HEADER_AT);
    seen = header == FT_SFRAME_LONG || header == FT_SFRAME_SHORT;
    fits = (int)tvb_reported_length(tvb) > control_head_len(header) + FT_CONTROL_TAG_LEN;
    if (header & FT_SFRAME_SIGNATURE)
        return FT_CONTROL_NOT;
    if (!fits)
        return seen ? FT_CONTROL_CUT : FT_CONTROL_NOT;
    return seen ? FT_CONTROL_SEEN : FT_CONTROL_VALID;
}

/* The exchange that the message belongs to, by the sender's key and counter: it holds its repetitions. NULL: the header was not captured, or
 * there is no flow. */
static const ft_exchange_message_t *
control_note(tvbuff_t *tvb, const packet_info *pinfo, const ft_packet_t *pkt, uint8_t header)
{
    uint8_t id[FT_EXCHANGE_ID_MAX] = { 0 };
    int key_len = (int)FT_SFRAME_KEY(header), counter_len = (int)FT_SFRAME_COUNTER(header), counter_at = FT_CONTROL_KEY_AT + key_len;
    int taken = MIN(counter_len, FT_CONTROL_ID_COUNTER);

    if (!pkt->flow || !tvb_bytes_exist(tvb, 0, counter_at + counter_len))
        return NULL;
    tvb_memcpy(tvb, id, FT_CONTROL_KEY_AT, (size_t)MIN(key_len, FT_CONTROL_ID_KEY));
    if (key_len == 0)
        id[0] = header;
    tvb_memcpy(tvb, id + FT_CONTROL_ID_KEY, counter_at + counter_len - taken, (size_t)taken);
    return ft_exchange_note(tvb, pinfo, pkt->flow, FT_EXCHANGE_CONTROL, id, sizeof id, false);
}

/* Links an acknowledgement to the other side's latest message that has none. First pass only. Only by their order: what is acknowledged
 * is encrypted. */
static void
control_link(const packet_info *pinfo, ft_flow_t *flow, const ft_exchange_message_t *message, bool is_ack)
{
    unsigned side = ft_flow_from_a(flow, pinfo) ? 0 : 1;
    ft_exchange_t *other = flow->control_pending[1 - side];
    control_message_t *mine, *theirs;

    /* A repetition is acknowledged again. */
    if (message->repeats) {
        if (!is_ack)
            flow->control_pending[side] = message->exchange;
        return;
    }
    mine = wmem_new0(wmem_file_scope(), control_message_t);
    message->exchange->data = mine;
    if (!is_ack) {
        flow->control_pending[side] = message->exchange;
        return;
    }
    if (!other || !other->data)
        return;
    theirs = (control_message_t *)other->data;
    mine->ack_of = other->request_frame;
    if (!theirs->acked_in)
        theirs->acked_in = pinfo->num;
    flow->control_pending[1 - side] = NULL;
}

static void
control_show_links(tvbuff_t *tvb, proto_tree *tree, const ft_exchange_message_t *message)
{
    const control_message_t *kept = (const control_message_t *)message->exchange->data;

    if (message->repeats) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_control_retransmission, tvb, 0, 0, message->repeats));
        proto_item_set_generated(proto_tree_add_uint(tree, hf_control_retransmission_of, tvb, 0, 0, message->exchange->request_frame));
    }
    if (!kept)
        return;
    if (kept->ack_of)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_control_ack_of, tvb, 0, 0, kept->ack_of));
    if (kept->acked_in)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_control_acked_in, tvb, 0, 0, kept->acked_in));
}

/* Key identifier and counter. */
static void
control_show_head(tvbuff_t *tvb, const packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt, uint8_t header)
{
    static int *const parts[] = { &hf_control_signature, &hf_control_counter_length, &hf_control_long_key, &hf_control_key_bits, NULL };
    int key_len = (int)FT_SFRAME_KEY(header), counter_len = (int)FT_SFRAME_COUNTER(header);
    uint32_t key_frame;

    proto_tree_add_bitmask(tree, tvb, FT_CONTROL_HEADER_AT, hf_control_header, ett_control_header, parts, ENC_BIG_ENDIAN);
    if (key_len) {
        proto_tree_add_item(tree, hf_control_id, tvb, FT_CONTROL_KEY_AT, key_len, ENC_NA);
        key_frame = pkt->flow && tvb_bytes_exist(tvb, FT_CONTROL_KEY_AT, key_len) ?
            ft_rtp_key_frame(pkt->flow, ft_flow_from_a(pkt->flow, pinfo), tvb_get_ptr(tvb, FT_CONTROL_KEY_AT, key_len), (unsigned)key_len) : 0;
        if (key_frame)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_control_key_frame, tvb, 0, 0, key_frame));
    }
    proto_tree_add_item(tree, hf_control_counter, tvb, FT_CONTROL_KEY_AT + key_len, counter_len, ENC_BIG_ENDIAN);
}

void
ft_control_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, ft_packet_t *pkt)
{
    int len = (int)tvb_reported_length(tvb), head, cipher;
    uint8_t header = ft_tvb_get_u8(tvb, FT_CONTROL_HEADER_AT);
    const ft_exchange_message_t *message;
    proto_item *item;
    proto_tree *tree = ft_subtree(root, hf_control, tvb, 0, -1, ett_control, &item, "Control Message (SFrame)");

    proto_tree_add_item(tree, hf_control_mark, tvb, 0, 1, ENC_NA);
    if (ft_control_form(tvb) == FT_CONTROL_CUT) {
        proto_tree_add_item(tree, hf_control_header, tvb, FT_CONTROL_HEADER_AT, 1, ENC_NA);
        expert_add_info(pinfo, item, &ei_control_short);
        if (len > FT_CONTROL_KEY_AT)
            proto_tree_add_item(tree, hf_control_short, tvb, FT_CONTROL_KEY_AT, len - FT_CONTROL_KEY_AT, ENC_NA);
        return;
    }
    head = control_head_len(header);
    cipher = len - head - FT_CONTROL_TAG_LEN;
    /* Before what may be cut: it is linked all the same. */
    message = control_note(tvb, pinfo, pkt, header);
    if (message && !PINFO_FD_VISITED(pinfo))
        control_link(pinfo, pkt->flow, message, cipher == FT_CONTROL_ACK_LEN);
    control_show_head(tvb, pinfo, tree, pkt, header);
    if (cipher == FT_CONTROL_ACK_LEN)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_control_ack, tvb, 0, 0, true));
    if (message)
        control_show_links(tvb, tree, message);
    proto_tree_add_item(tree, hf_control_encrypted, tvb, head, cipher, ENC_NA);
    proto_tree_add_item(tree, hf_control_tag, tvb, head + cipher, FT_CONTROL_TAG_LEN, ENC_NA);
}

void
ft_control_register(void)
{
    static hf_register_info hf[] = {
        { &hf_control, { "Control Message", "facetime.relay.control", FT_NONE, BASE_NONE,
            NULL, 0x0, "An encrypted message between the devices: SFrame", HFILL } },
        { &hf_control_mark, { "Mark", "facetime.relay.control.mark", FT_UINT8, BASE_HEX,
            NULL, 0x0, "0x40, by which Apple tells SFrame from RTP", HFILL } },
        { &hf_control_header, { "Header", "facetime.relay.control.header", FT_UINT8, BASE_HEX,
            NULL, 0x0, "SFrame's first byte: how long key identifier and counter are", HFILL } },
        { &hf_control_signature, { "Signature Follows", "facetime.relay.control.signature", FT_BOOLEAN, 8,
            NULL, FT_SFRAME_SIGNATURE, "Never set", HFILL } },
        { &hf_control_counter_length, { "Counter's Bytes, Less One", "facetime.relay.control.counter_length", FT_UINT8, BASE_DEC,
            NULL, 0x70, "0 in all messages seen", HFILL } },
        { &hf_control_long_key, { "Key Identifier Follows", "facetime.relay.control.long_key", FT_BOOLEAN, 8,
            NULL, FT_SFRAME_LONG_KEY, "Else the next three bits are the key identifier", HFILL } },
        { &hf_control_key_bits, { "Key Identifier's Bytes, Less One", "facetime.relay.control.key_length", FT_UINT8, BASE_DEC,
            NULL, 0x07, "7 in the calls of 2023; or the key identifier itself", HFILL } },
        { &hf_control_id, { "Key Identifier", "facetime.relay.control.id", FT_BYTES, BASE_NONE,
            NULL, 0x0, "The beginning of the key identifier in the sender's RTP packets", HFILL } },
        { &hf_control_counter, { "Counter", "facetime.relay.control.counter", FT_UINT64, BASE_DEC,
            NULL, 0x0, "One up with each new message of the sender; the same in a retransmission. It begins anew with a new key", HFILL } },
        { &hf_control_encrypted, { "Cipher Text", "facetime.relay.control.encrypted", FT_BYTES, BASE_NONE,
            NULL, 0x0, "The message, a protocol buffer, encrypted between the devices", HFILL } },
        { &hf_control_tag, { "Authentication Tag", "facetime.relay.control.tag", FT_BYTES, BASE_NONE,
            NULL, 0x0, "HMAC-SHA256 over what precedes it, its first 10 bytes", HFILL } },
        { &hf_control_short, { "Other Bytes", "facetime.relay.control.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of a payload that is too short", HFILL } },
        { &hf_control_key_frame, { "Key First Used In", "facetime.relay.control.key_frame", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "First RTP packet of the sender whose key identifier begins so", HFILL } },
        { &hf_control_retransmission, { "Retransmission", "facetime.relay.control.retransmission", FT_UINT32, BASE_DEC,
            NULL, 0x0, "How often the same message was sent before", HFILL } },
        { &hf_control_retransmission_of, { "Retransmission Of", "facetime.relay.control.retransmission_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, "First sending of the same message", HFILL } },
        { &hf_control_ack, { "Acknowledgement [guess]", "facetime.relay.control.ack", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Its length is that of an acknowledgement", HFILL } },
        { &hf_control_ack_of, { "Acknowledgement Of [guess]", "facetime.relay.control.ack_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0x0, "The latest message of the other side that had none", HFILL } },
        { &hf_control_acked_in, { "Acknowledged In [guess]", "facetime.relay.control.acked_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0x0, "The next acknowledgement of the other side", HFILL } },
    };
    static int *ett[] = { &ett_control, &ett_control_header };
    static ei_register_info ei[] = {
        { &ei_control_short, { "facetime.relay.control.short", PI_PROTOCOL, PI_WARN,
            "The payload ends inside what all such payloads begin with", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
