"""Entropies, divergences and cross-entropies: identities, closed forms, scipy's integrals, and draws."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, special, stats

from sklearn_mle import (
    AsymmetricLaplace,
    Bernoulli,
    Beta,
    BetaBinomial,
    Binomial,
    Categorical,
    Exponential,
    Gamma,
    Gaussian,
    GaussianOnLabels,
    InverseGaussian,
    Laplace,
    Logistic,
    LogLogistic,
    LogNormal,
    MLERegressor,
    NegativeBinomial,
    Poisson,
    StudentT,
    Tweedie,
    fit_distribution,
    predict_dist,
)
from sklearn_mle.distributions import Discrete, Predictive
from sklearn_mle.likelihoods import LIKELIHOODS, Censored, Hurdle, LabelLikelihood, Truncated, ZeroInflated, entropies
from sklearn_mle.metrics import cross_entropy, kl_divergence

# What sums and quadratures promise: ten digits.
IN_NUMBERS = 1e-10


def of_three(family):
    """A likelihood, of labels with three classes where it can have them."""
    likelihood = family()
    several = issubclass(family, LabelLikelihood) and likelihood.multi_class
    return likelihood.with_classes(3) if several else likelihood


FAMILIES = {name: of_three(family) for name, family in LIKELIHOODS.items()} | {
    repr(likelihood): likelihood
    for likelihood in (
        Binomial(n=7),
        BetaBinomial(n=7),
        GaussianOnLabels().with_classes(2),
        AsymmetricLaplace(0.2),
        ZeroInflated(),
        ZeroInflated("negative_binomial", pi=0.3),
        Hurdle(),
        Hurdle("negative_binomial"),
        Hurdle("gamma"),
        Hurdle("log_logistic", pi=0.2),
        Truncated("gaussian", -0.5, 2.0),
        Truncated("student_t", lower=0.0),
        Truncated("poisson", lower=0.0),
        Truncated("negative_binomial", 0.0, 9.0),
        Censored("weibull"),
        Censored("poisson"),
    )
}
families = pytest.mark.parametrize("likelihood", FAMILIES.values(), ids=FAMILIES.keys())


def laws(likelihood, seed=0, n=12, spread=0.7):
    """n laws whose linear predictors are random."""
    rng, K = np.random.default_rng(seed), max(rows.stop for rows in likelihood.slices.values())
    eta = [spread * rng.standard_normal(n) for _ in range(K)]
    if isinstance(likelihood, Beta):
        eta[1] = eta[1] + 3  # near 1 floats are too coarse for densities that are infinite there
    return Predictive(likelihood, likelihood.theta(eta), n)


def law(likelihood, *theta):
    """Laws with these parameters, as `log_prob` has them."""
    theta = [np.atleast_1d(np.asarray(row, dtype=float)) for row in theta]
    return Predictive(likelihood, theta, max(map(len, theta)))


def log_prob(p, y):
    """log p(y) of the law of which `rvs` draws."""
    if isinstance(p.dist, Discrete):
        return p.logpmf(y)
    return Predictive(p.likelihood.of_dist, p.theta, len(p)).log_prob(y)


def in_numbers(p, q):
    with np.errstate(all="ignore"):
        return entropies.divergence_in_numbers(
            *(Predictive(law.likelihood.of_dist, law.theta, len(law)) for law in (p, q))
        )


# --- every family -----------------------------------------------------------------------------------------------------


@families
def test_cross_entropy_is_entropy_and_divergence(likelihood):
    p, q = laws(likelihood, 0), laws(likelihood, 1)
    h, divergence, both = p.entropy(), kl_divergence(p, q), cross_entropy(p, q)
    assert h.shape == divergence.shape == both.shape == (len(p),)
    assert np.isfinite(h).all() and (divergence > 0).all()
    np.testing.assert_allclose(both, h + divergence, rtol=1e-14)
    # What p's draws cost under p and under q.
    y = p.rvs(2000, random_state=0)
    rows = np.tile(np.arange(len(p)), len(y))
    for of, expected in ((p, h), (q, both)):
        costs = -log_prob(of[rows], y.ravel()).reshape(y.shape)
        error = costs.std(axis=0) / np.sqrt(len(y))
        assert (np.abs(costs.mean(axis=0) - expected) <= 6 * error + 1e-12).all()


@families
def test_a_law_is_at_no_distance_from_itself_alone(likelihood):
    p = laws(likelihood)
    np.testing.assert_array_equal(kl_divergence(p, p), 0.0)
    np.testing.assert_array_equal(in_numbers(p, p), 0.0)
    np.testing.assert_allclose(cross_entropy(p, p), p.entropy(), rtol=1e-15)


@families
def test_closed_forms_are_the_sums_and_integrals(likelihood):
    p, q = laws(likelihood, 2), laws(likelihood, 3)
    with np.errstate(all="ignore"):
        found = entropies.entropy(Predictive(likelihood.of_dist, p.theta, len(p)))
    np.testing.assert_allclose(p.entropy(), found, rtol=IN_NUMBERS, atol=IN_NUMBERS)
    np.testing.assert_allclose(kl_divergence(p, q), in_numbers(p, q), rtol=IN_NUMBERS)


@families
def test_small_steps_cost_half_of_their_square_in_information(likelihood):
    """KL(theta || theta + h) = h' I h / 2 + O(h^3), of the mean of both directions O(h^4)."""
    rng, K, n = np.random.default_rng(0), max(rows.stop for rows in likelihood.slices.values()), 6
    inner = likelihood.of_dist
    if not inner.smooth or inner.support.columns > 1:
        return
    eta, h = 0.5 * rng.standard_normal((K, n)), 1e-4 * rng.standard_normal((K, n))
    p, q = (Predictive(likelihood, likelihood.theta(list(rows)), n) for rows in (eta - h / 2, eta + h / 2))
    mean = 0.5 * (kl_divergence(p, q) + kl_divergence(q, p))
    if not inner.proper:
        return
    with np.errstate(all="ignore"):
        rows = inner.expected(list(eta))
    expected = 0.5 * sum(h[k] * rows[k][m] * h[m] for k in range(K) for m in range(K))
    np.testing.assert_allclose(mean, expected, rtol=1e-5)


