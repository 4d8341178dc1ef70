"""What an explanation says: a row for each measurement, and the table in text, JSON and HTML."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from recast.provenance import Source

__all__ = ["Citation", "Explanation", "Kind", "MeasurementRow", "Verdict"]

Numbers: TypeAlias = float | tuple[float, ...]
Interval: TypeAlias = tuple[float, float | None]
Kind: TypeAlias = Literal["measurement", "limit", "preferred band", "projection"]
Verdict: TypeAlias = Literal[
    "excluded",
    "outside the band",
    "would be excluded",
    "allowed",
    "inside the band",
    "no constraint",
    "not applicable",
    "not computed",
]

LimitOf: TypeAlias = Literal["couplings", "multiples of the point"]

HEADER = ("measurement", "verdict", "2 delta ln L", "threshold", "pull", "prediction", "data", "excludes", "source")


@dataclass(frozen=True)
class Citation:
    """A publication behind a measurement.

    Attributes
    ----------
    role : str
        What was taken from it: value, ratio, flux, ...
    key : str
        In INSPIRE, and of the BibTeX entry that ``recast cite`` prints.
    paper, place : str
    doi, arxiv : str or None
    url : str
        Where to read it: by its DOI, on the arXiv, or in INSPIRE.
    """

    role: str
    key: str
    paper: str
    place: str
    doi: str | None
    arxiv: str | None
    url: str

    @classmethod
    def of(cls, role: str, source: Source) -> Citation:
        """Return the citation of a source."""
        if source.doi:
            url = f"https://doi.org/{source.doi}"
        elif source.arxiv:
            url = f"https://arxiv.org/abs/{source.arxiv}"
        else:
            url = f"https://inspirehep.net/literature?q=texkeys:{source.inspire}"
        return cls(role, source.inspire, source.paper, source.place, source.doi, source.arxiv, url)


@dataclass(frozen=True)
class MeasurementRow:
    """What one measurement says about a point.

    Attributes
    ----------
    name, title : str
        The name with the variants that differ from the default.
    kind : {"measurement", "limit", "preferred band", "projection"}
        A published upper limit is one on a signal. A projection has the prediction of the Standard Model for its data.
    verdict : str
        ``excluded``, ``outside the band`` and ``would be excluded`` (by a projection) have `excluded` set, ``allowed``
        and ``inside the band`` have not; the others have no numbers but a `reason`: ``no constraint`` (nothing was
        published at this mass), ``not applicable`` (to this model), ``not computed`` (beyond what the tables hold).
    data : float or tuple of float
        The prediction that would equal the data; 0, no signal, for a limit.
    errors : (float, float) or None
        Standard deviations below and above the data, where they are constant.
    published_level : float or None
        Confidence level of a published upper limit, which excludes from above only; None for measured numbers.
    citations : tuple of Citation
        Each paper once, that of the numbers first.
    reason : str or None
        Why there are no numbers.
    prediction, standard_model : float or tuple of float or None
        In units of the data, for a limit in units of the excluded signal; nuisance parameters at zero.
    minus_2_delta_ln_l : float or None
        Of the prediction, nuisance parameters profiled.
    subtracted : float
        Its value at the best fit, which is subtracted for several correlated numbers; zero for one number.
    threshold : float or None
        Above which ``minus_2_delta_ln_l - subtracted`` excludes.
    pull : float or None
        Data less prediction in standard deviations, the signed root of ``minus_2_delta_ln_l``; None for several
        numbers.
    excluded : bool or None
        None where there are no numbers.
    limit : float or None
        Where exclusion begins as the coupling rises, other parameters unchanged: the lowest end in
        `excluded_intervals`; None where nothing is excluded. In units of `Explanation.limit_of`.
    excluded_intervals : tuple of (float, float or None)
        All that is excluded; None is an interval without an upper end.
    convention : str
        How the region is defined, in words.
    """

    name: str
    title: str
    kind: Kind
    verdict: Verdict
    data: Numbers
    errors: tuple[float, float] | None
    published_level: float | None
    citations: tuple[Citation, ...]
    reason: str | None = None
    prediction: Numbers | None = None
    standard_model: Numbers | None = None
    minus_2_delta_ln_l: float | None = None
    subtracted: float = 0.0
    threshold: float | None = None
    pull: float | None = None
    excluded: bool | None = None
    limit: float | None = None
    excluded_intervals: tuple[Interval, ...] = ()
    convention: str = ""

    @property
    def applicable(self) -> bool:
        """Whether the measurement says something about the point."""
        return self.reason is None

    @property
    def statistic(self) -> float | None:
        """What is compared with the threshold: 2 delta ln L, relative to the best fit for several numbers."""
        return None if self.minus_2_delta_ln_l is None else self.minus_2_delta_ln_l - self.subtracted

    @property
    def rank(self) -> tuple[int, float, str]:
        """Order of the rows: data that exclude before projections and these before the rest; the strongest first."""
        order = {verdict: place for place, verdict in enumerate(get_args(Verdict))}
        order["inside the band"] = order["allowed"]
        strength = 0.0 if self.statistic is None or not self.threshold else self.statistic / self.threshold
        return order[self.verdict], -strength, self.name

    @property
    def data_words(self) -> str:
        """The data with their errors."""
        if isinstance(self.data, tuple):
            return f"{len(self.data)} numbers"
        if self.published_level is not None:
            return f"< 1 ({100.0 * self.published_level:.10g}% CL)"
        if self.errors is None:
            return f"{self.data:.4g}"
        low, high = (f"{error:.2g}" for error in self.errors)
        return f"{self.data:.4g} +- {low}" if low == high else f"{self.data:.4g} + {high} - {low}"

    def cells(self) -> tuple[Any, ...]:
        """Return the row of the table; None for what there is not."""
        many = isinstance(self.prediction, tuple)
        return (
            self.name,
            self.verdict,
            self.statistic,
            self.threshold,
            None if self.pull is None else round(self.pull, 2) + 0.0,
            f"{len(self.data)} numbers" if many and isinstance(self.data, tuple) else self.prediction,
            self.data_words,
            interval_words(self.excluded_intervals) if self.applicable else None,
            self.citations[0].key,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"applicable": self.applicable, **asdict(self)}


@dataclass(frozen=True)
class Explanation:
    """What measurements say about a point of a model, the strongest exclusion first.

    Each measurement stands for itself: some share data, and the number of measurements is no number of independent
    tests. `recast.limit` and `recast.fit` combine them.

    Attributes
    ----------
    model, title : str
    parameters : dict of str to float
    confidence_level : float
    limit_of : {"couplings", "multiples of the point"}
        What `MeasurementRow.excluded_intervals` are intervals of. A model without a coupling has multiples of all its
        parameters.
    rows : tuple of MeasurementRow
        Ranked: see `MeasurementRow.rank`.
    """

    model: str
    title: str
    parameters: dict[str, float]
    confidence_level: float
    limit_of: LimitOf
    rows: tuple[MeasurementRow, ...]

    def __getitem__(self, name: str) -> MeasurementRow:
        """Return the row of a measurement.

        Raises
        ------
        UnknownNameError
            When it is not among them.
        """
        from recast.errors import unknown

        for row in self.rows:
            if row.name == name:
                return row
        raise unknown("measurement of this explanation:", name, [row.name for row in self.rows])

    @property
    def excluded(self) -> bool:
        """Whether data exclude the point; projections and preferred bands do not count."""
        return any(row.verdict == "excluded" for row in self.rows)

    @property
    def point(self) -> str:
        """The parameters in words."""
        return ", ".join(f"{name} = {value:g}{' GeV' * (name == 'mass')}" for name, value in self.parameters.items())

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        of = [row for row in self.rows if row.applicable]
        level = f"{100.0 * self.confidence_level:.10g}% CL"
        if not of:
            return f"none of {len(self.rows)} measurements applies to this point"
        names = [row.name for row in of if row.verdict == "excluded"]
        words = f"excluded at {level} by {', '.join(names)}" if names else f"no data exclude this point at {level}"
        words += f"; {len(of)} of {len(self.rows)} measurements apply" if len(of) < len(self.rows) else ""
        future = [row.name for row in of if row.verdict == "would be excluded"]
        return f"{words}; would be excluded by {', '.join(future)}" if future else words

    def sentence(self, row: MeasurementRow) -> str:
        """Return in words why a measurement excludes the point or not."""
        if not row.applicable:
            return f"{row.name} ({row.verdict}): {row.reason}"
        words = f"2 delta ln L = {row.statistic:.4g} to the best fit, for {row.data_words}"
        if isinstance(row.prediction, float) and row.published_level is not None:
            words = f"signal {row.prediction:.4g} times that excluded at {100.0 * row.published_level:.10g}% CL"
        elif isinstance(row.prediction, float) and row.pull is not None:
            usual = f" (Standard Model {row.standard_model:.4g})" if isinstance(row.standard_model, float) else ""
            data = f"the {'assumed ' if row.kind == 'projection' else ''}data, {row.data_words}"
            side = f"{abs(row.pull):.2g} standard deviations {'above' if row.pull < 0.0 else 'below'}"
            words = f"prediction {row.prediction:.4g}{usual} is {side} {data}"
        limit = f"excludes {self.limit_of} {interval_words(row.excluded_intervals)}"
        if not row.excluded_intervals:
            limit = f"excludes no {self.limit_of}"
        elif row.excluded and row.limit and (coupling := self.parameters.get("coupling", 0.0)) > row.limit:
            limit += f" ({row.limit / coupling:.3g} of this one)"
        first = row.citations[0]
        return f"{row.name} ({row.verdict}): {words}; {limit} [{first.paper}; {first.url}]"

    def conventions(self) -> dict[str, tuple[str, ...]]:
        """Return how regions were defined, and by name for which measurements."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.rows:
            if row.applicable:
                found[row.convention] = (*found.get(row.convention, ()), row.name)
        return found

    def silent(self) -> dict[str, tuple[str, ...]]:
        """Return the reasons why measurements say nothing, and by name which."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.rows:
            if row.reason is not None:
                reason = f"{row.verdict}, {row.reason}"
                found[reason] = (*found.get(reason, ()), row.name)
        return found

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the header and the rows of measurements that say something."""
        header = tuple(f"{name} {self.limit_of}" if name == "excludes" else name for name in HEADER)
        return header, [row.cells() for row in self.rows if row.applicable]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "model": self.model,
            "parameters": dict(self.parameters),
            "confidence_level": self.confidence_level,
            "excluded": self.excluded,
            "summary": self.summary,
            "limit_of": self.limit_of,
            "measurements": [row.to_dict() for row in self.rows],
        }

    def _repr_html_(self) -> str:
        """Return the table for a notebook, with links to the papers."""
        from recast.explanation_html import html

        return html(self)


def interval_words(intervals: tuple[Interval, ...]) -> str:
    """Return intervals in words.

    Examples
    --------
    >>> interval_words(((0.0, 1e-4), (2e-3, None)))
    '0 to 0.0001, above 0.002'
    """
    if not intervals:
        return "none"
    return ", ".join(f"above {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}" for low, high in intervals)
