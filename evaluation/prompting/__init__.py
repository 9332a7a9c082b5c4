"""Music that continues a prompt: prompts left in files, true continuations, and how likely models find the music."""
