"""Piano rolls of the published polyphonic benchmark: 88 keys, one state a key.

A roll is (88, frames) uint8: row r says whether MIDI pitch 21 + r sounds. A frame is a step of the beat (an eighth or a
quarter note, as each set was made), so it has no length in seconds, and a repeated note cannot be told from a held one.
"""

KEYS = 88  # of a piano, MIDI 21..108
