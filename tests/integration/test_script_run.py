"""What script/run says of a daemon before it starts it; here nothing is installed or built, and the daemon is none."""

import shutil
import subprocess

import pytest

import leaklab

LIBRARY = """\
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
need_packages() { :; }
build_program() { :; }
"""


@pytest.fixture(name="said")
def said_(tmp_path):
    """said(OPTION...) runs it and returns its lines for a terminal, and what leaklab was called with."""
    for folder in ("script/lib", "build/release"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(leaklab.ROOT / "script/run", tmp_path / "script/run")
    (tmp_path / "script/lib/common.sh").write_text(LIBRARY)
    (tmp_path / "script/lib/packages.sh").write_text("")
    (tmp_path / "build/release/leaklab").write_text('#!/bin/sh\necho "leaklab $*"\n')
    (tmp_path / "build/release/leaklab").chmod(0o755)

    def said(*options, **extra):
        done = subprocess.run([tmp_path / "script/run", *options], env=leaklab.environment(**extra), capture_output=True, text=True,
                              timeout=30, check=True)
        lines = done.stdout.splitlines()
        return [line.strip() for line in lines if line.startswith("  ")], lines[-1]

    return said


@pytest.mark.parametrize("options, extra, address", [
    ([], {}, "127.0.0.1:9777"),
    ([], {"LEAKLAB_LISTEN": "127.0.0.1:9001"}, "127.0.0.1:9001"),
    (["--listen", "127.0.0.1:9000"], {"LEAKLAB_LISTEN": "127.0.0.1:9001"}, "127.0.0.1:9000"),
    (["--listen=[::1]:9000"], {}, "[::1]:9000"),
    (["-listen", "127.0.0.1:9000"], {}, "127.0.0.1:9000"),
    (["-listen=127.0.0.1:9002", "-listen=127.0.0.1:9000"], {}, "127.0.0.1:9000"),
    (["--listen", "127.0.0.1:0"], {}, "ADDRESS"),
], ids=str)
def test_names_the_address(said, options, extra, address):
    lines, called = said(*options, **extra)
    assert lines[0] == f"curl -s http://{address}/metrics | grep '^leaklab_tasks{{'"
    assert len(lines) == 3 and all(f" http://{address}/" in line or f" 'http://{address}/" in line for line in lines)
    assert called == " ".join(["leaklab serve --demo", *options])


@pytest.mark.parametrize("options", [["--listen", "unix:/run/l.sock"], ["-listen=unix:/run/l.sock"]], ids=str)
def test_asks_a_unix_socket_as_curl_does(said, options):
    lines, _ = said(*options)
    assert len(lines) == 3 and all(line.startswith("curl --unix-socket /run/l.sock -s ") for line in lines)
    assert lines[1] == "curl --unix-socket /run/l.sock -s http://localhost/scenario -d mode=leak-recv -d n=2000 -d name=mine"
