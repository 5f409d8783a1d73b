-- One row per evaluation split and family: the champion beside benchmark and baselines.
-- Key: split, family. Reads: marts.model_scoreboard, champion.
-- Unit: mae, rmse, width_90 in popularity points; accuracies, coverage_90 and
-- calibration_error 0-1; mae_low and mae_high bound 90 % of the resamples.
select
    board.split,
    board.family,
    board.role,
    board.is_champion,
    board.n,
    board.mae,
    board.mae_low,
    board.mae_high,
    board.rmse,
    board.r2,
    board.spearman,
    board.accuracy_4bin,
    board.accuracy_majority,
    board.coverage_90,
    board.width_90,
    board.calibration_error
from marts.model_scoreboard as board
inner join marts.champion as champion on board.model_version = champion.model_version
order by board.split, board.mae, board.family
