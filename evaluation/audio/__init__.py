"""Sound: MIDI rendered by FluidSynth, and audio files of any format read to their true end."""
