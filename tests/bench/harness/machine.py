"""The machine that the numbers belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path


def first_line(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.splitlines()[0] if done.stdout else None


def matched(path: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def available_bytes() -> int:
    return int(matched("/proc/meminfo", r"^MemAvailable:\s*(\d+) kB") or 0) * 1024


def describe() -> dict:
    return {
        "cpu": matched("/proc/cpuinfo", r"^model name\s*: (.*)$"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": int(matched("/proc/meminfo", r"^MemTotal:\s*(\d+) kB") or 0) * 1024,
        "kernel": platform.release(),
        "system": matched("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "compiler": first_line("cc", "--version"),
        "go": first_line("go", "version"),
        "rust": first_line("/usr/bin/rustc", "--version"),
        "tokio": first_line("dpkg-query", "-W", "-f", "${source:Upstream-Version}\n", "librust-tokio-dev"),
        "wrk": first_line("dpkg-query", "-W", "-f", "wrk ${Version}\n", "wrk"),
        "load_average": os.getloadavg(),
    }
