"""Standard streams that are closed or full: nobody is hurt, and what could not be said is no success."""

import os
import signal
import subprocess

import pytest

import leaklab

CLOSED = [(1,), (2,), (1, 2), (0, 1, 2)]
RUN = ("run", "-mode=leak-recv", "-n=5", "-linger=1ms")


def start(closed, *arguments):
    def close():
        for fd in closed:
            os.close(fd)
    return subprocess.Popen([leaklab.BINARY, *arguments], env=leaklab.environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=close)


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_a_run_that_cannot_be_told_has_failed(closed):
    assert start(closed, *RUN).wait(30) == (1 if 1 in closed else 0)


@pytest.mark.parametrize("command", [("--help",), ("version",), ("patterns",), ("serve", "--help"), RUN], ids=" ".join)
def test_what_a_full_disk_does_not_take_has_not_been_said(command):
    with open("/dev/full", "wb") as full:
        told = subprocess.run([leaklab.BINARY, *command], env=leaklab.environment(), stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert told.returncode == 1 and "No space left" in told.stderr


@pytest.mark.parametrize("closed", CLOSED, ids=str)
def test_a_daemon_without_streams_serves_and_ends(closed):
    port = leaklab.free_port()
    process = start(closed, "serve", "--listen", f"127.0.0.1:{port}")
    try:
        leaklab.eventually(lambda: leaklab.reachable(port), what="a daemon")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_a_full_disk_for_the_log_keeps_nobody_from_work():
    port = leaklab.free_port()
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen([leaklab.BINARY, "serve", "--demo", "--listen", f"127.0.0.1:{port}"], env=leaklab.environment(),
                                   stdin=subprocess.DEVNULL, stdout=full, stderr=full)
    try:
        leaklab.eventually(lambda: leaklab.reachable(port), what="a daemon")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
