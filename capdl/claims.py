"""The text of a claim: its grammar, and names turned into numbers. docs/claims.md gives the meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from .abi import Abi
from .description import WrittenClaim
from .errors import Faults, Place
from .model import Device
from .platforms import PAGE, Platform
from .spec import Claim, DeviceReaches, HoldsNo, NoFlow, NoMemory, OnlyCalls, OnlyHolds, OnlyMaps, OnlyPort, Range
from .tables import one_of

SENTENCES = (
    "'no flow from A to B [except through C, D]', 'no flow between A and B [except through C]', "
    "'A holds no TYPE, TYPE [of another domain]', 'only A, B may call INTERFACE.METHOD', 'only A may use PORT', "
    "'only A may hold TYPE', 'only A may map configuration space', 'only A may map MSI-X tables', "
    "'A holds no memory of B, C' or 'the device of A reaches only pools'"
)


@cache
def _grammar() -> Lark:
    text = (Path(__file__).parent / "grammar" / "claim.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="contextual")


@dataclass
class ClaimReader:
    """Reads claims against the names of one system."""

    subjects: set[str]
    disabled: set[str]
    abi: Abi
    platform: Platform
    devices: list[Device]
    drivers: set[str]
    faults: Faults

    def read(self, written: WrittenClaim) -> list[Claim]:
        """The claims that one sentence makes: none if it is faulty, two for `between`."""
        inside = written.at("text").shifted(1)
        try:
            tree = _grammar().parse(written.text)
        except UnexpectedInput as error:
            self._refuse(written, inside, error)
            return []
        before = len(self.faults.found)
        if self._about_nothing(tree):
            return []
        made: list[Claim] = getattr(self, f"_{tree.data}")(written.text, inside, tree)
        return made if len(self.faults.found) == before else []

    def _refuse(self, written: WrittenClaim, inside: Place, error: UnexpectedInput) -> None:
        at_end = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
        if at_end:
            self.faults.add(inside.shifted(len(written.text)), "the claim ends too early", SENTENCES)
            return
        column = getattr(error, "column", 1) or 1
        word = written.text[column - 1 :].split(" ")[0]
        assert isinstance(error, UnexpectedCharacters | UnexpectedToken)
        self.faults.add(inside.shifted(column - 1), f"'{word}' does not fit the grammar of claims", SENTENCES)

    def _known(self, token: Token, inside: Place, names: Any, what: str) -> str:
        if str(token) not in names:
            self.faults.add(inside.shifted((token.column or 1) - 1), f"no {what} '{token}'", one_of(names))
        return str(token)

    def _subject(self, token: Any, inside: Place) -> str:
        return self._known(token, inside, self.subjects, "domain or guest")

    def _about_nothing(self, tree: Tree[Token]) -> bool:
        """Is what the claim speaks of, rather than allows, not in this system?"""
        names = [str(token) for token in tree.children if isinstance(token, Token)][
            : 2 if tree.data == "no_flow" else 1
        ]
        for child in tree.children:
            if isinstance(child, Tree) and child.data == "between":
                names += [str(token) for token in child.children]
        return any(name in self.disabled for name in names)

    def _names(self, tree: Any, inside: Place) -> list[str]:
        """Those of the names that are there: what is not can be allowed nothing."""
        return [self._subject(token, inside) for token in tree.children if str(token) not in self.disabled]

    def _no_flow(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        *ends, exception = tree.children
        through = self._names(exception.children[0], inside) if isinstance(exception, Tree) else []
        between = isinstance(ends[0], Tree)
        first, second = ends[0].children if isinstance(ends[0], Tree) else ends
        a, b = self._subject(first, inside), self._subject(second, inside)
        if a == b:
            place = inside.shifted((getattr(second, "column", 1) or 1) - 1)
            self.faults.add(place, f"a flow from '{a}' to itself", "two different names")
        claims: list[Claim] = [NoFlow(1, text, a, b, through)]
        return [*claims, NoFlow(1, text, b, a, through)] if between else claims

    def _holds_no(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, types, foreign = tree.children
        assert isinstance(types, Tree)
        assert isinstance(who, Token)
        return [HoldsNo(2, text, self._subject(who, inside), self._types(types, inside), foreign is not None)]

    def _only_holds(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, types = tree.children
        assert isinstance(types, Tree)
        return [OnlyHolds(5, text, self._names(who, inside), self._types(types, inside))]

    def _types(self, types: Tree[Token], inside: Place) -> int:
        """The mask of the types named."""
        known = self.abi.enums["object_type"].keys() - {"none"}
        names = [
            self._known(token, inside, known, "type of object") for token in types.children if isinstance(token, Token)
        ]
        return sum(1 << self.abi.type(name) for name in set(names) if name in known)

    def _only_calls(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, interface, methods = tree.children
        assert isinstance(interface, Token) and isinstance(methods, Tree)
        names = self._names(who, inside)
        found = self.abi.interfaces.get(self._known(interface, inside, self.abi.interfaces, "interface"))
        if found is None:
            return []
        tokens = [token for token in methods.children if isinstance(token, Token)]
        known = [self._known(token, inside, found.methods, f"method of '{found.name}'") for token in tokens]
        mask = found.mask([name for name in known if name in found.methods])
        return [OnlyCalls(3, text, names, found.number, mask)]

    def _only_port(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, port = tree.children
        assert isinstance(port, Token)
        names = self._names(who, inside)
        ports = self.platform.all_ports()
        name = self._known(port, inside, ports, "port")
        return [OnlyPort(4, text, names, *ports[name])] if name in ports else []

    def _only_maps(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, what = tree.children
        assert isinstance(what, Tree)
        host = self.platform.pci
        ranges: list[Range] = []
        if host and what.data == "config":
            ranges = [Range(host.ecam, host.ecam_bytes)]
        elif host:
            places = [(one.index, one.kind.pci) for one in self.devices if one.kind.pci]
            ranges = [Range(host.window(index) + pci.msix_offset, PAGE) for index, pci in places]
        return [OnlyMaps(6, text, self._names(who, inside), ranges)]

    def _no_memory(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who, of = tree.children
        names = self._names(of, inside)
        return [NoMemory(7, text, self._subject(who, inside), names)]

    def _device_reaches(self, text: str, inside: Place, tree: Tree[Token]) -> list[Claim]:
        who = tree.children[0]
        assert isinstance(who, Token)
        return [DeviceReaches(8, text, self._known(who, inside, self.drivers, "driver"))]
