"""Losses on features, written from the papers. Maps are NCHW here; the fixtures hold them channels last."""
import math

import torch
import torch.nn.functional as F

from cases import case, features, fixture, short, weights

# teacher and student: [batch, channels, height, width]
SAME = [(1, 3, 4, 4), (2, 5, 3, 3), (7, 2, 2, 3)]
PAIRS = [
    ("equal", (2, 4, 4, 4), (2, 4, 4, 4)),
    ("other channels", (2, 6, 4, 4), (2, 3, 4, 4)),
    ("a larger teacher", (2, 4, 8, 8), (2, 3, 4, 4)),
    ("a larger student", (7, 3, 3, 3), (7, 2, 5, 5)),
    ("one sample", (1, 2, 4, 4), (1, 5, 4, 4)),
    ("one axis each way", (2, 2, 6, 3), (2, 2, 4, 5)),
]
VECTORS = [(1, 4, 3), (2, 5, 5), (7, 6, 10)]


def pair(t, s=None):
    return {"teacher": features(*t), "student": features(*(s or t))}


def batch_mean(values, weights=None):
    """values: one per sample."""
    return values.mean() if weights is None else (values * weights).sum() / weights.sum()


def flat(x):
    return x.reshape(x.shape[0], -1)


def channels_last(x):
    """Flattened in the order that TF.js has."""
    return flat(x.permute(0, 2, 3, 1) if x.dim() == 4 else x)


def same_size(t, s):
    """The larger map pooled to the smaller, axis by axis."""
    size = [min(a, b) for a, b in zip(t.shape[2:], s.shape[2:])]
    if t.shape[2:] == s.shape[2:]:
        return t, s
    return F.adaptive_avg_pool2d(t, size), F.adaptive_avg_pool2d(s, size)


def hint_loss(teacher, student, reduction="mean", weights=None):
    squares = flat((student - teacher) ** 2)
    values = squares.mean(1) if reduction == "mean" else squares.sum(1)
    if reduction == "sum":
        return values.sum() if weights is None else (values * weights).sum()
    return batch_mean(values, weights)


@fixture("fitnet")
def fitnet():
    for shape in SAME:
        yield case("x".join(map(str, shape)), hint_loss, **pair(shape))
        yield case("x".join(map(str, shape)) + ", sum over entries", hint_loss, {"reduction": "batchMean"}, **pair(shape))
    yield case("vectors, sum", hint_loss, {"reduction": "sum"}, **pair((7, 5)))
    yield case("weights", hint_loss, **pair((7, 2, 3, 3)), weights=weights(7))


def cosine_hidden_loss(teacher, student, over="sample", weights=None):
    if over == "sample":
        teacher, student = channels_last(teacher), channels_last(student)
    else:  # every position's channels
        teacher, student = (x.permute(0, 2, 3, 1).flatten(0, 2) for x in (teacher, student))
    length = min(teacher.shape[1], student.shape[1])
    teacher, student = (F.adaptive_avg_pool1d(x[:, None], length)[:, 0] for x in (teacher, student))
    ones = torch.ones(teacher.shape[0])
    values = F.cosine_embedding_loss(student, teacher, ones, reduction="none")
    return batch_mean(values, weights)


@fixture("cosine")
def cosine():
    for batch, t, s in VECTORS:
        yield case(f"{batch} vectors of {t} and {s}", cosine_hidden_loss, **pair((batch, t), (batch, s)))
    yield case("maps of equal shape", cosine_hidden_loss, **pair((2, 3, 4, 4)))
    yield case("twice the channels, as in the tutorial", cosine_hidden_loss, **pair((7, 8, 2, 2), (7, 4, 2, 2)))
    yield case("every position", cosine_hidden_loss, {"over": "position"}, **pair((2, 4, 3, 3)))
    yield case("weights", cosine_hidden_loss, **pair((7, 5)), weights=weights(7))


def attention_transfer_loss(teacher, student, variant="code", power=2, weights=None):
    def attention(x):
        return F.normalize(flat(x.abs().pow(power).mean(1)))
    difference = torch.sub(*map(attention, same_size(teacher, student)))
    values = difference.pow(2).mean(1) if variant == "code" else difference.norm(dim=1) / 2
    return batch_mean(values, weights)


@fixture("at")
def at():
    for name, t, s in PAIRS:
        yield case(name, attention_transfer_loss, **pair(t, s))
        yield case(name + ", paper", attention_transfer_loss, {"variant": "paper"}, **pair(t, s))
    yield case("power 4", attention_transfer_loss, {"power": 4}, **pair((2, 3, 3, 3)))
    yield case("power 1", attention_transfer_loss, {"power": 1}, **pair((2, 3, 3, 3)))
    yield case("weights", attention_transfer_loss, **pair((7, 2, 3, 3)), weights=weights(7))


def pairs_mean(values, weights=None):
    """values: one for each two samples."""
    if weights is None:
        return values.mean()
    return (values * torch.outer(weights, weights)).sum() / weights.sum() ** 2


