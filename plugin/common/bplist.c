/* bplist.c
 * Reads Apple's binary property lists: values with an index behind them.
 *
 *     +---------------------------------------------------------------+
 *     | "bplist00"                                                    |
 *     +---------------------------------------------------------------+
 *     | objects: a marker byte (type, and count or size), a count if  |
 *     | the marker's is 15, then the content; those of arrays and     |
 *     | dictionaries are references, which are numbers of objects     |
 *     +---------------------------------------------------------------+
 *     | offset table: the offset of each object                       |
 *     +---------------------------------------------------------------+
 *     | trailer, 32 bytes: 5 unused, sort version, bytes of an offset,|
 *     | bytes of a reference, number of objects, number of the list's |
 *     | own object, offset of the offset table (8 bytes each)         |
 *     +---------------------------------------------------------------+
 *
 * Source: the comment on the format in CFBinaryPList.c of Apple's open-source CoreFoundation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/bplist.h"
#include "common/decimal.h"

#include "common/ids.h"
#include "common/subtree.h"
#include "common/text.h"
#include "common/ws_compat.h"

#include <epan/proto_data.h>

#define BPLIST_MAGIC_LEN    8
#define BPLIST_TRAILER_LEN  32
#define BPLIST_LONG_COUNT   0x0f    /* low digit of the marker: the count is an integer object that follows */
#define BPLIST_EPOCH        978307200   /* 2001-01-01 in seconds since 1970 */

/* Types: the high digit of the marker. */
enum {
    BPLIST_SIMPLE = 0x0,
    BPLIST_INTEGER = 0x1,
    BPLIST_REAL = 0x2,
    BPLIST_DATE = 0x3,
    BPLIST_DATA = 0x4,
    BPLIST_ASCII = 0x5,
    BPLIST_UTF16 = 0x6,
    BPLIST_UTF8 = 0x7,
    BPLIST_UID = 0x8,
    BPLIST_ARRAY = 0xa,
    BPLIST_ORDERED_SET = 0xb,
    BPLIST_SET = 0xc,
    BPLIST_DICTIONARY = 0xd
};

static dissector_handle_t xml_handle;

/* In name only. A protocol, so that EK writes each value as an object of its own: a list inside a list has the same fields again. */
static int proto_bplist_value = -1;
static int hf_bplist_trailer = -1;
static int hf_bplist = -1;
static int hf_bplist_magic = -1;
static int hf_bplist_marker = -1;
static int hf_bplist_count = -1;
static int hf_bplist_key = -1;
static int hf_bplist_boolean = -1;
static int hf_bplist_integer = -1;
static int hf_bplist_real = -1;
static int hf_bplist_date = -1;
static int hf_bplist_data = -1;
static int hf_bplist_string = -1;
static int hf_bplist_uid = -1;
static int hf_bplist_references = -1;
static int hf_bplist_offsets = -1;
static int hf_bplist_unused = -1;
static int hf_bplist_sort_version = -1;
static int hf_bplist_offset_size = -1;
static int hf_bplist_reference_size = -1;
static int hf_bplist_objects = -1;
static int hf_bplist_top = -1;
static int hf_bplist_table = -1;
static int hf_bplist_unread = -1;
static int ett_bplist = -1;
static int ett_bplist_value = -1;
static int ett_bplist_trailer = -1;
static expert_field ei_bplist_bad = EI_INIT;
static expert_field ei_bplist_limit = EI_INIT;

static const value_string bplist_type_vals[] = {
    { BPLIST_SIMPLE, "Null or boolean" },
    { BPLIST_INTEGER, "Integer" },
    { BPLIST_REAL, "Real" },
    { BPLIST_DATE, "Date" },
    { BPLIST_DATA, "Data" },
    { BPLIST_ASCII, "ASCII string" },
    { BPLIST_UTF16, "UTF-16 string" },
    { BPLIST_UTF8, "UTF-8 string" },
    { BPLIST_UID, "UID" },
    { BPLIST_ARRAY, "Array" },
    { BPLIST_ORDERED_SET, "Ordered set" },
    { BPLIST_SET, "Set" },
    { BPLIST_DICTIONARY, "Dictionary" },
    { 0, NULL }
};

