"""From the checked model and its images to the record of docs/system.cddl: the only place that decides numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import layout, spec
from .abi import Abi
from .bells import BLOCK, BY_CHANNEL
from .description import Description
from .driving import REGIONS, Driving
from .errors import Faults, Place
from .images import Found, ImageProblem, ImageStore, pages
from .limits import check_limits
from .model import BUILDER, Authority, Channel, Domain, Guest, Model
from .objects import Objects
from .plan import FAULT_INTERFACE, READ, WRITE, Plan, PlanProblem

CHANNEL_BYTES = 16384  # page console_channel of idl/channel.idl
KEY_BYTES = 32
CIPHER_STACK_BYTES = 32 << 10
DEBUG_EXIT_OF_GUESTS = 0xF4  # where a VMM offers isa-debug-exit to its guest
VIRTIO_CONSOLE = 3  # [VIRTIO-1.2] 5


@dataclass(frozen=True)
class Result:
    """The record, and which file each image came from, in module order."""

    system: spec.System
    images: list[Found]


@dataclass
class Compilation:
    """One run: images, then objects, then domains."""

    model: Model
    written: Description
    abi: Abi
    store: ImageStore
    faults: Faults
    found: dict[str, Found] = field(default_factory=dict)  # by file name
    order: list[str] = field(default_factory=list)
    objects: Objects = field(init=False)
    driving: Driving = field(init=False)
    plans: list[Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.objects = Objects(self.abi)
        self.driving = Driving(self.model, self.objects)
        self.plans = [Plan(domain, self.abi, self.objects) for domain in self.model.domains]

    # --- images ---

    def place(self, domain: Domain, key: str) -> Place:
        """Where the description says @key of @domain (or of its guest)."""
        for one in self.written.subjects:
            if one.name == domain.title:
                return one.at(key)
        return self.written.table.place

    def load(self, name: str, as_domain: bool, place: Place) -> str:
        """The file name of image @name, loaded once; as an ELF if any domain runs it."""
        try:
            one = self.store.load(self.model.image_files.get(name, name), as_domain)
        except ImageProblem as problem:
            self.faults.add(place, problem.what, problem.expected)
            return ""
        key = one.record.name
        before = self.found.get(key)
        if before is not None and before.path != one.path:
            self.faults.add(
                place, f"two images are called '{key}': {before.path} and {one.path}", "different file names"
            )
        if before is None:
            self.order.append(key)
        if before is None or as_domain:
            self.found[key] = one
        return key

    def load_all(self) -> None:
        for domain in self.model.domains:
            key = "vmm" if domain.guest else "image"
            for _, image in domain.images:
                self.load(image, True, self.place(domain, key))
        for channel in self.model.channels:
            if channel.window and channel.window.key:
                self.load_key(channel.window.key, self.model.domains[channel.end_a])
        for domain in self.model.domains:
            if domain.guest:
                self.load(domain.guest.kernel, False, self.place(domain, "kernel"))
                if domain.guest.initrd:
                    self.load(domain.guest.initrd, False, self.place(domain, "initrd"))
                for module in domain.guest.modules:
                    self.load(module.image, False, self.place(domain, "module"))
        self.faults.stop_if_any()

    def load_key(self, name: str, of: Domain) -> None:
        ours = (one for one in self.written.channels if one.kind == "block" and one.from_end in (of.title, of.name))
        place = next(ours).at("key")
        key = self.load(name, False, place)
        if key and self.found[key].path is not None and self.found[key].record.size_bytes != KEY_BYTES:
            size = self.found[key].record.size_bytes
            self.faults.add(place, f"the key '{name}' has {size} bytes", f"{KEY_BYTES} random bytes")

    def image(self, name: str) -> Found:
        path = self.model.image_files.get(name, name)
        return self.found[self.store.find(path).name[:39]]

    def image_region(self, name: str) -> str:
        """The shared frames that hold a boot image."""
        record = self.image(name).record
        key = f"image {record.name}"
        if key not in self.objects:
            number = self.order.index(record.name) + 1
            self.objects.frames(key, spec.SHARED, record.size_bytes, content=number, name=record.name)
        return key

    # --- shared objects ---

    def make_shared(self) -> None:
        add = self.objects.add
        add(server_key(BUILDER), spec.SHARED, "endpoint", layout.ENDPOINT_BYTES, name="builder.endpoint")
        for plan in self.plans:
            domain = plan.domain
            add(plan.key("bell"), spec.SHARED, "notif", layout.NOTIF_BYTES)
            if self.model.served_by(domain.id) or domain.id == self.model.management:
                add(
                    server_key(domain.id),
                    spec.SHARED,
                    "endpoint",
                    layout.ENDPOINT_BYTES,
                    name=f"{domain.name}.endpoint",
                )
        if any(domain.authority for domain in self.model.domains):
            add("control", spec.SHARED, "control", 0)
        self.driving.add_shared()
        for channel in self.model.channels:
            if channel.kind in REGIONS:
                continue
            count = CHANNEL_BYTES // layout.PAGE
            add(self.channel_key(channel), spec.SHARED, "frame", layout.PAGE, count=count)

    def channel_key(self, channel: Channel) -> str:
        """console-a after the tenant, log-vmm-a after the domain."""
        end = self.model.domains[channel.end_a]
        return f"console-{end.title}" if channel.kind == "console" else f"{channel.kind}-{end.name}"

    # --- domains ---

    def make_domain(self, plan: Plan) -> None:
        """Slots and regions of one domain; the order here is the order of slots."""
        domain = plan.domain
        plan.resource("bell", "notif", slot=plan.hold(plan.key("bell"), "wait"))
        if server_key(domain.id) in self.objects:
            plan.resource("endpoint", "endpoint", slot=plan.hold(server_key(domain.id), "wait"))
        self.make_clients(plan)
        for channel in self.model.channels:
            if domain.id in (channel.end_a, channel.end_b):
                self.make_channel_end(plan, channel)
        self.make_equipment(plan)
        self.make_cipher(plan)
        self.make_ports(plan)
        if domain.guest:
            self.make_guest(plan, domain.guest)
        if domain.id == self.model.management:
            self.make_management(plan)
        if domain.authority:
            self.make_authority(plan, domain.authority)
        self.make_own(plan)

    def make_equipment(self, plan: Plan) -> None:
        management = None if self.model.management is None else self.plans[self.model.management]
        self.driving.make_virtualiser(plan, management)
        device = self.model.device_of(plan.domain.id)
        if device:
            self.driving.make_driver(plan, device, management)
        self.driving.make_pci(plan)

    def make_cipher(self, plan: Plan) -> None:
        """A tenant whose window is encrypted: the key, and what the VMM's second thread waits for and rings."""
        windows = [one.window for one in self.model.channels if one.end_a == plan.domain.id and one.window]
        if not any(window.encrypt for window in windows):
            return
        (window,) = windows
        plan.cipher_sectors = window.sectors
        bits = BLOCK
        slot = plan.hold(plan.key("cipher-bell"), "wait", "signal", mask=bits)
        plan.resource("cipher-bell", "notif", slot=slot, extra=bits)
        slot = plan.hold(plan.key("bell"), "signal", mask=bits)
        plan.resource("own-bell", "notif", slot=slot, extra=bits)
        self.boot_image(plan, "key", window.key)

    def make_clients(self, plan: Plan) -> None:
        for endpoint in self.model.endpoints:
            for client in endpoint.clients:
                if client.domain != plan.domain.id:
                    continue
                server = server_key(endpoint.server)
                if client.in_guest:
                    plan.guest_holds(server, "call", mask=client.mask, interface=endpoint.number, badge=client.badge)
                else:
                    slot = plan.hold(server, "call", mask=client.mask, interface=endpoint.number, badge=client.badge)
                    plan.resource(endpoint.name, "endpoint", slot=slot, extra=client.mask)

    def make_channel_end(self, plan: Plan, channel: Channel) -> None:
        at_a = plan.domain.id == channel.end_a
        peer = self.plans[channel.end_b if at_a else channel.end_a]
        if channel.kind in REGIONS:
            self.driving.make_end(plan, channel, peer)
            return
        region = self.channel_key(channel)
        address, size = plan.map_region(region, READ | WRITE)
        plan.resource(channel.kind if at_a else region, "region", address=address, size=size)
        if not at_a and channel.kind == "log":
            return  # a log flows from a to b only
        bits = BY_CHANNEL[channel.kind]
        slot = plan.hold(peer.key("bell"), "signal", mask=bits)
        name = f"{channel.kind}-bell" if at_a else f"bell-{peer.domain.title}"
        plan.resource(name, "notif", slot=slot, extra=bits)
        if at_a and channel.virtio:
            plan.resource("console-device", "number", extra=VIRTIO_CONSOLE)

    def make_ports(self, plan: Plan) -> None:
        platform = self.model.platform
        for name in plan.domain.ports:
            first, last = platform.ports()[name]
            plan.give_port(name, first, last, platform.gsis().get(name))
            if name == "power":
                plan.resource("power-value", "number", extra=platform.poweroff_value)
                plan.resource("power-bytes", "number", extra=platform.poweroff_bytes)

    def make_guest(self, plan: Plan, guest: Guest) -> None:
        vcpu = plan.own("vcpu", "vcpu", layout.VCPU_BYTES)
        slot = plan.hold(vcpu, "manage")
        address, size = plan.map_region(vcpu, READ | WRITE)
        plan.resource("vcpu", "vcpu", slot=slot, count=1, address=address, size=size)
        guest_flag = self.abi.bits("space_flags", "guest")
        space = plan.own("guest-space", "space", layout.space_bytes(layout.guest_tables(guest.memory_mib)), guest_flag)
        plan.resource("guest-space", "space", slot=plan.hold(space, "read", "manage"))
        slots = len(plan.guest_capabilities) + 1
        plan.own("guest-captab", "captab", layout.captab_bytes(slots), self.abi.bits("captab_flags", "terminal"))
        ram = plan.own_frames("ram", guest.memory_mib << 20, layout.LARGE)
        frames = self.objects[ram].count
        slot = plan.hold(ram, "read", "write", "exec")
        plan.map_at(ram, layout.RAM_ADDRESS, READ | WRITE)
        plan.resource(
            "ram",
            "frames",
            slot=slot,
            count=frames,
            address=layout.RAM_ADDRESS,
            size=frames * layout.LARGE,
            extra=layout.LARGE,
        )
        plan.resource("sched", "sched", slot=plan.hold_later(plan.key("sched"), "read"))
        self.make_boot(plan, guest)

    def make_boot(self, plan: Plan, guest: Guest) -> None:
        """What the guest is booted with."""
        plan.text_resource("guest", guest.name)
        plan.text_resource("cmdline", guest.append)
        self.boot_image(plan, "kernel", guest.kernel)
        if guest.initrd:
            self.boot_image(plan, "initrd", guest.initrd)
        for number, module in enumerate(guest.modules):
            self.boot_image(plan, f"module-{number}", module.image)
            plan.text_resource(f"module-{number}-args", module.append)
        if guest.debug_exit:
            plan.resource("debug-exit", "number", extra=DEBUG_EXIT_OF_GUESTS)

    def boot_image(self, plan: Plan, name: str, image: str) -> None:
        address, _ = plan.map_region(self.image_region(image), READ)
        plan.resource(name, "image", address=address, size=self.image(image).record.size_bytes)

    def make_management(self, plan: Plan) -> None:
        plan.text_resource("system", self.model.name)
        if self.model.focus:
            plan.text_resource("focus", self.model.focus)
        lines = (
            f"{one.id} {one.name} {one.guest.name if one.guest else '-'} {'once' if one.once else one.restart}\n"
            for one in self.model.domains
        )
        plan.text_resource("domains", "".join(lines))
        self.driving.make_management(plan)

    def make_authority(self, plan: Plan, authority: Authority) -> None:
        """A laboratory's domain makes objects for itself: docs/capdl.md, "Laboratories"."""
        untyped = plan.own("untyped", "untyped", authority.untyped_mib << 20)
        plan.resource("untyped", "number", slot=plan.hold(untyped, "read", "manage"))
        plan.resource("space", "space", slot=plan.hold_later(plan.key("space"), "read", "manage"))
        plan.resource("control", "number", slot=plan.hold("control", "manage"))
        slot = plan.hold_later(plan.key("captab"), "read", "manage", "copy")
        first = plan.take_slots(authority.slots)
        plan.resource("captab", "captab", slot=slot, count=authority.slots, extra=first)

    def make_own(self, plan: Plan) -> None:
        """What every domain has: image, stack, heap, info page, thread, contexts, space, table."""
        domain = plan.domain
        images = [self.image(image).record for _, image in domain.images]
        frames = max(sum(pages(segment) for segment in image.segments) for image in images)
        plan.own_frames("image", frames * layout.PAGE, layout.PAGE)
        plan.own_frames("info", layout.PAGE, layout.PAGE)
        stack = plan.own_frames("stack", domain.stack_kib << 10, layout.PAGE)
        plan.map_at(stack, layout.STACK_TOP - self.objects[stack].count * layout.PAGE, READ | WRITE)
        heap = (domain.heap_kib << 10) + (cipher_heap(plan.cipher_sectors) if plan.cipher_sectors else 0)
        if heap:
            plan.map_at(plan.own_frames("heap", heap), layout.HEAP_ADDRESS, READ | WRITE)
        plan.own("thread", "thread", layout.THREAD_BYTES)
        plan.own("sched", "sched", layout.SCHED_BYTES)
        if plan.cipher_sectors:
            stack = plan.own_frames("cipher-stack", CIPHER_STACK_BYTES, layout.PAGE)
            top = layout.STACK_TOP - layout.STACK_STRIDE
            plan.map_at(stack, top - CIPHER_STACK_BYTES, READ | WRITE)
            plan.own("cipher-thread", "thread", layout.THREAD_BYTES)
            plan.own("cipher-sched", "sched", layout.SCHED_BYTES)
        if domain.schedule.reserve_us:
            plan.own("reserve", "sched", layout.SCHED_BYTES)
        plan.own("captab", "captab", layout.captab_bytes(plan.slots_used))
        leaves = plan.leaves()
        for image in images:
            leaves += [(one.vaddr // layout.PAGE * layout.PAGE, layout.PAGE, pages(one)) for one in image.segments]
        spare = domain.authority.tables if domain.authority else 0
        plan.own("space", "space", layout.space_bytes(layout.tables_for(leaves) + spare))

    # --- the whole ---

    def fault_endpoint(self, domain: Domain) -> int:
        """Management hears of everyone's faults, builder of management's and of those who run before it."""
        management = self.model.management
        handler = BUILDER if management is None or domain.id == management or domain.once else management
        return self.objects.number(server_key(handler))

    def run(self) -> Result:
        self.load_all()
        self.make_shared()
        for plan in self.plans:
            try:
                self.make_domain(plan)
            except PlanProblem as problem:
                self.faults.add(self.place(plan.domain, "name"), problem.what, problem.expected)
        self.faults.stop_if_any()
        objects = self.objects.seal()
        domains = [self.domain_record(plan, objects) for plan in self.plans]
        channels = [record for one in self.model.channels for record in self.channel_records(one)]
        images = [self.found[name] for name in self.order]
        system = spec.System(
            spec.VERSION,
            self.model.name,
            self.model.focus,
            platform_record(self.model),
            [one.record for one in images],
            objects,
            self.objects.memory(spec.SHARED, objects),
            channels,
            self.objects.number(server_key(BUILDER)),
            domains,
            list(self.model.claims),
            self.model.unsafe_dma,
            self.driving.windows(),
        )
        check_limits(system, self.abi, self.written, self.faults)
        return Result(system, images)

    def channel_records(self, channel: Channel) -> list[spec.Channel]:
        if channel.kind in REGIONS:
            return self.driving.channels(channel)
        return [spec.Channel(self.objects.number(self.channel_key(channel)), channel.end_a, channel.end_b)]

    def domain_record(self, plan: Plan, objects: list[spec.Object]) -> spec.Domain:
        domain = plan.domain
        profiles = [
            spec.Profile(name, self.order.index(self.image(image).record.name)) for name, image in domain.images
        ]
        memory = self.objects.memory(domain.id, objects)
        return plan.record(memory, profiles, self.fault_endpoint(domain))


def server_key(server: int) -> str:
    """The key of the endpoint that a domain, or builder, waits on."""
    return f"endpoint {server}"


def platform_record(model: Model) -> spec.PlatformRecord:
    one = model.platform
    return spec.PlatformRecord(
        one.name,
        model.memory_mib,
        spec.SerialPort(one.com1.port, one.com1.gsi),
        spec.SerialPort(one.com2.port, one.com2.gsi),
        spec.PowerOff(one.poweroff_port, one.poweroff_value, one.poweroff_bytes),
        one.debug_exit_port,
    )


def compile_model(model: Model, written: Description, abi: Abi, store: ImageStore, faults: Faults) -> Result:
    """The compiled system; DescriptionError if an image is missing or wrong or a limit is passed."""
    result = Compilation(model, written, abi, store, faults).run()
    faults.stop_if_any()
    return result


def cipher_heap(sectors: int) -> int:
    """What a VMM that encrypts needs beside its own: a pool of plain text, records at hand, 40 bytes for each group of
    256 KiB (domains/vmm/cryptdisk.h)."""
    return (4 << 20) + (512 << 10) + sectors // 512 * 40
