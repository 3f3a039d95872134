"""The CVAT server as Python: session, models, uploads. Knows nothing of FiftyOne.

with Client(Credentials(url="https://cvat.example.com", token="...")) as client:
    info = client.check()
    task = client.create_task("street", labels=[LabelSpec(name="car")])
    rq_id = client.upload(task.id, files)
    task = client.wait_for_creation(task.id, rq_id)
"""

from .bodies import UnreadableFile, UploadFile
from .calls import UNCHANGED
from .checkpoint import Checkpoint
from .client import Client
from .credentials import Credentials
from .errors import (
    AmbiguousOutcome,
    AnswerTooLarge,
    Cancelled,
    Conflict,
    CreationFailed,
    CvatError,
    DeadlinePassed,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Redirected,
    Refused,
    ServerFault,
    TooLarge,
    Unreachable,
    UnsupportedServer,
    UnwritableFile,
)
from .models import (
    About,
    Annotations,
    AttributeSpec,
    AttributeValue,
    CloudStorage,
    Comment,
    DataMeta,
    FileInfo,
    FrameMeta,
    Issue,
    Job,
    Label,
    LabelSpec,
    Organization,
    Project,
    RequestStatus,
    ServerInfo,
    Shape,
    Tag,
    Task,
    Track,
    TrackedShape,
    User,
    Webhook,
)
from .objects import EncodedObjects, encode_objects
from .options import DataOptions
from .redaction import redact, redacted_traceback
from .retry import RetryPolicy
from .session import Session

__all__ = [
    "UNCHANGED",
    "About",
    "AmbiguousOutcome",
    "Annotations",
    "AnswerTooLarge",
    "AttributeSpec",
    "AttributeValue",
    "Cancelled",
    "Checkpoint",
    "Client",
    "CloudStorage",
    "Comment",
    "Conflict",
    "CreationFailed",
    "Credentials",
    "CvatError",
    "DataMeta",
    "DataOptions",
    "DeadlinePassed",
    "EncodedObjects",
    "FileInfo",
    "FrameMeta",
    "Issue",
    "Job",
    "Label",
    "LabelSpec",
    "NotAuthenticated",
    "NotFound",
    "Organization",
    "PermissionDenied",
    "Project",
    "Redirected",
    "Refused",
    "RequestStatus",
    "RetryPolicy",
    "ServerFault",
    "ServerInfo",
    "Session",
    "Shape",
    "Tag",
    "Task",
    "TooLarge",
    "Track",
    "TrackedShape",
    "Unreachable",
    "UnreadableFile",
    "UnsupportedServer",
    "UnwritableFile",
    "UploadFile",
    "User",
    "Webhook",
    "encode_objects",
    "redact",
    "redacted_traceback",
]
