"""No name and no number twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import model, names
from .names import RESERVED, TAGS
from .problem import Problem
from .scope import BUILT_IN


def check(whole: model.Model) -> Iterator[Problem]:
    files = whole.files
    calls = [call for file in files for _, call in file.calls]
    objects = [item for file in files for item in file.objects]
    interfaces = [interface for _, interface in whole.interfaces()]
    types = [item for _, item in whole.items() if isinstance(item, (model.Enum, model.Flags, model.Struct))]
    yield from _twice(types)
    for item in types:
        if (item.name in TAGS or item.name in BUILT_IN) and item.name not in RESERVED:
            yield Problem(item.position, f"'{item.name}' is a type of the generated code", "another name")
    yield from (*_twice(calls), *_twice(objects), *_twice(interfaces))
    yield from _numbers("call", [call.number for call in calls])
    yield from _numbers("object", [item.number for item in objects])
    yield from _numbers("interface", [interface.number for interface in interfaces])
    for item in types:
        yield from _type(item)
    for errors in (errors for file in files for errors in file.errors):
        yield from _values("error", errors.values)
    for interface in interfaces:
        yield from _twice((*interface.methods, *interface.rings))
        yield from _numbers("method", [method.number for method in interface.methods])
        yield from _reserved((*interface.methods, *interface.rings))
    yield from _reserved((*types, *objects, *interfaces, *calls))


def _type(item: model.Enum | model.Flags | model.Struct) -> Iterator[Problem]:
    if isinstance(item, model.Struct):
        yield from _twice(item.fields)
        yield from _reserved(item.fields)
    else:
        yield from _values("value" if isinstance(item, model.Enum) else "bit", item.values)


def _values(kind: str, values: tuple[model.Value, ...]) -> Iterator[Problem]:
    yield from _twice(values)
    yield from _numbers(kind, [value.number for value in values])


def _twice(items: Iterable[model.Declared]) -> Iterator[Problem]:
    first: dict[str, model.Declared] = {}
    for item in items:
        if item.name in first:
            yield Problem(item.position, f"duplicate name '{item.name}'",
                          f"a name not used at {first[item.name].position}")
        first.setdefault(item.name, item)


def _numbers(kind: str, numbers: Iterable[model.Number]) -> Iterator[Problem]:
    first: dict[int, model.Number] = {}
    for number in numbers:
        if number.value in first:
            yield Problem(number.position, f"duplicate {kind} number {number.value}",
                          f"a number not used at {first[number.value].position}")
        first.setdefault(number.value, number)


def _reserved(items: Iterable[model.Declared]) -> Iterator[Problem]:
    for item in items:
        if item.name in RESERVED:
            yield Problem(item.position, f"'{item.name}' is a word of the generated code", "another name")


def constants(whole: model.Model) -> Iterator[Problem]:
    """Prefixes are chosen by rule, so two declarations can meet in one C constant."""
    first: dict[str, model.Declared] = {}
    for name, item in _generated(whole):
        if name in first:
            yield Problem(item.position, f"'{item.name}' is called {name} in C, as another",
                          f"a name that does not meet the one at {first[name].position}")
        first.setdefault(name, item)


def _generated(whole: model.Model) -> Iterator[tuple[str, model.Declared]]:
    for file in whole.files:
        for errors in file.errors:
            yield from ((names.error(value), value) for value in errors.values)
        typed: list[model.Enum | model.Flags] = [*file.enums, *file.flags]
        for item in typed:
            yield from ((f"{names.prefix(item.name)}_{value.name.upper()}", value) for value in item.values)
        yield from ((names.call(call.name), call) for _, call in file.calls)
        for interface in file.interfaces:
            yield f"INTERFACE_{interface.name.upper()}", interface
            yield f"{interface.name.upper()}_INTERFACE_VERSION", interface
            yield from ((f"{interface.name}_{method.name}".upper(), method) for method in interface.methods)
