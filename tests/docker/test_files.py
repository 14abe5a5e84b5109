"""compose.yaml and the configuration beside it, without an engine."""

import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

import engine

DOCKER = engine.ROOT / "docker"
PUBLISHED = [service for service in engine.SERVICES.values() if "ports" in service]


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
    assert len(PUBLISHED) == 4
    for service in PUBLISHED:
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_whoever_is_waited_for_can_say_that_it_is_healthy():
    for service in engine.SERVICES.values():
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "healthcheck" in engine.SERVICES[other]


def settings(text, values):
    return re.sub(r"\$\{([A-Z_]+):-([^}]*)\}", lambda match: values.get(match[1], match[2]), text)


def environment_of(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize("values", [{}, environment_of(DOCKER / "drill.env")], ids=["as it is", "drill.env"])
def test_what_is_mounted_is_there(values):
    for name, service in engine.SERVICES.items():
        for volume in service.get("volumes", []):
            source = settings(volume, values).split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).exists(), (name, source)
            else:
                assert source in engine.COMPOSE["volumes"], (name, source)


@needs("docker-compose")
@pytest.mark.parametrize("flags", [[], ["--env-file", "docker/drill.env"]], ids=["as it is", "drill.env"])
def test_compose_takes_it(flags):
    told = told_by("docker-compose", *flags, "-f", "docker/compose.yaml", "config", cwd=engine.ROOT)
    assert (told.returncode, told.stderr) == (0, "")
    services = yaml.safe_load(told.stdout)["services"]
    assert services["leaklab"]["environment"]["LEAKLAB_DEMO"] == ("false" if flags else "true")


def test_drills_of_compose_are_there():
    assert environment_of(DOCKER / "drill.env")["COMPOSE_PROFILES"] in engine.SERVICES["drill"]["profiles"]
    for name in engine.SERVICES["drill"]["command"]:
        assert (DOCKER / "drills" / name).is_file()


def inside(path, service):
    """Where a container's path comes from."""
    for volume in engine.SERVICES[service]["volumes"]:
        source, target = settings(volume, {}).split(":")[:2]
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
    (source,) = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"


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
