"""The one exception for what a user can mend; bugs keep their traceback."""

from __future__ import annotations


class InputError(Exception):
    """Something the user gave is wrong: the message names what, where, and the rule that it breaks.

    Parameters
    ----------
    message : one line for a person: argument or file, value, rule.
    code : short machine-readable reason, e.g. "empty-file"; stands in the failure ledger.
    hint : how to mend it, one sentence, or "".
    """

    def __init__(self, message: str, *, code: str = "input", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith(('?', '!', '.')) else '.'} {self.hint}"

    def __reduce__(self) -> tuple[object, tuple[str, str, str]]:
        """Travel between processes with code and hint (a plain Exception would lose the keywords)."""
        return _rebuild, (self.message, self.code, self.hint)


def _rebuild(message: str, code: str, hint: str) -> InputError:
    return InputError(message, code=code, hint=hint)
