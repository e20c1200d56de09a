"""An experiment: points of a grid of parameters, timed in random order, to a table."""
