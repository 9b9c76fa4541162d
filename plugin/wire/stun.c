/* stun.c
 * STUN in Apple's dialect: the stock dissector shows the message, this file adds what Apple's attributes mean, links requests
 * and answers, and shows the messages that the stock dissector refuses.
 *
 *      0                   1                   2                   3
 *     +---------------+
 *     | 0f            |  only in the "internal" form
 *     +---------------+---------------+-------------------------------+
 *     |0 0| type: method and class    | length of the attributes      |
 *     +-------------------------------+-------------------------------+
 *     | 21 12 a4 42                                                   |
 *     +---------------------------------------------------------------+
 *     | transaction ID, 12 bytes                                      |
 *     +---------------------------------------------------------------+
 *     | attributes (stun_attributes.c), MESSAGE-INTEGRITY last        |
 *     +---------------------------------------------------------------+
 *
 * The header is that of RFC 8489, section 5. The dialect (seen on real calls): no FINGERPRINT, MESSAGE-INTEGRITY last, and a
 * request is sent once a second with the same transaction ID until it is answered. The methods above 0xff and the internal form are
 * known from public decompilations of Apple's IDSFoundation only.
 *
 * The stock dissector refuses methods above 0xff (RFC 7983 keeps them free), messages whose length is not the datagram's and,
 * in some versions, messages that the capture cut.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"
#include "wire/nat_probe.h"
#include "wire/pod.h"
#include "wire/stun_attributes.h"

#define FT_STUN_PREFIX          0x0f
#define FT_STUN_SEND_INDICATION 0x0016
#define FT_STUN_DATA_INDICATION 0x0017
#define FT_STUN_CHANNEL_NUMBER  0x000c
#define FT_STUN_DATA            0x0013
#define FT_STUN_INTEGRITY       0x0008
#define FT_STUN_ERROR_CODE      0x0009
#define FT_STUN_XOR_MAPPED      0x0020
#define FT_STUN_POD_MEDIA       0x9002
#define FT_STUN_POD_MESSAGES    0x9003
#define FT_STUN_FINGERPRINT     0x8028
#define FT_STUN_BINDING         0x0001  /* method; the request's type has the same number */

/* The relay says that it knows no session of the participant: a data message error indication (a method that only Apple has, in IDSFoundation
 * of iOS 26.1 by that name) with this error. */
#define FT_STUN_DATA_ERROR      0x0813
#define FT_STUN_NO_SESSION      601

/* The two bits of the class, between those of the method: RFC 8489, section 5. */
#define FT_STUN_CLASS_MASK      0x0110
#define FT_STUN_CLASS_REQUEST   0x0000
#define FT_STUN_CLASS_INDICATION 0x0010
#define FT_STUN_CLASS_RESPONSE  0x0100
#define FT_STUN_CLASS_ERROR     0x0110

/* RFC 7983: methods above are kept free, so that the first byte tells STUN from DTLS. */
#define FT_STUN_METHOD_MAX      0xff
#define FT_STUN_REASON_MAX      763     /* bytes of a reason phrase: RFC 8489, section 14.8 */

/* Offsets in the header, and the least that shows what it is. */
#define FT_STUN_LENGTH_AT       2
#define FT_STUN_ID_AT           8
#define FT_STUN_ID_LEN          12

/* More attributes than this in one message are shown by the stock dissector only: 64 KiB hold 16,384 of them. Apple's own
 * code reads 20. */
#define FT_STUN_MAX_ATTRIBUTES  64

/* Of Apple's methods: the session with a relay moves to another one, or begins anew. */
#define FT_STUN_ALLOCBIND       0x3f0
#define FT_STUN_REALLOCATE      0x3f1

static dissector_handle_t stun_handle;

static int hf_stun = -1;
static int hf_stun_prefix = -1;
static int hf_stun_alone = -1;
static int hf_stun_type = -1;
static int hf_stun_class = -1;
static int hf_stun_method = -1;
static int hf_stun_length = -1;
static int hf_stun_cookie = -1;
static int hf_stun_transaction = -1;
static int hf_stun_integrity = -1;
static int hf_stun_rest = -1;
static int ett_stun = -1;
static int ett_stun_type = -1;
static expert_field ei_stun_message_length = EI_INIT;
static expert_field ei_stun_too_many = EI_INIT;
static expert_field ei_stun_error = EI_INIT;
static ft_exchange_fields_t stun_exchange_fields;

