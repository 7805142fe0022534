"""`faceparse ablate` trains every row of the winner's ablations and writes their table; what is finished is kept."""

import csv
import json

import pytest

from faceparse.recipes import RECIPES
from faceparse.recipes.ablation import GRID
from stand_ins import exit_code

SMALL = """--steps 2 --batch-size 2 --image-size 64 --store-size 64 --eval-every 2 --save-every 2 --log-every 1
    --model.depths 1 1 1 1 --model.width 4 --model.channels 8 --model.detail-channels 4 --model.auxiliary-channels 4"""


def ablate(data, out, *more):
    return exit_code("ablate", "deeplabv3plus_r50", "--data", data, "--out", out, *SMALL.split(), *more)


@pytest.fixture(scope="module")
def grid(made_faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("ablation")
    assert ablate(made_faces, out) == 0
    return out


def table(out):
    return {row["row"]: row for row in json.loads((out / "table.json").read_text())}


def test_every_row_of_the_grid_is_trained_and_scored(grid):
    rows = table(grid)
    assert list(rows) == [row.name for row in GRID]
    for row in GRID:
        assert rows[row.name]["state"] == "finished"
        assert 0 <= rows[row.name]["miou_2022"] <= 1
        config = json.loads((grid / row.name / "config.json").read_text())
        assert config["loss"]["lovasz"] == row.loss.lovasz
        assert config["augment"]["rotation"] == row.augment.rotation
    with (grid / "table.csv").open() as file:
        assert [line["row"] for line in csv.DictReader(file)] == list(rows)


def test_the_table_has_the_reports_figures_beside_ours(grid):
    text = (grid / "table.md").read_text()
    assert "| 78.40 | +1.52 |" in text  # the best loss against plain cross-entropy, as reported
    assert "| 77.88 | +0.73 |" in text  # 25° against no augmentation
    ours = table(grid)["weighted-ce-lovasz-1-2"]["miou_2022"]
    assert f"| weighted-ce-lovasz-1-2 | {100 * ours:.2f} |" in text


def test_no_two_rows_train_the_same_but_for_the_one_that_both_tables_share():
    seen = {}
    for row in GRID:
        seen.setdefault((row.augment, row.loss), []).append(row.name)
    assert [names for names in seen.values() if len(names) > 1] == [["mild-jitter", "weighted-ce"]]


def test_finished_rows_are_kept_and_missing_ones_trained(grid, made_faces, tmp_path, capfd):
    out = tmp_path / "some"
    assert ablate(made_faces, out, "--rows", "none,ce") == 0
    log = (out / "ce" / "log.txt").read_text()
    assert [name for name, row in table(out).items() if row["state"] == "finished"] == ["none", "ce"]
    assert table(out)["high-weights"]["state"] == "not begun"
    assert ablate(made_faces, out, "--rows", "none,ce,high-weights") == 0
    assert (out / "ce" / "log.txt").read_text() == log
    assert [name for name, row in table(out).items() if row["state"] == "finished"] == ["none", "ce", "high-weights"]
    for name in ("ce", "none", "high-weights"):  # a row is the same whether it was trained alone or among all
        assert table(out)[name] == table(grid)[name]


def test_rows_of_another_budget_are_not_mixed(grid, made_faces, capsys):
    assert ablate(made_faces, grid, "--rows", "ce", "--seed", "5") == 2
    assert "cannot resume with another configuration: seed 0 against 5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--rows", "high-wieghts"), "unknown row 'high-wieghts'; did you mean 'high-weights'?"),
        (("--loss.lovasz", "1"), "unknown field 'loss.lovasz'"),
        (("--steps", "0"), "steps is 0"),
    ],
)
def test_mistakes_are_told(more, told, made_faces, tmp_path, capsys):
    assert ablate(made_faces, tmp_path / "out", *more) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_row_that_fails_is_told_in_the_table_and_the_others_are_trained(made_faces, tmp_path, monkeypatch):
    from faceparse import train as training
    from faceparse.errors import FaceparseError

    train = training.train

    def failing(config, *arguments, **options):
        if config.loss.focal:
            raise FaceparseError("the loss is nan at step 1")
        return train(config, *arguments, **options)

    monkeypatch.setattr(training, "train", failing)
    assert ablate(made_faces, tmp_path, "--rows", "ce,weighted-ce-focal,weighted-ce") == 1
    assert table(tmp_path)["weighted-ce-focal"]["state"] == "the loss is nan at step 1"
    assert table(tmp_path)["weighted-ce"]["state"] == "finished"
    assert "| weighted-ce-focal | the loss is nan at step 1 |" in (tmp_path / "table.md").read_text()


