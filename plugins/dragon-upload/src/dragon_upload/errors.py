"""What can go wrong between a film and its provider.

    TaskError
    ├── UploadRefusedError        the provider refuses it, for good
    ├── QuotaError                a quota or a cap of the account, the channel or the app is used up
    ├── ProviderUnavailableError  the provider cannot be reached, or asks to come back later
    └── OutcomeUnknownError       everything was sent, and nobody can tell whether the film is published

Each text begins with a stable reason (`quotaExceeded: ...`): the provider's own word where it has one.
What a parameter is to blame for is the core's `InvalidParametersError`.
"""

from dragon_framework import TaskError


class _ReasonedError(TaskError):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class UploadRefusedError(_ReasonedError):
    """The provider refuses the film or the request; trying again does not help."""

    code = "upload_refused"


class QuotaError(_ReasonedError):
    """A quota of the account, the channel or the app is used up; try again when it is renewed."""

    code = "quota_exceeded"


class ProviderUnavailableError(_ReasonedError):
    """The provider could not be reached, or asked to come back later; nothing was published."""

    code = "provider_unavailable"
    transient = True


class OutcomeUnknownError(TaskError):
    """The film may have been published; look at the channel before you upload it again."""

    code = "outcome_unknown"

    def __init__(self, provider: str, problem: str) -> None:
        super().__init__(provider, problem)
        self.provider = provider
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"outcomeUnknown: the film may have been published, look at {self.provider} before you upload it again "
            f"({self.problem})"
        )
