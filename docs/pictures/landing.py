"""A distribution for every row: counts whose mean and dispersion both depend on x."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from sklearn_mle import MLERegressor, predict_dist

rng = np.random.default_rng(3)
x = np.sort(rng.uniform(0, 10, 500))
mean, alpha = np.exp(2.2 + 0.9 * np.sin(0.8 * x) + 0.05 * x), np.exp(-3.5 + 0.25 * x)
y = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mean))

model = make_pipeline(SplineTransformer(n_knots=6), MLERegressor("negative_binomial", regressed="all", alpha=1e-4))
model.fit(x[:, None], y)

grid = np.linspace(0, 10, 300)
dist = predict_dist(model, grid[:, None])
figure, ax = plt.subplots(figsize=(9, 4.2))
for coverage, shade in [(0.95, 0.15), (0.8, 0.25), (0.5, 0.35)]:
    ax.fill_between(grid, *dist.interval(coverage), color="C0", alpha=shade, linewidth=0, label=f"{coverage:.0%}")
ax.plot(grid, dist.median(), color="C0", label="median")
ax.scatter(x, y, s=7, color="black", alpha=0.45, linewidths=0)
for at in (1.0, 3.6, 6.2, 8.6):
    law = predict_dist(model, [[at]])
    k = np.arange(law.ppf(0.002)[0], law.ppf(0.998)[0] + 1)
    ax.fill_betweenx(k, at, at + 1.1 * law.pmf(k) / law.pmf(k).max(), color="C1", alpha=0.65, linewidth=0, zorder=3)
    ax.vlines(at, k[0], k[-1], color="C1", linewidth=1, zorder=3)
ax.set(xlabel="x", ylabel="count", xlim=(0, 10), ylim=(0, 1.1 * y.max()))
ax.set_title(
    'MLERegressor("negative_binomial", regressed="all"): mean and dispersion depend on x', loc="left", fontsize=10
)
ax.legend(ncols=4, loc="upper left")
