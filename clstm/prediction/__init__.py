"""How well a model predicts the next frames: accuracy and loss beside trivial baselines, with intervals; the published
benchmark; how far back a model looks.
"""
