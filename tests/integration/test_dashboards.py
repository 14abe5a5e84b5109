"""Grafana's dashboards: every question in them is asked of a real Prometheus that scrapes a real daemon."""

import contextlib
import http.server
import re
import subprocess
import threading
import time

import pytest

import grafana
import leaklab
from test_prometheus import Prometheus

DASHBOARDS = grafana.dashboards()
SETTINGS = """
global: {{{{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}}}
rule_files: [{rules}]
scrape_configs:
  - job_name: leaklab
    static_configs: [{{{{targets: ["{{address}}"]}}}}]
  - job_name: go
    static_configs: [{{{{targets: ["{prometheus}"]}}}}]
  - job_name: node
    static_configs: [{{{{targets: ["{node}"]}}}}]
"""
# One alert that fires and one that waits, with the labels that rules of any kind keep.
RULES = """
groups:
  - name: test
    rules:
      - {alert: TasksStuck, expr: 'sum by (job, instance) (leaklab_tasks_leaked) > 0', labels: {severity: warning}}
      - {alert: TasksLeaking, expr: 'sum by (job, instance) (leaklab_tasks) > 0', for: 1h, labels: {severity: critical}}
      - {alert: GoroutinesLeaking, expr: 'sum by (job, instance) (go_goroutines) > 0', labels: {severity: warning}}
      - {alert: HandlesLeaking, expr: 'sum by (job, instance) (nodejs_active_handles) > 0', for: 1h}
"""
# One scenario at least for every graph of the dashboard.
RATE = {"rate": "20/s", "linger": "100ms"}
SCENARIOS = (
    ("leak-recv", {"n": 2, **RATE}), ("fix-recv", {"n": 2, **RATE}), ("leak-ticker", {"n": 1, "tick": "50ms", **RATE}),
    ("fix-ticker", {"n": 1, "tick": "50ms", **RATE}), ("leak-close", RATE), ("leak-heap", RATE), ("leak-queue", RATE),
    ("leak-file", {"rate": "2/s"}), ("leak-socket", {"rate": "2/s"}), ("leak-handle", {"rate": "2/s"}),
    ("leak-thread", {"rate": "2/s"}), ("leak-threadpool", {"rate": "2/s"}), ("decoy-resident", {}), ("decoy-cache", {}),
    ("leak-send", {"max_tasks": 5, **RATE}))
# Colours for what these scenarios do not show.
MAY_BE_UNUSED = {r"^timed_out$", r"^draining$", r"^finished$", r"^fix\b", r"^decoy\b"}
# What may be nothing but zeros however much leaks.
MAY_BE_ZERO = {"Ticks/B", "Scrape time and age of the counts/B"}
# What Grafana would put in, for a scrape each second. A restart may take a few scrapes.
INTERVALS = {"__rate_interval": "15s", "__interval": "1s", "__range": "60s", "window": "1m"}
# Families of the daemon that the dashboard leaves to a query of one's own.
NOT_SHOWN = {"leaklab_heap_mapped_bytes", "leaklab_heap_retained_bytes", "process_virtual_memory_bytes",
             "process_virtual_memory_max_bytes", "process_max_fds", "process_heap_bytes"}


