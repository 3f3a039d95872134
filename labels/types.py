"""The table of label types: which FiftyOne field is annotated as what in CVAT. A new type is a row here and a file."""

from dataclasses import dataclass

from .classification import ClassificationCodec, RegressionCodec, ScalarCodec
from .codec import Codec
from .detection import DetectionCodec
from .keypoint import KeypointCodec
from .polyline import PolylineCodec
from .segmentation import SegmentationCodec
from .temporal import TemporalCodec


@dataclass(frozen=True)
class LabelType:
    """One of ``annotate()``'s label types.

    Args:
        codec: how its labels are drawn and read
        drawn_as: the type of its CVAT labels, which limits what annotators can draw
        field: the FiftyOne class of its fields; empty for plain values
        list_path: where the labels are in the field's document; empty if the field is the label
    """

    codec: Codec
    drawn_as: str
    field: str
    list_path: str = ""

    @property
    def many(self) -> bool:
        return bool(self.list_path)

    @property
    def of_videos(self) -> bool:
        """Whether only whole videos have such labels."""
        return isinstance(self.codec, TemporalCodec)


_CLASSIFICATION, _TEMPORAL, _DETECTION, _POLYLINE, _KEYPOINT = (
    ClassificationCodec(),
    TemporalCodec(),
    DetectionCodec(),
    PolylineCodec(),
    KeypointCodec(),
)

LABEL_TYPES: dict[str, LabelType] = {
    "classification": LabelType(_CLASSIFICATION, "tag", "Classification"),
    "classifications": LabelType(_CLASSIFICATION, "tag", "Classifications", "classifications"),
    "detection": LabelType(_DETECTION, "rectangle", "Detection"),
    "detections": LabelType(_DETECTION, "rectangle", "Detections", "detections"),
    "instance": LabelType(_DETECTION, "mask", "Detection"),
    "instances": LabelType(_DETECTION, "mask", "Detections", "detections"),
    "polyline": LabelType(_POLYLINE, "polyline", "Polyline"),
    "polylines": LabelType(_POLYLINE, "polyline", "Polylines", "polylines"),
    "polygon": LabelType(_POLYLINE, "polygon", "Polyline"),
    "polygons": LabelType(_POLYLINE, "polygon", "Polylines", "polylines"),
    "keypoint": LabelType(_KEYPOINT, "points", "Keypoint"),
    "keypoints": LabelType(_KEYPOINT, "points", "Keypoints", "keypoints"),
    "segmentation": LabelType(SegmentationCodec(), "mask", "Segmentation"),
    "temporal_detection": LabelType(_TEMPORAL, "tag", "TemporalDetection"),
    "temporal_detections": LabelType(_TEMPORAL, "tag", "TemporalDetections", "detections"),
    "regression": LabelType(RegressionCodec(), "tag", "Regression"),
    "scalar": LabelType(ScalarCodec(), "tag", ""),
}

FIELD_TYPES: dict[str, tuple[str, ...]] = {}
for _name, _type in LABEL_TYPES.items():
    FIELD_TYPES[_type.field] = (*FIELD_TYPES.get(_type.field, ()), _name)

NEW_FIELD_FOR: dict[str, str] = {
    "rectangle": "detections",
    "mask": "instances",
    "polygon": "polylines",
    "polyline": "polylines",
    "ellipse": "polylines",
    "cuboid": "polylines",
    "points": "keypoints",
    "skeleton": "keypoints",
    "tag": "classifications",
}
"""Where an object goes that no field of its run can hold, by its CVAT shape."""
