"""Slow, obvious twins of OSCAR's quantities, straight from ungoliant's code."""

import unicodedata


def slow_lines(text):
    """Rust's `str::lines`."""
    lines = text.split("\n")
    ended, last = lines[:-1], lines[-1:]
    return [line.removesuffix("\r") for line in ended] + [line for line in last if line]


def slow_trim(text):
    """First and last line of more than 100 characters, and the lines between; None without one."""
    lines = slow_lines(text)
    long = [i for i, line in enumerate(lines) if len(line) > 100]
    return (long[0], long[-1], lines[long[0] : long[-1] + 1]) if long else None


def slow_numbers(text):
    found = slow_trim(text)
    if found is None:
        return None
    first, last, lines = found
    characters = sum(map(len, lines))
    content = "\n".join(lines)
    other = sum(unicodedata.category(c)[0] not in "LM" for c in content)
    end = int(len(lines) * 0.2)
    short = sum(len(line) <= 100 for line in lines)
    head = sum(len(line.encode()) < 100 for line in lines[:end])
    foot = sum(len(line.encode()) < 100 for line in lines[::-1][:end])
    return {
        "oscar_trim_start": first,
        "oscar_trim_end": last,
        "oscar_long_line_fraction": sum(len(line) for line in lines if len(line) >= 100) / characters,
        "oscar_tiny": len(lines) < 5,
        "oscar_short_sentences": short > int(0.5 * len(lines)),
        "oscar_header": head > int(end * 0.5),
        "oscar_footer": foot > int(end * 0.5),
        "oscar_noisy": other > int(len(content) * 0.5),
    }
