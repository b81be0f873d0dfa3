"""The face detector YuNet: a small neural network, with the model file that the operator supplies.

W. Wu, H. Peng, S. Yu: YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence
Research 20, 2023. OpenCV runs it; the file (`face_detection_yunet_*.onnx`) is named by the
setting `face_model`. Stands on OpenCV; import it inside a task's function alone.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from dragon_image._faces import FoundFace
from dragon_image.face import FaceDetectorError, FaceType

_LEAST_SCORE = 0.6
_OVERLAP = 0.3  # of two faces that are one
_MOST = 1000  # candidates that are looked at
_TURNED = 0.5  # nose off the middle of the eyes, by their distance: one eye is at its height or behind it

cv2.setNumThreads(1)


class YuNetDriver:
    """Finds faces in colour and their eyes and nose, which tell profiles from faces from the front."""

    side = 640
    enlarge = 2.0
    grey = False

    def __init__(self, model: str) -> None:
        if not model:
            raise FaceDetectorError("yunet", "it needs the setting face_model, the path of its model file")
        if not Path(model).is_file():
            raise FaceDetectorError("yunet", "there is no file at face_model")
        try:
            self._detector: Any = cv2.FaceDetectorYN.create(
                model, "", (self.side, self.side), _LEAST_SCORE, _OVERLAP, _MOST
            )
        except cv2.error as error:
            raise FaceDetectorError("yunet", "the file at face_model is no model that OpenCV reads") from error

    def find(self, image: Image.Image) -> list[FoundFace]:
        """Return the faces with a score of at least 0.6, which is their confidence."""
        pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # BGR
        self._detector.setInputSize(image.size)
        try:
            _, rows = self._detector.detect(pixels)
        except cv2.error as error:
            raise FaceDetectorError("yunet", "the file at face_model is not the model of YuNet") from error
        return [face_of(row) for row in (() if rows is None else rows)]


def face_of(row: Any) -> FoundFace:
    """Return a row of OpenCV's `FaceDetectorYN` as a face.

    Args:
        row: x, y, width, height, x and y of right eye, left eye, nose, right and left corner
            of the mouth, score.
    """
    x, y, width, height, right_x, _, left_x, _, nose_x = (float(value) for value in row[:9])
    apart = abs(left_x - right_x)
    off = abs(nose_x - (left_x + right_x) / 2)
    kind: FaceType = "profile" if off > _TURNED * apart else "front"
    return FoundFace(kind, x, y, width, height, min(max(float(row[14]), 0.0), 1.0))
