"""Series as a scraper would have seen them, in promtool's notation: made by `leaklab simulate --format promtool`, which runs the
daemon's own runtime, scenarios and judge on virtual time, with restarts, failed scrapes and further instances put in."""

import json
import re

import leaklab

SERIES = re.compile(r"^ *- series: '(.*)'\n *values: '(.*)'$", re.M)


def expanded(row):
    """A word for each scrape, of whole numbers in promtool's notation: 18x2 is 18 18 18, 1+2x2 is 1 3 5, _x2 is _ _."""
    words = []
    for word in row.split():
        start, step, times = re.fullmatch(r"(_|stale|-?\d+)([+-]\d+)?(?:x(\d+))?", word).groups()
        if start in ("_", "stale"):
            words += [start] * int(times or 1)
        else:
            words += [str(int(start) + k * int(step or 0)) for k in range(int(times or 0) + 1)]
    return words


def added(words):
    there = [int(word) for word in words if word not in ("_", "stale")]
    if there:
        return str(sum(there))
    return "stale" if "stale" in words else "_"


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

    def summed(self, name, new):
        """All series of a name as one for each job and instance; a series that is not there, or has gone, counts nothing."""
        sums = {}
        for series, row in self.rows.items():
            if series.startswith(f"{name}{{"):
                where = re.match(r'.*\{(job="[^"]*",instance="[^"]*")', series)[1]
                sums.setdefault(f"{new}{{{where}}}", []).append(expanded(row))
        assert sums, f"no series is called {name}"
        return Table(self.scrapes, {series: " ".join(map(added, zip(*rows, strict=True))) for series, rows in sums.items()})

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
