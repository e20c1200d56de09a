"""Profiles and experiments as one self-contained HTML page."""
