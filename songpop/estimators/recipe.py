"""How the network is trained: its recipe by the number of rows, the folds its members leave out, what is hidden."""

from dataclasses import dataclass

import numpy as np

from songpop.estimators.scaling import Scaler
from songpop.features import EncodedRows
from songpop.features.encoder import NUMERIC

# Share of the dated rows that make up the newest fold, and from how many dated rows on there is one.
NEWEST_SHARE = 0.1
LEAST_DATED = 2_000
# Fewer rows than these are fitted by half as many members.
_FEW_ROWS = 3_000
# More rows than these do not make the width of the intervals surer.
MOST_JUDGED = 100_000


@dataclass(frozen=True)
class Recipe:
    """How the network is built and trained; chosen on validation folds inside training parts."""

    n_members: int = 16
    n_folds: int = 8
    width: int = 96
    embedding: int = 8
    dropout: float = 0.3
    epochs: int = 24
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    category_dropout: float = 0.02
    group_dropout: float = 0.03

    @classmethod
    def for_rows(cls, n_rows: int) -> "Recipe":
        """Choose by the number of training rows: many need fewer members and epochs, and few gain nothing by 16.

        On 1,500 and 2,500 rows of the Kaggle file, three seeds each, 8 members err by 7.33 and 7.04 points, 16 by 7.33
        and 7.04, in two thirds of the time.
        """
        if n_rows > 200_000:
            return cls(n_members=8, epochs=6, batch=4096)
        if n_rows > 50_000:
            return cls(n_members=8, epochs=10, batch=1024)
        return cls(n_members=8 if n_rows < _FEW_ROWS else 16, batch=min(256, max(32, n_rows // 24)))


def assign_folds(rows: EncodedRows, n_folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Deal rows to folds; where most have a date, the newest make up the first fold.

    Some members then know nothing of the newest releases, and their errors there are those to expect of releases yet
    to come, which are larger than those on rows left out by chance.

    Returns:
        The fold of each row, shape (n,), and the rows whose errors set the width of the intervals.
    """
    draw = np.random.default_rng(seed)
    dated = rows.numeric[:, NUMERIC.index("is_release_date_missing")] == 0
    if dated.mean() < 0.5 or dated.sum() < LEAST_DATED:
        return draw.permutation(len(rows)) % n_folds, draw.permutation(len(rows))[:MOST_JUDGED]
    time = np.where(dated, rows.numeric[:, NUMERIC.index("release_time")], -np.inf)
    newest = time >= np.quantile(time[dated], 1 - NEWEST_SHARE)
    fold = np.where(newest, 0, 1 + draw.permutation(len(rows)) % (n_folds - 1))
    return fold, draw.permutation(np.flatnonzero(newest))[:MOST_JUDGED]


def hidden_groups(scaler: Scaler) -> tuple[np.ndarray, np.ndarray]:
    """Name what is hidden together in training, so that the network knows rows where it is missing.

    Returns:
        mask of shape (groups, d), and what a hidden value becomes, shape (d,).
    """
    groups = {
        "is_artist_popularity_missing": ("artist_popularity", "artist_popularity_in_genre"),
        "is_artist_new": ("artist_record", "artist_recent", "artist_best", "artist_n_tracks"),
    }
    mask, fill = np.zeros((len(groups), len(NUMERIC)), np.float32), np.zeros((1, len(NUMERIC)), np.float32)
    blank = np.full((1, len(NUMERIC)), np.nan, np.float32)
    for row, (flag, names) in enumerate(groups.items()):
        mask[row, [NUMERIC.index(name) for name in (flag, *names)]] = 1.0
        blank[0, NUMERIC.index(flag)] = 1.0
    blank[0, NUMERIC.index("artist_n_tracks")] = 0.0
    fill[:] = scaler.apply(blank)
    return mask, fill
