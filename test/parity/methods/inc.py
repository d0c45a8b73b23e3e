"""Intel Neural Compressor 2.6.1's three losses as its PyTorch classes compute them, defects included."""
import torch
import torch.nn.functional as F
from torch import nn

from cases import case, features, fixture, logits


def soft_cross_entropy(student, teacher):
    return -(teacher.softmax(-1) * student.log_softmax(-1)).sum(-1).mean()


def kl_mean(student, teacher):
    return nn.KLDivLoss()(student.log_softmax(-1), teacher.softmax(-1))


def knowledge_distillation(teacher, student, task, temperature, lossTypes, lossWeights):
    t, s = teacher / temperature, student / temperature
    distance = {"CE": soft_cross_entropy, "KL": kl_mean, "MSE": nn.MSELoss()}[lossTypes[1]](s, t)
    return lossWeights[0] * task + lossWeights[1] * temperature**2 * distance


@fixture("inc-kd")
def inc_kd():
    for distance in ("CE", "KL", "MSE"):
        for temperature in (1, 4):
            options = {"temperature": temperature, "lossTypes": ["CE", distance], "lossWeights": [0.75, 0.25]}
            yield case(f"{distance}, T = {temperature}", knowledge_distillation, options,
                       teacher=logits(5, 7), student=logits(5, 7), task=torch.tensor(1.25))


def as_probabilities(x):
    return x.softmax(-1) if ((x.sum(-1) - 1).abs() > 0.2).any() else x


def feature_kl(student, teacher):
    return nn.KLDivLoss()((as_probabilities(student) + 1e-9).log(), as_probabilities(teacher))


def intermediate(task, lossTypes, lossWeights, addOriginLoss, **sides):
    distances = {"MSE": nn.MSELoss(), "L1": nn.L1Loss(), "KL": feature_kl}
    total = task if addOriginLoss else 0 * task
    for i, (kind, weight) in enumerate(zip(lossTypes, lossWeights)):
        total = total + weight * distances[kind](sides[f"student{i}"], sides[f"teacher{i}"])
    return total


@fixture("inc-intermediate")
def inc_intermediate():
    for kind in ("MSE", "L1", "KL"):
        yield case(kind, intermediate, {"lossTypes": [kind], "lossWeights": [0.5], "addOriginLoss": False},
                   wrt=("student0",), student0=features(4, 6), teacher0=features(4, 6), task=torch.tensor(1.25))
    yield case("KL of probabilities", intermediate, {"lossTypes": ["KL"], "lossWeights": [1], "addOriginLoss": False},
               wrt=("student0",), student0=logits(4, 6).softmax(-1), teacher0=logits(4, 6).softmax(-1), task=torch.tensor(1.25))
    yield case("three pairs and the task", intermediate,
               {"lossTypes": ["MSE", "L1", "KL"], "lossWeights": [0.5, 0.25, 0.125], "addOriginLoss": True},
               wrt=("student0", "student1", "student2"), task=torch.tensor(1.25),
               **{f"{side}{i}": features(3, 5) for i in range(3) for side in ("student", "teacher")})


def self_distillation(task, groups, temperature, lossTypes, lossWeights, addOriginLoss, **named):
    total, tmp = (task if addOriginLoss else 0 * task), 0
    for g, group in enumerate(groups):
        for shallower, deeper in group:
            s, t = named[shallower], named[deeper]
            if g == 1:  # its "soft logit" group
                s, t = s / temperature, t / temperature
            distance = {"CE": soft_cross_entropy, "KL": kl_mean, "L2": torch.dist}[lossTypes[g]](s, t)
            tmp = tmp + lossWeights[g] * distance
        total = total + tmp
    return total


@fixture("inc-self")
def inc_self():
    groups = [[["feature1", "feature2"]], [["logits1", "logits2"], ["logits0", "logits2"]], [["logits0", "logits1"]]]
    options = {"groups": groups, "temperature": 3, "lossTypes": ["L2", "KL", "CE"], "lossWeights": [0.5, 0.05, 0.02]}
    for origin in (False, True):
        yield case(f"three groups{', and the task' if origin else ''}", self_distillation, {**options, "addOriginLoss": origin},
                   wrt=("feature1", "feature2", "logits0", "logits1", "logits2"), task=torch.tensor(1.25),
                   feature1=features(4, 6), feature2=features(4, 6),
                   logits0=logits(4, 5), logits1=logits(4, 5), logits2=logits(4, 5))
