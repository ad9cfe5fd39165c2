"""scikit-learn's metrics of the cases in a JSON file: [{labels, scores, threshold}] -> [{auc, ...}] on stdout."""

import json
import sys

import numpy as np
from sklearn import metrics


def of_case(labels, scores, threshold):
    labels, scores = np.array(labels), np.array(scores, dtype=np.float64)
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    # False positive less false negative rate rises strictly along the curve; where it is 0 lies the EER.
    imbalance = fpr + tpr - 1
    called = (scores >= threshold).astype(int)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, called, average="binary", zero_division=np.nan
    )
    tn, fp, fn, tp = metrics.confusion_matrix(labels, called, labels=[0, 1]).ravel()
    return {
        "auc": metrics.roc_auc_score(labels, scores),
        "ap": metrics.average_precision_score(labels, scores),
        "eer": np.interp(0, imbalance, fpr),
        "tprAtFpr1": tpr[fpr <= 0.01].max(),
        "accuracy": metrics.accuracy_score(labels, called),
        "balancedAccuracy": metrics.balanced_accuracy_score(labels, called),
        "precision": None if np.isnan(precision) else precision,
        "recall": recall,
        "f1": f1,
        "alwaysFakeF1": metrics.f1_score(labels, np.ones_like(labels)),
        "confusion": {"tp": int(tp), "fp": int(fp), "tn": int(tn), "fn": int(fn)},
    }


with open(sys.argv[1], encoding="utf-8") as file:
    json.dump([of_case(**case) for case in json.load(file)], sys.stdout)
