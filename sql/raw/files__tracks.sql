-- One row per line of a tracks file (the Kaggle header) and snapshot, in the file's own words.
-- Key: snapshot_id, line. The file's unnamed first column is not kept: it leaks the label.
create table if not exists raw.files__tracks (
    snapshot_id varchar not null,
    line bigint not null,
    track_id varchar not null,
    artist_name varchar not null,
    track_name varchar,
    popularity integer not null,
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
    extras varchar
);
