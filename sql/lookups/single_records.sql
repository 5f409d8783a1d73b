-- The record of the singles that one model version picked, by size and evidence of the album.
-- Key: size_class, evidence. Reads: marts.single_records.
select * exclude (model_version)
from marts.single_records
where model_version = $model_version
