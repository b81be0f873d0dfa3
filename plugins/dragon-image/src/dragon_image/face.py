"""``image.face``: where the faces in a picture are."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import TaskError
from dragon_framework.fields import Margin, Pixels, SourceUrl
from dragon_image.settings import ImageSettings

FaceType = Literal["front", "profile"]


class FaceDetectorError(TaskError):
    """The face detector that the service's settings name cannot be used."""

    code = "face_detector"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"the face detector {self.name!r} of this service cannot be used: {self.problem}"


class ImageFaceParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the analyzed image.")]
    show: Annotated[bool, Meta(description="If true, `shown` is written too: the image with the faces drawn.")] = False


class Face(Struct, frozen=True, kw_only=True):
    type: Annotated[FaceType, Meta(description="Whether it looks at the camera or to a side.")]
    x: Annotated[Margin, Meta(description="Left edge.")]
    y: Annotated[Margin, Meta(description="Upper edge.")]
    width: Annotated[Pixels, Meta(description="Width.")]
    height: Annotated[Pixels, Meta(description="Height.")]
    confidence: Annotated[float, Meta(ge=0, le=1, description="How certain it is that this is a face, 0 to 1.")]


class ImageFaceOutput(Output, frozen=True, kw_only=True):
    faces: Annotated[
        list[Face],
        Meta(
            description="The faces, with their rectangles in pixels of the upright image: those from the front first, "
            "then by confidence."
        ),
    ]


@task(
    "image.face",
    files=[
        OutputFile(
            "shown",
            "If asked for by `show`: the image, at most 1280 px a side, with the faces drawn and numbered.",
            media_types=("image/jpeg",),
            optional=True,
        )
    ],
    memory_bytes=4 * 2**30,  # a JPEG 2000 of 120 megapixels takes 2.9 GB
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._analysis",),
)
def image_face(parameters: ImageFaceParameters, ctx: TaskContext) -> ImageFaceOutput:
    """Return an array of positions of detected faces, with type and confidence.

    The image is turned as it was shot (EXIF), scaled to 533 px on its longer side (small ones
    grow at most twice as large), and laid on white where it is transparent; of an animation
    the first frame counts. So a face is found from 1/27 of the longer side on (150 px of
    4000), a profile from 1/16 on, and where it stands upright, give or take 15 degrees.

    The built-in detector is a pair of Haar cascades of OpenCV, one for faces from the front and
    one for profiles, which count only where there is no face from the front. Its confidence
    is n / (n + 20), where n is how many positions of the window around the face agree. The
    operator may choose another one (the setting `face_detector`).
    """
    from dragon_image._analysis import look_at
    from dragon_image._faces import in_whole_picture, open_driver
    from dragon_image._marks import show

    driver = open_driver(ctx.settings.face_detector, ctx.settings.face_model)
    path = ctx.fetch(parameters.url)
    seen = look_at(path, parameters.url, ctx, driver.side, grey=driver.grey, enlarge=driver.enlarge)
    faces = in_whole_picture(driver.find(seen.image), seen.image.size, seen.size)
    if parameters.show:
        show(path, parameters.url, ctx, boxes=[face[1:5] for face in faces])
    return ImageFaceOutput(
        faces=[
            Face(
                type=face.type,
                x=int(face.x),
                y=int(face.y),
                width=int(face.width),
                height=int(face.height),
                confidence=round(face.confidence, 4),
            )
            for face in faces
        ]
    )
