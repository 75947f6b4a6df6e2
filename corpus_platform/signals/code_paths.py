"""What a file is by its path: patterns, in the syntax of Rust's `regex`, and the ends of names that RedPajama-1T reads.

Source: RedPajama-Data data_prep/github/github_run_filter.py; Linguist, vendor.yml and generated.rb, of which the commonest folders and files are here.

Not here: what a file is by its text (code.py), its language (extract/programs.py).
"""

VENDORED = (
    r"(?i)(?:^|/)(?:node_modules|bower_components|vendors?|_?vendored|_vendor|third[-_]?party|3rd[-_]?party|extlibs?|deps"
    r"|contrib/[^/]+/src|site-packages|dist-packages|godeps|carthage|pods|jspm_packages|typeshed(?:-fallback)?|\.yarn|\.bundle)/"
    r"|(?:^|/)(?:jquery|bootstrap|angular|react(?:-dom)?|vue|d3|lodash|underscore|modernizr|mathjax|prism|highlight)(?:[-.][\d.]+)?(?:\.production)?(?:\.min)?\.(?:js|css)$"
)
TEST = (
    r"(?i)(?:^|/)(?:tests?|testing|unittests?|__tests__|specs?|fixtures?|testdata|test[-_]data|benchmarks?|e2e)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|[^/]*_spec|[^/]*\.(?:test|spec)|conftest)\.\w+$|(?:^|/)[^/]*Tests?\.(?:java|kt|cs|scala|swift)$"
)
CONFIG = (
    r"(?i)(?:^|/)(?:setup\.(?:py|cfg)|pyproject\.toml|tox\.ini|noxfile\.py|package\.json|tsconfig[^/]*\.json|webpack\.[^/]*|rollup\.config\.[^/]*|babel\.config\.[^/]*"
    r"|\.eslintrc[^/]*|\.prettierrc[^/]*|jest\.config\.[^/]*|vite\.config\.[^/]*|cargo\.toml|go\.mod|pom\.xml|build\.gradle[^/]*|makefile|cmakelists\.txt"
    r"|dockerfile[^/]*|docker-compose[^/]*\.ya?ml|\.gitlab-ci\.yml|\.travis\.yml|appveyor\.yml|jenkinsfile|\.editorconfig|conf\.py)$|(?:^|/)\.(?:github|circleci|azure)/"
)
LOCK = (
    r"(?i)(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|cargo\.lock"
    r"|composer\.lock|gemfile\.lock|podfile\.lock|mix\.lock|go\.sum|go\.work\.sum|gopkg\.lock|flake\.lock|packages\.lock\.json|pubspec\.lock|conda-lock\.yml)$"
)
MINIFIED_NAME = r"(?i)(?:[.-]min|\.bundle|\.pack)\.(?:js|mjs|css)$"

EXTENSIONS = (
    *(
        ".asm",
        ".bat",
        ".cmd",
        ".c",
        ".h",
        ".cs",
        ".cpp",
        ".hpp",
        ".c++",
        ".h++",
        ".cc",
        ".hh",
        ".C",
        ".H",
        ".cmake",
        ".css",
        ".dockerfile",
    ),
    *(
        ".f90",
        ".f",
        ".f03",
        ".f08",
        ".f77",
        ".f95",
        ".for",
        ".fpp",
        ".go",
        ".hs",
        ".html",
        ".java",
        ".js",
        ".jl",
        ".lua",
        ".md",
        ".markdown",
    ),
    *(
        ".php",
        ".php3",
        ".php4",
        ".php5",
        ".phps",
        ".phpt",
        ".pl",
        ".pm",
        ".pod",
        ".perl",
        ".ps1",
        ".psd1",
        ".psm1",
        ".py",
        ".rb",
        ".rs",
        ".sql",
    ),
    *(
        ".scala",
        ".sh",
        ".bash",
        ".command",
        ".zsh",
        ".ts",
        ".tsx",
        ".tex",
        ".vb",
        "Dockerfile",
        "Makefile",
        ".xml",
        ".rst",
        ".m",
        ".smali",
    ),
)
"""Ends of paths, with their case."""
