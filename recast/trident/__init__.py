"""Neutrino trident production nu N -> nu N l- l+, the full 2 -> 4 process, by deterministic quadrature."""
