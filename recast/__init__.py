"""recast: measurements recast into constraints on new physics.

>>> import recast
>>> model = recast.load_model("lmu_ltau")
>>> ccfr = recast.load_measurement("ccfr")
>>> ccfr.prediction(model(mass=0.1, coupling=1e-3))  # doctest: +SKIP

Names are imported when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recast.channels import Channel
    from recast.coverage import coverage
    from recast.explain import explain
    from recast.fit import fit
    from recast.flux import load_flux
    from recast.limits import limit
    from recast.measurement import load_measurement
    from recast.model import load_model
    from recast.scan import scan
    from recast.spectrum import load_spectrum

    __version__: str

__all__ = [
    "Channel",
    "__version__",
    "coverage",
    "explain",
    "fit",
    "limit",
    "load_flux",
    "load_measurement",
    "load_model",
    "load_spectrum",
    "scan",
]

_PLACES = {
    "Channel": "recast.channels",
    "coverage": "recast.coverage",
    "explain": "recast.explain",
    "fit": "recast.fit",
    "limit": "recast.limits",
    "load_flux": "recast.flux",
    "load_measurement": "recast.measurement",
    "load_model": "recast.model",
    "load_spectrum": "recast.spectrum",
    "scan": "recast.scan",
}


class _Package(ModuleType):
    """The package, in which ``recast.scan`` is the function also after its module has been imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PLACES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("recast-bsm")
    if name not in _PLACES:
        msg = f"module 'recast' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    value = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