def similarity_preserving_loss(teacher, student, weights=None):
    def similarity(x):
        x = flat(x) if weights is None else flat(x) * (weights[:, None] > 0)
        return F.normalize(x @ x.T, dim=1)
    return pairs_mean((similarity(student) - similarity(teacher)) ** 2, weights)


@fixture("sp")
def sp():
    for name, t, s in PAIRS:
        yield case(name, similarity_preserving_loss, **pair(t, s))
    for batch, t, s in VECTORS:
        yield case(f"{batch} vectors of {t} and {s}", similarity_preserving_loss, **pair((batch, t), (batch, s)))
    yield case("weights", similarity_preserving_loss, **pair((7, 5), (7, 3)), weights=weights(7))


def probabilistic_transfer_loss(teacher, student, reduction="mean", weights=None, eps=1e-7):
    def neighbours(x):
        x = flat(x) / (flat(x).pow(2).sum(1, keepdim=True).sqrt() + eps)
        kernel = (x @ x.T + 1) / 2
        if weights is not None:
            kernel = kernel * (weights > 0)
        return kernel / kernel.sum(1, keepdim=True)
    t, s = neighbours(teacher), neighbours(student)
    values = t * torch.log((t + eps) / (s + eps))
    return values.sum() if reduction == "sum" else pairs_mean(values, weights)


@fixture("pkt")
def pkt():
    for batch, t, s in VECTORS[1:]:
        yield case(f"{batch} vectors of {t} and {s}", probabilistic_transfer_loss, **pair((batch, t), (batch, s)))
        yield case(f"{batch} vectors of {t} and {s}, sum", probabilistic_transfer_loss, {"reduction": "sum"},
                   **pair((batch, t), (batch, s)))
    yield case("one sample", probabilistic_transfer_loss, **pair((1, 4), (1, 3)))
    yield case("maps", probabilistic_transfer_loss, **pair((7, 4, 4, 4), (7, 3, 2, 2)))
    yield case("weights", probabilistic_transfer_loss, **pair((7, 5), (7, 3)), weights=weights(7))


def neuron_selectivity_loss(teacher, student, weights=None):
    """Squared maximum mean discrepancy under the polynomial kernel of degree 2."""
    def kernel_mean(a, b):
        return (a @ b.transpose(1, 2)).pow(2).mean((1, 2))
    t, s = (F.normalize(x.flatten(2), dim=2) for x in same_size(teacher, student))
    return batch_mean(kernel_mean(t, t) + kernel_mean(s, s) - 2 * kernel_mean(s, t), weights)


@fixture("nst")
def nst():
    for name, t, s in PAIRS:
        yield case(name, neuron_selectivity_loss, **pair(t, s))
    yield case("more channels than positions", neuron_selectivity_loss, **pair((2, 12, 2, 3), (2, 7, 2, 3)))
    yield case("weights", neuron_selectivity_loss, **pair((7, 2, 3, 3)), weights=weights(7))


def flow_of_solution_loss(teacherBottom, teacherTop, bottom, top, reduction="mean", weights=None):
    def flow(a, b):
        a, b = same_size(a, b)
        return torch.einsum("bchw,bdhw->bcd", a, b) / (a.shape[2] * a.shape[3])
    squares = flat((flow(bottom, top) - flow(teacherBottom, teacherTop)) ** 2)
    return batch_mean(squares.mean(1) if reduction == "mean" else squares.sum(1), weights)


@fixture("fsp")
def fsp():
    def stage(batch, channels, teacher, student):
        shapes = [(batch, c, *size) for size in (teacher, student) for c in channels]
        return dict(zip(["teacherBottom", "teacherTop", "bottom", "top"], map(lambda x: features(*x), shapes)))
    both = {"wrt": ("bottom", "top")}
    yield case("one size", flow_of_solution_loss, **both, **stage(2, (3, 4), (4, 4), (4, 4)))
    yield case("a smaller student", flow_of_solution_loss, **both, **stage(7, (2, 3), (4, 4), (2, 3)))
    shapes = {"teacherBottom": (2, 3, 8, 8), "teacherTop": (2, 5, 4, 4), "bottom": (2, 3, 5, 5), "top": (2, 5, 3, 3)}
    for options in ({}, {"reduction": "batchMean"}):
        yield case(f"a stage that shrinks {options}", flow_of_solution_loss, options, **both,
                   **{k: features(*v) for k, v in shapes.items()})
    yield case("one sample", flow_of_solution_loss, **both, **stage(1, (3, 2), (4, 4), (4, 4)))
    yield case("weights", flow_of_solution_loss, **both, **stage(7, (2, 2), (2, 2), (2, 2)), weights=weights(7))


def correlation_congruence_loss(teacher, student, kernel="rbf", gamma=0.4, order=2, weights=None):
    def correlation(x):
        x = F.normalize(flat(x))
        cosines = x @ x.T
        if kernel == "bilinear":
            return cosines
        return sum(math.exp(-2 * gamma) * (2 * gamma) ** p / math.factorial(p) * cosines**p for p in range(order + 1))
    return pairs_mean((correlation(student) - correlation(teacher)) ** 2, weights)


