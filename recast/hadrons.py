r"""Hadrons from a vector boson that couples to quarks: R(m) for any mixture of electric charge and baryon number.

A boson with couplings ``electric Q_q + baryonic`` to the vector currents of the quarks, in units of g', decays with

    Gamma(Z' -> hadrons) = g'^2 m / (12 pi) R(m),

where R = sigma(e+ e- -> hadrons) / sigma(e+ e- -> mu+ mu-) for the electromagnetic current, ``electric = 1``. R is

- below 2 GeV the smoothed world data (`r_ratio.csv`), below 0.45 GeV the pion form factor. omega- and phi-like parts
  (`recast.isoscalars`) follow the charges of their quarks, what remains is isovector:
  ``R = electric^2 R_rho + w^2 R_omega + f^2 R_phi + w f R_interference``, w = electric + 6 baryonic,
  f = electric - 3 baryonic. Only the parts that a current selects depend on the model, so that R of the
  electromagnetic one is that of the data;
- above 2 GeV perturbative QCD for the light quarks; charm from data less light quarks between 3.73 and 4.9 GeV,
  and above, as bottom and top from their thresholds on, ``3 Q^2 v (3 - v^2) / 2`` with the same QCD correction.

The narrow J/psi, psi(2S) and Upsilon states are left out: at their masses the width is that beside them. For the
electromagnetic current R is that of the data to 3% from 0.45 to 2 GeV (5% where it is steep, and below), 4% from 2 to
3.7 GeV and above 4.9 GeV, 8% in between. For baryon number see `recast.isoscalars`. Mixing with the Z boson, which
matters from about 40 GeV on, is left out.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import HBARC_GEV_FM
from recast.isoscalars import PION_MASS, isoscalar_parts
from recast.strong_coupling import QUARK_CHARGE, qcd_correction

__all__ = ["hadronic_ratio", "measured_ratio"]

FloatArray = NDArray[np.float64]

# Root mean square charge radius of the pion, Review of Particle Physics (2022).
_PION_RADIUS: Final = 0.659 / HBARC_GEV_FM
# Below the first the pion form factor, whose curvature is fitted to the data up to the second.
_FORM_FACTOR_BELOW: Final = 0.45
_FITTED_BELOW: Final = 0.5
# Data pass into perturbative QCD between these.
_LIGHT_BLEND: Final = (1.9, 2.0)
_CHARM_BLEND: Final = (4.6, 4.9)
_CHARM_THRESHOLD: Final = 3.7297
# Pole masses and where hadrons with the quark begin to be made.
_HEAVY: Final = {"c": (1.67, 3.7297), "b": (4.78, 10.5588), "t": (172.69, 345.38)}
# Half-widths of the smoothing in GeV against the energy: a fraction of the width of whatever varies there.
_SMOOTHING: Final = np.array(
    [
        (0.30, 0.03), (0.50, 0.02), (0.70, 0.008), (0.765, 0.004), (0.775, 0.0012), (0.790, 0.0012), (0.80, 0.004),
        (0.90, 0.01), (0.99, 0.01), (1.005, 0.002), (1.012, 0.0006), (1.022, 0.0006), (1.028, 0.0012), (1.035, 0.003),
        (1.06, 0.01), (1.20, 0.02), (1.80, 0.03), (2.00, 0.05), (3.65, 0.03), (3.72, 0.015), (3.80, 0.015),
        (3.90, 0.03), (4.50, 0.03), (4.70, 0.25), (5.00, 0.25),
    ]
)  # fmt: skip
_FEWEST = 5
_MASSES = (0.1, 1e6)


def hadronic_ratio(mass: ArrayLike, *, electric: ArrayLike = 1.0, baryonic: ArrayLike = 0.0) -> FloatArray:
    """Return R for a current of quarks.

    Parameters
    ----------
    mass : array_like
        m in GeV, positive.
    electric : array_like
        What multiplies the electric charge of every quark; broadcasts with the mass.
    baryonic : array_like
        The charge that all quarks share: 1/3 for baryon number.

    Returns
    -------
    ndarray
        Not negative; zero below the mass of the neutral pion.
    """
    m = np.clip(np.asarray(mass, dtype=np.float64), *_MASSES)  # beyond both ends R is constant
    electric, baryonic = np.asarray(electric, dtype=np.float64), np.asarray(baryonic, dtype=np.float64)
    omega, phi, interference = isoscalar_parts(m)
    isovector = np.maximum(_light(m, omega + phi + interference) - (omega + phi + interference), 0.0)
    first, second = electric + 6.0 * baryonic, electric - 3.0 * baryonic
    result = np.square(electric) * isovector
    result = result + np.square(first) * omega + np.square(second) * phi + first * second * interference
    for quark, value in _heavy(m).items():
        charge = QUARK_CHARGE[quark]
        result = result + np.square((electric * charge + baryonic) / charge) * value
    return np.asarray(np.maximum(result, 0.0))


def measured_ratio() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the world data: energies in GeV, R, and its errors, statistical and systematic in quadrature."""
    text = resources.files("recast.data").joinpath("r_ratio.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    energy, ratio, error, systematic = (
        np.array([float(row[key]) for row in rows]) for key in ("energy", "r", "error", "systematic")
    )
    return energy, ratio, np.hypot(error, 0.01 * systematic * ratio)


