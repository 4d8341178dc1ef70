r"""Electric form factors of nuclei and electromagnetic form factors of nucleons.

A charge density gives ``F(q) = Int r^2 j0(q r) rho(r) dr / Int r^2 rho(r) dr`` with ``Q2 = q^2``
(arXiv:1902.06765 Eq. A1).  Fourier-Bessel densities are integrated in closed form; Fermi and Gaussian
densities on Gauss-Legendre points.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from recast.constants import HBARC_GEV_FM, NEUTRON_MASS, PROTON_MASS
from recast.errors import RecastError, unknown

Array = NDArray[np.float64]
FormFactor = Callable[[Array], Array]

#: Parameterisations of a nucleus, in the order in which a default is looked for.
KINDS = ("fourier_bessel", "fermi3", "gauss3", "fermi2", "fermi2_lovseth", "fermi2_ballett", "exponential")

#: Names of the tabulated parameterisations in the tables of de Vries et al.
TABULATED = {"2pF": "fermi2", "3pF": "fermi3", "3pG": "gauss3"}


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("recast.trident").joinpath("data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@lru_cache
def fourier_bessel_densities() -> dict[str, tuple[float, Array]]:
    """Return radius (fm) and coefficients (e/fm^3) by nucleus, e.g. ``Ar40``."""
    table = {}
    for row in _rows("fourier_bessel.csv"):
        coefficients = [float(row[f"a{n}"]) for n in range(1, 18)]
        table[row["nucleus"]] = (float(row["R_fm"]), np.array(coefficients))
    return table


@lru_cache
def charge_densities() -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return ``(c, z, w)`` in fm, fm, 1 by nucleus and kind: ``fermi2``, ``fermi3`` or ``gauss3``."""
    rows = _rows("charge_densities.csv")
    return {(r["nucleus"], TABULATED[r["model"]]): (float(r["c"]), float(r["z"]), float(r["w"])) for r in rows}


def fourier_bessel(radius: float, coefficients: Array) -> FormFactor:
    """Form factor of ``rho(r) = sum_n a_n j0(n pi r / R)`` for ``r < R`` (arXiv:1902.06765 Eq. A4).

    Parameters
    ----------
    radius : float
        R in fm.
    coefficients : ndarray, shape (n,)
        ``a_n`` in any unit: the result is normalised to F(0) = 1.
    """
    n = np.arange(1, len(coefficients) + 1)
    sign = (-1.0) ** n
    poles = (n * np.pi) ** 2
    at_zero = -np.sum(coefficients * sign / poles)

    def form_factor(q2: Array) -> Array:
        x = np.sqrt(np.asarray(q2, dtype=float)) * (radius / HBARC_GEV_FM)
        # j0(x)/(x^2 - (n pi)^2) is finite at x = n pi: evaluate beside the pole, the function is smooth
        gap = x[..., None] ** 2 - poles
        near = np.abs(gap) < 1e-6 * poles
        x_safe = np.where(near, np.sqrt(poles * (1.0 + 1e-6)), x[..., None])
        terms = sign * np.sinc(x_safe / np.pi) / (x_safe**2 - poles)
        return np.asarray((terms @ coefficients) / at_zero)

    return form_factor


def _transform(density: Callable[[Array], Array], r_max: float) -> FormFactor:
    """Form factor of a density that is negligible beyond ``r_max`` (fm), on 200 Gauss-Legendre points."""
    x, weights = leggauss(200)
    r = 0.5 * r_max * (x + 1.0)
    charge = weights * r**2 * density(r)
    charge = charge / charge.sum()

    def form_factor(q2: Array) -> Array:
        q = np.sqrt(np.asarray(q2, dtype=float)) / HBARC_GEV_FM
        return np.asarray(np.sinc(q[..., None] * r / np.pi) @ charge)

    return form_factor


def fermi(c: float, z: float, w: float = 0.0) -> FormFactor:
    """Form factor of ``rho(r) = (1 + w r^2/c^2) / (1 + exp((r - c)/z))``, lengths in fm.

    Parameters
    ----------
    c, z : float
        Half-density radius and diffuseness in fm.
    w : float
        Third parameter.
    """
    return _transform(lambda r: (1.0 + w * (r / c) ** 2) / (1.0 + np.exp((r - c) / z)), c + 40.0 * z)


def gauss(c: float, z: float, w: float = 0.0) -> FormFactor:
    """Form factor of ``rho(r) = (1 + w r^2/c^2) / (1 + exp((r^2 - c^2)/z^2))``, lengths in fm.

    Parameters
    ----------
    c, z : float
        Radius and diffuseness in fm.
    w : float
        Third parameter.
    """
    return _transform(
        lambda r: (1.0 + w * (r / c) ** 2) / (1.0 + np.exp((r**2 - c**2) / z**2)), float(np.hypot(c, 7.0 * z))
    )


def exponential(nucleons: int) -> FormFactor:
    """``exp(-a^2 q^2 / 10)``, ``a = 1.3 fm A^(1/3)`` (arXiv:1902.06765 Eq. A3)."""
    a = 1.3 * nucleons ** (1.0 / 3.0) / HBARC_GEV_FM

    def form_factor(q2: Array) -> Array:
        return np.asarray(np.exp(-(a**2) * np.asarray(q2, dtype=float) / 10.0))

    return form_factor


