"""The command from a real slapd into a real server's API."""

import json

import httpx2
import pytest
from click.testing import CliRunner

from tests.servers import slapd
from towpath.app.ldap import import_ldap


@pytest.fixture(scope="module")
def directory():
    with slapd.server(20) as started:
        yield started


@pytest.fixture
def run(directory, admin, monkeypatch):
    """Run the command; what it says over HTTP goes into the application of the test."""

    def post(url, *, json, headers, timeout):
        return admin.post(url.removeprefix("http://towpath.test"), json=json, headers=headers)

    monkeypatch.setattr(httpx2, "post", post)

    def go(*options, **environment):
        known = {
            "TOWPATH_TOKEN": admin.headers["Authorization"].split()[1],
            "TOWPATH_LDAP_PASSWORD": slapd.PASSWORD,
        } | environment
        words = f"--uri {directory.uri} --base {slapd.BASE} --bind-dn {slapd.READER}".split()
        words += ["--ca-file", directory.ca_file, "--url", "http://towpath.test", *options]
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(import_ldap, words)

    return go


def test_people_come_from_the_directory_only_when_asked_to_apply(run):
    dry = run()
    assert "The directory knows 20 people." in dry.output
    assert "put user0 into fleet-staff" in dry.output
    assert "Nothing was changed" in dry.output
    assert json.loads(run("--apply", "--json").output.splitlines()[-1])["applied"]
    assert json.loads(run("--json").output.splitlines()[-1])["changes"] == []


def test_the_password_may_be_in_a_file(run, tmp_path):
    kept = tmp_path / "password"
    kept.write_text(slapd.PASSWORD + "\n")
    done = run("--password-file", str(kept), TOWPATH_LDAP_PASSWORD="")
    assert done.exit_code == 0, done.output


def test_a_wrong_password_ends_it_without_saying_the_password(run):
    refused = run(TOWPATH_LDAP_PASSWORD="guessed words")
    assert refused.exit_code == 1
    assert "did not answer as it should" in refused.output
    assert "guessed words" not in refused.output


def test_what_the_server_refuses_is_told(run):
    assert run(TOWPATH_TOKEN="tow_unknown").exit_code == 1
