"""Four muons from a Z boson: Standard Model, and emission of a vector boson that decays to two of them.

- `width`: the three-body width ``Z -> mu mu Z'`` in closed form,
- `amplitude`: exact helicity amplitudes of ``Z -> mu mu Z' -> 4 mu`` and of the Standard Model,
- `phase_space`: momenta of four massless muons, with the densities they were drawn from,
- `production`: mass, transverse momentum and rapidity of Z bosons at the LHC,
- `acceptance`: the published cuts, and the Monte Carlo integral of everything,
- `table`: the shipped table of it, over the mass of the new boson.
"""
