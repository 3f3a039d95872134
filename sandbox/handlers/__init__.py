"""The API, one file a resource. Importing this package registers every route."""

from . import (
    annotations,
    auth,
    data,
    frames,
    jobs,
    labels,
    organizations,
    pages,
    projects,
    requests,
    reviews,
    server,
    tasks,
    tus,
    users,
    webhooks,
)

__all__ = [
    "annotations",
    "auth",
    "data",
    "frames",
    "jobs",
    "labels",
    "organizations",
    "pages",
    "projects",
    "requests",
    "reviews",
    "server",
    "tasks",
    "tus",
    "users",
    "webhooks",
]