# --- other implementations --------------------------------------------------------------------------------------------


def test_gaussians_by_the_formula():
    p, q = laws(Gaussian(), 0, 50), laws(Gaussian(), 1, 50)
    (mu, sigma), (nu, tau) = p.theta, q.theta
    expected = np.log(tau / sigma) + (sigma**2 + (mu - nu) ** 2) / (2 * tau**2) - 0.5
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-13)
    np.testing.assert_allclose(p.entropy(), 0.5 * np.log(2 * np.pi * np.e * sigma**2), rtol=1e-14)


@pytest.mark.parametrize(
    "name",
    [
        "gaussian",
        "student_t",
        "laplace",
        "asymmetric_laplace",
        "logistic",
        "gumbel",
        "gamma",
        "lognormal",
        "weibull",
        "log_logistic",
        "exponential",
        "beta",
    ],
)
def test_entropy_is_scipys(name):
    p = laws(FAMILIES[name], n=40)
    np.testing.assert_allclose(p.entropy(), p.to_scipy().entropy(), rtol=1e-10, atol=1e-12)


def test_labels_are_scipys():
    for likelihood in (Bernoulli(), FAMILIES["categorical"], FAMILIES["ordinal"], FAMILIES["gaussian_on_labels"]):
        p, q = laws(likelihood, 0), laws(likelihood, 1)
        ours, theirs = (of.dist.proba for of in (p, q))
        np.testing.assert_allclose(p.entropy(), stats.entropy(ours), rtol=1e-13)
        np.testing.assert_allclose(kl_divergence(p, q), stats.entropy(ours, theirs), rtol=1e-12)


