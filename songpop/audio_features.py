"""The single declaration of the audio features of Spotify's analysis, in the order of the Kaggle file.

Plain data, so that files, services, the sample, the models and the web's form read the same. A range here holds by
definition; who keeps a narrower one says so and why.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "whole", "large_whole"]


@dataclass(frozen=True)
class AudioFeature:
    """One audio feature.

    Attributes:
        name: its column in every file, table and frame; Spotify and ReccoBeats use the same word in their answers.
        kind: `whole` (32 bits) and `large_whole` (64) have no fraction.
        low, high: its range by definition, both included; None where there is no end.
        unit: "" for a share of 0 to 1.
        example: as a file may hold it.
        is_class: its values are names, with nothing between them.
        choices: the only values of a class whose range would hold others too.
    """

    name: str
    kind: Kind
    low: int | None
    high: int | None
    unit: str
    example: str
    is_class: bool = False
    choices: tuple[int, ...] = ()

    @property
    def is_share(self) -> bool:
        """Say whether it is a number of 0 to 1."""
        return self.kind == "number" and (self.low, self.high) == (0, 1)


def _share(name: str, example: str) -> AudioFeature:
    return AudioFeature(name, "number", 0, 1, "", example)


AUDIO_FEATURES: tuple[AudioFeature, ...] = (
    _share("danceability", "0.71"),
    _share("energy", "0.63"),
    AudioFeature("key", "whole", -1, 11, "0 is C, 1 is C sharp and so on; -1 is none", "5", is_class=True),
    AudioFeature("loudness", "number", None, None, "dBFS", "-6.2"),
    AudioFeature("mode", "whole", 0, 1, "1 major, 0 minor", "1", is_class=True, choices=(0, 1)),
    _share("speechiness", "0.05"),
    _share("acousticness", "0.18"),
    _share("instrumentalness", "0"),
    _share("liveness", "0.11"),
    _share("valence", "0.52"),
    AudioFeature("tempo", "number", 0, None, "bpm", "118"),
    AudioFeature("duration_ms", "large_whole", 0, None, "ms", "201000"),
    # no range by definition, as loudness: the expectation suites look at both; these are the values that Spotify writes
    AudioFeature("time_signature", "whole", None, None, "beats a bar", "4", is_class=True, choices=(0, 1, 3, 4, 5)),
)
BY_NAME = {feature.name: feature for feature in AUDIO_FEATURES}
NAMES = tuple(BY_NAME)
MEASURES = tuple(feature.name for feature in AUDIO_FEATURES if not feature.is_class)
CLASSES = tuple(feature.name for feature in AUDIO_FEATURES if feature.is_class)
SHARES = tuple(feature.name for feature in AUDIO_FEATURES if feature.is_share)
