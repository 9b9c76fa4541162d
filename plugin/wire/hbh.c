/* hbh.c
 * RTCP that is encrypted between the device and the relay: what can be seen of it from outside.
 *
 * Hop-by-hop encrypted (bit 16 of the relay header): a protocol buffer, "PSIDSLinkHBHEncryptedPayload" in Apple's code.
 *
 *     0a 0c   field 1, 12 bytes: initialization vector
 *     12 nn   field 2: cipher text
 *     1a 10   field 3, 16 bytes: authentication tag
 *
 * The names of the fields are in public headers of Apple's frameworks; their numbers and the cipher (AES-256 in Galois/counter mode,
 * with a key that only device and relay know) in a public implementation (OpenBubbles rustpush, src/ids/link.rs). Measured: one
 * such payload in a real call, 50 bytes, has these three fields with these lengths.
 *
 * What is encrypted is RTCP: it travels so over the relay, and never between the devices (rustpush). Measured: the one of the real call has
 * 16 bytes of cipher text, as many as RFC 4585's generic NACK with one entry has; it goes out right after a packet of the peer was missing (frame
 * 2869), and the relay sends that packet again, with its mark, 0.36 s later (frame 2899).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/hbh.h"

#define FT_PROTOBUF_LENGTH  2       /* wire type: a length and that many bytes */
#define FT_PROTOBUF_FIELDS  64      /* fields that are shown at most */
/* RFC 4585, 6.1 and 6.2.1: a common header, two SSRCs and one entry. */
#define FT_HBH_NACK_LEN     16

/* Fields of the encrypted payload. */
enum { FT_HBH_IV = 1, FT_HBH_CIPHER_TEXT, FT_HBH_TAG };

static int hf_hbh = -1;
static int hf_hbh_item = -1;
static int hf_hbh_tag_byte = -1;
static int hf_hbh_field = -1;
static int hf_hbh_wire_type = -1;
static int hf_hbh_length = -1;
static int hf_hbh_iv = -1;
static int hf_hbh_cipher_text = -1;
static int hf_hbh_tag = -1;
static int hf_hbh_value = -1;
static int hf_hbh_nack = -1;
static int ett_hbh = -1;
static int ett_hbh_field = -1;
static expert_field ei_hbh_bad = EI_INIT;

static const value_string hbh_field_vals[] = {
    { FT_HBH_IV, "Initialization vector" },
    { FT_HBH_CIPHER_TEXT, "Cipher text" },
    { FT_HBH_TAG, "Authentication tag" },
    { 0, NULL }
};

static const value_string hbh_wire_type_vals[] = {
    { 0, "Number" },
    { 1, "8 bytes" },
    { FT_PROTOBUF_LENGTH, "Length and bytes" },
    { 5, "4 bytes" },
    { 0, NULL }
};

/* A number of 7 bits to a byte, the lowest first; returns its bytes, 0 if it does not end before `end`. */
static int
hbh_number(tvbuff_t *tvb, int at, int end, uint64_t *value)
{
    *value = 0;
    for (int n = 0; n < 10 && at + n < end; n++) {
        uint8_t byte = ft_tvb_get_u8(tvb, at + n);

        if (n < 9)
            *value |= (uint64_t)(byte & 0x7f) << (7 * n);
        if (!(byte & 0x80))
            return n + 1;
    }
    return 0;
}

/* Says that the payload is a NACK, by its length. Which packets it probably asks for, the call says. */
static void
hbh_nack(tvbuff_t *tvb, proto_tree *tree, proto_item *item)
{
    proto_item_append_text(item, ", NACK [guess]");
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_hbh_nack, tvb, 0, 0, true));
}

