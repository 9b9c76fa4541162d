"""Captures whose answer is known, changed in ways whose effect on the answer is known: what the command tests/metamorphic is made of.

    items      the packets of a capture without their link layer, each with what is true of it
    links      what is around an IP packet: link layers and tunnels
    files      file formats
    changes    what is done to the packets
    combos     all combinations of captures and changes
    oracle     the answer of one run of tshark, against what is true
    known      what is known not to hold, with its reason, and what is wrong today
"""
