"""SIP as FaceTime spoke it until iOS 8: one dialogue between two phones, without any server."""

from .deflate import deflate

# The short names of RFC 3261, all used by iOS 7 (blog.krisk.org, September 2013)
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Length": "l", "Content-Type": "c",
           "Content-Encoding": "e", "Supported": "k", "Subject": "s", "Allow-Events": "u"}


class Party:
    """One end: what it is called, where others reach it (ADDRESS, PORT) and its socket in this capture."""

    def __init__(self, prng, name, address, port, socket, agent):
        self.name, self.address, self.port, self.socket, self.agent = name, address, port, socket, agent
        self.tag = str(prng.number(32))
        self.sequence = 0

    @property
    def uri(self):
        """The user part is the literal word "user" (jinglenodes' test message with Viceroy 1.4.1)."""
        return f"sip:user@{self.address}:{self.port}"


class Dialogue:
    """The messages of one call; each method sends one message on LANE."""

    def __init__(self, lane, prng, caller, callee, compact=False):
        self.lane, self.prng, self.caller, self.callee, self.compact = lane, prng, caller, callee, compact
        uuid = prng.uuid().hex().upper()
        uuid = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
        self.call_id = f"{uuid}@{caller.address.replace('.', '-')}"
        self.branch = {}

    def _other(self, party):
        return self.callee if party is self.caller else self.caller

    def _send(self, sender, first, headers, body=b"", phase=None):
        headers = headers + [("Content-Length", str(len(body)))]
        names = COMPACT if self.compact else {}
        text = "".join([first + "\r\n"] + [f"{names.get(name, name)}: {value}\r\n" for name, value in headers] + ["\r\n"])
        return self.lane.udp(sender.socket, self._other(sender).socket, text.encode() + body, "sip", phase)

    def _addresses(self, requester, answered=True):
        other = self._other(requester)
        to_tag = f";tag={other.tag}" if answered else ""
        return [("From", f'"{requester.name}" <{requester.uri}>;tag={requester.tag}'), ("To", f'"{other.name}" <{other.uri}>{to_tag}'),
                ("Call-ID", self.call_id)]

    def _body(self, body, content_type):
        headers = [("Content-Type", content_type)] if body else []
        if body and self.compact:  # iOS 7 compresses the session description: "e: deflate"
            headers.append(("Content-Encoding", "deflate"))
            body = deflate(body)
        return headers, body

    def request(self, sender, method, body=b"", content_type="application/sdp", answered=True, phase=None):
        """Send a request inside (or, not ANSWERED, opening) the dialogue."""
        if method != "ACK":
            sender.sequence += 1
            self.branch[sender] = "z9hG4bK" + self.prng.bytes(8).hex()
        extra, body = self._body(body, content_type)
        headers = [("Via", f"SIP/2.0/UDP {sender.address}:{sender.port};branch={self.branch[sender]}"), ("Max-Forwards", "70")]
        headers += self._addresses(sender, answered)
        headers += [("CSeq", f"{sender.sequence} {method}"), ("Contact", f"<{sender.uri}>;isfocus"), ("User-Agent", sender.agent)]
        if method == "INVITE" and self.compact:
            headers += [("Supported", "timer"), ("Subject", "FaceTime"), ("Allow-Events", "talk")]
        return self._send(sender, f"{method} {self._other(sender).uri} SIP/2.0", headers + extra, body, phase)

    def answer(self, requester, code, reason, method, body=b"", phase=None):
        """The other side answers the last request of REQUESTER."""
        answerer = self._other(requester)
        extra, body = self._body(body, "application/sdp")
        headers = [("Via", f"SIP/2.0/UDP {requester.address}:{requester.port};branch={self.branch[requester]}")]
        headers += self._addresses(requester, code > 100)
        headers += [("CSeq", f"{requester.sequence} {method}"), ("User-Agent", answerer.agent)]
        if method == "INVITE" and code > 100:
            headers.append(("Contact", f"<{answerer.uri}>;isfocus"))
        return self._send(answerer, f"SIP/2.0 {code} {reason}", headers + extra, body, phase)


def session_description(prng, party, hardware, audio, video, audio_ssrc, video_ssrc, audio_clock):
    """The SDP body. AUDIO: payload types, the first one AAC-ELD with AUDIO_CLOCK; VIDEO: payload types in order.

    The lines are those of iChat and FaceTime of the time (jinglenodes' test message); a=rtpID names each
    stream's SSRC in decimal.
    """
    names = {126: "X-H264/90000", 123: "H264/90000", 34: "H263/90000"}
    lines = ["v=0", f"o=user {prng.number(24)} 0 IN IP4 {party.address}", "s=user", f"c=IN IP4 {party.address}", "b=AS:200", "t=0 0",
             f"a=hwi:{hardware}", "a=iChatEncryption:NO", "a=bandwidthDetection:YES", "a=FLS;VRA:0;RVRA:1;AS:2",
             f"m=audio {party.port} RTP/AVP {' '.join(map(str, audio))}", f"a=rtcp:{party.port}",
             f"a=RTCP:AUDIO {party.port} VIDEO {party.port}",
             f"a=rtpmap:{audio[0]} X-AAC_ELD/{audio_clock}", "a=fmtp:AAC SamplesPerBlock 480", f"a=rtpID:{audio_ssrc}",
             f"m=video {party.port} RTP/AVP {' '.join(map(str, video))}", f"a=rtcp:{party.port}"]
    lines += [f"a=rtpmap:{number} {names[number]}" for number in video]
    lines += [f"a=fmtp:{video[0]} imagesize 0 rules 15:320:240:320:240:15", "a=framerate:15", f"a=rtpID:{video_ssrc}"]
    return "".join(line + "\r\n" for line in lines).encode()
