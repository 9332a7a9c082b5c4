"""Music as notes: reading and writing MIDI, the score matrix of the models, the piano roll, and the checks of both."""
