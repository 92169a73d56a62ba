"""The archive of the built-in actions' programs."""

import io
import subprocess
import zipfile

from towpath.pipelines.remote import programs


def test_the_archive_needs_nothing_but_python(tmp_path):
    file = tmp_path / "aboard.zip"
    file.write_bytes(programs.archive())
    environment = {"INPUT_PATH": "none", "INPUT_IF-NO-FILES-FOUND": "ignore", "HOME": "/",
                   "GITHUB_WORKSPACE": str(tmp_path)}  # fmt: skip
    command = [*programs.launch.python(str(file)), "upload"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "No file matches none.\n"), done.stderr


def test_it_holds_the_programs_and_none_of_our_other_code():
    names = zipfile.ZipFile(io.BytesIO(programs.archive())).namelist()
    real = [name for name in names if not name.endswith("__init__.py")]
    assert all("/aboard/" in name for name in real if name != "__main__.py")


def test_a_box_is_given_it_where_its_steps_find_it(walled):
    assert "usage" not in walled.say("true")
    command = programs.command(walled.box, "", "save")
    ended = walled.box.run(command, env={"INPUT_KEY": ""}, output=len, timeout=30)
    assert ended.code == 1
