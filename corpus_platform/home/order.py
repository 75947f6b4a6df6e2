"""What has to be made for some assets, in which order, partition by partition.

Each source's own chain comes partition after partition, the web's snapshot after snapshot; recipes with parts come last, part after part in the order of
their priority, for a dedup holds a partition against the earlier ones.

Not here: the stages themselves (home.py), running them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from corpus_platform.documents import DIALOGUES, SOURCES
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home.dialogues import OF_FILES, OF_USERS, OF_VOTES, OF_WRITERS, is_constructed, is_of_dialogues
from corpus_platform.source_tables import PARTITION_BY, key_of, partition_of_key
from corpus_platform.stages.asset_names import (
    EVERY_TEXT,
    OF_PAGES,
    OF_VARIANT,
    PAGES,
    WEB,
    asset_of,
    partition_of,
    table_and_variant,
)
from corpus_platform.stages.classifiers import CLASSIFIERS, IMPORTANCE, Classifiers, ImportanceModels
from corpus_platform.stages.classifiers import partition_of as model_partition
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.dedup import OF_METHOD
from corpus_platform.stages.encyclopedia import ARTICLES, Articles
from corpus_platform.stages.language_model import MODELS
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS
from corpus_platform.stages.sft_messages import PREFERENCES
from corpus_platform.stages.signals import SHIPPED, SIGNALS
from corpus_platform.stages.source_documents import SourceDocuments
from corpus_platform.stages.texts import AFTER_DEDUP, BASES, CLEANED, base_of, cleaned_table, read_table, source_of
from corpus_platform.stages.verdicts import variant_and_method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.home.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.stage import Partition, Stage


@dataclass(frozen=True)
class Batch:
    """Assets of one Dagster partition that one run makes: their keys, and (table, partition) of each, upstream first."""

    assets: tuple[str, ...]
    key: str
    tables: tuple[tuple[str, Partition], ...]
    source: str | None = None
    """The source whose partition it is; None for the web's snapshots and for models."""

    def is_current(self, home: Home) -> bool:
        """Whether there is nothing to do."""
        return all(home.status_of(name, partition).is_settled for name, partition in self.tables)


