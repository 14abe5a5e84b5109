"""The guided tour in a real browser, from end to end."""

import pytest

pytestmark = [pytest.mark.release, pytest.mark.limit(180)]


def test_the_tour_replays_the_leak_from_end_to_end(serve, browse):
    daemon = serve("--judge-interval", "200ms")
    page = browse(daemon, "/#ticker")
    page.click("#tour-begin")
    assert page.text("tour-title") == "Leak against fix"
    page.wait_for("hand-pattern", lambda told: told == "recv")
    page.click("#tour-go")
    page.wait_for("tour-go", lambda told: told == "Next")
    live = {scenario["mode"]: scenario["tasks"]["live"] for scenario in daemon.get("/scenario").json()["scenarios"]}
    assert live == {"leak-recv": 2001, "fix-recv": 2001}

    page.click("#tour-go")
    page.wait_for("tour-title", lambda told: told == "Cancel both")
    page.click("#tour-go")
    page.wait_for("tour-go", lambda told: told == "Next")
    page.click("#tour-go")
    page.wait_for("tour-title", lambda told: told == "The leak stays")
    page.wait_for("tour-words", lambda told: "have left: 0." in told and "still there: 2,000." in told and "2,000 will never" in told)
    page.click("#tour-go")
    page.wait_for("tour-title", lambda told: told == "Look where it stands")
    page.wait_until_says("#place .line.is-leaked .count", lambda told: told == ["2,000"])
    page.click("#tour-go")
    page.wait_for("tour-title", lambda told: told == "Reset hides it")
    page.click("#tour-go")
    page.wait_for("tour-go", lambda told: told == "Done")
    page.wait_for("value-leak", lambda told: told == "0")
    page.click("#tour-go")
    assert not page.shows("#tour")
    assert page.driver.switch_to.active_element.get_attribute("id") == "tour-begin"
    page.check_manners()


def test_escape_leaves_the_tour(serve, browse):
    page = browse(serve())
    page.click("#tour-begin")
    assert page.shows("#tour")
    page.driver.switch_to.active_element.send_keys("\ue00c")
    assert not page.shows("#tour")
