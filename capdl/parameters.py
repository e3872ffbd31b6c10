"""The [parameters] of a description: typed defaults, set from the command line, used as "${NAME}"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import Faults, UsageError
from .positions import Document, Way
from .tables import kind_of, one_of

_USE = re.compile(r"\$\{([^}]*)\}")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _typed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in _TRUTH:
            raise UsageError(f"parameter '{name}' is '{text}'; expected true or false")
        return _TRUTH[text.lower()]
    if isinstance(default, int):
        try:
            return int(text, 0)
        except ValueError:
            raise UsageError(f"parameter '{name}' is '{text}'; expected an integer") from None
    return text


def _values(document: Document, given: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    declared = document.values.get("parameters", {})
    if not isinstance(declared, dict):
        faults.add(document.key_place(("parameters",)), "'parameters' is not a table", "[parameters]")
        return {}
    for name, value in declared.items():
        if not isinstance(value, str | bool | int):
            faults.add(
                document.value_place(("parameters", name)),
                f"parameter '{name}' is {kind_of(value)}",
                "a string, an integer, true or false",
            )
    for name in given:
        if name not in declared:
            raise UsageError(f"no parameter '{name}' in {document.file}; expected {one_of(declared)}")
    return {name: _typed(name, given[name], value) if name in given else value for name, value in declared.items()}


def apply(document: Document, given: Mapping[str, str], faults: Faults) -> dict[str, Any]:
    """The document's values with every "${NAME}" replaced; @given overrides the defaults."""
    values = _values(document, given, faults)

    def replace(value: Any, way: Way) -> Any:
        if isinstance(value, dict):
            return {key: replace(inner, (*way, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [replace(inner, (*way, index)) for index, inner in enumerate(value)]
        return _replace_text(value, way) if isinstance(value, str) else value

    def _replace_text(text: str, way: Way) -> Any:
        for name in _USE.findall(text):
            if name not in values:
                faults.add(document.value_place(way), f"no parameter '{name}'", one_of(values))
                return ""
        whole = _USE.fullmatch(text)
        if whole:
            return values[whole[1]]
        return _USE.sub(lambda match: _shown(values[match[1]]), text)

    return {key: replace(value, (key,)) for key, value in document.values.items() if key != "parameters"}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
