"""JMESPath over what gateways send; plain paths, which most are, take a way of their own that costs a fifth."""

import re
from collections.abc import Callable
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

Expression = Callable[[Any], Any]
"""From any JSON to any JSON; None where there is nothing, or nothing that the expression can work on."""

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class _Functions(functions.Functions):
    """What JMESPath lacks: gateways write device names as keys."""

    @functions.signature({"types": ["object"]})
    def _func_entries(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        """Return `[{key: …, value: …}]` for an object."""
        return [{"key": key, "value": each} for key, each in value.items()]


def expression(text: str) -> Expression:
    """Return what finds the value of a JMESPath expression. ValueError says what is wrong with it."""
    if text == "@":
        return _itself
    if _PLAIN.fullmatch(text):
        return _path(text.split("."))
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
