"""Grafana's dashboard JSON from a few words a panel: what to ask, how to show it, and what to say about it.

A dashboard is a list of sections; a section is a question, a few sentences, and rows of panels that are WIDTH wide
together. Places and ids follow from the order, so that nothing overlaps and nobody has to count.
"""

import re

# The version of the JSON that current servers write (`defaultDashboard` of @grafana/schema); older servers read it too.
SCHEMA_VERSION = 42
WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

GOOD, WARNING, BAD = "green", "orange", "red"
# The two variants and the decoys look the same in every panel, and as in the README's pictures.
VARIANTS = {"leak": "orange", "fix": "blue", "decoy": "purple"}


def steps(*pairs):
    """Thresholds: steps("green", (1, "red")) is green, and red from 1 on."""
    base, *rest = pairs
    return {"mode": "absolute",
            "steps": [{"color": base, "value": None}, *({"color": color, "value": value} for value, color in rest)]}


def query(expr, legend="__auto", **options):
    """One question over the time shown. `{{label}}` in the legend stands for the label's value."""
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": " ".join(expr.split()), "legendFormat": legend,
            "range": True, **options}


def now(expr, legend="__auto", **options):
    """One question about the end of the time shown."""
    return query(expr, legend, **options) | {"range": False, "instant": True}


def override(names, **properties):
    """Properties for the series with one of these names, or whose name matches `/.../`."""
    if not names.startswith("/"):
        names = f"/^{re.escape(names)}$/"
    return {"matcher": {"id": "byRegexp", "options": names},
            "properties": [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]}


def paint(names, color, **properties):
    return override(names, color={"mode": "fixed", "fixedColor": color}, **properties)


def by_variant():
    """Colours by the first word of the name, which is the variant."""
    return [paint(rf"/^{variant}\b/", color) for variant, color in VARIANTS.items()]


def panel(kind, title, about, unit, targets, empty, *, defaults=None, overrides=(), options=None, **more):
    """What all kinds have in common. `about` is the (i) beside the title, `empty` is said where there is no data."""
    targets = [target | {"refId": chr(ord("A") + at)} for at, target in enumerate(targets)]
    return {"type": kind, "title": title, "description": " ".join(about.split()), "datasource": DATASOURCE,
            "fieldConfig": {"defaults": {"unit": unit, "noValue": empty, **(defaults or {})}, "overrides": list(overrides)},
            "options": options or {}, "targets": targets, **more}


def stat(title, about, unit, target, empty, *, thresholds, background=True, **defaults):
    """One number, as large as fits."""
    return panel("stat", title, about, unit, [target], empty,
                 defaults={"color": {"mode": "thresholds"}, "thresholds": thresholds, **defaults},
                 options={"colorMode": "background" if background else "value", "graphMode": "none",
                          "justifyMode": "center", "orientation": "auto", "textMode": "value",
                          "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}})


def graph(title, about, unit, targets, empty, *, stack=False, overrides=(), fill=12, legend=("lastNotNull",), low=0,
          **defaults):
    """Lines over time."""
    custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 2, "fillOpacity": 45 if stack else fill,
              "gradientMode": "none", "showPoints": "never", "spanNulls": False, "axisBorderShow": False,
              "stacking": {"mode": "normal" if stack else "none", "group": "A"},
              "thresholdsStyle": {"mode": "off"}}
    base = {"color": {"mode": "palette-classic"}, "custom": custom, **defaults}
    if low is not None:
        base["min"] = low
    return panel("timeseries", title, about, unit, targets, empty, defaults=base, overrides=overrides,
                 options={"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True,
                                     "calcs": list(legend)},
                          "tooltip": {"mode": "multi", "sort": "desc"}})


