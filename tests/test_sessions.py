"""Sessions with relays: legs with one token are of one session and one call, two tokens are two sessions; a session that is re-allocated."""

import pytest

from ftools import datagrams, handmade, paths, relaydata, table
from generator import prng, quic    # by the path that ftools.datagrams adds

DEVICE, CELLULAR, RELAY = ("192.168.1.90", 16393), ("10.27.0.9", 16394), ("17.249.172.90", 3482)
OTHER_RELAY = ("17.249.172.91", 3483)
TOKEN, OTHER_TOKEN = quic.token(prng.Prng("token")), quic.token(prng.Prng("another"))
PASSES = {"pass 1": (), "-2": ("-2",)}
NUMBERS = ("Call", "Time (s)", "Frame")
BY_TOKEN, BY_DEVICE = "13", "8"
REALLOCATE, REALLOCATE_INDICATION, REALLOCATE_ANSWER = 0x0EE1, 0x0EF1, 0x0FE1

each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not (paths.WIFI.exists() and paths.CELLULAR.exists()), reason=paths.NO_SHARED)


def name(token):
    """How the plugin tells a token from others."""
    return f"{token[4:8].hex()}..."


def hello(token, seed, parts=1):
    """The Initials of a hello with this token."""
    generator = prng.Prng(seed)
    first_id, data = generator.bytes(8), quic.client_hello(generator, token)
    size = -(-len(data) // parts)
    return [quic.initial(quic.Keys(first_id, b"client in"), first_id, b"", number, quic.crypto(data[number * size:(number + 1) * size], number * size), 1200)
            for number in range(parts)]


def shown(wireshark, packets, passes):
    """The calls, the events about sessions, and (call, reason) of each packet."""
    capture = handmade.capture(wireshark, packets)
    out = wireshark.tshark(capture, *PASSES[passes], "-q", "-z", "facetime,calls", "-z", "facetime,events").ok().out
    events = [(row["Event"], row["Who"], row["What"], row["Frame"]) for row in table.rows(out, "FaceTime Events", NUMBERS) if "session" in row["Event"]]
    rows = wireshark.fields(capture, ("facetime.call", "facetime.call.reason"), "-2")
    return table.rows(out), events, [(row["facetime.call"], row["facetime.call.reason"]) for row in rows]


@each_pass
@pytest.mark.parametrize("parts", (1, 2))
def test_two_legs(wireshark, passes, parts):
    """Another address, another relay: only the token says that it is the call of the first leg; also where the hello needs two packets."""
    packets = [handmade.packet(DEVICE, RELAY, hello(TOKEN, "one")[0], 10)]
    packets += [handmade.packet(CELLULAR, OTHER_RELAY, payload, 20 + number) for number, payload in enumerate(hello(TOKEN, "two", parts))]
    calls, events, reasons = shown(wireshark, packets, passes)
    assert [row["Relay sessions"] for row in calls] == [f"{name(TOKEN)} (2 legs)"]
    assert [event[0] for event in events] == ["relay session opened"] * 2
    assert [event[2] for event in events] == [f"192.168.1.90:16393 to 17.249.172.90:3482, token {name(TOKEN)}",
                                              f"10.27.0.9:16394 to 17.249.172.91:3483, token {name(TOKEN)}, another leg of it"]
    assert reasons[-1] == (["1"], [BY_TOKEN])


@each_pass
def test_stronger_than_the_device(wireshark, passes):
    """A second socket of the device is joined by the token where it has the same one, else by being the device's: two sessions in one call."""
    second = (DEVICE[0], 16395)
    for token, reason, sessions in ((TOKEN, BY_TOKEN, f"{name(TOKEN)} (2 legs)"), (OTHER_TOKEN, BY_DEVICE, f"{name(TOKEN)} (1 leg), {name(OTHER_TOKEN)} (1 leg)")):
        packets = [handmade.packet(DEVICE, RELAY, hello(TOKEN, "one")[0], 10), handmade.packet(second, OTHER_RELAY, hello(token, "two")[0], 20)]
        calls, _, reasons = shown(wireshark, packets, passes)
        assert [row["Relay sessions"] for row in calls] == [sessions] and reasons[1] == (["1"], [reason])


@each_pass
def test_two_devices(wireshark, passes):
    """Other devices with other tokens at one relay have calls of their own."""
    packets = [handmade.packet(DEVICE, RELAY, hello(TOKEN, "one")[0], 10), handmade.packet(("192.168.1.91", 16393), RELAY, hello(OTHER_TOKEN, "two")[0], 20)]
    calls, _, _ = shown(wireshark, packets, passes)
    assert [row["Relay sessions"] for row in calls] == [f"{name(TOKEN)} (1 leg)", f"{name(OTHER_TOKEN)} (1 leg)"]


@each_pass
def test_reallocated(wireshark, passes):
    """A hello with another token on the same sockets; said again, the first one is none."""
    for token, wanted in ((OTHER_TOKEN, [("relay session re-allocated", "device", f"token {name(OTHER_TOKEN)}, was {name(TOKEN)}", 3)]), (TOKEN, [])):
        packets = [handmade.packet(DEVICE, RELAY, payload, 10 * number) for number, payload in enumerate(
            (hello(TOKEN, "one")[0], hello(TOKEN, "one")[0], hello(token, "two")[0]))]
        calls, events, _ = shown(wireshark, packets, passes)
        assert len(calls) == 1 and events[1:] == wanted


@each_pass
@pytest.mark.parametrize("kind, from_device, who", [(REALLOCATE, True, "device"), (REALLOCATE_INDICATION, False, "relay"), (REALLOCATE_ANSWER, False, None)])
def test_reallocate_message(wireshark, passes, kind, from_device, who):
    """STUN Reallocate is such an event, once; its answer is none."""
    message = relaydata.stun(kind, (0xFFF0, b"token"))
    ends = (DEVICE, RELAY) if from_device else (RELAY, DEVICE)
    packets = [handmade.packet(DEVICE, RELAY, hello(TOKEN, "one")[0], 10), *(handmade.packet(*ends, message, 20 + number) for number in range(2))]
    _, events, _ = shown(wireshark, packets, passes)
    assert [(event[0], event[1], event[3]) for event in events[1:]] == ([("relay session re-allocated", who, 2)] if who else [])


@each_pass
def test_cut(wireshark, passes):
    """A hello that was captured in part has no token: a session that is not told from others."""
    calls, events, _ = shown(wireshark, [handmade.packet(DEVICE, RELAY, hello(TOKEN, "one")[0], 10, 400)], passes)
    assert [row["Relay sessions"] for row in calls] == ["-"] and [event[2] for event in events] == ["192.168.1.90:16393 to 17.249.172.90:3482"]


@needs_real
@each_pass
def test_real_calls(wireshark, passes):
    """Wi-Fi and cellular of one device in one session; two ports of one relay are two."""
    for capture, sessions in ((paths.WIFI, "93510fe5... (2 legs)"), (paths.CELLULAR, "c4782d9a... (1 leg), 7a1fb36d... (1 leg)")):
        row, = table.rows(wireshark.tshark(capture, *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
        assert row["Relay sessions"] == sessions
    rows = wireshark.fields(paths.WIFI, ("facetime.call.reason",), "-2", "-Y", "udp.port == 16394 && udp.port == 3482 && facetime.kind")
    assert {row["facetime.call.reason"][0] for row in rows} == {BY_TOKEN}