static const value_string stun_class_vals[] = {
    { FT_STUN_CLASS_REQUEST, "Request" },
    { FT_STUN_CLASS_INDICATION, "Indication" },
    { FT_STUN_CLASS_RESPONSE, "Success Response" },
    { FT_STUN_CLASS_ERROR, "Error Response" },
    { 0, NULL }
};

static const value_string stun_method_vals[] = {
    { 0x001, "Binding" },
    { 0x003, "Allocate" },
    { 0x004, "Refresh" },
    { 0x006, "Send" },
    { 0x007, "Data" },
    { 0x008, "CreatePermission" },
    { 0x009, "ChannelBind" },
    /* Between device and relay: dispatcher and creator of messages in IDSGlobalLink of iOS 26.1. */
    { 0x200, "GoAway" },
    { 0x201, "Test" },
    { 0x202, "Diagnostic" },
    { 0x203, "Data Message Error" },
    { FT_STUN_ALLOCBIND, "AllocBind" },
    { FT_STUN_REALLOCATE, "Reallocate" },
    { 0x3f2, "UnallocBind" },
    { 0x3f3, "Stats" },
    { 0x3f4, "Info" },
    { 0x3f5, "Session Info" },
    { 0x3f7, "Participant Update" },
    { 0x3f8, "Plugin" },
    { 0x3f9, "Put Material" },
    { 0, NULL }
};

/* How a message ends: facetime.stun.integrity. */
typedef enum { STUN_INTEGRITY_NONE, STUN_INTEGRITY_LAST, STUN_INTEGRITY_FINGERPRINT, STUN_INTEGRITY_INSIDE } stun_integrity_t;

static const value_string stun_integrity_vals[] = {
    { STUN_INTEGRITY_NONE, "no MESSAGE-INTEGRITY" },
    { STUN_INTEGRITY_LAST, "MESSAGE-INTEGRITY is last, no FINGERPRINT" },
    { STUN_INTEGRITY_FINGERPRINT, "MESSAGE-INTEGRITY, then FINGERPRINT" },
    { STUN_INTEGRITY_INSIDE, "MESSAGE-INTEGRITY is not last" },
    { 0, NULL }
};

/* The method's bits without those of the class. RFC 8489, section 5. */
static unsigned
stun_method(uint16_t type)
{
    return (type & 0x000fu) | ((type & 0x00e0u) >> 1) | ((type & 0x3e00u) >> 2);
}

/* The name of any message type, by method and class. */
static const char *
stun_type_name(const packet_info *pinfo, uint16_t type)
{
    const char *class_name = val_to_str_const(type & FT_STUN_CLASS_MASK, stun_class_vals, "");
    const char *method_name = try_val_to_str(stun_method(type), stun_method_vals);

    if (method_name)
        return wmem_strdup_printf(pinfo->pool, "%s %s", method_name, class_name);
    return wmem_strdup_printf(pinfo->pool, "Method 0x%03x %s", stun_method(type), class_name);
}

/* Offset of a STUN message in the datagram: 1 after the prefix byte. -1 if there is none. */
static int
stun_header(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb);
    int at = 0;

    if (captured < FT_STUN_ID_AT)
        return -1;
    if (ft_tvb_get_u8(tvb, 0) == FT_STUN_PREFIX && captured > FT_STUN_ID_AT && tvb_get_ntohl(tvb, 1 + FT_STUN_COOKIE_AT) == FT_STUN_COOKIE)
        at = 1;
    /* RFC 8489, section 5: two zero bits and the cookie. Avoids RTP, QUIC and DTLS. */
    if ((ft_tvb_get_u8(tvb, at) & 0xc0) || tvb_get_ntohl(tvb, at + FT_STUN_COOKIE_AT) != FT_STUN_COOKIE)
        return -1;
    return at;
}

