"""Nothing that is served runs code that came as data: no pickle, no torch, nothing fetched; by the source and by a run."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.python_source import parse
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    file
    for package in ("schemas", "models", "pipeline", "agents", "deploy")
    for file in sorted((ROOT / package).rglob("*.py"))
    if "training" not in file.relative_to(ROOT).parts
]

LOADERS = frozenset(
    {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch", "transformers", "nncf", "onnx"}
)
"""Modules that turn bytes into code, or load models that may hold some."""

BUILTINS = frozenset({"eval", "exec", "compile", "__import__"})
FROM_A_TABLE = ROOT / "pipeline" / "cli" / "__init__.py"
"""The one file that imports a module by a name it computes: out of `COMMANDS`, which stands in the same file."""


def faults(tree: ast.AST, file: Path) -> Iterator[str]:
    """What stands in a module that could run code from data."""
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (f"imports {one}" for one in modules if one.split(".")[0] in LOADERS)
        yield from (f"imports {one}" for one in modules if one.startswith("models.training"))
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in BUILTINS:
            yield f"calls {name}"
        if name.endswith("import_module") and file != FROM_A_TABLE:
            yield f"calls {name}"
        if name.startswith("yaml.") and "load" in name and "safe" not in name:
            yield f"calls {name}"
        if name in ("np.load", "numpy.load") and words.get("allow_pickle", "False") != "False":
            yield f"calls {name} with allow_pickle"
        for word, harmless in (("trust_remote_code", "False"), ("allow_pickle", "False"), ("shell", "False")):
            if words.get(word, harmless) != harmless:
                yield f"calls {name} with {word}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_served_module_can_turn_data_into_code(file: Path) -> None:
    assert list(faults(parse(file.read_text("utf-8")), file)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from torch import load",
        "import models.training.train",
        "from models import training",
        "eval(x)",
        "importlib.import_module(x)",
        "yaml.load(x)",
        "np.load(x, allow_pickle=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "subprocess.run(x, shell=True)",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert list(faults(parse(source), ROOT / "x.py"))


SERVE = """
import json, sys

seen = []

def heard(event, arguments):
    if event in ("pickle.find_class", "socket.connect", "socket.getaddrinfo"):
        seen.append(f"{event} {arguments!r}"[:200])

sys.addaudithook(heard)
import agents.classify, agents.index
import pipeline.ingest.http.app
from pipeline.classify.judge import Judge
from pipeline.settings import load_settings

judge = Judge.load(load_settings())
verdicts = judge.verdicts(["help, a man with a knife", "der Hund spielt heute mit dem Ball im Garten", "x" * 9000])
import pickle

pickle.loads(pickle.dumps(judge.classifier.model.__class__))  # the hook hears
print(json.dumps({"judged": len(verdicts), "seen": seen, "modules": sorted(sys.modules)}))
"""


def test_workers_neither_unpickle_nor_connect_nor_load_torch_before_and_while_they_judge(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(ROOT),
            "FLAGPOST_HOME": str(tmp_path / "home"),
            "FLAGPOST_INFERENCE_THREADS": "1",
            "FLAGPOST_KAFKA_BOOTSTRAP": "127.0.0.1:9092",  # an agent is not made without one; nothing here connects to it
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["judged"] == 3
    assert found["seen"] == ["pickle.find_class ('builtins', 'str')"]
    assert not {"torch", "transformers", "nncf", "onnx", "joblib", "sklearn"} & set(found["modules"])
    assert not any(name.startswith("models.training") for name in found["modules"])
