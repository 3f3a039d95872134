"""The law of a send: labels of the target = written + left out by reason, and the forecast says the same.

Whatever is in the documents of labels: each is in a batch that CVAT takes, or it is counted. Nothing is raised.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Label, Project
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.batch import wire
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.encode import Place, draw
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.project import FoundProject, ProjectPlan, plan_project
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.words import bind_words, expected_words
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sync_documents import labels

from sandbox.annotations.checks import FORMS

CASES = 5_500 if os.environ.get("ROUNDTRIP_ALL") else 1_100
"""Generated labels at least, dealt to the fields."""
FEWEST = 4
"""Labels that are drawn together, at least."""

ATTRIBUTES: dict[str, Any] = {
    "plate": {"type": "text"},
    "speed": {"type": "number", "kind": "float"},
    "doors": {"type": "number", "kind": "int", "values": [0, 5, 1]},
    "parked": {"type": "checkbox"},
    "color": {"type": "select", "values": ["red", "blue"], "default": "red"},
}
FACTS = {"occluded": "hidden", "group": "party", "z_order": "layer", "source": "origin", "score": "confidence"}
SKELETON = {"labels": ["a", "b", "c"], "edges": [[0, 1], [1, 2]]}
BOX = {"type": "detections", "classes": ["car", "bus"], "attributes": ATTRIBUTES, "facts": FACTS, "drawn_as": "any"}
FIELDS: dict[str, dict[str, Any]] = {
    "boxes": BOX,
    "turned": {**BOX, "rotation_unit": "radians"},
    "blobs": {"type": "instances", "classes": ["car"], "attributes": ATTRIBUTES},
    "lines": {"type": "polylines", "classes": ["car"], "attributes": {"plate": {}}, "drawn_as": "any"},
    "areas": {"type": "polygons", "classes": ["car"]},
    "spots": {"type": "keypoints", "classes": ["car"], "attributes": ATTRIBUTES},
    "poses": {"type": "keypoints", "classes": ["car"], "skeleton": SKELETON},
    "roads": {"type": "segmentation", "classes": ["car", "bus"], "mask_targets": {1: "car", 2: "bus", 300: "bus"}},
    "paints": {"type": "segmentation", "classes": ["car"], "mask_targets": {"#010101": "car"}},
    "weather": {"type": "classifications", "classes": ["car"], "attributes": ATTRIBUTES, "facts": FACTS},
    "score": {"type": "regression", "classes": ["score"], "attributes": {"value": {"type": "number", "kind": "float"}}},
}
SLOW = [HealthCheck.too_slow]
SIZES = [Size(1, 1), Size(64, 48), Size(257, 3)]


def schema_of(field: str) -> LabelSchema:
    return LabelSchema.model_validate({"fields": {field: FIELDS[field]}})


def cvat_label(number: int, name: str, type_: str, attributes: tuple[str, ...] = ()) -> Label:
    """A label of a project that somebody else made."""
    specs = [{"id": 100 + n, "name": a, "input_type": "text"} for n, a in enumerate(attributes)]
    return Label.model_validate({"id": number, "name": name, "type": type_, "attributes": specs})


def words_of(field: str) -> tuple[Vocabulary, Vocabulary]:
    """What is foreseen of the labels of a task, and what they are once CVAT has made them, with ids of its own."""
    schema = schema_of(field)
    foreseen = expected_words(ProjectPlan(None, schema), in_project=False)
    made = expected_words(ProjectPlan(None, schema, labels=(cvat_label(5_000, "x", "any"),)), in_project=False)
    return foreseen, made


def read(field: str, lists: list[list[Any]], size: Size) -> Iterator[tuple[Place, str, Any]]:
    for number, documents in enumerate(lists):
        for document in documents:
            yield Place(number, f"{number:024d}", size), field, document


def drawn(
    field: str, lists: list[list[Any]], words: Vocabulary, size: Size
) -> tuple[list[Any], Counter[str], Counter[str]]:
    """The labels that are written, those that are left out, and what is left out of those that are written."""
    lost: Counter[str] = Counter()
    batches = list(draw(read(field, lists, size), words, (), (), lost))
    left_out = sum((batch.left_out for batch in batches), Counter[str]())
    for batch in batches:
        sheet = wire(batch)
        body = json.dumps({"version": 0, "tags": sheet.tags, "shapes": sheet.shapes, "tracks": []}, allow_nan=False)
        FORMS["create"].accept(json.loads(body))  # by the server's own rules
    return [label for batch in batches for label in batch.labels], lost, left_out


@pytest.mark.parametrize("field", FIELDS)
def test_nothing_vanishes_and_nothing_is_raised(field: str) -> None:
    cls = LABEL_TYPES[FIELDS[field]["type"]].codec.document
    foreseen, made = words_of(field)
    cases: list[int] = []

    @settings(max_examples=CASES // len(FIELDS) // FEWEST, phases=[Phase.generate], suppress_health_check=SLOW)
    @given(st.lists(labels(cls), min_size=FEWEST, max_size=6), st.sampled_from(SIZES))
    def law(documents: list[Any], size: Size) -> None:
        cases.append(len(documents))
        lists = [documents[::2], documents[1::2]]
        written, lost, left_out = drawn(field, lists, made, size)
        assert len(written) + sum(lost.values()) == sum(map(len, lists))
        identities = [(label.sample_id, label.label_id) for label in written]
        assert len(set(identities)) == len(identities)
        assert all(sentence.startswith(f"{field}: ") for sentence in (*lost, *left_out))
        assert not [sentence for sentence in lost if "can't be drawn" in sentence]  # each fault has its own name
        guess = drawn(field, lists, foreseen, size)
        assert [label.label_id for label in guess[0]] == [label.label_id for label in written]
        assert guess[1:] == (lost, left_out)

    law()
    assert sum(cases) >= CASES // len(FIELDS)


PROJECTS: dict[str, list[Label]] = {
    "the same labels": [cvat_label(7, "car", "any", ("plate", "speed")), cvat_label(8, "bus", "any")],
    "for boxes alone": [cvat_label(7, "car", "rectangle", tuple(ATTRIBUTES)), cvat_label(8, "bus", "rectangle")],
    "for masks alone": [cvat_label(7, "car", "mask"), cvat_label(8, "bus (boxes)", "any")],
    "of other labels": [cvat_label(7, "tree", "any")],
    "empty": [],
}


@pytest.mark.parametrize("policy", ["extend", "leave_out"])
@pytest.mark.parametrize("case", PROJECTS)
def test_a_project_holds_what_was_foreseen(case: str, policy: str) -> None:
    """Its labels may lack attributes, be for other shapes, or have to be made."""
    there, field = tuple(PROJECTS[case]), "boxes"
    found = FoundProject(Project.model_validate({"id": 1, "name": "p"}), there)
    request = parse(SendRequest, {"anno_key": "k", "label_field": field, "project_labels": policy})
    try:
        plan = plan_project(found, request, schema_of(field), {})
    except Exception as refusal:
        assert policy == "leave_out" and "none of the run's labels" in str(refusal)
        return
    foreseen = expected_words(plan, in_project=True)
    # What CVAT then has: the same labels, under other ids
    after = [
        label.model_copy(
            update={
                "id": label.id + 1_000,
                "attributes": tuple(a.model_copy(update={"id": (a.id or 0) + 1_000}) for a in label.attributes),
            }
        )
        for label in _labels_after(plan, there)
    ]
    made = bind_words(plan.schema, after, in_project=True)

    @settings(max_examples=20, phases=[Phase.generate], suppress_health_check=SLOW)
    @given(st.lists(labels("Detection"), min_size=FEWEST, max_size=6))
    def law(documents: list[Any]) -> None:
        lists = [documents[::2], documents[1::2]]
        written, lost, left_out = drawn(field, lists, made, SIZES[1])
        assert len(written) + sum(lost.values()) == sum(map(len, lists))
        types = {label.id: label.type for label in after}
        for item in (item for label in written for item in label.objects):
            assert types[item.label_id] in ("any", item.type)
        guess = drawn(field, lists, foreseen, SIZES[1])
        assert [label.label_id for label in guess[0]] == [label.label_id for label in written]
        assert guess[1:] == (lost, left_out)

    law()


def _labels_after(plan: ProjectPlan, there: tuple[Label, ...]) -> list[Label]:
    """The labels of a project after it was extended, as the server makes them."""
    labels = {label.id: label for label in there}
    if plan.fit is None:
        return list(labels.values())
    for label, addition in plan.fit.lacking:
        had = labels[label.id]
        new = tuple(spec.model_copy(update={"id": 300 + n}) for n, spec in enumerate(addition.attributes))
        labels[label.id] = had.model_copy(update={"attributes": (*had.attributes, *new)})
    for number, spec in enumerate(plan.fit.missing.values(), 50):
        attributes = tuple(a.model_copy(update={"id": number * 100 + n}) for n, a in enumerate(spec.attributes))
        labels[number] = Label(id=number, name=spec.name, type=spec.type, attributes=attributes)
    return list(labels.values())
