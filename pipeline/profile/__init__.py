"""Where the time goes, what a change buys, how far the limit is.

========== ======================================================================
record     what a profile holds, as JSON
parts      what it is made of: times, passes, limits
measure    what one frame takes, pass by pass
profiled   a chain timed on a frame, beside what the machine can do at best
notes      what a reader of a profile must know
shares     what each stage adds to a pass: estimates
checked    the picture held against its reference, before anything is timed
ceilings   what this machine can do at best
frames     frames to measure with; ``simulated``: those that are kept
shown      a profile as text
machine    what was measured on, and with which code
statistics medians, bootstrap intervals
experiment many points of a grid, to a table
compare    two profiles, or two chains in turns: verdicts
page       one self-contained HTML page
========== ======================================================================
"""
