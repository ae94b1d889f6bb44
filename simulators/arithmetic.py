"""Functions of arrays with the same bits on every machine, and the recurrences of physics.

A C library's exp, sin and log, and numpy's, differ in the last bit between processors. These are made of +, −, ×, ÷
alone, which IEEE 754 rounds alike everywhere; they agree with `math` to 1e-10 where physics asks them.
"""

from collections.abc import Callable
from math import log as natural_log
from math import pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SQUARINGS = 8
_LN_2 = natural_log(2.0)
_SINE_TERMS = 11
_LOG_TERMS = 13


def exp(exponent: Floats) -> Floats:
    """Return e^x, to 1e-10 for |x| up to 20: Padé's approximant [3/3] of x ÷ 256, squared eight times.

    Source: Higham, Functions of Matrices, SIAM 2008, section 10.3 (scaling and squaring).
    """
    small = exponent / 2.0**_SQUARINGS
    square = small * small
    even, odd = 120.0 + 12.0 * square, small * (60.0 + square)
    power: Floats = (even + odd) / (even - odd)
    for _ in range(_SQUARINGS):
        power *= power
    return power


def sin(angle: Floats) -> Floats:
    """Return the sine of angles in radians: its series on [−π/2, π/2]."""
    turned = angle - 2 * pi * np.floor(angle / (2 * pi) + 0.5)
    folded = np.where(np.abs(turned) > pi / 2, np.copysign(pi, turned) - turned, turned)
    square, total = folded * folded, np.ones_like(folded)
    for term in range(_SINE_TERMS, 0, -1):
        total = 1.0 - total * square / (2 * term * (2 * term + 1))
    result: Floats = folded * total
    return result


def cos(angle: Floats) -> Floats:
    """Return the cosine of angles in radians."""
    return sin(angle + pi / 2)


def log(number: Floats) -> Floats:
    """Return the natural logarithm of positive numbers: 2·artanh((m − 1) ÷ (m + 1)) of the mantissa."""
    mantissa, exponent = np.frexp(number)
    small = mantissa < np.sqrt(0.5)
    mantissa, exponent = np.where(small, 2 * mantissa, mantissa), exponent - small
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square, total = ratio * ratio, np.zeros_like(ratio)
    for term in range(_LOG_TERMS, -1, -1):
        total = total * square + 1.0 / (2 * term + 1)
    result: Floats = 2.0 * ratio * total + exponent * _LN_2
    return result


def relaxed(start: Floats, towards: Floats, kept: Floats) -> Floats:
    """Return the states, one row more than `towards`: each step keeps a share of the distance to what it tends to.

    x[k+1] = T[k] + (x[k] − T[k])·kept[k], which is exact where T and the rate are constant within a step.
    """
    states = np.empty((towards.shape[0] + 1, *towards.shape[1:]))
    states[0] = start
    added = towards * (1.0 - kept)
    for step in range(towards.shape[0]):
        np.multiply(states[step], kept[step], out=states[step + 1])
        states[step + 1] += added[step]
    return states


def stepped(start: Floats, steps: int, advance: Callable[[int, Floats], Floats]) -> Floats:
    """Return the states, one row more than there are steps: state[k+1] = advance(k, state[k])."""
    states = np.empty((steps + 1, *start.shape))
    states[0] = start
    for step in range(steps):
        states[step + 1] = advance(step, states[step])
    return states


def counted(changes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many hold in each row, from what begins (+) and ends (−) there."""
    held: NDArray[np.int64] = np.cumsum(changes, axis=0)
    return held
