"""Expressions and declarations in C for the items of a message."""

from __future__ import annotations

from collections.abc import Iterable

from .names import c_type
from .wire import WORD_BYTES, Item


def number(value: int) -> str:
    """A constant as short as it reads well; suffixed when an int does not hold it."""
    text = str(value) if value < 0x1000 else hex(value)
    return text if value < 1 << 31 else f"{text}u" if value < 1 << 32 else f"{text}ull"


def declare(item: Item) -> str:
    array = f"[{item.size}]" if item.kind == "bytes" else ""
    return f"{c_type(item)} {item.name}{array}"


def members(items: Iterable[Item]) -> list[str]:
    """Members of a struct; neighbours of one type share a declaration."""
    found: list[tuple[str, list[str]]] = []
    for item in items:
        kind, _, name = declare(item).rpartition(" ")
        if found and found[-1][0] == kind:
            found[-1][1].append(name)
        else:
            found.append((kind, [name]))
    return [f"{kind} {', '.join(fields)};" for kind, fields in found]


def word_members(items: Iterable[Item]) -> list[str]:
    """Members of a struct that lies over the words as they came: bytes, and numbers of a whole word each."""
    found: list[str] = []
    for item in items:
        if item.kind == "bytes":
            found.append(f"uint8_t {item.name}[{item.words * WORD_BYTES}];")
        elif found and found[-1].startswith("uint64_t"):
            found[-1] = f"{found[-1][:-1]}, {item.name};"
        else:
            found.append(f"uint64_t {item.name};")
    return found


def refused(item: Item, words: str) -> str | None:
    """True for a word outside the declared type; None if every word is inside."""
    if not item.bounded:
        return None
    word = f"{words}[{item.word}]"
    if item.kind == "bytes":
        used = item.size % WORD_BYTES
        return f"({words}[{item.word + item.words - 1}] >> {used * 8}) != 0"
    if item.kind == "flags":
        mask = item.high
        return f"{word} > {number(mask)}" if mask & (mask + 1) == 0 else f"({word} & ~{number(mask)}ull) != 0"
    if not item.contiguous:
        return _not_among(item, word)
    if item.low == item.high:
        return f"{word} != {number(item.low)}"
    parts = [f"{word} < {number(item.low)}"] if item.low else []
    if item.high < (1 << 64) - 1:
        parts.append(f"{word} > {number(item.high)}")
    return " || ".join(parts)


def _not_among(item: Item, word: str) -> str:
    if item.high < 64:
        bits = sum(1 << value for value in item.values)
        return f"{word} > 63 || ((0x{bits:x}ull >> {word}) & 1) == 0"
    return "(" + " && ".join(f"{word} != {number(value)}" for value in item.values) + ")"


def refusals(items: tuple[Item, ...], words: str) -> list[str]:
    """One test per item; words with the same limit 2^n - 1 share one, because OR keeps the highest bit."""
    masks = [item for item in items if _below_power(item)]
    limits = dict.fromkeys(item.high for item in masks)
    tests = []
    for limit in limits:
        same = [item for item in masks if item.high == limit]
        joined = " | ".join(f"{words}[{item.word}]" for item in same)
        tests.append(f"({joined}) > {number(limit)}" if len(same) > 1 else refused(same[0], words))
    others = [refused(item, words) for item in items if item not in masks]
    return [test for test in (*tests, *others) if test]


def _below_power(item: Item) -> bool:
    plain = item.kind != "bytes" and item.low == 0 and item.bounded and (item.contiguous or item.kind == "flags")
    return plain and item.high & (item.high + 1) == 0


def from_word(item: Item, words: str) -> str:
    """The item's value out of its checked word."""
    word = f"{words}[{item.word}]"
    if item.kind == "bool":
        return f"{word} != 0"
    return word if c_type(item) == "uint64_t" else f"({c_type(item)}){word}"


def to_word(item: Item, value: str) -> str:
    return value if c_type(item) == "uint64_t" else f"(uint64_t){value}" if item.kind == "enum" else value


def parameter(item: Item) -> str:
    """How a stub takes the item."""
    if item.kind == "bytes":
        return f"const uint8_t {item.name}[static {item.size}]"
    return declare(item)


def pointer(item: Item) -> str:
    """How a stub gives the item back."""
    if item.kind == "bytes":
        return f"uint8_t {item.name}[static {item.size}]"
    return f"{c_type(item)} *{item.name}"


def words(items: tuple[Item, ...], owner: str = "") -> str:
    """Initialiser of a message's words; bytes are copied afterwards."""
    values = [f"[{item.word}] = {to_word(item, owner + item.name)}" for item in items if item.kind != "bytes"]
    return f".word = {{{', '.join(values)}}}" if values else ""


def copies_in(items: tuple[Item, ...], message: str, owner: str = "") -> list[str]:
    return [f"__builtin_memcpy(&{message}.word[{item.word}], {owner}{item.name}, {item.size});"
            for item in items if item.kind == "bytes"]


def stores(items: tuple[Item, ...], words_: str) -> list[str]:
    """From checked words to the caller's pointers."""
    return [f"__builtin_memcpy({item.name}, &{words_}[{item.word}], {item.size});" if item.kind == "bytes"
            else f"*{item.name} = {from_word(item, words_)};" for item in items]


def fields(items: tuple[Item, ...], words_: str) -> list[str]:
    """Designated initialisers from checked words; bytes are copied afterwards."""
    return [f".{item.name} = {from_word(item, words_)}" for item in items if item.kind != "bytes"]


def copies_out(items: tuple[Item, ...], words_: str, owner: str) -> list[str]:
    return [f"__builtin_memcpy({owner}{item.name}, &{words_}[{item.word}], {item.size});"
            for item in items if item.kind == "bytes"]
