"""Models: a YAML file that turns parameters into an interaction.

>>> model = load_model("lmu_ltau")
>>> model.parameters
('mass', 'coupling')
>>> model(mass=[[0.1], [1.0]], coupling=[[1e-3, 2e-3, 4e-3]]).shape
(2, 3)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypeAlias

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from recast.constants import FLAVOURS
from recast.errors import RecastError, unknown
from recast.interactions import ContactInteraction, Mixing, U1Mediator
from recast.numbers import Finite, fraction
from recast.parameters import LARGEST_CHARGE, Charges, checked_charge, loops_diverge
from recast.provenance import Source
from recast.variants import Variant, apply_variants, split_reference, written_reference

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from recast.interactions import Interaction

__all__ = ["MODEL_KINDS", "ContactModel", "LeptonCharges", "Model", "U1Model", "load_model", "u1_model"]


def _of_order_one(charge: float) -> float:
    if abs(charge) > LARGEST_CHARGE:
        msg = f"a charge is a number up to {LARGEST_CHARGE:g}, not {charge:g}: strength belongs into the coupling"
        raise ValueError(msg)
    return charge


# A third is written 1/3.
Charge = Annotated[
    Finite,
    BeforeValidator(fraction, json_schema_input_type=float | Annotated[str, Field(pattern=r"^[-+]?\d+\s*/\s*\d+$")]),
    AfterValidator(_of_order_one),
]
Flavour = Literal["e", "mu", "tau"]


class Model(BaseModel):
    """What all models have in common.

    Attributes
    ----------
    name : str
        That of the file: small letters, digits and underscores.
    title : str
        One line for lists.
    notes : tuple of str
        What was assumed.
    provenance : dict of str to Source
        By role, e.g. ``model``, ``convention``.
    variants : dict of str to Variant
        Forms of the model, chosen with ``NAME:key=value``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: ClassVar[tuple[str, ...]] = ()
    """What must be given."""
    optional: ClassVar[tuple[str, ...]] = ()
    """What may be given besides; the file has the values that hold otherwise."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    notes: tuple[str, ...] = ()
    provenance: dict[str, Source] = Field(min_length=1)
    variants: dict[str, Variant] = Field(default_factory=dict)
    _selected: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def label(self) -> str:
        """Name with the choices that differ from the default, as it would be written."""
        return written_reference(self.name, self._selected)

    @property
    def citations(self) -> tuple[Source, ...]:
        """Sources, each paper once."""
        return tuple({source.inspire: source for source in self.provenance.values()}.values())

    def __call__(self, **parameters: ArrayLike) -> Interaction:
        """Return the interaction at values of the parameters.

        Parameters
        ----------
        **parameters : array_like
            One per name in `parameters`, and any of those in `optional`; they broadcast. Masses in GeV.

        Raises
        ------
        UnknownNameError
            For a parameter that the model does not have.
        RecastError
            When a parameter is missing.
        OutOfRangeError
            When a value is not a finite number of the right sign.
        """
        for name in parameters:
            if name not in self.parameters and name not in self.optional:
                raise unknown(f"parameter of model {self.name!r}:", name, (*self.parameters, *self.optional))
        missing = [name for name in self.parameters if name not in parameters]
        if missing:
            msg = f"model {self.name!r} needs {' and '.join(self.parameters)}: {' and '.join(missing)} not given"
            raise RecastError(msg)
        return self._interaction(**parameters)

    def _interaction(self, **parameters: ArrayLike) -> Interaction:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import model_report

        return model_report(self).html()


class LeptonCharges(BaseModel):
    """Charges of the charged leptons, in units of the coupling.

    Attributes
    ----------
    e, mu, tau : float
        Charge of the lepton in units of the coupling g'; 0 for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    e: Charge
    mu: Charge
    tau: Charge