def bars(title, about, unit, targets, empty, *, thresholds, **defaults):
    """One bar for each, lying."""
    return panel("bargauge", title, about, unit, targets, empty,
                 defaults={"color": {"mode": "thresholds"}, "thresholds": thresholds, "min": 0, **defaults},
                 options={"displayMode": "lcd", "orientation": "horizontal", "valueMode": "color", "showUnfilled": True,
                          "minVizHeight": 16, "minVizWidth": 8, "namePlacement": "auto", "sizing": "auto",
                          "text": {"titleSize": 14, "valueSize": 18},
                          "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
                          "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}})


def timeline(title, about, targets, empty, words):
    """One strip for each, coloured by its value; `words` is {value: (word, color)}."""
    mapping = {str(value): {"text": word, "color": color, "index": at} for at, (value, (word, color)) in
               enumerate(words.items())}
    return panel("state-timeline", title, about, "none", targets, empty,
                 defaults={"color": {"mode": "thresholds"}, "thresholds": steps("text"),
                           "custom": {"fillOpacity": 75, "lineWidth": 0, "spanNulls": False},
                           "mappings": [{"type": "value", "options": mapping}]},
                 options={"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.8,
                          "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                          "tooltip": {"mode": "single", "sort": "none"}})


def column(target, title, unit="short", **properties):
    """A column of a table that comes from a question; its properties become an override."""
    return {"target": target, "title": title, "unit": unit, "properties": properties}


def table(title, about, labels, columns, empty, *, sort_by, links=None):
    """One line for each combination of `labels` ({label: heading}); every column is asked for at the end of the time."""
    names = {"Time": "", **labels}
    overrides = []
    targets = []
    for at, one in enumerate(columns):
        field = f"Value #{chr(ord('A') + at)}"
        names[field] = one["title"]
        targets.append(one["target"] | {"format": "table"})
        overrides.append({"matcher": {"id": "byName", "options": one["title"]},
                          "properties": [{"id": "unit", "value": one["unit"]}, {"id": "noValue", "value": "–"},
                                         *({"id": name.replace("__", "."), "value": value}
                                           for name, value in one["properties"].items())]})
    for heading, link in (links or {}).items():
        overrides.append({"matcher": {"id": "byName", "options": heading},
                          "properties": [{"id": "links", "value": [link]}]})
    order = [*labels, *(f"Value #{chr(ord('A') + at)}" for at in range(len(columns)))]
    return panel("table", title, about, "short", targets, empty,
                 defaults={"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}},
                 overrides=overrides,
                 options={"showHeader": True, "cellHeight": "sm",
                          "sortBy": [{"displayName": sort_by, "desc": True}]},
                 transformations=[{"id": "merge", "options": {}},
                                  {"id": "organize", "options": {
                                      "excludeByName": {"Time": True},
                                      "indexByName": {name: at for at, name in enumerate(order)},
                                      "renameByName": {name: new for name, new in names.items() if new}}}])


def words(markdown):
    """A few sentences between panels."""
    return {"type": "text", "title": "", "transparent": True, "options": {"mode": "markdown", "content": markdown},
            "fieldConfig": {"defaults": {}, "overrides": []}}


def section(question, story, *rows, story_height=2):
    """A question, an answer in words, and rows of (height, (width, panel)...)."""
    return {"question": question, "story": " ".join(story.split()), "story_height": story_height, "rows": rows}


def place(sections):
    """All panels of the sections, each with its id and its place."""
    panels, y = [], 0

    def put(what, x, width, height):
        panels.append({"id": len(panels) + 1, **what, "gridPos": {"x": x, "y": y, "w": width, "h": height}})

    for part in sections:
        put({"type": "row", "title": part["question"], "collapsed": False, "panels": []}, 0, WIDTH, 1)
        y += 1
        put(words(part["story"]), 0, WIDTH, part["story_height"])
        y += part["story_height"]
        for height, *cells in part["rows"]:
            x = 0
            for width, what in cells:
                put(what, x, width, height)
                x += width
            if x != WIDTH:
                raise ValueError(f"a row of \"{part['question']}\" is {x} wide: {[what['title'] for _, what in cells]}")
            y += height
    return panels


def ask_variable(name, label, about, expression, *, everything=None):
    """A variable whose choices Prometheus knows; any number of them, all at first."""
    variable = {"type": "query", "name": name, "label": label, "description": about, "datasource": DATASOURCE,
                "definition": expression, "query": {"query": expression, "refId": "PrometheusVariableQueryEditor-VariableQuery",
                          "qryType": 1},
                "refresh": 2, "sort": 1, "regex": "", "multi": True, "includeAll": True, "hide": 0, "options": [],
                "skipUrlSync": False, "current": {"text": ["All"], "value": ["$__all"]}}
    if everything is not None:
        variable["allValue"] = everything
    return variable


def source_variable():
    return {"type": "datasource", "name": "datasource", "label": "Data source",
            "description": "The Prometheus that scrapes what is shown here.", "query": "prometheus", "regex": "",
            "refresh": 1, "multi": False, "includeAll": False, "hide": 0, "options": [], "skipUrlSync": False, "current": {}}


def choice_variable(name, label, about, choices, chosen):
    return {"type": "custom", "name": name, "label": label, "description": about, "query": ",".join(choices),
            "multi": False, "includeAll": False, "hide": 0, "skipUrlSync": False,
            "current": {"text": chosen, "value": chosen, "selected": True},
            "options": [{"text": choice, "value": choice, "selected": choice == chosen} for choice in choices]}


def annotation(name, color, expr, title, text, *, enable=True):
    return {"name": name, "datasource": DATASOURCE, "enable": enable, "hide": False, "iconColor": color,
            "expr": " ".join(expr.split()), "step": "5s", "titleFormat": title, "textFormat": text, "tagKeys": ""}


def dashboard(uid, title, about, *, tags, variables, annotations, sections, since, refresh):
    return {"uid": uid, "title": title, "description": about, "tags": tags, "schemaVersion": SCHEMA_VERSION, "version": 1,
            "editable": False, "graphTooltip": 1, "liveNow": False, "timezone": "browser", "weekStart": "",
            "fiscalYearStartMonth": 0, "preload": False, "refresh": refresh, "time": {"from": since, "to": "now"},
            "timepicker": {},
            "links": [{"type": "dashboards", "title": "Dashboards", "tags": ["task-leaks"], "asDropdown": False,
                       "includeVars": False, "keepTime": True, "targetBlank": False, "icon": "external link",
                       "tooltip": "", "url": ""}],
            "templating": {"list": variables}, "annotations": {"list": annotations}, "panels": place(sections)}
