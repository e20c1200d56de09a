"""Sizes of the schedule that are fastest on this machine, searched and kept."""
