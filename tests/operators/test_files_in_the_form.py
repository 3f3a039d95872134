"""Files in the dialog "Send to CVAT": those that can't be sent, and those that CVAT has already."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import answers as send_answers
from fiftyone.plugins.orgs.roundtrip.cvat.operators.send import media_form
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from operators_app import Dialog, defaults, invalid, properties
from sync_loop import Loop


def opened(loop: Loop, **params: object) -> Dialog:
    dialog = Dialog(loop, "send_to_cvat")
    dialog.accept_defaults()
    dialog.fill(**params)
    return dialog


def asked(dialog: Dialog) -> SendRequest:
    return parse(SendRequest, send_answers.read(dialog.context()))


@pytest.fixture
def missing(filled: Loop) -> str:
    """The file of the last sample, which is gone."""
    path = str(filled.dataset.last().filepath)
    Path(path).unlink()
    return path


def test_bad_files_are_shown_before_anything_is_sent(filled: Loop, missing: str) -> None:
    form = opened(filled).form()
    notice = properties(form)["unsendable"]["view"]
    assert notice["label"] == "1 of 2 images can't be sent"
    assert notice["description"] == f"{'/'.join(['...', *missing.split('/')[-2:]])} is missing"
    assert invalid(form) == {"bad_files": "Repair the files, or send the others."}


def test_their_samples_are_left_out_and_tagged(filled: Loop, missing: str) -> None:
    dialog = opened(filled)
    assert invalid(dialog.fill(bad_files="leave_out")) == {}
    shown = dialog.run()
    assert shown.notice == ("success", "Sent 1 sample with 1 label to CVAT, in 1 task.")
    assert "1 sample was not sent; it has the tag `not_sent_to_cvat`." in shown.output
    info = filled.execute("run_info", anno_key="cvat")["text"]
    assert "| images: the file is missing | 1 |" in info
    assert "1 sample was not sent; it has the tag" in info
    form = Dialog(filled, "view_run").accept_defaults()
    assert properties(form)["left_out"]["view"]["label"] == "Only those that could not be sent"
    assert Dialog(filled, "view_run", anno_key="cvat", left_out=True).run().result == {"samples": 1}
    assert Dialog(filled, "view_run", anno_key="cvat").run().result == {"samples": 2}


NONE = "There is no image that can be sent. See whether the files are where the dataset says."


def test_no_file_at_all(filled: Loop) -> None:
    for path in filled.dataset.values("filepath"):
        Path(path).unlink()
    assert invalid(opened(filled).form()) == {"unsendable": NONE}


def test_only_the_chosen_samples_count(filled: Loop, missing: str) -> None:
    dialog = Dialog(filled, "send_to_cvat", selected=[filled.dataset.first().id])
    assert invalid(dialog.accept_defaults()) == {}
    assert "bad_files" in invalid(dialog.fill(target="dataset"))


def test_so_many_files_are_not_looked_at(filled: Loop, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_form, "MOST_FILES", 1)
    dialog = opened(filled)
    assert "unsendable" not in properties(dialog.form())
    assert "1 of 2 images can't be sent" in dialog.run().notice[1]


def test_files_on_the_share(filled: Loop) -> None:
    folder = str(Path(filled.dataset.first().filepath).parent)
    dialog = opened(filled, more=True, media_source="share")
    form = dialog.accept_defaults()
    assert defaults(form)["media_prefix"] == folder
    assert asked(dialog).media_map == {folder: ""}
    dialog.fill(media_folder="street/images")
    assert asked(dialog).media_map == {folder: "street/images"}
    dialog.fill(media_source="upload")
    assert (asked(dialog).media_source, asked(dialog).media_map) == ("upload", {})


def test_files_in_a_cloud_storage(filled: Loop) -> None:
    folder = Path(filled.dataset.first().filepath).parent
    number = filled.box.add_cloud_storage("pictures", folder)
    dialog = opened(filled, more=True, media_source="cloud_storage")
    form = dialog.accept_defaults()
    (choice,) = properties(form)["media_storage"]["view"]["choices"]
    assert (choice["value"], choice["label"].split()[0]) == (str(number), "pictures")
    assert asked(dialog).media_map == {str(folder): str(number)}
    dialog.fill(media_directory="day/1")
    assert asked(dialog).media_map == {str(folder): f"{number}:day/1"}
    dialog.fill(media_directory="")
    clock = filled.clock
    assert dialog.run().notice == ("success", "Sent 2 samples with 2 labels to CVAT, in 1 task.")
    assert [line for line in filled.requests(clock) if f"/cloudstorages/{number}/content" in line]


def test_no_cloud_storage(filled: Loop) -> None:
    form = opened(filled, more=True, media_source="cloud_storage").form()
    assert invalid(form) == {"no_storages": "CVAT shows this user no cloud storage. Add one there first."}


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["/a/b/1.jpg", "/a/b/2.jpg"], "/a/b"),
        (["/a/b/1.jpg", "/a/bc/2.jpg"], "/a"),
        (["/a/b/c/1.jpg", "/a/b/2.jpg"], "/a/b"),
        (["s3://bucket/x/1.jpg", "s3://bucket/y/2.jpg"], "s3://bucket"),
        (["/a/1.jpg", "s3://b/2.jpg"], ""),
        ([], ""),
    ],
)
def test_common_folder(paths: list[str], folder: str) -> None:
    assert media_form.common_folder(paths) == folder


def test_a_sample_without_a_file_of_its_own(filled: Loop) -> None:
    """A second field with paths, of which one is empty."""
    filled.dataset.add_sample_field("small", fo.StringField)
    filled.dataset.set_values("small", [filled.dataset.first().filepath, None])
    filled.dataset.app_config.media_fields = ["filepath", "small"]
    filled.dataset.save()
    form = opened(filled, more=True, media_field="small").form()
    assert properties(form)["unsendable"]["view"]["description"] == "a sample has no path"
