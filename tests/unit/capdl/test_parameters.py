"""Parameters are typed by their defaults and refused by name; conditional parts leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from capdl import api
from capdl.errors import DescriptionError, UsageError


def guest(root: Path, images: Path, **given: str) -> api.Checked:
    return api.check_system(root / "capdl" / "system" / "guest.toml", [images], given)


def texts(checked: api.Checked) -> dict[str, str]:
    vmm = checked.system.domains[1]
    kind = 13
    return {one.name: vmm.text[one.address : one.address + one.bytes] for one in vmm.resources if one.kind == kind}


def test_parameters__choose_what_the_guest_boots(root: Path, images: Path) -> None:
    checked = guest(root, images, kernel="kernel", initrd="initrd", append='panic=1 "quoted" \\', mem="64", debug_exit="true")
    vmm = checked.system.domains[1]
    assert texts(checked)["cmdline"] == 'panic=1 "quoted" \\'
    assert [one.name for one in checked.system.images] == ["mgmt.elf", "vmm.elf", "kernel", "initrd"]
    assert checked.summary.domains[1].guest_memory_mib == 64
    assert any(one.name == "debug-exit" and one.extra == 0xF4 for one in vmm.resources)


def test_parameters__defaults_hold_without(root: Path, images: Path) -> None:
    checked = guest(root, images)
    assert [one.name for one in checked.system.images] == ["mgmt.elf", "vmm.elf", "guest.kernel"]
    assert not any(one.name in ("debug-exit", "initrd") for one in checked.system.domains[1].resources)


def test_parameters__an_absolute_file_is_found_anywhere(root: Path, images: Path, tmp_path: Path) -> None:
    kernel = tmp_path / "my.kernel"
    kernel.write_bytes(b"mine")
    checked = guest(root, images, kernel=str(kernel))
    assert checked.modules[-1] == ("my.kernel", kernel)


def test_parameters__the_witness_comes_and_goes_with_all_that_names_it(root: Path, images: Path) -> None:
    without, with_it = guest(root, images), guest(root, images, witness="true")
    assert [one.name for one in without.system.domains] == ["mgmt", "vmm-guest"]
    assert [one.name for one in with_it.system.domains] == ["mgmt", "vmm-guest", "vmm-w"]
    assert len(without.system.channels) == 2 and len(with_it.system.channels) == 4
    assert with_it.system.domains[2].guest and with_it.system.domains[2].guest.capabilities


@pytest.mark.parametrize("given, words", [
    ({"kernl": "x"}, "no parameter 'kernl' in "),
    ({"mem": "lots"}, "parameter 'mem' is 'lots'; expected an integer"),
    ({"debug_exit": "maybe"}, "parameter 'debug_exit' is 'maybe'; expected true or false"),
])
def test_parameters__wrong_ones_are_usage_errors(given: dict[str, str], words: str, root: Path, images: Path) -> None:
    with pytest.raises(UsageError) as caught:
        guest(root, images, **given)
    assert words in str(caught.value)


@pytest.mark.parametrize("given, words", [
    ({"mem": "63"}, "'memory_mib' is 63; expected an even number of MiB"),
    ({"append": "two\nlines"}, "'append' holds the character '\\n'"),
    ({"kernel": "nothing"}, "no image 'nothing'"),
    ({"mem": "2048"}, "the system needs"),
])
def test_parameters__a_wrong_value_is_reported_where_it_is_used(
    given: dict[str, str], words: str, root: Path, images: Path
) -> None:
    with pytest.raises(DescriptionError) as caught:
        guest(root, images, **given)
    assert words in str(caught.value) and "guest.toml:" in str(caught.value)
