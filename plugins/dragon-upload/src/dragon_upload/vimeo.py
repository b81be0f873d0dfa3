"""``video.upload.vimeo``: hands a film to Vimeo."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import FieldErrors
from dragon_framework.fields import Bytes, CallbackUrl, Seconds, Secret, SecretOrEmpty, VideoUrl
from dragon_upload.errors import (  # noqa: F401  # the reference lists what a task's module knows
    OutcomeUnknownError,
    ProviderUnavailableError,
    QuotaError,
    UploadRefusedError,
)
from dragon_upload.limits import credential_problems
from dragon_upload.settings import UploadSettings

_TEXT = Meta(max_length=20_000)


class VimeoParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[VideoUrl, Meta(description="Video url to upload.")]
    title: Annotated[Annotated[str, _TEXT], Meta(description="Video title; Vimeo judges its length.")] = ""
    description: Annotated[Annotated[str, _TEXT], Meta(description="Video description; Vimeo judges its length.")] = ""
    consumer_key: Annotated[
        SecretOrEmpty, Meta(description="Application consumer key, of an OAuth 1 token; else empty.")
    ]
    consumer_secret: Annotated[
        SecretOrEmpty, Meta(description="Application consumer secret, of an OAuth 1 token; else empty.")
    ]
    access_token_key: Annotated[
        Secret,
        Meta(
            description="An access token with the scopes public, private and upload; or the user's OAuth 1 access "
            "token key."
        ),
    ]
    access_token_secret: Annotated[
        SecretOrEmpty, Meta(description="User access token secret, of an OAuth 1 token; else empty.")
    ]
    url_callback: Annotated[
        CallbackUrl | None, Meta(description="Where the final status is sent, as with every task.")
    ] = None
    privacy_view: Annotated[
        Literal["anybody", "contacts", "disable", "nobody", "unlisted", "users"] | None,
        Meta(description="Who may see the video; as the account has it, if left out."),
    ] = None

    def __post_init__(self) -> None:
        names = ("consumer_key", "consumer_secret", "access_token_key", "access_token_secret")
        problems = {name: credential_problems(getattr(self, name)) for name in names}
        if wrong := {name: texts for name, texts in problems.items() if texts}:
            raise FieldErrors(wrong)


class VimeoOutput(Output, frozen=True, kw_only=True):
    output: Annotated[str, Meta(description="URL of the uploaded video on Vimeo.", extra_json_schema={"format": "uri"})]
    free_space: Annotated[
        Bytes | None, Meta(description="Free bytes of the account after the upload; null if Vimeo does not tell.")
    ]
    uploaded_file_size: Annotated[Bytes, Meta(description="Bytes of the uploaded file.")]
    duration: Annotated[Seconds, Meta(description="Duration of the input video file, in seconds.")]
    warnings: Annotated[list[str], Meta(description="What is not as it was asked for, although the video is there.")]


@task(
    "video.upload.vimeo",
    queue="upload",
    seconds=6 * 3600.0,
    memory_bytes=2**30,
    settings=UploadSettings,
    section="upload",
    keeps_state=True,
    preload=("dragon_upload._vimeo",),
)
def video_upload_vimeo(parameters: VimeoParameters, ctx: TaskContext) -> VimeoOutput:
    """Upload a video from user url on Vimeo.

    `access_token_key` is an OAuth 2 access token, such as a personal one of developer.vimeo.com; the three other
    credentials are empty then. A token of OAuth 1 is converted with their help, by Vimeo's own endpoint.

    The task ends when Vimeo has the whole film, not when it can be watched. If the worker dies, another goes on
    where Vimeo says the upload is; there is never a second video. `progress` is `{"percent", "phase"}`, the
    phases being `fetch`, `send` and `confirm`.
    """
    from dragon_upload._uploading import Upload
    from dragon_upload._vimeo import Vimeo

    return VimeoOutput(**Upload(ctx, parameters.url, Vimeo(parameters, ctx)).run())
