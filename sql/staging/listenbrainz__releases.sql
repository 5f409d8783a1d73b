-- One row per fresh album of ListenBrainz. Key: run_id, release_group_mbid. Reads: raw.listenbrainz__releases.
-- Unit: release_date is NULL where it is not a whole date.
select
    run_id,
    release_group_mbid,
    artist_name,
    album_name,
    album_type,
    try_cast(release_date as date) as release_date,
    fetched_at,
    expires_at
from raw.listenbrainz__releases
