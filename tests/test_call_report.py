"""The page about calls: its numbers are those of the tables, nothing personal is in it unless it is asked for, and a browser shows it whole."""

import html.parser
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

import pytest

from ftools import paths, views

SCRIPT = paths.ROOT / "tools" / "call-report"
PYTHON = next((python for python in (sys.executable, "/usr/bin/python3")
               if subprocess.run([python, "-c", "import jinja2, matplotlib"], capture_output=True, check=False).returncode == 0), None)
CHROMIUM = shutil.which("chromium")
needs_libraries = pytest.mark.skipif(not PYTHON, reason="jinja2 or matplotlib is not installed")
needs_paper = pytest.mark.skipif(not PYTHON or subprocess.run([PYTHON, "-c", "import weasyprint"], capture_output=True, check=False).returncode != 0,
                                 reason="weasyprint, jinja2 or matplotlib is not installed")
needs_browser = pytest.mark.skipif(not PYTHON or not CHROMIUM, reason="chromium, jinja2 or matplotlib is not installed")

STATISTICS = ("calls", "timeline", "nodes", "streams", "exposure", "events", "quality")
SITUATIONS = ["modern-no-answer-to-udp", "modern-handover-two-interfaces", "modern-group"]
REAL = sorted(paths.REAL.glob("*.pcapng"))
CAPTURES = [*paths.SAMPLES, *SITUATIONS]
MINUTE = 60
# Of one processor: what others may take while time is measured.
FREE = 0.1


def capture_of(name):
    """A sample, a situation or a real capture."""
    return name if isinstance(name, pathlib.Path) else views.capture(name)


@pytest.fixture(scope="module")
def report(wireshark):
    """report(capture, *arguments): (finished program, text of the page), made as the tests' user, once for the same arguments."""
    made = {}

    def make(capture, *arguments, name="page", again=False):
        key = (str(capture), arguments)
        if again or key not in made:
            folder = wireshark.folder(f"report-{len(made)}-{name}", theirs=True)
            page = folder / f"{name}.html"
            done = wireshark.run(PYTHON, wireshark.tool(SCRIPT.name), wireshark.stage(capture), "-o", page, *arguments, timeout=5 * MINUTE)
            made[key] = done, page.read_text(encoding="utf-8") if page.exists() else None, page
        return made[key]
    return make


@pytest.fixture(scope="module")
def tables(wireshark):
    """tables(capture): {statistic: (columns, rows)} as tshark prints them."""
    read = {}

    def load(capture):
        if capture not in read:
            arguments = [argument for name in STATISTICS for argument in ("-z", f"facetime,{name}")]
            out = wireshark.tshark(capture, "-n", "-q", "-o", "facetime.tables:json", *arguments).ok().out
            found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            read[capture] = {one["statistic"].removeprefix("facetime,"): (one["columns"], one["rows"]) for one in found}
        return read[capture]
    return load


class Page(html.parser.HTMLParser):
    """What a page holds: its tables, facts, bases, links, pictures, and all its text."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.facts, self.bases, self.links, self.ids, self.words, self.attributes = {}, {}, [], [], [], [], []
        self.svgs, self.stack, self._cell, self._fact = 0, [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Opens a cell, a fact or a basis."""
        attributes = dict(attrs)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "svg":
            self.svgs += 1
        if tag == "table":
            self._rows = self.tables.setdefault((int(attributes["data-call"]), attributes["data-table"]), [])
        if tag == "tr" and attributes.get("id"):
            self._rows.append([])
        if tag == "td":
            self._cell = []
        if tag == "dd":
            self._fact = (int(attributes["id"].split("-")[1]), attributes["data-column"])
            self._cell = []
        if tag == "li" and "data-table" in attributes:
            self.bases.append(attributes)
        if tag == "data":
            self.bases[-1]["shown"] = attributes["value"]
        self.stack.append(tag)

    def handle_endtag(self, tag):
        """Closes it."""
        if tag == "td":
            self._rows[-1].append("".join(self._cell))
            self._cell = None
        if tag == "dd":
            self.facts[self._fact] = "".join(self._cell)
            self._cell = None

    def handle_data(self, data):
        """Text."""
        self.words.append(data)
        if self._cell is not None:
            self._cell.append(data)


