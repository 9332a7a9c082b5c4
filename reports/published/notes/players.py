"""Players of clips: each MIDI file of the folders given as a small MP3, mono, 22,050 Hz, some 4 kB a second."""

import sys
from pathlib import Path

import soundfile

from evaluation.audio.files import load, mono
from evaluation.audio.render import RenderSettings

out, folders = Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]]
out.mkdir(exist_ok=True)
for folder in folders:
    for path in sorted(folder.glob("*.mid")):
        waveform, rate = load(path, RenderSettings(sample_rate=22_050))
        target = out / f"{folder.name}-{path.stem}.mp3"
        soundfile.write(target, mono(waveform), rate, format="MP3", bitrate_mode="VARIABLE", compression_level=0.6)
