"""MAESTRO is downloaded once, whole or not at all, and keeps its own splits."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus import maestro
from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.music.midi import read_midi
from clstm.music.score import encode
from clstm.runtime.errors import UserError

COLUMNS = "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"
ROWS = [
    'Anna,"Sonata, Op. 1",train,2004,2004/one.midi,2004/one.wav,30.0',
    'Anna,"Sonata, Op. 1",train,2006,2006/again.midi,2006/again.wav,30.0',
    "Béla,Étude,validation,2004,2004/two.midi,2004/two.wav,30.0",
    "Béla,Walzer,test,2004,2004/three.midi,2004/three.wav,30.0",
    "Cora,Lied,test,2004,2004/broken.midi,2004/broken.wav,30.0",
]


def zipped(eight_pieces: Path, rows: list[str] = ROWS) -> bytes:
    """A tiny MAESTRO."""
    data = io.BytesIO()
    with ZipFile(data, "w") as archive:
        archive.writestr("maestro-v3.0.0/maestro-v3.0.0.csv", "\n".join([COLUMNS, *rows]) + "\n")
        for number, name in enumerate(("2004/one", "2006/again", "2004/two", "2004/three", "2008/not in the index")):
            archive.write(eight_pieces / f"piece{number}.mid", f"maestro-v3.0.0/{name}.midi")
        archive.writestr("maestro-v3.0.0/2004/broken.midi", b"no music")
        archive.write(eight_pieces / "piece5.mid", "maestro-v3.0.0/../../escaped.midi")
    return data.getvalue()


class Server:
    """Answers every request as told, and counts them. `whole` is what the archive should be."""

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        self.requests = 0
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda to: self.send(to, self.whole)

    @staticmethod
    def send(to: BaseHTTPRequestHandler, body: bytes, promised: int | None = None, status: int = 200) -> None:
        to.send_response(status)
        to.send_header("Content-Length", str(len(body) if promised is None else promised))
        to.end_headers()
        to.wfile.write(body)


@pytest.fixture
def server(eight_pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    told = Server(zipped(eight_pieces))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.requests += 1
            told.answer(self)

        def log_message(self, *args: object) -> None: ...

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(maestro, "URL", f"http://127.0.0.1:{listening.server_port}/maestro.zip")
    monkeypatch.setattr(maestro, "SHA256", hashlib.sha256(told.whole).hexdigest())
    monkeypatch.setattr(maestro, "archive_path", lambda: tmp_path / "cache" / "maestro.zip")
    yield told
    listening.shutdown()
    thread.join()
    listening.server_close()


def kept(tmp_path: Path) -> list[str]:
    """The names in the cache."""
    return [path.name for path in (tmp_path / "cache").glob("*")]


def test_a_corpus_has_the_pieces_of_its_index_with_their_splits(
    server: Server, eight_pieces: Path, tmp_path: Path
) -> None:
    corpus = prepare([maestro.SOURCE], tmp_path / "corpus", workers=1)
    assert corpus.pieces[["file", "split", "group"]].to_numpy().tolist() == [
        ["2004/one.midi", "train", "Anna: Sonata, Op. 1"],
        ["2006/again.midi", "train", "Anna: Sonata, Op. 1"],
        ["2004/two.midi", "valid", "Béla: Étude"],
        ["2004/three.midi", "test", "Béla: Walzer"],
    ]
    for piece in range(4):
        assert (corpus.matrix(piece) == encode(read_midi(eight_pieces / f"piece{piece}.mid"))).all()
    assert "2004/broken.midi,not a MIDI file" in (corpus.path / "rejected.csv").read_text()
    assert '"licence": "CC BY-NC-SA 4.0"' in (corpus.path / "corpus.json").read_text()


def test_it_is_downloaded_once_and_nothing_but_the_archive_is_kept(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        with maestro.performances(lambda *progress: told.append(progress)) as found:
            folder = found[0].path.parent
            assert len(found) == 5
    assert server.requests == 1
    assert told[-1] == ("Downloading, kB", len(server.whole) // 1000, len(server.whole) // 1000)
    assert kept(tmp_path) == ["maestro.zip"]
    assert not folder.exists()
    assert not list(tmp_path.rglob("escaped.midi"))


def test_the_licence_is_shown_before_the_download(server: Server, tmp_path: Path) -> None:
    server.answer = lambda to: server.send(to, b"", status=503)
    done = CliRunner().invoke(load_commands(), ["prepare", "maestro-v3", "--out", str(tmp_path / "corpus")])
    assert done.stdout.startswith("MAESTRO v3.0.0 (Hawthorne et al. 2019) is licensed CC BY-NC-SA 4.0")
    assert isinstance(done.exception, UserError)


def corrupted(server: Server, to: BaseHTTPRequestHandler) -> None:
    server.send(to, server.whole[:100] + b"!" + server.whole[101:])


def cut_off(server: Server, to: BaseHTTPRequestHandler) -> None:
    server.send(to, server.whole[:1000], promised=len(server.whole))


def cut_off_without_a_length(server: Server, to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    to.wfile.write(server.whole[:1000])


def gone(server: Server, to: BaseHTTPRequestHandler) -> None:
    server.send(to, b"moved", status=404)


def hung_up(server: Server, to: BaseHTTPRequestHandler) -> None:
    to.connection.close()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (corrupted, "download is damaged, its SHA-256 is not the published one"),
        (cut_off, "could not be downloaded: it broke off"),
        (cut_off_without_a_length, "download is damaged, its SHA-256 is not the published one"),
        (gone, "could not be downloaded: the server answers 404 Not Found"),
        (hung_up, "could not be downloaded: no connection"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_the_next_one_succeeds(
    server: Server,
    tmp_path: Path,
    failure: Callable[[Server, BaseHTTPRequestHandler], None],
    reason: str,
) -> None:
    whole, server.answer = server.answer, lambda to: failure(server, to)
    with pytest.raises(UserError, match=reason) as refused:
        prepare([maestro.SOURCE], tmp_path / "corpus", workers=1)
    assert f"run the command again, or fetch {maestro.URL} by hand and put it at {tmp_path}" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert kept(tmp_path) == []
    assert not (tmp_path / "corpus").exists()
    server.answer = whole
    assert maestro.download().read_bytes() == server.whole


def test_a_copy_fetched_by_hand_needs_no_network_and_a_wrong_one_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "maestro.zip").write_bytes(server.whole)
    maestro.download()
    assert server.requests == 0
    (tmp_path / "cache" / "maestro.zip").write_bytes(server.whole[:500])
    assert maestro.download().read_bytes() == server.whole
    assert server.requests == 1


def test_without_a_network_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(maestro, "URL", "http://127.0.0.1:1/maestro.zip")
    monkeypatch.setattr(maestro, "archive_path", lambda: tmp_path / "cache" / "maestro.zip")
    with pytest.raises(UserError, match=r"^MAESTRO could not be downloaded: no connection; run the command again, or"):
        prepare([maestro.SOURCE], tmp_path / "corpus")


def test_a_composition_in_two_splits_is_refused(
    server: Server, eight_pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.whole = zipped(eight_pieces, [*ROWS, "Béla,Walzer,train,2006,2004/one.midi,x.wav,1.0"])
    monkeypatch.setattr(maestro, "SHA256", hashlib.sha256(server.whole).hexdigest())
    with pytest.raises(UserError, match="group Béla: Walzer is in test and in train"):
        prepare([maestro.SOURCE], tmp_path / "corpus")


def test_it_stands_alone(server: Server, eight_pieces: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="maestro-v3 has splits of its own; give it alone, without --index"):
        prepare([maestro.SOURCE, str(eight_pieces)], tmp_path / "corpus")
    assert server.requests == 0


def test_what_is_downloaded_is_the_published_archive() -> None:
    assert maestro.URL == ("https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0-midi.zip")
    assert maestro.SHA256 == "70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c"
    assert maestro.archive_path().name == "maestro-v3.0.0-midi.zip"


def test_the_pedal_lengthens_its_notes_when_asked_to(server: Server, tmp_path: Path) -> None:
    corpus = Corpus.open(prepare([maestro.SOURCE], tmp_path / "corpus", pedal=True, workers=1).path)
    assert '"pedal": true' in (corpus.path / "corpus.json").read_text()
