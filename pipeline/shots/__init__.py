"""Frames that belong together: numbered shots, ranges, shards, and what is held the same from frame to frame.

======= ===============================================================
ranges  frame numbers: ``1-100,200-300x2``
pattern a shot by one name: ``A001_####.dng``
shard   one piece of the work of several machines: ``3/8``
given   white balance and exposure of one frame, fixed beforehand
hold    white balance and exposure locked to a frame, or smoothed
======= ===============================================================
"""
