"""fit_distribution: the model without columns, against closed forms, the regressor's intercepts, and NIST."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_mle import Gaussian, LabelLikelihood, MLERegressor, StudentT, fit_distribution
from sklearn_mle.exceptions import BoundaryWarning
from sklearn_mle.likelihoods import LIKELIHOODS, Censored

COUNTS = np.random.default_rng(0).negative_binomial(3, 0.3, 200)


def test_closed_forms():
    y = np.array([1.0, 2.0, 6.0])
    normal = fit_distribution(y)
    assert normal.params == {"mu": 3.0, "sigma": pytest.approx(np.std(y), rel=1e-15)}
    assert normal.log_likelihood == pytest.approx(normal.logpdf(y).sum(), rel=1e-14)
    assert fit_distribution(COUNTS, "poisson").params["mu"] == pytest.approx(COUNTS.mean(), rel=1e-15)
    assert fit_distribution(["a", "b", "b", "b"], "bernoulli").params["p"] == pytest.approx(0.75, rel=1e-12)
    three = fit_distribution([0, 1, 2, 2], "categorical")
    np.testing.assert_allclose(three.pmf(np.arange(3)[:, None])[:, 0], [0.25, 0.25, 0.5], rtol=1e-12)


# Certified by NIST, https://www.itl.nist.gov/div898/strd/univ/homepage.html; in doubles the decimals of NumAcc3 and 4
# keep 9.5 and 8.3 digits of the standard deviation.
NIST = {
    "numacc1": (10000002, 1.0, 15),
    "numacc2": (1.2, 0.1, 15),
    "numacc3": (1000000.2, 0.1, 9.4),
    "numacc4": (10000000.2, 0.1, 8.2),
    "michelso": (299.852400000000, 0.0790105478190518, 13),
}


@pytest.mark.parametrize("name", NIST)
def test_nist_univariate(name):
    """Michelso's values, near 300 with a spread of 0.08, are themselves known to 13 digits of the spread."""
    y = np.loadtxt(Path(__file__).parent / "data" / "nist" / f"{name}.csv", delimiter=",", skiprows=1)
    mean, sd, digits = NIST[name]
    found = fit_distribution(y).params
    assert found["mu"] == pytest.approx(mean, rel=1e-15)
    assert found["sigma"] * np.sqrt(len(y) / (len(y) - 1)) == pytest.approx(sd, rel=10.0**-digits)


NUMBERS = [name for name, cls in LIKELIHOODS.items() if not issubclass(cls, LabelLikelihood)]


@pytest.mark.parametrize("name", [name for name in NUMBERS if LIKELIHOODS[name]().support.columns == 1])
def test_it_is_the_regressor_on_a_column_of_zeros(name):
    support = LIKELIHOODS[name]().support
    y = COUNTS if support.integer else COUNTS + 0.5 + np.random.default_rng(1).uniform(size=200)
    y = y / (1 + y.max()) if support.upper == 1 else y
    with pytest.warns(match="constant"):
        model = MLERegressor(name).fit(np.zeros((200, 1)), y)
    law = fit_distribution(y, name)
    expected = model.predict_dist(np.zeros((1, 1)))
    assert law.log_likelihood == pytest.approx(model.log_likelihood_, rel=1e-12)
    for parameter, value in law.params.items():
        assert isinstance(value, float) and value == pytest.approx(expected.params[parameter][0], rel=1e-6)


def test_what_it_returns_is_one_law():
    law = fit_distribution(COUNTS, "negative_binomial")
    assert len(law) == 1 and law.mean().shape == (1,) and "alpha" in repr(law)
    assert law.ppf(0.5) == np.median(COUNTS)


def test_weights_are_repeats():
    weight = np.random.default_rng(2).integers(0, 3, 200)
    weighted = fit_distribution(COUNTS, "poisson", weight)
    repeated = fit_distribution(np.repeat(COUNTS, weight), "poisson")
    assert weighted.params["mu"] == pytest.approx(repeated.params["mu"], rel=1e-14)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-13)


def test_objects_series_and_intervals():
    assert fit_distribution(pd.Series([1.0, 2.0, 4.0]), StudentT(df=3)).params["df"] == 3.0
    interval = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.inf], [0.0, 2.0], [1.5, 1.5]])
    assert fit_distribution(interval, Censored(Gaussian())).params["sigma"] > 0


def test_limits_and_errors():
    with pytest.warns(BoundaryWarning, match="fit_distribution: .* sigma goes to 0"):
        assert fit_distribution([3.0, 3.0, 3.0]).params["mu"] == 3.0
    with pytest.raises(ValueError, match=r"Poisson models counts, y >= 0; y\[1\] is -1.0"):
        fit_distribution([0, -1], "poisson")
    with pytest.raises(ValueError, match="NaN"):
        fit_distribution([0, np.nan])
    with pytest.raises(ValueError, match="no likelihood is named"):
        fit_distribution([0, 1], "normal")
