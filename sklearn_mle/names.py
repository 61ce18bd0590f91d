"""What a wrong name may have meant."""

from difflib import get_close_matches

#: What others call the likelihoods.
ELSEWHERE = {
    **dict.fromkeys(["normal", "norm", "gauss", "ols", "linear", "least_squares", "squared_error"], "gaussian"),
    **dict.fromkeys(["t", "student", "studentt"], "student_t"),
    **dict.fromkeys(["mae", "lad", "absolute_error"], "laplace"),
    **dict.fromkeys(["quantile", "pinball", "ald"], "asymmetric_laplace"),
    **dict.fromkeys(["gumbel_r", "gev"], "gumbel"),
    **dict.fromkeys(["invgauss", "wald", "ig"], "inverse_gaussian"),
    **dict.fromkeys(["expon", "exp"], "exponential"),
    **dict.fromkeys(["fisk", "loglogistic"], "log_logistic"),
    **dict.fromkeys(["nb", "nb2", "nbinom", "negbin", "negbinom", "negativebinomial"], "negative_binomial"),
    **dict.fromkeys(["nb1", "negbin1"], "negative_binomial1"),
    **dict.fromkeys(["logit", "probit", "binary", "log_loss"], "bernoulli"),
    **dict.fromkeys(["softmax", "multinomial", "multinom", "mnlogit"], "categorical"),
    **dict.fromkeys(["polr", "ordered", "ordered_logit"], "ordinal"),
}


def suggestion(name, known):
    """A question, "Did you mean 'poisson'?", where one of the known names is close to the wrong one; else nothing."""
    spelt = {str(word).lower(): word for word in known}
    wrong = str(name).lower()
    meant = ELSEWHERE.get(wrong)
    close = [meant] if meant in spelt else get_close_matches(wrong, spelt, n=1)
    return f" Did you mean {spelt[close[0]]!r}?" if close else ""