def test_counts_are_scipys_sums():
    k = np.arange(150.0)
    for p, q in [
        (law(Poisson(), 4.2), law(NegativeBinomial(), 3.0, 0.7)),
        (law(NegativeBinomial(), 3.0, 0.7), law(Poisson(), 4.2)),
        (law(ZeroInflated(), 4.0, -1.0), law(Hurdle(), 3.0, -0.5)),
        (law(Binomial(n=30), 0.3), law(Poisson(), 9.0)),
        (law(BetaBinomial(n=30), 0.3, -1.0), law(Binomial(n=30), 0.1)),
    ]:
        ours, theirs = (np.exp(np.concatenate([of.log_prob(value) for value in k])) for of in (p, q))
        np.testing.assert_allclose(p.entropy(), stats.entropy(ours), rtol=1e-12)
        np.testing.assert_allclose(kl_divergence(p, q), special.rel_entr(ours, theirs).sum(), rtol=1e-11)


def by_quad(p, q, points):
    """-int p log q by scipy's quad; `points` cover p."""

    def cost(y):
        return -np.exp(p.log_prob(y)[0]) * q.log_prob(y)[0]

    return sum(integrate.quad(cost, *ends, epsabs=0, epsrel=1e-12, limit=200)[0] for ends in itertools.pairwise(points))


@pytest.mark.parametrize(
    "p, q, points",
    [
        (law(Gaussian(), 0.3, 1.2), law(Laplace(), 1.0, 0.4), [-12.0, 0.3, 1.0, 13.0]),
        (law(Gaussian(), 0.3, 1.2), law(StudentT(), -2.0, 0.01, 3.0), [-12.0, -2.1, -2.0, -1.9, 0.3, 13.0]),
        (law(Gaussian(), 0.3, 1.2), law(Logistic(), 0.5, 1e-4), [-12.0, 0.3, 0.499, 0.5, 0.501, 13.0]),
        (law(Logistic(), 0.3, 1.2), law(Gaussian(), 1.0, 2.0), [-50.0, -5.0, 0.3, 6.0, 50.0]),
        (law(Gamma(), 2.0, 0.5), law(LogNormal(), 0.5, 0.8), [1e-12, 0.01, 0.5, 2.0, 8.0, 50.0]),
        (law(Gamma(), 2.0, 0.5), law(Gaussian(), 2.0, 2.0), [0.0, 0.01, 0.5, 2.0, 8.0, 50.0]),
        (law(Beta(), 0.5, 6.0), law(Truncated("gaussian", 0.0, 1.0), 0.4, 0.5), [0.0, 0.1, 0.6, 0.9, 1.0]),
        (law(Laplace(), 0.0, 1.0), law(AsymmetricLaplace(0.2), 0.1, 0.3), [-45.0, -3.0, 0.0, 0.1, 3.0, 45.0]),
    ],
    ids=lambda value: type(value.likelihood).__name__ if isinstance(value, Predictive) else "",
)
def test_laws_of_two_families_are_integrals(p, q, points):
    np.testing.assert_allclose(p.entropy(), by_quad(p, p, points), rtol=1e-10)
    np.testing.assert_allclose(cross_entropy(p, q), by_quad(p, q, points), rtol=1e-10)


def test_point_masses_and_densities_add_up():
    p, q = law(Hurdle("gamma"), 2.0, 0.5, -1.0), law(Hurdle("lognormal"), 0.5, 0.8, 0.4)
    base, other = law(Gamma(), 2.0, 0.5), law(LogNormal(), 0.5, 0.8)
    odds = law(Bernoulli(), -1.0), law(Bernoulli(), 0.4)
    rest = special.expit(1.0)
    np.testing.assert_allclose(p.entropy(), odds[0].entropy() + rest * base.entropy(), rtol=1e-14)
    expected = kl_divergence(*odds) + rest * kl_divergence(base, other)
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=IN_NUMBERS)
    # Tweedie's exponential family in mu: half its unit deviance over phi.
    mu, nu, phi, power = 2.0, 3.5, 1.3, 1.4
    theta, kappa = (lambda m, e: m**e / e), 2 - power
    expected = (mu * (theta(mu, 1 - power) - theta(nu, 1 - power)) - theta(mu, kappa) + theta(nu, kappa)) / phi
    tweedies = [law(Tweedie(), m, phi, np.log((power - 1) / (2 - power))) for m in (mu, nu)]
    np.testing.assert_allclose(kl_divergence(*tweedies), expected, rtol=IN_NUMBERS)
    mixed = law(Hurdle("gamma"), 2.0, 0.5, -1.0)
    assert np.isfinite(kl_divergence(tweedies[0], mixed)) and np.isfinite(kl_divergence(mixed, tweedies[0]))


