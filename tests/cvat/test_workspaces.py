"""Workspaces: personal, an organization's, or all at once; and who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cvat import Client, Credentials, LabelSpec, NotFound, PermissionDenied, Project, RetryPolicy, Task
from sandbox import Sandbox

HEADERS = {None: None, "": "", "team": "team"}


@pytest.mark.parametrize("organization", HEADERS)
def test_the_header_says_which(server: Any, answer: Any, client: Client, organization: str | None) -> None:
    server.answers(answer(json={"id": 5, "name": "t"}))
    client.within(organization).task(5)
    client.within("other").within(organization).stopping_when(lambda: False).create_task("t")
    assert [seen.headers.get("X-Organization") for seen in server.seen] == [HEADERS[organization]] * 2


@pytest.fixture(scope="module")
def spaces() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None) as made:
        yield made


@pytest.fixture(scope="module")
def admin(spaces: Sandbox) -> Iterator[Client]:
    with Client(Credentials(url=spaces.url, username="admin", password="admin")) as client:
        for slug in ("team", "other"):
            client.session.request("POST", "/api/organizations", json={"slug": slug, "name": slug.title()})
        for organization in ("", "team", "other"):
            client.within(organization).create_project("streets", [LabelSpec(name=f"car-{organization or 'mine'}")])
        client.within("team").create_project("roads", [LabelSpec(name="road")])
        yield client


def test_projects_by_name_in_one_workspace_and_in_all(admin: Client) -> None:
    ids = {organization.slug: organization.id for organization in admin.organizations()}
    for slug, expected in (("", None), ("team", ids["team"]), ("other", ids["other"])):
        (found,) = admin.within(slug).find_projects("streets")
        assert found.organization == expected
    everywhere = admin.within(None).find_projects("streets")
    assert {project.organization for project in everywhere} == {None, ids["team"], ids["other"]}
    assert admin.within("").find_projects("roads") == []
    assert [project.organization for project in admin.within(None).find_projects("roads")] == [ids["team"]]
    assert admin.find_projects("STREETS") == admin.find_projects("street") == []


def test_a_project_by_its_id_wherever_it_is(admin: Client) -> None:
    for project in admin.within(None).find_projects("streets"):
        for organization in ("", "team", None):
            assert admin.within(organization).project(project.id).organization == project.organization


def test_the_workspace_that_a_client_works_in(admin: Client) -> None:
    ids = {organization.slug: organization.id for organization in admin.organizations()}
    assert admin.within("team").workspace_id() == ids["team"]
    assert admin.within("").workspace_id() is None
    assert admin.within(None).workspace_id() is None
    with pytest.raises(NotFound, match="has no organization 'nobodys' that this user belongs to"):
        admin.within("nobodys").workspace_id()


def test_a_task_says_that_it_was_moved(admin: Client, images: Any) -> None:
    task = admin.within("").create_task("t", labels=[LabelSpec(name="car")])
    admin.wait_for_creation(task.id, admin.upload(task.id, images("a.png")))
    team = admin.within("team").workspace_id()
    admin.session.request("PATCH", f"/api/tasks/{task.id}", json={"organization_id": team})
    personal = admin.within("")
    assert personal.task(task.id).organization == team != personal.workspace_id()
    assert personal.jobs(task.id) == personal.labels(task_id=task.id) == []
    assert len(admin.within("team").jobs(task.id)) == len(admin.within("team").labels(task_id=task.id)) == 1


@pytest.mark.parametrize("key", ["organization", "organization_id"])
def test_both_names_of_the_organization_are_known(key: str) -> None:
    for model in (Task, Project):
        assert model.model_validate({"id": 1, "name": "x", key: 7}).organization == 7
    assert Task.model_validate({"id": 1, "name": "x"}).organization is None


def test_an_organization_that_is_not_there(admin: Client, spaces: Sandbox, hasty: RetryPolicy) -> None:
    nobodys = Client(Credentials(url=spaces.url, username="admin", password="admin", organization="nobodys"))
    for call in (nobodys.check, nobodys.projects, lambda: nobodys.task(1)):
        with pytest.raises(NotFound, match="has no organization 'nobodys'"):
            call()


# People

ANN = {"id": 1, "username": "ann"}
PEOPLE = [
    {**ANN, "is_active": True}, {"id": 2, "username": "Ann", "is_active": True}, {"id": 3, "username": "anna"},
    {"id": 4, "username": "bob", "is_active": False}, {"id": 5, "username": "ann ", "is_active": True},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "number", "active"),
    [("ann", 1, True), ("Ann", 2, True), ("ANN", None, None), ("anna", 3, None), ("bob", 4, False), ("bo", None, None)],
)
def test_users_are_found_by_their_exact_names(
    server: Any, answer: Any, client: Client, name: str, number: int | None, active: bool | None
) -> None:
    server.answers(answer(json={"results": PEOPLE}))
    found = client.find_user(name)
    assert (found.id if found else None) == number
    assert (found.is_active if found else None) is active


def test_who_may_not_see_the_users(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(403, json={"detail": "You do not have permission to perform this action."}))
    with pytest.raises(PermissionDenied, match="does not let this user list its users"):
        client.find_user("ann")