/* The same for a message that is well formed. */
static int
stun_start(tvbuff_t *tvb)
{
    int at = stun_header(tvb);

    /* 1. The header is there. */
    if (at < 0 || tvb_captured_length(tvb) < (unsigned)at + FT_STUN_HEADER_LEN)
        return -1;
    /* 2. A length of whole words, 3. and that of the datagram: avoids other protocols that hold the cookie in this place by chance. */
    if ((tvb_get_ntohs(tvb, at + FT_STUN_LENGTH_AT) & 3) ||
        (unsigned)at + FT_STUN_HEADER_LEN + tvb_get_ntohs(tvb, at + FT_STUN_LENGTH_AT) != tvb_reported_length(tvb))
        return -1;
    return at;
}

static bool
stun_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, uint32_t *evidence)
{
    int at = stun_start(tvb), end = (int)tvb_captured_length(tvb);
    uint16_t type;
    bool channel = false, data = false;

    /* On a flow of FaceTime that had STUN before, a malformed message is shown, too, with an expert item. */
    if (at < 0)
        return flow && flow->is_facetime && (flow->kinds & (1u << FT_KIND_STUN)) && stun_header(tvb) >= 0;
    type = tvb_get_ntohs(tvb, at);
    at += FT_STUN_HEADER_LEN;
    for (unsigned n = 0; n < FT_STUN_MAX_ATTRIBUTES && at + FT_STUN_ATTRIBUTE_HEADER_LEN <= end; n++) {
        uint16_t attribute = tvb_get_ntohs(tvb, at), len = tvb_get_ntohs(tvb, at + 2);

        if (ft_stun_attribute_is_apple(attribute, len))
            *evidence |= FT_EV(FT_EV_APPLE_STUN);
        channel |= attribute == FT_STUN_CHANNEL_NUMBER;
        data |= attribute == FT_STUN_DATA;
        at += FT_STUN_ATTRIBUTE_HEADER_LEN + len + FT_STUN_PADDING(len);
    }
    /* A send or data indication of TURN has a peer address (RFC 8656, sections 11.1 and 11.6); Apple's has a channel number in its place: the one
     * between devices, the other to an older relay. */
    if ((type == FT_STUN_DATA_INDICATION || type == FT_STUN_SEND_INDICATION) && channel && data)
        *evidence |= FT_EV(FT_EV_APPLE_STUN);
    if (ft_is_media_port(pinfo->srcport) || ft_is_media_port(pinfo->destport))
        *evidence |= FT_EV(FT_EV_STUN_PORTS);
    return true;
}

/* The exchange that the message at `at` belongs to: by method and transaction ID (RFC 8489, section 6.3.3). An indication belongs
 * to none. */
static const ft_exchange_message_t *
stun_exchange(tvbuff_t *tvb, const packet_info *pinfo, int at, const ft_packet_t *pkt)
{
    uint16_t type = tvb_get_ntohs(tvb, at), type_class = type & FT_STUN_CLASS_MASK, method = type & ~FT_STUN_CLASS_MASK;
    uint8_t id[FT_STUN_ID_LEN + sizeof method];
    const ft_exchange_message_t *message;

    if (pkt->flow && !PINFO_FD_VISITED(pinfo) && stun_method(type) != FT_STUN_ALLOCBIND)
        pkt->flow->beyond_allocbind = true;
    if (type_class == FT_STUN_CLASS_INDICATION)
        return NULL;
    tvb_memcpy(tvb, id, at + FT_STUN_ID_AT, FT_STUN_ID_LEN);
    memcpy(id + FT_STUN_ID_LEN, &method, sizeof method);
    message = ft_exchange_note(tvb, pinfo, pkt->flow, FT_EXCHANGE_STUN, id, sizeof id, type_class != FT_STUN_CLASS_REQUEST);
    /* 96 random bits: the same ones on another leg are those of a copy (RFC 8489, section 5). */
    if (!PINFO_FD_VISITED(pinfo))
        ft_exchange_copy(message, tvb_get_ntoh64(tvb, at + FT_STUN_ID_AT) ^ method);
    return message;
}

