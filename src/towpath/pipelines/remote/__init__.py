"""The runner, a program apart: speaks to the server by its wire alone.

place      what a job gets and what it must never be shown; limits
box        how well this machine walls off a job, and a box of the best kind
directories its private directories, and the files runner and steps pass each other
launch     start a box's process, shake hands
session    the runner's end of a box: run(), put() and take() small files, close()
inside     the other end: the program within the box that starts what it is told to
namespaces a box made by bubblewrap: what it may see, and nothing else
apart      a user id of the job's own
bare       a box without walls, for trusted code where bubblewrap cannot run
checkout   a commit into a workspace, from a repository that may be hostile
steps      the steps of one job, one after the other, and the actions they use
standing   what each of them sees: contexts, variables, PATH
words      what each of them says: commands in its output, files
listening  output on its way to the log: commands taken out, secrets hidden
shells     the flags of each shell
actions    finding an action in the workspace
around     what passes between these
spool      a job's log on our own disk, until the server has it for good
sending    what the server must hear of one job, in order and once
wire       the five requests
here       `towpath run`: the working tree, the same engine, no server
worktree   that tree: its workflow files, and itself as a commit
runner     claims jobs, runs them, gives them back
__main__   the program and its flags
"""
