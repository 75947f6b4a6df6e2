"""Headers of licences in programs: ours, and RedPajama-1T's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.code_headers import licence_spans, reference_spans

APACHE = (
    '# Copyright 2020 Anna\n#\n# Licensed under the Apache License, Version 2.0 (the "License");\n'
    "# you may not use this file except in compliance with the License.\n"
)


def without(text, spans):
    """The text without ranges that are in order and apart."""
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def cleaned(text):
    return without(text, licence_spans(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (APACHE + "\nimport os\n", "import os\n"),
        ("#!/bin/sh\n# Copyright 2020 Anna\necho 1\n", "#!/bin/sh\necho 1\n"),
        ("# -*- coding: utf-8 -*-\n# Copyright (c) 2020 Anna\n\nx = 1\n", "# -*- coding: utf-8 -*-\nx = 1\n"),
        ("/*\n * Copyright 2020 Anna.\n * All rights reserved.\n */\nint a;\n", "int a;\n"),
        ("<?php\n/* Copyright 2020 Anna */\necho 1;\n", "<?php\necho 1;\n"),
        ("-- Copyright 2020 Anna\nSELECT 1;\n", "SELECT 1;\n"),
        ("<!-- Copyright 2020 Anna -->\n<p>a</p>\n", "<p>a</p>\n"),
        (
            '"""Reads files.\n\n:copyright: (c) 2020 by Anna.\n:license: BSD, see LICENSE.\n"""\nx = 1\n',
            '"""Reads files.\n\n"""\nx = 1\n',
        ),
        ("/* Sorts numbers.\n *\n * Copyright 2020 Anna\n */\nint a;\n", "/* Sorts numbers.\n *\n */\nint a;\n"),
        (
            "/* Sorts.        */\n/*               */\n/* Copyright Anna */\n/* All rights reserved. */\np {}\n",
            "/* Sorts.        */\n/*               */\np {}\n",
        ),
        ("#ifndef A\n#define A\n/* Copyright 2020 Anna */\nint a;\n", "#ifndef A\n#define A\nint a;\n"),
        ("# Sorts numbers.\n\n# SPDX-License-Identifier: MIT\nx = 1\n", "# Sorts numbers.\n\nx = 1\n"),
    ],
)
def test_a_header_that_states_a_licence_goes(before, after):
    assert cleaned(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "# Reads the header of a file.\nimport os\n",
        "#include <stdio.h>\nint copyright;\n",
        "x = 1\n# Copyright 2020 Anna\n",
        'print("Copyright 2020")\n',
        "!function(){var copyright=1}();\n",
        "# This module parses license files.\nx = 1\n",
        '"""(c) becomes ©"""\nx = 1\n',
        "int copyright = 1;\n/* Prints the copyright. */\nint b;\n",
        "",
        "/* never closed Copyright",
    ],
)
def test_what_states_none_stays(text):
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/* Copyright */ a; /* b */", " a; /* b */"),
        ("int a; /* COPYRIGHT */\n", "int a; \n"),
        ("/* b */ a; /* Copyright */", "/* b */ a; /* Copyright */"),
        ("#!/bin/sh\n# note\n\necho\n", "echo\n"),
        ("# a /* b */\nx\n", "# a /* b */\nx\n"),
        ("-- a\n// b\n x\n", " x\n"),
        ("# only", ""),
        ("x\n# a\n", "x\n# a\n"),
        ("", ""),
    ],
)
def test_the_reference_form_is_the_rule_of_its_code(before, after):
    assert without(before, reference_spans(before)) == after


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet="#/*-'\"<>! \n;Copyright(c)©license", max_size=120))
def test_ranges_are_in_order_inside_and_apart(text):
    at = 0
    for start, end in licence_spans(text):
        assert at <= start < end <= len(text)
        at = end


def test_time_is_linear_in_a_head_of_open_comments():
    text = "/* Copyright " * 20_000 + "\n" + "# Copyright\n" * 20_000

    assert isinstance(cleaned(text), str)
