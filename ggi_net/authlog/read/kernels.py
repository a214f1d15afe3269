"""The loops over bytes that are compiled (numba), since they run once for each letter of a log.

Machine code is kept on disk, beside this file or in the user's cache folder (NUMBA_CACHE_DIR names another). It is
made anew only when this file changes: so nothing here may depend on what stands in another file, but by arguments.

A loop over a part that was cut out (`text = data[at:end]`) is several times as quick as one over places of the whole:
then the compiler knows that no place is negative, which would count from the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Integers = NDArray[np.int64]
    Numbers = NDArray[np.int32]

Compiled = TypeVar("Compiled", bound="Callable[..., object]")

ASCII, IN_WORD, HEX, LOW_HEX, GAP = 127, 128, 256, 512, 1024
"""What a table of letters says of a byte: its ASCII, whether a word may hold it, a hash, a hash in lower case, and
whether it stands between the digits of a MAC."""

TEXT, KIND, WIDTH, SKIP, SEPARATOR, NAMES = range(6)
"""The columns of a plan, which has a row for each hole of a pattern, in order, and one for its tail: where in `texts`
the text before it ends, what it is, and what the notation of its value is (see `alike.Notation`). NAMES is 1 where no
word of the reason may stand."""

END, TIME, MAC, HASH, STATION, IDENTITY, WORD, OPERATOR, HOST, PID = range(10)
"""What a hole may be. A STATION is a MAC with an SSID behind it."""

AT, COLON, MINUS, ONE = 64, 58, 45, 49
_SEEN = 8
_LONGEST_PID, _LONGEST_SSID = 32, 64
_MAC_WIDTH, _DIGITS = 17, 12
_SMALL = 32


def compiled(function: Compiled) -> Compiled:
    """Have a function compiled when it is called first; where no folder can keep the code, in each process again."""
    made = numba.njit(nogil=True)(function)
    try:
        made.enable_caching()
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
    return cast("Compiled", made)


@compiled
def word(data: Bytes, at: int, end: int, letters: Integers) -> tuple[int, int]:
    """Return where the word that begins at `at` ends, and its key (see `alike.key_of`)."""
    text = data[at:end]
    key, near = 0, min(len(text), _SEEN)
    for place in range(near):
        letter = letters[text[place]]
        if not letter & IN_WORD:
            return at + place, key
        key = key << 7 | letter & ASCII
    for place in range(near, len(text)):
        if not letters[text[place]] & IN_WORD:
            return at + place, key
    return end, key


@compiled
def key_between(data: Bytes, at: int, end: int, letters: Integers) -> int:
    """Return the key of what stands between two places, whatever it is."""
    key = 0
    for place in range(at, min(end, at + _SEEN)):
        key = key << 7 | letters[data[place]] & ASCII
    return key


@compiled
def slot_of(key: int, count: int) -> int:
    """Return where in a table of `count` slots, a power of two, the search for a key begins."""
    mixed = (key ^ key >> 21 ^ key >> 42) & 0x1FFFFF
    return mixed * 0x9E3779B1 >> 16 & (count - 1)


@compiled
def holds(table: Integers, key: int) -> bool:
    """Whether a key is in a table: at its slot or behind it, before the next empty one."""
    slot = slot_of(key, len(table))
    while table[slot]:
        if table[slot] == key:
            return True
        slot = (slot + 1) & (len(table) - 1)
    return False


@compiled
def is_mac(data: Bytes, at: int, separator: int, letters: Integers) -> bool:
    """Whether the next 17 bytes, which are there, are a MAC in six parts with that separator."""
    text = data[at : at + _MAC_WIDTH]
    for place in range(_MAC_WIDTH):
        letter = letters[text[place]]
        if place % 3 == 2:
            if letter & ASCII != separator:
                return False
        elif not letter & HEX:
            return False
    return True


@compiled
def is_hash(data: Bytes, at: int, end: int, skip: int, letters: Integers) -> bool:
    """Whether what stands between two places is a hash in lower case, with a vendor's part of `skip` letters."""
    vendor, digits = data[at : at + skip], data[at + skip : end]
    for place in range(len(vendor)):
        if not letters[vendor[place]] & (GAP if place % 3 == 2 else HEX):
            return False
    right = 0
    for place in range(len(digits)):
        letter = digits[place]
        right += (48 <= letter <= 57) | (97 <= letter <= 102)
    return right == len(digits)


@compiled
def after_digits(data: Bytes, at: int, end: int, plan: Numbers, hole: int, letters: Integers) -> int:
    """Return where a MAC or a hash ends that must stand at `at`; -1 where none does."""
    kind, separator = plan[hole, KIND], plan[hole, SEPARATOR]
    if kind == HASH:
        stop = at + plan[hole, WIDTH]
        return stop if stop <= end and is_hash(data, at, stop, plan[hole, SKIP], letters) else -1
    stop = at + _MAC_WIDTH
    if stop > end or not is_mac(data, at, separator, letters):
        return -1
    if kind == STATION:
        if stop == end or data[stop] != COLON:
            return -1
        begin = stop + 1
        stop, _ = word(data, begin, end, letters)
        return stop if 0 < stop - begin <= _LONGEST_SSID else -1
    return stop


