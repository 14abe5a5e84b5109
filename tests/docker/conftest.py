"""One engine for all tests; where none can be started, they are skipped, and the reason is said."""

import shutil
import subprocess
import tempfile

import pytest

import engine


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
def revision():
    told = subprocess.run(["git", "-C", engine.ROOT, "rev-parse", "--short=12", "HEAD"], text=True, capture_output=True,
                          check=False)
    return told.stdout.strip() or "none"


@pytest.fixture(scope="session")
def image(docker, revision):
    """The image `leaklab`."""
    docker.build_leaklab(revision)
    return docker.inspect("leaklab")
