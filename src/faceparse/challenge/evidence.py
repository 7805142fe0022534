"""A model held against a challenge's rules, by what its folder tells of its making."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faceparse.challenge.rules import Challenge, Fault
from faceparse.data.dataset import labelled_splits, list_pairs
from faceparse.data.manifest import hash_file
from faceparse.errors import some_names
from faceparse.provenance import FILE, UNKNOWN, Provenance, places, read_provenance

_MIRRORED = "_flip"
"""What `data flip --both` calls the mirrored copy of a pair: augmentation written down, no external data."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a model."""

    num_parameters: int
    """Trainable ones, by the challenges' own expression; auxiliary heads included."""
    names: frozenset[str] | None
    """Of the pairs trained on; None where nobody wrote them down."""
    provenance: Provenance | None


def evidence_of(model: Path, num_parameters: int) -> Evidence:
    """Gather what a run or checkpoint folder tells.

    Raises:
        FaceparseError: `provenance.json` is damaged.
    """
    provenance = read_provenance(model)
    names = frozenset(provenance.pairs) if provenance else None
    lists = [place / "trained_on.txt" for place in places(model)]
    for path in lists:
        if names is None and path.is_file():
            names = frozenset(path.read_bytes().decode(errors="surrogateescape").split("\n")) - {""}
    return Evidence(num_parameters=num_parameters, names=names, provenance=provenance)


def faults_of_model(challenge: Challenge, evidence: Evidence, given: Path | None = None) -> list[Fault]:
    """Every rule that a model breaks, and warnings of what is not known of it.

    Args:
        given: the challenge's own data set; with it every pair trained on must be one of its files, by hash.
    """
    return [
        *_of_size(challenge, evidence),
        *_of_beginnings(challenge, evidence),
        *_of_pairs(challenge, evidence),
        *(_of_files(evidence, given) if given else ()),
    ]


def _of_size(challenge: Challenge, evidence: Evidence) -> Iterator[Fault]:
    limit = challenge.parameter_limit
    if limit is not None and evidence.num_parameters >= limit:
        yield Fault(rule="parameters", what=f"the network has {evidence.num_parameters:,} trainable parameters")


def _of_beginnings(challenge: Challenge, evidence: Evidence) -> Iterator[Fault]:
    known = evidence.provenance
    kind = known.initial_weights if known else UNKNOWN
    backbone = known.backbone if known else {}
    which = backbone.get("file") or backbone.get("name")
    whose = f"{which} (sha256 {backbone.get('sha256', 'unknown')[:12]})" if which else ""
    if kind == UNKNOWN:
        if whose:
            what = f"it is not known what {whose}, with which the training began, was trained on"
        else:
            missing = "" if known else f" (no {FILE}, which training writes)"
            what = f"it is not known with which weights the training began{missing}"
        yield Fault(rule="pretraining", what=what, warning=True)
    elif kind not in challenge.initial_weights:
        of = f": {whose}" if whose else ""
        yield Fault(rule="pretraining", what=f"the training began with {kind} weights{of}")
    elif backbone.get("told_by") == "the user":
        what = f"that {whose} was trained on {kind} is the user's word, not known from its name or hash"
        yield Fault(rule="pretraining", what=what, warning=True)
    if known and known.num_runs > 1:
        yield Fault(rule="ensemble", what=f"the weights are averaged from {known.num_runs} runs")


def _of_pairs(challenge: Challenge, evidence: Evidence) -> Iterator[Fault]:
    if evidence.names is None:
        yield Fault(rule="data", what="it is not known on which pairs the model was trained", warning=True)
        return
    names = evidence.names
    originals = {name for name in names if not name.endswith(_MIRRORED) or name.removesuffix(_MIRRORED) not in names}
    if len(originals) > challenge.num_pairs:
        what = f"the model was trained on {len(originals):,} pairs, more than the {challenge.num_pairs:,} given"
        yield Fault(rule="data", what=what)
    splits = evidence.provenance.splits if evidence.provenance else ()
    if "test" in splits:
        yield Fault(rule="data", what="the model was trained on a split called test")
    if "val" in splits and not challenge.train_on_val:
        yield Fault(
            rule="data", what="the model was trained on val, whose masks the challenge does not release", warning=True
        )


def _of_files(evidence: Evidence, given: Path) -> Iterator[Fault]:
    if evidence.provenance is None:
        yield Fault(
            rule="data", what=f"pairs cannot be compared with {given}: their hashes are not known", warning=True
        )
        return
    pairs = [pair for folder in labelled_splits(given).values() for pair in list_pairs(folder)]
    photos = {hash_file(pair.image) for pair in pairs}
    others = {
        name for name, (photo, _) in evidence.provenance.pairs.items()
        if photo not in photos and not name.endswith(_MIRRORED)
    }  # fmt: skip
    if others:
        yield Fault(
            rule="data", what=f"{len(others)} of the photos trained on are not in {given} ({some_names(others)})"
        )
