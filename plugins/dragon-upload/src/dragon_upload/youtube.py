"""``video.upload.youtube``: hands a film to YouTube."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import FieldErrors
from dragon_framework.fields import ImageUrl, Seconds, Secret, SecretOrEmpty, VideoUrl
from dragon_upload.errors import (  # noqa: F401  # the reference lists what a task's module knows
    OutcomeUnknownError,
    ProviderUnavailableError,
    QuotaError,
    UploadRefusedError,
)
from dragon_upload.limits import (
    DESCRIPTION_BYTES,
    TITLE_CHARACTERS,
    credential_problems,
    description_problems,
    publish_at_problems,
    tags_problems,
    title_problems,
)
from dragon_upload.settings import UploadSettings

# The limits are told in the schema, and checked together in `__post_init__`: all that is wrong at once.
_TITLE = Meta(extra_json_schema={"maxLength": TITLE_CHARACTERS})
_DESCRIPTION = Meta(extra_json_schema={"maxLength": DESCRIPTION_BYTES})


class YoutubeParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[VideoUrl, Meta(description="URL of the source video.")]
    access_token: Annotated[
        Secret, Meta(description="Target user's access token with upload authorization (scope `youtube.upload`).")
    ]
    developer_key: Annotated[
        SecretOrEmpty, Meta(description="Youtube developer key of a registered app; YouTube does not ask for it today.")
    ] = ""
    title: Annotated[Annotated[str, _TITLE], Meta(description="Video title: 1 to 100 characters, without < and >.")]
    description: Annotated[
        Annotated[str, _DESCRIPTION],
        Meta(description="Video description: at most 5000 bytes in UTF-8, without < and >."),
    ] = ""
    tags: Annotated[
        list[str],
        Meta(description="Tags: at most 500 characters altogether, with commas, and quotes around those with a space."),
    ] = []  # noqa: RUF012  # msgspec makes a fresh one for each
    category_id: Annotated[int, Meta(ge=1, le=1000, description="Video category ID number; 22 is People & Blogs.")] = 22
    privacy_status: Annotated[
        Literal["public", "private", "unlisted"],
        Meta(description="Privacy status of the video: **public** unless you say otherwise."),
    ] = "public"
    publish_at: Annotated[
        Annotated[str, Meta(max_length=40)] | None,
        Meta(description="When YouTube makes a private video public: a time of ISO 8601 with its zone."),
    ] = None
    made_for_kids: Annotated[
        bool | None, Meta(description="Whether the video is made for kids; as the channel has it, if left out.")
    ] = None
    notify_subscribers: Annotated[
        bool, Meta(description="Whether the channel's subscribers are told of the video.")
    ] = True
    thumbnail_url: Annotated[
        ImageUrl | None, Meta(description="URL of a picture (JPEG or PNG) to show for the video.")
    ] = None
    playlist_id: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{2,64}$")] | None,
        Meta(description="Id of a playlist of the channel that the video is added to."),
    ] = None

    def __post_init__(self) -> None:
        problems = {
            "access_token": credential_problems(self.access_token),
            "developer_key": credential_problems(self.developer_key),
            "title": title_problems(self.title),
            "description": description_problems(self.description),
            "tags": tags_problems(self.tags),
            "publish_at": publish_at_problems(self.publish_at, self.privacy_status),
        }
        if wrong := {name: texts for name, texts in problems.items() if texts}:
            raise FieldErrors(wrong)


class YoutubeOutput(Output, frozen=True, kw_only=True):
    output: Annotated[
        str, Meta(description="URL of the uploaded video on Youtube.", extra_json_schema={"format": "uri"})
    ]
    duration: Annotated[Seconds, Meta(description="Duration of the input video file, in seconds.")]
    warnings: Annotated[list[str], Meta(description="What is not as it was asked for, although the video is there.")]


@task(
    "video.upload.youtube",
    queue="upload",
    seconds=6 * 3600.0,
    memory_bytes=2**30,
    settings=UploadSettings,
    section="upload",
    keeps_state=True,
    preload=("dragon_upload._youtube",),
)
def video_upload_youtube(parameters: YoutubeParameters, ctx: TaskContext) -> YoutubeOutput:
    """Upload a video to Youtube using the version 3 of the API with OAuth2 Bearer authentication.

    Register an app, and get an access token with the scope `https://www.googleapis.com/auth/youtube.upload`; it
    lives for about an hour, and the upload has to begin before its end.

    The task ends when YouTube has the whole film, not when it can be watched. If the worker dies, another goes on
    where YouTube says the upload is; there is never a second video. `progress` is `{"percent", "phase"}`, the
    phases being `fetch`, `send` and `confirm`. What fails after the upload (thumbnail, playlist) is in `warnings`.
    """
    from dragon_upload._uploading import Upload
    from dragon_upload._youtube import YouTube

    return YoutubeOutput(**Upload(ctx, parameters.url, YouTube(parameters, ctx)).run())
