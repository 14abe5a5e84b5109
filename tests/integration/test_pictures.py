"""The pictures of the catalogue and the README's table are those of the pattern files as they are now."""

import subprocess
import sys

import pytest

import leaklab


@pytest.mark.release
def test_pictures_and_table_are_up_to_date():
    done = subprocess.run([sys.executable, leaklab.ROOT / "script/lib/pictures.py", "--leaklab", leaklab.BINARY, "--check"],
                          env=leaklab.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
