"""The metrics, one module for each view of the music. Arrays in, numbers out; silence has a defined value."""