/* A list that is being read. */
typedef struct bplist {
    tvbuff_t *tvb;
    wmem_allocator_t *scope;
    ft_bplist_visit_t visit;
    void *user;
    int table;              /* offset of the offset table: the objects end there */
    unsigned offset_size, reference_size;   /* bytes, 1 to 8 */
    uint32_t objects;       /* number of them */
    uint32_t top;           /* number of the list's own object */
    unsigned values, most;  /* visited so far, and at most */
    ft_bplist_result_t result;
} bplist_t;

/* A number of 1 to 8 bytes that lies inside the tvb. */
static uint64_t
bplist_uint(tvbuff_t *tvb, int at, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | ft_tvb_get_u8(tvb, at++);
    return value;
}

bool
ft_bplist_match(tvbuff_t *tvb)
{
    /* "bplist0" and a digit: later versions of the format keep the seven characters. */
    return tvb_captured_length(tvb) >= BPLIST_MAGIC_LEN && tvb_memeql(tvb, 0, (const uint8_t *)"bplist0", 7) == 0;
}

/* Reads and checks the trailer. */
static ft_bplist_result_t
bplist_open(bplist_t *list)
{
    tvbuff_t *tvb = list->tvb;
    int reported = (int)tvb_reported_length(tvb), trailer = reported - BPLIST_TRAILER_LEN;
    uint64_t objects, top, table;

    if (!ft_bplist_match(tvb) || trailer < BPLIST_MAGIC_LEN)
        return FT_BPLIST_NOT;
    if ((int)tvb_captured_length(tvb) < reported)
        return FT_BPLIST_CUT;
    list->offset_size = ft_tvb_get_u8(tvb, trailer + 6);
    list->reference_size = ft_tvb_get_u8(tvb, trailer + 7);
    objects = bplist_uint(tvb, trailer + 8, 8);
    top = bplist_uint(tvb, trailer + 16, 8);
    table = bplist_uint(tvb, trailer + 24, 8);
    if (list->offset_size < 1 || list->offset_size > 8 || list->reference_size < 1 || list->reference_size > 8)
        return FT_BPLIST_BAD;
    if (objects == 0 || top >= objects || table < BPLIST_MAGIC_LEN || table > (uint64_t)trailer)
        return FT_BPLIST_BAD;
    if (objects > ((uint64_t)trailer - table) / list->offset_size)
        return FT_BPLIST_BAD;
    if (objects > FT_BPLIST_MAX_OBJECTS)
        return FT_BPLIST_LIMIT;
    list->objects = (uint32_t)objects;
    list->top = (uint32_t)top;
    list->table = (int)table;
    return FT_BPLIST_OK;
}

/* Takes a string's characters; at most FT_BPLIST_MAX_STRING bytes of them. */
static const char *
bplist_string(const bplist_t *list, int at, int len, unsigned encoding)
{
    const char *text = (const char *)tvb_get_string_enc(list->scope, list->tvb, at, MIN(len, FT_BPLIST_MAX_STRING), encoding);

    return ft_text(list->scope, (const uint8_t *)text, strlen(text));
}

