"""compose.yaml and the configuration beside it, without an engine."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

import engine
from stack import RUN

DOCKER = engine.ROOT / "docker"
PUBLISHED = [service for service in engine.SERVICES.values() if service.get("ports")]


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def told_by(*command, **options):
    return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False, **options)


@pytest.mark.parametrize("name, service", engine.SERVICES.items(), ids=list(engine.SERVICES))
def test_versions_are_pinned_and_memory_is_bounded(name, service):
    assert service["image"] == "leaklab" or re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
    assert service["mem_limit"]
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]


def test_all_that_serve_have_a_health_check_and_only_loopback():
    assert len(PUBLISHED) == 5
    for service in PUBLISHED:
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_whoever_is_waited_for_can_say_that_it_is_healthy():
    for service in engine.SERVICES.values():
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "healthcheck" in engine.SERVICES[other]


def test_what_is_mounted_is_there():
    for name, service in engine.SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).exists(), (name, source)
            else:
                assert source in engine.COMPOSE["volumes"], (name, source)


def composed(*flags, **more):
    """What docker-compose makes of the file."""
    told = told_by("docker-compose", "-f", "docker/compose.yaml", *flags, "config", cwd=engine.ROOT, env={**os.environ, **more})
    assert (told.returncode, told.stderr) == (0, "")
    return yaml.safe_load(told.stdout)["services"]


@needs("docker-compose")
def test_compose_takes_it():
    services = composed()
    assert services["leaklab"]["environment"]["LEAKLAB_DEMO"] == "true"


@needs("docker-compose")
@pytest.mark.parametrize("chosen", [{}, {"LEAKLAB_DRILLS": "decoys.yaml limit.yaml"}], ids=["as it is", "of one's choice"])
def test_the_profile_drills_a_daemon_that_does_nothing_by_itself(chosen):
    services = composed("--profile", "drill", **chosen)
    daemon, monitor, drill = (services[name] for name in ("drill-target", "drill-prometheus", "drill"))
    assert daemon["environment"]["LEAKLAB_DEMO"] == "false" and not daemon.get("ports")
    assert f"--target=http://{daemon['hostname']}:9777" in drill["entrypoint"]
    assert any("/leaklab-drill.yml:" in volume for volume in monitor["volumes"])
    drills = shlex.split(drill["command"]) if isinstance(drill["command"], str) else drill["command"]
    assert "LEAKLAB_DRILLS" not in chosen or drills == chosen["LEAKLAB_DRILLS"].split()
    assert drills and all((DOCKER / "drills" / name).is_file() for name in drills)
    scraped = yaml.safe_load((DOCKER / "prometheus/prometheus-drill.yml").read_text())["scrape_configs"]
    assert [each["dns_sd_configs"][0]["names"] for each in scraped] == [[daemon["hostname"]]]


@needs("docker-compose")
def test_only_the_profile_has_a_drill():
    assert {name for name, service in engine.SERVICES.items() if "profiles" not in service} == set(RUN)


def inside(path, service):
    """Where a container's path comes from."""
    for volume in engine.SERVICES[service]["volumes"]:
        source, target = volume.split(":")[:2]
        if source.startswith(".") and pathlib.PurePath(path).is_relative_to(target):
            return DOCKER / source / pathlib.PurePath(path).relative_to(target)
    raise AssertionError(f"{path} is not mounted into {service}")


def test_grafana_opens_on_the_dashboard():
    settings_of = engine.SERVICES["grafana"]["environment"]
    home = inside(settings_of["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], "grafana")
    assert home.is_file()
    assert settings_of["GF_AUTH_ANONYMOUS_ENABLED"] == "true" and settings_of["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    provided = yaml.safe_load((DOCKER / "grafana/provisioning/dashboards/leaklab.yaml").read_text())
    (provider,) = provided["providers"]
    assert inside(provider["options"]["path"], "grafana") == home.parent


def test_grafana_asks_the_prometheus_that_is_always_there_unless_told_otherwise():
    sources = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    # The first by name is what a dashboard begins with.
    assert sorted(sources, key=lambda source: source["name"].lower()) == sources
    assert [source["url"] for source in sources] == ["http://prometheus:9090", "http://drill-prometheus:9090"]
    assert [source.get("isDefault", False) for source in sources] == [True, False]
    for source, name in zip(sources, ("prometheus", "prometheus-drill")):
        interval = yaml.safe_load((DOCKER / f"prometheus/{name}.yml").read_text())["global"]["scrape_interval"]
        assert source["jsonData"]["timeInterval"] == interval


@needs("promtool")
@pytest.mark.parametrize("name, rules", [("prometheus", "leaklab"), ("prometheus-drill", "leaklab-drill")])
def test_prometheus_takes_its_configuration(tmp_path, name, rules):
    config = yaml.safe_load((DOCKER / f"prometheus/{name}.yml").read_text())
    config["rule_files"] = [str(DOCKER / f"prometheus/rules/{each}.yml") for each in (rules, "services")]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    told = told_by("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert told.returncode == 0, told.stdout + told.stderr


@needs("amtool")
def test_alertmanager_takes_its_configuration():
    told = told_by("amtool", "check-config", DOCKER / "alertmanager/alertmanager.yml")
    assert told.returncode == 0, told.stdout + told.stderr


def test_alerts_that_silence_others_are_there():
    rules = (DOCKER / "prometheus/rules/leaklab.yml").read_text()
    config = yaml.safe_load((DOCKER / "alertmanager/alertmanager.yml").read_text())
    named = re.findall(r'alertname = "(\w+)"', str(config["inhibit_rules"]))
    assert named and all(f"alert: {name}\n" in rules for name in named)
