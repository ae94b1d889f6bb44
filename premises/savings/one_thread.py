"""Keeps a process that fits one meter at a time to one thread of its libraries: pools cost more than they bring."""

import os

_POOLS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def keep_to_one_thread() -> None:
    """Tell polars and numpy to use one thread, unless the environment says otherwise; call it before they are imported.

    A meter-year is small: waiting threads made a fit cost five times the processor time, measured on two cores.
    """
    for name in _POOLS:
        os.environ.setdefault(name, "1")
