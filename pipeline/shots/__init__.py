"""Frames that belong together: numbered shots, ranges, shards, and what is held the same from frame to frame.

========== ================================================================
ranges     frame numbers: ``1-100,200-300x2``
pattern    a shot by one name: ``A001_####.dng``
shard      one piece of the work of several machines: ``3/8``
given      white balance and exposure of one frame, fixed beforehand
hold       what every frame of a shot is given: locked to one, or smoothed
policy     each, ``lock=N`` or ``smooth=W``
glance     what is measured of a frame for it
brightness how bright a frame is, place by place
course     the smooth course under the values of many frames
record     what was found, in a file that several machines read
========== ================================================================
"""
