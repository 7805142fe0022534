"""Who is in a made photo: every number that describes the person, drawn once and independent of the picture's size.

Lengths are in widths of the photo: the eye line of an upright head lies at Y = 0 with the eyes at X = ±0.122, the
mouth at Y = 0.254, the chin at 0.42; X runs to the image's right, Y down, Z towards the viewer. Ranges follow what was
measured on CelebAMask-HQ label maps: means and spreads of each part's place and size, and how often it is there.
"""

from dataclasses import dataclass

import numpy as np

from faceparse.data.synthetic.palettes import HAIR_TONES, LIP_TONES, SKIN_TONES, pick, random_color

EYE_X = 0.122
MOUTH_Y = 0.254


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The sampled parameters of one face; angles in radians, colours RGB in [0, 1]."""

    # pose
    yaw: float
    pitch: float
    roll: float
    # who
    feminine: bool
    old: float
    skin: np.ndarray
    width: float
    jaw: float
    chin: float
    depth: float
    neck: float
    ear: float
    # nose
    nose_width: float
    nose_length: float
    nose_height: float
    # eyes and brows
    eye_open: float
    eye_tilt: float
    eye_size: float
    gaze: tuple[float, float]
    iris: np.ndarray
    makeup: float
    shadow_color: np.ndarray
    brow_y: float
    brow_thick: float
    brow_arch: float
    brow_slope: float
    brow_color: np.ndarray
    brow_density: float
    # mouth
    mouth_width: float
    smile: float
    gap: float
    lip_upper: float
    lip_lower: float
    lip_color: np.ndarray
    lip_gloss: float
    teeth: bool
    # hair on the head and the face
    hair: str
    hair_color: np.ndarray
    hair_tip: np.ndarray
    hairline: float
    fringe: str
    part: float
    volume: float
    hair_length: float
    tucked: tuple[bool, bool]
    curl: float
    frizz: float
    beard: float
    beard_style: str
    # what is worn
    glasses: str
    hat: str
    hat_color: np.ndarray
    earrings: str
    necklace: str
    clothes: str
    cloth_color: np.ndarray
    occluder: str
    # every subject draws its small variation from its own generator, so that one does not shift another's
    seed: int

    def rng(self, subject: str) -> np.random.Generator:
        """The generator of one subject: `hair`, `backdrop`, ..."""
        return np.random.default_rng((self.seed, *subject.encode()))


def sample_scene(rng: np.random.Generator) -> Scene:
    """Draw a person. How often each style comes follows the data's counts."""
    feminine = bool(rng.random() < 0.62)
    old = float(rng.random() ** 3)
    skin = pick(rng, SKIN_TONES, spread=0.035, weights=(1.5, 3.2, 3.6, 2.8, 1.4, 0.8, 0.5, 0.2))
    grey = rng.random() < 0.4 * old
    hair_color = pick(
        rng, HAIR_TONES[7:9] if grey else HAIR_TONES[:7], spread=0.04, weights=None if grey else _hair_odds(skin)
    )
    if rng.random() < 0.015:
        hair_color = random_color(rng)
    style = _choose(rng, _STYLES_F if feminine else _STYLES_M)
    fringe = "none" if style in ("bald", "buzz", "updo", "receding") and rng.random() < 0.75 else _choose(rng, _FRINGES)
    smile = float(np.clip(rng.normal(0.45, 0.45), -0.4, 1.1))
    is_open = rng.random() < np.clip(0.25 + 0.75 * smile, 0.15, 0.9)
    makeup = float(rng.beta(1.6, 1.5)) if feminine else 0.0
    natural_lip = np.clip(skin * np.array([1.0, 0.76, 0.78]) + np.array([0.02, -0.03, 0.0]), 0.05, 0.95)
    painted = pick(rng, LIP_TONES, spread=0.05)
    lip_mix = float(rng.random() ** 1.3 * 0.9) if makeup > 0.2 else float(rng.random() * 0.12)
    occluder = _choose(rng, {"none": 0.9, "hand": 0.06, "microphone": 0.022, "object": 0.018})
    return Scene(
        yaw=float(np.clip(rng.normal(0.01, 0.13 if rng.random() < 0.42 else 0.42), -1.1, 1.1)),
        pitch=float(np.clip(rng.normal(0.0, 0.13), -0.4, 0.4)),
        roll=float(np.clip(rng.normal(0, 0.09), -0.3, 0.3)),
        feminine=feminine,
        old=old,
        skin=skin,
        width=float(rng.normal(1.0, 0.045)),
        jaw=float(np.clip(rng.normal(0.96 if feminine else 1.04, 0.06), 0.82, 1.16)),
        chin=float(rng.normal(0.415 if feminine else 0.43, 0.018)),
        depth=float(rng.normal(1.0, 0.04)),
        neck=float(rng.normal(0.16 if feminine else 0.19, 0.014)),
        ear=float(rng.normal(1.12, 0.12)),
        nose_width=float(np.clip(rng.normal(1.15, 0.11) + 0.18 * (0.6 - skin.mean()), 0.75, 1.4)),
        nose_length=float(rng.normal(1.0, 0.05)),
        nose_height=float(rng.normal(1.0, 0.15)),
        eye_open=float(np.clip(rng.normal(0.76, 0.18) - 0.14 * max(smile, 0), 0.28, 1.25)),
        eye_tilt=float(rng.normal(0.05, 0.06)),
        eye_size=float(rng.normal(1.06, 0.06)),
        gaze=(float(np.clip(rng.normal(0, 0.3), -0.7, 0.7)), float(np.clip(rng.normal(0, 0.12), -0.3, 0.3))),
        iris=pick(
            rng, _IRIS, spread=0.05, weights=(4, 3, 2, 2, 2, 1) if skin.mean() > 0.6 else (8, 3, 0.3, 0.1, 0.1, 0.1)
        ),
        makeup=makeup,
        shadow_color=np.clip(skin * rng.uniform(0.25, 0.75) * rng.uniform(0.85, 1.15, 3), 0, 1),
        brow_y=float(rng.normal(-0.066 + (0.006 if not feminine else 0), 0.011)),
        brow_thick=float(np.clip(rng.normal(0.0255 if feminine else 0.0315, 0.0065), 0.012, 0.052)),
        brow_arch=float(rng.normal(0.017 if feminine else 0.01, 0.007)),
        brow_slope=float(rng.normal(0.007, 0.007)),
        brow_color=np.clip(hair_color * rng.uniform(0.5, 0.95) + rng.normal(0, 0.02, 3), 0.02, 0.8),
        brow_density=float(rng.uniform(0.3, 0.85)),
        mouth_width=float(rng.normal(0.095, 0.006)),
        smile=smile,
        gap=float(np.clip(rng.gamma(3.0, 0.013), 0.006, 0.095)) if is_open else 0.0,
        lip_upper=float(np.clip(rng.normal(0.029, 0.007), 0.01, 0.05)),
        lip_lower=float(np.clip(rng.normal(0.043, 0.008), 0.018, 0.065)),
        lip_color=natural_lip * (1 - lip_mix) + painted * lip_mix,
        lip_gloss=float(rng.random() * (0.9 if makeup > 0.3 else 0.3)),
        teeth=bool(rng.random() < 0.88),
        hair=style,
        hair_color=hair_color,
        hair_tip=np.clip(hair_color * rng.uniform(0.7, 1.5), 0, 0.95),
        hairline=float(rng.normal(-0.282 if feminine else -0.288, 0.03)),
        fringe=fringe,
        part=float(np.clip(rng.normal(0, 0.11), -0.22, 0.22)),
        volume=float(np.clip(rng.normal(1.68, 0.45), 0.5, 2.6)),
        hair_length=float(rng.uniform(0.2, 0.8)),
        tucked=(bool(rng.random() < 0.2), bool(rng.random() < 0.2)),
        curl=float(rng.random() ** 2.5),
        frizz=float(rng.random() ** 2 * 0.25),
        beard=0.0 if feminine else float(max(0.0, rng.uniform(-0.5, 1.0))),
        beard_style=_choose(rng, {"full": 0.45, "goatee": 0.2, "moustache": 0.15, "chinstrap": 0.2}),
        glasses=_choose(rng, {"none": 0.94, "clear": 0.035, "sun": 0.017, "raised": 0.008}),
        hat=_choose(rng, {"none": 0.945, "beanie": 0.013, "cap": 0.017, "brim": 0.014, "band": 0.005, "beret": 0.006}),
        hat_color=random_color(rng) * rng.uniform(0.3, 1.0),
        earrings=_choose(rng, _EARRINGS_F if feminine else {"none": 0.95, "stud": 0.05}),
        necklace=_choose(
            rng,
            {"none": 0.94, "chain": 0.03, "beads": 0.02, "pendant": 0.015}
            if feminine
            else {"none": 0.98, "chain": 0.02},
        ),
        clothes=_choose(rng, _CLOTHES_F if feminine else _CLOTHES_M),
        cloth_color=np.clip(random_color(rng) * rng.uniform(0.1, 1.25), 0.02, 1),
        occluder=occluder,
        seed=int(rng.integers(2**62)),
    )


