"""The manifests, without a cluster: kustomize can build them, and what refers to another thing finds it."""

import json
import shutil
import subprocess

import pytest
import yaml

import engine

KUBERNETES = engine.ROOT / "docker/kubernetes"
REMEMBERED = 256 * 1024  # bytes of an object, in the annotation that `kubectl apply` writes


def kustomization(folder):
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def collect(folder):
    """All resources, with the labels that a kustomization adds, as kustomize builds them. It takes files from below its own
    folder only, and whole kustomizations from anywhere."""
    built = []
    spec = kustomization(folder)
    for resource in spec.get("resources", []):
        path = (folder / resource).resolve()
        if path.is_dir():
            built += collect(path)
        else:
            assert path.is_relative_to(folder.resolve()), path
            built += [document for document in yaml.safe_load_all(path.read_text()) if document]
    options = spec.get("generatorOptions", {})
    for generated in spec.get("configMapGenerator", []):
        files = [(folder / name).resolve() for name in generated["files"]]
        assert all(path.is_relative_to(folder.resolve()) for path in files)
        built.append({"apiVersion": "v1", "kind": "ConfigMap", "data": {path.name: path.read_text() for path in files},
                      "metadata": {"name": generated["name"], "labels": options["labels"]}})
    for labels in spec.get("labels", []):
        for each in built:
            each["metadata"].setdefault("labels", {}).update(labels["pairs"])
            if each["kind"] == "Deployment":
                each["spec"]["template"]["metadata"].setdefault("labels", {}).update(labels["pairs"])
                each["spec"].setdefault("selector", {}).setdefault("matchLabels", {}).update(labels["pairs"])
            elif each["kind"] == "Service":
                each["spec"].setdefault("selector", {}).update(labels["pairs"])
    return built


@pytest.fixture(scope="module", name="objects")
def all_objects():
    objects = collect(KUBERNETES)
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    return dict(zip(names, objects))


def container(objects):
    (only,) = objects["Deployment", "leaklab"]["spec"]["template"]["spec"]["containers"]
    return only


def test_has_all_parts(objects):
    kinds = sorted(kind for kind, _ in objects)
    assert kinds == ["ConfigMap", "ConfigMap", "Deployment", "PodMonitor", "PrometheusRule", "Service"]


def test_everybody_selects_the_pods(objects):
    labels = objects["Deployment", "leaklab"]["spec"]["template"]["metadata"]["labels"].items()
    for selector in (objects["Deployment", "leaklab"]["spec"]["selector"]["matchLabels"],
                     objects["Service", "leaklab"]["spec"]["selector"],
                     objects["PodMonitor", "leaklab"]["spec"]["selector"]["matchLabels"]):
        assert selector and selector.items() <= labels


def test_ports_are_where_they_are_looked_for(objects):
    (port,) = container(objects)["ports"]
    listen = {each["name"]: each["value"] for each in container(objects)["env"]}["LEAKLAB_LISTEN"]
    assert listen == f"0.0.0.0:{port['containerPort']}"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container(objects)[probe]["httpGet"]["port"] == port["name"]
    (service,) = objects["Service", "leaklab"]["spec"]["ports"]
    assert (service["targetPort"], service["port"]) == (port["name"], port["containerPort"])
    (endpoint,) = objects["PodMonitor", "leaklab"]["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == port["name"]
    notes = objects["Deployment", "leaklab"]["spec"]["template"]["metadata"]["annotations"]
    assert notes["prometheus.io/port"] == str(port["containerPort"])
    assert notes["prometheus.io/path"] == endpoint["path"] == "/metrics"


def test_probes_ask_what_the_daemon_answers(objects):
    routes = json.loads((engine.ROOT / "service/http/openapi.json.in").read_text())["paths"]
    asked = {probe: container(objects)[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")}
    assert asked == {"readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    assert set(asked.values()) <= set(routes)


def test_has_no_rights(objects):
    pod = objects["Deployment", "leaklab"]["spec"]["template"]["spec"]
    dockerfile = (engine.ROOT / "docker/Dockerfile").read_text()
    assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in dockerfile
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert pod["hostname"] == objects["Service", "leaklab"]["metadata"]["name"]
    rights = container(objects)["securityContext"]
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert container(objects)["resources"]["limits"]["memory"]


def test_dashboards_are_all_there_and_fit(objects):
    found = {name for (kind, _), each in objects.items() if kind == "ConfigMap" for name in each["data"]}
    assert found == {path.name for path in (engine.ROOT / "docker/grafana/dashboards").glob("*.json")}
    for (kind, name), each in objects.items():
        assert len(json.dumps(each)) < REMEMBERED, (kind, name)


def test_rules_are_rules(objects):
    groups = objects["PrometheusRule", "leaklab"]["spec"]["groups"]
    assert any("alert" in rule for group in groups for rule in group["rules"])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", [KUBERNETES, KUBERNETES / "leaklab"], ids=lambda path: path.name)
def test_kustomize_builds_the_same(folder):
    told = subprocess.run(["kubectl", "kustomize", folder], text=True, capture_output=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    built = [each for each in yaml.safe_load_all(told.stdout) if each]

    def sort(objects):
        return sorted(objects, key=lambda each: (each["kind"], each["metadata"]["name"]))

    for ours, theirs in zip(sort(collect(folder)), sort(built), strict=True):
        if ours["kind"] == "Deployment":
            ours["spec"]["template"]["spec"]["containers"][0]["image"] += ":latest"
        assert ours == theirs
