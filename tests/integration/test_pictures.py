"""The pictures of the catalogue and the README's table are those of the pattern files as they are now."""

import json
import re
import subprocess
import sys

import pytest

import leaklab


@pytest.mark.release
def test_pictures_and_table_are_up_to_date():
    done = subprocess.run([sys.executable, leaklab.ROOT / "script/lib/pictures.py", "--leaklab", leaklab.BINARY, "--check"],
                          env=leaklab.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def test_every_mode_that_the_readme_names_exists():
    listed = json.loads(leaklab.run("patterns", "--json").stdout)["patterns"]
    modes = {mode for pattern in listed for mode in pattern["modes"]}
    named = set(re.findall(r"`((?:leak|fix|decoy)-[a-z][a-z-]*)`", (leaklab.ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(named) > 20 and named <= modes, named - modes
