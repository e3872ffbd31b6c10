"""The host's end of the machine link: whole frames come out, whatever lies between them, and the socket is its owner's."""

from __future__ import annotations

import io
import socket
import stat
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bulkhead import control, frames, messages, paths, pstables
from bulkhead.errors import BulkheadFailed, TimeOut, UsageProblem
from bulkhead.link import MachineLink

READY = [frames.numbers("link_message")["ready"]]


def frame(items: Any) -> bytes:
    """As management makes it."""
    payload = cbor2.dumps(items)
    length = struct.pack("<H", len(payload))
    return b"\xe5\xb7" + length + struct.pack("<I", zlib.crc32(length + payload)) + payload


def read_all(chunks: list[bytes]) -> tuple[list[Any], frames.Losses]:
    """Every array in a stream, and what was lost."""
    reader = frames.FrameReader()
    return [items for chunk in chunks for items in reader.feed(chunk)], reader.losses


def test_frames__requests_are_made_as_management_reads_them() -> None:
    assert frames.pack([1, 7, "blkdrv"]) == frame([1, 7, "blkdrv"])
    with pytest.raises(BulkheadFailed):
        frames.pack([1, 7, "x" * 300])


@given(st.lists(st.lists(st.integers(0, 2**64 - 1) | st.text(max_size=20), min_size=1, max_size=5), max_size=4),
       st.integers(1, 7))  # fmt: skip
def test_frames__come_out_however_the_stream_is_cut(sent: list[list[Any]], size: int) -> None:
    stream = b"".join(frame(items) for items in sent)
    assert read_all([stream[at : at + size] for at in range(0, len(stream), size)]) == (sent, frames.Losses())


@given(st.binary(max_size=40))
def test_frames__noise_before_the_first_is_no_loss_and_hides_nothing(noise: bytes) -> None:
    found, _ = read_all([noise.replace(b"\xe5", b""), frame(READY)])
    assert found == [READY]
    assert read_all([b"SeaBIOS\r\n", frame(READY)])[1] == frames.Losses()


@pytest.mark.parametrize("at", range(len(frame([4, "vmm-a", "a", "died", "#PF"]))))
def test_frames__a_damaged_one_is_dropped_and_the_next_is_read(at: int) -> None:
    damaged = bytearray(frame([4, "vmm-a", "a", "died", "#PF"]))
    damaged[at] ^= 0x20
    found, losses = read_all([frame(READY), bytes(damaged), frame(READY), frame(READY)])
    assert found == [READY, READY, READY]
    assert losses.bad + losses.oversized == 1


def test_frames__what_a_dead_management_left_does_not_hold_up_its_successor() -> None:
    whole = frame([5, "b", "poweroff", 0, "x" * 200])
    for length in range(1, len(whole)):
        assert read_all([frame(READY), whole[:length], frame(READY)])[0] == [READY, READY]


def test_frames__what_is_no_array_is_dropped() -> None:
    found, losses = read_all([frame({"event": "ready"}), frame([]), frame(READY)])
    assert found == [READY] and losses.bad == 2


def test_messages__every_kind_has_its_names() -> None:
    kinds = frames.numbers("link_message")
    assert set(messages._FIELDS) == set(kinds)
    restart = ["serving", "killed by the operator", 3, 5, [1, 2, 3, 4, 5, 6, 7, 28]]
    device = ["serving", 0x10D38086, [0, 1, 2], [3, 4, 5], "fatal error of its device: malformed TLP", None]
    said = ["up", 1000, 0b1010, 300, 100, 1, 2, 3]
    domain = ["blkdrv", "", 3, "running", 3, 316, 1, 1, restart, [*device[:5], said]]
    listed = messages.read([kinds["domains"], 9, [domain, [*domain[:8], None, None]], 1, 2, 3])
    assert listed is not None and listed["reply"] == 9
    assert listed["link"] == {"bad": 1, "cut": 2, "oversized": 3}
    assert listed["domains"][0]["restart"]["us"]["replay"] == 7 and "restart" not in listed["domains"][1]
    assert "device" not in listed["domains"][1]
    errors = {
        "presence": "serving", "identity": "8086:10d3", "errors": {"fatal": 0, "nonfatal": 1, "correctable": 2},
        "root_port_errors": {"fatal": 3, "nonfatal": 4, "correctable": 5}, "last_error": "fatal error of its device: malformed TLP",
    }  # fmt: skip
    words = {
        "link": "up", "speed_mbit": 1000, "warnings": ["temperature", "read_only"], "temperature_k": 300, "spare_percent": 100,
        "used_percent": 1, "resets": 2, "errors": 3,
    }  # fmt: skip
    assert listed["domains"][0]["device"] == {**errors, "driver_says": words}
    assert messages.read([kinds["device"], "netdrv", "link down", device]) == {
        "event": "device", "name": "netdrv", "report": "link down", "device": errors,
    }  # fmt: skip
    assert messages.read([kinds["device"], "netdrv", "link down", [*device[:2], [0, 1], *device[3:]]]) is None
    assert messages.read([kinds["recovered"], "blkdrv", restart]) == {
        "event": "recovered", "name": "blkdrv", "stage": "serving", "cause": "killed by the operator", "recovered": 3, "in_flight": 5,
        "us": {"stop": 1, "quiesce": 2, "reset": 3, "backoff": 4, "restore": 5, "rebuild": 6, "replay": 7, "total": 28},
    }  # fmt: skip
    assert messages.read([kinds["tenant_log"], "a", b"hello"]) == {"event": "tenant-log", "name": "a", "text": "hello"}


