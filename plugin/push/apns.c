/* apns.c
 * The push protocol between a device and Apple's couriers (Apple Push Notification Service): recognition, frames, and which
 * notification an acknowledgement belongs to. Not the HTTP/2 by which apps' servers send.
 *
 * Without keys a session is recognised by its names (floor names), and each of its packets gets an item "apns" with the reason. With a TLS
 * key log its frames are dissected:
 *
 *      0                   1                   2                   3
 *     +---------------+-----------------------------------------------+
 *     | command       | length of the items ...                       |
 *     +---------------+---------------+-------------------------------+
 *     | ... length    | item          | length of the value           |  items without padding
 *     +---------------+---------------+-------------------------------+
 *     | value ...                                                     |
 *     +---------------------------------------------------------------+
 *
 * All big-endian. The form is that of iOS 5 and later (mfrister/pushproxy and theiphonewiki.com, 2012; in Apple's apsd until
 * today); what iOS 3 and 4 spoke (commands 0 to 6) has no items and is shown as unknown. The application protocol
 * apns-pack-v1 writes the same commands and items in fewer bytes: apns_pack.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/dissectors/packet-tls.h>
#include <epan/proto_data.h>

#define APNS_HEAD_LEN       5
#define APNS_ITEM_HEAD_LEN  3

/* A courier accepts payloads of at most 65,535 bytes (the answer to a connect has the size in 16 bits), so a frame is far shorter than
 * this. Longer data is no frame. */
#define APNS_MAX_LENGTH     0x100000u

/* Items of a frame that are shown: a device that subscribes to all of a system's topics has some hundred. A crafted frame of the
 * greatest length has 350,000. */
#define APNS_MAX_ITEMS      4096

static int proto_apns_pack = -1;    /* only so that Decode As has a name for the packed form */
static expert_field ei_unknown_command = EI_INIT;
static expert_field ei_apns_many_items = EI_INIT;

static int hf_item = -1;
static int hf_evidence = -1;
static int hf_host = -1;
static int hf_command = -1;
static int hf_length = -1;
static int hf_item_id = -1;
static int hf_item_length = -1;
static int hf_rest = -1;
static int hf_ack_in = -1;
static int hf_ack_to = -1;
static int hf_ack_time = -1;
static int ett_apns = -1;
static int ett_item = -1;

static dissector_handle_t apns_handle, apns_pack_handle;

/* By the bits of ft_apns_evidence_t. */
static const value_string evidence_vals[] = {
    { FT_APNS_CERTIFICATE, "server certificate for *.push.apple.com" },
    { FT_APNS_SERVER_NAME, "server name *.push.apple.com" },
    { FT_APNS_ALPN, "application protocol apns" },
    { FT_APNS_NETWORK, "TCP 5223 in Apple's networks" },
    { FT_APNS_FRAMES, "frames of the push protocol" },
    { 0, NULL }
};

/* One direction's notification and its acknowledgement. File scope. */
typedef struct apns_link {
    uint32_t frame, ack_frame;  /* ack_frame 0: none so far */
    nstime_t when, ack_time;    /* absolute */
} apns_link_t;

/* A push session. File scope, data of its conversation; written on the first pass only. */
typedef struct apns_session {
    ft_endpoint_t first;            /* who sent the first frame that was seen */
    int8_t device;                  /* 0: first is the device, 1: the other side is, -1: not known */
    ft_apns_pack_table_t *tables[2];   /* of the packed form: of what first sent [0], of what the other side sent [1] */
    wmem_map_t *pending[2];         /* message ID + 1 -> apns_link_t, of first's notifications [0], of the other side's [1] */
} apns_session_t;

/* The link of a push frame. Key: number of the packet, and ordinal of the push frame in it. File scope. */
typedef struct apns_linked {
    uint64_t key;
    apns_link_t *link;
} apns_linked_t;

static wmem_map_t *linked;          /* key -> apns_linked_t; file scope */

/* ---- The session --------------------------------------------------------------------------- */

static apns_session_t *
session_get(packet_info *pinfo)
{
    conversation_t *conversation = ft_conversation(pinfo, !PINFO_FD_VISITED(pinfo));
    apns_session_t *session = conversation ? (apns_session_t *)conversation_get_proto_data(conversation, proto_apns) : NULL;

    if (session || !conversation || PINFO_FD_VISITED(pinfo))
        return session;
    session = wmem_new0(wmem_file_scope(), apns_session_t);
    ft_endpoint_copy(&session->first, &pinfo->src, (uint16_t)pinfo->srcport);
    session->device = -1;
    for (unsigned side = 0; side < 2; side++) {
        session->tables[side] = ft_apns_pack_new();
        session->pending[side] = wmem_map_new(wmem_file_scope(), ft_hash_id, g_direct_equal);
    }
    conversation_add_proto_data(conversation, proto_apns, session);
    return session;
}

