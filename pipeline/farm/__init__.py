"""Batches on several machines: dask, Open Job Description, Slurm."""
