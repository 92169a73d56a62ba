"""People and repositories in the shapes that GitHub documents, as plain dicts.

Its ids are numbers: ours are 53 bits of the hash of our own ids, which stand beside them as
`node_id`. What GitHub requires and we do not have gets the value that says so: nothing is
counted as zero, nobody is None. docs/reference/github-dialect.md lists them.
"""

from typing import Any

from towpath.forge.model.names import handle_of
from towpath.forge.service import Repository, Signature
from towpath.kernel.clock import Micros, to_datetime

Json = dict[str, Any]
NO_PICTURE = "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E"
_USER_URLS = {
    "events_url": "/events{/privacy}",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "organizations_url": "/orgs",
    "received_events_url": "/received_events",
    "repos_url": "/repos",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
}
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_NOT_HERE: Json = {
    "fork": False, "archived": False, "disabled": False, "is_template": False,
    "homepage": None, "language": None, "mirror_url": None, "license": None, "size": 0,
    "has_issues": False, "has_projects": False, "has_wiki": False, "has_pages": False,
    "has_discussions": False, "has_downloads": False, "topics": [],
    "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "forks": 0, "forks_count": 0,
    "open_issues": 0, "open_issues_count": 0, "network_count": 0, "subscribers_count": 0,
    "web_commit_signoff_required": False, "allow_forking": False,
    "custom_properties": {},
    "allow_squash_merge": False, "allow_rebase_merge": False, "allow_merge_commit": True,
}  # fmt: skip


def user(url: str, login: str) -> Json:
    api = f"{url}/api/v3/users/{login}"
    return {
        "login": login,
        "id": handle_of(f"user:{login}"),
        "node_id": f"user:{login}",
        "type": "User",
        "site_admin": False,
        "avatar_url": NO_PICTURE,
        "gravatar_id": "",
        "html_url": f"{url}/{login}",
        "url": api,
        **{name: api + rest for name, rest in _USER_URLS.items()},
    }


def repository(url: str, about: Repository) -> Json:
    html = f"{url}/{about.full_name}"
    api = f"{url}/api/v3/repos/{about.full_name}"
    created = instant(about.created)
    return _NOT_HERE | {
        "id": handle_of(about.id),
        "node_id": about.id,
        "name": about.name,
        "full_name": about.full_name,
        "owner": user(url, about.owner),
        "private": about.private,
        "visibility": about.visibility,
        "html_url": html,
        "url": api,
        **{name: api + rest for name, rest in _REPOSITORY_URLS.items()},
        **dict.fromkeys(("clone_url", "git_url", "ssh_url"), f"{html}.git"),
        "svn_url": html,
        "description": about.description or None,
        "default_branch": about.default_branch,
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), created),
    }


def signature(by: Signature) -> Json:
    return {"name": by.name, "email": by.email, "date": instant(by.at)}


def instant(at: Micros) -> str:
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def links(**addresses: str) -> Json:
    return {name.rstrip("_"): {"href": address} for name, address in addresses.items()}


def association(about: Repository, login: str) -> str:
    """What somebody is to a repository, as far as its owner's name tells."""
    return "OWNER" if login.lower() == about.owner.lower() else "COLLABORATOR"
