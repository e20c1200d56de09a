"""Groups of commands that the command line is made of: click, text, exit codes; nothing else."""
