/* test_relay.c
 * The walk over relay channel data: which datagrams have the form, over every length of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

#define CHANNEL_HEADER 4

static const uint8_t rtp[] = {
    0x80, 0x64, 0x00, 0x07, 0x00, 0x00, 0xbb, 0x80, 0x5e, 0xed, 0x00, 0x01, 0x5a, 0x5a, 0x5a, 0x5a
};

/* A datagram that is put together byte by byte. */
typedef struct datagram {
    uint8_t bytes[512];
    unsigned length;
} datagram_t;

static void
add(datagram_t *d, const void *bytes, unsigned length)
{
    memcpy(d->bytes + d->length, bytes, length);
    d->length += length;
}

static void
add16(datagram_t *d, unsigned value)
{
    const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

    add(d, bytes, 2);
}

static datagram_t
begun(void)
{
    datagram_t d = { .length = 0 };

    add16(&d, 0x6001);
    add16(&d, 0);
    return d;
}

static void
finish(datagram_t *d)
{
    d->bytes[2] = (uint8_t)((d->length - CHANNEL_HEADER) >> 8);
    d->bytes[3] = (uint8_t)(d->length - CHANNEL_HEADER);
}

/* The evidence of the first `captured` bytes as the first datagram of a flow between strangers; 0 if they have not the form. */
static uint32_t
evidence_of(const datagram_t *d, unsigned captured)
{
    static const uint8_t here[4] = { 192, 168, 1, 1 }, there[4] = { 198, 51, 100, 1 };
    tvbuff_t *tvb = unit_tvb(d->bytes, captured, d->length);
    packet_info *pinfo = unit_packet(1, 0);
    uint32_t evidence = 0;
    bool matched;

    pinfo->src = unit_address(here, 4);
    pinfo->dst = unit_address(there, 4);
    pinfo->srcport = 50000;
    pinfo->destport = 50001;
    matched = ft_wire_relay.match(tvb, pinfo, NULL, &evidence);
    g_assert_true(matched == (evidence != 0));
    tvb_free(tvb);
    return evidence;
}

static bool
headless(const datagram_t *d, unsigned captured)
{
    tvbuff_t *tvb = unit_tvb(d->bytes + CHANNEL_HEADER, captured - CHANNEL_HEADER, d->length - CHANNEL_HEADER);
    bool matched = ft_relay_headless_match(tvb);

    tvb_free(tvb);
    return matched;
}

static void
sure(datagram_t d)
{
    finish(&d);
    g_assert_cmpuint(evidence_of(&d, d.length), ==, FT_EV(FT_EV_RELAY_HEADER));
    g_assert_true(headless(&d, d.length));
}

static void
not_the_form(datagram_t d)
{
    finish(&d);
    g_assert_cmpuint(evidence_of(&d, d.length), ==, 0);
    g_assert_false(headless(&d, d.length));
}

/* The size of each bit's field; compare the table at the top of wire_relay.c. */
static void
each_field(void)
{
    static const struct {
        unsigned bit, size;
    } fields[] = { { 0, 2 }, { 2, 8 }, { 3, 1 }, { 4, 2 }, { 5, 1 }, { 9, 2 }, { 13, 2 }, { 17, 1 },
                   { 6, 0 }, { 8, 0 }, { 11, 0 }, { 18, 0 }, { 19, 0 }, { 20, 2 }, { 21, 0 }, { 23, 0 }, { 24, 0 } };
    static const uint8_t zeroes[8] = { 0 };

    for (unsigned i = 0; i < array_length(fields); i++) {
        datagram_t d = begun();

        if (fields[i].bit < 16) {
            add16(&d, 1u << fields[i].bit);
        } else {
            add16(&d, 0x8000);
            add16(&d, 1u << (fields[i].bit - 16));
        }
        add(&d, zeroes, fields[i].size);
        add(&d, rtp, sizeof rtp);
        sure(d);
    }
}