class U1Model(Model):
    """A gauged U(1) that couples to leptons, quarks or, by mixing, to electric charge.

    Its charges are those of the file, or parameters of the model: ``charge_mu=`` and the others of `optional`.

    Attributes
    ----------
    charges : LeptonCharges
        Vector charges of e, mu and tau.
    axial : LeptonCharges
        Axial charges of e, mu and tau; none by default. Neutrinos have the difference, vector minus axial.
    quarks : float
        Vector charge that all quarks share: 1/3 for baryon number.
    mixing : {"none", "one_loop", "fixed"}
        Kinetic mixing with the photon: none, what the loops of the charged leptons give, or ``epsilon``. Loops are
        finite only when the vector charges of the leptons sum to zero and quarks have none.
    epsilon : float
        Fixed mixing in units of the coupling.
    free_charges : bool
        Charges are meant to be given as parameters: those of the file may all be zero.
    """

    parameters: ClassVar[tuple[str, ...]] = ("mass", "coupling")
    optional: ClassVar[tuple[str, ...]] = (
        *(f"charge_{flavour}" for flavour in FLAVOURS),
        *(f"axial_{flavour}" for flavour in FLAVOURS),
        "quarks",
        "epsilon",
    )

    kind: Literal["u1"]
    charges: LeptonCharges
    axial: LeptonCharges = LeptonCharges(e=0.0, mu=0.0, tau=0.0)
    quarks: Charge = 0.0
    mixing: Mixing
    epsilon: Charge = 0.0
    free_charges: bool = False

    @model_validator(mode="after")
    def _couples(self) -> Self:
        leptons = (*self.charges.model_dump().values(), *self.axial.model_dump().values())
        if not (self.free_charges or any((*leptons, self.quarks, self.epsilon))):
            msg = "all charges are zero: the boson would couple to nothing"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _mixing_is_known(self) -> Self:
        if self.mixing == "one_loop" and (what := loops_diverge(self.charges.model_dump(), self.quarks)):
            raise ValueError(what)
        if (self.mixing == "fixed") != (self.epsilon != 0.0):
            msg = "epsilon belongs to mixing: fixed, which needs it; it is the mixing in units of the coupling"
            raise ValueError(msg)
        return self

    def _interaction(self, **parameters: ArrayLike) -> Interaction:
        given = {name: checked_charge(name, parameters[name]) for name in self.optional if name in parameters}
        charges = {f: given.get(f"charge_{f}", charge) for f, charge in self.charges.model_dump().items()}
        quarks, epsilon = given.get("quarks", self.quarks), given.get("epsilon", self.epsilon)
        return U1Mediator(
            charges,
            mass=parameters["mass"],
            coupling=parameters["coupling"],
            axial={f: given.get(f"axial_{f}", charge) for f, charge in self.axial.model_dump().items()},
            quarks=quarks,
            mixing=self._mixing_of(charges, quarks, epsilon) if given else self.mixing,
            epsilon=epsilon,
        )

    def _mixing_of(self, charges: Mapping[str, Charges], quarks: Charges, epsilon: Charges) -> Mixing:
        """Return the kind of mixing that goes with charges that were given.

        Raises
        ------
        RecastError
            When the loops of the model do not go with the charges, or it has loops and a fixed mixing is given.
        """
        if self.mixing != "one_loop":
            return "fixed" if np.any(epsilon) else "none"
        msg = loops_diverge(charges, quarks)
        if np.any(epsilon):
            msg = f"epsilon is a fixed mixing, but that of {self.label} is what loops give: choose mixing=none"
        if msg:
            raise RecastError(msg)
        return "one_loop"


class ContactModel(Model):
    """Contact shifts of the vector and axial-vector coupling of one neutrino to one charged lepton.

    Attributes
    ----------
    neutrino, lepton : {"e", "mu", "tau"}
        Flavours whose neutral-current channel is shifted.
    """

    parameters: ClassVar[tuple[str, ...]] = ("dgv", "dga")

    kind: Literal["contact"]
    neutrino: Flavour
    lepton: Flavour

    def _interaction(self, **parameters: ArrayLike) -> Interaction:
        return ContactInteraction(**parameters, neutrino=self.neutrino, lepton=self.lepton)


AnyModel: TypeAlias = Annotated[U1Model | ContactModel, Field(discriminator="kind")]

MODEL_KINDS = ("u1", "contact")
"""What may stand after ``kind:`` in the file of a model."""


def load_model(name_or_path: str | Path, *, plugins: Sequence[str | Path] = ()) -> Model:
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a model that ships with recast or comes from a plug-in, or a YAML file; with the variants
        ``NAME:key=value`` that are wanted.
    plugins : sequence of path
        Folders in which models are looked up as well.

    Returns
    -------
    Model
        Called with its parameters, it gives an interaction.

    Raises
    ------
    UnknownNameError
        When nothing carries the name, or there is no such variant; the message lists near matches.
    DocumentError
        When the file has an unknown key, lacks one, or has a value that does not fit; with file, line and key.
    """
    from recast.catalog import Catalog, is_path

    name, chosen = split_reference(str(name_or_path))
    document, selected = apply_variants(Catalog(plugins).document("models", name), chosen)
    model: Model = document.validate(AnyModel)  # type: ignore[arg-type]
    if not is_path(name) and model.name != name:
        raise document.error(f"the name {model.name!r} is not that of the file", ("name",))
    model._selected = selected  # noqa: SLF001
    return model


def u1_model(
    charges: Mapping[str, float] | None = None,
    *,
    axial: Mapping[str, float] | None = None,
    quarks: float = 0.0,
    mixing: Mixing | None = None,
    epsilon: float = 0.0,
) -> U1Model:
    """Return a gauged U(1) with charges of one's own.

    Parameters
    ----------
    charges, axial : mapping of str to float
        Vector and axial charges of e, mu and tau; absent ones are zero.
    quarks : float
        Vector charge of every quark.
    mixing : {"none", "one_loop", "fixed"}, optional
        Kinetic mixing with the photon; fixed when ``epsilon`` is given, else none.
    epsilon : float
        Fixed mixing in units of the coupling.

    Raises
    ------
    DocumentError
        When charges are unknown, not finite or all zero, or do not go with the mixing.

    Examples
    --------
    >>> u1_model({"e": 1, "mu": -1}).charges.mu
    -1.0
    """
    from recast.catalog import Catalog
    from recast.documents import Document

    def complete(given: Mapping[str, float] | None) -> dict[str, float]:
        return {"e": 0.0, "mu": 0.0, "tau": 0.0} | dict(given or {})

    words = [f"{name}={value:g}" for name, value in (charges or {}).items()]
    words += [f"axial {name}={value:g}" for name, value in (axial or {}).items()]
    data = Catalog().document("models", "u1").data | {
        "title": f"U(1) with charges {', '.join(words) or 'none'}",
        "charges": complete(charges),
        "axial": complete(axial),
        "quarks": quarks,
        "mixing": mixing or ("fixed" if epsilon else "none"),
        "epsilon": epsilon,
        "free_charges": False,
        "notes": [],
        "variants": {},
    }
    return Document("model u1", data).validate(U1Model)
