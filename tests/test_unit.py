"""Numbers between 0 and 1: Beta against mpmath, its identities and statsmodels."""

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit, logit
from statsmodels.othermod.betareg import BetaModel

from sklearn_mle import Beta, MLERegressor
from sklearn_mle.exceptions import BoundaryWarning


def table(n=500, phi=4.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    p = expit(X @ [0.5, -0.3, 0.2] + 0.4)
    return rng, X, np.clip(rng.beta(p * phi, (1 - p) * phi), 1e-12, 1 - 1e-12)


def exact(y, logit_mu, log_phi):
    with mp.workdps(80):
        phi = mp.exp(mp.mpf(float(log_phi)))
        a, b = (phi / (1 + mp.exp(sign * mp.mpf(float(logit_mu)))) for sign in (-1, 1))
        y = mp.mpf(float(y))
        return float(mp.loggamma(phi) - mp.loggamma(a) - mp.loggamma(b) + (a - 1) * mp.log(y) + (b - 1) * mp.log1p(-y))


def test_tails_and_ends_of_the_range():
    for y in (1e-300, 1e-17, 0.3, 0.5, 1 - 2**-53):
        for logit_mu in (-40.0, -3.0, 0.0, 30.0):
            for log_phi in (-40.0, -5.0, 0.0, 5.0, 30.0):
                found = Beta().log_prob(np.array([y]), logit_mu, np.exp(log_phi))[0]
                assert found == pytest.approx(exact(y, logit_mu, np.log(np.exp(log_phi))), rel=2e-12), (
                    y,
                    logit_mu,
                    log_phi,
                )


def test_a_huge_precision_is_a_gaussian():
    # phi = 1e12 at y within 5 standard deviations: scipy's logpdf has three digits left there.
    mu, phi = 0.3, 1e12
    sd = np.sqrt(mu * (1 - mu) / phi)
    for z in (-5, -1, 0, 2):
        y = mu + z * sd
        found = Beta().log_prob(np.array([y]), logit(mu), phi)[0]
        assert found == pytest.approx(exact(y, logit(mu), np.log(phi)), abs=1e-6)
        assert found == pytest.approx(stats.norm(mu, sd).logpdf(y), abs=1e-4)


def test_a_mirror_image():
    y = np.array([1e-9, 0.2, 0.5])
    eta = [np.array([0.7]), np.array([1.2])]
    there, here = Beta().taylor(y, eta, 2), Beta().taylor(1 - y[1:], [-eta[0], eta[1]], 2)
    np.testing.assert_allclose(there[0][1:], here[0], rtol=1e-14)
    np.testing.assert_allclose(there[1][0][1:], -here[1][0], rtol=1e-13)
    np.testing.assert_allclose(there[2][0][1][1:], -here[2][0][1], rtol=1e-13)


def test_outside_is_impossible():
    assert (Beta().log_prob(np.array([0.0, 1.0, -1.0, 2.0]), 0.3, 2.0) == -np.inf).all()
    with pytest.raises(ValueError, match=r"Beta models 0 < y < 1; y\[1\] is 1.0"):
        Beta().check(np.array([0.5, 1.0]))


@pytest.mark.parametrize("regressed", [None, "all"])
def test_beta_regression_is_that_of_statsmodels(regressed):
    _, X, y = table()
    model = MLERegressor("beta", regressed=regressed).fit(X, y)
    Z = sm.add_constant(X)
    peer = BetaModel(y, Z, exog_precision=Z if regressed else None).fit(method="newton", maxiter=200, disp=0, tol=1e-14)
    slopes = model.coefs_["phi"] if regressed else []
    found = np.r_[model.intercept_, model.coef_, model.intercepts_["phi"], slopes]
    np.testing.assert_allclose(found, peer.params, rtol=1e-7, atol=1e-8)
    assert model.log_likelihood_ == pytest.approx(peer.llf, rel=1e-12)


@pytest.mark.parametrize("phi", [0.02, 1.0, 1e8])
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_every_start_leads_to_the_one_maximum(phi, solver):
    _, X, y = table(phi=phi)
    model = MLERegressor("beta", solver=solver).fit(X, y)
    eta = [logit(model.predict(X)), model.intercepts_["phi"]]
    _, gradient, h = model.likelihood_.taylor(y, eta, 2)
    for k in range(2):  # 0, in units of its own standard deviation
        assert abs(gradient[k].sum()) < 1e-4 * np.sqrt(h[k][k].sum())
    far = MLERegressor("beta", solver=solver, warm_start=True).fit(X, 1 - y).fit(X, y)
    assert far.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-9)


def test_constant_y_has_no_maximum():
    _, X, _ = table()
    with pytest.warns(BoundaryWarning, match="phi"):
        model = MLERegressor("beta").fit(X, np.full(len(X), 0.3))
    np.testing.assert_allclose(model.predict(X), 0.3, rtol=1e-6)
