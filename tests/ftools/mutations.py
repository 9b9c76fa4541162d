"""Small mutations of the plugin's sources, for tests/mutants: what stands there, what stands there instead, by the tests that answer for it.

A mutation is found by its text, which stands in the sources once; in which file does not matter. SAME are those that no test can tell from the
original, each with the reason."""

# (tests that answer, [(old, new), ...])
GROUPS = [
    (["test_relay.py", "test_limits.py"], [
        ("#define FT_RELAY_MAX_PADDING    3", "#define FT_RELAY_MAX_PADDING    2"),
        ("#define FT_RELAY_MAX_PADDING    3\n", "#define FT_RELAY_MAX_PADDING    4\n"),
        ("#define FT_RELAY_MAX_STREAMS    11 ", "#define FT_RELAY_MAX_STREAMS    10 "),
        ("#define FT_RELAY_MAX_LINKS      3 ", "#define FT_RELAY_MAX_LINKS      4 "),
        ("if (c->at + n > c->end)", "if (c->at + n >= c->end)"),
        ("if (sub->end > end || sub->end < c.at) {", "if (sub->end >= end || sub->end < c.at) {"),
        ("sub->last = sub->end == end;", "sub->last = true;"),
        ("if ((start & 0xc000) == 0x8000)", "if ((start & 0xc000) == 0xc000)"),
        ("(checked.flags & FT_RELAY_UNKNOWN)) {", "(checked.flags & FT_RELAY_SESSION)) {"),
        ("if (pkt->from_relay && (sub->flags & FT_RELAY_STATS_ID) && !(sub->flags & FT_RELAY_STATS_PAYLOAD))", "if (0)"),
        ("if ((sub->flags & FT_RELAY_PARTICIPANT) && sub->participant == 0)", "if (0)"),
    ]),
    (["test_relay.py", "test_rtp.py"], [
        ("fits = (int)tvb_reported_length(tvb) > control_head_len", "fits = (int)tvb_reported_length(tvb) >= control_head_len"),
        ("if (tag_len == 0 || tag >> 3 == 0)", "if (tag_len == 0)"),
        ("at + tag_len + number_len + len > end)", "at + tag_len + number_len + len >= end)"),
    ]),
    (["test_link.py", "test_limits.py"], [
        ("#define FT_LINK_MAX_TLVS    20", "#define FT_LINK_MAX_TLVS    19"),
        ("#define FT_CONN_MAX_ADDRESSES       32 ", "#define FT_CONN_MAX_ADDRESSES       31 "),
        ("if (n < FT_CONN_MAX_ADDRESSES)", "if (n <= FT_CONN_MAX_ADDRESSES)"),
        ("if (command == 0 || command > 0xff)", "if (command > 0xff)"),
        ("if (at + 2 + len > end)", "if (at + 2 + len >= end)"),
        ("if (end - at != 8 && end - at != 20)", "if (end - at != 8)"),
        ("if (simple->width && len != simple->width)", "if (simple->width && len < simple->width)"),
        ("if (which < n && which < FT_CONN_MAX_ADDRESSES) {", "if (which < FT_CONN_MAX_ADDRESSES) {"),
        ("if (n == FT_LINK_MAX_TLVS + 1)", "if (n == FT_LINK_MAX_TLVS)"),
    ]),
    (["test_link_probe.py"], [
        ("if (low != FT_LINK_PROBE_CAFE && low != FT_LINK_PROBE_DEAD)", "if (low != FT_LINK_PROBE_CAFE)"),
        ("#define FT_DROP_MAX_GROUPS  6", "#define FT_DROP_MAX_GROUPS  5"),
        ("#define FT_DROP_MAX_NUMBERS 500", "#define FT_DROP_MAX_NUMBERS 499"),
        ("if (count > FT_DROP_MAX_NUMBERS || at + 3 + 2 * count > reported) {", "if (count > FT_DROP_MAX_NUMBERS || at + 3 + 2 * count >= reported) {"),
    ]),
    (["test_natprobe.py"], [
        ("#define FT_COMMNAT_ANSWER_MAX    64", "#define FT_COMMNAT_ANSWER_MAX    63"),
        ("tvb_get_ntohs(tvb, FT_SNATMAP_TAIL_AT) != FT_SNATMAP_TAIL)", "0)"),
        ("at + FT_NAT_NONCE_LEN <= end; at += FT_NAT_NONCE_LEN)", "at + FT_NAT_NONCE_LEN < end; at += FT_NAT_NONCE_LEN)"),
        ("if (test->n_destinations == FT_NAT_BEHAVIOR_DESTINATIONS)", "if (test->n_destinations + 1 == FT_NAT_BEHAVIOR_DESTINATIONS)"),
        ("if (nstime_to_sec(&age) <= FT_NAT_BEHAVIOR_SECONDS) {", "if (1) {"),
        ("return a->ip == b->ip && a->port == b->port;", "return a->ip == b->ip;"),
        ("return test_compare(test, &two_hosts, &hosts_differ, &ports_differ) >= 2;", "return test_compare(test, &two_hosts, &hosts_differ, &ports_differ) >= 1;"),
    ]),
    (["test_quic.py", "test_limits.py"], [
        ("if (dcid_len > FT_QUIC_CID_MAX)", "if (dcid_len >= FT_QUIC_CID_MAX)"),
        ("#define FT_QUIC_CIDS ", "#define FT_QUIC_CIDS 1 + 0 * "),
        ("if (cid->len >= 4 && ", "if ("),
        ("captured >= 1u + cid->len && memcmp", "captured > 1u + cid->len && memcmp"),
        ("if (flow->n_quic_cids[side] < FT_QUIC_CIDS)", "if (flow->n_quic_cids[side] < FT_QUIC_CIDS - 1)"),
        ("if (len == 0 || len > FT_QUIC_CID_MAX || at + 1u + len > captured)", "if (len == 0 || len >= FT_QUIC_CID_MAX || at + 1u + len > captured)"),
        ("    /* A version negotiation repeats the IDs of what it answers, and chooses none. */\n    if (version == 0)", "    if (0)"),
    ]),
    (["test_stun.py"], [
        ("type == FT_STUN_SEND_INDICATION) && channel && data)", "type == FT_STUN_SEND_INDICATION) && data)"),
        ("if ((len != 8 && len != 20) || !tvb_bytes_exist(tvb, at, len))", "if (len != 8 || !tvb_bytes_exist(tvb, at, len))"),
        ("#define FT_STUN_MAX_ATTRIBUTES  64", "#define FT_STUN_MAX_ATTRIBUTES  63"),
        ("else if (len != follow || (len & 3))", "else if (len != follow)"),
        ("if (type_class == FT_STUN_CLASS_INDICATION)", "if (0)"),
    ]),
    (["test_rtp.py", "test_samples.py"], [
        ("#define FT_RTP_AUDIO_MAX        500", "#define FT_RTP_AUDIO_MAX        400"),
        ("reported >= header + 4u + 4u * ft_u16(bytes + header + 2));", "reported > header + 4u + 4u * ft_u16(bytes + header + 2));"),
        ("if (announced && announced->frame < pinfo->num) {", "if (announced) {"),
        ("if (captured < 4 || (ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x80 || !is_rtcp_type(ft_tvb_get_u8(tvb, 1)))", "if (captured < 4 || !is_rtcp_type(ft_tvb_get_u8(tvb, 1)))"),
        ("if (reported < FT_RTCP_CLEAR_LEN + trailer)", "if (reported <= FT_RTCP_CLEAR_LEN + trailer)"),
        ("#define FT_SRTCP_MAX_INDEX  0xffff", "#define FT_SRTCP_MAX_INDEX  0xff"),
        ("#define FT_FEC_MAX_LEN  36", "#define FT_FEC_MAX_LEN  35"),
    ]),
    (["test_sip.py", "test_voip.py"], [
        ("#define FT_SIP_MAX_LINES    64", "#define FT_SIP_MAX_LINES    63"),
        ("#define FT_SIP_MAX_PARTS    8", "#define FT_SIP_MAX_PARTS    7"),
        ("return digits >= 3 ? PARTY_PHONE : PARTY_UNKNOWN;", "return digits >= 4 ? PARTY_PHONE : PARTY_UNKNOWN;"),
        ("#define FT_SDP_MAX_LINES 256", "#define FT_SDP_MAX_LINES 255"),
        ("#define FT_SIP_MAX_DEFLATED 4096", "#define FT_SIP_MAX_DEFLATED 4095"),
    ]),
    (["test_limits.py", "test_hosts.py"], [
        ("if (at + 10 + size > length)", "if (at + 10 + size >= length)"),
        ("type == DNS_A && size == 4)", "type == DNS_A)"),
        ("type == DNS_AAAA && size == 16)", "type == DNS_AAAA)"),
        ("#define MAX_RECORDS  256", "#define MAX_RECORDS  255"),
        ("|| end - at >= sizeof name ||", "|| end - at >= sizeof name - 1 ||"),
        ("#define MAX_HANDSHAKE  32768", "#define MAX_HANDSHAKE  32767"),
        ("handshake->total + payload->captured > MAX_HANDSHAKE) {", "0) {"),
        ("#define MAX_HANDSHAKES 1024", "#define MAX_HANDSHAKES 1023"),
        ("#define MAX_KEPT       (8 * 1024 * 1024)", "#define MAX_KEPT       (80 * 1024 * 1024)"),
        ("if ((int32_t)(payload->sequence - handshake->next) < 0)", "if (0)"),
        ("if (size > have && !cut)", "if (size >= have && !cut)"),
        ("reader->record_left -= part;", "reader->record_left -= part + (part > 1);"),
        ("#define MAX_METHOD 15", "#define MAX_METHOD 3"),
        ("if (length == 0 || length > MAX_TEXT || memchr(text, 0, length))", "if (length == 0 || length > MAX_TEXT)"),
        ("if (names.left > 3 && take_u8(&names) == 0) {", "if (names.left > 3) {"),
    ]),
    (["test_bplist.py", "test_limits.py", "test_apns.py"], [
        ("#define APNS_MAX_LENGTH     0x100000u", "#define APNS_MAX_LENGTH     0xfffffu"),
        ("if (at + APNS_ITEM_HEAD_LEN + len > end) {", "if (at + APNS_ITEM_HEAD_LEN + len >= end) {"),
        ("#define PACK_MAX_KEYS       32", "#define PACK_MAX_KEYS       31"),
        ("#define PACK_TABLE_BYTES    4096", "#define PACK_TABLE_BYTES    4128"),
        ("if (table && number < table->n_values)", "if (table && number + 1 < table->n_values)"),
        ("if (len > PACK_MAX_REFERRED - *referred)", "if (0)"),
        ("return 2 + (tag & 0x7) <= end - at ? 2 + (tag & 0x7) : 0;", "return 2 + (tag & 0x7);"),
        ("#define FT_PREFIXED_BITS 28\n", "#define FT_PREFIXED_BITS 7\n"),
        ("if (list->values >= list->most || value->depth > FT_BPLIST_MAX_DEPTH) {", "if (list->values > list->most || value->depth > FT_BPLIST_MAX_DEPTH) {"),
        ("if (objects == 0 || top >= objects || table", "if (objects == 0 || top > objects || table"),
        ("#define FT_BPLIST_MAX_DEPTH     16 ", "#define FT_BPLIST_MAX_DEPTH     15 "),
        ("#define FT_BPLIST_MAX_OBJECTS   4096 ", "#define FT_BPLIST_MAX_OBJECTS   4095 "),
        ("#define FT_BPLIST_MAX_STRING    1024 ", "#define FT_BPLIST_MAX_STRING    1023 "),
        ("if (number >= list->objects)", "if (number > list->objects)"),
    ]),
    (["test_limits.py", "test_situations.py"], [
        ("#define FT_SOCKET_SECONDS 60", "#define FT_SOCKET_SECONDS 6000000"),
        ("#define FT_SOCKET_SECONDS 60\n", "#define FT_SOCKET_SECONDS 59\n"),
        ("#define FT_MAX_WAITING 16", "#define FT_MAX_WAITING 15"),
        ("#define FT_MAX_CALL_EVENTS 200", "#define FT_MAX_CALL_EVENTS 199"),
        ("#define FT_SERVICE_BEFORE_SECONDS 30", "#define FT_SERVICE_BEFORE_SECONDS 31"),
        ("#define FT_SERVICE_AFTER_SECONDS 5", "#define FT_SERVICE_AFTER_SECONDS 6"),
        ("#define FT_MAX_NAMELESS 32", "#define FT_MAX_NAMELESS 31"),
        ("    ft_limit_give_back(FT_LIMIT_SERVICE_PACKETS, 1);\n", ""),
        ("#define FT_MAX_PENDING 64", "#define FT_MAX_PENDING 63"),
    ]),
    (["test_reopen.py"], [
        ("    memset(states, 0, sizeof states);\n", ""),
        ("    n_handshakes = 0;\n", ""),
        ("    ft_any_service_flow = false;\n", ""),
        ("    rtp_number = 0;\n", ""),
    ]),
    (["test_limit_items.py", "test_limits.py"], [
        ("state->allowed = (limits[which].most - state->used) / 2;", "state->allowed = limits[which].most - state->used;"),
        ("now->secs - state->since.secs > FT_LIMIT_SECONDS)", "now->secs - state->since.secs >= FT_LIMIT_SECONDS)"),
        ("state->refuses = number > state->allowed;", "state->refuses = number >= state->allowed;"),
        ("ft_limit_gave_way(limit);", ""),
        ("ring->next = (ring->next + 1) %", "ring->next = (ring->next + 2) %"),
        ("#define FT_MAX_PARTY 256", "#define FT_MAX_PARTY 255"),
    ]),
    (["test_text.py"], [
        ("if (bytes[i] < ' ' || bytes[i] >= ASCII_DELETE)", "if (bytes[i] < ' ' || bytes[i] > ASCII_DELETE)"),
        ("        return PICTURES + c;", "        return c;"),
    ]),
    (["test_hash.py"], [
        ("    sip_round(s);\n    sip_round(s);\n    sip_round(s);\n    return", "    sip_round(s);\n    sip_round(s);\n    return"),
        ("    key[0] = random64();\n    key[1] = random64();\n", ""),
    ]),
    (["test_streams.py"], [
        ("#define FT_MAX_SAME_SSRC 64", "#define FT_MAX_SAME_SSRC 63"),
        ("#define FT_MAX_LEGS 8", "#define FT_MAX_LEGS 7"),
        ("if (step > FT_SEQ_MAX_STEP || step <= -FT_SEQ_WINDOW) {\n        ", "if (step > FT_SEQ_MAX_STEP + 1 || step <= -FT_SEQ_WINDOW) {\n        "),
        ("return expected > seq->received ? expected - seq->received : 0;", "return expected >= seq->received ? expected - seq->received + 1 : 0;"),
        ("if (dscp % 8 == 0)", "if (dscp % 4 == 0)"),
    ]),
]

# Old text of a mutation: why no test can tell.
SAME = {
    "if (captured < 4 || (ft_tvb_get_u8(tvb, 0) & 0xc0) != 0x80 || !is_rtcp_type(ft_tvb_get_u8(tvb, 1)))":
        "who asks has looked at the version before: the table of first bytes, and ft_rtp_match()",
    "    rtp_number = 0;\n": "the numbers of streams only have to differ from each other",
    "if (objects == 0 || top >= objects || table": "an object that is not there is refused where it is looked for, too",
    "    ft_any_service_flow = false;\n": "true where there is none costs a look-up for each packet, and finds nothing",
}


def mutations():
    """All mutations as (tests, old, new)."""
    return [(tests, old, new) for tests, pairs in GROUPS for old, new in pairs]
