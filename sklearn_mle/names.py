"""What a wrong name may have meant."""

from difflib import get_close_matches


def suggestion(name, known):
    """A question, "Did you mean 'poisson'?", where one of the known names is close to the wrong one; else nothing."""
    spelt = {str(word).lower(): word for word in known}
    close = get_close_matches(str(name).lower(), spelt, n=1)
    return f" Did you mean {spelt[close[0]]!r}?" if close else ""
