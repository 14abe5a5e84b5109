"""Pictures of the page in build/screenshots/, and of those that the README shows in docs/pictures/ (see script/screenshots)."""

import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from browser import Browser  # noqa: E402
from leaklab import Daemon, eventually  # noqa: E402

OUT = ROOT / "build/screenshots"
README = ROOT / "docs/pictures"
STARTS = 40  # of the leak, one a second, before it is cancelled
AFTER_SECONDS = 12  # that are shown after that
PATIENCE_SECONDS = 300

# name: width, theme, language, what of the page (None: all of it), whether the README shows it
PICTURES = {
    "page-curve-light": (1200, "light", "en-US", "#_curve", True),
    "page-curve-dark": (1200, "dark", "en-US", "#_curve", True),
    "page-place-light": (1200, "light", "en-US", "#_place", True),
    "page-place-dark": (1200, "dark", "en-US", "#_place", True),
    "page-light": (1280, "light", "en-US", None, False),
    "page-dark": (1280, "dark", "en-US", None, False),
    "page-phone": (360, "light", "en-US", None, False),
    "page-phone-chinese": (360, "dark", "zh-CN", None, False),
    "page-chinese": (1280, "light", "zh-CN", None, False),
    "page-wall": (2400, "light", "en-US", None, False),
}


def grow(daemon):
    """A leak beside its fix, which serves the same load; then both are cancelled, and the leak stays."""
    daemon.spawn("fix-recv", n=10, rate="20/s", shape="wave", shape_period="20s", linger="4s", name="service")
    daemon.spawn("leak-recv", n=50, rate="1/s", name="the-bug")
    eventually(lambda: daemon.get("/scenario/the-bug").json()["starts"], lambda starts: starts >= STARTS, PATIENCE_SECONDS)
    daemon.request("DELETE", "/scenario/the-bug")
    ends = daemon.get("/timeline").json()["now_ms"] + AFTER_SECONDS * 1000
    eventually(lambda: daemon.get("/timeline").json()["now_ms"], lambda now: now >= ends, PATIENCE_SECONDS)


def measure(driver, width, height, theme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})


def take(browser, daemon, name):
    width, theme, language, part, shown = PICTURES[name]
    page = browser.open(daemon, "/#recv", language=language)
    driver = page.driver
    measure(driver, width, 900, theme)
    page.wait_until_says("#place .line.is-leaked .count", bool)
    height = driver.execute_script("return document.documentElement.scrollHeight")
    measure(driver, width, height, theme)
    rows = page.text("value-leaked")
    page.wait_for("value-leaked", lambda told: told == rows)
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    path = str(OUT / f"{name}.png")
    if part is None:
        driver.save_screenshot(path)
    else:
        page.find(part).screenshot(path)
    browser.close_pages()
    if shown:
        shutil.copy(path, README)
    print(path)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--judge-interval", "1s", log=pathlib.Path(folder) / "daemon.log")
        browser = Browser(pathlib.Path(folder), "--hide-scrollbars")
        try:
            grow(daemon)
            for name in PICTURES:
                take(browser, daemon, name)
        finally:
            browser.quit()
            daemon.stop()


main()
