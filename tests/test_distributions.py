"""Distributions that scipy lacks, against sums and scipy; and the rows of distributions that predict_dist returns."""

import pickle

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit

from sklearn_mle.checks.specimen import Specimen
from sklearn_mle.distributions import Discrete, Predictive, WithSpike, generator
from sklearn_mle.distributions.within import Within
from sklearn_mle.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Censored,
    Gaussian,
    Hurdle,
    LabelLikelihood,
    NegativeBinomial,
    Poisson,
    StudentT,
    Truncated,
    ZeroInflated,
)

K = np.arange(-2, 60)[:, None]

PROBABILITIES = np.array([[0.2, 0.5, 0.3], [1 - 1e-9, 1e-9, 0.0], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]])
with np.errstate(divide="ignore"):
    DISCRETE = {
        "discrete": (Discrete(list(np.log(PROBABILITIES.T))), PROBABILITIES),
        "one row": (Discrete(list(np.log(PROBABILITIES[:1].T))), PROBABILITIES[:1]),
    }

SPIKED = {
    "poisson": WithSpike(stats.poisson([0.5, 3.0, 20.0]), np.array([0.3, 0.01, 0.9])),
    "constant": WithSpike(stats.poisson([2.0]), np.array([0.4])),
    "numbers": WithSpike(stats.nbinom(2.5, 0.4), 0.25),
    "elsewhere": WithSpike(stats.poisson([0.5, 3.0, 20.0]), np.array([0.3, 0.01, 0.9]), at=4),
    "certain": WithSpike(stats.poisson([3.0]), np.array([1.0])),
    "never": WithSpike(stats.poisson([3.0]), np.array([0.0])),
    "nested": WithSpike(WithSpike(stats.poisson([3.0, 1.0]), 0.2), np.array([0.1, 0.5]), at=2),
}
LAWS = {name: law for name, (law, _) in DISCRETE.items()} | SPIKED
laws = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


@pytest.mark.parametrize("law, p", DISCRETE.values(), ids=DISCRETE.keys())
def test_discrete_has_its_probabilities(law, p):
    k = np.arange(3)[:, None]
    np.testing.assert_allclose(law.pmf(k), p.T, rtol=1e-14)
    np.testing.assert_allclose(law.mean(), p @ [0, 1, 2], rtol=1e-14)
    np.testing.assert_allclose(law.var(), p @ [0, 1, 4] - (p @ [0, 1, 2]) ** 2, atol=1e-15)
    assert law.support() == (0, 2)
    assert not law.pmf([[-1], [3], [0.5]]).any()


def test_discrete_keeps_small_probabilities():
    law = Discrete([np.zeros(1), np.array([-60.0])])
    assert law.logpmf(1) == -60 and law.sf(0) == np.exp(-60.0) and law.logsf(0) == -60
    assert law.cdf(0) == 1 and law.ppf(1.0) == 0


@pytest.mark.parametrize("law", SPIKED.values(), ids=SPIKED.keys())
def test_with_spike_is_a_mixture(law):
    expected = law.probability * (law.at == K) + (1 - law.probability) * law.base.pmf(K)
    np.testing.assert_allclose(law.pmf(K), expected, rtol=1e-13)
    mean = (K * expected).sum(axis=0)
    np.testing.assert_allclose(law.mean(), mean, rtol=1e-9)
    np.testing.assert_allclose(law.var(), ((K - mean) ** 2 * expected).sum(axis=0), rtol=1e-8)


@laws
def test_methods_of_a_law_agree(law):
    pmf = law.pmf(K)
    np.testing.assert_allclose(law.cdf(K), np.cumsum(pmf, axis=0), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(law.sf(K) + law.cdf(K), np.ones_like(pmf), rtol=1e-13)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(law.logpmf(K), np.log(pmf), rtol=1e-9)
        np.testing.assert_allclose(law.logcdf(K), np.log(law.cdf(K)), rtol=1e-9)
        np.testing.assert_allclose(law.logsf(K), np.log(law.sf(K)), rtol=1e-9)
    np.testing.assert_allclose(law.std() ** 2, law.var())


@laws
def test_ppf_is_the_smallest_value_that_reaches_q(law):
    q = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 301), [1e-12, 0.5]])[:, None]
    k = law.ppf(q)
    assert k.shape == np.broadcast_shapes(q.shape, np.shape(law.mean()))
    assert (law.cdf(k) >= q).all() and (law.cdf(k - 1) < q).all()
    # at the jumps themselves, rounding or not
    jumps = law.cdf(K[2:20])
    taken = (law.pmf(K[2:20]) > 1e-9) & (jumps < 1 - 1e-9)
    np.testing.assert_array_equal(law.ppf(jumps)[taken], np.broadcast_to(K[2:20], jumps.shape)[taken])
    assert np.isnan(law.ppf(-0.1)).all() and np.isnan(law.ppf(1.1)).all() and np.isnan(law.ppf(np.nan)).all()
    lower, upper = law.interval(0.9)
    np.testing.assert_array_equal(lower, law.ppf(0.05))
    np.testing.assert_array_equal(upper, law.ppf(0.95))


