"""Hosts as network namespaces, joined by a bridge in a namespace of its own.

Their addresses are of a network that is for documentation, and so nobody's; the machine itself
gets one end, so that people can reach the servers. Nothing else is ever addressed.
"""

import contextlib
import os
import secrets
import subprocess

NETS = ("198.51.100", "203.0.113", "192.0.2")


class Network:
    def __init__(self):
        self.tag = f"tp{secrets.token_hex(3)}"
        self.hub = f"{self.tag}-hub"
        self.net = _free_net()
        self.hosts: dict[str, str] = {}
        self._made = []
        try:
            self._namespace(self.hub)
            self._in(self.hub, "link", "add", "bridge", "type", "bridge")
            self._in(self.hub, "link", "set", "bridge", "up")
            self._cable(f"{self.tag}p", None, 1)
        except OSError:
            self.remove()
            raise

    def host(self, name):
        """Make a host; returns the words before a command that run it there."""
        number = 10 + len(self.hosts)
        namespace = f"{self.tag}-{name}"
        self._namespace(namespace)
        self.hosts[name] = f"{self.net}.{number}"
        self._cable(f"{self.tag}{number}", namespace, number)
        return ("ip", "netns", "exec", namespace)

    def cut(self, name):
        """Take the link down at the bridge, as one pulls a cable: nobody is told."""
        self._in(self.hub, "link", "set", self._port(name), "down")

    def join(self, name):
        self._in(self.hub, "link", "set", self._port(name), "up")

    def remove(self):
        for namespace in self._made:
            with contextlib.suppress(OSError):
                ip("netns", "del", namespace)
        with contextlib.suppress(OSError):
            ip("link", "del", f"{self.tag}p")

    def _port(self, name):
        return f"{self.tag}{self.hosts[name].rpartition('.')[2]}b"

    def _namespace(self, name):
        ip("netns", "add", name)
        self._made.append(name)
        self._in(name, "link", "set", "lo", "up")

    def _cable(self, name, namespace, number):
        """A pair of interfaces: one end at the bridge, the other in the host or the machine."""
        ip("link", "add", name, "type", "veth", "peer", f"{name}b", "netns", self.hub)
        self._in(self.hub, "link", "set", f"{name}b", "master", "bridge", "up")
        if namespace:
            ip("link", "set", name, "netns", namespace)
        self._in(namespace, "addr", "add", f"{self.net}.{number}/24", "dev", name)
        self._in(namespace, "link", "set", name, "up")

    def _in(self, namespace, *words):
        ip(*(("-n", namespace) if namespace else ()), *words)


def _free_net():
    """Take the first that this machine has no route to by an interface of its own."""
    shown = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True)
    for net in NETS:
        if f"{net}.0/24" not in shown.stdout:
            return net
    raise OSError("all networks for documentation are in use here")


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def why_not():
    """Why hosts cannot be made here, or nothing."""
    if os.geteuid():
        return "only root may make network namespaces"
    try:
        Network().remove()
    except OSError as error:
        return str(error)
    return ""
