"""Who fits: each function makes a Contender, which turns a problem, a rung of its ladder and threads into Ws."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from scipy.optimize import minimize

from sklearn_mle import MLEClassifier, MLEClassifierCV, MLERegressor, MLERegressorCV


@dataclass
class Contender:
    """A way to fit.

    Parameters
    ----------
    label, package : str
    fit : callable
        ``fit(problem, rung, threads)``: one W (K, 1 + p) for each alpha.
    rungs : tuple
        Tolerances (or epochs), from quick to exact.
    most_rows : int
        It is known not to finish with more.
    """

    label: str
    package: str
    fit: object
    rungs: tuple
    most_rows: float = np.inf

    @property
    def installed(self):
        return find_spec(self.package) is not None


TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)


def join(intercept, slopes):
    return np.column_stack([np.atleast_1d(intercept), np.atleast_2d(slopes)])


def ours(likelihood, label="sklearn_mle", rungs=(1e-4, 1e-6, 1e-8, 1e-10, None, 1e-15), **options):
    """MLERegressor or MLEClassifier by its default solver; along alphas by the path of the CV estimators."""
    labels = likelihood in ("bernoulli", "categorical")
    estimator, along = (MLEClassifier, MLEClassifierCV) if labels else (MLERegressor, MLERegressorCV)

    def fit(problem, rung, threads):
        X = problem.X if problem.table is None else problem.table
        exposure = None if problem.table is None else -1
        shared = {
            "l1_ratio": problem.l1_ratio, "fit_intercept": problem.intercept, "exposure": exposure, "tol": rung,
            "n_jobs": threads, "random_state": 0, **options,
        }  # fmt: skip
        if len(problem.alphas) > 1:
            models = along(likelihood, alphas=problem.alphas, **shared).path(X, problem.y, problem.weight)
        else:
            models = [estimator(likelihood, alpha=problem.alphas[0], **shared).fit(X, problem.y, problem.weight)]
        Ws = []
        for model in models:
            slopes = np.vstack([np.atleast_2d(b)[:, : problem.X.shape[1]] for b in model.coefs_.values()])
            Ws.append(join(np.concatenate([np.atleast_1d(b) for b in model.intercepts_.values()]), slopes))
        return Ws

    return Contender(label, "sklearn_mle", fit, rungs)


def ours_sgd():
    """The solver "sgd", by its number of epochs."""

    def fit(problem, rung, threads):
        model = MLEClassifier("bernoulli", solver="sgd", max_iter=rung, tol=0.0, n_jobs=threads, random_state=0)
        model.fit(problem.X, problem.y)
        return [join(model.intercept_, model.coef_)]

    return Contender("sklearn_mle sgd", "sklearn_mle", fit, (1, 2, 4, 8, 16, 32, 64))


# --- scikit-learn --------------------------------------------------------------------------------------------------


def scikit_logistic(solver, rungs=TOLERANCES):
    def fit(problem, rung, threads):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(
            C=problem.C, l1_ratio=problem.l1_ratio, solver=solver, tol=rung, max_iter=10_000,
            fit_intercept=problem.intercept,
        )  # fmt: skip
        model.fit(problem.X, problem.y)
        return [join(model.intercept_, model.coef_)]

    return Contender(f"scikit-learn {solver}", "sklearn", fit, rungs)


def scikit_glm(name, solver):
    """PoissonRegressor or GammaRegressor; exposures as frequencies and weights."""

    def fit(problem, rung, threads):
        from sklearn import linear_model

        model = getattr(linear_model, name)(alpha=problem.alphas[0], solver=solver, tol=rung, max_iter=1000)
        if problem.exposure is None:
            model.fit(problem.X, problem.y, problem.weight)
        else:
            model.fit(problem.X, problem.y / problem.exposure, problem.exposure)
        return [join(model.intercept_, model.coef_)]

    return Contender(f"scikit-learn {solver}", "sklearn", fit, TOLERANCES)


def scikit_least_squares(name, rungs=(None,), **options):
    def fit(problem, rung, threads):
        from sklearn import linear_model

        model = getattr(linear_model, name)(**options).fit(problem.X, problem.y)
        return [join(model.intercept_, model.coef_)]

    label = " ".join([name, *(value for value in options.values() if isinstance(value, str))])
    return Contender(f"scikit-learn {label}", "sklearn", fit, rungs)


def scikit_quantile():
    def fit(problem, rung, threads):
        from sklearn.linear_model import QuantileRegressor

        model = QuantileRegressor(quantile=0.8, alpha=0.0, solver="highs").fit(problem.X, problem.y)
        return [join(model.intercept_, model.coef_)]

    return Contender("scikit-learn highs", "sklearn", fit, (None,), most_rows=10_000)


def scikit_sgd():
    """SGDClassifier with averaging, by its number of epochs."""

    def fit(problem, rung, threads):
        from sklearn.linear_model import SGDClassifier

        model = SGDClassifier(loss="log_loss", penalty=None, average=True, max_iter=rung, tol=None, random_state=0)
        model.fit(problem.X, problem.y)
        return [join(model.intercept_, model.coef_)]

    return Contender("scikit-learn SGDClassifier", "sklearn", fit, (1, 2, 5, 10, 20, 50))


# --- glum, statsmodels ---------------------------------------------------------------------------------------------


def glum(family, label="glum", frame=False, **options):
    """GeneralizedLinearRegressor; several alphas by its own path; a frame with its own categories."""

    def fit(problem, rung, threads):
        from glum import GeneralizedLinearRegressor

        path = len(problem.alphas) > 1
        chosen = {"alpha_search": True, "alphas": np.array(problem.alphas)} if path else {"alpha": problem.alphas[0]}
        model = GeneralizedLinearRegressor(
            family=family, l1_ratio=problem.l1_ratio, gradient_tol=rung, max_iter=1000,
            fit_intercept=problem.intercept, **chosen, **options,
        )  # fmt: skip
        offset = None if problem.exposure is None else problem.offset
        model.fit(problem.frame if frame else problem.X, problem.y, sample_weight=problem.weight, offset=offset)
        if path:
            return [join(b, slopes) for b, slopes in zip(model.intercept_path_, model.coef_path_, strict=True)]
        return [join(model.intercept_, model.coef_)]

    return Contender(label, "glum", fit, TOLERANCES)


def statsmodels_glm(family):
    def fit(problem, rung, threads):
        import statsmodels.api as sm

        kind = getattr(sm.families, family)
        kind = kind(sm.families.links.Log()) if family == "Gamma" else kind()
        offset = None if problem.exposure is None else problem.offset
        model = sm.GLM(problem.y, sm.add_constant(problem.X), family=kind, offset=offset)
        w = model.fit(tol=rung, maxiter=100).params
        return [w[None]]

    return Contender("statsmodels GLM", "statsmodels", fit, (1e-8, 1e-12))


def statsmodels(name, rungs=(None,), **options):
    """A discrete or linear model of statsmodels.api."""

    def fit(problem, rung, threads):
        import statsmodels.api as sm

        model = getattr(sm, name)(problem.y, sm.add_constant(problem.X))
        tolerance = {} if rung is None else {"gtol": rung}
        w = np.asarray(model.fit(**options, **tolerance).params)
        p = problem.X.shape[1]
        rows = [w[: 1 + p]]
        if problem.constant:
            rows.append(np.append(np.log(w[1 + p :]), np.zeros(p)))
        return [np.array(rows)]

    return Contender(f"statsmodels {name}", "statsmodels", fit, rungs)


def statsmodels_quantile():
    def fit(problem, rung, threads):
        import statsmodels.api as sm

        w = sm.QuantReg(problem.y, sm.add_constant(problem.X)).fit(q=0.8, p_tol=rung, max_iter=10_000).params
        return [w[None]]

    return Contender("statsmodels QuantReg", "statsmodels", fit, (1e-4, 1e-6, 1e-8))


def scipy_by_hand(rungs=(1e-5, 1e-7, 1e-9)):
    """What one writes without a package: value and gradient in numpy, scipy's L-BFGS."""

    def fit(problem, rung, threads):
        free = problem.free()

        def value_and_gradient(w):
            value, gradient = problem.taylor(w.reshape(free.shape), problem.alphas[0])
            return value, (gradient * free).ravel()

        options = {"gtol": rung, "ftol": 0.0, "maxiter": 1000}
        w = minimize(value_and_gradient, np.zeros(free.size), jac=True, method="L-BFGS-B", options=options).x
        return [w.reshape(free.shape)]

    return Contender("numpy + scipy L-BFGS", "scipy", fit, rungs)


