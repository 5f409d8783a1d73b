-- One row per new release: its names as they are compared to find the versions of one recording.
-- Key: track_id. Reads: marts.releases.
-- Unit: title without case, accents and punctuation (symbols stay); isrc only where it has the form of
-- one. version_words are those of the album's name that tell a version apart and are not in the title.
with
names as (
    select
        track_id,
        coalesce(album_id, album_name) as album_key,
        duration_ms,
        case when not is_date_assumed then release_date end as release_date,
        artist_key,
        -- the marks of other scripts make other letters
        nullif(
            trim(
                lower(
                    case
                        when regexp_matches(track_name, '[^\p{Latin}\P{L}]')
                            then nfc_normalize(track_name)
                        else strip_accents(track_name)
                    end
                )
            ),
            ''
        ) as plain_title,
        lower(strip_accents(coalesce(album_name, ''))) as plain_album,
        upper(regexp_replace(isrc, '[^A-Za-z0-9]', '', 'g')) as isrc
    from marts.releases
),
folded as (
    select
        * exclude (plain_title, plain_album, isrc),
        -- symbols stay, and a title of nothing but punctuation
        coalesce(
            nullif(
                trim(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(
                                replace(plain_title, '&', ' and '), '[''’‘`´]', '', 'g'
                            ),
                            '\b(ft|featuring)\b',
                            'feat',
                            'g'
                        ),
                        '[\p{P}\p{Z}\p{C}\s]+',
                        ' ',
                        'g'
                    )
                ),
                ''
            ),
            plain_title
        ) as title,
        ' ' || regexp_replace(plain_album, '[^\p{L}\p{M}\p{N}]+', ' ', 'g') || ' '
            as album_words,
        case
            when regexp_full_match(isrc, '[A-Z]{2}[A-Z0-9]{3}[0-9]{7}') then isrc
        end as isrc
    from names
),
versions as (
    -- an album of instrumentals names its songs like the originals, which are as long; an album of remixes or live
    -- recordings has songs of other lengths, which tell them apart where they are known
    select
        *,
        array_to_string(
            list_filter(
                [
                    ' instrumental', ' karaoke', ' acapella', ' a cappella',
                    ' remaster', ' commentary', ' 8d '
                ]
                || case
                    when duration_ms is null
                        then
                            [
                                ' remix', ' live ', ' acoustic', ' acustic',
                                ' unplugged', ' en vivo ', ' ao vivo ', ' demo ',
                                ' demos ', ' sped up ', ' slowed '
                            ]
                    else []::varchar[]
                end,
                lambda word: contains(album_words, word)
                and not contains(' ' || title || ' ', word)
            ),
            ','
        ) as version_words
    from folded
)
select
    track_id,
    album_key,
    isrc,
    artist_key,
    title,
    version_words,
    case
        when title is not null
            then concat_ws(chr(31), artist_key, title, version_words)
    end as song_key,
    duration_ms,
    -- an artist has many of these
    regexp_full_match(
        title,
        '(intro|introduction|outro|interlude|skit|untitled|prelude|epilogue|segue'
        || '|freestyle|bonus|track|bonus track|instrumental|overture|finale)( \d+)?'
    ) as is_common_title,
    release_date
from versions
