"""The address filter of RefinedWeb and FineWeb, with datatrove's rules in its order, and domains that a recipe leaves to other sources.

Source: Penedo et al. 2023 (RefinedWeb); huggingface/datatrove, filters/url_filter.py; mlfoundations/dclm, baselines_configs/refinedweb.yaml.

Not here: the lists, and what is found in an address (signals/url.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment


@register_step
class Url(FilterStep):
    """Drops pages by their address; a page without one is kept."""

    step: ClassVar[str] = "url"

    blocked: bool = Field(default=True, description="Whether the lists of blocked domains and addresses are asked")
    banned_words: bool = Field(default=True, description="Whether one banned word in the address drops a page")
    soft_word_threshold: int | None = Field(
        default=2, ge=1, description="Soft banned words from which a page is dropped"
    )
    banned_subwords: bool = Field(default=True, description="Whether one banned subword drops a page")
    drop_domains: tuple[str, ...] = Field(default=(), description="Hosts and registered domains that are dropped")
    subdomains: bool = Field(
        default=True, description="Whether `drop_domains` means the hosts below a registered domain too"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Domain, host, address, banned words, soft ones, subwords, then the domains that are left out."""
        del environment
        found = []
        if self.blocked:
            found += [Rule(name, "url_blocked", "==", name) for name in ("domain", "subdomain", "url")]
        if self.banned_words:
            found.append(Rule("hard_blacklisted", "url_banned_word", "!=", ""))
        if self.soft_word_threshold is not None:
            found.append(Rule("soft_blacklisted", "url_soft_banned_words", ">=", self.soft_word_threshold))
        if self.banned_subwords:
            found.append(Rule("blacklisted_subword", "url_banned_subword", "!=", ""))
        if self.drop_domains:
            hosts = tuple(host for domain in self.drop_domains for host in (domain, f"www.{domain}"))
            found.append(Rule("excluded_domain", "url_host", "in", hosts))
            if self.subdomains:
                found.append(Rule("excluded_domain", "url_registered_domain", "in", self.drop_domains))
        return tuple(found)