static void
stun_note(tvbuff_t *tvb, packet_info *pinfo, ft_packet_t *pkt)
{
    int at = stun_start(tvb);

    if (at >= 0)
        stun_exchange(tvb, pinfo, at, pkt);
}

/* Learns the address that the sender saw: RFC 8489, section 14.2. */
static void
stun_mapped(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int len, ft_packet_t *pkt)
{
    uint8_t *bytes;
    address addr;
    bool v6 = len == 20;

    if ((len != 8 && len != 20) || !tvb_bytes_exist(tvb, at, len))
        return;
    /* The cookie and the transaction ID follow each other in the header: 16 bytes to exclusive-or with. */
    bytes = (uint8_t *)tvb_memdup(pinfo->pool, tvb, at + 4, (size_t)len - 4);
    for (int i = 0; i < len - 4; i++)
        bytes[i] ^= ft_tvb_get_u8(tvb, message + FT_STUN_COOKIE_AT + i);
    set_address(&addr, v6 ? AT_IPv6 : AT_IPv4, len - 4, bytes);
    ft_candidate_add(pkt, &addr, tvb_get_ntohs(tvb, at + 2) ^ (FT_STUN_COOKIE >> 16), FT_CANDIDATE_MAPPED, 0);
}

/* Error and reason: RFC 8489, section 14.8. Two bytes, three bits of hundreds, and the rest of the number. */
static void
stun_error(tvbuff_t *tvb, packet_info *pinfo, int at, int len, ft_packet_t *pkt)
{
    char *reason;

    if (len < 4 || !tvb_bytes_exist(tvb, at, len))
        return;
    pkt->error = (uint16_t)(100u * (ft_tvb_get_u8(tvb, at + 2) & 7u) + ft_tvb_get_u8(tvb, at + 3));
    reason = len > 4 ? ft_tvb_text(pinfo->pool, tvb, at + 4, MIN(len - 4, FT_STUN_REASON_MAX)) : NULL;
    pkt->error_reason = reason && *reason ? reason : NULL;
}

/* Shows the attributes from `at` to `end`, as far as they were captured. Returns the offset after the last one. */
static int
stun_attributes(tvbuff_t *tvb, packet_info *pinfo, int message, int at, int end, bool all, proto_tree *tree, proto_item *item,
                ft_packet_t *pkt)
{
    int captured = (int)tvb_captured_length(tvb);
    stun_integrity_t integrity = STUN_INTEGRITY_NONE;

    for (unsigned n = 0; at + FT_STUN_ATTRIBUTE_HEADER_LEN <= end; n++) {
        uint16_t type;
        int len;

        if (at + FT_STUN_ATTRIBUTE_HEADER_LEN > captured) {
            if (at < captured)
                ft_stun_attribute_show(tvb, pinfo, message, at, end - at, all, tree);
            return at;
        }
        if (n == FT_STUN_MAX_ATTRIBUTES) {
            expert_add_info(pinfo, item, &ei_stun_too_many);
            return at;
        }
        type = tvb_get_ntohs(tvb, at);
        len = tvb_get_ntohs(tvb, at + 2);
        ft_stun_attribute_show(tvb, pinfo, message, at, end - at, all, tree);
        if ((type == FT_STUN_POD_MEDIA || type == FT_STUN_POD_MESSAGES) && len == 4 && pkt->flow && !PINFO_FD_VISITED(pinfo) &&
            tvb_bytes_exist(tvb, at + FT_STUN_ATTRIBUTE_HEADER_LEN, 4))
            ft_quic_pod_announce(pkt->flow, tvb_get_ntohl(tvb, at + FT_STUN_ATTRIBUTE_HEADER_LEN), type == FT_STUN_POD_MESSAGES, pinfo);
        if (type == FT_STUN_CELLULAR && len == 4 && tvb_bytes_exist(tvb, at + FT_STUN_ATTRIBUTE_HEADER_LEN, 4) &&
            tvb_get_ntohl(tvb, at + FT_STUN_ATTRIBUTE_HEADER_LEN) < UINT8_MAX)
            pkt->radio = FT_RADIO(tvb_get_ntohl(tvb, at + FT_STUN_ATTRIBUTE_HEADER_LEN));
        if (type == FT_STUN_XOR_MAPPED)
            stun_mapped(tvb, pinfo, message, at + FT_STUN_ATTRIBUTE_HEADER_LEN, len, pkt);
        if (type == FT_STUN_ERROR_CODE)
            stun_error(tvb, pinfo, at + FT_STUN_ATTRIBUTE_HEADER_LEN, len, pkt);
        if (type == FT_STUN_INTEGRITY)
            integrity = STUN_INTEGRITY_LAST;
        else if (integrity == STUN_INTEGRITY_LAST)
            integrity = type == FT_STUN_FINGERPRINT ? STUN_INTEGRITY_FINGERPRINT : STUN_INTEGRITY_INSIDE;
        at += FT_STUN_ATTRIBUTE_HEADER_LEN + len + FT_STUN_PADDING(len);
    }
    if (end <= captured)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_stun_integrity, tvb, 0, 0, integrity));
    return MIN(at, end);
}

