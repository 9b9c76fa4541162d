/* apns_pack.c
 * The packed form of the push protocol (application protocol apns-pack-v1, iOS 10 and later): the same commands and items in
 * fewer bytes, with tables of what was sent before, as HTTP/2's header compression has them.
 *
 *     frame      command (1 byte), length of the rest (number of 8 bits), items
 *     number     of n bits: the low n bits of a byte; if they are all ones, 7 bits a byte follow, the lowest first, the top
 *     of n bits  bit says that more follow, and 2^n - 1 is added
 *     item       a byte of flags and key, then a value
 *                    80  the value is in the table: its index follows, a number of 8 bits
 *                    40  the value follows and enters the table
 *                    20  the key is in the table: the low five bits are its index
 *                    10  the key follows and enters the table: its length less one is a number of 4 bits
 *                    else the low four bits are the key
 *     value      00-3f  data: length as a number of 6 bits, bytes
 *                40-7f  text: length as a number of 5 bits, bytes
 *                80-9f  a whole number of 5 bits
 *                a0-bf  a whole number of 1 to 8 bytes (low three bits: bytes less one; 08: negative), big-endian
 *                e0-ff  true or false
 *                c0-cf  a dictionary: how many as a number of 4 bits, so many items of the same form, whose keys are texts
 *                d0-df  an array: how many as a number of 4 bits, so many values
 *     tables     index 0 is the newest entry; 32 keys; values until their lengths and 32 bytes each make the size that the
 *                application protocol names: apns-pack-v1:A:B, A for what the device sends, B for what the server sends; without it 4,096
 *
 * The items of a dictionary use the same two tables as those of the frame, in the order of the bytes.
 *
 * Source: CourierPacked.kt (package dev.fenn.imessage.courier) and OpenBubbles rustpush (src/aps.rs, containers and sizes), public code that speaks it
 * to Apple's couriers, and the names of Apple's APNSPackEncoder in public decompilations. No capture
 * of it was at hand: all of it is [public code], nothing is measured. What does not fit is shown as unknown, never as malformed.
 *
 * Each direction has its tables. They are filled on the first pass, in the order of the capture; what an item of a frame
 * referred to is kept for later passes. Indices count from the newest entry, so what is older than an entry that was not read does no harm to
 * those after it. Where something of a direction cannot be read, its tables are emptied, and a reference to what was there says so instead of
 * naming something else: so after a part of unknown form, one that was cut off, and a value whose place in Apple's table is not known (a container,
 * or a value longer than the table).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

#include <epan/proto_data.h>

#define PACK_MAX_KEYS       32
#define PACK_ENTRY_BYTES    32
/* Sizes of the table of values, in bytes: without one in the application protocol; the largest that is followed (a larger one only means that
 * references to older values are not resolved). */
#define PACK_TABLE_BYTES    4096
#define PACK_TABLE_LIMIT    65536
/* Bytes of a key that is kept; Apple's have up to some 30. */
#define PACK_MAX_KEY        64
/* Containers in containers. */
#define PACK_MAX_DEPTH      16

/* Items of a frame that are shown: see apns.c. */
#define PACK_MAX_ITEMS      4096
/* Bytes that the references of a packet may show together: a reference has two bytes, its value may be a payload of 4 kB. */
#define PACK_MAX_REFERRED   65536
/* Key of those bytes among the packet's protocol data; apns.c has 0. */
#define PACK_REFERRED       1

/* Values: the first byte of each kind. */
#define PACK_TEXT           0x40
#define PACK_SMALL_NUMBER   0x80
#define PACK_NUMBER         0xa0
#define PACK_DICTIONARY     0xc0
#define PACK_ARRAY          0xd0
#define PACK_BOOLEAN        0xe0
#define PACK_IS_CONTAINER(tag) ((tag) >= PACK_DICTIONARY && (tag) < PACK_BOOLEAN)

/* In ft_apns_pack_sizes(): the prefix and the separator of the application protocol. */
#define PACK_ALPN           "apns-pack-v1:"

