"""Other systems than Debian 12: what their Wireshark's CMake files are like, and what the scripts do there, with stand-ins for uname and the tools."""

import subprocess

import pytest

from ftools import paths


@pytest.mark.parametrize("named, left", [
    ("wsutil;/usr/lib/libnowhere.so;/bin/sh", "wsutil;/bin/sh"), ("/usr/lib/libnowhere.so", ""), ("", "named-NOTFOUND"),
], ids=["one of them", "all", "none named"])
def test_absent_libraries(tmp_path, named, left):
    """A library that Wireshark's CMake files name and that is not there (Ubuntu 26.04) is not linked with; the others are."""
    link = f'set_property(TARGET epan PROPERTY INTERFACE_LINK_LIBRARIES "{named}")' if named else ""
    (tmp_path / "CMakeLists.txt").write_text(f"""cmake_minimum_required(VERSION 3.18)
project(trial LANGUAGES NONE)
add_library(epan UNKNOWN IMPORTED)
{link}
include("{paths.ROOT}/cmake/Libraries.cmake")
ft_leave_out_absent_libraries(epan nothing)
get_target_property(named epan INTERFACE_LINK_LIBRARIES)
file(WRITE "{tmp_path}/left" "${{named}}")
""")
    subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build"], capture_output=True, check=True)
    assert (tmp_path / "left").read_text() == left
