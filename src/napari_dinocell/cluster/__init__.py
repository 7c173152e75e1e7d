"""Where the jobs of blocks run: here, in processes, on GPUs, on dask's clusters.

The engine asks for an executor; this is where one is made. Alone knows dask.
"""
