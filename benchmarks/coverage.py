"""How often do 95 % intervals hold the truth? Simulated fits of every family, by covariance and method.

Run `python benchmarks/coverage.py [repeats]`; 2000 repeats take some minutes, and their own error is 0.5 points.
"""

import sys
import warnings

import numpy as np

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle.likelihoods import LIKELIHOODS

N, SLOPE = 200, 0.4
FAMILIES = {
    "gaussian": 1.0,
    "student_t": 3.0,
    "gamma": 0.5,
    "inverse_gaussian": 0.3,
    "lognormal": 0.7,
    "weibull": 1.5,
    "poisson": None,
    "negative_binomial": 0.8,
    "beta": 5.0,
    "bernoulli": None,
    "categorical": None,
}


def draw(name, rng):
    """X and y of a family: the first predictor is 0.3 + SLOPE x_0 - 0.2 x_1, further parameters are as listed."""
    X = rng.normal(size=(N, 2))
    eta = 0.3 + X @ [SLOPE, -0.2]
    if name == "bernoulli":
        return X, (eta + rng.logistic(size=N) > 0).astype(int)
    if name == "categorical":
        return X, np.argmax(np.outer(eta, [1.0, -1.0, 0.0]) + rng.gumbel(size=(N, 3)), axis=1)
    likelihood = LIKELIHOODS[name]()
    others = [np.array([np.log(FAMILIES[name])])] * (len(likelihood.links) - 1)
    law = likelihood.dist(*likelihood.theta([eta, *others]))
    return X, np.asarray(law.rvs(size=N, random_state=rng), dtype=float)


def covered(name, kind, rng):
    """Whether the interval of the first slope holds it; NaN where there is none."""
    X, y = draw(name, rng)
    model = (MLEClassifier() if name in ("bernoulli", "categorical") else MLERegressor(name)).fit(X, y)
    covariance = "observed" if kind == "profile" else kind
    found = Inference.from_estimator(model, X, y, covariance=covariance)
    ends = found.conf_int(method="profile" if kind == "profile" else "wald")
    low, high = next(iter(ends.values()))[..., 1, :].reshape(-1, 2)[0]
    return np.nan if np.isnan(low) else low <= SLOPE <= high


def main(repeats):
    kinds = ["observed", "expected", "HC1", "profile"]
    print(f"{'family':18}" + "".join(f"{kind:>10}" for kind in kinds))
    for name in FAMILIES:
        shares = []
        for kind in kinds:
            rng = np.random.RandomState(0)
            few = repeats // 10 if kind in ("expected", "profile") else repeats
            shares.append(np.nanmean([covered(name, kind, rng) for _ in range(few)]))
        print(f"{name:18}" + "".join(f"{100 * share:10.1f}" for share in shares), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