void
ft_hbh_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, bool hbh)
{
    int at = 0, end = (int)tvb_reported_length(tvb);
    proto_item *item;
    proto_tree *tree = ft_subtree(root, hf_hbh, tvb, 0, -1, ett_hbh, &item, "%s", hbh ? "RTCP, Hop-by-Hop Encrypted" : "Protocol Buffer [guess]");

    for (unsigned n = 0; n < FT_PROTOBUF_FIELDS && at < end; n++) {
        uint64_t tag, number = 0;
        int tag_len = hbh_number(tvb, at, end, &tag), number_len = 0, len = 0, hf = hf_hbh_value;
        proto_tree *sub;

        if (tag_len == 0 || tag >> 3 == 0)
            break;
        switch (tag & 7) {
        case 0: len = hbh_number(tvb, at + tag_len, end, &number); break;
        case 1: len = 8; break;
        case 5: len = 4; break;
        case FT_PROTOBUF_LENGTH:
            number_len = hbh_number(tvb, at + tag_len, end, &number);
            len = number_len && number <= (uint64_t)end ? (int)number : -1;
            break;
        default: len = -1; break;
        }
        if (len < 0 || ((tag & 7) == 0 && len == 0) || at + tag_len + number_len + len > end)
            break;
        if (hbh && (tag & 7) == FT_PROTOBUF_LENGTH)
            hf = tag >> 3 == FT_HBH_IV ? hf_hbh_iv : tag >> 3 == FT_HBH_CIPHER_TEXT ? hf_hbh_cipher_text :
                 tag >> 3 == FT_HBH_TAG ? hf_hbh_tag : hf_hbh_value;
        sub = ft_subtree(tree, hf_hbh_item, tvb, at, tag_len + number_len + len, ett_hbh_field, NULL, "Field %" PRIu64 ": %d bytes",
                                            tag >> 3, len);
        if (tag_len == 1) {
            proto_tree_add_item(sub, hf_hbh_field, tvb, at, 1, ENC_NA);
            proto_tree_add_item(sub, hf_hbh_wire_type, tvb, at, 1, ENC_NA);
        } else {
            proto_tree_add_item(sub, hf_hbh_tag_byte, tvb, at, tag_len, ENC_NA);
        }
        at += tag_len;
        if (number_len) {
            proto_tree_add_uint(sub, hf_hbh_length, tvb, at, number_len, (uint32_t)number);
            at += number_len;
        }
        if (hf == hf_hbh_cipher_text && len == FT_HBH_NACK_LEN)
            hbh_nack(tvb, tree, item);
        if (len > 0)
            proto_tree_add_item(sub, hf, tvb, at, len, ENC_NA);
        at += len;
    }
    if (at < end) {
        expert_add_info(pinfo, item, &ei_hbh_bad);
        proto_tree_add_item(tree, hf_hbh_value, tvb, at, end - at, ENC_NA);
    }
}

void
ft_hbh_register(void)
{
    static hf_register_info hf[] = {
        { &hf_hbh, { "Protocol Buffer", "facetime.relay.hbh", FT_NONE, BASE_NONE,
            NULL, 0x0, "A protocol buffer: a payload that is encrypted between the device and the relay", HFILL } },
        { &hf_hbh_item, { "Field", "facetime.relay.hbh.item", FT_NONE, BASE_NONE,
            NULL, 0x0, "A field of the protocol buffer", HFILL } },
        { &hf_hbh_tag_byte, { "Long Tag", "facetime.relay.hbh.long_tag", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Field number and wire type in more than one byte", HFILL } },
        { &hf_hbh_field, { "Field", "facetime.relay.hbh.field", FT_UINT8, BASE_DEC,
            VALS(hbh_field_vals), 0xf8, "Number of the field in the protocol buffer", HFILL } },
        { &hf_hbh_wire_type, { "Wire Type", "facetime.relay.hbh.wire_type", FT_UINT8, BASE_DEC,
            VALS(hbh_wire_type_vals), 0x07, "How the field's value is written", HFILL } },
        { &hf_hbh_length, { "Length", "facetime.relay.hbh.length", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes of the field's value", HFILL } },
        { &hf_hbh_iv, { "Initialization Vector", "facetime.relay.hbh.iv", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Start of the counter of AES-256-GCM", HFILL } },
        { &hf_hbh_cipher_text, { "Cipher Text", "facetime.relay.hbh.cipher_text", FT_BYTES, BASE_NONE,
            NULL, 0x0, "The payload, encrypted with a key of device and relay", HFILL } },
        { &hf_hbh_tag, { "Authentication Tag", "facetime.relay.hbh.tag", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Authentication tag of AES-256-GCM", HFILL } },
        { &hf_hbh_nack, { "NACK [guess]", "facetime.relay.hbh.nack", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The cipher text is as long as a NACK with one entry", HFILL } },
        { &hf_hbh_value, { "Value [unknown]", "facetime.relay.hbh.value", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Field that has no known meaning, or bytes that are no field", HFILL } },
    };
    static int *ett[] = { &ett_hbh, &ett_hbh_field };
    static ei_register_info ei[] = {
        { &ei_hbh_bad, { "facetime.relay.hbh.malformed", PI_MALFORMED, PI_WARN,
            "The payload is no protocol buffer to its end", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
