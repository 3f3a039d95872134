"""All that is found out before a send does anything: what there is, what CVAT says, and which tasks to make."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from ...cvat import Client, Label, ServerInfo, User
from ...labels.schema import LabelSchema
from ...labels.tracks.mutability import mutable_specs
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..dataset.colors import class_colors
from ..dataset.media import BadFile, Frame, find_frames, of_video
from ..dataset.observe import Observed
from ..dataset.sequences import ImageSequence
from ..dataset.videos import find_videos
from ..errors import error_context
from ..progress import ProgressReporter
from ..request import SendRequest
from ..runs import record as records
from .checks import (
    check_files,
    check_parameters,
    find_people,
    left_out_early,
    summed_up,
    task_name,
)
from .forecast import Forecast, forecast, labels_of_files
from .journal import Before, SendPlan
from .plan import TaskPlan, bad_clips, foresee_segments, into_clips, plan_sequences, plan_tasks, plan_videos
from .project import FoundProject, ProjectPlan, find_project, plan_project
from .schema import resolve_schema
from .sequences import Arranged, arrange, with_grouping
from .server_media import find_server_frames
from .targets import Target, find_target
from .task_failures import unforeseen
from .video_forecast import forecast_videos, without_short
from .words import expected_labels, expected_words, words_to_draw


@dataclass(frozen=True)
class Prepared:
    """A send that could begin.

    Args:
        collection: the samples
        request: what the person asked for
        schema: the run's schema
        seen: what labels the fields have
        bad: the files that are left out
        server: who answers
        people: the CVAT users of the request, by name
        project: what to do about its project
        tasks: the tasks to make
        left_out: what stays behind, counted by sentence
        order_notes: what there is to say of the order of images in sequences, and of numbers of frames
        already: how many of the samples the run has already, to which the others are added
        found: what the labels in CVAT mean, if nobody made them for the run
    """

    collection: Any
    request: SendRequest
    schema: LabelSchema
    seen: Mapping[str, Observed]
    bad: Sequence[BadFile]
    server: ServerInfo
    people: Mapping[str, User]
    project: ProjectPlan
    tasks: Sequence[TaskPlan]
    left_out: Counter[str]
    order_notes: tuple[str, ...] = ()
    already: int = 0
    found: Vocabulary | None = None

    def plan(self, before: Before | None = None) -> SendPlan:
        """What is kept of it before anything is done.

        Args:
            before: what the run had, if samples are added to it
        """
        return SendPlan(
            request=self.request,
            tasks=len(self.tasks),
            images=self.images,
            bytes=self.bytes,
            labels=sum(sum(classes.values()) for classes in self.labels.values()),
            bad=tuple(self.bad),
            project_found=before is not None or self.project.project is not None,
            before=before,
            left_out=summed_up(self.left_out) if before else {},
        )

    @property
    def project_name(self) -> str | None:
        """The name of the project that the tasks go into."""
        return self.project.project.name if self.project.project else self.request.project_name

    @property
    def media(self) -> Literal["image", "video"]:
        """What the samples are."""
        return "video" if self.collection.media_type == "video" and not self.of_frames else "image"

    @property
    def of_frames(self) -> bool:
        """Whether the images are frames of videos."""
        return any(frame.of for task in self.tasks for frame in task.frames)

    @property
    def has_clips(self) -> bool:
        """Whether clips of videos are sent."""
        return any(frame.clip for task in self.tasks for frame in task.frames)

    @property
    def images(self) -> int:
        """How many images, videos or clips there are."""
        return sum(len(task.frames) for task in self.tasks)

    @property
    def bytes(self) -> int:
        """How many bytes there are to upload."""
        return sum(task.bytes for task in self.tasks)

    @property
    def notes(self) -> list[str]:
        """What a person should know before the send, in sentences."""
        return [sentence for sentence in _notes(self) if sentence]

    @property
    def labels(self) -> dict[str, dict[str, int]]:
        """How many labels are going to be sent, by field and class."""
        found: dict[str, dict[str, int]] = {}
        for name, seen in self.seen.items():
            field = self.schema.fields.get(name)
            if field is not None:
                classes = seen.classes or Counter({name: seen.labels})
                names = set(field.class_names)
                found[name] = {cls: count for cls, count in classes.most_common() if cls in names or cls == name}
        return found


def _notes(prepared: Prepared) -> Iterator[str]:
    yield from prepared.order_notes
    if prepared.already:
        are = "sample is" if prepared.already == 1 else "samples are"
        yield f"{prepared.already:,} {are} in the run already; nothing is sent of them."
    for name, seen in prepared.seen.items():
        item = prepared.schema.fields.get(name)
        if item is not None:
            yield seen.rotations.note(name, item.rotation_unit)
            yield seen.rotations.caution(name, item.rotation_unit)
            yield from seen.missing_notes(name, item)


@unforeseen("Nothing was sent.")
def prepare(target: Any, request: SendRequest, client: Client, reporter: ProgressReporter) -> Prepared:
    """Finds out everything that a send needs. Nothing is changed, here or in CVAT.

    Args:
        target: the dataset or view to send
        request: what to send, and how
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Raises:
        Refused: if the request can't be carried out
        CvatError: if CVAT can't be reached or refuses the login
    """
    about = find_target(target)
    collection, clips = about.collection, about.clips
    dataset, media = collection._root_dataset, "video" if about.is_video else "image"
    request = with_grouping(target, about.asked(request), collection.media_type)
    check_parameters(request, media, clips if about.is_video else None)
    records.check_key(dataset, request.anno_key)
    asker = ThreadPoolExecutor(1, thread_name_prefix="cvat-check")
    answer = asker.submit(_ask, client, request)  # meanwhile, as CVAT may be far away
    asker.shutdown(wait=False)
    reporter.step("Looking at the labels")
    schema, seen = resolve_schema(collection, request, lambda: _answered(answer)[1].labels, clips)
    reporter.step(f"Looking at the {media}s")
    arranged = arrange(target, collection, request, about.paths(request.media_field))
    if request.media_source == "upload":
        frames, bad = find_media(about, request, arranged, client, reporter)
    reporter.step("Connecting to CVAT")
    server, found = _answered(answer)
    with error_context(lambda: "Nothing was sent."):
        if request.media_source != "upload":
            frames, bad = find_media(about, request, arranged, client, reporter)
        people = find_people(client, request)
        project = plan_project(found, request, schema, class_colors(dataset, schema))
    return Prepared(
        collection=collection,
        request=request,
        schema=project.schema,
        seen=seen,
        bad=bad,
        server=server,
        people=people,
        project=project,
        tasks=plan_all(frames, arranged.sequences, task_name(dataset, request), request.task_size),
        left_out=left_out_early(request, project.schema, seen, bad, media) + project.left_out,
        order_notes=(*arranged.notes, *_notes_of_stretches(project.schema)),
    )


def _notes_of_stretches(schema: LabelSchema) -> Iterator[str]:
    for name, item in schema.fields.items():
        if LABEL_TYPES[item.type].of_videos:
            yield (
                f"The 'start' and 'stop' of '{name}' are frames of the video, counted from 1; CVAT's player counts "
                "from 0, and from the first frame that is sent."
            )


def plan_all(
    frames: Sequence[Frame], sequences: Mapping[str, ImageSequence], name: str, task_size: int | None
) -> list[TaskPlan]:
    """The tasks to make."""
    if any(frame.video for frame in frames):
        return plan_videos(frames, name)
    return plan_sequences(frames, sequences, name, task_size) if sequences else plan_tasks(frames, name, task_size)


def find_media(
    about: Target, request: SendRequest, arranged: Arranged, client: Client, reporter: ProgressReporter
) -> tuple[list[Frame], list[BadFile]]:
    """The files of a collection that can be sent, and those that can't; of videos perhaps only clips.

    Raises:
        Refused: if there are such and the person did not say to leave them out, or no other is left
    """
    is_video, clips = about.is_video, about.clips
    if request.media_source == "upload":
        frames, bad = (find_videos if is_video else find_frames)(arranged.paths)
    else:
        frames, bad = find_server_frames(client, arranged.paths, request, reporter, video=is_video)
    if is_video:
        frames, short = without_short(about.collection, into_clips(frames, clips), request)
        bad = [*bad_clips(bad, clips), *short]
    elif (images := about.images) is not None:
        frames = [frame.model_copy(update={"of": images[frame.sample_id]}) for frame in frames]
        bad = [of_video(file, images[file.sample_id]) for file in bad]
    bad = [*bad, *arranged.bad]
    check_files(frames, bad, request.bad_files, "video" if is_video else "image")
    return frames, bad


Answer = tuple[ServerInfo, FoundProject]


def _ask(client: Client, request: SendRequest) -> Answer:
    """Who answers, and the request's project."""
    return client.check(), find_project(client, request)


