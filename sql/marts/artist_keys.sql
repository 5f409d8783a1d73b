-- One row per artist name as written: which artist it means, and all artists that it names.
-- Key: artist_name. Reads: $spellings (marts.artist_spellings), marts.known_artists.
-- Unit: artist_key is that of the first artist who is known, of a list too; known_name is their name as most tracks have
-- it, or else the first of its spellings. A name is taken apart at commas, `&`, ` x ` and `feat.` only where the whole is unknown and a part is known.
-- lead_key is the key of the name that stands first, known or not: that of the artist whose album it is.
with
spellings as (
    select artist_name, place, spelling, artist_key, loose_key, part, lead_key
    from query_table($spellings)
),
known_by_loose_key as (
    -- a loose key is believed only where one artist has it
    select
        loose_key,
        any_value(artist_key) as artist_key,
        any_value(artist_name) as known_name
    from marts.known_artists
    group by loose_key
    having count(*) = 1
),
matches as (
    select
        spellings.artist_name,
        spellings.place,
        spellings.part,
        known.artist_key,
        known.artist_name as known_name,
        1 as looseness
    from spellings
    inner join marts.known_artists as known
        on spellings.artist_key = known.artist_key
    union all
    select
        spellings.artist_name,
        spellings.place,
        spellings.part,
        known.artist_key,
        known.known_name,
        2 as looseness
    from spellings
    inner join known_by_loose_key as known on spellings.loose_key = known.loose_key
),
best as (
    select *
    from matches
    qualify row_number() over (
        partition by artist_name
        order by place, looseness
    ) = 1
),
firsts as (
    select artist_name, lead_key, artist_key, spelling
    from spellings
    where place = 1
),
several as (
    -- of names that may be those of several artists
    select
        artist_name,
        list(trim(spelling) order by place) filter (where part = 'listed')
            as listed_names,
        list(spelling order by place) filter (where part = 'part') as part_names
    from spellings
    where artist_name in (select artist_name from spellings where place <> 1)
    group by artist_name
)
select
    firsts.artist_name,
    coalesce(best.artist_key, firsts.artist_key) as artist_key,
    firsts.lead_key,
    min(coalesce(best.known_name, trim(firsts.spelling))) over (
        partition by coalesce(best.artist_key, firsts.artist_key)
    ) as known_name,
    case
        when best.place = 0 then [trim(firsts.artist_name)]
        when best.part = 'part' then several.part_names
        else coalesce(several.listed_names, [trim(firsts.spelling)])
    end as artist_names,
    case
        when best.artist_key is null then 'unknown'
        when best.part <> 'whole' then 'one of several'
        when best.known_name = firsts.artist_name then 'as written'
        when best.looseness = 1 then 'another spelling'
        else 'a near spelling'
    end as match_method
from firsts
left join best on firsts.artist_name = best.artist_name
left join several on firsts.artist_name = several.artist_name
