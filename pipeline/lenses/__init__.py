"""Lenses: the catalogue of M lenses, which one a file was taken with, what is known of it, and how to learn more."""
