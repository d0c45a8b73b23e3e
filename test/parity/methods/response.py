"""Methods on logits, written from the papers. `labels` are class numbers, -1 where there is none."""
import torch
import torch.nn.functional as F

from cases import LOGITS, LOGITS_ABOVE_2, case, fixture, labels, logits, weights


def reduced(values, reduction, classes, weights=None):
    """values: one per sample."""
    if reduction == "sum":
        return values.sum() if weights is None else (values * weights).sum()
    mean = values.mean() if weights is None else (values * weights).sum() / weights.sum()
    return mean / classes if reduction == "mean" else mean


def kl(log_p, log_q):
    """KL(p || q) per sample."""
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)


def pair(*shape, **options):
    return {"teacher": logits(*shape, **options), "student": logits(*shape, **options)}


# ---------------------------------------------------------------- Hinton, Vinyals, Dean 2015

def kd_loss(teacher, student, temperature=4.0, reduction="batchMean", divergence="kl", activation="softmax",
            weights=None, labels=None):
    if labels is not None:  # probability shift: Wen, Lai, Qian 2019
        rows = torch.arange(len(teacher))
        top, shifted = teacher.argmax(-1), teacher.clone()
        shifted[rows, top], shifted[rows, labels] = teacher[rows, labels], teacher[rows, top]
        teacher = shifted
    t, s = teacher / temperature, student / temperature
    if activation == "sigmoid":
        values = F.binary_cross_entropy_with_logits(s, t.sigmoid(), reduction="none").sum(-1)
        entropy = F.binary_cross_entropy_with_logits(t, t.sigmoid(), reduction="none").sum(-1)
        values = values - entropy if divergence == "kl" else values
    elif divergence == "kl":
        values = kl(F.log_softmax(t, -1), F.log_softmax(s, -1))
    else:
        values = -(F.softmax(t, -1) * F.log_softmax(s, -1)).sum(-1)
    return reduced(values * temperature**2, reduction, student.shape[-1], weights)


@fixture("kd")
def kd():
    for batch, classes in LOGITS:
        size = f"{batch}x{classes}"
        yield case(size, kd_loss, **pair(batch, classes))
        options = {"temperature": 1, "reduction": "mean"}
        yield case(f"{size}, T 1, mean over classes too", kd_loss, options, **pair(batch, classes))
    for batch, classes in [(2, 10), (7, 2)]:
        size = f"{batch}x{classes}"
        options = {"temperature": 10, "divergence": "crossEntropy", "reduction": "sum"}
        yield case(f"{size}, T 10, cross-entropy, sum", kd_loss, options, **pair(batch, classes))
        yield case(f"{size}, multi-label", kd_loss, {"activation": "sigmoid"}, **pair(batch, classes))
        options = {"activation": "sigmoid", "divergence": "crossEntropy"}
        yield case(f"{size}, multi-label cross-entropy", kd_loss, options, **pair(batch, classes))
        yield case(f"{size}, probability shift", kd_loss, {"temperature": 2}, **pair(batch, classes),
                   labels=labels(batch, classes))
    yield case("a sequence, 2x3x5", kd_loss, **pair(2, 3, 5))
    yield case("a sequence with weights, 2x3x5", kd_loss, **pair(2, 3, 5), weights=weights(2, 3))
    yield case("logits of about 1e4", kd_loss, **pair(2, 10, scale=1e4))


# ---------------------------------------------------------------- Ba, Caruana 2014

def logits_mse(teacher, student, centred=False, reduction="mean", weights=None):
    if centred:
        teacher, student = (z - z.mean(-1, keepdim=True) for z in (teacher, student))
    return reduced((student - teacher).square().sum(-1), reduction, student.shape[-1], weights)


@fixture("logits-mse")
def mse():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", logits_mse, **pair(batch, classes))
        yield case(f"{batch}x{classes}, centred", logits_mse, {"centred": True}, **pair(batch, classes))
    yield case("2x10, sum over classes", logits_mse, {"reduction": "batchMean"}, **pair(2, 10))
    yield case("a sequence with weights, 2x3x5", logits_mse, **pair(2, 3, 5), weights=weights(2, 3))


