"""scipy's special functions as ufuncs, through which derivatives can pass."""

import inspect

from scipy import special

# What families take from here instead of scipy.special: under SCIPY_ARRAY_API=1 most of its functions are Python
# functions around the ufunc, which a Jet cannot pass through.
betaln = inspect.unwrap(special.betaln)
digamma = inspect.unwrap(special.digamma)
erf = inspect.unwrap(special.erf)
erfc = inspect.unwrap(special.erfc)
erfcx = inspect.unwrap(special.erfcx)
expit = inspect.unwrap(special.expit)
exprel = inspect.unwrap(special.exprel)
gammaln = inspect.unwrap(special.gammaln)
log_expit = inspect.unwrap(special.log_expit)
log_ndtr = inspect.unwrap(special.log_ndtr)
loggamma = inspect.unwrap(special.loggamma)
logit = inspect.unwrap(special.logit)
ndtr = inspect.unwrap(special.ndtr)
ndtri = inspect.unwrap(special.ndtri)
psi = inspect.unwrap(special.psi)
xlog1py = inspect.unwrap(special.xlog1py)
xlogy = inspect.unwrap(special.xlogy)
zeta = inspect.unwrap(special.zeta)
