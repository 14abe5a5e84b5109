"""The programs that are measured. Each is a child of the harness, bounded in time, and ended through its own handle."""

from __future__ import annotations

import collections
import contextlib
import http.client
import json
import mmap
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 20
RUN_SECONDS = 180
POLL_SECONDS = 0.01
WARM_UP_SECONDS = 0.5
TICKERS_MADE_SECONDS = 5


class BenchError(Exception):
    pass


@dataclass(frozen=True)
class Programs:
    leaklab: Path
    runtime: Path
    load: Path
    patterns: Path  # the bench's own
    peers: dict[str, Path]  # by name, those that could be built


def run_json(*command: object) -> dict:
    """Runs a program to its end; its output is one JSON object."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=RUN_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{' '.join(words)}: {error}") from error
    return parse_output(words, done.returncode, done.stdout, done.stderr)


def parse_output(words: list[str], status: int, output: str, errors: str) -> dict:
    if status != 0:
        raise BenchError(f"{' '.join(words)}: status {status}: {errors.strip()[-500:]}")
    return json.loads(output)


WRK_UNITS_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


def run_wrk(address: str, connections: int, seconds: int) -> dict:
    """What wrk prints is for people, but in a form that it has kept for years."""
    words = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", f"http://{address}/metrics"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=RUN_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{' '.join(words)}: {error}") from error
    return read_wrk(done.stdout, connections)


def read_wrk(text: str, connections: int) -> dict:
    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", text, re.MULTILINE)
    requests = re.search(r"^\s+(\d+) requests in ", text, re.MULTILINE)
    tail = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
    if not (rate and requests and tail) or "Non-2xx" in text or "Socket errors" in text:
        raise BenchError(f"wrk: {text.strip()[-500:]}")
    return {"measure": "wrk", "connections": connections, "requests": int(requests.group(1)),
            "requests_per_second": float(rate.group(1)), "p99_us": float(tail.group(1)) * WRK_UNITS_US[tail.group(2)]}


class Background:
    """A program whose JSON is wanted later."""

    def __init__(self, *command: object) -> None:
        self.words = [str(word) for word in command]
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def result(self) -> dict:
        try:
            output, errors = self.process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{' '.join(self.words)}: {error}") from error
        return parse_output(self.words, self.process.returncode, output, errors)


def cpu_seconds(pid: int) -> float:
    """Of all threads of a process: utime and stime, see proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of_threads(pid: int) -> float:
    """Of the threads that there are, in nanoseconds where the kernel counts them so: what a server takes at rest is less than
    a tick of the other's clock. See the kernel's sched-stats.rst."""
    try:
        return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:
        return cpu_seconds(pid)


COUNTER_BYTES = 64


