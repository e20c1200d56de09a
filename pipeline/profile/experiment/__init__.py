"""An experiment: points of a grid of parameters, timed in random order, to a table.

========== ====================================================================
declared   what an experiment is
reading    experiments from YAML, every fault with its place
axes       what may be varied, and which values may stand on an axis
points     all combinations or some of them, and the order they are timed in
running    round after round in this process
cluster    points on the workers of a cluster
workbench  points made ready and timed
quality    pictures held against the truth of the simulated scene
journal    observations as they are made, a line each
table      a row per point
written    tables as CSV and Parquet
========== ====================================================================
"""
