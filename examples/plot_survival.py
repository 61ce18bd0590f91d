"""
How long does it last, when half are still running?
===================================================

A study ends before everybody has had the event. Of those who have not, a lower bound is known and nothing else. Two
shortcuts are common: to take the bound for the time, or to leave such rows out. What do they do to the answer, and what
does the likelihood do instead?
"""

# %%
# Twenty studies
# --------------
# Simulated with a fixed seed: 800 machines of two kinds under different loads. Lifetimes are Weibull with shape 1.5;
# kind B lasts 1.6 times as long. Machines were installed at any time in the five years before the end. Twenty such
# studies tell what is bias and what is chance.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from sklearn_mle import Censored, MLERegressor, right_censored
from sklearn_mle.metrics import log_score

rng = np.random.default_rng(0)


def study(n=800):
    """X, the years that each machine was observed, and whether it failed then."""
    X = pd.DataFrame({"B": rng.integers(0, 2, n).astype(float), "load": rng.uniform(0, 1, n)})
    scale = np.exp(1.2 + np.log(1.6) * X["B"] - 0.8 * X["load"])
    lifetime = scale.to_numpy() * rng.weibull(1.5, n)
    end = rng.uniform(0, 5, n)
    return X, np.minimum(lifetime, end), lifetime <= end


def answers(X, time, failed):
    """The three ways to fit the same family."""
    return {
        "censored": MLERegressor(Censored("weibull")).fit(X, right_censored(time, failed)),
        "bound taken for time": MLERegressor("weibull").fit(X, time),
        "running ones left out": MLERegressor("weibull").fit(X[failed], time[failed]),
    }


studies = [study() for _ in range(20)]
fits = [answers(*one) for one in studies]
print(f"still running at the end: {1 - np.mean([failed for _, _, failed in studies]):.0%} of the machines")

# %%
# Three answers
# -------------
# ``right_censored`` makes the two columns of y, lower and upper bound; ``Censored`` of a family contributes the density
# of what was observed and the probability of what was not.

typical = pd.DataFrame({"B": [0.0, 1.0], "load": [0.5, 0.5]})
true_scale = np.exp(1.2 - 0.4) * np.array([1.0, 1.6])
print("mean (standard deviation)  B lasts times       median life, A    median life, B")
for name in fits[0]:
    models = [fit[name] for fit in fits]
    found = [[np.exp(model.coef_[0]), *model.predict_quantile(typical, 0.5)] for model in models]
    pairs = zip(np.mean(found, axis=0), np.std(found, axis=0, ddof=1), strict=True)
    print(f"{name:24}", *(f"{mean:9.2f} ({deviation:.2f})" for mean, deviation in pairs))
truth = [1.6, *true_scale * np.log(2) ** (1 / 1.5)]
print(f"{'truth':24}", *(f"{value:9.2f}       " for value in truth))

t = np.linspace(0, 10, 201)
_, axes = plt.subplots(1, 3, figsize=(8.6, 3.2), sharey=True, layout="constrained")
for ax, name in zip(axes, fits[0], strict=True):
    for k, kind in enumerate("AB"):
        curves = [fit[name].predict_dist(typical.iloc[[k]]).sf(t) for fit in fits]
        lines = ax.plot(t, np.transpose(curves), color=f"C{k}", linewidth=0.6)
        lines[0].set_label(f"kind {kind}, 20 fits")
        (line,) = ax.plot(t, stats.weibull_min(1.5, scale=true_scale[k]).sf(t), "--", color="black")
    line.set_label("truth")
    ax.axvspan(5, 10, color="0.93")
    ax.set(title=name, xlabel="years")
axes[0].set_ylabel("P(still running)")
axes[0].legend()
plt.show()

# %%
# Either shortcut makes lifetimes too short and the kinds too similar. Nobody was observed for the years in grey: there
# every curve is extrapolation, as good as its family.
#
# Which family?
# -------------
# The log score takes censored rows, too: the log probability of what is known. Fitted to the first study, scored on the
# second:

(X, time, failed), (new_X, new_time, new_failed) = studies[:2]
new_y = right_censored(new_time, new_failed)
_, ax = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
for k, family in enumerate(["weibull", "lognormal"]):
    model = MLERegressor(Censored(family)).fit(X, right_censored(time, failed))
    print(f"{family:10} log score {log_score(model, new_X, new_y):.4f}")
    ax.plot(t, model.predict_dist(typical.iloc[[0]]).sf(t), label=family, color=f"C{k + 2}")
ax.axvspan(5, 10, color="0.93")
ax.set(xlabel="years", ylabel="P(still running), kind A")
ax.legend()
plt.show()
