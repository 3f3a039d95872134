"""Webhooks of projects and organizations."""

from __future__ import annotations

from .calls import Calls
from .errors import NotFound
from .models import Webhook
from .redaction import Secret

LONGEST_SECRET = 64
"""Characters of a secret that CVAT takes."""


class Webhooks(Calls):
    """Where CVAT tells others that something happened."""

    def webhooks(self, project_id: int | None = None) -> list[Webhook]:
        """Lists webhooks: of a project, or all that the user may see in the client's workspace."""
        query = None if project_id is None else {"project_id": project_id}
        return self.session.read_all(Webhook, "/api/webhooks", query)

    def create_webhook(self, target_url: str, secret: Secret, *, project_id: int | None, description: str) -> Webhook:
        """Has CVAT tell an address whenever a job changes. CVAT signs what it sends, and checks the TLS certificate.

        Args:
            target_url: Where to.
            secret: What it is signed with; at most 64 characters.
            project_id: The project; None for all of the organization that the client is in.
            description: For people who look at the list of webhooks.

        Raises:
            PermissionDenied: The user does not own the project, nor the organization.
            Refused: CVAT does not like the address, or the client is in no organization.
            AmbiguousOutcome: The answer was lost; ``webhooks`` shows whether it was created.
        """
        body: dict[str, object] = {
            "target_url": target_url,
            "description": description,
            "type": "organization" if project_id is None else "project",
            "content_type": "application/json",
            "secret": secret.get_secret_value(),
            "is_active": True,
            "enable_ssl": True,
            "events": ["update:job"],
        }
        if project_id is not None:
            body["project_id"] = project_id
        return self.session.parse(Webhook, self.session.request("POST", "/api/webhooks", json=body))

    def delete_webhook(self, webhook_id: int) -> bool:
        """Deletes a webhook.

        Returns:
            Whether it existed.
        """
        try:
            self.session.request("DELETE", f"/api/webhooks/{webhook_id}", repeatable=True)
        except NotFound:
            return False
        return True
