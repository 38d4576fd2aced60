"""How near the skills and texts of contractors are to what tasks take (the first two parts of eq. 12)."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from typing import Any

Vector = dict[Any, float]


class Nearness:
    """By skills and their ontology, and by the table or the vectors of texts; see `facts()`."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.rules, self.tree = facts["settings"]["skills"], facts["ontology"]
        self.vectors: dict[str, dict[str, Vector]] | None = None
        if facts["vectors"] is not None:
            self.vectors = {
                side: {name: dict(enumerate(vector)) for name, vector in named.items()}
                for side, named in facts["vectors"].items()
            }
        elif facts["texts"] is not None:
            texts = list(dict.fromkeys(text for side in facts["texts"].values() for text in side.values()))
            counted = [Counter(words(text)) for text in texts]
            having = Counter(word for each in counted for word in each)
            vectors = {}
            for text, counts in zip(texts, counted, strict=True):
                if self.rules["embedder"]["kind"] == "hashing":
                    vectors[text] = hashed(text)
                else:
                    vectors[text] = {
                        word: n * (math.log((1 + len(texts)) / (1 + having[word])) + 1)
                        for word, n in counts.items()
                    }
            self.vectors = {
                side: {name: vectors[text] for name, text in said.items()}
                for side, said in facts["texts"].items()
            }

    def of_skills(self, required: list[str], offered: list[str]) -> float:
        """Shared skills over all (Jaccard) or, with a tree, the mean similarity to the nearest on offer."""
        need = list(dict.fromkeys(required))
        if not need:
            return 1.0
        if self.tree is None:
            return len(set(need) & set(offered)) / len(set(need) | set(offered))
        return sum(max((self.similarity(one, each) for each in offered), default=0.0) for one in need) / len(
            need
        )

    def similarity(self, one: str, other: str) -> float:
        """Of two skills in the tree."""
        one, other = (self.tree["meant"].get(name, name) for name in (one, other))
        if one == other:
            return 1.0
        up, others = self.ancestors(one), self.ancestors(other)
        shared = [each for each in up if each in others]
        if not shared:
            return 0.0
        measure, nearest = self.rules["ontology"]["similarity"], shared[0]
        if measure == "path":
            return 1 / (1 + up.index(nearest) + others.index(nearest))
        if measure == "wu_palmer":
            return 2 * len(self.ancestors(nearest)) / (len(up) + len(others))
        below = sum(nearest in self.ancestors(each) for each in self.tree["parents"])
        return 1 - math.log(below) / math.log(len(self.tree["parents"]))

    def ancestors(self, skill: str) -> list[str]:
        """The skill, its parent, and so on."""
        if skill not in self.tree["parents"]:
            return [skill]
        parent = self.tree["parents"][skill]
        return [skill] if parent is None else [skill, *self.ancestors(parent)]

    def of_texts(self, type_: str, name: str, kind: str) -> float:
        """Of a task type and a contractor, by its name or its type."""
        if self.vectors is None or type_ not in self.vectors["tasks"]:  # no composite task is compared
            return float(self.rules["embedding"].get(type_, {}).get(kind, self.rules["embedding_default"]))
        said = self.vectors["contractors"]
        return (1 + cosine(self.vectors["tasks"][type_], said[name if name in said else kind])) / 2


def words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def hashed(text: str) -> Vector:
    told = words(text)
    features = [f"w {word}" for word in told]
    features += [f"p {told[k]} {told[k + 1]}" for k in range(len(told) - 1)]
    for word in (f"<{each}>" for each in told):
        features += [f"c {word[k : k + size]}" for size in (3, 4) for k in range(len(word) - size + 1)]
    vector: Vector = dict.fromkeys(range(256), 0.0)
    for feature in features:
        number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
        vector[number % 256] += 1 if number >= 2**63 else -1
    return vector


def cosine(one: Vector, other: Vector) -> float:
    along = sum(value * other.get(key, 0.0) for key, value in one.items())
    return along / math.sqrt(sum(v * v for v in one.values()) * sum(v * v for v in other.values()))
