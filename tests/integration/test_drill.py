"""Drills against a real Prometheus, which scrapes and evaluates every second; and against things that are none."""

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree

import pytest

import leaklab
import test_tls
from leaklab import ROOT

# The rules of docker/prometheus/rules, as far as a few seconds can show them.
RULES = """
groups:
  - name: quick
    interval: 1s
    rules:
      - {alert: TasksStuck, expr: 'sum without (state) (leaklab_tasks_leaked{verdict="stuck"}) > 0', for: 1s}
      - {alert: TasksEndless, expr: 'leaklab_tasks_leaked{verdict="endless"} > 0', for: 1s}
      - {alert: TasksMany, expr: 'sum without (state) (leaklab_tasks{variant="leak"}) > 200'}
      - {alert: Slow, expr: 'vector(1)', for: 1h}
      - {alert: Elsewhere, expr: 'label_replace(vector(1), "instance", "elsewhere:1", "", "")'}
      - {alert: LeaklabDown, expr: 'up{job="leaklab"} == 0', for: 1s}
"""

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: leaklab
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

STUCK = """
drill: {name}
scenarios:
  - {{mode: leak-recv, n: 1, rate: 10/s, linger: 100ms}}
  - {{mode: fix-recv, n: 1, rate: 10/s, linger: 100ms}}
expect:
  - {{alert: {alert}, within: {within}, labels: {{pattern: recv, variant: leak}}}}
resolve: 30s
"""


class Prometheus:
    """With the rules of a file, for a daemon on a port of its own."""

    def __init__(self, folder, rules):
        self.port = leaklab.free_port()
        self.daemon = f"127.0.0.1:{leaklab.free_port()}"
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        (folder / "rules.yml").write_text(rules)
        (folder / "prometheus.yml").write_text(CONFIG.format(rules=folder / "rules.yml", port=self.daemon.split(":")[1]))
        program = shutil.which("prometheus")
        assert program, "prometheus is not on PATH; script/test puts it there"
        with open(folder / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            leaklab.eventually(self.ready, timeout=60, what="a ready Prometheus")
        except BaseException:
            self.stop()
            raise

    def ready(self):
        """It answers, and knows whom to scrape, which takes it some seconds."""
        assert self.process.poll() is None, (self.folder / "prometheus.log").read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/targets", timeout=5) as answer:
                return len(json.load(answer)["data"]["activeTargets"]) == 1
        except OSError:
            return False

    def command(self, *arguments):
        return ["drill", "--prometheus", self.url, "--poll", "200ms", *map(str, arguments)]

    def drill(self, *arguments, timeout=100):
        """Runs drills with a daemon of their own."""
        return leaklab.run(*self.command("--listen", self.daemon, *arguments), timeout=timeout, LEAKLAB_JUDGE_INTERVAL="1s")

    def start(self, *arguments):
        """The same, not waited for."""
        return subprocess.Popen([leaklab.BINARY, *self.command("--listen", self.daemon, *arguments)], text=True,
                                env=leaklab.environment(LEAKLAB_JUDGE_INTERVAL="1s"), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=leaklab.hear_hangups)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), RULES)
    yield server
    server.stop()


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def stuck(folder, name="recv", alert="TasksStuck", within="30s"):
    return write(folder, f"{name}.yaml", STUCK.format(name=name, alert=alert, within=within))


def port_is_free(address):
    return not leaklab.reachable(int(address.rpartition(":")[2]))


@pytest.mark.release
@pytest.mark.limit(120)
def test_drills_are_scored(prometheus, tmp_path):
    down = write(tmp_path, "down.json", json.dumps(
        {"drill": "down", "outage": "1s", "expect": [{"alert": "LeaklabDown", "within": "20s"}]}))
    told = prometheus.drill(stuck(tmp_path), down, "--json", "--junit", tmp_path / "report.xml")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert report["passed"] is True
    recv, outage = report["drills"]
    row, before = recv["alerts"]
    assert (before["alert"], before["outcome"]) == ("Slow", "left out")
    assert (row["alert"], row["outcome"], row["labels"]) == ("TasksStuck", "detected", {"pattern": "recv", "variant": "leak"})
    assert 0 < row["detected_after_seconds"] <= 30 and row["resolved_after_seconds"] > 0
    assert outage["alerts"][0]["outcome"] == "detected"
    suites = xml.etree.ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("recv", "0", "0"), ("down", "0", "0")]
    assert re.search(r'^recv: \S+: TasksStuck\{pattern="recv", variant="leak"\} fires$', told.stderr, re.M)
    assert port_is_free(prometheus.daemon)