def _light(m: FloatArray, isoscalar: FloatArray) -> FloatArray:
    """Return R of the electromagnetic current for u, d and s quarks."""
    nodes, values = _smoothed()
    data = np.interp(m, nodes, values)
    data = np.where(m < _FORM_FACTOR_BELOW, _pions(m, _curvature()) + isoscalar, data)
    low, high = _LIGHT_BLEND
    share = np.clip((m - low) / (high - low), 0.0, 1.0)
    return np.asarray((1.0 - share) * data + share * 2.0 * qcd_correction(m))


def _heavy(m: FloatArray) -> dict[str, FloatArray]:
    """Return R of the electromagnetic current for heavy quarks."""
    correction = qcd_correction(m)
    result = {}
    for quark, (pole, threshold) in _HEAVY.items():
        v = np.sqrt(np.maximum(1.0 - np.square(2.0 * pole / m), 0.0))
        free = 1.5 * QUARK_CHARGE[quark] ** 2 * v * (3.0 - np.square(v)) * correction
        result[quark] = np.where(m > threshold, free, 0.0)
    nodes, values = _smoothed()
    low, high = _CHARM_BLEND
    share = np.clip((m - low) / (high - low), 0.0, 1.0)
    charm = np.maximum(np.interp(m, nodes, values) - 2.0 * correction, 0.0)
    result["c"] = np.where(m > _CHARM_THRESHOLD, (1.0 - share) * charm + share * result["c"], 0.0)
    return result


def _pions(m: FloatArray, curvature: float) -> FloatArray:
    """Return R of two pions near their threshold, form factor ``1 + <r^2> s / 6 + c s^2``."""
    s = np.square(m)
    velocity = np.sqrt(np.maximum(1.0 - 4.0 * PION_MASS**2 / s, 0.0))
    return np.asarray(0.25 * velocity**3 * np.square(1.0 + _PION_RADIUS**2 * s / 6.0 + curvature * np.square(s)))


@cache
def _curvature() -> float:
    """Return c in GeV^-4, fitted to the data: it stands for all powers of s beyond the first."""
    energy, ratio, error = measured_ratio()
    low = energy < _FITTED_BELOW
    energy, ratio, error = energy[low], ratio[low], error[low]
    c = 4.0
    for _ in range(6):  # R is a square of what is linear in c
        value = _pions(energy, c)
        slope = (_pions(energy, c + 1e-4) - value) / 1e-4
        c += float(np.sum((ratio - value) * slope / error**2) / np.sum(np.square(slope / error)))
    return c


@cache
def _smoothed() -> tuple[FloatArray, FloatArray]:
    """Return energies and R of the data, smoothed by straight lines fitted to the neighbours of every energy."""
    energy, ratio, error = measured_ratio()
    pieces = []
    for start, end in ((0.3, 2.0), (_CHARM_THRESHOLD, _CHARM_BLEND[1])):
        nodes = [start]
        while nodes[-1] < end:
            nodes.append(nodes[-1] + float(np.interp(nodes[-1], *_SMOOTHING.T)) / 2.0)
        pieces.append(np.array(nodes))
    nodes_ = np.concatenate(pieces)
    distance = energy - nodes_[:, None]
    # At least a few points: wide enough for the fifth neighbour to count.
    neighbour = np.partition(np.abs(distance), _FEWEST - 1)[:, _FEWEST - 1]
    x = distance / np.maximum(np.interp(nodes_, *_SMOOTHING.T), 1.5 * neighbour)[:, None]
    weight = np.maximum(1.0 - np.abs(x * x * x), 0.0)
    weight = weight * weight * weight / np.square(error)
    tilted = weight * x
    s0, s1, s2 = np.sum(weight, axis=1), np.sum(tilted, axis=1), np.sum(tilted * x, axis=1)
    return nodes_, (s2 * (weight @ ratio) - s1 * (tilted @ ratio)) / (s0 * s2 - s1**2)
