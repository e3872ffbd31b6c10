"""Checks of what connects domains: channels, endpoints, and who waits for whom."""

from __future__ import annotations

import dataclasses
from collections import Counter

from .abi import Abi, Interface
from .description import Description, WrittenChannel, WrittenClient, WrittenEndpoint
from .errors import Faults, Place
from .model import BUILDER, BUILDER_NAME, Channel, Client, Domain, Endpoint
from .tables import one_of

TERMINAL = "a guest's table is terminal: it holds sealed endpoint and notification capabilities only"


class Wiring:
    """Resolves the ends of channels and endpoints against the domains."""

    def __init__(
        self, written: Description, abi: Abi, faults: Faults, domains: list[Domain], disabled: set[str]
    ) -> None:
        self.written = written
        self.abi = abi
        self.faults = faults
        self.domains = domains
        self.disabled = disabled
        self.by_name = {domain.name: domain for domain in domains}
        self.by_guest = {domain.guest.name: domain for domain in domains if domain.guest}
        self.written_of: dict[int, WrittenChannel] = {}  # by number of the channel

    def channels(self) -> list[Channel]:
        made: list[Channel] = []
        for one in self.written.channels:
            if {one.from_end, one.to_end} & self.disabled:
                continue
            end_a = self.end(one.from_end, one.at("from"))
            end_b = self.end(one.to_end, one.at("to"))
            if end_a is None or end_b is None:
                continue
            if end_a is end_b:
                self.faults.add(one.at("to"), f"both ends of the channel are '{end_a.name}'", "two different domains")
            elif any(other.kind == one.kind and other.end_a == end_a.id for other in made):
                self.faults.add(
                    one.at("from"), f"'{one.from_end}' already is end a of a {one.kind} channel", "one of each kind"
                )
            elif one.kind == "console" and not end_a.guest:
                self.faults.add(one.at("from"), f"'{one.from_end}' is not a guest", "a guest: consoles are theirs")
            else:
                self.written_of[len(made)] = one
                made.append(Channel(one.kind, end_a.id, end_b.id, virtio=one.device == "virtio"))
        return made

    def end(self, name: str, place: Place) -> Domain | None:
        """The domain at one end: a guest stands for its VMM."""
        found = self.by_name.get(name) or self.by_guest.get(name)
        if found is None:
            self.faults.add(place, f"no domain or guest '{name}'", one_of([*self.by_name, *self.by_guest]))
        return found

    def endpoints(self) -> list[Endpoint]:
        made: list[Endpoint] = []
        for one in self.written.endpoints:
            if one.server in self.disabled:
                continue
            if any(other.name == one.name for other in made):
                self.faults.add(one.at("name"), f"endpoint '{one.name}' is already described", "a name of its own")
            endpoint = self.endpoint(one)
            if endpoint is not None:
                made.append(endpoint)
        self.check_badges(made)
        return made

    def endpoint(self, one: WrittenEndpoint) -> Endpoint | None:
        interface = self.abi.interfaces.get(one.interface)
        if interface is None or not (interface.for_domains or interface.for_guests):
            services = [name for name, found in self.abi.interfaces.items() if found.for_domains or found.for_guests]
            self.faults.add(one.at("interface"), f"no service interface '{one.interface}'", one_of(services))
            return None
        server = self.server(one)
        clients = [self.client(client, interface) for client in one.clients if client.name not in self.disabled]
        resolved = [client for client in clients if client is not None]
        self.check_twice(one, server)
        if server is None:
            return None
        return Endpoint(one.name, one.interface, interface.number, server, tuple(resolved))

    def server(self, one: WrittenEndpoint) -> int | None:
        place = one.at("server")
        if (one.server == BUILDER_NAME) != (one.interface == BUILDER_NAME):
            self.faults.add(
                place,
                f"'{one.server}' serves the interface '{one.interface}'",
                "builder, and only it, to serve 'builder'",
            )
            return None
        if one.server == BUILDER_NAME:
            return BUILDER
        if one.server in self.by_guest:
            self.faults.add(
                place,
                f"the guest '{one.server}' is a server",
                f"a domain; {TERMINAL}, so a guest cannot wait for calls",
            )
            return None
        if one.server not in self.by_name:
            self.faults.add(place, f"no domain '{one.server}'", one_of([*self.by_name, BUILDER_NAME]))
            return None
        return self.by_name[one.server].id

    def check_twice(self, one: WrittenEndpoint, server: int | None) -> None:
        seen: set[tuple[str, str]] = set()
        for client in one.clients:
            if (client.key, client.name) in seen:
                self.faults.add(
                    client.at(client.key), f"'{client.name}' is already a client of '{one.name}'", "each client once"
                )
            seen.add((client.key, client.name))
            found = self.by_name.get(client.name) if client.key == "domain" else None
            if found is not None and found.id == server:
                self.faults.add(client.at("domain"), f"'{client.name}' is its own server", "a call to another domain")

    def client(self, one: WrittenClient, interface: Interface) -> Client | None:
        if one.guest and not one.sealed:
            self.faults.add(
                one.at("sealed"), f"guest '{one.guest}' gets a capability that is not sealed", f"sealed; {TERMINAL}"
            )
        allowed = interface.for_guests if one.guest else interface.for_domains
        if not allowed:
            self.faults.add(
                one.at(one.key),
                f"the interface '{interface.name}' is not for a {one.key}",
                "a client that its IDL allows",
            )
        known = self.by_guest if one.guest else self.by_name
        if one.name not in known:
            self.faults.add(one.at(one.key), f"no {one.key} '{one.name}'", one_of(known))
            return None
        methods = self.methods(one, interface)
        domain = known[one.name]
        badge = domain.id if one.badge is None else one.badge
        return Client(domain.id, bool(one.guest), tuple(methods), interface.mask(methods), badge)

    def methods(self, one: WrittenClient, interface: Interface) -> list[str]:
        if not one.methods and one.table.has("methods"):
            self.faults.add(one.at("methods"), f"'{one.name}' may call no method", one_of(interface.methods))
        found: list[str] = []
        for name, place in one.methods:
            if name not in interface.methods:
                self.faults.add(
                    place, f"the interface '{interface.name}' has no method '{name}'", one_of(interface.methods)
                )
            elif name in found:
                self.faults.add(place, f"method '{name}' is listed twice", "each method once")
            else:
                found.append(name)
        return found

    def check_badges(self, endpoints: list[Endpoint]) -> None:
        """Within one interface of one server the badge is the client's identity."""
        seen: dict[tuple[int, int, int], str] = {}
        for endpoint in endpoints:
            written = next(one for one in self.written.endpoints if one.name == endpoint.name)
            for client in endpoint.clients:
                title = self.domains[client.domain].title if client.in_guest else self.domains[client.domain].name
                key = (endpoint.server, endpoint.number, client.badge)
                if seen.get(key, title) != title:
                    place = next((one.at("badge") for one in written.clients if one.name == title), written.table.place)
                    self.faults.add(
                        place, f"'{title}' has the badge {client.badge} of '{seen[key]}'", "a badge for each client"
                    )
                seen.setdefault(key, title)

    def check_cycles(self, endpoints: list[Endpoint]) -> None:
        """Servers that wait for each other in a circle can wait for ever."""
        calls: dict[int, set[int]] = {}
        for endpoint in endpoints:
            for client in endpoint.clients:
                calls.setdefault(client.domain, set()).add(endpoint.server)
        for endpoint in endpoints:
            path = _path(calls, endpoint.server, endpoint.server)
            if path:
                written = next(one for one in self.written.endpoints if one.name == endpoint.name)
                names = " → ".join(BUILDER_NAME if one == BUILDER else self.domains[one].name for one in path)
                self.faults.add(written.at("server"), f"calls go in a circle: {names}", "servers that never call back")
                return

    def with_reserves(self, endpoints: list[Endpoint], default_us: int) -> list[Domain]:
        """A server that several compartments share needs a reserve context (DESIGN.md section 2)."""
        sharers = Counter(
            server for server, _ in {(one.server, client.domain) for one in endpoints for client in one.clients}
        )
        made: list[Domain] = []
        for domain in self.domains:
            plan = domain.schedule
            written = self.written.schedules.get(domain.title)
            if sharers[domain.id] > 1 and written is not None and written.reserve_us == 0:
                self.faults.add(
                    written.at("reserve_us"),
                    f"'{domain.name}' serves {sharers[domain.id]} domains without a reserve",
                    "'reserve_us' of at least 10",
                )
            if sharers[domain.id] > 1 and plan.reserve_us == 0:
                plan = dataclasses.replace(plan, reserve_us=min(default_us, plan.period_us))
            made.append(dataclasses.replace(domain, schedule=plan))
        return made


def _path(calls: dict[int, set[int]], start: int, goal: int) -> list[int]:
    """A path of calls from @start back to @goal, or nothing."""
    queue: list[list[int]] = [[start]]
    seen = {start}
    while queue:
        path = queue.pop(0)
        for server in sorted(calls.get(path[-1], ())):
            if server == goal:
                return [*path, server]
            if server not in seen:
                seen.add(server)
                queue.append([*path, server])
    return []