def test_the_grid_is_the_reports():
    assert [row.reported for row in GRID if row.group == "augmentation"] == [
        77.15, 77.33, 77.20, 77.77, 77.88, 77.47, 77.31, 77.85
    ]  # fmt: skip
    assert [row.reported for row in GRID if row.group == "loss"] == [
        76.88, 77.33, 78.22, 77.92, 78.40, 77.10, 77.08, 77.27, 76.83
    ]  # fmt: skip
    base = RECIPES["deeplabv3plus_r50_ablation"]()
    assert (base.steps, base.batch_size, base.optimizer.kind, base.optimizer.learning_rate) == (20_000, 4, "sgd", 0.01)
    best = next(row for row in GRID if row.name == "weighted-ce-lovasz-1-2")
    assert best.config(base) == base


WEIGHTED = (0.95, 0.95, 0.95, 1, 1, 1, 1.05, 1.05, 1.05, 1.05, 1, 1, 1, 0.95, 1.05, 1.5, 2, 1, 1.05)
HIGH = (0.9, 0.9, 0.9, 1, 1, 1, 1.1, 1.1, 1.1, 1.1, 1, 1, 1, 0.9, 1.1, 2, 4, 1, 1.1)


def test_each_row_changes_what_the_report_changed():
    """Losses: weights of cross-entropy, Lovász, focal, Dice, auxiliary. Augmentation: colours, angle, holes."""
    losses = {row.name: row.loss for row in GRID if row.group == "loss"}
    terms = {
        name: (loss.cross_entropy, loss.lovasz, loss.focal, loss.dice, loss.auxiliary) for name, loss in losses.items()
    }
    assert terms == {
        "ce": (1, 0, 0, 0, 0.4),
        "weighted-ce": (1, 0, 0, 0, 0.4),
        "weighted-ce-lovasz-2-1": (1, 0.5, 0, 0, 0.4),
        "weighted-ce-lovasz-1-1": (1, 1, 0, 0, 0.4),
        "weighted-ce-lovasz-1-2": (1, 2, 0, 0, 0.4),
        "weighted-ce-focal": (1, 0, 1, 0, 0.4),
        "weighted-ce-focal-dice": (1, 0, 1, 1, 0.4),
        "high-weights": (1, 0, 0, 0, 0.4),
        "auxiliary-1-1": (1, 0, 0, 0, 1),
    }
    weights = {name: loss.class_weights for name, loss in losses.items()}
    assert weights == dict.fromkeys(losses, WEIGHTED) | {"ce": (), "high-weights": HIGH}
    assert losses["weighted-ce-focal"].focal_gamma == 3
    rows = {row.name: row.augment for row in GRID if row.group == "augmentation"}
    colours = {name: (a.color_probability, a.brightness, a.contrast, a.hue) for name, a in rows.items()}
    mild = (0.5, 16, (0.75, 1.25), 18)  # its hue of 9 is of 180
    assert {name: c for name, c in colours.items() if c != mild} == {
        "none": (0, *mild[1:]), "full-jitter": (0.5, 32, (0.5, 1.5), 36)
    }  # fmt: skip
    assert {name: a.rotation for name, a in rows.items() if a.rotation} == {
        "mild-rotate-15": 15, "mild-rotate-25": 25, "mild-rotate-35": 35,
        "mild-rotate-25-small-cutout": 25, "mild-rotate-25-big-cutout": 25,
    }  # fmt: skip
    assert {a.rotation_probability for a in rows.values() if a.rotation} == {0.5}
    assert all((a.outside, a.flip, a.crop) == ("background", 0, False) for a in rows.values())
    small, big = rows["mild-rotate-25-small-cutout"], rows["mild-rotate-25-big-cutout"]
    assert (small.cutout, small.cutout_holes, small.cutout_sides) == (0.3, (1, 2), (32 / 512, 48 / 512))
    assert (big.cutout, big.cutout_holes, big.cutout_sides) == (0.5, (1, 3), (32 / 512, 64 / 512))
