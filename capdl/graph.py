"""The picture: compartments as boxes, guests inside, channels and calls as edges. Drawn by graphviz."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from . import spec
from .errors import UsageError
from .render import environment
from .summary import human_bytes, summarize
from .view import View

# Compartments, one after the other: (border, fill).
PALETTE = (
    ("#0b6bcb", "#e8f2fd"),
    ("#c05a00", "#fdf1e4"),
    ("#1a7f4b", "#e6f5ec"),
    ("#8250df", "#f1eafd"),
    ("#b3261e", "#fdeceb"),
    ("#00798c", "#e3f4f6"),
    ("#7a6400", "#faf5dc"),
    ("#a0307f", "#fbeaf5"),
)
MANAGEMENT = ("#3d4b5a", "#eef2f6")


@dataclass(frozen=True)
class Box:
    """One compartment."""

    id: str
    title: str
    border: str
    fill: str
    domain: str
    domain_lines: list[str]
    guest: str
    guest_lines: list[str]


@dataclass(frozen=True)
class Edge:
    source: str
    target: str
    label: str
    style: str  # channel, call, fault
    color: str


class Drawing:
    """Collects boxes and edges for the template."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.system = view.system
        self.colors: dict[str, tuple[str, str]] = {}
        self.waits = self._waiters()

    def _waiters(self) -> dict[int, str]:
        """Which node waits on which endpoint."""
        found = {self.system.builder: "builder"}
        wait = self.view.abi.rights("wait")
        for domain in self.system.domains:
            for one in domain.capabilities:
                if self.view.abi.type_name(self.system.objects[one.object].type) == "endpoint" and one.rights & wait:
                    found[one.object] = node(domain.name)
        return found

    def boxes(self) -> list[Box]:
        made: list[Box] = []
        tenants = 0
        for facts, domain in zip(summarize(self.view).domains, self.system.domains, strict=True):
            if domain.guest:
                border, fill = PALETTE[tenants % len(PALETTE)]
                tenants += 1
            else:
                border, fill = MANAGEMENT
            self.colors[domain.name] = (border, fill)
            own_bytes = facts.memory_bytes - (facts.guest_memory_mib << 20)
            lines = [
                f"{human_bytes(own_bytes)}, {facts.capabilities} capabilities",
                f"priority {facts.priority}, {facts.budget_us / 1000:g} of {facts.period_us / 1000:g} ms",
            ]
            guest_lines = self.guest_lines(domain, facts.guest_memory_mib)
            made.append(
                Box(
                    node(domain.name),
                    f"compartment {domain.compartment}",
                    border,
                    fill,
                    domain.name,
                    lines,
                    domain.guest.name if domain.guest else "",
                    guest_lines,
                )
            )
        return made

    def guest_lines(self, domain: spec.Domain, memory_mib: int) -> list[str]:
        if domain.guest is None:
            return []
        images = [
            self.system.objects[mapping.object].name
            for mapping in domain.mappings
            if self.system.objects[mapping.object].content
        ]
        return [f"{memory_mib} MiB", *images]

    def edges(self) -> list[Edge]:
        return [*self.channel_edges(), *self.dma_edges(), *self.call_edges(), *self.fault_edges()]

    def devices(self) -> list[tuple[str, str, list[str]]]:
        """(node, label, who maps its memory) of each bus master."""
        made: list[tuple[str, str, list[str]]] = []
        for domain in self.system.domains:
            for device in domain.devices:
                bases = [one for one in self.system.windows if self.maps(domain, one.object)]
                stem = self.system.objects[bases[0].object].name.partition(".")[0] if bases else "device"
                ours = [
                    one for one in self.system.windows if self.system.objects[one.object].name.startswith(f"{stem}.")
                ]
                lines = [f"{stem}: {self.view.device_name(device)}"]
                lines += [f"{self.system.objects[one.object].name} at {one.base:#x}" for one in ours]
                lines += [f"message {msi.handle}" for msi in device.msis]
                holders = [
                    node(other.name)
                    for other in self.system.domains
                    if any(self.maps(other, one.object) for one in ours)
                ]
                made.append((node(self.view.device_name(device)), "\n".join(lines), holders))
        return made

    @staticmethod
    def maps(domain: spec.Domain, number: int) -> bool:
        return any(mapping.object == number for mapping in domain.mappings)

    def dma_edges(self) -> list[Edge]:
        """From a device to those whose pools it reaches."""
        ends = {one.object: one.end_a for one in self.system.channels if one.end_a == one.end_b}
        made: list[Edge] = []
        for domain in self.system.domains:
            for device in domain.devices:
                for mapping in (one for one in device.mappings if one.object in ends):
                    owner = self.system.domains[ends[mapping.object]].name
                    label = f"{self.system.objects[mapping.object].name}\n{self.view.access(mapping.access)}"
                    source = node(self.view.device_name(device))
                    made.append(Edge(source, node(owner), label, "dma", self.colors[owner][0]))
        return made

    def channel_edges(self) -> list[Edge]:
        """Channels between the same two ends share one edge."""
        names: dict[tuple[int, int], list[str]] = {}
        for channel in self.system.channels:
            if channel.end_a == channel.end_b:
                continue  # a pool: drawn where its device reaches it
            kind = self.system.objects[channel.object].name.partition("-")[0]
            names.setdefault((channel.end_a, channel.end_b), []).append(kind)
        domains = self.system.domains
        return [
            Edge(
                node(domains[a].name),
                node(domains[b].name),
                "\n".join(kinds),
                "channel",
                self.colors[domains[a].name][0],
            )
            for (a, b), kinds in names.items()
        ]

    def call_edges(self) -> list[Edge]:
        made: list[Edge] = []
        call = self.view.abi.rights("call")
        for domain in self.system.domains:
            held = [(node(domain.name), domain.capabilities)]
            if domain.guest:
                held.append((guest_node(domain.name), domain.guest.capabilities))
            for holder, capabilities in held:
                for one in capabilities:
                    if one.rights & call and one.object in self.waits:
                        label = self.call_label(one)
                        made.append(Edge(holder, self.waits[one.object], label, "call", self.colors[domain.name][0]))
        return made

    def call_label(self, one: spec.Capability) -> str:
        names = self.view.methods(one.interface, one.mask)
        lines = [", ".join(names[at : at + 3]) for at in range(0, len(names), 3)]
        return "\n".join([self.view.interface(one.interface), *lines])

    def fault_edges(self) -> list[Edge]:
        return [
            Edge(node(domain.name), self.waits[thread.fault], "", "fault", "#93a1b0")
            for domain in self.system.domains
            for thread in domain.threads
            if thread.fault in self.waits
        ]

    def ports(self) -> list[tuple[str, str, str]]:
        """(node, label, holder) of each range of ports, with its interrupt."""
        made: list[tuple[str, str, str]] = []
        for domain in self.system.domains:
            names = {one.slot: one.name for one in domain.resources}
            gsis = {names[irq.slot].removesuffix("-irq"): irq.gsi for irq in domain.irqs}
            for port in domain.ioports:
                name = names[port.slot]
                irq = f", irq {gsis[name]}" if name in gsis else ""
                made.append(
                    (node(f"port-{name}"), f"{name}\nports {port.first:#x}–{port.last:#x}{irq}", node(domain.name))
                )
        return made


def node(name: str) -> str:
    return f'"domain {name}"'


def guest_node(domain: str) -> str:
    return f'"guest {domain}"'


def graph_dot(view: View) -> str:
    """The picture's source."""
    drawing = Drawing(view)
    boxes = drawing.boxes()
    template = environment().get_template("graph.dot.j2")
    return template.render(
        system=view.system,
        boxes=boxes,
        edges=drawing.edges(),
        ports=drawing.ports(),
        devices=drawing.devices(),
        guest_node=guest_node,
    )


def graph_svg(view: View) -> str:
    dot = shutil.which("dot")
    if dot is None:
        raise UsageError("the program 'dot' is missing; expected Debian's package graphviz")
    done = subprocess.run([dot, "-Tsvg"], input=graph_dot(view), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UsageError(f"dot failed: {done.stderr.strip()}")
    return done.stdout
