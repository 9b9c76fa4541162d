"""All combinations of captures and changes. A combination has a name, group/change/capture, and makes a case when it is asked to."""

import dataclasses
import struct
import sys

from .. import paths, pcap
from . import changes, files, links
from .changes import MILLISECOND
from .items import SECOND, base, stripped
from .oracle import Case

sys.path.insert(0, str(paths.CAPTURES))
from generator import net, prng as random_bytes, quic, relay, rtp, stun  # noqa: E402  pylint: disable=wrong-import-position

# A call of each kind, with little media. All are whole and of one device.
NEW, OLD, DIRECT, SIX, GROUP = "modern-raw-ip", "legacy-raw-ip", "modern-relay-direct-relay", "modern-ipv6-only", "modern-group"
OTHER_NEW, OTHER_OLD, SHORT, CUT = "modern-relay-data-padded", "legacy-capture-ends-first", "legacy-declined", "modern-cut-off"
WIFI, CELLULAR = "real-wifi", "real-cellular"
REAL = (WIFI, CELLULAR)
BOTH = "facetime-direct"

ALL = frozenset(("calls", "frames", "ends", "state", "media", "streams"))
# Where the end of the call, or what is silent, is another one.
NO_STATE = ALL - {"state"}
NO_LOSS = ALL - {"streams"}

DEVICE, RELAY, PEER, OLD_PEER = "192.168.1.64", "17.249.172.60", "198.51.100.23", "198.51.100.20"
REAL_RELAY = {WIFI: "17.249.172.142", CELLULAR: "17.249.172.172"}
REAL_DEVICE = {WIFI: "10.239.19.254", CELLULAR: "10.127.22.118"}


@dataclasses.dataclass(frozen=True)
class Combination:
    """NAME: group/change/capture; MAKE: gives the case."""

    name: str
    make: object

    @property
    def group(self):
        return self.name.split("/")[0]


COMBINATIONS = []


def present(*names):
    """Are these captures there?"""
    return paths.REAL.is_dir() or not set(names) & set(REAL)


def add(group, change, name, make, needs=()):
    """A combination, unless its capture is absent; MAKE(base) gives the case."""
    if present(name, *needs):
        COMBINATIONS.append(Combination(f"{group}/{change}/{name}", lambda: make(base(name))))


def same(one, items=None, **more):
    """A case with what is true of the base, and these items."""
    return Case(one.items if items is None else items, one.calls, **more)


# ---- Link layers and tunnels ---------------------------------------------------------------------------

for link in links.LINKS:
    for name in (NEW, OLD, SIX, DIRECT):
        if (link in links.ONLY_SIX) == (name == SIX) or (name == SIX and link not in links.ONLY_SIX):
            add("link", link, name, lambda one, link=link: same(one, links=(link,), ask=ALL | {"prelude"}))
for link in ("ethernet", "null", "linux-sll", "pppoe", "vlan", "gtp-u", "802.11-radiotap", "pktap"):
    add("link", link, WIFI, lambda one, link=link: same(one, links=(link,)))
    add("link", link, CELLULAR, lambda one, link=link: same(one, links=(link,)))
for number in (2, 3, 5):
    for name in (NEW, OLD, DIRECT, GROUP, WIFI):
        add("link", f"802.11-amsdu-of-{number}", name, lambda one, number=number: same(one, together=number))


# ---- Addresses and ports -------------------------------------------------------------------------------

def readdressed(group_name, name, mapping=None, ports=None, ask=ALL):
    """Adds a change of addresses and ports."""
    add("addresses", group_name, name, lambda one: Case(changes.rewritten(one.items, mapping, ports), changes.renamed(one.calls, mapping or {}), ask=ask))


for name, device, peer in ((NEW, DEVICE, PEER), (OLD, DEVICE, OLD_PEER), (WIFI, REAL_DEVICE[WIFI], None), (CELLULAR, REAL_DEVICE[CELLULAR], None)):
    for address in ("10.1.2.3", "172.16.5.5", "100.64.0.7", "192.168.0.2", "203.0.113.200"):
        readdressed(f"device {address}", name, {device: address})
    if peer:
        for address in ("8.8.4.4", "10.99.0.1", "192.168.1.77"):
            readdressed(f"peer {address}", name, {peer: address})
