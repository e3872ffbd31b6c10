"""The parser: what is written is what the model says, and no text makes it fail otherwise than in words."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gen import model
from gen.checks import check
from gen.emit import emit_all
from gen.parser import parse
from gen.problem import IdlError

BASE = 'error { ok = 0 "done"; argument = 1 "a"; length = 2 "l"; method = 3 "m"; interface = 4 "i"; state = 5 "s"; }\n'
WORDS = ("error enum flags struct page size object call right message blocking restartable interface version for "
         "method ring in u8 u32 bytes slot bool kernel domain guest { } ( ) [ ] : ; , = -> .. 0 1 31 0x10 name other "
         '"text" // /// \n').split(" ")


def test_parser__keeps_numbers_docs_and_places() -> None:
    file = parse("a.idl", "/// First\n/// second.\nenum colour : u8 {\n    red = 0x10; // note\n}\n")
    colour = file.enums[0]
    assert (colour.name, colour.doc, colour.values[0].number.value) == ("colour", "First second.", 16)
    assert str(colour.values[0].position) == "a.idl:4:5"


def test_parser__keeps_notes_of_fields() -> None:
    struct = parse("a.idl", "struct pair {\n    one: u32; // the first\n    two: u32;\n}\n").structs[0]
    assert [field.doc for field in struct.fields] == ["the first", ""]


def test_parser__keywords_are_names_where_only_a_name_can_be() -> None:
    file = parse("a.idl", "flags in : u8 { in = 0; call = 1; error = 2; version = 3; }\n")
    assert [value.name for value in file.flags[0].values] == ["in", "call", "error", "version"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_parser__any_words_give_a_model_or_a_placed_error(text: str) -> None:
    refused_or_emitted(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_parser__any_text_gives_a_model_or_a_placed_error(text: str) -> None:
    refused_or_emitted(text)


def refused_or_emitted(text: str) -> None:
    """A text is refused with a position and an expectation, or all outputs can be made from it."""
    try:
        file = parse("any.idl", text)
    except IdlError as error:
        assert all(re.match(r"any\.idl:\d+:\d+: error: .*; expected .", str(one), re.DOTALL) for one in error.problems)
        return
    whole = model.Model((parse("base.idl", BASE), file))
    if not check(whole):
        emit_all(whole)


Side = list[tuple[str, str]]
Method = tuple[str, int, Side, Side]

NAMES = st.sampled_from("alpha beta gamma delta epsilon zeta eta theta".split())
PARAMETERS = st.lists(st.tuples(NAMES, st.sampled_from(["u8", "u16", "u32", "u64", "bool", "bytes[3]", "bytes[16]",
                                                        "u8 in 3..9", "u64 in 1..2"])), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(0, 33), PARAMETERS, PARAMETERS), max_size=4))
def test_parser__well_formed_interfaces_are_refused_by_rule_or_emitted(methods: list[Method]) -> None:
    def side(items: Side) -> str:
        return ", ".join(f"{name}: {kind}" for name, kind in items)

    body = "\n".join(f"method {name} = {number} ({side(takes)}) -> ({side(gives)});"
                     for name, number, takes, gives in methods)
    file = parse("any.idl", f"interface sample = 40 version 1 for domain, guest {{ {body} }}\n")
    problems = check(model.Model((parse("base.idl", BASE), file)))
    names = [name for name, _, _, _ in methods]
    if not methods or len(set(names)) < len(names) or any(number > 31 for _, number, _, _ in methods):
        assert problems
    if not problems:
        assert "domain/sample_client.h" in emit_all(model.Model((parse("base.idl", BASE), file)))
