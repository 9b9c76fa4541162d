/* link_probe.c
 * Link probe: what the phone's own modem ("baseband") says about the cellular link, in a datagram that looks as if the relay sent it.
 *
 *      0                   1                   2                   3
 *     +---------------------------------------------------------------+
 *     | de ad be ef                                                   |
 *     +-------------------------------+-------------------------------+
 *     | ca fe, or de ad               | version: 2                    |
 *     +-------------------------------+-------------------------------+
 *     | constant within a call; 0x6f: a change of the codec's rate    |
 *     +---------------+---------------+-------------------------------+
 *     | radio: 5      | antenna       | flows: 1                      |    ca fe: a notification, 36 bytes
 *     +---------------+---------------+-------------------------------+
 *     | flow type: 0  | power, dBm    | 0                             |
 *     +---------------------------------------------------------------+
 *     | bytes in the modem's queue that can be flushed                |
 *     +---------------------------------------------------------------+
 *     | bytes in the modem's queue that cannot                        |
 *     +---------------------------------------------------------------+
 *     | bytes transmitted so far                                      |
 *     +---------------------------------------------------------------+
 *     | clock of milliseconds                                         |
 *     +---------------------------------------------------------------+
 *
 *     de ad: the modem's answer to a wish to drop packets. From offset 12: u16 transaction, u16 (0: none was dropped, ffff: failed),
 *            then up to six times u8 payload type, u16 count, and count times the u16 sequence number of a dropped packet
 *     ca fe with 0x6f at offset 8: u16 current, u16 suggested bit rate from offset 12
 *
 * Source of the forms and names: VCBasebandNotificationParser and VCBasebandMetrics of AVConference in public decompilations.
 * Measured on 400 notifications of one 30 s cellular call (a Wi-Fi call had none): the clock grows by 28,722 in 29.22 s of frame
 * time; where the queue shrinks from one to the next, it shrinks by about what the transmitted bytes grow; those grow by 259,452
 * while the device sends 230,014 bytes of IP to the relay. The other two forms were never seen.
 * The probes have IP TTL 255 and DF clear, where the same relay's packets have TTL 52 and DF set: the phone itself puts them in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/wire.h"
#include "wire/link.h"

#define FT_LINK_PROBE_LEN   36
#define FT_LINK_PROBE_SHORT 16          /* of the two other forms: what Apple's parser asks for */
#define FT_LINK_PROBE_MAGIC 0xdeadbeefu
#define FT_LINK_PROBE_CAFE  0xcafe
#define FT_LINK_PROBE_DEAD  0xdead
#define FT_LINK_PROBE_RATE  0x6fu       /* in place of the constant: a change of the codec's rate */
#define FT_LINK_PROBE_HEAD  12          /* what all forms begin with */

/* Of the answer to a wish to drop packets: groups and sequence numbers that Apple's parser takes. */
#define FT_DROP_MAX_GROUPS  6
#define FT_DROP_MAX_NUMBERS 500
#define FT_DROP_FAILED      0xffff

enum { LINK_PROBE_NOTIFICATION, LINK_PROBE_RATE_CHANGE, LINK_PROBE_DROP_ANSWER };

static int hf_linkprobe_group = -1;
static int hf_linkprobe = -1;
static int hf_linkprobe_magic = -1;
static int hf_linkprobe_kind = -1;
static int hf_linkprobe_version = -1;
static int hf_linkprobe_id = -1;
static int hf_linkprobe_radio = -1;
static int hf_linkprobe_first = -1;
static int hf_linkprobe_one = -1;
static int hf_linkprobe_zero = -1;
static int hf_linkprobe_flushable = -1;
static int hf_linkprobe_unflushable = -1;
static int hf_linkprobe_transmitted = -1;
static int hf_linkprobe_time = -1;
static int hf_linkprobe_old_type = -1;
static int hf_linkprobe_old_count = -1;
static int hf_linkprobe_old_value = -1;
static int hf_linkprobe_old_clock1 = -1;
static int hf_linkprobe_old_clock2 = -1;
static int hf_linkprobe_antenna = -1;
static int hf_linkprobe_flows = -1;
static int hf_linkprobe_flow_type = -1;
static int hf_linkprobe_power = -1;
static int hf_linkprobe_spare = -1;
static int hf_linkprobe_rate_current = -1;
static int hf_linkprobe_rate_suggested = -1;
static int hf_linkprobe_rate1 = -1;
static int hf_linkprobe_rate2 = -1;
static int hf_linkprobe_transaction = -1;
static int hf_linkprobe_dropped = -1;
static int hf_linkprobe_payload_type = -1;
static int hf_linkprobe_numbers = -1;
static int hf_linkprobe_number = -1;
static int hf_linkprobe_rest = -1;
static int ett_linkprobe = -1;
static int ett_linkprobe_group = -1;
static expert_field ei_linkprobe_length = EI_INIT;