/* Reads the object with a number, without what it refers to. False: it does not lie inside the list. */
static bool
bplist_object(const bplist_t *list, uint64_t number, ft_bplist_value_t *value)
{
    tvbuff_t *tvb = list->tvb;
    uint64_t at, count, size;
    uint8_t marker, low;
    int content;

    if (number >= list->objects)
        return false;
    at = bplist_uint(tvb, list->table + (int)number * (int)list->offset_size, list->offset_size);
    if (at < BPLIST_MAGIC_LEN || at >= (uint64_t)list->table)
        return false;
    value->offset = (int)at;
    marker = ft_tvb_get_u8(tvb, value->offset);
    low = marker & 0x0f;
    content = value->offset + 1;
    count = low;
    if (low == BPLIST_LONG_COUNT && (marker >> 4) >= BPLIST_DATA && (marker >> 4) != BPLIST_UID) {
        unsigned bytes;

        if (content >= list->table || ft_tvb_get_u8(tvb, content) >> 4 != BPLIST_INTEGER)
            return false;
        bytes = 1u << (ft_tvb_get_u8(tvb, content) & 0x0f);
        if (bytes > 8 || (uint64_t)content + 1 + bytes > (uint64_t)list->table)
            return false;
        count = bplist_uint(tvb, content + 1, bytes);
        content += 1 + (int)bytes;
    }
    /* A count is at most the number of bytes in the list, so the sums below cannot overflow. */
    if (count > (uint64_t)list->table)
        return false;

    switch (marker >> 4) {
    case BPLIST_SIMPLE:
        size = 0;
        value->type = low == 8 || low == 9 ? FT_BPLIST_BOOLEAN : FT_BPLIST_NULL;
        value->number = low == 9;
        break;
    case BPLIST_INTEGER:
    case BPLIST_REAL:
    case BPLIST_DATE:
        if (low > 4)
            return false;
        size = UINT64_C(1) << low;
        value->type = marker >> 4 == BPLIST_INTEGER ? FT_BPLIST_INTEGER :
                      marker >> 4 == BPLIST_REAL ? FT_BPLIST_REAL : FT_BPLIST_DATE;
        break;
    case BPLIST_DATA:
        size = count;
        value->type = FT_BPLIST_DATA;
        break;
    case BPLIST_ASCII:
    case BPLIST_UTF8:
        size = count;
        value->type = FT_BPLIST_STRING;
        break;
    case BPLIST_UTF16:
        size = 2 * count;
        value->type = FT_BPLIST_STRING;
        break;
    case BPLIST_UID:
        size = low + 1u;
        value->type = FT_BPLIST_UID;
        break;
    case BPLIST_ARRAY:
    case BPLIST_ORDERED_SET:
    case BPLIST_SET:
        size = count * list->reference_size;
        value->type = FT_BPLIST_ARRAY;
        break;
    case BPLIST_DICTIONARY:
        size = 2 * count * list->reference_size;
        value->type = FT_BPLIST_DICTIONARY;
        break;
    default:
        return false;
    }
    if ((uint64_t)content + size > (uint64_t)list->table)
        return false;
    value->content = content;
    value->length = content + (int)size - value->offset;
    value->count = count;

    switch (marker >> 4) {
    case BPLIST_INTEGER:        /* an integer of 8 bytes is signed, a shorter one is not; of one of 16 bytes the low half is shown */
    case BPLIST_UID:
        value->number = (int64_t)bplist_uint(tvb, content + (size > 8 ? (int)size - 8 : 0), (unsigned)MIN(size, 8));
        break;
    case BPLIST_REAL:
    case BPLIST_DATE:
        if (size != 4 && size != 8)
            return false;
        value->real = size == 4 ? (double)tvb_get_ntohieee_float(tvb, content) : tvb_get_ntohieee_double(tvb, content);
        break;
    case BPLIST_ASCII:
        value->string = bplist_string(list, content, (int)size, ENC_ASCII);
        break;
    case BPLIST_UTF8:
        value->string = bplist_string(list, content, (int)size, ENC_UTF_8);
        break;
    case BPLIST_UTF16:
        value->string = bplist_string(list, content, (int)size, ENC_UTF_16 | ENC_BIG_ENDIAN);
        break;
    default:
        break;
    }
    return true;
}

