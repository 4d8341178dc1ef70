"""The Z resonance: pseudo-observables, couplings fitted to them, and the loop of a new boson at the Z vertex.

- `recast.z_pole.vertex`: what a vector boson coupled to leptons does to Z -> l l and Z -> nu nu;
- `recast.z_pole.relations`: pseudo-observables as functions of the couplings of the Z;
- `recast.z_pole.data`: files of pseudo-observables with their correlations;
- `recast.z_pole.fit`: the couplings with their covariance;
- `recast.z_pole.likelihood`: both as a likelihood.
"""
