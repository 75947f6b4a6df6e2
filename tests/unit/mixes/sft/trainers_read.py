"""Reads an exported mix with the trainers' own readers, and prints as JSON what they have read; run as a program, in a process of its own.

    PYTHONPATH=FOLDER python trainers_read.py EXPORT MIX

FOLDER has the packages of trainers.txt without what they depend on. Readers of data need no PyTorch, but their packages import it (and peft, modelscope ...)
on the way: what is not there is a module of empty names. Packages' own `__init__`, which would load trainers and models, are left out.
"""

import importlib
import importlib.machinery
import json
import logging
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import datasets
import transformers
import trl.data_utils
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

ABSENT = ("torch", "torchaudio", "torchvision", "peft", "modelscope", "accelerate", "PIL", "addict")
TEMPLATE = (
    "{% if tools %}<tools>{{ tools | tojson }}</tools>{% endif %}"
    "{% for message in messages %}<{{ message.role }}>"
    "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}{{ message.content }}"
    "{% for call in message.tool_calls or [] %}<call>{{ call.function.name }} {{ call.function.arguments | tojson }}</call>{% endfor %}"
    "<end>{% endfor %}"
)


class Empty(ModuleType):
    """A module that has every name."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {}) if name[:1].isupper() else MagicMock(name=name)
        setattr(self, name, made)
        return made


class Absent:
    """Finds empty modules in place of what is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        pass


def bare(*names):
    """Makes packages importable without running their `__init__`."""
    for name in names:
        module = ModuleType(name)
        module.__path__ = [
            str(Path(folder) / name.replace(".", "/"))
            for folder in sys.path
            if (Path(folder) / name.replace(".", "/")).is_dir()
        ]
        sys.modules[name] = module