@laws
def test_draws_follow_the_law(law):
    n, shape = 20000, np.shape(law.mean())
    draws = law.rvs(size=(n, *shape), random_state=0)
    for k in range(4):
        error = np.sqrt(law.pmf(k) * (1 - law.pmf(k)) / n)
        assert (np.abs((draws == k).mean(axis=0) - law.pmf(k)) <= 5 * error + 1e-12).all()
    assert np.shape(law.rvs(random_state=1)) == shape
    np.testing.assert_array_equal(law.rvs(random_state=5), law.rvs(random_state=5))


def test_a_spike_in_a_continuous_law():
    law = WithSpike(stats.norm([0.0, 2.0], 1.0), np.array([0.3, 0.2]), at=0.5)
    assert not hasattr(law, "pmf") and not hasattr(law, "logpmf")
    # With respect to lengths and to the point: a density beside the spike, its probability at it.
    np.testing.assert_allclose(law.pdf(0.5), [0.3, 0.2])
    np.testing.assert_allclose(law.pdf(0.4), [0.7, 0.8] * stats.norm([0.0, 2.0], 1.0).pdf(0.4))
    np.testing.assert_allclose(law.sf(law.isf(1e-12)), 1e-12, rtol=1e-9)
    q = np.linspace(0.01, 0.99, 99)[:, None]
    y = law.ppf(q)
    assert (law.cdf(y) >= q - 1e-12).all() and (law.cdf(y - 1e-6) <= q).all()
    assert ((y == 0.5).mean(axis=0) > [0.28, 0.18]).all()
    below = integrate.quad(lambda t: 0.8 * stats.norm(2, 1).pdf(t), -10, 0.4)[0]
    assert law.cdf(0.4)[1] == pytest.approx(below)
    assert law.mean()[1] == pytest.approx(0.2 * 0.5 + 0.8 * 2)
    draws = law.rvs(size=(20000, 2), random_state=0)
    np.testing.assert_allclose(draws.mean(axis=0), law.mean(), atol=0.04)
    np.testing.assert_allclose(draws.std(axis=0), law.std(), atol=0.04)


def test_with_spike_far_in_the_tails():
    law = WithSpike(stats.norm(0.0, 1.0), 0.25, at=0.0)
    np.testing.assert_allclose(law.sf(30.0), 0.75 * stats.norm.sf(30), rtol=1e-12)
    assert WithSpike(stats.poisson(1.0), 0.5).logpmf(500) == pytest.approx(np.log(0.5) + stats.poisson(1).logpmf(500))


# --- Predictive -------------------------------------------------------------------------------------------------------

N = 5
ROW = np.linspace(-1, 1, N)
PREDICTIVES = {
    "gaussian": Predictive(Gaussian(), [ROW, np.array([0.5])], N),
    "gaussian, fixed": Predictive(Gaussian(sigma=2.0), [ROW, 2.0], N),
    "gaussian, all constant": Predictive(Gaussian(), [np.array([0.3]), np.array([0.5])], N),
    "student_t": Predictive(StudentT(), [ROW, np.array([0.5]), np.array([5.0])], N),
    "poisson": Predictive(Poisson(), [np.exp(ROW)], N),
    "negative_binomial": Predictive(NegativeBinomial(), [np.exp(ROW), np.array([0.5])], N),
    "zero_inflated": Predictive(ZeroInflated(), [np.exp(ROW), np.array([-1.0])], N),
    "zero_inflated, constant": Predictive(ZeroInflated(pi=0.2), [np.array([1.3]), logit(0.2)], N),
    "censored": Predictive(Censored(), [ROW, np.array([0.5])], N),
    "bernoulli": Predictive(Bernoulli(), [ROW], N),
    "categorical": Predictive(Categorical().with_classes(3), [(ROW, -ROW, np.zeros(1))], N),
}
predictives = pytest.mark.parametrize("p", PREDICTIVES.values(), ids=PREDICTIVES.keys())