# --- far and hard -----------------------------------------------------------------------------------------------------


def test_counts_of_all_sizes():
    """Poisson: sums of 40 digits and, for large means, the expansion of the entropy; the geometric law's formula."""
    mu = np.array([1e-8, 1e-3, 1.0, 7.5, 1e6, 1e9, 1e12])
    with mp.workdps(40):

        def poisson(m):
            if m > 1e3:
                return mp.log(2 * mp.pi * mp.e * m) / 2 - 1 / (12 * m) - 1 / (24 * m**2)
            logs = [k * mp.log(m) - m - mp.loggamma(k + 1) for k in range(80)]
            return -sum(mp.exp(log) * log for log in logs)

        expected = [float(poisson(mp.mpf(m))) for m in mu]
        geometric = [float((m + 1) * mp.log(m + 1) - m * mp.log(m)) for m in map(mp.mpf, mu)]
    found = law(Poisson(), mu).entropy()
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    np.testing.assert_allclose(law(NegativeBinomial(), mu, 1.0).entropy(), geometric, rtol=1e-10)
    np.testing.assert_allclose(law(NegativeBinomial(), mu[:5], 1e-20).entropy(), found[:5], rtol=1e-12)
    # mu - nu (1 - log(nu / mu)) is of size h^2; NB of one alpha is an exponential family too.
    near = law(Poisson(), mu * (1 + 1e-5))
    np.testing.assert_allclose(kl_divergence(law(Poisson(), mu), near), mu * 5e-11, rtol=1e-5)
    np.testing.assert_allclose(in_numbers(law(Poisson(), mu), near), mu * 5e-11, rtol=1e-5)
    nu = 1.3 * mu
    for alpha in (1e-8, 1e-3, 1.0, 30.0, 1e4):
        with mp.workdps(40):
            m, n, a = [mp.mpf(value) for value in mu], [mp.mpf(value) for value in nu], mp.mpf(alpha)
            exact = [
                float(x * mp.log(x / y) - (x + 1 / a) * mp.log((1 + a * x) / (1 + a * y)))
                for x, y in zip(m, n, strict=True)
            ]
        p, q = law(NegativeBinomial(), mu, alpha), law(NegativeBinomial(), nu, alpha)
        np.testing.assert_allclose(kl_divergence(p, q), exact, rtol=1e-8)
    # A small dispersion: sum p log(p / q) is alpha^2 mu^2 / 4 to leading order.
    p = law(NegativeBinomial(), [1.0, 100.0], 1e-5)
    np.testing.assert_allclose(kl_divergence(p, law(Poisson(), [1.0, 100.0])), [2.5e-11, 2.5e-7], rtol=2e-3)


def test_positive_numbers_narrow_and_wide():
    for phi in (1e-12, 1e-6, 1.0, 1e4, 1e8):
        with mp.workdps(60):
            a, b = 1 / mp.mpf(phi), 1 / mp.mpf(1.2 * phi)
            entropy = a + mp.log(3 / a) + mp.loggamma(a) + (1 - a) * mp.digamma(a)
            step = mp.mpf(3) / mp.mpf(3.1)
            divergence = (a - b) * mp.digamma(a) - mp.loggamma(a) + mp.loggamma(b) + b * mp.log(a / b / step)
            divergence += b * step - a
        p, q = law(Gamma(), 3.0, phi), law(Gamma(), 3.1, 1.2 * phi)
        np.testing.assert_allclose(p.entropy(), float(entropy), rtol=1e-13)
        np.testing.assert_allclose(kl_divergence(p, q), float(divergence), rtol=1e-11)
    for mu, phi in [(1e-8, 1e-6), (1e-8, 1e4), (1.0, 1e-6), (40.0, 1.0), (1e8, 1e4), (1.0, 0.07), (1.0, 0.06)]:
        with mp.workdps(60):
            x = 2 / (mp.mpf(mu) * mp.mpf(phi))
            mean_log = mp.log(mp.mpf(mu)) - mp.exp(x) * mp.e1(x)
            entropy = float((mp.log(2 * mp.pi * mp.mpf(phi)) + 1 + 3 * mean_log) / 2)
        np.testing.assert_allclose(law(InverseGaussian(), mu, phi).entropy(), entropy, rtol=1e-12)


