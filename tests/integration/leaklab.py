"""The real daemon, started for one test, and a client for it."""

import functools
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LEAKLAB_BINARY", ROOT / "build/release/leaklab"))
# Some of them, of the shapes that differ most.
MODES = ("leak-recv", "fix-recv", "leak-send", "fix-send", "leak-ticker", "fix-ticker")


@functools.cache
def sanitized(*by):
    """Whether the binary is instrumented, whatever its build folder is called: by these of "address" and "thread", or any."""
    image = BINARY.read_bytes()
    return any(f"__{sanitizer[0]}san_init".encode() in image for sanitizer in by or ("address", "thread"))


def environment(**extra):
    """The tester's environment without settings of leaklab's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEAKLAB_")}
    return {**kept, **extra}


def run(*arguments, timeout=30, **extra):
    """Runs leaklab to its end. The time-out only ends what would hang; a sanitizer gets four times as much."""
    return subprocess.run([BINARY, *arguments], env=environment(**extra), stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=timeout * (4 if sanitized() else 1), check=False)


def eventually(ask, wanted=bool, timeout=30, what=None):
    """Asks until the answer is as wanted, and returns it. The time-out only ends a test that would hang."""
    end = time.monotonic() + timeout
    while True:
        answer = ask()
        if wanted(answer):
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'this'} did not come about; the last answer was {answer!r}")
        time.sleep(0.01)


class Response:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Scrape:
    """Samples of one scrape in the text format, by name and labels."""

    LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
    LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.samples = {}
        self.types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line and not line.startswith("#"):
                name, labels, value = self.LINE.match(line).groups()
                key = (name, frozenset(self.LABEL.findall(labels or "")))
                assert key not in self.samples, f"twice in one scrape: {line}"
                self.samples[key] = float(value)

    def values(self, name, **labels):
        """Values of all samples of that name whose labels include these."""
        wanted = set(labels.items())
        return [value for (key, have), value in self.samples.items() if key == name and wanted <= have]

    def sum(self, name, **labels):
        return sum(self.values(name, **labels))

    def value(self, name, **labels):
        values = self.values(name, **labels)
        assert len(values) == 1, f"{len(values)} samples of {name} {labels}"
        return values[0]

    def label_sets(self, name):
        return [dict(labels) for key, labels in self.samples if key == name]


def hear_hangups():
    """nohup makes all that it starts deaf to them, these tests included."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Daemon:
    """`leaklab serve` on a free port. Use as a context manager, or call stop()."""

    def __init__(self, *arguments, log, listen="127.0.0.1:0", launch=None, trust=None, **extra):
        """launch(command, **how) starts the process in place of subprocess.Popen. trust: an ssl.SSLContext, for one that
        speaks TLS."""
        self.trust = trust
        command = [BINARY, "serve", "--log-format", "json", *arguments]
        if listen is not None:
            command += ["--listen", listen]
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as stream:
            self.process = (launch or subprocess.Popen)(command, env=environment(**extra), stdin=subprocess.DEVNULL,
                                                        stdout=stream, stderr=stream, preexec_fn=hear_hangups)
        try:
            self.address = eventually(self._listening, what="the log line \"listening\"")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.unix_path = self.address[len("unix:"):] if self.address.startswith("unix:") else None
        if self.unix_path is None:
            self.host, _, port = self.address.rpartition(":")
            self.port = int(port)

    def _listening(self):
        for line in self.log_lines():
            if line.get("message") == "listening":
                return line["address"]
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
        return None

    def log_lines(self):
        """The log's lines so far that are complete and JSON."""
        lines = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                pass
        return lines

    def connection(self, timeout=30):
        if self.trust is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.trust)
        if self.unix_path is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        connection.sock.connect(self.unix_path)
        return connection

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Response(response, response.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path, body=None, **headers):
        """Posts a dict or list as JSON, and bytes or text as they are."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return self.request("POST", path, body=body, headers=headers)

    def form(self, path, **fields):
        return self.post(path, urllib.parse.urlencode(fields), Content_Type="application/x-www-form-urlencoded")

    def delete(self, path):
        return self.request("DELETE", path)

    def spawn(self, mode, **fields):
        """Starts a scenario that must be accepted, and returns its name."""
        answer = self.post("/scenario", {"mode": mode, **fields})
        assert answer.status == 201, answer
        return answer.json()["name"]

    def scenario(self, name):
        answer = self.get(f"/scenario/{name}")
        assert answer.status == 200, answer
        return answer.json()

    def scenario_when(self, name, wanted, timeout=60):
        return eventually(lambda: self.scenario(name), wanted, timeout, what=f"scenario {name}")

    def when_live(self, name, count):
        return self.scenario_when(name, lambda scenario: scenario["tasks"]["live"] == count)

    def when_state(self, name, *states):
        return self.scenario_when(name, lambda scenario: scenario["state"] in states)

    def scrape(self):
        answer = self.get("/metrics")
        assert answer.status == 200, answer
        return Scrape(answer.text)

    def raw(self, data, patience=0.5):
        """Sends bytes as they are and returns what comes back until the other side closes or says nothing more."""
        received = b""
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            try:
                connection.sendall(data)
                connection.settimeout(patience)
                while chunk := connection.recv(65536):
                    received += chunk
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                pass
        return received

    def open_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, how=signal.SIGTERM, timeout=60):
        """Ends the daemon and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reachable(port):
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
