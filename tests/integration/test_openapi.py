"""Whatever a generator makes of /openapi.json, the daemon answers as /openapi.json says: with a status and a content type of
the operation, with a body of the schema, and never with a 5xx."""

import json
import random
import urllib.parse

import jsonschema
import pytest

import leaklab
from generate import Generator

SEEDS = (1, 2, 3)
ROUNDS = 3 if leaklab.sanitized() else 12  # requests of each operation and seed
METHODS = ("get", "post", "put", "delete", "patch")
ANYWHERE = (414,)  # described for all operations at once, in info.description
LEARNED = {"name": "Name", "token": "Token", "oldest": "TaskId", "since": "TimelineToken"}  # by member: its schema
PROBLEM = {"$ref": "#/components/schemas/Problem"}
LIMITS = ("--max-tasks", "20000", "--max-heap", "64MiB")


@pytest.fixture
def small(serve):
    return serve(*LIMITS)


class Caller:
    """Asks a daemon what a generator thinks of, and compares the answers with the document."""

    def __init__(self, daemon, seed):
        self.daemon = daemon
        self.document = daemon.get("/openapi.json").json()
        self.random = random.Random(seed)
        listed = daemon.get("/patterns").json()["patterns"]
        self.sources = [daemon.get(f"/patterns/{pattern['name']}").json()["source"] for pattern in listed[:12]]
        self.known = {"Name": [pattern["name"] for pattern in listed],
                      "Mode": [mode for pattern in listed for mode in pattern["modes"]]}
        self.generator = Generator(self.document, self.random, self.known)

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method], item.get("parameters", []) + item[method].get("parameters", [])

    def target(self, path, parameters):
        query = []
        for parameter in parameters:
            if parameter["in"] == "path":
                text = self.generator.text(parameter["schema"])
                # A client would take dots for folders.
                text = urllib.parse.quote(text or "x", safe="", errors="replace").replace(".", "%2e")
                path = path.replace("{" + parameter["name"] + "}", text)
            elif self.random.random() < 0.25:
                query.append((parameter["name"], self.generator.text(parameter["schema"])))
        if parameters and self.random.random() < 0.05:
            query.append((self.generator.noise(), self.generator.noise()))
        return path + ("?" + urllib.parse.urlencode(query, errors="replace") if query else "")

    def body(self, operation):
        """Bytes and their type; None when the operation takes none."""
        content = operation.get("requestBody", {}).get("content")
        if content is None:
            return None, None
        kind = self.random.choice(sorted(content))
        value = self.generator.value(content[kind]["schema"])
        if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
            data = urllib.parse.urlencode({key: field if isinstance(field, str) else json.dumps(field)
                                           for key, field in value.items()}, errors="replace").encode()
        elif content[kind]["schema"] in ({"type": "string"}, {"type": "object"}):
            data = self.random.choice(self.sources).replace("pattern: ", "pattern: own-", 1).encode()
        else:
            data = json.dumps(value).encode()
        if self.random.random() < 0.1:
            data = self.generator.spoil(data)
        if self.random.random() < 0.03:
            kind = self.random.choice(("text/plain", "application/json; charset=latin1", ""))
        return data, kind

    def ask(self, path, method, operation, parameters):
        data, kind = self.body(operation)
        target = self.target(path, parameters)
        headers = {"Content-Type": kind} if kind else {}
        if self.random.random() < 0.3:
            headers["Accept"] = self.random.choice(("*/*", "application/json", "text/html", "application/openmetrics-text"))
        answer = self.daemon.request(method.upper(), target, data, headers)
        self.check(answer, operation, f"{method.upper()} {target} {kind} {data and data[:600]}")
        return answer.status

    def check(self, answer, operation, asked):
        said = f"{asked}\nanswered with {answer}"
        assert answer.status < 500, said
        if answer.status in ANYWHERE:
            assert answer.headers["Content-Type"] == "application/problem+json", said
            self.check_schema(answer.json(), PROBLEM, said)
            return
        described = operation["responses"].get(str(answer.status))
        assert described is not None, f"a status that is not described: {said}"
        content = self.generator.resolve(described).get("content")
        if content is None:
            assert answer.body == b"", said
            return
        kind = answer.headers["Content-Type"]
        of = content.get(kind) or content.get(kind.partition(";")[0])
        assert of is not None, f"{kind} is not described: {said}"
        if kind.partition(";")[0] in ("application/json", "application/problem+json"):
            self.check_schema(answer.json(), of["schema"], said)
            self.learn(answer.json())

    def learn(self, answer):
        """Names and tokens of an answer are good for further requests."""
        if isinstance(answer, list):
            for element in answer[:20]:
                self.learn(element)
        elif isinstance(answer, dict):
            for key, value in answer.items():
                texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
                if key in LEARNED and texts:
                    self.known[LEARNED[key]] = (texts + self.known.get(LEARNED[key], []))[:80]
                else:
                    self.learn(value)

    def check_schema(self, value, schema, said):
        whole = {**schema, "components": self.document["components"]}
        for error in jsonschema.Draft202012Validator(whole).iter_errors(value):
            raise AssertionError(f"{error.json_path}: {error.message}: {said}")


@pytest.mark.limit(120)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_one_that_is_described(small, seed):
    caller = Caller(small, seed)
    statuses = set()
    for _ in range(ROUNDS):
        for operation in list(caller.operations()):
            statuses.add(caller.ask(*operation))
        # Some of it started.
        small.post("/scenario", {"mode": "leak-recv", "n": 3})
        if caller.random.random() < 0.5:
            small.post("/reset")
    assert {200, 404, 422} <= statuses
    assert small.get("/healthz").status == 200


@pytest.mark.limit(120)
def test_a_scenario_can_be_asked_for_in_every_way_the_schema_knows(small):
    caller = Caller(small, 4)
    posts = [operation for operation in caller.operations() if operation[:2] == ("/scenario", "post")]
    statuses = [caller.ask(*posts[0]) for _ in range(60 if leaklab.sanitized() else 600)]
    assert {201, 422} <= set(statuses)
