"""BLAS on one thread, set before numpy is imported: the pools of several test workers would starve one another."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
