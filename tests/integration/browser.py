"""Debian's chromium, driven by python3-selenium, for tests of the page. Nothing in it talks to anybody but the daemon."""

import shutil

import pytest

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", "--no-default-browser-check",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--window-size=1200,900")


def missing():
    """What is not there of what a browser test needs; None when all is."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "python3-selenium"
    for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver")):
        if shutil.which(program) is None:
            return package
    return None


def open_browser(profile, *flags):
    """A headless browser with a profile of its own, a folder that is not there yet."""
    if missing() is not None:
        pytest.skip(f"no browser: the Debian package {missing()} is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
