"""compose.yaml brought up as it is, but for the ports of this machine and the network of a build."""

import json
import re
import time
import urllib.parse
import urllib.request

import yaml

import engine

OFFSET = 20000  # so that whatever runs on this machine on the real ports is left alone
RUN = ("leaklab", "alertmanager", "prometheus", "grafana")


def moved(mapping):
    """The same mapping, to other ports of this machine."""
    host, published, inside = mapping.split(":")
    return f"{host}:{re.sub(r'[0-9]+', lambda port: str(int(port[0]) + OFFSET), published)}:{inside}"


class Stack:
    """On an engine; `folder` is for files of its own. The profile is for what ends the stack: `up` names whom it starts."""

    def __init__(self, docker, folder):
        self.docker = docker
        services = {name: {**service, "ports": [moved(each) for each in service.get("ports", [])]}
                    for name, service in engine.SERVICES.items()}
        for service in services.values():
            if "build" in service:
                service["build"] = {**service["build"], "network": "host"}
        self.file = folder / "compose.yaml"
        self.file.write_text(yaml.safe_dump({**engine.COMPOSE, "services": services}))
        self.options = ["--project-directory", str(engine.COMPOSE_FILE.parent), "--profile", "drill"]

    def compose(self, *arguments, **options):
        return self.docker.compose(*self.options, *arguments, files=[self.file], **options)

    def up(self, replicas=1):
        self.compose("up", "--detach", "--no-build", "--scale", f"leaklab={replicas}", *RUN)

    def containers(self, service):
        names = self.compose("ps", "--quiet", service).stdout.split()
        return [self.docker.inspect(name) for name in names]

    @staticmethod
    def ask(port, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port + OFFSET}{path}", timeout=20) as answer:
            return json.load(answer)

    def query(self, expression):
        """The values, by instance."""
        answer = self.ask(9090, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return {each["metric"].get("instance"): float(each["value"][1]) for each in answer["data"]["result"]}

    def shows(self, expression, wanted, timeout=90):
        end = time.monotonic() + timeout
        while not wanted(values := self.query(expression)):
            assert time.monotonic() < end, f"{expression}: {values}"
            time.sleep(0.2)
        return values
