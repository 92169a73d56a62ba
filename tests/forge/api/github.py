"""GitHub's own description of its REST API (OpenAPI 3.0), held against what we answer."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

REPO = "/repos/{owner}/{repo}"
FILE = Path(__file__).parents[2] / "node/node_modules/api.github.com.json"
Schema = dict[str, Any]


@cache
def description() -> Schema:
    return json.loads(FILE.read_text())


def faults(method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where a body is not what GitHub describes for this operation, by its JSON pointer."""
    checker = _checker(method.lower(), path, str(status))
    return sorted(
        f"{'/'.join(map(str, error.instance_path)) or '.'}: {error.message[:300]}"
        for error in checker.iter_errors(body)
    )


@cache
def _checker(method: str, path: str, status: str) -> Any:
    replies = description()["paths"][path][method]["responses"]
    reply = _followed(replies[status])
    # Where it describes no body we hold to the one that it describes everywhere else.
    plain = {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}
    schema = reply.get("content", plain)["application/json"]["schema"]
    names: set[str] = set()
    converted = _converted(schema, names)
    components: Schema = {}
    while missing := names - components.keys():
        for name in missing:
            found = description()["components"]["schemas"][name]
            components[name] = _converted(found, names)
    return jsonschema_rs.Draft202012Validator(
        {**converted, "$defs": components}, validate_formats=True
    )


def _followed(found: Schema) -> Schema:
    while "$ref" in found:
        step: Any = description()
        for word in found["$ref"].removeprefix("#/").split("/"):
            step = step[word]
        found = step
    return found


def _converted(schema: Any, names: set[str]) -> Any:
    """OpenAPI 3.0's `nullable` and references, in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_converted(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        names.add(name)
        return {"$ref": f"#/$defs/{name}"}
    told = {
        key: value if key in {"example", "enum"} else _converted(value, names)
        for key, value in schema.items()
        if key not in {"nullable", "example", "examples", "discriminator", "xml"}
    }
    return {"anyOf": [{"type": "null"}, told]} if schema.get("nullable") is True else told


class Described:
    """Calls our server as GitHub's description names operations, and compares the answers."""

    def __init__(self, served) -> None:
        self.served = served
        self.seen = set()

    def __call__(self, method, path, status=200, *, user="alice", query="", **options):
        values = {"owner": "alice", "repo": "boat"} | options.pop("where", {})
        reply = self.served.call(
            method, "/api/v3" + path.format(**values) + query, user=user, **options
        )
        assert reply.status_code == status, reply.text
        self.seen.add((method, path, status))
        if status == 204:
            assert reply.content == b""
            return None
        body = reply.json()
        assert faults(method, path, status, body) == []
        return body
