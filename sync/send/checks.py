"""What is checked before, and while, samples are sent. Each check either passes or says in a sentence what to mend."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...cvat import Client, FrameMeta, Job, User
from ...labels.encode import no_word
from ...labels.schema import LabelSchema
from ..dataset.clips import Clips, check_step, is_clips
from ..dataset.media import BadFile, Frame
from ..dataset.observe import Observed
from ..dataset.samples import as_collection
from ..dataset.source_views import videos_of_clips
from ..errors import NoImageLeft, Refused, SendFailed
from ..request import SendRequest
from ..runs.base import FrameRecord
from .encode import NO_LABELS
from .plan import Segment
from .schema import requested_fields

EMPTY = "There are no samples to send: the selection or view is empty."
SEND_OTHERS = "To send the others, set `bad_files` to 'leave_out'."
"""What to do about files that can't be sent, in Python; a form says it in words of its own."""


def check_target(target: Any) -> Any:
    """The collection to send.

    Raises:
        Refused: if it is empty, or its media can't be sent
    """
    if not len(target):
        raise Refused(EMPTY)
    collection = videos_of_clips(target) if is_clips(target) else as_collection(target)
    if (problem := target_problem(collection)) is not None:
        raise Refused(problem)
    return collection


def target_problem(collection: Any) -> str | None:
    """Why a collection can't be sent; ``None`` if it can."""
    dataset, media = collection._dataset, collection.media_type
    if getattr(dataset, "_is_frames", False):
        return "These are frames of videos as images. They can be sent as a run of their own, and nothing else."
    if dataset is not collection._root_dataset:
        return "This view makes new samples out of those of the dataset; send the dataset, or a view of its samples."
    if media == "group":
        return "This is a grouped dataset; choose the slice to send, for example with `select_group_slices()`."
    if media == "mixed":
        return "These are samples of several media types. Send images and videos apart, each as a run of its own."
    if media not in ("image", "video", "unknown"):  # unknown: files without suffix, each is looked at later
        return f"These samples are of media type '{media}'; this version sends images and videos."
    return None


def check_parameters(request: SendRequest, media: str, clips: Clips | None) -> None:
    """Checks that parameters fit the samples.

    Args:
        request: what the person asked for
        media: what the samples are
        clips: those of videos that are sent; ``None`` if none are

    Raises:
        Refused: if one has a meaning only for videos, or for whole ones
    """
    asked = {
        "frame_start": request.frame_start,
        "frame_stop": request.frame_stop is not None,
        "frame_step": request.frame_step - 1,
    }
    if media != "video" and (wrong := [f"`{name}`" for name, said in asked.items() if said]):
        raise Refused(f"Only videos take {', '.join(wrong)}, and these samples are images.")
    if clips is not None and (asked["frame_start"] or asked["frame_stop"]):
        raise Refused("Clips say which frames are sent; give no `frame_start` and no `frame_stop`.")
    check_step(clips or {}, request.frame_step)


def read_paths(collection: Any, media_field: str) -> list[tuple[str, str | None]]:
    """The ids and paths of the samples.

    Raises:
        Refused: if there is no such field
    """
    if collection.get_field(media_field) is None:
        raise Refused(f"There is no field '{media_field}' with the paths of the files.")
    ids, paths = collection.values(["id", media_field])
    return list(dict(zip(ids, paths, strict=True)).items())  # a sample that a view has twice is sent once


def check_files(frames: Sequence[Frame], bad: Sequence[BadFile], policy: str, media: str = "image") -> None:
    """Ends the send if files are bad and the person did not say to leave them out.

    Args:
        frames: the good ones
        bad: the others
        policy: what to do about these: ``"stop"`` or ``"leave_out"``
        media: what they are: ``"image"`` or ``"video"``

    Raises:
        Refused: if so, or if nothing is left
    """
    if not bad or (policy == "leave_out" and frames):
        return
    named = "; ".join(f"'{file.path}' {file.reason}" for file in bad[:3])
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    hint = f" {SEND_OTHERS}" if frames else ""
    raise Refused(f"{len(bad)} of {len(bad) + len(frames)} {media}s can't be sent: {named}{more}.{hint}")


def find_people(client: Client, request: SendRequest) -> dict[str, User]:
    """The CVAT users of a request, by their exact names.

    Raises:
        Refused: if CVAT does not show one of them, or an account is not active; all of these are named
    """
    names = dict.fromkeys([*filter(None, [request.task_assignee]), *request.job_assignees])
    found = {name: client.find_user(name) for name in names}
    if problems := _people_problems(found, client.session.credentials.organization):
        raise Refused(f"{' '.join(problems)} Nothing was sent.")
    return {name: user for name, user in found.items() if user is not None}


