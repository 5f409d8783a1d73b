-- One row per artist with a fresh release whose listeners a run asked ListenBrainz for; in its own words.
-- Key: run_id, artist_mbid (MusicBrainz' id). n_listeners and n_listens: counts of all time, NULL where unknown.
create table if not exists raw.listenbrainz__artists (
    run_id varchar not null,
    artist_mbid varchar not null,
    artist_name varchar,
    n_listens bigint,
    n_listeners bigint,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, artist_mbid)
);
