"""What a snap length leaves of a capture: nothing that was cut off is taken as whole, and one pass says the same as two."""

import pytest

from ftools import facts, handmade, paths, pcap, table

CUT = (64, 96, 200, 320)


@pytest.mark.parametrize("kept", CUT)
@pytest.mark.parametrize("name", ["facetime-2010-inbound", "facetime-ios7", "facetime-relay"])
def test_one_call(wireshark, name, kept):
    """Half a Call-ID is not another call's; what is counted is the same on both passes."""
    linktype, packets = pcap.read(paths.CAPTURES / f"{name}.pcap")
    cut = [pcap.Packet(packet.time, packet.data[:kept], packet.length) for packet in packets]
    capture = wireshark.write("cut.pcap", pcap.write(cut, linktype))
    rows = [table.rows(wireshark.tshark(capture, *passes, "-q", "-z", "facetime,calls").ok().out) for passes in ((), ("-2",))]
    assert len(rows[0]) == 1 and rows[0] == rows[1]


def invite(call_id):
    """An INVITE by Viceroy; its Call-ID is the last header, and its session description ends with the port."""
    return (f"INVITE sip:user@198.51.100.90:16402 SIP/2.0\r\nUser-Agent: Viceroy 1.4.1\r\nCSeq: 1 INVITE\r\nCall-ID: {call_id}\r\n\r\n").encode()


def test_a_cut_off_call_id_is_none(wireshark):
    """The same INVITE, cut off within the Call-ID at each byte: the field has all of it or is not there."""
    whole = invite("2BD14E62-979E")
    packets = [handmade.packet(handmade.DEVICE, handmade.PEER, whole, 10 * number, kept=len(whole) - number) for number in range(16)]
    rows = wireshark.fields(handmade.capture(wireshark, packets), ("facetime.sip.call_id", "facetime.call"), "-2")
    assert [row["facetime.sip.call_id"] for row in rows] == [["2BD14E62-979E"]] * 4 + [[]] * 12
    assert {tuple(row["facetime.call"]) for row in rows} == {("1",)}


def test_bye_by_its_request_line(wireshark):
    """A snap length that leaves no more than the first line of the BYE."""
    bye = b"BYE sip:user@198.51.100.90:16402 SIP/2.0\r\nCSeq: 2 BYE\r\nCall-ID: 2BD14E62-979E\r\n\r\n"
    packets = [handmade.packet(handmade.DEVICE, handmade.PEER, invite("2BD14E62-979E")),
               handmade.packet(handmade.DEVICE, handmade.PEER, bye, 1000, kept=bye.index(b"\n") + 1)]
    capture = handmade.capture(wireshark, packets)
    row, = table.rows(wireshark.tshark(capture, "-q", "-z", "facetime,calls").ok().out)
    assert row["State"] == "ended"
    assert facts.Frames(wireshark, capture, "-2").rows[1]["call.phase"] == ["teardown"]
