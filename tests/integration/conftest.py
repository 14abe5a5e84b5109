"""Fixtures: a daemon for a test, stopped cleanly at its end, with its log in the report when something failed."""

import signal

import pytest

import browser
import leaklab

DEFAULT_LIMIT_SECONDS = 60


def pytest_configure():
    if not leaklab.BINARY.exists():
        pytest.exit(f"{leaklab.BINARY} is not built; script/test builds it, LEAKLAB_BINARY names another", 4)


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items
                if (leaklab.sanitized() and item.get_closest_marker("release"))
                or (leaklab.sanitized("thread") and item.get_closest_marker("one_thread"))]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Ends a test that hangs, set-up and teardown included."""
    marker = item.get_closest_marker("limit")
    seconds = marker.args[0] if marker else DEFAULT_LIMIT_SECONDS

    def hang(_number, _frame):
        raise TimeoutError(f"not done after {seconds} s")

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(seconds * (4 if leaklab.sanitized() else 1))
    yield
    signal.alarm(0)


def stop_cleanly(daemon):
    """Stops the daemon: exit 0, and not a word from a sanitizer or a CHECK."""
    try:
        code = daemon.stop()
    finally:
        log = daemon.log.read_text(errors="replace")
        print(f"--- log of {daemon.address}\n{log[-8000:]}")
    assert code == 0, f"exit code {code}"
    for word in ("Sanitizer", "runtime error:", ": bug:"):
        assert word not in log


@pytest.fixture
def serve(tmp_path):
    """serve(*arguments, NAME=value...) starts a daemon; all are stopped at the end of the test."""
    daemons = []

    def start(*arguments, **extra):
        daemon = leaklab.Daemon(*arguments, log=tmp_path / f"daemon-{len(daemons)}.log", **extra)
        daemons.append(daemon)
        return daemon

    yield start
    for daemon in daemons:
        stop_cleanly(daemon)


@pytest.fixture
def daemon(serve):
    """A daemon of the test's own."""
    return serve()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One daemon for all tests of a file that leave nothing behind in it."""
    daemon = leaklab.Daemon(log=tmp_path_factory.mktemp("shared") / "daemon.log")
    yield daemon
    stop_cleanly(daemon)


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory):
    opened = browser.Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.quit()


@pytest.fixture
def browse(one_browser):
    """browse(daemon, path, ...) opens its page in a tab of its own: see browser.Browser.open."""
    yield one_browser.open
    one_browser.close_pages()
