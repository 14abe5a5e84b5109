"""The page of a daemon that wants a token: asked for when it is needed, kept by the tab, shown nowhere."""

import pytest

from test_page_access import axe, violations  # noqa: F401

pytestmark = [pytest.mark.release, pytest.mark.limit(180)]

TOKEN = "0123456789abcdef-the-right-one"
OTHER = "fedcba9876543210-another"
BEARER = 'curl -H "Authorization: Bearer $LEAKLAB_TOKEN" '


@pytest.fixture(name="token_file")
def token_file_(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


def give(page, text):
    page.write("#token-text", text)
    page.click("#token-use")


def told_off(page):
    """What the console says of the page itself: that an answer was a 401 is the browser's remark."""
    return [entry for entry in page.complaints() if "401" not in entry["message"]]


def test_what_changes_something_asks_for_the_token_and_goes_on(serve, browse, token_file, axe):  # noqa: F811
    daemon = serve("--token-file", token_file)
    page = browse(daemon, "/#recv")
    page.wait_for("hand-pattern", lambda told: told == "recv")
    assert not page.shows("#token") and page.text("start-curl").startswith("curl -d mode=")
    page.click("#start")
    page.wait_for("token-why", lambda told: told.startswith("this needs the token"))
    assert page.driver.switch_to.active_element.get_attribute("id") == "token-text"
    assert page.find("#token-text").get_attribute("type") == "password"
    assert violations(page, axe) == []

    give(page, "no token at all")
    page.wait_for("token-error", lambda told: told.startswith("No token"))
    give(page, OTHER)
    page.wait_for("token-why", lambda told: "is not the one" in told)
    give(page, TOKEN)
    page.wait_for("start-answer", lambda told: "has started" in told)  # without another click
    assert not page.shows("#token-dialog")
    assert len(daemon.get("/scenario").json()["scenarios"]) == 1
    assert page.text("start-curl").startswith(BEARER) and page.text("try").startswith(BEARER)
    assert all(TOKEN not in words for words in page.says("body"))

    page.driver.refresh()
    page.wait_for("hand-pattern", lambda told: told == "recv")
    page.click("#reset")
    page.wait_until_says("#receipt h3", lambda told: len(told) == 1)

    page.click("#token")
    page.click("#token-forget")
    page.click("#reset")
    page.wait_for("token-why", lambda told: told.startswith("this needs the token"))
    page.click("#token-later")
    page.wait_until_says("#receipt .problem", lambda told: len(told) == 1 and "needs the token" in told[0])
    assert told_off(page) == []


def test_where_reading_needs_it_too_the_page_waits_for_it(serve, browse, token_file):
    daemon = serve("--token-file", token_file, "--token-for-reads")
    page = browse(daemon, contact="Waiting for the token")
    page.click("#token-later")
    assert not page.shows("#token-dialog")
    page.click("#token")
    give(page, OTHER)
    page.wait_for("token-why", lambda told: "is not the one" in told)
    give(page, TOKEN)
    page.wait_for("contact", lambda told: told.startswith("Live"))
    page.wait_until_says("#catalogue details", lambda told: len(told) > 40)
    assert told_off(page) == []
