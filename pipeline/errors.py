"""The one family of errors a user sees: one line that says what happened and what to do."""


class ItemstreamError(Exception):
    """Something the user can act on.

    The message is one line: what happened, to which record or setting, what to do. The command line prints it and ends
    with exit code 1; the stack trace is shown only with `--debug`.
    """

    exit_code = 1


class UsageError(ItemstreamError):
    """The command or a setting was given wrongly: exit code 2."""

    exit_code = 2
