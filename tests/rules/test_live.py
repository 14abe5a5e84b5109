"""What only a real process has: a thread pool that is full, and a loop that does not come round.

Virtual time has no loop, and no pool that others have filled. Real daemons are recorded for some seconds at a scrape a second, which
is what the drill set sees; the one place of these tests where time really passes. Nobody can wait for the minutes of the real set:
there the recorded pace goes on for longer, since the age of what a standing loop has told last grows by a second a second."""

import ctypes
import os
import re
import threading
import time

import pytest

import leaklab
from series import Table
from sets import DRILL, REAL, alert

SCRAPES = 14
BEGIN, END = 2, 9  # of what goes wrong, in seconds
LINE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")


class Tracer(threading.Thread):
    """Stops and continues the loop's thread of a daemon, as a debugger would; its other threads run on."""

    SEIZE, INTERRUPT, CONTINUE, DETACH = 0x4206, 0x4207, 7, 17
    WALL = 0x40000000

    def __init__(self, pid, begin, pauses):
        super().__init__(daemon=True)
        self.pid = pid  # of the process, whose first thread is the loop's
        self.begin = begin
        self.pauses = pauses  # (seconds stopped, seconds running) ...
        self.error = None
        self.ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        self.ptrace.restype = ctypes.c_long
        self.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ask(self, request):
        if self.ptrace(request, self.pid, None, None) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def run(self):
        try:
            self.ask(self.SEIZE)
            time.sleep(max(0, self.begin - time.monotonic()))
            for stopped, running in self.pauses:
                self.ask(self.INTERRUPT)
                os.waitpid(self.pid, self.WALL)
                time.sleep(stopped)
                self.ask(self.CONTINUE)
                time.sleep(running)
            self.ask(self.INTERRUPT)
            os.waitpid(self.pid, self.WALL)
            self.ask(self.DETACH)
        except OSError as error:
            self.error = error


def keep(table, scrape, daemon, instance):
    for line in daemon.get("/metrics").text.splitlines():
        match = LINE.match(line)
        if match:
            name, labels, value = match.groups()
            own = f'job="leaklab",instance="{instance}"' + (f",{labels}" if labels else "")
            table.setdefault(f"{name}{{{own}}}", ["_"] * SCRAPES)[scrape] = value


def record(folder):
    """Three daemons: the pool of one is filled, the loop of one stands, and that of one stumbles. The series by name, and why
    no thread could be stopped, if none could."""
    daemons = {name: leaklab.Daemon(log=folder / f"{name}.log") for name in ("starved", "stalled", "stumbling")}
    table = {}
    start = time.monotonic() + 0.5
    tracers = [Tracer(daemons["stalled"].process.pid, start + BEGIN, [(END - BEGIN, 0)]),
               Tracer(daemons["stumbling"].process.pid, start + BEGIN, [(0.5, 0.2)] * 10)]
    try:
        for tracer in tracers:
            tracer.start()
        for scrape in range(SCRAPES):
            time.sleep(max(0, start + scrape - time.monotonic()))
            if scrape == BEGIN:
                daemons["starved"].spawn("leak-threadpool", name="pool", n=4)
            if scrape == END:
                daemons["starved"].delete("/scenario/pool?reclaim=true")
            for instance, daemon in daemons.items():
                keep(table, scrape, daemon, instance)
        for tracer in tracers:
            tracer.join(30)
    finally:
        for daemon in daemons.values():
            daemon.stop()
    return table, {"stalled": tracers[0].error, "stumbling": tracers[1].error}


@pytest.fixture(scope="module")
def recorded(recording):
    return recording.result()


def only(recorded, instance):
    """The recording of one of them; skips where the machine does not let anybody stop a thread of a child."""
    table, errors = recorded
    if errors.get(instance):
        pytest.skip(f"no thread can be stopped here: {errors[instance]}")
    rows = {series: " ".join(row) for series, row in table.items() if f'instance="{instance}"' in series}
    return Table(SCRAPES, rows)


def numbers(table, name):
    (row,) = [row for series, row in table.rows.items() if series.startswith(name + "{")]
    return [float(value) for value in row.split()]


def spell(values, above, seconds):
    """(first, last) second of an alert on values that stay above something for so many seconds."""
    high = [k for k, value in enumerate(values) if value > above]
    assert high == list(range(high[0], high[-1] + 1)), values
    return high[0] + seconds, high[-1]


def test_a_full_thread_pool_in_a_drill(recorded, tmp_path):
    table = only(recorded, "starved")
    first, last = spell(numbers(table, "leaklab_threadpool_delay_seconds"), 1, 3)
    assert BEGIN < first <= END
    DRILL.suite(table).fires({alert("ThreadpoolStarved", instance="starved"): (first, last)}).check(tmp_path)


def test_a_loop_that_stands_in_a_drill(recorded, tmp_path):
    table = only(recorded, "stalled")
    first, last = spell(numbers(table, "leaklab_snapshot_age_seconds"), 2, 2)
    assert BEGIN < first <= END
    table = table.without("leaklab_loop_lag_seconds")  # by its age alone
    DRILL.suite(table).fires({alert("LoopStalled", instance="stalled"): (first, last)}).check(tmp_path)


def test_a_loop_that_stumbles_in_a_drill(recorded, tmp_path):
    """It comes round now and then, so that its counts are fresh; its timers are late all the same."""
    table = only(recorded, "stumbling")
    assert max(numbers(table, "leaklab_snapshot_age_seconds")) < 2
    suite = DRILL.suite(table)
    suite.says("LoopStalled", 2, None, None)
    suite.shows('count(ALERTS{alertname="LoopStalled", alertstate="firing"})', SCRAPES - 1, {"{}": 1})
    suite.check(tmp_path)


def going_on(values, step):
    """At rest for three scrapes, then at the recorded pace for ten, then at rest again."""
    rising = values[BEGIN + 3:END]
    pace = (rising[-1] - rising[0]) / (len(rising) - 1)
    assert pace == pytest.approx(1, abs=0.5)
    return [values[0]] * 3 + [rising[0] + pace * step * k for k in range(10)] + [values[0]] * 3


def test_a_loop_that_stands_for_minutes(recorded, tmp_path):
    values = going_on(numbers(only(recorded, "stalled"), "leaklab_snapshot_age_seconds"), REAL.step)
    row = " ".join(f"{value:.17g}" for value in values)
    table = Table(len(values), {'leaklab_snapshot_age_seconds{job="leaklab",instance="stalled"}': row})
    REAL.suite(table).fires({alert("LoopStalled", instance="stalled"): (240 + 60, 720)}).check(tmp_path)
