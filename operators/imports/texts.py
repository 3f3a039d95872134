"""Imports in words."""

from collections.abc import Mapping
from typing import Any

from ..shared.safe import WHOLE, code, row, safe
from ..shared.texts import count

MOST = 10
"""Images without a sample that are named."""


def imported_line(report: Mapping[str, Any]) -> str:
    """An import in one sentence."""
    found = report["imported"]
    labels = count(report["added"], "label")
    if found is None:
        return f"Loaded {labels} more of the run {report['anno_key']}."
    made = f"Made {count(found['made'], 'sample')}. " if found.get("made") else ""
    from_ = f" from {count(len(found['tasks']), 'task')}" if found["tasks"] else ""
    return f"{made}Imported {labels} on {count(found['linked'], 'sample')}{from_}."


def not_fetched(found: Mapping[str, Any] | None) -> str:
    """The images that could not be fetched, in Markdown; nothing if all could."""
    lacking = (found or {}).get("not_fetched") or []
    if not lacking:
        return ""
    lines = [f"**{count(len(lacking), 'image')} could not be fetched**, and no sample was made:", ""]
    lines += [f"- {safe(item['name'])}: {safe(item['reason'], WHOLE)}" for item in lacking[:MOST]]
    if len(lacking) > MOST:
        lines.append(f"- ... and {len(lacking) - MOST:,} more")
    return "\n".join([*lines, "", ""])


def preview(found: Mapping[str, Any]) -> str:
    """What would be imported, in Markdown; see :func:`sync.imports.plan.prepare_import`."""
    tasks, objects = count(len(found["tasks"]), "task"), count(found["objects"], "object")
    match = "matches a sample" if found["linked"] == 1 else "match samples"
    lines = [
        f"**This would import {objects} from {tasks}.** Nothing was changed yet.",
        "",
        f"{found['linked']:,} of {count(found['frames'], found['media'])} {match} by file name.",
        "",
        "| Field | Type |",
        "|:--|:--|",
        *(row(safe(name), safe(type_)) for name, type_ in found["fields"].items()),
    ]
    if "make" in found:
        lines += ["", f"{count(found['make'], 'sample')} would be made, with images in {code(found['folder'])}."]
    lines += [line for note in found["notes"] for line in ("", safe(note))]
    if found["unmatched"] and "make" not in found:
        lines += [
            "",
            f"{found['media'].capitalize()}s that match no sample:",
            "",
            *(f"- {safe(name)}" for name in found["unmatched"][:MOST]),
        ]
        if len(found["unmatched"]) > MOST:
            lines.append(f"- ... and {len(found['unmatched']) - MOST:,} more")
    return "\n".join(lines)
