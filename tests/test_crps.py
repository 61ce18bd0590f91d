"""The CRPS: closed forms against the integral that defines it, published numbers, and any law in numbers."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, special, stats

from sklearn_mle import Bernoulli, Gaussian, NegativeBinomial, Poisson, StudentT, Tweedie
from sklearn_mle.distributions import Discrete, Predictive, WithSpike, crps
from sklearn_mle.likelihoods import LIKELIHOODS, Censored, LabelLikelihood, Likelihood, ZeroInflated

# What sums and quadratures promise: nine digits.
IN_NUMBERS = 1e-9


def by_quad(law, y):
    """int (F(t) - 1{y <= t})^2 dt, by scipy's quad from quantile to quantile."""
    q = np.array([1e-12, 1e-6, 1e-3, 0.03, 0.25])
    points = np.unique(np.concatenate([[y], law.ppf(q), [law.ppf(0.5)], law.isf(q)]))
    options = {"epsabs": 1e-12, "epsrel": 1e-10, "limit": 200}
    return sum(integrate.quad(lambda t: (law.cdf(t) - (y <= t)) ** 2, a, b, **options)[0] for a, b in pairwise(points))


def by_sum(pmf, y):
    """The same of the law with P(Y = k) = pmf[k]: a step function, constant between integers."""
    edges = np.unique(np.concatenate([np.arange(len(pmf) + 1.0), [y]]))
    cdf = np.concatenate([[0.0], np.cumsum(pmf), [1.0]])[np.clip(np.floor(edges[:-1]) + 1, 0, len(pmf)).astype(int)]
    return np.sum((cdf - (y <= edges[:-1])) ** 2 * np.diff(edges))


# --- closed forms -----------------------------------------------------------------------------------------------------

STATED = {
    name: family()
    for name, family in LIKELIHOODS.items()
    if family.crps is not Likelihood.crps and not issubclass(family, LabelLikelihood)
}


def predictives(likelihood, n=60):
    """Laws whose parameters, at random but for the first three rows, spread over the likelihood's range."""
    rng = np.random.default_rng(0)
    K = sum(rows.stop - rows.start for rows in likelihood.slices.values())
    return Predictive(likelihood, likelihood.theta([1.5 * rng.standard_normal(n) + 0.5 * k for k in range(K)]), n)


@pytest.mark.parametrize(
    "likelihood",
    [
        *STATED.values(),
        Gaussian(sigma=2.0),
        StudentT(df=3.0),
        ZeroInflated(),
        ZeroInflated("negative_binomial", pi=0.3),
    ],
    ids=repr,
)
def test_a_closed_form_is_the_integral(likelihood):
    assert likelihood.crps.__func__ is not Likelihood.crps
    p = predictives(likelihood)
    steps = np.where(likelihood.support.integer, 1.0, p.ppf(0.75) - p.ppf(0.25))
    for y in (p.rvs(random_state=1), p.ppf(0.5) - 20 * steps, p.ppf(0.5) + 5.3 * steps):
        expected = crps(p.dist, np.asarray(y, dtype=float))
        # No numbers of tails over dozens of decades; laws of StudentT and LogLogistic have none from 1/2 down.
        finite = expected < 1e12
        assert finite.mean() > 0.7
        np.testing.assert_allclose(p.crps(y)[finite], expected[finite], rtol=IN_NUMBERS)


def test_published_values_of_closed_forms():
    """R's scoringRules, tests/testthat/test-crps_*.R, to the digits printed there."""
    assert Gaussian().crps(-3.0, 0.0, 1.0) == pytest.approx(2.43657473, rel=1e-8)
    assert Gaussian().crps(-3 * 0.9 + 0.1, 0.1, 0.9) == pytest.approx(2.43657473 * 0.9, rel=1e-8)
    assert StudentT().crps(-3.0, 0.0, 1.0, 5.0) == pytest.approx(2.33875895, rel=1e-8)
    for y, size, p, expected in [
        (5, 100, 0.95, 0.53215257681),
        (1999797667, 200000.1, 0.0001, 1045062.81351203),  # printed: 1045062.81311; this is of 40 digits
        (44, 200.1, 0.82, 1.70859687251),
        (41, 200.1, 0.83, 1.63833674721),
        (222, 2000.1, 0.9, 3.66926727576),
        (2222, 20000.1, 0.9, 11.6114812752),
    ]:
        found = NegativeBinomial().crps(np.array([y]), size * (1 - p) / p, 1 / size)
        assert found == pytest.approx(expected, rel=5e-11)


