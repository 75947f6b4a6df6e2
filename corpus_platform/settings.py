"""One file of settings, `corpus.yaml` in the platform's home: where input is, what is made of it, how it is run.

Every section is a frozen, closed model that stands beside the code it steers. A wrong file is refused with file, line, key and the nearest right key.

Not here: secrets (they come from the environment), and what a Dagster instance needs (`deploy/dagster.yaml`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from corpus_platform.engine.settings import EngineSettings
from corpus_platform.errors import SettingsError
from corpus_platform.stages.ccnet import CcnetSettings
from corpus_platform.stages.documents import DocumentSettings
from corpus_platform.stages.encyclopedia import EncyclopediaSettings
from corpus_platform.stages.language_model import LanguageModelSettings
from corpus_platform.stages.pages import PagesSettings, SourceSettings
from corpus_platform.stages.paragraphs import ParagraphSettings
from corpus_platform.stages.stage import Settings

if TYPE_CHECKING:
    from pathlib import Path

Variant = Literal["resiliparse", "trafilatura", "wet"]


class LakeSettings(Settings):
    """Where the tables are, and how commits are guarded where the store can't do it."""

    location: str = Field(default="lake", description="Folder (relative to the home) or s3://bucket/prefix")
    lock: str | None = Field(
        default=None, description="`file:PATH`: commit under this lock, for stores without conditional writes"
    )
    endpoint: str | None = Field(default=None, description="S3 server; AWS_ENDPOINT_URL, else AWS itself, by default")
    region: str | None = Field(default=None, description="Region; AWS_REGION by default")
    profile: str | None = Field(default=None, description="Profile of the credentials file; AWS_PROFILE by default")
    path_style: bool | None = Field(
        default=None, description="Bucket in the path; by default where there is an endpoint"
    )


class CorpusSettings(Settings):
    """All settings of one home."""

    lake: LakeSettings = LakeSettings()
    source: SourceSettings = SourceSettings()
    variants: tuple[Variant, ...] = Field(
        default=("resiliparse",), min_length=1, description="Text variants of the web corpus that are made"
    )
    pages: PagesSettings = PagesSettings()
    paragraphs: ParagraphSettings = ParagraphSettings()
    documents: DocumentSettings = DocumentSettings()
    encyclopedia: EncyclopediaSettings = EncyclopediaSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    ccnet: CcnetSettings = CcnetSettings()
    engine: EngineSettings = EngineSettings()  # pyright: ignore[reportCallIssue]
    reject_budget: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of broken records before a stage fails"
    )

    @model_validator(mode="after")
    def _check_variants(self) -> Self:
        made = ", ".join(self.variants)
        cutoffs = self.language_model.cutoffs_of
        if len(set(self.variants)) < len(self.variants):
            raise ValueError(f"`variants` names one twice: {made}")
        if self.ccnet_variant not in self.variants:
            raise ValueError(f"`ccnet.variant` is {self.ccnet_variant}, which `variants` does not make: {made}")
        if cutoffs and cutoffs.variant not in self.variants:
            raise ValueError(
                f"`language_model.cutoffs_of.variant` is {cutoffs.variant}, which `variants` does not make: {made}"
            )
        if self.pages.select and "wet" in self.variants:
            raise ValueError("`pages.select` takes records of WARC files only: leave `wet` out of `variants`")
        return self

    @property
    def ccnet_variant(self) -> str:
        """The text variant that the CCNet corpus is made from."""
        return self.ccnet.variant or self.variants[0]

    @property
    def scored_languages(self) -> tuple[str, ...]:
        """Languages whose documents get a perplexity, where there is a model."""
        return self.documents.languages or self.language_model.languages


def read_settings(path: Path) -> CorpusSettings:
    """The settings of a YAML file; the defaults where there is none. Raises SettingsError with file and line."""
    if not path.exists():
        return CorpusSettings()
    try:
        text = path.read_text(encoding="utf-8")
        values, tree = yaml.safe_load(text), yaml.compose(text)
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError(f"{path}:{line}: not a YAML file: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not a YAML file in UTF-8: {' '.join(str(error).split())}") from None
    if not isinstance(values or {}, dict):
        raise SettingsError(f"{path}:1: settings are `name: value`, with the names {', '.join(_keys_of(()))}")
    try:
        return CorpusSettings.model_validate(values or {})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(path, tree, e) for e in error.errors())) from None


def write_settings(path: Path, settings: CorpusSettings, *, header: str = "") -> None:
    """Writes the settings that differ from the defaults, in the order of their declaration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = settings.model_dump(mode="json", exclude_defaults=True)
    path.write_text(header + yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _explain(path: Path, tree: yaml.Node | None, error: Any) -> str:
    """One line for one mistake: where it is, what is wrong, what would be right."""
    where = tuple(error["loc"])
    line = _line_of(tree, where)
    dotted = ".".join(str(part) for part in where)
    message = error["msg"].removeprefix("Value error, ")
    if not where:
        return f"{path}: {message}"
    if error["type"] != "extra_forbidden":
        return f"{path}:{line}: `{dotted}`: {message} (found {error['input']!r})"
    known = _keys_of(where[:-1])
    near = get_close_matches(str(where[-1]), known, n=1)
    hint = f", nearest is `{near[0]}`" if near else ""
    return f"{path}:{line}: there is no setting `{dotted}`{hint}; this section takes {', '.join(known)}"


def _keys_of(where: tuple[Any, ...]) -> list[str]:
    model: Any = CorpusSettings
    for part in where:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def _line_of(node: yaml.Node | None, where: tuple[Any, ...]) -> int:
    """Line (from 1) of the deepest part of the path that is in the file."""
    line = _line(node)
    for part in where:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                return line
            line, node = _line(pair[0]), pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = _line(node)
    return line


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None or node.start_mark is None else node.start_mark.line + 1