static int hf_item = -1;
static int hf_length = -1;
static int hf_table = -1;
static int hf_flags = -1;
static int hf_flag_value = -1;
static int hf_flag_new_value = -1;
static int hf_flag_key = -1;
static int hf_flag_new_key = -1;
static int hf_key = -1;
static int hf_dictionary = -1;
static int hf_array = -1;
static int hf_data = -1;
static int hf_text = -1;
static int hf_number = -1;
static int hf_boolean = -1;
static int hf_lost = -1;
static int hf_unknown = -1;
static int ett_pack_item = -1;
static expert_field ei_unknown = EI_INIT;
static expert_field ei_unresolved = EI_INIT;
static expert_field ei_out_of_step = EI_INIT;
static expert_field ei_many = EI_INIT;

/* A key or a value as it was sent. File scope. */
typedef struct pack_value {
    const uint8_t *bytes;       /* NULL: not kept */
    uint32_t len;
} pack_value_t;

/* What one side sent so far. File scope; written on the first pass only. The oldest entry is first. */
struct ft_apns_pack_table {
    pack_value_t keys[PACK_MAX_KEYS];
    unsigned n_keys;
    pack_value_t *values;
    unsigned n_values, room;    /* room: entries that `values` has place for */
    unsigned bytes;             /* of all values, with 32 for each */
    unsigned max_bytes;         /* of those that are kept; 0: not known so far */
    uint32_t lost_frame;        /* in which the tables were emptied last, because something could not be read; 0: never */
};

/* What the items of a frame referred to. File scope. */
typedef struct pack_frame {
    uint64_t key;               /* frame of the capture, and how manieth push frame of it */
    wmem_array_t *items;        /* pack_item_t, in the frame's order, those of dictionaries where they stand */
    unsigned table;             /* bytes of the side's table of values */
} pack_frame_t;

typedef struct pack_item {
    int id;                     /* a key of one byte; -1: not known, or longer */
    pack_value_t key;           /* the key's bytes; NULL: it is not known, or no more than a number of 4 bits */
    pack_value_t value;         /* of a reference; bytes NULL: none, or not known */
    uint32_t lost_frame;        /* of the table, when the item was read */
} pack_item_t;

/* A frame that is being read and shown. */
typedef struct pack_walk {
    tvbuff_t *tvb;              /* the frame */
    packet_info *pinfo;
    ft_apns_pack_table_t *table; /* NULL: none is kept, or on a later pass */
    pack_frame_t *frame;        /* NULL: its items are not kept */
    unsigned n_items;           /* items so far: the place in frame->items */
    unsigned n_shown;           /* items and values so far */
    int bad_at;                 /* where what cannot be read begins */
    bool many;                  /* it is too much, and of no unknown form */
    uint8_t command;
    ft_apns_from_t from;
    ft_apns_facts_t *facts;
} pack_walk_t;

static wmem_map_t *frames;      /* key -> pack_frame_t; file scope, emptied with each file */

ft_apns_pack_table_t *
ft_apns_pack_new(void)
{
    return wmem_new0(wmem_file_scope(), ft_apns_pack_table_t);
}

void
ft_apns_pack_sizes(const char *protocol, unsigned sizes[2])
{
    const char *at = g_str_has_prefix(protocol, PACK_ALPN) ? protocol + strlen(PACK_ALPN) : NULL;
    char *end;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t size = at ? g_ascii_strtoull(at, &end, 10) : 0;

        sizes[i] = PACK_TABLE_BYTES;
        if (at && end > at && *at != '-')
            sizes[i] = (unsigned)MIN(size, PACK_TABLE_LIMIT);
        at = at && end > at && *end == ':' ? end + 1 : NULL;
    }
}

void
ft_apns_pack_set_size(ft_apns_pack_table_t *table, unsigned bytes)
{
    if (!table->max_bytes)
        table->max_bytes = bytes;
}

void
ft_apns_pack_lose(ft_apns_pack_table_t *table, uint32_t frame)
{
    table->n_keys = table->n_values = table->bytes = 0;
    table->lost_frame = frame;
}

