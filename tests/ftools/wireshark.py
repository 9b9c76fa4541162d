"""Runs tshark, sharkd and editcap with the plugin under test and nothing of the user's own settings.

Wireshark ignores WIRESHARK_PLUGIN_DIR and personal plugins when it runs as root; so as root the programs run as nobody, and
captures that nobody may not be able to read are copied first. Wireshark's own plugins are linked beside the one under test,
except a facetime.so that is installed for all users.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import paths

NOBODY = 65534

# A Boolean field is 0 or 1 in the output of 4.0, a word since 4.2: as in 4.0.
BOOLEANS = {"False": "0", "True": "1"}
TIMEOUT = 120  # seconds; the slowest run takes two


class Result:
    """What a program left: status, out, err (text)."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    def __repr__(self):
        return f"{' '.join(map(str, self.args))}\nexit status {self.status}\n{self.out[-2000:]}\n{self.err[-2000:]}"

    def ok(self):
        """The result itself, after an ordinary end."""
        assert self.status == 0, self
        return self


class Wireshark:
    """The programs of one Wireshark installation, with a plugin (or with None)."""

    def __init__(self, plugin):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="facetime-tests-"))
        self.root.chmod(0o755)
        self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.home = self.folder("home", theirs=True)
        self.plugin = plugin
        self.staged = {}
        self.results = {}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1",
        }
        version = self.run("tshark", "--version").ok().out
        self.version = tuple(map(int, re.search(r"(\d+)\.(\d+)\.(\d+)", version).groups()))
        self.install(plugin)

    def close(self):
        """Removes all that was made."""
        shutil.rmtree(self.root, ignore_errors=True)

    def folder(self, name, theirs=False):
        """A folder in the private tree; theirs: the programs may write there."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
        if theirs and self.user:
            os.chown(path, NOBODY, NOBODY)
        return path

    def install(self, plugin):
        """Makes a plugin folder with Wireshark's own plugins and the one under test."""
        stock = re.search(r"^Global Plugins:\s*(.*)$", self.run("tshark", "-G", "folders").ok().out, re.M)
        folder = self.folder("plugins")
        own = folder / pathlib.Path(stock[1]).name
        for kind in ("epan", "wiretap", "codecs"):
            (own / kind).mkdir(parents=True)
            for module in sorted(pathlib.Path(stock[1], kind).glob("*.so")):
                if module.name != "facetime.so":
                    (own / kind / module.name).symlink_to(module)
        if plugin:
            shutil.copy(plugin, own / "epan" / "facetime.so")
            (own / "epan" / "facetime.so").chmod(0o755)
        self.environment["WIRESHARK_PLUGIN_DIR"] = str(folder)

    def stage(self, path):
        """PATH, or a copy of it that the programs may read."""
        path = pathlib.Path(path)
        if not self.user or self.root in path.parents:
            return path
        if path not in self.staged:
            folder = self.folder(f"captures/{len(self.staged)}")
            self.staged[path] = shutil.copy(path, folder / path.name)
            self.staged[path].chmod(0o644)
        return self.staged[path]

    def tool(self, name):
        """The project's script of this name, with what lies beside it, where the programs may read it: the home folder of root is closed to others."""
        folder = self.root / "tools"
        if not self.user:
            return paths.ROOT / "tools" / name
        if not folder.exists():
            shutil.copytree(paths.ROOT / "tools", folder, ignore=shutil.ignore_patterns("__pycache__"))
            for path in (folder, *folder.rglob("*")):
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
        return folder / name

    def write(self, name, data):
        """A file with these bytes that the programs may read."""
        path = self.folder(f"made/{len(list(self.folder('made').iterdir()))}") / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def run(self, program, *args, stdin=None, env=None, timeout=TIMEOUT, errors="replace"):
        """Runs PROGRAM to its end. ENV: other variables; those that are None are left out. ERRORS: what becomes of bytes that are not UTF-8."""
        environment = {name: value for name, value in {**self.environment, **(env or {})}.items() if value is not None}
        done = subprocess.run([program, *map(str, args)], input=stdin, capture_output=True, text=True, errors=errors, timeout=timeout,
                              check=False, cwd=self.root, env=environment, **self.user)
        return Result([program, *args], done.returncode, done.stdout, done.stderr)

    def tshark(self, capture, *args, **more):
        """Runs tshark over CAPTURE. The same call twice runs once: nothing changes between them."""
        key = (str(capture), tuple(map(str, args)), repr(more))
        if key not in self.results:
            self.results[key] = self.run("tshark", "-n", "-r", self.stage(capture), *args, **more)
        return self.results[key]

    def forget(self):
        """Drops the results of runs over captures that a test made, which are long and are not asked for again."""
        self.results = {key: result for key, result in self.results.items() if not (isinstance(key, tuple) and key[0].startswith(str(self.root)))}

    def tshark_all(self, jobs, **more):
        """Runs tshark for each (capture, *arguments), some at a time; results in the order of JOBS."""
        for capture, *_ in jobs:
            self.stage(capture)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(lambda job: self.tshark(*job, **more), jobs))

    def fields(self, capture, names, *args):
        """One dict for each frame: each name gives the list of its values, as text, in the order of the packet."""
        return self.fields_and_table(capture, names, *args)[0]

    @staticmethod
    def fields_command(names):
        """The arguments that print these fields."""
        command = ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"]
        for name in names:
            command += ["-e", name]
        return command

    def fields_and_table(self, capture, names, *args):
        """The same, and the text of the table that "-z" among ARGS puts behind: from its first ruler on."""
        out = self.tshark(capture, *args, *self.fields_command(names)).ok().out
        at = ("\n" + out).find("\n" + 20 * "=")
        rows, text = (out, "") if at < 0 else (out[:at].rstrip("\n") + "\n" if at else "", out[at:])
        return [{name: [BOOLEANS.get(value, value) for value in cell.split("|")] if cell else []
                 for name, cell in zip(names, line.split("\t"), strict=True)} for line in rows.split("\n")[:-1]], text

    def count(self, capture, display_filter, *args):
        """How many frames the filter shows."""
        return len(self.tshark(capture, *args, "-Y", display_filter, "-T", "fields", "-e", "frame.number").ok().out.splitlines())

    def table(self, kind):
        """The rows of `tshark -G KIND`."""
        return [line.split("\t") for line in self.tshark_glossary(kind).splitlines()]

    def tshark_glossary(self, kind):
        """The output of `tshark -G KIND`."""
        if kind not in self.results:
            self.results[kind] = self.run("tshark", "-G", kind)
        return self.results[kind].ok().out

    def sharkd(self, capture, *requests, env=None, timeout=TIMEOUT):
        """Loads CAPTURE into sharkd, sends requests (method, parameters) and gives their results. ENV: as for run()."""
        calls = [("load", {"file": str(self.stage(capture))}), *requests, ("bye", {})]
        lines = []
        for number, (method, parameters) in enumerate(calls, 1):
            call = {"jsonrpc": "2.0", "id": number, "method": method}
            if parameters:
                call["params"] = parameters
            lines.append(json.dumps(call))
        done = self.run("sharkd", "-", stdin="\n".join(lines) + "\n", env=env, timeout=timeout).ok()
        answers = {answer["id"]: answer for answer in map(json.loads, done.out.splitlines())}
        assert answers[1].get("result") == {"status": "OK"}, done
        for number in range(2, len(calls) + 1):
            assert "result" in answers.get(number, {}), done
        return [answers[number]["result"] for number in range(2, len(calls))]