@predictives
def test_everything_has_the_shape_of_the_rows(p):
    assert len(p) == N
    for values in (p.mean(), p.var(), p.std(), p.cdf(1.0), p.sf(1), p.ppf(0.3), p.rvs(), *p.interval(0.9)):
        assert values.shape == (N,)
    assert p.ppf([[0.1], [0.5], [0.9]]).shape == (3, N) == p.cdf(np.zeros((3, 1))).shape
    assert p.cdf(np.arange(N)).shape == (N,)
    assert p.rvs(size=7).shape == (7, N) and p.rvs(size=(2, 3)).shape == (2, 3, N)
    np.testing.assert_allclose(p.std() ** 2, p.var())
    np.testing.assert_allclose(p.sf(1) + p.cdf(1), 1)
    np.testing.assert_allclose(p.interval(0.9), [p.ppf(0.05), p.ppf(0.95)], rtol=1e-12)
    values = p.mean()
    values[0] = 7  # a copy of its own, not a view of what is broadcast
    assert p.mean()[0] != 7


@predictives
def test_rows_can_be_taken(p):
    def same(part, rows):
        np.testing.assert_array_equal(part.mean(), p.mean()[rows])
        np.testing.assert_array_equal(part.ppf(0.7), p.ppf(0.7)[rows])
        for name, values in part.params.items():
            np.testing.assert_array_equal(values, p.params[name][rows])
        assert len(part) == len(part.mean()) and type(part) is type(p)

    even = np.arange(N) % 2 == 0
    for rows in (slice(1, 4), slice(None, None, -2), [3, 0, 3], even, even.tolist(), np.array([], dtype=int)):
        same(p[rows], rows)
    for i in (0, 3, -1, np.int64(2)):
        same(p[i], [i])
    with pytest.raises(IndexError):
        p[N]
    assert [len(row) for row in p] == [1] * N
    same(p[2:][1:][0], [3])
    one = p[1]
    same(one[[0, 0, 0]], [1, 1, 1])
    same(one[:0], slice(0, 0))


@predictives
def test_same_seed_same_draws(p):
    np.testing.assert_array_equal(p.rvs(3, random_state=0), p.rvs(3, random_state=0))
    for seed in (np.random.RandomState, np.random.default_rng):
        np.testing.assert_array_equal(p.rvs(3, random_state=seed(0)), p.rvs(3, random_state=seed(0)))
    rng = np.random.RandomState(0)
    assert generator(rng) is rng
    n = 4000
    np.testing.assert_allclose(p.rvs(n, random_state=1).mean(axis=0), p.mean(), atol=6 * p.std().max() / np.sqrt(n))


@predictives
def test_densities_exist_where_the_law_has_them(p):
    kinds = {name for name in ("pdf", "logpdf", "pmf", "logpmf") if hasattr(p, name)}
    discrete = p.likelihood.support.integer or hasattr(p.likelihood, "log_proba")
    assert kinds == ({"pmf", "logpmf"} if discrete else {"pdf", "logpdf"})
    logarithm, plain = (p.logpmf, p.pmf) if discrete else (p.logpdf, p.pdf)
    np.testing.assert_allclose(np.exp(logarithm(1.0)), plain(1.0))
    assert plain(np.zeros((2, 1))).shape == (2, N)
    y = np.array([0, 1, 1, 0, 1])
    if p.likelihood.support.columns == 1:
        np.testing.assert_allclose(p.log_prob(y), logarithm(y), rtol=1e-12)
    else:
        np.testing.assert_allclose(p.log_prob(np.column_stack([y, y])), logarithm(y), rtol=1e-12)


@predictives
def test_params_are_what_users_write(p):
    params = p.params
    assert list(params) == list(p.likelihood.links)
    for name, values in params.items():
        assert values.shape == ((N, p.likelihood.widths[name]) if name in p.likelihood.widths else (N,))
    if "pi" in params:
        np.testing.assert_allclose(params["pi"], np.full(N, expit(p.theta[-1])))
    if "sigma" in params:
        np.testing.assert_array_equal(params["sigma"], np.full(N, np.ravel(p.theta[1])[0]))


@predictives
def test_pickles_and_prints(p):
    p.mean()
    copy = pickle.loads(pickle.dumps(p))
    np.testing.assert_array_equal(copy.mean(), p.mean())
    assert repr(copy) == repr(p) and repr(p).startswith(f"<{N} distributions of {p.likelihood!r}: ")
    assert "of" in repr(p[:0])


