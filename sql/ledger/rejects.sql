-- One row per line of a source file that was kept aside, with the reason.
-- Key: snapshot_id, line. Append-only. content is the line as it stood, cut at 1,000 characters.
create table if not exists ledger.rejects (
    snapshot_id varchar not null,
    file_name varchar not null,
    line bigint not null,
    reason varchar not null,
    content varchar
);
