"""Tasks that were annotated in CVAT without FiftyOne: linked by file name, loaded as a run, and merged ever after."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.plan import prepare_import
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import stored_runs
from sync_imports import CAT, DOG, FISH, Elsewhere, names
from sync_loop import Loop


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    loop.fill(None, None, None)
    return Elsewhere(loop)


@pytest.fixture
def task(elsewhere: Elsewhere) -> int:
    """A cat on the first frame, and a dog and a cat on the second."""
    return elsewhere.annotate()


def test_what_was_drawn_arrives(elsewhere: Elsewhere, task: int) -> None:
    loop = elsewhere.loop
    report = elsewhere.run(task)
    assert report["imported"] == {
        "anno_key": "run",
        "tasks": [task],
        "media": "image",
        "frames": 3,
        "linked": 3,
        "unmatched": [],
        "fields": {"gt": "detections"},
        "objects": 3,
        "notes": [],
    }
    assert (report["added"], report["changed"], report["deleted"], report["unexpected"]) == (3, 0, 0, {})
    assert names(loop) == [["cat"], ["dog", "cat"], []]
    cat = loop.labels()[0][0]
    assert cat.bounding_box == pytest.approx([0.1, 0.1, 0.2, 0.2])
    assert (cat["age"], cat["truncated"], cat["colour"]) == (3, True, "red")
    record = records.find(loop.dataset, "run")
    assert (record.status, record.imported, record.samples, record.tasks[0].id) == ("sent", True, 3, task)
    assert list(record.schema_.fields["gt"].class_names) == ["cat", "dog"]
    assert loop.dataset.load_annotation_view("run").values("id") == loop.dataset.values("id")


def test_a_second_load_changes_nothing(elsewhere: Elsewhere, task: int) -> None:
    elsewhere.run(task)
    before, clock = elsewhere.loop.documents(), elsewhere.loop.clock
    report = elsewhere.loop.load()
    assert (report["added"], report["changed"], report["deleted"], report["unchanged"]) == (0, 0, 0, 3)
    assert elsewhere.loop.documents() == before
    assert not any("annotations" in line for line in elsewhere.loop.requests(clock))


def test_many_tasks_take_few_requests(elsewhere: Elsewhere) -> None:
    """Tasks and jobs are listed once, the labels of a project asked for once, and a load afterwards lists only."""
    loop = elsewhere.loop
    project = elsewhere.client.create_project("several", [CAT, DOG]).id
    paths = loop.dataset.values("filepath")
    made = []
    for path in paths:  # one image each; the labels are one task's own, and the project's
        own = {} if path == paths[0] else {"project_id": project}
        name = path.rsplit("/", 1)[1]
        task = elsewhere.client.create_task("one", labels=None if own else [CAT, DOG], **own)
        file = UploadFile(name, Path(path), Path(path).stat().st_size)
        elsewhere.client.wait_for_creation(task.id, elsewhere.client.upload(task.id, [file]))
        loop.cvat.draw("cat", 0, task=task.id)
        made.append(task.id)
    clock = loop.clock
    elsewhere.run(made)
    asked = Counter(re.sub(r"\d+", "N", line) for line in loop.requests(clock))
    assert asked["GET /api/tasks/N"] == 0 and asked["GET /api/tasks"] == asked["GET /api/jobs"] == 2
    assert asked["GET /api/tasks/N/data/meta"] == 3, "those of the look say it all"
    assert asked["GET /api/labels"] == 2 + 3 and asked["GET /api/jobs/N/annotations"] == 3 + 3
    assert names(loop) == [["cat"], ["cat"], ["cat"]]
    clock = loop.clock
    assert loop.load()["unchanged"] == 3
    assert {line.split("?")[0] for line in loop.requests(clock)} <= {"GET /api/tasks", "GET /api/jobs"}


def test_it_merges_like_any_other_run(elsewhere: Elsewhere, task: int) -> None:
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    elsewhere.run(task)
    first, second = (loop.dataset[sample] for sample in loop.dataset.values("id")[:2])
    first.gt.detections[0].label = "dog"  # the class here, the box there: both are kept
    first.save()
    second.gt.detections[0]["age"] = 9
    second.gt.detections = second.gt.detections[:1]  # the cat is deleted here
    second.save()
    cvat.move(cvat.shape(0, task=task), 32.0, task=task)
    cvat.draw("dog", 2, task=task)
    before = loop.documents()
    report = loop.load()
    assert (report["added"], report["changed"], report["conflicts"]) == (1, 1, [])
    assert names(loop) == [["dog"], ["dog"], ["dog"]]
    assert loop.labels()[0][0].bounding_box[0] == pytest.approx(0.2)
    assert loop.labels()[0][0]["age"] == 3
    assert len(loop.since(before)) == 2


def test_tracks_are_a_label_on_each_frame(elsewhere: Elsewhere, task: int) -> None:
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    cvat.track("cat", {"frame": 0, "points": [32.0, 24.0, 64.0, 48.0]}, task=task)
    shape = {"type": "polygon", "points": [1.0, 1.0, 99.0, 1.0, 99.0, 99.0]}
    cvat.track("dog", {"frame": 2, **shape}, {"frame": 2, **shape, "outside": True}, task=task)
    cvat.track("dog", {"frame": 2, **shape}, task=task)
    report = elsewhere.run(task, label_field=None)
    assert report["imported"]["fields"] == {"detections": "detections", "polylines": "polylines"}
    assert names(loop, "detections") == [["cat", "cat"], ["dog", "cat", "cat"], []]
    assert names(loop, "polylines") == [[], [], ["dog"]]
    objects = report["objects"]
    assert objects["found"] == objects["applied"] + objects["left"] and objects["applied"] == 6
    before = loop.documents()
    assert loop.load()["unchanged"] == 6 and loop.documents() == before
    undo(loop.dataset, "run")
    assert names(loop, "polylines") == [[], [], []]


def test_a_delete_in_cvat_and_an_undo(elsewhere: Elsewhere, task: int) -> None:
    loop = elsewhere.loop
    elsewhere.run(task)
    imported = [label.to_dict() for labels in loop.labels() for label in labels]
    loop.cvat.delete(loop.cvat.shape(0, task=task), task=task)
    assert loop.load()["deleted"] == 1
    assert names(loop)[0] == []
    assert undo(loop.dataset, "run")["restored"] == 1
    assert [label.to_dict() for labels in loop.labels() for label in labels] == imported
    assert undo(loop.dataset, "run")["removed"] == 3  # the import itself
    assert loop.labels() == [[], [], []]


TYPES: dict[str, tuple[str, list[float], str, str]] = {
    "rectangle": ("rectangle", [10.0, 10.0, 50.0, 40.0], "detections", "Detection"),
    "mask": ("mask", [0.0, 4.0, 10.0, 10.0, 11.0, 11.0], "detections", "Detection"),
    "polygon": ("polygon", [10.0, 10.0, 50.0, 10.0, 50.0, 40.0], "polylines", "Polyline"),
    "polyline": ("polyline", [10.0, 10.0, 50.0, 10.0], "polylines", "Polyline"),
    "points": ("points", [10.0, 10.0], "keypoints", "Keypoint"),
    "tag": ("tag", [], "classifications", "Classification"),
}


def test_classes_and_types_that_come_later(elsewhere: Elsewhere, task: int) -> None:
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    elsewhere.run(task)
    cvat.rename_class("dog", "puppy", task=task)
    cvat.add_class("bird", task=task)
    cvat.draw("bird", 2, task=task)
    cvat.draw("cat", 2, [10.0, 10.0, 50.0, 10.0, 50.0, 40.0], "polygon", task=task)
    report = loop.load()
    assert (report["added"], report["changed"]) == (2, 1)
    assert names(loop) == [["cat"], ["puppy", "cat"], ["bird"]]
    assert names(loop, "polylines") == [[], [], ["cat"]]  # in a field of its own, as in any run of boxes
    before = loop.documents()
    assert loop.load()["changed"] == 0
    assert loop.documents() == before


def test_every_type_has_a_field(elsewhere: Elsewhere) -> None:
    loop = elsewhere.loop
    task = elsewhere.make(labels=[DOG, FISH])
    for type_, points, _, _ in TYPES.values():
        loop.cvat.draw("dog", 0, points, type_, task=task)
    fish = loop.cvat.labels(task)["fish"]
    places = dict(zip((sub["name"] for sub in fish["sublabels"]), ([32.0, 24.0], [64.0, 48.0]), strict=True))
    elements = [
        {"type": "points", "frame": 1, "label_id": sub["id"], "points": places[sub["name"]], "attributes": []}
        for sub in fish["sublabels"]
    ]
    skeleton = {"type": "skeleton", "frame": 1, "label_id": fish["id"], "points": [], "attributes": []}
    loop.cvat.write("create", {**skeleton, "elements": elements}, task=task)
    report = elsewhere.run(task, label_field={"detections": "boxes"})
    assert (report["added"], report["unexpected"]) == (7, {})
    fields = {"detections": "boxes", "polylines": "polylines", "keypoints": "keypoints"}
    assert report["imported"]["fields"].keys() == {*fields.values(), "classifications"}
    for _, _, kind, cls in TYPES.values():
        found = loop.labels(fields.get(kind, kind))[0]
        assert {type(label).__name__ for label in found} == {cls}
        assert len(found) == sum(other == kind for _, _, other, _ in TYPES.values())
    masks = [label.mask is not None for label in loop.labels("boxes")[0]]
    assert sorted(masks) == [False, True]
    closed = [label.closed for label in loop.labels("polylines")[0]]
    assert sorted(closed) == [False, True]
    (fish_label,) = loop.labels("keypoints")[1]
    assert fish_label.points == [pytest.approx((0.1, 0.1)), pytest.approx((0.2, 0.2))]
    before = loop.documents()
    assert loop.load()["changed"] == 0
    assert loop.documents() == before


def test_a_project_with_several_tasks(elsewhere: Elsewhere) -> None:
    loop = elsewhere.loop
    paths = [path.rsplit("/", 1)[1] for path in loop.dataset.values("filepath")]
    project = elsewhere.client.create_project("by hand", [CAT, DOG])
    first = elsewhere.make(paths[:1], project_id=project.id)
    rest = fo.Dataset()
    rest.add_samples([fo.Sample(path) for path in loop.dataset.values("filepath")[1:]])
    other = Elsewhere(Loop(rest, loop.box, loop._photos))
    second = other.make(project_id=project.id)
    loop.cvat.draw("cat", 0, task=first)
    loop.cvat.draw("dog", 1, task=second)
    report = elsewhere.run(None, project="by hand")
    assert report["imported"]["tasks"] == [first, second]
    assert names(loop) == [["cat"], [], ["dog"]]
    record = records.find(loop.dataset, "run")
    assert (record.project_id, len(record.tasks)) == (project.id, 2)
    loop.dataset.delete_annotation_run("run")
    assert elsewhere.run(None, project=project.id, anno_key="again", label_field="other")["added"] == 2
    rest.delete()


def test_removed_frames(elsewhere: Elsewhere, task: int) -> None:
    loop = elsewhere.loop
    loop.cvat.remove_frames(1, task=task)
    assert elsewhere.run(task)["added"] == 1
    assert [sample.tags for sample in loop.dataset] == [[], ["deleted_in_cvat"], []]
    loop.cvat.remove_frames(task=task)
    assert loop.load()["added"] == 2
    assert names(loop) == [["cat"], ["dog", "cat"], []]


def test_frames_without_a_sample_are_left_out_on_request(elsewhere: Elsewhere, task: int) -> None:
    loop = elsewhere.loop
    view = loop.dataset.skip(1)
    with pytest.raises(Refused, match=r"1 of 3 frames match no sample by their file names: 'photo_000\.jpg'"):
        elsewhere.run(task, view)
    report = elsewhere.run(task, view, unmatched="ignore")
    assert (report["imported"]["unmatched"], report["imported"]["linked"]) == (["photo_000.jpg"], 2)
    assert names(loop) == [[], ["dog", "cat"], []]
    (left,) = report["left"]
    assert (left["reason"], left["count"], left["frames"]) == ("on frames that match no sample", 1, ["photo_000.jpg"])
    assert report["objects"] == {"found": 3, "unchanged": 0, "applied": 2, "left": 1}
    assert report["samples_gone"] == 0
    assert loop.dataset.load_annotation_view("run").values("id") == loop.dataset.values("id")[1:]
    loop.cvat.remove_frames(0, task=task)
    loop.cvat.move(loop.cvat.shape(1, task=task), task=task)
    assert loop.load()["changed"] == 1


def test_another_field_with_the_names(elsewhere: Elsewhere) -> None:
    elsewhere.loop.dataset.set_values("name", ["s3://bucket/c.jpg", "s3://bucket/b.jpg", "s3://bucket/a.jpg"])
    task = elsewhere.make(["a.jpg", "b.jpg", "c.jpg"])
    elsewhere.loop.cvat.draw("cat", 0, task=task)
    elsewhere.run(task, media_field="name")
    assert names(elsewhere.loop) == [[], [], ["cat"]]


def test_an_existing_field_without_labels_is_used(elsewhere: Elsewhere, task: int) -> None:
    dataset = elsewhere.loop.dataset
    dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    assert elsewhere.run(task)["added"] == 3


def test_preparing_changes_nothing(elsewhere: Elsewhere, task: int) -> None:
    loop = elsewhere.loop
    before, there = loop.documents(), loop.box.state()
    request = ImportRequest(anno_key="run", tasks=(task,), label_field="gt")
    found = prepare_import(loop.dataset, request, elsewhere.client).as_dict()
    assert (found["linked"], found["objects"], found["fields"]) == (3, 3, {"gt": "detections"})
    assert (loop.documents(), loop.box.state(), stored_runs(loop.dataset)) == (before, there, set())


def test_deleting_the_run_leaves_its_tasks(elsewhere: Elsewhere, task: int) -> None:
    elsewhere.run(task)
    report = elsewhere.loop.execute("delete_run", anno_key="run", delete_tasks=True)
    assert (report["tasks_deleted"], report["tasks_left"]) == ([], [task])
    assert elsewhere.client.task(task).size == 3


def test_ids_do_not_depend_on_when_it_is_loaded(elsewhere: Elsewhere, task: int) -> None:
    elsewhere.run(task)
    loop = elsewhere.loop
    ids = loop.dataset.values("gt.detections.id", unwind=True)
    undo(loop.dataset, "run")
    assert elsewhere.run(task)["added"] == 3
    assert loop.dataset.values("gt.detections.id", unwind=True) == ids


def test_what_stands_in_two_jobs_of_an_image_is_one_label(elsewhere: Elsewhere) -> None:
    """Of what two jobs have differently, that of the earlier one counts, and it is counted."""
    made = elsewhere.make(labels=(CAT, DOG, FISH), segment_size=2, overlap=1)
    cvat = elsewhere.loop.cvat
    labels = cvat.labels(made)
    shape = {"frame": 1, "rotation": 0.0, "occluded": False, "z_order": 0, "attributes": []}
    mask = [0.0, 16.0, 10.0, 10.0, 13.0, 13.0]
    point = {**shape, "type": "points", "outside": False}
    parts = [
        {**point, "label_id": part["id"], "points": [x, 9.0]} for x, part in enumerate(labels["fish"]["sublabels"])
    ]
    shapes = [
        {**shape, "type": "rectangle", "label_id": labels["dog"]["id"], "points": [50.0, 50.0, 90.0, 90.0]},
        {**shape, "type": "mask", "label_id": labels["dog"]["id"], "points": mask},
        {**shape, "type": "skeleton", "label_id": labels["fish"]["id"], "points": [], "elements": parts},
    ]
    tags = [{"frame": 1, "label_id": labels["dog"]["id"], "attributes": []}]
    whole = {"version": 0, "tags": tags, "shapes": shapes, "tracks": []}
    cvat.call("PATCH", f"tasks/{made}/annotations", whole, action="create")
    jobs = [item["id"] for item in cvat.jobs(made)]
    copies = cvat.call("GET", f"jobs/{jobs[1]}/annotations")["shapes"]
    moved = {**next(item for item in copies if item["type"] == "rectangle"), "points": [55.0, 50.0, 95.0, 90.0]}
    cvat.write("update", moved, task=made, job=jobs[1])
    report = elsewhere.run(made, label_field=None)
    assert (report["added"], report["changed"]) == (4, 0)
    sample = list(elsewhere.loop.dataset)[1]
    assert sample.detections.detections[0].bounding_box[0] == 50 / 320 and len(sample.detections.detections) == 2
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"] == 8
    assert objects["left"] == 1 and "changed differently in two jobs that have their frame" in str(report)
    assert elsewhere.loop.load()["jobs_read"] == 0
    box = next(
        item for item in cvat.call("GET", f"jobs/{jobs[0]}/annotations")["shapes"] if item["type"] == "rectangle"
    )
    cvat.write("update", {**box, "points": [60.0, 50.0, 100.0, 90.0]}, task=made, job=jobs[0])
    assert elsewhere.loop.load()["changed"] == 1
    assert list(elsewhere.loop.dataset)[1].detections.detections[0].bounding_box[0] == 60 / 320
