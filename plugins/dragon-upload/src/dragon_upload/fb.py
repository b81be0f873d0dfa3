"""``video.upload.fb``: hands a film to a Page of Facebook."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import FieldErrors
from dragon_framework.fields import Seconds, Secret, SecretOrEmpty, VideoUrl
from dragon_upload.errors import (  # noqa: F401  # the reference lists what a task's module knows
    OutcomeUnknownError,
    ProviderUnavailableError,
    QuotaError,
    UploadRefusedError,
)
from dragon_upload.limits import credential_problems
from dragon_upload.settings import UploadSettings

_TEXT = Meta(max_length=65_535)


class FbParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[VideoUrl, Meta(description="URL of the source video.")]
    api_key: Annotated[
        SecretOrEmpty,
        Meta(description="Facebook API key, which is the app's id; with it a refusal of the token is explained."),
    ] = ""
    app_secret: Annotated[
        SecretOrEmpty,
        Meta(description="Facebook app secret; with it each call proves that it comes from the app."),
    ] = ""
    access_token: Annotated[
        Secret,
        Meta(
            description="Access token of the Page; or of a person who may publish to one Page alone, or to `page_id`."
        ),
    ]
    title: Annotated[Annotated[str, _TEXT], Meta(description="Video title; Facebook judges its length.")] = ""
    description: Annotated[
        Annotated[str, _TEXT], Meta(description="Video description; Facebook judges its length.")
    ] = ""
    page_id: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{1,32}$")] | None,
        Meta(description="Id of the Page to publish to, for the token of a person with several."),
    ] = None

    def __post_init__(self) -> None:
        names = ("api_key", "app_secret", "access_token")
        problems = {name: credential_problems(getattr(self, name)) for name in names}
        if wrong := {name: texts for name, texts in problems.items() if texts}:
            raise FieldErrors(wrong)


class FbOutput(Output, frozen=True, kw_only=True):
    output: Annotated[
        str, Meta(description="URL of the uploaded video on Facebook.", extra_json_schema={"format": "uri"})
    ]
    duration: Annotated[Seconds, Meta(description="Duration of the input video file, in seconds.")]
    warnings: Annotated[list[str], Meta(description="What is not as it was asked for, although the video is there.")]


@task(
    "video.upload.fb",
    queue="upload",
    seconds=6 * 3600.0,
    memory_bytes=2**30,
    settings=UploadSettings,
    section="upload",
    keeps_state=True,
    preload=("dragon_upload._facebook",),
)
def video_upload_fb(parameters: FbParameters, ctx: TaskContext) -> FbOutput:
    """Upload a video to Facebook.

    It is published on a Page; Facebook has let no app publish to a person's own profile since 2018. A token of a
    person is exchanged for that of the Page if exactly one Page can be meant.

    The task ends when Facebook has published the video, not when it has processed it. If the worker dies, another
    goes on where Facebook says the upload is; there is never a second video. `progress` is
    `{"percent", "phase"}`, the phases being `fetch`, `send` and `confirm`.
    """
    from dragon_upload._facebook import Facebook
    from dragon_upload._uploading import Upload

    return FbOutput(**Upload(ctx, parameters.url, Facebook(parameters, ctx)).run())
