"""What is around an IP packet: link layers and tunnels. Each is a function of an item that gives the bytes of a frame; LINKS has them all by
name, with the link type of the file. Numbers are those of RFCs, IEEE standards and tcpdump.org/linktypes.html.

A VLAN, a PPP session and a tunnel are other ones for each home. A tunnel's outer ends are 198.18.0.1 (behind which the device is) and 198.18.0.2, in Ethernet."""

import ipaddress
import struct

ROUTER = bytes.fromhex("00005e005301")
ACCESS_POINT = ROUTER
INNER, OUTER = ("198.18.0.1", "2001:db8:f::1"), ("198.18.0.2", "2001:db8:f::2")
SNAP = bytes.fromhex("aaaa03000000")
UDP = 17


def is_six(data):
    return data[0] >> 4 == 6


def ethertype(data):
    return 0x86DD if is_six(data) else 0x0800


def ppp_protocol(data):
    return 0x0057 if is_six(data) else 0x0021


def u16(number):
    return struct.pack(">H", number)


def u32(number):
    return struct.pack(">I", number)


def mac(item):
    """Of the device that sent or got the packet: one for each device of each home; the addresses of one family of a home are of one device
    each; an IPv6 address belongs to the first one, 192.168.1.64."""
    if not item.local:
        return bytes.fromhex("00005e0053fe")
    last = 64 if ":" in item.local else int(item.local.rsplit(".", 1)[1]) & 0xFF
    return bytes.fromhex("00005e00") + bytes([0x60 + item.home, last])


def both(item):
    """(destination, source) MAC addresses."""
    return (ROUTER, mac(item)) if item.sent else (mac(item), ROUTER)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def outer(item, protocol, payload, six=False):
    """An IP packet between the ends of the tunnel."""
    addresses = [ipaddress.ip_address(end[six]).packed for end in ((INNER, OUTER) if item.sent else (OUTER, INNER))]
    if six:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + b"".join(addresses) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + b"".join(addresses)
    return head[:10] + u16(checksum(head)) + head[12:] + payload


def outer_udp(item, port, payload, source=None):
    """A UDP datagram between the ends of the tunnel."""
    return outer(item, UDP, struct.pack(">HHHH", source or port, port, 8 + len(payload), 0) + payload)


def ether(item, data, kind=None, tag=b""):
    """An Ethernet frame."""
    return (b"".join(both(item)) + tag + u16(ethertype(data) if kind is None else kind) + data).ljust(60, b"\0")


def bare(item):
    """An Ethernet frame without its padding, for what is inside a tunnel."""
    return b"".join(both(item)) + u16(ethertype(item.ip)) + item.ip


def tunnel(wrap):
    """Ethernet around what WRAP makes of an item."""
    def frame(item):
        data = wrap(item)
        return ether(item, data)
    return frame


