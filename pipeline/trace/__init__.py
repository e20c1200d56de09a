"""What was done when: spans of a run as a trace that Perfetto and Chrome open."""
