"""The command line as a whole, and the settings of `leaklab serve` from flags and from the environment."""

import json
import subprocess

import pytest

import leaklab


def test_tells_its_version():
    done = leaklab.run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("leaklab 0.")


@pytest.mark.release
def test_leaves_its_names_to_the_libraries():
    """A function of ours that has the name of one of the C library's would be called by other libraries as well."""
    symbols = subprocess.run(["nm", "-D", "--defined-only", leaklab.BINARY], capture_output=True, text=True, check=True)
    assert [line for line in symbols.stdout.splitlines() if line.split()[-2] in "TtWi"] == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["serve", "--help"]], ids=" ".join)
def test_help_goes_to_standard_output(arguments):
    done = leaklab.run(*arguments)
    assert done.returncode == 0
    assert "leaklab" in done.stdout and done.stderr == ""


@pytest.mark.parametrize("arguments, word", [
    ([], "serve"),
    (["sever"], "serve"),
    (["serve", "--listn", "127.0.0.1:0"], "listn"),
    (["serve", "--listen", "nowhere"], "listen"),
    (["serve", "--listen", "127.0.0.1:99999"], "listen"),
    (["serve", "--listen", "127.0.0.1:-1"], "listen"),
    (["serve", "--max-tasks", "0"], "max-tasks"),
    (["serve", "--max-tasks", "lots"], "max-tasks"),
    (["serve", "--max-heap", "4 elephants"], "max-heap"),
    (["serve", "--log-format", "xml"], "log-format"),
    (["serve", "--log-level", "loud"], "log-level"),
    (["serve", "surplus"], "surplus"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_refuses_what_it_does_not_know(arguments, word):
    done = leaklab.run(*arguments)
    assert done.returncode == 2, done
    assert word in done.stderr


@pytest.mark.parametrize("name, value", [
    ("LEAKLAB_LISTEN", "nowhere"), ("LEAKLAB_MAX_TASKS", "lots"), ("LEAKLAB_MAX_HEAP", "-1"),
    ("LEAKLAB_LOG_FORMAT", "xml"), ("LEAKLAB_LOG_LEVEL", "loud"), ("LEAKLAB_DEMO", "perhaps"),
])
def test_refuses_bad_settings_in_the_environment_by_their_name(name, value):
    done = leaklab.run("serve", "--listen", "127.0.0.1:0", **{name: value}) if name != "LEAKLAB_LISTEN" \
        else leaklab.run("serve", **{name: value})
    assert done.returncode == 2, done
    assert name in done.stderr


def test_help_needs_no_sound_environment():
    done = leaklab.run("serve", "--help", LEAKLAB_DEMO="on", LEAKLAB_LISTEN="nowhere", LEAKLAB_TOKEN_FILE="/none")
    assert (done.returncode, done.stderr) == (0, "") and "usage: leaklab serve" in done.stdout


def test_a_flag_wins_over_a_faulty_environment(serve):
    assert serve("--demo", "--log-level", "info", LEAKLAB_DEMO="on", LEAKLAB_LOG_LEVEL="loud").get("/healthz").status == 200


def test_takes_its_settings_from_the_environment(serve):
    port = leaklab.free_port()
    daemon = serve(listen=None, LEAKLAB_LISTEN=f"127.0.0.1:{port}", LEAKLAB_MAX_TASKS="1234",
                   LEAKLAB_MAX_HEAP="64MiB", LEAKLAB_LOG_LEVEL="info")
    assert daemon.port == port
    scrape = daemon.scrape()
    assert scrape.value("leaklab_limit_tasks") == 1234
    assert scrape.value("leaklab_limit_heap_bytes") == 64 * 1024 * 1024


def test_flags_win_over_the_environment(serve):
    daemon = serve("--max-tasks", "77", "--max-heap=32MiB", LEAKLAB_LISTEN="nowhere", LEAKLAB_MAX_TASKS="1234",
                   LEAKLAB_MAX_HEAP="64MiB", LEAKLAB_LOG_FORMAT="text")
    scrape = daemon.scrape()
    assert scrape.value("leaklab_limit_tasks") == 77
    assert scrape.value("leaklab_limit_heap_bytes") == 32 * 1024 * 1024


def test_limits_itself_to_a_share_of_the_machine_and_says_so(daemon):
    scrape = daemon.scrape()
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        machine = int(meminfo.readline().split()[1]) * 1024
    assert 0 < scrape.value("leaklab_limit_heap_bytes") < machine
    assert scrape.value("leaklab_limit_tasks") > 0
    text = daemon.log.read_text()
    assert str(int(scrape.value("leaklab_limit_tasks"))) in text
    assert str(int(scrape.value("leaklab_limit_heap_bytes"))) in text


def test_a_port_that_is_taken_ends_it_with_a_message(daemon):
    done = leaklab.run("serve", "--listen", daemon.address)
    assert done.returncode == 1, done
    assert daemon.address in done.stderr


def test_listens_on_ipv6_too(serve):
    try:
        daemon = serve(listen="[::1]:0")
    except AssertionError as error:
        if "Address family not supported" in str(error) or "Cannot assign" in str(error):
            pytest.skip("no IPv6 on this machine")
        raise
    daemon.host = "::1"
    assert daemon.get("/healthz").status == 200


def test_logs_one_json_object_a_line(daemon):
    daemon.form("/scenario", mode="leak-recv", n=3)
    daemon.stop()
    lines = daemon.log.read_text().splitlines()
    assert lines
    for line in lines:
        entry = json.loads(line)
        assert {"time", "level", "message"} <= set(entry), line


def test_logs_errors_only_when_told(daemon):
    port = leaklab.free_port()
    done = leaklab.run("serve", "--log-level", "error", "--listen", daemon.address)
    assert len(done.stderr.splitlines()) == 1, "the one line says that the port is taken"
    with leaklab.subprocess.Popen([leaklab.BINARY, "serve", "--log-level", "error", "--listen", f"127.0.0.1:{port}"],
                                  env=leaklab.environment(), stderr=leaklab.subprocess.PIPE, text=True) as quiet:
        leaklab.eventually(lambda: leaklab.reachable(port), what="a listening daemon")
        quiet.terminate()
        assert quiet.communicate(timeout=30)[1] == ""
        assert quiet.returncode == 0


def test_the_demo_runs_a_leak_beside_its_fix(serve):
    daemon = serve("--demo")
    scenarios = daemon.get("/scenario").json()["scenarios"]
    modes = sorted(scenario["mode"] for scenario in scenarios)
    assert len(modes) == 2
    fix, leak = modes
    assert fix.split("-")[0] == "fix" and leak.split("-")[0] == "leak" and fix.split("-")[1] == leak.split("-")[1]
    assert scenarios[0]["spec"]["rate"] == scenarios[1]["spec"]["rate"] != 0
    pattern = leak.split("-")[1]
    leaklab.eventually(lambda: daemon.scrape().sum("leaklab_tasks", pattern=pattern, variant="leak") >
                       daemon.scrape().sum("leaklab_tasks", pattern=pattern, variant="fix"),
                       what="the leak standing above the fix")


def test_starts_the_scenarios_of_a_file(serve, tmp_path):
    file = tmp_path / "scenarios.json"
    file.write_text(json.dumps([{"mode": "leak-recv", "n": 10, "name": "now"},
                                {"mode": "fix-recv", "n": 5, "name": "later", "at": "1h"}]))
    daemon = serve("--scenario", str(file))
    daemon.when_live("now", 11)
    later = daemon.scenario("later")
    assert later["state"] == "starting" and later["spec"]["at"] == "1h" and later["tasks"]["spawned"] == 0


@pytest.mark.parametrize("text, word", [
    ('[{"mode": "leak-recv"}, {"mode": "leek-recv"}]', "/1/mode"),
    ('[{"mode": "leak-recv"', "well-formed"),
    ("[]", "1 to 100 scenarios"),
    ('{"mode": "leak-recv", "dry_run": true}', "starts no scenario"),
    ("", "the file is empty"),
    (None, "No such file"),
])
def test_a_faulty_file_of_scenarios_ends_the_daemon(tmp_path, text, word):
    file = tmp_path / "scenarios.json"
    if text is not None:
        file.write_text(text)
    done = leaklab.run("serve", "--listen", "127.0.0.1:0", "--scenario", str(file))
    assert done.returncode == 2, done
    assert str(file) in done.stderr and word in done.stderr
