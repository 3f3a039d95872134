"""Texts of others in Markdown, so that they are shown as they are: no picture, link or heading comes of them.

Whatever a person or a server can have typed goes through here: names of classes, attributes, tasks and people, values,
comments, file names, errors. The App shows Markdown with the extensions of GitHub, and fetches pictures.
"""

import re
from urllib.parse import quote, urlsplit

from ...sync.readable import readable

MOST, WHOLE = 300, 2_000
"""Characters that are shown of a name or a value, and of a sentence."""

_SPECIAL = re.compile(r"[\\`*\[\]<|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|^[#+=>-]")
_NUMBER = re.compile(r"^(\d{1,9})([.)])")
_JOINER = "\N{WORD JOINER}"
_ADDRESS = re.compile(
    r"(?i)(?<=http)(?=s?://)|(?<=ftp)(?=://)|(?<=www)(?=\.)|(?<=@)(?=[\w-])|(?<=mailto)(?=:)|(?<=xmpp)(?=:)"
)


def safe(text: object, most: int = MOST) -> str:
    """A text as it is, in Markdown.

    Addresses in it get a character without width, as Markdown would make links of them whatever is done to their dots
    and colons.
    """
    escaped = _NUMBER.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", readable(str(text), most)))
    return _ADDRESS.sub(_JOINER, escaped)


def code(text: object) -> str:
    """A name as code in Markdown, if it can be code; else as it is."""
    name = readable(str(text), MOST)
    return f"`{name}`" if re.fullmatch(r"[\w./~+-]+( [\w./~+-]+)*", name) else safe(name)


def link(text: object, address: str, server: str) -> str:
    """A link to a place on a run's server; the text alone if the place is elsewhere.

    Args:
        text: what is shown
        address: where it leads
        server: the address of the run's server
    """
    try:
        here, there = urlsplit(server), urlsplit(address)
        is_there = here.scheme in ("http", "https") and (here.scheme, here.netloc) == (there.scheme, there.netloc)
    except ValueError:
        is_there = False
    if not is_there or not here.hostname or "@" in here.netloc:
        return safe(text)
    return f"[{safe(text)}]({quote(address, safe=':/?#=&%+,;@-._~')})"


def place(server: str) -> str:
    """A link to a run's server itself."""
    return link(server, server, server)


def row(*cells: object) -> str:
    """A row of a table in Markdown; its cells are in Markdown already, see :func:`safe`."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"
