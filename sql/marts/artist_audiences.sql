-- One row per artist name and source that counts an audience (fans, listeners) and no popularity of 0-100.
-- Key: artist_name, popularity_source. Reads: staging.deezer__artists, listenbrainz__artists, ledger.runs,
-- scale_mappings. Unit: audience of all time; artist_popularity is the audience mapped to Spotify's 0-100 by what both
-- know, NULL where no such mapping was fitted yet.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
mappings as (
    -- one row a source: the newest mapping of its audience to our scale
    select source, from_values, to_values
    from ledger.scale_mappings
    where quantity = 'artist_popularity' and run_id not in (from later_runs)
    qualify row_number() over (partition by source order by fitted_at desc, run_id) = 1
),
pieces as (
    select
        mappings.source,
        mappings.from_values[piece] as from_low,
        mappings.from_values[piece + 1] as from_high,
        mappings.to_values[piece] as to_low,
        mappings.to_values[piece + 1] as to_high,
        mappings.from_values[1] as lowest,
        mappings.from_values[-1] as highest
    from mappings, unnest(range(1, len(mappings.from_values))) as pieces (piece)
),
audiences as (
    -- one row a source and name: the newest answer that has not expired
    select
        artist_name,
        popularity_source,
        audience,
        match_confidence,
        fetched_at,
        expires_at
    from (
        select
            artist_name,
            popularity_source,
            audience,
            match_confidence,
            run_id,
            fetched_at,
            expires_at
        from staging.deezer__artists
        union all
        select
            artist_name,
            popularity_source,
            audience,
            1.0,
            run_id,
            fetched_at,
            expires_at
        from staging.listenbrainz__artists
    )
    where
        audience is not null
        and expires_at >= $as_of_date
        and run_id not in (from later_runs)
    qualify row_number() over (
        partition by popularity_source, artist_name
        order by fetched_at desc, run_id
    ) = 1
)
-- each audience lies in one piece of its source's mapping
select
    audiences.artist_name,
    audiences.popularity_source,
    pieces.to_low + (pieces.to_high - pieces.to_low)
    * (
        least(greatest(ln(1 + audiences.audience), pieces.lowest), pieces.highest)
        - pieces.from_low
    )
    / (pieces.from_high - pieces.from_low) as artist_popularity,
    audiences.audience,
    audiences.match_confidence,
    audiences.fetched_at,
    audiences.expires_at
from audiences
left join pieces on audiences.popularity_source = pieces.source
qualify row_number() over (
    partition by audiences.popularity_source, audiences.artist_name
    order by
        least(greatest(ln(1 + audiences.audience), pieces.lowest), pieces.highest)
        between pieces.from_low and pieces.from_high desc,
        pieces.from_low
) = 1
