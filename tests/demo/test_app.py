"""The demo for a person: what it prepares, and what it prints."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.core.session import client

from demo import app, earlier
from demo.look import COLORS, SHOWN, dress, let_annotate
from demo.scenes import parking, shelf, street
from sandbox import Sandbox


@pytest.fixture
def parked(dataset: fo.Dataset, tmp_path: Path) -> fo.Dataset:
    """Pictures of cars that are parked."""
    for number in range(2):
        scene = parking(np.random.default_rng(number), (320, 240), "clear")
        path = tmp_path / f"parking_{number}.png"
        scene.image.save(path)
        boxes = [
            fo.Detection(label=thing.label, bounding_box=[x / 320, y / 240, (x1 - x) / 320, (y1 - y) / 240])
            for thing in scene.things
            for x, y, x1, y1 in [thing.box]
        ]
        sample = fo.Sample(str(path), tags=["parking"], ground_truth=fo.Detections(detections=boxes))
        sample["ground_truth"].detections[0]["color"] = "red"
        sample["ground_truth"].detections[0]["plate"] = "0042"
        sample["ground_truth"].detections[0]["parked"] = sample["ground_truth"].detections[0]["moving"] = False
        dataset.add_sample(sample)
    dataset.compute_metadata()
    dataset.add_dynamic_sample_fields()
    return dataset


def test_what_was_annotated_before_can_be_imported(parked: fo.Dataset, cvat_env: str, plugin: ModuleType) -> None:
    task = earlier.annotate(parked)
    cars = parked.count_values("ground_truth.detections.label")["car"]
    foo.get_operator("@roundtrip/cvat/import_from_cvat")(parked, "earlier", tasks=[task], label_field="imported")
    assert parked.count_values("imported.detections.label") == {"vehicle": cars}


@pytest.mark.parametrize("painter", [street, parking, shelf])
def test_a_picture_has_a_handful_of_boxes_in_colours_of_their_own(painter: object) -> None:
    scenes = [painter(np.random.default_rng(seed), (960, 640), "clear") for seed in range(5)]  # type: ignore[operator]
    counts = [len(scene.things) for scene in scenes]
    assert max(counts) <= 12
    assert {thing.label for scene in scenes for thing in scene.things} <= COLORS.keys()
    assert len(set(COLORS.values())) == len(COLORS)


def test_few_fields_are_drawn_at_first_and_labels_can_be_edited_at_once(parked: fo.Dataset) -> None:
    dress(parked)
    let_annotate(parked)
    assert parked.app_config.active_fields.paths == SHOWN == ["ground_truth"]
    assert parked.active_label_schemas == ["ground_truth"]


def test_the_app_is_silent_about_its_link(
    parked: fo.Dataset, fresh_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed: list[bool] = []

    def launch(*_: object, **__: object) -> object:
        client.print("Could not connect session, trying again in 10 seconds")  # type: ignore[attr-defined]
        return SimpleNamespace(server_port=5151, close=lambda: closed.append(True))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "print", print, raising=False)
    monkeypatch.setattr(app.fo, "launch_app", launch)
    monkeypatch.setattr(app, "_wait_for", lambda address: None)
    monkeypatch.setattr(app, "_open_browser", lambda url: None)
    monkeypatch.setattr(app.threading.Event, "wait", interrupted)
    monkeypatch.setenv("FIFTYONE_CVAT_URL", fresh_sandbox.url)
    app.show(parked, None, None)
    said = capsys.readouterr().out
    assert closed == [True]
    assert "Could not connect" not in said
    assert f"CVAT:      {fresh_sandbox.url}\n" in said
    assert "Send to CVAT" in said


def test_the_link_of_fiftyone_still_prints_by_that_name() -> None:
    """Else silencing it would do nothing."""
    assert "Could not connect session" in Path(client.__file__).read_text()
    assert "import print" not in Path(client.__file__).read_text()
