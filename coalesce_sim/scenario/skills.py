"""What a user writes about who can do what (eq. 12): skills, their ontology, texts and past performance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Share
from coalesce_sim.scenario.own import OwnCode, kind_of


class Ontology(Model):
    """A tree of skills. A task type's match with a contractor is the mean, over the skills that it asks for,
    of the similarity to the nearest that is offered; the same skill, or a synonym, is 1."""

    path: str
    """File of the tree, beside the scenario's own or from the working directory: YAML, ``python: {parent:
    code, synonyms: [py]}`` for each skill, or CSV with the columns ``skill, parent, synonyms``, synonyms
    separated by ``|``."""
    similarity: Literal["wu_palmer", "path", "resnik"] = "wu_palmer"
    """How near two skills are: ``wu_palmer``, twice the depth of the nearest shared ancestor over the depths
    of the two, a root's being 1; ``path``, 1 / (1 + steps between them); ``resnik``, how much the nearest
    shared ancestor says, one of all skills 0, one without further skills 1. Those of different roots are at
    0."""


class Table(Model):
    """The similarities that the table `embedding` states."""

    kind: Literal["table"]


class Hashing(Model):
    """Cosine of the `text` of task types and contractors, their words, pairs of words and parts of words
    hashed to 256 numbers."""

    kind: Literal["hashing"]


class TfIdf(Model):
    """Cosine of the `text` of task types and contractors, their words weighed by how few of all these texts
    have them."""

    kind: Literal["tfidf"]


class Vectors(Model):
    """Cosine of vectors of your own, worked out beforehand with whatever you like."""

    kind: Literal["vectors"]
    path: str
    """File of the vectors, beside the scenario's own or from the working directory: Parquet with the columns
    ``side`` (``task`` or ``contractor``), ``name`` and ``vector``, or npz with the arrays ``task_names,
    task_vectors, contractor_names, contractor_vectors``. Names are those of task types and of contractors, of
    a drawn pool those of its types."""


class OwnEmbedder(OwnCode):
    """Cosine of the vectors that a class of your own gives for the `text` of task types and contractors,
    ``class: "my_module:MyEmbedder"``; other keys go to its constructor."""


EmbedderSettings = Annotated[
    Annotated[Table, Tag("table")]
    | Annotated[Hashing, Tag("hashing")]
    | Annotated[TfIdf, Tag("tfidf")]
    | Annotated[Vectors, Tag("vectors")]
    | Annotated[OwnEmbedder, Tag("class")],
    Discriminator(kind_of),
]


class Performance(Model):
    """Past performance on a type of task, which may hang on a skill."""

    skill: str | None = None
    """Skill that a contractor must offer to have `value`; left out, everybody has it."""
    value: Share
    """Share of good work so far of the contractors that offer `skill`."""
    otherwise: Share | None = None
    """Share of good work so far of the contractors without `skill`; left out, `value` holds for them, too."""


class Skills(Model):
    """Skill compatibility ``S = Σ weight·part`` (eq. 12); a contractor is eligible if ``S ≥ threshold``."""

    threshold: Share
    """Compatibility from which on a contractor is eligible; 0 lets everybody in."""
    ontological_weight: Share
    """Weight of how well what is offered has the skills that a task type asks for, by `ontology`; it is 1 for
    a type that asks for none."""
    embedding_weight: Share
    """Weight of how near a contractor is to a task type, by `embedder`."""
    performance_weight: Share
    """Weight of what is known of a contractor's work: its score where there is `reputation`, else its
    own `performance`, else the table's."""
    ontology: Ontology | None = None
    """Which skills are near to which. Left out, skills are words that are the same or are not, and what
    counts is the shared ones over all of either side (Jaccard)."""
    embedder: EmbedderSettings = Table(kind="table")
    """Where the similarity of task types and contractors comes from."""
    embedding: dict[str, dict[str, Share]] = Field(default_factory=dict)
    """Similarity from 0 to 1 by task type and, inside, by contractor type; no effect but with the embedder
    ``table``."""
    embedding_default: Share = 1.0
    """Similarity of a task type and a contractor type on which the table `embedding` is silent."""
    performance: dict[str, Performance] = Field(default_factory=dict)
    """Past performance by task type, of contractors that state none of their own; no effect where there is
    `reputation`."""
    performance_default: Share = 1.0
    """Past performance for task types on which the table `performance` is silent."""