/* Reads a number of `width` bits that begins at *at. False if it is not all there, or no number that a frame can have. */
static bool
pack_number(tvbuff_t *tvb, int *at, unsigned width, uint32_t *number)
{
    return ft_prefixed_number(tvb, at, (int)tvb_captured_length(tvb), width, number);
}

int64_t
ft_apns_pack_length(tvbuff_t *tvb, int at)
{
    int start = at;
    uint32_t length;

    at++;
    if (!pack_number(tvb, &at, 8, &length))
        return tvb_captured_length_remaining(tvb, start) >= 6 ? -1 : 0;
    return (int64_t)(at - start) + length;
}

/* Bytes of the value at `at`; 0: it is not all there, or of an unknown kind. */
static int
pack_value_len(tvbuff_t *tvb, int at)
{
    int start = at, end = (int)tvb_captured_length(tvb);
    uint32_t len;
    uint8_t tag;

    if (at >= end)
        return 0;
    tag = ft_tvb_get_u8(tvb, at);
    if (tag < 0x80) {
        if (!pack_number(tvb, &at, tag < 0x40 ? 6 : 5, &len) || len > (uint32_t)(end - at))
            return 0;
        return at - start + (int)len;
    }
    if (tag < 0xa0)
        return 1;
    if (tag < 0xc0)
        return 2 + (tag & 0x7) <= end - at ? 2 + (tag & 0x7) : 0;
    if (tag < 0xe0)
        return 0;
    return pack_number(tvb, &at, 4, &len) ? at - start : 0;
}

/* The value that fills `value`, which is no container: what it is, and where its contents are. */
static void
pack_decode(tvbuff_t *value, ft_bplist_value_t *out)
{
    uint8_t tag = ft_tvb_get_u8(value, 0);
    uint64_t number = 0;
    uint32_t len = 0;
    int at = 0;

    memset(out, 0, sizeof *out);
    out->length = (int)tvb_captured_length(value);
    if (tag < PACK_SMALL_NUMBER) {
        (void)pack_number(value, &at, tag < PACK_TEXT ? 6 : 5, &len);
        out->type = tag < PACK_TEXT ? FT_BPLIST_DATA : FT_BPLIST_STRING;
        out->count = len;
    } else if (tag < PACK_NUMBER) {
        number = tag & 0x1f;
        out->type = FT_BPLIST_INTEGER;
    } else if (tag < PACK_DICTIONARY) {
        for (int i = 0; i <= (tag & 0x7); i++)
            number = number << 8 | ft_tvb_get_u8(value, 1 + i);
        if (tag & 0x8)
            number = 0 - number;
        out->type = FT_BPLIST_INTEGER;
    } else {
        (void)pack_number(value, &at, 4, &len);
        number = len != 0;
        out->type = FT_BPLIST_BOOLEAN;
    }
    out->number = (int64_t)number;
    out->content = at;
}

/* Shows the value that fills `value` as that of an item of the frame: at_item to at_item + len_item. */
static void
pack_show_value(pack_walk_t *walk, proto_tree *tree, proto_item *head, int at_item, int len_item, tvbuff_t *value, int id)
{
    ft_bplist_value_t is;

    pack_decode(value, &is);
    if (is.type == FT_BPLIST_DATA || is.type == FT_BPLIST_STRING)
        ft_apns_item_show(value, walk->pinfo, tree, head, is.content, (int)is.count, walk->command, (uint8_t)id, walk->from, walk->facts);
    else
        ft_apns_item_show_number(walk->tvb, walk->pinfo, tree, head, at_item, len_item, walk->command, (uint8_t)id, walk->from, (uint64_t)is.number,
                                 walk->facts);
}

