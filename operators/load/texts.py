"""What a load did, or would do, in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...sync.load.frame_numbers import frame_ranges
from ..comments import texts as comment_texts
from ..conflicts import texts as conflict_texts
from ..shared.safe import WHOLE, code, row, safe
from ..shared.texts import count, table

MOST_CLASSES = 20
"""Classes of a field that are listed one by one."""

MOST_FRAMES = 3
"""Frames that are named of objects that were left."""

MOST_RANGES = 10
"""Ranges of frames that are listed of conflicts in videos."""

REFUSALS = {
    "additions": "new labels, which this run does not allow",
    "deletions": "deletions, which this run does not allow",
    "label edits": "changes of the class, which this run does not allow",
    "spatial edits": "changes of the shape, which this run or the label does not allow",
}
"""Edits that are not applied, by what a report counts them as."""
DEFAULTS = "values at their defaults, as CVAT sets them when the class is changed; yours stay"
MOST_NAMES = 6
"""Attributes that are named of these."""
_DEFAULT = re.compile(r"attribute '(.*)' at its default after a change of class", re.DOTALL)

STOPPED = "**The load stopped before it changed anything.** Load again to see why, and to confirm it."
WHAT = ("added", "changed", "deleted")


def loaded_line(report: Mapping[str, Any]) -> str:
    """A load in one sentence."""
    if not any(report[name] for name in WHAT):
        as_before = "is as it was" if report["unchanged"] == 1 else "are as they were"
        return f"Nothing changed: {count(report['unchanged'], 'label')} {as_before}."
    return f"Added {report['added']:,}, changed {report['changed']:,}, deleted {count(report['deleted'], 'label')}."


def open_line(number: int) -> str:
    """How many labels of a run are in conflict, in one sentence; nothing if none is.

    Args:
        number: of labels, as the panel counts them
    """
    if not number:
        return ""
    return f"{count(number, 'label')} {'is' if number == 1 else 'are'} in conflict: changed both here and in CVAT."


def preview_line(report: Mapping[str, Any]) -> str:
    """What a load would do, in one sentence."""
    if not any(report[name] for name in WHAT):
        stays = "stays as it is" if report["unchanged"] == 1 else "stay as they are"
        return f"This would change nothing: {count(report['unchanged'], 'label')} {stays}."
    added, changed, deleted = (report[name] for name in WHAT)
    return f"This would add {added:,}, change {changed:,} and delete {count(deleted, 'label')}."


def loaded(report: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """A load in Markdown.

    Args:
        report: as of :meth:`sync.runs.report.LoadReport.as_dict`
        names: of the samples in conflict, by id
    """
    return "\n".join([f"**{loaded_line(report)}**", *_fields(report), *_rest(report, names or {})])


def preview(report: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """What a load would do, in Markdown; see :func:`loaded`."""
    said = f"**{preview_line(report)}** Nothing was changed yet."
    return "\n".join([said, *_fields(report), *_classes(report), *_rest(report, names or {})])


def caution(item: Mapping[str, Any]) -> str:
    """Why a load stopped, as the label of the box that confirms it."""
    if item["caution"] == "deleted":
        return f"Load although it deletes {item['count']:,} of {count(item['of'], 'label')}"
    where = f"job {item['jobs'][0]}" if len(item["jobs"]) == 1 else count(len(item["jobs"]), "job")
    return f"Load although CVAT has nothing any more in {where}, where it had {count(item['count'], 'label')}"


def caution_sentence(item: Mapping[str, Any]) -> str:
    """Why a load stopped, as a sentence."""
    if item["caution"] == "deleted":
        return f"The load would delete {item['count']:,} of {count(item['of'], 'label')}."
    where = f"job {item['jobs'][0]}" if len(item["jobs"]) == 1 else count(len(item["jobs"]), "job")
    return f"CVAT has nothing any more in {where}, where it had {count(item['count'], 'label')}."


def _fields(report: Mapping[str, Any]) -> list[str]:
    lines = ["", "| Field | Added | Changed | Deleted | Unchanged |", "|:--|--:|--:|--:|--:|"]
    for name, item in report["fields"].items():
        lines.append(row(safe(name), *(f"{item[what]:,}" for what in (*WHAT, "unchanged"))))
    return lines


def _rest(report: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    lines = [*_jobs(report), *_details(report)]
    lines += conflict_texts.table(report["conflicts"], names)
    lines += table("Done in CVAT, but not applied", _refused(report["fields"]))
    lines += table("Drawn in CVAT, but in no field of the run", report["unexpected"])
    return lines + table("In CVAT, and not loaded", {_left(item): item["count"] for item in report["left"]})


def _refused(fields: Mapping[str, Any]) -> dict[str, int]:
    """The edits that were not applied, in words; several attributes at their defaults are one line of a field."""
    found = {}
    for field, item in fields.items():
        defaults = {known[1]: what for what in item["refused"] if (known := _DEFAULT.fullmatch(what))}
        together = set(defaults.values()) if len(defaults) > 1 else set()
        found.update({f"{field}: {refusal(what)}": n for what, n in item["refused"].items() if what not in together})
        if together:
            names = [*list(defaults)[:MOST_NAMES], *(["..."] if len(defaults) > MOST_NAMES else [])]
            found[f"{field}: {DEFAULTS} ({', '.join(names)})"] = sum(item["refused"][what] for what in together)
    return found


def refusal(what: str) -> str:
    """Why an edit was not applied, as a person says it.

    Args:
        what: as a report counts it
    """
    if found := _DEFAULT.fullmatch(what):
        return f"'{found[1]}' is at its default, as CVAT sets it when the class is changed; your value stays"
    return REFUSALS.get(what, what)


def _left(item: Mapping[str, Any]) -> str:
    """What was left, why, and on which frames."""
    frames = ", ".join(item["frames"][:MOST_FRAMES])
    more = ", ..." if len(item["frames"]) > MOST_FRAMES else ""
    text = f"{item['type']} '{item['name']}': {item['reason']}" + (f" ({frames}{more})" if frames else "")
    return text.replace("\n", " ")


def _objects(objects: Mapping[str, int]) -> list[str]:
    """What became of the objects of CVAT, if any was left."""
    if not objects["left"]:
        return []
    found = count(objects["found"], "object")
    kept, applied, left = (f"{objects[what]:,}" for what in ("unchanged", "applied", "left"))
    return [f"CVAT has {found} in the jobs that were read: {kept} unchanged, {applied} applied, {left} left there."]


def _jobs(report: Mapping[str, Any]) -> list[str]:
    """Which jobs were not read: those that did not change, and those that were not chosen."""
    lines = []
    same = report["jobs"] - report["jobs_read"] - report["jobs_left"] - report["jobs_failed"]
    if same > 0:
        of = f"{count(same, 'job')} of {report['jobs']:,}"
        lines += ["", f"{of} had not changed since the last load and needed no reading."]
    if report["jobs_failed"]:
        lines += ["", f"{count(report['jobs_failed'], 'job')} could not be read; load again for the labels there."]
    if report["jobs_left"]:
        left = "is left for a later load, as it was" if report["jobs_left"] == 1 else "are left for later, as they were"
        lines += ["", f"{count(report['jobs_left'], 'changed job')} {left} not among those you chose."]
    return lines


def _classes(report: Mapping[str, Any]) -> list[str]:
    """The counts by class, with the classes first of which most changes."""
    rows = [
        (sum(item[what] for what in WHAT), name, cls or "(no class)", item)
        for name, field in report["fields"].items()
        for cls, item in field["classes"].items()
    ]
    if not rows:
        return []
    rows.sort(key=lambda row: (-row[0], row[1], row[2]))
    lines = ["", "| Field | Class | Added | Changed | Deleted |", "|:--|:--|--:|--:|--:|"]
    for _, name, cls, item in rows[:MOST_CLASSES]:
        lines.append(row(safe(name), safe(cls), *(f"{item[what]:,}" for what in WHAT)))
    if len(rows) > MOST_CLASSES:
        lines += ["", f"... and {count(len(rows) - MOST_CLASSES, 'more class', 'more classes')}."]
    return lines


def _details(report: Mapping[str, Any]) -> list[str]:
    lines = [safe(note, WHOLE) for note in report["notes"]]
    for name, item in report["fields"].items():
        if item["copied"]:
            lines.append(f"{count(item['copied'], 'label')} copied into {code(name)}.")
    lines += _conflicts(report["conflicts"])
    lines += filter(None, [comment_texts.line(report["comments"])])
    lines += _matches(report["matches"])
    lines += _objects(report["objects"])
    if report["samples_gone"]:
        belong = "belongs to a sample that is" if report["samples_gone"] == 1 else "belong to samples that are"
        lines.append(f"{count(report['samples_gone'], 'label')} {belong} no longer in the dataset.")
    return ["", *(f"- {line}" for line in lines)] if lines else []


def _conflicts(conflicts: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many conflicts there were, by what became of them."""
    of_jobs = [item for item in conflicts if item.get("of_jobs")]
    others = [item for item in conflicts if not item.get("of_jobs")]
    taken, kept, left = (_labels(others, name) for name in ("remote", "local", "open"))
    lines = []
    if taken:
        lines.append(f"{_both(taken)} CVAT's value counts.")
    if kept:
        lines.append(f"{_both(kept)} Your value counts.")
    if left:
        lines.append(f"{_both(left)} Your labels are left as they are; decide with **Resolve conflicts**.")
    if twice := _labels(of_jobs, "remote") + _labels(of_jobs, "local"):
        were = "was" if twice == 1 else "were"
        lines.append(
            f"{count(twice, 'label')} {were} changed differently in two jobs that have the frame. What one job deletes "
            "is deleted, else the earlier job's value counts."
        )
    ranges = frame_ranges(conflicts)
    lines += [f"{safe(item['text'])} (track {item['track']} of {code(item['field'])})" for item in ranges[:MOST_RANGES]]
    if len(ranges) > MOST_RANGES:
        lines.append(f"... and {count(len(ranges) - MOST_RANGES, 'more range')} of frames.")
    return lines