def shown(value):
    """A cell as the page writes it: nothing of it is lost but zeroes behind the point, and what is behind the third decimal."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if value != int(value) else f"{value:.0f}"
    return str(value)


# ---- Numbers ---------------------------------------------------------------------------------------


@needs_libraries
@pytest.mark.parametrize("name", [*CAPTURES, *REAL], ids=str)
def test_numbers_are_those_of_the_tables(report, tables, name):
    capture = capture_of(name)
    done, text, _ = report(capture, "--mask=no")
    assert done.status == 0, done
    page, found = Page(text), tables(capture)
    columns, rows = found["calls"]
    assert rows and {number for number, _ in page.facts} == {row[0] for row in rows}
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if column not in ("Call", "Filter"):
                assert page.facts[row[0], column] == shown(value), column
        for name_, (titles, others) in found.items():
            mine = [[shown(value) for value in other[1:]] for other in others if other[0] == row[0]]
            if name_ != "calls" and mine:
                assert titles[0] == "Call" and page.tables[row[0], name_] == mine, name_


@needs_libraries
@pytest.mark.parametrize("name", [*CAPTURES, *REAL], ids=str)
def test_what_statements_rest_on(report, tables, name):
    """A basis with a row has that row's cell; one without is a sum, a count or a middle value that is worked out here again."""
    capture = capture_of(name)
    page, found = Page(report(capture, "--mask=no")[1]), tables(capture)
    assert page.bases
    for basis in page.bases:
        call = int(basis["id"].split("-")[1])
        columns, rows = found[basis["data-table"]]
        mine = [dict(zip(columns, row, strict=True)) for row in rows if row[0] == call]
        if basis["data-row"]:
            value = mine[int(basis["data-row"]) - 1][basis["data-column"]]
            assert basis["shown"] == ("" if value is None else str(value))
        else:
            assert float(basis["shown"]) in {float(one) for one in derived(mine, basis["data-column"])}, basis


def derived(rows, columns):
    """Sums, middle values and counts of a column of the quality table, for each sender."""
    for sender in ("device", "peer"):
        for column in columns.split(", "):
            values = [row[column] for row in rows if row["Sender"] == sender]
            known = [value for value in values if value is not None]
            yield sum(known)
            yield sum(0 < (value or 0) < 12 for value in values[1:-1])
            if inner := [value for value in values[1:-1] if value is not None]:
                yield statistics.median_low(inner)


@needs_libraries
def test_one_call(report):
    capture = paths.CAPTURES / "situations" / "legacy-three-calls.pcap"
    _, text, _ = report(capture, "--mask=no", "--call", "2")
    assert {number for number, _ in Page(text).facts} == {2} and "declined" in text


# ---- What is said ------------------------------------------------------------------------------------


def story(text, call=1):
    """The sentences about a call."""
    found = re.search(rf'<section id="call-{call}".*?<p class="story">(.*?)</p>', text, re.S)[1]
    return " ".join(re.sub(r"<sup>.*?</sup>|<[^>]+>", "", found).replace("&#39;", "'").split())


@needs_libraries
def test_failed_call(report):
    said = story(report(views.capture("modern-no-answer-to-udp"))[1])
    assert said.startswith("A call without media. It never came about") and "No answer came from" in said and "firewall" in said and "[guess]" in said


@needs_libraries
@pytest.mark.skipif(not any("cellular" in path.name for path in REAL), reason="real captures are not here")
def test_cellular_call(report):
    """What a manager is told of a real call: the device's upload was narrow, so the other side saw few pictures; who hung up."""
    said = story(report(next(path for path in REAL if "cellular" in path.name))[1])
    found = re.search(r"The device's upload was limited to about (\d+) kbit/s, so for (\d+) seconds the other side saw only (\d+) to \d+ pictures a second", said)
    assert found and 130 <= int(found[1]) <= 160 and int(found[3]) in (6, 7), said
    assert "over Apple's relay" in said and re.search(r"The (device|other side) hung up \[guess\]", said), said


@needs_libraries
def test_call_of_2010(report):
    said = story(report(paths.sample("facetime-2010-inbound"), "--mask=no")[1])
    assert "+18885550100 called +12025550143" in said and "The other side hung up" in said, said


# ---- Personal data -------------------------------------------------------------------------------------

