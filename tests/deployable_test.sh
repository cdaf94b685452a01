#!/usr/bin/env bash
# The program a hospital installs must be one a vendor may ship: no libtorch, no library under the GPL.
set -euo pipefail
program=$1
linked=$(ldd "$program")
bad=0
for name in libtorch libc10 libcaffe2 libfftw libITK libgsl libpoppler libreadline; do
  if grep -q "$name" <<<"$linked"; then
    echo "links $name"
    bad=1
  fi
done
"$program" --version
exit $bad
