"""Which sequence numbers of a gateway's boot were seen, within the newest 65,536, and how many never came."""

from dataclasses import dataclass, field

WINDOW = 65_536
CHUNK = 2_048
"""Numbers in one stored piece: 256 bytes, so that a commit rewrites little."""


@dataclass(slots=True)
class SeqWindow:
    """Bits by chunk; `first` and `top` are the first and the highest number seen, -1 before the first.

    `missing` counts the numbers between the two that never came. One that comes late is taken off again, as long as
    it lies within the window; numbers under the first are not known to exist.
    """

    top: int = -1
    chunks: dict[int, bytes] = field(default_factory=dict)
    first: int = -1
    missing: int = 0

    def __contains__(self, seq: int) -> bool:
        """Say whether the number was seen; below the window nobody can say, so it was not."""
        if seq <= self.top - WINDOW:
            return False
        bits = self.chunks.get(seq // CHUNK)
        return bits is not None and bool(bits[seq % CHUNK >> 3] & 1 << (seq & 7))

    @property
    def newest(self) -> int:
        """Return the chunk that holds the highest number, -1 before the first."""
        return self.top // CHUNK

    def marked(self, seqs: set[int]) -> "SeqWindow":
        """Return the window with these numbers seen; what falls out below is gone."""
        if 0 <= self.top < min(seqs) and max(seqs) // CHUNK == self.newest:
            return self._continued(seqs)
        top = max(self.top, *seqs)
        first = self.first if self.top >= 0 else min(seqs)
        lowest = max(0, top - WINDOW + 1) // CHUNK
        chunks = {chunk: bits for chunk, bits in self.chunks.items() if chunk >= lowest}
        touched: dict[int, bytearray] = {}
        for seq in seqs:
            chunk = seq // CHUNK
            if chunk < lowest:
                continue
            bits = touched.setdefault(chunk, bytearray(chunks.get(chunk) or CHUNK // 8))
            bits[seq % CHUNK >> 3] |= 1 << (seq & 7)
        return SeqWindow(
            top,
            chunks | {chunk: bytes(bits) for chunk, bits in touched.items()},
            first,
            self.missing + top - max(self.top, first - 1) - self._fresh(seqs, first),
        )

    def _continued(self, seqs: set[int]) -> "SeqWindow":
        """Return the window with higher numbers of its newest chunk, as nearly every commit brings them."""
        bits = bytearray(self.chunks[self.newest])
        for seq in seqs:
            bits[seq % CHUNK >> 3] |= 1 << (seq & 7)
        top = max(seqs)
        chunks = {**self.chunks, self.newest: bytes(bits)}
        return SeqWindow(top, chunks, self.first, self.missing + top - self.top - len(seqs))

    def _fresh(self, seqs: set[int], first: int) -> int:
        """Return how many of the numbers are seen for the first time, of those that are known to exist."""
        known_from = max(first, self.top - WINDOW + 1)
        return sum(seq >= known_from and seq not in self for seq in seqs)
