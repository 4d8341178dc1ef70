"""Events of neutrino tridents in the laboratory, exact in all eight dimensions of phase space.

Trials are drawn from densities close to that of the events (`recast.events.proposal`); what a trial weighs is the exact
cross section over that density.  Keeping trials in proportion to their weights makes unweighted events.  The azimuths
are drawn from their exact distribution afterwards (`recast.events.azimuths`) and cost no trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS, ElectroweakInputs
from recast.errors import FluxError, OutOfRangeError, unknown
from recast.events.azimuths import draw_azimuths
from recast.events.beam import BeamEnergy
from recast.events.events import Events, couplings_at
from recast.events.kinematics import laboratory
from recast.events.proposal import Trials
from recast.events.report import GenerationReport, Tally
from recast.events.sources import BATCH, Source, is_open, open_sources, scatterers_of
from recast.flux import Flux, load_flux
from recast.spectrum import COMPONENTS, Component, load_spectrum
from recast.trident.spectra import Scatterer
from recast.trident.targets import Target, load_target

if TYPE_CHECKING:
    from recast.interactions import Interaction

__all__ = ["EventGenerator", "GenerationReport"]

Array = NDArray[np.float64]

#: Events of one chunk unless told otherwise.
CHUNK = 50_000


class EventGenerator:
    """Generator of the events of one channel.

    Parameters
    ----------
    channel : Channel or str
        E.g. ``numu_numu_mu-mu+``.
    target : str or Target
        E.g. ``Ar40`` or ``SiO2``.
    flux : Flux, str, Path or float
        A flux, the name or file of one, or a neutrino energy in GeV.
    interaction : Interaction, optional
        New physics at one mass and one coupling; the Standard Model when None.
    component : {"total", "coherent", "incoherent", "proton", "neutron"}
        What is hit: the nucleus, its nucleons (Pauli blocked), or all of them in their proportions.
    form_factor : str, optional
        Of the nuclei (``dipole``: of the nucleons), as in `recast.spectrum.load_spectrum`.
    inputs : ElectroweakInputs
        alpha, G_F and the weak mixing angle.
    seed : int
        Equal seeds give equal events.

    Raises
    ------
    UnknownNameError
        Unknown channel, target, flux, component or form factor.
    OutOfRangeError
        When the energies do not suffice for the channel or lie beyond the grid, the model has arrays of parameters, or
        the seed is no whole number from 0 on.
    FluxError
        A flux of another neutrino than that of the channel.

    Notes
    -----
    arXiv:1902.06765 Eqs. 2 to 8, with all its dimensions kept.
    """

    def __init__(
        self,
        channel: Channel | str,
        target: Target | str,
        flux: Flux | str | Path | float,
        *,
        interaction: Interaction | None = None,
        component: Component = "total",
        form_factor: str | None = None,
        inputs: ElectroweakInputs = DEFAULT_INPUTS,
        seed: int = 0,
    ) -> None:
        if component not in COMPONENTS:
            raise unknown("component", component, COMPONENTS)
        if not isinstance(seed, int | np.integer) or seed < 0:
            msg = f"the seed must be a whole number from 0 on, not {seed!r}"
            raise OutOfRangeError(msg)
        self.channel = Channel.parse(channel) if isinstance(channel, str) else channel
        self.target = load_target(target) if isinstance(target, str) else target
        self.flux = self._flux(flux)
        self.interaction, self.component = interaction, component
        self.form_factor, self.inputs, self.seed = form_factor, inputs, seed
        if interaction is not None:
            from recast.observables.trident_ratio import check_mediators

            check_mediators(interaction)
        couplings_at(self.channel, np.ones(1), interaction, inputs)
        self._masses = (LEPTON_MASS[self.channel.minus], LEPTON_MASS[self.channel.plus])
        self._check_energies()
        self._random = np.random.SeedSequence(seed)
        self._tally = Tally()

    def _flux(self, flux: Flux | str | Path | float) -> Flux:
        neutrino = self.channel.neutrino
        if isinstance(flux, str | Path):
            return load_flux(flux, neutrino=neutrino)
        if isinstance(flux, Flux):
            if flux.neutrino != neutrino:
                msg = f"flux {flux.name} is one of {flux.neutrino}, but channel {self.channel} begins with {neutrino}"
                raise FluxError(msg)
            return flux
        return Flux.line(float(flux), neutrino=neutrino)

    def _check_energies(self) -> None:
        lowest = min(scatterer.threshold(sum(self._masses)) for scatterer, _ in self._scatterers)
        highest = BeamEnergy(self.flux, 0.0).highest
        if not is_open(highest, lowest):
            but = "not of" if self.flux.kind == "line" else f"and {self.flux.name} ends at"
            msg = (
                f"channel {self.channel} is closed on {self.target.name}: it needs neutrinos of more than "
                f"{lowest:.6g} GeV, {but} {highest:.6g} GeV"
            )
            raise OutOfRangeError(msg)
        if not self.cross_section > 0.0:
            msg = f"channel {self.channel} has no cross section on {self.target.name} with {self.flux.name}"
            raise OutOfRangeError(msg)

    @cached_property
    def _scatterers(self) -> list[tuple[Scatterer, float]]:
        return scatterers_of(self.target, self.component, self.form_factor)

    @cached_property
    def cross_section(self) -> float:
        """Cross section from the grid in fb per nucleus or formula unit, averaged over the flux."""
        total = 0.0
        for nucleus, number in self.target.constituents:
            spectrum = load_spectrum(
                self.channel,
                nucleus.name,
                self.flux,
                component=self.component,
                form_factor=self.form_factor,
                inputs=self.inputs,
            )
            gv, ga = couplings_at(self.channel, spectrum.momentum_transfer, self.interaction, self.inputs)
            total += number * float(np.sum(spectrum.vv * gv**2 + spectrum.aa * ga**2 + spectrum.va * gv * ga))
        return total

    @cached_property
    def _sources(self) -> list[Source]:
        couplings = partial(couplings_at, self.channel, interaction=self.interaction, inputs=self.inputs)
        return open_sources(self.channel, self._scatterers, self.flux, couplings, self.inputs, self.seed)

    @property
    def report(self) -> GenerationReport:
        """What all events so far came to."""
        return self._tally.report(self.cross_section)

    def weighted(self, n: int) -> Events:
        """Return n weighted events: every trial, whose mean weight is the cross section in fb.

        Raises
        ------
        OutOfRangeError
            When n is not a positive whole number.
        """
        return Events.joined(list(self.chunks(n, unweighted=False)))

    def unweighted(self, n: int) -> Events:
        """Return n events of weight 1.

        Raises
        ------
        OutOfRangeError
            When n is not a positive whole number.
        """
        return Events.joined(list(self.chunks(n)))

    def chunks(self, n: int, *, unweighted: bool = True, size: int = CHUNK) -> Iterator[Events]:
        """Generate n events piece by piece; the pieces follow from the seed and from what was generated before.

        Parameters
        ----------
        n : int
            Number of events.
        unweighted : bool
            Whether all weigh 1; else they have weights in fb.
        size : int
            Events of a piece.

        Raises
        ------
        OutOfRangeError
            When n or size is not a positive whole number.
        """
        for what, number in (("number of events", n), ("size of a piece", size)):
            if not (number >= 1 and number % 1 == 0):
                msg = f"the {what} must be a whole number of at least 1, not {number}"
                raise OutOfRangeError(msg)
        return self._pieces(int(n), unweighted=unweighted, size=int(size))

    def _pieces(self, n: int, *, unweighted: bool, size: int) -> Iterator[Events]:
        rng = np.random.default_rng(self._random.spawn(1)[0])
        waiting: list[Events] = []
        ready = done = 0
        while done < n:
            while ready < min(size, n - done):
                batch = self._make(rng, BATCH if unweighted else min(BATCH, n - done - ready), unweighted=unweighted)
                waiting.append(batch)
                ready += len(batch)
            joined = Events.joined(waiting)
            take = min(size, n - done)
            waiting, ready = [joined[take:]], ready - take
            done += take
            self._tally.events += take
            yield joined[:take]

    def _make(self, rng: np.random.Generator, n: int, *, unweighted: bool) -> Events:
        """Make events of n trials: of every one, or as many of each as its weight tells."""
        shares = np.array([source.ceiling if unweighted else source.mean for source in self._sources])
        shares = shares / shares.sum()
        parts = []
        counts = rng.multinomial(n, shares)
        for i, (source, share, count) in enumerate(zip(self._sources, shares.tolist(), counts.tolist(), strict=True)):
            trials = source.trials(rng, count)
            weight = trials.weight / share
            self._tally.add(weight, source.mean / share)
            if unweighted:
                ratio = trials.weight / source.ceiling
                self._tally.excess += float(np.maximum(ratio - 1.0, 0.0).sum()) * source.ceiling / share
                copies = np.floor(ratio + rng.random(count)).astype(np.intp)
                chosen = np.repeat(np.arange(count), copies)
                trials, weight = trials.take(chosen), np.ones(chosen.size)
            parts.append(self._finish(rng, i, trials, weight))
        joined = Events.joined(parts)
        self._tally.made += len(joined)
        return joined[rng.permutation(len(joined))]

    def _finish(self, rng: np.random.Generator, index: int, trials: Trials, weight: Array) -> Events:
        """Give trials their azimuths and put them into the laboratory."""
        source = self._sources[index]
        mass = source.scatterer.mass
        k2 = trials.point.momentum_transfer
        gv, ga = couplings_at(self.channel, k2, self.interaction, self.inputs)
        sign = -1.0 if self.channel.antineutrino else 1.0
        azimuths = draw_azimuths(trials, mass, self._masses, gv, sign * ga, rng)
        vv, aa, va = azimuths.structures
        va = sign * va
        squared = vv * gv**2 + aa * ga**2 + va * gv * ga
        norm = np.divide(weight, squared, out=np.zeros_like(weight), where=squared > 0.0)  # 0 where phase space ends
        n = len(weight)
        return Events(
            self.channel,
            self.target.name,
            tuple(s.scatterer.name for s in self._sources),
            np.full(n, index, dtype=np.int8),
            laboratory(trials, azimuths, mass, self._masses, 2.0 * np.pi * rng.random(n)),
            weight,
            norm * np.stack([vv, aa, va]),
            k2,
            trials.point.photon_virtuality,
        )
