"""Other systems than Debian 12: what their Wireshark's CMake files are like, and what the scripts do there, with stand-ins for uname and the tools."""

import pwd
import subprocess
import sys

import pytest

from ftools import paths, standin


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


# ---- The scripts -------------------------------------------------------------------------------

@pytest.fixture(params=standin.SHELLS, name="shell")
def each_shell(request):
    """Shells that know nothing but POSIX; busybox brings its own tools, which are not GNU's."""
    reason = standin.missing(request.param)
    if reason:
        pytest.skip(reason)
    return request.param


HINTS = {
    "Darwin": ("brew install wireshark cmake glib pkgconf pytest", "tools/in-tree"),
    "FreeBSD": ("pkg install tshark",),
    "MINGW64_NT-10.0": ("WSL",),
}
RELEASES = {
    "fedora": ("ID=fedora\n", "dnf install wireshark-cli wireshark-devel"),
    "rocky": ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install"),
    "arch": ("ID=arch\n", "pacman -S wireshark-cli"),
    "alpine": ("ID=alpine\n", "apk add tshark wireshark-dev"),
    "opensuse": ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "zypper install wireshark wireshark-devel"),
    "nixos": ("ID=nixos\n", "nix-shell -p wireshark-cli"),
    "another": ("ID=slackware\n", "Usual names"),
    "without the file": (None, "Usual names"),
}


@pytest.mark.parametrize("kernel", HINTS)
def test_hints_by_kernel(tmp_path, shell, kernel):
    """What to install, in this system's words, and what is missing; nothing is built."""
    system = standin.System(tmp_path, shell, kernel, programs=())
    run = system.run("tools/demo")
    assert run.returncode == 1 and run.stderr.endswith("demo: missing here: cmake cc pkg-config tshark make\n"), run.stderr
    assert all(words in run.stderr for words in HINTS[kernel]) and "dnf" not in run.stderr
    assert not (system.clone / "build").exists()


@pytest.mark.parametrize("release", RELEASES)
def test_hints_by_release(tmp_path, shell, release):
    """The same by /etc/os-release; tools/check names pytest too."""
    text, words = RELEASES[release]
    system = standin.System(tmp_path, shell, "Linux", release=text or "", programs=("tshark", "cc"))
    if text is None:
        (tmp_path / "os-release").unlink()
    for script, missing in (("tools/demo", "cmake pkg-config make"), ("tools/check", "cmake pkg-config python3 sharkd editcap make pytest")):
        run = system.run(script)
        assert run.returncode == 1 and run.stderr.endswith(f"missing here: {missing}\n"), run.stderr
        assert words in run.stderr and "brew" not in run.stderr.replace("Homebrew  brew", "")


def test_demo_and_uninstall(tmp_path, shell):
    """On a system without apt-get: built, installed for the user, shown; again; taken away."""
    system = standin.System(tmp_path, shell)
    for _ in range(2):
        run = system.run("tools/demo")
        assert run.returncode == 0, run.stderr
        assert "facetime.call == 1" in run.stdout and "Installed for you only" in run.stdout
    assert system.plugins() == ["home/.local/lib/wireshark/plugins/4.6/epan/facetime.so"]
    run = system.run("tools/uninstall")
    assert run.returncode == 0 and run.stderr == "" and system.plugins() == []
    assert list(system.home.iterdir()) == []
    assert system.run("tools/uninstall").stdout == "There was nothing to remove.\n"


def test_homebrew(tmp_path, shell):
    """The plugin goes to Homebrew's own Wireshark, where its folder is the user's: the personal folder is also that of Wireshark's app. CMake is
    told where that Wireshark is."""
    system = standin.System(tmp_path, shell, "Darwin")
    (tmp_path / "prefix" / "lib" / "wireshark" / "plugins" / "4-6" / "epan").mkdir(parents=True)
    (tmp_path / "prefix" / "bin").mkdir()
    (system.bin / "tshark").rename(tmp_path / "prefix" / "bin" / "tshark")
    path = f"{tmp_path}/prefix/bin:{system.bin}"
    for how in ("in this Wireshark's own folder", "where it was already"):
        run = system.run("tools/demo", PATH=path)
        assert run.returncode == 0 and how in run.stdout, run.stderr + run.stdout
        assert system.plugins() == ["prefix/lib/wireshark/plugins/4-6/epan/facetime.so"]
    assert any(name == "cmake" and f"-DCMAKE_PREFIX_PATH={tmp_path}/prefix" in text for name, text in system.called())
    assert "Wireshark's window is not here" in system.run("tools/demo", "--window", PATH=path).stderr