static unsigned
session_side(const apns_session_t *session, const packet_info *pinfo)
{
    return session->first.port == pinfo->srcport && addresses_equal(&session->first.addr, &pinfo->src) ? 0 : 1;
}

/* The port of a courier: 5223, or 443 where that is closed; 2197 is documented for apps' servers (Apple). */
static bool
is_server_port(uint32_t port)
{
    return port == 5223 || port == 443 || port == 2197;
}

/* Who sends this frame? Some commands tell; else what the session told before; else the ports. */
static ft_apns_from_t
frame_from(apns_session_t *session, const packet_info *pinfo, uint8_t command)
{
    unsigned side = session ? session_side(session, pinfo) : 0;
    ft_apns_from_t from = APNS_FROM_ANY;

    switch (command) {
    case APNS_CONNECT: case APNS_KEEP_ALIVE: case 17: case 19: case 20: case 27:
        from = APNS_FROM_DEVICE;
        break;
    case APNS_CONNECT_ANSWER: case APNS_KEEP_ALIVE_ANSWER: case 14: case 18: case 23: case 30: case 33:
        from = APNS_FROM_SERVER;
        break;
    }
    if (from != APNS_FROM_ANY) {
        if (session && session->device < 0 && !PINFO_FD_VISITED(pinfo))
            session->device = (int8_t)(from == APNS_FROM_DEVICE ? side : 1 - side);
        return from;
    }
    if (session && session->device >= 0)
        return (unsigned)session->device == side ? APNS_FROM_DEVICE : APNS_FROM_SERVER;
    if (is_server_port(pinfo->destport) != is_server_port(pinfo->srcport))
        return is_server_port(pinfo->destport) ? APNS_FROM_DEVICE : APNS_FROM_SERVER;
    return APNS_FROM_ANY;
}

/* The ordinal of this push frame in its packet. The same on every pass. */
static unsigned
frame_ordinal(packet_info *pinfo)
{
    unsigned *count = (unsigned *)p_get_proto_data(pinfo->pool, pinfo, proto_apns, 0);

    if (!count) {
        count = wmem_new0(pinfo->pool, unsigned);
        p_add_proto_data(pinfo->pool, pinfo, proto_apns, 0, count);
    }
    return (*count)++;
}

/* ---- A notification and its acknowledgement ------------------------------------------------- */

static void
link_keep(uint64_t key, apns_link_t *link)
{
    apns_linked_t *one = wmem_new(wmem_file_scope(), apns_linked_t);

    one->key = key;
    one->link = link;
    wmem_map_insert(linked, &one->key, one);
}

/* First pass: keeps a notification, or finds that of an acknowledgement. Servers reuse the ID 0: the latest notification that is not
 * acknowledged is meant. */
static void
link_find(apns_session_t *session, const packet_info *pinfo, uint8_t command, uint32_t id, uint64_t key)
{
    unsigned side = session_side(session, pinfo);
    void *id_key = GUINT_TO_POINTER(id + 1);
    apns_link_t *link;

    if (command == APNS_NOTIFICATION) {
        if (!ft_limit_take(FT_LIMIT_PUSH_LINKS, &pinfo->abs_ts))
            return;
        link = wmem_new0(wmem_file_scope(), apns_link_t);
        link->frame = pinfo->num;
        link->when = *ft_frame_time(pinfo);
        wmem_map_insert(session->pending[side], id_key, link);
        link_keep(key, link);
    } else {
        link = (apns_link_t *)wmem_map_remove(session->pending[1 - side], id_key);
        if (!link)
            return;
        link->ack_frame = pinfo->num;
        link->ack_time = *ft_frame_time(pinfo);
        link_keep(key, link);
    }
}