PERSONAL = (r"192\.168\.\d+\.\d+", r"198\.51\.100\.\d+", r"2001:db8:", r"\+?1[28]\d{9}", r"\w+@\w+", r"0x[0-9a-f]{6,}", r"\d{4}-\d\d-\d\d")


@needs_libraries
@pytest.mark.parametrize("name", CAPTURES)
def test_masked(report, name):
    """Without being asked nothing that tells persons, places or devices is on the page; what is the same has the same name."""
    capture = capture_of(name)
    text = " ".join(Page(report(capture)[1]).words + [value for _, name_, value in Page(report(capture)[1]).attributes if name_ in ("aria-label", "value")])
    assert [found[0] for pattern in PERSONAL for found in re.finditer(pattern, text)] == []
    clear = report(capture, "--mask=no")[1]
    device = re.search(r'data-column="Device"><bdi>([^:<]*)', clear)
    assert not device or device[1] == "-" or device[1] not in text


NAMES = {"markup": '<script>alert(1)</script>', "right to left": "abc\u202edef\u200f", "quotes": "a\"b'c&d", "control": "a\x1b[31mb"}


@needs_libraries
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_from_the_network_are_text(report, wireshark, name):
    from ftools import datagrams  # pylint: disable=import-outside-toplevel

    message = datagrams.sip().replace(b'"+12025550134"', b'"' + name.replace('"', "").encode() + b'"')
    capture = datagrams.written(wireshark, f"named-{abs(hash(name))}.pcap", [datagrams.frame(("192.168.2.1", 16402), ("198.51.100.1", 16402), message)])
    _, text, _ = report(capture, "--mask=no")
    assert "<script" not in text and "\x1b" not in text and "javascript:" not in text
    for found in re.finditer("\u202e|\u200f", text):
        assert "<bdi>" in text[max(0, found.start() - 200):found.start()]


# ---- What goes wrong ------------------------------------------------------------------------------------


@needs_libraries
@pytest.mark.parametrize("arguments, words", [
    ((), "a capture is needed"), (("--no-such",), "--no-such"), (("no-such.pcap",), "cannot be read"), (("/",), "is a folder"),
    (("--call", "x", "a.pcap"), "--call"), (("--mask=maybe", "a.pcap"), "--mask")], ids=str)
def test_wrong_arguments(wireshark, arguments, words):
    done = wireshark.run(PYTHON, wireshark.tool(SCRIPT.name), *arguments)
    assert done.status in (1, 2) and done.err.count("\n") == 1 and done.err.startswith("call-report: ") and words in done.err, done


@needs_libraries
def test_no_call(wireshark, report):
    from ftools import loads  # pylint: disable=import-outside-toplevel

    capture = wireshark.folder("no-call", theirs=True) / "other.pcap"
    loads.other(capture, 100)
    done, text, _ = report(capture)
    assert done.status == 1 and "there is no FaceTime call" in done.err and text is None, done
    done, text, _ = report(paths.sample("facetime-relay"), "--call", "7")
    assert done.status == 1 and "there is no call 7" in done.err and text is None, done


@needs_libraries
def test_no_plugin(wireshark, tmp_path):
    done = wireshark.run(PYTHON, wireshark.tool(SCRIPT.name), wireshark.stage(paths.sample("facetime-relay")), env={"WIRESHARK_PLUGIN_DIR": None})
    assert done.status == 1 and "tools/demo" in done.err, done


