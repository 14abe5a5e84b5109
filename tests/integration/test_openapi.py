"""Whatever a generator makes of /openapi.json, the daemon answers as /openapi.json says: with a status and a content type of
the operation, with a body of the schema and nothing beside it, and never with a 5xx, except 503 while it shuts down."""

import copy
import gzip
import http.client
import json
import random
import re
import signal
import urllib.parse

import jsonschema
import pytest

import leaklab
from generate import Generator

SEEDS = (1, 2, 3)
ROUNDS = 3 if leaklab.sanitized() else 12  # requests of each operation and seed
METHODS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
LEARNED = {"name": "Name", "token": "Token", "since": "TimelineToken", "next": "TimelineToken", "id": "TaskId"}  # by member: its schema
KINDS = {"patterns": "pattern", "scenario": "scenario", "debug": "task", "page": "part"}  # of names, by the first word of a path
ANYWHERE = {"$ref": "#/components/responses/BadRequest"}  # a problem, as any other
LIMITS = ("--max-tasks", "20000", "--max-heap", "64MiB")
TOKEN = "0123456789abcdef"
LARGE = b"x" * 70000


@pytest.fixture
def small(serve):
    return serve(*LIMITS)


def closed(document):
    """The document with schemas that allow no member but those that they name; one that others extend is shut with them."""
    shut = copy.deepcopy(document)

    def shut_all(node, extended=False):
        if isinstance(node, list):
            for element in node:
                shut_all(element, extended)
        if not isinstance(node, dict):
            return
        for key, value in node.items():
            shut_all(value, extended=key == "allOf")
        if extended and "$ref" in node:
            node["$ref"] = node["$ref"].replace("#/components/", "#/components/open/")
        elif not extended and "allOf" in node:
            node["unevaluatedProperties"] = False
        elif not extended and "properties" in node:
            node.setdefault("additionalProperties", False)

    shut_all(shut)
    shut["components"]["open"] = document["components"]
    return shut


