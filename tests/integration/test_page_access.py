"""The page for everybody: what axe-core finds, in either light, language and on a phone; and that nothing is cut off."""

import json
import re
import shutil
import subprocess

import pytest

from leaklab import ROOT

pytestmark = [pytest.mark.release, pytest.mark.limit(180)]

AXE = ROOT / "build/axe"
INSTALL_SECONDS = 60
RUN = """
const done = arguments[arguments.length - 1];
axe.run(arguments[0]).then((found) => done(JSON.stringify(found.violations)), (error) => done(String(error)));
"""
EVERYTHING = {}
CONTRAST = {"runOnly": ["color-contrast"]}


@pytest.fixture(scope="module")
def axe():
    """The text of axe-core, from npm, below build/."""
    script = AXE / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        if shutil.which("npm") is None:
            pytest.skip("axe-core comes from npm, which is not there")
        AXE.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", AXE, "axe-core@4"], check=True,
                           timeout=INSTALL_SECONDS, capture_output=True)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"axe-core could not be installed: {error}")
    return script.read_text()


def violations(page, axe, options=EVERYTHING):
    page.driver.set_script_timeout(120)
    page.driver.execute_script(axe)
    found = json.loads(page.driver.execute_async_script(RUN, options))
    return [f'{one["id"]}: {node["html"][:160]}: {node.get("failureSummary", "")}' for one in found for node in one["nodes"]]


def prefer(page, theme="light", motion="reduce"):
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": motion}]})


def look(page, theme, width):
    prefer(page, theme)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False})


# In another light nothing is new to axe but colours.
@pytest.mark.parametrize("theme, width, language, options", [
    ("light", 1200, "en-US", EVERYTHING), ("dark", 1200, "en-US", CONTRAST),
    ("light", 360, "zh-CN", EVERYTHING), ("dark", 2400, "zh-CN", CONTRAST)], ids=str)
def test_axe_finds_nothing(serve, browse, axe, theme, width, language, options):
    daemon = serve("--judge-interval", "200ms")
    daemon.spawn("leak-recv", n=2000, linger="100ms", name="bad")
    daemon.spawn("fix-recv", n=300, name="good")
    page = browse(daemon, "/#recv", language=language)
    look(page, theme, width)
    page.wait_until_says("#place .line.is-leaked .count", lambda told: told == ["2,000"])
    page.click("input[name='often'][value='rate']")
    page.driver.execute_script("document.querySelectorAll('details').forEach((one, i) => { one.open = i < 4; })")
    page.write("#field-n", "many")
    page.write("#own-text", "pattern: mine\nleak: 1\n")
    page.click("#own-check")
    page.wait_until_says("#own-faults li", lambda told: len(told) > 0)
    page.click("#start")
    page.wait_for("field-n-error", lambda told: told != "")
    page.click("button.reclaim")
    page.wait_until_says("#receipt dd", lambda told: len(told) > 0)
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert violations(page, axe, options) == []
    page.click("#tour-begin")
    assert violations(page, axe, options) == []


# Seconds for which anything on the page moves after a change of style, and whether it scrolls in one jump.
MOVES = """
const seconds = (list) => Math.max(...list.split(",").map((one) => parseFloat(one)));
const styles = [...document.querySelectorAll("*")].map((one) => getComputedStyle(one));
return [Math.max(...styles.map((style) => seconds(style.transitionDuration) + seconds(style.animationDuration))),
  getComputedStyle(document.documentElement).scrollBehavior];
"""


def test_nothing_moves_for_those_who_want_no_motion(serve, browse):
    page = browse(serve(), "/#recv")
    page.wait_for("hand-pattern", lambda told: told == "recv")
    prefer(page, motion="no-preference")
    seconds, scroll = page.driver.execute_script(MOVES)
    assert seconds > 0 and scroll == "smooth"
    prefer(page, motion="reduce")
    assert page.driver.execute_script(MOVES) == [0, "auto"]


def test_it_speaks_chinese_and_writes_numbers_as_the_reader_does(serve, browse):
    daemon = serve()
    daemon.spawn("fix-recv", n=2000)
    page = browse(daemon, language="zh-CN")
    assert page.driver.execute_script("return document.documentElement.lang") == "zh"
    assert page.text("curve-title") == "任务数曲线"
    page.click("button[data-language='en']")
    page.wait_for("curve-title", lambda told: told == "Tasks over time")

    german = browse(daemon, language="en-ZA")
    german.wait_for("value-fix", lambda told: re.fullmatch("2\\s001", told) is not None)


def test_every_text_is_there_in_every_language():
    words = (ROOT / "service/page/words.js").read_text()
    table = words[words.index("WORDS = {"):]
    names = re.findall(r'^  "?([\w.]+)"?: \[', table, re.M)
    assert len(names) > 100 and len(names) == len(set(names))
    entries = re.findall(r'^  "?[\w.]+"?: \[(.*?)\],$', table, re.M | re.S)
    assert len(entries) == len(names)
    for name, entry in zip(names, entries):
        texts = re.findall(r'"((?:[^"\\]|\\.)*)"', entry)
        assert len(texts) == 2 and all(texts), name
        assert sorted(re.findall(r"{(\w+)}", texts[0])) == sorted(re.findall(r"{(\w+)}", texts[1])), name
    sources = "".join(path.read_text() for path in (ROOT / "service/page").glob("*.js") if path.name != "words.js")
    sources += (ROOT / "service/page/index.html").read_text()
    for asked in re.findall(r'\b(?:text|textOf)\("([\w.]+)"|data-(?:text|label)="(\w+)"', sources):
        assert "".join(asked) in names or f'{"".join(asked)}One' in names, asked
