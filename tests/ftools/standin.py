"""A system that this is not: the project's scripts in a folder of their own, run by a shell with nothing but stand-ins and a minimal set of tools."""

import os
import pathlib
import shutil
import stat
import subprocess

from . import paths

# What the scripts take for granted on any system (POSIX, and readlink and mktemp).
TOOLS = ("awk basename cat chmod chown cmp cp cut date dirname env find getconf grep head id ls mkdir mktemp mv nproc od printf pwd readlink rm rmdir sed sleep sort "
         "stty sysctl tail test touch tr uname wc xargs").split()
SHELLS = {"dash": lambda: [shutil.which("dash")], "busybox": lambda: [shutil.which("busybox"), "sh"]}

TSHARK = r"""
plugins=$STANDIN/prefix/lib/wireshark/plugins/$STANDIN_FOLDER
personal=$HOME/.local/lib/wireshark/plugins/$STANDIN_FOLDER
case "$*" in
--version) echo "TShark (Wireshark) $STANDIN_VERSION." ;;
*folders*) printf 'Personal configuration:\t%s\nPersonal Plugins:\t%s\nGlobal Plugins:\t%s\n' "$HOME/.config/wireshark" "$personal" "$plugins" ;;
*plugins*)
    for folder in "$plugins" "$personal"; do
        [ ! -e "$folder/epan/facetime.so" ] || printf 'facetime.so\t0.1.0\tdissector\t%s\n' "$folder/epan/facetime.so"
    done
    ;;
*facetime,calls*)
    printf '\n====\nFaceTime Calls\nFilter: <none>\nCall  State  Filter\n   1  ended  facetime.call == 1\n====\n'
    ;;
esac
"""
CMAKE = r"""
case "$*" in
*--build*)
    for argument; do
        [ "$before" != --build ] || touch "$argument/facetime.so"
        before=$argument
    done
    ;;
esac
"""
PROGRAMS = {"tshark": TSHARK, "cmake": CMAKE, "cc": "", "pkg-config": "", "make": ""}


class System:
    """STEPS: a shell of SHELLS, what uname says, Wireshark's version, the ID of /etc/os-release, and which stand-ins there are."""

    def __init__(self, folder, shell, kernel="Linux", version="4.6.0", release="", programs=tuple(PROGRAMS)):
        self.folder = pathlib.Path(folder)
        self.command = SHELLS[shell]()
        self.clone = self.folder / "the clone"
        self.home = self.folder / "home"
        self.bin = self.folder / "bin"
        for made in (self.clone, self.home, self.bin):
            made.mkdir()
        shutil.copytree(paths.ROOT / "tools", self.clone / "tools", symlinks=True)
        shutil.copytree(paths.ROOT / "profile", self.clone / "profile")
        (self.clone / "captures").mkdir()
        shutil.copy(paths.sample("facetime-relay"), self.clone / "captures")
        (self.folder / "os-release").write_text(release)
        self.minor = ".".join(version.split(".")[:2])
        self.numbered = self.minor.replace(".", "-") if kernel == "Darwin" else self.minor
        self.variables = {"PATH": str(self.bin), "HOME": str(self.home), "TMPDIR": str(self.folder), "STANDIN": str(self.folder), "STANDIN_VERSION": version,
                          "STANDIN_FOLDER": self.numbered, "FT_OS_RELEASE": str(self.folder / "os-release"), "LC_ALL": "C.UTF-8"}
        for name in TOOLS:
            if shell == "busybox" and name in applets():
                (self.bin / name).symlink_to(self.command[0])
            elif shutil.which(name):
                (self.bin / name).symlink_to(shutil.which(name))
        (self.bin / "sh").symlink_to(self.command[0])
        self.put("uname", f'case ${{1-}} in -srm) echo "{kernel} 1.0 machine" ;; *) echo {kernel} ;; esac')
        self.put("id", "echo 501")
        for name in programs:
            self.put(name, PROGRAMS[name])

    def put(self, name, script):
        """A stand-in, which also notes that it was called."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f'#!{self.command[0]}{" sh" if len(self.command) > 1 else ""}\nprintf "%s\\n" "{name} $*" >>"$STANDIN/called"\n{script}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def run(self, script, *args, stdin="", **variables):
        """Runs a script of the clone; returns what subprocess does."""
        return subprocess.run([*self.command, self.clone / script, *args], cwd=self.folder, env={**self.variables, **variables}, input=stdin,
                              capture_output=True, text=True, check=False, timeout=60)

    def called(self):
        """The stand-ins that were called, in order: (name, its arguments as one text)."""
        log = self.folder / "called"
        return [tuple(line.split(" ", 1)) for line in log.read_text().splitlines()] if log.exists() else []

    def forget(self):
        """Nothing was called so far."""
        (self.folder / "called").unlink(missing_ok=True)

    def plugins(self):
        """Where the plugin is, below the folder."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("facetime.so") if "clone" not in str(path.relative_to(self.folder)))


def applets():
    """What busybox can do itself."""
    return subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()


def missing(shell):
    """Why a shell cannot be had; None if it can."""
    return None if shutil.which(shell) else f"{shell} is not installed"


def executables():
    """The project's commands, as paths in the clone: all but what is sourced, and the packages' installer, which needs a package around it."""
    folders = (paths.ROOT / "tools", paths.ROOT / "tests", paths.CAPTURES, paths.ROOT / ".ci")
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file() and path.suffix == "" and os.access(path, os.X_OK)]
