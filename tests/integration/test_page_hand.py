"""The page's form, table and editor in a real browser: what one can do with a hand, and what it answers."""

import shlex

import pytest

from browser import PATIENCE_SECONDS
from leaklab import eventually

pytestmark = [pytest.mark.release, pytest.mark.limit(180)]

HOSTILE = "<img src=x onerror=document.title='taken'>"
PATTERN = """pattern: mine
title: TITLE
story: STORY
remedy: Receive it.
params:
  n: {default: 100, unit: tasks, about: ABOUT}
share:
  jobs: channel
leak:
  main:
    - spawn consumer * n
  consumer:
    - recv jobs
fix:
  main:
    - spawn consumer * n
  consumer:
    - select:
        recv jobs:
        done: exit
expect: {leak: n, fix: 0}
"""


def line_of(daemon, pattern, statement):
    """The id of the listing's line on which a statement stands."""
    lines = daemon.get(f"/patterns/{pattern}").json()["source"].splitlines()
    return next(f"#line-{i + 1}" for i, line in enumerate(lines) if line.strip() == statement)


def test_from_the_form_to_the_count_on_the_line_to_the_receipt(serve, browse):
    daemon = serve("--judge-interval", "200ms")
    page = browse(daemon, "/#recv")
    page.wait_for("hand-pattern", lambda told: told == "recv")
    page.write("#field-n", "2000")
    page.write("#field-linger", "80ms")
    page.write("#field-name", "mine")
    said = page.text("start-curl")
    assert shlex.split(said) == ["curl", "-d", "mode=leak-recv", "-d", "n=2000", "-d", "name=mine", "-d", "linger=80ms",
                                 f"{page.origin}/scenario"]
    page.click("#start")
    page.wait_for("start-answer", lambda told: "mine" in told and "started" in told)
    page.wait_for("value-leak", lambda told: told == "2,000")
    page.wait_for("value-leaked", lambda told: told == "2,000")
    page.wait_until_says(f"{line_of(daemon, 'recv', '- recv jobs')} .count", lambda told: told == ["2,000"])
    page.wait_until_says("#scenario-rows .cell-State", lambda told: told == ["leaked: completed"])

    page.click("#scenario-rows .reclaim")
    page.wait_until_says("#receipt .receipt-tasks_reclaimed dd", lambda told: told == ["2,000"])
    assert shlex.split(page.text("scenario-curl")) == ["curl", "-X", "DELETE", f"{page.origin}/scenario/mine?reclaim=true"]
    page.wait_for("value-leak", lambda told: told == "0")
    page.check_manners()


def test_a_cancel_frees_the_fixed_and_a_reset_everything(serve, browse):
    daemon = serve()
    page = browse(daemon, "/#recv")
    daemon.spawn("leak-recv", n=200, name="bad")
    daemon.spawn("fix-recv", n=300, name="good")
    for name, told, left in (("good", "301", "0"), ("bad", "201", "200")):
        button = f"button.cancel[aria-label='Cancel {name}']"
        eventually(lambda b=button: page.all(b), timeout=PATIENCE_SECONDS)
        page.click(button)
        page.wait_until_says("#receipt h3", lambda said, n=name: said == [f"Receipt for cancelling “{n}”"])
        assert page.says("#receipt .receipt-tasks_told dd") == [told]
        assert page.says("#receipt .receipt-tasks_left dd") == [left]
    page.wait_for("value-fix", lambda told: told == "0")
    page.wait_for("value-leak", lambda told: told == "200")
    page.click("#reset")
    page.wait_until_says("#receipt .receipt-tasks_reclaimed dd", lambda told: told == ["200"])
    page.wait_for("value-leak", lambda told: told == "0")
    page.check_manners()


def test_at_a_rate_with_a_shape_and_a_forecast(serve, browse):
    daemon = serve()
    page = browse(daemon, "/#ticker")
    page.wait_for("hand-pattern", lambda told: told == "ticker")
    assert not page.shows("#field-shape")
    page.click("input[value='mix-ticker']")
    page.click("input[name='often'][value='rate']")
    assert page.shows("#field-shape") and page.shows("#field-leak_share")
    assert "rate" in page.says("label[for='field-rate']")
    page.write("#field-rate", "5/s")
    page.write("#field-shape", "wave")
    page.write("#field-leak_share", "50%")
    page.click("#forecast")
    page.wait_for("start-answer", lambda told: "Nothing was started" in told)
    assert daemon.get("/scenario").json()["scenarios"] == []
    page.click("#start")
    page.wait_for("start-answer", lambda told: "has started" in told)
    spec = daemon.get("/scenario").json()["scenarios"][0]["spec"]
    assert (spec["mode"], spec["rate"], spec["shape"], spec["leak_share"]) == ("mix-ticker", 5, "wave", "50%")
    page.check_manners()