@dataclass(frozen=True)
class Order:
    """The order of what a home makes."""

    home: Home
    _keys: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Words of the partitions of sources that were looked up: to ask is to list their files, and several recipes may ask."""

    def batches(self, assets: Iterable[str], snapshots: Iterable[str], *, upstream: bool = True) -> list[Batch]:
        """What has to be made for some assets, in order; see `Home.batches`."""
        wanted = self._wanted(assets, upstream=upstream)
        tables = {name for name, _ in wanted}
        batches: list[Batch] = []
        if ARTICLES in tables:
            batches += [
                Batch((asset_of(ARTICLES),), key_of("encyclopedia", p), ((ARTICLES, p),), "encyclopedia")
                # What else is made of articles is made of all of them, not of those of the models' languages alone.
                for p in self._dumps(set() if cleaned_table("encyclopedia") in tables else tables)
            ]
        cutoffs = self.home.settings.language_model.cutoffs_of
        if MODELS in tables and cutoffs and upstream:
            batches.append(
                Batch((asset_of(PAGES, cutoffs.variant),), cutoffs.snapshot, ((PAGES, cutoffs.model_dump()),))
            )
        if MODELS in tables:
            batches += [self._batch((MODELS,), language, {"language": language}) for language in self._languages()]
        batches += [
            self._batch((name,), key, {"model": key})
            for name in (CLASSIFIERS, IMPORTANCE)
            for key in self._models(name, shipped_only=(name, "") not in wanted)
            if name in tables
        ]
        mixes = self.home.lake.partitions(MIX_DOCUMENTS) if MIX_DOCUMENTS in tables else []
        batches += [self._batch((MIX_DOCUMENTS,), where["mix"], where) for where in mixes]
        batches += self._of_dialogues({name for name in tables if is_of_dialogues(name)})
        sources = self._source_parts(wanted)
        parted = [part for part in wanted if self._recipe_with_parts(part) is not None]
        for source, parts in sources.items():
            keys = self._needed_keys(source, parts, {table_and_variant(asset)[0] for asset in assets}, parted)
            batches += [self._of_source(source, key, parts) for key in keys]
        of_snapshots = (part for part in wanted if part[0] in (*OF_VARIANT, *OF_METHOD) or _is_corpus(part[0]))
        elsewhere = {*parted, *(part for parts in sources.values() for part in parts)}
        parts = sorted((part for part in of_snapshots if part not in elsewhere), key=self._place_of)
        # In their order, for dedups hold a snapshot against the earlier ones.
        for snapshot in sorted(snapshots) if parts else ():
            names = tuple(asset_of(name, variant) for name, variant in parts)
            where = tuple((n, partition_of(n, v, snapshot)) for n, v in parts)
            batches.append(Batch(names, snapshot, where))
        return [batch for batch in (*batches, *self._of_parts(parted, snapshots)) if batch.tables]

    def _of_dialogues(self, wanted: set[str]) -> Iterator[Batch]:
        """Data sets in the order of their priority, for a dedup holds one against the earlier ones: all are read, then built, then what is made of them."""
        known = self.home.dialogues
        names = [name for name in known.stages if name in wanted]
        people = (OF_WRITERS, OF_USERS, OF_VOTES)
        special = {*OF_FILES, *(name for some in people for name in some)}
        phases = (
            # A run is of one kind of partitions, and not every data set has preferences, writers or users.
            [name for name in names if name in OF_FILES and name != PREFERENCES],
            [name for name in names if name == PREFERENCES],
            *([name for name in names if name in some] for some in people),
            [name for name in names if is_constructed(name)],
            [name for name in names if name not in special and not is_constructed(name)],
        )
        for phase in phases:
            for key in known.sft.ranked:
                own = [name for name in phase if known.takes(name, key)]
                where = tuple((name, {"set": key}) for name in own)
                yield Batch(tuple(map(asset_of, own)), key, where, DIALOGUES if own else None)

    def source_keys(self, source: str) -> list[str]:
        """The words of the partitions that a source has input for, as of the first time that this order was asked."""
        if source not in self._keys:
            self._keys[source] = self._words_of(source)
        return self._keys[source]

    def _words_of(self, source: str) -> list[str]:
        if source == "encyclopedia":
            return [key_of(source, partition) for partition in self._dumps(set())]
        stage = self.home.stage(read_table(source))
        assert isinstance(stage, SourceDocuments)
        return [key_of(source, dict(zip(PARTITION_BY[source], values, strict=True))) for values in stage.found()]

    def _needed_keys(
        self, source: str, parts: list[tuple[str, str]], asked: set[str], parted: list[tuple[str, str]]
    ) -> list[str]:
        """The words of a source's partitions that are needed: all of them, or those that belong to a recipe's parts where nothing else asks for it."""
        keys = self.source_keys(source)
        if any(name in asked or name.partition(".")[0] not in SOURCES for name, _ in parts):
            return keys
        recipes = [recipe for part in parted if (recipe := self._recipe_with_parts(part)) is not None]
        takes = [(recipe, v) for recipe in recipes for v in recipe.variants if source_of(v) == source]
        return [key for key in keys if any(recipe.part_of(v, key) for recipe, v in takes)]

    def _source_parts(self, wanted: set[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
        """(table, variant) of what is wanted of each source's own chain, in order; articles have batches of their own."""
        found: dict[str, list[tuple[str, str]]] = {}
        for part in wanted:
            name, variant = part
            layer = name.partition(".")[0]
            source = layer if layer in SOURCES else source_of(variant_and_method(variant)[0])
            if source and name != ARTICLES and self._recipe_with_parts(part) is None:
                found.setdefault(source, []).append(part)
        return {source: sorted(found[source], key=self._place_in_source) for source in SOURCES if source in found}

    def _place_in_source(self, part: tuple[str, str]) -> tuple[int, int, int, str]:
        name, _ = part
        if name.partition(".")[0] in SOURCES:
            return (-1, int(name.endswith(CLEANED)), 0, name)
        return self._place_of(part)

    def _of_source(self, source: str, key: str, parts: list[tuple[str, str]]) -> Batch:
        """What one partition of a source has made of it."""
        tables = []
        for name, variant in parts:
            own = name.partition(".")[0] in SOURCES
            where = partition_of_key(source, key) if own else partition_of(name, variant, key)
            tables.append((name, where))
        return Batch(tuple(asset_of(*part) for part in parts), key, tuple(tables), source)

    def _recipe_with_parts(self, part: tuple[str, str]) -> Recipe | None:
        """The recipe with parts that a table is of: its corpus, or one of its dedups."""
        name, variant = part
        if name in OF_METHOD:
            of = variant_and_method(variant)[1].partition(".")[0]
            return None if of == EVERY_TEXT or not self.home.recipe(of).parts else self.home.recipe(of)
        recipe = self.home.recipe(name.partition(".")[2]) if _is_corpus(name) else None
        return recipe if recipe is not None and recipe.parts else None

    def _of_parts(self, wanted: list[tuple[str, str]], snapshots: Iterable[str]) -> Iterator[Batch]:
        """Recipes with parts, after all that they are made of: partition after partition, in the order of their parts' priority."""
        named = {recipe.name: recipe for part in wanted if (recipe := self._recipe_with_parts(part)) is not None}
        for recipe in named.values():
            places = []
            for variant in recipe.variants:
                source = source_of(variant)
                keys = sorted(snapshots) if source is None else self.source_keys(source)
                places += [(recipe.rank(variant, key), key, variant) for key in keys if recipe.part_of(variant, key)]
            mine = [part for part in wanted if self._recipe_with_parts(part) == recipe]
            for _, key, variant in sorted(places):
                own = [p for p in mine if variant_and_method(p[1])[0] == variant and self._takes(p, variant, key)]
                own.sort(key=lambda p, at=(variant, key): self._place_in_part(p, *at))
                where = tuple((name, partition_of(name, of, key)) for name, of in own)
                yield Batch(tuple(asset_of(*part) for part in own), key, where, source_of(variant))

    def _place_in_part(self, part: tuple[str, str], variant: str, key: str) -> int:
        """Sort key of a table of one part of a recipe: its dedups by their step, then the corpus."""
        name, of = part
        if name not in OF_METHOD:
            return 1 << 20
        index = next(m.index for m in self.home.methods[variant_and_method(of)[1]] if m.takes(variant, key))
        return 3 * index + OF_METHOD.index(name)

    def _takes(self, part: tuple[str, str], variant: str, key: str) -> bool:
        """Whether a table has this partition of texts: of a dedup, whether it is one of the part's."""
        name, of = part
        return name not in OF_METHOD or any(m.takes(variant, key) for m in self.home.methods[variant_and_method(of)[1]])

    def every_asset(self) -> list[str]:
        """Every asset of the home."""
        unasked = (*OF_VARIANT, *OF_METHOD, *(() if self.home.annotated else (CLASSIFIERS, IMPORTANCE)))
        names = [asset_of(name) for name in self.home.stages if name not in unasked]
        names += [asset_of(name, base) for base in self.home.variants for name in OF_PAGES]
        names += [asset_of(name, base) for base in self.home.deduplicated for name in WEB if name != PAGES]
        names += [asset_of(SIGNALS, variant) for variant in self.home.annotated]
        return names + [asset_of(name, of) for of in self.home.compared for name in OF_METHOD]

    def _wanted(self, assets: Iterable[str], *, upstream: bool) -> set[tuple[str, str]]:
        """(table, variant) of some assets, with all upstream ones if asked; the variant is empty for tables that have none."""
        found: set[tuple[str, str]] = set()
        queue = [part for asset in assets for part in self._asset(asset)]
        while queue:
            name, variant = queue.pop()
            if (name, variant) not in found:
                found.add((name, variant))
                published = name == MODELS and self.home.settings.language_model.location is not None
                above = self.home.stage(name).above(variant) if upstream and not published else ()
                queue += [(o, of if o in (*OF_VARIANT, *OF_METHOD) or of == SHIPPED else "") for o, of in above]
        return found

    def _asset(self, asset: str) -> list[tuple[str, str]]:
        """(table, variant) of an asset that a user names: `web/documents` stands for all variants."""
        name, named = table_and_variant(asset)
        self.home.stage(name)
        if _is_corpus(name) and not named:
            return [(name, variant) for variant in self.home.variants_of(name.partition(".")[2])]
        variants, others = self._variants_of(name)
        if named and named not in (*variants, *others):
            known = ", ".join(asset_of(name, variant) for variant in (*variants, *others))
            raise SettingsError(
                f"there is no asset `{asset}`; there are {known or asset_of(name)}, by the settings `variants` and `recipes`"
            )
        return [(name, variant) for variant in ((named,) if named else variants or ("",))]

    def _variants_of(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The variants in which a table of the web is an asset, and others that can be asked for by name."""
        if name == SIGNALS:
            every = tuple(variant for base in self.home.variants for variant in (base, base + AFTER_DEDUP))
            return self.home.annotated or self.home.variants, every
        if name in OF_PAGES or name in WEB:
            return self.home.variants if name in OF_PAGES else self.home.deduplicated, ()
        if name in OF_METHOD:
            return self.home.compared, ()
        if _is_corpus(name) and self.home.recipe(name.partition(".")[2]).parts:
            return self.home.variants_of(name.partition(".")[2]), ()
        return (), ()

    def _place_of(self, part: tuple[str, str]) -> tuple[int, int, int, str]:
        """Sort key of a table of a snapshot: each base's in the order in which they are made, then each recipe's dedups and its corpus."""
        name, variant = part
        if name in OF_METHOD:
            method = self.home.methods[variant_and_method(variant)[1]][0]
            return (len(BASES), self._rank_of(method.recipe.name), 3 * method.index + OF_METHOD.index(name), variant)
        if name not in OF_VARIANT:
            return (len(BASES), self._rank_of(name.partition(".")[2]), 1 << 20, name)
        base = base_of(variant)
        first = self.home.variants.index(base) if base in self.home.variants else len(self.home.variants)
        return (first, BASES.index(base), OF_VARIANT.index(name), variant)

    def _rank_of(self, recipe: str) -> int:
        return self.home.enabled.index(recipe) if recipe in self.home.enabled else len(self.home.enabled)

    def _dumps(self, wanted: set[str]) -> Iterator[Partition]:
        """The encyclopedia's dumps; only those of languages that have a model, where they are wanted for models."""
        for language, dump in self._every_dump:
            if MODELS not in wanted or language in self.home.settings.language_model.languages:
                yield {"language": language, "dump": dump}

    @cached_property
    def _every_dump(self) -> list[tuple[str, str]]:
        """(language, dump) of all dumps: to ask is to list their files."""
        articles = self.home.stages[ARTICLES]
        assert isinstance(articles, Articles)
        return list(articles.dumps())

    def _languages(self) -> list[str]:
        """Languages that a model can be made for: those with articles, or all where models come from a location."""
        settings = self.home.settings.language_model
        known = {partition["language"] for partition in (*self._dumps({MODELS}), *self.home.lake.partitions(ARTICLES))}
        return [language for language in settings.languages if settings.location or language in known]

    def _models(self, name: str, *, shipped_only: bool) -> list[str]:
        """Partitions of the models that can be made now: those with something to train from; or the shipped ones, which always have."""
        stage = self.home.stages[name]
        assert isinstance(stage, Classifiers | ImportanceModels)
        if shipped_only:
            return [model_partition(n)["model"] for n, how in stage.settings.models.items() if _is_shipped(how)]
        return [
            where["model"] for where in map(model_partition, stage.names()) if _has_input(stage, self.home.lake, where)
        ]

    @staticmethod
    def _batch(names: tuple[str, ...], key: str, partition: Partition) -> Batch:
        return Batch(tuple(map(asset_of, names)), key, tuple((n, partition) for n in names))


def _is_corpus(name: str) -> bool:
    return name.partition(".")[0] == LAYER


def _is_shipped(how: object) -> bool:
    """Whether a model is made from texts that are shipped."""
    return getattr(how, "shipped", None) is not None


def _has_input(stage: Stage, lake: Lake, partition: Partition) -> bool:
    """Whether there is something to make it of. Where that can't be found out it is taken on, so that a run says why."""
    try:
        return bool(stage.shards(lake, partition))
    except SourceError:
        return True
