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
 *                c0-df  [unknown]; Apple's code packs property lists in a way of their own
 *     tables     index 0 is the newest entry; 32 keys; values until their lengths and 32 bytes each make 4,096
 *
 * Source: CourierPacked.kt (package dev.fenn.imessage.courier), public code that speaks it to Apple's couriers, and the names of Apple's APNSPackEncoder
 * in public decompilations. No capture of it was at hand: all of it is [public code], nothing is measured. What does not fit
 * is shown as unknown, never as malformed.
 *
 * Each direction has its tables. They are filled on the first pass, in the order of the capture; what an item of a frame
 * referred to is kept for later passes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

#include <epan/proto_data.h>

#define PACK_MAX_KEYS       32
#define PACK_TABLE_BYTES    4096
#define PACK_ENTRY_BYTES    32
/* With 32 bytes for each entry no more than these fit. */
#define PACK_MAX_VALUES     (PACK_TABLE_BYTES / PACK_ENTRY_BYTES)

/* Items of a frame that are shown: see apns.c. */
#define PACK_MAX_ITEMS      4096
/* Bytes that the references of a packet may show together: a reference has two bytes, its value may be a payload of 4 kB. */
#define PACK_MAX_REFERRED   65536
/* Key of those bytes among the packet's protocol data; apns.c has 0. */
#define PACK_REFERRED       1

static int hf_item = -1;
static int hf_length = -1;
static int hf_flags = -1;
static int hf_flag_value = -1;
static int hf_flag_new_value = -1;
static int hf_flag_key = -1;
static int hf_flag_new_key = -1;
static int hf_unknown = -1;
static int ett_pack_item = -1;
static expert_field ei_unknown = EI_INIT;
static expert_field ei_unresolved = EI_INIT;
static expert_field ei_many = EI_INIT;

/* A value as it was sent. File scope. */
typedef struct pack_value {
    const uint8_t *bytes;
    uint32_t len;
} pack_value_t;

/* What one side sent so far. File scope; written on the first pass only. The oldest entry is first. */
struct ft_apns_pack_table {
    uint8_t keys[PACK_MAX_KEYS];
    unsigned n_keys;
    pack_value_t values[PACK_MAX_VALUES];
    unsigned n_values;
    unsigned bytes;             /* of all values, with 32 for each */
};

/* What the items of a frame referred to. File scope. */
typedef struct pack_frame {
    uint64_t key;               /* frame of the capture, and how manieth push frame of it */
    wmem_array_t *items;        /* pack_item_t, in the frame's order */
} pack_frame_t;

typedef struct pack_item {
    int id;                     /* -1: not known */
    pack_value_t value;         /* of a reference; bytes NULL: none, or not known */
} pack_item_t;

static wmem_map_t *frames;      /* key -> pack_frame_t; file scope, emptied with each file */

ft_apns_pack_table_t *
ft_apns_pack_new(void)
{
    return wmem_new0(wmem_file_scope(), ft_apns_pack_table_t);
}

/* Reads a number of `width` bits that begins at *at. False if it is not all there, or no number that a frame can have. */
static bool
pack_number(tvbuff_t *tvb, int *at, unsigned width, uint32_t *number)
{
    uint32_t mask = (1u << width) - 1, rest = 0;
    int end = (int)tvb_captured_length(tvb);

    if (*at >= end)
        return false;
    *number = ft_tvb_get_u8(tvb, (*at)++) & mask;
    if (*number != mask)
        return true;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t byte;

        if (*at >= end)
            return false;
        byte = ft_tvb_get_u8(tvb, (*at)++);
        rest |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = rest + mask;
            return true;
        }
    }
    return false;
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

/* Shows the value that fills `value`; the item is at_item to at_item + len_item of the frame. */
static void
pack_show_value(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *head, int at_item, int len_item, tvbuff_t *value,
                uint8_t command, int id, ft_apns_from_t from, ft_apns_facts_t *facts)
{
    uint8_t tag = ft_tvb_get_u8(value, 0);
    uint64_t number = 0;
    uint32_t len;
    int at = 0;

    if (tag < 0x80) {
        (void)pack_number(value, &at, tag < 0x40 ? 6 : 5, &len);
        ft_apns_item_show(value, pinfo, tree, head, at, (int)len, command, (uint8_t)id, from, facts);
        return;
    }
    if (tag < 0xa0) {
        number = tag & 0x1f;
    } else if (tag < 0xc0) {
        for (int i = 0; i <= (tag & 0x7); i++)
            number = number << 8 | ft_tvb_get_u8(value, 1 + i);
        if (tag & 0x8)
            number = 0 - number;
    } else {
        (void)pack_number(value, &at, 4, &len);
        number = len != 0;
    }
    ft_apns_item_show_number(tvb, pinfo, tree, head, at_item, len_item, command, (uint8_t)id, from, number, facts);
}

