"""Builds the peers with Debian's compilers and Debian's copies of their libraries, without any network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from .basis import GO, TOKIO
from .programs import BenchError

# Where Debian's golang-*-dev and librust-*-dev packages put their sources.
GO_LIBRARIES = "/usr/share/gocode"
RUST_CRATES = "/usr/share/cargo/registry"
# Debian's, whatever else may be on PATH: the crates are those that its compiler takes.
CARGO, RUSTC = "/usr/bin/cargo", "/usr/bin/rustc"
BUILD_SECONDS = 900


def build_peers(names: list[str], sources: Path, build: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Those of them that can be built; why the others cannot is said."""
    built = {}
    for name in names:
        say(f"building the peer: {name}")
        try:
            built[name] = BUILDERS[name](sources / name, build / name)
        except BenchError as error:
            say(f"left out: {name}: {error}")
    return built


def build_go(source: Path, build: Path) -> Path:
    if shutil.which("go") is None:
        raise BenchError("there is no go on PATH (Debian: golang-go)")
    program = build / "peer"
    build.mkdir(parents=True, exist_ok=True)
    run(["go", "build", "-o", str(program), "."], source,
        GO111MODULE="off", GOPATH=GO_LIBRARIES, GOCACHE=str(build / "cache"), GOFLAGS="", GOPROXY="off", CGO_ENABLED="0")
    return program


def build_tokio(source: Path, build: Path) -> Path:
    """In a copy, since cargo writes beside the sources which crates it took."""
    for program, package in ((CARGO, "cargo"), (RUSTC, "rustc"), (f"{RUST_CRATES}/", "librust-tokio-dev")):
        if not Path(program).exists():
            raise BenchError(f"there is no {program} (Debian: {package})")
    shutil.copytree(source, build, dirs_exist_ok=True)
    crates = ["source.crates-io.replace-with='debian'", f"source.debian.directory='{RUST_CRATES}'"]
    run([CARGO, "build", "--release", "--offline", "--quiet", *(word for each in crates for word in ("--config", each))], build,
        CARGO_HOME=str(build / "cargo"), CARGO_TARGET_DIR=str(build / "target"), RUSTC=RUSTC, RUSTFLAGS="")
    return build / "target/release/peer"


def run(words: list[str], directory: Path, **environment: str) -> None:
    """Whatever the caller's environment says about these compilers does not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO", "RUST"))}
    try:
        done = subprocess.run(words, cwd=directory, env={**kept, **environment}, capture_output=True, text=True,
                              timeout=BUILD_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{' '.join(words)}: {error}") from error
    if done.returncode != 0:
        raise BenchError(f"{' '.join(words[:2])} failed:\n{done.stderr.strip()[-2000:]}")


BUILDERS: dict[str, Callable[[Path, Path], Path]] = {GO: build_go, TOKIO: build_tokio}
