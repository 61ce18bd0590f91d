"""
More rows than memory
=====================

The log-likelihood is a sum over rows, so no more than a block of them need be in memory at once. ``fit`` takes memory
maps and batches; the coefficients are those of the same rows in memory. (Needs pandas and pyarrow, for the Parquet
files.)
"""

# %%
# A table in Parquet files
# ------------------------
# Claims of motor policies, in 10 files: here 200,000 rows, so that the example is quick. What follows does not change
# with 200 million.

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mle import Batches, Inference, MLERegressor

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name, "policies")
folder.mkdir()


def policies(number, n=20_000):
    """The policies of one file, with claims that vary more than Poisson's."""
    rng = np.random.default_rng(number)
    X = pd.DataFrame({f"x{j}": rng.standard_normal(n) for j in range(9)}).assign(years=rng.uniform(0.1, 1.0, n))
    rate = np.exp(-1 + X[[f"x{j}" for j in range(9)]] @ np.linspace(-0.3, 0.3, 9)) * rng.gamma(2, 1 / 2, n)
    return X.assign(claims=rng.poisson(rate * X["years"]))


for number in range(10):
    policies(number).to_parquet(folder / f"{number:02d}.parquet")

# %%
# Fit
# ---
# ``Batches`` says where the rows are. Its source is the folder, a pyarrow Dataset, a polars LazyFrame, or any function
# that yields (X, y) or (X, y, weight). The fit reads it once, into a temporary file from which all further passes are
# made.

table = Batches(folder, y="claims")
start = time.perf_counter()
model = MLERegressor("negative_binomial", exposure="years").fit(table)
print(f"1. from Parquet, part by part: {time.perf_counter() - start:.1f} s, {model.n_iter_} iterations")

whole = pd.concat([policies(number) for number in range(10)])
X, y = whole.drop(columns="claims"), whole["claims"]
in_memory = MLERegressor("negative_binomial", exposure="years").fit(X, y)
print(f"   the fit in memory differs by {np.abs(model.coef_ - in_memory.coef_).max():.0e}")

# %%
# What sums over the rows takes batches for X and y; what returns a number for each row takes one batch at a time.

inference = Inference.from_estimator(model, table)
print(f"\n2. standard error of x0: {inference.std_error['mu'][1]:.4f}")
total, n = 0.0, 0
for X_batch, y_batch, _ in table:
    total, n = total + model.log_prob(X_batch, y_batch).sum(), n + len(y_batch)
print(f"   mean log P(claims), batch by batch: {total / n:.4f}; of the fit: {model.log_likelihood_ / n:.4f}")

# %%
# A memory map
# ------------
# ``np.memmap``, and ``np.load(..., mmap_mode="r")``, are used where they are: nothing is copied.

np.save(Path(temporary.name, "X.npy"), X.to_numpy())
np.save(Path(temporary.name, "y.npy"), y.to_numpy(dtype=float))
X_map, y_map = (np.load(Path(temporary.name, f"{name}.npy"), mmap_mode="r") for name in "Xy")
mapped = MLERegressor("negative_binomial", exposure=-1).fit(X_map, y_map)
print(f"\n3. from a memory map: differs by {np.abs(mapped.coef_ - in_memory.coef_).max():.0e}")

# %%
# A stream
# --------
# Rows that come and go are learnt from by ``partial_fit``: one step of descent a batch. After one pass the estimate is
# some standard errors from the maximum of the likelihood. A Newton step from there makes it efficient, and its
# standard errors valid: with ``tol=0.01`` the search ends after the first, or few.

stream = MLERegressor("negative_binomial", exposure="years", solver="sgd")
for X_batch, y_batch, _ in table:
    for i in range(0, len(y_batch), 500):
        stream.partial_fit(X_batch[i : i + 500], y_batch[i : i + 500])


def standard_errors_away():
    """The largest distance of a coefficient from the maximum."""
    with np.errstate(invalid="ignore"):
        return np.nanmax(np.abs(stream.coef_ - in_memory.coef_) / inference.std_error["mu"][1:])


print(f"\n4. after the stream: {standard_errors_away():.2f} standard errors from the maximum")
stream.set_params(solver="newton", warm_start=True, tol=0.01).fit(table)
print(f"   and a Newton step: {standard_errors_away():.0e}")
temporary.cleanup()
