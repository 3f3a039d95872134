"""What CVAT delivers to a webhook, and whether it was CVAT. Nothing of it is believed: it is a hint to look."""

import hashlib
import hmac
from dataclasses import dataclass
from email.message import Message

from pydantic import BaseModel, ConfigDict

from ...cvat.limits import AnswerLimit
from ...cvat.parsing import Unreadable, read_model
from ...cvat.redaction import Secret

SIGNATURE = "X-Signature-256"
MOST_BYTES = 256 << 10
"""Bytes of a delivery; one about a job has a few thousand."""
_LIMIT = AnswerLimit(bytes=MOST_BYTES, values=20_000)


class _Job(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    task_id: int


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    event: str
    job: _Job | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a delivery.

    Args:
        status: the HTTP status of the answer
        task: the task whose job changed; ``None`` if it is about something else, or not believed
    """

    status: int
    task: int | None = None


def is_signed(secret: Secret, signature: str, body: bytes) -> bool:
    """Whether a body was signed with a secret, as ``sha256=`` and the HMAC of its bytes."""
    expected = "sha256=" + hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def size_of(headers: Message) -> Verdict | int:
    """How many bytes a delivery has, before they are read; or why they are not read at all."""
    if "Transfer-Encoding" in headers:
        return Verdict(411)
    said = headers.get("Content-Length", "")
    if not (said.isascii() and said.isdigit() and len(said) <= 20):
        return Verdict(411)
    if int(said) > MOST_BYTES:
        return Verdict(413)
    return int(said) if headers.get(SIGNATURE) else Verdict(401)


def judge(secret: Secret, signature: str, body: bytes) -> Verdict:
    """Decides about a delivery.

    Args:
        secret: what it has to be signed with
        signature: the header of it
        body: as it came
    """
    if not is_signed(secret, signature, body):
        return Verdict(401)
    try:
        payload = read_model(_Payload, body, _LIMIT)
    except Unreadable:
        return Verdict(400)
    is_job = payload.event == "update:job" and payload.job is not None
    return Verdict(200, payload.job.task_id if is_job and payload.job else None)
