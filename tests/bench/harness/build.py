"""Builds the peers with Debian's Go and Debian's copy of Prometheus' Go client, without any network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .programs import BenchError

# Where Debian's golang-*-dev packages put their sources.
GO_LIBRARIES = "/usr/share/gocode"
BUILD_SECONDS = 300


def build_peer(source: Path, build: Path) -> Path:
    if shutil.which("go") is None:
        raise BenchError("there is no go on PATH")
    program = build / "peer"
    environment = dict(os.environ, GO111MODULE="off", GOPATH=GO_LIBRARIES, GOCACHE=str(build / "go-cache"),
                       GOFLAGS="", GOPROXY="off", CGO_ENABLED="0")
    build.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, env=environment,
                          capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode != 0:
        raise BenchError(f"go build failed:\n{done.stderr}")
    return program
