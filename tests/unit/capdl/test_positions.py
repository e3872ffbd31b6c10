"""Places of keys and values: our grammar takes what tomllib takes, and points where the text is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capdl.errors import DescriptionError
from capdl.positions import Way, read_text

SAMPLE = '''# comment = 1
title = "x"          # "quoted" [comment]
[system]
"quoted key" = 'literal'
a.b.c = 1_000
[[row]]
list = [ # comment in a list
    1, -2.5e3,
    { k = 'v', deep = [0x10, true] }, # and here
]
[row.sub]
when = 1979-05-27 07:32:00
[[row.list2]]
long = """
several # lines = 3 """"
also = \'\'\'
[not a table]\'\'\'
[[row]]
[[row.list2]]
empty = {}
none = []
'''


def walk(value: Any, way: Way = ()) -> list[tuple[Way, Any]]:
    found = [(way, value)]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += walk(inner, (*way, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += walk(inner, (*way, index))
    return found


def test_positions__of_every_construct() -> None:
    document = read_text(SAMPLE, "s.toml")
    lines = SAMPLE.split("\n")
    expected = {
        ("title",): '"x"', ("system", "quoted key"): "'literal'", ("system", "a", "b", "c"): "1_000",
        ("row", 0, "list"): "[ #", ("row", 0, "list", 1): "-2.5e3", ("row", 0, "list", 2): "{ k",
        ("row", 0, "list", 2, "k"): "'v'", ("row", 0, "list", 2, "deep", 0): "0x10", ("row", 0, "sub", "when"): "1979",
        ("row", 0, "list2", 0, "long"): '"""', ("row", 0, "list2", 0, "also"): "'''", ("row", 1, "list2", 0, "empty"): "{}",
        ("row", 1, "list2", 0, "none"): "[]", ("row", 1): "row]]", ("row", 0, "sub"): "row.sub",
    }  # fmt: skip
    for way, text in expected.items():
        place = document.value_place(way)
        assert lines[place.line - 1][place.column - 1 :].startswith(text), way
    assert {way for way, _ in walk(document.values)} == set(document.places)


KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
SCALARS = (
    st.integers(-(1 << 63), (1 << 63) - 1).map(str) | st.booleans().map(lambda truth: str(truth).lower())
    | st.text(st.characters(min_codepoint=32, max_codepoint=126, blacklist_characters="'"), max_size=12).map(lambda t: f"'{t}'")
    | st.text(st.characters(min_codepoint=32, max_codepoint=126, blacklist_characters='"\\'), max_size=12).map(lambda t: f'"{t}"')
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda number: repr(float(number)))
)  # fmt: skip


def _list(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    gap = st.sampled_from(["", " ", "\n  ", " # c ]\n"])
    return st.tuples(gap, st.lists(inner, max_size=3), gap).map(lambda p: f"[{p[0]}{(',' + p[2]).join(p[1])}{p[0]}]")


def _inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(KEYS, inner.filter(lambda text: "\n" not in text), max_size=3)
    return pairs.map(lambda items: "{ " + ", ".join(f"{key} = {one}" for key, one in items.items()) + " }")


VALUES = st.recursive(SCALARS, lambda inner: _list(inner) | _inline(inner), max_leaves=6)


@settings(max_examples=200)
@given(st.lists(st.tuples(KEYS, st.booleans(), st.dictionaries(KEYS, VALUES, max_size=3)), max_size=4, unique_by=lambda t: t[0]))
def test_positions__whatever_tomllib_accepts(tables: list[tuple[str, bool, dict[str, str]]]) -> None:
    text = "".join(
        (f"[[{name}]]\n" if array else f"[{name}]\n") + "".join(f"{key} = {one}  # note\n" for key, one in pairs.items())
        for name, array, pairs in tables
    )  # fmt: skip
    document = read_text(text, "random.toml")
    lines = text.split("\n")
    assert document.values == tomllib.loads(text)
    for way, _ in walk(document.values):
        assert way in document.places
    for (name, array, pairs) in tables:
        for key, one in pairs.items():
            place = document.value_place((name, 0, key) if array else (name, key))
            assert lines[place.line - 1][place.column - 1 :].startswith(one.split("\n")[0])


@pytest.mark.parametrize("text", ["a = ", "[a", "a = 1\na = 2", "= 1", '"', "a = [1, 2", "\x00"])
def test_positions__syntax_errors_name_their_place(text: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        read_text(text, "s.toml")
    (one,) = caught.value.diagnostics
    assert str(one).startswith(f"s.toml:{one.place.line}:{one.place.column}: error: not TOML: ")


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_positions__any_text_is_read_or_refused(text: str) -> None:
    try:
        read_text(text, "s.toml")
    except DescriptionError:
        pass


@settings(max_examples=300)
@given(st.integers(0, 4000), st.text(st.sampled_from('[]{}"=,.#\n a1'), max_size=4))
def test_positions__damaged_descriptions_are_read_or_refused(at: int, patch: str) -> None:
    text = (Path(__file__).resolve().parents[3] / "tests" / "unit" / "capdl" / "tenants.toml").read_text()
    try:
        read_text(text[:at] + patch + text[at + len(patch) :], "s.toml")
    except DescriptionError:
        pass
