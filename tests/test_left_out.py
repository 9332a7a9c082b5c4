"""What reading leaves out of a file, said in a sentence and kept in a table."""

import pandas as pd

from clstm.music.left_out import NOTHING, LeftOut, as_columns, from_columns, sentence


def test_nothing_left_out_needs_no_sentence() -> None:
    assert sentence([]) == ""
    assert sentence([NOTHING, NOTHING]) == ""


def test_each_kind_is_counted_over_the_files_that_have_it() -> None:
    files = [
        LeftOut(drums=1200),
        LeftOut(drums=1, programs=(33, 40)),
        LeftOut(pedals=1),
        LeftOut(programs=(48,)),
        NOTHING,
    ]
    assert sentence(files, one_instrument=True) == (
        "left out of the notes: 1,201 drum notes in 2 files; the pedal, pressed 1 time in 1 file; instruments other"
        " than the piano in 2 files, read as a piano"
    )


def test_what_can_be_done_about_the_pedal_is_said_with_it() -> None:
    assert sentence([LeftOut(pedals=2)], remedy="--pedal obeys it") == (
        "left out of the notes: the pedal, pressed 2 times in 1 file (--pedal obeys it)"
    )
    assert "--pedal" not in sentence([LeftOut(drums=2)], remedy="--pedal obeys it")


def test_a_table_keeps_it_and_an_older_one_has_nothing() -> None:
    files = [LeftOut(3, (33, 40), 2), NOTHING, LeftOut(0, (7,), 0)]
    table = pd.DataFrame([as_columns(one) for one in files])
    assert from_columns(table) == files
    assert from_columns(table[["drums"]]) == [NOTHING] * 3
