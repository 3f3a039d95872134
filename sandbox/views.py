"""The JSON of each kind of object."""

from __future__ import annotations

from typing import Any

from .models import (
    AccessToken,
    BackgroundRequest,
    Comment,
    Delivery,
    Issue,
    Job,
    Label,
    Membership,
    Organization,
    Project,
    Task,
    User,
    Webhook,
)

Json = dict[str, Any]


class Views:
    """Makes JSON with links below one base address.

    Args:
        base: scheme and host of the server.
    """

    def __init__(self, base: str) -> None:
        self.api = f"{base}/api"

    def user(self, user: User | None) -> Json | None:
        """What everyone sees of a user."""
        if user is None:
            return None
        return {
            "url": f"{self.api}/users/{user.id}",
            "id": user.id,
            "username": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
        }

    def full_user(self, user: User) -> Json:
        """What a user sees of himself."""
        return {
            **(self.user(user) or {}),
            "email": user.email,
            "groups": ["admin" if user.is_superuser else "user"],
            "is_staff": user.is_superuser,
            "is_superuser": user.is_superuser,
            "is_active": True,
            "last_login": user.last_login,
            "date_joined": user.date_joined,
            "has_analytics_access": user.is_superuser,
        }

    def access_token(self, token: AccessToken) -> Json:
        return {
            "id": token.id,
            "name": token.name,
            "created_date": token.created_date,
            "updated_date": token.updated_date,
            "expiry_date": token.expiry_date,
            "last_used_date": token.last_used_date,
            "read_only": token.read_only,
            "owner": self.user(token.owner),
        }

    def organization(self, organization: Organization) -> Json:
        return {
            "id": organization.id,
            "slug": organization.slug,
            "name": organization.name,
            "description": organization.description,
            "created_date": organization.created_date,
            "updated_date": organization.updated_date,
            "contact": {},
            "owner": self.user(organization.owner),
        }

    def membership(self, membership: Membership) -> Json:
        return {
            "id": membership.id,
            "user": self.user(membership.user),
            "organization": membership.organization.id,
            "is_active": True,
            "joined_date": membership.joined_date,
            "role": membership.role,
            "invitation": membership.invitation,
        }

    def project(self, project: Project) -> Json:
        organization = project.organization.id if project.organization else None
        return {
            "url": f"{self.api}/projects/{project.id}",
            "id": project.id,
            "name": project.name,
            "owner": self.user(project.owner),
            "assignee": self.user(project.assignee),
            "guide_id": None,
            "bug_tracker": project.bug_tracker,
            "created_date": project.created_date,
            "updated_date": project.updated_date,
            "status": "annotation",
            "dimension": "2d" if project.tasks else None,
            "organization": organization,
            "organization_id": organization,
            "target_storage": None,
            "source_storage": None,
            "tasks": {"count": len(project.tasks), "url": f"{self.api}/tasks?project_id={project.id}"},
            "labels": {"url": f"{self.api}/labels?project_id={project.id}"},
            "assignee_updated_date": project.assignee_updated_date,
            "task_subsets": sorted({task.subset for task in project.tasks.values()} - {""}),
        }

    def label(self, label: Label) -> Json:
        view: Json = {
            "id": label.id,
            "name": label.name,
            "color": label.color,
            "attributes": [
                {
                    "id": attribute.id,
                    "name": attribute.name,
                    "mutable": attribute.mutable,
                    "input_type": attribute.input_type,
                    "default_value": attribute.default_value,
                    "values": attribute.values,
                }
                for attribute in label.attributes
            ],
            "type": label.type,
        }
        if label.parent:
            return {**view, "has_parent": True}
        view["sublabels"] = [self.label(sublabel) for sublabel in label.sublabels]
        kind = "project_id" if isinstance(label.owner, Project) else "task_id"
        view |= {kind: label.owner.id, "parent_id": None, "has_parent": False}
        if label.svg is not None:
            view["svg"] = label.svg
        return view

    def task(self, task: Task) -> Json:
        organization = task.organization.id if task.organization else None
        statuses = [job.progress for job in task.jobs.values()]
        view: Json = {
            "url": f"{self.api}/tasks/{task.id}",
            "id": task.id,
            "name": task.name,
            "project_id": task.project.id if task.project else None,
            "mode": task.mode,
            "owner": self.user(task.owner),
            "assignee": self.user(task.assignee),
            "bug_tracker": task.bug_tracker,
            "created_date": task.created_date,
            "updated_date": task.updated_date,
            "overlap": task.overlap,
            "segment_size": task.segment_size,
            "status": task.status,
            "guide_id": None,
            "dimension": "2d",
            "subset": task.subset,
            "organization_id": organization,
            "organization": organization,
            "target_storage": None,
            "source_storage": None,
            "jobs": {
                "count": len(statuses),
                "completed": statuses.count("completed"),
                "validation": statuses.count("validation"),
                "url": f"{self.api}/jobs?task_id={task.id}",
            },
            "labels": {"url": f"{self.api}/labels?task_id={task.id}"},
            "assignee_updated_date": task.assignee_updated_date,
            "validation_mode": task.validation.mode if task.validation else None,
            "consensus_enabled": task.consensus_replicas > 0,
        }
        if task.data:
            view |= {
                "data_chunk_size": task.data.chunk_size,
                "data_original_chunk_type": task.data.original_chunk_type,
                "data_compressed_chunk_type": task.data.compressed_chunk_type,
                "data_cloud_storage_id": task.data.cloud_storage_id,
                "size": task.data.size,
                "image_quality": task.data.image_quality,
                "data": task.data.id,
            }
        return view

    def job(self, job: Job) -> Json:
        task = job.task
        frames = job.included_frames
        return {
            "url": f"{self.api}/jobs/{job.id}",
            "id": job.id,
            "task_id": task.id,
            "project_id": task.project.id if task.project else None,
            "assignee": self.user(job.assignee),
            "guide_id": None,
            "dimension": "2d",
            "bug_tracker": task.bug_tracker or (task.project.bug_tracker if task.project else None),
            "status": job.status,
            "stage": job.stage,
            "state": job.state,
            "mode": task.mode,
            "frame_count": len(frames) if frames is not None else job.stop_frame - job.start_frame + 1,
            "start_frame": job.start_frame,
            "stop_frame": job.stop_frame,
            "data_chunk_size": task.data.chunk_size if task.data else None,
            "data_compressed_chunk_type": task.data.compressed_chunk_type if task.data else None,
            "data_original_chunk_type": task.data.original_chunk_type if task.data else None,
            "created_date": job.created_date,
            "updated_date": job.updated_date,
            "issues": {"url": f"{self.api}/issues?job_id={job.id}", "count": len(job.issues)},
            "labels": {"url": f"{self.api}/labels?job_id={job.id}"},
            "type": job.type,
            "organization": task.organization.id if task.organization else None,
            "target_storage": None,
            "source_storage": None,
            "assignee_updated_date": job.assignee_updated_date,
            "parent_job_id": job.parent.id if job.parent else None,
            "consensus_replicas": task.consensus_replicas if job.type == "annotation" else 0,
        }

    def meta(self, task: Task, job: Job | None = None) -> Json:
        """The frames of a task or of one job, as `data/meta` gives them."""
        data = task.data
        assert data is not None
        first, last = (job.start_frame, job.stop_frame) if job else (0, data.size - 1)
        included = job.included_frames if job else None
        numbers = range(first, last + 1)
        frames = data.frames[first : last + 1] if data.video is None else data.frames[:1]
        shown = set(numbers) if included is None else set(included)
        return {
            "chapters": None if data.video is None else [],
            "chunks_updated_date": job.chunks_updated_date if job else data.chunks_updated_date,
            "chunk_size": data.chunk_size,
            "size": len(included) if included is not None else len(numbers),
            "image_quality": data.image_quality,
            "start_frame": data.start_frame + first * data.step if data.size else data.start_frame,
            "stop_frame": data.start_frame + last * data.step if data.size else data.stop_frame,
            "frame_filter": data.frame_filter,
            "frames": [
                {
                    "width": frame.width,
                    "height": frame.height,
                    "name": frame.name if number in shown else "placeholder.jpg",
                    "related_files": len(frame.related),
                    "has_related_context": bool(frame.related),
                }
                for number, frame in enumerate(frames, first)
            ],
            "deleted_frames": sorted(data.deleted_frames & shown),
            "included_frames": included,
            "storage": data.storage,
            "cloud_storage_id": data.cloud_storage_id,
        }

    def background_request(self, request: BackgroundRequest) -> Json:
        """A background request; the first look at a finished one may show it half written."""
        half = request.unsettled and request.status in ("failed", "finished")
        done = request.status == "finished"
        operation: Json = {
            "type": request.operation,
            "target": "job" if request.job else "task",
            "project_id": None,
            "task_id": request.task.id if request.task else None,
            "job_id": request.job.id if request.job else None,
            "format": None,
            "lightweight": None,
        }
        if request.operation.startswith("merge:"):
            del operation["format"]
        return {
            "status": request.status,
            "message": request.trace if half else request.message,
            "id": request.id,
            "operation": operation,
            "progress": 0.0,
            "created_date": request.created_date,
            "started_date": request.started_date,
            "finished_date": None if half else request.finished_date,
            "expiry_date": None if half else request.expiry_date,
            "owner": {"id": request.owner.id, "username": request.owner.username},
            "result_url": f"{self.api}{request.result_path}" if done and request.result_path else None,
            "result_id": request.result_id if done else None,
        }

    def issue(self, issue: Issue) -> Json:
        return {
            "id": issue.id,
            "frame": issue.frame,
            "position": issue.position,
            "job": issue.job.id,
            "owner": self.user(issue.owner),
            "assignee": self.user(issue.assignee),
            "created_date": issue.created_date,
            "updated_date": issue.updated_date,
            "resolved": issue.resolved,
            "comments": {"count": len(issue.comments), "url": f"{self.api}/comments?issue_id={issue.id}"},
        }

    def comment(self, comment: Comment) -> Json:
        return {
            "id": comment.id,
            "issue": comment.issue.id,
            "owner": self.user(comment.owner),
            "message": comment.message,
            "created_date": comment.created_date,
            "updated_date": comment.updated_date,
        }

    def webhook(self, hook: Webhook) -> Json:
        view: Json = {
            "id": hook.id,
            "url": f"{self.api}/webhooks/{hook.id}",
            "target_url": hook.target_url,
            "description": hook.description,
            "type": hook.type,
            "content_type": hook.content_type,
            "is_active": hook.is_active,
            "enable_ssl": hook.enable_ssl,
            "created_date": hook.created_date,
            "updated_date": hook.updated_date,
            "owner": self.user(hook.owner),
            "project_id": hook.project.id if hook.project else None,
            "organization": hook.organization.id if hook.organization else None,
            "events": hook.events,
        }
        if hook.last_delivery_date:
            view |= {"last_status": hook.last_status, "last_delivery_date": hook.last_delivery_date}
        return view

    def delivery(self, delivery: Delivery) -> Json:
        return {
            "id": delivery.id,
            "webhook_id": delivery.webhook.id,
            "event": delivery.event,
            "status_code": delivery.status_code,
            "redelivery": delivery.redelivery,
            "created_date": delivery.created_date,
            "updated_date": delivery.updated_date,
            "changed_fields": delivery.changed_fields,
            "request": delivery.request,
            "response": delivery.response,
        }
