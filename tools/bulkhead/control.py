"""How a second terminal reaches a machine that `run` holds: a socket in build/run.

One request a line, one JSON answer a line; `attach NAME` turns the connection into that guest's
console until it is closed.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

from bulkhead import paths
from bulkhead.errors import BulkheadError, BulkheadFailed, UsageProblem
from bulkhead.link import Message
from bulkhead.session import Session

_ALLOWED = ("ps", "kill", "restart", "pause", "resume")


def _address(folder_fd: int, name: str) -> str:
    # A path through the descriptor stays short however deep the tree lies.
    return f"/proc/self/fd/{folder_fd}/{name}"


class ControlServer:
    """Serves requests for one session until closed."""

    def __init__(self, session: Session, system: str) -> None:
        paths.RUN.mkdir(parents=True, exist_ok=True)
        self._session = session
        self._file = paths.RUN / f"{system}.sock"
        if self._file.exists() and _connect(self._file) is not None:
            raise UsageProblem(f"the system {system} is already running in this tree")
        self._file.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        folder = os.open(paths.RUN, os.O_PATH)
        old_mask = os.umask(0o177)  # the socket is its owner's alone from its first moment: mode 0600
        try:
            self._socket.bind(_address(folder, self._file.name))
        finally:
            os.umask(old_mask)
            os.close(folder)
        self._socket.listen()
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def close(self) -> None:
        """Stops listening and removes the socket."""
        self._socket.close()
        self._file.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                words = line.decode(errors="replace").split()
                if len(words) == 2 and words[0] == "attach":
                    self._attach(connection, words[1])
                    return
                try:
                    if not words or words[0] not in _ALLOWED:
                        raise UsageProblem(f"no such request: {' '.join(words)}")
                    answer = self._session.link.command(" ".join(words))
                except BulkheadError as error:
                    answer = {"ok": False, "error": str(error)}
                try:
                    connection.sendall(json.dumps(answer).encode() + b"\n")
                except OSError:
                    return

    def _attach(self, connection: socket.socket, name: str) -> None:
        session = self._session

        def sink(chunk: bytes) -> None:
            try:
                connection.sendall(chunk)
            except OSError:
                session.console.detach(sink)

        try:
            session.link.demand(f"focus {name}")
        except BulkheadError as error:
            connection.sendall(json.dumps({"ok": False, "error": str(error)}).encode() + b"\n")
            return
        connection.sendall(json.dumps({"ok": True}).encode() + b"\n")
        session.console.attach(sink)
        try:
            while data := connection.recv(4096):
                session.console.send(data)
        except OSError:
            pass
        finally:
            session.console.detach(sink)
            try:
                session.link.command("focus operator")
            except BulkheadError:
                pass  # the machine is gone


def _connect(file: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    folder = os.open(file.parent, os.O_PATH)
    try:
        connection.connect(_address(folder, file.name))
        return connection
    except OSError:
        connection.close()
        return None
    finally:
        os.close(folder)


def connect(system: str | None) -> socket.socket:
    """A connection to the running system, or to the only one that runs."""
    files = sorted(paths.RUN.glob("*.sock"))
    live = {file.stem: found for file in files if (found := _connect(file)) is not None}
    if system is None and len(live) == 1:
        return next(iter(live.values()))
    chosen = live.pop(system, None) if system is not None else None
    for other in live.values():
        other.close()
    if chosen is not None:
        return chosen
    if system is not None:
        raise UsageProblem(f"the system {system} is not running; start it with ./bulkhead run {system}")
    if live:
        raise UsageProblem(f"several systems run ({', '.join(live)}): choose with --system NAME")
    raise UsageProblem("no system is running; start one with ./bulkhead run")


def request(system: str | None, line: str) -> Message:
    """Sends one request to a running system; refuses to go on unless mgmt agreed."""
    with connect(system) as connection:
        connection.settimeout(30)
        connection.sendall(line.encode() + b"\n")
        answer = read_line(connection)
    if not answer.get("ok"):
        raise BulkheadFailed(f"mgmt refused '{line}': {answer.get('error', 'no reason given')}")
    return answer


def read_line(connection: socket.socket) -> Message:
    """One JSON line, byte by byte so that nothing behind it is taken."""
    line = b""
    try:
        while not line.endswith(b"\n"):
            byte = connection.recv(1)
            if not byte:
                raise BulkheadFailed("the running system went away")
            line += byte
        answer = json.loads(line)
    except (OSError, ValueError) as error:
        raise BulkheadFailed(f"the running system gave no answer: {error}") from error
    return answer if isinstance(answer, dict) else {}