/* Shows the value that fills `value` as one of a dictionary (key: UTF-8) or an array (NULL). */
static void
pack_show_inner(pack_walk_t *walk, proto_tree *tree, proto_item *head, tvbuff_t *value, const char *key)
{
    ft_bplist_value_t is;

    pack_decode(value, &is);
    is.key = key;
    switch (is.type) {
    case FT_BPLIST_DATA:
        proto_item_append_text(head, ", %" PRIu64 " bytes", is.count);
        proto_tree_add_item(tree, hf_data, value, is.content, (int)is.count, ENC_NA);
        break;
    case FT_BPLIST_STRING:
        is.string = ft_tvb_text(walk->pinfo->pool, value, is.content, (int)is.count);
        proto_item_append_text(head, ": %s", is.string);
        proto_tree_add_string(tree, hf_text, value, is.content, (int)is.count, is.string);
        break;
    case FT_BPLIST_BOOLEAN:
        proto_item_append_text(head, ": %s", is.number ? "true" : "false");
        proto_tree_add_boolean(tree, hf_boolean, value, 0, is.length, (uint32_t)is.number);
        break;
    default:
        proto_item_append_text(head, ": %" PRId64, is.number);
        proto_tree_add_int64(tree, hf_number, value, 0, is.length, is.number);
        break;
    }
    if (key)
        ft_apns_payload_value(&is, value, tree);
}

static void
pack_add_key(const packet_info *pinfo, ft_apns_pack_table_t *table, tvbuff_t *tvb, int at, uint32_t len)
{
    pack_value_t *key;

    if (table->n_keys >= PACK_MAX_KEYS)
        memmove(table->keys, table->keys + 1, --table->n_keys * sizeof table->keys[0]);
    key = &table->keys[table->n_keys++];
    key->bytes = NULL;
    key->len = len;
    /* A key without bytes keeps the places of the others, and references to it are not resolved. */
    if (len <= PACK_MAX_KEY && ft_limit_take_some(FT_LIMIT_PUSH_BYTES, len, &pinfo->abs_ts))
        key->bytes = (const uint8_t *)tvb_memdup(wmem_file_scope(), tvb, at, len);
}

static void
pack_add_value(const packet_info *pinfo, ft_apns_pack_table_t *table, tvbuff_t *tvb, int at, int len)
{
    unsigned gone = 0, max = table->max_bytes ? table->max_bytes : PACK_TABLE_BYTES;

    /* Public code keeps the others beside a value that is longer than the table, HTTP/2 would drop them: which of them Apple has is not known. */
    if ((unsigned)len + PACK_ENTRY_BYTES > max) {
        ft_apns_pack_lose(table, pinfo->num);
        return;
    }
    table->bytes += (unsigned)len + PACK_ENTRY_BYTES;
    while (table->bytes > max && gone < table->n_values)
        table->bytes -= table->values[gone++].len + PACK_ENTRY_BYTES;
    table->n_values -= gone;
    /* Not for a table that never had a value: there is no array yet. */
    if (gone > 0)
        memmove(table->values, table->values + gone, table->n_values * sizeof table->values[0]);
    if (table->n_values >= table->room) {
        unsigned more = MAX(table->room, 16u);

        if (!ft_limit_take_some(FT_LIMIT_PUSH_BYTES, more * (uint32_t)sizeof table->values[0], &pinfo->abs_ts)) {
            ft_apns_pack_lose(table, pinfo->num);
            return;
        }
        table->room += more;
        table->values = (pack_value_t *)wmem_realloc(wmem_file_scope(), table->values, table->room * sizeof table->values[0]);
    }
    /* As with keys. */
    table->values[table->n_values].bytes = NULL;
    if (ft_limit_take_some(FT_LIMIT_PUSH_BYTES, (uint32_t)len, &pinfo->abs_ts))
        table->values[table->n_values].bytes = (const uint8_t *)tvb_memdup(wmem_file_scope(), tvb, at, (size_t)len);
    table->values[table->n_values].len = (uint32_t)len;
    table->n_values++;
}

/* Key and reference of the item at *at, and, where there is a table, what it adds to the keys. Moves *at behind the head and, of a reference, the
 * index. False: what follows cannot be read. */
