-- One row per artist whose audience a service counts and whose popularity on our scale is known. Key: artist_name.
-- Reads: marts.artist_popularities, artists, and $answers, the staging view of the service's answers.
-- Unit: theirs is ln(1 + audience); ours is 0-100, of $popularity_sources alone (spotify, artists_file).
with
theirs as (
    -- one row an artist: the newest answer that counts an audience
    select artist_name, ln(1 + audience) as theirs
    from query_table($answers)
    where audience is not null
    qualify
        row_number() over (
            partition by artist_name order by fetched_at desc, run_id
        ) = 1
),
ours as (
    -- one row an artist, under the name that services are asked for; a name that was only folded to another's may be
    -- somebody else's
    select
        artists.artist_name,
        max_by(known.artist_popularity, known.popularity_source) as ours
    from marts.artist_popularities as known
    inner join marts.artists as artists on known.artist_key = artists.artist_key
    where
        list_contains($popularity_sources, known.popularity_source)
        and known.match_method <> 'folded_name'
    group by artists.artist_name
)
select theirs.artist_name, theirs.theirs, ours.ours
from theirs
inner join ours on theirs.artist_name = ours.artist_name
where ours.ours is not null
