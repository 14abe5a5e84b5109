"""promtool test rules: which alerts fire in a table of series, from when to when, and what they say."""

import json
import pathlib
import re
import subprocess

RULES = pathlib.Path(__file__).resolve().parents[2] / "docker/prometheus/rules"


def families(text):
    """What rules read and do not record themselves."""
    names = set(re.findall(r"\b(?:leaklab|process|go|nodejs)_[a-z_]+\b|\bup\b", text))
    for name in re.findall(r"leaklab_\(([a-z_|]+)\)_bytes", text):
        names |= {f"leaklab_{part}_bytes" for part in name.split("|")}
    return tuple(f"{name}{{" for name in names)


def quoted(text):
    return json.dumps(text)


class Suite:
    """One table against one rules file."""

    def __init__(self, rules, table, step):
        self.rules = pathlib.Path(rules)
        self.table = table
        self.step = step
        self.end = (table.scrapes - 1) * step
        self.checks = []
        self.alerts = []

    def fires(self, expected):
        """All firing there is: {alert: (first second, last second)}, or a list of such spans; an empty dict is silence.

        Of the spans their beginning, their end and how many evaluations they have together are asked for."""
        spans = {labels: told if isinstance(told, list) else [told] for labels, told in expected.items()}
        firing = 'ALERTS{alertstate="firing"}'
        window = f"[{self.end}s:{self.step}s]"
        by = "by (alertname, instance, pattern, variant)"
        self.shows(f"min {by} (min_over_time(timestamp({firing}){window}))", self.end,
                   {labels: told[0][0] for labels, told in spans.items()})
        self.shows(f"max {by} (max_over_time(timestamp({firing}){window}))", self.end,
                   {labels: told[-1][1] for labels, told in spans.items()})
        return self.shows(f"sum {by} (count_over_time({firing}[{self.end}s]))", self.end,
                          {labels: sum((last - first) // self.step + 1 for first, last in told) for labels, told in spans.items()})

    def shows(self, expression, seconds, expected):
        """The samples of an expression at a time: {labels: value}."""
        samples = "".join(f"      - labels: {quoted(labels)}\n        value: {value}\n" for labels, value in expected.items())
        self.checks.append(f"    - expr: {quoted(expression)}\n      eval_time: {seconds}s\n"
                           f"      exp_samples:{' []' if not expected else chr(10) + samples}\n")
        return self

    def says(self, alert, seconds, labels, annotations):
        """The one alert of that name that fires at a time, with all its labels and texts; None: no alert fires."""
        text = f"    - alertname: {alert}\n      eval_time: {seconds}s\n      exp_alerts:"
        if labels is None:
            text += " []\n"
        else:
            text += (f"\n      - exp_labels: {json.dumps(labels)}\n        exp_annotations: {json.dumps(annotations)}\n")
        self.alerts.append(text)
        return self

    def run(self, folder):
        """The text of what is wrong, "" when all is as expected."""
        path = folder / "test.yml"
        series = self.table.only(families(self.rules.read_text())).text()
        path.write_text(f"rule_files: [{quoted(str(self.rules))}]\nevaluation_interval: {self.step}s\ntests:\n"
                        f"- interval: {self.step}s\n  input_series:\n{series}"
                        f"  promql_expr_test:\n{''.join(self.checks) or '    []'}\n"
                        f"  alert_rule_test:\n{''.join(self.alerts) or '    []'}\n")
        done = subprocess.run(["promtool", "test", "rules", path], text=True, capture_output=True, timeout=120, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def check(self, folder):
        wrong = self.run(folder)
        assert not wrong, wrong
