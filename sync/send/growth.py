"""All that is found out before samples are added to a run; nothing is changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...cvat import Client
from ...labels.fitting import fit_project
from ...labels.schema import FieldSchema, LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.clips import is_clips
from ..dataset.colors import class_colors
from ..dataset.observe import Observed
from ..errors import Refused, error_context
from ..progress import ProgressReporter
from ..request import SendRequest, parse
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import check_free
from ..runs.run_record import RunRecord
from ..runs.same_server import check_server
from ..runs.store import RunStore
from .checks import check_parameters, check_target, find_people, left_out_early, read_paths, task_name
from .found_labels import FoundLabels, find_labels
from .journal import Journal
from .plan import plan_more
from .prepare import Prepared, find_media, plan_all
from .project import ProjectPlan, find_project, lacks
from .schema import observe, resolve_type
from .sequences import arrange
from .targets import Target
from .task_failures import unforeseen

CARRIED = (
    *("attributes", "media_source", "media_map", "task_name", "task_size", "segment_size", "overlap", "frame_start"),
    *("frame_stop", "frame_step", "keyframe_tolerance", "image_quality", "subset", "task_assignee", "job_assignees"),
    *("sequence_field", "sequence_order", "issue_tracker", "show_confidence", "bad_files"),
)
"""What is as when the run was sent, unless something else is said."""
SAID_ANEW = frozenset(CARRIED).difference({"attributes", "show_confidence", "sequence_field", "sequence_order"}) | {
    *("anno_key", "extend", "add_classes", "project_labels", "launch_editor"),
}
"""What can be said of the samples that are added."""


@unforeseen("Nothing was sent.")
def prepare_growth(
    target: Any, request: SendRequest, client: Client, reporter: ProgressReporter
) -> tuple[RunRecord, Prepared]:
    """Finds out everything that is needed to add samples to a run.

    Args:
        target: the dataset or view to add
        request: which run, and what is to be another way than when it was sent
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        the run's record, and what can be sent

    Raises:
        RunMissing: if there is no such run
        Refused: if nothing can be added
        CvatError: if CVAT can't be reached or refuses the login
    """
    collection, record, store = growable(target, request, client)
    dataset = collection._root_dataset
    collection, already = lacking(collection, store, record, request.anno_key)
    with error_context(lambda: "Nothing was sent."):
        client, found = own_labels(client.within(record.organization), request, record, BaseStore(store))
    request = as_before(request, Journal(store).kept_request(), record, client.session.credentials.organization)
    check_parameters(request, collection.media_type, None)
    reporter.step("Looking at the labels")
    schema, seen = grown_schema(collection, found.schema if found else record.schema_, request)
    media = record.media_type
    reporter.step(f"Looking at the {media}s")
    arranged = arrange(target, collection, request, read_paths(collection, request.media_field))
    frames, bad = find_media(Target(target, collection), request, arranged, client, reporter)
    reporter.step("Connecting to CVAT")
    with error_context(lambda: "Nothing was sent."):
        server = client.check()
        people = find_people(client, request)
        colors = class_colors(dataset, schema)
        project = found.plan(schema) if found else find_own(client, record, request, schema, colors)
    name = task_name(dataset, request)
    tasks = plan_all(frames, arranged.sequences, name, request.task_size)
    prepared = Prepared(
        collection=collection,
        request=request,
        schema=schema,
        seen=seen,
        bad=bad,
        server=server,
        people=people,
        project=project,
        tasks=plan_more(tasks, name, first_number(store, record)),
        left_out=left_out_early(request, schema, seen, bad, media) + project.left_out,
        order_notes=arranged.notes,
        already=already,
        found=found.words if found else None,
    )
    return record, prepared


def growable(target: Any, request: SendRequest, client: Client) -> tuple[Any, RunRecord, RunStore]:
    """The samples of a target, and a run to which samples can be added, with its store.

    Raises:
        RunMissing: if there is no such run
        Refused: if nothing can be added to it
    """
    if is_clips(target):
        raise Refused("Clips are not added to a run, whose videos have other frames. Send them as a run of their own.")
    collection, key = check_target(target), request.anno_key
    record = records.find(collection._root_dataset, key)
    store = RunStore(collection._root_dataset, record.run_id)
    check_growable(collection, record, key)
    check_free(store, key)
    check_server(record, client, key)
    said_of_labels(request, record)
    return collection, record, store


def own_labels(
    client: Client, request: SendRequest, record: RunRecord, base: BaseStore
) -> tuple[Client, FoundLabels | None]:
    """The labels of an imported run, which nobody made for it, and the client in its workspace; ``None`` of others."""
    if not record.imported:
        return client, None
    found = find_labels(client, request, record, base)
    return client.within(found.organization), found


def check_growable(collection: Any, record: RunRecord, key: str) -> None:
    """Checks that samples can be added to a run.

    Raises:
        Refused: if not
    """
    if record.status != "sent":
        raise Refused(f"The run '{key}' was not sent completely; resume it first, then add samples.")
    media = "video" if collection.media_type == "video" else "image"
    if media != record.media_type:
        raise Refused(f"The run '{key}' has {record.media_type}s, and these samples are {media}s.")


def said_of_labels(request: SendRequest, record: RunRecord) -> None:
    """Checks that nothing is asked for that a run has for good.

    Raises:
        Refused: if something is, and is another; it is named
    """
    fields = {name for name, item in record.schema_.fields.items() if item.classes}
    fixed = {
        "media_field": record.media_field,
        "organization": record.organization or "",
        "project_id": record.project_id,
        "project_name": record.project_name,
    }
    said = {name for name in request.model_fields_set - SAID_ANEW if not _is_default(request, name)}
    wrong = sorted(name for name in said if name not in fixed and name != "label_field")
    wrong += sorted(name for name in said & fixed.keys() if (getattr(request, name) or "") != (fixed[name] or ""))
    if request.label_field and set(request.label_field) != fields:
        wrong.append("label_field")
    if request.project_labels == "leave_out":
        wrong.append("project_labels")
    if wrong:
        named = ", ".join(f"`{name}`" for name in wrong)
        raise Refused(
            f"The run '{request.anno_key}' keeps its fields ({', '.join(sorted(fields))}), its schema and its project "
            f"when samples are added to it. Leave out {named}, or send a run of its own."
        )


def _is_default(request: SendRequest, name: str) -> bool:
    """Whether a parameter is what it is if nobody says it: FiftyOne's own API always says some."""
    return bool(getattr(request, name) == SendRequest.model_fields[name].get_default(call_default_factory=True))