@pytest.mark.parametrize(
    "law, y, expected",
    [
        (stats.gamma(1.1), 0.2, 0.399009355),
        (stats.beta(0.7, 1.1), 0.3, 0.0850102437),
        (stats.beta(0.7, 1.1, -5, 9), -3.0, 0.883206751),
        (stats.genpareto(0.0), 0.3, 0.281636441),
        (stats.genpareto(0.7), 0.3, 0.546254141),
        (stats.genpareto(-0.7), 0.3, 0.157583485),
        (stats.fisk(1 / 0.9, scale=np.exp(0.1)), 3.0, 1.13295277),
        (stats.lognorm(0.9, scale=np.exp(0.1)), 3.0, 1.13552645),
        (stats.laplace(), -3.0, 2.29978707),
        (stats.t(5), -3.0, 2.33875895),
        (stats.norm(), -3.0, 2.43657473),
    ],
    ids=lambda value: value.dist.name if hasattr(value, "dist") else None,
)
def test_published_values_in_numbers(law, y, expected):
    assert crps(law, np.array([y]))[0] == pytest.approx(expected, rel=5e-9)


def test_student_t_to_all_digits_about_one_degree_of_freedom():
    """The published formula has poles there that cancel: 50 digits of it against ours. inf from df = 1/2 down."""

    def published(z, df):
        with mp.workdps(50):
            z, df = mp.mpf(z), mp.mpf(df) + (mp.mpf(10) ** -20 if df == 1 else 0)
            half, nu = mp.mpf(1) / 2, df / (df + z * z)
            tail = mp.betainc(df / 2, half, 0, nu, regularized=True)
            density = mp.gamma((df + 1) / 2) / mp.gamma(df / 2) / mp.sqrt(mp.pi * df) * nu ** ((df + 1) / 2)
            last = 2 * mp.sqrt(df) / (df - 1) * mp.beta(half, df - half) / mp.beta(half, df / 2) ** 2
            return float(abs(z) * (1 - tail) + 2 * density * (df + z * z) / (df - 1) - last)

    z = np.array([0.0, 1e-3, -0.4, 1.7, -30.0, 1e6])
    for df in (0.51, 0.7, 0.9, 0.99, 1 - 1e-7, 1.0, 1 + 1e-12, 1.01, 1.1, 1.5, 4.0, 100.0, 1e5):
        np.testing.assert_allclose(StudentT().crps(z, 0.0, 1.0, df), [published(x, df) for x in z], rtol=2e-14)
    for df in (0.5, 0.3):
        assert np.isposinf(StudentT().crps(z, 0.0, 1.0, df)).all()
    np.testing.assert_allclose(StudentT().crps(z, 0.3, 2.0, 1e12), Gaussian().crps(z, 0.3, 2.0), rtol=1e-11)


def of_lognormal(y, mu, sigma):
    z, mean = (mp.log(y) - mu) / sigma, mp.exp(mu + sigma**2 / 2)
    return y * (2 * mp.ncdf(z) - 1) - 2 * mean * (mp.ncdf(z - sigma) + mp.ncdf(sigma / mp.sqrt(2)) - 1)


def of_gamma(y, mu, phi):
    a, x = 1 / phi, y / mu / phi
    cdf, next_cdf = (mp.gammainc(k, 0, x, regularized=True) for k in (a, a + 1))
    return y * (2 * cdf - 1) - mu * (2 * next_cdf - 1) - mu * phi / mp.beta(0.5, a)


def of_weibull(y, scale, shape):
    t, mean = (y / scale) ** shape, scale * mp.gamma(1 + 1 / shape)
    part = mp.gammainc(1 + 1 / shape, 0, t, regularized=True)
    return y * (1 - 2 * mp.exp(-t)) + mean * (mp.mpf(2) ** (-1 / shape) - 2 * part)


def of_beta(y, logit, phi):
    mean, inside = 1 / (1 + mp.exp(-logit)), min(max(y, 0), 1)
    a, b = mean * phi, (1 - mean) * phi
    cdf, next_cdf = (mp.betainc(k, b, 0, inside, regularized=True) for k in (a, a + 1))
    return y * (2 * cdf - 1) + mean * (1 - 2 * next_cdf) - 2 / phi * mp.beta(2 * a, 2 * b) / mp.beta(a, b) ** 2