def _people_problems(found: Mapping[str, User | None], organization: str | None) -> list[str]:
    """What is wrong with people to whom work is to be given."""
    unknown = [f"'{name}'" for name, user in found.items() if user is None]
    inactive = [f"'{name}'" for name, user in found.items() if user is not None and user.is_active is False]
    problems = []
    if unknown:
        where = (
            f"in the organization '{organization}'"
            if organization
            else "(without an organization, a plain user can assign work only to themselves)"
        )
        kind = "user" if len(unknown) == 1 else "users"
        problems.append(
            f"CVAT shows no {kind} {', '.join(unknown)} {where}. Check the names, upper and lower case too."
        )
    if inactive:
        are = "account is" if len(inactive) == 1 else "accounts are"
        problems.append(f"The CVAT {are} not active: {', '.join(inactive)}.")
    return problems


def count_files(bad: Sequence[BadFile], media: str) -> Counter[str]:
    """Files that stay behind, counted by sentence.

    Args:
        bad: the files
        media: what they are: ``"image"`` or ``"video"``
    """
    return Counter(f"{media}s: the file {file.reason}" for file in bad)


MOST_REASONS = 2_000
"""Reasons that a run's record keeps: it is one document of a database whose documents have a limit."""


def summed_up(left_out: Counter[str]) -> dict[str, int]:
    """What stays behind, as a record can keep it: of very many reasons the rest is one number."""
    told = dict(left_out)
    if len(told) <= MOST_REASONS:
        return told
    kept = dict(left_out.most_common(MOST_REASONS - 1))
    rest = [count for reason, count in told.items() if reason not in kept]
    return {**kept, f"what is left out for {len(rest):,} other reasons": sum(rest)}


def left_out_early(
    request: SendRequest,
    schema: LabelSchema,
    seen: Mapping[str, Observed],
    bad: Sequence[BadFile],
    media: str = "image",
) -> Counter[str]:
    """What is known to stay behind before anything is sent."""
    counts = count_files(bad, media)
    wanted = requested_fields(request)
    for name, observed in seen.items():
        if name not in schema.fields:  # none of its classes is in the project
            classes = observed.classes or Counter({name: observed.labels})
            for reason, number in [*((no_word(own), n) for own, n in classes.items()), (NO_LABELS, observed.no_labels)]:
                counts[f"{name}: {reason}"] += number
            continue
        carried = schema.fields[name].all_attributes
        if wanted[name].get("attributes") is True:
            counts.update({f"{name}: {sentence}": count for sentence, count in observed.unnameable.items()})
        for attribute, values in observed.attributes.items():
            # Those of an attribute that is carried are counted label by label, when they are written
            if values.strange and attribute not in carried and wanted[name].get("attributes") is True:
                counts[f"{name}: values of attribute '{attribute}' that are no text, number or bool"] += values.strange
    return +counts


TWICE = (
    "CVAT's task has frames of one name twice, as one has with honeypots: copies of frames of a validation pool, by "
    "which annotators are checked"
)


def task_name(dataset: Any, request: SendRequest) -> str:
    return request.task_name or f"{dataset.name} / {request.anno_key}"


def match_frames(
    planned: Sequence[Frame], got: Sequence[FrameMeta], *, lenient: bool = False
) -> tuple[tuple[FrameRecord, ...], list[Frame]]:
    """Compares CVAT's frames with what was sent: it drops files that it does not know in silence.

    Args:
        planned: what was sent, in order
        got: what CVAT made of it
        lenient: whether frames may be missing

    Returns:
        the frames that are there, and those that CVAT dropped

    Raises:
        NoImageLeft: if all are missing that may
        SendFailed: if one is missing that may not, or they are in another order
    """
    names = {item.name for item in got}
    dropped = [frame for frame in planned if frame.name not in names]
    kept = [frame for frame in planned if frame.name in names]
    if lenient and not kept:
        raise NoImageLeft("CVAT takes none of these images.")
    if dropped and not lenient:
        count = f"{len(dropped)} of {len(planned)} images"
        raise SendFailed(
            f"CVAT left out {count}, such as '{dropped[0].path}'; it may not know their format. Convert them, or set "
            "`bad_files` to 'leave_out' to send without them."
        )
    if len(names) < len(got):
        raise SendFailed(f"{TWICE}. Such a task can't be sent into.")
    if [frame.name for frame in kept] != [item.name for item in got]:
        raise SendFailed("CVAT's frames are not in the order in which the images were sent.")
    return tuple(
        FrameRecord(sample_id=frame.sample_id, name=item.name, width=item.width, height=item.height, of=frame.of)
        for frame, item in zip(kept, got, strict=True)
    ), dropped


def segments_of(jobs: Sequence[Job], frames: int) -> tuple[Segment, ...]:
    """The jobs of a task into which labels are written.

    Args:
        jobs: its jobs as CVAT has them
        frames: how many frames it has

    Raises:
        SendFailed: if a job has frames that the task has not
    """
    ours = [job for job in jobs if job.type == "annotation"]
    for job in ours:
        if not 0 <= job.start_frame <= job.stop_frame < frames:
            raise SendFailed(
                f"CVAT's job {job.id} has frames {job.start_frame} to {job.stop_frame}, but its task has {frames} "
                f"frames, 0 to {frames - 1}."
            )
    return tuple(Segment(number, job.start_frame, job.stop_frame, job.id) for number, job in enumerate(ours))