static const value_string linkprobe_kind_vals[] = {
    { LINK_PROBE_NOTIFICATION, "Notification" },
    { LINK_PROBE_RATE_CHANGE, "Codec rate change" },
    { LINK_PROBE_DROP_ANSWER, "Drop acknowledgement" },
    { 0, NULL }
};

static const value_string linkprobe_dropped_vals[] = {
    { 0, "No packet dropped" },
    { FT_DROP_FAILED, "Failed" },
    { 0, NULL }
};

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

/* A field, and the name that it had before its meaning was known. */
static void
link_probe_field(tvbuff_t *tvb, proto_tree *tree, int hf, int hf_old, int at, int len)
{
    /* Without a tree, only bytes that the capture cut off are read, so that Wireshark reports the cut. */
    if (!tree && tvb_bytes_exist(tvb, at, len))
        return;
    proto_tree_add_item(tree, hf, tvb, at, len, ENC_BIG_ENDIAN);
    proto_item_set_hidden(proto_tree_add_item(tree, hf_old, tvb, at, len, ENC_BIG_ENDIAN));
}

static void
link_probe_notification(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (tvb_captured_length(tvb) >= FT_LINK_PROBE_LEN)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", queue %u bytes, transmitted %u", tvb_get_ntohl(tvb, 20) + tvb_get_ntohl(tvb, 24),
                        tvb_get_ntohl(tvb, 28));
    link_probe_field(tvb, tree, hf_linkprobe_radio, hf_linkprobe_old_type, 12, 1);
    link_probe_field(tvb, tree, hf_linkprobe_antenna, hf_linkprobe_first, 13, 1);
    link_probe_field(tvb, tree, hf_linkprobe_flows, hf_linkprobe_one, 14, 2);
    proto_tree_add_item(tree, hf_linkprobe_flow_type, tvb, 16, 1, ENC_NA);
    proto_tree_add_item(tree, hf_linkprobe_power, tvb, 17, 1, ENC_NA);
    proto_tree_add_item(tree, hf_linkprobe_spare, tvb, 18, 2, ENC_BIG_ENDIAN);
    if (tvb_captured_length(tvb) >= 20)
        proto_item_set_hidden(proto_tree_add_item(tree, hf_linkprobe_zero, tvb, 16, 4, ENC_BIG_ENDIAN));
    link_probe_field(tvb, tree, hf_linkprobe_flushable, hf_linkprobe_old_count, 20, 4);
    link_probe_field(tvb, tree, hf_linkprobe_unflushable, hf_linkprobe_old_value, 24, 4);
    link_probe_field(tvb, tree, hf_linkprobe_transmitted, hf_linkprobe_old_clock1, 28, 4);
    link_probe_field(tvb, tree, hf_linkprobe_time, hf_linkprobe_old_clock2, 32, 4);
}

/* Returns where the known form ends; it can be less than what is there. *bad: a group does not fit. */
static int
link_probe_drop_answer(tvbuff_t *tvb, proto_tree *tree, int reported, bool *bad)
{
    int at = FT_LINK_PROBE_SHORT;

    proto_tree_add_item(tree, hf_linkprobe_transaction, tvb, 12, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_dropped, tvb, 14, 2, ENC_BIG_ENDIAN);
    if (tvb_get_ntohs(tvb, 14) == FT_DROP_FAILED)
        return at;
    for (unsigned n = 0; n < FT_DROP_MAX_GROUPS && at + 3 <= reported; n++) {
        uint16_t count = tvb_get_ntohs(tvb, at + 1);
        proto_tree *sub;

        if (count > FT_DROP_MAX_NUMBERS || at + 3 + 2 * count > reported) {
            *bad = true;
            return at;
        }
        sub = ft_subtree(tree, hf_linkprobe_group, tvb, at, 3 + 2 * count, ett_linkprobe_group, NULL, "Payload type %u: %u packets",
                                            ft_tvb_get_u8(tvb, at), count);
        proto_tree_add_item(sub, hf_linkprobe_payload_type, tvb, at, 1, ENC_NA);
        proto_tree_add_item(sub, hf_linkprobe_numbers, tvb, at + 1, 2, ENC_BIG_ENDIAN);
        at += 3;
        for (unsigned i = 0; i < count; i++, at += 2)
            proto_tree_add_item(sub, hf_linkprobe_number, tvb, at, 2, ENC_BIG_ENDIAN);
    }
    return at;
}