# ---------------------------------------------------------------- MiniLLM 2023, GKD 2024

def reverse_kl(teacher, student, temperature=1.0, reduction="batchMean", weights=None):
    log_p, log_q = F.log_softmax(teacher / temperature, -1), F.log_softmax(student / temperature, -1)
    return reduced(kl(log_q, log_p) * temperature**2, reduction, student.shape[-1], weights)


@fixture("reverse-kl")
def reverse():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", reverse_kl, **pair(batch, classes))
        yield case(f"{batch}x{classes}, T 3", reverse_kl, {"temperature": 3}, **pair(batch, classes))
    yield case("a sequence with weights, 2x3x5", reverse_kl, **pair(2, 3, 5), weights=weights(2, 3))
    yield case("logits of about 1e4", reverse_kl, **pair(2, 10, scale=1e4))


def jsd_loss(teacher, student, beta=0.5, temperature=1.0, reduction="batchMean", weights=None):
    log_p, log_q = F.log_softmax(teacher / temperature, -1), F.log_softmax(student / temperature, -1)
    if beta == 0:
        values = kl(log_p, log_q)
    elif beta == 1:
        values = kl(log_q, log_p)
    else:
        b = torch.tensor(beta)
        log_m = torch.logsumexp(torch.stack([log_p + b.log(), log_q + torch.log1p(-b)]), 0)
        values = beta * kl(log_p, log_m) + (1 - beta) * kl(log_q, log_m)
    return reduced(values * temperature**2, reduction, student.shape[-1], weights)


@fixture("jsd")
def jsd():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", jsd_loss, **pair(batch, classes))
        yield case(f"{batch}x{classes}, beta 0.1, T 2", jsd_loss, {"beta": 0.1, "temperature": 2}, **pair(batch, classes))
    for beta in (0, 0.9, 1):
        yield case(f"2x10, beta {beta}", jsd_loss, {"beta": beta}, **pair(2, 10))
    yield case("a sequence with weights, 2x3x5", jsd_loss, **pair(2, 3, 5), weights=weights(2, 3))
    yield case("logits of about 1e4", jsd_loss, **pair(2, 10, scale=1e4))


# ---------------------------------------------------------------- top-k

def top_k_kl(teacher, student, k=64, tail="tailBucket", temperature=1.0, reduction="batchMean", weights=None):
    t, s = teacher / temperature, student / temperature
    top = t.topk(min(k, t.shape[-1]), -1).indices
    if tail == "renormBoth":
        log_p, log_q = F.log_softmax(t.gather(-1, top), -1), F.log_softmax(s.gather(-1, top), -1)
    elif tail == "teacherOnly":
        log_p, log_q = F.log_softmax(t.gather(-1, top), -1), F.log_softmax(s, -1).gather(-1, top)
    else:
        def events(z):
            rest = z.scatter(-1, top, float("-inf")).logsumexp(-1, keepdim=True)
            return F.log_softmax(torch.cat([z.gather(-1, top), rest], -1), -1)
        log_p, log_q = events(t), events(s)
    return reduced(kl(log_p, log_q) * temperature**2, reduction, student.shape[-1], weights)


@fixture("top-k-kl")
def top_k():
    for batch, classes in LOGITS_ABOVE_2:
        for tail in ("renormBoth", "teacherOnly", "tailBucket"):
            options = {"k": 4, "tail": tail, "temperature": 2 if batch == 7 else 1}
            yield case(f"{batch}x{classes}, {tail}", top_k_kl, options, **pair(batch, classes))
    for tail in ("renormBoth", "teacherOnly"):
        yield case(f"2x2, {tail}, k beyond the classes", top_k_kl, {"k": 4, "tail": tail}, **pair(2, 2))
    yield case("2x2, tailBucket, k 1", top_k_kl, {"k": 1, "tail": "tailBucket"}, **pair(2, 2))
    yield case("a sequence with weights, 2x3x5", top_k_kl, {"k": 2}, **pair(2, 3, 5), weights=weights(2, 3))


# ---------------------------------------------------------------- DKD: Zhao et al. 2022