def test_what_the_api_refuses_stands_at_its_field(serve, browse):
    page = browse(serve(), "/#recv")
    page.wait_for("hand-pattern", lambda told: told == "recv")
    page.write("#field-n", "many")
    page.write("#field-holds", HOSTILE)
    page.click("#start")
    page.wait_for("field-n-error", lambda told: told.startswith("must be a whole number"))
    assert page.text("field-holds-error").startswith("must be a size")
    assert page.find("#field-n").get_attribute("aria-invalid") == "true"
    assert page.shows("#field-holds-error")  # though it was folded away
    assert page.text("start-answer").startswith("Not started")
    page.write("#field-n", "10")
    assert page.text("field-n-error") == ""
    assert page.says("#scenario-rows tr") == []
    assert [entry for entry in page.complaints() if "422" not in entry["message"]] == []


def test_a_broken_pattern_is_told_by_line_and_a_right_one_runs(serve, browse):
    daemon = serve("--judge-interval", "200ms")
    page = browse(daemon)
    page.write("#own-text", PATTERN.replace("recv jobs", "rcv jobs", 1).replace("spawn consumer", "spawn consumr", 1))
    page.click("#own-check")
    page.wait_until_says("#own-faults button", lambda told: [words.split(":")[0] for words in told][-1:] == ["Line 13"])
    assert any("did you mean" in words and words.startswith("Line 11:") for words in page.says("#own-faults button"))
    assert page.says(".gutter .is-faulty")[:1] == ["11"] and "13" in page.says(".gutter .is-faulty")
    page.click("#own-faults li:last-child button")
    assert page.driver.execute_script(
        "const t = document.getElementById('own-text'); return t.value.slice(t.selectionStart, t.selectionEnd)") == "    - rcv jobs"

    page.write("#own-text", PATTERN)
    page.click("#own-check")
    page.wait_for("own-answer", lambda told: "“mine” is right" in told)
    assert daemon.get("/patterns/mine").status == 404  # it was only checked
    page.click("#own-add")
    page.wait_for("own-answer", lambda told: "is in the catalogue" in told)
    page.wait_for("hand-pattern", lambda told: told == "mine")
    page.click("#start")
    page.wait_until_says(f"{line_of(daemon, 'mine', '- recv jobs')} .count", lambda told: told == ["100"])
    page.wait_until_says("#catalogue .badge", lambda told: "yours" in told)
    assert [entry for entry in page.complaints() if "422" not in entry["message"]] == []


def test_what_users_chose_is_never_markup(serve, browse):
    daemon = serve()
    quoted = '"' + HOSTILE + '"'
    source = PATTERN.replace("TITLE", quoted).replace("STORY", quoted).replace("ABOUT", quoted)
    answer = daemon.request("POST", "/patterns", source, {"Content-Type": "application/yaml"})
    assert answer.status == 201, answer
    daemon.spawn("leak-mine", n=5, name="a.b-c_d")
    page = browse(daemon, "/#mine")
    page.wait_until_says("#pattern-title", lambda told: told and HOSTILE in told[0])
    page.wait_until_says("#scenario-rows .cell-Name", lambda told: told == ["a.b-c_d"])
    assert HOSTILE in page.says("#field-n-help")[0]
    assert any(HOSTILE in words for words in page.says("#catalogue details"))
    assert len(page.all("img")) == 1  # its own
    page.driver.execute_script("location.hash = '<img src=x>'")
    page.driver.execute_script("location.hash = 'no-such'")
    page.wait_until_says("#shown .problem", lambda told: told == ["There is no pattern “no-such”."])
    assert page.driver.title != "taken"
    assert [entry for entry in page.complaints() if "404" not in entry["message"]] == []


def test_patterns_are_found_by_what_they_say(serve, browse):
    page = browse(serve())
    page.wait_until_says("#catalogue details", lambda told: len(told) > 40)
    page.write("#search", "threadpool libuv")
    visible = "return [...document.querySelectorAll('#catalogue details')].filter((one) => one.checkVisibility()).length"
    assert page.driver.execute_script(visible) == 1
    page.click("#catalogue details:not([hidden]) summary")
    page.click("#catalogue details:not([hidden]) a")
    page.wait_for("hand-pattern", lambda told: told == "threadpool")
    assert page.driver.current_url.endswith("#threadpool")
    page.check_manners()
