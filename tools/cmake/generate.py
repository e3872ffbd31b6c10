"""Runs the IDL compiler and moves only what changed into place, so that Ninja rebuilds no more than needed."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def synchronise(fresh: Path, out: Path) -> None:
    """Makes @out hold exactly the files of @fresh, leaving equal files untouched."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for name in sorted(wanted):
        old = out / name
        text = (fresh / name).read_bytes()
        if old.is_file() and old.read_bytes() == text:
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        old.write_bytes(text)
    for path in sorted(out.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(out) not in wanted:
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("interfaces", nargs="+", type=Path)
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".generating-", dir=out.parent))
    try:
        # Relative names, so that the output does not depend on where the tree is.
        names = [str(path.relative_to(Path.cwd())) for path in arguments.interfaces]
        done = subprocess.run([sys.executable, "-m", "gen", "--out", str(fresh), *names], check=False)
        if done.returncode == 0:
            synchronise(fresh, out)
        return done.returncode
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
