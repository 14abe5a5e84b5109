"""The rules are judged by promtool, on series that the built binary makes (LEAKLAB_BINARY, or build/release/leaklab)."""

import concurrent.futures
import functools
import pathlib
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
def fixes(tmp_path_factory):
    """fixes(windows): the table of all fixes, made once for the rules of leaklab and of other services."""
    return functools.cache(lambda windows: sets.fixes(windows, tmp_path_factory.mktemp("fixes")))


@pytest.fixture(scope="session")
def decoy(tmp_path_factory):
    """decoy(windows, name): likewise."""
    return functools.cache(lambda windows, name: sets.decoy(windows, name, tmp_path_factory.mktemp("decoy")))


def pytest_collection_modifyitems(items):
    """Last what waits for the recording."""
    items.sort(key=lambda item: item.module.__name__ == "test_live")
