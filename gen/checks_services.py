"""Interfaces of services."""

from __future__ import annotations

from collections.abc import Iterator

from . import model, wire
from .checks_messages import operation
from .checks_types import ring_element
from .problem import Problem
from .scope import Scope

_CLIENTS = ("kernel", "domain", "guest")

# A guest's badge says who asks; a parameter that does would let it ask for another.
_IDENTITIES = frozenset({"tenant", "domain", "guest", "vm", "vmm", "badge", "owner", "client", "caller"})
_SUFFIXES = ("_id", "_name", "_number", "_index")


def check(whole: model.Model) -> Iterator[Problem]:
    for file, interface in whole.interfaces():
        scope = Scope(whole, file)
        yield from _clients(interface)
        yield from _head(interface)
        for ring in interface.rings:
            yield from ring_element(scope, ring.type)
        for method in interface.methods:
            yield from operation(scope, method)
            yield from _method(interface, method)


def _clients(interface: model.Interface) -> Iterator[Problem]:
    for word in interface.clients:
        if word.text not in _CLIENTS:
            yield Problem(word.position, f"unknown client '{word}'", "kernel, domain or guest")
    if interface.serves("kernel") and len(interface.clients) > 1:
        yield Problem(interface.position, f"interface '{interface.name}' is for the kernel and others",
                      "'for kernel' alone, or no kernel")


def _head(interface: model.Interface) -> Iterator[Problem]:
    number, reserved = interface.number, wire.RESERVED_INTERFACES
    if number.value > 0xFFFF:
        yield Problem(number.position, f"interface number {number.value} is too large", f"{reserved}..65535")
    elif number.value < reserved and not interface.serves("kernel"):
        yield Problem(number.position, f"interface number {number.value} is reserved for the kernel",
                      f"{reserved}..65535")
    elif number.value >= reserved and interface.serves("kernel"):
        yield Problem(number.position, f"interface number {number.value} for the kernel", f"0..{reserved - 1}")
    if interface.version is None:
        yield Problem(interface.position, f"interface '{interface.name}' has no version",
                      "'version N' after its number")
    elif not 1 <= interface.version.value <= 0xFFFF:
        yield Problem(interface.version.position, f"version {interface.version.value}", "1..65535")
    if not interface.methods:
        yield Problem(interface.position, f"interface '{interface.name}' has no methods", "at least one")


def _method(interface: model.Interface, method: model.Method) -> Iterator[Problem]:
    if method.number.value >= wire.METHODS:
        yield Problem(method.number.position, f"method number {method.number.value} is too large",
                      f"0..{wire.METHODS - 1}")
    for one in (*method.parameters, *method.results):
        if one.type.name == "slot":
            yield Problem(one.type.position, "a slot in a message", "none: IPC never carries a capability")
    if interface.serves("guest"):
        for one in method.parameters:
            if _identity(one.name) or _identity(one.type.name):
                yield Problem(one.position, f"'{one.name}' would let a guest say who it is",
                              "no such parameter: resources are named by the badge")


def _identity(name: str) -> bool:
    stem = next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
    return stem in _IDENTITIES
