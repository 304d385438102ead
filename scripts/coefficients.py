"""Computes the polynomial coefficients of src/graph/ops/coefficients.ts. Needs mpmath; run by hand, never by the build:

    python3 scripts/coefficients.py > src/graph/ops/coefficients.ts

Each function is interpolated at Chebyshev points with 100 digits, its Chebyshev series is cut where the rest is below
2e-17 (an eighth of a unit in the last place of a number near 1), and what is left is written in powers of the variable.
The functions are chosen so that they stay near 1 on the whole range: the error is then a relative one. The achieved
error, coefficients rounded to float64 included, is written beside every table.
"""
from mpmath import mp, mpf, cos, erf, erfc, exp, log, loggamma, nstr, pi, sqrt, tan

mp.dps = 100
CUT = mpf('2e-17')
POINTS = 60


def chebyshev(function, low, high):
    """Chebyshev coefficients of `function` on [low, high], cut where the rest no longer matters."""
    middle, half = (low + high) / 2, (high - low) / 2
    angles = [pi * (k + mpf(1) / 2) / POINTS for k in range(POINTS)]
    values = [function(middle + half * cos(angle)) for angle in angles]
    series = [sum(v * cos(j * a) for v, a in zip(values, angles)) * 2 / POINTS for j in range(POINTS)]
    series[0] /= 2
    rest = mpf(0)
    while rest + abs(series[-1]) < CUT:
        rest += abs(series.pop())
    return series


def multiply(p, q):
    product = [mpf(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            product[i + j] += a * b
    return product


def powers(series, low, high):
    """The same polynomial in powers of its variable, ascending."""
    scaled = [-(high + low) / (high - low), 2 / (high - low)]
    before, now = [mpf(1)], scaled
    total = [mpf(0)] * len(series)
    for coefficient in series:
        for i, value in enumerate(before):
            total[i] += coefficient * value
        after = [2 * value for value in multiply(scaled, now)]
        for i, value in enumerate(before):
            after[i] -= value
        before, now = now, after
    return total


def value(coefficients, x):
    total = mpf(0)
    for coefficient in reversed(coefficients):
        total = total * x + mpf(coefficient)
    return total


def table(name, comment, function, low, high):
    low, high = mpf(low), mpf(high)
    rounded = [float(c) for c in powers(chebyshev(function, low, high), low, high)]
    probes = [low + (high - low) * (k + mpf(1) / 2) / 997 for k in range(997)]
    error = max(abs(value(rounded, x) / function(x) - 1) for x in probes)
    print(f'\n/** {comment} Relative error {nstr(error, 2)}. */')
    print(f'export const {name}: readonly number[] = [')
    for k in range(0, len(rounded), 4):
        print('  ' + ', '.join(repr(c) for c in rounded[k:k + 4]) + ',')
    print(']')


def erf_ratio(z):
    return erf(sqrt(z)) / sqrt(z) if z > 0 else 2 / sqrt(pi)


def atan_ratio(z):
    return mp.atan(sqrt(z)) / sqrt(z) if z > 0 else mpf(1)


# The centre of u = (s - 4)/(s + 4) needs the fewest terms (28; 34 at 2, 31 at 6), the weight s + 5/4 keeps the
# product within [0.997, 1.01] from s = 0, where it is 5/4 * sqrt(2/pi), to infinity, where it is 1.
def mills_excess(u):
    s = 4 * (1 + u) / (1 - u)
    tail = erfc(s / sqrt(mpf(2))) / 2
    return (exp(-s * s / 2) / sqrt(2 * pi) / tail - s) * (s + mpf(5) / 4)


# log gamma has its zeros at 1 and 2, divided out here; v = (x - c)/(x + c) with c*c = 3/4 * 6 (rounded: 2.125) makes
# the range of x nearly symmetric in v and keeps the singularity x = 0 at v = -1.
CENTRE = mpf('2.125')


def moebius(x):
    return (x - CENTRE) / (x + CENTRE)


def log_gamma_middle(v):
    x = CENTRE * (1 + v) / (1 - v)
    return loggamma(x) / ((x - 1) * (x - 2))


def log_gamma_large(z):
    if z == 0:
        return mpf(1) / 12
    x = 1 / sqrt(z)
    return x * (loggamma(x) - (x - mpf(1) / 2) * log(x) + x - log(2 * pi) / 2)


if __name__ == '__main__':
    print('// Coefficients (ascending) of the polynomials behind the special functions. Written by scripts/coefficients.py: change that.')
    table('erfSmall', 'erf(x)/x in powers of z = x² for 0 ≤ z ≤ 1.', erf_ratio, 0, 1)
    table('millsExcess', '(φ(s)/Φ(−s) − s)·(s + 5/4) in powers of u = (s − 4)/(s + 4) for all s ≥ 0, φ and Φ of the standard normal.', mills_excess, -1, 1)
    table('atanSmall', 'atan(w)/w in powers of z = w² for |w| ≤ tan(π/8).', atan_ratio, 0, tan(pi / 8) ** 2)
    table('logGammaMiddle', 'log Γ(x) / ((x − 1)(x − 2)) in powers of v = (x − 2.125)/(x + 2.125) for 3/4 ≤ x ≤ 6.', log_gamma_middle, moebius(mpf('0.75')), moebius(mpf(6)))
    table('logGammaLarge', 'x·(log Γ(x) − (x − ½)·log x + x − ½·log 2π) in powers of z = 1/x² for x ≥ 6.', log_gamma_large, 0, mpf(1) / 36)
