"""Scrapes: well-formed to parsers that are not ours, and consistent whatever goes on."""

import shutil
import subprocess
import threading

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

import leaklab

MANY = 100_000 if leaklab.sanitized() else 1_000_000
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

ALWAYS = """
leaklab_build_info leaklab_channels leaklab_http_requests_total leaklab_http_request_duration_seconds_bucket
leaklab_judge_runs_total leaklab_judge_seconds_bucket leaklab_judge_slice_seconds_bucket leaklab_limit_heap_bytes
leaklab_limit_hits_total leaklab_limit_tasks leaklab_loop_idle_seconds_total
leaklab_loop_lag_seconds_bucket leaklab_loop_lag_seconds_count leaklab_loop_lag_seconds_sum leaklab_loop_turns_total
leaklab_scenario_starts_total leaklab_task_heap_bytes leaklab_tasks leaklab_tasks_ended_total leaklab_tasks_spawned_total
leaklab_tasks_expected_leaked leaklab_tickers leaklab_ticks_dropped_total leaklab_ticks_total leaklab_uv_handles
process_cpu_seconds_total process_max_fds process_open_fds process_resident_memory_bytes process_start_time_seconds
process_threads process_virtual_memory_bytes
""".split()
HEAP = [f"leaklab_heap_{what}_bytes" for what in ("allocated", "active", "resident", "retained", "mapped")]


@pytest.fixture(scope="module")
def used(shared):
    """A daemon in which something of everything has happened."""
    for mode in leaklab.MODES:
        shared.spawn(mode, n=5, linger="30ms", name=mode)
    shared.spawn("leak-recv", name="capped", n=50, max_tasks=10)
    shared.when_state("capped", "leaked")
    shared.get("/nowhere")
    shared.post("/scenario", "{")
    return shared


