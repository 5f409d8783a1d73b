"""How much a score rests on, as the model sees a song; `marts.release_evidence` says the same of new releases."""

import numpy as np

from songpop.features import EncodedRows
from songpop.features.encoder import NUMERIC

FULL, SOME, LITTLE = "full", "some", "little"


def evidence_of(rows: EncodedRows) -> list[str]:
    """Say what is known of encoded rows, shape (n, ...).

    Returns:
        n times `full` (an audio analysis, a known artist and genre), `little` (neither analysis nor a known artist) or
        `some`; an artist is known by a popularity or by tracks.
    """

    def flag(name: str) -> np.ndarray:
        has_it = name in NUMERIC
        return rows.numeric[:, NUMERIC.index(name)] == 1 if has_it else np.zeros(len(rows), bool)

    has_sound = ~(flag("is_audio_missing") | flag("is_analysis_failed"))
    has_artist = ~(flag("is_artist_new") & flag("is_artist_popularity_missing"))
    is_full = has_sound & has_artist & ~flag("is_genre_missing")
    evidence: list[str] = np.where(is_full, FULL, np.where(has_sound | has_artist, SOME, LITTLE)).tolist()
    return evidence