static void
link_probe_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root _U_, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_item *item;
    proto_tree *tree = ft_subtree(ft_tree, hf_linkprobe, tvb, 0, -1, ett_linkprobe, &item, "Link Probe");
    int reported = (int)tvb_reported_length(tvb), end = FT_LINK_PROBE_SHORT;
    bool bad = false;
    uint32_t kind = LINK_PROBE_NOTIFICATION;

    if (tvb_get_ntohs(tvb, 4) == FT_LINK_PROBE_DEAD)
        kind = LINK_PROBE_DROP_ANSWER;
    else if (tvb_captured_length(tvb) >= FT_LINK_PROBE_HEAD && tvb_get_ntohl(tvb, 8) == FT_LINK_PROBE_RATE)
        kind = LINK_PROBE_RATE_CHANGE;
    else
        end = FT_LINK_PROBE_LEN;
    pkt->phase = FT_PHASE_RELAY;
    pkt->what = val_to_str_const(kind, linkprobe_kind_vals, "Unknown");
    col_append_str(pinfo->cinfo, COL_INFO, pkt->what);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_linkprobe_kind, tvb, 0, 0, kind));
    proto_tree_add_item(tree, hf_linkprobe_magic, tvb, 0, 6, ENC_NA);
    if (reported < end) {
        expert_add_info_format(pinfo, item, &ei_linkprobe_length, "Such a link probe has %d bytes, this one %d", end, reported);
        if (reported > 6)
            proto_tree_add_item(tree, hf_linkprobe_rest, tvb, 6, -1, ENC_NA);
        return;
    }
    proto_tree_add_item(tree, hf_linkprobe_version, tvb, 6, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_linkprobe_id, tvb, 8, 4, ENC_BIG_ENDIAN);
    switch (kind) {
    case LINK_PROBE_NOTIFICATION:
        link_probe_notification(tvb, pinfo, tree);
        break;
    case LINK_PROBE_RATE_CHANGE:
        link_probe_field(tvb, tree, hf_linkprobe_rate_current, hf_linkprobe_rate1, 12, 2);
        link_probe_field(tvb, tree, hf_linkprobe_rate_suggested, hf_linkprobe_rate2, 14, 2);
        break;
    default:
        end = link_probe_drop_answer(tvb, tree, reported, &bad);
        break;
    }
    if (end == reported && !bad)
        return;
    if (bad)
        expert_add_info_format(pinfo, item, &ei_linkprobe_length, "%d bytes are no list of dropped packets", reported - end);
    else
        expert_add_info_format(pinfo, item, &ei_linkprobe_length, "Such a link probe has %d bytes, this one %d", end, reported);
    proto_tree_add_item(tree, hf_linkprobe_rest, tvb, end, -1, ENC_NA);
}

