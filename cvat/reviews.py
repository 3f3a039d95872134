"""What reviewers say about several jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .calls import Calls
from .errors import Refused
from .models import Comment, Issue

JOBS_AT_ONCE = 100
"""Job ids in one filter, which has to fit into a url."""


class Reviews(Calls):
    """Issues and comments of several jobs."""

    def issues_of(self, job_ids: Sequence[int]) -> list[Issue]:
        """Lists the issues of some jobs, ordered by id: one request for a hundred jobs."""
        wanted = sorted(set(job_ids))
        found: list[Issue] = []
        for start in range(0, len(wanted), JOBS_AT_ONCE):
            found += self._issues_of(wanted[start : start + JOBS_AT_ONCE])
        return sorted((issue for issue in found if issue.job in set(wanted)), key=lambda issue: issue.id)

    def comments_of(self, job_ids: Sequence[int]) -> list[Comment]:
        """Lists the comments of all issues of some jobs, in the order in which they were written.

        There is one request for each job.
        """
        paths = [{"job_id": job_id} for job_id in sorted(set(job_ids))]
        found = [comment for params in paths for comment in self.session.read_all(Comment, "/api/comments", params)]
        return sorted(found, key=lambda comment: comment.id)

    def _issues_of(self, job_ids: Sequence[int]) -> list[Issue]:
        """Asks for many jobs at once; a server that knows no such filter, job by job."""
        if len(job_ids) > 1:
            condition = json.dumps({"in": [{"var": "job_id"}, list(job_ids)]})
            try:
                return self.session.read_all(Issue, "/api/issues", {"filter": condition})
            except Refused:
                pass
        return [issue for job in job_ids for issue in self.session.read_all(Issue, "/api/issues", {"job_id": job})]
