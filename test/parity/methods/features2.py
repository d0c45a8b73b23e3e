"""Features: inter-channel correlation, Pearson, masked generation, knowledge review, the simple recipe, patterns."""
import torch
import torch.nn.functional as F

from cases import case, features, fixture, short, weights


def reduced(values, reduction, entries, weights):
    """values: one per sample, each a sum over its entries."""
    total = values.sum() if weights is None else (values * weights).sum()
    count = values.numel() if weights is None else weights.sum()
    return {"batchMean": total / count, "mean": total / count / entries, "sum": total}[reduction]


def channel_moments(x, weights):
    """Mean and biased variance of each channel, shaped to broadcast."""
    axes = [0, *range(2, x.dim())]
    w = torch.ones(len(x)) if weights is None else weights
    w = (w / w.sum()).view(-1, *[1] * (x.dim() - 1)) / x[0, 0].numel()
    mean = (x * w).sum(axes, keepdim=True)
    return mean, ((x - mean).pow(2) * w).sum(axes, keepdim=True)


def ickd_loss(teacher, student, reduction="batchMean", weights=None):
    """Liu et al. 2021."""
    def rows(x):
        flat = x.flatten(2)
        return F.normalize(flat @ flat.transpose(1, 2), dim=2)
    channels = student.shape[1]
    values = (rows(student) - rows(teacher)).pow(2).sum((1, 2)) / channels
    return reduced(values, reduction, channels, weights)


@fixture("ickd")
def ickd():
    for batch in (1, 2, 7):
        yield case(f"batch {batch}", ickd_loss, teacher=features(batch, 5, 3, 3), student=features(batch, 5, 3, 3))
        yield case(f"batch {batch}, another size", ickd_loss, teacher=features(batch, 4, 2, 2), student=features(batch, 4, 3, 3))
    yield case("mean over entries", ickd_loss, {"reduction": "mean"}, teacher=features(2, 5, 3, 3), student=features(2, 5, 3, 3))
    yield case("sum, a map of one column with weights", ickd_loss, {"reduction": "sum"}, teacher=features(3, 5, 4, 1), student=features(3, 5, 4, 1), weights=weights(3))


def pearson_loss(teacher, student, reduction="mean", weights=None):
    """Cao et al. 2022; the variance is unbiased."""
    def standardized(x):
        mean, variance = channel_moments(x, weights)
        samples = len(x) if weights is None else int((weights > 0).sum())
        n = samples * x[0, 0].numel()
        return (x - mean) / ((variance * n / (n - 1)).sqrt() + 1e-6)
    values = (standardized(student) - standardized(teacher)).pow(2).flatten(1).sum(1) / 2
    return reduced(values, reduction, student[0].numel(), weights)


@fixture("pearson")
def pearson():
    for batch in (1, 2, 7):
        yield case(f"maps, batch {batch}", pearson_loss, teacher=features(batch, 4, 3, 3), student=features(batch, 4, 3, 3) * 2 + 1)
    yield case("vectors, batch 7, sum", pearson_loss, {"reduction": "sum"}, teacher=features(7, 10), student=features(7, 10))
    yield case("weights", pearson_loss, teacher=features(5, 3, 2, 2), student=features(5, 3, 2, 2), weights=weights(5))


def srd_loss(teacher, student, exponent=4.0, weights=None):
    """Miles, Mikolajczyk 2023."""
    def normalized(x):
        mean, variance = channel_moments(x, weights)
        return (x - mean) / (variance + 1e-4).sqrt()
    powers = (normalized(student) - normalized(teacher)).abs().pow(exponent).flatten(1).sum(1)
    return torch.log(1e-5 + (powers if weights is None else powers * weights).sum())


@fixture("srd")
def srd():
    for batch in (2, 7):
        yield case(f"vectors, batch {batch}", srd_loss, teacher=features(batch, 10), student=features(batch, 10) * 3 - 1)
        yield case(f"maps, batch {batch}, exponent 1", srd_loss, {"exponent": 1}, teacher=features(batch, 4, 3, 3), student=features(batch, 4, 3, 3))
    yield case("maps, batch 1, exponent 2", srd_loss, {"exponent": 2}, teacher=features(1, 4, 3, 3), student=features(1, 4, 3, 3))
    yield case("100 channels", srd_loss, teacher=features(7, 100), student=features(7, 100))
    yield case("weights", srd_loss, teacher=features(5, 6), student=features(5, 6), weights=weights(5))


def activation_pattern_loss(teacher, student, sharpness=1.0, reduction="mean", weights=None):
    on = (teacher > 0).float()
    values = F.binary_cross_entropy_with_logits(sharpness * student, on, reduction="none").flatten(1).sum(1)
    return reduced(values, reduction, student[0].numel(), weights)


@fixture("activation-pattern")
def activation_pattern():
    for batch in (1, 2, 7):
        yield case(f"maps, batch {batch}", activation_pattern_loss, teacher=features(batch, 3, 2, 2), student=features(batch, 3, 2, 2))
        yield case(f"vectors, batch {batch}, sharpness 5", activation_pattern_loss, {"sharpness": 5}, teacher=features(batch, 10).relu(), student=features(batch, 10))
    yield case("batchMean, weights", activation_pattern_loss, {"reduction": "batchMean"}, teacher=features(4, 6), student=features(4, 6), weights=weights(4))


def mgd_loss(teacher, student, mask, conv1Kernel, conv2Kernel, reduction="batchMean", weights=None):
    """Yang et al. 2022: the generator's biases are 0 as at the start."""
    generated = F.conv2d(F.relu(F.conv2d(student * mask, conv1Kernel, padding=1)), conv2Kernel, padding=1)
    return reduced((generated - teacher).pow(2).flatten(1).sum(1), reduction, teacher[0].numel(), weights)


