"""JMESPath over what gateways send; plain paths, which most are, take a way of their own that costs a fifth."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

Expression = Callable[[Any], Any]
"""From any JSON to any JSON; None where there is nothing, or nothing that the expression can work on."""

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_PLAIN = re.compile(_PATH)
_EQUALITY = re.compile(rf"({_PATH}) == '([^'\\]*)'")
_EQUALITIES = re.compile(rf"{_EQUALITY.pattern}(?: && {_EQUALITY.pattern})*")


class _Functions(functions.Functions):
    """What JMESPath lacks: gateways write device names as keys."""

    @functions.signature({"types": ["object"]})
    def _func_entries(self, value: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """Return `[{key: …, value: …}]` for an object."""
        return _entries(value)


def _entries(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return [{"key": key, "value": each} for key, each in value.items()] if isinstance(value, dict) else None


def expression(text: str) -> Expression:
    """Return what finds the value of a JMESPath expression. ValueError says what is wrong with it."""
    quick = _quick(text)
    return _searched(text) if quick is None else quick


def _quick(text: str) -> Expression | None:
    """Return what does the same for the simplest expressions, None for the others."""
    if text in {"@", "entries(@)"}:
        return _itself if text == "@" else _entries
    if _PLAIN.fullmatch(text):
        return _path(text.split("."))
    if _EQUALITIES.fullmatch(text):
        return _all_equal([each.groups() for each in _EQUALITY.finditer(text)])
    if "||" in text:
        ways = [_quick(each.strip()) for each in text.split("||")]
        known = [each for each in ways if each is not None]
        return _first_of(known) if len(known) == len(ways) else None
    return None


def _first_of(ways: Sequence[Expression]) -> Expression:
    def find(value: Any) -> Any:  # noqa: ANN401 - any JSON
        found = None
        for way in ways:
            found = way(value)
            if found or (found == 0 and found is not False):  # JMESPath: of the numbers also 0 is something
                return found
        return found

    return find


def _all_equal(pairs: Sequence[tuple[str, ...]]) -> Expression:
    """Return what says whether each path holds its text."""
    wanted = [(_path(path.split(".")), text) for path, text in pairs]

    def find(value: Any) -> bool:  # noqa: ANN401 - any JSON
        return all(path(value) == text for path, text in wanted)

    return find


def _searched(text: str) -> Expression:
    try:
        compiled = jmespath.compile(text)
    except JMESPathError as exc:
        msg = f"{text!r} is no JMESPath expression: {' '.join(str(exc).split())[:200]}"
        raise ValueError(msg) from exc
    options = jmespath.Options(custom_functions=_Functions())

    def search(value: Any) -> Any:  # noqa: ANN401 - any JSON
        try:
            return compiled.search(value, options=options)
        # Beside its own errors jmespath lets some of Python's through where a function meets what it does not expect.
        except (JMESPathError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return None

    return search


def _itself(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return value


def _path(steps: list[str]) -> Expression:
    def find(value: Any) -> Any:  # noqa: ANN401 - any JSON
        for step in steps:
            if type(value) is not dict:
                return None
            value = value.get(step)
        return value

    return find
