"""What the README says about one's own patterns and about a Prometheus: files, commands, and what they print."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

import leaklab
from leaklab import BINARY, ROOT, environment


def section(title):
    text = (ROOT / "README.md").read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)^## ", text, re.M | re.S).group(1)


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def shell(command, folder):
    path = f"{BINARY.parent}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment(PATH=path), text=True,
                          capture_output=True, timeout=60, check=False)


def write_example(folder):
    (folder / "mine").mkdir()
    (example,) = blocks(section("Your own patterns"), "yaml")
    (folder / "mine" / "cart.yaml").write_text(example)


def test_the_commands_print_what_it_says(tmp_path):
    write_example(tmp_path)
    ran = 0
    for block in blocks(section("Your own patterns"), "console"):
        for command in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, _, printed = command.partition("\n")
            told = shell(line, tmp_path)
            assert (told.returncode, told.stderr) == (0, ""), line
            assert told.stdout == printed, line
            ran += 1
    assert ran == 3


def test_the_requests_do_what_it_says(daemon, tmp_path):
    write_example(tmp_path)
    (block,) = blocks(section("Your own patterns"), "sh")
    statuses = []
    for line in block.splitlines():
        command = line.replace("localhost:9777", daemon.address).replace("curl ", "curl -sS -o answer -w '%{http_code}' ", 1)
        told = shell(command, tmp_path)
        assert (told.returncode, told.stderr) == (0, ""), line
        statuses.append(int(told.stdout))
        said = re.search(r"# (\d+),", line)
        assert said is None or statuses[-1] == int(said.group(1)), line
    assert statuses == [201, 201, 200, 200, 200]
    assert daemon.get("/patterns/cart").status == 404


def test_the_folder_serves(serve, tmp_path):
    write_example(tmp_path)
    daemon = serve("--patterns", tmp_path / "mine")
    assert daemon.get("/patterns/cart").json()["own"] is True


@pytest.mark.limit(150)
def test_a_prometheus_without_compose(daemon, tmp_path):
    """The daemon and the Prometheus are on other ports than it says, and the data is elsewhere."""
    (line,) = re.findall(r"^(prometheus .*local\.yml .*) &$", section("A leak on your dashboard in two minutes"), re.M)
    where = f"127.0.0.1:{leaklab.free_port()}"
    shutil.copytree(ROOT / "docker/prometheus", tmp_path / "docker/prometheus")
    local = tmp_path / "docker/prometheus/local.yml"
    local.write_text(local.read_text().replace("127.0.0.1:9777", daemon.address))
    with subprocess.Popen(line.replace("127.0.0.1:9091", where).split(), cwd=tmp_path, stderr=subprocess.DEVNULL) as server:
        try:
            shows(where, "up", lambda found: [each["value"][1] for each in found] == ["1"])
            daemon.spawn("leak-recv", n=10)
            shows(where, "sum by (pattern, variant) (leaklab_tasks)", lambda found: found[0]["value"][1] == "11")
            with urllib.request.urlopen(f"http://{where}/api/v1/rules", timeout=10) as answer:
                groups = json.load(answer)["data"]["groups"]
            assert any(rule["type"] == "alerting" for group in groups for rule in group["rules"])
        finally:
            server.terminate()


def shows(where, expression, wanted):
    query = urllib.parse.urlencode({"query": expression})

    def ask():
        try:
            with urllib.request.urlopen(f"http://{where}/api/v1/query?{query}", timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except (urllib.error.URLError, OSError):
            return []

    leaklab.eventually(ask, lambda found: found and wanted(found), 60, expression)
