"""Calibration: what is measured of a camera or a lens from frames taken for it."""
