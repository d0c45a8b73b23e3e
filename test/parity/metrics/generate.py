"""Writes ../fixtures/metrics/classification.json: metrics of random logits, by scikit-learn and SciPy in float64.

    python generate.py

Needs scikit-learn. The fixture is committed; rerun after a change here. The calibration error follows equation 3 of
Guo et al., "On Calibration of Modern Neural Networks" (2017), bins open on the left, as its authors' code has them.
"""
import json
import pathlib

import numpy as np
import sklearn
from scipy.special import log_softmax, rel_entr, softmax
from sklearn import metrics

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "metrics" / "classification.json"


def calibration_error(confidence, correct, bins=15):
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def case(name, seed, samples, classes, scale):
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, samples)
    logits = random.normal(0, scale, (samples, classes)).round(3)
    logits[np.arange(samples), truth] += scale
    logits = logits.round(3)
    teacher = (logits + random.normal(0, scale, logits.shape)).round(3)
    probs, answer = softmax(logits, -1), logits.argmax(-1)
    labels = list(range(classes))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, answer, labels=labels, zero_division=np.nan
    )
    return {
        "name": name,
        "logits": logits.tolist(),
        "teacher": teacher.tolist(),
        "truth": truth.tolist(),
        "accuracy": metrics.accuracy_score(truth, answer),
        "top5": metrics.top_k_accuracy_score(truth, logits, k=5, labels=labels) if classes > 5 else None,
        # scikit-learn's log_loss clips probabilities at 2e-16
        "loss": -log_softmax(logits, -1)[np.arange(samples), truth].mean(),
        "ece": calibration_error(probs.max(-1), answer == truth),
        "agreement": (teacher.argmax(-1) == answer).mean(),
        "klToTeacher": rel_entr(softmax(teacher, -1), np.exp(log_softmax(logits, -1))).sum(-1).mean(),
        "confusion": metrics.confusion_matrix(truth, answer, labels=labels).tolist(),
        "classes": [
            {
                "samples": int(support[c]),
                **{k: None if np.isnan(v[c]) else v[c] for k, v in
                   {"precision": precision, "recall": recall, "f1": f1}.items()},
            }
            for c in labels
        ],
    }


CASES = [
    case("ten classes", 1, 200, 10, 2.0),
    case("two classes", 2, 50, 2, 1.0),
    case("more classes than samples", 3, 20, 30, 3.0),
    case("sure of everything", 4, 60, 7, 20.0),
]
OUT.parent.mkdir(exist_ok=True)
content = {"sklearn": sklearn.__version__, "cases": CASES}
OUT.write_text(json.dumps(content, separators=(",", ":")) + "\n")
