"""Where plugins belong on other systems (a pure function of system and version), and what a package says of itself. tests/packages installs
packages, as root."""

import subprocess

import pytest

from ftools import paths

FOLDERS = paths.ROOT / "cmake" / "Folders.cmake"


def folder(wireshark, system, libdir, version):
    """(name of the version's folder, personal folder, ending) as CMake has them for a system."""
    script = wireshark.root / "folders.cmake"
    script.write_text(f"""include("{FOLDERS}")
ft_folder_id(id "{system}" "{libdir}" "{version}")
ft_personal_folder(personal "{system}" "${{id}}")
ft_suffix(suffix "{system}")
message("${{id}}|${{personal}}|${{suffix}}")
""")
    done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=True,
                          env={"PATH": wireshark.environment["PATH"], "HOME": "/home/ann", "APPDATA": r"C:\Users\Ann\AppData\Roaming"})
    return tuple(done.stderr.strip().split("|"))


@pytest.mark.parametrize(("system", "libdir", "version", "expected"), [
    ("Linux", "lib/x86_64-linux-gnu/wireshark/plugins/4.0", "4.0.17", ("4.0", "/home/ann/.local/lib/wireshark/plugins/4.0/epan", ".so")),
    ("Linux", "", "4.6.1", ("4.6", "/home/ann/.local/lib/wireshark/plugins/4.6/epan", ".so")),
    ("Darwin", "", "4.4.2", ("4-4", "/home/ann/.local/lib/wireshark/plugins/4-4/epan", ".so")),
    ("Darwin", "Wireshark.app/Contents/PlugIns/wireshark/4-6", "4.6.0", ("4-6", "/home/ann/.local/lib/wireshark/plugins/4-6/epan", ".so")),
    ("Windows", "", "4.4.2", ("4.4", "C:/Users/Ann/AppData/Roaming/Wireshark/plugins/4.4/epan", ".dll")),
])
def test_folders_of_other_systems(wireshark, system, libdir, version, expected):
    """4-4 on macOS, 4.4 elsewhere; .dll on Windows, .so elsewhere."""
    assert folder(wireshark, system, libdir, version) == expected