static bool
pack_read(const pack_walk_t *walk, int *at, pack_item_t *item, bool *reference)
{
    ft_apns_pack_table_t *table = walk->table;
    uint8_t flags = ft_tvb_get_u8(walk->tvb, *at);
    uint32_t number;

    *item = (pack_item_t){ .id = -1, .lost_frame = table ? table->lost_frame : 0 };
    *reference = (flags & 0x80) != 0;
    if (flags & 0x20) {
        unsigned from_end = flags & 0x1fu;

        (*at)++;
        if (table && from_end < table->n_keys)
            item->key = table->keys[table->n_keys - 1 - from_end];
    } else if (flags & 0x10) {
        if (!pack_number(walk->tvb, at, 4, &number) || number >= (uint32_t)tvb_captured_length_remaining(walk->tvb, *at))
            return false;
        item->key.bytes = tvb_get_ptr(walk->tvb, *at, (int)number + 1);
        item->key.len = number + 1;
        if (table) {
            pack_add_key(walk->pinfo, table, walk->tvb, *at, number + 1);
            item->key = table->keys[table->n_keys - 1];
        }
        *at += (int)number + 1;
    } else {
        (*at)++;
        item->id = flags & 0xf;
    }
    if (item->key.bytes && item->key.len == 1)
        item->id = item->key.bytes[0];
    if (*reference) {
        if (!pack_number(walk->tvb, at, 8, &number))
            return false;
        if (table && number < table->n_values)
            item->value = table->values[table->n_values - 1 - number];
    }
    return true;
}

/* The same on any pass: on a later one what the item referred to on the first. */
static bool
pack_next(pack_walk_t *walk, int *at, pack_item_t *item, bool *reference)
{
    unsigned place = walk->n_items++;

    if (!pack_read(walk, at, item, reference))
        return false;
    if (!PINFO_FD_VISITED(walk->pinfo)) {
        pack_item_t kept = *item;

        /* A key of the packet itself does not live as long. */
        if (!walk->table)
            kept.key.bytes = NULL;
        if (walk->frame && ft_limit_take_some(FT_LIMIT_PUSH_BYTES, sizeof kept, &walk->pinfo->abs_ts))
            wmem_array_append_one(walk->frame->items, kept);
    } else if (walk->frame && place < wmem_array_get_count(walk->frame->items)) {
        pack_value_t key = item->key;

        *item = *(const pack_item_t *)wmem_array_index(walk->frame->items, place);
        if (!item->key.bytes)
            item->key = key;
    }
    return true;
}

/* May the packet show so many more bytes of references? */
static bool
pack_may_refer(packet_info *pinfo, uint32_t len)
{
    uint32_t *referred = (uint32_t *)p_get_proto_data(pinfo->pool, pinfo, proto_apns, PACK_REFERRED);

    if (!referred) {
        referred = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_apns, PACK_REFERRED, referred);
    }
    if (len > PACK_MAX_REFERRED - *referred)
        return false;
    *referred += len;
    return true;
}

/* What cannot be read begins here. */
static int
pack_stop(pack_walk_t *walk, int at, bool many)
{
    walk->bad_at = at;
    walk->many = many;
    return -1;
}

/* An item that refers to what is not in the table. */
static void
pack_unresolved(pack_walk_t *walk, proto_tree *tree, proto_item *ti, const pack_item_t *item)
{
    expert_add_info(walk->pinfo, ti, item->lost_frame ? &ei_out_of_step : &ei_unresolved);
    if (item->lost_frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_lost, walk->tvb, 0, 0, item->lost_frame));
}

/* Each of these returns the offset behind what it read; -1: it cannot be read, or there is too much. */
static int pack_item(pack_walk_t *walk, proto_tree *tree, int at, unsigned depth);
static int pack_element(pack_walk_t *walk, proto_tree *tree, int at, unsigned depth);

