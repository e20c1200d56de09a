"""Stages made up for the tests of schedules, and chains of them drawn at random."""