def lacking(collection: Any, store: RunStore, record: RunRecord, key: str) -> tuple[Any, int]:
    """The samples of a collection that a run lacks, and how many it has.

    Raises:
        Refused: if it has all of them, or what was known of it is not with the dataset
    """
    base = BaseStore(store)
    tasks = [base.task(task.id) for task in record.tasks]
    if not all(tasks):
        raise Refused(f"{records.not_here(key)} Add samples there.")
    has = {frame.sample_id for task in tasks if task for frame in task.frames}
    ids = list(dict.fromkeys(collection.values("id")))
    new = [sample_id for sample_id in ids if sample_id not in has]
    if not new:
        what = "the sample" if len(ids) == 1 else f"all {len(ids):,} samples"
        raise Refused(f"The run '{key}' has {what} already, so there is nothing to add.")
    return (collection if len(new) == len(ids) else collection.select(new)), len(ids) - len(new)


def as_before(
    request: SendRequest, kept: SendRequest | None, record: RunRecord, organization: str | None
) -> SendRequest:
    """A request to add samples, complete.

    Args:
        request: what was said now
        kept: what was said when the run was sent, if that is known
        record: the run
        organization: its workspace
    """
    now = {name: getattr(request, name) for name in request.model_fields_set & SAID_ANEW}
    then = {name: getattr(kept, name) for name in CARRIED} if kept else {}
    if "media_source" in now:
        then.pop("media_map", None)
    if "segment_size" in now:
        then.pop("overlap", None)
    if request.add_classes:
        now["project_labels"] = "extend"
    names: dict[str, Any] = {name: {} for name, item in record.schema_.fields.items() if item.classes}
    fixed = {"label_schema": names, "media_field": record.media_field, "project_id": record.project_id}
    return parse(SendRequest, {**then, **now, **fixed, "organization": organization})


