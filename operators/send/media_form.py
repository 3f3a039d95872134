"""The part of a form that is about files: which can't be sent, and where CVAT gets the images."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import names
from ...sync.dataset.clips import is_clips
from ...sync.dataset.frame_images import is_frames
from ...sync.errors import CvatError, Refused, RoundtripError
from ...sync.media_map import read_media_map
from ...sync.readable import readable
from ...sync.send import proposals
from ...sync.send.send import LEFT_OUT_TAG
from ..shared import context
from ..shared.texts import count

MOST_FILES = 5_000
"""A form looks at no more files than that; of more, the send itself says which are bad."""
MOST_FRAMES = 2_000
"""A form draws the labels of no more frames of videos than that."""
LONG, KEPT = 40, 2
"""From how many characters on a path is shortened, and how many of its parts are left."""
SHOWN = 3
"""Bad files that are named."""
PARTS = ("media_prefix", "media_folder", "media_storage", "media_directory")
WHOLE_PATH = "Give the whole path, from the root on, or the address, such as s3://bucket/folder."
SOURCES = {
    "upload": "Upload them",
    "share": "CVAT has them on its file share",
    "cloud_storage": "CVAT has them in a cloud storage",
}


def bad_files(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Shows which files can't be sent, if there are any, and asks what to do about them."""
    if ctx.params.get("media_source", "upload") != "upload":
        return
    found = look(ctx, context.meant(ctx), ctx.params.get("media_field") or "filepath")
    if not found["bad"]:
        return
    images = count(found["images"], noun(ctx))
    label = f"{found['bad']:,} of {images} can't be sent"
    notice = inputs.view("unsendable", types.Warning(label=label, description=found["named"]))
    if found["bad"] == found["images"]:
        sentence = f"There is no {noun(ctx)} that can be sent. See whether the files are where the dataset says."
        notice.invalid, notice.error_message = True, sentence
        return
    choice = types.RadioGroup()
    choice.add_choice("stop", label="Send nothing")
    choice.add_choice("leave_out", label=f"Send the others, and tag these samples {LEFT_OUT_TAG}")
    prop = inputs.enum("bad_files", choice.values(), default="stop", label="What to do", view=choice)
    if ctx.params.get("bad_files", "stop") == "stop":
        prop.invalid, prop.error_message = True, "Repair the files, or send the others."


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def look(ctx: foo.ExecutionContext, target: str, media_field: str) -> dict[str, Any]:
    """How many ``images`` a target has, how many of them are ``bad``, and some ``named``.

    Looked at once for each time the form is opened, and only if there are not too many.
    """
    collection = context.target(ctx)
    if collection.get_field(media_field) is None or len(proposals.samples_of(collection)) > MOST_FILES:
        return {"images": 0, "bad": 0, "named": ""}
    images, bad = proposals.unsendable(collection, media_field)
    named = [f"{_short(file.path) or 'a sample'} {file.reason}" for file in bad[:SHOWN]]
    if len(bad) > SHOWN:
        named.append(f"and {len(bad) - SHOWN:,} more")
    return {"images": images, "bad": len(bad), "named": "; ".join(named)}


def _short(path: str | None) -> str:
    """The end of a path: a notice is as wide as its longest word."""
    parts = (path or "").split("/")
    return path or "" if len(path or "") <= LONG or len(parts) <= KEPT else "/".join(["...", *parts[-KEPT:]])


def name_of_samples(collection: Any) -> str:
    """What the samples of a collection are called in a choice: clips and frames are no samples of their dataset."""
    if is_clips(collection):
        return "clip"
    return "frame" if is_frames(collection) else "sample"


def noun(ctx: foo.ExecutionContext) -> str:
    """What the samples are."""
    return "video" if proposals.is_video(context.target(ctx)) else "image"


def policy(inputs: types.Object, default: str) -> None:
    """Asks what to do about files that CVAT can't read."""
    choice = types.RadioGroup()
    choice.add_choice("stop", label="Stop")
    choice.add_choice("leave_out", label="Leave their samples out")
    inputs.enum("bad_files", choice.values(), default=default, label="If CVAT can't read files", view=choice)


