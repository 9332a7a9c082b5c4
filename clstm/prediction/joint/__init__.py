"""Joint nats: -log P of a frame as a model draws it, on one scale for models of frames (`states`) and for models that
draw notes (`notewise`); and what scores any music under a run of either kind (`readers`).
"""
