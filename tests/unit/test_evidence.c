/* test_evidence.c
 * Evidence and its weight, Apple's networks, the port ranges.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "support.h"

static void
every_sign_has_a_weight_and_a_text_of_its_own(void)
{
    for (unsigned bit = 0; bit < FT_EV_COUNT; bit++) {
        g_assert_cmpint(ft_confidence(FT_EV(bit)), >=, FT_CONFIDENCE_LOW);
        g_assert_cmpint(ft_confidence(FT_EV(bit)), <=, FT_CONFIDENCE_HIGH);
        g_assert_nonnull(ft_evidence_text((ft_evidence_t)bit));
        g_assert_cmpuint(strlen(ft_evidence_text((ft_evidence_t)bit)), >, 5);
        for (unsigned other = 0; other < bit; other++)
            g_assert_cmpstr(ft_evidence_text((ft_evidence_t)bit), !=, ft_evidence_text((ft_evidence_t)other));
    }
    g_assert_cmpint(ft_confidence(0), ==, FT_CONFIDENCE_NONE);
    g_assert_cmpstr(ft_evidence_text(FT_EV_COUNT), ==, "unknown");
}

/* evidence.c, rule 3: weak signs stay weak, however many there are. */
static void
the_surest_sign_counts_and_no_sum(void)
{
    uint32_t of[FT_CONFIDENCE_HIGH + 1] = { 0 };

    for (unsigned bit = 0; bit < FT_EV_COUNT; bit++)
        of[ft_confidence(FT_EV(bit))] |= FT_EV(bit);
    g_assert_cmpuint(of[FT_CONFIDENCE_LOW], !=, 0);
    g_assert_cmpuint(of[FT_CONFIDENCE_MEDIUM], !=, 0);
    g_assert_cmpuint(of[FT_CONFIDENCE_HIGH], !=, 0);
    g_assert_cmpint(ft_confidence(of[FT_CONFIDENCE_LOW]), ==, FT_CONFIDENCE_LOW);
    g_assert_cmpint(ft_confidence(of[FT_CONFIDENCE_LOW] | of[FT_CONFIDENCE_MEDIUM]), ==, FT_CONFIDENCE_MEDIUM);
    g_assert_cmpint(ft_confidence(of[FT_CONFIDENCE_LOW] | FT_EV(FT_EV_SNATMAP)), ==, FT_CONFIDENCE_HIGH);
    /* Bits that are none. */
    g_assert_cmpint(ft_confidence(~(uint32_t)((UINT64_C(1) << FT_EV_COUNT) - 1)), ==, FT_CONFIDENCE_NONE);
}

/* What any VoIP program shows is weak, what its surroundings make FaceTime is medium. */
static void
weights(void)
{
    g_assert_cmpint(ft_confidence(FT_EV(FT_EV_STUN_PORTS) | FT_EV(FT_EV_RTP_PORTS) | FT_EV(FT_EV_QUIC_PORTS) | FT_EV(FT_EV_SIP_PORTS)),
                    ==, FT_CONFIDENCE_LOW);
    g_assert_cmpint(ft_confidence(FT_EV(FT_EV_QUIC_RELAY)), ==, FT_CONFIDENCE_MEDIUM);
    g_assert_cmpint(ft_confidence(FT_EV(FT_EV_SAME_SOCKET)), ==, FT_CONFIDENCE_MEDIUM);
    g_assert_cmpint(ft_confidence(FT_EV(FT_EV_RELAY_HEADER)), ==, FT_CONFIDENCE_HIGH);
    g_assert_cmpint(ft_confidence(FT_EV(FT_EV_DECODE_AS)), ==, FT_CONFIDENCE_HIGH);
}

static void
apples_networks(void)
{
    static const struct {
        uint8_t bytes[16];
        int length;
        bool apple;
    } cases[] = {
        { { 17, 0, 0, 0 }, 4, true },
        { { 17, 255, 255, 255 }, 4, true },
        { { 16, 255, 255, 255 }, 4, false },
        { { 18, 0, 0, 0 }, 4, false },
        { { 10, 17, 17, 17 }, 4, false },
        { { 0x26, 0x20, 0x01, 0x49, 0x0a, 0x44 }, 16, true },
        { { 0x26, 0x20, 0x01, 0x4a }, 16, false },
        { { 0x26, 0x20, 0x01, 0x48, 0xff }, 16, false },
        { { 0x24, 0x03, 0x03, 0x00 }, 16, true },
        { { 0x24, 0x03, 0x03, 0x01 }, 16, false },
        { { 0x2a, 0x01, 0xb7, 0x40 }, 16, true },
        { { 0x2a, 0x01, 0xb7, 0x41 }, 16, false },
        { { 17 }, 16, false },
        { { 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1, 2, 3 }, 16, true },
        { { 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 2, 3 }, 16, false },
        { { 0x00, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0, 17, 1, 2, 3 }, 16, false },
        { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1, 2, 3 }, 16, false },
    };
    address addr = ADDRESS_INIT_NONE;
    static const uint8_t ether[6] = { 17, 0, 0, 0, 0, 1 };

    for (unsigned i = 0; i < array_length(cases); i++) {
        addr = unit_address(cases[i].bytes, cases[i].length);
        g_assert_cmpint(ft_is_apple(&addr), ==, cases[i].apple);
    }
    clear_address(&addr);
    g_assert_false(ft_is_apple(&addr));
    set_address(&addr, AT_ETHER, 6, ether);
    g_assert_false(ft_is_apple(&addr));
}

static void
ports(void)
{
    static const uint32_t relay[] = { 3478, 3482, 3497 }, media[] = { 16384, 16393, 16402, 16403 };
    static const uint32_t neither[] = { 0, 3477, 3498, 16383, 16404, 65535 };

    for (unsigned i = 0; i < array_length(relay); i++)
        g_assert_true(ft_is_relay_port(relay[i]) && !ft_is_media_port(relay[i]));
    for (unsigned i = 0; i < array_length(media); i++)
        g_assert_true(ft_is_media_port(media[i]) && !ft_is_relay_port(media[i]));
    for (unsigned i = 0; i < array_length(neither); i++)
        g_assert_false(ft_is_media_port(neither[i]) || ft_is_relay_port(neither[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    unit_begin();
    g_test_add_func("/evidence/every sign", every_sign_has_a_weight_and_a_text_of_its_own);
    g_test_add_func("/evidence/surest sign", the_surest_sign_counts_and_no_sum);
    g_test_add_func("/evidence/weights", weights);
    g_test_add_func("/evidence/apple", apples_networks);
    g_test_add_func("/evidence/ports", ports);
    return g_test_run();
}
