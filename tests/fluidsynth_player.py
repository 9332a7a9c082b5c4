"""FluidSynth's own file player: what a file must sound like."""

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.render import RenderSettings
from evaluation.audio.synthesizer import BLOCK, load_library

_ADDRESS, _INTEGER = ctypes.c_void_p, ctypes.c_int
_CALLBACK = ctypes.CFUNCTYPE(_INTEGER, _ADDRESS, _ADDRESS)
_NOTE_ON = 0x90

Onsets = dict[tuple[int, int], list[int]]  # by channel and key: the sample from which each strike is heard


def played(
    path: Path, seconds: float, settings: RenderSettings = RenderSettings(), onsets: Onsets | None = None
) -> NDArray[np.float32]:
    """The first `seconds` of a file as the player plays it, asked for block by block, (samples, 2).

    onsets : filled with those of the notes
    """
    fluidsynth = load_library()
    native = fluidsynth._fl
    synth = fluidsynth.Synth(
        gain=settings.gain,
        samplerate=float(settings.sample_rate),
        **settings.named(),
        **{"player.timing-source": "sample"},
    )
    synth.sfload(str(settings.soundfont_file), update_midi_preset=1)
    address = _ADDRESS(synth.synth)
    native.fluid_synth_set_interp_method(address, -1, settings.interpolation)
    native.new_fluid_player.argtypes, native.new_fluid_player.restype = [_ADDRESS], _ADDRESS
    player = _ADDRESS(native.new_fluid_player(address))
    assert native.fluid_player_add(player, str(path).encode()) == 0
    waveform = np.zeros((-(-round(seconds * settings.sample_rate) // BLOCK) * BLOCK, 2), dtype=np.float32)
    place = [0]
    for name, arguments in {
        "fluid_player_set_playback_callback": [_ADDRESS, _CALLBACK, _ADDRESS],
        "fluid_synth_handle_midi_event": [_ADDRESS, _ADDRESS],
        "fluid_synth_write_float": [_ADDRESS, _INTEGER] + [_ADDRESS, _INTEGER, _INTEGER] * 2,
        **{f"fluid_midi_event_get_{what}": [_ADDRESS] for what in ("type", "channel", "key", "velocity")},
    }.items():
        getattr(native, name).argtypes = arguments

    @_CALLBACK
    def heard(synthesizer: int, event: int) -> int:
        about = {what: getattr(native, f"fluid_midi_event_get_{what}")(event) for what in ("type", "channel", "key")}
        if onsets is not None and about["type"] == _NOTE_ON and native.fluid_midi_event_get_velocity(event):
            onsets.setdefault((about["channel"], about["key"]), []).append(place[0] + BLOCK)
        return int(native.fluid_synth_handle_midi_event(synthesizer, event))

    native.fluid_player_set_playback_callback(player, heard, address)
    native.fluid_player_play(player)
    for place[0] in range(0, len(waveform), BLOCK):
        at = waveform[place[0] :].ctypes.data
        native.fluid_synth_write_float(address, BLOCK, at, 0, 2, at, 1, 2)
    native.delete_fluid_player(player)
    synth.delete()
    return waveform[: round(seconds * settings.sample_rate)]
