"""JMESPath: what is found by the quick way is what the library itself finds."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dialects.expressions import expression

LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
)


@pytest.mark.parametrize("text", ["@", "a", "a.b", "a || b", "a.b || b.a || @", "a == 'x'", "a.b == 'x' && b == ''"])
@given(document=JSON)
def test_the_quick_way_finds_the_same(text: str, document: Any) -> None:  # noqa: ANN401 - any JSON
    assert expression(text)(document) == jmespath.search(text, document)


def test_names_that_are_keys_can_be_read() -> None:
    assert expression("entries(@)[].key")({"Device A": 1}) == ["Device A"]
    assert expression("entries(@)")({"Device A": 1}) == [{"key": "Device A", "value": 1}]


@pytest.mark.parametrize("text", ["a[", "nofunction(@", "a ||"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no JMESPath expression"):
        expression(text)


def test_a_function_that_does_not_fit_finds_nothing() -> None:
    assert expression("sum(@)")({"a": 1}) is None
