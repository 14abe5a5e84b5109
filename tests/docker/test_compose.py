"""compose.yaml comes up in its order, Prometheus finds one replica and then three, and all of it stops cleanly and leaves
nothing behind."""

import http.client
import time

import pytest

import engine
from stack import RUN


@pytest.fixture(scope="module")
def stack(composed):
    with composed() as it:
        it.up()
        yield it


def test_starts_in_order_and_healthy(stack):
    """Whoever is waited for is healthy before the next one begins, and that is how `up` came back."""
    begun = []
    for names in (("leaklab", "alertmanager"), ("prometheus",), ("grafana",)):
        containers = [stack.containers(name)[0] for name in names]
        assert all(container["State"]["Running"] for container in containers)
        begun.append(sorted(container["State"]["StartedAt"] for container in containers))
        if names != ("grafana",):
            assert {container["State"]["Health"]["Status"] for container in containers} == {"healthy"}
    assert begun[0][-1] < begun[1][0] < begun[2][0]
    end = time.monotonic() + 60
    while stack.containers("grafana")[0]["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < end
        time.sleep(0.2)


def test_nobody_is_root_and_only_this_machine_reaches_them(stack):
    for name in RUN:
        (container,) = stack.containers(name)
        assert container["Config"]["User"] not in ("", "0", "root")
        assert container["HostConfig"]["Memory"] > 0
        assert container["HostConfig"]["ReadonlyRootfs"] or name == "grafana"
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


@pytest.mark.parametrize(("token", "status"), [(engine.TOKEN, 200), ("everybody-knows-another", 401)])
def test_takes_requests_under_the_name_of_the_service_with_the_token(stack, token, status):
    """As the drill sends them, from a container beside it."""
    host, port = stack.compose("port", "leaklab", "9777").stdout.strip().split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.request("POST", "/scenario", body="mode=leak-recv&dry_run=true", headers={
        "Host": "leaklab:9777", "Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {token}"})
    assert connection.getresponse().status == status
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
    for name in ("leaklab", "alertmanager", "prometheus"):
        for container in stack.containers(name):
            assert (name, container["State"]["ExitCode"]) == (name, 0)
    stack.compose("down", "--volumes")
    project = f"label=com.docker.compose.project={stack.docker.environment['COMPOSE_PROJECT_NAME']}"
    for kind in (["ps", "--all"], ["volume", "ls"], ["network", "ls"]):
        assert stack.docker.run(*kind, "--quiet", "--filter", project).stdout == ""