def test_macos_without_homebrew_folder(tmp_path, shell):
    """A tshark whose own folder is not there to write to: the personal folder, with macOS's name for the version."""
    system = standin.System(tmp_path, shell, "Darwin")
    assert system.run("tools/demo").returncode == 0
    assert system.plugins() == ["home/.local/lib/wireshark/plugins/4-6/epan/facetime.so"]


def test_ninja_without_make(tmp_path, shell):
    """Ninja is enough, and CMake is told so; after make came, the build begins anew."""
    system = standin.System(tmp_path, shell, programs=("tshark", "cmake", "cc", "pkg-config"))
    system.put("ninja", "")
    assert system.run("tools/demo").returncode == 0
    assert any("-G Ninja" in text for name, text in system.called() if name == "cmake")
    system.forget()
    (system.clone / "build" / "trace").touch()
    system.put("make", "")
    assert system.run("tools/demo").returncode == 0
    assert not any("-G Ninja" in text for name, text in system.called() if name == "cmake")
    assert not (system.clone / "build" / "trace").exists()


def test_wireshark_that_is_too_old(tmp_path, shell):
    """3.6 is refused before CMake is asked."""
    system = standin.System(tmp_path, shell, version="3.6.2")
    run = system.run("tools/demo")
    assert run.returncode == 1 and "what is installed here is Wireshark 3.6, which is too old: 4.0 or later is needed." in run.stderr
    assert "cmake" not in [name for name, _ in system.called()]


@pytest.mark.parametrize("versions", [["3.6.2-2"], ["(none)", "1:3.6.2-2"], ["3.4.10-0+deb11u1"]], ids=["known", "known after an update", "Debian 11"])
def test_archive_that_is_too_old(tmp_path, shell, versions):
    """Ubuntu 22.04's archive has 3.6: said before anything is installed."""
    system = standin.System(tmp_path, shell, programs=())
    (tmp_path / "candidate").write_text(versions[0])
    system.put("dpkg-query", "exit 1")
    system.put("sudo", '"$@"')
    system.put("apt-cache", 'echo "  Candidate: $(cat "$STANDIN/candidate")"')
    system.put("apt-get", f'case "$*" in *update*) echo "{versions[-1]}" >"$STANDIN/candidate" ;; esac')
    run = system.run("tools/demo")
    version = versions[-1].split(":")[-1].split("-")[0]
    assert run.returncode == 1 and f"what apt-get would install here is Wireshark {version}, which is too old" in run.stderr, run.stderr
    assert not any("install" in text for name, text in system.called() if name == "apt-get")


@pytest.mark.parametrize("version", ["4.0.17-0+deb12u1", "4.2.2-1.1build3", "1:4.6.4-1"])
def test_archive_that_is_new_enough(tmp_path, shell, version):
    """Later ones are installed."""
    system = standin.System(tmp_path, shell)
    system.put("dpkg-query", "exit 1")
    system.put("sudo", '"$@"')
    system.put("apt-cache", f'echo "  Candidate: {version}"')
    system.put("apt-get", "")
    assert system.run("tools/demo").returncode == 0
    assert any(" install " in text and "libwireshark-dev" in text for name, text in system.called() if name == "apt-get")


