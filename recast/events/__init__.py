"""Events of neutrino tridents in the laboratory frame, and what selections keep of them."""
