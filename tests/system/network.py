"""What tests of the network share: a web server of the host on its loopback, which guests reach at 10.0.2.2; QEMU's own
management socket; and a running system."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System

BOOT_S = 180.0
SYSTEM = "two-tenants-plain"

# No answer for longer than this is no share of a device: 0.6 s until a silent driver is noticed, 5 s of rest at most after
# many failures, 0.1 s of reset, and patience with a machine that has other things to do.
GAP_MAX_S = 30.0
STREAM_MAX_S = 60.0  # of a whole stream: TCP waits twice as long before each of its attempts

# Prints the time in hundredths of a second.
NOW = "now() { read -r up rest < /proc/uptime; echo ${up%.*}${up#*.}; }"

# Fetches and compares for as long as /tmp/go is there; a difference or an error ends it with a word in /tmp/verdict. Rounds,
# and the longest of them.
NEIGHBOUR = NOW.replace("{", "{{").replace("}", "}}") + """
touch /tmp/go; rm -f /tmp/verdict
(n=0; worst=0; last=$(now)
while [ -e /tmp/go ]; do
    [ "$(wget -q -O - {url} | sha256sum)" = "{sha256}  -" ] || {{ echo differs > /tmp/verdict; exit; }}
    n=$((n + 1)); t=$(now); [ $((t - last)) -gt $worst ] && worst=$((t - last)); last=$t
    echo $n $worst > /tmp/rounds
done
echo well > /tmp/verdict) >/dev/null 2>&1 &
"""
NEIGHBOUR_END = "rm /tmp/go; while [ ! -e /tmp/verdict ]; do sleep 0.1; done; cat /tmp/verdict /tmp/rounds"


@dataclass(frozen=True)
class Served:
    """A file that guests can fetch."""

    url: str
    sha256: str
    open_streams: Callable[[], int]  # how many are being fetched now


@contextmanager
def serve(size_bytes: int) -> Iterator[Served]:
    """Serves a file of @size_bytes that is the same each time, on the host's loopback only."""
    block = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(2048))
    content = (block * (size_bytes // len(block) + 1))[:size_bytes]
    streams: set[object] = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        """One file, whatever the path."""

        def do_GET(self) -> None:  # pylint: disable=invalid-name
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            streams.add(self)
            try:
                self.wfile.write(content)
            finally:
                streams.discard(self)

        def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Served(f"http://10.0.2.2:{server.server_port}/x", hashlib.sha256(content).hexdigest(), lambda: len(streams))
    finally:
        server.shutdown()


class Monitor:
    """QEMU's management protocol, over a socket of this machine's own."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30.0)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rw")
        self._lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: object) -> object:
        """Carries out @command."""
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._lines.flush()
        while True:
            reply = json.loads(self._lines.readline())
            if "error" in reply:
                raise AssertionError(f"{command}: {reply['error']}")
            if "return" in reply:
                return reply["return"]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class Running:
    """A booted system with a network, both tenants' shells answering."""

    def __init__(self, session: Session, monitor: Monitor, system: System | None = None) -> None:
        self.session = session
        self.monitor = monitor
        self.system = system  # what it was made of

    def execute(self, tenant: str, command: str) -> tuple[int, str]:
        """Runs @command in @tenant's shell."""
        output = bytearray()
        shell = GuestShell(self.session, tenant, len(self.session.link.events()))
        shell.wait_ready(BOOT_S)
        return shell.execute(command, output.extend, BOOT_S), output.decode()

    def fetch(self, tenant: str, served: Served) -> bool:
        """Does @tenant get the file as it is?"""
        status, output = self.execute(tenant, f"wget -q -O - {served.url} | sha256sum")
        return status == 0 and output == f"{served.sha256}  -\n"

    def rows(self) -> dict[str, dict[str, object]]:
        """The domains by name, as `ps` lists them."""
        rows = self.session.link.demand("ps")["domains"]
        assert isinstance(rows, list)
        return {str(row["name"]): row for row in rows}

    def recovered(self, name: str, life: int) -> str:
        """Waits until life number @life of domain @name serves; why the one before it ended."""
        until = time.monotonic() + BOOT_S
        while time.monotonic() < until:
            found = self.session.link.find(
                lambda event: event.get("event") == "recovered"
                and event.get("name") == name
                and int(str(event.get("recovered"))) == life
            )
            if found is not None:
                return str(found["cause"])
            time.sleep(0.1)
        raise AssertionError(f"{name} never came back: {self.session.link.events()[-8:]}")

    def device(self, driver: str) -> dict[str, Any]:
        """What @driver's device reported, as `ps --json` has it."""
        found = self.rows()[driver]["device"]
        assert isinstance(found, dict)
        return found

    def inject(self, device: str, error: str) -> None:
        """Lets QEMU's @device record and report @error, as a device does."""
        line = {"command-line": f"pcie_aer_inject_error {device} {error}"}
        answer = self.monitor.ask("human-monitor-command", **line)
        assert "OK" in str(answer), answer

    def reported(self, driver: str, pattern: str, start: int = 0) -> str:
        """Waits until management says, at event @start or later, what @driver's device reported."""
        found = self.session.link.wait(
            lambda event: event.get("event") == "device"
            and event.get("name") == driver
            and re.search(pattern, str(event.get("report"))) is not None,
            30.0,
            f"'{pattern}' of {driver}",
            start,
        )
        return str(found["report"])

    def log(self, name: str) -> str:
        """What domain @name has logged, as the operator's console shows it."""
        self.session.link.demand("focus operator")
        start = self.session.console.position()
        self.session.console.send(f"\nlog {name}\n".encode())
        time.sleep(1.0)
        self.session.drain()
        return self.session.console.since(start).decode(errors="replace")


@contextmanager
def running(folder: Path, changes: dict[str, str] | None = None) -> Iterator[Running]:
    """Boots the system with @changes, patterns and what replaces them, each exactly once, in its description."""
    text = (paths.SYSTEM_SOURCES / f"{SYSTEM}.toml").read_text()
    for pattern, replacement in (changes or {}).items():
        text, count = re.subn(pattern, replacement, text)
        assert count == 1, pattern
    description = folder / f"{folder.name}.toml"
    description.write_text(text)
    system = systems.assemble(description)
    path = folder / "qmp"
    machine = replace(system.machine(), extra=("-qmp", f"unix:{path},server=on,wait=off"))
    with Session(machine, system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        monitor = Monitor(path)
        yield Running(session, monitor, system)
        monitor.close()
        session.end()