def of_library(system, *words):
    """What a function of tools/lib.sh prints."""
    (system.clone / "call").write_text('set -eu\n. "$1"\nshift\n"$@"\n')
    run = system.run("call", system.clone / "tools" / "lib.sh", *words)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_the_library_finds_without_gnu(tmp_path, shell):
    """Home folders without getent, owners without stat, processors, quotes."""
    system = standin.System(tmp_path, shell)
    assert of_library(system, "home_of", "root") == pwd.getpwnam("root").pw_dir + "\n"
    for name in ("", "nobody-has-this-name", "x; touch here", "$(touch here)"):
        assert of_library(system, "home_of", name) == "" and not (tmp_path / "here").exists()
    (tmp_path / "a file").touch()
    assert of_library(system, "owner_of", tmp_path / "a file") == f"{(tmp_path / 'a file').stat().st_uid}:{(tmp_path / 'a file').stat().st_gid}\n"
    assert int(of_library(system, "processors")) >= 1
    for tool in ("getconf", "nproc"):
        (system.bin / tool).unlink(missing_ok=True)
    system.put("sysctl", "echo 3")
    assert of_library(system, "processors") == "3\n"
    for text in ("plain", "it's", "''", "a\nb", "\\'", "$HOME `x`", ""):
        quoted = of_library(system, "quoted", text)
        assert subprocess.run(["sh", "-c", f"printf '%s' {quoted}"], capture_output=True, text=True, check=True).stdout == text


# ---- Help, wrong options, symbolic links --------------------------------------------------------

COMMANDS = standin.executables()
NO_OPTIONS = {"check": "--no-such-option", "negative": "--no-such-option"}


def ran(system, command, *args):
    """Runs a command of the real clone in the stand-in's surroundings; python3 is the real one."""
    interpreter = [sys.executable] if command.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3") else system.command
    if not (system.bin / "python3").exists():
        (system.bin / "python3").symlink_to(sys.executable)
    return subprocess.run([*interpreter, command, *args], cwd=system.folder, env={**system.variables, "PYTHONDONTWRITEBYTECODE": "1"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(name="armed")
def made_armed(tmp_path):
    """A system where what installs, builds or changes anything notes that it was called."""
    if standin.missing("dash"):
        pytest.skip(standin.missing("dash"))
    system = standin.System(tmp_path, "dash")
    for name in ("apt-get", "apt-cache", "dpkg-query", "sudo", "mmdebstrap", "ctest", "cpack", "clang"):
        system.put(name, "")
    system.forget()
    return system


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: str(path.relative_to(paths.ROOT)))
def test_help(armed, command):
    """Says how it is used, and does nothing else."""
    for option in ("--help", "-h"):
        run = ran(armed, command, option)
        assert run.returncode == 0 and "usage: " in run.stdout.lower() and run.stderr == "", run
    assert armed.called() == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: str(path.relative_to(paths.ROOT)))
def test_wrong_option(armed, command):
    """Is said to be wrong, before anything is done."""
    run = ran(armed, command, "--no-such-option")
    assert run.returncode not in (0, 126, 127) and run.stderr + run.stdout, run
    assert [name for name, _ in armed.called() if name != "uname"] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: str(path.relative_to(paths.ROOT)))
def test_through_a_symbolic_link(armed, command):
    """The same through a link to a link, one of them relative, in another folder."""
    (armed.folder / "links").mkdir()
    first = armed.folder / "links" / "first"
    first.symlink_to(command)
    (armed.folder / command.name).symlink_to("links/first")
    run = ran(armed, armed.folder / command.name, "--help")
    assert run.returncode == 0 and "usage: " in run.stdout.lower() and run.stderr == "", run


# ---- macOS's captures --------------------------------------------------------------------------

def test_pktap(wireshark):
    """Captured on a Mac with the interface pktap: the call is there, and each packet has the process that macOS says it is for."""
    capture = paths.CAPTURES / "situations" / "modern-pktap.pcap"
    calls = {row["facetime.call"][0] for row in wireshark.fields(capture, ["facetime.call"], "-2", "-Y", 'facetime && pktap.cmdname == "avconferenced"')}
    assert calls == {"1"}
    assert wireshark.count(capture, "facetime && !pktap") == 0
