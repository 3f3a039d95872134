"""The colours that a dataset's colour scheme gives to the classes of its fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from PIL import ImageColor

from ...labels.colors import color_classes
from ...labels.schema import LabelSchema


def class_colors(dataset: Any, schema: LabelSchema) -> dict[tuple[str, str], str]:
    """The colour of each (field, class) of a schema as ``#rrggbb``.

    That of the dataset's colour scheme where it names one: for the class in this field, or for a mask target. Else one
    colour for one class in all fields.
    """
    scheme = dataset.app_config.color_scheme
    fields = {entry.get("path"): entry for entry in (getattr(scheme, "fields", None) or ()) if isinstance(entry, dict)}
    defaults = _targets(getattr(scheme, "default_mask_targets_colors", None))
    given: dict[tuple[str, str], str] = {}
    for name, item in schema.fields.items():
        entry = fields.get(name) or {}
        by_class = _classes(entry)
        of_targets = _targets(entry.get("maskTargetsColors")) or defaults
        by_target = {item.targets[key]: color for key, color in of_targets.items() if key in item.targets}
        given.update({(name, cls): color for cls, color in {**by_target, **by_class}.items()})
    shared = color_classes((cls for item in schema.fields.values() for cls in item.class_names), _once(given))
    pairs = [(name, cls) for name, item in schema.fields.items() for cls in item.class_names]
    return {pair: given.get(pair) or shared[pair[1]] for pair in pairs}


def _once(given: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The colour of each class in the first field that names one: other fields without one take it, too."""
    return {cls: color for (_, cls), color in reversed(list(given.items()))}


def _classes(entry: Mapping[str, Any]) -> dict[str, str]:
    if entry.get("colorByAttribute") not in (None, "label", "value"):
        return {}
    values = ((str(item.get("value")), item.get("color")) for item in _dicts(entry.get("valueColors")))
    return {value: color for value, text in values if (color := _hex(text))}


def _targets(items: Any) -> dict[int | str, str]:
    values = ((item.get("intTarget"), item.get("color")) for item in _dicts(items))
    return {value: color for value, text in values if isinstance(value, int) and (color := _hex(text))}


def _dicts(items: Any) -> Iterable[Mapping[str, Any]]:
    return [item for item in items or () if isinstance(item, Mapping)]


def _hex(text: Any) -> str | None:
    """A colour of CSS as ``#rrggbb``; ``None`` if it is none."""
    try:
        red, green, blue = ImageColor.getrgb(str(text))[:3]
    except ValueError:
        return None
    return f"#{red:02x}{green:02x}{blue:02x}"
