"""The signatures of the catalogue: docs/signatures/PATTERN.svg and the README's table, from the pattern files; and
docs/pictures/tasks-over-time.svg, a week of a leak.

Each mode runs on virtual time by `leaklab simulate`: two waves of starts, then quiet. What stays behind is the leak. Which
series is drawn is decided by what moves: tasks where they tell leak and fix apart, otherwise the first other series that does;
where no end tells them apart, the first whose peaks do. Of a decoy, tasks where there are many, otherwise its heap.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/signatures"
WEEK = ROOT / "docs/pictures/tasks-over-time.svg"
README = ROOT / "README.md"
BEGIN, END = "<!-- catalogue: written by script/pictures -->", "<!-- end of the catalogue -->"

# Seconds: when load begins, how long it lasts, when the picture ends. Starts fall between two scrapes.
LOAD_FROM, LOAD_FOR, PICTURE_FOR = 9.5, 50, 90
WIDTH, HEIGHT, TOP, BOTTOM = 160, 40, 3, 3
# Seconds between two points of a decoy's picture.
DECOY_STEP = 4
# Two series are told apart when they end this far from each other, as a share of the highest value of both.
APART = 0.2
# Fewer tasks than this are nothing that a rule on their number would take for a leak.
MANY_TASKS = 100
TASKS_MAX = 2_000_000

# Not what a task leaks: limits, the truth itself, how scenarios stand, and channels, which come and go with tasks.
NOT_DRAWN = ("leaklab_tasks_expected_leaked", "leaklab_scenarios", "leaklab_channels", "leaklab_limit_",
             "leaklab_tasks_leaked", "leaklab_tasks_blocked")
PANICS = "panics"
LABELS = {"leaklab_tasks": "tasks", "leaklab_task_heap_bytes": "heap", "leaklab_task_lost_heap_bytes": "lost heap",
          "leaklab_queue_messages": "queued messages"}

STYLE = """
path{fill:none;stroke-width:1.6;stroke-linejoin:round}
.leak{stroke:#cf4500}.fix{stroke:#0a66c2}.load{fill:#6e7781;opacity:.14}text{fill:#59636e;font:8px sans-serif}
@media (prefers-color-scheme:dark){.leak{stroke:#ff9a5c}.fix{stroke:#6cb6ff}text{fill:#9198a1}}
"""


def scrapes(leaklab, folder, body, duration, interval):
    """What `leaklab simulate` writes of a scenario, or of a list of them."""
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(body))
    done = subprocess.run([leaklab, "simulate", "--scenario", scenario, "--for", duration, "--scrape-interval", interval,
                           "--at", "0", "--out", "-", "--max-tasks", str(TASKS_MAX)],
                          capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        sys.exit(f"pictures: {json.dumps(body)}: {done.stderr.strip()}")
    return done.stdout


def simulate(leaklab, folder, mode):
    """The mode's gauges, and its panics, each as a list with a value a scrape."""
    variant = mode.partition("-")[0]
    body = {"mode": mode, "name": "picture", "holds": "0B", "seed": 1}
    # A decoy runs once and shows its own shape, which takes longer.
    step = DECOY_STEP if variant == "decoy" else 1
    body |= {"at": f"{LOAD_FROM * step}s", "duration": f"{LOAD_FOR * step}s"}
    if variant != "decoy":
        body |= {"rate": "2/s", "shape": "wave", "shape_period": f"{LOAD_FOR // 2}s", "linger": "8s"}
    return read_series(scrapes(leaklab, folder, body, f"{PICTURE_FOR * step}s", f"{step}s"), step)


def read_series(text, step):
    series = collections.defaultdict(lambda: [0.0] * (PICTURE_FOR + 1))
    kinds = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            kinds[family] = kind
            continue
        if line.startswith("#"):
            continue
        sample, value, when = line.rsplit(" ", 2)
        name, _, labels = sample.partition("{")
        kind = re.search(r'kind="([^"]*)"', labels)
        if name == "leaklab_tasks_ended_total" and 'how="panicked"' in labels:
            name = PANICS
        elif kinds.get(name) != "gauge" or name.startswith(NOT_DRAWN):
            continue
        elif kind:
            name = f"{kind.group(1)}s"
        series[name][int(when) // step] += float(value)
    return series


def ends_apart(lines):
    """How far the ends of the lines are from each other, as a share of the highest value."""
    ends = [line[-1] for line in lines]
    return (max(ends) - min(ends)) / max(max(max(line) for line in lines), 1)


def peaks_apart(lines):
    """The same of their highest values."""
    peaks = [max(line) for line in lines]
    return (max(peaks) - min(peaks)) / max(max(peaks), 1)


def choose(variants):
    """The name of the series that tells the story, and its line in each variant."""
    names = list(dict.fromkeys(name for series in variants.values() for name in series))
    # Tasks first, panics last, what else there is in the order of the scrape.
    names.sort(key=lambda name: (name != "leaklab_tasks", name == PANICS))
    lines = {name: [series[name] for series in variants.values()] for name in names}
    if len(variants) == 1:
        chosen = "leaklab_tasks" if max(lines["leaklab_tasks"][0]) >= MANY_TASKS else "leaklab_task_heap_bytes"
    else:
        chosen = next(name for told in (ends_apart, peaks_apart) for name in names if told(lines[name]) >= APART)
    return chosen, dict(zip(variants, lines[chosen]))


def path(line, highest):
    """A path through the values, without those that lie on the way anyhow."""
    kept = [second for second in range(len(line))
            if second in (0, len(line) - 1) or line[second - 1] + line[second + 1] != 2 * line[second]]
    points = (f"{second * WIDTH / PICTURE_FOR:.1f} {HEIGHT - BOTTOM - line[second] / highest * (HEIGHT - TOP - BOTTOM):.1f}"
              for second in kept)
    return "M" + "L".join(points)


def number(value):
    return f"{value:,.0f}"


def size(value):
    return next(f"{value / unit:,.0f} {name}" for unit, name in ((2**20, "MiB"), (2**10, "KiB"), (1, "bytes")) if value >= unit)


def label_of(name):
    return LABELS.get(name) or name.removeprefix("leaklab_").removesuffix("_bytes").replace("_", " ")


def describe(name, lines):
    def amount(value):
        return size(value) if name.endswith("_bytes") and value > 0 else number(value)

    said = [f"{variant} {'rises to' if line[-1] == max(line) and line[-1] > 0 else f'reaches {amount(max(line))} and ends at'} "
            f"{amount(line[-1])}" if max(line) > 0 else f"{variant} stays at 0" for variant, line in lines.items()]
    return f"{label_of(name)}: {', '.join(said)}"


def draw(name, lines):
    """The picture, and what it shows in words."""
    label = label_of(name)
    highest = max(max(max(line) for line in lines.values()), 1)
    words = describe(name, lines)
    begin, length = LOAD_FROM * WIDTH / PICTURE_FOR, LOAD_FOR * WIDTH / PICTURE_FOR
    shade = f'<rect class="load" x="{begin:.1f}" width="{length:.1f}" height="{HEIGHT}"/>\n'
    # The fix lies on top: where both are the same, nothing has leaked.
    drawn = "\n".join(f'<path class="{"fix" if variant == "decoy" else variant}" d="{path(line, highest)}"/>'
                      for variant, line in lines.items())
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'role="img">\n<title>{words}</title>\n<style>{STYLE}</style>\n{shade}'
            f'<text x="{WIDTH - 2}" y="{HEIGHT // 2 + 3}" text-anchor="end">{label}</text>\n{drawn}\n</svg>\n'), words


def week(leaklab, folder):
    """A service's tasks over a week of days: a picture with the leak and without it."""
    day = {"mode": "fix-recv", "n": 30, "rate": "6/m", "shape": "wave", "shape_period": "1d", "linger": "10m", "name": "day"}
    leak = {"mode": "leak-recv", "n": 1, "rate": "1/m", "linger": "1s", "name": "leak"}
    text = scrapes(leaklab, folder, [day | {"holds": "0B", "seed": 1}, leak | {"holds": "0B", "seed": 1}], "7d", "1h")
    hours = 7 * 24
    tasks = {variant: [0.0] * (hours + 1) for variant in ("fix", "leak")}
    for variant, value, when in re.findall(r'^leaklab_tasks{.*variant="(\w+)".*} (\d+) (\d+)$', text, re.MULTILINE):
        tasks[variant][int(when) // 3600] += float(value)
    lines = {"fix": tasks["fix"], "leak": [sum(pair) for pair in zip(tasks["fix"], tasks["leak"])]}
    return draw_week(lines, hours)


def draw_week(lines, hours):
    left, right, top, bottom, width, height = 52, 120, 14, 30, 720, 240
    highest = 14_000

    def x(hour):
        return f"{left + hour * (width - left - right) / hours:.1f}"

    def y(value):
        return f"{height - bottom - value / highest * (height - top - bottom):.1f}"

    drawn = [f'<line x1="{left}" x2="{width - right}" y1="{y(value)}" y2="{y(value)}"/>'
             f'<text x="{left - 6}" y="{y(value)}" dy="4" text-anchor="end">{number(value)}</text>'
             for value in range(0, highest, 4000)]
    drawn += [f'<text x="{x(day * 24 + 12)}" y="{height - 10}" text-anchor="middle">day {day + 1}</text>'
              for day in range(hours // 24)]
    for variant, said in (("leak", "with the leak"), ("fix", "fixed")):
        line = lines[variant]
        drawn.append(f'<path class="{variant}" d="M{"L".join(f"{x(hour)} {y(value)}" for hour, value in enumerate(line))}"/>')
        drawn.append(f'<text class="{variant}" x="{width - right + 6}" y="{y(line[-1])}" dy="4">{said}</text>')
    style = STYLE.replace("8px", "12px").replace("\n@media", "text.leak{fill:#cf4500;stroke:none}text.fix{fill:#0a66c2;stroke:none}"
                                                 "line{stroke:#6e7781;opacity:.25}\n@media").replace(
        "text{fill:#9198a1}", "text{fill:#9198a1}text.leak{fill:#ff9a5c}text.fix{fill:#6cb6ff}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img">\n<title>Tasks over a week, with the leak and fixed</title>\n<style>{style}</style>\n'
            + "\n".join(drawn) + "\n</svg>\n")


def few_words(text, least):
    """As many sentences as it takes to say something."""
    said = ""
    for sentence in re.split(r"(?<=[.!?]) (?=[A-Z])", text):
        said = f"{said} {sentence}".strip()
        if len(said) >= least:
            break
    return said.replace("|", "\\|")


def table(patterns, words):
    # Spaces that do not break keep the first column as wide as a picture; a page would shrink it otherwise.
    head = "pattern, its graph and its modes".replace(" ", "&nbsp;")
    rows = [BEGIN, "", f"| {head} | what happens | what to do |", "|---|---|---|"]
    for pattern in patterns:
        name = pattern["name"]
        cell = [f"[**{name}**](service/patterns/{name}.yaml)", f"![{words[name]}](docs/signatures/{name}.svg)",
                *(f"`{mode}`" for mode in pattern["modes"])]
        rows.append(f"| {'<br>'.join(cell)} | **{pattern['title']}.** {few_words(pattern['story'], 70)} "
                    f"| {few_words(pattern['remedy'], 1)} |")
    return "\n".join([*rows, "", END])


def generate(leaklab):
    """What each file must contain, by its path."""
    listed = subprocess.run([leaklab, "patterns", "--json"], capture_output=True, text=True, check=True)
    patterns = sorted(json.loads(listed.stdout)["patterns"], key=lambda pattern: pattern["name"])
    files, words = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for pattern in patterns:
            # A mix is a little of both, which are drawn already.
            variants = {variant: simulate(leaklab, pathlib.Path(folder), f"{variant}-{pattern['name']}")
                        for variant in pattern["expect"]}
            picture, words[pattern["name"]] = draw(*choose(variants))
            files[PICTURES / f"{pattern['name']}.svg"] = picture
        files[WEEK] = week(leaklab, pathlib.Path(folder))
    readme = README.read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    _, found, behind = rest.partition(END)
    if not found:
        sys.exit(f"pictures: README.md has no lines {BEGIN} and {END}")
    files[README] = before + table(patterns, words) + behind
    return files


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--leaklab", required=True, help="the binary")
    arguments.add_argument("--check", action="store_true", help="write nothing")
    given = arguments.parse_args()
    files = generate(given.leaklab)
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    gone = [path for path in sorted(PICTURES.glob("*.svg")) if path not in files]
    for path in stale + gone:
        print(path.relative_to(ROOT))
    if given.check:
        if stale or gone:
            sys.exit("pictures: out of date: run script/pictures")
        return
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    for path in gone:
        path.unlink()


if __name__ == "__main__":
    main()
