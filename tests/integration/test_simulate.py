"""`leaklab simulate`: weeks in seconds, as a text that a real Prometheus loads."""

import json
import shutil
import signal
import subprocess

import pytest

import leaklab

pytestmark = pytest.mark.one_thread
MONTH = [{"mode": "fix-recv", "n": 2, "rate": "1/s", "shape": "wave", "shape_period": "1d", "linger": "30s", "name": "day"},
         {"mode": "leak-recv", "n": 1, "rate": "1/m", "name": "the-bug"}]


def simulate(tmp_path, body, *arguments, **settings):
    yaml = isinstance(body, str) and body.startswith(("instances", "scenarios"))
    scenario = tmp_path / ("scenario.yaml" if yaml else "scenario.json")
    scenario.write_text(body if isinstance(body, str) else json.dumps(body))
    flags = {"scenario": scenario, "for": "1h", "out": tmp_path / "out.om", **settings}
    given = [text for name, value in flags.items() if value is not None for text in (f"--{name}", str(value))]
    return leaklab.run("simulate", *given, *arguments, timeout=300)


def refused(done, *words):
    assert done.returncode == 2 and done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr


def test_help_names_every_flag():
    done = leaklab.run("simulate", "--help")
    assert done.returncode == 0 and done.stderr == ""
    for flag in ("scenario", "for", "scrape-interval", "out", "format", "match", "at", "seed", "job", "instance", "instances",
                 "judge-interval", "max-tasks", "max-heap", "max-fds", "patterns", "progress"):
        assert f"-{flag} " in done.stdout
    assert "promtool tsdb create-blocks-from openmetrics" in done.stdout


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    body = {"mode": "fix-recv", "rate": "3/m", "jitter": "80%", "n": 2}
    texts = []
    for seed in ("1", "1", "2"):
        done = simulate(tmp_path, body, out="-", seed=seed)
        assert done.returncode == 0, done.stderr
        assert done.stderr.endswith("samples in standard output\n")
        texts.append(done.stdout)
    assert texts[0] == texts[1] != texts[2]


def test_the_text_is_openmetrics(tmp_path):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    # Whole seconds: this parser compares seconds and nanoseconds of two timestamps apart, and calls 1.5, 2 a step back.
    done = simulate(tmp_path, MONTH, **{"scrape-interval": "2m", "instance": 'a "b" \\c', "job": "nightly"})
    assert done.returncode == 0, done.stderr
    families = list(parser.text_string_to_metric_families((tmp_path / "out.om").read_text()))
    assert "leaklab_tasks" in [family.name for family in families]
    for family in families:
        for sample in family.samples:
            assert sample.labels["job"] == "nightly" and sample.labels["instance"] == 'a "b" \\c'
            assert sample.timestamp is not None


@pytest.mark.parametrize("flag", ("scenario", "for", "out"))
def test_what_is_missing_is_named(tmp_path, flag):
    refused(simulate(tmp_path, MONTH, **{flag: None}), f"--{flag}", "is missing")


@pytest.mark.parametrize("flag, value", (
    ("for", "0s"), ("for", "month"), ("for", "367d"), ("scrape-interval", "1us"), ("scrape-interval", "15"),
    ("at", "yesterday"), ("at", "2026-13-01"), ("at", "2026-02-30"), ("at", "2026-04-31T00:00:00Z"),
    ("at", "2026-01-01T00:00:00"), ("at", "99999999999"), ("seed", "-1"),
    ("max-tasks", "0"), ("max-heap", "lots"), ("instance", "x" * 1025)))
def test_wrong_values_are_refused(tmp_path, flag, value):
    refused(simulate(tmp_path, MONTH, **{flag: value}), f"--{flag}")
    assert not (tmp_path / "out.om").exists()


def test_more_scrapes_than_anybody_keeps_are_refused(tmp_path):
    refused(simulate(tmp_path, MONTH, **{"for": "366d", "scrape-interval": "1s"}), "--scrape-interval", "scrapes")


