"""Music that is not in MIDI files: scores, piano rolls, tokens and lists of notes, each read as what a MIDI file says.

A reader makes the bytes of a MIDI file, so that one parser reads everything (`clstm.music.smf`).
"""
