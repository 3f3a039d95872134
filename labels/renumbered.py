"""Labels of CVAT that have new ids: of a task that was moved into a project, or that were made again. Names decide."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from ..cvat.models import AttributeValue, Label, Shape, Tag, Track
from .attribute_schema import READ_ONLY
from .base import BaseLabel
from .schema import LabelSchema
from .words import Word, renumbered_word


class FormerLabel(BaseModel):
    """A CVAT label that had another id.

    Args:
        label_id: the id that it had
        to: the id that it has
        name: the FiftyOne class that it was
        specs: the ids of its attributes, by those that they had
        points: the ids of a skeleton's points, by those that they had
    """

    model_config = ConfigDict(frozen=True)

    label_id: int
    to: int
    name: str
    specs: dict[int, int] = {}
    points: dict[int, int] = {}

    def then(self, later: "FormerLabel") -> "FormerLabel":
        """The same, if the label got another id once more."""
        specs = {old: later.specs.get(new, new) for old, new in self.specs.items()}
        points = {old: later.points.get(new, new) for old, new in self.points.items()}
        return FormerLabel(label_id=self.label_id, to=later.to, name=self.name, specs=specs, points=points)


def former_label(
    label_id: int, name: str, specs: Mapping[str, int], points: Sequence[tuple[str, int]], now: Label
) -> FormerLabel:
    """A label that had another id.

    Args:
        label_id, name: its id and its class then
        specs: the ids of its attributes then, by name
        points: the names and ids of a skeleton's points then, in order
        now: what it is now
    """
    attributes = {spec.name: spec.id for spec in now.attributes}
    attributes = {**{name.removesuffix(READ_ONLY): number for name, number in attributes.items()}, **attributes}
    sublabels = {sub.name: sub.id for sub in now.sublabels}
    return FormerLabel(
        label_id=label_id,
        to=now.id,
        name=name,
        specs={old: new for attribute, old in specs.items() if (new := attributes.get(attribute.strip())) is not None},
        points={old: sublabels[point.strip()] for point, old in points if point.strip() in sublabels},
    )


def renumbered(
    words: Iterable[Word], schema: LabelSchema, found: Mapping[int, Label]
) -> tuple[list[Word], list[FormerLabel]]:
    """Words under the ids that their labels have now, and which ids they had.

    Args:
        words: the words
        schema: of the run
        found: the labels that have other ids now, by those that they had; of several words for one label, that with
            its name keeps it
    """
    same_first = sorted(words, key=lambda word: word.label_id in found and found[word.label_id].name != word.cvat_name)
    taken = {word.label_id for word in same_first if word.label_id not in found}
    kept: list[Word] = []
    former: list[FormerLabel] = []
    for word in same_first:
        label = found.get(word.label_id)
        if label is None:
            kept.append(word)
            continue
        item = schema.fields[word.field]
        points = list(zip(item.skeleton.labels, word.points, strict=False)) if item.skeleton else []
        specs = {name: spec_id for name, (spec_id, _) in word.all_specs.items()}
        former.append(former_label(word.label_id, word.name, specs, points, label))
        if label.id not in taken:
            taken.add(label.id)
            kept.append(renumbered_word(word, label, item))
    return kept, former


def joined(former: Iterable[FormerLabel], later: Iterable[FormerLabel]) -> tuple[FormerLabel, ...]:
    """All labels that had other ids, with the ids that they have in the end."""
    news = {item.label_id: item for item in later}
    kept = [item.then(news[item.to]) if item.to in news else item for item in former if item.label_id not in news]
    return (*kept, *news.values())


def with_present_ids(label: BaseLabel, former: Mapping[int, FormerLabel]) -> BaseLabel:
    """A base whose objects have the ids that their labels and attributes have now."""
    if not any(item.label_id in former for item in label.objects):
        return label
    return label.model_copy(update={"objects": tuple(_object(item, former) for item in label.objects)})


def _object(item: Shape | Tag, former: Mapping[int, FormerLabel]) -> Shape | Tag:
    known = former.get(item.label_id)
    if known is None:
        return item
    attributes = tuple(
        value.model_copy(update={"spec_id": known.specs.get(value.spec_id, value.spec_id)}) for value in item.attributes
    )
    news: dict[str, object] = {"label_id": known.to, "attributes": attributes}
    if isinstance(item, Shape) and item.elements:
        news["elements"] = tuple(
            element.model_copy(update={"label_id": known.points.get(element.label_id, element.label_id)})
            for element in item.elements
        )
    return item.model_copy(update=news)


def track_with_present_ids(track: Track, former: Mapping[int, FormerLabel]) -> Track:
    """A track with the ids that its label and attributes have now."""
    known = former.get(track.label_id)
    if known is None:
        return track

    def present(values: Sequence[AttributeValue]) -> tuple[AttributeValue, ...]:
        return tuple(
            value.model_copy(update={"spec_id": known.specs.get(value.spec_id, value.spec_id)}) for value in values
        )

    shapes = tuple(shape.model_copy(update={"attributes": present(shape.attributes)}) for shape in track.shapes)
    elements = tuple(
        element.model_copy(update={"label_id": known.points.get(element.label_id, element.label_id)})
        for element in track.elements
    )
    news = {"label_id": known.to, "attributes": present(track.attributes), "shapes": shapes, "elements": elements}
    return track.model_copy(update=news)
