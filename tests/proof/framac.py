"""Runs Frama-C's WP on one file and says what it proved, what it assumed and what it left open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bulkhead import paths

HERE = paths.ROOT / "tests" / "proof"
STORE = paths.BUILD / "proof"
GOAL_SECONDS = 20  # the slowest takes less than one
SMOKE_SECONDS = 1
UNIT_SECONDS = 600

# Z3's own choice of options loops on WP's memory axioms as soon as a goal has a disjunction.
_Z3_OPTIONS = "smt.auto_config=false"
_HEAD = re.compile(r"\b(\w+)\s*\([^;{}]*\)\s*$")  # what stands before the brace of a function
_NOT_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])+'", re.S | re.M)


class ProofToolFailed(Exception):
    """Frama-C did not get as far as a result."""


@dataclass(frozen=True)
class Property:
    """One line of Frama-C's report."""

    file: str
    line: int
    function: str
    kind: str
    status: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.function}: {self.kind}: {self.text} [{self.status}]"


@dataclass
class Result:
    """What one run found."""

    properties: list[Property] = field(default_factory=list)
    annotated: set[str] = field(default_factory=set)  # functions that WP worked on
    hypotheses: set[str] = field(default_factory=set)  # functions proved under a memory assumption
    smoke: list[str] = field(default_factory=list)  # contracts that nothing can satisfy
    goals: tuple[int, int] = (0, 0)  # proved, in all
    log: str = ""


def functions(file: Path) -> dict[str, str]:
    """The functions that @file defines, with their bodies; comments and annotations left out."""
    text = _NOT_CODE.sub(" ", file.read_text())
    found: dict[str, str] = {}
    depth, since, opened, name = 0, 0, 0, ""
    for brace in re.finditer(r"[{};]", text):
        at = brace.start()
        if brace[0] == "{":
            if depth == 0:
                head = _HEAD.search(text, since, at)
                name, opened = (head[1] if head else ""), at + 1
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0 and name:
                found[name] = text[opened:at]
        if depth == 0:
            since = at + 1
    return found


def _why3() -> Path:
    """A why3 configuration of our own, so that the proof does not depend on a home directory."""
    z3 = shutil.which("z3")
    if z3 is None:
        raise ProofToolFailed("z3 is not installed; ./bulkhead setup installs it")
    STORE.mkdir(parents=True, exist_ok=True)
    (STORE / "cache").mkdir(exist_ok=True)
    wrapper, config = STORE / "z3", STORE / "why3.conf"
    script = f'#!/bin/sh\nexec {z3} {_Z3_OPTIONS} "$@"\n'
    if not wrapper.exists() or wrapper.read_text() != script:
        shutil.rmtree(STORE / "cache")
        (STORE / "cache").mkdir()
        wrapper.write_text(script)
        wrapper.chmod(0o755)
        config.unlink(missing_ok=True)
    if not config.exists():
        _run(["why3", "-C", str(config), "config", "detect"], 60)
        config.write_text(config.read_text().replace(f'"{z3}"', f'"{wrapper}"'))
    if str(wrapper) not in config.read_text():
        raise ProofToolFailed(f"why3 config detect did not find {z3}; its answer is in {config}")
    return config


def _run(command: Sequence[str], seconds: int, **environment: str) -> str:
    try:
        done = subprocess.run(
            command, cwd=paths.ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ProofToolFailed(f"{command[0]} is not installed; ./bulkhead setup installs it") from error
    except subprocess.TimeoutExpired as error:
        raise ProofToolFailed(f"{command[0]} did not end within {seconds} s") from error
    if done.returncode != 0:
        raise ProofToolFailed(f"{command[0]} ended with status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def _parse_csv(text: str) -> list[Property]:
    """Frama-C quotes nothing: six tabs, and a text that may run over several lines."""
    rows: list[list[str]] = []
    for line in text.splitlines()[1:]:
        cells = line.split("\t", 6)
        if len(cells) == 7 and cells[2].isdigit():
            rows.append(cells)
        elif rows:
            rows[-1][6] += " " + line.strip()
    return [
        Property(f"{folder}/{name}", int(line), function, kind, status, text)
        for folder, name, line, function, kind, status, text in rows
    ]


def prove(name: str, source: Path, chosen: Sequence[str], options: Sequence[str]) -> Result:
    """Runs WP on the functions @chosen of @source."""
    config = _why3()
    report = STORE / f"{name}.csv"
    report.unlink(missing_ok=True)
    flags = f"-include {HERE / 'prelude.h'} -I{paths.ROOT / 'kernel'} -I{paths.BUILD / 'host/generated/include'}"
    log = _run([
        "frama-c", "-c11", "-machdep", "gcc_x86_64", f"-cpp-extra-args={flags}",
        "-kernel-warn-key", "annot:missing-spec=inactive,typing:implicit-conv-void-ptr=inactive,asm:clobber=inactive",
        "-wp", "-wp-rte", "-wp-prover", "z3", "-wp-timeout", str(GOAL_SECONDS), "-wp-par", "1",
        "-wp-fct", ",".join(chosen), "-wp-session", str(STORE / "session"),
        "-wp-cache", "update", "-wp-cache-dir", str(STORE / "cache"),
        "-wp-smoke-tests", "-wp-no-smoke-dead-code", "-wp-no-smoke-dead-call", "-wp-no-smoke-dead-loop",
        "-wp-smoke-timeout", str(SMOKE_SECONDS), *options, str(source),
        "-then", "-report-untried", "-report-csv", str(report),
    ], UNIT_SECONDS, WHY3CONFIG=str(config))  # fmt: skip
    if not report.exists():
        raise ProofToolFailed(f"frama-c left no report\n{log[-3000:]}")
    result = Result(_parse_csv(report.read_text()), log=log)
    result.annotated = set(re.findall(r"annotating function (\w+)", log))
    result.hypotheses = set(re.findall(r"Memory model hypotheses for function '(\w+)'", log))
    result.smoke = re.findall(r"\[(?!Passed)\w+\] Smoke-test (\S+)", log)
    proved = re.search(r"Proved goals: +(\d+) / (\d+)", log)
    result.goals = (int(proved[1]), int(proved[2])) if proved else (0, 0)
    return result
