"""What tasks other than human or computer are made of: clips after one prompt, anchors, copies, rows of blocks."""
