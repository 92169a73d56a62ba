"""The runner, a program apart: speaks to the server by its wire alone.

place      what a job gets and what it must never be shown; limits
box        how well this machine walls off a job, and a box of the best kind
directories its private directories, and the files runner and steps pass each other
launch     start a box's process, shake hands
session    the runner's end of a box: run(), put() and take() small files, close()
inside     the other end: the program within the box that starts what it is told to
namespaces a box made by bubblewrap: what it may see, and nothing else
bare       a box without walls, for trusted code where bubblewrap cannot run
checkout   a commit into a workspace, from a repository that may be hostile

NOTE to the pipelines engineer (delete it when you have read it). As it is now:
  box.detect() -> Isolation(level, why); box.open_box(Place(...), isolation=None) -> Box
  Place(workspace, tool_paths=python_paths(), network=False, limits=Limits(),
        hidden=(data dir,), scratch=where private dirs go,
        appears_at=path of the workspace inside or None)
  Open the box BEFORE the checkout, on an empty workspace that the runner made: as root the
  box then gives it to a user id of its own, and checkout() keeps that owner. `towpath run`
  just opens it on the tree.
  Box.workspace, Box.files: str as steps see them (GITHUB_WORKSPACE, RUNNER_TEMP);
  Box.environment: the base env, run() merges yours on top
  Box.put(name, data) -> path for steps (script, GITHUB_ENV, ...); Box.take(name, limit) -> bytes
  Box.run(argv, env=, cwd=, output=callable(bytes), timeout=s, cancelled=Event, grace=2.0)
      -> Exit(code, reason "exited"|"timeout"|"cancelled"|"lost", signal); 127/126 = cannot
      start; Box.close(). Background processes live on between steps, but after a timeout or
      a cancel everything in the box is dead.
  checkout.checkout(workspace, Source(url, sha, ref, depth, path, token), output, timeout=,
      cancelled=) -> sha; checkout.job_environment() -> env for git in the workspace
"""
