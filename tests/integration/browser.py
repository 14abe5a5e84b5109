"""Debian's chromium, driven by python3-selenium, for tests of the page. Nothing in it talks to anybody but the daemon."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from leaklab import eventually

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", "--no-default-browser-check",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--window-size=1200,900", "--lang=en-US", "--accept-lang=en-US",
         "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows")
PATIENCE_SECONDS = 60  # for what the page is to show; only ends a test that would hang


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


def _chrome():
    """Selenium and the driver ask for each other by the name localhost, which not every machine knows: the one finds the driver
    by its address, and the other a browser that runs already."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common import utils

    class ByAddress(Service):
        @property
        def service_url(self):
            return f"http://127.0.0.1:{self.port}"

        def is_connectable(self):
            return utils.is_connectable(self.port, "127.0.0.1")

    class Chrome(webdriver.Chrome):
        def __init__(self, process, port):
            self.process = process
            options = webdriver.ChromeOptions()
            options.debugger_address = f"127.0.0.1:{port}"
            options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
            super().__init__(options=options, service=ByAddress(shutil.which("chromedriver")))

        def quit(self):
            try:
                super().quit()
            finally:
                _end(self.process)

    return Chrome


def _end(process):
    process.terminate()
    process.wait(PATIENCE_SECONDS)


def _open_driver(folder, *flags):
    """A headless browser with a profile of its own, below a folder."""
    if missing() is not None:
        pytest.skip(f"no browser: the Debian package {missing()} is not installed")
    profile = pathlib.Path(tempfile.mkdtemp(prefix="profile-", dir=folder))
    with open(profile / "log", "wb") as log:
        process = subprocess.Popen([shutil.which("chromium"), *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", *flags,
                                    "about:blank"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    told = profile / "DevToolsActivePort"
    try:
        port = eventually(lambda: told.exists() and told.read_text().partition("\n")[0], what="the browser's port")
        return _chrome()(process, port)
    except BaseException:
        _end(process)
        raise


class Browser:
    """A browser, started when the first page is opened, since that takes longer than what most tests do in it. Each page has a
    tab of its own, with a language of its own; nothing of it is left when it is closed."""

    def __init__(self, folder, *flags):
        self.folder = folder
        self.flags = flags
        self.driver = None
        self.rest = None  # the tab that stays
        self.pages = []

    def open(self, daemon, path="/", contact=("Live", "\u5b9e\u65f6"), language="en-US"):
        """The page of a daemon, once it says that all is well, or `contact`."""
        if self.driver is None:
            self.driver = _open_driver(self.folder, *self.flags)
            self.rest = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        agent = self.driver.execute_cdp_cmd("Browser.getVersion", {})["userAgent"]
        self.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})
        self.pages.append(Page(self.driver, daemon))
        self.pages[-1].load(path, contact)
        return self.pages[-1]

    def close_pages(self):
        """A browser that cannot do so is given up: the next page is opened in another."""
        from selenium.common.exceptions import WebDriverException

        try:
            while self.pages:
                self.pages.pop().close()
            if self.driver is not None:
                self.driver.switch_to.window(self.rest)
                self.driver.get_log("browser")
                self.driver.get_log("performance")
        except WebDriverException:
            self.quit()

    def quit(self):
        driver, self.driver, self.pages = self.driver, None, []
        if driver is not None:
            driver.quit()


class Page:
    """The page of a daemon, in a tab. What it waits for, it waits for by looking."""

    def __init__(self, driver, daemon):
        self._driver = driver
        self._tab = driver.current_window_handle
        self.origin = f"http://{daemon.address}"

    @property
    def driver(self):
        """Turned to this page's tab."""
        if self._driver.current_window_handle != self._tab:
            self._driver.switch_to.window(self._tab)
        return self._driver

    def load(self, path, contact):
        self.driver.get(f"{self.origin}{path}")
        self.wait_for("contact", lambda told: told.startswith(contact))

    def close(self):
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.origin, "storageTypes": "all"})
        self.driver.close()

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, name):
        """What an element says, seen or not, read in one step: the page may replace it at any time."""
        return self.driver.execute_script("return document.getElementById(arguments[0])?.textContent ?? ''", name)

    def says(self, selector):
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def shows(self, selector):
        """Whether it is there and can be seen."""
        return self.driver.execute_script("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def value(self, name):
        return self.text(f"value-{name}")

    def wait_for(self, name, wanted):
        return eventually(lambda: self.text(name), wanted, timeout=PATIENCE_SECONDS, what=f"#{name}")

    def wait_until_says(self, selector, wanted):
        return eventually(lambda: self.says(selector), wanted, timeout=PATIENCE_SECONDS, what=selector)

    def click(self, selector):
        eventually(lambda: self.shows(selector), timeout=PATIENCE_SECONDS, what=selector)
        self.driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    def write(self, selector, words):
        """As typing does: the field has it, and hears of it."""
        self.driver.execute_script(
            "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', {bubbles: true}));"
            "field.dispatchEvent(new Event('change', {bubbles: true}));", selector, words)

    def complaints(self):
        """What the console says, but for what the daemon's absence made fail."""
        return [entry for entry in self.driver.get_log("browser") if "net::ERR_CONNECTION" not in entry["message"]]

    def requests(self):
        """Addresses that it has asked for; what the browser has within itself is left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("chrome:", "data:"))]

    def check_manners(self):
        """It has asked nobody but its daemon, and the console is silent."""
        assert self.complaints() == []
        asked = self.requests()
        assert asked and all(url.startswith(self.origin) for url in asked), asked
