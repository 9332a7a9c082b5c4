"""From folders of MIDI to the corpus that the models learn from: splits by group, and a record of what was left out."""
