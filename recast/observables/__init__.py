"""Observables: what an interaction predicts for one kind of measurement.

Each file holds one kind of physics.  An observable is a frozen pydantic model read from the
``observable:`` section of a measurement; the section's ``type`` chooses the class.  A new kind is
one Python file: a class with the methods of `Observable`, named in the entry point group
``recast.observables``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["OBSERVABLES", "Observable"]


@runtime_checkable
class Observable(Protocol):
    """A prediction for one measured number.

    One that takes arrays of charges (`recast.interactions.U1Mediator`) says so with ``array_charges = True``, and is
    then called once for all points at which the same charges are zero; any other is called with numbers, once for each
    set of charges.
    """

    def applicable(self, interaction: Any) -> str | None:
        """Return why the observable has nothing to say about an interaction, or None."""

    def contributions(self, interaction: Any) -> dict[str, NDArray[np.float64]]:
        """Return the parts of the prediction by name, e.g. coherent and incoherent.

        Every array has the broadcast shape of the interaction's parameters.  Theory errors are
        given per part, so that several measurements can share them.
        """

    def predict(self, interaction: Any) -> NDArray[np.float64]:
        """Return the prediction: the sum of `contributions`."""

    def polynomials(self, model: Any, mass: ArrayLike) -> dict[str, NDArray[np.float64]] | None:
        """Return the exact coefficients of each part in the coupling at fixed mass.

        Returns
        -------
        dict of str to ndarray, shape (n_mass, degree + 1)
            Lowest order first; None where a part is not a polynomial in the coupling.
        """


OBSERVABLES: dict[str, str] = {
    "trident_ratio": "recast.observables.trident_ratio:TridentRatio",
    "event_counts": "recast.observables.event_counts:EventCounts",
    "effective_neutrinos": "recast.observables.effective_neutrinos:EffectiveNeutrinos",
    "magnetic_moment": "recast.observables.magnetic_moment:MagneticMoment",
    "resonance_limit": "recast.observables.resonance_limit:ResonanceLimit",
    "plasmon_decay": "recast.observables.plasmon_decay:PlasmonDecay",
    "mono_photon": "recast.observables.mono_photon:MonoPhoton",
    "neutrino_electron": "recast.observables.neutrino_electron:NeutrinoElectron",
    "effective_mixing_angle": "recast.observables.effective_mixing_angle:EffectiveMixingAngle",
    "scattering_counts": "recast.observables.scattering_counts:ScatteringCounts",
    "z_couplings": "recast.observables.z_couplings:ZCouplings",
    "z_to_four_muons": "recast.observables.z_to_four_muons:ZToFourMuons",
}
"""The observables that ship with the package, by ``type``, as ``module:class``.

They are named rather than imported: reading one measurement must not load the physics of all.
"""