def test_a_wrong_scenario_is_told_and_leaves_no_file(tmp_path):
    refused(simulate(tmp_path, [{"mode": "leek-recv"}]), "leaklab simulate: --scenario", "/0/mode", "leak-recv")
    refused(simulate(tmp_path, "{"), "leaklab simulate: --scenario")
    for empty in ("", " \n"):
        refused(simulate(tmp_path, empty), "scenario.json: the file is empty\n")
    alone = simulate(tmp_path, {"mode": "leek-recv"})
    refused(alone, 'scenario.json: unknown mode "leek-recv"', ':1:2: /mode: unknown mode "leek-recv"')
    assert "of the list" not in alone.stderr
    refused(simulate(tmp_path, {"mode": "leak-recv", "dry_run": True}), ":1:23: /dry_run: a list has no forecast")
    refused(simulate(tmp_path, MONTH, scenario=tmp_path / "none.json"), "No such file")
    assert not (tmp_path / "out.om").exists()


def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path):
    refused(simulate(tmp_path, MONTH, out=tmp_path / "no" / "folder"), "--out", "No such file")
    refused(simulate(tmp_path, MONTH, out=""), "--out : No such file")


def test_a_full_disk_is_told_and_only_a_file_is_removed(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    done = simulate(tmp_path, MONTH, out=full)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert full.is_symlink()


def test_a_scenario_that_hits_a_limit_is_named(tmp_path):
    done = simulate(tmp_path, {"mode": "leak-recv", "n": 1000, "name": "big"}, **{"max-tasks": "100"})
    assert done.returncode == 0
    assert 'scenario "big" was ended by the limit on tasks' in done.stderr


TIMELINE = """\
instances: 2
scenarios:
  - {mode: leak-recv, n: 1, rate: 1/m}
  - {mode: leak-file, n: 1, rate: 1/m, instance: 2}
events:
  - {at: 10m, restart: all, down: 20s}
  - {at: 15m, deploy: all, down: 20s, pause: 1m}
  - {at: 20m, miss: 2, for: 1m}
  - {at: 20m, miss: 1, for: 10m, share: 10%}
  - {at: 22m, gap: all, for: 2m}
  - {at: 25m, add: 3}
  - {at: 28m, remove: 3}
"""


def samples(text, series):
    """Values by time of the one series whose line begins like that."""
    return {int(line.split()[-1]): float(line.split()[-2]) for line in text.splitlines() if line.startswith(series + " ")}


def test_events_happen_to_instances(tmp_path):
    done = simulate(tmp_path, TIMELINE, out="-", at="0", **{"for": "30m"})
    assert done.returncode == 0, done.stderr
    up = {port: samples(done.stdout, f'up{{job="leaklab",instance="127.0.0.1:{port}"}}') for port in (9777, 9778, 9779)}
    start = samples(done.stdout, 'process_start_time_seconds{job="leaklab",instance="127.0.0.1:9778"}')
    stuck = samples(done.stdout, 'leaklab_tasks_leaked{job="leaklab",instance="127.0.0.1:9778",pattern="recv",'
                                 'variant="leak",verdict="stuck"}')
    files = samples(done.stdout, 'process_open_fds{job="leaklab",instance="127.0.0.1:9778"}')
    # Down for twenty seconds with the restart, and again with its turn in the deployment.
    assert [up[9778][at] for at in (585, 600, 615, 630)] == [1, 0, 0, 1]
    assert [up[9777][at] for at in (900, 915, 930, 975)] == [0, 0, 1, 1] and up[9778][975] == 1 and up[9778][990] == 0
    assert start[585] == 0 and start[630] == 620 and start[1020] == 1000 and 600 not in start
    # The restart hides the leak, and it comes back.
    assert stuck[585] == 9 and 600 not in stuck and stuck[705] == 1 and stuck[885] == 4
    assert files[585] == 27 and files[630] == 18 and files[885] == 22
    # A scrape that failed is told from one that nobody made.
    assert [up[9778][at] for at in (1200, 1245, 1260)] == [0, 0, 1]
    assert 1305 in up[9777] and not {1320, 1425} & set(up[9777]) and 1440 in up[9777]
    assert sorted(up[9779]) == list(range(1500, 1680, 15))


def test_promtool_loads_what_happened(tmp_path):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not on PATH; script/test puts it there"
    done = simulate(tmp_path, TIMELINE, **{"for": "30m"})
    assert done.returncode == 0, done.stderr
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", tmp_path / "out.om", tmp_path / "tsdb"],
                   check=True, timeout=60, stdout=subprocess.DEVNULL)


