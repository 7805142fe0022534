"""What does it cost to verify a split's manifest? Ratio to decoding the same pairs once, one core, 512² made faces.

python benchmarks/verify_speed.py
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from faceparse.data.dataset import list_pairs, read_pair
from faceparse.data.manifest import to_json
from faceparse.data.splits import make_split
from faceparse.data.synthetic.layouts import write_challenge
from faceparse.files import write_atomically

NUM_FACES, NUM_ROUNDS = 60, 5


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        dataset, manifest = Path(folder) / "data", Path(folder) / "split.json"
        write_challenge(dataset, NUM_FACES, 512, 5)
        write_atomically(manifest, to_json(make_split(dataset, "rare", {"all": 1.0}, manifest=manifest)[0]))
        pairs = list_pairs(manifest / "all")
        verify = min(_seconds(lambda: list_pairs(manifest / "all")) for _ in range(NUM_ROUNDS))
        decode = min(_seconds(lambda: [read_pair(pair) for pair in pairs]) for _ in range(NUM_ROUNDS))
    print("| pairs | verified, ms a pair | decoded, ms a pair | ratio |")
    print("|---|---|---|---|")
    count = len(pairs)
    print(f"| {count} | {verify / count * 1e3:.2f} | {decode / count * 1e3:.2f} | {verify / decode:.3f} |")


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds, so that a busy machine counts for little."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
