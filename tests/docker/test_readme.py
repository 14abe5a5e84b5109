"""The commands of the README's "A leak on your dashboard in two minutes"."""

import re
import subprocess

import pytest

import engine


def commands():
    text = (engine.ROOT / "README.md").read_text()
    section = re.search(r"^## A leak on your dashboard in two minutes\n(.*?)^## ", text, re.M | re.S).group(1)
    return [line for block in re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S) for line in block.splitlines()]


# `docker compose -f docker/compose.yaml` of a line, on the test's engine and ports.
PRELUDE = """\
docker() {
    local word words=()
    shift
    for word in "$@"; do
        case $word in docker/compose.yaml) words+=("$FILE" --project-directory "$FOLDER") ;; *) words+=("$word") ;; esac
    done
    docker-compose "${words[@]}"
}
set -e
"""


def run(stack, line, **settings):
    environment = {**stack.docker.environment, "FILE": str(stack.file), "FOLDER": str(engine.COMPOSE_FILE.parent), **settings}
    told = subprocess.run(["bash", "-c", PRELUDE + line], env=environment, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=300, check=False)
    assert told.returncode == 0, f"{line}: {told.stdout[-2000:]}\n{told.stderr[-2000:]}"
    return told.stdout


def test_compose_and_curl_do_what_it_says(composed):
    replicas = {0: 1, 2: 3}  # after which line there are how many
    with composed() as stack:
        for number, line in enumerate(commands()[:4]):
            told = run(stack, line.replace("curl ", "curl -sSf ", 1))
            assert "curl" not in line or '"mine"' in told, told
            if number in replicas:
                stack.shows('up{job="leaklab"} == 1', lambda values, wanted=replicas[number]: len(values) == wanted)
        assert stack.containers("leaklab") == []


def test_a_drill_is_scored(composed):
    """By the line of the README, with the shortest drill there is in the place of a quarter of an hour of them."""
    with composed() as stack:
        up, down = commands()[4:6]
        assert "1 of 1 drill passed" in run(stack, up, LEAKLAB_DRILLS="limit.yaml")
        (drill,) = stack.containers("drill")
        assert drill["State"]["ExitCode"] == 0
        run(stack, down)
        assert stack.containers("drill") == stack.containers("drill-target") == []


def test_kubernetes_folders_are_there():
    text = (engine.ROOT / "README.md").read_text()
    folders = re.findall(r"kubectl apply -k (\S+?)`", text)
    assert len(folders) == 2
    for folder in folders:
        assert (engine.ROOT / folder / "kustomization.yaml").is_file()


@pytest.mark.parametrize("at", [6, 7, 8])
def test_the_other_commands_are_known(at):
    """tests/integration/test_readme.py runs the last one; the first two are script/run and an installation."""
    assert commands()[at].startswith(("script/run &", "apt-get install", "prometheus --config.file=docker/prometheus/local.yml"))
