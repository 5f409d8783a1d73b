"""What a pair of Spotify keys may do: probed with at most six calls, never told from a date.

Three tiers are known. `extended` is an approved organisation's, `dev_legacy` an app's from before February 2026,
`dev_new` any app's since. The tier sets pace and budget; what may be asked is settled capability by capability.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from songpop.errors import SourceStopped
from songpop.sources.rate_limited_caller import Capability
from songpop.sources.spotify.client import SpotifySource
from songpop.sources.spotify.parsing import known_objects

Tier = Literal["extended", "dev_legacy", "dev_new", "unknown"]

ARTIST_POPULARITY = "artist popularity"
LONG_SEARCHES = "long search pages"
LONG_ALBUMS = "long pages of an artist's albums"
SEVERAL_TRACKS, AUDIO_FEATURES = "tracks", "audio_features"
# and how a person reads them
CAPABILITIES = {
    ARTIST_POPULARITY: "artist popularity",
    AUDIO_FEATURES: "audio features",
    SEVERAL_TRACKS: "50 tracks a call",
    "artists": "50 artists a call",
    "new_releases": "list of new releases",
    LONG_SEARCHES: "50 search results a page",
    LONG_ALBUMS: "50 albums of an artist a page",
}
PROBED = (LONG_SEARCHES, ARTIST_POPULARITY, SEVERAL_TRACKS, AUDIO_FEATURES, LONG_ALBUMS)

# Spotify publishes no number. A new app was seen to be cut off after about 100 calls to one bucket in a day.
DEVELOPMENT_CALLS_A_DAY = 80
_DEVELOPMENT_PACE_SECONDS = 1.0
_EXTENDED_PACE_SECONDS = 0.34


def tier_of(capabilities: Mapping[str, Capability]) -> Tier:
    """Name the tier that capabilities show; audio features are what a development app can't have."""
    may = {name: known.is_allowed for name, known in capabilities.items()}
    if may.get(AUDIO_FEATURES) and may.get(ARTIST_POPULARITY):
        return "extended"
    if may.get(ARTIST_POPULARITY) or may.get(SEVERAL_TRACKS) or may.get(LONG_SEARCHES):
        return "dev_legacy"
    if any(name in may for name in PROBED):
        return "dev_new"
    return "unknown"


def settle(source: SpotifySource, daily_calls: int | None = None) -> Tier:
    """Set pace and budget as the key's tier allows; an unknown tier is treated as a new app's.

    Args:
        source: whose capabilities are known, or not yet.
        daily_calls: the operator's own budget for a bucket; 0 is none at all.
    """
    tier = tier_of(source.capabilities)
    is_extended = tier == "extended"
    source.caller.pace_seconds = _EXTENDED_PACE_SECONDS if is_extended else _DEVELOPMENT_PACE_SECONDS
    if source.is_loopback:
        source.caller.pace_seconds = 0.0
    budget = daily_calls if daily_calls is not None else (None if is_extended else DEVELOPMENT_CALLS_A_DAY)
    source.caller.daily_calls = budget or None
    return tier


def is_probed(source: SpotifySource) -> bool:
    """Say whether all that a probe asks is known and not older than a week."""
    return all(name in source.capabilities for name in PROBED)


def probe(source: SpotifySource, artist_name: str, track_ids: Sequence[str]) -> None:
    """Learn what the key may do, in at most six calls and a token; the answers are not kept.

    What a call does not settle, because it failed or its bucket is stopped, stays unknown.

    Args:
        source: whom to ask.
        artist_name: an artist that Spotify surely has.
        track_ids: one or two tracks that Spotify surely has.
    """
    try:
        hits = source.search_artists_page(artist_name)
        artist_id = next((hit["id"] for hit in known_objects(hits or [])), None)
        artist = source.artist(artist_id) if artist_id else None
        if artist is not None:
            is_given = artist.get("popularity") is not None
            message = "" if is_given else "Spotify gave no popularity with an artist."
            source.learn(ARTIST_POPULARITY, is_given, message)
        for name, fetch in ((SEVERAL_TRACKS, source.tracks), (AUDIO_FEATURES, source.audio_features)):
            if track_ids and name not in source.refused and fetch(track_ids[:2]) is not None:
                source.learn(name, True)
        if artist_id:
            source.artist_albums(artist_id, "album", 0, only_long=True)
    except SourceStopped:
        return  # the reason stands in source.caller.stops