@pytest.mark.release
@pytest.mark.limit(120)
def test_a_rule_that_was_broken_is_missed(tmp_path):
    server = Prometheus(tmp_path, RULES.replace('verdict="stuck"', 'verdict="stack"'))
    try:
        told = server.drill(stuck(tmp_path, within="5s"))
    finally:
        server.stop()
    assert told.returncode == 1, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0].startswith("recv: FAILED in ")
    assert re.fullmatch(r'TasksStuck\{pattern="recv", variant="leak"\} +within 5s +- +- +missed', lines[2])
    assert told.stdout.endswith('0 of 1 drill passed:\n  recv: TasksStuck{pattern="recv", variant="leak"} missed\n')


@pytest.mark.release
@pytest.mark.limit(120)
def test_a_false_alarm_fails_a_decoy(prometheus, tmp_path):
    quiet = write(tmp_path, "quiet.yaml", "drill: quiet\nwatch: 4s\nscenarios: [{mode: fix-recv, n: 10}]\n")
    loud = write(tmp_path, "loud.yaml", "drill: loud\nwatch: 4s\nallow: [TasksStuck]\nscenarios: [{mode: leak-recv, n: 300}]\n")
    told = prometheus.drill(quiet, loud, "--json")
    assert told.returncode == 1, told.stderr
    first, second = json.loads(told.stdout)["drills"]
    assert (first["passed"], len(first["alerts"])) == (True, 1)
    assert [(row["alert"], row["outcome"]) for row in second["alerts"]] == [("Slow", "left out"), ("TasksMany", "false alarm")]
    assert "TasksMany" in told.stderr and "a false alarm" in told.stderr


