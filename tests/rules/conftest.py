"""The rules are judged by promtool, on series that the built binary makes (LEAKLAB_BINARY, or build/release/leaklab)."""

import concurrent.futures
import fcntl
import functools
import os
import pathlib
import pickle
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import leaklab  # noqa: E402
import sets  # noqa: E402


def pytest_configure():
    if not leaklab.BINARY.exists():
        pytest.exit(f"{leaklab.BINARY} is not built; script/test builds it, LEAKLAB_BINARY names another", 4)
    if not shutil.which("promtool"):
        pytest.exit("promtool is not on PATH; script/test puts it there", 4)


@pytest.fixture(scope="session", autouse=True)
def recording(request, tmp_path_factory):
    """What test_live.py records, which takes its time while other tests run; None where that file was not asked for."""
    module = next((item.module for item in request.session.items if item.module.__name__ == "test_live"), None)
    if module is None:
        yield None
        return
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool.submit(module.record, tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """once(make, *arguments): what make(*arguments, folder) returns, made by the first of pytest's processes that asks; the others
    wait for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    @functools.cache
    def made(make, *arguments):
        place = shared / "-".join((make.__name__, *(getattr(each, "name", each) for each in arguments)))
        with open(f"{place}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                place.write_bytes(pickle.dumps(make(*arguments, tmp_path_factory.mktemp(place.name))))
            return pickle.loads(place.read_bytes())

    return made


@pytest.fixture(scope="session")
def fixes(once):
    """fixes(windows): the table of all fixes, for the rules of leaklab and of other services."""
    return functools.partial(once, sets.fixes)


@pytest.fixture(scope="session")
def decoy(once):
    """decoy(windows, name): likewise."""
    return functools.partial(once, sets.decoy)


def pytest_collection_modifyitems(items):
    """Last what waits for the recording."""
    items.sort(key=lambda item: item.module.__name__ == "test_live")