@pytest.mark.parametrize("phi", [1e-4, 1e-2, 1.0, 50.0, 1e6, 1e12])
def test_shares_narrow_and_at_the_ends(phi):
    def log_beta(a, b):
        return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)

    for logit in (-40.0, -3.0, 0.2, 20.0):
        for step, ratio in ((1e-3, 1.001), (-2 * logit, 7.0)):
            with mp.workdps(80):
                (a, b), (c, d) = (
                    (f / (1 + mp.exp(-x)), f / (1 + mp.exp(x)))
                    for x, f in ((mp.mpf(logit), mp.mpf(phi)), (mp.mpf(logit + step), mp.mpf(phi * ratio)))
                )
                of_a, of_b, of_sum = (mp.digamma(z) for z in (a, b, a + b))
                entropy = log_beta(a, b) - (a - 1) * of_a - (b - 1) * of_b + (a + b - 2) * of_sum
                divergence = log_beta(c, d) - log_beta(a, b) + (a - c) * of_a + (b - d) * of_b
                divergence += (c + d - a - b) * of_sum
            p, q = law(Beta(), logit, phi), law(Beta(), logit + step, phi * ratio)
            np.testing.assert_allclose(p.entropy(), float(entropy), rtol=1e-13)
            # Near 1 and almost equal, 1e-13 is left of terms of 1e-6.
            np.testing.assert_allclose(kl_divergence(p, q), float(divergence), rtol=1e-11, atol=1e-19)


def test_tails_of_students_t():
    df = np.array([0.05, 0.5, 1.0, 3.0, 100.0, 1e6, 1e15])
    p = law(StudentT(), 1.0, 2.0, df)
    with mp.workdps(40):
        expected = [
            float(
                (d + 1) / 2 * (mp.digamma((d + 1) / 2) - mp.digamma(d / 2))
                + mp.log(2 * mp.sqrt(d) * mp.beta(d / 2, 0.5))
            )
            for d in map(mp.mpf, df)
        ]
    np.testing.assert_allclose(p.entropy(), expected, rtol=1e-14)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(entropies.entropy(p), expected, rtol=IN_NUMBERS)
    # Two Cauchy laws: log((s + t)^2 + (m - n)^2) / (4 s t); Chyzak and Nielsen (2019), arXiv 1905.10965.
    cauchy = kl_divergence(law(StudentT(), 1.0, 2.0, 1.0), law(StudentT(), [1.5, 40.0], [3.0, 1e-3], 1.0))
    expected = np.log([(5**2 + 0.5**2) / 24, (2.001**2 + 39**2) / 0.008])
    np.testing.assert_allclose(cauchy, expected, rtol=IN_NUMBERS)
    # E z^2 = df / (df - 2) is infinite from df = 2 down; just above it comes from tails beyond all quantiles.
    df = np.array([0.5, 1.9, 2.0, 2.01, 2.1, 3.0, 1e6])
    p = law(StudentT(), 0.0, 1.0, df)
    with np.errstate(all="ignore"):
        expected = np.where(df > 2, 0.5 * np.log(2 * np.pi) + 0.5 * df / (df - 2), np.inf)
    np.testing.assert_allclose(cross_entropy(p, law(Gaussian(), 0.0, 1.0)), expected, rtol=1e-9)
    assert np.isfinite(kl_divergence(law(Gaussian(), 0.0, 1.0), p)).all()
    # Location and scale are those of the difference, however far out.
    far, near = (
        kl_divergence(law(StudentT(), at, 1.0, 4.0), law(StudentT(), at + 0.5, 1.5, 5.0)) for at in (2.0**30, 0.0)
    )
    np.testing.assert_array_equal(far, near)