static void
pack_add_key(ft_apns_pack_table_t *table, uint8_t key)
{
    if (table->n_keys >= PACK_MAX_KEYS)
        memmove(table->keys, table->keys + 1, --table->n_keys);
    table->keys[table->n_keys++] = key;
}

static void
pack_add_value(const packet_info *pinfo, ft_apns_pack_table_t *table, tvbuff_t *tvb, int at, int len)
{
    unsigned gone = 0;

    table->bytes += (unsigned)len + PACK_ENTRY_BYTES;
    while (table->bytes > PACK_TABLE_BYTES && gone < table->n_values)
        table->bytes -= table->values[gone++].len + PACK_ENTRY_BYTES;
    table->n_values -= gone;
    memmove(table->values, table->values + gone, table->n_values * sizeof table->values[0]);
    if (table->bytes > PACK_TABLE_BYTES || table->n_values >= PACK_MAX_VALUES) {
        table->bytes = 0;
        table->n_values = 0;
        return;
    }
    /* A value without bytes keeps the places of the others, and references to it are not resolved. */
    table->values[table->n_values].bytes = NULL;
    if (ft_limit_take_some(FT_LIMIT_PUSH_BYTES, (uint32_t)len, &pinfo->abs_ts))
        table->values[table->n_values].bytes = (const uint8_t *)tvb_memdup(wmem_file_scope(), tvb, at, (size_t)len);
    table->values[table->n_values].len = (uint32_t)len;
    table->n_values++;
}

/* First pass: key and reference of the item at *at, and what it adds to the tables. Moves *at behind the head and, of a
 * reference, the index. False: what follows cannot be read. */
static bool
pack_read(tvbuff_t *tvb, int *at, ft_apns_pack_table_t *table, pack_item_t *item, bool *reference)
{
    uint8_t flags = ft_tvb_get_u8(tvb, *at);
    uint32_t number;

    item->id = -1;
    item->value.bytes = NULL;
    item->value.len = 0;
    *reference = (flags & 0x80) != 0;
    if (flags & 0x20) {
        unsigned from_end = flags & 0x1fu;

        (*at)++;
        if (table && from_end < table->n_keys)
            item->id = table->keys[table->n_keys - 1 - from_end];
    } else if (flags & 0x10) {
        if (!pack_number(tvb, at, 4, &number) || number + 1 > (uint32_t)tvb_captured_length_remaining(tvb, *at))
            return false;
        item->id = ft_tvb_get_u8(tvb, *at);
        *at += (int)number + 1;
        if (table)
            pack_add_key(table, (uint8_t)item->id);
    } else {
        (*at)++;
        item->id = flags & 0xf;
    }
    if (*reference) {
        if (!pack_number(tvb, at, 8, &number))
            return false;
        if (table && number < table->n_values)
            item->value = table->values[table->n_values - 1 - number];
    }
    return true;
}