/* What the container at `at` holds. */
static int
pack_container(pack_walk_t *walk, proto_tree *tree, proto_item *head, int at, unsigned depth)
{
    bool dictionary = ft_tvb_get_u8(walk->tvb, at) < PACK_ARRAY;
    int start = at, end = (int)tvb_captured_length(walk->tvb);
    uint32_t count;

    if (depth >= PACK_MAX_DEPTH)
        return pack_stop(walk, start, true);
    if (!pack_number(walk->tvb, &at, 4, &count))
        return pack_stop(walk, start, false);
    proto_item_append_text(head, ", %s of %u", dictionary ? "dictionary" : "array", count);
    proto_tree_add_uint(tree, dictionary ? hf_dictionary : hf_array, walk->tvb, start, at - start, count);
    for (uint32_t i = 0; i < count && at >= 0; i++) {
        if (at >= end || walk->n_shown++ >= PACK_MAX_ITEMS)
            return pack_stop(walk, at, at < end);
        at = dictionary ? pack_item(walk, tree, at, depth + 1) : pack_element(walk, tree, at, depth + 1);
    }
    return at;
}

/* A value of an array. */
static int
pack_element(pack_walk_t *walk, proto_tree *tree, int at, unsigned depth)
{
    bool container = PACK_IS_CONTAINER(ft_tvb_get_u8(walk->tvb, at));
    int len = container ? 1 : pack_value_len(walk->tvb, at), end;
    proto_item *ti;
    proto_tree *sub;

    if (len == 0)
        return pack_stop(walk, at, false);
    sub = ft_subtree(tree, hf_item, walk->tvb, at, len, ett_pack_item, &ti, "Value");
    if (!container) {
        pack_show_inner(walk, sub, ti, tvb_new_subset_length(walk->tvb, at, len), NULL);
        return at + len;
    }
    end = pack_container(walk, sub, ti, at, depth);
    if (end > 0)
        proto_item_set_len(ti, end - at);
    return end;
}

/* The value of an item that follows it. */
static int
pack_item_value(pack_walk_t *walk, proto_tree *tree, proto_item *ti, int start, int at, unsigned depth, const pack_item_t *item, const char *key,
                bool enters)
{
    int len = pack_value_len(walk->tvb, at), end;
    tvbuff_t *value;

    if (PACK_IS_CONTAINER(ft_tvb_get_u8(walk->tvb, at))) {
        if (depth == 0 && item->id >= 0)
            ft_apns_item_name(ti, walk->command, (uint8_t)item->id, walk->from);
        end = pack_container(walk, tree, ti, at, depth);
        /* Whether it stands before or behind what it holds is not known. */
        if (enters && walk->table)
            ft_apns_pack_lose(walk->table, walk->pinfo->num);
        return end;
    }
    if (enters && walk->table)
        pack_add_value(walk->pinfo, walk->table, walk->tvb, at, len);
    value = tvb_new_subset_length(walk->tvb, at, len);
    if (depth > 0)
        pack_show_inner(walk, tree, ti, value, key);
    else if (item->id >= 0)
        pack_show_value(walk, tree, ti, start, at + len - start, value, item->id);
    else
        pack_show_inner(walk, tree, ti, value, NULL);
    return at + len;
}

/* The value that an item refers to. */
static void
pack_item_reference(pack_walk_t *walk, proto_tree *tree, proto_item *ti, int start, int at, unsigned depth, const pack_item_t *item, const char *key)
{
    tvbuff_t *value;

    if (!item->value.bytes) {
        pack_unresolved(walk, tree, ti, item);
        return;
    }
    if (!pack_may_refer(walk->pinfo, item->value.len)) {
        expert_add_info(walk->pinfo, ti, &ei_many);
        return;
    }
    value = tvb_new_child_real_data(walk->tvb, item->value.bytes, item->value.len, (int)item->value.len);
    add_new_data_source(walk->pinfo, value, "Push value sent before");
    if (depth == 0 && item->id >= 0)
        pack_show_value(walk, tree, ti, start, at - start, value, item->id);
    else
        pack_show_inner(walk, tree, ti, value, depth > 0 ? key : NULL);
}

