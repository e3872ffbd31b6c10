"""What the checker reads of a compiled system: its parts, the graph, and the numbers of idl/kernel.idl."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

READ, WRITE, EXEC, CALL, WAIT, SIGNAL, MANAGE, COPY = (1 << bit for bit in range(8))  # rights
MAP_READ, MAP_WRITE, MAP_EXEC, MAP_UNCACHED = 1, 2, 4, 8
UNTYPED, CAPTAB, FRAME, SPACE, SCHED, ENDPOINT, NOTIF, IOSPACE, CONTROL = 1, 2, 3, 4, 6, 7, 8, 10, 13  # object_type
TERMINAL, SEALED = 1, 1
SHARED, DEVICE_MEMORY, NONE, BUILDER = 64, 65, 65535, "builder"
TYPES = "none untyped captab frame space thread sched endpoint notif vcpu iospace irq ioport control".split()


class Broken(Exception):
    """A claim does not hold, or the system breaks a rule that every system keeps."""


@dataclass
class System:
    """The parts of the CBOR that claims speak of."""

    objects: dict[int, list[Any]]
    builder: int
    domains: list[list[Any]]
    claims: list[list[Any]]
    channels: list[list[Any]] = field(default_factory=list)
    windows: list[list[Any]] = field(default_factory=list)
    unsafe_dma: bool = False  # devices may work without an IOMMU
    edges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def name(self, number: int) -> str:
        return str(self.objects[number][6])

    def owner(self, one: list[Any]) -> str:
        known = {SHARED: "the system", DEVICE_MEMORY: "the machine"}
        return known.get(one[0]) or f"'{self.domains[one[0]][1]}'"

    def find(self, who: str) -> list[Any]:
        """The domain called @who, or the VMM of the guest called so."""
        found = [domain for domain in self.domains if who in (domain[1], *domain[16][:1])]
        if not found:
            raise Broken(f"no domain or guest is called {who}")
        return found[0]

    def edge(self, source: str, target: str) -> None:
        self.edges[source].add(target)

    def both(self, one: str, other: str) -> None:
        self.edge(one, other)
        self.edge(other, one)

    def pools(self) -> dict[int, int]:
        """Channels of one end only, by object: whose they are. They hold what devices move."""
        return {one[0]: one[1] for one in self.channels if one[1] == one[2]}

    def holders(self) -> list[tuple[str, list[list[Any]]]]:
        """Every table: who holds it and its capabilities."""
        domains = [(domain[1], domain[12]) for domain in self.domains]
        return domains + [(domain[16][0], domain[16][4]) for domain in self.domains if domain[16]]

    def capabilities(self, without: list[str]) -> list[tuple[str, list[Any]]]:
        """Every capability with its holder, but for those of @without."""
        return [(name, one) for name, held in self.holders() for one in held if name not in without]