def grown_schema(collection: Any, schema: LabelSchema, request: SendRequest) -> tuple[LabelSchema, dict[str, Observed]]:
    """The schema of a run to which samples are added, and the labels that these have.

    A field that was new when the run was sent is there by now, and its labels are sent.

    Raises:
        Refused: if a field can't be sent any more
    """
    there = {
        name: item.type
        for name, item in schema.fields.items()
        if item.classes and resolve_type(collection, name, item.type)[1]
    }
    seen = observe(collection, there, request.show_confidence, bool(request.sequence_field))
    fields: dict[str, FieldSchema] = {}
    for name, item in schema.fields.items():
        if name in there:
            item = item.model_copy(update={"existing_field": True})
            if request.add_classes:
                item = with_classes(item, seen[name].class_names, _targets(collection._root_dataset, name))
        fields[name] = item
    return LabelSchema(fields=fields), seen


def with_classes(item: FieldSchema, found: Sequence[str], targets: Mapping[Any, Any]) -> FieldSchema:
    """The schema of a field with further classes.

    Args:
        item: the schema
        found: the classes that labels have
        targets: the classes of pixel values, if it is a segmentation
    """
    settings = item.model_dump()
    if item.type == "segmentation":
        more = {str(key): str(name) for key, name in targets.items() if str(key).lower() not in item.mask_targets}
        settings["mask_targets"] = {**item.mask_targets, **more}
        found = [name for key, name in more.items() if key.lower() not in ("0", "#000000")]
    elif not LABEL_TYPES[item.type].codec.named:
        return item
    known = set(item.class_names)
    settings["classes"] = [
        *settings["classes"],
        *({"name": name} for name in dict.fromkeys(found) if name not in known),
    ]
    return FieldSchema.model_validate(settings, context={"stored": True})


def _targets(dataset: Any, name: str) -> Mapping[Any, Any]:
    return dataset.mask_targets.get(name) or dataset.default_mask_targets or {}


def find_own(
    client: Client, record: RunRecord, request: SendRequest, schema: LabelSchema, colors: Mapping[tuple[str, str], str]
) -> ProjectPlan:
    """A run's own project, and what it lacks.

    Raises:
        Refused: if it is gone, or lacks something that nobody asked to add
    """
    found = find_project(client, request)
    if found.project is None:
        return ProjectPlan(None, schema)
    fit = fit_project(schema, found.labels, colors)
    unlike = Counter(f"values that the project does not take: {what}" for what in fit.unlike)
    if fit.complete:
        return ProjectPlan(found.project, schema, None, unlike, found.labels)
    if request.project_labels != "extend":
        raise Refused(
            f"The project '{found.project.name}' of the run '{request.anno_key}' lacks {'; '.join(lacks(fit))} by now. "
            "Nothing was sent. Set `project_labels` to 'extend' to add that to the project."
        )
    return ProjectPlan(found.project, schema, fit, unlike, found.labels)


def first_number(store: RunStore, record: RunRecord) -> int:
    """The number of the first task that is added: what is kept of labels has the numbers of tasks in its names."""
    used = (int(name.split("/")[1]) + 1 for name in store.names("drawn/"))
    return max((len(record.tasks), *used))
