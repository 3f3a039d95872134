"""Labels that are packed are the labels that they were, and what is written of them line by line is read again."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import (
    Batch,
    JobPlace,
    Outbox,
    TrackLabels,
    dump_entries,
    each_field,
    read_entries,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.packed_labels import FEW, TOGETHER, PackedLabels

ODD = {"label": 'a\nb],\n["{', "bounding_box": [0.1, -0.0, 1e-300, 3], "moving": None, "text": "\u2028\u0000é"}


def labels(count: int) -> tuple[BaseLabel, ...]:
    return tuple(
        BaseLabel(field="gt", sample_id=f"s{n}", frame=2 * n, label_id=f"l{n}", parts={**ODD, "n": n / 3}, objects=())
        for n in range(count)
    )


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, TOGETHER, 2 * TOGETHER + FEW + 1])
def test_labels_come_back_as_they_were(count: int) -> None:
    plain = labels(count)
    packed = PackedLabels(plain)
    assert (len(packed), tuple(packed), packed[:]) == (count, plain, plain)
    assert packed == plain and packed == PackedLabels(plain) and packed.is_ascending
    assert list(packed.keys) == [(label.frame, label.label_id) for label in plain]
    assert [packed.on(frame) for frame in range(2 * count)] == [one for label in plain for one in (label, None)]
    if count:
        assert packed[-1] == plain[-1] and packed != plain[:-1]
        assert packed != PackedLabels([*plain[:-1], plain[-1].model_copy(update={"parts": {}})])
        with pytest.raises(IndexError):
            packed[count]


class Kept:
    """A store of a few texts."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}

    def save(self, name: str, text: Any) -> None:
        self.texts[name] = (
            text.encode() if isinstance(text, str) else b"".join([text] if isinstance(text, bytes) else text)
        )

    def load(self, name: str) -> bytes | None:
        return self.texts.get(name)


@pytest.mark.parametrize("count", [0, 1, 700])
def test_what_is_written_is_read_again(count: int) -> None:
    missing = labels(1)[0].model_copy(update={"parts": {"points": [[math.nan, math.inf]]}})
    track = TrackLabels(field="gt", origin=3, index=7, track=Track(id=5, frame=0, label_id=1), labels=labels(count))
    entries = (missing, track, track.model_copy(update={"labels": ()}))
    text = b"".join(dump_entries(entries))
    found, end = read_entries(text)
    assert end == len(text) and repr(found) == repr(entries)
    assert Counter(each_field(found)) == Counter([("gt", 0), *(("gt", label.frame) for label in labels(count))])
    kept = Kept()
    store: Any = kept
    batch = Batch(labels=entries, dropped={1: ("a", "b")})
    Outbox(store).draw(JobPlace(0, 0), 0, batch)
    in_lines = kept.texts["drawn/0/0/0"]
    for text in (in_lines, batch.model_dump_json(exclude_defaults=True).encode()):  # as earlier versions wrote it
        kept.texts["drawn/0/0/0"] = text
        ((number, read, saved),) = Outbox(store).batches(JobPlace(0, 0))
        assert (number, repr(read), saved) == (0, repr(batch), None)
