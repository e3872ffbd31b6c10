"""Running other programs: output kept, failure turned into one clear line."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bulkhead import paths
from bulkhead.errors import BulkheadFailed, TimeOut


# Progress lines and compiler command lines hide the error between them.
_NOISE = re.compile(r"^(\[\d+/\d+\] |-- GLOB mismatch|/usr/bin/(gcc|clang|ar) |: && )")


def _last_words(text: str, lines: int) -> str:
    kept = [line for line in text.splitlines() if line.strip() and not _NOISE.match(line)][-lines:]
    return "\n".join(kept)


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    cwd: Path = paths.ROOT,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout_s: float | None = None,
) -> str:
    """Runs @command to its end and returns its standard output.

    A non-zero exit raises BulkheadFailed with @what and the program's last lines; with @log the
    complete output is kept there.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise BulkheadFailed(f"{what}: program not found: {error.filename}") from error
    except subprocess.TimeoutExpired as error:
        raise TimeOut(f"{what}: no end within {timeout_s:g} s") from error
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        words = _last_words(done.stdout + "\n" + done.stderr, 25)
        where = f" (all of it in {paths.shown(log)})" if log is not None else ""
        raise BulkheadFailed(f"{what} failed with status {done.returncode}{where}\n{words}")
    return done.stdout