def tokenizer():
    """A tokenizer of bytes, with the marks of the template as its own tokens."""
    made = Tokenizer(
        models.BPE(vocab={c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[])
    )
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<end>")
    fast.chat_template = TEMPLATE
    return fast


@cache
def rows(path):
    """Records of a file, as `datasets` reads them."""
    form = "parquet" if path.suffix == ".parquet" else "json"
    return list(datasets.load_dataset(form, data_files=str(path), split="train"))


def read_datasets(folder):
    """`datasets`: both forms of the messages, and all other files of lines; it is asked before other packages find what is not there."""
    files = sorted(
        path for path in folder.iterdir() if path.suffix in {".jsonl", ".parquet"} and path.name != "packed.parquet"
    )
    pairs = zip(rows(folder / "messages.parquet"), rows(folder / "messages.jsonl"), strict=True)
    return {
        "rows": {path.name: len(rows(path)) for path in files},
        "same": all(a["id"] == b["id"] and texts(a) == texts(b) for a, b in pairs),
    }


def texts(row):
    return [message["content"] for message in row["messages"]]


def read_trl(folder):
    """TRL: what it takes for a conversation, and the texts that it makes."""
    messages, pairs = rows(folder / "trl_messages.parquet"), rows(folder / "trl_prompt_completion.parquet")
    own = tokenizer()
    made = [trl.data_utils.apply_chat_template(bare_row(row), own, tools=tools_of(row)) for row in messages]
    split = [trl.data_utils.apply_chat_template(bare_row(row), own, tools=tools_of(row)) for row in pairs]
    return {
        "conversations": sum(map(trl.data_utils.is_conversational, messages)),
        "pairs": sum(map(trl.data_utils.is_conversational, pairs)),
        "texts": {row["id"]: one["text"] for row, one in zip(messages, made, strict=True)},
        "completions": {row["id"]: one["completion"] for row, one in zip(pairs, split, strict=True)},
    }


def bare_row(row):
    return {key: row[key] for key in ("messages", "prompt", "completion") if key in row}


def tools_of(row):
    return json.loads(row["tools"]) if row.get("tools") else None


def read_llama_factory(folder, mix):
    """LLaMA-Factory: its parser of dataset_info.json, its converters, its reader of calls."""
    bare("llamafactory", "llamafactory.data", "llamafactory.extras")
    converter = importlib.import_module("llamafactory.data.converter")
    parser = importlib.import_module("llamafactory.data.parser")
    formatter = importlib.import_module("llamafactory.data.formatter")
    attributes = parser.get_dataset_list([f"mix_{mix}", f"mix_{mix}_alpaca"], str(folder))
    calls = formatter.FunctionFormatter(slots=["{{content}}"], tool_format="qwen")
    found = {}
    for one in attributes:
        convert = converter.get_dataset_converter(one.formatting, one, None)
        made = [(row["id"], convert(row)) for row in rows(folder / one.dataset_name)]
        found[one.dataset_name] = {
            "skipped": sum(not aligned["_response"] for _, aligned in made),
            "rows": {
                row_id: {key: aligned[f"_{key}"] for key in ("prompt", "response", "system", "tools")}
                for row_id, aligned in made
            },
        }
        said = [m for _, aligned in made for m in aligned["_prompt"] + aligned["_response"] if m["role"] == "function"]
        found[one.dataset_name]["calls"] = [
            calls.apply(content=m["content"], thought_words=("<think>\n", "\n</think>\n\n"))[0] for m in said
        ]
    return found


def read_axolotl(folder):
    """Axolotl: its strategy for chat templates, configured by the fragment; per row the text that is learnt."""
    import yaml  # noqa: PLC0415

    bare("axolotl", "axolotl.prompt_strategies", "axolotl.utils", "axolotl.utils.schemas")
    log = ModuleType("axolotl.utils.logging")
    log.get_logger = logging.getLogger
    sys.modules["axolotl.utils.logging"] = log
    plain = ModuleType("axolotl.utils.dict")
    plain.remove_none_values = without_none
    sys.modules["axolotl.utils.dict"] = plain
    strategies = importlib.import_module("axolotl.prompt_strategies.chat_template")
    [told] = yaml.safe_load((folder / "axolotl.yaml").read_text())["datasets"]
    own = tokenizer()

    class Config(dict):
        __getattr__ = dict.get

    config = Config(chat_template="tokenizer_default", sequence_len=100_000, train_on_inputs=False)
    strategy = strategies.StrategyLoader()(own, config, told)
    found = {}
    for row in rows(folder / told["path"]):
        made = strategy.tokenize_prompt(row)
        learnt = [token for token, label in zip(made["input_ids"], made["labels"], strict=True) if label != -100]
        found[row["id"]] = {"text": own.decode(made["input_ids"]), "learnt": own.decode(learnt)}
    return found


def without_none(value):
    """What axolotl's own function does, without the package that its module needs."""
    if isinstance(value, dict):
        return {key: without_none(one) for key, one in value.items() if one is not None}
    return [without_none(one) for one in value] if isinstance(value, list) else value


def read_ms_swift(folder):
    """ms-swift: its preprocessor of messages; per row roles and contents as it will train them."""
    bare("swift", "swift.template", "swift.dataset", "swift.dataset.preprocessor")
    utils = ModuleType("swift.utils")
    utils.TOOL_KEYS, utils.get_logger, utils.remove_arrow_padding = ["tools"], logging.getLogger, without_none
    utils.is_dist = utils.is_master = utils.safe_ddp_context = MagicMock()
    sys.modules["swift.utils"] = utils
    template = sys.modules["swift.template"]
    template.history_to_messages = importlib.import_module("swift.template.utils").history_to_messages
    core = importlib.import_module("swift.dataset.preprocessor.core")
    preprocessor = core.MessagesPreprocessor()
    found = {}
    for row in rows(folder / "ms_swift.jsonl"):
        made = preprocessor.preprocess(without_none(row))
        preprocessor._check_messages(made)
        found[row["id"]] = [[message["role"], message["content"]] for message in made["messages"]]
    return found


def read_preferences(folder):
    """Files of preferences: rows as `datasets` reads them, and whether TRL takes all of a file for conversations."""
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        talks = all(map(trl.data_utils.is_conversational, rows(path))) if "trl" in path.name else None
        found[path.name] = {"rows": len(rows(path)), "conversations": talks}
    return found


def main():
    folder, mix = Path(sys.argv[1]), sys.argv[2]
    datasets.disable_progress_bars()
    found = {"datasets": read_datasets(folder), "trl": read_trl(folder)}
    found["preferences"] = read_preferences(folder / "preferences")
    sys.meta_path.append(Absent())
    found["llama_factory"] = read_llama_factory(folder, mix)
    found["axolotl"] = read_axolotl(folder)
    found["ms_swift"] = read_ms_swift(folder)
    json.dump(found, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
