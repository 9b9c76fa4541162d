"""What is around the IP packet: one class for each link type of a capture file."""

import struct


def is_ipv6(payload):
    """True for an IPv6 packet."""
    return payload[0] >> 4 == 6


def ethertype(payload):
    """The type of an IP packet on Ethernet."""
    return 0x86DD if is_ipv6(payload) else 0x0800


class Ethernet:
    """Ethernet; with 802.1Q if the scene has a VLAN."""

    linktype = 1  # LINKTYPE_ETHERNET

    def write(self, destination, source, payload, vlan):
        """The frame around an IP packet."""
        tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
        frame = destination + source + tag + struct.pack("!H", ethertype(payload)) + payload
        return frame.ljust(60, b"\0")  # a network card pads short frames


class PPPoE(Ethernet):
    """A PPPoE session on Ethernet (RFC 2516), between the router and the provider."""

    def write(self, destination, source, payload, vlan):
        """The frame around an IP packet."""
        inner = struct.pack("!H", 0x0057 if is_ipv6(payload) else 0x0021) + payload
        frame = destination + source + struct.pack("!HBBHH", 0x8864, 0x11, 0, 0x2A17, len(inner)) + inner
        return frame.ljust(60, b"\0")


class Raw:
    """No link layer: a capture on a tunnel or with a phone's remote interface."""

    linktype = 101  # LINKTYPE_RAW

    def write(self, destination, source, payload, vlan):
        """The IP packet alone."""
        return payload


class Cooked:
    """Linux cooked capture, version 2: the interface "any"."""

    linktype = 276  # LINKTYPE_LINUX_SLL2
    router = bytes.fromhex("00005e005301")

    def write(self, destination, source, payload, vlan):
        """The frame around an IP packet; packet type 4 goes out, 0 comes in."""
        return struct.pack("!HHIHBB", ethertype(payload), 0, 3, 1, 0 if source == self.router else 4, 6) + source + b"\0\0" + payload


class Radiotap:
    """802.11 without encryption, captured in the air: QoS data frames between the device and its access point."""

    linktype = 127  # LINKTYPE_IEEE802_11_RADIOTAP
    access_point = bytes.fromhex("00005e005301")

    def __init__(self):
        self.sequence = {}

    def write(self, destination, source, payload, vlan):
        """The frame around an IP packet."""
        return self._frame(destination, source, self._snap(payload), 0)

    def aggregate(self, destination, source, payloads):
        """One frame with several IP packets: an A-MSDU, with the ends and the length of each, and padding between them."""
        body = b""
        for payload in payloads:
            data = self._snap(payload)
            body += b"\0" * (-len(body) % 4) + destination + source + struct.pack("!H", len(data)) + data
        return self._frame(destination, source, body, 0x80)

    @staticmethod
    def _snap(payload):
        return bytes.fromhex("aaaa03000000") + struct.pack("!H", ethertype(payload)) + payload

    def _frame(self, destination, source, body, qos):
        """Radiotap: flags 0, 24 Mbit/s, channel 2437 MHz; then the header of 802.11 with QoS."""
        radiotap = struct.pack("<BBHI", 0, 0, 14, 0x0E) + bytes([0, 48]) + struct.pack("<HH", 2437, 0x00C0)
        self.sequence[source] = number = self.sequence.get(source, 0x120) + 1 & 0xFFF
        from_access_point = source == self.access_point
        addresses = destination + self.access_point + source if from_access_point else self.access_point + source + destination
        header = bytes([0x88, 2 if from_access_point else 1]) + struct.pack("<H", 44) + addresses + struct.pack("<HH", number << 4, qos)
        return radiotap + header + body


class Pktap:
    """What macOS writes for the interface "pktap": in front of each frame the interface, the direction, and the process that it is for.

    The header is struct pktap_header of Apple's <net/pktap.h>, in the byte order of the machine that captured, as LINKTYPE_PKTAP has it."""

    linktype = 258  # LINKTYPE_PKTAP
    router = bytes.fromhex("00005e005301")
    incoming, outgoing = 1, 2  # PTH_FLAG_DIR_IN, PTH_FLAG_DIR_OUT
    process = 512, b"avconferenced"

    def write(self, destination, source, payload, vlan):
        """The header and an Ethernet frame around an IP packet."""
        frame = Ethernet().write(destination, source, payload, vlan)
        number, name = self.process
        family = 30 if is_ipv6(payload) else 2  # Darwin's AF_INET6 and AF_INET
        flags = self.incoming if source == self.router else self.outgoing
        # Its length, type (a packet follows), the frame's own link type; interface; flags, protocol family, bytes before and behind the IP packet;
        # process; service class; type of the interface (Ethernet) and its number; the process on whose behalf, which is none other.
        header = struct.pack("<III24sIIIII20sIHHI20s", 108, 1, Ethernet.linktype, b"en0", flags, family, 14, 0, number, name, 0, 6, 0, number, name)
        return header + frame


ETHERNET, PPPOE, RAW, COOKED = Ethernet(), PPPoE(), Raw(), Cooked()
