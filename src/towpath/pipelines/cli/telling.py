"""What `towpath run` says: line by line while it runs, and what came of it at the end."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from towpath.pipelines.model.execution import StepReport
    from towpath.pipelines.model.run import Job
    from towpath.pipelines.model.workflow import Workflow

_COLOURS = ("cyan", "magenta", "blue", "yellow", "green")
_MARKS = {
    "success": ("✓", "green"),
    "failure": ("✗", "red"),
    "cancelled": ("◼", "yellow"),
    "skipped": ("○", "bright_black"),
}


class Telling:
    """Writes what happens, line by line; lines of jobs that run together bear their names."""

    def __init__(self, chosen: "Workflow", *, quiet: bool) -> None:
        self._err = quiet
        self._chosen = chosen
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._partial: dict[str, bytes] = {}
        self._seconds: dict[str, float] = {}
        self._steps: dict[str, list[StepReport]] = {}
        self._alone = len(chosen.jobs) == 1 and chosen.jobs[0].strategy is None
        self._labels: dict[str, str] = {}
        self._width = max(len(job.id) for job in chosen.jobs)

    def watch(self) -> Any:
        from towpath.pipelines.remote.here import Watch

        return Watch(lambda _: None, self._step, self._output, self._ended)

    def _output(self, job: "Job", data: bytes) -> None:
        with self._lock:
            *lines, rest = (self._partial.get(job.id, b"") + data).split(b"\n")
            self._partial[job.id] = rest
            for line in lines:
                self._say(job, line.decode("utf-8", "replace"))

    def _step(self, job: "Job", report: "StepReport") -> None:
        if report.state != "finished":
            return
        self._steps.setdefault(job.id, []).append(report)
        if report.conclusion != "skipped":
            forgiven = (
                " (it failed, and may)" if report.conclusion == "success" and report.why else ""
            )
            title = _title(job, report) + forgiven
            self._verdict(job, str(report.conclusion), f"{title}  {_span(report.seconds)}")

    def _ended(self, job: "Job", seconds: float) -> None:
        self._seconds[job.id] = seconds
        if rest := self._partial.pop(job.id, b""):
            self._say(job, rest.decode("utf-8", "replace"))
        why = f": {job.why}" if job.why else ""
        self._verdict(
            job,
            str(job.conclusion),
            f"job {label_of(job)} {_word(job.conclusion)}{why}  {_span(seconds)}",
        )

    def _verdict(self, job: "Job", conclusion: str, words: str) -> None:
        mark, colour = _MARKS[conclusion]
        self._say(job, click.style(f"{mark} {words}", fg=colour))

    def _say(self, job: "Job", line: str) -> None:
        click.echo(f"{'' if self._alone else self._prefix(job)}{line}", err=self._err)

    def _prefix(self, job: "Job") -> str:
        """Name a job in front of its lines; all names seen so far are made as wide."""
        label = label_of(job)
        self._labels.setdefault(job.id, _COLOURS[len(self._labels) % len(_COLOURS)])
        self._width = max(self._width, len(label))
        return click.style(f"{label:<{self._width}} │ ", fg=self._labels[job.id])

    def summary(self, conclusion: str, jobs: Sequence["Job"], *, as_json: bool) -> None:
        seconds = time.monotonic() - self._began
        if as_json:
            click.echo(json.dumps(self._result(conclusion, jobs, seconds)))
            return
        click.echo()
        for job in jobs:
            mark, colour = _MARKS[str(job.conclusion)]
            words = f"{label_of(job)}  {_word(job.conclusion)}  {_span(self._seconds.get(job.id))}"
            click.secho(f"{mark} {words}", fg=colour)
            self._said(job)
        mark, colour = _MARKS[conclusion]
        name = f"{self._chosen.name} ({self._chosen.path})"
        click.secho(f"{mark} {name} {_word(conclusion)} in {_span(seconds)}", fg=colour, bold=True)

    def _said(self, job: "Job") -> None:
        """Repeat what steps said to people, where it will be read."""
        for report in self._steps.get(job.id, ()):
            for said in report.annotations:
                colour = {"error": "red", "warning": "yellow"}.get(said.level, "cyan")
                click.secho(f"    {said.level}: {said}", fg=colour)
            if report.summary:
                click.echo(indent(report.summary.rstrip(), "    │ "))

    def _result(self, conclusion: str, jobs: Sequence["Job"], seconds: float) -> dict[str, Any]:
        return {
            "workflow": self._chosen.name,
            "path": self._chosen.path,
            "conclusion": conclusion,
            "seconds": round(seconds, 3),
            "jobs": [
                {
                    "id": job.key,
                    "matrix": dict(job.spec.variant.matrix) if job.spec.variant else {},
                    "name": job.name,
                    "conclusion": job.conclusion,
                    "why": job.why,
                    "seconds": round(self._seconds.get(job.id, 0.0), 3),
                    "outputs": dict(job.outputs),
                    "steps": [
                        {
                            "number": report.number,
                            "name": _title(job, report),
                            "conclusion": report.conclusion,
                            "why": report.why,
                            "seconds": round(report.seconds or 0.0, 3),
                            "annotations": [asdict(said) for said in report.annotations],
                            "summary": report.summary,
                        }
                        for report in self._steps.get(job.id, ())
                    ],
                }
                for job in jobs
            ],
        }


def label_of(job: "Job") -> str:
    """Call a job as the file does, and one of a matrix or a called workflow by its own name."""
    variant = job.spec.variant
    return job.name if job.caller or (variant and variant.matrix) else job.key


def _title(job: "Job", report: "StepReport") -> str:
    return report.name or job.spec.steps[report.number - 1].title


def _word(conclusion: str | None) -> str:
    return {"success": "passed", "failure": "failed"}.get(str(conclusion), str(conclusion))


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
