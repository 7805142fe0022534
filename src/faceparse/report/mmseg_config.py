"""What MMSegmentation's config says, read without running it: assignments of literals and of `dict(...)`."""

import ast
from collections.abc import Mapping

from faceparse.report.content import Section
from faceparse.report.wording import describe

_LARGEST = 2_000_000
"""Characters; a config has some thousands."""


def describe_config(source: str) -> list[Section]:
    """Model, losses, augmentation and optimisation, as far as the config names them; no sections for none."""
    values = _assignments(source)
    model = _dict(values.get("model"))
    heads = {name: it for name in ("decode_head", "auxiliary_head") for it in _listed(model.get(name))[-1:]}
    rows = [("Network", _network(model))] if model else []
    sections = [Section("Model", rows)] if rows else []
    losses = [
        (name.replace("_", " ").capitalize(), "; ".join(_typed(loss) for loss in _listed(head.get("loss_decode"))))
        for name, head in heads.items()
    ]
    losses = [row for row in losses if row[1]]
    if losses:
        sections.append(Section("Losses", losses))
    steps = [_typed(step) for step in _pipeline(values) if str(step.get("type", "")).startswith(_AUGMENTING)]
    if steps:
        sections.append(Section("Augmentation", [("Pipeline", "; ".join(steps))]))
    wrapped = _dict(values.get("optim_wrapper"))
    named = {
        "Optimiser": _dict(values.get("optimizer")) or _dict(wrapped.get("optimizer")),
        "Schedule": (_listed(values.get("lr_config")) or _listed(values.get("param_scheduler")) or [{}])[-1],
        "Length": _dict(values.get("runner")) or _dict(values.get("train_cfg")),
    }
    rows = [(name, _typed(it)) for name, it in named.items() if it]
    return [*sections, Section("Optimisation", rows)] if rows else sections


_AUGMENTING = ("Random", "Resize", "PhotoMetric", "Rand", "CutOut", "Pad", "CLAHE", "Adjust", "BioMedical")


def _network(model: Mapping) -> str:
    parts = [str(model.get("type", ""))]
    for name in ("backbone", "decode_head", "auxiliary_head"):
        types = [str(it["type"]) for it in _listed(model.get(name)) if "type" in it]
        if types:
            parts.append(f"{name.replace('_', ' ')} {' → '.join(types)}")
    return ", ".join(part for part in parts if part)


def _typed(fields: Mapping) -> str:
    """`Type (name value, ...)`."""
    rest = {name: value for name, value in fields.items() if name not in ("type", "_delete_") and not _deep(value)}
    kind, said = str(fields.get("type", "")), describe(rest)
    return kind if said == "none" else f"{kind} ({said})" if kind else said


def _deep(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(it, Mapping) for it in value))


def _pipeline(values: Mapping) -> list[Mapping]:
    found = _listed(values.get("train_pipeline"))
    data = _dict(_dict(values.get("data")).get("train"))
    return found or _listed(data.get("pipeline")) or _listed(_dict(data.get("dataset")).get("pipeline"))


def _dict(value: object) -> Mapping:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[Mapping]:
    items = value if isinstance(value, list) else [value]
    return [it for it in items if isinstance(it, Mapping)]


def _assignments(source: str) -> dict[str, object]:
    """Names and values of a config's own lines; nothing is run, and what is no literal is its source text."""
    try:
        body = ast.parse(source[:_LARGEST]).body
        return {
            node.targets[0].id: _value(node.value)
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {word.arg: _value(word.value) for word in node.keywords if word.arg}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {str(_value(key)): _value(value) for key, value in pairs if key is not None}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
