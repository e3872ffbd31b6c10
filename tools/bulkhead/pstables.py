"""`bulkhead ps` for people: the domains, and below them the devices of drivers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bulkhead.messages import Message

_DOMAIN = ("name", "tenant", "state", "threads", "capabilities", "memory_kib", "restarts")
_DEVICE = ("device of", "is", "identity", "link", "fatal", "non-fatal", "correctable", "resets", "failed", "warns of", "last error")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(box=None)
    for column in columns:
        made.add_column(column.replace("_kib", " KiB"), justify="left")
    for row in rows:
        made.add_row(*row)
    return made


def _link(said: Message) -> str:
    return {"none": "-", "up": f"up, {said.get('speed_mbit')} Mbit/s"}.get(str(said.get("link")), str(said.get("link", "-")))


def _device_row(name: str, device: Message) -> list[str]:
    said = device.get("driver_says", {})
    counts = (device["errors"][kind] + device["root_port_errors"][kind] for kind in ("fatal", "nonfatal", "correctable"))
    warnings = ", ".join(word.replace("_", " ") for word in said.get("warnings", []))
    return [
        name, device["presence"] or "-", device["identity"] if device["presence"] else "-", _link(said),
        *(str(count) for count in counts), str(said.get("resets", "-")), str(said.get("errors", "-")), warnings or "-",
        device["last_error"] or "-",
    ]  # fmt: skip


def tables(domains: Sequence[Message]) -> list[Table]:
    """One table, or two where a domain drives a device."""
    rows = [[str(domain.get(column, "")) for column in _DOMAIN] for domain in domains]
    driven = [_device_row(str(domain["name"]), domain["device"]) for domain in domains if "device" in domain]
    return [_table(_DOMAIN, rows), *([_table(_DEVICE, driven)] if driven else [])]