class Caller:
    """Asks a daemon what a generator thinks of, and compares the answers with the document. `token`: one that it wants."""

    def __init__(self, daemon, seed, token=None):
        self.daemon, self.token, self.stopping = daemon, token, False
        self.document = closed(daemon.get("/openapi.json").json())
        self.random = random.Random(seed)
        listed = self.get("/patterns").json()["patterns"]
        self.sources = [self.get(f"/patterns/{pattern['name']}").json()["source"] for pattern in listed[:12]]
        self.known = {"Name": [pattern["name"] for pattern in listed],
                      "Mode": [mode for pattern in listed for mode in pattern["modes"]]}
        # What there is, by what it is.
        self.there = {"pattern": self.known["Name"][:], "scenario": [], "task": [], "tag": []}
        page = daemon.get("/", Accept="text/html").text
        self.there["part"] = re.findall(r"page/([\w.-]+)", page)
        self.generator = Generator(self.document, self.random, self.known)
        self.done = set()  # operations that answered with what they are for

    def get(self, path):
        return self.daemon.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} if self.token else {})

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method], item.get("parameters", []) + item[method].get("parameters", [])

    def may(self, share):
        return self.random.random() < share

    def parameter(self, kind, schema):
        """Mostly the name of something that is there, and of that mostly something new."""
        there = self.there.get(kind)
        if there and self.may(0.7):
            return self.random.choice(there[:8] if self.may(0.7) else there)
        return self.generator.text(schema)

    def target(self, path, parameters):
        query = []
        kind = KINDS.get(path.split("/")[1])
        for parameter in parameters:
            if parameter["in"] == "path":
                text = self.parameter(kind, parameter["schema"])
                # A client would take dots for folders.
                text = urllib.parse.quote(text or "x", safe="", errors="replace").replace(".", "%2e")
                path = path.replace("{" + parameter["name"] + "}", text)
            elif self.may(0.25):
                query.append((parameter["name"], self.parameter(parameter["name"], parameter["schema"])))
        if not self.generator.careful and self.may(0.05):
            query.append((self.generator.noise(), self.generator.noise()))
        text = urllib.parse.urlencode(query, errors="replace")
        if not self.generator.careful and self.may(0.03):
            text += "&%zz"
        return path + ("?" + text if text else "")

    def body(self, operation):
        """Bytes and their type; None when the operation takes none."""
        content = operation.get("requestBody", {}).get("content")
        if content is None:
            return None, None
        kind = self.random.choice(sorted(content))
        examples = [example["value"] for example in content[kind].get("examples", {}).values()]
        value = self.random.choice(examples) if examples and self.may(0.2) else self.generator.value(content[kind]["schema"])
        if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
            data = urllib.parse.urlencode({key: field if isinstance(field, str) else json.dumps(field)
                                           for key, field in value.items()}, errors="replace").encode()
        elif content[kind]["schema"] in ({"type": "string"}, {"type": "object"}):
            data = self.random.choice(self.sources).replace("pattern: ", "pattern: own-", 1).encode()
        else:
            data = json.dumps(value).encode()
        if self.generator.careful:
            return data, kind
        if self.may(0.1):
            data = self.generator.spoil(data)
        if self.may(0.03):
            kind = self.random.choice(("text/plain", "application/json; charset=latin1", ""))
        return data, kind

    def headers(self, kind):
        headers = {"Content-Type": kind} if kind else {}
        if self.may(0.3):
            headers["Accept"] = self.random.choice(("*/*", "application/json", "text/html", "application/openmetrics-text"))
        if self.may(0.2):
            headers["Accept-Encoding"] = self.random.choice(("gzip", "identity", "gzip;q=0.5, *;q=0", "br"))
        if self.there["tag"] and self.may(0.5):
            headers["If-None-Match"] = self.random.choice(self.there["tag"])
        if self.token and self.may(0.8):
            headers["Authorization"] = "Bearer " + (self.token if self.may(0.8) else self.generator.noise())
        return headers

    def twist(self, headers, data):
        """Sometimes what no operation is asked for; the statuses that it may be answered with, which are described for all
        operations at once, in info.description; and its data."""
        if self.may(0.02):
            headers["Host"] = "elsewhere.example"
            return (421,), data
        if self.may(0.02):
            headers["Origin"] = "https://elsewhere.example"
        if self.may(0.02):
            return (413,), LARGE
        return (), data

    def ask(self, path, method, operation, parameters, careful=None):
        self.generator.careful = self.may(0.5) if careful is None else careful
        data, kind = self.body(operation)
        target = self.target(path, parameters)
        headers = self.headers(kind)
        elsewhere = (414,)
        if not self.generator.careful:
            more, data = self.twist(headers, data)
            elsewhere += more
        word = "HEAD" if method == "get" and self.may(0.1) else method.upper()
        answer = self.send(word, target, data, headers)
        asked = f"{word} {target} {headers} {data and data[:600]}"
        described = ANYWHERE if answer.status in elsewhere else operation["responses"].get(str(answer.status))
        self.check(answer, described, word, asked)
        if 200 <= answer.status < 300:
            self.done.add((path, method))
        self.learn(path, word, answer)
        return answer.status

    def send(self, method, target, data, headers):
        return self.daemon.request(method, target, data, headers)

    def check(self, answer, described, word, asked):
        said = f"{asked}\nanswered with {answer}"
        assert answer.status < 500 or self.stopping and answer.status == 503, said
        assert described is not None, f"a status that is not described: {said}"
        content = self.generator.resolve(described).get("content")
        if content is None or word == "HEAD":
            assert answer.body == b"", said
        if content is None:
            return
        kind = answer.headers["Content-Type"]
        of = content.get(kind) or content.get(kind.partition(";")[0])
        assert of is not None, f"{kind} is not described: {said}"
        if kind.partition(";")[0] in ("application/json", "application/problem+json") and word != "HEAD":
            self.check_schema(value_of(answer), of["schema"], said)

    def check_schema(self, value, schema, said):
        whole = {**schema, "components": self.document["components"]}
        for error in jsonschema.Draft202012Validator(whole).iter_errors(value):
            raise AssertionError(f"{error.json_path}: {error.message}: {said}")

    def learn(self, path, word, answer):
        """Names and tokens of an answer are good for further requests."""
        if tag := answer.headers.get("ETag"):
            self.there["tag"] = [tag, f"W/{tag}", '"x"', "*", f'"x", {tag}']
        if word != "HEAD" and answer.status < 300 and answer.headers["Content-Type"] == "application/json":
            self.learn_of(value_of(answer), KINDS.get(path.split("/")[1]))

    def learn_of(self, answer, kind):
        if isinstance(answer, list):
            for element in answer[:20]:
                self.learn_of(element, kind)
        elif isinstance(answer, dict):
            for key, value in answer.items():
                if key not in LEARNED or not isinstance(value, str):
                    self.learn_of(value, kind)
                    continue
                self.known[LEARNED[key]] = ([value] + self.known.get(LEARNED[key], []))[:80]
                of = "task" if key == "id" else kind if key == "name" else None
                if of in self.there and value not in self.there[of]:
                    self.there[of].insert(0, value)