/* The item at `at`: of the frame (depth 0), or a pair of a dictionary. */
static int
pack_item(pack_walk_t *walk, proto_tree *tree, int at, unsigned depth)
{
    static int *const flags[] = { &hf_flag_value, &hf_flag_new_value, &hf_flag_key, &hf_flag_new_key, NULL };
    uint8_t head = ft_tvb_get_u8(walk->tvb, at);
    int start = at, captured = (int)tvb_captured_length(walk->tvb), end;
    const char *key = NULL;
    pack_item_t item;
    bool reference, known;
    proto_item *ti;
    proto_tree *sub;

    if (!pack_next(walk, &at, &item, &reference))
        return pack_stop(walk, start, false);
    if (!reference && (at >= captured || (!PACK_IS_CONTAINER(ft_tvb_get_u8(walk->tvb, at)) && pack_value_len(walk->tvb, at) == 0)))
        return pack_stop(walk, start, false);
    if (item.key.bytes && (depth > 0 || item.id < 0))
        key = ft_text(walk->pinfo->pool, item.key.bytes, item.key.len);
    known = item.id >= 0 || key;
    sub = ft_subtree(tree, hf_item, walk->tvb, start, at - start, ett_pack_item, &ti, "%s", known ? "" : "Item of a key that is not known");
    if (key)
        proto_item_set_text(ti, "%s", key);
    else if (known)
        proto_item_set_text(ti, "Item %d", item.id);
    proto_tree_add_bitmask(sub, walk->tvb, start, hf_flags, ett_pack_item, flags, ENC_BIG_ENDIAN);
    if (key)
        proto_tree_add_string(sub, hf_key, walk->tvb, start, at - start, key);
    if (!known)
        pack_unresolved(walk, sub, ti, &item);
    if (reference) {
        if (known)
            pack_item_reference(walk, sub, ti, start, at, depth, &item, key);
        end = at;
    } else {
        end = pack_item_value(walk, sub, ti, start, at, depth, &item, key, (head & 0x40) != 0);
    }
    if (end > 0)
        proto_item_set_len(ti, end - start);
    return end;
}

void
ft_apns_pack_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_apns_pack_table_t *table, unsigned ordinal,
               ft_apns_from_t from, ft_apns_facts_t *facts)
{
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    uint64_t key = (uint64_t)pinfo->num << 32 | ordinal;
    pack_frame_t *frame = (pack_frame_t *)wmem_map_lookup(frames, &key);
    pack_walk_t walk = { .tvb = tvb, .pinfo = pinfo, .table = first_pass ? table : NULL, .command = ft_tvb_get_u8(tvb, 0), .from = from, .facts = facts };
    int at = 1, end = (int)tvb_captured_length(tvb);
    uint32_t length;

    if (!pack_number(tvb, &at, 8, &length)) {
        proto_tree_add_expert(tree, pinfo, &ei_unknown, tvb, 0, -1);
        if (walk.table)
            ft_apns_pack_lose(walk.table, pinfo->num);
        return;
    }
    proto_tree_add_uint(tree, hf_length, tvb, 1, at - 1, length);
    if (!frame && first_pass && ft_limit_take(FT_LIMIT_PUSH_FRAMES, &pinfo->abs_ts)) {
        frame = wmem_new(wmem_file_scope(), pack_frame_t);
        frame->key = key;
        frame->table = table ? table->max_bytes : 0;
        frame->items = wmem_array_new(wmem_file_scope(), sizeof(pack_item_t));
        wmem_map_insert(frames, &frame->key, frame);
    }
    walk.frame = frame;
    if (frame && frame->table)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_table, tvb, 0, 0, frame->table));
    while (at >= 0 && at < end)
        at = walk.n_shown++ < PACK_MAX_ITEMS ? pack_item(&walk, tree, at, 0) : pack_stop(&walk, at, true);
    if (at < 0) {
        proto_tree_add_expert(tree, pinfo, walk.many ? &ei_many : &ei_unknown, tvb, walk.bad_at, end - walk.bad_at);
        if (walk.bad_at < end)
            proto_tree_add_item(tree, hf_unknown, tvb, walk.bad_at, end - walk.bad_at, ENC_NA);
    }
    /* What it would have added is not known. */
    if (walk.table && (at < 0 || (int64_t)tvb_reported_length(tvb) > end))
        ft_apns_pack_lose(walk.table, pinfo->num);
}

