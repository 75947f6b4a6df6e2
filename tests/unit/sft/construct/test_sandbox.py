"""Templates of strangers: what they may do gives what Jinja gives; what they may not is refused, at once."""

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sft.construct.sandbox import FieldMissing, TemplateRefused, compiled

HOSTILE = {
    "class of a text": "{{ ''.__class__.__mro__ }}",
    "globals of an object": "{{ x.__init__.__globals__ }}",
    "classes of all": "{{ ().__class__.__bases__[0].__subclasses__() }}",
    "an attribute by filter": "{{ x|attr('__class__') }}",
    "an attribute by map": "{{ [1]|map('attr', '__class__')|list }}",
    "a method by map": "{{ ['a']|map('center', 1000000000)|list }}",
    "what the guard is": "{{ _counted.__self__ }}",
    "the guard itself": "{{ _counted }}",
    "the template itself": "{{ self }}",
    "its context": "{{ self._TemplateReference__context }}",
    "loops in loops": "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "a long range": "{{ range(100000000)|list }}",
    "a repeated text": "{{ 'a' * 1000000000 }}",
    "a wide format": "{{ '%1000000000d' % 1 }}",
    "a wide format by method": "{{ '{:>1000000000}'.format(1) }}",
    "a wide text by method": "{{ 'a'.center(1000000000) }}",
    "a wide text by filter": "{{ 'a'|center(1000000000) }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "doubling by concatenation": "{% set a = 'ab' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "doubling by sum": "{% set a = 'ab' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "doubling by lists": "{% set a = ['ab'] %}" + "{% set a = [a, a] %}" * 60 + "{{ a == a }}",
    "doubling by objects": "{% set a = 1 %}" + "{% set a = {'x': a, 'y': a} %}" * 60 + "{{ a == a }}",
    "doubling by append": "{% set a = [] %}" + "{% set b = [] %}{{ b.append(a) }}{{ b.append(a) }}{% set a = b %}" * 60,
    "a list in itself": "{% set a = [] %}{{ a.append(a) }}{{ a }}",
    "growth by replace": "{% set a = 'a' %}" + "{% set a = a|replace('a', a + a) %}" * 40 + "{{ a }}",
    "growth by a replacing method": "{% set a = 'a' %}" + "{% set a = a.replace('a', a + a) %}" * 40 + "{{ a }}",
    "growth by join": "{% set a = 'a' %}" + "{% set a = [a, a]|join(a) %}" * 40 + "{{ a }}",
    "much output": "{% for a in range(1000) %}{{ range(1000)|list|join }}{% endfor %}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a loop that calls itself": "{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}",
    "another file": "{% include '/etc/passwd' %}",
    "an import": "{% import 'os' as os %}",
    "a change of a field": "{{ field.update({'a': 1}) }}",
    "jinja's own text": "{{ lipsum(n=100000) }}",
    "a namespace": "{{ namespace() }}",
    "a huge number": "{{ 99999999999 * 99999999999 }}",
    "no template": "{{ 'a' if }}",
    "a source without end": "a" * 20_001,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_is_refused(source):
    with pytest.raises(TemplateRefused):
        compiled(source).render({"x": object(), "field": {"a": "b"}})


def test_a_missing_field_is_told_apart_from_what_is_not_allowed():
    with pytest.raises(FieldMissing, match="premise"):
        compiled("{{ premise }}").render({"hypothesis": "x"})


HARMLESS = (
    "{{ text }} and {{ text|upper }} {{ text[:3] }}",
    "{% for a, b in zip(words, numbers) %}{{ loop.index }}. {{ a ~ ': ' ~ b }}\n{% endfor %}",
    "{{ words|join(', ') }}{% if number > 2 %} many{% else %} few{% endif %}",
    "{{ choices[number] }} {{ text.replace('a', 'bb') }} {{ text.split()|length }}",
    "{% set l = [] %}{% for w in words %}{{ l.append(w|title) or '' }}{% endfor %}{{ l|join('/') }}",
    "{{ object.inner.name }} {{ object['inner']['name'] }} {{ object.items()|list|length }}",
    "{{ words|map('upper')|select('ne', 'B')|list|join('+') }} {{ numbers|sum }} {{ number + 1 }}",
    "{{ [text, number] }} {{ (1, 'a') }} {{ {'k': words} }}",
)


@pytest.mark.parametrize("source", HARMLESS)
@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=30), words=st.lists(st.text(max_size=5), max_size=5), number=st.integers(0, 2))
def test_a_harmless_template_gives_what_jinja_gives(source, text, words, number):
    fields = {
        "text": text,
        "words": words,
        "numbers": list(range(len(words))),
        "number": number,
        "choices": ["no", "maybe", "yes"],
        "object": {"inner": {"name": text}},
    }
    plain = jinja2.Environment(autoescape=False, keep_trailing_newline=True)
    plain.globals["zip"] = zip

    assert compiled(source).render(fields) == plain.from_string(source).render(**fields)


def test_chance_is_the_seed():
    template = compiled("{{ range(1000)|list|choice }} {{ range(1000)|list|random }}")

    assert template.render({}, seed=1) == template.render({}, seed=1)
    assert len({template.render({}, seed=n) for n in range(20)}) == 20
