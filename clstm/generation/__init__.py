"""Music from a model: prompts, sampling frame by frame, the rescue from silence, and the folder it is written to."""