static void
counts(void)
{
    for (uint8_t count = 0; count <= 12; count++) {
        datagram_t d = begun();
        static const uint8_t zeroes[24] = { 0 };

        add16(&d, 0x0002);
        add(&d, &count, 1);
        add(&d, zeroes, 2u * count);
        add(&d, rtp, sizeof rtp);
        if (count <= 11)
            sure(d);
        else
            not_the_form(d);
    }
    for (uint8_t count = 0; count <= 4; count++) {
        datagram_t d = begun();
        static const uint8_t zeroes[8] = { 0 };

        add16(&d, 0x4000);
        add(&d, &count, 1);
        add(&d, zeroes, 2u * count);
        add(&d, rtp, sizeof rtp);
        if (count <= 3)
            sure(d);
        else
            not_the_form(d);
    }
}

/* Compound datagrams: as many sub-packets as there may be, and one more. */
static void
sub_packets(void)
{
    for (unsigned n = 1; n <= FT_MAX_SUBPACKETS + 1; n++) {
        datagram_t d = begun();

        for (unsigned i = 1; i < n; i++) {
            add16(&d, 0x0080);
            add16(&d, sizeof rtp);
            add(&d, rtp, sizeof rtp);
        }
        add16(&d, 0x0000);
        add(&d, rtp, sizeof rtp);
        if (n <= FT_MAX_SUBPACKETS)
            sure(d);
        else
            not_the_form(d);
    }
}

/* A header that ends too early is none, wherever it ends; one that only the capture cuts has the form still. */
static void
every_length(void)
{
    static const uint8_t all_fields[] = {
        0xe2, 0x3f, 0x00, 0x02,                             /* bits 0-5, 9, 13-15; 17 */
        0x07, 0x77, 0x02, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 1, 9, 0, 0x42, 3, 3, 0x01, 0, 5, 9
    };
    datagram_t whole = begun();

    add(&whole, all_fields, sizeof all_fields);
    add(&whole, rtp, sizeof rtp);
    sure(whole);
    finish(&whole);
    for (unsigned length = 0; length < whole.length; length++) {
        datagram_t cut = whole;
        uint32_t evidence = evidence_of(&whole, length);

        if (length < CHANNEL_HEADER + 2)
            g_assert_cmpuint(evidence, ==, 0);
        else
            g_assert_cmpuint(evidence, !=, 0);
        if (length < CHANNEL_HEADER + sizeof all_fields)
            g_assert_cmpuint(evidence & FT_EV(FT_EV_RELAY_HEADER), ==, 0);
        if (length < CHANNEL_HEADER)
            continue;
        cut.length = length;
        if (length < CHANNEL_HEADER + sizeof all_fields)
            not_the_form(cut);
    }
}

/* The walk reads nothing that was not captured: valgrind and the sanitizers see it if it does. */
static void
any_bytes(void)
{
    for (unsigned round = 0; round < 20000; round++) {
        datagram_t d = begun();
        unsigned length = 2 + (unsigned)g_test_rand_int_range(0, 60), captured;
        uint8_t *exact;

        while (d.length < CHANNEL_HEADER + length) {
            uint8_t byte = (uint8_t)g_test_rand_int_range(0, 256);

            add(&d, &byte, 1);
        }
        finish(&d);
        captured = CHANNEL_HEADER + (unsigned)g_test_rand_int_range(0, (int)length + 1);
        exact = g_memdup2(d.bytes, captured);
        {
            tvbuff_t *tvb = unit_tvb(exact, captured, d.length);
            uint32_t evidence = 0;

            ft_wire_relay.match(tvb, unit_packet(1, 0), NULL, &evidence);
            tvb_free(tvb);
        }
        g_free(exact);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    unit_begin();
    g_test_add_func("/relay/each field", each_field);
    g_test_add_func("/relay/counts", counts);
    g_test_add_func("/relay/sub-packets", sub_packets);
    g_test_add_func("/relay/every length", every_length);
    g_test_add_func("/relay/any bytes", any_bytes);
    return g_test_run();
}