class Counters:
    """Memory shared with a peer, in which each of its tickers counts; counter 0 counts those that are there."""

    def __init__(self, count: int) -> None:
        self.file = os.memfd_create("counters")
        os.ftruncate(self.file, (count + 1) * COUNTER_BYTES)
        self.memory = mmap.mmap(self.file, 0)

    def __enter__(self) -> Counters:
        return self

    def __exit__(self, *_: object) -> None:
        self.memory.close()
        os.close(self.file)

    def made(self) -> int:
        return int.from_bytes(self.memory[:8], sys.byteorder)

    def sum(self) -> int:
        with memoryview(self.memory) as view, view.cast("q") as numbers:
            return sum(numbers[COUNTER_BYTES // 8::COUNTER_BYTES // 8])


def run_peer_tickers(peer: Path, count: int, period_ms: int, window_seconds: int, *order: str) -> dict:
    """Watches the peer's tickers from outside, since its own clock comes late when they are too many for it."""
    with Counters(count) as counters:
        words = [str(peer), "tickers", str(count), f"{period_ms}ms", f"/dev/fd/{counters.file}", *order]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=[counters.file])
        try:
            wait_for_tickers(process, counters, count)
            ticks, cpu, began = counters.sum(), cpu_seconds(process.pid), time.monotonic()
            time.sleep(window_seconds)
            ticks, cpu = counters.sum() - ticks, cpu_seconds(process.pid) - cpu
            elapsed = time.monotonic() - began
        finally:
            process.kill()
            process.communicate()
        due = count * elapsed * 1000 / period_ms
        return {"measure": "tickers", "tickers": count, "order": order, "made": counters.made(), "seconds": elapsed,
                "ticks_due": due, "ticks": ticks, "delivered_share": ticks / due, "cpu_seconds": cpu,
                "cores": cpu / elapsed}


def wait_for_tickers(process: subprocess.Popen, counters: Counters, count: int) -> None:
    """Until all are made. When the first ones leave no time to make the others, then that is what there is to see."""
    deadline = time.monotonic() + TICKERS_MADE_SECONDS
    while counters.made() < count and time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchError(f"the peer's tickers ended with status {process.returncode}")
        time.sleep(POLL_SECONDS)
    time.sleep(WARM_UP_SECONDS)


class Server:
    """A child that prints a line of JSON with its address, and serves until its standard input or a signal ends it."""

    def __init__(self, *command: object) -> None:
        self.words = [str(word) for word in command]
        self.address = ""
        self.lines: collections.deque[str] = collections.deque(maxlen=20)
        self.listening = threading.Event()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEAKLAB_")}
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=environment)
        threading.Thread(target=self.read_lines, daemon=True).start()

    def read_lines(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            found = re.search(r"127\.0\.0\.1:\d+", line)
            if found and not self.address:
                self.address = found.group()
                self.listening.set()
        self.listening.set()

    def __enter__(self) -> Server:
        self.listening.wait(START_SECONDS)
        if not self.address:
            self.__exit__()
            raise BenchError(f"{' '.join(self.words)}: does not listen: {' / '.join(self.lines)}")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def request(self, method: str, path: str, body: dict | list | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            response = connection.getresponse()
            return response.status, response.read()
        except OSError as error:
            raise BenchError(f"{method} {path}: {error}: {' / '.join(self.lines)}") from error
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """A server's threads stay, so that none of them takes its time away with it."""
        return cpu_seconds_of_threads(self.process.pid)

    def metrics(self) -> dict[str, float]:
        """The samples of one scrape, by name and labels as they are written."""
        _, text = self.request("GET", "/metrics")
        lines = (line for line in text.decode().splitlines() if line and not line.startswith("#"))
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}


class Daemon(Server):
    """leaklab serve, with room for the largest measurement."""

    def __init__(self, leaklab: Path, max_tasks: int = 12_000_000, max_heap: str = "12GiB",
                 judge_interval: str = "5s") -> None:
        super().__init__(leaklab, "serve", "--listen", "127.0.0.1:0", "--log-format", "json",
                         "--max-tasks", max_tasks, "--max-heap", max_heap, "--judge-interval", judge_interval)

    def ask(self, method: str, path: str, body: dict | list | None = None) -> dict:
        status, text = self.request(method, path, body)
        if status >= 300:
            raise BenchError(f"{method} {path}: {status}: {text[:500]!r}")
        return json.loads(text)

    def wait_until(self, name: str, what: str, true: Callable[[dict], bool]) -> dict:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            scenario = self.ask("GET", f"/scenario/{name}")
            if true(scenario):
                return scenario
            time.sleep(POLL_SECONDS)
        raise BenchError(f"{name}: not {what} after {START_SECONDS} s: {scenario}")

    def spawn(self, name: str, mode: str, n: int, holds: int) -> None:
        """Returns when every task is blocked."""
        self.ask("POST", "/scenario", {"mode": mode, "name": name, "n": n, "holds": holds})

        def blocked(scenario: dict) -> bool:
            tasks = scenario["tasks"]
            if scenario["cause"] is not None:
                raise BenchError(f"{name} ended: {scenario['cause']}")
            return tasks["live"] == n + 1 and not tasks["states"].get("ready")

        self.wait_until(name, "blocked", blocked)

    def cancel(self, name: str) -> None:
        """Returns when everybody who can hear it has gone."""
        self.ask("DELETE", f"/scenario/{name}")
        self.wait_until(name, "cancelled", lambda scenario: scenario["state"] in ("leaked", "finished"))

    def reclaim(self, name: str) -> None:
        self.ask("DELETE", f"/scenario/{name}?reclaim=true")
        self.wait_until(name, "reclaimed", lambda scenario: scenario["tasks"]["live"] == 0)


@contextlib.contextmanager
def daemon_with(leaklab: Path, tasks: int) -> Iterator[Daemon]:
    with Daemon(leaklab) as daemon:
        if tasks > 0:
            daemon.spawn("crowd", "leak-recv", tasks, 0)
        yield daemon
