"""A whole label <-> its CVAT objects: the door to this room for those who send and load."""

from .base import BaseLabel, is_digest, local_parts, settle
from .encode import Encoded, encode_label
from .objects import Key, Object, figure_of, key_of, same_content
from .read import Drawn, Reading, read_label, read_new

__all__ = [
    "BaseLabel",
    "Drawn",
    "Encoded",
    "Key",
    "Object",
    "Reading",
    "encode_label",
    "figure_of",
    "is_digest",
    "key_of",
    "local_parts",
    "read_label",
    "read_new",
    "same_content",
    "settle",
]
