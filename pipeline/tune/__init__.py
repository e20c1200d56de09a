"""Sizes of the schedule that are fastest on this machine: searched, kept, used from then on. No picture changes.

======== ==================================================================
setting  what is tuned of a device
kept     the file in the user's cache that says so, read when a device opens
subject  what is timed: chains on a frame, done by one setting or another; the CPU
card     the same of a card: frames on their way at a time
search   rounds in turns, halves, and a duel with the default at the end
session  all of it: ``tenbit tune``
======== ==================================================================
"""
