import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.arithmetic import cos, exp, log, relaxed, sin


@settings(deadline=None)
@given(st.floats(-20, 20))
def test_exponential_is_that_of_the_library(x: float) -> None:
    assert exp(np.array([x]))[0] == pytest.approx(math.exp(x), rel=1e-10)


@settings(deadline=None)
@given(st.floats(-1e4, 1e4))
def test_sine_and_cosine_are_those_of_the_library(x: float) -> None:
    assert sin(np.array([x]))[0] == pytest.approx(math.sin(x), abs=1e-11)
    assert cos(np.array([x]))[0] == pytest.approx(math.cos(x), abs=1e-11)


@settings(deadline=None)
@given(st.floats(1e-9, 1e9))
def test_logarithm_is_that_of_the_library(x: float) -> None:
    assert log(np.array([x]))[0] == pytest.approx(math.log(x), rel=1e-12, abs=1e-12)


def test_what_relaxes_keeps_its_share_of_the_distance() -> None:
    told = relaxed(np.array([8.0]), np.zeros((3, 1)), np.full((3, 1), 0.5))
    assert told[:, 0].tolist() == [8.0, 4.0, 2.0, 1.0]
