"""`bulkhead ps` for people: the domains, below them the devices of drivers, and a line for what a device warns of or went wrong last."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bulkhead.messages import Message

_DOMAIN = ("name", "tenant", "state", "threads", "capabilities", "memory_kib", "restarts")
_DEVICE = ("driver", "its device", "link", "fatal", "non-fatal", "correctable", "resets", "failed")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(box=None)
    for column in columns:
        made.add_column(column.replace("_kib", " KiB"), justify="left")
    for row in rows:
        made.add_row(*row)
    return made


def _link(said: Message) -> str:
    return {"up": f"{said.get('speed_mbit')} Mbit/s", "down": "down"}.get(str(said.get("link")), "-")


def _device_row(driver: str, device: Message) -> list[str]:
    said = device.get("driver_says", {})
    counts = (device["errors"][kind] + device["root_port_errors"][kind] for kind in ("fatal", "nonfatal", "correctable"))
    words = (str(said.get(name, "-")) for name in ("resets", "errors"))
    return [driver, device["presence"] or "-", _link(said), *(str(count) for count in counts), *words]


def _device_lines(driver: str, device: Message) -> list[str]:
    warnings = ", ".join(word.replace("_", " ") for word in device.get("driver_says", {}).get("warnings", []))
    lines = [f" {driver}: its disk warns of: {warnings}"] if warnings else []
    return [*lines, *([f" {driver}: {device['last_error']}"] if device["last_error"] else [])]


def parts(domains: Sequence[Message]) -> list[Table | str]:
    """What is to be printed, in order."""
    rows = [[str(domain.get(column, "")) for column in _DOMAIN] for domain in domains]
    driven = [(str(domain["name"]), domain["device"]) for domain in domains if "device" in domain]
    if not driven:
        return [_table(_DOMAIN, rows)]
    lines = [line for one in driven for line in _device_lines(*one)]
    return [_table(_DOMAIN, rows), "", _table(_DEVICE, [_device_row(*one) for one in driven]), *lines]