/* Visits a value and what it holds. */
static void
bplist_value(bplist_t *list, uint64_t number, ft_bplist_value_t *value, void *parent)
{
    uint64_t values_at;

    if (list->values >= list->most || value->depth > FT_BPLIST_MAX_DEPTH) {
        list->result = FT_BPLIST_LIMIT;
        return;
    }
    list->values++;
    if (!bplist_object(list, number, value)) {
        list->result = FT_BPLIST_BAD;
        return;
    }
    parent = list->visit(value, parent, list->user);
    if (value->type != FT_BPLIST_ARRAY && value->type != FT_BPLIST_DICTIONARY)
        return;
    values_at = value->type == FT_BPLIST_DICTIONARY ? value->count : 0;
    for (uint64_t i = 0; i < value->count && list->result == FT_BPLIST_OK; i++) {
        ft_bplist_value_t inner = { .depth = value->depth + 1, .place = (unsigned)i, .key_offset = -1 };
        int size = (int)list->reference_size;

        if (value->type == FT_BPLIST_DICTIONARY) {
            ft_bplist_value_t key = { .key_offset = -1 };

            if (!bplist_object(list, bplist_uint(list->tvb, value->content + (int)i * size, list->reference_size), &key)) {
                list->result = FT_BPLIST_BAD;
                return;
            }
            inner.key = key.string ? key.string : "[key that is no string]";
            inner.key_offset = key.offset;
            inner.key_length = key.length;
        }
        bplist_value(list, bplist_uint(list->tvb, value->content + (int)(values_at + i) * size, list->reference_size), &inner, parent);
    }
}

static ft_bplist_result_t
bplist_walk(bplist_t *list, void *parent)
{
    ft_bplist_value_t top = { .key_offset = -1 };

    list->result = bplist_open(list);
    if (list->result == FT_BPLIST_OK)
        bplist_value(list, list->top, &top, parent);
    return list->result;
}

ft_bplist_result_t
ft_bplist_walk(tvbuff_t *tvb, wmem_allocator_t *scope, ft_bplist_visit_t visit, void *parent, void *user)
{
    bplist_t list = { .tvb = tvb, .scope = scope, .visit = visit, .user = user, .most = FT_BPLIST_MAX_VALUES };

    return bplist_walk(&list, parent);
}

/* ---- Tree ----------------------------------------------------------------------------------- */

/* Converts seconds since 2001; false for a time that Wireshark cannot show. */
static bool
bplist_date(double seconds, nstime_t *when)
{
    if (!(seconds > -1e9 && seconds < 1e10))
        return false;
    when->secs = (time_t)seconds + BPLIST_EPOCH;
    when->nsecs = (int)((seconds - (double)(time_t)seconds) * 1e9);
    /* Before 2001 the fraction is negative; Wireshark shows only positive nanoseconds. */
    if (when->nsecs < 0) {
        when->secs--;
        when->nsecs += 1000000000;
    }
    return true;
}

/* The state of ft_bplist_dissect(), passed to the visitor. */
typedef struct bplist_shown {
    tvbuff_t *tvb;
    ft_bplist_pair_t pair;  /* may be NULL */
} bplist_shown_t;