def test_a_log_logistic_without_a_mean():
    """The divergence of log y, also where y is beyond all floats; of positive numbers without a mean it is infinite."""
    p, q = law(LogLogistic(), 1.0, 0.01), law(LogLogistic(), 2.0, 0.02)
    expected = kl_divergence(law(Logistic(), 0.0, 100.0), law(Logistic(), np.log(2.0), 50.0))
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-12)
    assert np.isposinf(kl_divergence(law(LogLogistic(), 1.0, [0.5, 0.9]), law(Exponential(), 1.0))).all()
    p = law(LogLogistic(), 1.0, 3.0)  # E Y = (pi / 3) / sin(pi / 3)
    np.testing.assert_allclose(
        cross_entropy(p, law(Exponential(), 1.0)), np.pi / 3 / np.sin(np.pi / 3), rtol=IN_NUMBERS
    )


@families
def test_far_from_the_data_it_is_no_nan(likelihood):
    """The linear predictors of a far row; KL of such laws, of which numbers may not be known, is not negative."""
    K = max(rows.stop for rows in likelihood.slices.values())
    ends = [np.array([-50.0, -20.0, 0.0, 20.0])] * min(K, 2) + [np.zeros(1)] * (K - 2)
    eta = [row.ravel() for row in np.meshgrid(*ends)]
    with np.errstate(all="ignore"):
        p = Predictive(likelihood, likelihood.theta(eta), len(eta[0]))
    closed = likelihood.of_dist.divergence is not None and not isinstance(likelihood, Hurdle)
    found = kl_divergence(p, p[::-1])
    assert not (found < 0).any()
    if closed:
        assert not np.isnan(found).any() and not np.isnan(p.entropy()).any()


# --- what cannot be, and shapes ---------------------------------------------------------------------------------------


def test_infinite_where_q_has_no_probability():
    inf = [
        (law(Gaussian(), [0.0, 60.0], 1.0), law(Gamma(), 1.0, 1.0)),
        (law(Gaussian(), [0.0, 60.0], 1.0), law(Truncated("gaussian", lower=-40.0), 0.0, 1.0)),
        (law(Gamma(), [1.0, 1e-3], 0.1), law(Beta(), 0.0, 3.0)),
        (law(Poisson(), [1e-3, 9.0]), law(Binomial(n=200), 0.0)),
        (law(Poisson(), [1.0, 900.0]), law(Truncated("poisson", lower=0.0), 2.0)),
        (law(Binomial(n=7), [0.0, 2.0]), law(Binomial(n=6), 0.0)),
    ]
    for p, q in inf:
        for found in (kl_divergence(p, q), cross_entropy(p, q)):
            assert np.isposinf(found).all()
        assert np.isfinite(kl_divergence(q, p)).any()
    certain = Predictive(GaussianOnLabels("identity").with_classes(2), [np.array([1.0, 0.4])], 2)  # P(y = 0) = 0, 0.6
    unsure = law(Bernoulli(), [0.3, 0.3])
    np.testing.assert_array_equal(np.isposinf(kl_divergence(unsure, certain)), [True, False])
    np.testing.assert_allclose(kl_divergence(certain, unsure)[0], -np.log(special.expit(0.3)), rtol=1e-13)
    assert certain.entropy()[0] == 0


def test_the_part_outside_a_support_counts():
    """KL of a truncated law from the whole one is minus the log of what is left, also where that is nearly all."""
    for lower in (-9.0, -6.0, -2.0, 0.5, 8.0):
        expected = -stats.norm.logsf(lower)
        p = law(Truncated("gaussian", lower=lower), 0.0, 1.0)
        np.testing.assert_allclose(kl_divergence(p, law(Gaussian(), 0.0, 1.0)), expected, rtol=1e-9)
    for mu in (1e-6, 0.3, 5.0, 20.0):
        p = law(Truncated("poisson", lower=0.0), mu)
        np.testing.assert_allclose(kl_divergence(p, law(Poisson(), mu)), -np.log1p(-np.exp(-mu)), rtol=1e-9)