static void
link_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint8_t command, uint64_t key)
{
    const apns_linked_t *one = (const apns_linked_t *)wmem_map_lookup(linked, &key);
    const apns_link_t *link = one ? one->link : NULL;
    nstime_t took;

    (void)pinfo;
    if (!link || !link->ack_frame)
        return;
    if (command == APNS_NOTIFICATION) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_ack_in, tvb, 0, 0, link->ack_frame));
        return;
    }
    nstime_delta(&took, &link->ack_time, &link->when);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_ack_to, tvb, 0, 0, link->frame));
    proto_item_set_generated(proto_tree_add_time(tree, hf_ack_time, tvb, 0, 0, &took));
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* What all frames end with: the column, and the frames that belong together. */
static void
frame_finish(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, apns_session_t *session, uint8_t command,
             unsigned ordinal, const ft_apns_facts_t *facts)
{
    const char *name = val_to_str_const(command, ft_apns_command_vals, "Unknown Command");
    uint64_t key = (uint64_t)pinfo->num << 32 | ordinal;

    proto_item_append_text(item, ", %s", name);
    col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", name);
    if (facts->n_topics == 1 && facts->topic) {
        proto_item_append_text(item, ", %s", facts->topic);
        col_append_fstr(pinfo->cinfo, COL_INFO, " %s", facts->topic);
    } else if (facts->n_topics > 1) {
        col_append_fstr(pinfo->cinfo, COL_INFO, " (%u topics)", facts->n_topics);
    }
    if (!facts->has_id || (command != APNS_NOTIFICATION && command != APNS_ACKNOWLEDGE))
        return;
    col_append_fstr(pinfo->cinfo, COL_INFO, " 0x%08x", facts->id);
    if (session && !PINFO_FD_VISITED(pinfo))
        link_find(session, pinfo, command, facts->id, key);
    link_show(tvb, pinfo, tree, command, key);
}

static proto_tree *
frame_tree(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_item **item)
{
    *item = proto_tree_add_item(root, proto_apns, tvb, 0, -1, ENC_NA);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "APNs");
    return proto_item_add_subtree(*item, ett_apns);
}

/* The items of a frame that fills tvb. */
static void
frame_items(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, uint8_t command, ft_apns_from_t from, int end,
            ft_apns_facts_t *facts)
{
    int at = APNS_HEAD_LEN;

    for (unsigned n = 0; at < end; n++) {
        uint8_t id;
        int len;
        proto_item *item_item;
        proto_tree *item_tree;

        if (n >= APNS_MAX_ITEMS) {
            expert_add_info(pinfo, item, &ei_apns_many_items);
            proto_tree_add_item(tree, hf_rest, tvb, at, end - at, ENC_NA);
            return;
        }
        if (end - at < APNS_ITEM_HEAD_LEN) {
            expert_add_info_format(pinfo, item, &ft_ei_apns_bad_length, "%d bytes are left, an item has at least three", end - at);
            proto_tree_add_item(tree, hf_rest, tvb, at, end - at, ENC_NA);
            return;
        }
        id = ft_tvb_get_u8(tvb, at);
        len = tvb_get_ntohs(tvb, at + 1);
        item_tree = ft_subtree(tree, hf_item, tvb, at, APNS_ITEM_HEAD_LEN, ett_item, &item_item, "Item %u", id);
        proto_tree_add_item(item_tree, hf_item_id, tvb, at, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(item_tree, hf_item_length, tvb, at + 1, 2, ENC_BIG_ENDIAN);
        if (at + APNS_ITEM_HEAD_LEN + len > end) {
            expert_add_info_format(pinfo, item_item, &ft_ei_apns_bad_length, "The item says %d bytes, %d are left", len,
                                   end - at - APNS_ITEM_HEAD_LEN);
            if (end - at > APNS_ITEM_HEAD_LEN)
                proto_tree_add_item(tree, hf_rest, tvb, at + APNS_ITEM_HEAD_LEN, end - at - APNS_ITEM_HEAD_LEN, ENC_NA);
            return;
        }
        ft_apns_item_show(tvb, pinfo, item_tree, item_item, at + APNS_ITEM_HEAD_LEN, len, command, id, from, facts);
        at += APNS_ITEM_HEAD_LEN + len;
    }
}

static int
dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, void *data _U_)
{
    apns_session_t *session = session_get(pinfo);
    ft_apns_facts_t facts = { false, 0, NULL, 0 };
    unsigned ordinal = frame_ordinal(pinfo);
    proto_item *item, *command_item;
    proto_tree *tree = frame_tree(tvb, pinfo, root, &item);
    int end = (int)tvb_reported_length(tvb);
    uint8_t command;
    uint32_t length;

    command = ft_tvb_get_u8(tvb, 0);
    command_item = proto_tree_add_item(tree, hf_command, tvb, 0, 1, ENC_BIG_ENDIAN);
    if (end < APNS_HEAD_LEN) {
        expert_add_info_format(pinfo, item, &ft_ei_apns_bad_length, "A frame has at least five bytes");
        return end;
    }
    length = tvb_get_ntohl(tvb, 1);
    proto_tree_add_item(tree, hf_length, tvb, 1, 4, ENC_BIG_ENDIAN);
    if (length > APNS_MAX_LENGTH) {
        expert_add_info_format(pinfo, item, &ft_ei_apns_bad_length, "No frame has %u bytes", length);
        if (end > APNS_HEAD_LEN)
            proto_tree_add_item(tree, hf_rest, tvb, APNS_HEAD_LEN, end - APNS_HEAD_LEN, ENC_NA);
        return end;
    }
    if (!ft_apns_command_known(command)) {
        expert_add_info(pinfo, command_item, &ei_unknown_command);
        if (end > APNS_HEAD_LEN)
            proto_tree_add_item(tree, hf_rest, tvb, APNS_HEAD_LEN, end - APNS_HEAD_LEN, ENC_NA);
    } else {
        frame_items(tvb, pinfo, tree, item, command, frame_from(session, pinfo, command), end, &facts);
    }
    frame_finish(tvb, pinfo, tree, item, session, command, ordinal, &facts);
    return end;
}