static void
link_probe_register(void)
{
    static hf_register_info hf[] = {
        { &hf_linkprobe_group, { "Group", "facetime.linkprobe.group", FT_NONE, BASE_NONE,
            NULL, 0x0, "Packets of one payload type", HFILL } },
        { &hf_linkprobe, { "Link Probe", "facetime.linkprobe", FT_NONE, BASE_NONE,
            NULL, 0x0, "A probe between device and relay", HFILL } },
        { &hf_linkprobe_magic, { "Magic", "facetime.linkprobe.magic", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Constant by which the probe is known; the last two bytes are its kind", HFILL } },
        { &hf_linkprobe_kind, { "Kind", "facetime.linkprobe.kind", FT_UINT8, BASE_DEC,
            VALS(linkprobe_kind_vals), 0x0, "What the modem says", HFILL } },
        { &hf_linkprobe_version, { "Version", "facetime.linkprobe.version", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Version of the format: 2 in all probes seen", HFILL } },
        { &hf_linkprobe_id, { "Tag [guess]", "facetime.linkprobe.id", FT_UINT32, BASE_HEX,
            NULL, 0x0, "The same in all probes of a call: perhaps what Apple's code calls a unique cellular tag", HFILL } },
        { &hf_linkprobe_radio, { "Radio Technology", "facetime.linkprobe.radio", FT_UINT8, BASE_DEC,
            VALS(ft_rat_vals), 0x0, "Radio access technology of the link", HFILL } },
        { &hf_linkprobe_antenna, { "Transmission Antenna", "facetime.linkprobe.antenna", FT_UINT8, BASE_DEC,
            NULL, 0x0, "Antenna that the modem sends with: 1 in the first of 400 probes and in one 4 seconds later, else 0", HFILL } },
        { &hf_linkprobe_flows, { "Flows", "facetime.linkprobe.flows", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Number of flows; 1 in all probes seen", HFILL } },
        { &hf_linkprobe_flow_type, { "Flow Type", "facetime.linkprobe.flow_type", FT_UINT8, BASE_DEC,
            NULL, 0x0, "0 in all probes seen", HFILL } },
        { &hf_linkprobe_power, { "Transmission Power (dBm) [guess]", "facetime.linkprobe.power", FT_INT8, BASE_DEC,
            NULL, 0x0, "0 in all probes seen; the unit is guessed", HFILL } },
        { &hf_linkprobe_spare, { "Spare", "facetime.linkprobe.spare", FT_UINT16, BASE_HEX,
            NULL, 0x0, "0 in all probes seen; Apple's struct has no member there", HFILL } },
        { &hf_linkprobe_first, { "Byte 13", "facetime.linkprobe.first", FT_UINT8, BASE_DEC,
            NULL, 0x0, "The antenna, by its place", HFILL } },
        { &hf_linkprobe_one, { "Bytes 14 and 15", "facetime.linkprobe.one", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The number of flows, by its place", HFILL } },
        { &hf_linkprobe_zero, { "Word 4", "facetime.linkprobe.zero", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Flow type, power and spare bytes, by their place", HFILL } },
        { &hf_linkprobe_flushable, { "Flushable Queue", "facetime.linkprobe.queue.flushable", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes that wait in the modem and could still be dropped", HFILL } },
        { &hf_linkprobe_unflushable, { "Unflushable Queue", "facetime.linkprobe.queue.unflushable", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes that wait in the modem and can no longer be dropped", HFILL } },
        { &hf_linkprobe_transmitted, { "Transmitted Bytes", "facetime.linkprobe.transmitted", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes that the modem has sent since it was started", HFILL } },
        { &hf_linkprobe_time, { "Time (ms)", "facetime.linkprobe.time", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Clock of the modem", HFILL } },
        { &hf_linkprobe_old_type, { "Byte 12", "facetime.linkprobe.type", FT_UINT8, BASE_DEC,
            NULL, 0x0, "The radio technology, by its place", HFILL } },
        { &hf_linkprobe_old_count, { "Word 5", "facetime.linkprobe.count", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The flushable queue, by its place", HFILL } },
        { &hf_linkprobe_old_value, { "Word 6", "facetime.linkprobe.value", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The unflushable queue, by its place", HFILL } },
        { &hf_linkprobe_old_clock1, { "Word 7", "facetime.linkprobe.clock1", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The transmitted bytes, by their place", HFILL } },
        { &hf_linkprobe_old_clock2, { "Word 8", "facetime.linkprobe.clock2", FT_UINT32, BASE_DEC,
            NULL, 0x0, "The time, by its place", HFILL } },
        { &hf_linkprobe_rate_current, { "Current Bit Rate", "facetime.linkprobe.rate.current", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bit rate of the codec; never seen, so its unit is not known", HFILL } },
        { &hf_linkprobe_rate_suggested, { "Suggested Bit Rate", "facetime.linkprobe.rate.suggested", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Bit rate that the modem suggests; never seen", HFILL } },
        { &hf_linkprobe_rate1, { "Rate 1", "facetime.linkprobe.rate.1", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The current bit rate, by its place", HFILL } },
        { &hf_linkprobe_rate2, { "Rate 2", "facetime.linkprobe.rate.2", FT_UINT16, BASE_DEC,
            NULL, 0x0, "The suggested bit rate, by its place", HFILL } },
        { &hf_linkprobe_transaction, { "Transaction", "facetime.linkprobe.drop.transaction", FT_UINT16, BASE_HEX,
            NULL, 0x0, "Number of the wish to drop packets; never seen", HFILL } },
        { &hf_linkprobe_dropped, { "Result", "facetime.linkprobe.drop.result", FT_UINT16, BASE_DEC,
            VALS(linkprobe_dropped_vals), 0x0, "Whether packets were dropped; never seen", HFILL } },
        { &hf_linkprobe_payload_type, { "Payload Type", "facetime.linkprobe.drop.payload_type", FT_UINT8, BASE_DEC,
            NULL, 0x0, "RTP payload type of dropped packets", HFILL } },
        { &hf_linkprobe_numbers, { "Packets", "facetime.linkprobe.drop.packets", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Number of dropped packets of this payload type", HFILL } },
        { &hf_linkprobe_number, { "Sequence Number", "facetime.linkprobe.drop.seq", FT_UINT16, BASE_DEC,
            NULL, 0x0, "RTP sequence number of a dropped packet", HFILL } },
        { &hf_linkprobe_rest, { "Other Bytes", "facetime.linkprobe.rest", FT_BYTES, BASE_NONE,
            NULL, 0x0, "Bytes of a probe that has not the known length", HFILL } },
    };
    static int *ett[] = { &ett_linkprobe, &ett_linkprobe_group };
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
    .first_mask = 0xff, .first_bits = FT_LINK_PROBE_MAGIC >> 24,
    .register_fields = link_probe_register,
    .match = link_probe_match,
    .dissect = link_probe_dissect,
};
