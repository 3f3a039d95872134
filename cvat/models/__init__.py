"""CVAT's JSON as immutable models, one a resource."""

from .accounts import About, Organization, ServerInfo, User
from .annotations import Annotations, AttributeValue, ReadAnnotations, Shape, Tag, Track, TrackedShape
from .base import AnyResource, Resource
from .jobs import Comment, Issue, IssuesSummary, Job
from .labels import AttributeSpec, Label, LabelSpec, nest
from .media import CloudStorage, FileInfo, FileList, FilePage
from .saved import SavedObjects
from .tasks import DataMeta, FrameMeta, JobsSummary, Project, RequestStatus, Task
from .webhooks import Webhook

__all__ = [
    "About",
    "Annotations",
    "AnyResource",
    "AttributeSpec",
    "AttributeValue",
    "CloudStorage",
    "Comment",
    "DataMeta",
    "FileInfo",
    "FileList",
    "FilePage",
    "FrameMeta",
    "Issue",
    "IssuesSummary",
    "Job",
    "JobsSummary",
    "Label",
    "LabelSpec",
    "Organization",
    "Project",
    "ReadAnnotations",
    "RequestStatus",
    "Resource",
    "SavedObjects",
    "ServerInfo",
    "Shape",
    "Tag",
    "Task",
    "Track",
    "TrackedShape",
    "User",
    "Webhook",
    "nest",
]