/* Bytes of the frame at `at`. One that cannot be a frame takes the rest: nothing is waited for. */
static unsigned
frame_length(packet_info *pinfo _U_, tvbuff_t *tvb, int at, void *data _U_)
{
    uint32_t length = tvb_get_ntohl(tvb, at + 1);

    if (length > APNS_MAX_LENGTH)
        return (unsigned)MAX(tvb_reported_length_remaining(tvb, at), APNS_HEAD_LEN);
    return APNS_HEAD_LEN + length;
}

static int
dissect_apns(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    (void)ft_service_push(pinfo, FT_APNS_FRAMES);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "APNs");
    col_clear(pinfo->cinfo, COL_INFO);
    tcp_dissect_pdus(tvb, pinfo, tree, true, APNS_HEAD_LEN, frame_length, dissect_frame, NULL);
    return (int)tvb_captured_length(tvb);
}

/* ---- The packed form -------------------------------------------------------------------------- */

/* The side's tables, of the size that the application protocol says; who sends may not be known: then the larger one, which resolves no reference
 * wrongly, as indices count from the newest entry. */
static ft_apns_pack_table_t *
pack_table(const apns_session_t *session, packet_info *pinfo, ft_apns_from_t from)
{
    ft_apns_pack_table_t *table = session ? session->tables[session_side(session, pinfo)] : NULL;
    const ft_service_t *service = ft_service_of(pinfo);
    unsigned sizes[2];

    if (table && !PINFO_FD_VISITED(pinfo)) {
        ft_apns_pack_sizes(service ? service->protocol : "", sizes);
        ft_apns_pack_set_size(table, from == APNS_FROM_DEVICE ? sizes[0] : from == APNS_FROM_SERVER ? sizes[1] : MAX(sizes[0], sizes[1]));
    }
    return table;
}

static void
dissect_pack_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root)
{
    apns_session_t *session = session_get(pinfo);
    ft_apns_from_t from;
    ft_apns_facts_t facts = { false, 0, NULL, 0 };
    unsigned ordinal = frame_ordinal(pinfo);
    proto_item *item;
    proto_tree *tree = frame_tree(tvb, pinfo, root, &item);
    uint8_t command = ft_tvb_get_u8(tvb, 0);

    proto_item_append_text(item, " (packed)");
    proto_tree_add_item(tree, hf_command, tvb, 0, 1, ENC_BIG_ENDIAN);
    from = frame_from(session, pinfo, command);
    ft_apns_pack_show(tvb, pinfo, tree, pack_table(session, pinfo, from), ordinal, from, &facts);
    frame_finish(tvb, pinfo, tree, item, session, command, ordinal, &facts);
}