def wlan(item, body, qos=0):
    """An 802.11 QoS data frame."""
    destination, source = both(item)
    addresses = ACCESS_POINT + source + destination if item.sent else destination + ACCESS_POINT + source
    number = (item.time // 1000) & 0xFFF
    return bytes([0x88, 1 if item.sent else 2]) + struct.pack("<H", 44) + addresses + struct.pack("<HH", number << 4, qos) + body


def radiotap(frame):
    return struct.pack("<BBHI", 0, 0, 8, 0) + frame


def llc(data):
    return SNAP + u16(ethertype(data)) + data


def subframe(item):
    """Of an A-MSDU."""
    data = llc(item.ip)
    return b"".join(both(item)) + u16(len(data)) + data


def aggregate(items):
    """One A-MSDU with the datagrams of all ITEMS."""
    body = b""
    for item in items:
        body += b"\0" * (-len(body) % 4) + subframe(item)
    return radiotap(wlan(items[0], body, 0x80))


def null(order):
    return lambda item: struct.pack(order + "I", 30 if is_six(item.ip) else 2) + item.ip


def gtp(item, flags=0x30, more=b""):
    body = more + item.ip
    return outer_udp(item, 2152, bytes([flags, 255]) + u16(len(body)) + u32(0x2A17 + item.home) + body)


def pktap(item):
    """LINKTYPE_PKTAP, as macOS and rvictl write it: 108 bytes in the order of the host, here with Ethernet behind them."""
    family = 30 if is_six(item.ip) else 2
    header = struct.pack("<III", 108, 1, 1) + b"en0".ljust(24, b"\0") + struct.pack("<IIIIi", 2 if item.sent else 1, family, 14, 0, 512)
    header += b"avconferenced".ljust(20, b"\0") + struct.pack("<IHHi", 0, 6, 0, 512) + b"avconferenced".ljust(20, b"\0")
    return header + bare(item)


def capwap(item):
    """CAPWAP data (RFC 5415) with an 802.11 frame, from the access point to its controller."""
    # HLEN 2 words, RID 1, WBID 1 (802.11), T: native frame
    header, frame = u32(2 << 19 | 1 << 14 | 1 << 9 | 1 << 8) + u32(0), wlan(item, llc(item.ip))
    # As access points of old write it, and Wireshark reads it: the frame control's bytes are swapped
    return outer_udp(item, 5247, header + frame[1::-1] + frame[2:], 5247)


def erspan2(item):
    return outer(item, 47, u16(0x1000) + u16(0x88BE) + u32(1) + u16(1 << 12 | 42) + u16(0x0064) + u32(0) + bare(item))


def erspan3(item):
    return outer(item, 47, u16(0x1000) + u16(0x22EB) + u32(1) + u16(2 << 12 | 42) + u16(0x0064) + u32(item.time & 0xFFFFFFFF) + u32(0) + bare(item))


def teredo(item):
    return outer_udp(item, 3544, item.ip)


def l2tp2(item):
    """L2TP version 2 over UDP: data, tunnel 7, session 9, PPP."""
    return outer_udp(item, 1701, u16(0x0002) + u16(7) + u16(9) + b"\xff\x03" + u16(ppp_protocol(item.ip)) + item.ip)


def nsh(item):
    """Network service header (RFC 8300), type 2, in Ethernet."""
    return ether(item, u16(0x0FC2) + bytes([2, 2 if is_six(item.ip) else 1]) + u32(0x2A00) + item.ip, 0x894F)


def tzsp(item):
    return outer_udp(item, 37008, bytes([1, 0, 0, 1, 1]) + bare(item))


def ah(item):
    """IP authentication header (RFC 4302), transport of a whole packet."""
    return outer(item, 51, bytes([41 if is_six(item.ip) else 4, 4, 0, 0]) + u32(0x2A17) + u32(1) + bytes(12) + item.ip)


def sender(item):
    """The MAC address that a cooked capture has: of who sent the packet to this link."""
    return mac(item) if item.sent else ROUTER


def cooked(item):
    return struct.pack(">HHH", 4 if item.sent else 0, 1, 6) + sender(item) + b"\0\0" + u16(ethertype(item.ip)) + item.ip


def cooked2(item):
    return struct.pack(">HHIHBB", ethertype(item.ip), 0, 3, 1, 4 if item.sent else 0, 6) + sender(item) + b"\0\0" + item.ip


def mpls(*labels):
    stack = b"".join(u32(label << 12 | (1 << 8 if number == len(labels) - 1 else 0) | 64) for number, label in enumerate(labels))
    return lambda item: ether(item, stack + item.ip, 0x8847)


def nflog(item):
    """LINKTYPE_NFLOG: the family, then TLVs in the host's order; type 9 is the packet."""
    return bytes([10 if is_six(item.ip) else 2, 0, 0, 0]) + struct.pack("<HH", 4 + len(item.ip), 9) + item.ip + b"\0" * (-len(item.ip) % 4)


ETHERNET = 1
# name -> (link type of the file, function)
LINKS = {
    "ethernet": (1, lambda item: ether(item, item.ip)),
    "ethernet-802.3-snap": (1, lambda item: b"".join(both(item)) + u16(len(llc(item.ip))) + llc(item.ip) if len(item.ip) < 1490 else ether(item, item.ip)),
    "raw-ip": (101, lambda item: item.ip),
    "null": (0, null("<")),
    "null-other-order": (0, null(">")),
    "loop": (108, null(">")),
    "linux-sll": (113, cooked),
    "linux-sll2": (276, cooked2),
    "ppp": (9, lambda item: b"\xff\x03" + u16(ppp_protocol(item.ip)) + item.ip),
    "ppp-hdlc": (50, lambda item: b"\xff\x03" + u16(ppp_protocol(item.ip)) + item.ip),
    "cisco-hdlc": (104, lambda item: b"\x0f\x00" + u16(ethertype(item.ip)) + item.ip),
    "atm-llc": (100, lambda item: llc(item.ip)),
    "nflog": (239, nflog),
    "pppoe": (1, lambda item: ether(item, struct.pack(">BBHHH", 0x11, 0, 0x2A17 + item.home, len(item.ip) + 2, ppp_protocol(item.ip)) + item.ip, 0x8864)),
    "pppoe-in-vlan": (1, lambda item: ether(item, struct.pack(">BBHHH", 0x11, 0, 0x2A17 + item.home, len(item.ip) + 2, ppp_protocol(item.ip)) + item.ip, 0x8864,
                                            u16(0x8100) + u16(7))),
    "vlan": (1, lambda item: ether(item, item.ip, tag=u16(0x8100) + u16(42 + item.home))),
    "qinq": (1, lambda item: ether(item, item.ip, tag=u16(0x88A8) + u16(7) + u16(0x8100) + u16(42))),
    "vlan-in-vlan": (1, lambda item: ether(item, item.ip, tag=u16(0x8100) + u16(7) + u16(0x8100) + u16(42))),
    "mpls": (1, mpls(16001)),
    "mpls-two-labels": (1, mpls(16001, 24007)),
    "gre": (1, tunnel(lambda item: outer(item, 47, u16(0) + u16(ethertype(item.ip)) + item.ip))),
    "gre-with-key": (1, tunnel(lambda item: outer(item, 47, u16(0x3000) + u16(ethertype(item.ip)) + u32(42 + item.home) + u32(7) + item.ip))),
    "gre-ethernet": (1, tunnel(lambda item: outer(item, 47, u16(0x2000) + u16(0x6558) + u32(42) + bare(item)))),
    "gre-over-ipv6": (1, tunnel(lambda item: outer(item, 47, u16(0) + u16(ethertype(item.ip)) + item.ip, six=True))),
    "erspan-2": (1, tunnel(erspan2)),
    "erspan-3": (1, tunnel(erspan3)),
    "ip-in-ip": (1, tunnel(lambda item: outer(item, 41 if is_six(item.ip) else 4, item.ip))),
    "in-ipv6": (1, tunnel(lambda item: outer(item, 41 if is_six(item.ip) else 4, item.ip, six=True))),
    "raw-ip-in-ip": (101, lambda item: outer(item, 41 if is_six(item.ip) else 4, item.ip)),
    "gtp-u": (1, tunnel(gtp)),
    "gtp-u-5g": (1, tunnel(lambda item: gtp(item, 0x34, u16(0) + bytes([0, 0x85]) + bytes([1, 0x10 if item.sent else 0, 9, 0])))),
    "vxlan": (1, tunnel(lambda item: outer_udp(item, 4789, u32(0x08000000) + u32(42 + item.home << 8) + bare(item), 54321))),
    "geneve": (1, tunnel(lambda item: outer_udp(item, 6081, u16(0) + u16(0x6558) + u32(42 << 8) + bare(item), 54321))),
    "802.11": (105, lambda item: wlan(item, llc(item.ip))),
    "802.11-radiotap": (127, lambda item: radiotap(wlan(item, llc(item.ip)))),
    "802.11-amsdu-of-one": (127, lambda item: radiotap(wlan(item, subframe(item), 0x80))),
    "pktap": (258, pktap),
    "l2tp-2": (1, tunnel(l2tp2)),
    "teredo": (1, tunnel(teredo)),
    "capwap": (1, tunnel(capwap)),
    "nsh": (1, nsh),
    "tzsp": (1, tunnel(tzsp)),
    "ah": (1, tunnel(ah)),
}
# Those with nothing but IPv6 inside.
ONLY_SIX = ("teredo",)
