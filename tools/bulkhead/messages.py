"""What management says over the machine link, by name: arrays of idl/mgmt.idl become mappings, as ps --json shows them."""

from __future__ import annotations

from typing import Any

from bulkhead.errors import UsageProblem
from bulkhead.frames import numbers
from capdl.abi import abi

Message = dict[str, Any]

_DOMAIN = ("name", "tenant", "id", "state", "capabilities", "memory_kib", "restarts", "threads", "restart", "device")
_DEVICE = ("presence", "identity", "errors", "root_port_errors", "last_error", "driver_says")
_SEVERITIES = ("fatal", "nonfatal", "correctable")
_WORD = ("link", "speed_mbit", "warnings", "temperature_k", "spare_percent", "used_percent", "resets", "errors")
_RESTART = ("stage", "cause", "recovered", "in_flight", "us")
_LOSSES = ("bad", "cut", "oversized")
# Fields behind the message's number, by its name in enum link_message.
_FIELDS: dict[str, tuple[str, ...]] = {
    "answer": ("number", "ok", "error"),
    "domains": ("number", "domains", *_LOSSES),
    "boot": ("system", "domains", "capabilities", "memory_kib"),
    "ready": (),
    "domain": ("name", "tenant", "state", "reason"),
    "guest": ("name", "state", "value", "reason"),
    "tenant_log": ("name", "text"),
    "recovered": ("name", "restart"),
    "lost": _LOSSES,
    "device": ("name", "report", "device"),
}
_NAMELESS = ("ps", "quit")


def _named(fields: tuple[str, ...], values: Any) -> Message:
    if not isinstance(values, list) or len(values) != len(fields):
        raise ValueError(f"{len(fields)} fields expected")
    return dict(zip(fields, values, strict=True))


def _restart(values: Any) -> Message | None:
    if values is None:
        return None
    made = _named(_RESTART, values)
    stages = sorted(numbers("link_stage"), key=numbers("link_stage").__getitem__)
    return {**made, "us": _named(tuple(stages), made["us"])}


def _device(values: Any) -> Message | None:
    if values is None:
        return None
    made = _named(_DEVICE, values)
    for place in ("errors", "root_port_errors"):
        made[place] = _named(_SEVERITIES, made[place])
    made["identity"] = f"{made['identity'] & 0xFFFF:04x}:{made['identity'] >> 16:04x}"
    if (said := made.pop("driver_says")) is not None:
        made["driver_says"] = _named(_WORD, said)
        bits = made["driver_says"]["warnings"]
        made["driver_says"]["warnings"] = [name for name, bit in abi().flags["service_warning"].items() if bits >> bit & 1]
    return made


def _domain(values: Any) -> Message:
    made = _named(_DOMAIN, values)
    parts = {"restart": _restart(made.pop("restart")), "device": _device(made.pop("device"))}
    return made | {name: part for name, part in parts.items() if part is not None}


def read(items: list[Any]) -> Message | None:
    """The message that @items are; None if they are none that this tool knows."""
    kinds = {value: name for name, value in numbers("link_message").items()}
    try:
        kind = kinds[items[0]]
        made = _named(_FIELDS[kind], items[1:])
        if kind == "answer":
            return {"reply": made["number"], **made}
        if kind == "domains":
            losses = {name: made.pop(name) for name in _LOSSES}
            listed = [_domain(one) for one in made["domains"]]
            return {"reply": made["number"], "ok": True, "error": "", "domains": listed, "link": losses}
        if kind == "tenant_log":
            made["text"] = made["text"].decode("ascii")
        if kind == "recovered":
            made |= _restart(made.pop("restart")) or {}
        if kind == "device":
            made["device"] = _device(made["device"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return {"event": kind.replace("_", "-"), **made}


def request(line: str, number: int) -> list[Any]:
    """The array for a request as people write it: `ps`, `kill blkdrv`."""
    words = line.split()
    verbs = numbers("link_verb")
    if not words or words[0] not in verbs or len(words) != (1 if words[0] in _NAMELESS else 2):
        raise UsageProblem(f"no such request: {line}")
    return [verbs[words[0]], number, *words[1:]]
