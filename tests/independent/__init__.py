"""Checks of the engine by calculations that share no code with it."""
