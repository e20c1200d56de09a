"""Several processes that each develop files of one batch."""
