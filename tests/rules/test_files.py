"""The rules files: made from one source, in order for promtool, and complete."""

import configparser
import re
import shutil
import subprocess

import pytest
import yaml

import leaklab
import promtool
from sets import SETS

NAMES = {
    "leaklab": ["TasksLeaking", "TasksStuck", "TasksEndless", "HeapExhaustionPredicted", "HandlesLeaking", "DescriptorsLeaking",
                "ThreadsLeaking", "TickersLeaking", "ThreadpoolStarved", "LoopStalled", "LimitReached", "LeaklabDown"],
    "services": ["GoroutinesLeaking", "ServiceDescriptorsLeaking", "ResidentMemoryGrowing", "NodeHandlesLeaking"],
}
RUNBOOKS = leaklab.ROOT / "docker/runbooks"
by_file = pytest.mark.parametrize("windows, stem", [(windows, stem) for windows in SETS for stem in NAMES],
                                  ids=lambda part: getattr(part, "name", part))


def script(*arguments, root=leaklab.ROOT):
    return subprocess.run([root / "script/rules", *arguments], text=True, capture_output=True, timeout=30, check=False)


def copied(tmp_path):
    """A tree of one's own, with what script/rules needs."""
    for path in ("script/rules", "docker/prometheus/rules", "docker/kubernetes"):
        source, target = leaklab.ROOT / path, tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return tmp_path


def alerts(path):
    groups = yaml.safe_load(path.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_what_is_checked_in_is_what_the_source_says():
    told = script("--check")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_what_is_out_of_date_is_named(tmp_path):
    root = copied(tmp_path)
    source = root / "docker/prometheus/rules/source/leaklab.yml"
    source.write_text(source.read_text().replace("severity: critical", "severity: page"))
    told = script("--check", root=root)
    assert told.returncode == 1
    for name in ("rules/leaklab.yml", "rules/leaklab-drill.yml", "prometheusrule.yaml"):
        assert f"{name} is out of date: run script/rules" in told.stdout
    assert "services" not in told.stdout
    assert script(root=root).returncode == 0
    assert script("--check", root=root).returncode == 0


@pytest.mark.parametrize("name, was, instead, words", (
    ("leaklab.yml", "[@gap@]", "[@gaap@]", "windows.ini has no gaap"),
    ("windows.ini", "gap = 5s\n", "", "[drill] lacks gap"),
    ("windows.ini", "[drill]\n", "[drill]\nmore = 1s\n", "[real] lacks more"),
    ("services.yml", "@memory_days@", "1", "nothing uses memory_days")))
def test_a_mistake_in_the_source_is_told_and_nothing_is_written(tmp_path, name, was, instead, words):
    root = copied(tmp_path)
    source = root / "docker/prometheus/rules/source" / name
    assert was in source.read_text()
    source.write_text(source.read_text().replace(was, instead))
    told = script("--out", tmp_path / "out", root=root)
    assert told.returncode == 2 and words in told.stderr
    assert not (tmp_path / "out").exists()


def test_rules_of_ones_own_go_elsewhere(tmp_path):
    assert script("--out", tmp_path, "--runbooks", "https://wiki.example/leaks/").returncode == 0
    (url,) = {rule["annotations"]["runbook_url"].rsplit("/", 1)[0] for rule in alerts(tmp_path / "leaklab.yml")}
    assert url == "https://wiki.example/leaks"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["leaklab.yml", "leaklab-drill.yml", "services.yml", "services-drill.yml", "prometheusrule.yaml"])


def test_help_is_the_manual():
    told = script("--help")
    assert told.returncode == 0 and "--runbooks URL" in told.stdout


@by_file
def test_promtool_has_nothing_to_say(windows, stem):
    done = subprocess.run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", windows.rules(stem)], text=True,
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


@by_file
def test_every_alert_is_whole(windows, stem):
    rules = alerts(windows.rules(stem))
    assert [rule["alert"] for rule in rules] == NAMES[stem]
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical")
        texts = rule["annotations"]
        assert set(texts) == {"summary", "description", "runbook_url"}
        assert "$value" in texts["description"] or rule["alert"] == "LeaklabDown"
        assert texts["runbook_url"] == f"docker/runbooks/{rule['alert']}.md"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert():
    headings = ["What it means", "Confirm", "Find the step", "Stop it", "False alarms"]
    names = [name for names in NAMES.values() for name in names]
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md") if path.stem != "README") == sorted(names)
    for name in names:
        text = (RUNBOOKS / f"{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        assert re.findall(r"^## (.*)$", text, re.M) == headings, name


def test_the_manifest_holds_the_real_set():
    manifest = yaml.safe_load((leaklab.ROOT / "docker/kubernetes/prometheusrule.yaml").read_text())
    assert (manifest["apiVersion"], manifest["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert manifest["spec"] == yaml.safe_load((promtool.RULES / "leaklab.yml").read_text())


def test_both_sets_have_the_same_windows():
    ini = configparser.ConfigParser()
    ini.read(promtool.RULES / "source/windows.ini")
    assert list(ini["real"]) == list(ini["drill"])


def test_the_commands_of_the_readme_print_what_it_says(tmp_path):
    root = copied(tmp_path)
    section = re.search(r"^## Copy-paste rules\n(.*?)^## ", (leaklab.ROOT / "README.md").read_text(), re.M | re.S)[1]
    (block,) = re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)
    for command in re.split(r"^\$ ", block, flags=re.M)[1:]:
        line, _, printed = command.partition("\n")
        done = subprocess.run(["bash", "-c", line], cwd=root, text=True, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", printed), line
    for name in re.findall(r"/etc/prometheus/rules/([a-z.-]+)", section):
        assert (promtool.RULES / name).exists()