@pytest.mark.parametrize(
    "likelihood, published, shapes, y, digits",
    [
        ("lognormal", of_lognormal, (1e-4, 0.1, 0.499, 0.5, 3.0, 20.0), (1e-8, 0.3, 1.0, 1.7, 1e9), 1e-11),
        ("gamma", of_gamma, (0.01, 0.3, 1.0, 30.0), (1e-3, 0.96, 1.0, 1.07, 9.0), 1e-12),
        ("weibull", of_weibull, (0.5, 1.0, 30.0, 9e3), (1e-3, 0.96, 1.0, 1.0001), 1e-10),
        ("beta", of_beta, (0.3, 1.0, 50.0), (-1.0, 1e-3, 0.4, 0.73, 2.0), 1e-13),
    ],
)
def test_closed_forms_of_narrow_and_of_wide_laws(likelihood, published, shapes, y, digits):
    """Published formulas in many digits, of which narrow laws lose as many as they have, and wide ones more."""
    position = 0.0 if likelihood == "lognormal" else 1.0
    with mp.workdps(250 if likelihood == "lognormal" else 40):
        for shape in shapes:
            expected = [float(published(mp.mpf(value), mp.mpf(position), mp.mpf(shape))) for value in y]
            with np.errstate(all="ignore"):  # as Predictive has it
                found = LIKELIHOODS[likelihood]().crps(np.array(y), position, np.array([shape]))
            np.testing.assert_allclose(found, expected, rtol=digits, err_msg=str(shape))


def test_counts_to_all_digits():
    """Against sums over the family's own log_prob, which has no rounding of scipy's p; between integers too."""
    for mu in (1e-3, 0.4, 7.0, 900.0):
        for alpha in (0.0, 1e-14, 1e-6, 0.05, 2.0):
            k = np.arange(mu + 60 * np.sqrt(mu + alpha * mu * mu) * (1 + alpha) + 100)
            family, theta = (NegativeBinomial(), (mu, alpha)) if alpha else (Poisson(), (mu,))
            pmf = np.exp(family.log_prob(k, *theta))
            y = np.array([0.0, 0.25, 1.0, np.floor(mu) + 1, mu + 0.3, -2.5, np.floor(2 * mu) + 3])
            expected = [by_sum(pmf, value) for value in y]
            np.testing.assert_allclose(family.crps(y, *theta), expected, rtol=1e-11, err_msg=f"{mu}, {alpha}")


def test_counts_far_out():
    """Poisson of 1e6, of 40 digits: at its mean E|Y - y| = 2 mu p(mu), and E|Y - Y'| by Bessel functions."""
    with mp.workdps(40):
        mu = mp.mpf(10) ** 6
        pmf = mp.exp(mu * mp.log(mu) - mu - mp.loggamma(mu + 1))
        exact = float(mu * (2 * pmf - mp.exp(-2 * mu) * (mp.besseli(0, 2 * mu) + mp.besseli(1, 2 * mu))))
    assert Poisson().crps(np.array([1e6]), 1e6)[0] == pytest.approx(exact, rel=1e-13)
    # Far from all of it, the distance is what is left.
    for family, theta in [(Poisson(), (3.0,)), (NegativeBinomial(), (3.0, 0.5)), (Gaussian(), (3.0, 1.0))]:
        assert family.crps(np.array([1e12]), *theta)[0] == pytest.approx(1e12, rel=1e-11)


@pytest.mark.parametrize("mu, alpha", [(0.3, 1e-3), (50.0, 0.2), (1000.0, 1.0), (20.0, 300.0)])
def test_the_mean_difference_is_the_published_hypergeometric_function(mu, alpha):
    from sklearn_mle.likelihoods.negative_binomial import half_mean_difference

    with mp.workdps(40):
        x = mp.mpf(alpha) * mu
        expected = mu * (1 + x) * mp.hyp2f1(1 + 1 / mp.mpf(alpha), 0.5, 2, -4 * x * (1 + x))
    assert half_mean_difference(mu, alpha) == pytest.approx(float(expected), rel=1e-14)


# --- identities -------------------------------------------------------------------------------------------------------