@fixture("mgd")
def mgd():
    trained = ("student", "conv1Kernel", "conv2Kernel")
    for batch in (1, 2, 7):
        for reduction in ("batchMean", "mean"):
            yield case(f"batch {batch}, {reduction}", mgd_loss, {"reduction": reduction}, wrt=trained,
                       teacher=features(batch, 3, 3, 3), student=features(batch, 3, 3, 3),
                       mask=(torch.rand(batch, 1, 3, 3) >= 0.65).float(),
                       conv1Kernel=features(3, 3, 3, 3), conv2Kernel=features(3, 3, 3, 3))
    yield case("channels masked, weights", mgd_loss, wrt=trained, teacher=features(3, 4, 2, 4), student=features(3, 4, 2, 4),
               mask=(torch.rand(3, 4, 1, 1) >= 0.5).float(), conv1Kernel=features(4, 4, 3, 3), conv2Kernel=features(4, 4, 3, 3),
               weights=weights(3))


def hierarchical_context(student, teacher):
    """Chen et al. 2021, one value per sample."""
    def mean_square(x):
        return x.pow(2).flatten(1).mean(1)
    value, total, weight = mean_square(student - teacher), 1.0, 1.0
    for size in (4, 2, 1):
        if size >= min(student.shape[2:]):
            continue
        weight /= 2
        value = value + weight * mean_square(F.adaptive_avg_pool2d(student, size) - F.adaptive_avg_pool2d(teacher, size))
        total += weight
    return value / total


def fusion(x, deeper, size, w):
    """One attention-based fusion with batch norms of scale 1 and offset 0."""
    def normalized(y):
        return F.batch_norm(y, None, None, training=True)
    x = normalized(F.conv2d(x, w["reduce"]))
    if deeper is not None:
        deeper = F.interpolate(deeper, x.shape[2:], mode="nearest")
        z = torch.sigmoid(F.conv2d(torch.cat([x, deeper], 1), w["attention"]))
        x = x * z[:, :1] + deeper * z[:, 1:]
    x = F.interpolate(x, size, mode="nearest")
    return normalized(F.conv2d(x, w["expand"], padding=1)), x


def review_loss(teacher1, teacher2, teacher3, student1, student2, student3, reduction="batchMean", weights=None, **kernels):
    teachers, students = [teacher1, teacher2, teacher3], [student1, student2, student3]
    total, deeper = 0, None
    for i in (2, 1, 0):
        w = {k: kernels[f"{k}{i + 1}Kernel"] for k in ("reduce", "expand", "attention") if f"{k}{i + 1}Kernel" in kernels}
        output, deeper = fusion(students[i], deeper, teachers[i].shape[2:], w)
        total = total + reduced(hierarchical_context(output, teachers[i]), reduction, 1, weights)
    return total


@fixture("review-kd")
def review():
    def kernels(middle, student, teacher):
        shapes = {}
        for i, (s, t) in enumerate(zip(student, teacher), 1):
            shapes[f"reduce{i}Kernel"] = (middle, s, 1, 1)
            shapes[f"expand{i}Kernel"] = (t, middle, 3, 3)
            if i < 3:
                shapes[f"attention{i}Kernel"] = (2, 2 * middle, 1, 1)
        return {name: short(torch.randn(*shape) / 2) for name, shape in shapes.items()}
    for batch, student, teacher, sizes in (
        (2, (2, 3, 4), (3, 3, 5), ((6, 6), (3, 3), (2, 2))),
        (7, (2, 3, 2), (2, 2, 3), ((4, 5), (2, 2), (1, 1))),
        (1, (2, 3, 3), (2, 3, 3), ((4, 4), (3, 3), (2, 2))),
    ):
        inputs = {}
        for i in range(3):
            h, w = sizes[i]
            inputs[f"teacher{i + 1}"] = features(batch, teacher[i], h, w)
            inputs[f"student{i + 1}"] = features(batch, student[i], *((h, w) if i != 1 else (h + 1, w + 1)))
        weight = kernels(student[-1], student, teacher)
        yield case(f"three stages, batch {batch}", review_loss, wrt=("student1", "student2", "student3", *weight), **inputs, **weight)


def simkd_loss(teacher, student, reduceKernel, transformKernel, expandKernel, reduction="mean", weights=None):
    """Chen et al. 2022: 1x1, 3x3 and 1x1 convolution, each with batch norm and ReLU."""
    size = [min(a, b) for a, b in zip(teacher.shape[2:], student.shape[2:])]
    x, target = F.adaptive_avg_pool2d(student, size), F.adaptive_avg_pool2d(teacher, size)
    for kernel in (reduceKernel, transformKernel, expandKernel):
        x = F.relu(F.batch_norm(F.conv2d(x, kernel, padding=kernel.shape[-1] // 2), None, None, training=True))
    return reduced((x - target).pow(2).flatten(1).sum(1), reduction, target[0].numel(), weights)


@fixture("simkd")
def simkd():
    for batch, size, other in ((1, 3, 3), (2, 4, 2), (7, 2, 4)):
        yield case(f"batch {batch}, sizes {size} and {other}", simkd_loss, teacher=features(batch, 6, other, other), student=features(batch, 4, size, size),
                   reduceKernel=features(3, 4, 1, 1), transformKernel=features(3, 3, 3, 3), expandKernel=features(6, 3, 1, 1))
    yield case("batchMean, weights", simkd_loss, {"reduction": "batchMean"}, teacher=features(3, 4, 2, 2), student=features(3, 2, 2, 2),
               reduceKernel=features(2, 2, 1, 1), transformKernel=features(2, 2, 3, 3), expandKernel=features(4, 2, 1, 1), weights=weights(3))
