"""Where new processes come from: a server that has our code imported."""
