"""Takes the pictures of the tour from a real demo: docs/tour/*.png, 1280 by 800.

    python scripts/screenshots.py [FOLDER]

The demo runs as a user would run it; a browser follows it while the gate works and looks around
when it is done.
"""

import base64
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TOUR = ROOT / "docs/tour"
SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 100_000
REPOSITORY = "/alice/towpath"
# Which picture shows which page, by the route of the page; a test knows if one is forgotten.
PICTURES = {
    "/": ("home", "home-dark"),
    "/audit": ("audit",),
    "/health": ("health",),
    "/login": ("log-in",),
    "/new": ("new-repository",),
    "/runs/{run}": ("run",),
    "/runs/{run}/jobs/{job}": ("log", "log-live"),
    "/settings": ("sessions",),
    "/settings/people": ("people",),
    "/settings/people/{login}": ("person",),
    "/settings/teams/{slug}": ("team",),
    "/settings/tokens": ("tokens",),
    "/work": ("work",),
    "/{owner:owner}/{name}": ("requests",),
    "/{owner:owner}/{name}/blob/{place:path}": ("file",),
    "/{owner:owner}/{name}/blame/{place:path}": ("blame",),
    "/{owner:owner}/{name}/branches": ("branches",),
    "/{owner:owner}/{name}/commit/{sha}": ("commit",),
    "/{owner:owner}/{name}/commit/{sha}/files/{place:path}": ("changed-file",),
    "/{owner:owner}/{name}/commits/{place:path}": ("commits",),
    "/{owner:owner}/{name}/merge_requests/new": ("new-request",),
    "/{owner:owner}/{name}/merge_requests/{number:int}": (
        *("open-request", "landed", "refused", "conflict"),
    ),
    "/{owner:owner}/{name}/roles": ("roles",),
    "/{owner:owner}/{name}/secrets": ("secrets",),
    "/{owner:owner}/{name}/settings": ("settings",),
    "/{owner:owner}/{name}/merge_requests/{number:int}/files/{place:path}": ("changed-file",),
    "/{owner:owner}/{name}/find/{place:path}": ("find",),
    "/{owner:owner}/{name}/tree/{place:path}": ("folder",),
    "/{owner:owner}/{name}/webhooks": ("webhooks",),
    "/{owner:owner}/{name}/webhooks/{hook:int}": ("webhook",),
    "/{owner:owner}/{name}/webhooks/{hook:int}/deliveries/{delivery:int}": ("delivery",),
    "/{owner}/{name}/queue": ("queue",),
    "any other": ("missing",),
}
# A page has few colours: the 256 most frequent ones are all that anybody can tell apart, and the
# browser can count them faster than we could.
REDUCE = """async (picture) => {
  const image = await createImageBitmap(await (await fetch(picture)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    counts.set(colour(at), (counts.get(colour(at)) || 0) + 1);
  }
  const palette = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, 256);
  const parts = (c) => [c >> 16, (c >> 8) & 255, c & 255];
  const distance = (a, b) => parts(a).reduce((sum, v, i) => sum + (v - parts(b)[i]) ** 2, 0);
  const nearest = new Map();
  for (const c of counts.keys()) {
    let best = 0;
    palette.forEach((p, i) => { if (distance(c, p) < distance(c, palette[best])) best = i; });
    nearest.set(c, best);
  }
  let letters = "";
  for (let at = 0; at < pixels.length; at += 4) {
    letters += String.fromCharCode(nearest.get(colour(at)));
  }
  return { palette, indexes: btoa(letters) };
}"""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Demo:
    """`towpath demo`, and what it has said so far."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", "from towpath.app.cli import main; main()"]
        self.process = subprocess.Popen(
            [*command, "demo", "--record", str(folder / "record")],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = folder
        self.said = ""
        self.spoke = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            sys.stdout.write(line)
            with self.spoke:
                self.said += line
                self.spoke.notify_all()
        with self.spoke:
            self.said += "\0"
            self.spoke.notify_all()

    def heard(self, pattern: str) -> re.Match[str]:
        """Wait until the demo has said this."""
        with self.spoke:
            self.spoke.wait_for(lambda: re.search(pattern, self.said) or "\0" in self.said, 400)
            found = re.search(pattern, self.said)
        if not found:
            sys.exit(f"The demo ended without saying {pattern!r}.")
        return found

    def admin(self) -> tuple[str, str]:
        """Log-in and password of the first administrator."""
        (file,) = self._folder.glob("towpath-demo-*/data/bootstrap.json")
        told = json.loads(file.read_text())
        return told["user"], told["password"]

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Camera:
    def __init__(self, browser: Browser, url: str, login: str, password: str) -> None:
        self.context = browser.new_context(base_url=url, viewport=SIZE, color_scheme="light")
        self.page: Page = self.context.new_page()
        self.darkroom = browser.new_page()
        self.page.goto("/login")
        self.shoot("log-in")
        self.page.get_by_label("Login").fill(login)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in", exact=True).click()
        self.page.wait_for_url("**/")

    def shoot(
        self, name: str, address: str | None = None, *, dark: bool = False, status: int = 200
    ) -> None:
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        if address:
            answer = self.page.goto(address)
            if not (answer and answer.status == status):
                sys.exit(f"{address} answered {answer and answer.status}")
        self.page.wait_for_timeout(300)
        self.keep(name, self.page.screenshot())

    def keep(self, name: str, picture: bytes) -> None:
        """Write a picture with the colours it needs, a third of the size."""
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        found = self.darkroom.evaluate(REDUCE, url)
        small = png(SIZE["width"], found["palette"], base64.b64decode(found["indexes"]))
        file = TOUR / f"{name}.png"
        file.write_bytes(small)
        print(f"  {file.relative_to(ROOT)} {len(small) // 1000} kB")
        if len(small) > MOST_BYTES:
            sys.exit(f"{file} is larger than {MOST_BYTES} bytes")


def png(width: int, palette: list[int], indexes: bytes) -> bytes:
    """A PNG with a palette: https://www.w3.org/TR/png-3/#11Chunks, 8 bits a pixel, no filter."""
    rows = range(0, len(indexes), width)
    raw = b"".join(b"\0" + indexes[at : at + width] for at in rows)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in palette)),
        (b"IDAT", zlib.compress(raw, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    TOUR.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    demo = Demo(folder)
    try:
        url = demo.heard(r"Open (http\S+)")[1]
        password = demo.heard(r"log in as bob with (\S+)")[1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            take_tour(demo, Camera(browser, url, "bob", password))
            looks_after(Camera(browser, url, *demo.admin()))
            browser.close()
    finally:
        demo.end()
        shutil.rmtree(folder)


def take_tour(demo: Demo, camera: Camera) -> None:
    page = camera.page
    demo.heard(r"merge requests? with git push .* opened")
    page.goto("/")
    repository = REPOSITORY
    camera.shoot("open-request", f"{repository}/merge_requests/1")
    camera.shoot("requests", repository)
    demo.heard(r"Approve them all as bob")
    # The queue is worth a picture while the second is on its way.
    demo.heard(r"#\d+ .* (landed|refused)")
    camera.shoot("queue", f"{repository}/queue")
    camera.shoot("home", "/")
    follow_a_log(camera)
    demo.heard("Still serving")
    looks_around(camera, repository)
    browses(camera)


def follow_a_log(camera: Camera) -> None:
    """Take the log of a job that still speaks when the picture is taken."""
    page = camera.page
    for _ in range(300):
        runs = page.request.get(f"/api/towpath/v1/runs?repository={REPOSITORY[1:]}").json()
        for run in (run for run in runs if run["state"] == "running"):
            if job := running_job(page, run["id"]):
                camera.shoot("log-live", job["url"])
            if job and running_job(page, run["id"]):
                return
        page.wait_for_timeout(100)
    sys.exit("No job was seen running.")


def running_job(page: Page, run: str) -> dict[str, str] | None:
    jobs = page.request.get(f"/api/towpath/v1/runs/{run}").json()["jobs"]
    return next((job for job in jobs if job["state"] == "running"), None)


def browses(camera: Camera) -> None:
    camera.shoot("folder", f"{REPOSITORY}/tree/main/src/towpath/kernel")
    camera.shoot("file", f"{REPOSITORY}/blob/main/src/towpath/kernel/ids.py")
    camera.shoot("blame", f"{REPOSITORY}/blame/main/src/towpath/kernel/ids.py")
    camera.shoot("find", f"{REPOSITORY}/find/main?find=kernel+ids")
    camera.shoot("branches", f"{REPOSITORY}/branches")
    camera.shoot("commits", f"{REPOSITORY}/commits/main")
    newest = camera.page.locator("main a[href*='/commit/']").first.get_attribute("href")
    camera.shoot("commit", newest)
    changed = camera.page.locator("details[id^=file-] summary code").first.inner_text()
    camera.shoot("changed-file", f"{newest}/files/{changed}")
    camera.shoot("new-request", f"{REPOSITORY}/merge_requests/new")
    camera.shoot("new-repository", "/new")
    camera.shoot("tokens", "/settings/tokens")
    camera.shoot("sessions", "/settings")
    camera.shoot("missing", "/nowhere", status=404)


def looks_after(camera: Camera) -> None:
    """What only an administrator sees."""
    camera.shoot("work", "/work")
    camera.shoot("audit", "/audit")
    camera.shoot("health", "/health")
    keeps_people(camera)
    page = camera.page
    page.goto(f"{REPOSITORY}/webhooks")
    page.get_by_label("Address").fill("https://builds.example/hook")
    page.get_by_role("button", name="Add it").click()
    hook = page.url
    page.goto(REPOSITORY)
    page.locator("#repository a[href*='/merge_requests/']").first.click()
    page.get_by_role("button", name="Close without merging").click()
    page.goto(hook)
    message = page.locator("a[href*='/deliveries/']")
    while not message.count():
        page.wait_for_timeout(500)
        page.reload()
    camera.shoot("webhook")
    message.first.click()
    camera.shoot("delivery")
    camera.shoot("webhooks", f"{REPOSITORY}/webhooks")
    page.goto(f"{REPOSITORY}/secrets")
    page.get_by_role("textbox", name="Name", exact=True).fill("DEPLOY_KEY")
    page.get_by_label("Value").fill("shown to nobody")
    page.get_by_role("button", name="Keep it").click()
    camera.shoot("secrets")


def keeps_people(camera: Camera) -> None:
    page = camera.page
    page.goto("/settings/people")
    page.get_by_label("Short name").fill("crew")
    page.get_by_role("button", name="Add team").click()
    page.get_by_label("Login").fill("bob")
    page.get_by_role("button", name="Put in").click()
    page.get_by_label("Repository").fill(REPOSITORY[1:])
    page.get_by_role("button", name="Grant").click()
    camera.shoot("team")
    camera.shoot("roles", f"{REPOSITORY}/roles")
    camera.shoot("settings", f"{REPOSITORY}/settings")
    camera.shoot("person", "/settings/people/bob")
    camera.shoot("people", "/settings/people")


def looks_around(camera: Camera, repository: str) -> None:
    page = camera.page
    camera.shoot("home-dark", "/", dark=True)
    numbers = {row["number"]: row for row in rows(page, repository)}
    landed = next(n for n, row in numbers.items() if row["state"] == "landed")
    red = next(n for n, row in numbers.items() if (row["refused"] or {}).get("why") == "red")
    clash = next(
        n for n, row in numbers.items() if (row["refused"] or {}).get("why") == "conflict"
    )
    camera.shoot("landed", f"{repository}/merge_requests/{landed}")
    camera.shoot("conflict", f"{repository}/merge_requests/{clash}")
    camera.shoot("refused", f"{repository}/merge_requests/{red}")
    # Its failing test prints paths of the sandbox only; an import error shows this machine's.
    words = "never below nothing"
    broken = next(n for n, row in numbers.items() if str(row["title"]).endswith(words))
    run = numbers[broken]["refused"]["run"]
    camera.shoot("run", f"/runs/{run}")
    jobs = page.request.get(f"/api/towpath/v1/runs/{run}").json()["jobs"]
    camera.shoot("log", next(job["url"] for job in jobs if job["conclusion"] == "failure"))


def rows(page: Page, repository: str) -> list[dict[str, object]]:
    return page.request.get(f"/api/towpath/v1/repos{repository}/queue").json()["requests"]


if __name__ == "__main__":
    main()