def dkd_loss(teacher, student, labels, alpha=1.0, beta=8.0, temperature=4.0, reduction="batchMean", weights=None):
    target = F.one_hot(labels, student.shape[-1]).bool()

    def parts(logits):
        z = (logits / temperature).double()  # log(1 - p) by subtraction needs the digits
        log_prob = F.log_softmax(z, -1)
        own = log_prob.masked_select(target).view(labels.shape)
        others = torch.where(target, float("-inf"), log_prob).logsumexp(-1)
        among = z.masked_select(~target).view(*labels.shape, -1)
        return torch.stack([own, others], -1), F.log_softmax(among, -1)

    (bin_t, others_t), (bin_s, others_s) = parts(teacher), parts(student)
    values = (alpha * kl(bin_t, bin_s) + beta * kl(others_t, others_s)) * temperature**2
    return reduced(values, reduction, student.shape[-1], weights).float()


@fixture("dkd")
def dkd():
    for batch, classes in LOGITS_ABOVE_2:
        for options in ({}, {"alpha": 0.5, "beta": 2, "temperature": 1}):
            yield case(f"{batch}x{classes}, {options or 'defaults'}", dkd_loss, options, **pair(batch, classes),
                       labels=labels(batch, classes))
    yield case("2x3, alpha only", dkd_loss, {"beta": 0}, **pair(2, 3), labels=labels(2, 3))
    yield case("2x3, beta only", dkd_loss, {"alpha": 0}, **pair(2, 3), labels=labels(2, 3))
    yield case("7x10 with weights", dkd_loss, **pair(7, 10), labels=labels(7, 10), weights=weights(7))
    yield case("logits of about 1e4", dkd_loss, {"temperature": 1}, **pair(2, 10, scale=1e4), labels=labels(2, 10))


# ---------------------------------------------------------------- DIST: Huang et al. 2022

def dist_loss(teacher, student, beta=1.0, gamma=1.0, temperature=1.0):
    def pearson(a, b):  # the authors': eps beside the product of the norms
        a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
        return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)

    p, q = F.softmax(teacher / temperature, 1), F.softmax(student / temperature, 1)
    inter = 1 - pearson(q, p).mean()
    # relations among samples need two of them; the authors' formula gives a constant for one
    intra = 1 - pearson(q.T, p.T).mean() if len(q) > 1 else 0
    return temperature**2 * (beta * inter + gamma * intra)


@fixture("dist")
def dist():
    for batch, classes in LOGITS_ABOVE_2 + [(7, 2)]:
        for options in ({}, {"beta": 2, "gamma": 0.5, "temperature": 4}):
            yield case(f"{batch}x{classes}, {options or 'defaults'}", dist_loss, options, **pair(batch, classes))


# ---------------------------------------------------------------- LSKD: Sun et al. 2024

def standardized_kd(teacher, student, temperature=2.0, reduction="batchMean", weights=None):
    def standardized(z):
        return (z - z.mean(-1, keepdim=True)) / (z.std(-1, keepdim=True) + 1e-7)
    log_p, log_q = (F.log_softmax(standardized(z) / temperature, -1) for z in (teacher, student))
    return reduced(kl(log_p, log_q) * temperature**2, reduction, student.shape[-1], weights)


@fixture("standardized-kd")
def standardized():
    for batch, classes in LOGITS_ABOVE_2:
        yield case(f"{batch}x{classes}", standardized_kd, **pair(batch, classes))
        yield case(f"{batch}x{classes}, T 1", standardized_kd, {"temperature": 1}, **pair(batch, classes))
    yield case("a sequence with weights, 2x3x5", standardized_kd, **pair(2, 3, 5), weights=weights(2, 3))
    yield case("logits of about 1e4", standardized_kd, **pair(2, 10, scale=1e4))


# ---------------------------------------------------------------- CTKD: Li et al. 2023

class ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None


def ctkd_loss(teacher, student, parameter, reversal=-1.0, start=1.0, range=20.0, reduction="batchMean", weights=None):
    # the derivative by the temperature is a difference of nearly equal terms: single precision is off by 0.3 %
    teacher, student, parameter = teacher.double(), student.double(), parameter.double()
    temperature = start + range * torch.sigmoid(ScaledGradient.apply(parameter, reversal))
    log_p, log_q = F.log_softmax(teacher / temperature, -1), F.log_softmax(student / temperature, -1)
    return reduced(kl(log_p, log_q) * temperature**2, reduction, student.shape[-1], weights).float()


