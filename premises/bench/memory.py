"""How much memory this process holds."""

import os
import resource
from pathlib import Path

_MB = 2**20


def resident_mb() -> float:
    """Return the resident memory in MB; where the system does not tell, the most there ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def most_resident_mb() -> float:
    """Return the most resident memory that this program ever held, in MB.

    Not what `getrusage` says where the system tells better: that begins at what the process held that started it.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB
    [most_kb] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return most_kb / 1024
