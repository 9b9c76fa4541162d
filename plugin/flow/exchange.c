/* exchange.c
 * Links requests and answers of one flow by the identifier that both carry.
 *
 * All transmissions of a request have the same bytes, so nobody can see which of them an answer belongs to (Karn's algorithm avoids this
 * problem in TCP: RFC 6298, section 3). An answer to a repeated request therefore shows two times: since the first and since the latest
 * transmission. The true one lies between them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "flow/flow.h"

/* Limits against a flood. An exchange takes some 150 bytes, a message some 100. */
/* Names an exchange. File scope. */
typedef struct exchange_key {
    const ft_flow_t *flow;
    ft_exchange_kind_t kind;
    bool asked_by_a;                /* the request went from side a of the flow: both sides may choose the same number */
    uint8_t id[FT_EXCHANGE_ID_MAX];
} exchange_key_t;

/* Names a message: a frame can hold several, of different exchanges or (an aggregate) of one. File scope. */
typedef struct message_key {
    uint32_t frame;
    int place;                  /* of its datagram, in bytes from where the frame, or what holds it, begins */
    ft_exchange_t *exchange;
} message_key_t;

static wmem_map_t *exchanges;       /* exchange_key_t -> ft_exchange_t; file scope */
static wmem_map_t *messages;        /* message_key_t -> ft_exchange_message_t; file scope */
static wmem_map_t *copies;          /* fingerprint of a request -> frame of the first answer to any copy of it; file scope */

static unsigned
exchange_hash(const void *key)
{
    const exchange_key_t *k = (const exchange_key_t *)key;

    return ft_hash_pair((uintptr_t)k->flow, (uint64_t)ft_hash_bytes(k->id, sizeof k->id) << 32 | (unsigned)k->kind << 1 | (k->asked_by_a ? 1 : 0));
}

static gboolean
exchange_equal(const void *a, const void *b)
{
    const exchange_key_t *x = (const exchange_key_t *)a, *y = (const exchange_key_t *)b;

    return x->flow == y->flow && x->kind == y->kind && x->asked_by_a == y->asked_by_a && memcmp(x->id, y->id, sizeof x->id) == 0;
}

static unsigned
message_hash(const void *key)
{
    const message_key_t *k = (const message_key_t *)key;

    return ft_hash_pair(k->frame, (uintptr_t)k->exchange + (unsigned)k->place);
}

static gboolean
message_equal(const void *a, const void *b)
{
    const message_key_t *x = (const message_key_t *)a, *y = (const message_key_t *)b;

    return x->frame == y->frame && x->place == y->place && x->exchange == y->exchange;
}

static void
exchange_key(exchange_key_t *key, const packet_info *pinfo, const ft_flow_t *flow, ft_exchange_kind_t kind,
             const uint8_t *id, size_t id_len, bool is_answer)
{
    memset(key, 0, sizeof *key);
    key->flow = flow;
    key->kind = kind;
    key->asked_by_a = ft_flow_from_a(flow, pinfo) != is_answer;
    memcpy(key->id, id, MIN(id_len, sizeof key->id));
}

static ft_exchange_t *
exchange_get(const packet_info *pinfo, const exchange_key_t *key)
{
    ft_exchange_t *exchange = (ft_exchange_t *)wmem_map_lookup(exchanges, key);

    if (exchange || !ft_limit_take(FT_LIMIT_EXCHANGES, &pinfo->abs_ts))
        return exchange;
    exchange = wmem_new0(wmem_file_scope(), ft_exchange_t);
    exchange->flow = key->flow;
    exchange->asked_by_a = key->asked_by_a;
    wmem_map_insert(exchanges, wmem_memdup(wmem_file_scope(), key, sizeof *key), exchange);
    return exchange;
}

/* Adds a message to its exchange (at->exchange). First pass only. */
static ft_exchange_message_t *
message_new(const packet_info *pinfo, const message_key_t *at, bool is_answer)
{
    message_key_t *key = (message_key_t *)wmem_memdup(wmem_file_scope(), at, sizeof *at);
    ft_exchange_t *exchange = at->exchange;
    ft_exchange_message_t *message = wmem_new0(wmem_file_scope(), ft_exchange_message_t);

    message->exchange = exchange;
    message->is_answer = is_answer;
    message->repeats = is_answer ? exchange->answers : exchange->requests;
    if (is_answer) {
        exchange->answers++;
        if (!exchange->answer_frame)
            exchange->answer_frame = pinfo->num;
        if (exchange->copies_answered && !*exchange->copies_answered)
            *exchange->copies_answered = pinfo->num;
        nstime_set_unset(&message->since_first);
        nstime_set_unset(&message->since_latest);
        if (exchange->requests) {
            nstime_delta(&message->since_first, ft_frame_time(pinfo), &exchange->request_time);
            nstime_delta(&message->since_latest, ft_frame_time(pinfo), &exchange->last_request_time);
        }
    } else {
        nstime_set_unset(&message->since_latest);
        if (exchange->requests)
            nstime_delta(&message->since_latest, ft_frame_time(pinfo), &exchange->last_request_time);
        if (exchange->requests++ == 0) {
            exchange->request_frame = pinfo->num;
            exchange->request_time = *ft_frame_time(pinfo);
        }
        exchange->last_request_frame = pinfo->num;
        exchange->last_request_time = *ft_frame_time(pinfo);
    }
    wmem_map_insert(messages, key, message);
    return message;
}

