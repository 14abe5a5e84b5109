"""The page in a real browser: the curve, the place, and a daemon that goes and comes back."""

import re
import signal

import pytest

from leaklab import eventually, free_port

pytestmark = [pytest.mark.release, pytest.mark.limit(180)]
NUMBERS = ("leak", "leaked", "expected", "fix")


def test_the_curve_is_there_and_survives_a_restart(serve, browse):
    listen = f"127.0.0.1:{free_port()}"
    daemon = serve("--judge-interval", "200ms", listen=listen)
    page = browse(daemon)
    assert "curl -d mode=leak-recv" in page.text("try")
    assert page.shows("#try")
    daemon.spawn("leak-recv", n=2000, linger="100ms", name="bad")
    daemon.spawn("fix-recv", n=300, name="good")
    eventually(lambda: [page.value(name) for name in NUMBERS], lambda told: told == ["2,000", "2,000", "2,000", "301"])
    assert page.all("#curve canvas") and page.all("#heap canvas") and page.all("#threads canvas")
    assert page.value("held").endswith("MB") and int(page.value("threads")) > 1
    page.wait_for("marks", lambda told: "leak-recv “bad” has leaked" in told)
    assert not page.shows("#try")

    page.click("#hour")
    page.click("#pause")
    assert page.text("contact").startswith("Paused")
    page.click("#pause")

    assert daemon.stop() == 0
    page.wait_for("contact", lambda told: told.startswith("Lost contact"))
    serve(listen=listen)
    page.wait_for("contact", lambda told: told.startswith("Live"))
    page.wait_for("marks", lambda told: "The daemon was started again" in told)
    page.wait_for("value-leak", lambda told: told == "0")
    page.check_manners()


# The times of what is known, in milliseconds, after two answers of a daemon and one of the next.
SET_BACK = """
const [nextBegan, done] = arguments;
const answer = (boot, began, times) => {
  const counts = { tasks: times, leaked: times, expected_leaked: times };
  return { boot, began_unix_ms: began, now_ms: times.at(-1), next: "", keeps_seconds: 3600, whole: true, at_ms: times, marks: [],
    leak: counts, fix: counts, decoy: counts };
};
import(new URL("timeline.js", document.querySelector("script[type=module]").src)).then(({ Timeline }) => {
  const timeline = new Timeline();
  timeline.take(answer(1, 5000000, [0, 1000]));
  timeline.take(answer(2, nextBegan, [0, 1000]));
  done([timeline.rows.map((row) => row.at), timeline.marks.map((mark) => mark.at)]);
});
"""


@pytest.mark.parametrize("began, times, marks", [
    (5060000, [5000000, 5001000, 5001001, 5060000, 5061000], [5060000]),
    (1400000, [5000000, 5001000, 5001001, 5001002, 5002002], [5001002])], ids=["a minute later", "an hour earlier"])
def test_what_was_started_again_is_drawn_behind_what_was_there_before(serve, browse, began, times, marks):
    page = browse(serve())
    assert page.driver.execute_async_script(SET_BACK, began) == [times, marks]


def test_a_daemon_that_does_not_answer_is_out_of_contact_until_it_does(serve, browse):
    daemon = serve()
    daemon.spawn("fix-recv", n=300)
    page = browse(daemon)
    page.wait_for("value-fix", lambda told: told == "301")
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        told = page.wait_for("contact", lambda told: told.startswith("Lost contact"))
        assert re.search(r"\d\d:\d\d:\d\d, trying again$", told)
        assert page.value("fix") == "301"  # what it knew stays
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    page.wait_for("contact", lambda told: told.startswith("Live"))
    assert "started again" not in page.text("marks")
    page.check_manners()


def test_arrow_keys_move_through_time(serve, browse):
    daemon = serve()
    page = browse(daemon)
    daemon.spawn("fix-recv", n=300, name="good")
    page.wait_for("value-fix", lambda told: told == "301")
    page.click("#pause")
    curve = page.find("#curve")
    curve.send_keys("\ue011")  # Home: the oldest second, before anything had started
    page.wait_for("value-fix", lambda told: told == "0")
    assert "fixed 0" in curve.get_attribute("aria-valuetext")
    assert page.shows(".cursor")
    curve.send_keys("\ue00c")  # Escape: now
    page.wait_for("value-fix", lambda told: told == "301")
    assert curve.get_attribute("aria-valuetext").startswith("now")
    page.check_manners()


def test_two_thousand_tasks_stand_on_one_line(serve, browse):
    daemon = serve("--judge-interval", "200ms")
    page = browse(daemon, "/#recv")
    daemon.spawn("leak-recv", n=2000, linger="100ms")
    daemon.spawn("fix-recv", n=300)
    source = daemon.get("/patterns/recv").json()["source"].splitlines()
    line = f"#line-{1 + source.index('    - recv jobs')}"
    page.wait_until_says(f"{line} .count", lambda told: told == ["2,000"])
    page.wait_until_says(f"{line} .why", lambda told: told == ["2,000 wait: no task that still runs sends on or closes jobs."])
    assert page.shows(f"{line} .stand canvas")
    assert "is-leaked" in page.find(line).get_attribute("class")
    assert "onlyLeak" in page.find(line).get_attribute("class")
    fixed = f"#line-{1 + source.index('    - select:')}"
    page.wait_until_says(f"{fixed} .count", lambda told: told == ["300"])
    assert "is-leaked" not in page.find(fixed).get_attribute("class")
    page.wait_until_says("#column-leak .sum", lambda told: told == ["2,000 alive, 2,000 leaked"])  # once the owner has left

    page.driver.execute_script("location.hash = 'ticker'")
    page.wait_until_says("#pattern-title", lambda told: told and "ticker" in told[0])
    page.check_manners()