void
ft_apns_pack_register(void)
{
    static hf_register_info hf[] = {
        { &hf_item, { "Item", "apns.pack.item", FT_NONE, BASE_NONE,
            NULL, 0x0, "An item of the packed form", HFILL } },
        { &hf_length, { "Length", "apns.pack.length", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes of the packed frame's items", HFILL } },
        { &hf_table, { "Table of Values", "apns.pack.table", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes that the table of the sender's values has, by the application protocol", HFILL } },
        { &hf_key, { "Key", "apns.pack.key", FT_STRING, BASE_NONE,
            NULL, 0x0, "Key of a pair of a dictionary, or one of the frame that is longer than a byte", HFILL } },
        { &hf_dictionary, { "Dictionary", "apns.pack.dictionary", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Pairs of the dictionary", HFILL } },
        { &hf_array, { "Array", "apns.pack.array", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Values of the array", HFILL } },
        { &hf_data, { "Data", "apns.pack.data", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes in a dictionary or an array", HFILL } },
        { &hf_text, { "Text", "apns.pack.text", FT_STRING, BASE_NONE,
            NULL, 0x0, "Text in a dictionary or an array", HFILL } },
        { &hf_number, { "Number", "apns.pack.number", FT_INT64, BASE_DEC,
            NULL, 0x0, "Number in a dictionary or an array", HFILL } },
        { &hf_boolean, { "Boolean", "apns.pack.boolean", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Truth value in a dictionary or an array", HFILL } },
        { &hf_lost, { "Out of Step Since", "apns.pack.lost_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "Something in this frame could not be read: what it added to the tables is not known", HFILL } },
        { &hf_flags, { "Flags", "apns.pack.flags", FT_UINT8, BASE_HEX,
            NULL, 0x0, "How key and value of the item are sent", HFILL } },
        { &hf_flag_value, { "Value in the Table", "apns.pack.flags.value", FT_BOOLEAN, 8,
            NULL, 0x80, "The value was sent before, its index follows", HFILL } },
        { &hf_flag_new_value, { "Value Enters the Table", "apns.pack.flags.new_value", FT_BOOLEAN, 8,
            NULL, 0x40, "The value can be referred to from now on", HFILL } },
        { &hf_flag_key, { "Key in the Table", "apns.pack.flags.key", FT_BOOLEAN, 8,
            NULL, 0x20, "The low five bits are the index of a key that was sent before", HFILL } },
        { &hf_flag_new_key, { "Key Enters the Table", "apns.pack.flags.new_key", FT_BOOLEAN, 8,
            NULL, 0x10, "The key follows and can be referred to from now on", HFILL } },
        { &hf_unknown, { "Packed Items [unknown]", "apns.pack.unknown", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Items from one on whose packed form is not known", HFILL } },
    };
    static int *ett[] = { &ett_pack_item };
    static ei_register_info ei[] = {
        { &ei_unknown, { "apns.pack.unknown_form", PI_UNDECODED, PI_NOTE,
            "Packed form that is not known", EXPFILL } },
        { &ei_unresolved, { "apns.pack.unresolved", PI_UNDECODED, PI_NOTE,
            "Refers to what was sent before the capture began, or is in the table no more", EXPFILL } },
        { &ei_out_of_step, { "apns.pack.out_of_step", PI_UNDECODED, PI_NOTE,
            "Refers to what was sent before something that could not be read: the tables may be out of step", EXPFILL } },
        { &ei_many, { "apns.pack.many_items", PI_UNDECODED, PI_WARN,
            "The packet has more items or references than are shown", EXPFILL } },
    };

    frames = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ft_hash_uint64, g_int64_equal);
    proto_register_field_array(proto_apns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_apns_expert, ei, array_length(ei));
}
