"""GET /timeline: the last hour, second by second, also of what happened before anybody asked."""

import gzip

from leaklab import eventually

COLUMNS = ("heap_held_bytes", "heap_allocated_bytes", "heap_resident_bytes", "tickers", "channels", "handles",
           "descriptors", "threads")


def timeline(daemon, since=None):
    answer = daemon.get("/timeline" + ("" if since is None else f"?since={since}"))
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def whats(answer, name):
    return [mark["what"] for mark in answer["marks"] if mark["name"] == name]


def test_a_leak_and_its_fix_are_told_apart(serve):
    daemon = serve("--judge-interval", "100ms")
    daemon.spawn("leak-recv", n=50, linger="100ms", name="bad")
    daemon.spawn("fix-recv", n=30, name="good")
    answer = eventually(lambda: timeline(daemon), lambda told: told["leak"]["leaked"][-1] == 50)
    assert answer["leak"]["tasks"][-1] == 50
    assert answer["leak"]["expected_leaked"][-1] == 50
    assert answer["fix"]["tasks"][-1] == 31
    assert answer["fix"]["leaked"][-1] == 0
    assert answer["heap_held_bytes"][-1] == 80 * 1024
    rows = len(answer["at_ms"])
    assert answer["at_ms"] == sorted(set(answer["at_ms"]))
    for column in COLUMNS:
        assert len(answer[column]) == rows
    programs = {(program["pattern"], program["variant"]): program for program in answer["programs"]}
    assert set(programs) == {("recv", "leak"), ("recv", "fix")}
    assert programs["recv", "leak"]["leaked"][-1] == 50
    assert all(len(programs["recv", "fix"][of]) == rows for of in ("tasks", "leaked", "expected_leaked"))
    eventually(lambda: whats(timeline(daemon), "bad"), lambda told: told == ["started", "completed", "leaked"])
    assert whats(answer, "good") == ["started"]


def test_a_token_asks_for_what_is_new(daemon):
    first = timeline(daemon)
    assert first["whole"]
    daemon.spawn("fix-recv", n=1, name="new")
    later = eventually(lambda: timeline(daemon, first["next"]), lambda told: told["at_ms"] and told["marks"])
    assert not later["whole"]
    assert later["boot"] == first["boot"]
    assert later["at_ms"][0] > first["at_ms"][-1]
    assert whats(later, "new") == ["started"]


def test_a_daemon_that_was_started_again_says_so(serve):
    before = timeline(serve())
    answer = timeline(serve(), before["next"])
    assert answer["whole"]
    assert answer["boot"] != before["boot"]


def test_it_is_compressed_where_that_is_wanted(daemon):
    for _ in range(20):
        daemon.spawn("fix-recv", n=1)
    plain = daemon.get("/timeline")
    small = daemon.get("/timeline", Accept_Encoding="gzip")
    assert plain.headers["Content-Encoding"] is None
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.body)[:40] == plain.body[:40]


def test_a_token_that_is_none_is_refused(daemon):
    answer = daemon.get("/timeline?since=yesterday")
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/since"
    assert daemon.get("/timeline?until=now").status == 422
