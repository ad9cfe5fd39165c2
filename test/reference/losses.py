"""Contrastive losses by numpy, from their papers' formulas as N x N matrices with masks, and their gradients.

Cases (seeded) -> OUT.jsonl, a line each: {name, dims, labels, embeddings, classifier, options, loss, gradient,
temperatureGradient, classifierGradient}; options and names as contrastiveLoss() of unreel has them. The gradient by the
embeddings is that by the rows before they are brought to unit length; the one by the temperature is by its inverse.

Gradients come by complex steps (exact to rounding). Where torch can be imported the same formulas are differentiated by
autograd too, and the two must agree.

usage: losses.py OUT.jsonl
"""

import json
import sys

import numpy as np

try:
    import torch
except ImportError:
    torch = None

STEP = 1e-30


class Numpy:
    """Arrays that may be complex: comparisons look at the real part alone."""

    exp, log, sqrt, stack, where = np.exp, np.log, np.sqrt, np.stack, np.where
    mask = staticmethod(np.asarray)

    @staticmethod
    def relu(x):
        return np.where(np.real(x) > 0, x, 0)

    @staticmethod
    def largest(x):
        return x[np.argmax(np.real(x))]


class Torch:
    if torch is not None:
        exp, log, sqrt, stack, where = torch.exp, torch.log, torch.sqrt, torch.stack, torch.where
        mask, relu, largest = staticmethod(torch.as_tensor), staticmethod(torch.relu), staticmethod(torch.max)


def unit(xp, u):
    return u / xp.sqrt((u * u).sum(1))[:, None]


def squares(z):
    difference = z[:, None, :] - z[None, :, :]
    return (difference * difference).sum(2)


def masks(labels):
    """Same label and another row; each pair once."""
    same = labels[:, None] == labels[None, :]
    return same & ~np.eye(len(labels), dtype=bool), np.triu(np.ones_like(same), 1)


def supcon(xp, z, labels, options, inverse_temperature):
    """Khosla et al. 2020, eq. 2, and the factor of the authors' code."""
    positive, _ = masks(labels)
    anchors = positive.any(1)
    s = z @ z.T * inverse_temperature
    others = xp.mask(~np.eye(len(labels), dtype=bool))
    log_p = s - xp.log(xp.where(others, xp.exp(s), 0 * s).sum(1))[:, None]
    per_anchor = -(log_p * xp.mask(positive.astype(float))).sum(1) / xp.mask(np.maximum(positive.sum(1), 1))
    loss = per_anchor[xp.mask(anchors)].sum() / max(anchors.sum(), 1)
    base = options.get("baseTemperature")
    return loss if base is None else loss / inverse_temperature / base


def align_uniform(xp, z, labels, options, _):
    """Wang & Isola 2020, section 4.1; positives are the rows of one label."""
    positive, once = masks(labels)
    d2 = squares(z)
    within = d2[xp.mask(positive & once)]
    align = (within ** (options.get("alignAlpha", 2) / 2)).sum() / max(len(within), 1)
    exponentials = xp.exp(-options.get("uniformT", 2) * d2[xp.mask(once)])
    uniform = xp.log(exponentials.sum() / len(exponentials))
    return options.get("alignWeight", 1) * align + options.get("uniformWeight", 1) * uniform


def margin(xp, z, labels, options, _):
    """Hadsell, Chopra & LeCun 2006, eq. 4, times 2."""
    positive, once = masks(labels)
    d2 = squares(z)
    short = xp.relu(options.get("margin", 1) - xp.sqrt(d2[xp.mask(~positive & once)]))
    return (d2[xp.mask(positive & once)].sum() + (short * short).sum()) / once.sum()


def triplet(xp, z, labels, options, _):
    """Hermans, Beyer & Leibe 2017, section 2: "batch hard" and "batch all"."""
    positive, _ = masks(labels)
    d2 = squares(z)
    hinges = []
    for anchor in range(len(labels)):
        p = xp.sqrt(d2[anchor][xp.mask(positive[anchor])])
        n = xp.sqrt(d2[anchor][xp.mask(labels != labels[anchor])])
        if len(p) == 0 or len(n) == 0:
            continue
        if options.get("mining", "hard") == "hard":
            hinges.append(xp.relu(xp.largest(p) + xp.largest(-n) + options.get("margin", 0.3)))
        else:
            hinges.extend(xp.relu(p[:, None] - n[None, :] + options.get("margin", 0.3)).reshape(-1))
    return sum(hinges, 0 * z.sum()) / max(len(hinges), 1)


