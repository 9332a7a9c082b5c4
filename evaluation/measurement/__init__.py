"""From files to one tidy table of metrics: inputs, measuring in parallel, and a cache."""

# What processes that render and measure import (`clstm.runtime.forking.server`).
IMPORTS = (
    "evaluation.measurement.measure",
    "evaluation.measurement.batch",
    "fluidsynth",
    "pretty_midi",
    "pyloudnorm",
    "scipy.fft",
    "scipy.signal",
    "scipy.stats",
    "soundfile",
)
