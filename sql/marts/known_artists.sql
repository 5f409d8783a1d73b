-- One row per artist of whom a track or a popularity is known, under the key that all spellings of the name share.
-- Key: artist_key. Reads: marts.artist_spellings, snapshots, artist_audiences, staging.files__tracks, files__artists,
-- spotify__artists, ledger.runs.
-- Unit: artist_name is the spelling of most tracks, else that of a source of popularities. loose_key folds accents,
-- punctuation and a leading `the` as well; two artists may share it.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
written as (
    select tracks.artist_name, count(*) as n_tracks, 1 as place
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    group by tracks.artist_name
    union all
    select artists.artist_name, 0, 0
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots
        on artists.snapshot_id = snapshots.snapshot_id
    where artists.artist_popularity is not null
    union all
    select artist_name, 0, 0
    from staging.spotify__artists
    where
        artist_popularity is not null
        and expires_at >= $as_of_date
        and run_id not in (from later_runs)
    union all
    select artist_name, 0, 0
    from marts.artist_audiences
    where artist_popularity is not null
),
spelled as (
    -- of a list of a tracks file the artist that stands first; a source of popularities has one artist a row
    select
        spellings.artist_key,
        spellings.loose_key,
        spellings.spelling,
        written.n_tracks
    from written
    inner join marts.artist_spellings as spellings
        on written.artist_name = spellings.artist_name
    where spellings.place >= written.place
    qualify row_number() over (
        partition by written.artist_name, written.place order by spellings.place
    ) = 1
),
counted as (
    select
        artist_key,
        any_value(loose_key) as loose_key,
        spelling,
        sum(n_tracks) as n_tracks
    from spelled
    group by artist_key, spelling
)
select artist_key, loose_key, spelling as artist_name
from counted
qualify row_number() over (
    partition by artist_key
    order by n_tracks desc, trim(spelling) = spelling desc, spelling
) = 1
