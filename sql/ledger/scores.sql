-- One row per track scored in a run. Key: run_id, track_id. Append-only.
-- Unit: scores 0-100; p_ columns are probabilities of the four popularity bins and sum to 1; contribution_ columns
-- are points and add up to score - reference_score; score_mean and family are NULL in scores of versions before them.
-- shipped_ columns are as the model gave them, before a recalibration or a widening; NULL likewise.
create table if not exists ledger.scores (
    run_id varchar not null,
    track_id varchar not null,
    model_version varchar not null,
    family varchar,
    album_id varchar,
    drivers varchar,
    score double not null,
    score_mean double,
    score_low double not null,
    score_high double not null,
    shipped_score double,
    shipped_low double,
    shipped_high double,
    p_0_25 double not null,
    p_26_50 double not null,
    p_51_75 double not null,
    p_76_100 double not null,
    p_best double,
    benchmark_score double,
    reference_score double,
    contribution_sound double,
    contribution_artist_popularity double,
    contribution_artist_record double,
    contribution_genre_and_year double,
    contribution_release_date double,
    contribution_album double,
    contribution_title double,
    as_of_date date not null,
    release_date date,
    scored_at timestamp not null
);
