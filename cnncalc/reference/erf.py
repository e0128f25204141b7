"""The error function, which NumPy does not have."""

from __future__ import annotations

import numpy as np

from cnncalc.reference.arrays import Array

_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)  # fmt: skip
"""erf(z)/z for 0 ≤ z < 0.46875: numerator and denominator in z², the highest power first."""

_FAR = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3),
)  # fmt: skip
"""(1 - erf(z))·e^(z²) for 0.46875 ≤ z, in z."""


def erf(x: Array) -> Array:
    """Return the error function to 4 units in its last place, in float32 in the last place of 1.

    W. J. Cody, Math. Comp. 23, 1969. His second range serves for the third too, where 1 - erf is
    small, and in float32 for the first.
    """
    z = np.minimum(np.abs(x), 6)  # from where erf is 1
    square = z * z
    found: Array = 1 - np.exp(-square) * _polynomial(z, *_FAR[0]) / _polynomial(z, *_FAR[1])
    if x.dtype == np.float64:
        near = z * _polynomial(square, *_NEAR[0]) / _polynomial(square, *_NEAR[1])
        found = np.where(z < 0.46875, near, found)
    return np.copysign(found, x)


def _polynomial(x: Array, first: float, *rest: float) -> Array:
    """Return a polynomial by Horner's rule, given its coefficients, the highest power first."""
    value = np.full_like(x, first)
    for coefficient in rest:
        value *= x
        value += coefficient
    return value