@needs_libraries
def test_cut_capture(wireshark, report):
    whole = paths.sample("facetime-relay").read_bytes()
    capture = wireshark.folder("cut", theirs=True) / "cut.pcap"
    capture.write_bytes(whole[:len(whole) * 2 // 3])
    done, text, _ = report(capture)
    assert done.status == 0 and "damaged or cut off" in text, done


def test_help():
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "--mask=no" in done.stdout and "--pdf" in done.stdout


# ---- The page itself -------------------------------------------------------------------------------------


@needs_libraries
@pytest.mark.parametrize("name", CAPTURES)
def test_self_contained(report, name):
    """No request to anywhere, no script; each link leads to something on the page, each name is there once, each picture has words."""
    text = report(capture_of(name))[1]
    page = Page(text)
    outside = [(tag, attribute, value) for tag, attribute, value in page.attributes
               if attribute in ("src", "href", "srcset", "data", "action", "poster", "xlink:href") and not value.startswith("#")]
    assert outside == [] and "@import" not in text and not re.search(r"url\((?!#)", text) and "<script" not in text and not re.search(r"\son\w+=", text)
    assert len(page.ids) == len(set(page.ids)) and {link[1:] for link in page.links} <= set(page.ids)
    assert page.svgs > 0 and page.svgs == len(re.findall(r'<svg role="img" aria-labelledby="([\w-]+-title) ([\w-]+-desc)"', text))
    assert text.count("<desc ") == page.svgs
    # WeasyPrint knows the size of a text only as an attribute: else it is twice as large on paper.
    assert "<text " in text and len(re.findall(r"<text (?:[\w-]+=\"[^\"]*\" )*font-size=", text)) == text.count("<text ")


@needs_libraries
@pytest.mark.parametrize("name", CAPTURES)
def test_valid_html(report, name):
    html5lib = pytest.importorskip("html5lib", reason="html5lib is not installed")
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(report(capture_of(name))[1])
    assert parser.errors == []


# Run in the page: text that is cut off, texts that lie over each other in a picture, words that are hard to read on their background.
EXAMINE = r"""
<script>
addEventListener("load", () => {
  const wrong = [], seen = node => { const box = node.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is wider than the screen: " + document.documentElement.scrollWidth);
  document.querySelectorAll("p, li, dd, dt, h1, h2, h3, figcaption, summary").forEach(one => {
    if (seen(one) && one.scrollWidth > one.clientWidth + 1 && one.clientWidth) wrong.push("cut off: " + one.textContent.slice(0, 60)); });
  document.querySelectorAll("figure svg").forEach(svg => {
    const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll("text")].filter(seen).map(one => [one.getBoundingClientRect(), one.textContent]);
    texts.forEach(([box, text], place) => {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) wrong.push("outside of its picture: " + text);
      if (text.trim() && box.height < 5) wrong.push("too small to read: " + text);
      texts.slice(place + 1).forEach(([other, words]) => {
        const x = Math.min(box.right, other.right) - Math.max(box.left, other.left), y = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (x > 2 && y > 0.35 * Math.min(box.height, other.height)) wrong.push("one over the other: " + text + " / " + words); }); }); });
  const light = color => { const [r, g, b] = color.map(c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const parse = color => (color.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
  const behind = node => { for (; node; node = node.parentElement) { const color = getComputedStyle(node).backgroundColor;
    if (color && !/rgba\(0, 0, 0, 0\)|transparent/.test(color)) return parse(color); } return [255, 255, 255]; };
  document.querySelectorAll("body *").forEach(one => {
    if (!seen(one) || ![...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) return;
    const style = getComputedStyle(one), color = parse(one instanceof SVGElement ? style.fill : style.color), a = light(color), b = light(behind(one));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) wrong.push("contrast " + ratio.toFixed(1) + ": " + one.textContent.trim().slice(0, 40)); });
  document.querySelectorAll("svg").forEach(one => { if (!one.querySelector("title").textContent || !one.querySelector("desc").textContent) wrong.push("a picture without words"); });
  document.body.dataset.wrong = JSON.stringify([...new Set(wrong)]);
});
</script>
"""


def browser(folder, *arguments):
    """Headless Chromium, as whoever runs the tests; it asks nobody on the network."""
    done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                           "--disable-component-update", "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", *arguments],
                          capture_output=True, text=True, timeout=5 * MINUTE, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@needs_browser
@pytest.mark.parametrize("width", [1200, 390], ids=("desk", "telephone"))
@pytest.mark.parametrize("name", [*CAPTURES, *REAL], ids=str)
def test_in_a_browser(report, tmp_path, name, width):
    _, text, _ = report(capture_of(name))
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", EXAMINE + "</body>"), encoding="utf-8")
    # A window is never narrower than 500 pixels: a telephone's page stands in a frame.
    if width < 500:
        outer = tmp_path / "outer.html"
        outer.write_text(f'<iframe src="page.html" style="width:{width}px;height:4000px;border:0" onload="document.body.dataset.wrong='
                         'this.contentDocument.body.dataset.wrong"></iframe>', encoding="utf-8")
        page = outer
    dom = browser(tmp_path, f"--window-size={max(width, 500)},4000", "--allow-file-access-from-files", "--dump-dom", f"file://{page}")
    found = re.search(r'data-wrong="([^"]*)"', dom)
    assert found, dom[:2000]
    assert json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")) == []
    artefacts = os.environ.get("FT_ARTEFACTS")
    if artefacts:
        label = name.stem if isinstance(name, pathlib.Path) else name
        browser(tmp_path, f"--window-size={max(width, 500)},3600", "--hide-scrollbars", f"--screenshot={artefacts}/call-report-{label}-{width}.png", f"file://{page}")


@needs_browser
def test_printed(report, tmp_path):
    """A browser prints it to PDF, with its text."""
    _, _, page = report(paths.sample("facetime-relay"))
    copy = tmp_path / "page.html"
    shutil.copy(page, copy)
    browser(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}", f"file://{copy}")
    data = (tmp_path / "page.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and len(data) > 20_000


@needs_paper
def test_pdf(report):
    _, _, page = report(paths.sample("facetime-relay"), name="with-pdf")
    done, _, _ = report(paths.sample("facetime-relay"), "--pdf", page.with_suffix(".pdf"))
    assert done.status == 0 and page.with_suffix(".pdf").read_bytes().startswith(b"%PDF-"), done


@needs_paper
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")
def test_paper_is_wide_enough(report):
    """No word is cut off by the paper's edge: the tables of quality and streams have more columns than a page has room for."""
    _, _, page = report(paths.sample("facetime-ios7"), name="paper")
    done, _, _ = report(paths.sample("facetime-ios7"), "--pdf", page.with_suffix(".pdf"))
    assert done.status == 0, done
    words = subprocess.run(["pdftotext", "-bbox", page.with_suffix(".pdf"), "-"], check=True, capture_output=True, text=True).stdout
    number = 0
    for sheet in re.findall(r"<page .*?</page>", words, re.S):
        width, height = map(float, re.match(r'<page width="([\d.]+)" height="([\d.]+)"', sheet).groups())
        places = [tuple(map(float, place)) for place in re.findall(r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', sheet)]
        assert all(x >= 0 and y >= 0 and right <= width and bottom <= height for x, y, right, bottom in places), sheet
        number += len(places)
    assert number > 1000


@pytest.mark.alone
@needs_libraries
def test_time(wireshark, report):
    """A long capture takes at most 1.5 times what tshark takes to print the same tables. The libraries are loaded while tshark reads, and the pictures
    over time are drawn beside the others: where other programs have the second processor, what counts is the processors' time."""
    from ftools import loads  # pylint: disable=import-outside-toplevel

    capture = wireshark.folder("long", theirs=True) / "long.pcap"
    loads.call(capture, "facetime-relay", 200_000)
    arguments = [argument for name in STATISTICS for argument in ("-z", f"facetime,{name}")]

    def used():
        """Seconds that the processors worked: for what this test has started, and in all."""
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        user, nice, system, _, _, _, _, stolen = map(int, pathlib.Path("/proc/stat").read_text(encoding="ascii").split()[1:9])
        return own.ru_utime + own.ru_stime, (user + nice + system + stolen) / os.sysconf("SC_CLK_TCK")

    def took(work):
        """Seconds: elapsed, of the processors, and of the processors for others."""
        began, (own, every) = time.monotonic(), used()
        work()
        elapsed, (own_now, every_now) = time.monotonic() - began, used()
        return elapsed, own_now - own, every_now - every - (own_now - own)

    def page():
        done, _, _ = report(capture, name="long", again=True)
        assert done.status == 0, done

    alone, both = [], []
    for _ in range(5):
        alone.append(took(lambda: wireshark.run("tshark", "-n", "-r", capture, "-q", *arguments, timeout=10 * MINUTE).ok()))
        both.append(took(page))
    # The best of five pairs: what the machine does beside the two makes either of them longer.
    elapsed, own = (min(page[place] / tables[place] for page, tables in zip(both, alone, strict=True)) for place in (0, 1))
    others = sum(one[2] for one in both) / sum(one[0] for one in both)
    assert elapsed <= 1.5 or others > FREE and own <= 2.5, (elapsed, own, others, both, alone)
