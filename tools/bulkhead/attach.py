"""`bulkhead console`: a tenant's console in a second terminal."""

from __future__ import annotations

import threading

from bulkhead import control, report, terminal
from bulkhead.errors import BulkheadFailed


def attach(system: str | None, name: str) -> int:
    """Passes this terminal through to tenant @name until the person leaves or the system ends."""
    gone = threading.Event()
    with control.connect(system) as connection:
        connection.sendall(f"attach {name}\n".encode())
        answer = control.read_line(connection)
        if not answer.get("ok"):
            raise BulkheadFailed(f"no console of '{name}': {answer.get('error', 'no reason given')}")
        report.say(f"console of {name}; {terminal.HINT}")

        def show() -> None:
            try:
                while data := connection.recv(65536):
                    terminal.write_out(data)
            except OSError:
                pass
            gone.set()

        threading.Thread(target=show, name="console-output", daemon=True).start()

        def send(data: bytes) -> None:
            try:
                connection.sendall(data)
            except OSError:
                gone.set()

        terminal.pass_through(send, gone.is_set)
    return 0