def test_one_law_stands_for_all_rows():
    p, q = laws(NegativeBinomial(), n=5), law(Poisson(), 1.3)
    np.testing.assert_allclose(kl_divergence(p, q), [kl_divergence(row, q)[0] for row in p], rtol=1e-13)
    np.testing.assert_allclose(cross_entropy(q, p), [cross_entropy(q, row)[0] for row in p], rtol=1e-13)
    assert kl_divergence(p[:0], q).shape == (0,) and p[:0].entropy().shape == (0,)
    n = 2**14 + 3
    many = Predictive(Gamma(), [np.linspace(1, 2, n), np.array([0.5])], n)
    np.testing.assert_allclose(kl_divergence(many, q := law(Gamma(), 1.0, 0.4))[-3:], kl_divergence(many[-3:], q))
    np.testing.assert_array_equal(many.entropy()[-3:], many[-3:].entropy())


def test_other_measures_raise():
    count, number, mixed = law(Poisson(), 1.0), law(Gamma(), 1.0, 1.0), law(Tweedie(), 1.0, 1.0, 0.0)
    for p, q in [(count, number), (number, mixed), (mixed, count)]:
        for one, other in ((p, q), (q, p)):
            with pytest.raises(ValueError, match="probabilities and densities cannot be compared"):
                kl_divergence(one, other)
    with pytest.raises(ValueError, match="p has 3 rows and q has 2"):
        cross_entropy(laws(Poisson(), n=3), laws(Poisson(), n=2))
    with pytest.raises(TypeError, match="q is what predict_dist or fit_distribution returns; got rv_"):
        kl_divergence(number, stats.gamma(1.0))


def test_fitted_models_and_samples():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 2))
    y = rng.poisson(np.exp(0.5 * X[:, 0])).astype(float)
    p, q = (predict_dist(MLERegressor(name).fit(X, y), X) for name in ("poisson", "negative_binomial"))
    assert kl_divergence(p, q).shape == (200,) and kl_divergence(p, q).max() < 0.1
    whole = fit_distribution(y, "poisson")
    assert whole.entropy().shape == (1,) and kl_divergence(p, whole).shape == (200,)
    # Of an exponential family at its maximum, minus the mean log-likelihood of log y! aside: here of labels.
    labels = fit_distribution(np.repeat(["a", "b", "c"], [5, 3, 2]), "categorical")
    np.testing.assert_allclose(labels.entropy(), stats.entropy([0.5, 0.3, 0.2]), rtol=1e-6)
    # The fitted Gaussian's entropy is minus its mean log-likelihood.
    numbers = fit_distribution(X[:, 0])
    np.testing.assert_allclose(numbers.entropy(), -numbers.log_likelihood / 200, rtol=1e-12)


def test_a_familys_own_laws_need_no_closed_form():
    class Slash(Gaussian):
        """A user's likelihood with nothing but a density and a scipy law."""

        divergence = None

        def entropy(self, mu, sigma):
            return super(Gaussian, self).entropy(mu, sigma)

    p, q = laws(Slash(), 0), laws(Slash(), 1)
    np.testing.assert_allclose(p.entropy(), laws(Gaussian(), 0).entropy(), rtol=IN_NUMBERS)
    np.testing.assert_allclose(kl_divergence(p, q), kl_divergence(laws(Gaussian(), 0), laws(Gaussian(), 1)), rtol=1e-10)


def test_parameters_that_are_fixed_or_linked_change_no_law():
    assert entropies.alike(Gaussian(), Gaussian(sigma=2.0, link="inverse"))
    assert entropies.alike(Hurdle("gamma"), Hurdle(Gamma(phi=1.0), pi=0.3))
    assert not entropies.alike(Hurdle("gamma"), Hurdle("lognormal"))
    assert not entropies.alike(AsymmetricLaplace(0.3), AsymmetricLaplace(0.4))
    assert not entropies.alike(Binomial(n=3), Binomial(n=4))
    p, q = (law(AsymmetricLaplace(tau), 0.1, 0.3) for tau in (0.3, 0.4))
    assert kl_divergence(p, q) > 1e-3
    wide = Categorical().with_classes(4), Categorical().with_classes(3)
    p, q = laws(wide[0]), laws(wide[1])
    assert np.isposinf(kl_divergence(p, q)).all() and np.isfinite(kl_divergence(q, p)).all()
