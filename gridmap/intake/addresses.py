"""Addresses made comparable: one spelling for what means the same."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridmap.intake.values import encoded

MAX_ADDRESS_LENGTH = 500


def normalise_address(text: pa.ChunkedArray) -> NDArray[np.object_]:
    """Return addresses in one width, case and spacing, so that equal ones compare equal.

    Full-width letters and digits become plain (NFKC), letters small; runs of white space become
    one space, and none is left beside a Chinese character or punctuation.

    Args:
        text: n texts.

    Returns:
        shape (n,).
    """
    words, which = encoded(text)
    if not words.size:
        return np.empty(0, dtype=object)
    plain = pc.utf8_normalize(pa.array(words, pa.large_string()), form="NFKC")
    plain = pc.replace_substring_regex(pc.utf8_lower(plain), r"\s+", " ")
    plain = pc.replace_substring_regex(plain, r" ?([\p{Han}\p{P}]) ?", r"\1")
    plain = pc.utf8_trim_whitespace(plain)
    distinct: NDArray[np.object_] = np.asarray(plain.to_numpy(zero_copy_only=False), dtype=object)
    return distinct[which]
