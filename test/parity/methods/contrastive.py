"""Contrastive representation distillation: Tian et al. 2020, by noise-contrastive estimation, and within a batch."""
import torch
import torch.nn.functional as F

from cases import case, features, fixture, labels, weights


def crd_loss(teacher, student, temperature=0.07, labels=None, weights=None):
    """InfoNCE both ways; samples of one class, or of weight 0, are nobody's negatives."""
    n = len(student)
    scores = F.normalize(student, dim=1) @ F.normalize(teacher, dim=1).T / temperature
    left_out = torch.zeros(n, n, dtype=torch.bool)
    if labels is not None:
        left_out |= labels[:, None] == labels[None]
    if weights is not None:
        left_out |= (weights[None] == 0) | (weights[:, None] == 0)
    scores = scores.masked_fill(left_out & ~torch.eye(n, dtype=torch.bool), -1e9)
    targets = torch.arange(n)
    values = (F.cross_entropy(scores, targets, reduction="none") + F.cross_entropy(scores.T, targets, reduction="none")) / 2
    return values.mean() if weights is None else (values * weights).sum() / weights.sum()


@fixture("crd")
def crd():
    both = ("student", "teacher")
    for batch in (1, 2, 7):
        yield case(f"{batch} vectors of 10", crd_loss, wrt=both, teacher=features(batch, 10), student=features(batch, 10))
        yield case(f"{batch} vectors of 100, temperature 0.5", crd_loss, {"temperature": 0.5}, wrt=both, teacher=features(batch, 100), student=features(batch, 100))
    yield case("negatives of other classes", crd_loss, wrt=both, teacher=features(7, 6), student=features(7, 6), labels=labels(7, 3))
    yield case("weights", crd_loss, wrt=both, teacher=features(5, 6), student=features(5, 6), weights=weights(5))


def nce_loss(positive, negative, samples, logPartition=None):
    """Equation 18, as a mean over the batch."""
    scores = torch.cat([positive[:, None], negative], 1).double().exp()
    z = scores.detach().mean() * samples if logPartition is None else logPartition.double().exp()
    h, c = scores / z, negative.shape[1] / samples
    return -((h[:, 0] / (h[:, 0] + c)).log() + (c / (h[:, 1:] + c)).log().sum(1)).mean().float()


@fixture("noise-contrastive")
def nce():
    for batch, negatives, samples in ((1, 4, 10), (2, 10, 100), (7, 16, 50)):
        def scores(*shape):
            return features(*shape).clamp(-1, 1) / 0.07
        yield case(f"{batch} against {negatives} of {samples}", nce_loss, {"samples": samples}, wrt=("positive", "negative"),
                   positive=scores(batch), negative=scores(batch, negatives))
        yield case(f"{batch} against {negatives} of {samples}, Z given", nce_loss, {"samples": samples}, wrt=("positive", "negative"),
                   positive=scores(batch), negative=scores(batch, negatives), logPartition=torch.tensor(12.5))