/* The length of a packed frame has no fixed size, so tcp_dissect_pdus() cannot read it: it wants a head of known length. */
static int
dissect_apns_pack(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    int at = 0, end = (int)tvb_captured_length(tvb);

    (void)ft_service_push(pinfo, FT_APNS_FRAMES);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "APNs");
    col_clear(pinfo->cinfo, COL_INFO);
    while (at < end) {
        int64_t length = ft_apns_pack_length(tvb, at);

        if (length < 0 || length > APNS_MAX_LENGTH) {
            proto_item *item;
            proto_tree *sub = frame_tree(tvb_new_subset_remaining(tvb, at), pinfo, tree, &item);
            apns_session_t *session = PINFO_FD_VISITED(pinfo) ? NULL : session_get(pinfo);

            if (session)
                ft_apns_pack_lose(session->tables[session_side(session, pinfo)], pinfo->num);
            proto_item_append_text(item, " (packed), [unknown]");
            expert_add_info(pinfo, item, &ei_unknown_command);
            proto_tree_add_item(sub, hf_rest, tvb, at, end - at, ENC_NA);
            return end;
        }
        if (length == 0 || length > end - at) {
            if (!pinfo->can_desegment) {
                dissect_pack_frame(tvb_new_subset_remaining(tvb, at), pinfo, tree);
                return end;
            }
            pinfo->desegment_offset = at;
            pinfo->desegment_len = length == 0 ? DESEGMENT_ONE_MORE_SEGMENT : (unsigned)(length - (end - at));
            return end;
        }
        dissect_pack_frame(tvb_new_subset_length(tvb, at, (int)length), pinfo, tree);
        at += (int)length;
    }
    return end;
}

/* ---- Ways in ------------------------------------------------------------------------------------ */

/* Decrypted data of a TLS session without an application protocol. */
static bool
frame_match(tvbuff_t *tvb, packet_info *pinfo)
{
    unsigned captured = tvb_captured_length(tvb), at = APNS_HEAD_LEN, end, n = 0;
    const ft_service_t *service;
    uint8_t command;
    uint32_t length;

    if (captured < APNS_HEAD_LEN)
        return false;
    /* 1. A known command and 2. a length that a frame can have: avoids HTTP and XMPP, whose first byte is a letter or '<'. */
    command = ft_tvb_get_u8(tvb, 0);
    length = tvb_get_ntohl(tvb, 1);
    if (!ft_apns_command_known(command) || length > APNS_MAX_LENGTH)
        return false;
    /* 3. The items parse to the end of the frame, or of what is there; those whose length is known have it: avoids binary
     *    protocols with a type and a length. */
    end = APNS_HEAD_LEN + length;
    while (at + APNS_ITEM_HEAD_LEN <= MIN(end, captured)) {
        unsigned len = tvb_get_ntohs(tvb, (int)at + 1);

        if (!ft_apns_item_plausible(command, ft_tvb_get_u8(tvb, (int)at), len))
            return false;
        at += APNS_ITEM_HEAD_LEN + len;
        if (at > end)
            return false;
        n++;
    }
    if (at < end && end <= captured)
        return false;
    /* 4. The session has a name of the push, or begins with a connect that has the items of one: avoids the rest. */
    service = ft_service_of(pinfo);
    if (service && service->role == FT_ROLE_PUSH)
        return true;
    return (command == APNS_CONNECT || command == APNS_CONNECT_ANSWER) && n >= 2;
}

static ft_heur_result_t
dissect_apns_heur(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const ft_service_t *service = ft_service_of(pinfo);
    bool packed = service && service->packed;

    if (packed ? tvb_captured_length(tvb) < 2 || !ft_apns_command_known(ft_tvb_get_u8(tvb, 0)) || ft_apns_pack_length(tvb, 0) < 0
               : !frame_match(tvb, pinfo))
        return false;
    ft_tls_set_app_handle(data, packed ? apns_pack_handle : apns_handle);
    (void)(packed ? dissect_apns_pack(tvb, pinfo, tree, NULL) : dissect_apns(tvb, pinfo, tree, NULL));
    return true;
}

/* Evidence that is shown to the user as push. Address and port alone are not shown: nothing in the packets confirms them. They only
 * help to complete a call. */
#define APNS_SHOWN (~FT_APNS_BY(FT_APNS_NETWORK))

void
ft_apns_show(tvbuff_t *tvb, packet_info *pinfo _U_, proto_tree *root, const ft_service_t *service)
{
    proto_item *item;
    proto_tree *tree;

    if (!(service->evidence & APNS_SHOWN))
        return;
    item = proto_tree_add_protocol_format(root, proto_apns, tvb, 0, 0, "Apple Push Notification Service%s%s",
                                          service->name ? ": " : "", service->name ? service->name : "");
    tree = proto_item_add_subtree(item, ett_apns);
    proto_item_set_generated(item);
    if (service->name)
        proto_item_set_generated(proto_tree_add_string(tree, hf_host, tvb, 0, 0, service->name));
    for (unsigned bit = 0; bit < FT_APNS_EVIDENCE_COUNT; bit++) {
        if (service->evidence & FT_APNS_BY(bit))
            proto_item_set_generated(proto_tree_add_uint(tree, hf_evidence, tvb, 0, 0, bit));
    }
}