/* Moves *at as pack_read() does; the facts are those of the first pass. */
static bool
pack_replay(tvbuff_t *tvb, int *at, const pack_item_t *kept, pack_item_t *item, bool *reference)
{
    if (!pack_read(tvb, at, NULL, item, reference))
        return false;
    if (kept)
        *item = *kept;
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

static void
pack_show_items(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int end, uint8_t command, ft_apns_pack_table_t *table,
                pack_frame_t *frame, ft_apns_from_t from, ft_apns_facts_t *facts)
{
    static int *const flags[] = { &hf_flag_value, &hf_flag_new_value, &hf_flag_key, &hf_flag_new_key, NULL };
    bool first_pass = !PINFO_FD_VISITED(pinfo);

    for (unsigned i = 0; at < end; i++) {
        pack_item_t item;
        bool reference, read;
        int start = at, len;
        proto_item *ti;
        proto_tree *sub;
        tvbuff_t *value;
        uint8_t head = ft_tvb_get_u8(tvb, at);

        if (first_pass)
            read = pack_read(tvb, &at, table, &item, &reference);
        else
            read = pack_replay(tvb, &at, frame && i < wmem_array_get_count(frame->items) ?
                               (const pack_item_t *)wmem_array_index(frame->items, i) : NULL, &item, &reference);
        len = read && !reference ? pack_value_len(tvb, at) : 0;
        if (i >= PACK_MAX_ITEMS || !read || (!reference && len == 0)) {
            proto_tree_add_expert(tree, pinfo, i >= PACK_MAX_ITEMS ? &ei_many : &ei_unknown, tvb, start, end - start);
            proto_tree_add_item(tree, hf_unknown, tvb, start, end - start, ENC_NA);
            return;
        }
        if (first_pass && frame && ft_limit_take_some(FT_LIMIT_PUSH_BYTES, sizeof item, &pinfo->abs_ts))
            wmem_array_append_one(frame->items, item);
        if (first_pass && table && !reference && (head & 0x40))
            pack_add_value(pinfo, table, tvb, at, len);
        sub = ft_subtree(tree, hf_item, tvb, start, at + len - start, ett_pack_item, &ti, "Item %d", item.id);
        proto_tree_add_bitmask(sub, tvb, start, hf_flags, ett_pack_item, flags, ENC_BIG_ENDIAN);
        if (reference) {
            if (item.id < 0 || !item.value.bytes) {
                expert_add_info(pinfo, ti, &ei_unresolved);
                continue;
            }
            if (!pack_may_refer(pinfo, item.value.len)) {
                expert_add_info(pinfo, ti, &ei_many);
                continue;
            }
            value = tvb_new_child_real_data(tvb, item.value.bytes, item.value.len, (int)item.value.len);
            add_new_data_source(pinfo, value, "Push value sent before");
        } else {
            value = tvb_new_subset_length(tvb, at, len);
            at += len;
            if (item.id < 0) {
                expert_add_info(pinfo, ti, &ei_unresolved);
                continue;
            }
        }
        pack_show_value(tvb, pinfo, sub, ti, start, at - start, value, command, item.id, from, facts);
    }
}

void
ft_apns_pack_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_apns_pack_table_t *table, unsigned ordinal,
               ft_apns_from_t from, ft_apns_facts_t *facts)
{
    uint64_t key = (uint64_t)pinfo->num << 32 | ordinal;
    pack_frame_t *frame = (pack_frame_t *)wmem_map_lookup(frames, &key);
    uint32_t length;
    int at = 1;

    if (!pack_number(tvb, &at, 8, &length)) {
        proto_tree_add_expert(tree, pinfo, &ei_unknown, tvb, 0, -1);
        return;
    }
    proto_tree_add_uint(tree, hf_length, tvb, 1, at - 1, length);
    if (!frame && !PINFO_FD_VISITED(pinfo) && ft_limit_take(FT_LIMIT_PUSH_FRAMES, &pinfo->abs_ts)) {
        frame = wmem_new(wmem_file_scope(), pack_frame_t);
        frame->key = key;
        frame->items = wmem_array_new(wmem_file_scope(), sizeof(pack_item_t));
        wmem_map_insert(frames, &frame->key, frame);
    }
    pack_show_items(tvb, pinfo, tree, at, (int)tvb_captured_length(tvb), ft_tvb_get_u8(tvb, 0), table, frame, from, facts);
}

void
ft_apns_pack_register(void)
{
    static hf_register_info hf[] = {
        { &hf_item, { "Item", "apns.pack.item", FT_NONE, BASE_NONE,
            NULL, 0x0, "An item of the packed form", HFILL } },
        { &hf_length, { "Length", "apns.pack.length", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes of the packed frame's items", HFILL } },
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
            "Refers to what was sent before the capture began", EXPFILL } },
        { &ei_many, { "apns.pack.many_items", PI_UNDECODED, PI_WARN,
            "The packet has more items or references than are shown", EXPFILL } },
    };

    frames = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ft_hash_uint64, g_int64_equal);
    proto_register_field_array(proto_apns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_apns_expert, ei, array_length(ei));
}
