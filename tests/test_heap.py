"""Whose memory it is: what tests/bench reads out of massif's output."""

from ftools import heap

# The largest of three snapshots; "???" are static functions of a library.
TEXT = """\
snapshot=1
heap_tree=detailed
n1: 999 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 n0: 999 0x5000: ft_flow_get (flow.c:93)
#-----------
snapshot=2
heap_tree=peak
n3: 1700 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 n2: 700 0x1000: g_malloc (in /usr/lib/libglib-2.0.so.0)
  n2: 600 0x2000: ??? (in /usr/lib/libwsutil.so.14)
   n3: 600 0x3000: wmem_alloc0 (in /usr/lib/libwsutil.so.14)
    n1: 100 0x5000: ft_flow_get (flow.c:93)
     n0: 100 0x6000: dissect_udp (in /usr/lib/libwireshark.so.16)
    n1: 200 0x7000: conversation_new (in /usr/lib/libwireshark.so.16)
     n0: 200 0x5100: ft_flow_get (flow.c:90)
    n0: 300 0x8000: list_add (in /usr/lib/libother.so)
  n0: 100 in 3 places, all below massif's threshold (0.01%)
 n2: 900 0x1100: g_realloc (in /usr/lib/libglib-2.0.so.0)
  n1: 500 0x2100: ??? (in /usr/lib/libwsutil.so.14)
   n1: 500 0x3000: wmem_alloc0 (in /usr/lib/libwsutil.so.14)
    n0: 500 0x5000: ft_flow_get (flow.c:93)
  n1: 400 0x2200: ??? (in /usr/lib/libwsutil.so.14)
   n1: 400 0x3100: wmem_array_append (in /usr/lib/libwsutil.so.14)
    n0: 400 0x9000: list_add (table.c:20)
 n0: 100 0x5200: ft_flow_get'2 (flow.c:99)
#-----------
snapshot=3
heap_tree=detailed
n1: 5 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 n0: 5 0x5000: ft_flow_get (flow.c:93)
"""


def test_own_bytes():
    """An allocation by the plugin, an array of its that grew, a recursive function's; not what Wireshark made for it, nor the allocator's list."""
    assert heap.own_bytes(TEXT, {"ft_flow_get", "list_add"}) == 100 + 400 + 100
    assert heap.own_bytes(TEXT, {"list_add"}) == 400
    assert heap.own_bytes(TEXT, set()) == 0