RULES = """\
groups:
  - name: g
    rules:
      - {alert: Down, expr: up == 0}
      - {alert: Leaking, expr: 'sum by (instance) (leaklab_tasks_leaked) > 8'}
"""
ALERTS = """\
    alert_rule_test:
      - eval_time: 8m45s
        alertname: Leaking
        exp_alerts: []
      - eval_time: 9m30s
        alertname: Leaking
        exp_alerts:
          - {exp_labels: {instance: "127.0.0.1:9777"}}
          - {exp_labels: {instance: "127.0.0.1:9778"}}
      - eval_time: 10m
        alertname: Leaking
        exp_alerts: []
      - eval_time: 20m30s
        alertname: Down
        exp_alerts:
          - {exp_labels: {job: leaklab, instance: "127.0.0.1:9778"}}
    promql_expr_test:
      - expr: count(up)
        eval_time: 26m
        exp_samples: [{labels: "{}", value: 3}]
      - expr: count(up)
        eval_time: 29m
        exp_samples: [{labels: "{}", value: 2}]
      - expr: sum(leaklab_judge_runs_total{instance="127.0.0.1:9779"})
        eval_time: 27m
        exp_samples: [{labels: "{}", value: 2}]
"""


def promtool_test(tmp_path, alerts):
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "test.yml").write_text("rule_files: [rules.yml]\nevaluation_interval: 15s\n" +
                                       (tmp_path / "out.om").read_text() + alerts)
    return subprocess.run([shutil.which("promtool"), "test", "rules", tmp_path / "test.yml"], capture_output=True,
                          text=True, timeout=60, check=False)


def test_rules_are_tested_with_it(tmp_path):
    """What `--format promtool` writes is read by the real one as what was written as OpenMetrics."""
    done = simulate(tmp_path, TIMELINE, format="promtool", **{"for": "30m"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.om").stat().st_size < 60000
    good = promtool_test(tmp_path, ALERTS)
    assert good.returncode == 0, good.stdout + good.stderr
    bad = promtool_test(tmp_path, ALERTS.replace("value: 3", "value: 4"))
    assert bad.returncode == 1


def test_faults_have_their_place(tmp_path):
    body = "scenarios:\n  - mode: leek-recv\n  - {mode: leak-recv,\n     n: -1}\n"
    refused(simulate(tmp_path, body), 'scenario.yaml:2:5: /scenarios/0/mode: unknown mode "leek-recv": did you mean',
            "scenario.yaml:4:6: /scenarios/1/n: must be a whole number")
    body = "scenarios:\n  - mode: leak-recv\nevents:\n  - {at: 1d, reboot: 1}\n  - {at: 1d, restart: 1, dwn: 3s}\n"
    refused(simulate(tmp_path, body), "scenario.yaml:4:5: /events/0: must say what happens, once: restart, deploy,",
            'scenario.yaml:5:26: /events/1/dwn: unknown member "dwn": did you mean "down"?')
    assert not (tmp_path / "out.om").exists()


@pytest.mark.parametrize("number, code", ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)))
def test_an_interrupt_leaves_what_was_there(tmp_path, number, code):
    (tmp_path / "out.om").write_text("old")
    (tmp_path / "scenario.json").write_text(json.dumps(MONTH))
    running = subprocess.Popen([leaklab.BINARY, "simulate", "--scenario", tmp_path / "scenario.json", "--for", "366d",
                                "--out", tmp_path / "out.om", "--scrape-interval", "10s", "--progress"],
                               stderr=subprocess.PIPE, text=True, preexec_fn=leaklab.hear_hangups)
    first = running.stderr.readline()
    assert "%, " in first and [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    running.send_signal(number)
    _, told = running.communicate(timeout=30)
    assert running.returncode == code
    assert told.endswith(f"interrupted: nothing was written to {tmp_path / 'out.om'}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.om", "scenario.json"]
    assert (tmp_path / "out.om").read_text() == "old"


def test_an_interrupt_does_not_wait_for_the_next_scrape(tmp_path):
    (tmp_path / "scenario.json").write_text(json.dumps({"mode": "fix-recv", "rate": "1000/s", "linger": "1ms"}))
    running = subprocess.Popen([leaklab.BINARY, "simulate", "--scenario", tmp_path / "scenario.json", "--for", "366d",
                                "--out", tmp_path / "out.om", "--scrape-interval", "366d"], stderr=subprocess.PIPE, text=True)
    leaklab.eventually(lambda: [path for path in tmp_path.iterdir() if path.suffix == ".part"], what="its beginning")
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130 and "interrupted: nothing was written" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scenario.json"]


def test_being_killed_leaves_what_was_there_and_is_in_nobodys_way(tmp_path):
    (tmp_path / "out.om").write_text("old")
    (tmp_path / "scenario.json").write_text(json.dumps(MONTH))
    command = [leaklab.BINARY, "simulate", "--scenario", tmp_path / "scenario.json", "--out", tmp_path / "out.om"]
    with subprocess.Popen([*command, "--for", "366d", "--scrape-interval", "10s", "--progress"], stderr=subprocess.PIPE) as running:
        assert b"%, " in running.stderr.readline()
        running.kill()
    left, = tmp_path.glob("*.part")
    assert (tmp_path / "out.om").read_text() == "old"
    # In a container the next one may well have the same number.
    again = 'cp "$1" "${1%.*.part}.$$-0.part" && shift && exec "$@"'
    done = subprocess.run(["sh", "-c", again, "sh", left, *command, "--for", "1h"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.om").read_text().endswith("# EOF\n")


def test_a_file_is_replaced_whole(tmp_path):
    real = tmp_path / "real.om"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "link.om").symlink_to(real)
    done = simulate(tmp_path, MONTH, out=tmp_path / "link.om")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "link.om").is_symlink() and real.read_text().endswith("# EOF\n")
    assert real.stat().st_mode & 0o777 == 0o640
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]