def _answered(answer: "Future[Answer]") -> Answer:
    with error_context(lambda: "Nothing was sent."):
        return answer.result()


@unforeseen("Nothing was sent.")
def describe(prepared: Prepared, reporter: ProgressReporter | None = None) -> dict[str, Any]:
    """What a send would do, as plain data.

    Args:
        prepared: the send
        reporter: takes the progress, and carries the wish to stop while all labels are drawn

    Returns:
        ``anno_key``, ``media`` (``"image"``, ``"video"`` or ``"clip"``), ``server``,
        ``project`` and ``project_exists``, ``tasks`` (``name``, ``images``, ``bytes``,
        ``jobs``), the totals ``images``, ``bytes``, ``jobs`` and ``labels``, ``labels_by_field`` (by field and class),
        ``left_out`` (``what``, ``count``), ``notes`` (sentences to read before a send) and ``bad_files``
        (``sample_id``, ``path``, ``reason``); ``already``: how many samples the run has to which the others are added
    """
    request = prepared.request
    foreseen, notes, jobs_of_tasks = _forecast(prepared, reporter or ProgressReporter())
    tasks = [
        {
            "name": task.name,
            "images": len(task.frames),
            "bytes": task.bytes,
            "jobs": jobs,
        }
        for task, jobs in zip(prepared.tasks, jobs_of_tasks, strict=True)
    ]
    left_out = prepared.left_out + foreseen.left_out
    return {
        "anno_key": request.anno_key,
        "media": "clip" if prepared.has_clips else prepared.media,
        "server": prepared.server.url,
        "project": prepared.project_name,
        "project_exists": prepared.project.project is not None,
        "tasks": tasks,
        "images": prepared.images,
        "bytes": prepared.bytes,
        "jobs": sum(task["jobs"] for task in tasks),
        "labels": sum(sum(classes.values()) for classes in foreseen.labels.values()),
        "labels_by_field": foreseen.labels,
        "left_out": [{"what": what, "count": count} for what, count in summed_up(left_out).items()],
        "notes": [*prepared.notes, *notes],
        "bad_files": [{name: getattr(file, name) for name in ("sample_id", "path", "reason")} for file in prepared.bad],
        "already": prepared.already,
    }