@fixture("cc")
def cc():
    for batch, t, s in VECTORS[1:]:
        for options in ({}, {"kernel": "bilinear"}, {"gamma": 1.5, "order": 4}):
            yield case(f"{batch} vectors of {t} and {s} {options}", correlation_congruence_loss, options,
                       **pair((batch, t), (batch, s)))
    yield case("maps", correlation_congruence_loss, **pair((7, 4, 4, 4), (7, 3, 2, 2)))
    yield case("weights", correlation_congruence_loss, **pair((7, 5), (7, 3)), weights=weights(7))


def variational_information_loss(teacher, student, rawVariances, reduction="mean", weights=None):
    variances = F.softplus(rawVariances) + 1e-5
    variances = variances.view(1, -1, *[1] * (teacher.dim() - 2))
    likelihood = flat(0.5 * ((student - teacher) ** 2 / variances + torch.log(variances)))
    return batch_mean(likelihood.mean(1) if reduction == "mean" else likelihood.sum(1), weights)


@fixture("vid")
def vid():
    both = {"wrt": ("student", "rawVariances")}
    for shape in SAME + [(7, 5)]:
        for options in ({}, {"reduction": "batchMean"}):
            yield case("x".join(map(str, shape)) + f" {options}", variational_information_loss, options, **both,
                       **pair(shape), rawVariances=short(torch.randn(shape[1]) * 2))
    yield case("the usual start", variational_information_loss, **both, **pair((2, 3, 4, 4)),
               rawVariances=torch.full((3,), math.log(math.expm1(5 - 1e-5))))
    yield case("weights", variational_information_loss, **both, **pair((7, 3, 2, 2)), rawVariances=features(3),
               weights=weights(7))


def activation_boundary_loss(teacher, student, margin=1.0, weights=None):
    off = (student + margin) ** 2 * ((student > -margin) & (teacher <= 0))
    on = (student - margin) ** 2 * ((student <= margin) & (teacher > 0))
    return batch_mean(flat(off + on).sum(1), weights)


@fixture("ab")
def ab():
    for shape in SAME + [(7, 5)]:
        yield case("x".join(map(str, shape)), activation_boundary_loss, **pair(shape))
        yield case("x".join(map(str, shape)) + ", margin 2", activation_boundary_loss, {"margin": 2}, **pair(shape))
    yield case("weights", activation_boundary_loss, **pair((7, 2, 3, 3)), weights=weights(7))


def overhaul_loss(teacher, student, margins=None, weights=None):
    if margins is None:
        negative = teacher < 0
        axes = [0, *range(2, teacher.dim())]
        margin = (teacher * negative).sum(axes) / negative.sum(axes).clamp(min=1)
    else:
        margin = torch.as_tensor(margins, dtype=torch.float32).expand(teacher.shape[1])
    target = torch.maximum(teacher, margin.view(1, -1, *[1] * (teacher.dim() - 2)))
    squares = (student - target) ** 2 * ((student > target) | (target > 0))
    return batch_mean(flat(squares).sum(1), weights)


@fixture("ofd")
def ofd():
    for shape in SAME + [(7, 5)]:
        margins = [-0.1 * (i + 1) for i in range(shape[1])]
        for options in ({}, {"margins": -0.5}, {"margins": margins}):
            yield case("x".join(map(str, shape)) + f" {options}", overhaul_loss, options, **pair(shape))
    yield case("weights", overhaul_loss, {"margins": -0.3}, **pair((7, 2, 3, 3)), weights=weights(7))


def factor_transfer_loss(teacher, student, norm=1, weights=None):
    difference = F.normalize(channels_last(student)) - F.normalize(channels_last(teacher))
    return batch_mean(difference.abs().pow(norm).mean(1), weights)


@fixture("ft")
def ft():
    for shape in SAME + [(7, 5)]:
        for norm in (1, 2):
            yield case("x".join(map(str, shape)) + f", norm {norm}", factor_transfer_loss, {"norm": norm}, **pair(shape))
    yield case("weights", factor_transfer_loss, **pair((7, 2, 3, 3)), weights=weights(7))


def channel_wise_loss(teacher, student, temperature=4.0, weights=None):
    p = F.softmax(teacher.flatten(2) / temperature, 2)
    log_q = F.log_softmax(student.flatten(2) / temperature, 2)
    values = F.kl_div(log_q, p, reduction="none").sum(2).mean(1) * temperature**2
    return batch_mean(values, weights)


@fixture("cwd")
def cwd():
    for shape in SAME:
        for temperature in (1, 4):
            yield case("x".join(map(str, shape)) + f", T {temperature}", channel_wise_loss,
                       {"temperature": temperature}, **pair(shape))
    large = {k: v * 1e4 for k, v in pair((2, 3, 3, 3)).items()}
    yield case("features of about 1e4", channel_wise_loss, **large)
    yield case("weights", channel_wise_loss, **pair((7, 2, 3, 3)), weights=weights(7))
