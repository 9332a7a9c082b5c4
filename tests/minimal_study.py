"""A small study without any music in it, made at once, for the tests that serve one."""

import secrets
from pathlib import Path

import numpy as np
import soundfile

from listening_study.protocol.configuration import Access, Consent, Design, Registration, Words
from listening_study.protocol.key import Key, Origin
from listening_study.protocol.order import Order, new_secret
from listening_study.protocol.registration import register
from listening_study.protocol.study import Study

RATE = 44100
HUMAN, SYSTEM, PIECE = "zebrafinch", "quokka", "wombat"  # occur nowhere else
NAMES = (HUMAN, SYSTEM, PIECE)


def write_study(
    folder: Path,
    *,
    each: int = 3,
    seconds: float = 1.0,
    design: Design | None = None,
    access: Access | None = None,
    noise: float = 0.001,
) -> Study:
    """A study of two sources with `each` clips of so many seconds. Loud noise makes clips as large as real ones."""
    generator = np.random.default_rng(0)
    design = design or Design()
    (folder / "clips").mkdir(parents=True)

    def clip(name: str = "") -> str:
        name = name or f"clips/{secrets.token_hex(8)}"
        samples = generator.normal(0, noise, (round(seconds * RATE), 2))
        soundfile.write(folder / f"{name}.flac", samples, RATE, subtype="PCM_16")
        return Path(name).name

    strata = tuple(tuple(clip() for _ in range(each)) for _ in range(2))
    catch = tuple(clip() for _ in range(design.catch))
    practice = tuple((clip(), "human") for _ in range(design.practice))
    clip("volume")
    origins = {
        name: Origin(source, f"{PIECE}-{number}.mid", 10.0, -23.0, 0.0)
        for source, stratum in zip((HUMAN, SYSTEM), strata, strict=True)
        for number, name in enumerate(stratum)
    }
    aside = {name: Origin(HUMAN, f"{PIECE}-practice.mid", 10.0, -23.0, 0.0) for name, _ in practice}
    key = Key(HUMAN, (HUMAN, SYSTEM), dict.fromkeys((HUMAN, SYSTEM), 0), origins, aside)
    study = Study(
        folder=folder,
        title="A wired study",
        created="2026-01-01T00:00:00+00:00",
        seed=1,
        seconds=seconds,
        clips=tuple(sorted(origins)),
        sources=len(strata),
        key_sha256=key.seal(folder / "sealed" / "key.json"),
        registration_sha256=register(HUMAN, (HUMAN, SYSTEM), Registration()).write(folder / "registration.json"),
        order_sha256=Order(new_secret(), strata, practice).seal(folder / "order.json"),
        sound={},
        design=design,
        consent=Consent(institution="An institute", contact="someone@example.org"),
        access=access or Access(admissions=0),
        words=Words(languages=("en", "de")),
        catch=catch,
        practice=tuple(sorted(clip for clip, _ in practice)),
        headphones=tuple((clip(f"headphones-{number}"), 1 + number % 3) for number in (1, 2, 3)),
    )
    study.write()
    return study
