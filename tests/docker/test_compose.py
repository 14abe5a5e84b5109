"""compose.yaml as it is, but for the ports of this machine and Grafana, of which there is no stand-in: it comes up in its
order, Prometheus finds one replica and then three, and all of it stops cleanly and leaves nothing behind."""

import http.client
import json
import re
import time
import urllib.parse
import urllib.request

import pytest
import yaml

import engine

OFFSET = 20000  # so that whatever runs on this machine on the real ports is left alone
RUN = ("leaklab", "alertmanager", "prometheus")


def moved(mapping):
    """The same mapping, to other ports of this machine."""
    host, published, inside = mapping.split(":")
    return f"{host}:{re.sub(r'[0-9]+', lambda port: str(int(port[0]) + OFFSET), published)}:{inside}"


class Stack:
    def __init__(self, docker, file):
        self.docker = docker
        self.options = ["--project-directory", str(engine.COMPOSE_FILE.parent)]
        self.file = file

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


@pytest.fixture(scope="module")
def stack(docker, image, tmp_path_factory):
    tried = docker.run("network", "create", "leaklab-try", check=False)
    if tried.returncode != 0:
        pytest.skip(f"no network can be made here: {tried.stderr.strip()}")
    docker.run("network", "rm", "leaklab-try")
    try:
        docker.build_stand_in("prometheus", "prometheus")
        docker.build_stand_in("alertmanager", "prometheus-alertmanager")
    except engine.NoEngine as reason:
        pytest.skip(str(reason))
    services = {name: {**service, "ports": [moved(each) for each in service.get("ports", [])]}
                for name, service in engine.SERVICES.items()}
    file = tmp_path_factory.mktemp("compose") / "compose.yaml"
    file.write_text(yaml.safe_dump({**engine.COMPOSE, "services": services}))
    stack = Stack(docker, file)
    try:
        stack.up()
        yield stack
    finally:
        print(stack.compose("logs", "--no-color", "--tail=50", check=False).stdout)
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


def test_starts_in_order_and_healthy(stack):
    """`up` has come back, so that whoever is waited for was healthy before Prometheus began."""
    begun = {}
    for name in RUN:
        (container,) = stack.containers(name)
        begun[name] = container["State"]["StartedAt"]
        assert container["State"]["Running"]
        if name != "prometheus":
            assert container["State"]["Health"]["Status"] == "healthy"
    assert begun["prometheus"] == max(begun.values())
    end = time.monotonic() + 60
    while stack.containers("prometheus")[0]["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < end
        time.sleep(0.2)


def test_nobody_is_root_and_only_this_machine_reaches_them(stack):
    for name in RUN:
        (container,) = stack.containers(name)
        assert container["Config"]["User"] not in ("", "0", "root")
        assert container["HostConfig"]["ReadonlyRootfs"] and container["HostConfig"]["Memory"] > 0
        bound = [each for port in container["NetworkSettings"]["Ports"].values() for each in port or []]
        assert bound and all(each["HostIp"] == "127.0.0.1" for each in bound)


def test_prometheus_has_the_series_the_rules_and_the_alertmanager(stack):
    (instance,) = stack.shows('up{job="leaklab"} == 1', lambda values: len(values) == 1)
    assert instance.endswith(":9777")
    stack.shows('sum by (instance) (leaklab_tasks{pattern="recv",variant="leak"})', lambda values: values.get(instance, 0) > 10)
    stack.shows('up{job=~"prometheus|alertmanager"} == 1', lambda values: len(values) == 2)
    rules = [rule for group in stack.ask(9090, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    assert {"TasksLeaking", "LeaklabDown"} <= {rule["name"] for rule in rules}
    assert [rule for rule in rules if rule["health"] == "err"] == []
    assert len(stack.ask(9090, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]) == 1
    assert stack.ask(9093, "/api/v2/status")["config"]["original"]


def test_takes_requests_under_the_name_of_the_service(stack):
    """As the drill sends them, from a container beside it."""
    connection = http.client.HTTPConnection("127.0.0.1", 9777 + OFFSET, timeout=20)
    connection.request("POST", "/scenario", body="mode=leak-recv&dry_run=true", headers={
        "Host": "leaklab:9777", "Content-Type": "application/x-www-form-urlencoded"})
    assert connection.getresponse().status == 200
    connection.close()


def test_the_name_of_the_service_leads_to_it(stack):
    told = stack.compose("exec", "-T", "leaklab", "leaklab", "healthcheck", "--target", "http://leaklab:9777")
    assert "healthy" in told.stdout


def test_three_replicas_are_three_targets(stack):
    stack.up(replicas=3)
    instances = stack.shows('up{job="leaklab"} == 1', lambda values: len(values) == 3)
    stack.shows('sum by (instance) (leaklab_tasks{variant="leak"}) > 0', lambda values: set(values) == set(instances))
    published = [port["HostPort"] for container in stack.containers("leaklab")
                 for port in container["NetworkSettings"]["Ports"]["9777/tcp"]]
    assert len(set(published)) == 3
    stack.up(replicas=1)
    stack.shows('up{job="leaklab"} == 1', lambda values: len(values) == 1)


def test_stops_cleanly_and_leaves_nothing(stack):
    """The last test of this file."""
    stack.compose("stop", "--timeout", "30")
    for name in RUN:
        for container in stack.containers(name):
            assert (name, container["State"]["ExitCode"]) == (name, 0)
    stack.compose("down", "--volumes")
    project = f"label=com.docker.compose.project={stack.docker.environment['COMPOSE_PROJECT_NAME']}"
    for kind in (["ps", "--all"], ["volume", "ls"], ["network", "ls"]):
        assert stack.docker.run(*kind, "--quiet", "--filter", project).stdout == ""
