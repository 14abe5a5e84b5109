"""Writes docker/grafana/dashboards/*.json, or says which of them are out of date."""

import argparse
import json
import pathlib
import sys

import leaklab
import task_leaks

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docker/grafana/dashboards"


def generate():
    """What each file must contain, by its path."""
    return {FOLDER / f"{one['uid']}.json": json.dumps(one, indent=2, ensure_ascii=False) + "\n"
            for one in (leaklab.build(), task_leaks.build())}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing")
    given = arguments.parse_args()
    files = generate()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    gone = [path for path in sorted(FOLDER.glob("*.json")) if path not in files]
    for path in stale + gone:
        print(path.relative_to(ROOT))
    if given.check:
        if stale or gone:
            sys.exit("dashboards: out of date: run script/dashboards")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(files[path], encoding="utf-8")
    for path in gone:
        path.unlink()


if __name__ == "__main__":
    main()
