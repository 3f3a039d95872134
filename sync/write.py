"""Writing the labels of one job, and learning the ids that CVAT gives them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from ..cvat import Annotations, Client, Shape, Tag
from ..labels.attributes import NotCarried
from ..labels.translate import BaseLabel, Encoded, encode_label
from ..labels.vocabulary import Vocabulary
from .base import FrameRecord
from .pixels import with_pixels

CHUNK = 2_000
"""Objects in one request: while CVAT writes them the next are drawn. It takes bodies of up to 100 MB."""
CHUNK_BYTES = 16 << 20
"""Roughly the size of a request; masks are long."""
NUMBER_BYTES = 8

Documents = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
"""Labels by field, then sample."""


def write_job(
    client: Client,
    job_id: int,
    span: range,
    frames: Sequence[FrameRecord],
    documents: Documents,
    vocabulary: Vocabulary,
) -> tuple[tuple[BaseLabel, ...], Counter[str]]:
    """Writes the labels of a job's frames.

    Args:
        client: the CVAT server
        job_id: the job
        span: its frame numbers
        frames: all frames of its task
        documents: the labels of the samples
        vocabulary: what the task's labels mean

    Returns:
        the base of the job, and what was left out, counted by sentence
    """
    base: list[BaseLabel] = []
    left_out: Counter[str] = Counter()
    writing: Future[list[BaseLabel]] | None = None
    # One writer: parallel writes to a job would meet
    with ThreadPoolExecutor(1) as writer:
        for chunk in _chunks(_encode(span, frames, documents, vocabulary, left_out)):
            if writing is not None:
                base += writing.result()
            writing = writer.submit(_create, client, job_id, chunk)
        if writing is not None:
            base += writing.result()
    return tuple(base), left_out


def _chunks(labels: Iterable["Pending"]) -> Iterator[list["Pending"]]:
    """Labels in portions that make requests of a good size."""
    chunk: list[Pending] = []
    count = size = 0
    for label in labels:
        chunk.append(label)
        count += len(label.encoded.objects)
        size += sum(len(item.points) for item in label.encoded.objects if isinstance(item, Shape)) * NUMBER_BYTES
        if count >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, count, size = [], 0, 0
    if chunk:
        yield chunk


class Pending(NamedTuple):
    """A label that is not yet in CVAT."""

    field: str
    sample_id: str
    frame: int
    label_id: str
    encoded: Encoded


def _encode(
    span: range,
    frames: Sequence[FrameRecord],
    documents: Documents,
    vocabulary: Vocabulary,
    left_out: Counter[str],
) -> Iterator[Pending]:
    group = 0
    for number in span:
        frame = frames[number]
        for field, by_sample in documents.items():
            for document in by_sample.get(frame.sample_id, ()):
                try:
                    encoded = encode_label(
                        with_pixels(dict(document)), field, vocabulary, frame.size, number, group + 1
                    )
                except NotCarried as error:
                    left_out[f"{field}: {error}"] += 1
                    continue
                if encoded.left_out:
                    left_out.update(f"{field}: {reason}" for reason in encoded.left_out)
                group += len(encoded.objects) > 1
                yield Pending(field, frame.sample_id, number, str(document["_id"]), encoded)


def _create(client: Client, job_id: int, pending: Sequence[Pending]) -> list[BaseLabel]:
    """Creates the objects of some labels; CVAT returns them in the order of the request, with ids."""
    objects = [item for label in pending for item in label.encoded.objects]
    saved = client.create_annotations(
        job_id,
        Annotations(
            tags=tuple(item for item in objects if isinstance(item, Tag)),
            shapes=tuple(item for item in objects if isinstance(item, Shape)),
        ),
    )
    tags, shapes = iter(saved.tags), iter(saved.shapes)
    base = []
    for field, sample_id, frame, label_id, encoded in pending:
        kept = tuple(next(tags) if isinstance(item, Tag) else next(shapes) for item in encoded.objects)
        label = BaseLabel(
            field=field,
            sample_id=sample_id,
            frame=frame,
            label_id=label_id,
            parts=encoded.parts,
            objects=kept,
            group=(kept[0].group or 0) if len(kept) > 1 else 0,
        )
        base.append(label)
    return base
