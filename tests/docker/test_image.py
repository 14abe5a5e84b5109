"""The image: what is in it, how it runs without rights and without a writable file, and how it stops."""

import contextlib
import json
import re
import time
import urllib.request

import pytest

import engine

MEGABYTE = 1000 * 1000


@contextlib.contextmanager
def running(docker, *options, command=()):
    """A container on the machine's own network, on a port that is given to it; stopped at the end if the test has not."""
    name = docker.run("run", "--detach", "--network", "host", "--env", "LEAKLAB_LISTEN=127.0.0.1:0",
                      "--env", "LEAKLAB_LOG_FORMAT=json", *options, "leaklab", *command).stdout.strip()
    try:
        yield name
    finally:
        docker.run("rm", "--force", "--volumes", name)


def eventually(ask, timeout=60):
    end = time.monotonic() + timeout
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
    return answer


def address(docker, name):
    def listening():
        for line in docker.run("logs", name).stderr.splitlines():
            if '"listening"' in line:
                return json.loads(line)["address"]
        return None

    return eventually(listening)


def get(where, path):
    with urllib.request.urlopen(f"http://{where}{path}", timeout=20) as answer:
        return answer.read().decode()


def test_is_small_and_has_no_sources(docker, image):
    assert image["Size"] < 100 * MEGABYTE
    found = docker.run("run", "--rm", "--network", "none", "--entrypoint", "sh", "leaklab", "-c",
                       "command -v gcc cmake curl git python3; ls -A /source /stage /var/lib/apt/lists 2>&1; true")
    assert "/bin/" not in found.stdout, found.stdout
    assert found.stdout.count("No such file") == 2, found.stdout


def test_every_library_is_there_and_none_is_spare(docker, image):
    listed = docker.run("run", "--rm", "--network", "none", "--entrypoint", "sh", "leaklab", "-c",
                        "ldd /usr/local/bin/leaklab; ldd /usr/lib/*/libcurl.so.4; echo libcurl.so.4").stdout  # which it loads by itself
    assert "not found" not in listed and "No such file" not in listed
    wanted = re.search(r"^FROM (?!.* AS ).*?install -y --no-install-recommends \\\n(.*?)\n +&&",
                       (engine.ROOT / "docker/Dockerfile").read_text(), re.M | re.S).group(1).replace("\\", "").split()
    for package in wanted:
        files = docker.run("run", "--rm", "--network", "none", "--entrypoint", "dpkg", "leaklab", "-L", package).stdout
        assert any(name.rpartition("/")[2] in listed for name in files.split() if ".so." in name), package


def test_says_what_it_is(image):
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "leaklab"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.revision"] == engine.revision()
    version = re.search(r"project\(leaklab VERSION (\S+)", (engine.ROOT / "CMakeLists.txt").read_text()).group(1)
    assert labels["org.opencontainers.image.version"] == version


def test_shows_the_revision(docker, image):
    assert f"({engine.revision()})" in docker.run("run", "--rm", "--network", "none", "leaklab", "--version").stdout


def test_runs_as_nobody_on_a_read_only_root_and_stops_at_once(docker, image):
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image["Config"]["User"])
    with running(docker, "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=256m") as name:
        where = address(docker, name)
        eventually(lambda: 'leaklab_tasks{pattern="recv",variant="leak",state="recv"}' in get(where, "/metrics"))
        assert json.loads(get(where, "/readyz")) == {"status": "ready"}
        limit = float(re.search(r"^leaklab_limit_heap_bytes (\S+)$", get(where, "/metrics"), re.M).group(1))
        assert limit <= 256 * 2 ** 20
        processes = docker.run("top", name, "-o", "pid,uid,args").stdout.splitlines()[1:]
        assert [line.split()[1] for line in processes] == ["65534"]
        docker.run("stop", "--time", "30", name)
        state = docker.inspect(name)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
        assert '"stopped"' in docker.run("logs", name).stderr


@pytest.mark.parametrize("mode", ["leak-file", "leak-socket", "leak-handle", "leak-thread"])
def test_what_patterns_really_open_can_be_opened_there(docker, image, mode):
    with running(docker, "--read-only", "--cap-drop=ALL", command=["serve"]) as name:
        where = address(docker, name)
        with urllib.request.urlopen(f"http://{where}/scenario", f"mode={mode}&name=it".encode(), timeout=20) as answer:
            assert answer.status == 201
        eventually(lambda: re.search(r"^leaklab_resources\{.*\} [1-9]", get(where, "/metrics"), re.M))


def health(docker, name):
    return docker.inspect(name)["State"]["Health"]


def test_becomes_healthy(docker, image):
    """The check follows LEAKLAB_LISTEN, so that it needs no setting of its own."""
    with running(docker, "--health-interval=200ms", "--env", "LEAKLAB_LISTEN=0.0.0.0:19777") as name:
        eventually(lambda: health(docker, name)["Status"] == "healthy")
        assert "healthy: http://127.0.0.1:19777/healthz answers: ok" in health(docker, name)["Log"][-1]["Output"]


def test_a_daemon_that_hangs_becomes_unhealthy(docker, image):
    with running(docker, "--health-interval=200ms", "--health-timeout=1s", "--health-start-period=0s",
                 "--env", "LEAKLAB_LISTEN=127.0.0.1:19778", "--env", "LEAKLAB_TIMEOUT=100ms") as name:
        eventually(lambda: health(docker, name)["Status"] == "healthy")
        docker.run("kill", "--signal", "STOP", name)
        eventually(lambda: health(docker, name)["Status"] == "unhealthy")
        assert "timed out" in health(docker, name)["Log"][-1]["Output"]
        docker.run("kill", "--signal", "CONT", name)
        eventually(lambda: health(docker, name)["Status"] == "healthy")