def nuclear_form_factor(nucleus: str, nucleons: int, kind: str | None = None) -> FormFactor:
    """Return ``F(Q2)`` of a nucleus, ``Q2`` in GeV^2.

    Parameters
    ----------
    nucleus : str
        Name as in the density tables, e.g. ``Ar40``.
    nucleons : int
        Mass number, which sets the generic densities.
    kind : str, optional
        One of :data:`KINDS`; by default the first that has parameters for this nucleus.

    Raises
    ------
    UnknownNameError
        If the kind is not known.
    RecastError
        If no parameters are known for this nucleus.
    """
    kind = kind or default_kind(nucleus)
    if kind not in KINDS:
        raise unknown("form factor", kind, KINDS)
    cube_root = nucleons ** (1.0 / 3.0)
    if kind == "fermi2_lovseth":  # set of arXiv:1902.06765 Eq. A2 and its Ref. [2]
        return fermi(1.18 * cube_root - 0.48, 0.55)
    if kind == "fermi2_ballett":  # the set that its Refs. [16, 18] use
        return fermi(1.126 * cube_root, 0.523)
    if kind == "exponential":
        return exponential(nucleons)
    if kind == "fourier_bessel" and nucleus in fourier_bessel_densities():
        return fourier_bessel(*fourier_bessel_densities()[nucleus])
    if (nucleus, kind) in charge_densities():
        return (gauss if kind == "gauss3" else fermi)(*charge_densities()[nucleus, kind])
    available = ", ".join(k for k in KINDS if has_parameters(nucleus, k))
    msg = f"no {kind} charge density is known for {nucleus}; available: {available}"
    raise RecastError(msg)


def has_parameters(nucleus: str, kind: str) -> bool:
    """Tell whether a parameterisation can be evaluated for a nucleus."""
    if kind == "fourier_bessel":
        return nucleus in fourier_bessel_densities()
    return kind not in TABULATED.values() or (nucleus, kind) in charge_densities()


def default_kind(nucleus: str) -> str:
    """Return the parameterisation used when none is asked for: a fitted density if there is one."""
    return next(kind for kind in KINDS if has_parameters(nucleus, kind))


@dataclass(frozen=True)
class NucleonFormFactors:
    """Sachs form factors of one nucleon as functions of ``Q2`` in GeV^2."""

    name: str
    mass: float
    electric: FormFactor
    magnetic: FormFactor


MAGNETIC_MOMENT = {"proton": 2.793, "neutron": -1.913}

# arXiv:1902.06765 Table IV: (a; b1, b2, b3) of Eqs. (B1)-(B3)
_RATIONAL = {
    ("proton", "electric"): (-0.19, (11.12, 15.16, 21.25)),
    ("proton", "magnetic"): (1.09, (12.31, 25.57, 30.61)),
    ("neutron", "magnetic"): (8.28, (21.3, 77.0, 238.0)),
}

NUCLEON_KINDS = ("rational", "dipole")


def dipole(q2: Array) -> Array:
    """``(1 + Q2/0.71 GeV^2)^-2``."""
    return np.asarray((1.0 + np.asarray(q2, dtype=float) / 0.71) ** -2)


def nucleon_form_factors(nucleon: str, kind: str = "rational") -> NucleonFormFactors:
    """Return ``G_E`` and ``G_M`` of the proton or neutron.

    Parameters
    ----------
    nucleon : {"proton", "neutron"}
    kind : {"rational", "dipole"}
        The fit of arXiv:1902.06765 Table IV and Eq. (B4), or the dipole with a vanishing neutron
        electric form factor.

    Raises
    ------
    UnknownNameError
        If the kind is not known.
    """
    if kind not in NUCLEON_KINDS:
        raise unknown("nucleon form factor", kind, NUCLEON_KINDS)
    mass = PROTON_MASS if nucleon == "proton" else NEUTRON_MASS
    moment = MAGNETIC_MOMENT[nucleon]

    def tau(q2: Array) -> Array:
        return np.asarray(q2, dtype=float) / (4.0 * mass**2)

    def rational(part: str) -> FormFactor:
        a, b = _RATIONAL[nucleon, part]

        def evaluate(q2: Array) -> Array:
            t = tau(q2)
            return np.asarray((1.0 + a * t) / (1.0 + t * (b[0] + t * (b[1] + t * b[2]))))

        return evaluate

    def galster(q2: Array) -> Array:
        return np.asarray(1.68 * tau(q2) / (1.0 + 3.63 * tau(q2)) * dipole(q2))

    def zero(q2: Array) -> Array:
        return np.zeros_like(np.asarray(q2, dtype=float))

    electric: FormFactor = dipole if nucleon == "proton" else zero
    shape: FormFactor = dipole
    if kind == "rational":
        electric = rational("electric") if nucleon == "proton" else galster
        shape = rational("magnetic")
    return NucleonFormFactors(nucleon, mass, electric, lambda q2: moment * shape(q2))
