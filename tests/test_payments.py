"""Paid listeners: their ids are kept apart and deleted, and every ending has its code and its way back."""

import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from page_parts import Parts
from patience import PATIENCE
from streamlit.testing.v1 import AppTest

import listening_study
from clstm.cli import main
from clstm.runtime.errors import UserError
from listening_study.blinding import names
from listening_study.protocol.configuration import Access, End
from listening_study.protocol.key import open_key
from listening_study.protocol.study import Study, read_study
from listening_study.protocol.template import template, validated
from listening_study.researchers.monitoring import exports
from listening_study.researchers.payments import payments
from listening_study.results.export import exports as results_exports
from listening_study.results.results import read_results
from listening_study.store import Agreement, Response, Store
from listening_study.store.connection import migrate

PACKAGE = Path(listening_study.__file__).parent
PERSON = "person-4711"
BACK = "https://example.org/back?who={PID}&how="
PAID = Access(
    crowd_parameters=("PID", "STUDY"),
    completion_code="DONE",
    completion_url=BACK + "done",
    screened_out=End(code="YOUNG", url=BACK + "young"),
    no_consent=End(code="NO", url=BACK + "no"),
    closed=End(code="CLOSED", url=BACK + "closed"),
    withdrawn=End(code="GONE", url=BACK + "gone"),
)
Open = Callable[..., AppTest]


@pytest.fixture
def paid(tiny_study: Study) -> Study:
    study = replace(tiny_study, access=PAID)
    study.write()
    return study


