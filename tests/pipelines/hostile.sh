# What a hostile job tries; every variable in capitals names the real thing, as bait.
# With SIGNAL=0 it is the control: it stops before what would hurt a machine without walls.
set +e

tried() {
  local what=$1
  shift
  if ("$@") >/dev/null 2>&1; then echo "$what: REACHED"; else echo "$what: refused"; fi
}

HOSTED=$DATA/repositories/$REPOSITORY.git
PUSHED=http://job:$(echo "$CREDENTIAL" | base64 --decode)@127.0.0.1:$PORT/alice/boat.git
STOLEN=$(git -c user.name=thief -c user.email=thief@example.test \
  commit-tree -p HEAD -m stolen 'HEAD^{tree}')

tried "read the database" cat "$DATABASE"
tried "list the data directory" ls "$DATA"
tried "list a repository" ls "$HOSTED"
tried "read a file of a repository" git --git-dir "$HOSTED" show main:hostile.sh
tried "list the first administrator's file" cat "$DATA/bootstrap.json"
tried "read a token's file" grep -q tow_ "$BAIT"
tried "list the runner's folder" ls "$WORK"
tried "call the hook socket" python3 -c \
  "import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ['DOOR'])"
tried "call the server" python3 -c \
  "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 2)"
tried "push with a good token" git push "$PUSHED" "$STOLEN:refs/heads/stolen"
tried "move main" git push --receive-pack="git -c core.hooksPath=/dev/null receive-pack" \
  "$HOSTED" "$STOLEN:refs/heads/main"
tried "kill the server" kill "-$SIGNAL" "$SERVER"
tried "kill the runner" kill "-$SIGNAL" "$RUNNER"
tried "see the server" test -e "/proc/$SERVER"
tried "read the server's environment" cat "/proc/$SERVER/environ"
tried "read the runner's command line" cat "/proc/$RUNNER/cmdline"
echo "tried every bait"
[ "$SIGNAL" != 0 ] || exit 0

tried "find a token in the environment" sh -c 'env | grep -qiE "tow_|bearer|authorization"'
tried "find a token in git's configuration" sh -c \
  'git config --list --show-origin | grep -qiE "authorization|extraheader|tow_"'
tried "find a token in any file" sh -c \
  'grep -rqsE --exclude-dir=lib --exclude-dir=share "tow_[A-Za-z0-9_-]{20}" \
    /home /root /tmp /run /etc /workspace /var /opt /srv'
tried "find a token in process 1" sh -c 'tr "\\0" "\\n" < /proc/1/environ | grep -q tow_'
tried "trace process 1" python3 -c \
  "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(16, 1, 0, 0) != 0)"
tried "mount something" mount -t tmpfs none /mnt
tried "become root in a namespace" unshare -Ur true
tried "write to the system" touch /usr/bin/evil
tried "write to the tools" touch "$PREFIX/evil"
tried "read the passwords" cat /etc/shadow
tried "list the homes" sh -c 'ls -A /root/.ssh || ls -A /root/.bashrc'
tried "open a disk" sh -c 'ls /dev/sd* /dev/vd* /dev/nvme* /dev/mem'
echo "tried everything"