def _forecast(prepared: Prepared, reporter: ProgressReporter) -> tuple[Forecast, list[str], list[int]]:
    """What the send would write, and all that would stay behind of the labels; notes; and the jobs of each task."""
    request, schema, collection = prepared.request, prepared.schema, prepared.collection
    words, labels = _expected(prepared)
    if prepared.media == "video" or request.sequence_field:
        mutable = mutable_specs(labels)
        videos = forecast_videos(collection, schema, words, mutable, prepared.tasks, request, reporter)
        found, notes, jobs = videos.written, videos.notes, videos.jobs
    else:
        found, notes = forecast(collection, schema, words, prepared.tasks, reporter), []
        size, overlap = request.segment_size, request.overlap
        jobs = [len(foresee_segments(len(task.frames), size, overlap)) for task in prepared.tasks]
    found.left_out.update(labels_of_files(collection, schema, prepared.bad, prepared.media))
    return found, notes, jobs


def _expected(prepared: Prepared) -> tuple[Vocabulary, Sequence[Label]]:
    """The words that labels will be drawn with, and the labels in CVAT that these are of."""
    if prepared.found is not None:
        return words_to_draw(prepared.found), prepared.found.added
    in_project = bool(prepared.request.project_name or prepared.request.project_id)
    return expected_words(prepared.project, in_project=in_project), expected_labels(prepared.project)
