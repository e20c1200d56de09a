"""Two profiles, or two chains in turns: ratios, and verdicts where they are sure.

======== ===========================================================
sides    what is compared: a profile that was saved, or runs of now
turns    two programs that time a chain in turns, round by round
rows     what of the two belongs together, with its ratio and verdict
told     the comparison as lines, rows and JSON
======== ===========================================================
"""
