-- The newest published score of one track. Key: track_id. Reads: marts.scores.
select track_id, run_id, model_version, family, score, score_mean, as_of_date
from marts.scores
where track_id = $track_id
