"""Views whose samples FiftyOne made for them, such as clips: the samples of the dataset that they show."""

from collections.abc import Iterator, Mapping
from typing import Any

import fiftyone.core.clips as foc
import fiftyone.core.stages as fost

from ..errors import Refused
from .clips import is_clips


def videos_of_clips(view: Any) -> Any:
    """The videos of a clips view, each once, with the labels that the view shows on their frames.

    Raises:
        Refused: if what it shows can't be said in terms of the videos
    """
    stages: list[Any] = []
    source = view
    while is_clips(source):
        if isinstance(source, foc.TrajectoriesView):
            raise Refused(
                "These are trajectories, each a clip of one object. Send the videos, or clips of them with all objects."
            )
        if not isinstance(source, foc.ClipsView):
            raise Refused("This is the dataset of a clips view; send the view.")
        stages = [*source._stages, *stages]
        source = source._source_collection
    ids = dict.fromkeys(map(str, view.values("sample_id")))
    videos = source.select(list(ids), ordered=True)
    if (there := len(videos)) < len(ids):
        raise Refused(
            f"Of the {len(ids):,} videos of these clips, the dataset has {there:,} only: it changed since. Make the "
            "view anew, and send that."
        )
    return with_labels_of(stages, videos)


def with_labels_of(stages: list[Any], source: Any, prefix: str = "") -> Any:
    """The samples of a source, with the labels that are left of them by stages of a view that was made from it.

    Args:
        stages: of that view
        source: the samples
        prefix: what the names of the view's fields begin with in the source

    Raises:
        Refused: if a stage does something else, or something that can't be said in terms of the source
    """
    for stage in stages:
        if type(stage) in CHOOSES_SAMPLES:
            continue
        given = dict(stage._kwargs())
        translate = TRANSLATIONS.get(type(stage))
        if translate is None or given.get("trajectories") or given.get("meta_filter") or _looks_at_sample(given):
            raise Refused(
                f"This view changes its samples by {type(stage).__name__}, which can't be done to the videos in the "
                "same way. Do that before the clips or frames are made, or leave it out."
            )
        for said in translate(given, source, prefix):
            source = source.add_stage(type(stage)(**said))
    return source


CHOOSES_SAMPLES = frozenset(
    (
        fost.Exclude,
        fost.ExcludeBy,
        fost.Exists,
        fost.GeoNear,
        fost.GeoWithin,
        fost.Limit,
        fost.Match,
        fost.MatchLabels,
        fost.MatchTags,
        fost.Select,
        fost.SelectBy,
        fost.Shuffle,
        fost.Skip,
        fost.SortBy,
        fost.SortBySimilarity,
        fost.Take,
    )
)
"""Stages that say which samples there are, in which order, and leave what is in them as it is."""

Given = dict[str, Any]


def _one_field(given: Given, source: Any, prefix: str) -> Iterator[Given]:
    """A stage that leaves some labels of one field."""
    field = prefix + given["field"]
    if source.get_field(field) is not None:
        every = {"only_matches": False} if "only_matches" in given else {}
        yield {**given, "field": field, **every}


def _some_fields(given: Given, source: Any, prefix: str) -> Iterator[Given]:
    """A stage that leaves, or hides, fields."""
    names = given["field_names"]
    names = [names] if isinstance(names, str) else list(names or ())
    yield {"field_names": [prefix + name for name in names if source.get_field(prefix + name) is not None]}


def _some_labels(given: Given, source: Any, prefix: str) -> Iterator[Given]:
    """A stage that leaves, or hides, labels; those that were chosen in the App are found by their ids."""
    fields, labels = given["fields"], given["labels"]
    if labels is not None:
        given = {**given, "ids": [label["label_id"] for label in labels]}
        fields = list(dict.fromkeys(label["field"] for label in labels))
    if fields is not None:
        fields = [prefix + name for name in fields if source.get_field(prefix + name) is not None]
    yield {**given, "labels": None, "fields": fields, "omit_empty": False}


def _some_frames(given: Given, source: Any, prefix: str) -> Iterator[Given]:
    """A stage that leaves, or hides, frames of videos."""
    yield {**given, "omit_empty": False}


TRANSLATIONS = {
    fost.FilterLabels: _one_field,
    fost.LimitLabels: _one_field,
    fost.SelectFields: _some_fields,
    fost.ExcludeFields: _some_fields,
    fost.SelectLabels: _some_labels,
    fost.ExcludeLabels: _some_labels,
    fost.MatchFrames: _some_frames,
    fost.SelectFrames: _some_frames,
    fost.ExcludeFrames: _some_frames,
}
"""Stages that leave some labels as they are, and hide the others: what they are given, in terms of the source."""


def _looks_at_sample(value: Any) -> bool:
    """Whether an expression looks at a field of the sample: that of a source has other ones."""
    if isinstance(value, Mapping):
        return any(map(_looks_at_sample, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_looks_at_sample, value))
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")