def test_it_is_the_absolute_error_of_a_point():
    y = np.array([-3.0, 0.0, 2.5])
    np.testing.assert_allclose(Gaussian().crps(y, 1.0, 1e-13), np.abs(y - 1), rtol=1e-12)
    np.testing.assert_allclose(Poisson().crps(y, 0.0), np.abs(y), rtol=1e-15)


def test_it_moves_and_stretches_with_y():
    y = np.linspace(-5, 9, 8)
    for family, shape in [(Gaussian(), ()), (StudentT(), (3.0,))]:
        np.testing.assert_allclose(
            family.crps(7 + 3 * y, 7 + 3 * 0.4, 3.0, *shape), 3 * family.crps(y, 0.4, 1.0, *shape)
        )


def test_it_is_the_brier_score_of_two_classes():
    p = Predictive(Bernoulli(), [special.logit(np.array([0.1, 0.5, 0.9]))], 3)
    np.testing.assert_allclose(p.crps(np.ones(3)), [0.81, 0.25, 0.01], rtol=1e-12)
    np.testing.assert_allclose(p.crps(np.zeros(3)), [0.01, 0.25, 0.81], rtol=1e-12)


def test_it_is_the_ranked_probability_score_of_classes():
    pmf = np.array([0.1, 0.2, 0.4, 0.3])
    law = Discrete(list(np.log(pmf)[:, None]))
    for y in range(4):
        expected = np.sum((np.cumsum(pmf) - (y <= np.arange(4)))[:-1] ** 2)
        np.testing.assert_allclose(crps(law, np.array([float(y)])), [expected], rtol=1e-13)


def test_the_true_law_has_the_least_expectation():
    rng = np.random.default_rng(0)
    y = rng.gamma(2.0, 1.0, 1000)
    scores = {shape: crps(stats.gamma(shape), y).mean() for shape in (1.6, 1.8, 2.0, 2.2, 2.5)}
    assert min(scores, key=scores.get) == 2.0
    # E CRPS(F, Y) = E|Y - Y'| / 2, whose standard error is about 0.02
    np.testing.assert_allclose(scores[2.0], np.abs(y - rng.permutation(y)).mean() / 2, atol=0.08)


def test_a_censored_family_is_scored_on_its_latent_variable():
    y = np.array([0.3, -2.0])
    p = Predictive(Censored(), [np.array([0.5]), np.array([2.0])], 2)
    np.testing.assert_allclose(p.crps(y), Gaussian().crps(y, 0.5, 2.0), rtol=IN_NUMBERS)


def test_nan_stays_nan():
    y = np.array([np.nan, 1.0])
    for family, theta in [
        (Gaussian(), [np.zeros(1), np.ones(1)]),
        (StudentT(), [np.zeros(1), np.ones(1), np.full(1, 4.0)]),
        (Poisson(), [np.ones(1)]),
        (NegativeBinomial(), [np.ones(1), np.ones(1)]),
        (ZeroInflated(), [np.ones(1), np.zeros(1)]),
    ]:
        assert np.isnan(Predictive(family, theta, 2).crps(y)).tolist() == [True, False]
    for law in (stats.gamma([2.0, np.nan]), stats.poisson([2.0, np.nan]), stats.norm([0.0, np.nan])):
        assert np.isnan(crps(law, np.ones(2))).tolist() == [False, True]


@pytest.mark.parametrize("likelihood", STATED.values(), ids=STATED.keys())
def test_far_from_the_data_it_is_no_nan(likelihood):
    """The linear predictors of a far row: means of 0 and infinity as floats among them."""
    ends = np.array([-1e10, -800.0, -50.0, 0.0, 50.0, 800.0, 1e10])
    K = sum(rows.stop - rows.start for rows in likelihood.slices.values())
    eta = [row.ravel() for row in np.meshgrid(*[ends] * K)]
    with np.errstate(over="ignore"):
        p = Predictive(likelihood, likelihood.theta(eta), len(eta[0]))
    for y in (0.0, 7.0, 1e9):
        assert (p.crps(y) >= 0).all()


def test_many_rows_are_those_of_their_parts():
    n = 2**14 + 7
    p = Predictive(StudentT(), [np.linspace(-1, 1, n), np.ones(1), np.full(1, 5.0)], n)
    y = p.rvs(random_state=0)
    np.testing.assert_array_equal(p.crps(y)[-10:], p[-10:].crps(y[-10:]))
    np.testing.assert_array_equal(p.crps(y)[:10], p[:10].crps(y[:10]))


