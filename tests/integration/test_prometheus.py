"""A real Prometheus scrapes a real daemon, and its query API returns the numbers that /scenario reports."""

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

import leaklab

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: leaklab
    static_configs: [{{targets: ["{address}"]}}]
"""


class Prometheus:
    def __init__(self, folder, target, *flags, settings=CONFIG, port=None):
        program = shutil.which("prometheus")
        assert program, "prometheus is not on PATH; script/test puts it there"
        self.base = f"http://127.0.0.1:{port or leaklab.free_port()}"
        config = folder / "prometheus.yml"
        config.write_text(settings.format(address=target))
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
                 f"--web.listen-address={self.base.removeprefix('http://')}", "--log.level=warn", *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ready(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.base}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def query(self, expression):
        """The single value of an expression, or None while there is none."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.base}/api/v1/query?{query}", timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def prometheus(tmp_path, daemon):
    server = Prometheus(tmp_path, daemon.address)
    try:
        leaklab.eventually(server.ready, timeout=60, what="a ready Prometheus")
        yield server
    finally:
        server.stop()


@pytest.mark.limit(150)
def test_prometheus_sees_what_the_scenario_says(prometheus, daemon):
    def shows(expression, value):
        leaklab.eventually(lambda: prometheus.query(expression), lambda seen: seen == value, 60, f"{expression} = {value}")

    shows("up", 1)
    daemon.spawn("leak-recv", name="leak", n=2000, holds="2KiB")
    daemon.spawn("fix-recv", name="fix", n=2000)
    daemon.when_live("leak", 2001)
    daemon.when_live("fix", 2001)
    for name, variant in (("leak", "leak"), ("fix", "fix")):
        scenario = daemon.scenario(name)
        where = f'pattern="recv",variant="{variant}"'
        shows(f"sum(leaklab_tasks{{{where}}})", scenario["tasks"]["live"])
        for state, count in scenario["tasks"]["states"].items():
            shows(f'leaklab_tasks{{{where},state="{state}"}}', count)
        shows(f"leaklab_tasks_spawned_total{{{where}}}", scenario["tasks"]["spawned"])
        shows(f"leaklab_task_heap_bytes{{{where}}}", scenario["heap_bytes"])
        shows(f"leaklab_scenario_starts_total{{{where}}}", scenario["starts"])
        shows(f'leaklab_scenarios{{{where},state="running"}}', 1)

    daemon.delete("/scenario/leak")
    daemon.delete("/scenario/fix")
    assert daemon.when_state("fix", "finished")["tasks"]["live"] == 0
    scenario = daemon.when_state("leak", "leaked")
    shows('sum(leaklab_tasks{variant="fix"})', 0)
    shows('sum(leaklab_tasks{variant="leak"})', scenario["tasks"]["live"])
    shows('leaklab_tasks_expected_leaked{pattern="recv",variant="leak"}', scenario["expected_leaked"])
    for how, count in scenario["tasks"]["ended"].items():
        shows(f'leaklab_tasks_ended_total{{pattern="recv",variant="leak",how="{how}"}}', count)
    shows("sum(leaklab_tasks_spawned_total) - sum(leaklab_tasks_ended_total) - sum(leaklab_tasks)", 0)
    shows('scrape_samples_scraped > bool 50', 1)
