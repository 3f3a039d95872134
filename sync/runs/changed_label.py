"""A label that a load changes: which one, and how it was and is."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ...labels.shapes import CvatShape, Size


class ChangedLabel(BaseModel):
    """A label that a load changes.

    Args:
        what: what happens to it
        field, sample_id, label_id: where it is; of a label on a frame, the sample is the video
        frame: which frame of a video, from 1; ``None`` of an image
        name: its class, as it is in the end; empty if it has none
        was, now: its values before and after, as far as they differ, by path; shapes are not among them
        size: of the frame in CVAT
        before, after: how it is drawn, in pixels; nothing where it is not, or not drawn
    """

    model_config = ConfigDict(frozen=True)

    what: Literal["added", "changed", "deleted"]
    field: str
    sample_id: str
    label_id: str
    frame: int | None = None
    name: str = ""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    size: Size
    before: tuple[CvatShape, ...] = ()
    after: tuple[CvatShape, ...] = ()
