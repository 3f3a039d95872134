"""Label schemas: the classes of a project or task, with their attributes."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import quoteattr

from .base import Many, Resource, Text

POINT_ID = re.compile(r'data-label-id="(\d{1,20})"', re.ASCII)


class AttributeSpec(Resource):
    """One attribute of a label.

    Attributes:
        mutable: Whether the value may differ between the frames of a track.
        input_type: ``text``, ``select``, ``radio``, ``checkbox`` or ``number``.
        values: The choices; for a number: minimum, maximum and step.
    """

    id: int | None = None
    name: str
    mutable: bool = False
    input_type: str = "text"
    default_value: Text = ""
    values: Many[str] = ()

    def dump(self) -> dict[str, Any]:
        """The JSON that CVAT takes for a new attribute."""
        return {
            "name": self.name,
            "mutable": self.mutable,
            "input_type": self.input_type,
            "default_value": self.default_value,
            "values": list(self.values),
        }


class LabelSpec(Resource):
    """A label as one asks for it.

    Attributes:
        color: Such as ``#ff0000``; CVAT picks one if None.
        type: ``any``, ``rectangle``, ``polygon``, ``mask``, ``tag``, ``skeleton`` and so on. CVAT does not
            enforce it.
        sublabels: The points of a skeleton.
        svg: The drawing of a skeleton; needed to create one that the browser can show.
    """

    name: str
    color: str | None = None
    type: str = "any"
    attributes: Many[AttributeSpec] = ()
    sublabels: Many[LabelSpec] = ()
    svg: str | None = None

    def dump(self) -> dict[str, Any]:
        """The JSON that CVAT takes for a new label."""
        body: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "attributes": [attribute.dump() for attribute in self.attributes],
        }
        if self.color is not None:
            body["color"] = self.color
        if self.svg is not None:
            body["svg"] = self.svg
        if self.sublabels:
            body["sublabels"] = [label.dump() for label in self.sublabels]
        return body


class Label(Resource):
    """A label as the server has it; ``sublabels`` are the points of a skeleton."""

    id: int
    name: str
    color: Text = ""
    type: str = "any"
    attributes: Many[AttributeSpec] = ()
    sublabels: Many[Label] = ()
    svg: str | None = None
    parent_id: int | None = None
    has_parent: bool = False
    project_id: int | None = None
    task_id: int | None = None

    def spec(self) -> LabelSpec:
        """The same label without the server's ids, to be created elsewhere.

        The drawing of a skeleton names its points by their ids when it is read, and by their names when it is made.
        """
        names = {str(label.id): label.name for label in self.sublabels}
        return LabelSpec(
            name=self.name,
            color=self.color or None,
            type=self.type,
            attributes=tuple(attribute.model_copy(update={"id": None}) for attribute in self.attributes),
            sublabels=tuple(label.spec() for label in self.sublabels),
            svg=self.svg and POINT_ID.sub(lambda found: _point(names, found), self.svg),
        )


def _point(names: dict[str, str], found: re.Match[str]) -> str:
    """How a drawing names a point, if it is one of the skeleton's."""
    return f"data-label-name={quoteattr(names[found[1]])}" if found[1] in names else found[0]


def nest(labels: list[Label]) -> list[Label]:
    """Puts labels that name a parent into that parent's ``sublabels``, and drops them from the top level."""
    children: dict[int, list[Label]] = {}
    for label in labels:
        if label.parent_id is not None:
            children.setdefault(label.parent_id, []).append(label)
    if not children:
        return [label for label in labels if not label.has_parent]
    return [
        label
        if label.sublabels or label.id not in children
        else label.model_copy(update={"sublabels": tuple(children[label.id])})
        for label in labels
        if label.parent_id is None and not label.has_parent
    ]