@compiled
def fits(data: Bytes, at: int, end: int, kind: int) -> bool:
    """Whether a word may stand in a hole."""
    if kind == OPERATOR:
        return bool(data[at] == ONE)
    if kind == HOST:
        return data[end - 1] != COLON and (data[at] != MINUS or end - at > 1)
    if kind == PID:
        return end - at <= _LONGEST_PID
    return True


@compiled
def same(data: Bytes, at: int, others: Bytes, begin: int, count: int) -> bool:
    """Whether the same bytes stand at two places."""
    one, other = data[at : at + count], others[begin : begin + count]
    different = 0
    for place in range(count):
        different |= one[place] ^ other[place]
    return different == 0


@compiled
def match(
    data: Bytes,
    starts: Integers,
    ends: Integers,
    lines: Integers,
    plan: Numbers,
    texts: Bytes,
    letters: Integers,
    named: Integers,
    reason: Integers,
    taken: Integers,
    begins: Integers,
    sizes: Numbers,
    times: Integers,
    seen: Integers,
) -> int:
    """Divide `lines`, which are places among `starts` and `ends`: those of a pattern are put into `taken`, the others
    into the first part of `lines`, both in order. Return how many were taken.

    Of the nth that was, `begins[hole, n]` and `sizes[hole, n]` say where the value of a hole lies. A time is put into
    `times[hole]` when it differs from the one before; then `begins` is its place there. `seen`, with noughts at
    first, counts them.
    """
    count = 0
    for turn in range(len(lines)):
        line = lines[turn]
        at, end = starts[line], ends[line]
        text = 0
        fit = False
        for hole in range(len(plan)):
            length = plan[hole, TEXT] - text
            if end - at < length or not same(data, at, texts, text, length):
                break
            at += length
            text += length
            kind = plan[hole, KIND]
            if kind == END:
                fit = at == end
                break
            begin = at
            if kind == TIME:
                width = plan[hole, WIDTH]
                if end - at < width:
                    break
                last = seen[hole] - 1
                if last < 0 or not same(data, at, data, times[hole, last], width):
                    last += 1
                    times[hole, last] = at
                    seen[hole] = last + 1
                at += width
                begins[hole, count] = last
                continue
            if kind <= STATION:
                # What follows begins with a mark, or is the line's end: so no more than these digits is the word.
                at = after_digits(data, at, end, plan, hole, letters)
                if at < 0:
                    break
            else:
                at, key = word(data, at, end, letters)
                if kind == IDENTITY:
                    if at == end or data[at] != AT or holds(reason, key):
                        break
                    at, _ = word(data, at + 1, end, letters)
                    if holds(reason, key_between(data, begin, at, letters)):
                        break
                elif (
                    at == begin
                    or holds(named, key)
                    or (plan[hole, NAMES] and holds(reason, key))
                    or not fits(data, begin, at, kind)
                ):
                    break
            begins[hole, count] = begin
            sizes[hole, count] = at - begin
        if fit:
            taken[count] = line
            count += 1
        else:
            lines[turn - count] = line
    return count


@compiled
def copy(data: Bytes, begins: Integers, sizes: Numbers, offsets: Numbers, out: Bytes) -> None:
    """Copy values behind each other into `out`, and write where each ends.

    There is nothing else in the loop, since this is done with every byte of a log: so it takes half the time.
    """
    end = 0
    for turn in range(len(begins)):
        at, length = begins[turn], sizes[turn]
        source, target = data[at : at + length], out[end : end + length]
        for place in range(len(source)):
            target[place] = source[place]
        end += length
        offsets[turn + 1] = end


@compiled
def all_same(data: Bytes, begins: Integers, sizes: Numbers) -> bool:
    """Whether values are all equal; of those that aren't, few are looked at."""
    for turn in range(1, len(begins)):
        if sizes[turn] != sizes[0] or not same(data, begins[turn], data, begins[0], sizes[0]):
            return False
    return True


@compiled
def behind_at(data: Bytes, begins: Integers, sizes: Numbers, out: Integers, counts: Numbers) -> None:
    """Write where the part of an identity behind its @ begins, and how long it is."""
    for turn in range(len(begins)):
        at, stop = begins[turn], begins[turn] + sizes[turn]
        while data[at] != AT:
            at += 1
        out[turn], counts[turn] = at + 1, stop - at - 1


@compiled
def lower(text: Bytes) -> None:
    """Put ASCII letters into lower case, where they are."""
    for place in range(len(text)):
        letter = text[place]
        text[place] = letter | 32 if 65 <= letter <= 90 else letter


@compiled
def copy_digits(data: Bytes, begins: Integers, out: Bytes) -> None:
    """Copy the 12 digits of MACs in six parts, in lower case, behind each other into `out`.

    One bit more makes a letter small, and leaves a digit as it is. Nothing is asked in the loop: so it takes a third
    of the time.
    """
    for turn in range(len(begins)):
        begin, end = begins[turn], turn * _DIGITS
        source, target = data[begin : begin + _MAC_WIDTH], out[end : end + _DIGITS]
        for part in range(_DIGITS // 2):
            target[2 * part] = source[3 * part] | _SMALL
            target[2 * part + 1] = source[3 * part + 1] | _SMALL
