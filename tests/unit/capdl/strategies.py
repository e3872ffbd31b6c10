"""Random descriptions that are right: every one must compile."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

METHODS = ["version", "log_write", "clock", "events"]
PORTS = ["com1", "com2", "power", "debug-exit"]


def value(data: Any) -> str:
    """A Python value as TOML."""
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, str):
        return '"' + data.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(data, list):
        return "[" + ", ".join(value(one) for one in data) + "]"
    if isinstance(data, dict):
        return "{ " + ", ".join(f"{key} = {value(one)}" for key, one in data.items()) + " }"
    return str(data)


def table(header: str, data: dict[str, Any]) -> str:
    return "\n".join([header, *(f"{key} = {value(one)}" for key, one in data.items()), ""])


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    guests = [f"g{number}" for number in range(draw(st.integers(0, 4)))]
    domains = ["mgmt", *(f"d-{number}" for number in range(draw(st.integers(0, 3))))]
    managed = draw(st.booleans())
    consoles = [guest for guest in guests if draw(st.booleans())]
    system: dict[str, Any] = {"name": "random"}
    if managed:
        system["management"] = "mgmt"
    if consoles and draw(st.booleans()):
        system["console"] = draw(st.sampled_from(consoles))
    parts = [table("[system]", system), table("[platform]", {"memory_mib": 4096})]
    parts += _domains(draw, domains)
    parts += _guests(draw, guests)
    parts += [table("[[channel]]", {"kind": "console", "from": guest, "to": "mgmt"}) for guest in consoles]
    for name in [*domains[1:], *guests]:
        if draw(st.booleans()):
            parts.append(table("[[channel]]", {"kind": "log", "from": name, "to": "mgmt"}))
    parts += _endpoints(draw, domains, guests)
    schedules = {name: _schedule(draw) for name in [*domains, *guests] if draw(st.booleans())}
    parts.append(table("[scheduling]", {"overcommit": True, **schedules}))
    policies = {name: {"policy": draw(st.sampled_from(["never", "on-failure", "always"]))} for name in guests}
    parts.append(table("[restart]", policies))
    return "\n".join(parts)


def _domains(draw: st.DrawFn, names: list[str]) -> list[str]:
    ports = draw(st.lists(st.sampled_from(PORTS), unique=True))
    made = []
    for name in names:
        image = "mgmt" if name == "mgmt" else "d"
        fields: dict[str, Any] = {"name": name, "image": image, "heap_kib": draw(st.sampled_from([0, 4, 100, 300, 5000]))}
        if name == "mgmt":
            fields["ports"] = ports
        if draw(st.booleans()):
            fields["profile"] = [{"name": "other", "image": "mgmt"}]
        made.append(table("[[domain]]", fields))
    return made


def _guests(draw: st.DrawFn, names: list[str]) -> list[str]:
    made = []
    text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
    for name in names:
        fields: dict[str, Any] = {
            "name": name, "memory_mib": 2 * draw(st.integers(1, 200)), "kernel": draw(st.sampled_from(["kernel", "initrd"])),
            "initrd": draw(st.sampled_from(["", "initrd"])), "append": draw(text), "debug_exit": draw(st.booleans()),
            "start": draw(st.booleans()), "module": [{"image": "blob1", "append": draw(text)}] * draw(st.integers(0, 2)),
        }  # fmt: skip
        made.append(table("[[guest]]", fields))
    return made


def _endpoints(draw: st.DrawFn, domains: list[str], guests: list[str]) -> list[str]:
    methods = st.lists(st.sampled_from(METHODS), min_size=1, unique=True)
    clients: list[dict[str, Any]] = [{"guest": name, "methods": draw(methods)} for name in guests if draw(st.booleans())]
    clients += [{"domain": name, "methods": draw(methods)} for name in domains[1:] if draw(st.booleans())]
    made = [table("[[endpoint]]", {"name": "tenant", "interface": "tenant", "server": "mgmt", "clients": clients})]
    if draw(st.booleans()):
        held = [{"domain": "mgmt", "methods": ["start", "stop"]}]
        made.append(table("[[endpoint]]", {"name": "b", "interface": "builder", "server": "builder", "clients": held}))
    return made


def _schedule(draw: st.DrawFn) -> dict[str, int]:
    period = draw(st.integers(100, 100_000))
    return {
        "budget_us": draw(st.integers(10, period)), "period_us": period, "priority": draw(st.integers(0, 63)),
        "reserve_us": draw(st.integers(10, period)),
    }  # fmt: skip


@st.composite
def machines(draw: st.DrawFn) -> str:
    """Guests behind any number of disks and networks, some of them shared."""
    guests = [f"g{number}" for number in range(draw(st.integers(1, 3)))]
    disks = [f"disk{number}" for number in range(draw(st.integers(0, 3)))]
    nics = [f"nic{number}" for number in range(draw(st.integers(0, 2)))]
    domains: list[dict[str, Any]] = [{"name": "mgmt", "image": "mgmt"}, {"name": "scan", "image": "pci", "once": True}]
    domains.append({"name": "pci", "image": "pci"})
    parts = [table("[system]", {"name": "random", "management": "mgmt"}), table("[pci]", {"scan": "scan", "keeper": "pci"})]
    wires: list[dict[str, Any]] = []
    for name in draw(st.permutations([*disks, *nics])):
        kind, class_ = ("blockdev", "disk") if name in disks else ("netdev", "network")
        domains += [{"name": f"d-{name}", "image": "d"}, {"name": f"v-{name}", "image": "d"}]
        parts.append(table("[[device]]", {"name": name, "class": class_, "driver": f"d-{name}"}))
        wires.append({"kind": kind, "from": f"v-{name}", "to": f"d-{name}"})
    for guest in guests:
        if disks and draw(st.booleans()):
            wires.append({
                "kind": "block", "from": guest, "to": f"v-{draw(st.sampled_from(disks))}", "window_mib": draw(st.integers(1, 5000)),
                "encrypt": draw(st.booleans()), "read_only": draw(st.booleans()),
            })  # fmt: skip
        if nics and draw(st.booleans()):
            wires.append({"kind": "net", "from": guest, "to": f"v-{draw(st.sampled_from(nics))}", "vlan": draw(st.integers(0, 4094))})
    parts += [table("[[domain]]", {**one, "fpu": False}) for one in domains]
    parts += [table("[[guest]]", {"name": one, "memory_mib": 2, "kernel": "kernel"}) for one in guests]
    parts += [table("[[channel]]", one) for one in draw(st.permutations(wires))]
    clients = [{"domain": "scan", "methods": ["finished"]}]
    parts.append(table("[[endpoint]]", {"name": "builder", "interface": "builder", "server": "builder", "clients": clients}))
    return "\n".join([*parts, table("[scheduling]", {"overcommit": True})])