def _labels(conflicts: Sequence[Mapping[str, Any]], outcome: str) -> int:
    """How many labels have parts in conflict with this outcome: as many as the panel counts."""
    return len({(item["field"], item["label_id"]) for item in conflicts if item["outcome"] == outcome})


def _both(number: int) -> str:
    return f"{count(number, 'label')} {'was' if number == 1 else 'were'} changed on both sides."


def _matches(matches: Mapping[str, int]) -> list[str]:
    """How labels were found that had lost their id."""
    same, near = matches.get("exact", 0), matches.get("overlap", 0)
    if not same + near:
        return []
    found = "was found" if same + near == 1 else "were found"
    how = [f"{same:,} as exactly the same" if same else "", f"{near:,} by overlap" if near else ""]
    return [f"{count(same + near, 'label')} had a new id in CVAT and {found} again: {', '.join(filter(None, how))}."]


def undone(result: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An undo in Markdown.

    Args:
        result: as of :func:`sync.load.undo.undo`
        names: of the samples with labels that were kept, by id
    """
    lines = [f"**{undone_line(result)}** The next load brings the same changes again."]
    lines += ["", "| Put back | How\u00a0many |", "|:--|--:|"]
    back = {"Changed back": "changed", "Removed again": "removed", "Restored": "restored"}
    lines += [f"| {what} | {result[name]:,} |" for what, name in back.items()]
    kept = result["edited_since"]
    if kept:
        lines += ["", f"{kept_line(kept)[:-1]}:", ""]
        lines += [_kept(item, names) for item in kept[: conflict_texts.MOST]]
        if len(kept) > conflict_texts.MOST:
            lines.append(f"- ... and {len(kept) - conflict_texts.MOST:,} more")
    if result["samples_gone"]:
        belong = "belongs to a sample that is" if result["samples_gone"] == 1 else "belong to samples that are"
        lines += ["", f"{count(result['samples_gone'], 'label')} {belong} no longer in the dataset."]
    return "\n".join(lines)


def _kept(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A label that was edited since the load, and what of it: ``- cat on photo_001.jpg, field gt: class and shape``."""
    parts = dict.fromkeys(
        "shape" if path in conflict_texts.SHAPE_PATHS else conflict_texts.part(path) for path in item["edited"]
    )
    edited = "deleted, or made again" if "existence" in item["edited"] else ", ".join(parts)
    what = item["class"] if isinstance(item["class"], str) else "a label"
    sample = names.get(item["sample_id"], item["sample_id"])
    return f"- {safe(what)} on {safe(sample)}, field {code(item['field'])}: {safe(edited)}"


def kept_line(kept: Sequence[Any]) -> str:
    """The labels that an undo left alone, in one sentence."""
    since = "was edited since and is" if len(kept) == 1 else "were edited since and are"
    return f"{count(len(kept), 'label')} {since} left as you have {'it' if len(kept) == 1 else 'them'} now."


def undone_line(result: Mapping[str, Any]) -> str:
    """An undo in one sentence."""
    back = result["removed"] + result["restored"] + result["changed"]
    is_ = "is" if back == 1 else "are"
    return f"Load {result['load']} is undone: {count(back, 'label')} {is_} as before."