/* An AllocBind asks a relay for a session, and its answer has the device's address as the relay sees it: it is part of the socket's NAT test. Where
 * nothing else follows on its flow, that is all it was for: IDSFoundation's "external IP discovery" is such a one (iOS 26.1). That nothing follows is
 * known when the capture was read. */
static void
stun_nat_test(tvbuff_t *tvb, packet_info *pinfo, const ft_exchange_message_t *exchange, const ft_packet_t *pkt, proto_tree *tree, proto_item *item)
{
    ft_nat_address_t says = { 0 };
    const ft_nat_probe_t *probe;

    for (unsigned i = 0; exchange && exchange->is_answer && i < pkt->n_candidates; i++) {
        const ft_candidate_t *candidate = &pkt->candidates[i];

        if (candidate->how != FT_CANDIDATE_MAPPED || candidate->at.addr.type != AT_IPv4)
            continue;
        memcpy(&says.ip, candidate->at.addr.data, sizeof says.ip);
        says.port = candidate->at.port;
        says.known = true;
    }
    ft_nat_behavior_add(pinfo, exchange, &says);
    probe = ft_nat_probe_of(exchange);
    if (probe)
        ft_nat_test_show(tvb, pinfo, probe->test, exchange->is_answer, tree);
    if (!PINFO_FD_VISITED(pinfo) || !pkt->flow || pkt->flow->beyond_allocbind || pkt->flow->kinds != 1u << FT_KIND_STUN || !exchange ||
        exchange->exchange->answers == 0)
        return;
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_stun_alone, tvb, 0, 0, true));
    proto_item_append_text(item, ", NAT test [guess]");
}

/* The header of a message that no stock dissector shows. */
static void
stun_own_header(tvbuff_t *tvb, packet_info *pinfo, int at, int reported, proto_tree *tree)
{
    int len = tvb_get_ntohs(tvb, at + FT_STUN_LENGTH_AT), follow = reported - at - FT_STUN_HEADER_LEN;
    proto_item *item = proto_tree_add_item(tree, hf_stun_length, tvb, at + FT_STUN_LENGTH_AT, 2, ENC_BIG_ENDIAN);

    if (follow < 0)
        expert_add_info_format(pinfo, item, &ei_stun_message_length, "The datagram ends inside the message's header");
    else if (len != follow || (len & 3))
        expert_add_info_format(pinfo, item, &ei_stun_message_length, "The message says %d bytes of attributes, %d follow", len, follow);
    proto_tree_add_item(tree, hf_stun_cookie, tvb, at + FT_STUN_COOKIE_AT, 4, ENC_BIG_ENDIAN);
    if (follow >= 0)
        proto_tree_add_item(tree, hf_stun_transaction, tvb, at + FT_STUN_ID_AT, FT_STUN_ID_LEN, ENC_NA);
    else if (reported > at + FT_STUN_ID_AT)
        proto_tree_add_item(tree, hf_stun_rest, tvb, at + FT_STUN_ID_AT, reported - at - FT_STUN_ID_AT, ENC_NA);
}

