"""The paper's C-LSTM in Keras, written from the paper, and how many windows a second it trains on.

Run as a program, it prints {"windows": a second, "parameters": ..., "versions": ...} as JSON. Its sizes are the paper's
Table 1; a step is a compiled `train_on_batch`. Keras runs a long recurrence as a loop of its graph or unrolled, and the
faster one counts. XLA (`jit_compile`) was five times slower on a CPU. TensorFlow takes all cores it may use.
"""

import json
import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # it is talkative; read when it is imported

import keras
import numpy as np
import tensorflow as tf

WINDOW, ROWS, HORIZON, BATCH = 90, 156, 9, 32
WARM_UP, STEPS = 2, 4


def c_lstm(*, unroll: bool) -> keras.Model:
    """(156, 90) -> (154, 88, 32) -> (1, 88, 128) -> 88 x (128) -> (1024) -> (1404)"""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((ROWS, WINDOW, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.Conv2D(128, (ROWS - 2, 1), activation="relu"),
            layers.Reshape((WINDOW - 2, 128)),
            layers.LSTM(1024, unroll=unroll),
            layers.Dense(ROWS * HORIZON, activation="sigmoid"),
        ]
    )
    network.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    return network


def windows_a_second(network: keras.Model) -> float:
    """Of the fastest step, once warm."""
    random = np.random.default_rng(0)
    windows = (random.random((BATCH, ROWS, WINDOW, 1)) < 0.03).astype(np.float32)
    frames = (random.random((BATCH, ROWS * HORIZON)) < 0.03).astype(np.float32)
    fastest = float("inf")
    for step in range(WARM_UP + STEPS):
        started = time.perf_counter()
        network.train_on_batch(windows, frames)
        if step >= WARM_UP:
            fastest = min(fastest, time.perf_counter() - started)
    return BATCH / fastest


if __name__ == "__main__":
    networks = {form: c_lstm(unroll=form == "unrolled") for form in ("loop", "unrolled")}
    speeds = {form: windows_a_second(network) for form, network in networks.items()}
    best = max(speeds, key=lambda form: speeds[form])
    versions = f"Keras {keras.__version__}, TensorFlow {tf.__version__}, {best}"
    print(json.dumps({"windows": speeds[best], "parameters": networks[best].count_params(), "versions": versions}))
