"""Calibrations and their measures by scikit-learn and scipy, of the cases in a JSON file: [{scores, labels, weights,
queries, probabilities, bins}] -> [{isotonic, sigmoid, ece, brier, logLoss, bins}] on stdout."""

import json
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss


def isotonic_of(scores, labels, weights, queries):
    """With one real video more at the highest score and one fake more at the lowest."""
    drawn = weights > 0
    ends = [scores[drawn].min(), scores[drawn].max()]
    model = IsotonicRegression(out_of_bounds="clip").fit(
        np.concatenate([scores, ends]), np.concatenate([labels, [1, 0]]), np.concatenate([weights, [1, 1]])
    )
    return {
        "scores": model.X_thresholds_.tolist(),
        "values": model.y_thresholds_.tolist(),
        "queries": model.predict(queries).tolist(),
    }


def sigmoid_of(scores, labels, queries):
    """Lin, Lin and Weng's objective, to a gradient of 1e-9."""
    fake, real = labels.sum(), (1 - labels).sum()
    targets = np.where(labels == 1, (fake + 1) / (fake + 2), 1 / (real + 2))

    def loss(ab):
        z = ab[0] * scores + ab[1]
        error = targets - expit(-z)
        return (
            np.sum(targets * np.logaddexp(0, z) + (1 - targets) * np.logaddexp(0, -z)),
            np.array([np.sum(error * scores), np.sum(error)]),
        )

    start = np.array([0, np.log((real + 1) / (fake + 1))])
    a, b = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 1000}).x
    return {"a": a, "b": b, "queries": expit(-(a * queries + b)).tolist()}


def bins_of(labels, probabilities, bins):
    """Of every bin that has videos: how many, mean probability, share of fakes."""
    share, mean = calibration_curve(labels, probabilities, n_bins=bins, strategy="quantile")
    bounds = np.percentile(probabilities, np.linspace(0, 1, bins + 1) * 100)
    counts = np.bincount(np.searchsorted(bounds[1:-1], probabilities), minlength=bins)
    return [list(row) for row in zip(counts[counts > 0].tolist(), mean, share)]


def of_case(scores, labels, weights, queries, probabilities, bins):
    scores, queries, probabilities = (np.array(each, dtype=np.float64) for each in (scores, queries, probabilities))
    labels, weights = np.array(labels), np.array(weights)
    table = bins_of(labels, probabilities, bins)
    return {
        "isotonic": isotonic_of(scores, labels, weights, queries),
        "sigmoid": sigmoid_of(scores, labels, queries),
        "ece": sum(count * abs(mean - share) for count, mean, share in table) / len(labels),
        "brier": brier_score_loss(labels, probabilities),
        "logLoss": log_loss(labels, probabilities, labels=[0, 1]),
        "bins": table,
    }


with open(sys.argv[1], encoding="utf-8") as file:
    json.dump([of_case(**case) for case in json.load(file)], sys.stdout)
