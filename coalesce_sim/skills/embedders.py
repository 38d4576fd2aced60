"""From texts to vectors, and how near these are."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from coalesce_sim.arrays import FloatArray

_WORD = re.compile(r"\w+")
DIMENSIONS = 256
PARTS = (3, 4)
"""Characters of the parts of words that are hashed."""


class Embedder:
    """Makes vectors of texts. Subclass it and name it in a scenario: ``embedder: {class: "my:Mine"}``.

    Other keys of the mapping go to the constructor. The same texts must give the same vectors, or runs will
    not repeat.

    >>> import coalesce_sim
    >>> class ByLength(coalesce_sim.Embedder):
    ...     def embed(self, texts):
    ...         return [[1.0, len(text)] for text in texts]
    >>> ByLength().embed(["mend", "test it"])
    [[1.0, 4], [1.0, 7]]
    """

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """One vector a text, (texts, dimensions): finite, and none of them all 0.

        `texts` are all that there are, each once: those of task types, then those of contractors.
        """
        raise NotImplementedError


class Hashing(Embedder):
    """Words, pairs of words, and parts of words of 3 and 4 characters, each added to or taken from one of 256
    numbers by its hash (Weinberger et al. 2009, ICML)."""

    def embed(self, texts: Sequence[str]) -> FloatArray:
        vectors = np.zeros((len(texts), DIMENSIONS))
        for vector, text in zip(vectors, texts, strict=True):
            for feature, count in Counter(_features(text)).items():
                place, sign = _place(feature)
                vector[place] += sign * count
        return vectors


class TfIdf(Embedder):
    """Words by how often a text has them times ``ln((1 + texts)/(1 + texts that have it)) + 1`` (Salton and
    Buckley 1988, Information Processing and Management 24(5), smoothed).

    One dimension for each word that stands in any of the first `asking` texts, and a last one for all other
    words of a text together: of texts compared with those, cosines are as if each had its own.
    """

    def __init__(self, asking: int) -> None:
        self._asking = asking

    def embed(self, texts: Sequence[str]) -> FloatArray:
        counts = [Counter(words(text)) for text in texts]
        having = Counter(word for each in counts for word in each)
        rarity = {word: math.log((1 + len(texts)) / (1 + n)) + 1 for word, n in having.items()}
        asked = {word: None for each in counts[: self._asking] for word in each}
        column = {word: place for place, word in enumerate(asked)}
        vectors = np.zeros((len(texts), len(column) + 1))
        for vector, each in zip(vectors, counts, strict=True):
            for word, count in each.items():
                weight = count * rarity[word]
                if word in column:
                    vector[column[word]] = weight
                else:
                    vector[-1] += weight * weight
            vector[-1] = math.sqrt(vector[-1])
        return vectors


def words(text: str) -> list[str]:
    """The words of a text, alike however they are written large or small or composed of characters."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def nearness(tasks: FloatArray, contractors: FloatArray) -> FloatArray:
    """``(1 + cosine)/2`` of every vector of the one with every one of the other, (tasks, contractors)."""
    return np.clip((1 + _unit(tasks) @ _unit(contractors).T) / 2, 0.0, 1.0)


def _unit(vectors: FloatArray) -> FloatArray:
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)  # squares of large numbers overflow
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def _features(text: str) -> Iterator[str]:
    """What is hashed of a text; each kind begins with a mark of its own."""
    told = words(text)
    yield from (f"w {word}" for word in told)
    yield from (f"p {one} {other}" for one, other in pairwise(told))
    for word in told:
        marked = f"<{word}>"
        for size in PARTS:
            yield from (f"c {marked[k : k + size]}" for k in range(len(marked) - size + 1))


@lru_cache(maxsize=65_536)
def _place(feature: str) -> tuple[int, int]:
    """Dimension and sign of a feature, the same in every process."""
    digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "little")
    return number % DIMENSIONS, 1 if number >> 63 else -1
