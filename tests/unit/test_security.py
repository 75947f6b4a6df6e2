"""What no code of the platform does: unpickle what was stored, run what it has read, follow XML out of its file, render templates without a sandbox.

The source of every module is looked at, so that a new one is looked at too. `docs/security.md` says why.
"""

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from corpus_platform.extract.mathml import latex_of

ROOT = Path(__file__).parents[2]

PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "pandas.read_pickle"}
"""Modules that run code which stands in what they read."""
BETWEEN_PROCESSES = {
    "corpus_platform/engine/crew.py",
    "corpus_platform/engine/handle.py",
    "corpus_platform/engine/processes.py",
    "corpus_platform/engine/sending.py",
    "corpus_platform/engine/worker.py",
    "corpus_platform/engine/cluster.py",
    "corpus_platform/engine/cluster_worker.py",
    "corpus_platform/engine/cluster_connection.py",
    "corpus_platform/engine/protocol.py",
}
"""Tasks and results go from a parent to the processes that it has started itself, and back: never by way of a file."""
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}


def modules():
    return [
        path
        for package in ("corpus_platform", "assets", "resources")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


def breaches(path, source=None):
    """`line: what` of everything in a module that the platform does not do."""
    name = path.relative_to(ROOT).as_posix() if path.is_absolute() else str(path)
    tree = ast.parse(source if source is not None else path.read_text(encoding="utf-8"), name)
    return [f"{name}:{getattr(node, 'lineno', 0)}: {what}" for node in ast.walk(tree) for what in _wrong(node, name)]


def _wrong(node, name):
    match node:
        case ast.Import(names=names):
            yield from (f"imports {a.name}" for a in names if a.name in PICKLES and name not in BETWEEN_PROCESSES)
        case ast.ImportFrom(module=str(module)):
            if module in PICKLES and name not in BETWEEN_PROCESSES:
                yield f"imports from {module}"
            if module == "jinja2":
                yield from ("a template without a sandbox" for a in node.names if a.name in {"Environment", "Template"})
        case ast.Call(func=ast.Name(id=called)) if called in RUNS_TEXT:
            yield f"{called}()"
        case ast.Call(func=ast.Attribute(attr=called, value=of), keywords=keywords):
            given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in keywords}
            yield from _wrong_call(ast.unparse(of), called, given)


def _wrong_call(of, called, given):
    whole = f"{of}.{called}"
    if called == "load" and of in {"np", "numpy"} and given.get("allow_pickle"):
        yield "numpy.load with pickles"
    if whole == "torch.load" and not given.get("weights_only"):
        yield "torch.load of more than weights"
    if called == "from_pretrained" and "Model" in of and not given.get("use_safetensors"):
        yield f"{of}.from_pretrained without use_safetensors"
    if given.get("trust_remote_code"):
        yield "trust_remote_code"
    if given.get("shell") or whole in {"os.system", "os.popen"}:
        yield "a shell"
    if called in {"extractall", "unpack_archive"}:
        yield f"{whole}: an archive may name files outside of its folder"
    if whole in {"jinja2.Environment", "jinja2.Template"}:
        yield "a template without a sandbox"
    if whole in {"yaml.unsafe_load", "yaml.full_load", "yaml.load_all"}:
        yield whole
    if called == "XMLParser" and given.get("resolve_entities", True):
        yield "an XML parser that resolves entities"


def test_no_module_runs_what_it_reads():
    found = [breach for path in modules() for breach in breaches(path)]

    assert len(modules()) > 250
    assert found == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "imports pickle"),
        ("from joblib import load", "imports from joblib"),
        ("import numpy as np\nnp.load(f, allow_pickle=True)", "numpy.load with pickles"),
        ("import torch\ntorch.load(f)", "torch.load of more than weights"),
        ("T.AutoModel.from_pretrained(f)", "T.AutoModel.from_pretrained without use_safetensors"),
        ("from jinja2 import Environment", "a template without a sandbox"),
        ("eval(text)", "eval()"),
        ("subprocess.run(text, shell=True)", "a shell"),
        ("tar.extractall(folder)", "tar.extractall: an archive may name files outside of its folder"),
        ("etree.XMLParser(recover=True)", "an XML parser that resolves entities"),
        ("yaml.unsafe_load(f)", "yaml.unsafe_load"),
    ],
)
def test_the_test_finds_what_it_looks_for(source, what):
    assert [one.partition(": ")[2] for one in breaches(Path("planted.py"), dedent(source))] == [what]


def test_a_formula_can_not_bring_in_a_file_of_this_machine(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("planted-in-a-file", encoding="utf-8")
    source = f'<!DOCTYPE m [<!ENTITY x SYSTEM "{secret.as_uri()}">]><math><mi>&x;</mi><mn>1</mn></math>'
    # The parser of the library's own defaults would take it in: the test can fail.
    careless = etree.XMLParser(resolve_entities=True, load_dtd=True)
    assert "planted-in-a-file" in etree.tostring(etree.fromstring(source.encode(), careless), encoding="unicode")

    assert "planted" not in (latex_of(source) or "")
