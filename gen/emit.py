"""All outputs of a checked model: file name → text."""

from __future__ import annotations

from . import emit_decode, emit_header, emit_service, emit_stubs
from .model import Model


def emit_all(whole: Model) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for room in (emit_header, emit_decode, emit_stubs, emit_service):
        outputs |= room.emit(whole)
    return outputs
