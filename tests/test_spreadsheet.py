"""What a participant typed is never run by the researcher's spreadsheet."""

import csv as reader
import io

import pandas as pd
import pytest

from clstm.runtime.spreadsheet import csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")'])
def test_text_that_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    (_, (cell,)) = reader.reader(io.StringIO(csv(pd.DataFrame({"comment": [text]})), newline=""))
    assert cell == "'" + text.replace("\r", "\n")


def test_a_carriage_return_inside_begins_no_new_cell() -> None:
    (_, row) = reader.reader(io.StringIO(csv(pd.DataFrame({"comment": ["fine\r=1+1\r\n=2"]})), newline=""))
    assert row == ["fine\n=1+1\n=2"]


def test_numbers_and_other_text_stay() -> None:
    table = pd.DataFrame({"n": [-1.5, 2.0], "t": ["fine, = here", None], "b": [True, False]})
    assert csv(table) == 'n,t,b\n-1.5,"fine, = here",True\n2.0,,False\n'


@pytest.mark.parametrize("text", ["fine;=1+1", ";=1+1", "a\t@SUM(A1)", "=1;=2"])
def test_nor_does_one_begin_within_where_lists_are_separated_by_semicolons(text: str) -> None:
    cells = csv(pd.DataFrame({"comment": [text]})).splitlines()[1].strip('"').replace("\t", ";").split(";")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_heading_is_neutral_too() -> None:
    assert csv(pd.DataFrame({"=x": [1]})) == "'=x\n1\n"
