"""What tshark shows of each packet, field by field with its place in the frame (-T pdml)."""

import dataclasses
import xml.etree.ElementTree

from .wireshark import BOOLEANS


@dataclasses.dataclass(frozen=True)
class Field:
    """One field: its name ("" for a line of text), value, the line as it is shown, and its bytes in the frame."""

    name: str
    show: str
    line: str
    at: int
    size: int
    hidden: bool


class Packet:
    """The fields of one packet, in the order of the tree."""

    def __init__(self, element):
        self.protocols = [proto.get("name") for proto in element.iter("proto")]
        self.fields = [Field(field.get("name"), BOOLEANS.get(field.get("show", ""), field.get("show", "")), field.get("showname", "") or field.get("show", ""),
                             int(field.get("pos", 0)), int(field.get("size", 0)), field.get("hide") == "yes")
                       for field in element.iter("field")]
        self.number = int(self.values("frame.number")[0]) if self.values("frame.number") else None

    def values(self, name):
        """The values of a field."""
        return [field.show for field in self.fields if field.name == name]

    def value(self, name):
        """The one value of a field; None without it."""
        values = self.values(name)
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    def lines(self, name):
        """The lines of a field, without what stands before the colon."""
        return [field.line.partition(": ")[2] for field in self.fields if field.name == name]

    def names(self, prefix):
        """The names of the fields below PREFIX."""
        return {field.name for field in self.fields if field.name.startswith(prefix)}

    def covered(self, prefix):
        """The bytes of the frame that a field below PREFIX stands for."""
        return {at for field in self.fields if field.name.startswith(prefix) for at in range(field.at, field.at + field.size)}


def packets(wireshark, capture, *args):
    """All packets of a capture; ARGS: filters, passes."""
    out = wireshark.tshark(capture, *args, "-T", "pdml").ok().out
    return [Packet(element) for element in xml.etree.ElementTree.fromstring(out).iter("packet")]
