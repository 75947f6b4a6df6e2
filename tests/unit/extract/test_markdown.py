"""HTML of posts as Markdown: each kind of block and mark, what goes, and what stays as it was written."""

import pytest

from corpus_platform.extract.markdown import to_markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One\n two</p><p>three</p>", "One two\n\nthree"),
        ("a<br>b<br/> c", "a\nb\nc"),
        ("<h2>A <b>b</b></h2>", "## A **b**"),
        ("<p><strong>bold </strong>and<em> thin</em></p>", "**bold** and *thin*"),
        ("<b><strong>once</strong></b> <i><i>x</i></i>", "**once** *x*"),
        ("<pre><code>if (a &lt; b)\n  go();\n</code></pre>", "```\nif (a < b)\n  go();\n```"),
        ('<pre class="lang-py s-code-block"><code>x</code></pre>', "```py\nx\n```"),
        ('<pre><code class="language-c++">x</code></pre>', "```c++\nx\n```"),
        (
            "<!-- language: lang-js --><pre><code>x</code></pre><pre><code>y</code></pre>",
            "```js\nx\n```\n\n```\ny\n```",
        ),
        ("<!-- language-all: lang-sql --><pre>x</pre><pre>y</pre>", "```sql\nx\n```\n\n```sql\ny\n```"),
        ("<pre>a\n```\nb</pre>", "````\na\n```\nb\n````"),
        ("<p>use <code>a | b</code> or <code>`</code></p>", "use `a | b` or `` ` ``"),
        ("<ul><li>one</li><li>two<ol start='3'><li>in</li></ol></li></ul>", "- one\n- two\n  3. in"),
        ("<ol><li><p>a</p><p>b</p></li><li>c</li></ol>", "1. a\n\n   b\n\n2. c"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td></tr></table>", "| a | b |\n|---|---|\n| 1\\|2 |  |"),
        ("<p>a<sup>2</sup> and H<sub>2</sub>O</p><hr>", "a^2 and H2O\n\n---"),
        ('<p>see <a href="http://x.org/a">this</a></p>', "see this"),
        ('<p>see <a href="p.png"><img src="p.png" alt="enter image"></a></p><p><img src="q"></p>', "see"),
        ("<script>x</script><style>y</style><p>$a_1 * b$ and *c*</p>", "$a_1 * b$ and *c*"),
        ("  ", ""),
        ("<p>&nbsp;</p>", ""),
    ],
)
def test_each_kind_of_html_has_its_markdown(html, markdown):
    assert to_markdown(html) == markdown


def test_links_may_keep_their_addresses():
    html = '<a href="http://x.org/a(b) c">this</a> <a href="http://y.org">http://y.org</a>'

    assert to_markdown(html, links="markdown") == "[this](http://x.org/a%28b%29%20c) http://y.org"


def test_a_text_may_stand_in_place_of_some_links():
    found = to_markdown('<a href="/users/1">Ann</a> said', instead=lambda address: "X" if "users" in address else None)

    assert found == "X said"


def test_what_is_nested_too_deep_becomes_text_and_without_end_is_lost():
    assert "deep" in to_markdown("<blockquote>" * 100 + "<b>deep</b>")
    assert to_markdown("before" + "<blockquote>" * 50_000 + "deep").startswith("before")
