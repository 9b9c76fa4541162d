/* link_exchange.c
 * Link messages and their acknowledgements.
 *
 * An acknowledgement has the command of its message with the top bit set, and its counter; each command has a counter of its own
 * (Apple's code and a public implementation, OpenBubbles rustpush, match by these two). A message is sent again until it is
 * acknowledged, and the relay may deliver either of them twice. So: the same command and counter in the same direction of a flow
 * is a retransmission, and the first acknowledgement is the answer to the first message.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire_link.h"

#define FT_LINK_ACK 0x8000u

/* Exchanges that are kept at most: a flood of spoofed messages gets no more. Some 150 bytes each, maps included. */
#define FT_MAX_EXCHANGES 65536
/* Messages whose exchange is remembered for later passes; there can be many messages to one exchange. */
#define FT_MAX_MESSAGES (4 * FT_MAX_EXCHANGES)

/* A message and what belongs to it. File scope; written on the first pass only. */
typedef struct link_exchange {
    const ft_flow_t *flow;
    uint16_t command;           /* without the top bit */
    uint16_t counter;
    bool from_a;                /* side a of the flow sent the message */
    uint32_t request_frame;     /* first message; 0: only an acknowledgement was seen */
    nstime_t request_time;      /* absolute, of that frame */
    uint32_t answer_frame;      /* first acknowledgement; 0: none */
    uint32_t requests;          /* the message and its retransmissions */
} link_exchange_t;

/* One message of one frame: a compound datagram can hold several. File scope. */
typedef struct link_message {
    uint64_t key;
    link_exchange_t *exchange;
} link_message_t;

static wmem_map_t *exchanges;   /* link_exchange_t (by flow, command, counter, side) -> itself; file scope */
static wmem_map_t *messages;    /* link_message_t.key -> link_message_t; file scope */

static int hf_exchange_answer_in = -1;
static int hf_exchange_answer_to = -1;
static int hf_exchange_time = -1;
static int hf_exchange_requests = -1;
static int hf_exchange_retransmission = -1;
static int hf_exchange_duplicate = -1;

static unsigned
exchange_hash(const void *key)
{
    const link_exchange_t *x = (const link_exchange_t *)key;

    return g_direct_hash(x->flow) ^ (((unsigned)x->command << 17 | (unsigned)x->counter << 1 | x->from_a) * 2654435761u);
}

static gboolean
exchange_equal(const void *a, const void *b)
{
    const link_exchange_t *x = (const link_exchange_t *)a, *y = (const link_exchange_t *)b;

    return x->flow == y->flow && x->command == y->command && x->counter == y->counter && x->from_a == y->from_a;
}

/* Finds or makes the exchange of a message, and adds the message to it. First pass only. */
static link_exchange_t *
exchange_add(packet_info *pinfo, const ft_flow_t *flow, uint16_t command, uint16_t counter)
{
    bool answer = (command & FT_LINK_ACK) != 0;
    link_exchange_t key = { .flow = flow, .command = command & (uint16_t)~FT_LINK_ACK, .counter = counter,
                            .from_a = ft_flow_from_a(flow, pinfo) != answer };
    link_exchange_t *exchange = (link_exchange_t *)wmem_map_lookup(exchanges, &key);

    if (!exchange) {
        if (wmem_map_size(exchanges) >= FT_MAX_EXCHANGES)
            return NULL;
        exchange = wmem_new(wmem_file_scope(), link_exchange_t);
        *exchange = key;
        wmem_map_insert(exchanges, exchange, exchange);
    }
    if (answer) {
        if (!exchange->answer_frame)
            exchange->answer_frame = pinfo->num;
    } else {
        exchange->requests++;
        if (!exchange->request_frame && !exchange->answer_frame) {
            exchange->request_frame = pinfo->num;
            exchange->request_time = pinfo->abs_ts;
        }
    }
    return exchange;
}

/* The exchange of the message at hand: made on the first pass, remembered on later ones. */
static link_exchange_t *
exchange_of(tvbuff_t *tvb, packet_info *pinfo, const ft_packet_t *pkt, uint16_t command, uint16_t counter)
{
    /* The place of the message in its frame tells the messages of a compound datagram apart. */
    uint64_t key = (uint64_t)pinfo->num << 16 | (tvb_raw_offset(tvb) & 0xffff);
    link_message_t *message = (link_message_t *)wmem_map_lookup(messages, &key);
    link_exchange_t *exchange;

    if (message || PINFO_FD_VISITED(pinfo) || !pkt->flow)
        return message ? message->exchange : NULL;
    exchange = exchange_add(pinfo, pkt->flow, command, counter);
    if (exchange && wmem_map_size(messages) < FT_MAX_MESSAGES) {
        message = wmem_new(wmem_file_scope(), link_message_t);
        message->key = key;
        message->exchange = exchange;
        wmem_map_insert(messages, &message->key, message);
    }
    return exchange;
}

void
ft_link_exchange(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt, uint16_t command, uint16_t counter)
{
    const link_exchange_t *exchange = exchange_of(tvb, pinfo, pkt, command, counter);
    nstime_t taken;

    if (!exchange || !tree)
        return;
    if (!(command & FT_LINK_ACK)) {
        if (exchange->request_frame && exchange->request_frame < pinfo->num)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_exchange_retransmission, tvb, 0, 0, exchange->request_frame));
        if (exchange->request_frame == pinfo->num && exchange->requests > 1)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_exchange_requests, tvb, 0, 0, exchange->requests));
        if (exchange->answer_frame)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_exchange_answer_in, tvb, 0, 0, exchange->answer_frame));
        return;
    }
    if (exchange->answer_frame && exchange->answer_frame < pinfo->num)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_exchange_duplicate, tvb, 0, 0, exchange->answer_frame));
    if (!exchange->request_frame)
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_exchange_answer_to, tvb, 0, 0, exchange->request_frame));
    if (exchange->answer_frame == pinfo->num) {
        nstime_delta(&taken, &pinfo->abs_ts, &exchange->request_time);
        proto_item_set_generated(proto_tree_add_time(tree, hf_exchange_time, tvb, 0, 0, &taken));
    }
}

void
ft_link_exchange_register(void)
{
    static hf_register_info hf[] = {
        { &hf_exchange_answer_in, { "Acknowledged in Frame", "facetime.link.response_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, "First acknowledgement of this message", HFILL } },
        { &hf_exchange_answer_to, { "Acknowledges Frame", "facetime.link.response_to", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, "The message that this one acknowledges, as it was sent first", HFILL } },
        { &hf_exchange_time, { "Response Time", "facetime.link.response_time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time between the message as it was sent first and its first acknowledgement", HFILL } },
        { &hf_exchange_requests, { "Times Sent", "facetime.link.times_sent", FT_UINT32, BASE_DEC,
            NULL, 0x0, "How often the message is in the capture", HFILL } },
        { &hf_exchange_retransmission, { "Retransmission of Frame", "facetime.link.retransmission_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, "The same command and counter was sent before", HFILL } },
        { &hf_exchange_duplicate, { "Duplicate of Frame", "facetime.link.duplicate_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_DUP_ACK), 0x0, "The message was acknowledged before", HFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    exchanges = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), exchange_hash, exchange_equal);
    messages = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_int64_hash, g_int64_equal);
}
