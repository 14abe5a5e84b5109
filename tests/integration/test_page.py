"""The page, in a real browser: it shows the curve, says when it has lost contact, and lets nothing in from elsewhere."""

import gzip
import json
import re

import pytest

from browser import open_browser
from leaklab import ROOT, eventually, free_port

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MOST_BYTES = 300_000


def parts(daemon):
    """Names of the files that the page asks for, by following what refers to what."""
    found, queue = set(), ["/"]
    while queue:
        path = queue.pop()
        text = daemon.request("GET", path, headers=HTML).text
        names = re.findall(r'(?:href|src)="(page/[\w.-]+)"', text) if path == "/" else []
        names += [f"page/{name}" for name in re.findall(r'from "\./([\w.-]+)"', text)]
        queue += [f"/{name}" for name in set(names) - found]
        found |= set(names)
    return sorted(found)


def test_a_browser_gets_the_page_and_curl_the_text(shared):
    page = shared.request("GET", "/", headers=HTML)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    text = shared.get("/", Accept="*/*")
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Accept" in page.headers["Vary"] and "Accept" in text.headers["Vary"]


def test_nothing_gets_in_from_elsewhere(shared):
    page = shared.request("GET", "/", headers=HTML)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=|https?://", page.text)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_parts_are_asked_for_again_by_their_tag(shared, encoding):
    first = shared.get("/page/main.js", Accept_Encoding=encoding)
    assert first.status == 200
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Content-Encoding"] == (None if encoding == "identity" else "gzip")
    body = gzip.decompress(first.body) if encoding == "gzip" else first.body
    assert body == (ROOT / "service/page/main.js").read_bytes()
    for tag in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = shared.get("/page/main.js", Accept_Encoding=encoding, If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert shared.get("/page/main.js", Accept_Encoding=encoding, If_None_Match='"other"').status == 200


def test_a_part_that_is_none_is_not_there(shared):
    for name in ("other.js", "..", "%2e%2e%2fmain.js", "main.js%00", "MAIN.JS"):
        assert shared.get(f"/page/{name}").status == 404


def test_all_of_it_is_small(shared):
    names = parts(shared)
    assert {"page/main.js", "page/chart.js", "page/dygraph.min.js", "page/page.css", "page/icon.svg", "page/dygraph.txt"} <= set(names)
    sizes = {name: len(shared.get(f"/{name}", Accept_Encoding="gzip").body) for name in names}
    assert sum(sizes.values()) < MOST_BYTES, sizes


class Page:
    """The page of a daemon, open in a browser."""

    def __init__(self, driver, daemon):
        self.driver = driver
        self.origin = f"http://{daemon.address}"
        driver.get(f"{self.origin}/")

    def text(self, name):
        return self.driver.find_element("id", name).text

    def value(self, name):
        return self.text(f"value-{name}")

    def complaints(self):
        """What the console says, but for requests that the daemon's absence made fail."""
        return [entry for entry in self.driver.get_log("browser") if "net::ERR_CONNECTION" not in entry["message"]]

    def requests(self):
        """Addresses that it has asked for; what the browser has within itself is left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("chrome:", "data:"))]


@pytest.fixture
def browse(tmp_path):
    driver = open_browser(tmp_path / "profile")
    yield lambda daemon: Page(driver, daemon)
    driver.quit()


@pytest.mark.release
@pytest.mark.limit(180)
def test_the_curve_is_there_and_survives_a_restart(serve, browse):
    listen = f"127.0.0.1:{free_port()}"
    daemon = serve("--judge-interval", "200ms", listen=listen)
    page = browse(daemon)
    eventually(lambda: page.text("contact"), lambda told: told.startswith("Live"))
    assert "curl -d mode=leak-recv" in page.text("try")
    daemon.spawn("leak-recv", n=2000, linger="100ms", name="bad")
    daemon.spawn("fix-recv", n=300, name="good")
    eventually(lambda: [page.value(name) for name in ("leak", "leaked", "expected", "fix")],
               lambda told: told == ["2,000", "2,000", "2,000", "301"])
    assert page.driver.find_elements("css selector", "#curve canvas")
    eventually(lambda: page.text("marks"), lambda told: "leak-recv “bad” has leaked" in told)
    assert not page.driver.find_element("id", "try").is_displayed()

    page.driver.find_element("id", "hour").click()
    page.driver.find_element("id", "pause").click()
    assert page.text("contact").startswith("Paused")
    page.driver.find_element("id", "pause").click()

    assert daemon.stop() == 0
    eventually(lambda: page.text("contact"), lambda told: told.startswith("Lost contact"))
    serve(listen=listen)
    eventually(lambda: page.text("contact"), lambda told: told.startswith("Live"))
    assert "the daemon was started again" in page.text("marks")
    eventually(lambda: page.value("leak"), lambda told: told == "0")
    assert page.complaints() == []
    asked = page.requests()
    assert asked and all(url.startswith(page.origin) for url in asked), asked
