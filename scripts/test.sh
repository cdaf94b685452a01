#!/usr/bin/env bash
# From a fresh Debian 12: packages, a release build of everything, format check, all tests. Options are handed to ctest (-R PATTERN ...).
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

scripts/install-dependencies.sh
scripts/check-format.sh
cmake --preset release
cmake --build --preset release --parallel "$jobs"
ctest --preset release --parallel "$jobs" "$@"