for name, relay_address, port in ((NEW, RELAY, 3482), (WIFI, REAL_RELAY[WIFI], 3482), (CELLULAR, REAL_RELAY[CELLULAR], 3489)):
    for address in ("17.5.6.7", "23.44.55.66"):
        readdressed(f"relay {address}", name, {relay_address: address})
    for other in (3478, 3497, 443, 3498, 4500, 5000, 50000):
        readdressed(f"relay port {other}", name, None, {(relay_address, port): other})
        readdressed(f"relay 23.44.55.66 port {other}", name, {relay_address: "23.44.55.66"}, {(relay_address, port): other})
for name, device, port in ((NEW, DEVICE, 16393), (WIFI, REAL_DEVICE[WIFI], 16393), (CELLULAR, REAL_DEVICE[CELLULAR], 16394)):
    for other in (16402, 16384, 16403, 40000, 55555):
        readdressed(f"device port {other}", name, None, {(device, port): other})


# ---- Fragments -----------------------------------------------------------------------------------------

for name in (NEW, OLD, DIRECT, WIFI):
    for size in (64, 96, 256, 776):
        for order in ("in order", "reversed", "apart"):
            if name != WIFI or order == "in order":
                add("fragments", f"{size} {order}", name, lambda one, size=size, order=order: same(one, changes.fragmented(one.items, size, order)))
for name in (NEW, OLD):
    for link in ("gtp-u", "vlan", "ip-in-ip", "raw-ip"):
        add("fragments", f"256 in {link}", name, lambda one, link=link: same(one, changes.fragmented(one.items, 256), links=(link,)))
    add("fragments", "48 all packets", name,
        lambda one: same(one, changes.fragmented(one.items, 48, wanted=lambda item: True), ask=ALL | {"prelude"}))


# ---- Snap lengths --------------------------------------------------------------------------------------

for size in (64, 72, 80, 96, 128, 160, 200, 256, 320, 340, 400, 512, 1000):
    for name in (NEW, OLD, GROUP, WIFI, CELLULAR):
        add("snap", str(size), name, lambda one, size=size: same(one, snap=size, ask=frozenset(("calls", "not lost"))))


# ---- What was captured ---------------------------------------------------------------------------------

for name in (NEW, OLD, DIRECT, WIFI, CELLULAR):
    for percent in (1, 5, 20, 50):
        for seed in (1, 2):
            if seed == 1 or name in (NEW, OLD):
                add("drops", f"{percent} % {seed}", name, lambda one, percent=percent, seed=seed: same(
                    one, changes.dropped(one.items, percent, seed), ask=NO_STATE))
for name in (NEW, OLD, DIRECT, SIX, GROUP, CUT, WIFI, CELLULAR):
    for sent in (True, False):
        add("one way", "sent" if sent else "got", name, lambda one, sent=sent: same(one, changes.one_way(one.items, sent), ask=NO_STATE))
for name in (NEW, OLD, DIRECT, GROUP, WIFI):
    for delay, every in ((7, 1), (3 * MILLISECOND, 1), (40 * MILLISECOND, 3), (0, 5)):
        add("duplicates", f"each {every} after {delay} us", name, lambda one, delay=delay, every=every: same(
            one, changes.twice(one.items, delay, every), ask=NO_LOSS | {"lost"}))
for name in (NEW, OLD, DIRECT, GROUP, WIFI):
    for most, times in ((5, "stay"), (50, "stay"), (300, "stay"), (20, "sorted"), (100, "sorted")):
        add("order", f"{most} ms, times {times}", name, lambda one, most=most, times=times: same(
            one, changes.shuffled(one.items, most * MILLISECOND, most, times), ask=NO_STATE))
for name in (NEW, OLD, DIRECT, GROUP, WIFI, CELLULAR):
    for tenth in range(1, 10):
        add("starts", f"tenth {tenth}", name, lambda one, tenth=tenth: same(one, changes.part(one.items, tenth, 10), ask=NO_STATE))
        add("ends", f"tenth {tenth}", name, lambda one, tenth=tenth: same(one, changes.part(one.items, 0, tenth), ask=NO_STATE))
# Its relay is reached by IPv4, its peer by IPv6: the link is what shows that both are of one device.
for tenth in range(1, 10):
    for link in ("ethernet", "linux-sll", "pppoe", "gtp-u", "802.11-radiotap"):
        add("starts", f"tenth {tenth} in {link}", BOTH, lambda one, tenth=tenth, link=link: same(one, changes.part(one.items, tenth, 10), ask=NO_STATE, links=(link,)))