@pytest.mark.limit(120)
def test_an_interrupt_reclaims(prometheus, serve, tmp_path):
    daemon = serve("--judge-interval", "1s", listen=prometheus.daemon)
    process = subprocess.Popen(
        [leaklab.BINARY, *prometheus.command("--target", f"http://localhost:{daemon.port}", stuck(tmp_path, alert="TasksMany"))],
        env=leaklab.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    leaklab.eventually(lambda: daemon.get("/scenario").json()["scenarios"], lambda list_: len(list_) == 2, 60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted; what it started is reclaimed" in err
    assert out == "0 of 1 drill passed:\n  recv was not finished\n"
    for scenario in daemon.get("/scenario").json()["scenarios"]:
        assert (scenario["state"], scenario["tasks"]["live"]) == ("finished", 0), scenario


@pytest.mark.limit(120)
def test_a_daemon_that_wants_a_token(prometheus, serve, tmp_path):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    daemon = serve("--judge-interval", "1s", "--token-file", token, listen=prometheus.daemon)
    drill = prometheus.command("--target", f"http://{daemon.address}", stuck(tmp_path, alert="TasksMany"))
    told = leaklab.run(*drill)
    assert told.returncode == 2
    assert "token" in told.stderr, told.stderr
    for given in ({"LEAKLAB_TOKEN_FILE": str(token)}, {}):
        process = subprocess.Popen([leaklab.BINARY, *drill, *([] if given else ["--token-file", token])],
                                   env=leaklab.environment(**given), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            def live():
                answer = daemon.get("/scenario", Authorization="Bearer 0123456789abcdef").json()
                return [each for each in answer["scenarios"] if each["tasks"]["live"] > 0]
            leaklab.eventually(live, what="a scenario")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        assert process.returncode == 130 and not live()


@pytest.mark.limit(120)
@pytest.mark.parametrize("how", ["flag", "environment"])
def test_a_token_is_for_a_daemon_of_its_own_too(prometheus, tmp_path, how):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    flags = ["--token-file", token] if how == "flag" else []
    extra = {} if how == "flag" else {"LEAKLAB_TOKEN_FILE": str(token)}
    process = subprocess.Popen(
        [leaklab.BINARY, *prometheus.command("--listen", prometheus.daemon, *flags, stuck(tmp_path, alert="TasksMany"))],
        env=leaklab.environment(**extra), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        def live():
            return "mode" in urllib.request.urlopen(f"http://{prometheus.daemon}/scenario", timeout=5).read().decode()

        def started():
            try:
                return live()
            except OSError:
                return False
        leaklab.eventually(started, what="a scenario")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://{prometheus.daemon}/reset", data=b"", timeout=5)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


@pytest.mark.limit(60)
def test_a_daemon_at_https_is_believed_when_a_file_vouches_for_it(prometheus, serve, tmp_path):
    test_tls.make(tmp_path, "own")
    certificate = tmp_path / "own.pem"
    daemon = serve("--tls-cert", certificate, "--tls-key", tmp_path / "own.key", trust=test_tls.trusting(certificate))

    def drill(*more):
        return leaklab.run("drill", "--prometheus", prometheus.url, "--target", f"https://{daemon.address}", "--settle", "1s",
                           "--poll", "100ms", *more, stuck(tmp_path))

    refused = drill()
    assert refused.returncode == 2 and "certificate" in refused.stderr
    told = drill("--ca-file", certificate)
    assert told.returncode == 2 and "certificate" not in told.stderr and "scrape" in told.stderr
    absent = drill("--ca-file", tmp_path / "none")
    assert absent.returncode == 2 and "--ca-file" in absent.stderr and "No such file" in absent.stderr


@pytest.mark.limit(120)
def test_an_interrupt_that_cannot_reclaim_says_so(prometheus, serve, tmp_path):
    daemon = serve("--judge-interval", "1s", listen=prometheus.daemon)
    drill = prometheus.command("--target", f"http://{daemon.address}", stuck(tmp_path, alert="TasksMany"), "--json")
    process = subprocess.Popen([leaklab.BINARY, *drill], env=leaklab.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    leaklab.eventually(lambda: daemon.get("/scenario").json()["scenarios"], lambda list_: len(list_) == 2, 60)
    process.send_signal(signal.SIGSTOP)  # so that it sees neither before the other
    daemon.stop()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    said = "interrupted; what the drill started could not be reclaimed: "
    assert f"leaklab drill: {said}" in err and "is reclaimed" not in err
    error = json.loads(out)["drills"][0]["error"]
    assert error.startswith(said)
    lines = error.removeprefix(said).splitlines()
    assert len(lines) == 2 and all(line.startswith(f"the daemon at http://{daemon.address}: ") for line in lines)


@pytest.mark.limit(120)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_interrupt_ends_a_daemon_of_its_own(prometheus, tmp_path, number):
    process = prometheus.start(stuck(tmp_path, alert="TasksMany"))
    leaklab.eventually(lambda: not port_is_free(prometheus.daemon), timeout=60)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert port_is_free(prometheus.daemon)


@pytest.mark.limit(120)
def test_being_killed_leaves_no_daemon_and_no_half_report(prometheus, tmp_path):
    (tmp_path / "report.xml").write_text("old")
    process = prometheus.start(stuck(tmp_path, alert="TasksMany"), "--junit", tmp_path / "report.xml")
    leaklab.eventually(lambda: not port_is_free(prometheus.daemon), timeout=60)
    process.kill()
    process.communicate(timeout=60)
    leaklab.eventually(lambda: port_is_free(prometheus.daemon), what="the end of its daemon")
    assert (tmp_path / "report.xml").read_text() == "old"


# What is wrong, with which arguments, and what is said about it.
def refusals(prometheus, folder):
    fine = stuck(folder)
    return {
        "no such rule": ([stuck(folder, "other", alert="TasksStack")],
                         'TasksStack: no alerting rule is called so: did you mean "TasksStuck"?'),
        "a rule that waits too long": ([stuck(folder, "slow", alert="Slow")], "its rule waits for 1h0m"),
        "nobody there": (["--prometheus", f"http://127.0.0.1:{leaklab.free_port()}", fine], "Failed to connect"),
        "not a Prometheus": (["--prometheus", "http://" + prometheus.daemon, fine], "Failed to connect"),
        "no daemon": (["--target", f"http://127.0.0.1:{leaklab.free_port()}", fine], "Failed to connect"),
        "no leaklab": (["--target", prometheus.url, fine], "answers 404, but not as leaklab does"),
        "no such mode": ([write(folder, "mode.yaml", "drill: d\nwatch: 1s\nscenarios: [{mode: leek-recv}]\n")],
                         'd: /scenarios/0/mode: unknown mode "leek-recv": did you mean "leak-recv"?'),
        "not scraped": (["--listen", f"127.0.0.1:{leaklab.free_port()}", "--settle", "1s", fine],
                        f"its targets are {prometheus.daemon} (job leaklab)"),
        "no drill": ([write(folder, "none.yaml", "drill: d\nwatch: 1s\n")],
                     "none.yaml: /scenarios: is missing: what to start, or an outage"),
        "not YAML": ([write(folder, "bad.yaml", "drill: d\n  x: [\n")], "bad.yaml:2:"),
        "an empty file": ([write(folder, "empty.yaml", "")], "empty.yaml: the file is empty\n"),
        "the same name twice": ([write(folder, "names.yaml", "drill: d\nwatch: 1s\nscenarios:\n"
                                       "  - {mode: leak-recv, name: a}\n  - {mode: fix-recv, name: a}\n")],
                                "names.yaml: /scenarios/1: another has the same name\n"),
        "no file": ([folder / "absent.yaml"], "absent.yaml: No such file or directory"),
        "twice the same": ([fine, stuck(folder, "recv")], "/drill: "),
        "outage of another's": (["--target", prometheus.url, write(folder, "o.yaml", "drill: o\noutage: 1s\nwatch: 1s\n")],
                                "/outage: ends the daemon"),
        "both": (["--target", prometheus.url, "--listen", "127.0.0.1:1", fine], "--listen is for a daemon of its own"),
        "a Unix socket": (["--listen", f"unix:{folder}/s", fine], "an address that Prometheus can scrape: a Unix socket is none"),
        "no time to settle": (["--settle", "-1s", fine], '--settle: "-1s" is not a duration such as 1s or 2m, at most 7d\n'),
        "for everybody": (["--listen", f"0.0.0.0:{leaklab.free_port()}", fine], "--insecure (LEAKLAB_INSECURE=true)"),
        "port 0": (["--listen", "127.0.0.1:0", fine], "port 0 is any"),
        "nothing": ([], "which drill?"),
    }


@pytest.mark.limit(120)
def test_what_cannot_be_scored_is_said_plainly(prometheus, tmp_path):
    for what, (arguments, said) in refusals(prometheus, tmp_path).items():
        started = "--listen" not in arguments and "--target" not in arguments
        listen = ["--listen", prometheus.daemon] if started else []
        told = leaklab.run(*prometheus.command("--timeout", "2s", *listen, *arguments))
        assert told.returncode == 2, (what, told)
        assert said in told.stderr, (what, told.stderr)
        assert port_is_free(prometheus.daemon), what


def test_a_daemon_in_the_way_is_not_taken_for_its_own(prometheus, serve, tmp_path):
    serve(listen=prometheus.daemon)
    told = prometheus.drill(stuck(tmp_path))
    assert told.returncode == 2
    assert f"something listens on {prometheus.daemon} already" in told.stderr
    assert f"--target http://{prometheus.daemon}" in told.stderr


def test_a_name_that_is_taken_is_said_plainly(prometheus, serve, tmp_path):
    daemon = serve(listen=prometheus.daemon)
    daemon.spawn("fix-recv", name="mine")
    drill = write(tmp_path, "d.yaml", "drill: d\nwatch: 1s\nscenarios: [{mode: fix-recv}, {mode: fix-recv, name: mine}]\n")
    told = leaklab.run(*prometheus.command("--target", f"http://{daemon.address}", drill), timeout=60)
    assert told.returncode == 2
    assert "d: /scenarios/1/name: is taken" in told.stderr and "of the list" not in told.stderr, told.stderr


@pytest.mark.limit(120)
def test_what_fires_already_is_said_plainly(prometheus, serve, tmp_path):
    daemon = serve("--judge-interval", "1s", listen=prometheus.daemon)
    daemon.spawn("leak-recv", n=1, linger="10ms")

    def fires():
        with urllib.request.urlopen(f"{prometheus.url}/api/v1/alerts", timeout=5) as answer:
            return [alert["labels"]["alertname"] for alert in json.load(answer)["data"]["alerts"]
                    if alert["state"] == "firing"]

    leaklab.eventually(fires, lambda names: "TasksStuck" in names, 60)
    told = leaklab.run(*prometheus.command("--target", f"http://{daemon.address}", "--settle", "1s", stuck(tmp_path)))
    assert told.returncode == 2
    assert 'TasksStuck{pattern="recv", variant="leak", verdict="stuck"} fires already' in told.stderr
    assert daemon.post("/reset").status == 200


class Silent(http.server.BaseHTTPRequestHandler):
    """Answers nothing, slowly, or endlessly."""

    def do_GET(self):
        time.sleep(2)

    def log_message(self, *_):
        pass


def test_a_slow_prometheus_is_said_plainly(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        told = leaklab.run("drill", stuck(tmp_path), "--prometheus", f"http://127.0.0.1:{server.server_port}", "--timeout",
                           "200ms")
    finally:
        server.shutdown()
        server.server_close()
    assert told.returncode == 2
    assert "timed out" in told.stderr.lower(), told.stderr


def test_what_is_not_utf8_is_reported_with_question_marks(tmp_path):
    drill = stuck(tmp_path).rename(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff.yaml"))
    url = f"http://127.0.0.1:{leaklab.free_port()}/".encode() + b"\xfe"
    told = subprocess.run([leaklab.BINARY, "drill", drill, "--prometheus", url, "--poll", "10ms", "--timeout", "100ms", "--json",
                           "--junit", tmp_path / "report.xml"], env=leaklab.environment(), capture_output=True, timeout=60, check=False)
    assert told.returncode == 2
    (only,) = json.loads(told.stdout)["drills"]
    assert only["file"] == f"{tmp_path}/d?.yaml" and "/?: Failed to connect" in only["error"]
    (suite,) = xml.etree.ElementTree.parse(tmp_path / "report.xml").getroot()
    assert suite.get("file") == f"{tmp_path}/d?.yaml"


def test_help_is_enough_to_write_one():
    told = leaklab.run("drill", "--help")
    assert told.returncode == 0
    for word in ("scenarios", "expect", "silent", "allow", "watch", "outage", "resolve", "--junit", "Exit 0"):
        assert word in told.stdout


def test_a_report_that_cannot_be_written_is_an_error(prometheus, tmp_path):
    for path in (tmp_path / "no" / "report.xml", ""):
        told = prometheus.drill(stuck(tmp_path), "--junit", path)
        assert told.returncode == 2 and told.stderr == f"leaklab drill: --junit {path}: No such file or directory\n"


@pytest.mark.release
@pytest.mark.limit(100)
def test_a_prometheus_that_goes_away_meanwhile_is_said_plainly(serve, tmp_path):
    """And what was started is reclaimed all the same."""
    server = Prometheus(tmp_path, RULES)
    daemon = serve("--judge-interval", "1s", listen=server.daemon)
    drill = [*server.command("--target", f"http://{daemon.address}", "--timeout", "2s"), stuck(tmp_path, alert="TasksMany")]
    process = subprocess.Popen([leaklab.BINARY, *drill], env=leaklab.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    leaklab.eventually(lambda: daemon.get("/scenario").json()["scenarios"], timeout=60, what="a scenario")
    server.stop()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "0 of 1 drill passed:\n  recv was not finished\n"), err
    assert f"leaklab drill: Prometheus at {server.url}: " in err
    for scenario in daemon.get("/scenario").json()["scenarios"]:
        assert (scenario["state"], scenario["tasks"]["live"]) == ("finished", 0), scenario


def figures(text):
    """Without the seconds that it took, and how wide they are."""
    return re.sub(r" +", " ", re.sub(r"(?<= )(\d+m)?[0-9.]+s\b", "TIME", text))


@pytest.mark.release
@pytest.mark.limit(100)
def test_the_readme_drill_passes(tmp_path):
    """Its own file, its own commands and the rules that are shipped, on other ports and at its own pace."""
    section = re.search(r"^## Drill your own alerts\n(.*?)^## ", (ROOT / "README.md").read_text(), re.M | re.S).group(1)
    (example,) = re.findall(r"^```yaml\n(drill: mine\n.*?)^```", section, re.M | re.S)
    (line,) = re.findall(r"^```sh\n(.*) &\n```", section, re.M)
    (command, printed), = re.findall(r"^```console\n\$ leaklab (.*?)\n(.*?)^```", section, re.M | re.S)
    write(tmp_path, "mine.yaml", example)
    shutil.copytree(ROOT / "docker/prometheus", tmp_path / "docker/prometheus")
    config = tmp_path / "docker/prometheus/local-drill.yml"
    daemon, where = f"127.0.0.1:{leaklab.free_port()}", f"127.0.0.1:{leaklab.free_port()}"
    config.write_text(config.read_text().replace("127.0.0.1:9777", daemon))
    assert line.endswith("127.0.0.1:9092") and command.endswith("127.0.0.1:9092")
    with subprocess.Popen(line.replace("127.0.0.1:9092", where).split(), cwd=tmp_path, stderr=subprocess.DEVNULL) as server:
        try:
            leaklab.eventually(lambda: leaklab.reachable(int(where.rpartition(":")[2])), timeout=60, what="a Prometheus")
            command = command.replace("127.0.0.1:9092", where).replace("mine.yaml", str(tmp_path / "mine.yaml"))
            told = leaklab.run(*command.split(), "--listen", daemon, timeout=90)
        finally:
            server.terminate()
    assert told.returncode == 0, (told.stdout, told.stderr)
    assert figures(told.stdout) == figures(printed)