def single_centre(xp, z, labels, options, _):
    """Li et al. 2021, with the batch's own centre and a margin without sqrt D."""
    real, fake = z[xp.mask(labels == 0)], z[xp.mask(labels == 1)]
    centre = real.sum(0) / len(real)

    def mean_distance(rows):
        return xp.sqrt(((rows - centre) ** 2).sum(1)).sum() / len(rows)

    natural = mean_distance(real)
    if len(fake) == 0:
        return natural
    return natural + xp.relu(natural - mean_distance(fake) + options.get("margin", 0.3))


def term(xp, z, labels, options, classifier):
    score = (z @ classifier[:-1] + classifier[-1]) * xp.mask(2.0 * labels - 1)
    each = xp.relu(1 - score) if options["term"] == "hinge" else xp.log(1 + xp.exp(-score))
    means = [each[xp.mask(labels == label)].sum() / (labels == label).sum() for label in sorted(set(labels))]
    return options.get("termWeight", 1) * sum(means) / len(means)


LOSSES = {
    "supcon": supcon,
    "align-uniform": align_uniform,
    "triplet": triplet,
    "margin": margin,
    "single-centre": single_centre,
}


def total(xp, case, embeddings, classifier, inverse_temperature):
    labels, options = np.array(case["labels"]), case["options"]
    z = unit(xp, embeddings)
    loss = LOSSES[options["loss"]](xp, z, labels, options, inverse_temperature)
    return loss + term(xp, z, labels, options, classifier) if "term" in options else loss


def inputs(case):
    rows = np.array(case["embeddings"], float).reshape(-1, case["dims"])
    return rows, np.array(case["classifier"], float), np.array(1 / case["options"].get("temperature", 0.07))


def by_complex_steps(case):
    values = inputs(case)
    gradients = []
    for which, array in enumerate(values):
        gradient = np.zeros(array.shape)
        for at in np.ndindex(array.shape):
            moved = [each.astype(complex) for each in values]
            moved[which][at] += 1j * STEP
            gradient[at] = np.imag(total(Numpy, case, *moved)) / STEP
        gradients.append(gradient)
    return float(total(Numpy, case, *values)), gradients


def by_autograd(case):
    leaves = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in inputs(case)]
    loss = total(Torch, case, *leaves)
    loss.backward()
    return float(loss.detach()), [np.zeros(each.shape) if each.grad is None else each.grad.numpy() for each in leaves]


def short(values):
    """Twelve digits, which the tests do not reach."""
    return [float(f"{value:.12g}") for value in np.ravel(values)]


def solve(case):
    loss, gradients = by_complex_steps(case)
    if torch is not None:
        again, others = by_autograd(case)
        np.testing.assert_allclose(again, loss, rtol=1e-12)
        for one, other in zip(gradients, others):
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12 * np.abs(one).max())
    embeddings, classifier, temperature = gradients
    solved = {**case, "loss": loss, "gradient": short(embeddings)}
    if case["options"]["loss"] == "supcon":
        solved["temperatureGradient"] = float(temperature)
    if "term" in case["options"]:
        solved["classifierGradient"] = short(classifier)
    return solved


OPTIONS = [
    {"loss": "supcon"},
    {"loss": "supcon", "temperature": 0.5, "baseTemperature": 0.07},
    {"loss": "align-uniform"},
    {"loss": "align-uniform", "alignAlpha": 3, "alignWeight": 0.1, "uniformWeight": 0.5, "uniformT": 4},
    {"loss": "triplet"},
    {"loss": "triplet", "margin": 1},
    {"loss": "triplet", "mining": "all"},
    {"loss": "triplet", "mining": "all", "margin": 0.8},
    {"loss": "margin"},
    {"loss": "margin", "margin": 1.5},
    {"loss": "single-centre"},
    {"loss": "single-centre", "margin": 1.2},
]
TERMS = [{}, {"term": "cross-entropy"}, {"term": "hinge", "termWeight": 0.25}]
LABELS = {
    "both classes": [0, 1, 1, 0, 1, 0, 1, 1],
    "one fake": [0, 0, 1, 0, 0],
    "real alone": [0, 0, 0, 0],
    "three classes and a singleton": [0, 7, -2, 7, 0, 0, -2, 9],
}


def cases():
    random = np.random.default_rng(6)
    for options in OPTIONS:
        for terms in TERMS:
            for name, labels in LABELS.items():
                if (terms or options["loss"] == "single-centre") and not set(labels) <= {0, 1}:
                    continue
                dims = 5
                yield {
                    "name": name,
                    "dims": dims,
                    "labels": labels,
                    "embeddings": random.integers(-99, 100, len(labels) * dims).tolist(),
                    "classifier": (random.integers(-8, 9, dims + 1) / 4).tolist(),
                    "options": {**options, **terms},
                }


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf8") as file:
        for case in cases():
            print(json.dumps(solve(case)), file=file)
    print("numpy", np.__version__, "torch", None if torch is None else torch.__version__)
