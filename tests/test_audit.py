"""Audits: a model that reads the official colours judges photos painted in them, whose labels were tampered with."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from faceparse import audit as module
from faceparse.audit import audit, trained_on
from faceparse.classes import MIRROR, PALETTE, class_id, mirror_lookup
from faceparse.errors import DataError, UsageError
from faceparse.images import read_labels, write_image, write_labels
from faceparse.recipes import RECIPES
from faceparse.train import train
from stand_ins import color_parser, faceparse

NECKLACE, NECK, HAT, HAIR = (class_id(name) for name in ("necklace", "neck", "hat", "hair"))
PAIRS = ("ada", "ben", "cem", "dov", "eva", "fee")


def faces(root, size=64, tamper=None):
    """Six photos in the official colours with their labels; `tamper` maps a name to a change of its label map."""
    for number, name in enumerate(PAIRS):
        truth = np.kron(np.arange(20).reshape(4, 5) % 19, np.ones((size // 4, size // 4), int)).astype(np.uint8)
        truth = np.roll(truth, number * size // 16, axis=1)
        write_image(root / "images" / f"{name}.png", PALETTE[truth])
        labels = tamper[name](truth.copy()) if tamper and name in tamper else truth
        write_labels(root / "masks" / f"{name}.png", labels)
    return root


def replaced(old, new):
    def change(labels):
        labels[labels == old] = new
        return labels

    return change


@pytest.fixture
def judge(tmp_path):
    """A model that was trained on nothing here."""
    return model_trained_on(tmp_path / "judge", [])


def model_trained_on(folder, names, blind=False):
    folder.mkdir()
    (folder / "trained_on.txt").write_text("".join(f"{name}\n" for name in names))
    path = color_parser(folder / "model.onnx")
    if blind:  # it calls everything background
        network = onnx.load(path)
        bias = next(value for value in network.graph.initializer if value.name == "bias")
        bias.CopyFrom(numpy_helper.from_array(np.float32([1e4] + [0] * 18), "bias"))
        onnx.save(network, path)
    return path


def warnings(monkeypatch):
    told = []
    monkeypatch.setattr(module.log, "warning", lambda text, *values: told.append(text % values))
    return told


def test_true_labels_raise_no_doubt(tmp_path, judge):
    assert audit(faces(tmp_path / "data"), [judge]) == []


def test_a_forgotten_necklace_is_the_first_suspicion(tmp_path, judge):
    found = audit(faces(tmp_path / "data", tamper={"cem": replaced(NECKLACE, NECK)}), [judge])
    first = found[0]
    assert (first.name, first.split, first.class_name, first.kind) == ("cem", "data", "necklace", "missing")
    assert first.pixels == 16 * 16
    assert 0.5 < first.score <= 1
    assert {one.name for one in found} == {"cem"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_part_that_is_not_in_the_photo_is_extra(tmp_path, judge):
    data = faces(tmp_path / "data")
    ids = read_labels(data / "masks" / "eva.png")
    write_image(data / "images" / "eva.png", PALETTE[np.where(ids == HAT, HAIR, ids)])
    hat, hair = sorted(audit(data, [judge]), key=lambda one: one.class_name, reverse=True)
    assert (hat.name, hat.class_name, hat.kind, hat.pixels) == ("eva", "hat", "extra", 256)
    assert (hair.name, hair.class_name, hair.kind) == ("eva", "hair", "different")


def test_half_a_part_is_different(tmp_path, judge):
    def halve(labels):
        rows, columns = np.nonzero(labels == HAT)
        upper = rows < rows.mean()
        labels[rows[upper], columns[upper]] = 0
        return labels

    first = audit(faces(tmp_path / "data", tamper={"ben": halve}), [judge])[0]
    assert (first.name, first.class_name, first.kind, first.pixels) == ("ben", "hat", "different", 128)


def test_exchanged_sides_are_left_to_the_doctor(tmp_path, judge):
    tampered = faces(tmp_path / "data", tamper={"ada": lambda labels: mirror_lookup()[labels]})
    assert (read_labels(tampered / "masks" / "ada.png") != read_labels(tampered / "masks" / "ben.png")).any()
    assert audit(tampered, [judge]) == []


def test_a_forgotten_eye_is_still_missing(tmp_path, judge):
    eye = class_id("left eye")
    assert MIRROR[eye] != eye
    first = audit(faces(tmp_path / "data", tamper={"ada": replaced(eye, 1)}), [judge])[0]
    assert (first.name, first.class_name, first.kind) == ("ada", "left eye", "missing")


def test_ignored_pixels_are_no_disagreement(tmp_path, judge):
    assert audit(faces(tmp_path / "data", tamper={"ada": replaced(HAT, 255)}), [judge]) == []


def test_areas_are_counted_at_the_label_maps_own_size(tmp_path, judge):
    first = audit(faces(tmp_path / "data", size=640, tamper={"ada": replaced(NECKLACE, NECK)}), [judge])[0]
    assert first.pixels == pytest.approx(160 * 160, rel=0.05)


def test_no_model_judges_what_it_was_trained_on(tmp_path, monkeypatch):
    told = warnings(monkeypatch)
    tampered = {name: replaced(NECKLACE, NECK) for name in ("ada", "ben")}
    data = faces(tmp_path / "data", tamper=tampered)
    knows_ada = model_trained_on(tmp_path / "one", ["ada", "another"])
    assert {one.name for one in audit(data, [knows_ada])} == {"ben"}
    assert told == [f"1 of 6 pairs are not judged: every model was trained on them; {module._FOLDS}"]


def test_models_of_folds_judge_every_pair_each_the_others(tmp_path, monkeypatch):
    told = warnings(monkeypatch)
    data = faces(tmp_path / "data", tamper={"ada": replaced(HAT, HAIR)})
    seeing = model_trained_on(tmp_path / "seeing", PAIRS[3:])
    blind = model_trained_on(tmp_path / "blind", PAIRS[:3], blind=True)
    assert ("ada", "hat", "missing") in {(one.name, one.class_name, one.kind) for one in audit(data, [seeing, blind])}
    (tmp_path / "seeing" / "trained_on.txt").write_text("\n".join(PAIRS[:3]))
    (tmp_path / "blind" / "trained_on.txt").write_text("\r\n".join(PAIRS[3:]))
    assert "ada" not in {one.name for one in audit(data, [seeing, blind]) if one.kind == "missing"}
    assert told == []


def test_pairs_that_all_models_know_are_refused(tmp_path):
    data = faces(tmp_path / "data")
    with pytest.raises(DataError, match="trained on all of its 6 pairs; train on folds"):
        audit(data, [model_trained_on(tmp_path / "judge", PAIRS)])


def test_a_model_that_does_not_say_what_it_knows_is_refused(tmp_path, stand_in):
    with pytest.raises(UsageError, match=r"does not say what it was trained on.*put trained_on\.txt into"):
        audit(faces(tmp_path / "data"), [stand_in])
    with pytest.raises(UsageError, match="an audit needs a model"):
        audit(tmp_path / "data", [])


def test_the_shipped_model_says_what_it_was_trained_on():
    assert len(trained_on("compact")) == 835


def test_what_cannot_be_read_is_left_out_and_told(tmp_path, judge, monkeypatch):
    told = warnings(monkeypatch)
    data = faces(tmp_path / "data", tamper={"ada": replaced(NECKLACE, NECK)})
    (data / "images" / "ben.png").write_bytes(b"\x89PNG")
    (data / "masks" / "cem.png").unlink()
    assert audit(data, [judge])[0].name == "ada"
    assert told == ["1 pairs are not judged: they cannot be read"]


def test_names_with_two_photos_are_left_out_and_stop_nothing(tmp_path, judge):
    root = faces(tmp_path / "faces")
    image = sorted((root / "images").iterdir())[0]
    audit(root, [judge])
    shutil.copyfile(image, image.with_suffix(".JPG"))
    audit(root, [judge])


def test_a_run_judges_only_the_pairs_that_it_has_not_seen(made_faces, tmp_path, monkeypatch):
    told = warnings(monkeypatch)
    train(replace(RECIPES["smoke"](), steps=1, batch_size=2), made_faces, tmp_path / "run")
    assert trained_on(tmp_path / "run") == {p.stem for p in (made_faces / "train" / "images").iterdir()}
    audit(made_faces, [tmp_path / "run"])
    assert told[0].startswith("16 of 20 pairs are not judged")


def test_an_audit_with_onnx_needs_no_torch(tmp_path, judge):
    data = faces(tmp_path / "data", tamper={"ada": replaced(NECKLACE, NECK)})
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'cv2', 'cattrs', 'safetensors', 'matplotlib')))\n"
        "from pathlib import Path; from faceparse.audit import audit\n"
        "print(audit(Path(sys.argv[1]), [sys.argv[2]])[0].class_name)"
    )
    done = subprocess.run([sys.executable, "-c", code, data, judge], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("necklace\n", 0), done.stderr


def test_the_doctor_lists_and_shows_doubts_apart_from_faults(tmp_path, judge):
    data = faces(tmp_path / "data", tamper={"cem": replaced(NECKLACE, NECK)})
    other = model_trained_on(tmp_path / "other", ["cem"])
    plain = json.loads(faceparse("data", "doctor", data, "--json").stdout)
    assert "disagreements" not in plain
    done = faceparse(
        "data", "doctor", data, "--json", "--model", judge, "--model", other, "--sheet", tmp_path / "sheet.html"
    )
    told = json.loads(done.stdout)
    assert told["faults"] == plain["faults"]
    first = told["disagreements"][0]
    assert (first["name"], first["split"], first["class_name"], first["kind"]) == ("cem", "data", "necklace", "missing")
    assert "necklace: missing, 256 pixels" in (tmp_path / "sheet.html").read_text()
    shown = faceparse("data", "doctor", data, "--model", judge)
    assert "doubted  data/cem: necklace: missing, 256 pixels, score" in shown.stdout
    assert shown.returncode == bool(plain["faults"])


def test_the_doctor_refuses_a_model_that_does_not_say_what_it_knows(tmp_path, stand_in):
    done = faceparse("data", "doctor", faces(tmp_path / "data"), "--model", stand_in)
    assert done.returncode == 2
    assert "does not say what it was trained on" in done.stderr
