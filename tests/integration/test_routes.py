"""What each route answers when it is asked properly."""

import gzip

import pytest

import leaklab

PATTERNS = sorted(path.stem for path in (leaklab.ROOT / "service/patterns").glob("*.yaml"))


@pytest.mark.parametrize("path, kind", [
    ("/", "text/"), ("/metrics", "text/plain; version=0.0.4"), ("/scenario", "application/json"),
    ("/patterns", "application/json"), ("/patterns/recv", "application/json"), ("/healthz", "application/json"),
    ("/readyz", "application/json"), ("/version", "application/json"), ("/openapi.json", "application/json"),
])
def test_get_and_head_agree(shared, path, kind):
    got = shared.get(path)
    head = shared.request("HEAD", path)
    assert got.status == head.status == 200
    assert got.headers["Content-Type"].startswith(kind)
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert got.body and head.body == b""


def test_the_index_points_to_the_routes(shared):
    text = shared.get("/").text
    for route in ("/metrics", "/scenario", "/patterns", "/healthz", "/openapi.json"):
        assert route in text


def test_health(shared):
    assert shared.get("/healthz").json() == {"status": "ok"}
    assert shared.get("/readyz").json() == {"status": "ready"}


def test_version_names_the_libraries_that_run(shared):
    version = shared.get("/version").json()
    assert version["name"] == "leaklab" and version["version"].startswith("0.")
    for library in ("libuv", "libmicrohttpd", "jansson"):
        assert version[library][0].isdigit()
    assert (version["jemalloc"] is None) == leaklab.sanitized()
    labels, = shared.scrape().label_sets("leaklab_build_info")
    assert labels["version"] == version["version"] and labels["libuv"] == version["libuv"]


def test_patterns_say_what_they_take_and_what_leaks(shared):
    catalogue = shared.get("/patterns").json()
    patterns = {pattern["name"]: pattern for pattern in catalogue["patterns"]}
    assert sorted(patterns) == PATTERNS
    for name, pattern in patterns.items():
        decoy = "decoy" in pattern["expect"]
        assert pattern["modes"] == ([f"decoy-{name}"] if decoy else [f"leak-{name}", f"fix-{name}", f"mix-{name}"])
        assert pattern["title"] and pattern["story"] and pattern["remedy"]
        assert pattern["expect"]["decoy" if decoy else "fix"] in ("0", 0)
        assert "n" in [param["name"] for param in pattern["params"]]
        for param in pattern["params"]:
            assert param["about"] and "default" in param
    remedy, = [param for param in patterns["send"]["params"] if param["name"] == "remedy"]
    assert {"buffer", "cancel"} <= set(remedy["choices"])
    fields = {field["name"] for field in catalogue["fields"]}
    assert {"mode", "name", "rate", "linger", "duration", "holds", "seed", "max_tasks", "max_heap", "dry_run"} <= fields


@pytest.mark.parametrize("name", PATTERNS)
def test_one_pattern_comes_with_its_source(shared, name):
    listed, = [pattern for pattern in shared.get("/patterns").json()["patterns"] if pattern["name"] == name]
    one = shared.get(f"/patterns/{name}").json()
    assert one["file"] == f"{name}.yaml" and f"pattern: {name}" in one["source"]
    assert {key: one[key] for key in listed} == listed


def test_openapi_describes_every_route_and_field(shared):
    openapi = shared.get("/openapi.json").json()
    assert openapi["openapi"].startswith("3.")
    described = {(path, method.upper()) for path, item in openapi["paths"].items() for method in item
                 if method in ("get", "post", "delete", "put", "patch")}
    for route in [("/metrics", "GET"), ("/scenario", "GET"), ("/scenario", "POST"), ("/scenario/{name}", "GET"),
                  ("/scenario/{name}", "DELETE"), ("/reset", "POST"), ("/patterns", "GET"), ("/patterns/{name}", "GET"),
                  ("/healthz", "GET"), ("/readyz", "GET"), ("/version", "GET"), ("/openapi.json", "GET")]:
        assert route in described
    text = shared.get("/openapi.json").text
    for field in shared.get("/patterns").json()["fields"]:
        assert f'"{field["name"]}"' in text


def test_every_described_get_without_parameters_answers(shared):
    for path, item in shared.get("/openapi.json").json()["paths"].items():
        if "get" in item and "{" not in path:
            assert shared.get(path).status == 200, path


@pytest.mark.parametrize("accept, kind", [
    (None, "text/plain; version=0.0.4; charset=utf-8"),
    ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
    ("text/plain", "text/plain; version=0.0.4; charset=utf-8"),
    ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ("application/openmetrics-text;q=0.2, text/plain;q=0.9", "text/plain; version=0.0.4; charset=utf-8"),
    ("application/openmetrics-text;q=0, text/plain", "text/plain; version=0.0.4; charset=utf-8"),
    ("text/html, */*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
    (";;q=,,", "text/plain; version=0.0.4; charset=utf-8"),
])
def test_metrics_speak_the_dialect_that_is_asked_for(shared, accept, kind):
    answer = shared.get("/metrics", **({"Accept": accept} if accept else {}))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.text.endswith("# EOF\n") == kind.startswith("application/openmetrics")


@pytest.mark.parametrize("encoding, packed", [
    ("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False), ("br", False),
    ("*;q=0", False), ("xgzip", False),
])
def test_metrics_are_packed_only_for_who_can_unpack(shared, encoding, packed):
    answer = shared.get("/metrics", Accept_Encoding=encoding)
    assert (answer.headers["Content-Encoding"] == "gzip") == packed
    body = gzip.decompress(answer.body) if packed else answer.body
    assert b"leaklab_build_info{" in body
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_one_connection_serves_many_requests(shared):
    connection = leaklab.http.client.HTTPConnection(shared.host, shared.port, timeout=30)
    for path in ("/healthz", "/metrics", "/scenario", "/patterns") * 5:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200 and response.read()
    connection.close()


def test_requests_are_counted_by_route_and_not_by_path(daemon):
    daemon.spawn("fix-recv", name="mine", n=1)
    for path in ("/scenario/mine", "/scenario/other", "/nowhere/1", "/nowhere/2"):
        daemon.get(path)
    scrape = daemon.scrape()
    routes = {labels["route"] for labels in scrape.label_sets("leaklab_http_requests_total")}
    assert not any("mine" in route or "other" in route or "nowhere" in route for route in routes), routes
    assert scrape.sum("leaklab_http_requests_total", route="/scenario/{name}", method="GET", code="200") == 1
    assert scrape.sum("leaklab_http_requests_total", route="/scenario/{name}", method="GET", code="404") == 1
    assert scrape.sum("leaklab_http_requests_total", method="GET", code="404") == 3
    assert scrape.sum("leaklab_http_request_duration_seconds_count", route="/scenario/{name}") == 2