class Node(http.server.BaseHTTPRequestHandler):
    """Shows what the client library of Node.js shows, with handles that leak."""

    begun = time.time()

    def do_GET(self):
        age = time.time() - self.begun
        body = (f'nodejs_active_handles{{type="Socket"}} {int(10 + age)}\nnodejs_active_handles{{type="Timeout"}} 3\n'
                f"nodejs_eventloop_lag_p99_seconds 0.012\nnodejs_heap_size_used_bytes {int(2e7 + 1e4 * age)}\n"
                f"process_resident_memory_bytes {int(5e7 + 1e4 * age)}\nprocess_open_fds {int(20 + age)}\nprocess_max_fds 1024\n"
                f"process_cpu_seconds_total {age / 100}\nprocess_start_time_seconds {self.begun}\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start_prometheus(folder, daemon, node):
    """One that scrapes itself too, which is a Go program, and has rules."""
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    port = leaklab.free_port()
    settings = SETTINGS.format(rules=rules, prometheus=f"127.0.0.1:{port}", node=node)
    return Prometheus(folder, daemon, settings=settings, port=port)


class Shown:
    """What Grafana would show: a data source, the time shown, and the values of variables."""

    def __init__(self, source, begin):
        self.source = source
        self.begin = begin
        self.values = {}

    def choose(self, dashboard):
        """Every variable that Prometheus knows the choices of is "All", as at first."""
        values = dict(INTERVALS)
        for variable in dashboard["templating"]["list"]:
            if variable["type"] != "query":
                continue
            choices = self.source.choices(grafana.fill_in(variable["definition"], values))
            listed = "(" + "|".join(re.escape(choice).replace("\\", "\\\\") for choice in choices) + ")"
            values[variable["name"]] = variable.get("allValue", listed)
            yield variable["name"], choices
        self.values[dashboard["uid"]] = values

    def series(self, dashboard, expression):
        filled = grafana.fill_in(expression, self.values[dashboard["uid"]])
        return self.source.series(filled, self.begin, time.time())


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A daemon with one of everything, after a restart, beside a Go and a Node.js service, in a Prometheus."""
    folder = tmp_path_factory.mktemp("dashboards")
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node))
        threading.Thread(target=node.serve_forever, daemon=True).start()
        stack.callback(node.shutdown)
        daemon = leaklab.Daemon("--judge-interval", "1s", log=folder / "daemon-0.log")
        stack.callback(lambda: daemon.stop())  # the one there is then
        server = start_prometheus(folder, daemon.address, f"127.0.0.1:{node.server_port}")
        stack.callback(server.stop)
        leaklab.eventually(server.ready, timeout=60, what="a ready Prometheus")
        begin = time.time()
        leaklab.eventually(lambda: server.query('process_start_time_seconds{job="leaklab"}'), what="a first scrape")
        daemon.stop()
        daemon = leaklab.Daemon("--judge-interval", "1s", log=folder / "daemon-1.log", listen=daemon.address)
        for mode, fields in SCENARIOS:
            daemon.spawn(mode, **fields)
        leaklab.eventually(lambda: server.query('sum(leaklab_tasks_leaked{verdict="stuck"} offset 5s)'), timeout=60,
                           what="leaked tasks in Prometheus")
        for mode in ("leak-recv", "fix-recv"):
            daemon.delete(f"/scenario/{mode}-1")
        daemon.delete("/scenario/leak-ticker-1?reclaim=true")
        yield Shown(grafana.Source(server.base), begin)


def test_files_are_up_to_date():
    done = subprocess.run([leaklab.ROOT / "script/dashboards", "--check"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def test_both_dashboards_are_there_and_provisioned():
    assert list(DASHBOARDS) == ["leaklab", "task-leaks"]
    assert all(dashboard["uid"] == name for name, dashboard in DASHBOARDS.items())
    provisioning = leaklab.ROOT / "docker/grafana/provisioning"
    assert "path: /var/lib/grafana/dashboards" in (provisioning / "dashboards/leaklab.yaml").read_text()
    assert "isDefault: true" in (provisioning / "datasources/prometheus.yaml").read_text()


@pytest.mark.parametrize("name", DASHBOARDS)
def test_nothing_is_wrong_with_the_text(name):
    assert grafana.complaints(DASHBOARDS[name]) == []


def first(dashboard, kind="stat"):
    return next(panel for panel in dashboard["panels"] if panel["type"] == kind)


@pytest.mark.parametrize("change, complaint", (
    (lambda one: first(one).update(title=""), "no title"),
    (lambda one: first(one).update(description=""), "no description"),
    (lambda one: first(one)["fieldConfig"]["defaults"].pop("unit"), "unit None"),
    (lambda one: first(one)["fieldConfig"]["defaults"].pop("noValue"), "no data"),
    (lambda one: first(one)["fieldConfig"]["defaults"].pop("thresholds"), "no thresholds"),
    (lambda one: first(one)["targets"][0].update(datasource={"type": "prometheus", "uid": "mine"}), "another data source"),
    (lambda one: first(one)["targets"][0].update(expr="leaklab_tasks"), "not chosen"),
    (lambda one: first(one)["targets"][0].update(expr='leaklab_tasks{job=~"$job",pattern="$patern"}'), "$patern is no variable"),
    (lambda one: first(one)["gridPos"].update(w=5), "lies on"),
    (lambda one: first(one)["gridPos"].update(x=23), "outside"),
    (lambda one: first(one).update(id=1), "one id"),
    (lambda one: first(one, "text")["options"].update(content=""), "says too little"),
    (lambda one: one["panels"].remove(first(one, "text")), "no story"),
    (lambda one: one["templating"]["list"].pop(0), "data source, job, instance"),
    (lambda one: one.update(editable=True), "provisioned")))
def test_a_fault_is_found(change, complaint):
    found = grafana.complaints(grafana.broken(DASHBOARDS["leaklab"], change))
    assert any(complaint in what for what in found), found


@pytest.mark.release
@pytest.mark.limit(150)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_variables_offer_choices(shown, name):
    offered = dict(leaklab.eventually(lambda: list(shown.choose(DASHBOARDS[name])), lambda all_: all(some for _, some in all_)))
    wanted = {"leaklab"} if name == "leaklab" else {"leaklab", "go", "node"}
    assert set(offered["job"]) == wanted and len(offered["instance"]) == len(wanted)
    if name == "leaklab":
        assert {mode.partition("-")[2] for mode, _ in SCENARIOS} <= set(offered["pattern"])


def asks():
    return [pytest.param(name, whose, expression, id=f"{name}: {whose}") for name, dashboard in DASHBOARDS.items()
            for whose, expression in grafana.expressions(dashboard)]


@pytest.mark.release
@pytest.mark.limit(150)
@pytest.mark.parametrize("name, whose, expression", asks())
def test_every_question_is_answered(shown, name, whose, expression):
    """Each returns series, and each of them has moved from zero somewhere."""
    dashboard = DASHBOARDS[name]
    if name not in shown.values:
        list(shown.choose(dashboard))

    def says_something(series):
        return series and (whose in MAY_BE_ZERO or any(value != 0 for _, values in series for value in values))

    leaklab.eventually(lambda: shown.series(dashboard, expression), says_something, timeout=45, what=f"{whose}: {expression}")


@pytest.mark.release
@pytest.mark.limit(150)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_legends_and_overrides_are_about_series_that_exist(shown, name):
    dashboard = DASHBOARDS[name]
    if name not in shown.values:
        list(shown.choose(dashboard))
    for panel in grafana.graphs(dashboard):
        legends = [grafana.legend(target["legendFormat"], labels) for target in panel["targets"]
                   for labels, _ in shown.series(dashboard, target["expr"])]
        if panel["type"] == "table":
            legends += panel["transformations"][1]["options"]["renameByName"].values()
        else:
            assert len(legends) == len(set(legends)), f"{panel['title']}: two series have one name: {sorted(legends)}"
        for override in panel["fieldConfig"]["overrides"]:
            wanted = override["matcher"]["options"].strip("/")
            assert wanted in MAY_BE_UNUSED or any(re.search(wanted, legend) for legend in legends), (panel["title"], wanted, legends)
    for note in dashboard["annotations"]["list"]:
        for labels, _ in shown.series(dashboard, note["expr"]):
            assert grafana.legend(note["titleFormat"], labels)


@pytest.mark.release
@pytest.mark.limit(150)
def test_every_family_of_the_daemon_is_shown(daemon):
    asked = " ".join(expression for _, expression in grafana.expressions(DASHBOARDS["leaklab"]))
    families = set(daemon.scrape().types)
    assert NOT_SHOWN <= families
    missing = {name for name in families - NOT_SHOWN if not re.search(rf"\b{name}(_bucket|_sum)?\b", asked)}
    assert not missing