void
ft_apns_init(void)
{
    linked = wmem_map_new(wmem_file_scope(), ft_hash_uint64, g_int64_equal);
}

void
ft_apns_handoff(void)
{
    /* The names that couriers choose: in public code, and in logs of networks that watch TLS (Zeek). */
    static const char *const plain[] = { "apns-security-v2", "apns-security-v3" };
    static const char *const packed[] = { "apns-pack-v1", "apns-pack-v1:4096:4096" };

    ft_apns_items_handoff();
    ft_apns_payload_handoff();
    for (unsigned i = 0; i < array_length(plain); i++)
        dissector_add_string("tls.alpn", plain[i], apns_handle);
    for (unsigned i = 0; i < array_length(packed); i++)
        dissector_add_string("tls.alpn", packed[i], apns_pack_handle);
    heur_dissector_add("tls", dissect_apns_heur, "Apple Push over TLS", "apns_tls", proto_apns, HEURISTIC_ENABLE);
    dissector_add_for_decode_as("tls.port", apns_handle);
    dissector_add_for_decode_as("tls.port", apns_pack_handle);
    /* Without TLS, behind an analyst's proxy. */
    dissector_add_for_decode_as("tcp.port", apns_handle);
    dissector_add_for_decode_as("tcp.port", apns_pack_handle);
}

void
ft_apns_register(void)
{
    static hf_register_info hf[] = {
        { &hf_item, { "Item", "apns.item", FT_NONE, BASE_NONE,
            NULL, 0x0, "An item of the frame", HFILL } },
        { &hf_evidence, { "Evidence", "apns.evidence", FT_UINT8, BASE_DEC,
            VALS(evidence_vals), 0x0, "Why this conversation is taken for push", HFILL } },
        { &hf_host, { "Host", "apns.host", FT_STRING, BASE_NONE,
            NULL, 0x0, "Name of the courier as TLS shows it", HFILL } },
        { &hf_command, { "Command", "apns.command", FT_UINT8, BASE_DEC,
            VALS(ft_apns_command_vals), 0x0, "What the frame is", HFILL } },
        { &hf_length, { "Length", "apns.length", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes of the frame's items", HFILL } },
        { &hf_item_id, { "Item", "apns.item.id", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Number of the item; what it means depends on the command", HFILL } },
        { &hf_item_length, { "Length", "apns.item.length", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bytes of the item's value", HFILL } },
        { &hf_rest, { "Rest", "apns.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes that are no item, or of a command that is not known", HFILL } },
        { &hf_ack_in, { "Acknowledged in", "apns.ack_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0x0, "The notification is acknowledged in this frame", HFILL } },
        { &hf_ack_to, { "Acknowledges", "apns.ack_to", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0x0, "The notification that this acknowledges is in this frame", HFILL } },
        { &hf_ack_time, { "Time", "apns.ack_time", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0x0, "From the notification to its acknowledgement", HFILL } },
    };
    static int *ett[] = { &ett_apns, &ett_item };
    static ei_register_info ei[] = {
        { &ei_unknown_command, { "apns.unknown_command", PI_UNDECODED, PI_WARN,
            "Command that is not known, or no frame", EXPFILL } },
        { &ei_apns_many_items, { "apns.many_items", PI_UNDECODED, PI_WARN,
            "The frame has more items than are shown", EXPFILL } },
    };

    ft_apns_protocol_register();
    proto_apns_pack = proto_register_protocol_in_name_only("Apple Push Notification Service, packed", "APNs packed", "apns_pack",
                                                           proto_apns, FT_PROTOCOL);
    proto_register_field_array(proto_apns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_apns_expert, ei, array_length(ei));
    ft_apns_topics_register();
    ft_apns_items_register();
    ft_apns_payload_register();
    ft_apns_pack_register();
    apns_handle = register_dissector("apns", dissect_apns, proto_apns);
    apns_pack_handle = register_dissector_with_description("apns_pack", "APNs, packed form", dissect_apns_pack, proto_apns_pack);
}
