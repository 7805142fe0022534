"""What is wrong with the code of a `solution/`, told from its text: nothing of it runs here."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from faceparse.challenge.rules import Fault
from faceparse.errors import some_names

_DISTRIBUTIONS = {
    "PIL": ("pillow",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "yaml": ("pyyaml",),
    "mmseg": ("mmsegmentation",),
    "mmcv": ("mmcv", "mmcv-full", "mmcv-lite"),
    "segmentation_models_pytorch": ("segmentation-models-pytorch",),
    "google": ("protobuf",),
    "attr": ("attrs",),
    "dateutil": ("python-dateutil",),
    "pkg_resources": ("setuptools",),
    "skorch": ("skorch",),
}
"""Packages by the name that they are imported by, where it is not their own."""

_BRING = {
    "numpy": ("torchvision", "opencv", "scipy", "scikit", "pandas", "matplotlib", "albumentations", "timm", "mm"),
    "PIL": ("torchvision", "scikit-image", "matplotlib", "timm"),
    "torch": ("torchvision", "timm", "segmentation-models-pytorch", "lightning", "pytorch-lightning", "accelerate"),
    "torchvision": ("timm", "segmentation-models-pytorch"),
    "yaml": ("timm", "albumentations", "huggingface-hub"),
    "scipy": ("scikit", "albumentations"),
    "tqdm": ("huggingface-hub", "transformers"),
}
"""Declared packages (by how their names begin) that install others with them."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ABSOLUTE = re.compile(r"(/(home|root|Users|mnt|media|data|content|kaggle|scratch|workspace|tmp)/|[A-Za-z]:[\\/])\w")


def faults_of_code(files: Mapping[str, str], requirements: str) -> list[Fault]:
    """Faults of the modules that `run.py` reaches, and of what it says must be installed.

    Args:
        files: text of every `.py` file by its path in `solution/`; `run.py` is one.
        requirements: of `requirements.txt`.
    """
    declared, faults = _declared(requirements)
    named = _names(files["run.py"])
    lacking = [flag for flag in ("--input", "--output", "--weights") if not {flag, flag[2:]} & named]
    if lacking and named:
        faults.append(Fault(rule="run", what=f"run.py takes no {', '.join(lacking)}"))
    reached, imported = _reached(files, faults)
    undeclared = {name for name in imported if name != "faceparse" and not _is_declared(name, declared)}
    if undeclared:
        what = f"run.py imports {some_names(undeclared, 9)}, which requirements.txt does not declare"
        faults.append(Fault(rule="run", what=what))
    if "faceparse" in imported:
        faults.append(
            Fault(rule="run", what="run.py imports the toolkit (faceparse), which a solution must do without")
        )
    for name in reached:
        for text in _paths_outside(files[name]):
            what = f"{name} names {text!a}, a path outside solution/"
            faults.append(Fault(rule="run", what=what, warning=True))
    return faults


def _names(text: str) -> set[str]:
    """Strings of a module that stand alone, and names of parameters and fields: however options are declared.

    Empty where it is no Python, which is told elsewhere.
    """
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
    fields = {node.target.id for node in nodes if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    return strings | parameters | fields | {"__name__"}


def _declared(requirements: str) -> tuple[set[str], list[Fault]]:
    """Names of the packages in a requirements file, and what keeps it from being installed elsewhere."""
    names, faults = set(), []
    for line in requirements.splitlines():
        line = line.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        found = _NAME.match(line)
        if line.startswith("-") or "://" in line or line.endswith((".whl", ".tar.gz")) or line.startswith("."):
            local = "://" not in line and not line.startswith(("--index", "--extra-index", "-i ", "--no-", "--pre"))
            where = "of this machine" if local else "of somewhere else"
            faults.append(Fault(rule="run", what=f"requirements.txt asks for {line!a}, {where}", warning=not local))
        if found and not line.startswith("-"):
            names.add(re.sub(r"[-_.]+", "-", found[0]).lower())
    return names, faults


def _is_declared(module: str, declared: set[str]) -> bool:
    own = {re.sub(r"[-_.]+", "-", name).lower() for name in _DISTRIBUTIONS.get(module, (module,))}
    return bool(own & declared) or any(name.startswith(_BRING.get(module, ())) for name in declared)


def _reached(files: Mapping[str, str], faults: list[Fault]) -> tuple[list[str], set[str]]:
    """The modules that run.py imports, one after the other, and the packages that they import from outside."""
    waiting, reached, outside = ["run.py"], [], set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.append(name)
        try:
            imports = list(_imports(ast.parse(files[name])))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            faults.append(Fault(rule="run", what=f"{name} is no Python that can be read ({type(error).__name__})"))
            continue
        for module, level in imports:
            local = _local(files, name, module, level)
            waiting += local
            top = module.split(".")[0]
            if not local and not level and top not in sys.stdlib_module_names:
                outside.add(top)
    return reached, outside


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names and levels of what a module imports, but for what it does without (try … except ImportError)."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Try) and any(_catches_imports(handler) for handler in node.handlers):
            waiting += [*node.orelse, *node.finalbody]
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((".".join(filter(None, (node.module, alias.name))), node.level) for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    caught = ast.dump(handler.type) if handler.type else "Exception"
    return any(name in caught for name in ("ImportError", "ModuleNotFoundError", "Exception"))


def _local(files: Mapping[str, str], importer: str, module: str, level: int) -> list[str]:
    """The files in the folder that an import means, the packages on the way to it among them."""
    parts = module.split(".") if module else []
    if level:
        folders = importer.split("/")[:-1]
        parts = folders[: len(folders) - (level - 1)] + parts
    found = []
    for end in range(1, len(parts) + 1):
        place = "/".join(parts[:end])
        found += [name for name in (f"{place}.py", f"{place}/__init__.py") if name in files]
    if not found and any(name.startswith(f"{parts[0]}/") for name in files if parts):
        found = ["run.py"]  # a folder without __init__.py: local all the same
    return found


def _paths_outside(text: str) -> Sequence[str]:
    """Strings in code that name a place on somebody's machine."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(s for s in strings if len(s) < 200 and (_ABSOLUTE.match(s) or s == ".." or s.startswith("../")))
