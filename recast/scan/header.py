"""What a result says of itself, beside its arrays: known before the first point (`Header`) or after the last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["BestFitPoint", "Header", "Summary"]


class Header(BaseModel):
    """What is known of a scan before its first point.

    Attributes
    ----------
    model : str
    measurements : tuple of str
        Names with their variants.
    data : dict of str to float or list of float
        A list for correlated numbers.
    confidence_level : float
    degrees_of_freedom : int
        Of the regions relative to a best fit: of all together, and of correlated numbers. One number has one, unless
        its measurement declares another convention.
    declared : dict of str to int
        Degrees of freedom of the regions of measurements that declare them.
    upper_limits : tuple of str
        Measurements that are published limits: they exclude from above only.
    one_sided, expected : bool
    convention, combined_convention : str
        How the regions of each measurement and of all together are defined, in words.
    provenance : dict of str to str
        Version of the code, title, and the BibTeX of everything used.
    spec : dict
        The scan file.
    inputs : dict of str to str
        Digests of what the results depend on, see `recast.scan.inputs`.
    axes : dict of str to int
        Numbers of values of the parameters of a grid; empty for points that stand on none.
    fixed : dict of str to float
        Parameters that are the same at every point.
    shape : tuple of int
        Of the results.
    chunks : int
        Into which the points are cut.
    chunk_size : int
        Points that a chunk has at most.
    outputs : dict of str to tuple of int
        What is kept of every point, and its shape there.
    tracked : tuple of str
        Likelihoods whose best fit is looked for: ``combined``, or a measurement.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    model: str
    measurements: tuple[str, ...]
    data: dict[str, float | list[float]]
    confidence_level: float
    degrees_of_freedom: int
    declared: dict[str, int]
    upper_limits: tuple[str, ...]
    one_sided: bool
    expected: bool
    convention: str
    combined_convention: str
    provenance: dict[str, str]
    spec: dict[str, Any]
    inputs: dict[str, str]
    axes: dict[str, int]
    fixed: dict[str, float]
    shape: tuple[int, ...]
    chunks: int
    chunk_size: int
    outputs: dict[str, tuple[int, ...]]
    tracked: tuple[str, ...]


class BestFitPoint(BaseModel):
    """Joint best fit inside the scanned region."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    parameters: Mapping[str, float]
    minus_2_delta_ln_l: float


class Summary(BaseModel):
    """What is known of a scan after its last point.

    Attributes
    ----------
    best_fit : dict of str to BestFitPoint
        Of each likelihood in `Header.tracked`.
    checksum : str
        SHA-256 of the header, of the checksums of all chunks, and of the rest of the summary.
    excluded_by : str
        SHA-256 of that output; empty when it is not kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    best_fit: dict[str, BestFitPoint]
    checksum: str = ""
    excluded_by: str = ""
