"""Past scores against the popularity seen since."""

from typing import Any

import duckdb

_BY_AGE = """
    select
        case
            when age_days is null then 'age unknown'
            when age_days < 28 then 'below 4 weeks'
            when age_days < 91 then '4 to 13 weeks'
            when age_days < 366 then '3 to 12 months'
            else 'over a year'
        end as age,
        count(*) as n,
        avg(abs(error)) as mae,
        avg(error) as bias,
        avg(covered::integer) as coverage_90,
        avg(score) as mean_score,
        avg(popularity) as mean_popularity
    from marts.score_backtest
    group by age
    order by min(age_days) nulls last
"""


def read_backtest(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return error, bias and coverage of past scores by age of the release when its popularity was seen.

    Returns:
        One mapping an age: age, n, mae, bias, coverage_90, mean_score, mean_popularity.
    """
    cursor = con.execute(_BY_AGE)
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
