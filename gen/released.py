"""Wire compatibility with what was released: a client built then must still be understood, and understand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import model, wire
from .layout import place
from .problem import Problem
from .scope import Scope

_NEW = "it as released; what differs needs a new interface number"


def compare(current: model.Model, released: model.Model) -> list[Problem]:
    """Problems of @current against @released."""
    now = {interface.name: (file, interface) for file, interface in current.interfaces()}
    problems: list[Problem] = []
    for file, old in released.interfaces():
        if old.name in now:
            new_file, new = now[old.name]
            both = _Pair(Scope(current, new_file), new, Scope(released, file), old)
            problems.extend(both.problems())
        else:
            problems.append(Problem(old.position, f"interface '{old.name}' was released and is gone", "it to stay"))
    return sorted(set(problems))


def released_files(folder: Path, paths: tuple[str, ...], complete: bool) -> list[str]:
    """Released files to compare with: all of them, or those that have a counterpart among @paths."""
    stems = {Path(path).stem for path in paths}
    return [str(path) for path in sorted(folder.glob("*.idl")) if complete or path.stem in stems]


class _Pair:
    """One interface, now and then."""

    def __init__(self, scope: Scope, new: model.Interface, old_scope: Scope, old: model.Interface) -> None:
        self._scope, self._new = scope, new
        self._old_scope, self._old = old_scope, old
        self._grown: Problem | None = None

    def problems(self) -> Iterator[Problem]:
        new, old = self._new, self._old
        assert new.version is not None and old.version is not None
        if new.number.value != old.number.value:
            yield Problem(new.number.position, f"interface '{new.name}' was {old.number.value}", str(old.number.value))
        if new.version.value < old.version.value:
            yield Problem(new.version.position, f"version {new.version.value} is older than the released",
                          f"{old.version.value} or more")
        for word in old.clients:
            if not new.serves(word.text):
                yield Problem(new.position, f"interface '{new.name}' no longer serves '{word}'", f"'for {word}'")
        yield from self._methods()
        yield from self._rings()
        if new.version.value == old.version.value and (change := self._change()):
            yield Problem(new.version.position, f"{change} without a new version", f"version {old.version.value + 1}")

    def _methods(self) -> Iterator[Problem]:
        current = {method.name: method for method in self._new.methods}
        for old in self._old.methods:
            new = current.get(old.name)
            if new is None:
                yield Problem(self._new.position, f"method '{old.name}' was released and is gone", "it to stay")
            elif new.number.value != old.number.value:
                yield Problem(new.number.position, f"method '{new.name}' was {old.number.value}", str(old.number.value))
            else:
                yield from self._items(new, old)

    def _items(self, new: model.Method, old: model.Method) -> Iterator[Problem]:
        for what, mine, theirs in (("parameter", new.parameters, old.parameters), ("result", new.results, old.results)):
            if len(mine) != len(theirs):
                yield Problem(new.position, f"method '{new.name}' had {len(theirs)} {what}s and has {len(mine)}", _NEW)
                continue
            after, before = wire.lay(self._scope, mine), wire.lay(self._old_scope, theirs)
            for parameter, one, was in zip(mine, after, before, strict=True):
                if (one.kind, one.bits, one.size, one.word) != (was.kind, was.bits, was.size, was.word):
                    yield Problem(parameter.type.position, f"the type of {what} '{one.name}' changed", _NEW)
                elif what == "parameter" and not _within(was, one):
                    yield Problem(parameter.position, f"{what} '{one.name}' allows less than released", _allowed(was))
                elif what == "result" and not _within(one, was):
                    yield Problem(parameter.position, f"{what} '{one.name}' allows more than released", _allowed(was))

    def _rings(self) -> Iterator[Problem]:
        current = {ring.name: ring for ring in self._new.rings}
        for old in self._old.rings:
            new = current.get(old.name)
            if new is None:
                yield Problem(self._new.position, f"ring '{old.name}' was released and is gone", "it to stay")
            elif _shape(self._scope, new) != _shape(self._old_scope, old):
                yield Problem(new.position, f"the layout of ring '{new.name}' changed", _NEW)

    def _change(self) -> str:
        """What a new version must announce."""
        before = {method.name: method for method in self._old.methods}
        for method in self._new.methods:
            old = before.get(method.name)
            if old is None:
                return f"method '{method.name}' is new"
            if method.modes != old.modes:
                return f"method '{method.name}' changed whether it is blocking"
            mine = [(i.low, i.high, i.values) for i in wire.lay(self._scope, (*method.parameters, *method.results))]
            theirs = [(i.low, i.high, i.values) for i in wire.lay(self._old_scope, (*old.parameters, *old.results))]
            if mine != theirs:
                return f"method '{method.name}' changed what it allows"
        if len(self._new.rings) > len(self._old.rings):
            return f"ring '{self._new.rings[-1].name}' is new"
        return "a client is new" if len(self._new.clients) > len(self._old.clients) else ""


def _shape(scope: Scope, ring: model.Ring) -> object:
    struct = scope.struct(ring.type.name)
    assert struct is not None and ring.type.count is not None
    places = place(scope, struct).places
    return ring.type.count.value, [(p.field.name, p.offset, p.bytes, p.align) for p in places]


def _within(inner: wire.Item, outer: wire.Item) -> bool:
    """True if every value of @inner is a value of @outer."""
    if inner.kind == "flags":
        return inner.high & ~outer.high == 0
    if inner.kind == "enum":
        return set(inner.values) <= set(outer.values)
    return outer.low <= inner.low and inner.high <= outer.high


def _allowed(item: wire.Item) -> str:
    if item.kind == "enum":
        return "the values " + ", ".join(str(value) for value in item.values)
    return f"the bits 0x{item.high:x}" if item.kind == "flags" else f"{item.low}..{item.high}"
