"""What the tests share: running Wireshark's programs with the plugin, reading what they print, and small capture files.

    paths       where the plugin and the captures are
    wireshark   runs tshark, sharkd and editcap with a private home and plugin folder
    table       reads the calls table as a terminal shows it
    facts       what is true of each sample (captures/expected), and what tshark says of each frame
    pcap        reads and writes capture files
    wire        an independent reading of UDP, relay channel data and RTP
"""
