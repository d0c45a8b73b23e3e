"""Relations among the samples of a batch: Park et al. 2019 (RKD), over all pairs and all triplets."""
import torch
import torch.nn.functional as F

from cases import case, features, fixture, weights


def smooth_l1(x):
    return torch.where(x.abs() < 1, 0.5 * x * x, x.abs() - 0.5)


def relative_distances(e, w):
    n = len(e)
    off = ~torch.eye(n, dtype=torch.bool)
    d = torch.zeros(n, n)
    diff = e[:, None] - e[None]
    d = torch.where(off, (diff.pow(2).sum(-1) + (~off).float()).sqrt(), torch.zeros(()))
    pair = w[:, None] * w[None] * off
    return d / ((d * pair).sum() / pair.sum().clamp(min=1e-12)).clamp(min=1e-6)


def angles(e):
    """[vertex, j, k]"""
    directions = F.normalize(e[None] - e[:, None], dim=2, eps=1e-6)
    return directions @ directions.transpose(1, 2)


def rkd_loss(teacher, student, distance=25.0, angle=50.0, weights=None):
    t, s = teacher.flatten(1), student.flatten(1)
    w = torch.ones(len(t)) if weights is None else weights
    w = w / w.sum()
    d = smooth_l1(relative_distances(s, w) - relative_distances(t, w))
    a = smooth_l1(angles(s) - angles(t))
    return distance * torch.einsum("i,j,ij->", w, w, d) + angle * torch.einsum("i,j,k,ijk->", w, w, w, a)


@fixture("rkd")
def rkd():
    for batch in (1, 2, 7):
        def pair(teacher=8, student=5):
            return {"teacher": features(batch, teacher), "student": features(batch, student)}
        yield case(f"{batch} vectors of 8 and 5", rkd_loss, **pair())
        yield case(f"{batch} vectors of 10 and 10, distances alone", rkd_loss, {"angle": 0}, **pair(10, 10))
        yield case(f"{batch} vectors of 2 and 100, angles alone", rkd_loss, {"distance": 0, "angle": 2}, **pair(2, 100))
    yield case("maps of another size and number of channels", rkd_loss, teacher=features(7, 6, 2, 2), student=features(7, 3, 4, 4))
    yield case("an offset of 50, which differences do not see", rkd_loss, teacher=features(7, 8), student=features(7, 8) + 50)
    yield case("weights", rkd_loss, teacher=features(7, 8), student=features(7, 8), weights=weights(7))
