/* wire_link_probe.c
 * Link probe: 36 bytes that seem to come from the relay.
 *
 *      0                   1                   2                   3
 *     +---------------------------------------------------------------+
 *     | de ad be ef                                                   |
 *     +-------------------------------+-------------------------------+
 *     | ca fe, or de ad               | 2                             |
 *     +-------------------------------+-------------------------------+
 *     | constant within a call                                        |
 *     +---------------+---------------+-------------------------------+
 *     | 5             | 1, then 0     | 1                             |
 *     +---------------+---------------+-------------------------------+
 *     | 0                                                             |
 *     +---------------------------------------------------------------+
 *     | a count                                                       |
 *     +---------------------------------------------------------------+
 *     | a small value                                                 |
 *     +---------------------------------------------------------------+
 *     | a clock                                                       |
 *     +---------------------------------------------------------------+
 *     | another clock                                                 |
 *     +---------------------------------------------------------------+
 *
 * Measured on 400 probes of one 30 s cellular call; a Wi-Fi call had none. The meaning of every field is a guess.
 * The probes have IP TTL 255 and DF clear, where the same relay's packets have TTL 52 and DF set: probably the phone
 * itself puts them in (a report of its modem on the link), not the relay.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#define FT_LINK_PROBE_LEN   36
#define FT_LINK_PROBE_MAGIC 0xdeadbeefu
#define FT_LINK_PROBE_CAFE  0xcafe
#define FT_LINK_PROBE_DEAD  0xdead

static int hf_linkprobe_magic = -1;
static int hf_linkprobe_version = -1;
static int hf_linkprobe_id = -1;
static int hf_linkprobe_type = -1;
static int hf_linkprobe_first = -1;
static int hf_linkprobe_one = -1;
static int hf_linkprobe_zero = -1;
static int hf_linkprobe_count = -1;
static int hf_linkprobe_value = -1;
static int hf_linkprobe_clock1 = -1;
static int hf_linkprobe_clock2 = -1;
static int hf_linkprobe_rest = -1;
static int ett_linkprobe = -1;
static expert_field ei_linkprobe_length = EI_INIT;

static bool
link_probe_match(tvbuff_t *tvb, const packet_info *pinfo _U_, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    uint16_t low;

    /* 1. The six constant bytes: 48 bits that no other protocol begins with. The length is not asked for, so that
     *    a probe of another length is shown, with an expert item. */
    if (tvb_captured_length(tvb) < 6 || tvb_get_ntohl(tvb, 0) != FT_LINK_PROBE_MAGIC)
        return false;
    low = tvb_get_ntohs(tvb, 4);
    if (low != FT_LINK_PROBE_CAFE && low != FT_LINK_PROBE_DEAD)
        return false;
    *evidence |= FT_EV(FT_EV_LINK_PROBE);
    return true;
}

static void
link_probe_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root _U_, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree(ft_tree, tvb, 0, -1, ett_linkprobe, &item, "Link Probe");
    int reported = (int)tvb_reported_length(tvb);

    pkt->phase = FT_PHASE_RELAY;
    col_append_str(pinfo->cinfo, COL_INFO, "Link probe");
    if (reported != FT_LINK_PROBE_LEN)
        expert_add_info_format(pinfo, item, &ei_linkprobe_length, "A link probe has %d bytes, this one %d",
                               FT_LINK_PROBE_LEN, reported);
    proto_tree_add_item(tree, hf_linkprobe_magic, tvb, 0, 6, ENC_NA);
    if (reported < FT_LINK_PROBE_LEN) {
        if (reported > 6)
            proto_tree_add_item(tree, hf_linkprobe_rest, tvb, 6, -1, ENC_NA);
        return;
    }
    proto_tree_add_item(tree, hf_linkprobe_version, tvb, 6, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_id, tvb, 8, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_type, tvb, 12, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_first, tvb, 13, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_one, tvb, 14, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_zero, tvb, 16, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_count, tvb, 20, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_value, tvb, 24, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_clock1, tvb, 28, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_clock2, tvb, 32, 4, ENC_BIG_ENDIAN);
    if (reported > FT_LINK_PROBE_LEN)
        proto_tree_add_item(tree, hf_linkprobe_rest, tvb, FT_LINK_PROBE_LEN, -1, ENC_NA);
}

static void
link_probe_register(void)
{
    static hf_register_info hf[] = {
        { &hf_linkprobe_magic, { "Magic", "facetime.linkprobe.magic", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Constant by which the probe is known", HFILL } },
        { &hf_linkprobe_version, { "Version [guess]", "facetime.linkprobe.version", FT_UINT16, BASE_DEC,
            NULL, 0x0, "2 in all probes seen; the meaning is a guess", HFILL } },
        { &hf_linkprobe_id, { "Call Constant [guess]", "facetime.linkprobe.id", FT_UINT32, BASE_HEX,
            NULL, 0x0, "The same in all probes of a call; the meaning is a guess", HFILL } },
        { &hf_linkprobe_type, { "Type [guess]", "facetime.linkprobe.type", FT_UINT8, BASE_DEC,
            NULL, 0x0, "5 in all probes seen; the meaning is a guess", HFILL } },
        { &hf_linkprobe_first, { "First [guess]", "facetime.linkprobe.first", FT_UINT8, BASE_DEC,
            NULL, 0x0, "1 in the first probe of a call, 0 in the others; the meaning is a guess", HFILL } },
        { &hf_linkprobe_one, { "One [unknown]", "facetime.linkprobe.one", FT_UINT16, BASE_DEC,
            NULL, 0x0, "1 in all probes seen", HFILL } },
        { &hf_linkprobe_zero, { "Zero [unknown]", "facetime.linkprobe.zero", FT_UINT32, BASE_DEC,
            NULL, 0x0, "0 in all probes seen", HFILL } },
        { &hf_linkprobe_count, { "Count [guess]", "facetime.linkprobe.count", FT_UINT32, BASE_DEC,
            NULL, 0x0, "A number that changes with each probe; the meaning is a guess", HFILL } },
        { &hf_linkprobe_value, { "Value [unknown]", "facetime.linkprobe.value", FT_UINT32, BASE_DEC,
            NULL, 0x0, "A small number that changes with each probe", HFILL } },
        { &hf_linkprobe_clock1, { "Clock 1 [guess]", "facetime.linkprobe.clock1", FT_UINT32, BASE_DEC,
            NULL, 0x0, "A number that grows with time; its unit is not known", HFILL } },
        { &hf_linkprobe_clock2, { "Clock 2 [guess]", "facetime.linkprobe.clock2", FT_UINT32, BASE_DEC,
            NULL, 0x0, "A number that grows with time; its unit is not known", HFILL } },
        { &hf_linkprobe_rest, { "Other Bytes", "facetime.linkprobe.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of a probe that has not the known length", HFILL } },
    };
    static int *ett[] = { &ett_linkprobe };
    static ei_register_info ei[] = {
        { &ei_linkprobe_length, { "facetime.linkprobe.bad_length", PI_PROTOCOL, PI_WARN,
            "Link probe of unknown length", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}

const ft_wire_t ft_wire_link_probe = {
    .kind = FT_KIND_LINK_PROBE,
    .register_fields = link_probe_register,
    .match = link_probe_match,
    .dissect = link_probe_dissect,
};