def source(ctx: foo.ExecutionContext, inputs: types.Object, connected: bool) -> None:
    """Asks where CVAT gets the images."""
    choice = types.DropdownView()
    for name, label in SOURCES.items():
        choice.add_choice(name, label=label)
    inputs.enum("media_source", choice.values(), default="upload", label=f"{noun(ctx).capitalize()}s", view=choice)
    said = ctx.params.get("media_source") or "upload"
    if said == "upload":
        found = look(ctx, context.meant(ctx), ctx.params.get("media_field") or "filepath")
        if not found["bad"]:
            policy(inputs, "stop")
        return
    prefix = _prefix(ctx, context.meant(ctx), ctx.params.get("media_field") or "filepath")
    place(ctx, inputs, said, prefix, connected)
    policy(inputs, "stop")


def place(ctx: foo.ExecutionContext, inputs: types.Object, source: str, prefix: str, connected: bool) -> types.Property:
    """Asks which folder, or address, here is which one of CVAT's.

    Args:
        ctx: the operator's context
        inputs: the form
        source: ``"share"`` or ``"cloud_storage"``
        prefix: what the paths of the dataset begin with, as far as that is known
        connected: whether CVAT can be asked for its cloud storages

    Returns:
        the folder or address
    """
    here = inputs.str(
        "media_prefix",
        default=prefix,
        label="Folder or address here",
        description="What paths in the dataset begin with",
        view=types.View(space=6),
    )
    said = ctx.params.get("media_prefix", prefix)
    here.invalid, here.error_message = not said, "Give the folder, such as /data/images, or the address."
    if said:
        try:
            read_media_map(source, {said: "" if source == "share" else 1})  # type: ignore[arg-type]
        except ValueError as error:
            here.invalid, here.error_message = "is no absolute path" in str(error), WHOLE_PATH
    if source == "share":
        hint = "Empty if it is the share itself"
        inputs.str("media_folder", label="Same folder on CVAT's share", description=hint, view=types.View(space=6))
    else:
        _storage(ctx, inputs, connected)
    return here


def _storage(ctx: foo.ExecutionContext, inputs: types.Object, connected: bool) -> None:
    storages = _storages(ctx) if connected else {}
    if not storages:
        sentence = "CVAT shows this user no cloud storage. Add one there first."
        notice = inputs.view("no_storages", types.Warning(label=sentence))
        notice.invalid, notice.error_message = True, sentence
        return
    choice = types.DropdownView(space=6)
    for number, label in storages.items():
        choice.add_choice(number, label=readable(label))
    first = next(iter(storages))
    inputs.enum("media_storage", choice.values(), default=first, label="Cloud storage in CVAT", view=choice)
    inputs.str(
        "media_directory",
        label="Folder in the bucket",
        description="Empty if it is the bucket itself, or part of the address",
        view=types.View(space=6),
    )


def folder_of_all(ctx: foo.ExecutionContext) -> str:
    """What the paths of the samples that are meant have in common."""
    return _prefix(ctx, context.meant(ctx), "filepath") if len(ctx.dataset) else ""


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _prefix(ctx: foo.ExecutionContext, target: str, media_field: str) -> str:
    """What the paths of a target have in common."""
    collection = context.target(ctx)
    if collection.get_field(media_field) is None:
        return ""
    return common_folder(path for path in collection.values(media_field) if path)


def common_folder(paths: Iterable[str]) -> str:
    """The folder that all paths, or addresses, are in; empty if there is none."""
    folders = [path.split("/")[:-1] for path in paths]
    first, last = min(folders, default=[]), max(folders, default=[])  # what these share, those between them have too
    return "/".join(part for part, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _storages(ctx: foo.ExecutionContext) -> dict[str, str]:
    """The cloud storages that CVAT shows, by id as text; nothing if it can't be asked."""
    try:
        return names.storage_names(context.client_for(ctx, ctx.params.get("organization") or None, hasty=True))
    except (RoundtripError, CvatError):
        return {}


def read(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a send, with the form's answers about the images as a ``media_map``."""
    rest = {name: value for name, value in params.items() if name not in PARTS}
    prefix = params.get("media_prefix")
    if not prefix or "media_map" in params:
        return rest
    if not isinstance(prefix, str):
        raise Refused("The parameter 'media_prefix' is wrong: it is a text.")
    if params.get("media_source") == "share":
        return {**rest, "media_map": {prefix: params.get("media_folder") or ""}}
    if params.get("media_source") == "cloud_storage" and params.get("media_storage"):
        storage, folder = str(params["media_storage"]), params.get("media_directory")
        return {**rest, "media_map": {prefix: f"{storage}:{folder}" if folder else storage}}
    return rest