# --- any law, in numbers ----------------------------------------------------------------------------------------------


class Steps:
    """P(Y = at[j]) = p[j]: a law without a pmf, whose cdf is all jumps."""

    def __init__(self, at, p):
        self.at, self.p = np.array(at), np.array(p)

    def cdf(self, y):
        return np.sum(self.p * (self.at <= np.asarray(y)[..., None]), axis=-1)

    def sf(self, y):
        return np.sum(self.p * (self.at > np.asarray(y)[..., None]), axis=-1)

    def ppf(self, q):
        return self.at[np.minimum(np.searchsorted(np.cumsum(self.p), q), len(self.p) - 1)]


def test_jumps_cost_no_digits():
    at, p = np.array([-1.0, 0.3, 0.31, 40.0]), np.array([0.3, 0.5, 0.15, 0.05])
    y = np.concatenate([np.linspace(-3, 50, 60), at])
    # E|Y - y| - E|Y - Y'| / 2
    expected = np.abs(at - y[:, None]) @ p - 0.5 * p @ np.abs(at - at[:, None]) @ p
    np.testing.assert_allclose(crps(Steps(at, p), y), expected, rtol=IN_NUMBERS)


def test_a_gap_between_two_hills():
    """A mixture of Gaussians: Grimit et al. (2006), The continuous ranked probability score for circular variables."""
    weight, mu, sigma = np.array([0.3, 0.7]), np.array([-40.0, 3.0]), np.array([0.5, 1.0])

    class Mixture(Steps):
        def __init__(self):
            self.at, self.p = None, None

        def cdf(self, y):
            return stats.norm.cdf(np.asarray(y)[..., None], mu, sigma) @ weight

        def sf(self, y):
            return stats.norm.sf(np.asarray(y)[..., None], mu, sigma) @ weight

        def ppf(self, q):
            return {0.0: -np.inf, 0.25: -39.5, 0.75: 3.4, 1.0: np.inf}[q]  # roughly: they only set the scale

    def A(m, s):
        return m * (2 * stats.norm.cdf(m / s) - 1) + 2 * s * stats.norm.pdf(m / s)

    between = weight @ A(mu - mu[:, None], np.hypot(sigma, sigma[:, None])) @ weight
    y = np.array([-60.0, -40.3, -20.0, 2.0, 3.0, 1e3, 1e9])
    expected = [weight @ A(value - mu, sigma) - 0.5 * between for value in y]
    np.testing.assert_allclose(crps(Mixture(), y), expected, rtol=IN_NUMBERS)


def test_heavy_tails_and_distant_values():
    far = np.array([-1e8, -60.0, 0.0, 60.0, 1e8])
    for df in (0.6, 0.8, 1.0, 2.0):
        np.testing.assert_allclose(crps(stats.t(df), far), StudentT().crps(far, 0.0, 1.0, df), rtol=1e-8)
    z = np.concatenate([np.linspace(-3, 3, 25), 10.0 ** np.arange(-3, 13)])
    np.testing.assert_allclose(crps(stats.norm(0, 1), z), Gaussian().crps(z, 0.0, 1.0), rtol=IN_NUMBERS)
    y = np.abs(z)
    np.testing.assert_allclose(crps(stats.expon(), y), y - 1.5 + 2 * np.exp(-y), rtol=IN_NUMBERS)


def test_singular_ends_of_the_support():
    u = np.linspace(-2, 3, 41)
    expected = np.where(u < 0, 1 / 3 - u, np.where(u > 1, u - 2 / 3, (u**3 + (1 - u) ** 3) / 3))
    np.testing.assert_allclose(crps(stats.uniform(), u), expected, rtol=IN_NUMBERS)
    for law in (stats.gamma(0.2), stats.beta(0.3, 0.4), stats.invgauss(2.0)):
        for y in (law.ppf(0.6), -3.0):
            # quad's own error at the singularity
            np.testing.assert_allclose(crps(law, np.array([y])), [by_quad(law, y)], rtol=1e-7)