for name in (NEW, OLD, WIFI, CELLULAR):
    for seconds in (1, 12, 40, 300):
        def paused(one, seconds=seconds):
            half = len(one.items) * 6 // 10
            return same(one, tuple(item.later(seconds * SECOND) if number >= half else item for number, item in enumerate(one.items)), ask=NO_STATE)
        add("paused", f"{seconds} s", name, paused)


# ---- Clocks --------------------------------------------------------------------------------------------

YEAR = 365 * 86400 * SECOND
for name in (NEW, OLD, DIRECT, WIFI):
    for what, offset in (("to 1970", None), ("10 years back", -10 * YEAR), ("30 years on", 30 * YEAR)):
        add("clock", what, name, lambda one, offset=offset: same(one, changes.moved(one.items, 10 * SECOND - one.items[0].time if offset is None else offset)))
    for what, offset in (("20 s on", 20), ("an hour on", 3600), ("2 s back", -2), ("20 s back", -20), ("40 s back", -40), ("an hour back", -3600)):
        add("clock", f"step {what}", name, lambda one, offset=offset: same(one, changes.stepped(one.items, offset * SECOND), ask=ALL if offset < 0 else NO_STATE))
    for what, offset in (("an hour late", 3600), ("an hour early", -3600), ("a day late", 86400)):
        add("clock", f"one frame {what}", name, lambda one, offset=offset: same(one, changes.one_wrong(one.items, offset * SECOND), ask=NO_STATE))
    add("clock", "2 % too fast", name, lambda one: same(one, changes.drifted(one.items, 2)))
    add("clock", "whole 10 ms", name, lambda one: same(one, changes.coarse(one.items, 10 * MILLISECOND)))
    add("clock", "whole seconds", name, lambda one: same(one, changes.coarse(one.items, SECOND), ask=NO_STATE))


# ---- Several captures ----------------------------------------------------------------------------------

PUBLIC, PEER_AT_HOME = "203.0.113.64", "192.168.7.23"


def elsewhere(number):
    """Other addresses for the peers, and for the device outside its NAT; all texts stay as long as they are."""
    return {PEER: f"198.51.100.{30 + number}", OLD_PEER: f"198.51.100.{50 + number}", PEER_AT_HOME: f"192.168.7.{40 + number}", PUBLIC: f"203.0.113.{70 + number}"}


def other_place(one, number):
    """The same capture of another device in the same network: other addresses of device and peer, in what datagrams name, too."""
    mapping = {DEVICE: f"192.168.1.{70 + number}", **elsewhere(number)}
    return changes.named(changes.rewritten(one.items, mapping), mapping), changes.renamed(one.calls, mapping)


def other_home(one, number):
    """The same private addresses in another home: another MAC address, other servers and peers."""
    servers = {changes.parts.text(end) for item in one.items for end in changes.parts.ends(item.ip)[1:3] if end[:1] == b"\x11" and len(end) == 4}
    mapping = {**{server: "17." + str(int(server.split(".")[1]) - number) + "." + server.split(".", 2)[2] for server in servers}, **elsewhere(number)}
    items = changes.at_home(changes.rewritten(one.items, mapping), number)
    return changes.named(items, mapping), changes.renamed(one.calls, mapping)


def together(names, way, gap):
    """A case of captures merged, each starting GAP after the one before."""
    captures, start = [], base(names[0]).items[0].time
    for number, name in enumerate(names):
        moved, calls = (base(name).items, base(name).calls) if number == 0 else way(base(name), number)
        captures.append((changes.starting(moved, start + number * gap), calls))
    items, calls = changes.merged(*captures)
    return items, calls


NEIGHBOURS, HOMES = "other addresses", "equal private addresses"
PAIRS = ((NEW, OTHER_NEW), (NEW, OLD), (OLD, OTHER_OLD), (DIRECT, NEW), (GROUP, NEW), (CUT, OLD))
for pair in PAIRS:
    for what, way in ((NEIGHBOURS, other_place), (HOMES, other_home)):
        for gap in (0, 2):
            def two(_, pair=pair, way=way, gap=gap):
                items, calls = together(pair, way, gap * SECOND)
                return Case(items, calls, links=("ethernet", "ethernet") if way is other_home else ("ethernet",), file="pcapng" if way is other_home else "pcap",
                            ask=NO_STATE)
            add("merge", f"with {pair[1]}, {what}, {gap} s apart", pair[0], two)
