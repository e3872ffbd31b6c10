"""Keys of tenants whose disks are encrypted: made once, kept under build/keys, readable by their owner alone."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from bulkhead import paths

_KEY_BYTES = 32


def _guests(file: Path) -> list[str]:
    try:
        guests = tomllib.loads(file.read_text()).get("guest", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []  # the compiler says where it is wrong
    named = [one.get("name") for one in guests if isinstance(one, dict)] if isinstance(guests, list) else []
    return [name for name in named if isinstance(name, str) and name.replace("-", "").isalnum()]


def ensure(file: Path) -> Path:
    """A folder with GUEST.key, 32 random bytes, for each guest of the description @file; the same ones every time."""
    folder = paths.BUILD / "keys" / file.stem
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in _guests(file):
        key = folder / f"{name}.key"
        if key.exists():
            continue
        made = folder / f".{name}.key.{os.getpid()}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(os.urandom(_KEY_BYTES))
        os.rename(made, key)
    return folder
