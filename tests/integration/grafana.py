"""Grafana's dashboards as the tests see them: what must be true of the JSON, and what Prometheus is asked."""

import copy
import json
import re
import urllib.parse
import urllib.request

import leaklab

FOLDER = leaklab.ROOT / "docker/grafana/dashboards"
WIDTH = 24
# What holds no data.
WORDS = ("row", "text")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
BUILT_IN = {"__rate_interval", "__interval", "__range", "__url_time_range"}
UNITS = {"short", "none", "s", "bytes", "cps", "reqps", "percentunit"}


def dashboards():
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def graphs(dashboard):
    """The panels that show data."""
    return [panel for panel in dashboard["panels"] if panel["type"] not in WORDS]


def expressions(dashboard):
    """Every question for Prometheus but those of the variables: (whose it is, expression)."""
    asked = [(f"{panel['title']}/{target['refId']}", target["expr"]) for panel in graphs(dashboard)
             for target in panel["targets"]]
    return asked + [(note["name"], note["expr"]) for note in dashboard["annotations"]["list"]]


def fill_in(text, values):
    """The text with its variables replaced; longest name first, so that none is the begin of another."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${name}", values[name])
    return text


def complaints(dashboard):
    """What is wrong with a dashboard as a text, whatever the data; nothing where all is well."""
    found = []
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    for panel in dashboard["panels"]:
        found += [f"{panel['title'] or panel['type']!r}: {what}" for what in _of_panel(panel)]
    for panel in graphs(dashboard):
        found += [f"{panel['title']!r}: {what}" for what in _of_graph(panel)]
    for whose, expression in expressions(dashboard):
        unknown = set(re.findall(r"\$\{?(\w+)", expression)) - set(names) - BUILT_IN
        found += [f"{whose!r}: ${name} is no variable" for name in sorted(unknown)]
        if 'job=~"$job"' not in expression:
            found.append(f"{whose!r}: shows jobs that were not chosen")
    found += [f"annotation {note['name']!r} has another data source" for note in dashboard["annotations"]["list"]
              if note["datasource"] != SOURCE]
    titles = [panel["title"] for panel in graphs(dashboard)]
    found += [f"two panels are called {title!r}" for title in sorted({title for title in titles if titles.count(title) > 1})]
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        found.append("two panels have one id")
    return found + _overlaps(dashboard["panels"]) + _of_head(dashboard, names)


def _of_head(dashboard, names):
    found = []
    if names[0] != "datasource" or not {"job", "instance"} <= set(names):
        found.append("the variables are not data source, job, instance")
    found += [f"variable {variable['name']}: no {what}" for variable in dashboard["templating"]["list"]
              for what in ("label", "description") if not variable.get(what)]
    if dashboard["editable"] or not dashboard["refresh"] or dashboard["uid"] == "":
        found.append("the head is not that of a provisioned dashboard")
    kinds = [panel["type"] for panel in dashboard["panels"]]
    if kinds[:2] != ["row", "text"] or kinds.count("row") != kinds.count("text"):
        found.append("a section has no story")
    return found


def _of_panel(panel):
    place = panel["gridPos"]
    if place["x"] < 0 or place["x"] + place["w"] > WIDTH or place["w"] < 1 or place["h"] < 1:
        yield "is outside of the grid"
    if panel["type"] == "row" and (not panel["title"] or panel["collapsed"]):
        yield "a row without a title, or closed"
    if panel["type"] == "text" and len(panel["options"]["content"]) < 60:
        yield "says too little"


def _of_graph(panel):
    defaults = panel["fieldConfig"]["defaults"]
    if not panel["title"]:
        yield "no title"
    if len(panel.get("description", "")) < 20:
        yield "no description"
    if defaults.get("unit") not in UNITS:
        yield f"unit {defaults.get('unit')!r}"
    if len(defaults.get("noValue", "")) < 4:
        yield "nothing is said when there is no data"
    if panel["datasource"] != SOURCE or any(target["datasource"] != SOURCE for target in panel["targets"]):
        yield "another data source"
    if not panel["targets"]:
        yield "asks nothing"
    steps = [step["value"] for step in defaults.get("thresholds", {}).get("steps", [])]
    if panel["type"] in ("stat", "bargauge") and not steps:
        yield "no thresholds"
    if steps and (steps[0] is not None or steps[1:] != sorted(steps[1:])):
        yield "thresholds out of order"


def _overlaps(panels):
    taken = {}
    found = []
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        found += sorted({f"{panel['title']!r} lies on {taken[cell]!r}" for cell in cells & taken.keys()})
        taken |= dict.fromkeys(cells, panel["title"])
    return found


def broken(dashboard, change):
    """A copy with a fault."""
    copied = copy.deepcopy(dashboard)
    change(copied)
    return copied


class Source:
    """A Prometheus as Grafana's data source asks it."""

    def __init__(self, base):
        self.base = base

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.base}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def series(self, expression, begin, end, step=1):
        """Every series of an expression over a time: (labels, values)."""
        result = self.ask("query_range", query=expression, start=begin, end=end, step=step)["result"]
        return [(one["metric"], [float(value) for _, value in one["values"]]) for one in result]

    def choices(self, definition):
        """What a variable offers: label_values(SERIES, LABEL)."""
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", definition).groups()
        return self.ask(f"label/{label}/values", **{"match[]": series})


def legend(template, labels):
    """The name of a series; a label that is not there is an error."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels[found[1]], template)
