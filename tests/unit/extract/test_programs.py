"""Languages and kinds of files."""

import pytest

from corpus_platform.extract.programs import kind_of, language_of, languages, named_language


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a/b.py", "", "Python"),
        ("Dockerfile", "", "Dockerfile"),
        ("Dockerfile.dev", "", "Dockerfile"),
        ("src/Makefile", "", "Makefile"),
        ("CMakeLists.txt", "", "CMake"),
        ("run", "#!/usr/bin/env -S python3.11 -u\n", "Python"),
        ("run", "#!/bin/bash\n", "Shell"),
        ("run", "nothing\n", None),
        ("a.h", "int f(void);\n", "C"),
        ("a.h", "#include <vector>\n", "C++"),
        ("a.h", "@interface A : NSObject\n@end\n", "Objective-C"),
        ("a.m", "% solves\nfunction y = f(x)\n", "MATLAB"),
        ("a.m", "#import <UIKit/UIKit.h>\n", "Objective-C"),
        ("a.pl", "use strict;\nmy $x = 1;\n", "Perl"),
        ("a.pl", "parent(a, b).\nold(X) :- parent(X, _).\n", "Prolog"),
        ("a.v", "module adder(input a);\nendmodule\n", "Verilog"),
        ("a.v", "Theorem t : True.\nProof. trivial. Qed.\n", "Coq"),
        ("a.R", "x <- c(1)\n", "R"),
        ("a.ts", "export const a = 1;\n", "TypeScript"),
        ("a.ts", '<?xml version="1.0"?>\n<TS version="2.1">\n', "XML"),
        ("index.d.ts", "declare module 'x';\n", "TypeScript"),
        ("ls.1", ".TH LS 1\n", "Roff"),
        ("version.1", "1.0\n", None),
        ("poetry.lock", "", "TOML"),
        ("x.unknownend", "text", None),
    ],
)
def test_a_language_is_told_by_name_and_content(path, text, language):
    assert language_of(path, text) == language


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.py", "code"),
        ("README.md", "docs"),
        ("README", "docs"),
        ("docs/guide.txt", "docs"),
        ("data/words.txt", "data"),
        ("requirements.txt", "data"),
        ("setup.cfg", "config"),
        ("a.json", "data"),
    ],
)
def test_a_file_has_a_kind(path, kind):
    assert kind_of(path, language_of(path)) == kind


def test_a_language_is_known_by_what_others_call_it():
    assert [named_language(name) for name in ("python", "c++", "golang", "GO", "klingon")] == [
        "Python",
        "C++",
        "Go",
        "Go",
        None,
    ]


def test_no_language_is_declared_without_an_end_a_name_or_an_interpreter():
    assert len(set(languages())) == len(languages()) > 150