def test_ps__a_person_sees_devices_below_the_domains() -> None:
    kinds = frames.numbers("link_message")
    disk = ["serving", 0x00101B36, [0, 0, 1], [1, 0, 0], "correctable error of its device: not named", ["none", 0, 10, 343, 90, 3, 0, 2]]
    card = ["stopped", 0x10D38086, [1, 2, 3], [4, 5, 6], "", None]
    rows = [["mgmt", "", 0, "running", 14, 1000, 0, 1, None, None], ["blkdrv", "", 3, "running", 3, 320, 1, 1, None, disk],
            ["netdrv", "", 5, "restarting", 3, 296, 2, 1, None, card]]  # fmt: skip
    read = messages.read([kinds["domains"], 1, rows, 0, 0, 0])
    assert read is not None
    console = Console(width=80, record=True, file=io.StringIO())
    for part in pstables.parts(read["domains"]):
        console.print(part, highlight=False)
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["blkdrv", "serving", "-", "1", "0", "1", "0", "2"] in lines
    assert ["netdrv", "stopped", "-", "5", "7", "9", "-", "-"] in lines
    assert "blkdrv: its disk warns of: temperature, read only".split() in lines
    assert "blkdrv: correctable error of its device: not named".split() in lines
    assert len(pstables.parts(read["domains"][:1])) == 1


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=20))
def test_messages__nonsense_is_no_message(value: Any) -> None:
    items = value if isinstance(value, list) and value else [value]
    read = messages.read(items)
    assert read is None or "reply" in read or "event" in read


def test_messages__requests_are_read_exactly() -> None:
    assert messages.request("kill blkdrv", 5) == [frames.numbers("link_verb")["kill"], 5, "blkdrv"]
    for wrong in ("", "kill", "kill a b", "ps a", "console a"):
        with pytest.raises(UsageProblem):
            messages.request(wrong, 1)


def test_link__an_answer_is_that_of_its_request() -> None:
    ours, theirs = socket.socketpair()
    link = MachineLink(ours)

    def management() -> None:
        reader = frames.FrameReader()
        for _ in range(2):
            for _verb, number, *_name in reader.feed(theirs.recv(100)):
                theirs.sendall(frame([0, number + 1, False, "somebody else's"]) + frame([0, number, True, ""]))

    speaker = threading.Thread(target=management, daemon=True)
    speaker.start()
    assert link.command("kill blkdrv")["ok"] is True
    assert link.command("restart blkdrv")["ok"] is True
    speaker.join(10)
    theirs.shutdown(socket.SHUT_RDWR)
    with pytest.raises((BulkheadFailed, TimeOut)):
        link.command("ps")
    theirs.close()
    ours.close()


class _NoSession:
    """Enough of a session for a server that nobody asks anything."""


def test_control__the_socket_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "RUN", tmp_path)
    server = control.ControlServer(_NoSession(), "system")  # type: ignore[arg-type]
    try:
        assert stat.S_IMODE((tmp_path / "system.sock").stat().st_mode) == 0o600
        assert stat.S_ISSOCK((tmp_path / "system.sock").stat().st_mode)
    finally:
        server.close()
    assert not (tmp_path / "system.sock").exists()