def test_rows_of_a_law_do_not_disturb_one_another():
    shape, y = np.array([0.02, 1.0, 400.0]), np.array([1e-3, 1e5, 390.0])
    alone = [crps(stats.gamma(a), np.array([value]))[0] for a, value in zip(shape, y, strict=True)]
    np.testing.assert_allclose(crps(stats.gamma(shape), y), alone, rtol=1e-10)


def test_infinite_where_the_tail_is_too_heavy():
    assert np.isposinf(crps(stats.t(np.array([0.3, 0.5])), np.zeros(2))).all()
    assert np.isposinf(crps(stats.genpareto(2.5), np.ones(1))).all()


def test_laws_of_counts():
    pmf = stats.binom(12, 0.3).pmf(np.arange(13))
    for y in (-4.0, 0.0, 2.5, 3.0, 12.0, 40.0):
        np.testing.assert_allclose(crps(stats.binom(12, 0.3), np.array([y])), [by_sum(pmf, y)], rtol=1e-12)
    k = np.arange(-40, 41)
    law = stats.skellam(2.0, 3.0)
    for y in (-50.0, -3.0, 0.5, 60.0):
        expected = np.abs(k - y) @ law.pmf(k) - 0.5 * law.pmf(k) @ np.abs(k - k[:, None]) @ law.pmf(k)
        np.testing.assert_allclose(crps(law, np.array([y])), [expected], rtol=IN_NUMBERS)
    # 1e4 wide, and 1e7 away from it
    np.testing.assert_allclose(
        crps(stats.poisson(1e4), np.array([1e4, 1e7])), Poisson().crps(np.array([1e4, 1e7]), 1e4), rtol=IN_NUMBERS
    )


def test_counts_with_the_tail_of_a_power():
    """P(Y > k) = zeta(s, k + 1) / zeta(s) falls as k^(1 - s): all but 2e5 terms by their expansion in 1 / k."""

    class Zipf:
        def __init__(self, s):
            self.s, self.total = s, special.zeta(s, 1)

        pmf = None

        def sf(self, k):
            return np.where(k < 1, 1.0, special.zeta(self.s, np.maximum(k, 0) + 1.0) / self.total)

        def cdf(self, k):
            return 1 - self.sf(k)

        def ppf(self, q):
            return np.where(q > 0.5, np.inf, 1.0)

    N = 200_000
    k = np.arange(1.0, N)
    for s in (3.0, 2.0):
        law, C = Zipf(s), 1 / ((s - 1) * special.zeta(s, 1))
        rest = C * C * (N ** (3 - 2 * s) / (2 * s - 3) + N ** (2 - 2 * s) * (0.5 - (s - 1) / (2 * s - 2)))
        squares = law.sf(k) ** 2
        for y in (1.0, 10.0) if s > 2 else (2.0,):
            expected = np.sum(law.cdf(k[k < y]) ** 2) + np.sum(squares[k >= y]) + rest
            np.testing.assert_allclose(crps(law, np.array([y])), [expected], rtol=1e-9)
    assert np.isposinf(crps(Zipf(1.4), np.ones(1))).all()


def test_a_mixture_with_a_spike_is_its_parts():
    y = np.array([-2.0, 0.0, 0.5, 3.0])
    for base in (stats.norm([0.0, 1.0, 2.0, 3.0], 1.5), stats.gamma(2.0), stats.poisson(3.0)):
        law = WithSpike(base, np.array([0.3, 0.2, 0.9, 0.0]), at=0.5 if hasattr(base, "pdf") else 2.0)

        class Unstated:  # the same law, that does not know its CRPS
            cdf, sf, ppf = law.cdf, law.sf, law.ppf

        if hasattr(base, "pmf"):
            Unstated.pmf = law.pmf
        np.testing.assert_allclose(crps(law, y), crps(Unstated(), y), rtol=IN_NUMBERS)


@pytest.mark.parametrize("y", [0.0, 1.0, 3.0])
def test_tweedie_of_power_near_1_is_nearly_poisson_and_needs_little_memory(y):
    law, near = Tweedie().dist(np.array([1.2]), 1.0, np.log(1e-12)), stats.poisson(1.2)  # log-odds of power - 1
    assert law.sf(1e20) == 0 and law.cdf(1e20) == pytest.approx(
        1
    )  # the sum that they are has 1e10 terms, all below 1e-300
    assert crps(law, np.array([y])) == pytest.approx(crps(near, np.array([y])), rel=1e-5)
