"""What the labels in CVAT mean to a run: those that are there, and, before they are made, those that will be."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ...cvat import AttributeSpec, Label, LabelSpec
from ...labels.drawing import drawing_words
from ...labels.fitting import fit_project
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary, label_specs
from .project import ProjectPlan


def bind_words(schema: LabelSchema, labels: Sequence[Label], *, in_project: bool) -> Vocabulary:
    """The run's schema, bound to the labels of a task or project."""
    return Vocabulary.bind(schema, labels, fit_project(schema, labels).names if in_project else None)


def found_words(schema: LabelSchema, labels: Iterable[Label]) -> Vocabulary:
    """What labels mean that nobody made for a run: the same as in a task that was imported."""
    return Vocabulary(schema, (), labels)


def words_to_draw(words: Vocabulary) -> Vocabulary:
    """The words with which labels are drawn in a task that is made: its own, else those of the labels that it has."""
    return drawing_words(words, words.added)


def expected_words(project: ProjectPlan, *, in_project: bool) -> Vocabulary:
    """The run's schema, bound to the labels as they will be in CVAT.

    Args:
        project: what is going to be done about its project
        in_project: whether there will be one
    """
    return bind_words(project.schema, expected_labels(project), in_project=in_project or project.project is not None)


def expected_labels(project: ProjectPlan) -> list[Label]:
    """The labels as they will be in CVAT, with made-up ids where they are not there yet."""
    numbers = itertools.count(max((label.id for label in project.labels), default=0) + 1)
    if project.project is None:
        return _made(label_specs(project.schema), numbers)
    labels = list(project.labels)
    if project.fit is not None:
        added: dict[int, list[AttributeSpec]] = defaultdict(list)
        for label, addition in project.fit.lacking:
            added[label.id] += addition.attributes
        labels = [_with_attributes(label, added[label.id], numbers) for label in labels]
        labels += _made(project.fit.missing.values(), numbers)
    return labels


def _made(specs: Iterable[LabelSpec], numbers: Iterator[int]) -> list[Label]:
    """The labels that CVAT makes: it trims their names, and gives them ids."""
    return [
        Label(
            id=next(numbers),
            name=spec.name.strip(),
            type=spec.type,
            attributes=_with_ids(spec.attributes, numbers),
            sublabels=tuple(_made(spec.sublabels, numbers)),
        )
        for spec in specs
    ]


def _with_attributes(label: Label, added: Sequence[AttributeSpec], numbers: Iterator[int]) -> Label:
    return label.model_copy(update={"attributes": (*label.attributes, *_with_ids(added, numbers))})


def _with_ids(specs: Iterable[AttributeSpec], numbers: Iterator[int]) -> tuple[AttributeSpec, ...]:
    return tuple(spec.model_copy(update={"id": next(numbers), "name": spec.name.strip()}) for spec in specs)