def statsmodels_heteroscedastic():
    """GenericLikelihoodModel: a log-likelihood by hand, its derivatives by differences."""

    def fit(problem, rung, threads):
        import statsmodels.api as sm
        from statsmodels.base.model import GenericLikelihoodModel

        Z = sm.add_constant(problem.X)
        d = Z.shape[1]

        class Both(GenericLikelihoodModel):
            def loglikeobs(self, params):
                return -problem.nll(self.endog, Z @ params[:d], Z @ params[d:])[0]

        w = Both(problem.y, Z).fit(np.zeros(2 * d), method="bfgs", gtol=rung, maxiter=1000, disp=0).params
        return [w.reshape(2, d)]

    return Contender("statsmodels generic", "statsmodels", fit, (1e-5,))


# --- l1 --------------------------------------------------------------------------------------------------------------


def skglm(datafit, rungs=(1e-3, 1e-5, 1e-7)):
    """GeneralizedLinearEstimator by ProxNewton; along alphas by warm starts."""

    def fit(problem, rung, threads):
        import skglm as package
        from skglm import datafits, penalties, solvers

        y = 2.0 * problem.y - 1 if datafit == "Logistic" else problem.y.astype(float)
        X = np.asfortranarray(problem.X)
        solver = solvers.ProxNewton(tol=rung, max_iter=100, fit_intercept=problem.intercept, warm_start=True)
        penalty = penalties.L1_plus_L2(problem.alphas[0], problem.l1_ratio)
        model = package.GeneralizedLinearEstimator(getattr(datafits, datafit)(), penalty, solver)
        Ws = []
        for alpha in problem.alphas:
            model.penalty.alpha = alpha
            model.fit(X, y)
            Ws.append(join(model.intercept_, model.coef_))
        return Ws

    return Contender("skglm", "skglm", fit, rungs)


def celer():
    def fit(problem, rung, threads):
        from celer import LogisticRegression

        X = np.asfortranarray(problem.X)
        model = LogisticRegression(C=problem.C, tol=rung, max_iter=200).fit(X, problem.y)
        return [join(0.0, model.coef_)]

    return Contender("celer", "celer", fit, (1e-4, 1e-6, 1e-8))