static void
stun_show_type(tvbuff_t *tvb, int at, uint16_t type, const char *name, proto_tree *tree)
{
    proto_item *item = proto_tree_add_uint_format_value(tree, hf_stun_type, tvb, at, 2, type, "%s (0x%04x)", name, type);
    proto_tree *sub = proto_item_add_subtree(item, ett_stun_type);

    proto_tree_add_uint(sub, hf_stun_class, tvb, at, 2, type & FT_STUN_CLASS_MASK);
    proto_tree_add_uint(sub, hf_stun_method, tvb, at, 2, stun_method(type));
}

/* The error in the tree, in Info and among the expert items. The stock dissector, where it has the message, writes Info itself. */
static void
stun_say_error(packet_info *pinfo, proto_item *item, uint16_t type, bool stock, ft_packet_t *pkt)
{
    const char *reason = pkt->error_reason ? pkt->error_reason : "no reason given";

    pkt->session_gone = type == FT_STUN_DATA_ERROR && pkt->error == FT_STUN_NO_SESSION;
    proto_item_append_text(item, ", error %u: %s", pkt->error, reason);
    if (!stock && pkt->claimed)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", error %u: %s", pkt->error, reason);
    expert_add_info_format(pinfo, item, &ei_stun_error, "Error %u: %s", pkt->error, reason);
}

static void
stun_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    int message = stun_header(tvb), reported = (int)tvb_reported_length(tvb), end, done;
    const ft_exchange_message_t *exchange;
    const char *name;
    proto_item *item;
    proto_tree *tree;
    uint16_t type;
    bool stock;

    if (message < 0)
        return;
    type = tvb_get_ntohs(tvb, message);
    name = stun_type_name(pinfo, type);
    pkt->label = wmem_strdup_printf(pinfo->pool, "STUN %s", name);
    if (!pkt->what)
        pkt->what = name;
    pkt->routine = true;
    stock = stun_start(tvb) >= 0 && stun_method(type) <= FT_STUN_METHOD_MAX &&
            (FT_STOCK_STUN_TAKES_CUT || (int)tvb_captured_length(tvb) == reported);
    /* Binding finds out how the device can be reached, from Apple's server (2010) as from the peer. What else goes to a relay's
     * port (Allocate and what follows) is about the relay. */
    pkt->phase = FT_PHASE_CONNECTIVITY;
    if ((type & ~FT_STUN_CLASS_MASK) != FT_STUN_BINDING && (ft_is_relay_port(pinfo->srcport) || ft_is_relay_port(pinfo->destport)))
        pkt->phase = FT_PHASE_RELAY;
    pkt->is_answer = (type & FT_STUN_CLASS_MASK) == FT_STUN_CLASS_RESPONSE;
    pkt->reallocates = stun_method(type) == FT_STUN_REALLOCATE && ((type & FT_STUN_CLASS_MASK) == FT_STUN_CLASS_REQUEST ||
                                                                   (type & FT_STUN_CLASS_MASK) == FT_STUN_CLASS_INDICATION);
    tree = ft_subtree(ft_tree, hf_stun, tvb, 0, -1, ett_stun, &item, "STUN: %s", name);
    if (message == 1)
        proto_tree_add_item(tree, hf_stun_prefix, tvb, 0, 1, ENC_NA);
    stun_show_type(tvb, message, type, name, tree);
    if (!stock) {
        if (pkt->claimed)
            col_append_str(pinfo->cinfo, COL_INFO, name);
        stun_own_header(tvb, pinfo, message, reported, tree);
        if (reported < message + FT_STUN_HEADER_LEN)
            return;
    }
    exchange = stun_exchange(tvb, pinfo, message, pkt);
    ft_exchange_show(&stun_exchange_fields, exchange, tvb, pinfo, tree, item);
    if (exchange && exchange->repeats)
        proto_item_append_text(item, ", retransmission %u", exchange->repeats);

    done = message + FT_STUN_HEADER_LEN;
    end = MIN(done + tvb_get_ntohs(tvb, message + FT_STUN_LENGTH_AT), reported);
    done = stun_attributes(tvb, pinfo, message, done, end, !stock, tree, item, pkt);
    /* Over TCP the address is that of a connection, not of a socket: RFC 5780 is about UDP. */
    if (stun_method(type) == FT_STUN_ALLOCBIND && !(pkt->flow && pkt->flow->tcp))
        stun_nat_test(tvb, pinfo, exchange, pkt, tree, item);
    if (pkt->error)
        stun_say_error(pinfo, item, type, stock, pkt);
    if (stock) {
        ft_call_stock(stun_handle, tvb_new_subset_remaining(tvb, message), pinfo, root, pkt);
        return;
    }
    /* Where the capture is cut, this says so. */
    if (tvb_captured_length(tvb) < (unsigned)reported)
        tvb_ensure_bytes_exist(tvb, 0, reported);
    /* What follows the message, or is too short for an attribute. */
    if (done < reported)
        proto_tree_add_item(tree, hf_stun_rest, tvb, done, reported - done, ENC_NA);
}

