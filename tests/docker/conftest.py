"""One engine for all tests; where none can be started, they are skipped, and the reason is said."""

import contextlib
import shutil
import tempfile

import pytest

import engine
from stack import Stack


@pytest.fixture(scope="session")
def docker():
    folder = tempfile.mkdtemp(prefix="leaklab-docker-")
    try:
        server = engine.Engine(folder)
    except engine.NoEngine as reason:
        shutil.rmtree(folder)
        pytest.skip(str(reason))
    try:
        try:
            server.import_base()
            server.try_it()
        except engine.NoEngine as reason:
            pytest.skip(str(reason))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def image(docker):
    """The image `leaklab`."""
    docker.build_leaklab()
    return docker.inspect("leaklab")


@pytest.fixture(scope="session")
def composed(docker, image, tmp_path_factory):
    """composed(): a context in which compose.yaml is up."""
    tried = docker.run("network", "create", "leaklab-try", check=False)
    if tried.returncode != 0:
        pytest.skip(f"no network can be made here: {tried.stderr.strip()}")
    docker.run("network", "rm", "leaklab-try")
    try:
        docker.build_stand_in("prometheus", "prometheus")
        docker.build_stand_in("alertmanager", "prometheus-alertmanager")
        docker.build_grafana_stand_in()
    except engine.NoEngine as reason:
        pytest.skip(str(reason))

    @contextlib.contextmanager
    def start():
        stack = Stack(docker, tmp_path_factory.mktemp("compose"))
        try:
            yield stack
        finally:
            print(stack.compose("logs", "--no-color", "--tail=50", check=False).stdout)
            stack.compose("down", "--volumes", "--timeout", "5", check=False)

    return start