def test_standard_output_by_another_name_keeps_what_is_there(tmp_path):
    (tmp_path / "scenario.json").write_text(json.dumps(MONTH))
    file = tmp_path / "all.txt"
    file.write_text("before\n")
    for out in ("/dev/stdout", file):
        with open(file, "a", encoding="ascii") as stream:
            subprocess.run([leaklab.BINARY, "simulate", "--scenario", tmp_path / "scenario.json", "--for", "1m", "--out", out],
                           stdout=stream, stderr=subprocess.PIPE, check=True, timeout=60)
    lines = file.read_text().splitlines()
    assert lines[0] == "before" and lines.count("# EOF") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.txt", "scenario.json"]


def test_only_what_is_asked_for_is_kept(tmp_path):
    match = 'up,process_*fds{instance=~".*9778"}'
    done = simulate(tmp_path, TIMELINE, out="-", format="promtool", match=match)
    assert done.returncode == 0, done.stderr
    kept = [line.split("'")[1] for line in done.stdout.splitlines() if "series: " in line]
    labels = 'job="leaklab",instance="127.0.0.1:{}"'
    assert kept == [f"up{{{labels.format(port)}}}" for port in (9777, 9778, 9779)] + [
        f"{name}{{{labels.format(9778)}}}" for name in ("process_open_fds", "process_max_fds")]


def test_a_selector_that_is_wrong_or_keeps_nothing_is_told(tmp_path):
    refused(simulate(tmp_path, MONTH, match="up{a=b}"), "--match: a value without quotes", 'right is up, process_*')
    done = simulate(tmp_path, MONTH, match="upp")
    assert done.returncode == 1 and "--match: no series is like that" in done.stderr
    assert not (tmp_path / "out.om").exists()


def samples_of(text, series):
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(series + " "))


RESOURCES = [("leak-file", "process_open_fds"), ("leak-thread", "process_threads"),
             ("leak-handle", 'leaklab_uv_handles{handle="timer"}')]


@pytest.mark.parametrize("mode, series", RESOURCES)
def test_a_process_has_as_much_more_as_a_real_one(daemon, tmp_path, mode, series):
    """What a pattern adds to a daemon's own numbers, it adds to those that are worked out."""
    def now():
        return samples_of(daemon.get("/metrics").text, series)

    before = now()
    daemon.spawn(mode, n=20)
    leaklab.eventually(lambda: now() == before + 20, what=f"{series} up by 20")
    name, _, labels = series.partition("{")
    line = f'{name}{{job="leaklab",instance="127.0.0.1:9777"' + (f",{labels}" if labels else "}")
    done = simulate(tmp_path, [{"mode": mode, "n": 20, "at": "10s"}], out="-", at="0", **{"for": "1m"})
    assert done.returncode == 0, done.stderr
    values = samples(done.stdout, line)
    assert values[60] == values[0] + 20
