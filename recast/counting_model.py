"""Counting models in pyhf's form: CLs with the asymptotic distributions of q~, and pulls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recast.likelihoods import Likelihood

__all__ = ["CountingModel", "asymptotic_cls", "constrained_pulls", "counting_model", "one_count", "shifted"]


@dataclass(frozen=True)
class CountingModel:
    """A counting model in pyhf's form.

    Attributes
    ----------
    channels, parameters : list of dict
        As in a workspace.
    poi : str
        Parameter of interest, which scales the signal.
    observed : dict of str to list of float
        Counts by channel.
    unit : float
        Signal events in all channels where the parameter of interest is one.
    """

    channels: list[dict[str, Any]]
    parameters: list[dict[str, Any]]
    poi: str
    observed: dict[str, list[float]]
    unit: float


def one_count(likelihood: Likelihood, model: CountingModel, standard_model: float) -> tuple[float, float, float] | None:
    """Return count, background and its error of an experiment that is no more than that.

    Parameters
    ----------
    likelihood : Likelihood
        Of counted events.
    model : CountingModel
        The same as a pyhf model.
    standard_model : float
        Events that the observable predicts without new physics; part of the background.
    """
    from recast.likelihoods import PoissonCount

    if isinstance(likelihood, PoissonCount):
        return likelihood.observed, likelihood.background + standard_model, likelihood.background_error
    samples = [sample for channel in model.channels for sample in channel["samples"]]
    kinds = {m["name"] for sample in samples for m in sample["modifiers"]}
    if len(model.channels) > 1 or len(samples[0]["data"]) > 1 or kinds != {model.poi}:
        return None
    ((observed,),) = model.observed.values()
    background = sum(float(one["data"][0]) for one in samples if not one["modifiers"])
    return observed, background + standard_model, 0.0


def counting_model(likelihood: Likelihood) -> CountingModel | None:
    """Return the counting model of a likelihood, or None when it has none."""
    from recast.likelihoods import PoissonCount

    if isinstance(likelihood, PoissonCount):
        b, error = likelihood.background, likelihood.background_error
        signal = {"name": "signal", "data": [1.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
        shift = {"hi_data": [b + error], "lo_data": [b - error]}
        modifiers = [{"name": "background", "type": "histosys", "data": shift}] if error else []
        samples = [signal, {"name": "background", "data": [b], "modifiers": modifiers}]
        channels = [{"name": "count", "samples": samples}]
        return CountingModel(channels, [], "mu", {"count": [likelihood.observed]}, 1.0)
    # Of every likelihood that is a pyhf model, whatever its class.
    workspace, signal_events = (getattr(likelihood, name, None) for name in ("workspace", "signal"))
    if workspace is None or signal_events is None:
        return None
    config = workspace["measurements"][0]["config"]
    observed = {one["name"]: [float(x) for x in one["data"]] for one in workspace["observations"]}
    parameters = config.get("parameters", [])
    return CountingModel(workspace["channels"], parameters, config["poi"], observed, float(signal_events))


def shifted(model: CountingModel, *, standard_model: float, signal_error: float) -> CountingModel:
    """Move the Standard Model's part of the signal to the background, and give the signal an error.

    Parameters
    ----------
    model : CountingModel
    standard_model : float
        Events that are there without new physics, distributed like the signal.
    signal_error : float
        Relative standard deviation of both.
    """
    channels = []
    for channel in model.channels:
        samples = []
        for sample in channel["samples"]:
            signal = any(m["name"] == model.poi for m in sample["modifiers"])
            if signal and signal_error:
                shift = {
                    "hi_data": [(1.0 + signal_error) * x for x in sample["data"]],
                    "lo_data": [(1.0 - signal_error) * x for x in sample["data"]],
                }
                error = {"name": "signal_error", "type": "histosys", "data": shift}
                sample = {**sample, "modifiers": [*sample["modifiers"], error]}
            if signal and standard_model:
                samples.append(_fixed(sample, standard_model / model.unit, model.poi))
            samples.append(sample)
        channels.append({**channel, "samples": samples})
    return replace(model, channels=channels)


def _fixed(sample: dict[str, Any], share: float, poi: str) -> dict[str, Any]:
    """Return a share of a signal sample that the parameter of interest does not scale; its errors go with it."""
    modifiers = []
    for modifier in sample["modifiers"]:
        content = modifier["data"]
        if modifier["type"] == "histosys":
            content = {side: [share * x for x in values] for side, values in content.items()}
        elif modifier["type"] in {"staterror", "shapesys"}:
            content = [share * x for x in content]
        # pyhf has one shapesys parameter per sample; all other parameters are shared by name.
        name = f"{modifier['name']}_standard_model" if modifier["type"] == "shapesys" else modifier["name"]
        if modifier["name"] != poi:
            modifiers.append({**modifier, "name": name, "data": content})
    data = [share * x for x in sample["data"]]
    return {"name": f"{sample['name']}_standard_model", "data": data, "modifiers": modifiers}


def asymptotic_cls(model: CountingModel) -> Callable[[float], float]:
    """Return CLs as a function of the number of signal events, by pyhf."""
    import pyhf

    pdf, data = _pdf(model)
    bounds = list(pdf.config.suggested_bounds())
    start = list(pdf.config.suggested_init())
    poi = pdf.config.poi_index

    def cls(signal: float) -> float:
        value = signal / model.unit
        limits = [*bounds[:poi], (0.0, 10.0 * value), *bounds[poi + 1 :]]
        initial = [*start[:poi], 0.5 * value, *start[poi + 1 :]]
        return float(pyhf.infer.hypotest(value, data, pdf, init_pars=initial, par_bounds=limits, test_stat="qtilde"))

    return cls


def constrained_pulls(model: CountingModel, signal: float) -> dict[str, float]:
    """Return the best values of a counting model's own nuisance parameters.

    Parameters
    ----------
    model : CountingModel
    signal : float
        Events, held.

    Returns
    -------
    dict of str to float
        Distance from the nominal value in units of the constraint's standard deviation; parameters without a
        constraint are left out.
    """
    import pyhf

    pdf, data = _pdf(model)
    config = pdf.config
    constrained = [name for name in config.par_order if config.param_set(name).constrained]
    if not constrained:
        return {}
    bounds, nominal = list(config.suggested_bounds()), config.suggested_init()
    value = signal / model.unit
    low, high = bounds[config.poi_index]
    bounds[config.poi_index] = (min(low, value - 1.0), max(high, value + 1.0))
    fitted = pyhf.infer.mle.fixed_poi_fit(value, data, pdf, par_bounds=bounds)
    pulls = {}
    for name in constrained:
        place = range(len(nominal))[config.par_slice(name)]
        for index, width in zip(place, config.param_set(name).width(), strict=True):
            key = name if len(place) == 1 else f"{name}[{index - place[0]}]"
            pulls[key] = float((fitted[index] - nominal[index]) / width)
    return pulls


def _pdf(model: CountingModel) -> tuple[Any, list[float]]:
    """Return the pyhf model with its data: counts and auxiliary measurements."""
    import pyhf

    parameters = [p for p in model.parameters if p["name"] != model.poi]
    # Validation would repeat what was done when the workspace was read.
    pdf = pyhf.Model({"channels": model.channels, "parameters": parameters}, poi_name=model.poi, validate=False)
    counts = [x for channel in pdf.config.channels for x in model.observed[channel]]
    return pdf, [*counts, *pdf.config.auxdata]