def value_of(answer):
    return json.loads(gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body)


class Lasting(Caller):
    """The same on connections that were there before."""

    connection = None

    def send(self, method, target, data, headers):
        self.connection.request(method, target, body=data, headers=headers)
        response = self.connection.getresponse()
        return leaklab.Response(response, response.read())


def ask_all(caller, rounds, careful=None):
    """Every operation so often, in any order; the statuses that came."""
    operations = list(caller.operations()) * rounds
    caller.random.shuffle(operations)
    return {caller.ask(*operation, careful) for operation in operations}


@pytest.mark.limit(120)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_one_that_is_described(small, seed):
    caller = Caller(small, seed)
    statuses = set()
    for _ in range(ROUNDS):
        statuses |= ask_all(caller, 1)
        # Some of it started.
        small.post("/scenario", {"mode": "leak-recv", "n": 3})
        if caller.may(0.3):
            small.post("/reset")
    assert {200, 404, 422} <= statuses
    assert small.get("/healthz").status == 200


@pytest.mark.limit(120)
def test_nothing_that_is_described_is_only_ever_refused(small):
    """A generator that never gets beyond the first check would find nothing."""
    caller = Caller(small, 5)
    for _ in range(40):
        small.post("/scenario", {"mode": "leak-recv", "n": 3})
        ask_all(caller, 1, careful=True)
        if len(caller.done) == len(list(caller.operations())):
            break
    missing = [operation[:2] for operation in caller.operations() if operation[:2] not in caller.done]
    assert not missing


@pytest.mark.limit(120)
def test_a_scenario_can_be_asked_for_in_every_way_the_schema_knows(small):
    caller = Caller(small, 4)
    posts = [operation for operation in caller.operations() if operation[:2] == ("/scenario", "post")]
    statuses = [caller.ask(*posts[0]) for _ in range(60 if leaklab.sanitized() else 600)]
    # Few, and slow, under a sanitizer: not everything comes about then.
    assert ({201, 422} if leaklab.sanitized() else {200, 201, 202, 409, 422}) <= set(statuses)


def test_a_method_that_is_not_described_is_refused_with_those_that_are(shared):
    document = shared.get("/openapi.json").json()
    for path, item in document["paths"].items():
        described = {method.upper() for method in METHODS if method in item}
        if "GET" in described:
            described.add("HEAD")
        for method in {method.upper() for method in METHODS} - described:
            answer = shared.request(method, path.replace("{name}", "x"))
            assert (answer.status, set(answer.headers["Allow"].split(", "))) == (405, described), f"{method} {path}: {answer}"


@pytest.mark.limit(120)
@pytest.mark.parametrize("flags, wanted", [(("--token-for-reads",), 401), (("--requests-per-address", "10"), 429)],
                         ids=["token", "quota"])
def test_who_may_not_ask_is_told_so_as_described(serve, tmp_path, flags, wanted):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    daemon = serve(*LIMITS, "--token-file", token, *(flags if wanted == 401 else ()))
    caller = Caller(daemon, 6, TOKEN)
    if wanted == 429:
        caller.daemon = serve(*LIMITS, "--token-file", token, *flags)
    assert wanted in ask_all(caller, 2)


def test_while_it_shuts_down_it_answers_or_says_so(serve):
    # Given connections that are open, and on one of them a request that is not whole, for which the end is put off
    daemon = serve(*LIMITS)
    caller = Lasting(daemon, 7)
    operations = sorted(caller.operations(), key=lambda operation: operation[0] != "/readyz")
    connections = [daemon.connection() for _ in operations]
    for connection in connections:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
    half = daemon.connection()
    half.request("POST", "/scenario", b"mode", {"Content-Length": "9"})
    # When it is told to end, and only then asked whatever there is to ask
    daemon.process.send_signal(signal.SIGTERM)
    leaklab.eventually(lambda: any(line["message"] == "stopping" for line in daemon.log_lines()))
    caller.stopping = True
    gone = 0
    for caller.connection, operation in zip(connections, operations):
        try:
            caller.ask(*operation)
        except (OSError, http.client.HTTPException):
            gone += 1
    # Then what it answers is described, and it ends
    half.close()
    assert daemon.stop() == 0
    print(f"{len(operations) - gone} of {len(operations)} were answered")
