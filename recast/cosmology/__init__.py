"""The early universe from 20 MeV to today: how much radiation neutrinos carry when a new boson heats them.

- `recast.cosmology.thermodynamics`: ideal gases of massive bosons and fermions.
- `recast.cosmology.plasma`: photons, electrons and positrons with their interactions.
- `recast.cosmology.collisions`: energy that neutrinos and electrons exchange through weak interactions.
- `recast.cosmology.thermalisation`: when a boson is in equilibrium with the neutrinos.
- `recast.cosmology.evolution`: the two temperatures from 20 MeV until everything has decoupled.
- `recast.cosmology.decoupling`: the approximation that neutrinos decouple at once.
- `recast.cosmology.table`: N_eff over mass and electron coupling, computed once.

Energies, temperatures and masses are in GeV, as everywhere.
"""

from __future__ import annotations