_STYLES_F = {"long": 0.6, "bob": 0.13, "updo": 0.13, "short": 0.05, "afro": 0.05, "curly": 0.04}
_STYLES_M = {
    "short": 0.52,
    "quiff": 0.14,
    "buzz": 0.1,
    "bald": 0.06,
    "receding": 0.07,
    "long": 0.05,
    "curly": 0.03,
    "afro": 0.03,
}
_FRINGES = {"none": 0.54, "full": 0.08, "side": 0.19, "curtain": 0.13, "wisps": 0.06}
_EARRINGS_F = {"none": 0.6, "stud": 0.12, "hoop": 0.08, "drop": 0.13, "chain": 0.07}
_CLOTHES_F = {"none": 0.48, "round": 0.22, "straps": 0.14, "collar": 0.1, "vneck": 0.12}
_CLOTHES_M = {"none": 0.14, "round": 0.28, "suit": 0.24, "collar": 0.2, "vneck": 0.07, "hood": 0.07}
_IRIS = np.array(
    [(0.2, 0.12, 0.07), (0.33, 0.21, 0.11), (0.42, 0.36, 0.2), (0.35, 0.48, 0.58), (0.45, 0.53, 0.56), (0.3, 0.42, 0.3)]
)


def _hair_odds(skin: np.ndarray) -> tuple[float, ...]:
    if skin.mean() > 0.62:
        return (1.5, 3.0, 3.0, 2.2, 2.2, 1.0, 0.9)
    return (6.0, 3.0, 1.0, 0.3, 0.15, 0.05, 0.1)


def _choose(rng: np.random.Generator, odds: dict[str, float]) -> str:
    shares = np.array(list(odds.values()))
    return list(odds)[int(rng.choice(len(shares), p=shares / shares.sum()))]
