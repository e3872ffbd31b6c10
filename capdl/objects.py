"""The list of objects: made under a key, numbered once all are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import layout
from .abi import Abi
from .spec import SHARED, Memory, Object


@dataclass
class Objects:
    """Every object of the system by key; `seal` fixes the order and with it the numbers."""

    abi: Abi
    by_key: dict[str, Object] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        key: str,
        owner: int,
        type_name: str,
        size: int,
        *,
        count: int = 1,
        flags: int = 0,
        content: int = 0,
        name: str = "",
    ) -> str:
        assert key not in self.by_key, key
        one = Object(owner, self.abi.type(type_name), flags, size, count, content, name or key)
        self.by_key[key] = one
        return key

    def frames(self, key: str, owner: int, size: int, *, content: int = 0, name: str = "") -> str:
        """Enough frames for @size bytes, 2 MiB ones where that is large."""
        each, count = layout.frames_for(size)
        return self.add(key, owner, "frame", each, count=count, content=content, name=name)

    def seal(self) -> list[Object]:
        """Shared ones first, then domain by domain, each by falling alignment."""
        frame, untyped = self.abi.type("frame"), self.abi.type("untyped")

        def order(item: tuple[str, Object]) -> tuple[int, tuple[int, bool]]:
            one = item[1]
            return (-1 if one.owner == SHARED else one.owner, layout.carving_order(one, frame, untyped))

        ordered = sorted(self.by_key.items(), key=order)
        self.numbers = {key: number for number, (key, _) in enumerate(ordered)}
        return [one for _, one in ordered]

    def memory(self, owner: int, ordered: list[Object]) -> Memory:
        pool = layout.Pool(owner, [one for one in ordered if one.owner == owner])
        return pool.memory(self.abi.type("frame"))

    def __getitem__(self, key: str) -> Object:
        return self.by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self.by_key

    def number(self, key: str) -> int:
        return self.numbers[key]
