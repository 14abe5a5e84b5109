"""Series as a scraper would have seen them, in promtool's notation: made by `leaklab simulate --format promtool`, which runs the
daemon's own runtime, scenarios and judge on virtual time, with restarts, failed scrapes and further instances put in."""

import json
import re

import leaklab

SERIES = re.compile(r"^ *- series: '(.*)'\n *values: '(.*)'$", re.M)


class Table:
    """Series and their values, one a scrape, as promtool reads them."""

    def __init__(self, scrapes, rows=None):
        self.scrapes = scrapes
        self.rows = dict(rows or {})

    def only(self, wanted):
        """Those whose series begin with one of these."""
        return Table(self.scrapes, {series: row for series, row in self.rows.items() if series.startswith(wanted)})

    def without(self, *names):
        return Table(self.scrapes, {series: row for series, row in self.rows.items() if not series.startswith(names)})

    def renamed(self, pattern, replacement):
        """The series that a pattern matches, under the names that another service would have used."""
        rows = {re.sub(pattern, replacement, series): row for series, row in self.rows.items() if re.search(pattern, series)}
        assert rows, f"no series is like {pattern}"
        return Table(self.scrapes, rows)

    def beside(self, *others):
        rows = {}
        for table in (self, *others):
            assert not rows.keys() & table.rows.keys()
            rows.update(table.rows)
        return Table(max(table.scrapes for table in (self, *others)), rows)

    def text(self):
        return "".join(f"  - series: '{series}'\n    values: '{row}'\n" for series, row in self.rows.items())


def simulate(folder, scenarios, *, seconds, step, instances=("a",), events=(), **flags):
    """The table of a scrape every `step` seconds, the first one at once."""
    path = folder / "scenario.json"
    path.write_text(json.dumps({"scenarios": scenarios, "instances": list(instances), "events": list(events)}))
    given = [text for name, value in flags.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    done = leaklab.run("simulate", "--scenario", path, "--for", f"{seconds}s", "--scrape-interval", f"{step}s",
                       "--format", "promtool", "--out", "-", *given, timeout=120)
    assert done.returncode == 0, done.stderr
    return Table(seconds // step + 1, SERIES.findall(done.stdout))
