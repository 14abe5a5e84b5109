"""A session of the real binary, again and again, each time with another call that fails: in leaklab or in any library that it uses.
It never crashes, hangs, leaks or counts wrongly, and whoever asked hears of it. script/faults tries every call there is."""

import resource
import subprocess

import pytest

import faults
import leaklab

COUNT = 30  # of each kind: all of those of which there are few

pytestmark = [
    pytest.mark.skipif(not faults.library().exists(), reason="faults.so is not built"),
    pytest.mark.skipif(b"__tsan_init" in leaklab.BINARY.read_bytes(), reason="the thread sanitizer must be loaded first"),
]


@pytest.mark.parametrize("limit", [5, 8, 12])
def test_a_daemon_without_descriptors_says_so(limit):
    ended = subprocess.run([leaklab.BINARY, "serve", "--listen", "127.0.0.1:0"], env=leaklab.environment(), text=True, timeout=30,
                           capture_output=True, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    assert ended.returncode == 1 and "descriptors" in ended.stderr, ended


def fine(wrong):
    assert not wrong, "\n\n".join(str(session) for session in wrong[:3])


@pytest.mark.limit(120)
@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_session_survives_any_call_that_fails(tmp_path, kind):
    made_to_fail = []
    fine(faults.sweep(faults.Session, kind, tmp_path, COUNT, parallel=2, tell=lambda session: made_to_fail.append(session.hit)))
    # Threads and clients do not come in the same order each time, nor as often, so that the last calls may not be there.
    assert sum(made_to_fail) >= len(made_to_fail) * 0.5, made_to_fail


@pytest.mark.limit(120)
@pytest.mark.parametrize("kind", ["memory", "open", "read", "write", "thread", "json", "yaml"])
def test_a_drill_passes_or_says_why_it_could_not_be_found_out(tmp_path, kind):
    fine(faults.sweep(faults.Drill, kind, tmp_path, COUNT // 3, parallel=2))


@pytest.mark.limit(120)
@pytest.mark.parametrize("kind", ["memory", "open", "read", "write"])
@pytest.mark.parametrize("command", faults.COMMANDS, ids=lambda command: command[0])
def test_a_command_says_what_it_says_otherwise_or_that_it_failed(tmp_path, kind, command):
    fine(faults.sweep(lambda *which: faults.Command(command, *which), kind, tmp_path, COUNT // 2, parallel=2))
