#!/bin/sh
# RELEASED and MENDED are the real pairs before and after `faceparse data doctor --fix` (all 836 in both); RUNS gets the runs
set -e
for seed in 0 1 2; do
  for data in released mended; do
    case $data in released) folder=$RELEASED ;; mended) folder=$MENDED ;; esac
    faceparse train compact --data "$folder" --out "$RUNS/$data-$seed" --seed $seed --resume \
      --image-size 192 --batch-size 8 --steps 1000 --eval-every 1000 --save-every 250 \
      --optimizer.kind muon --optimizer.learning-rate 0.005 --optimizer.warmup-steps 60 --average-decay 0.99
    faceparse evaluate "$RUNS/$data-$seed/checkpoints/last" --data "$RELEASED" --json > "$RUNS/$data-$seed/on-released.json"
    faceparse evaluate "$RUNS/$data-$seed/checkpoints/last" --data "$MENDED" --json > "$RUNS/$data-$seed/on-mended.json"
  done
done
