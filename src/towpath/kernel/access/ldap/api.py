"""POST /api/towpath/v1/people/ldap: an administrator's program says what a directory knows."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from towpath.kernel.access.ldap import bringing
from towpath.kernel.access.ldap.model import Found
from towpath.kernel.access.service import Role
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs

ADMINS = Depends(Needs(Role.admin))


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")
    login: str = Field(max_length=39)
    name: str = Field(max_length=200)
    teams: dict[str, str] = Field(default_factory=dict, description="Slug to name.")


class Everybody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    people: list[Person] = Field(max_length=50_000)
    apply: bool = Field(default=False, description="false only says what would change.")
    force: bool = Field(default=False, description="Shut out even more than half of them.")


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["access"], dependencies=[ADMINS])
    routes.add_api_route("/people/ldap", bring, methods=["POST"])
    return routes


def bring(kernel: TheKernel, new: Everybody) -> dict[str, list[str]]:
    """Add and change users and teams from LDAP; whoever came from it and is not in it goes."""
    people = [Found(each.login, each.name, each.teams) for each in new.people]
    run = kernel.db.write if new.apply else kernel.db.read
    return {
        "changes": run(lambda tx: bringing.bring(tx, people, apply=new.apply, force=new.force))
    }
