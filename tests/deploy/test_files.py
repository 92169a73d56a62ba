"""The files that people run in production are held against the tools that read them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.architecture.texts import REGISTRY
from towpath.app import cli

DEPLOY = Path("deploy")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
RULES = DEPLOY / "prometheus/towpath.rules.yml"


@pytest.fixture
def units(tmp_path):
    """The units as they stand, but for the program, which is not installed here."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/towpath/bin/towpath", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return sorted(tmp_path.glob("*.service"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_with_the_units(units):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "towpath" in line]
    assert complaints == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_there_is_with_options_that_it_has(unit):
    words = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1].split()
    command = cli.main.get_command(None, words[1])
    known = {option for each in command.params for option in each.opts}
    if not known or words[1] == "runner":  # it hands its options on
        known |= {"--url", "--token-file", "--name"}
    assert {word for word in words[2:] if word.startswith("--")} <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_gives_away_no_more_than_it_must(unit):
    lines = unit.read_text().splitlines()
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict",
                 "User=towpath", "UMask=0077", "ProtectHome=yes"):  # fmt: skip
        assert line in lines
    assert not any("PASSWORD" in line or "postgresql://" in line for line in lines)


def test_the_image_comes_from_a_distribution_by_its_plain_name_and_from_pinned_hashes():
    text = (DEPLOY / "Containerfile").read_text()
    assert re.search(r"^FROM debian:[a-z-]+$", text, re.MULTILINE)
    assert "--require-hashes" in text
    assert not REGISTRY.search(text)


def test_every_metric_of_a_rule_exists(admin):
    told = admin.get("/metrics").text
    known = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE")}
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        assert rule["annotations"]["next_step"]
        for name in re.findall(r"towpath_\w+", rule["expr"]):
            assert name in known or name.rsplit("_", 1)[0] in known, name


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here")
def test_prometheus_reads_the_rules():
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, timeout=60)


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile", "haproxy.cfg"])
def test_a_proxy_waits_long_enough_and_its_settings_are_told(name):
    text = (DEPLOY / "proxy" / name).read_text()
    assert "360s" in text
    assert "TOWPATH_TRUSTED_PROXIES=" in text