@fixture("ctkd")
def ctkd():
    for batch, classes in LOGITS:
        for parameter, options in ((1.0, {}), (-2.0, {"reversal": -0.5, "range": 5})):
            yield case(f"{batch}x{classes}, {options or 'defaults'}", ctkd_loss, options, ("student", "parameter"),
                       **pair(batch, classes), parameter=torch.tensor(parameter))


# ---------------------------------------------------------------- MLKD: Jin, Wang, Lin 2023

def mlkd_loss(teacher, student, temperatures=(2, 3, 4, 5, 6), instance=1.0, batch=1.0, classes=1.0):
    total = 0
    for temperature in temperatures:
        p, q = F.softmax(teacher / temperature, 1), F.softmax(student / temperature, 1)
        b, c = q.shape
        total = (total + instance * kd_loss(teacher, student, temperature)
                 + batch * (q @ q.T - p @ p.T).square().sum() / b
                 + classes * (q.T @ q - p.T @ p).square().sum() / c)
    return total


@fixture("mlkd")
def mlkd():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", mlkd_loss, **pair(batch, classes))
        options = {"temperatures": [1, 4], "instance": 0, "batch": 2, "classes": 3}
        yield case(f"{batch}x{classes}, relations only", mlkd_loss, options, **pair(batch, classes))


# ---------------------------------------------------------------- WSLD: Zhou et al. 2021

def wsld_loss(teacher, student, labels, temperature=2.0, reduction="batchMean", weights=None):
    def hard(z):
        return F.cross_entropy(z, labels, reduction="none")
    with torch.no_grad():
        behind = 1 - torch.exp(-hard(student) / (hard(teacher) + 1e-7))
    soft = -(F.softmax(teacher / temperature, 1) * F.log_softmax(student / temperature, 1)).sum(1)
    return reduced(behind * soft * temperature**2, reduction, student.shape[-1], weights)


@fixture("wsld")
def wsld():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", wsld_loss, **pair(batch, classes), labels=labels(batch, classes))
    yield case("7x10, T 1, with weights", wsld_loss, {"temperature": 1}, **pair(7, 10), labels=labels(7, 10), weights=weights(7))
    yield case("logits of about 1e4", wsld_loss, **pair(2, 10, scale=1e4), labels=labels(2, 10))


# ---------------------------------------------------------------- Tf-KD: Yuan et al. 2020

def tf_kd_loss(student, labels, correctProbability=0.99, temperature=20.0, reduction="batchMean", weights=None):
    classes = student.shape[-1]
    virtual = torch.full_like(student, (1 - correctProbability) / (classes - 1))
    virtual.scatter_(1, labels[:, None], correctProbability)
    log_p, log_q = F.log_softmax(virtual.log() / temperature, 1), F.log_softmax(student / temperature, 1)
    return reduced(kl(log_p, log_q) * temperature**2, reduction, classes, weights)


@fixture("tf-kd")
def tf_kd():
    for batch, classes in LOGITS:
        for options in ({}, {"correctProbability": 0.9, "temperature": 1}):
            yield case(f"{batch}x{classes}, {options or 'defaults'}", tf_kd_loss, options,
                       student=logits(batch, classes), labels=labels(batch, classes))


# ---------------------------------------------------------------- total variation

def tvd_loss(teacher, student, temperature=1.0, reduction="batchMean", weights=None):
    p, q = F.softmax(teacher / temperature, -1), F.softmax(student / temperature, -1)
    return reduced((p - q).abs().sum(-1) / 2, reduction, student.shape[-1], weights)


@fixture("tvd")
def tvd():
    for batch, classes in LOGITS:
        yield case(f"{batch}x{classes}", tvd_loss, **pair(batch, classes))
        yield case(f"{batch}x{classes}, T 2", tvd_loss, {"temperature": 2}, **pair(batch, classes))
    yield case("a sequence with weights, 2x3x5", tvd_loss, **pair(2, 3, 5), weights=weights(2, 3))
