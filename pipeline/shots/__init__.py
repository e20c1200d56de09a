"""Frames that belong together: numbered shots, ranges, shards, and what is held the same from frame to frame."""
