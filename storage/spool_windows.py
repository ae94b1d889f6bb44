"""Which sequence numbers of a gateway's boot were seen, within the newest 65,536."""

from dataclasses import dataclass, field

WINDOW = 65_536
CHUNK = 2_048
"""Numbers in one stored piece: 256 bytes, so that a commit rewrites little."""


@dataclass(slots=True)
class SeqWindow:
    """Bits by chunk; `top` is the highest number seen, -1 before the first."""

    top: int = -1
    chunks: dict[int, bytes] = field(default_factory=dict)

    def __contains__(self, seq: int) -> bool:
        """Say whether the number was seen; below the window nobody can say, so it was not."""
        if seq <= self.top - WINDOW:
            return False
        bits = self.chunks.get(seq // CHUNK)
        return bits is not None and bool(bits[seq % CHUNK >> 3] & 1 << (seq & 7))

    def marked(self, seqs: set[int]) -> "SeqWindow":
        """Return the window with these numbers seen; what falls out below is gone."""
        top = max(self.top, *seqs)
        lowest = max(0, top - WINDOW + 1) // CHUNK
        chunks = {chunk: bits for chunk, bits in self.chunks.items() if chunk >= lowest}
        touched: dict[int, bytearray] = {}
        for seq in seqs:
            chunk = seq // CHUNK
            if chunk < lowest:
                continue
            bits = touched.setdefault(chunk, bytearray(chunks.get(chunk) or CHUNK // 8))
            bits[seq % CHUNK >> 3] |= 1 << (seq & 7)
        return SeqWindow(top, chunks | {chunk: bytes(bits) for chunk, bits in touched.items()})
