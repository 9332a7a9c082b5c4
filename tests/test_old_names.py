"""Names of version 0.1 are read as those of today, whole keys and cells only."""

from pathlib import Path

import pandas as pd
import pytest

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.ownership import may_write_table


def test_only_whole_keys_and_texts_are_translated() -> None:
    content = {"seed": 3, "with_seed": True, "words": "rnn was told apart from human", "verdict": "told apart"}
    assert old_names.translated(content) == {
        "seed": 3,
        "with_prompt": True,
        "words": "rnn was told apart from human",
        "verdict": "significant difference",
    }


def test_a_name_that_a_user_gave_is_nobodys_old_name() -> None:
    rows = [{"system": "told apart", "metric": "loudness", "verdict": "cannot be told"}]
    now = [{"system": "told apart", "metric": "loudness", "verdict": "inconclusive"}]
    assert old_names.translated(rows) == now
    assert old_names.table(pd.DataFrame(rows)).to_dict("records") == now


@pytest.mark.parametrize("holder", sorted(old_names.BY_NAME))
def test_a_key_that_a_user_gave_is_nobodys_old_name(holder: str) -> None:
    content = {holder: {"figure": {"with_seed": True}, "metric": {}, "how": "higher (large)", "verdict": "told apart"}}
    now = {holder: {"figure": {"with_prompt": True}, "metric": {}, "how": "higher (large)", "verdict": "told apart"}}
    assert old_names.translated(content) == now


def test_the_new_name_counts_where_both_are_there() -> None:
    assert old_names.translated({"with_prompt": False, "with_seed": True}) == {"with_prompt": False}
    both = pd.DataFrame({"figure": ["old"], "metric": ["new"]})
    assert old_names.table(both).to_dict("records") == [{"metric": "new"}]


def test_numbers_of_a_table_stay_to_the_bit() -> None:
    frame = pd.DataFrame({"figure": ["rms", "peak"], "p": [0.1 + 0.2, None], "n": [1, 2], "is": [True, False]})
    now = old_names.table(frame)
    pd.testing.assert_frame_equal(now, frame.rename(columns={"figure": "metric"}))
    assert list(frame) == ["figure", "p", "n", "is"]


def test_no_name_is_both_old_and_new() -> None:
    for names in (old_names.OPTIONS, old_names.COLUMNS, old_names.VALUES):
        assert not set(names) & set(names.values())


def test_a_table_of_an_earlier_version_may_be_replaced(tmp_path: Path) -> None:
    out = tmp_path / "figures.csv"
    out.write_text("system,figure,value\n")
    may_write_table(out, ("system", "metric", "value"))
    out.write_text("system,composer,value\n")
    with pytest.raises(UserError, match="exists and is not a table"):
        may_write_table(out, ("system", "metric", "value"))
