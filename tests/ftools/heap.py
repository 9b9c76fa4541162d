"""Memory that the plugin itself asked for, counted by valgrind's massif: what Wireshark keeps for a flow that the plugin made it keep is not in it."""

import re
import subprocess

# What stands between the program's break and who asked for the memory: the C library, GLib, wmem of libwsutil.
ALLOCATORS = re.compile(r"^\(heap allocation functions\)|\(in .*/lib(?:c|glib-2\.0|wsutil)\.so\b")
# wmem's simple allocator has a list of all that was allocated, and makes it twice as long from time to time: that is nobody's.
LIST, GROWN = "g_realloc ", ("wmem_realloc ", "wmem_array_", "wmem_strbuf_")
# Lines of a tree in massif's output: depth by the spaces before, then children, bytes, who.
LINE = re.compile(r"^( *)n\d+: (\d+) (?:0x[0-9A-F]+: )?(.*)$")
TIMEOUT = 3600


def _functions(plugin):
    """Names of all functions in the plugin."""
    symbols = subprocess.run(["nm", plugin], capture_output=True, text=True, check=True).stdout
    return {line.split()[2] for line in symbols.splitlines() if line.split()[1:2] in (["t"], ["T"])}


def own_bytes(text, functions):
    """Bytes of massif's largest snapshot TEXT that one of the FUNCTIONS, built with debug information, asked an allocator for."""
    total = 0
    path = []
    for line in text[text.index("heap_tree=peak"):].splitlines()[1:]:
        found = LINE.match(line)
        if not found:
            break
        depth, size, who = len(found[1]), int(found[2]), found[3]
        # Who stands above; None behind the first that is no allocator.
        path = path[:depth]
        inside = None not in path
        if inside and "(in " not in who and who.split(" ")[0].split("'")[0] in functions:
            if not any(name.startswith(LIST) for name in path) or any(name.startswith(GROWN) for name in path):
                total += size
            inside = False
        path.append(who if inside and ALLOCATORS.search(who) else None)
    return total


def measure(programs, plugin, capture, *args):
    """Bytes that the plugin has asked for when tshark has read the capture."""
    out = programs.folder("massif", theirs=True) / "out"
    # Each allocation of wmem's a malloc() of its own; and the plugin stays loaded, so that massif can name its functions.
    environment = {"WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple", "G_DEBUG": "resident-modules"}
    run = programs.run("valgrind", "--tool=massif", "--depth=12", "--threshold=0.01", f"--massif-out-file={out}", "tshark", "-n", "-r", capture, *args,
                       env=environment, timeout=TIMEOUT).ok()
    text = out.read_text()
    out.unlink()
    assert "heap_tree=peak" in text, run
    return own_bytes(text, _functions(plugin))
