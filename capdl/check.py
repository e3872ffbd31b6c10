"""From what was written to the checked model. Every refusal of a description that needs no image is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from .abi import Abi
from .claims import ClaimReader
from .description import Description, WrittenDomain, WrittenGuest
from .equipment import Equipment, absent
from .errors import Faults, Place
from .model import (
    BUILDER,
    BUILDER_NAME,
    VMM_PREFIX,
    Authority,
    BootModule,
    Domain,
    Endpoint,
    Guest,
    Model,
    Restart,
    Schedule,
)
from .platforms import PLATFORMS
from .spec import Claim, OnlyHolds
from .tables import one_of
from .wiring import Wiring

DOMAINS_MAX = 64
RESERVED = {BUILDER_NAME, "operator", "overcommit", "help"}
DEFAULT_DOMAIN = Schedule(1_000, 10_000, 20, 0)
DEFAULT_GUEST = Schedule(10_000, 10_000, 10, 0)
DEFAULT_RESERVE_US = 1_000
_POLICY_NEVER = Restart("never", 0)


class Checker:
    """Holds the description while its parts are checked one by one."""

    def __init__(self, written: Description, abi: Abi, faults: Faults) -> None:
        self.written = written
        self.abi = abi
        self.faults = faults
        self.platform = PLATFORMS[written.machine]
        self.disabled = {one.name for one in written.subjects if not one.enabled} | absent(written, self.platform)
        self.all_names: set[str] = set()
        self.domains: list[Domain] = []
        self.places: dict[str, Place] = {}

    def run(self) -> Model:
        """All checks; raises if any found a fault."""
        self.check_names()
        self.check_images()
        self.check_per_name(self.written.schedules, "scheduling")
        self.check_per_name(self.written.restarts, "restart")
        self.faults.stop_if_any()
        self.domains = self.make_domains()
        wiring = Wiring(self.written, self.abi, self.faults, self.domains, self.disabled)
        channels, endpoints = wiring.channels(), wiring.endpoints()
        equipment = Equipment(self.written, self.platform, self.faults, self.domains, self.disabled)
        devices = equipment.devices(channels)
        equipment.check_channels(wiring.written_of, channels, devices)
        channels = equipment.with_shares(wiring.written_of, channels, devices)
        scan, keeper = equipment.pci_roles(devices)
        management = self.management()
        self.check_once(endpoints, management)
        self.check_ports()
        self.faults.stop_if_any()
        wiring.check_cycles(endpoints)
        self.domains = wiring.with_reserves(endpoints, DEFAULT_RESERVE_US)
        self.check_budgets()
        self.check_focus({channel.end_a for channel in channels if channel.kind == "console"})
        subjects = {domain.name for domain in self.domains} | self.guests().keys()
        drivers = {self.domains[device.driver].name for device in devices}
        reader = ClaimReader(subjects, self.disabled, self.abi, self.platform, devices, drivers, self.faults)
        claims = [
            *self.laboratory_claims(),
            *(claim for one in self.written.claims if one.enabled for claim in reader.read(one)),
        ]
        self.faults.stop_if_any()
        return Model(
            self.written.name,
            self.focus(),
            self.platform,
            self.written.memory_mib,
            management,
            tuple(self.domains),
            tuple(channels),
            tuple(endpoints),
            tuple(claims),
            tuple(devices),
            scan,
            keeper,
            self.written.unsafe_dma,
            {image.name: image.file for image in self.written.images},
        )

    def guests(self) -> dict[str, Domain]:
        return {domain.guest.name: domain for domain in self.domains if domain.guest}

    def claim_name(self, name: str, place: Place) -> bool:
        """One name space for domains and guests; a guest also takes vmm-NAME. False if @name is taken."""
        if name in RESERVED:
            self.faults.add(place, f"'{name}' is reserved", "another name")
        elif name in self.places:
            where = self.places[name]
            self.faults.add(place, f"'{name}' is already the name at line {where.line}", "a name of its own")
        else:
            self.places[name] = place
            return True
        return False

    def check_names(self) -> None:
        for domain in self.written.domains:
            self.claim_name(domain.name, domain.at("name"))
        for guest in self.written.guests:
            if self.claim_name(guest.name, guest.at("name")):
                self.claim_name(VMM_PREFIX + guest.name, guest.at("name"))
        for device in self.written.devices:
            self.claim_name(device.name, device.at("name"))
        kept = sum(one.name not in self.disabled for one in self.written.subjects)
        if kept == 0:
            self.faults.add(self.written.table.place, "the system has no domain", "a [[domain]] or a [[guest]]")
        if kept > DOMAINS_MAX:
            one = self.written.subjects[-1]
            self.faults.add(one.at("name"), f"{kept} domains", f"at most {DOMAINS_MAX}")

    def check_images(self) -> None:
        seen: dict[str, Place] = {}
        for image in self.written.images:
            place = image.at("name")
            if image.name in seen:
                self.faults.add(
                    place,
                    f"image '{image.name}' is already described at line {seen[image.name].line}",
                    "a name of its own",
                )
            seen[image.name] = place
        for one in self.written.subjects:
            profiles: dict[str, Place] = {"described": one.table.place}
            for profile in one.profiles:
                if profile.name in profiles:
                    self.faults.add(
                        profile.at("name"), f"profile '{profile.name}' is already described", "a name of its own"
                    )
                profiles[profile.name] = profile.at("name")
            if len(profiles) > 8:
                self.faults.add(one.table.place, f"{len(profiles) - 1} profiles", "at most 7")

    def check_per_name(self, per_name: Iterable[str], where: str) -> None:
        known = {one.name for one in self.written.subjects}
        for name in per_name:
            if name not in known:
                place = self.written.table.document.key_place((where, name))
                self.faults.add(place, f"no domain or guest '{name}' for [{where}]", one_of(known))

    def make_domains(self) -> list[Domain]:
        made: list[Domain] = []
        for domain in self.written.domains:
            if domain.name not in self.disabled:
                made.append(self.domain(len(made), domain))
        for guest in self.written.guests:
            if guest.name not in self.disabled:
                made.append(self.vmm(len(made), guest))
        return made

    def domain(self, number: int, one: WrittenDomain) -> Domain:
        images = (("described", one.image), *((profile.name, profile.image) for profile in one.profiles))
        ports = tuple(dict.fromkeys(name for name, _ in one.ports))
        return Domain(
            number,
            one.name,
            images,
            one.start,
            one.heap_kib,
            one.stack_kib,
            one.fpu,
            ports,
            self.schedule(one.name, DEFAULT_DOMAIN),
            self.restart(one.name),
            None,
            self.authority(one),
            one.once,
        )

    def authority(self, one: WrittenDomain) -> Authority | None:
        """Only a laboratory's domains hold what kernel objects are made of."""
        if one.authority is None:
            return None
        if not self.written.laboratory:
            self.faults.add(
                one.at("authority"), f"'{one.name}' has authority", "'laboratory = true' in [system], or none"
            )
        return Authority(one.authority.untyped_mib, one.authority.slots, one.authority.tables)

    def laboratory_claims(self) -> list[Claim]:
        """What makes the laboratory visible to the checker, and in every report."""
        names = [domain.name for domain in self.domains if domain.authority]
        types = sum(1 << self.abi.type(name) for name in ("untyped", "captab", "control"))
        text = f"laboratory: only {', '.join(names)} may hold untyped, captab or control"
        return [OnlyHolds(5, text, names, types)] if names else []

    def vmm(self, number: int, one: WrittenGuest) -> Domain:
        if one.memory_mib % 2:
            self.faults.add(one.at("memory_mib"), f"'memory_mib' is {one.memory_mib}", "an even number of MiB")
        images = (("described", one.image), *((profile.name, profile.image) for profile in one.profiles))
        modules = tuple(BootModule(module.image, module.append) for module in one.modules)
        if one.debug_exit and not self.platform.debug_exit_port:
            self.faults.add(one.at("debug_exit"), f"the machine '{self.platform.name}' has no debug-exit", "false")
        guest = Guest(one.name, one.memory_mib, one.kernel, one.initrd, one.append, modules, one.debug_exit)
        return Domain(
            number,
            VMM_PREFIX + one.name,
            images,
            one.start,
            one.heap_kib,
            one.stack_kib,
            False,
            (),
            self.schedule(one.name, DEFAULT_GUEST),
            self.restart(one.name),
            guest,
        )

    def schedule(self, name: str, default: Schedule) -> Schedule:
        one = self.written.schedules.get(name)
        if one is None:
            return default
        if one.budget_us > one.period_us:
            self.faults.add(
                one.at("budget_us"),
                f"a budget of {one.budget_us} µs in a period of {one.period_us} µs",
                "a budget within the period",
            )
        return Schedule(one.budget_us, one.period_us, one.priority, one.reserve_us or 0)

    def restart(self, name: str) -> Restart:
        one = self.written.restarts.get(name)
        return Restart(one.policy, one.limit) if one else _POLICY_NEVER

    def management(self) -> int | None:
        name = self.written.management
        if not name:
            return None
        found = next((domain for domain in self.domains if domain.name == name), None)
        if found is None:
            self.faults.add(
                self.written.system.at("management"),
                f"no domain '{name}'",
                one_of(domain.name for domain in self.domains if not domain.guest),
            )
            return None
        return found.id

    def check_once(self, endpoints: list[Endpoint], management: int | None) -> None:
        """A domain that runs before all others must be able to say that it is through, and never comes again."""
        mask = self.abi.interfaces[BUILDER_NAME].mask(["finished"])
        for domain in (one for one in self.domains if one.once):
            place = next(one.at("once") for one in self.written.domains if one.name == domain.name)
            clients = [client for one in endpoints if one.server == BUILDER for client in one.clients]
            if not any(client.domain == domain.id and client.mask & mask for client in clients):
                what = f"'{domain.name}' runs once and cannot say that it is through"
                self.faults.add(place, what, "a client of builder with the method 'finished'")
            if domain.id == management:
                self.faults.add(place, f"'{domain.name}' runs once and is the management", "another domain")
            if domain.restart != _POLICY_NEVER or not domain.start:
                what = f"'{domain.name}' runs once, but is to be started later or again"
                self.faults.add(place, what, "'start = true' and no restart policy")

    def check_ports(self) -> None:
        known = self.platform.ports()
        holders: dict[str, str] = {}
        for one in self.written.domains:
            for name, place in () if one.name in self.disabled else one.ports:
                if name not in known:
                    self.faults.add(place, f"the machine '{self.platform.name}' has no port '{name}'", one_of(known))
                elif name in holders:
                    self.faults.add(
                        place, f"'{name}' is already given to '{holders[name]}'", "one holder for each port"
                    )
                holders[name] = one.name

    def check_budgets(self) -> None:
        """Within one priority everyone must be able to get the budget described; overcommit says: share it."""
        if self.written.overcommit:
            return
        shares: dict[int, Fraction] = defaultdict(Fraction)
        for domain in self.domains:
            plan = domain.schedule
            shares[plan.priority] += Fraction(plan.budget_us, plan.period_us)
            if shares[plan.priority] > 1:
                name = domain.title
                described = self.written.schedules.get(name)
                place = described.at("budget_us") if described else self.places[name]
                percent = float(shares[plan.priority] * 100)
                self.faults.add(
                    place,
                    f"'{name}' brings priority {plan.priority} to {percent:.1f} % of the processor",
                    "at most 100 % in a priority, or 'overcommit = true'",
                )

    def focus(self) -> str:
        return "" if self.written.console == "operator" else self.written.console

    def check_focus(self, with_console: set[int]) -> None:
        name, guests = self.focus(), self.guests()
        place = self.written.system.at("console")
        if name and name not in guests:
            self.faults.add(place, f"no guest '{name}'", one_of([*guests, "operator"]))
        elif name and guests[name].id not in with_console:
            self.faults.add(
                place, f"guest '{name}' has no console channel", f"a [[channel]] of kind console from '{name}'"
            )


def check(written: Description, abi: Abi, faults: Faults) -> Model:
    """The checked model of @written; DescriptionError lists every fault."""
    faults.stop_if_any()
    return Checker(written, abi, faults).run()
