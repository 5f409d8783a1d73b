-- What is known of artists that a person names: their name as the tracks have it, id and popularity for models.
-- Key: asked_name. Reads: marts.artist_sources, marts.snapshots, staging.files__artists.
-- Unit: artist_popularity 0-100; a name of the same letters wins over one that differs in case or accents only.
with
asked as (
    select unnest($names) as asked_name
),
known as (
    select
        artist_name,
        artist_id,
        popularity_for_models as artist_popularity,
        1 as preference
    from marts.artist_sources
    union all
    select artists.artist_name, artists.artist_id, artists.artist_popularity, 2
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots
        on artists.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
)
select
    asked.asked_name,
    known.artist_name,
    known.artist_id,
    known.artist_popularity::double as artist_popularity
from asked
inner join known
    on
        lower(strip_accents(trim(asked.asked_name)))
        = lower(strip_accents(trim(known.artist_name)))
qualify
    row_number() over (
        partition by asked.asked_name
        order by
            known.artist_name = asked.asked_name desc,
            known.preference,
            known.artist_popularity desc nulls last,
            known.artist_name
    ) = 1
order by asked.asked_name