for pair in ((NEW, OTHER_NEW), (NEW, OLD)):
    for link, interfaces in (("raw-ip", 2), ("pppoe", 1), ("vlan", 1), ("gtp-u", 1), ("gre-with-key", 1), ("vxlan", 1)):
        def homes(_, pair=pair, link=link, interfaces=interfaces):
            items, calls = together(pair, other_home, 2 * SECOND)
            return Case(items, calls, links=(link,) * interfaces, file="pcapng", ask=NO_STATE)
        add("merge", f"with {pair[1]}, {HOMES} in {link}, 2 s apart", pair[0], homes)
TEN = (NEW, OTHER_NEW, GROUP, DIRECT, CUT, OLD, OTHER_OLD, SHORT, "legacy-busy", "legacy-cancelled")
for what, way in ((NEIGHBOURS, other_place), (HOMES, other_home)):
    for gap in (0, 1, 20):
        def ten(_, way=way, gap=gap):
            items, calls = together(TEN, way, gap * SECOND)
            return Case(items, calls, links=("ethernet",) * 10 if way is other_home else ("ethernet",), file="pcapng" if way is other_home else "pcap", ask=NO_STATE)
        add("merge", f"ten, {what}, {gap} s apart", NEW, ten)


# ---- Redials -------------------------------------------------------------------------------------------

def redial(first, second, pause, mapping=None, ports=None):
    """SECOND, without its push and look-ups, begins PAUSE after the last datagram of FIRST."""
    one, other = base(first), base(second)
    end = max(item.time for item in one.items if item.datagram)
    before = tuple(item for item in one.items if item.time <= end)
    again = changes.named(changes.rewritten(tuple(item for item in other.items if item.datagram), mapping, ports), mapping or {})
    items, calls = changes.merged((before, one.calls), (changes.starting(again, end + pause), changes.renamed(other.calls, mapping or {})))
    return Case(items, calls, ask=NO_STATE)


for pause in (1, 3, 6, 9):
    for what, mapping, ports in (("same sockets", None, None), ("other device port", None, {(DEVICE, 16393): 16397}),
                                 ("other relay", {RELAY: "17.249.172.97"}, None), ("other peer", {PEER: "198.51.100.31"}, {(DEVICE, 16393): 16397})):
        add("redial", f"after {pause} s, {what}", NEW, lambda _, pause=pause, mapping=mapping, ports=ports: redial(NEW, OTHER_NEW, pause * SECOND, mapping, ports))
    add("redial", f"after {pause} s", OLD, lambda _, pause=pause: redial(OLD, OTHER_OLD, pause * SECOND))
    add("redial", f"after {pause} s, declined", SHORT, lambda _, pause=pause: redial(SHORT, OTHER_OLD, pause * SECOND))


# ---- Other traffic beside it ---------------------------------------------------------------------------

STRANGER = "203.0.113.77"


def quic_initial(seed):
    """The first datagram of a QUIC client."""
    source = random_bytes.Prng(seed)
    first = source.bytes(8)
    return quic.initial(quic.Keys(first, b"client in"), first, b"", 0, quic.crypto(quic.client_hello(source)), 1200)


def socket_of(one):
    """(device, far end) of the call's busiest flow, as (address, port)."""
    seen = {}
    for item in one.items:
        if item.datagram and item.sent:
            protocol, source, destination, _ = changes.parts.ends(item.ip)
            near, far = changes.parts.ports(item.ip) or (0, 0)
            key = (changes.parts.text(source), near), (changes.parts.text(destination), far)
            seen[key] = seen.get(key, 0) + 1
    return max(sorted(seen), key=seen.get)


