"""Each error: its status, an RFC 9457 body, and a sentence that says what would have been right."""

import pytest

import leaklab

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def problem(answer, status):
    """Checks the form of a problem document and returns it."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    document = answer.json()
    assert document["type"] == "about:blank" and document["status"] == status
    assert document["title"] and document["detail"]
    for error in document.get("errors", []):
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["detail"]
    return document


def at(document, pointer):
    """The sentence about one member."""
    sentences = [error["detail"] for error in document["errors"] if error["pointer"] == pointer]
    assert len(sentences) == 1, document
    return sentences[0]


@pytest.fixture(autouse=True)
def starts_nothing(shared):
    yield
    assert shared.get("/scenario").json()["scenarios"] == []


@pytest.mark.parametrize("path", ["/nowhere", "/scenario/absent", "/patterns/absent", "/metricsx", "//", "/scenario/a/b",
                                  "/Metrics", "/scenario//", "/.", "/%00", "/patterns/../version"])
def test_unknown_paths_are_not_found(shared, path):
    problem(shared.get(path), 404)


def test_deleting_what_is_not_there_is_not_found(shared):
    assert "absent" in problem(shared.delete("/scenario/absent"), 404)["detail"]


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/metrics", "GET"), ("POST", "/metrics", "GET"), ("PUT", "/scenario", "POST"),
    ("DELETE", "/scenario", "POST"), ("POST", "/scenario/absent", "DELETE"), ("GET", "/reset", "POST"),
    ("HEAD", "/reset", "POST"), ("PATCH", "/patterns", "GET"), ("POST", "/healthz", "GET"), ("BREW", "/version", "GET"),
    ("OPTIONS", "/scenario", "POST"),
])
def test_wrong_methods_are_told_which_are_right(shared, method, path, allowed):
    answer = shared.request(method, path)
    assert answer.status == 405, answer
    assert allowed in answer.headers["Allow"].split(", ")
    if method != "HEAD":
        problem(answer, 405)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonx", "json"])
def test_other_content_types_are_refused(shared, kind):
    document = problem(shared.post("/scenario", '{"mode":"leak-recv"}', Content_Type=kind), 415)
    assert JSON in document["detail"] and FORM in document["detail"]


@pytest.mark.parametrize("body", [
    "", " ", "{", '{"mode"}', '{"mode":"leak-recv"', '{"mode":"leak-recv"} x', '"leak-recv"', "3", "null", "nul",
    '{"mode":"leak-recv","mode":"fix-recv"}', "{'mode':'leak-recv'}", '{"mode":"leak-recv",}', '{"n":NaN}',
    '{"n":-}', '{"n":01}', '{"mode":"\\ud800"}', "\ufeff{}",
])
def test_malformed_json_is_refused(shared, body):
    problem(shared.post("/scenario", body.encode()), 400)


def test_numbers_that_no_field_can_hold_are_refused(shared):
    for number in ("1e999", "-1e999", "9" * 400, 2 ** 64):
        assert shared.post("/scenario", f'{{"mode":"leak-recv","n":{number}}}').status == 422


@pytest.mark.parametrize("body", [b'{"mode":"\xff"}', b'{"mode":"\xc0\xae"}', b'{"mode":"\xed\xa0\x80"}', b"\x00", b'{"mode":"a\x00b"}'])
def test_what_is_not_utf8_is_refused(shared, body):
    problem(shared.post("/scenario", body), 400)


@pytest.mark.parametrize("body", ["mode=leak-recv&mode=fix-recv", "mode=%zz", "mode=%f", "mode=%ff", "mode=leak%00recv"])
def test_malformed_forms_are_refused(shared, body):
    problem(shared.post("/scenario", body, Content_Type=FORM), 400)


@pytest.mark.parametrize("opening, closing", [('{"a":', "}"), ("[", "]")])
def test_deep_nesting_is_refused(shared, opening, closing):
    problem(shared.post("/scenario", opening * 5000 + "1" + closing * 5000), 400)


def test_long_bodies_are_refused(shared):
    problem(shared.post("/scenario", b'{"mode":"' + b"x" * 65536 + b'"}'), 413)
    problem(shared.post("/scenario", b"mode=" + b"x" * 200000, Content_Type=FORM), 413)


def test_a_mode_is_required(shared):
    for body in ({}, {"n": 3}):
        sentence = at(problem(shared.post("/scenario", body), 422), "/mode")
        assert "leak-recv" in sentence and "GET /patterns" in sentence


@pytest.mark.parametrize("mode, meant", [("leek-recv", "leak-recv"), ("fix-tick", "fix-ticker"), ("LEAK-SEND", "leak-send"),
                                         ("fixrecv", "fix-recv")])
def test_a_misspelt_mode_is_answered_with_the_nearest(shared, mode, meant):
    sentence = at(problem(shared.post("/scenario", {"mode": mode}), 422), "/mode")
    assert f'did you mean "{meant}"' in sentence and mode in sentence


@pytest.mark.parametrize("field, meant", [("lingr", "linger"), ("max_task", "max_tasks"), ("Rate", "rate"), ("dryrun", "dry_run")])
def test_a_misspelt_field_is_answered_with_the_nearest(shared, field, meant):
    sentence = at(problem(shared.post("/scenario", {"mode": "leak-recv", field: 1}), 422), f"/{field}")
    assert f'did you mean "{meant}"' in sentence


def test_a_parameter_of_another_pattern_is_unknown(shared):
    at(problem(shared.post("/scenario", {"mode": "leak-recv", "tick": "10ms"}), 422), "/tick")


def test_pointers_escape_what_json_pointers_escape(shared):
    at(problem(shared.post("/scenario", {"mode": "leak-recv", "a/b~c": 1}), 422), "/a~1b~0c")


@pytest.mark.parametrize("field, value", [
    ("n", -1), ("n", 1.5), ("n", "many"), ("n", None), ("n", True), ("n", [3]), ("n", {}), ("n", 10 ** 18), ("n", "1e3"),
    ("n", " 3"), ("n", 1e300), ("n", ""),
    ("rate", -1), ("rate", "fast"), ("rate", "50/y"), ("rate", 1e9), ("rate", "-5/s"), ("rate", "/s"), ("rate", False),
    ("linger", "soon"), ("linger", "-1s"), ("linger", -1), ("linger", "9999999d"), ("linger", "1 s"), ("linger", []),
    ("duration", "10 parsecs"), ("duration", 1e300), ("duration", "0.0000000001s"),
    ("holds", "-1KiB"), ("holds", "4KiBs"), ("holds", "2TiB"), ("holds", -1), ("holds", 0.5),
    ("max_tasks", -5), ("max_tasks", "none"), ("max_tasks", 0), ("max_heap", "none"), ("max_heap", -1), ("max_heap", 0),
    ("seed", -1), ("seed", 2 ** 53), ("seed", "x"), ("seed", 1.5),
    ("dry_run", "perhaps"), ("dry_run", 2), ("dry_run", None),
    ("name", ""), ("name", "a" * 65), ("name", "a b"), ("name", "../etc"), ("name", "a/b"), ("name", "ä"), ("name", "a\nb"),
    ("name", 7), ("name", "a%2fb"), ("name", "<b>"), ("name", "a\u0000b"),
    ("action", "spwan"), ("action", 1), ("mode", 1), ("mode", ["leak-recv"]), ("mode", "leak-recv\n"),
])
def test_bad_values_are_refused_where_they_stand(shared, field, value):
    body = {"mode": "leak-recv", **{field: value}}
    answer = shared.post("/scenario", body)
    if isinstance(value, str) and "\0" in value:
        assert answer.status in (400, 422), answer
    else:
        at(problem(answer, 422), f"/{field}")


def test_all_mistakes_are_told_at_once(shared):
    document = problem(shared.post("/scenario", {"mode": "leek-recv", "rate": "fast", "holds": "big", "lingr": 1}), 422)
    assert {"/mode", "/rate", "/holds", "/lingr"} <= {error["pointer"] for error in document["errors"]}


def test_the_number_of_told_mistakes_is_bounded(shared):
    document = problem(shared.post("/scenario", {"mode": "leak-recv", **{f"field{k}": 1 for k in range(500)}}), 422)
    assert len(document["errors"]) <= 50


@pytest.mark.parametrize("action", ["cancel", "reclaim"])
def test_cancel_and_reclaim_need_a_name_and_nothing_else(shared, action):
    at(problem(shared.post("/scenario", {"action": action}), 422), "/name")
    at(problem(shared.post("/scenario", {"action": action, "name": "x", "n": 3}), 422), "/n")
    problem(shared.post("/scenario", {"action": action, "name": "absent"}), 404)


@pytest.mark.parametrize("query", ["reclaim=perhaps", "reclaimed=true", "x=1"])
def test_unknown_queries_are_refused_rather_than_ignored(shared, query):
    assert shared.delete(f"/scenario/absent?{query}").status in (400, 404, 422)


def test_forms_get_the_same_answers(shared):
    document = problem(shared.form("/scenario", mode="leek-recv", rate="fast", lingr="1s"), 422)
    assert 'did you mean "leak-recv"' in at(document, "/mode")
    assert {"/mode", "/rate", "/lingr"} == {error["pointer"] for error in document["errors"]}


@pytest.mark.parametrize("method, path", [("POST", "/scenario"), ("POST", "/reset"), ("DELETE", "/scenario/absent")])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{address}", "http://127.0.0.1", "http://{address}.evil.example"])
def test_other_web_pages_may_change_nothing(shared, method, path, origin):
    headers = {"Origin": origin.format(address=shared.address), "Content-Type": FORM}
    problem(shared.request(method, path, body=b"mode=leak-recv" if method == "POST" else None, headers=headers), 403)


@pytest.mark.parametrize("method, path", [("POST", "/scenario"), ("POST", "/reset"), ("DELETE", "/scenario/absent")])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1"])
def test_a_name_that_was_bent_to_this_machine_may_change_nothing(shared, method, path, host):
    headers = {"Host": host.format(port=shared.port), "Content-Type": FORM}
    problem(shared.request(method, path, body=b"mode=leak-recv" if method == "POST" else None, headers=headers), 421)


@pytest.mark.parametrize("path", ["/", "/scenario", "/timeline", "/debug/tasks", "/patterns/recv", "/openapi.json"])
def test_nor_may_it_look(shared, path):
    document = problem(shared.get(path, Host="evil.example"), 421)
    assert "evil.example" in document["detail"]
    assert f"localhost:{shared.port}" in document["detail"]


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_monitors_come_by_any_name(shared, path):
    assert shared.get(path, Host="leaklab:9777").status == 200


def test_names_that_were_allowed_are_its_own(serve):
    daemon = serve("--allowed-host", "leaklab,lab.example")
    assert daemon.get("/scenario", Host="leaklab:9777").status == 200
    assert daemon.get("/scenario", Host="other:9777").status == 421
    page = {"Host": "lab.example", "Origin": "https://lab.example", "Sec-Fetch-Site": "same-origin"}
    assert daemon.request("POST", "/reset", headers=page).status == 200
    assert daemon.request("POST", "/reset", headers={**page, "Origin": "https://evil.example"}).status == 403


def test_a_list_of_names_that_is_none_is_refused():
    answer = leaklab.run("serve", "--allowed-host", "leaklab:9777")
    assert answer.returncode == 2
    assert "leaklab,lab.example" in answer.stderr


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_its_own_pages_may(shared, host):
    host = host.format(port=shared.port)
    headers = {"Host": host, "Origin": f"http://{host.lower()}", "Content-Type": FORM}
    answer = shared.request("POST", "/scenario", body=b"mode=leak-recv&dry_run=true", headers=headers)
    assert answer.status == 200, answer


def test_errors_in_a_list_name_their_place(shared):
    document = problem(shared.post("/scenario", [{"mode": "leak-recv"}, 7, {"mode": "fix-recv", "rate": -1}]), 422)
    assert at(document, "/1") == "must be an object"
    assert "a rate such as" in at(document, "/2/rate")
    problem(shared.post("/scenario", []), 422)
    problem(shared.post("/scenario", [{"mode": "leak-recv", "at": "1h"}] * 101), 422)
