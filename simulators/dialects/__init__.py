"""The simulated building in the formats of gateways that people own. Shares no code and no map with the decoders.

    spoken.py     what devices say, whatever the format            (out of ticks, letters, rows of a CSV)
    dialect.py    what a format has to answer: what it says, how exactly, what it has no word for
    speech.py     births, what is said, restarts, wills, in order
    dialects.py   all formats by name

Each format is one file. It returns topics and bytes, and publishes nothing.
"""