const ft_exchange_message_t *
ft_exchange_note(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, ft_exchange_kind_t kind, const uint8_t *id, size_t id_len,
                 bool is_answer)
{
    exchange_key_t key;
    message_key_t at = { .frame = pinfo->num, .place = tvb_raw_offset(tvb) };
    ft_exchange_message_t *message;
    ft_exchange_t *exchange;

    if (!flow)
        return NULL;
    exchange_key(&key, pinfo, flow, kind, id, id_len, is_answer);
    at.exchange = exchange = PINFO_FD_VISITED(pinfo) ? (ft_exchange_t *)wmem_map_lookup(exchanges, &key) : exchange_get(pinfo, &key);
    message = exchange ? (ft_exchange_message_t *)wmem_map_lookup(messages, &at) : NULL;
    if (message || PINFO_FD_VISITED(pinfo))
        return message;
    if (!exchange || !ft_limit_take(FT_LIMIT_MESSAGES, &pinfo->abs_ts))
        return NULL;
    return message_new(pinfo, &at, is_answer);
}

/* A fingerprint and the frame of an answer. File scope. */
typedef struct copied {
    uint64_t fingerprint;
    const ft_exchange_t *first;
    uint32_t answer_frame;
} copied_t;

void
ft_exchange_copy(const ft_exchange_message_t *message, uint64_t fingerprint)
{
    copied_t *copied;

    if (!message || message->is_answer || message->exchange->copies_answered)
        return;
    copied = (copied_t *)wmem_map_lookup(copies, &fingerprint);
    /* No more of them than of exchanges, which have a limit. */
    if (!copied) {
        copied = wmem_new0(wmem_file_scope(), copied_t);
        copied->fingerprint = fingerprint;
        copied->first = message->exchange;
        wmem_map_insert(copies, &copied->fingerprint, copied);
    }
    /* On the same flow it is another request, of the other side. */
    if (copied && (copied->first == message->exchange || copied->first->flow != message->exchange->flow))
        message->exchange->copies_answered = &copied->answer_frame;
}

const ft_exchange_t *
ft_exchange_asked(const packet_info *pinfo, const ft_flow_t *flow, ft_exchange_kind_t kind, const uint8_t *id, size_t id_len)
{
    exchange_key_t key;
    const ft_exchange_t *exchange;

    exchange_key(&key, pinfo, flow, kind, id, id_len, true);
    exchange = (const ft_exchange_t *)wmem_map_lookup(exchanges, &key);
    /* On later passes the request may be one that comes only after this packet. */
    return exchange && exchange->request_frame && exchange->request_frame < pinfo->num ? exchange : NULL;
}

/* An answer may have been on its way when the socket that it would come from was closed: a round trip, and a batch of the capture. */
#define FT_REFUSED_SECONDS 2

/* Nobody listened any more where the request went. */
static bool
is_refused(const ft_exchange_t *exchange)
{
    const ft_moment_t *refused = &exchange->flow->refused[exchange->asked_by_a ? 1 : 0];

    return refused->frame && ft_seconds(&refused->when, &exchange->last_request_time) <= FT_REFUSED_SECONDS;
}

static void
show_request(ft_exchange_fields_t *fields, const ft_exchange_message_t *message, tvbuff_t *tvb, packet_info *pinfo,
             proto_tree *tree, proto_item *item)
{
    const ft_exchange_t *exchange = message->exchange;

    if (exchange->answer_frame)
        proto_item_set_generated(proto_tree_add_uint(tree, fields->response_in, tvb, 0, 0, exchange->answer_frame));
    /* That there is no answer, and the number of transmissions, is known only after the capture was read. */
    if (!PINFO_FD_VISITED(pinfo))
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, fields->transmissions, tvb, 0, 0, exchange->requests));
    if (exchange->answer_frame || is_refused(exchange))
        return;
    if (exchange->copies_answered && *exchange->copies_answered) {
        proto_item_set_generated(proto_tree_add_uint(tree, fields->response_in, tvb, 0, 0, *exchange->copies_answered));
        return;
    }
    proto_item_set_generated(proto_tree_add_boolean(tree, fields->unanswered, tvb, 0, 0, true));
    if (exchange->last_request_frame == pinfo->num)
        expert_add_info_format(pinfo, item, &fields->no_answer,
                               "No answer in this capture, the request was sent %u time%s", exchange->requests,
                               exchange->requests == 1 ? "" : "s");
}