static void *
bplist_show(const ft_bplist_value_t *value, void *parent, void *user)
{
    const bplist_shown_t *shown = (const bplist_shown_t *)user;
    tvbuff_t *tvb = shown->tvb;
    int rest = value->offset + value->length - value->content;
    proto_item *item;
    proto_tree *tree;
    nstime_t when;
    char real[FT_DECIMAL_LEN];

    if (value->key)
        proto_tree_add_string((proto_tree *)parent, hf_bplist_key, tvb, value->key_offset, value->key_length, value->key);
    tree = ft_subtree((proto_tree *)parent, proto_bplist_value, tvb, value->offset, value->length, ett_bplist_value, &item, "%s",
                      value->depth == 0 ? "Property List" : value->key ? value->key : "Entry");
    proto_tree_add_item(tree, hf_bplist_marker, tvb, value->offset, 1, ENC_NA);
    if (value->content > value->offset + 1)
        proto_tree_add_uint64(tree, hf_bplist_count, tvb, value->offset + 1, value->content - value->offset - 1, value->count);
    switch (value->type) {
    case FT_BPLIST_NULL:
        proto_item_append_text(item, ": null");
        break;
    case FT_BPLIST_BOOLEAN:
        proto_tree_add_boolean(tree, hf_bplist_boolean, tvb, value->offset, 1, (uint64_t)value->number);
        proto_item_append_text(item, ": %s", value->number ? "true" : "false");
        break;
    case FT_BPLIST_INTEGER:
        proto_tree_add_int64(tree, hf_bplist_integer, tvb, value->content, rest, value->number);
        proto_item_append_text(item, ": %" PRId64, value->number);
        break;
    case FT_BPLIST_REAL:
        ft_add_double(tree, hf_bplist_real, tvb, value->content, rest, value->real);
        proto_item_append_text(item, ": %s", ft_decimal(real, value->real, FT_DECIMALS_AS_NEEDED));
        break;
    case FT_BPLIST_DATE:
        if (bplist_date(value->real, &when))
            proto_tree_add_time(tree, hf_bplist_date, tvb, value->content, rest, &when);
        break;
    case FT_BPLIST_DATA:
        proto_tree_add_item(tree, hf_bplist_data, tvb, value->content, rest, ENC_NA);
        proto_item_append_text(item, ": %d bytes", rest);
        break;
    case FT_BPLIST_STRING:
        proto_tree_add_string(tree, hf_bplist_string, tvb, value->content, rest, value->string);
        proto_item_append_text(item, ": %s", value->string);
        break;
    case FT_BPLIST_UID:
        proto_tree_add_uint64(tree, hf_bplist_uid, tvb, value->content, rest, (uint64_t)value->number);
        break;
    case FT_BPLIST_ARRAY:
    case FT_BPLIST_DICTIONARY:
        if (rest > 0)
            proto_tree_add_item(tree, hf_bplist_references, tvb, value->content, rest, ENC_NA);
        proto_item_append_text(item, ": %" PRIu64 " %s", value->count, value->count == 1 ? "entry" : "entries");
        break;
    }
    if (shown->pair && value->key)
        shown->pair(value, tvb, tree);
    return tree;
}

/* The index at the list's end. */
static void
bplist_show_index(tvbuff_t *tvb, proto_tree *tree)
{
    int trailer = (int)tvb_reported_length(tvb) - BPLIST_TRAILER_LEN;
    uint64_t table = bplist_uint(tvb, trailer + 24, 8);
    proto_tree *sub;

    if (table >= BPLIST_MAGIC_LEN && table < (uint64_t)trailer)
        proto_tree_add_item(tree, hf_bplist_offsets, tvb, (int)table, trailer - (int)table, ENC_NA);
    sub = ft_subtree(tree, hf_bplist_trailer, tvb, trailer, BPLIST_TRAILER_LEN, ett_bplist_trailer, NULL, "Trailer");
    proto_tree_add_item(sub, hf_bplist_unused, tvb, trailer, 5, ENC_NA);
    proto_tree_add_item(sub, hf_bplist_sort_version, tvb, trailer + 5, 1, ENC_NA);
    proto_tree_add_item(sub, hf_bplist_offset_size, tvb, trailer + 6, 1, ENC_NA);
    proto_tree_add_item(sub, hf_bplist_reference_size, tvb, trailer + 7, 1, ENC_NA);
    proto_tree_add_item(sub, hf_bplist_objects, tvb, trailer + 8, 8, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_bplist_top, tvb, trailer + 16, 8, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_bplist_table, tvb, trailer + 24, 8, ENC_BIG_ENDIAN);
}

/* Key of the values shown so far among the packet's protocol data. */
#define BPLIST_IN_PACKET 1

/* Values that the packet's lists had so far; in packet scope. */
static unsigned *
bplist_in_packet(packet_info *pinfo)
{
    unsigned *values = (unsigned *)p_get_proto_data(pinfo->pool, pinfo, proto_facetime, BPLIST_IN_PACKET);

    if (!values) {
        values = wmem_new0(pinfo->pool, unsigned);
        p_add_proto_data(pinfo->pool, pinfo, proto_facetime, BPLIST_IN_PACKET, values);
    }
    return values;
}

