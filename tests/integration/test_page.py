"""The page as it is served: to browsers only, whole, small, and with nothing from elsewhere. What it does is in
test_page_*.py."""

import gzip
import re

import pytest

from leaklab import ROOT

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
        assert again.headers["Content-Length"] in (None, first.headers["Content-Length"])
    assert shared.get("/page/main.js", Accept_Encoding=encoding, If_None_Match='"other"').status == 200


def test_a_part_that_is_none_is_not_there(shared):
    for name in ("other.js", "..", "%2e%2e%2fmain.js", "main.js%00", "MAIN.JS"):
        assert shared.get(f"/page/{name}").status == 404


def test_all_of_it_is_small(shared):
    names = parts(shared)
    assert {"page/main.js", "page/chart.js", "page/place.js", "page/place.css", "page/dygraph.min.js", "page/page.css", "page/icon.svg", "page/dygraph.txt"} <= set(names)
    sizes = {name: len(shared.get(f"/{name}", Accept_Encoding="gzip").body) for name in names}
    assert sum(sizes.values()) < MOST_BYTES, sizes
