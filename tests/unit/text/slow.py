"""Slow, obvious twins of the text kernels, straight from their definitions."""

import hashlib
import re

CC_DELETED = re.compile("[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\x00-\x1f\x7f-\x9f]")


def slow_norm_cc(line):
    line = line.strip()
    line = line.lower()
    line = re.sub(r"\d", "0", line)
    return CC_DELETED.sub("", line)


def slow_sha1_prefix(data):
    return int.from_bytes(hashlib.sha1(data).digest()[:8], "little")


def slow_paragraph_hash(line):
    return slow_sha1_prefix(slow_norm_cc(line).encode())


def slow_universal_lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
