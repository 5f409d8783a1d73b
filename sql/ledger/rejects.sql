-- One row per line of a source file that was kept aside, with the reason.
-- Key: snapshot_id, line. Append-only. line is the row number in a Parquet file. kind: unreadable,
-- rule (a value breaks a hard rule) or repeated (another row has its key). content is the line as it
-- stood, cut at 1,000 characters. A snapshot_id that ledger.snapshots lacks is a load that failed.
create table if not exists ledger.rejects (
    snapshot_id varchar not null,
    file_name varchar not null,
    line bigint not null,
    kind varchar not null,
    reason varchar not null,
    content varchar
);
