"""Scans: which points, what is computed there, and where it is kept.

    spec         what a scan file says
    points       the points, cut into chunks
    evaluation   a chunk turned into likelihoods and predictions
    profile      parameters that are minimised over at every point
    run          from the first chunk to the best fit
    store, file, checkpoint, inputs
                 where finished chunks are kept so that an interruption loses none, and what they depend on
    result       what comes out

`scan` computes and returns a frozen `ScanResult`; figures and tables take results.
"""

from recast.scan.header import BestFitPoint
from recast.scan.result import ScanResult
from recast.scan.run import scan
from recast.scan.spec import Axis, ScanSpec, load_scan

__all__ = ["Axis", "BestFitPoint", "ScanResult", "ScanSpec", "load_scan", "scan"]
