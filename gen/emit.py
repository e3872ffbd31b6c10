"""All outputs of a checked model: file name → text."""

from __future__ import annotations

from . import emit_decode, emit_docs, emit_fuzz, emit_header, emit_python, emit_service, emit_stubs
from .model import Model

ROOMS = (emit_header, emit_decode, emit_stubs, emit_service, emit_python, emit_docs, emit_fuzz)


def emit_all(whole: Model) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for room in ROOMS:
        outputs |= room.emit(whole)
    return outputs