void
ft_bplist_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_bplist_pair_t pair, int pair_proto)
{
    bplist_shown_t shown = { .tvb = tvb, .pair = pair };
    unsigned *before;
    bplist_t list = { .tvb = tvb, .scope = pinfo->pool, .visit = bplist_show, .user = &shown };
    proto_item *item;
    proto_tree *sub;
    ft_bplist_result_t result;

    if (!ft_bplist_match(tvb) || (!ft_is_looked_at(tree, proto_facetime) && !(pair && ft_is_looked_at(tree, pair_proto))))
        return;
    before = bplist_in_packet(pinfo);
    list.most = MIN(FT_BPLIST_MAX_VALUES, FT_BPLIST_MAX_IN_PACKET - *before);
    sub = ft_subtree(tree, hf_bplist, tvb, 0, -1, ett_bplist, &item, "Binary Property List");
    proto_tree_add_item(sub, hf_bplist_magic, tvb, 0, BPLIST_MAGIC_LEN, ENC_ASCII | ENC_NA);
    result = bplist_walk(&list, sub);
    *before += list.values;
    switch (result) {
    case FT_BPLIST_OK:
        bplist_show_index(tvb, sub);
        break;
    case FT_BPLIST_LIMIT:
        expert_add_info(pinfo, item, &ei_bplist_limit);
        bplist_show_index(tvb, sub);
        break;
    case FT_BPLIST_BAD:
        expert_add_info(pinfo, item, &ei_bplist_bad);
        bplist_show_index(tvb, sub);
        break;
    case FT_BPLIST_CUT:
        proto_tree_add_item(sub, hf_bplist_unread, tvb, BPLIST_MAGIC_LEN, (int)tvb_captured_length(tvb) - BPLIST_MAGIC_LEN, ENC_NA);
        break;
    case FT_BPLIST_NOT:     /* the start of one, and too short */
        expert_add_info(pinfo, item, &ei_bplist_bad);
        if (tvb_captured_length(tvb) > BPLIST_MAGIC_LEN)
            proto_tree_add_item(sub, hf_bplist_unread, tvb, BPLIST_MAGIC_LEN, -1, ENC_NA);
        break;
    }
}

/* Apple's media type says property list, not which form. */
static int
dissect_plist(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (ft_bplist_match(tvb))
        ft_bplist_dissect(tvb, pinfo, tree, NULL, -1);
    else if (xml_handle)
        call_dissector(xml_handle, tvb, pinfo, tree);
    return (int)tvb_captured_length(tvb);
}

void
ft_bplist_handoff(void)
{
    /* The handle belongs to no protocol: a property list over HTTP is not FaceTime traffic. Decode As needs a name for such a handle. */
    dissector_handle_t handle = create_dissector_handle_with_name_and_description(dissect_plist, -1, "apple_plist", "Apple Property List");

    xml_handle = find_dissector("xml");
    dissector_add_string("media_type", "application/x-apple-plist", handle);
    dissector_add_string("media_type", "application/x-apple-binary-plist", handle);
}

