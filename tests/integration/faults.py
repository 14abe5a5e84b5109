"""A scripted session of the real binary in which one call fails (tests/faults/preload.c), and what must be true of it."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import leaklab

KINDS = ("memory", "map", "open", "accept", "read", "write", "poll", "thread", "uv", "json", "yaml", "mhd")
PATIENCE = 15  # seconds, for anything: whoever is slower hangs
TASKS = 51     # of leak-recv with n=50
COMMANDS = (("version",), ("patterns",), ("check", str(leaklab.ROOT / "service/patterns/recv.yaml")),
            ("run", "-mode=leak-recv", "-n=50", "-linger=1ms"))
DRILL = """drill: faults
scenarios: [{mode: leak-recv, n: 1, linger: 1ms}]
expect: [{alert: Stuck, within: 10s, labels: {pattern: recv}}]
"""
PATTERN = """pattern: own
title: t
story: s
remedy: r
share: {jobs: channel}
leak: {main: [spawn a * 5], a: [recv jobs]}
fix: {main: [spawn a * 5], a: [select: {recv jobs: , done: exit}]}
expect: {leak: 5, fix: 0}
"""


def library():
    return leaklab.BINARY.parent / "faults.so"


class Run:
    """A process with the n-th call of a kind failing; 0: none does. `problems` is what went wrong."""

    def __init__(self, kind, at, folder):
        self.kind, self.at, self.problems, self.process = kind, at, [], None
        self.log = pathlib.Path(folder) / f"{kind}-{at}.log"
        self.report = pathlib.Path(folder) / f"{kind}-{at}.report"
        for path in (self.log, self.report):
            path.unlink(missing_ok=True)

    def begin(self, *arguments, stdout=None, **extra):
        environment = leaklab.environment(LD_PRELOAD=str(library()), FAULT_KIND=self.kind, FAULT_AT=str(self.at),
                                          FAULT_REPORT=str(self.report), **extra)
        # The library comes before the sanitizer's, whose allocator it calls.
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:allocator_may_return_null=1"
        with open(self.log, "wb") as stream:
            self.process = subprocess.Popen([leaklab.BINARY, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=stdout or stream, stderr=stream)

    def wrong(self, what):
        self.problems.append(what)

    def wait_for_end(self):
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.wrong("hangs")

    def judge(self):
        code, said = self.process.returncode, self.log.read_text(errors="replace")
        told = self.report.read_text(errors="replace") if self.report.exists() else ""
        self.hit = "hit\n" in told
        calls = re.search(r"^calls (\d+)$", told, re.M)
        self.calls = int(calls.group(1)) if calls else 0
        for word in ("Sanitizer", "runtime error:", ": bug:"):
            if word in said:
                self.wrong(f"says {word!r}")
        if code not in (0, 1, 2) and not self.problems:
            self.wrong(f"ended with {code}")
        # Its only word may be what could not be written.
        if code != 0 and not said.strip() and self.kind != "write":
            self.wrong("failed without a word")
        if code != 0 and not self.hit:
            self.wrong(f"ended with {code}, though nothing was made to fail")

    def __str__(self):
        told = self.report.read_text(errors="replace") if self.report.exists() else ""
        return (f"{self.kind} {self.at}: {'; '.join(self.problems) or 'fine'}, exit {self.process.returncode}\n"
                f"{self.log.read_text(errors='replace')[-3000:]}\n{told[:4000]}")


class Command(Run):
    """One that ends by itself: it succeeds with what it says when nothing fails, or it fails."""

    said = {}  # by command: what it says

    def __init__(self, command, kind, at, folder):
        super().__init__(kind, at, folder)
        path = self.log.with_suffix(".stdout")
        with open(path, "wb") as stdout:
            self.begin(*command, stdout=stdout)
        self.wait_for_end()
        self.judge()
        # Bytes of heap are never the same.
        text = re.sub(r"heap_\w+=\S+", "", path.read_text(errors="replace"))
        if at == 0:
            self.said[command] = text
        elif self.process.returncode == 0 and text != self.said[command]:
            self.wrong(f"succeeds, but says {text[-2000:]!r}")


class Prometheus(http.server.ThreadingHTTPServer):
    """As much of one as a drill asks for: it scrapes when it is asked, and an alert fires while something is stuck."""

    daemon_threads = True

    def __init__(self, daemon):
        super().__init__(("127.0.0.1", 0), Prometheus.Answers)
        self.daemon = daemon
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_):
        """A drill whose reading fails hangs up."""

    def is_stuck(self):
        connection = http.client.HTTPConnection(self.daemon, timeout=PATIENCE)
        try:
            connection.request("GET", "/metrics")
            return leaklab.Scrape(connection.getresponse().read().decode()).sum("leaklab_tasks_leaked") > 0
        except (http.client.HTTPException, OSError):
            return False
        finally:
            connection.close()

    def data(self, path):
        where = {"instance": self.daemon, "job": "leaklab"}
        if path.startswith("/api/v1/rules"):
            return {"groups": [{"name": "g", "rules": [{"name": "Stuck", "duration": 0, "health": "ok"}]}]}
        if path.startswith("/api/v1/targets"):
            return {"activeTargets": [{"labels": where, "scrapeUrl": f"http://{self.daemon}/metrics", "health": "up", "lastError": ""}]}
        return {"alerts": [{"labels": {**where, "alertname": "Stuck", "pattern": "recv"}, "state": "firing"}] * self.is_stuck()}

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"status": "success", "data": self.server.data(self.path)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


class Drill(Run):
    """A drill with a daemon of its own, from its start to its end. It passes, or says why it could not be found out."""

    def __init__(self, kind, at, folder):
        super().__init__(kind, at, folder)
        daemon = f"127.0.0.1:{leaklab.free_port()}"
        path = self.log.with_suffix(".yaml")
        path.write_text(DRILL)
        report = self.log.with_suffix(".stdout")
        prometheus = Prometheus(daemon)
        try:
            with open(report, "wb") as stdout:
                self.begin("drill", str(path), "--prometheus", f"http://127.0.0.1:{prometheus.server_port}", "--listen", daemon,
                           "--poll", "10ms", "--settle", "5s", "--timeout", "5s", "--json", stdout=stdout, LEAKLAB_JUDGE_INTERVAL="20ms")
            self.wait_for_end()
        finally:
            prometheus.shutdown()
            prometheus.server_close()
        self.judge()
        self.check(report.read_text(errors="replace"), int(daemon.split(":")[1]))

    def check(self, said, port):
        try:
            drills = json.loads(said)["drills"]
        except ValueError:
            drills = []
        scored = [row["outcome"] for drill in drills if drill["finished"] for row in drill["alerts"]]
        if scored != ["detected"] and (self.process.returncode == 0 or scored):
            self.wrong(f"says {said[-2000:]!r}")
        if leaklab.reachable(port):
            self.wrong("its daemon outlives it")


class Session(Run):
    """The daemon, from its start to its end."""

    def __init__(self, kind, at, folder):
        super().__init__(kind, at, folder)
        self.port = leaklab.free_port()
        self.begin("serve", "--listen", f"127.0.0.1:{self.port}", "--judge-interval", "20ms")
        try:
            if self.comes_up():
                self.play()
            self.end()
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
        self.judge()

    # ---- asking ----

    def once(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            response = connection.getresponse()
            return leaklab.Response(response, response.read())
        finally:
            connection.close()

    def ask(self, method, path, body=None, kind="application/json"):
        """The answer; None when the connection broke, which is one way to hear of it. Then it is not asked again: it may have
        been done."""
        try:
            return self.once(method, path, body, kind)
        except TimeoutError:
            self.wrong(f"{method} {path} hangs")
        except (http.client.HTTPException, OSError):
            if self.process.poll() is None and not self.answers():
                self.wrong(f"after {method} {path} nobody answers any more")
        return None

    def answers(self):
        for _ in range(3):
            with contextlib.suppress(http.client.HTTPException, OSError):
                return self.once("GET", "/healthz").status == 200
            time.sleep(0.05)
        return False

    def comes_up(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(http.client.HTTPException, OSError):
                if self.once("GET", "/readyz").status == 200:
                    return True
            time.sleep(0.005)
        if self.process.poll() is None:
            self.wrong("it does not come up, and does not end")
        return False

    # ---- the session ----

    def play(self):
        self.scrape()
        started = self.ask("POST", "/scenario", json.dumps({"mode": "leak-recv", "n": TASKS - 1, "name": "a"}))
        if started is not None and started.status == 201:
            self.await_tasks("a")
        self.ask("POST", "/scenario", "mode=fix-ticker&n=5&rate=50/s&linger=20ms&name=b", "application/x-www-form-urlencoded")
        self.ask("POST", "/scenario", json.dumps([{"mode": "leak-threadpool", "n": 2}, {"mode": "leak-file", "n": 2},
                                                  {"mode": "leak-thread", "n": 2}]))
        self.ask("POST", "/patterns", PATTERN, "application/yaml")
        self.ask("POST", "/scenario", json.dumps({"mode": "leak-own", "name": "c"}))
        for path in ("/patterns/recv", "/debug/tasks?format=json", "/debug/pprof/tasks", "/timeline", "/scenario", "/"):
            self.ask("GET", path)
        self.scrape()
        self.ask("DELETE", "/scenario/b")
        self.ask("DELETE", "/scenario/a?reclaim=true")
        reset = self.ask("POST", "/reset") or self.ask("POST", "/reset")
        live = self.scrape()
        if reset is not None and reset.status == 200 and live not in (0, None):
            self.wrong(f"{live} tasks live after a reset")

    def await_tasks(self, name):
        """Who was told 201 gets the tasks, or is told why not."""
        end = time.monotonic() + PATIENCE
        scenario = None
        while time.monotonic() < end and not self.problems:
            answer = self.ask("GET", f"/scenario/{name}")
            if answer is not None and answer.status == 200:
                scenario = answer.json()
                if scenario["tasks"]["live"] == TASKS or scenario["capped_by"] or scenario["state"] in ("finished", "leaked"):
                    return
        self.wrong(f"{name} does not get its tasks: {scenario}")

    def scrape(self):
        """Live tasks; what the books say must balance."""
        answer = self.ask("GET", "/metrics")
        if answer is None or answer.status != 200:
            return None
        scrape = leaklab.Scrape(answer.text)
        live = scrape.sum("leaklab_tasks")
        balance = scrape.sum("leaklab_tasks_spawned_total") - scrape.sum("leaklab_tasks_ended_total")
        if live != balance:
            self.wrong(f"{live} tasks live, but {balance} were spawned and have not ended")
        return live

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.wrong("it does not end when told to")


def spread(calls, count):
    """`count` numbers from 1 to `calls`: all of them if there are so few, else more of the early and of the late ones than of the
    many alike in between."""
    if calls <= count:
        return list(range(1, calls + 1))
    third = max(count // 3, 1)
    early = {round(calls ** (i / third)) for i in range(third + 1)}
    late = {calls + 1 - round((calls / 2) ** (i / third)) for i in range(third + 1)}
    even = {1 + (i * calls) // third for i in range(third)}
    return sorted(n for n in early | late | even if 1 <= n <= calls)


def attempt(run, kind, at, folder):
    """One that finds its port taken, by whoever was given the same, begins again."""
    for _ in range(3):
        done = run(kind, at, folder)
        if done.hit or "Address already in use" not in done.log.read_text(errors="replace"):
            break
    return done


def sweep(run, kind, folder, count, parallel=1, tell=lambda run: None):
    """Runs with `count` of the calls of a kind failing in turn; those in which something went wrong."""
    counted = attempt(run, kind, 0, folder)
    if counted.problems:
        return [counted]
    with ThreadPoolExecutor(parallel) as pool:
        runs = []
        for done in pool.map(lambda at: attempt(run, kind, at, folder), spread(counted.calls, count)):
            tell(done)
            runs.append(done)
    return [done for done in runs if done.problems]


def main():
    """faults.py FOLDER COUNT [KIND...]"""
    folder, count = sys.argv[1], int(sys.argv[2])
    bad = 0
    for kind in sys.argv[3:] or KINDS:
        for run in (Session, Drill):
            said = []
            wrong = sweep(run, kind, folder, count, parallel=os.cpu_count() or 1, tell=said.append)
            print(f"{kind}: {len(said)} {run.__name__.lower()}s, {sum(done.hit for done in said)} calls made to fail, "
                  f"{len(wrong)} went wrong", flush=True)
            for done in wrong:
                print(done, flush=True)
            bad += len(wrong)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
