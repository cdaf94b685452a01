#!/usr/bin/env bash
# Installs what Isocenter is built and tested with on Debian 12. Run as root, or as a user who may sudo.
#   scripts/install-dependencies.sh            everything: both programs, tests, checks
#   scripts/install-dependencies.sh program    only what the deployable program needs (no libtorch, no test tools)
# docs/dependencies.md says what each library is for and under which licence it stands.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config ccache mold git ca-certificates)
libraries=(
  libcli11-dev libfmt-dev nlohmann-json3-dev libtomlplusplus-dev
  libdnnl-dev libhwy-dev
  libdcmtk-dev libopenjp2-7-dev zlib1g-dev libpng-dev
  libcairo2-dev libpango1.0-dev fonts-liberation fonts-dejavu-core
)
learning=(libtorch-dev libopenblas0-openmp)
tests=(
  libgtest-dev libgmock-dev librapidcheck-dev libonnx-testdata
  clang-format clang-tidy
  dcmtk dicom3tools poppler-utils mricron-data nodejs npm
)

packages=("${build[@]}" "${libraries[@]}")
case "${1:-all}" in
  program) ;;
  all) packages+=("${learning[@]}" "${tests[@]}") ;;
  *) echo "install-dependencies.sh: '$1' is neither 'program' nor empty" >&2; exit 2 ;;
esac

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-dependencies.sh: run it as root, or install sudo" >&2; exit 4; }
  root=(sudo)
fi

missing=()
for package in "${packages[@]}"; do
  [ "$package" = npm ] && command -v npm >/dev/null && continue        # a Node.js that did not come from Debian will do
  [ "$package" = nodejs ] && command -v node >/dev/null && continue
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${missing[*]}"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
