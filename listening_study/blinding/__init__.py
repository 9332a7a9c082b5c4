"""Does anything but the music tell the source of a clip? An attacker who has all that a participant can get."""
