"""The ledger counts what counts."""

from datetime import date, datetime

import pytest

from faceparse.challenge.ledger import record, tries, tries_left
from faceparse.challenge.rules import find_challenge
from faceparse.cli.main import run
from faceparse.errors import FaceparseError, UsageError


def _zip(folder, name):
    path = folder / name
    path.write_bytes(name.encode())
    return path


def test_2025_counts_cancelled_ones_and_no_failed_or_deleted_ones(tmp_path):
    ledger, challenge = tmp_path / "submissions.jsonl", find_challenge("2025")
    for number, outcome in enumerate(("uploaded", "failed", "cancelled", "packed", "deleted")):
        record(ledger, challenge, _zip(tmp_path, f"{number}.zip"), outcome)
    assert tries_left(challenge, tries(ledger, challenge)) == (8, None)
    record(ledger, challenge, tmp_path / "2.zip", "deleted")
    assert tries_left(challenge, tries(ledger, challenge)) == (9, None)
    assert tries_left(find_challenge("2022"), tries(ledger, find_challenge("2022")))[0] == 100


def test_2022_counts_the_day_of_the_upload_even_if_the_score_comes_later(tmp_path):
    ledger, challenge = tmp_path / "submissions.jsonl", find_challenge("2022")
    day, next_day = datetime(2022, 3, 1, 23, 0), datetime(2022, 3, 2, 1, 0)
    for number in range(10):
        record(ledger, challenge, _zip(tmp_path, f"{number}.zip"), "uploaded", now=day)
    record(ledger, challenge, tmp_path / "3.zip", "uploaded", 78.2, now=next_day)
    made = tries(ledger, challenge)
    assert tries_left(challenge, made, date(2022, 3, 1)) == (90, 0)
    assert tries_left(challenge, made, date(2022, 3, 2)) == (90, 10)
    assert made[3].score == 78.2


def test_the_command_tells_scores_and_what_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _zip(tmp_path, "a.zip")
    assert run(["submit", "tries", "2025", "a.zip", "--score", "0.81"]) == 0
    assert run(["submit", "tries", "2025", "a.zip", "--outcome", "cancelled"]) == 0
    assert run(["submit", "tries", "2025"]) == 0
    said = capsys.readouterr().out
    assert "0.81" in said
    assert "left: 9" in said
    with pytest.raises(UsageError, match="no such ledger"):
        run(["submit", "tries", "2025", "--ledger", "none.jsonl"])
    (tmp_path / "submissions.jsonl").write_text('{"year": 1}\n')
    with pytest.raises(FaceparseError, match="not a ledger"):
        run(["submit", "tries", "2025"])
