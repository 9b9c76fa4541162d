"""What the plugin does not do right yet in the project's own situations. A line goes when the code can do it: the tests are strict."""

# Situation -> why.
REASONS = {
    "legacy-cut-at-340": "what makes the flow a call comes after the INVITE, of which nothing is kept",
    "modern-two-homes-same-address": "NAT probes of both homes have the same addresses and ports: one conversation",
}

# (situation, test of tests/test_situations.py that fails today), one by one; with "pass 1" behind them, only there.
WRONG_TODAY = [
    ("modern-two-homes-same-address", "datagrams_in_their_call"),
    ("modern-two-homes-same-address", "nothing_in_a_wrong_call"),
    ("legacy-cut-at-340", "direction"),
]

# Situations that tests of single tables (timeline, nodes, streams, VoIP Calls, fields of the call) leave out: these count frames, or ask what no
# frame of a cut capture shows.
ELSEWHERE = {
    "modern-stranger-names-two-devices": "the stranger's datagram is a call of its own",
    "modern-game-match": "what looks like a call is none",
    "modern-group-in-quic": "on one pass the first packets of its media are not known as such: tests/test_quic_pods.py",
    "legacy-cut-at-96": "of SIP, the first lines only",
    "legacy-cut-at-340": "of some SIP, the first lines only",
    "modern-cut-at-64": "of media, some headers",
    "legacy-aggregates": "a frame is two packets: tests/test_aggregates.py",
    "modern-one-aggregate": "a frame is two packets: tests/test_aggregates.py",
}
