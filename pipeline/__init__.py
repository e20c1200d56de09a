"""The chain: read, plan, run, write."""