def strangers(one, kind):
    """Items of a kind of other traffic, spread over the capture."""
    start, end = one.items[0].time, one.items[-1].time
    near, far = socket_of(one)
    source = random_bytes.Prng(f"strangers {kind}")
    local = {"local": near[0], "sent": True}
    moments = [start + (end - start) * number // 20 for number in range(1, 20)]
    ssrc = next(header.ssrc for item in one.items for header in item.rtp)
    if kind == "one QUIC Initial before":
        return [changes.udp(start - SECOND, (near[0], 50443), ("192.0.2.44", 443), quic_initial(kind), **local)]
    if kind == "QUIC Initials to web servers":
        return [changes.udp(time, (near[0], 50443 + number), ("192.0.2.44", 443), quic_initial(f"{kind} {number}"), **local) for number, time in enumerate(moments)]
    if kind == "DNS":
        query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\7example\3net\0" + struct.pack(">HH", 1, 1)
        return [changes.udp(time, (near[0], 50053 + number), ("192.0.2.53", 53), query, **local) for number, time in enumerate(moments)]
    if kind == "mDNS and SSDP":
        return [changes.udp(time, ("192.168.1.9", 5353 if number % 2 else 50900), ("224.0.0.251", 5353) if number % 2 else ("239.255.255.250", 1900),
                            struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + b"\5_http\4_tcp\5local\0" + struct.pack(">HH", 12, 1) if number % 2 else
                            b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n")
                for number, time in enumerate(moments)]
    if kind == "PCMU of others":
        return [changes.udp(time, ("192.168.1.201", 16390), ("192.0.2.200", 18000), rtp.rtp(0, number, 160 * number, 0x2C41, source.bytes(160)))
                for number, time in enumerate(moments)]
    if kind == "random bytes to the device's port":
        return [changes.udp(time, (STRANGER, 40000 + number), near, source.bytes(60), local=near[0], sent=False) for number, time in enumerate(moments)]
    if kind == "STUN requests to the device's port":
        return [changes.udp(time, (STRANGER, 40000), near, stun.message(stun.BINDING_REQUEST, source.bytes(12)), local=near[0], sent=False) for time in moments]
    if kind == "its SSRC from elsewhere":
        return [changes.udp(time, (STRANGER, 40000), near, rtp.rtp(104, 9000 + number, 77 * number, ssrc, source.bytes(80)), local=near[0], sent=False)
                for number, time in enumerate(moments)]
    if kind == "its candidates from elsewhere":
        mine = relay.candidates([near[0] if ":" not in near[0] else "192.0.2.7", "198.51.100.23"], [(0x1020, 0, near[1]), (0x0020, 1, 52014)])
        message = relay.link_message(relay.CONNECTION_DATA, [(3, mine), (1, relay.u16(1)), (2, relay.u16(1))], bytes(20))
        data = relay.channel_data(relay.sub_packet(message, marks=(21,)))
        return [changes.udp(time, (STRANGER, 50000), far, data) for time in moments[4:8]]
    if kind == "SNATMAP of others":
        answer = struct.pack(">II", 2, 42) + bytes(byte ^ 0xFF for byte in bytes([203, 0, 113, 64]) + struct.pack(">H", near[1])) + b"\xaa\xaa"
        return [changes.udp(time, ("17.188.180.12", 3480), ("192.168.1.201", 16402), answer) for time in moments[:3]]
    if kind == "a BYE of others":
        text = (f"BYE sip:user@192.0.2.9:16402 SIP/2.0\r\nVia: SIP/2.0/UDP {STRANGER}:16402;branch=z9hG4bKdead\r\nMax-Forwards: 70\r\nFrom: <sip:a@{STRANGER}>;tag=1\r\n"
                f"To: <sip:b@192.0.2.9>;tag=2\r\nCall-ID: DEADBEEF-0000-4000-8000-000000000000@{STRANGER}\r\nCSeq: 2 BYE\r\nUser-Agent: Viceroy 1.4.57/GK\r\n"
                "Content-Length: 0\r\n\r\n").encode()
        return [changes.udp(time, (STRANGER, 16402), ("192.0.2.9", 16402), text) for time in moments[9:11]]
    if kind == "a scan of ports":
        return [changes.ip(time, STRANGER, "192.168.1.64", net.TCP, struct.pack(">HHIIBBHHH", 40000, 1000 + number, 7, 0, 0x50, 2, 1024, 0, 0))
                for number, time in enumerate(moments)]
    if kind == "TCP on the call's ports":
        return [changes.ip(time, near[0], far[0], net.TCP, struct.pack(">HHIIBBHHH", near[1], far[1], 7, 0, 0x50, 2, 1024, 0, 0), **local) for time in moments[2:5]]
    raise ValueError(kind)


# Of kind: may it be a call of its own, and may it show the call, because it is sent to or from the call's own socket?
FOREIGN = {
    "one QUIC Initial before": (False, False), "QUIC Initials to web servers": (False, False), "DNS": (False, True), "mDNS and SSDP": (False, False),
    "PCMU of others": (False, False), "random bytes to the device's port": (False, True), "STUN requests to the device's port": (True, True),
    "its SSRC from elsewhere": (True, True), "its candidates from elsewhere": (True, False), "SNATMAP of others": (True, False), "a BYE of others": (True, False),
    "a scan of ports": (False, False), "TCP on the call's ports": (False, True),
}
for name in (NEW, OLD, DIRECT, WIFI, CELLULAR):
    for kind, (more, between) in FOREIGN.items():
        add("beside", kind, name, lambda one, kind=kind, more=more, between=between: same(
            one, changes.beside(one.items, strangers(one, kind)), more=more, between=between,
            ask=NO_LOSS | ({"streams"} if kind != "its SSRC from elsewhere" else {"calls"})))
NEGATIVES = ("stun_wa_call.pcapng", "zoom.pcap", "iax.pcap", "quic_q46.pcap", "rtps.pcap", "signal.pcap")
for file in NEGATIVES if paths.REAL.is_dir() else ():
    for name in (NEW, OLD):
        def beside_capture(one, file=file):
            linktype, packets = pcap.read(paths.SHARED / "negative" / file)
            found = [(packet.time, stripped(linktype, packet.data)) for packet in packets[:400] if len(packet.data) > 34 and len(packet.data) == packet.length]
            first = next(time for time, data in found if data)
            others = [changes.Item(one.items[0].time + (time - first) // 20, data) for time, data in found if data and data[0] >> 4 in (4, 6)]
            return same(one, changes.beside(one.items, others), ask=NO_STATE)
        add("beside", file, name, beside_capture)


# ---- Preferences, Decode As ----------------------------------------------------------------------------

PREFERENCES = {
    "one pass": None,
    "heuristics first": ("-o", "udp.try_heuristic_first:TRUE"),
    "checksums": ("-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"),
    "no IP reassembly": ("-o", "ip.defragment:FALSE"),
    "no TCP reassembly": ("-o", "tcp.desegment_tcp_streams:FALSE"),
    "RTP heuristic": ("--enable-heuristic", "rtp_udp"),
    "RTP and RTCP heuristics first": ("--enable-heuristic", "rtp_udp", "--enable-heuristic", "rtcp_udp", "-o", "udp.try_heuristic_first:TRUE"),
    "RTP in STUN heuristic": ("--enable-heuristic", "rtp_stun"),
    "no QUIC heuristic": ("--disable-heuristic", "quic"),
    "no STUN heuristic": ("--disable-heuristic", "stun_udp"),
    "ports from everywhere": ("-o", "facetime.relay.ports:1-65535", "-o", "facetime.media.ports:1-65535"),
    "names of hosts": ("-o", "nameres.dns_pkt_addr_resolution:TRUE", "-N", "d"),
    "RTP analysed": ("-z", "rtp,streams"),
}
for name in (NEW, OLD, DIRECT, WIFI):
    for what, options in PREFERENCES.items():
        add("preferences", what, name, lambda one, options=options: same(one, options=options or (), two=options is not None,
                                                                         ask=ALL if options else ALL - {"frames"}))
for name, near, far, protocols in ((NEW, 16393, 3482, ("quic", "rtp", "stun", "rtcp")), (OLD, 16402, 16402, ("rtp", "stun", "sip", "rtcp")),
                                   (WIFI, 16393, 3482, ("quic", "rtp", "stun"))):
    for protocol in protocols:
        for port in sorted({near, far}):
            add("decode as", f"udp.port=={port},{protocol}", name, lambda one, port=port, protocol=protocol: same(one, options=("-d", f"udp.port=={port},{protocol}")))


# ---- File formats --------------------------------------------------------------------------------------

for file in files.FORMATS:
    for name in (NEW, OLD, WIFI):
        add("file", file, name, lambda one, file=file: same(one, file=file, ask=ALL | (set() if one.name in REAL else {"prelude"})))


def quick():
    """A part that takes about a minute: of each change one combination, none with the real captures."""
    chosen, seen = [], {}
    for one in COMBINATIONS:
        group, change, name = one.name.split("/")
        if name in REAL:
            continue
        number = seen.get((group, change), 0)
        seen[group, change] = number + 1
        if number == 0 and (group in ("link", "preferences", "file", "decode as") or len(chosen) % 2 == 0 or len(seen) % 2 == 0):
            chosen.append(one)
    return chosen
