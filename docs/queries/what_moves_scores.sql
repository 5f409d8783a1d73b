-- What moves the scores of each genre: mean size of each group's contribution, in points.
select
    genre,
    count(*) as n_releases,
    round(avg(abs(contribution_sound)), 1) as sound,
    round(avg(abs(contribution_artist_popularity)), 1) as artist_popularity,
    round(avg(abs(contribution_artist_record)), 1) as artist_record,
    round(avg(abs(contribution_genre_and_year)), 1) as genre_and_year,
    round(avg(abs(contribution_release_date)), 1) as release_date,
    round(avg(abs(contribution_album)), 1) as album,
    round(avg(abs(contribution_title)), 1) as title
from marts.ranked_releases
group by genre
order by n_releases desc, genre
