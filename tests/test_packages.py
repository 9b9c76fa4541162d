"""Where plugins belong on other systems (a pure function of system and version), and what the archive's install script refuses. tests/packages
makes packages and installs them, as root."""

import re
import shutil
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


@pytest.fixture(name="archive")
def made_archive(wireshark, request):
    """A folder as tools/package packs it, for Wireshark 4.0, with a plugin that is no ELF file."""
    folder = wireshark.folder(f"archive-{request.node.name.replace('/', '-')}")
    (folder / "tools").mkdir()
    for name in ("lib.sh", "uninstall"):
        shutil.copy(paths.ROOT / "tools" / name, folder / "tools")
    for name in ("install", "uninstall"):
        shutil.copy(paths.ROOT / "cmake" / "package" / name, folder)
    (folder / "facetime.so").write_text("a plugin")
    (folder / "wireshark-version").write_text("4.0\n")
    return folder


def install(wireshark, archive, tshark, *args):
    """Runs the archive's install with TSHARK, the text of a script, in place of tshark; with "" there is none."""
    programs = wireshark.folder(f"{archive.name}-programs")
    for name in "sh cat chmod cmp cp cut dirname grep head id mkdir mv od readlink rm rmdir sed sort tr uname".split():
        (programs / name).symlink_to(shutil.which(name))
    if tshark:
        (programs / "tshark").write_text(f"#!/bin/sh\n{tshark}\n")
        (programs / "tshark").chmod(0o755)
    home = wireshark.folder(f"{archive.name}-home", theirs=True)
    return home, wireshark.run(programs / "sh", archive / "install", *args, env={"PATH": str(programs), "HOME": str(home)})


@pytest.mark.parametrize(("tshark", "words"), [
    ("", "there is no tshark here, which tells where Wireshark's plugins belong; install Wireshark 4.0 with tshark first."),
    ("echo 'TShark (Wireshark) 4.4.2.'", "this archive is for Wireshark 4.0, here is 4.4; take the archive for that version."),
    ("echo 'TShark (Wireshark) 3.6.24 (Git v3.6.24)'", "this archive is for Wireshark 4.0, here is 3.6; take the archive for that version."),
    ("echo 'TShark (Wireshark) 4.01.2.'", "this archive is for Wireshark 4.0, here is 4.01; take the archive for that version."),
    ("echo hello", "this archive is for Wireshark 4.0, here is another program named tshark; take the archive for that version."),
], ids=["none", "newer", "older", "alike", "other"])
def test_archive_refuses(wireshark, archive, tshark, words):
    """In one sentence, and nothing is written."""
    home, run = install(wireshark, archive, tshark)
    assert (run.status, run.out, run.err) == (1, "", f"install: {words}\n")
    assert not list(home.iterdir())


def test_archive_refuses_another_machine(wireshark, archive):
    """The plugin is for s390x; a tshark that is a script names no machine, so the one that is looked at is another program."""
    (archive / "facetime.so").write_bytes(b"\x7fELF\x02\x02\x01" + bytes(11) + b"\x00\x16")
    tshark = "echo 'TShark (Wireshark) 4.0.17.'"
    script = (archive / "install").read_text()
    assert script.count('"$(command -v tshark)"') == 1
    (archive / "install").write_text(script.replace('"$(command -v tshark)"', '"$(command -v cat)"'))
    home, run = install(wireshark, archive, tshark)
    assert run.status == 1 and run.out == ""
    assert run.err.startswith("install: this archive is for s390x, the Wireshark here is for ") and run.err.count("\n") == 1
    assert not list(home.iterdir())


def install_where(wireshark, archive, plugins):
    """The same with a tshark that is 4.0 and says where plugins belong; PLUGINS is what its script does for a list of them, with {personal}
    for the user's folder. Returns also both folders, for the user and for all."""
    personal = wireshark.root / f"{archive.name}-home" / ".local" / "lib" / "wireshark" / "plugins" / "4.0"
    nowhere = wireshark.folder(f"{archive.name}-global")
    home, run = install(wireshark, archive, f"""case $* in
--version*) echo 'TShark (Wireshark) 4.0.17.' ;;
*folders*) printf 'Personal Plugins:\\t%s\\nGlobal Plugins:\\t%s\\n' '{personal}' '{nowhere}' ;;
*) {plugins.format(personal=personal)} ;;
esac""")
    return home, run, personal, nowhere


def test_archive_takes_back_what_is_not_listed(wireshark, archive):
    """tshark does not list what was installed: it is taken away, and said so."""
    home, run, _, nowhere = install_where(wireshark, archive, "echo 'no plugins'")
    assert run.status == 1
    assert run.err.endswith("install: the plugin was installed, but tshark does not list it, see above; it was taken away again.\n")
    assert not list(home.iterdir()) and not list(nowhere.iterdir())


def test_archive_installs(wireshark, archive):
    """Where tshark says, and says where; uninstall leaves nothing."""
    home, run, personal, _ = install_where(
        wireshark, archive, "! test -e '{personal}/epan/facetime.so' || printf 'facetime.so\\t0.1.0\\tdissector\\t%s\\n' '{personal}/epan/facetime.so'")
    copy = personal / "epan" / "facetime.so"
    assert run.ok().out.startswith(f"Installed for you only: {copy}\nTShark (Wireshark) 4.0.17 loads facetime 0.1.0.\n")
    assert copy.read_text() == "a plugin"
    wireshark.run("sh", archive / "uninstall", env={"HOME": str(home)}).ok()
    assert not list(home.iterdir())


@pytest.fixture(scope="module", params=["archive", "debian"], name="packed")
def made_packed(wireshark, request):
    """What a package has beside the plugin, in its folders, and its README."""
    build, place = wireshark.folder("packed-build"), wireshark.folder(f"packed-{request.param}")
    subprocess.run(["cmake", "-S", paths.ROOT, "-B", build], check=True, capture_output=True)
    (build / "facetime.so").write_text("a plugin")
    subprocess.run(["cmake", "--install", build, "--component", request.param, "--prefix", place], check=True, capture_output=True)
    return place, place / ("README.md" if request.param == "archive" else "share/doc/wireshark-facetime/README.md")


def test_packages_have_no_dead_link(packed):
    """From the README and from each document beside it."""
    pages = [packed[1], *packed[1].parent.glob("doc/**/*.md")]
    assert len(pages) > 10
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")) if "://" not in link]
    assert [(str(page.relative_to(packed[0])), link) for page, link in links if not (page.parent / link).exists()] == []


def test_packages_have_what_their_readme_names(packed, wireshark):
    """The profile and the scripts work from where they are; the README names no script that is not there."""
    place, readme = packed
    text = readme.read_text(encoding="utf-8")
    assert "@" not in text and str(wireshark.version[0]) + "." + str(wireshark.version[1]) in text
    tools = next(place.rglob("tools"))
    for name in ("profile", "report"):
        assert f"tools/{name}" in text
        assert "usage: " in subprocess.run([tools / name, "--help"], capture_output=True, text=True, check=True).stdout.lower()
    assert (tools.parent / "profile" / "FaceTime" / "preferences").exists()
    assert not set(re.findall(r"tools/(\w+)", text)) - {path.name for path in tools.iterdir()}