static void
show_answer(ft_exchange_fields_t *fields, const ft_exchange_message_t *message, tvbuff_t *tvb, proto_tree *tree)
{
    if (nstime_is_unset(&message->since_first))
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, fields->response_to, tvb, 0, 0, message->exchange->request_frame));
    proto_item_set_generated(proto_tree_add_time(tree, fields->response_time, tvb, 0, 0, &message->since_first));
    if (nstime_cmp(&message->since_first, &message->since_latest) != 0)
        proto_item_set_generated(proto_tree_add_time(tree, fields->response_time_latest, tvb, 0, 0, &message->since_latest));
}

void
ft_exchange_show(ft_exchange_fields_t *fields, const ft_exchange_message_t *message, tvbuff_t *tvb, packet_info *pinfo,
                 proto_tree *tree, proto_item *item)
{
    /* Expert items are asked for without a tree as well: tshark -z expert, sharkd. */
    if (!message || !ft_is_shown(tree))
        return;
    if (message->repeats) {
        proto_item_set_generated(proto_tree_add_uint(tree, fields->retransmission, tvb, 0, 0, message->repeats));
        proto_item_set_generated(proto_tree_add_uint(tree, fields->retransmission_of, tvb, 0, 0,
            message->is_answer ? message->exchange->answer_frame : message->exchange->request_frame));
        if (!message->is_answer && !nstime_is_unset(&message->since_latest))
            proto_item_set_generated(proto_tree_add_time(tree, fields->retransmission_after, tvb, 0, 0, &message->since_latest));
    }
    if (message->is_answer)
        show_answer(fields, message, tvb, tree);
    else
        show_request(fields, message, tvb, pinfo, tree, item);
}

bool
ft_exchange_limit_reached(void)
{
    return ft_limit_refuses(FT_LIMIT_EXCHANGES) || ft_limit_refuses(FT_LIMIT_MESSAGES);
}

void
ft_exchange_init(void)
{
    exchanges = wmem_map_new(wmem_file_scope(), exchange_hash, exchange_equal);
    messages = wmem_map_new(wmem_file_scope(), message_hash, message_equal);
    copies = wmem_map_new(wmem_file_scope(), ft_hash_uint64, g_int64_equal);
}

void
ft_exchange_register(ft_exchange_fields_t *fields, const char *prefix)
{
    const hf_register_info titles[] = {
        { &fields->response_in, { "Response In", "response_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, "First answer to this request", HFILL } },
        { &fields->response_to, { "Response To", "response_to", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, "First sending of the request that this is an answer to", HFILL } },
        { &fields->response_time, { "Response Time", "response_time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time since the request was first sent", HFILL } },
        { &fields->response_time_latest, { "Response Time, Latest Sending", "response_time_latest", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time since the request was last sent; which sending is answered cannot be seen", HFILL } },
        { &fields->retransmission, { "Retransmission", "retransmission", FT_UINT32, BASE_DEC,
            NULL, 0x0, "How often the same message was sent before", HFILL } },
        { &fields->retransmission_of, { "Retransmission Of", "retransmission_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, "First sending of the same message", HFILL } },
        { &fields->retransmission_after, { "Retransmission After", "retransmission_after", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "Time since the request was last sent: the sender's timer", HFILL } },
        { &fields->transmissions, { "Transmissions", "transmissions", FT_UINT32, BASE_DEC,
            NULL, 0x0, "How often the request was sent in all; known when the capture has been read", HFILL } },
        { &fields->unanswered, { "Unanswered", "unanswered", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The capture has no answer to this request; known when it has been read", HFILL } },
    };
    static const ei_register_info no_answer = { NULL, { NULL, PI_SEQUENCE, PI_NOTE, "No answer in this capture", EXPFILL } };
    /* Wireshark keeps pointers to both lists until it ends. */
    hf_register_info *hf = (hf_register_info *)wmem_memdup(wmem_epan_scope(), titles, sizeof titles);
    ei_register_info *ei = (ei_register_info *)wmem_memdup(wmem_epan_scope(), &no_answer, sizeof no_answer);

    for (unsigned i = 0; i < array_length(titles); i++) {
        *hf[i].p_id = -1;
        hf[i].hfinfo.abbrev = wmem_strdup_printf(wmem_epan_scope(), "%s.%s", prefix, titles[i].hfinfo.abbrev);
    }
    ei->ids = &fields->no_answer;
    ei->eiinfo.name = wmem_strdup_printf(wmem_epan_scope(), "%s.no_answer", prefix);
    proto_register_field_array(proto_facetime, hf, array_length(titles));
    expert_register_field_array(ft_expert, ei, 1);
}
