"""Reading a dataset anew, as far as the database has another one than this process knows."""

import contextlib
from typing import Any

import fiftyone.core.odm as foo

NOT_COMPARED = ("annotation_runs", "last_loaded_at", "last_modified_at", "_media_sources", "_media_source_layouts")
"""What is read anew each time, or is no part of what FiftyOne reads."""


def read_anew(dataset: Any) -> None:
    """Lets a dataset know its fields and runs as the database has them.

    FiftyOne makes the classes of all samples anew when it reads a dataset, which takes some times as long as to compare
    the documents and to read the runs. So it does that only if more than the runs differs. The dataset's public
    ``reload()`` would also throw away what the person has changed in samples and not saved yet.

    Raises:
        ValueError: if the dataset is gone
    """
    there = foo.get_db_conn().datasets.find_one({"name": dataset.name}, dict.fromkeys(NOT_COMPARED, False))
    known = {name: value for name, value in dataset._doc.to_mongo().items() if name not in NOT_COMPARED}
    if there == known:
        with contextlib.suppress(foo.DatasetDocument.DoesNotExist):  # deleted since: FiftyOne says so below
            dataset._doc.reload("annotation_runs")
            return
    dataset._reload(hard=True)
