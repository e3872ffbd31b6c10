"""docs/system.cddl is true of what the compiler writes, and of little else."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from capdl import api

SYSTEMS = sorted(path.stem for path in (Path(__file__).parents[3] / "capdl" / "system").glob("*.toml"))


@pytest.fixture(scope="module")
def plain(root: Path, images: Path) -> Any:
    checked = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images])
    return cbor2.loads(checked.cbor)


@pytest.mark.parametrize("name", SYSTEMS)
def test_cddl__holds_for(name: str, root: Path, images: Path, schema: Any) -> None:
    checked = api.check_system(root / "capdl" / "system" / f"{name}.toml", [images])
    assert schema.valid(cbor2.loads(checked.cbor))


def _arrays(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
        for one in value:
            yield from _arrays(one)


def test_cddl__nests_as_deep_as_it_says(plain: Any) -> None:
    def depth(value: Any) -> int:
        return 1 + max((depth(one) for one in value), default=0) if isinstance(value, list) else 0

    assert depth(plain) <= 7


@pytest.mark.parametrize("record", ["system", "platform", "domain", "object", "capability", "thread", "resource", "guest"])
def test_cddl__refuses_a_record_that_is_shorter_or_longer(record: str, plain: Any, schema: Any) -> None:
    where = {
        "system": lambda top: top, "platform": lambda top: top[3], "domain": lambda top: top[9][1],
        "object": lambda top: top[5][3], "capability": lambda top: top[9][0][12][0], "thread": lambda top: top[9][0][15][0],
        "resource": lambda top: top[9][0][17][0], "guest": lambda top: top[9][1][16],
    }[record]  # fmt: skip
    for change in (lambda array: array.pop(), lambda array: array.append(0)):
        changed = copy.deepcopy(plain)
        change(where(changed))
        assert not schema.valid(changed)


def test_cddl__refuses_values_out_of_range(plain: Any, schema: Any) -> None:
    changes = [
        ((0,), 1), ((1,), "Upper"), ((5, 0, 0), 66), ((5, 0, 1), 0), ((5, 0, 4), 0), ((9, 0, 0), 64), ((9, 0, 12, 0, 0), 0),
        ((9, 0, 15, 0, 5), 64), ((9, 0, 11, 0, 4), 16), ((4, 0, 1), b"short"), ((8,), 65535), ((9, 0, 2), 1), ((10, 0, 0), 9),
    ]  # fmt: skip
    for way, value in changes:
        changed = copy.deepcopy(plain)
        at = changed
        for step in way[:-1]:
            at = at[step]
        at[way[-1]] = value
        assert not schema.valid(changed), way


def test_cddl__a_changed_type_is_noticed_anywhere(plain: Any, schema: Any) -> None:
    """Every element has one type: None fits nowhere."""
    source = random.Random(1)
    for _ in range(60):
        changed = copy.deepcopy(plain)
        array = source.choice([one for one in _arrays(changed) if one])
        array[source.randrange(len(array))] = None
        assert not schema.valid(changed)


def test_validator__sees_each_construct(cddl: Any) -> None:
    one = cddl.Schema('top = [a: 1 / 2, * b, ? pair, tstr .regexp "x+"]\nb = 5..9\npair = (bool, bstr .size (1..2))')
    for good in ([1, "x"], [2, 5, 9, 7, "xx"], [1, 5, True, b"ab", "x"]):
        assert one.valid(good, "top"), good
    for bad in ([3, "x"], [1, 4, "x"], [1, True, "x"], [1, True, b"abc", "x"], [1, "y"], [1], [True, "x"], "x"):
        assert not one.valid(bad, "top"), bad