@pytest.fixture
def visit(paid: Study, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> Iterator[Open]:
    """Open the participants' page as somebody who comes from the platform, or with a token."""
    monkeypatch.setattr(sys, "argv", ["streamlit", str(paid.folder)])
    st.cache_resource.clear()

    def visit(**parameters: str) -> AppTest:
        tab = AppTest.from_file(str(PACKAGE / "participants" / "app.py"), default_timeout=PATIENCE)
        for name, value in (parameters or {"PID": PERSON, "STUDY": "s"}).items():
            tab.query_params[name] = value
        return tab.run()

    yield visit
    st.cache_resource.clear()


def begin(tab: AppTest) -> str:
    for box in tab.checkbox:
        box.check()
    tab.run()
    tab.button(key="begin").click().run()
    token = tab.query_params["t"]
    return str(token[0] if isinstance(token, list) else token)


def shown(tab: AppTest) -> tuple[str, str]:
    """The code and the link back."""
    assert not tab.exception
    return tab.code[0].value, tab.get("link_button")[0].proto.url


def way_back(how: str) -> str:
    return f"https://example.org/back?who={PERSON}&how={how}"


def stored(study: Study) -> list[dict[str, str]]:
    with closing(Store(study.answers_path)) as store:
        return [dict(one.parameters) for one in store.arrivals()]


def take_part(study: Study, person: str | None, answers: int = 4) -> str:
    migrate(study.answers_path)
    arrival = {"PID": person, "STUDY": "s"} if person else {}
    with closing(Store(study.answers_path)) as store:
        agreement = Agreement("c" * 64, arrival=arrival)
        token = store.admit(agreement, reissue_after=timedelta(hours=2), registration=study.registration_sha256)
        listener = store.find(token)
        assert listener
        for trial in range(answers):
            store.present(listener.id, trial, study.clips[trial])
            store.record(listener.id, trial, Response("human"))
    return token


# --- the page: every ending ---


def test_who_completes_gets_the_code_and_the_way_back_also_after_a_reload(
    visit: Open, paid: Study, parts: Parts
) -> None:
    tab = visit()
    token = begin(tab)
    tab.button(key="volume-done").click().run()
    for number in range(4):
        parts.answer(tab, number, "human")
    assert shown(tab) == ("DONE", way_back("done"))
    assert shown(visit(t=token)) == ("DONE", way_back("done"))
    assert stored(paid) == [{"PID": PERSON, "STUDY": "s"}]


@pytest.mark.parametrize(("key", "code", "how"), [("no_consent", "NO", "no"), ("screened_out", "YOUNG", "young")])
def test_who_declines_or_is_too_young_goes_back_and_leaves_nothing(
    visit: Open, paid: Study, key: str, code: str, how: str
) -> None:
    tab = visit()
    tab.button(key=key).click().run()
    assert tab.title[0].value == "You are not taking part"
    assert shown(tab) == (code, way_back(how))
    assert stored(paid) == []
    with closing(Store(paid.answers_path)) as store:
        assert store.progress() == []


def test_who_comes_to_a_closed_or_full_study_goes_back(visit: Open, paid: Study) -> None:
    take_part(paid, None)
    replace(paid, access=PAID.model_copy(update={"full_at": 1})).write()
    st.cache_resource.clear()
    full = visit()
    assert "Enough people" in full.markdown[0].value
    assert shown(full) == ("CLOSED", way_back("closed"))
    with closing(Store(paid.answers_path)) as store:
        store.close_study()
    assert shown(visit()) == ("CLOSED", way_back("closed"))
    assert stored(paid) == []


def test_who_was_under_way_when_it_closed_goes_back(visit: Open, paid: Study) -> None:
    token = take_part(paid, PERSON, answers=1)
    with closing(Store(paid.answers_path)) as store:
        store.close_study()
    assert shown(visit(t=token)) == ("CLOSED", way_back("closed"))


def test_who_withdraws_goes_back_though_the_id_is_deleted(visit: Open, paid: Study) -> None:
    token = take_part(paid, PERSON, answers=1)
    tab = visit(t=token)
    tab.button(key="withdraw").click().run()
    tab.button(key="withdraw-yes").click().run()
    assert shown(tab) == ("GONE", way_back("gone"))
    assert tab.query_params["PID"] == PERSON, "a reload knows who comes"
    assert stored(paid) == []
    assert all(PERSON.encode() not in file.read_bytes() for file in paid.folder.glob("answers*"))


def test_without_codes_nobody_is_asked_why_they_leave(visit: Open, paid: Study) -> None:
    replace(paid, access=Access()).write()
    st.cache_resource.clear()
    tab = visit()
    assert not {"no_consent", "screened_out"} & {button.key for button in tab.button}
    begin(tab)
    assert stored(paid) == []


def test_consent_names_the_ids_and_their_last_day_after_which_none_is_stored(visit: Open, paid: Study) -> None:
    for day, kept in ((date(2999, 1, 1), 1), (date(2020, 1, 1), 0)):
        replace(paid, access=PAID.model_copy(update={"crowd_parameters_until": day})).write()
        st.cache_resource.clear()
        tab = visit()
        told = "\n".join(block.value for block in tab.markdown)
        assert "PID, STUDY" in told
        assert f"deleted on {day}" in told
        begin(tab)
        assert len(stored(paid)) == kept  # a newcomer after the day deletes those of before


# --- the organiser ---


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["clstm", "study", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return int(stopped.value.code or 0)

    return run


def test_payments_say_whom_to_pay_and_nothing_that_joins_them_to_answers(
    run: Callable[..., int], paid: Study, tmp_path: Path
) -> None:
    for person, answers in (("z", 4), (None, 4), ("=a", 1)):
        take_part(paid, person, answers)
    out = tmp_path / "payments.csv"
    assert run("payments", paid.folder, "--out", out) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text(encoding="utf-8").splitlines() == [
        "PID,STUDY,state,answered,trials",
        "'=a,s,under way,1,4",
        "z,s,complete,4,4",
    ]
    with closing(Store(paid.answers_path)) as store:
        assert ("payments", "2 participants") in [(one.event, one.detail) for one in store.journal()]
    assert run("payments", paid.folder, "--out", out) == 2


def test_a_study_that_stores_no_ids_has_no_payments(
    run: Callable[..., int], tiny_study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("payments", tiny_study.folder, "--out", tmp_path / "payments.csv") == 2
    assert "stores no ids" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "payments.csv").exists()


def test_nobody_with_an_id_makes_an_empty_table(paid: Study) -> None:
    found = payments(paid, [], [], datetime.now(UTC))
    assert list(found) == ["PID", "STUDY", "state", "answered", "trials"]
    assert found.empty


def test_ids_are_in_no_export_and_in_no_results(paid: Study) -> None:
    take_part(paid, PERSON)
    with closing(Store(paid.answers_path)) as store:
        assert all(PERSON not in made() for made in exports(paid, store).values())
        store.close_study()
        tables = results_exports(read_results(paid, store))
    assert isinstance(tables["codebook"], pd.DataFrame)
    assert all(PERSON not in table.to_csv() and "PID" not in table.to_csv() for table in tables.values())


def test_withdrawal_takes_the_platforms_id_and_no_other_parameter(
    run: Callable[..., int], paid: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    take_part(paid, PERSON)
    take_part(paid, "other")
    assert run("withdraw", paid.folder, "s") == 2  # all have it
    assert run("withdraw", paid.folder, PERSON) == 0
    assert "Withdrawals so far: 1" in capsys.readouterr().out
    assert stored(paid) == [{"PID": "other", "STUDY": "s"}]


def test_any_command_deletes_the_ids_once_their_day_has_come(run: Callable[..., int], paid: Study) -> None:
    take_part(paid, PERSON)
    assert run("status", paid.folder) == 0
    assert len(stored(paid)) == 1
    replace(paid, access=PAID.model_copy(update={"crowd_parameters_until": date(2020, 1, 1)})).write()
    assert run("status", paid.folder) == 0
    assert stored(paid) == []
    assert all(PERSON.encode() not in file.read_bytes() for file in paid.folder.glob("answers*"))


def test_ids_in_the_database_of_another_study_stay(run: Callable[..., int], paid: Study, tmp_path: Path) -> None:
    take_part(paid, PERSON)
    other = replace(
        paid, registration_sha256="0" * 64, access=PAID.model_copy(update={"crowd_parameters_until": date(2020, 1, 1)})
    )
    other.write()
    run("status", paid.folder)
    assert len(stored(paid)) == 1


# --- blindness and configuration ---


def test_a_code_that_names_a_source_is_a_leak(paid: Study) -> None:
    revealing = names.revealing(paid, open_key(paid))
    assert names.in_study_file(read_study(paid.folder), revealing) == ""
    named = replace(paid, access=PAID.model_copy(update={"withdrawn": End(code="quokka-1")}))
    named.write()
    assert "uokka" in names.in_study_file(read_study(paid.folder), revealing)


def test_a_link_that_wants_what_is_not_stored_is_refused() -> None:
    wanting = {"access": {"closed": {"url": "https://example.org/?c={survey_code}"}}}
    with pytest.raises(UserError, match=r"closed names \{survey_code\}"):
        validated(wanting, "study.toml")
    wanting["access"]["crowd_parameters"] = ["survey_code"]  # type: ignore[assignment]
    assert validated(wanting, "study.toml").access.closed.url.endswith("{survey_code}")


def test_the_template_says_when_each_ending_is_shown() -> None:
    assert "# For those who withdraw\n[access.withdrawn]\n" in template()


def test_a_study_with_endings_is_read_back_as_it_was_written(paid: Study) -> None:
    until = PAID.model_copy(update={"crowd_parameters_until": date(2027, 3, 31)})
    replace(paid, access=until).write()
    assert read_study(paid.folder).access == until
