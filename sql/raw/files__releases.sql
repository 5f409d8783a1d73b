-- One row per line of a releases file and snapshot, in the file's own words.
-- Key: snapshot_id, line. track_id is made from album, title and artist where the file has none.
create table if not exists raw.files__releases (
    snapshot_id varchar not null,
    line bigint not null,
    track_id varchar not null,
    artist_name varchar not null,
    track_name varchar not null,
    album_id varchar,
    album_name varchar,
    release_date varchar,
    "year" integer,
    genre varchar,
    danceability double,
    energy double,
    "key" integer,
    loudness double,
    "mode" integer,
    speechiness double,
    acousticness double,
    instrumentalness double,
    liveness double,
    valence double,
    tempo double,
    duration_ms bigint,
    time_signature integer,
    extras varchar,
    isrc varchar
);