void
ft_bplist_register(void)
{
    static hf_register_info hf[] = {
        { &hf_bplist_trailer, { "Trailer", "facetime.bplist.trailer", FT_NONE, BASE_NONE,
            NULL, 0x0, "The last 32 bytes of the list, which say where its index is", HFILL } },
        { &hf_bplist, { "Binary Property List", "facetime.bplist", FT_NONE, BASE_NONE,
            NULL, 0x0, "A list of values in Apple's binary form", HFILL } },
        { &hf_bplist_magic, { "Magic", "facetime.bplist.magic", FT_STRING, BASE_NONE,
            NULL, 0x0, "Constant by which a binary property list is known, and its version", HFILL } },
        { &hf_bplist_marker, { "Type", "facetime.bplist.type", FT_UINT8, BASE_HEX,
            VALS(bplist_type_vals), 0xf0, "What kind of value it is", HFILL } },
        { &hf_bplist_count, { "Count", "facetime.bplist.count", FT_UINT64, BASE_DEC,
            NULL, 0x0, "Bytes, characters or entries, where they are 15 or more", HFILL } },
        { &hf_bplist_key, { "Key", "facetime.bplist.key", FT_STRING, BASE_NONE,
            NULL, 0x0, "Name of the value in its dictionary", HFILL } },
        { &hf_bplist_boolean, { "Boolean", "facetime.bplist.boolean", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Value that is true or false", HFILL } },
        { &hf_bplist_integer, { "Integer", "facetime.bplist.integer", FT_INT64, BASE_DEC,
            NULL, 0x0, "Value that is a whole number", HFILL } },
        { &hf_bplist_real, { "Real", "facetime.bplist.real", FT_DOUBLE, BASE_NONE,
            NULL, 0x0, "Value that is a floating-point number", HFILL } },
        { &hf_bplist_date, { "Date", "facetime.bplist.date", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC,
            NULL, 0x0, "Value that is a time", HFILL } },
        { &hf_bplist_data, { "Data", "facetime.bplist.data", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Value that is a run of bytes", HFILL } },
        { &hf_bplist_string, { "String", "facetime.bplist.string", FT_STRING, BASE_NONE,
            NULL, 0x0, "Value that is text", HFILL } },
        { &hf_bplist_uid, { "UID", "facetime.bplist.uid", FT_UINT64, BASE_DEC,
            NULL, 0x0, "Number of an object in a keyed archive", HFILL } },
        { &hf_bplist_references, { "References", "facetime.bplist.references", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Numbers of the objects that the container holds", HFILL } },
        { &hf_bplist_offsets, { "Offset Table", "facetime.bplist.offsets", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Offset of each object", HFILL } },
        { &hf_bplist_unused, { "Unused", "facetime.bplist.unused", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Five bytes without meaning", HFILL } },
        { &hf_bplist_sort_version, { "Sort Version", "facetime.bplist.sort_version", FT_UINT8, BASE_DEC,
            NULL, 0x0, "0 in all lists seen", HFILL } },
        { &hf_bplist_offset_size, { "Offset Size", "facetime.bplist.offset_size", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Bytes of an entry of the offset table", HFILL } },
        { &hf_bplist_reference_size, { "Reference Size", "facetime.bplist.reference_size", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Bytes of a reference in an array or dictionary", HFILL } },
        { &hf_bplist_objects, { "Objects", "facetime.bplist.objects", FT_UINT64, BASE_DEC,
            NULL, 0x0, "Number of objects in the list", HFILL } },
        { &hf_bplist_top, { "Top Object", "facetime.bplist.top", FT_UINT64, BASE_DEC,
            NULL, 0x0, "Number of the object that is the list itself", HFILL } },
        { &hf_bplist_table, { "Offset of the Table", "facetime.bplist.table", FT_UINT64, BASE_DEC,
            NULL, 0x0, "Where the offset table begins", HFILL } },
        { &hf_bplist_unread, { "Unread Bytes", "facetime.bplist.unread", FT_BYTES, BASE_NONE,
            NULL, 0x0, "What cannot be read without the index at the end", HFILL } },
    };
    static int *ett[] = { &ett_bplist, &ett_bplist_value, &ett_bplist_trailer };
    static ei_register_info ei[] = {
        { &ei_bplist_bad, { "facetime.bplist.malformed", PI_MALFORMED, PI_ERROR,
            "The property list points outside itself", EXPFILL } },
        { &ei_bplist_limit, { "facetime.bplist.limit", PI_UNDECODED, PI_WARN,
            "The property list is larger or deeper than is shown", EXPFILL } },
    };

    proto_bplist_value = proto_register_protocol_in_name_only("FaceTime Property List Entry", "FaceTime Entry", "facetime.bplist.entry",
                                                              proto_facetime, FT_PROTOCOL);
    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
