"""The base of every error that a person can mend.

Its message names what is wrong and the remedy; the command line prints it without a traceback.
"""


class MendableError(Exception):
    """Something the person can change: an input, a setting, an installation."""
