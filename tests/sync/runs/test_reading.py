"""What a process learns of a dataset that others change meanwhile, and that it makes no classes anew for nothing."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.odm as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.reading import read_anew
from sync_loop import Loop


def test_what_others_changed_is_known_and_only_other_fields_make_classes_anew(filled: Loop) -> None:
    filled.send()
    dataset, stored = filled.dataset, foo.get_db_conn()
    mine = {"_id": dataset._doc.id}

    document = dataset._doc
    assert stored.runs.update_one(
        {"key": "run", "_dataset_id": mine["_id"]}, {"$set": {"config.samples": 77}}
    ).modified_count
    read_anew(dataset)
    assert dataset.get_annotation_info("run").config.samples == 77
    stored.datasets.update_one(mine, {"$unset": {"annotation_runs.run": True}})
    read_anew(dataset)
    assert dataset.list_annotation_runs() == []
    assert dataset._doc is document

    (model,) = (field for field in stored.datasets.find_one(mine)["sample_fields"] if field["name"] == "filepath")
    stored.datasets.update_one(mine, {"$push": {"sample_fields": {**model, "name": "w", "db_field": "w"}}})
    read_anew(dataset)
    assert "w" in dataset.get_field_schema()
    assert dataset.first()["w"] is None


def test_a_field_that_did_not_reach_the_database_is_forgotten(dataset: fo.Dataset) -> None:
    read_anew(dataset)
    dataset.add_sample_field("lost", fo.StringField)
    stored = foo.get_db_conn().datasets
    assert stored.update_one({"_id": dataset._doc.id}, {"$pull": {"sample_fields": {"name": "lost"}}}).modified_count
    read_anew(dataset)
    assert not dataset.has_field("lost")


def test_of_a_dataset_that_is_gone_fiftyone_says_so(dataset: fo.Dataset) -> None:
    foo.get_db_conn().datasets.delete_one({"_id": dataset._doc.id})
    with pytest.raises(ValueError, match="not found"):
        read_anew(dataset)