def test_repr_shows_ranges():
    assert repr(PREDICTIVES["gaussian"]) == "<5 distributions of Gaussian(): mu = -1 .. 1, sigma = 0.5>"
    assert repr(PREDICTIVES["zero_inflated, constant"]).endswith("mu = 1.3, pi = 0.2>")


def test_to_scipy():
    law = PREDICTIVES["negative_binomial"].to_scipy()
    assert law.dist.name == "nbinom" and law.mean().shape == (N,)
    for name in ("zero_inflated", "categorical"):
        with pytest.raises(TypeError, match="scipy has no such law"):
            PREDICTIVES[name].to_scipy()


def test_outside_the_support_nothing_is_possible():
    p = PREDICTIVES["poisson"]
    assert p.log_prob(np.array([-1.0, 0, 1, -2, 3])).tolist()[0] == -np.inf
    assert np.isfinite(p.log_prob([0.0, 0, 1, 2, 3])).all()
    np.testing.assert_array_equal(p.log_prob(-1.5), np.full(N, -np.inf))
    assert p.log_prob(2).shape == (N,)


def test_confidence_is_a_probability():
    with pytest.raises(ValueError, match=r"confidence .* got 95"):
        PREDICTIVES["gaussian"].interval(95)


def test_a_dispersion_of_almost_nothing_is_poissons():
    # scipy's nbinom has mean 0 where 1 - p rounds to 0
    p = Predictive(NegativeBinomial(), [np.array([0.01, 3.0, 200.0]), np.array([np.exp(-50.0)])], 3)
    q = Predictive(Poisson(), [np.array([0.01, 3.0, 200.0])], 3)
    np.testing.assert_allclose(p.mean(), q.mean(), rtol=1e-7)
    np.testing.assert_allclose(p.var(), q.var(), rtol=1e-7)
    np.testing.assert_allclose(p.cdf([[0], [3], [190]]), q.cdf([[0], [3], [190]]), rtol=1e-5)
    np.testing.assert_array_equal(p.ppf([[0.1], [0.9]]), q.ppf([[0.1], [0.9]]))


# --- supports and point masses ----------------------------------------------------------------------------------------


def test_supports_and_point_masses():
    spiked = WithSpike(stats.gamma(2.0), 0.3)
    assert spiked.support() == (0, np.inf) and spiked.atoms == (0.0,)
    assert WithSpike(stats.poisson(2.0), 0.3, at=-2).support() == (-2, np.inf)
    assert WithSpike(stats.poisson(2.0), 0.3).atoms == ()
    assert Within(stats.norm(), -1.0, 2.5).support() == (-1.0, 2.5)
    assert Within(stats.poisson(3.0), 0.0, 6.5).support() == (1.0, 6.0)
    assert Within(stats.gamma(2.0), -1.0, 2.5).support() == (0.0, 2.5)
    assert Within(spiked, 0.0, 3.0).atoms == () and Within(spiked, -1.0, 3.0).atoms == (0.0,)


def predictives():
    """Two laws of every family of one number, and of wrappers."""
    likelihoods = {name: family() for name, family in LIKELIHOODS.items()}
    likelihoods |= {"hurdle": Hurdle(), "zero_inflated": ZeroInflated(), "hurdle of gamma": Hurdle("gamma")}
    likelihoods |= {"truncated": Truncated("poisson", lower=1, upper=9), "censored": Censored("weibull")}
    for name, likelihood in likelihoods.items():
        if not isinstance(likelihood, LabelLikelihood):
            theta = likelihood.theta(list(Specimen(likelihood).points[:2].T))
            yield pytest.param(Predictive(likelihood, theta, 2), id=name)


@pytest.mark.parametrize("law", list(predictives()))
def test_quantiles_rise_from_the_least_value_to_the_largest(law):
    """scipy's quantile of 0 is -1 where counts begin at 0."""
    q = np.array([0.0, 1e-3, 0.25, 0.5, 0.9, 1.0])[:, None]
    quantiles, (least, largest) = law.ppf(q), law.support()
    assert (np.diff(quantiles, axis=0) >= 0).all()
    np.testing.assert_array_equal(quantiles[[0, -1]], [least, largest])
    np.testing.assert_allclose(law.median(), quantiles[3], rtol=1e-14)
    np.testing.assert_allclose(law.isf(q)[::-1][[0, -1]], [least, largest])
    np.testing.assert_allclose(law.isf(1 - q[2:5]), quantiles[2:5], rtol=1e-9)
    np.testing.assert_array_equal(law.interval(1.0), [least, largest])
    assert (law.cdf(np.nextafter(least, -np.inf)) == 0).all()