static void
stun_register(void)
{
    static hf_register_info hf[] = {
        { &hf_stun, { "STUN", "facetime.stun", FT_NONE, BASE_NONE,
            NULL, 0x0, "A STUN message of FaceTime's", HFILL } },
        { &hf_stun_alone, { "NAT Test [guess]", "facetime.stun.nat_test", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Nothing but this AllocBind is on its flow: the device wanted to know how it is seen from outside", HFILL } },
        { &hf_stun_prefix, { "Prefix", "facetime.stun.prefix", FT_UINT8, BASE_HEX,
            NULL, 0x0, "One byte 0x0f before the message: the internal form", HFILL } },
        { &hf_stun_type, { "Message Type", "facetime.stun.type", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Type of the STUN message: method and class", HFILL } },
        { &hf_stun_class, { "Class", "facetime.stun.class", FT_UINT16, BASE_HEX,
            VALS(stun_class_vals), 0x0, "Two bits of the message type: request, indication or answer", HFILL } },
        { &hf_stun_method, { "Method", "facetime.stun.method", FT_UINT16, BASE_HEX,
            VALS(stun_method_vals), 0x0, "The other twelve bits of the message type, put together", HFILL } },
        { &hf_stun_length, { "Message Length", "facetime.stun.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the attributes, where the stock dissector does not show the message", HFILL } },
        { &hf_stun_cookie, { "Cookie", "facetime.stun.cookie", FT_UINT32, BASE_HEX,
            NULL, 0x0, "Constant by which STUN is known, where the stock dissector does not show the message", HFILL } },
        { &hf_stun_transaction, { "Transaction ID", "facetime.stun.transaction", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Links request and answer, where the stock dissector does not show the message", HFILL } },
        { &hf_stun_integrity, { "Integrity", "facetime.stun.integrity", FT_UINT8, BASE_DEC,
            VALS(stun_integrity_vals), 0x0, "How the message ends; Apple's dialect has MESSAGE-INTEGRITY last", HFILL } },
        { &hf_stun_rest, { "Rest", "facetime.stun.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes after the message or too few for what should be there", HFILL } },
    };
    static int *ett[] = { &ett_stun, &ett_stun_type };
    static ei_register_info ei[] = {
        { &ei_stun_message_length, { "facetime.stun.bad_message_length", PI_MALFORMED, PI_ERROR,
            "Length of the message does not fit the datagram", EXPFILL } },
        { &ei_stun_error, { "facetime.stun.error_answer", PI_RESPONSE_CODE, PI_NOTE,
            "A STUN error", EXPFILL } },
        { &ei_stun_too_many, { "facetime.stun.too_many_attributes", PI_UNDECODED, PI_WARN,
            "More attributes than are shown here", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_stun_attributes_register();
    ft_exchange_register(&stun_exchange_fields, "facetime.stun");
}

static void
stun_handoff(void)
{
    stun_handle = find_dissector("stun-udp");
}

const ft_wire_t ft_wire_stun = {
    .kind = FT_KIND_STUN,
    .first_mask = 0xc0, .first_bits = 0x00,    /* RFC 8489, 5; Apple's prefix has them too */
    .register_fields = stun_register,
    .handoff = stun_handoff,
    .match = stun_match,
    .dissect = stun_dissect,
    .note = stun_note,
};
