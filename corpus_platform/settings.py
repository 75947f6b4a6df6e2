"""One file of settings, `corpus.yaml` in the platform's home: where input is, what is made of it, how it is run.

Every section is a frozen, closed model that stands beside the code it steers. A wrong file is refused with file, line, key and the nearest right key.

Not here: secrets (they come from the environment), and what a Dagster instance needs (`deploy/dagster.yaml`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from corpus_platform.automation.settings import AutomationSettings
from corpus_platform.engine.settings import EngineSettings
from corpus_platform.errors import SettingsError
from corpus_platform.lake.s3_settings import Endpoint, NoCredentials, S3Settings
from corpus_platform.stages.classifiers import ClassifierSettings, ImportanceSettings
from corpus_platform.stages.corpus import RecipeSettings
from corpus_platform.stages.dedup import DedupSettings
from corpus_platform.stages.documents import DocumentSettings
from corpus_platform.stages.encyclopedia import EncyclopediaSettings
from corpus_platform.stages.language_model import LanguageModelSettings
from corpus_platform.stages.mix import MixSettings
from corpus_platform.stages.pages import PagesSettings, SourceSettings
from corpus_platform.stages.paragraphs import ParagraphSettings
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.source_documents import SourcesSettings
from corpus_platform.stages.stage import Settings
from corpus_platform.stages.texts import AFTER_DEDUP, Base, TextVariant, base_of
from corpus_platform.stages.tokenizers import TokenizerSettings
from corpus_platform.stages.url_history import UrlHistorySettings
from corpus_platform.yaml_file import keys_of, mistake, read_yaml

if TYPE_CHECKING:
    from pathlib import Path


class LakeSettings(NoCredentials, Settings):
    """Where the tables are, and how commits are guarded where the store can't do it."""

    location: str | None = Field(
        default=None,
        description="Folder (relative to the home) or s3://bucket/prefix; by default `lake` below `s3.location`, else below the home",
    )
    lock: str | None = Field(
        default=None,
        description="For stores without conditional writes: `file:PATH`, a lock of one machine; `postgres:`, of several (CORPUS_POSTGRES_URL)",
    )
    endpoint: Endpoint | None = Field(default=None, description="S3 server of the lake; that of `s3` by default")
    region: str | None = Field(default=None, description="Region; that of `s3` by default")
    profile: str | None = Field(default=None, description="Profile of the credentials file; that of `s3` by default")
    path_style: bool | None = Field(default=None, description="Bucket in the path; as `s3` says by default")

    def place(self, s3: S3Settings) -> str:
        """Where the lake is."""
        return self.location or s3.place("lake") or "lake"


class WarehouseSettings(Settings):
    """The published file that other programs read: `warehouse.duckdb` in the home."""

    publish: bool = Field(default=True, description="Publish it anew after each commit of a run")


class CorpusSettings(Settings):
    """All settings of one home."""

    s3: S3Settings = S3Settings()
    lake: LakeSettings = LakeSettings()
    source: SourceSettings = SourceSettings()
    variants: tuple[Base, ...] = Field(
        default=("resiliparse",),
        min_length=1,
        description="How pages become text; the enabled recipes add what they start from",
    )
    pages: PagesSettings = PagesSettings()
    url_history: UrlHistorySettings = UrlHistorySettings()
    paragraphs: ParagraphSettings = ParagraphSettings()
    documents: DocumentSettings = DocumentSettings()
    encyclopedia: EncyclopediaSettings = EncyclopediaSettings()
    sources: SourcesSettings = SourcesSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    classifiers: ClassifierSettings = Field(default_factory=ClassifierSettings)
    importance: ImportanceSettings = Field(default_factory=ImportanceSettings)
    signals: SignalsSettings = SignalsSettings()
    recipes: RecipeSettings = RecipeSettings()
    dedup: DedupSettings = DedupSettings()
    sft: SftSettings = SftSettings()
    tokenizers: TokenizerSettings = Field(default_factory=TokenizerSettings)
    mixes: MixSettings = MixSettings()
    engine: EngineSettings = EngineSettings()  # pyright: ignore[reportCallIssue]
    automation: AutomationSettings = AutomationSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    reject_budget: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of broken records before a stage fails"
    )

    @model_validator(mode="after")
    def _hand_s3_down(self) -> Self:
        object.__setattr__(self, "source", self.source.reached_by(self.s3.access()))
        return self

    def with_s3(self, s3: S3Settings) -> CorpusSettings:
        """The same with S3 reached in another way."""
        return self.model_copy(update={"s3": s3, "source": self.source.reached_by(s3.access())})

    @model_validator(mode="after")
    def _check_variants(self) -> Self:
        made = self.made_variants
        cutoffs = self.language_model.cutoffs_of
        if len(set(self.variants)) < len(self.variants):
            raise ValueError(f"`variants` names one twice: {', '.join(self.variants)}")
        if cutoffs and cutoffs.variant not in made:
            raise ValueError(
                f"`language_model.cutoffs_of.variant` is {cutoffs.variant}, which `variants` does not make: {', '.join(made)}"
            )
        if self.pages.select and "wet" in made:
            raise ValueError("`pages.select` takes records of WARC files only: leave `wet` out of `variants`")
        return self

    @property
    def made_variants(self) -> tuple[str, ...]:
        """The bases that these settings name; enabled recipes may ask for others."""
        named = (base_of(variant) for variant in (*self.signals.variants, *self.recipes.variants.values()))
        return tuple(dict.fromkeys((*self.variants, *named)))

    def variant_of(self, recipe: str) -> TextVariant | None:
        """The text variant that the settings name for a recipe; None where it is the recipe's own."""
        ccnet = {"ccnet": self.variants[0] + AFTER_DEDUP}
        return (ccnet | self.recipes.variants).get(recipe)

    @property
    def scored_languages(self) -> tuple[str, ...]:
        """Languages whose documents get a perplexity, where there is a model."""
        return self.documents.languages or self.language_model.languages


def read_settings(path: Path) -> CorpusSettings:
    """The settings of a YAML file; the defaults where there is none. Raises SettingsError with file and line."""
    if not path.exists():
        return CorpusSettings()
    file = read_yaml(path)
    if not isinstance(file.values or {}, dict):
        raise SettingsError(
            f"{path}:1: settings are `name: value`, with the names {', '.join(keys_of(CorpusSettings, ()))}"
        )
    try:
        return CorpusSettings.model_validate(file.values or {})
    except ValidationError as error:
        words = ("setting", "this section")
        raise SettingsError("\n".join(mistake(file, (), e, CorpusSettings, words) for e in error.errors())) from None


def write_settings(path: Path, settings: CorpusSettings, *, header: str = "") -> None:
    """Writes the settings that differ from the defaults, in the order of their declaration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = settings.model_dump(mode="json", exclude_defaults=True)
    path.write_text(header + yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
