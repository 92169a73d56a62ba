"""`container`, `services` and `environment` of a job."""

from collections.abc import Callable

from towpath.pipelines.formats.reading import Entry, Fields, Reader
from towpath.pipelines.formats.tree import Branch, Node
from towpath.pipelines.model.workflow import Container, Environment

_KEYS = ("image", "options", "env", "ports", "volumes", "credentials")
_SERVICE = (*_KEYS, "entrypoint", "command")


def container(reader: Reader, node: Node) -> Container:
    return _container(reader, node, "container", "jobs.*.container", _KEYS)


def services(reader: Reader, node: Node) -> dict[str, Container]:
    entries = reader.mapping(node, "services")
    return {
        name: _container(reader, entry.node, f"service `{name}`", "jobs.*.services.*", _SERVICE)
        for name, entry in entries.items()
    }


def _container(
    reader: Reader, node: Node, what: str, place: str, keys: tuple[str, ...]
) -> Container:
    if not isinstance(node, Branch):
        return Container(image=reader.template(node, what, place))
    entries = reader.known(node, what, keys)
    reader.needed(entries, node, what.capitalize(), "image")
    image = entries.get("image")
    if image is not None:
        reader.filled(image.node, "image")
    user, password = _credentials(reader, entries.get("credentials"), place)
    return Container(username=user, password=password, **reader.fields(entries, _fields(place)))


def _credentials(reader: Reader, entry: Entry | None, place: str) -> tuple[str, str]:
    if entry is None:
        return "", ""
    entries = reader.known(entry.node, "credentials", ("username", "password"))
    read = {
        name: reader.template(found.node, name, f"{place}.credentials")
        for name, found in entries.items()
    }
    return read.get("username", ""), read.get("password", "")


def _fields(place: str) -> Fields:
    def text(key: str) -> tuple[str, Callable[[Reader, Node], str]]:
        return key, lambda reader, node: reader.template(node, key, place)

    def texts(key: str) -> tuple[str, Callable[[Reader, Node], tuple[str, ...]]]:
        return key, lambda reader, node: reader.templates(node, key, place)

    def env(reader: Reader, node: Node) -> dict[str, str]:
        return reader.environment(node, "env", f"{place}.env.*")

    return {
        **{key: text(key) for key in ("image", "options", "entrypoint", "command")},
        **{key: texts(key) for key in ("ports", "volumes")},
        "env": ("env", env),
    }


def environment(reader: Reader, node: Node) -> Environment:
    """Read where a job deploys to, written as a name or as a mapping."""
    place = "jobs.*.environment"
    if not isinstance(node, Branch):
        return Environment(reader.template(node, "environment", place))
    entries = reader.known(node, "environment", ("name", "url", "deployment"))
    reader.needed(entries, node, "`environment`", "name")
    name, url, deployment = map(entries.get, ("name", "url", "deployment"))
    return Environment(
        reader.template(name.node, "name", place) if name else "",
        reader.template(url.node, "url", f"{place}.url") if url else "",
        reader.either(deployment.node, "deployment", place, reader.boolean)
        if deployment
        else True,
    )
