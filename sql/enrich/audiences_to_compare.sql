-- One row per artist whose audience the source $source counts and whose popularity on our scale is known.
-- Key: artist_name. Reads: marts.artist_audiences, marts.artist_popularities.
-- Unit: theirs is ln(1 + audience); ours is 0-100, of $popularity_sources alone (spotify, artists_file).
with
ours as (
    -- one row an artist; a name that was only folded to another's may be somebody else's
    select artist_name, max_by(artist_popularity, popularity_source) as artist_popularity
    from marts.artist_popularities
    where list_contains($popularity_sources, popularity_source) and match_method <> 'folded_name'
    group by artist_name
)
select audiences.artist_name, ln(1 + audiences.audience) as theirs, ours.artist_popularity as ours
from marts.artist_audiences as audiences
inner join ours on audiences.artist_name = ours.artist_name
where audiences.popularity_source = $source and ours.artist_popularity is not null
