"""Two profiles, or two chains in turns: ratios, and verdicts where they are sure."""