def test_promtool_has_nothing_to_say(used):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not on PATH; script/test puts it there"
    done = subprocess.run([promtool, "check", "metrics"], input=used.get("/metrics").body, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_strict_openmetrics_parser_accepts_it(used):
    families = {family.name: family for family in openmetrics_families(used.get("/metrics", Accept=OPENMETRICS).text)}
    assert families["leaklab_tasks_spawned"].type == "counter"
    assert families["leaklab_tasks"].type == "gauge"
    assert families["leaklab_loop_lag_seconds"].type == "histogram"
    assert families["leaklab_tasks"].documentation


def test_both_dialects_tell_the_same(used):
    text = {sample.name for family in text_families(used.get("/metrics").text) for sample in family.samples}
    open_ = {sample.name for family in openmetrics_families(used.get("/metrics", Accept=OPENMETRICS).text)
             for sample in family.samples}
    assert text == {name for name in open_ if not name.endswith("_created")}


def test_everything_promised_is_there(used):
    scrape = used.scrape()
    names = {name for name, _ in scrape.samples}
    missing = [name for name in ALWAYS if name not in names]
    assert not missing
    for name in HEAP:
        assert (name in names) == (not leaklab.sanitized()), name


def test_counters_of_every_pattern_are_there_from_the_start(serve):
    daemon = serve()
    variants = {(pattern["name"], variant) for pattern in daemon.get("/patterns").json()["patterns"]
                for variant in pattern["expect"]}
    scrape = daemon.scrape()
    for name in ("leaklab_tasks_spawned_total", "leaklab_scenario_starts_total"):
        series = {(labels["pattern"], labels["variant"]) for labels in scrape.label_sets(name)}
        assert series == variants
        assert scrape.sum(name) == 0
    for how in ("returned", "cancelled", "timed_out", "panicked", "reclaimed"):
        assert len(scrape.values("leaklab_tasks_ended_total", how=how)) == len(variants)


def test_labels_never_name_a_scenario(used):
    for _, labels in used.scrape().samples:
        assert not {"scenario", "name", "id", "task", "type"} & {key for key, _ in labels}
        assert "capped" not in {value for _, value in labels}


def test_what_has_appeared_stays(daemon):
    daemon.when_live(daemon.spawn("leak-recv", n=3), 4)
    before = set(daemon.scrape().samples)
    daemon.post("/reset")
    after = daemon.scrape()
    assert before <= set(after.samples)
    assert after.value("leaklab_tasks", pattern="recv", variant="leak", state="recv") == 0


def test_process_metrics_are_the_kernels(daemon):
    scrape = daemon.scrape()
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        threads, = [int(line.split()[1]) for line in status if line.startswith("Threads:")]
    assert scrape.value("process_threads") == threads
    assert abs(scrape.value("process_open_fds") - daemon.open_descriptors()) <= 2
    assert 0 < scrape.value("process_resident_memory_bytes") < scrape.value("process_virtual_memory_bytes")


@pytest.mark.release
def test_resident_memory_follows_what_tasks_hold(daemon):
    start = daemon.scrape()
    daemon.when_live(daemon.spawn("leak-recv", name="a", n=1023, holds="64KiB"), 1024)
    grown = daemon.scrape()
    for name in ("process_resident_memory_bytes", "leaklab_heap_allocated_bytes", "leaklab_heap_resident_bytes"):
        assert grown.value(name) - start.value(name) > 60 * 1024 * 1024, name
    daemon.delete("/scenario/a?reclaim=true")
    assert daemon.scrape().value("leaklab_heap_allocated_bytes") - start.value("leaklab_heap_allocated_bytes") < 2 * 1024 * 1024
    leaklab.eventually(lambda: daemon.scrape().value("process_resident_memory_bytes") <
                       start.value("process_resident_memory_bytes") + 10 * 1024 * 1024, what="resident memory coming back")


class Watcher(threading.Thread):
    """Scrapes one after another and checks each against itself and against the one before."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon_under_test = daemon
        self.over = threading.Event()
        self.scrapes = 0
        self.between = 0
        self.fault = None

    def run(self):
        previous = None
        try:
            while not self.over.is_set():
                scrape = self.daemon_under_test.scrape()
                self.check(scrape)
                if previous is not None:
                    never_back(previous, scrape)
                previous = scrape
                self.scrapes += 1
        except BaseException as fault:  # told by the main thread
            self.fault = fault

    def check(self, scrape):
        for variant in ("leak", "fix"):
            where = {"pattern": "recv", "variant": variant}
            live = scrape.sum("leaklab_tasks", **where)
            assert scrape.value("leaklab_tasks_spawned_total", **where) - scrape.sum("leaklab_tasks_ended_total", **where) == live
            self.between += 0 < live < MANY


def never_back(previous, scrape):
    for key, value in previous.samples.items():
        name = key[0]
        histogram = name.rsplit("_", 1)[0]
        if scrape.types.get(name) == "counter" or scrape.types.get(histogram) == "histogram":
            assert scrape.samples[key] >= value, key


@pytest.mark.limit(300)
def test_every_scrape_adds_up_while_very_many_tasks_come_and_go(daemon):
    watcher = Watcher(daemon)
    watcher.start()
    try:
        for mode in ("leak-recv", "fix-recv"):
            daemon.spawn(mode, name=mode, n=MANY - 1, holds=0)
            daemon.when_live(mode, MANY)
            assert daemon.delete(f"/scenario/{mode}").status in (200, 202)
        assert daemon.when_state("leak-recv", "leaked")["tasks"]["live"] == MANY - 1
        assert daemon.when_state("fix-recv", "finished")["tasks"]["live"] == 0
        daemon.delete("/scenario/leak-recv?reclaim=true")
        assert daemon.when_state("leak-recv", "finished")["tasks"]["live"] == 0
    finally:
        watcher.over.set()
        watcher.join()
    if watcher.fault:
        raise watcher.fault
    assert watcher.scrapes > 0
    print(f"{watcher.scrapes} scrapes, {watcher.between} series on the way between none and all")
    scrape = daemon.scrape()
    assert scrape.sum("leaklab_tasks") == 0 and scrape.sum("leaklab_tasks_spawned_total") == 2 * MANY
