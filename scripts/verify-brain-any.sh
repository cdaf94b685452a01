#!/usr/bin/env bash
# Measures models/brain-any on real scans it was not trained on, and on synthetic renderings of a head it was not trained on. The figures of its card
# come from this command:
#   scripts/verify-brain-any.sh OUTPUT [PROGRAM]     (reads ../shared/data, or where ISOCENTER_SHARED points)
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:?verify-brain-any.sh OUTPUT [PROGRAM]}
isocenter=${2:-build/release/bin/isocenter}
shared=${ISOCENTER_SHARED:-../shared}
maps=models/brain-any/verification
mkdir -p "$output"

segment() { "$isocenter" segment "$1" --output "$2" --model models/brain-any --quiet >/dev/null; }
evaluate() { "$isocenter" evaluate --allow-missing "$@" --quiet; }

echo "== T1 with FreeSurfer's labels, 31 structures (one head)"
segment "$shared/data/mr-head-labels/t1-freesurfer/norm.mgz" "$output/t1-freesurfer.nii.gz"
evaluate --prediction "$output/t1-freesurfer.nii.gz" --reference "$shared/data/mr-head-labels/t1-freesurfer/aparc.a2009s+aseg.mgz" \
  --prediction-labels $maps/structures.csv --reference-labels $maps/freesurfer-to-structures.csv --output "$output/t1-freesurfer"

echo "== T1 of OASIS, 13 merged structures (one head)"
segment "$shared/data/reg-brain/t1-pair-2mm/fixed_oasis.nii.gz" "$output/t1-oasis.nii.gz"
evaluate --prediction "$output/t1-oasis.nii.gz" --reference "$shared/data/reg-brain/t1-pair-2mm/fixed_oasis_labels.nii.gz" \
  --prediction-labels $maps/structures-to-merged13.csv --output "$output/t1-oasis"

echo "== Thick-slice FLAIR, its partition without names (one head; optimistic)"
segment "$shared/data/mr-head-labels/flair-gif/flair.nii.gz" "$output/flair.nii.gz"
evaluate --prediction "$output/flair.nii.gz" --reference "$shared/data/mr-head-labels/flair-gif/gif_labels.nii.gz" --unnamed-regions \
  --prediction-labels $maps/structures.csv --output "$output/flair"

echo "== Contrasts of one patient against each other (agreement, not accuracy)"
# The slabs of mr-ms-lesion cover 24 mm; the model asks for 100 mm and refuses them, so they are not in this list.
for patient in mr-brain-tumour/pgbm-002; do
  name=$(basename $patient)
  for image in "$shared/data/$patient"/{t1,t1c,t2,flair}.nii.gz; do
    [ -e "$image" ] && segment "$image" "$output/$name-$(basename "$image")"
  done
  for other in t1c t2 flair; do
    [ -e "$output/$name-$other.nii.gz" ] || continue
    echo "-- $name: $other against t1"
    evaluate --prediction "$output/$name-$other.nii.gz" --reference "$output/$name-t1.nii.gz" --prediction-labels $maps/structures.csv \
      --reference-labels $maps/structures.csv --output "$output/$name-$other-against-t1" | grep ^mean
  done
done

echo "== Fifty synthetic renderings of the test head (synthetic)"
"$isocenter" synthesize brain-heads --labels "$shared/data/mr-brain-label-maps" --only last --count 50 --seed 4711 --spacing 2 --size 96,112,96 \
  --output "$output/synthetic" --quiet
mkdir -p "$output/synthetic/predicted"
for image in "$output"/synthetic/images/*.nii.gz; do segment "$image" "$output/synthetic/predicted/$(basename "$image")"; done
evaluate --prediction "$output/synthetic/predicted" --reference "$output/synthetic/labels" --prediction-labels $maps/structures.csv \
  --reference-labels $maps/structures.csv --output "$output/synthetic-evaluation"
