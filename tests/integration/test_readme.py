"""What the README says: each request of curl, one's own patterns, a Prometheus and a month in seconds, with what they print."""

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
import test_prometheus
from leaklab import BINARY, ROOT, environment


def section(title):
    text = (ROOT / "README.md").read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)^## ", text, re.M | re.S).group(1)


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def shell(command, folder, timeout=60):
    path = f"{BINARY.parent}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment(PATH=path), text=True,
                          capture_output=True, timeout=timeout, check=False)


def write_example(folder):
    (folder / "mine").mkdir()
    (example,) = blocks(section("Your own patterns"), "yaml")
    (folder / "mine" / "cart.yaml").write_text(example)


@pytest.mark.release
def test_the_two_curves_are_printed_as_it_says(tmp_path):
    """Tasks to the one, and heap within a twentieth: each pattern of the catalogue takes a little."""
    (block,) = blocks(section("The two curves in the terminal"), "console")
    runs = re.findall(r"^\$ (.*)\n((?:\[.*\n)+)", block, re.M)
    figure = re.compile(r"(?<=heap_alloc=)[0-9.]+|(?<=heap_objects=)\d+")
    for command, printed in runs:
        told = shell(command, tmp_path)
        assert figure.sub("", told.stdout) == figure.sub("", printed), command
        assert [float(each) for each in figure.findall(told.stdout)] == \
            pytest.approx([float(each) for each in figure.findall(printed)], rel=0.05), (command, told.stdout)
    assert len(runs) == 2


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


def curls():
    """All lines that ask the daemon of the README, but those of one's own patterns, which need a file."""
    text = (ROOT / "README.md").read_text().replace(section("Your own patterns"), "")
    lines = "".join(blocks(text, "sh") + blocks(text, "console")).replace("$ curl", "curl").splitlines()
    return [line for line in lines if re.match(r"curl .*(localhost|127\.0\.0\.1):9777/", line)]


def test_each_request_is_answered(daemon, tmp_path):
    (tmp_path / "FILE").write_text("0123456789abcdef\n")
    asked = curls()
    for line in asked:
        request = re.sub(r"(localhost|127\.0\.0\.1):9777", daemon.address, line.partition(" | ")[0])
        told = shell(request.replace("curl ", "curl -sS -o answer -w '%{http_code}' ", 1), tmp_path)
        wanted = "422" if "leek-recv" in line else "20"
        assert told.returncode == 0 and told.stdout.startswith(wanted), (line, told, (tmp_path / "answer").read_text())
    assert len(asked) > 10


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


DAY = 24 * 3600


def simulated(folder):
    """The month of the README, with a quarter of the scrapes and few looks of the judge; and the line that starts a Prometheus."""
    first = blocks(section("A month in seconds"), "sh")[0]
    commands, _, server = first.rstrip("\n").rpartition("\n")
    commands = commands.replace("--out month.om", "--scrape-interval 1m --judge-interval 1h --out month.om")
    assert commands.endswith(" month.om data")
    told = shell("set -e\n" + commands.removesuffix("data") + "tsdb", folder, timeout=200)
    assert told.returncode == 0, told.stderr
    assert ".om" in told.stderr
    return server


@pytest.mark.release
@pytest.mark.limit(300)
def test_a_month_is_simulated_and_loaded(tmp_path):
    """Thirty days with a leak of one task a minute below a day's wave, in a Prometheus."""
    line = simulated(tmp_path).split()
    begin = int(re.search(r"^[a-z_]+\{.* (\d+)$", (tmp_path / "month.om").open().read(65536), re.M).group(1))
    assert line[:2] == ["prometheus", "--storage.tsdb.path=data"] and line[-1].startswith("--config.file=")
    server = test_prometheus.Prometheus(tmp_path, f"127.0.0.1:{leaklab.free_port()}", *line[2:-1])
    try:
        leaklab.eventually(server.ready, timeout=60, what="a ready Prometheus")
        leak = 'leaklab_tasks{job="leaklab",pattern="recv",variant="leak",state="recv"}'
        for day in (1, 7, 30):
            assert server.query(f"{leak} @ {begin + day * DAY}") == day * 24 * 60
        night = server.query(f'sum(leaklab_tasks{{variant="fix"}} @ {begin + 10 * DAY})')
        noon = server.query(f'sum(leaklab_tasks{{variant="fix"}} @ {begin + 10 * DAY + DAY // 2})')
        assert night < noon / 5
        assert server.query(f"count(count_over_time({leak}[30d] @ {begin + 30 * DAY}))") == 1
    finally:
        server.stop()


@pytest.mark.one_thread
def test_events_are_read_and_take_place(tmp_path):
    """Those of the README, of which the first days will do: a restart of all on the second, and one of the first each night."""
    (example,) = blocks(section("A month in seconds"), "yaml")
    (tmp_path / "events.yaml").write_text(example)
    told = shell("leaklab simulate --scenario events.yaml --for 2d1h --scrape-interval 1m --judge-interval 1h "
                 "--match up --out up.om", tmp_path)
    assert told.returncode == 0, told.stderr
    up = re.findall(r'^up\{job="leaklab",instance="127.0.0.1:(\d+)"\} (\d) \d+$', (tmp_path / "up.om").read_text(), re.M)
    values = {port: [value for whose, value in up if whose == port] for port in ("9777", "9778", "9779")}
    assert {len(all_) for all_ in values.values()} == {len(up) // 3} == {49 * 60 + 1}
    missed = {port: all_.count("0") / len(all_) for port, all_ in values.items()}
    assert all(0.004 < share < 0.02 for share in missed.values()), missed


RULES = """\
groups:
  - name: g
    rules:
      - {alert: Leaking, expr: 'leaklab_tasks{variant="leak",state="recv"} > 300'}
"""
ALERTS = """\
    alert_rule_test:
      - {eval_time: 5h, alertname: Leaking, exp_alerts: []}
      - eval_time: 5h2m
        alertname: Leaking
        exp_alerts: [{exp_labels: {job: leaklab, instance: "127.0.0.1:9777", pattern: recv, variant: leak, state: recv}}]
"""


@pytest.mark.one_thread
def test_rules_are_tested_as_it_says(tmp_path):
    month, test = blocks(section("A month in seconds"), "sh")
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "alerts.yml").write_text(ALERTS)
    told = shell(month.partition("EOF\nleaklab")[0] + "EOF\n" + test, tmp_path)
    assert told.returncode == 0 and "SUCCESS" in told.stdout, told
    (tmp_path / "alerts.yml").write_text(ALERTS.replace("5h,", "5h2m,"))
    told = shell(test, tmp_path)
    assert told.returncode == 1 and "FAILED" in told.stdout + told.stderr, told
