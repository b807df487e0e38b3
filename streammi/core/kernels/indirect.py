"""The weakest sides of triangles, of many channels that are linked."""

from typing import Any

import numpy as np

from streammi.core.kernels.compiled import kernel


@kernel
def stronger_ways(strength: Any, edges: Any, share: float, out: Any) -> None:
    """The channel through which both ends of each edge (k, 2) are linked most strongly, to ``out`` (k,).

    ``strength`` (C, C) is that of each link, -inf where there is none; a way is as strong as the weaker of its two. -1
    where the edge itself is not below ``share`` of it.
    """
    channels = strength.shape[0]
    whole = channels - channels % 4
    for e in range(edges.shape[0]):
        a, b = strength[edges[e, 0]], strength[edges[e, 1]]
        m0 = m1 = m2 = m3 = -np.inf
        for k in range(0, whole, 4):  # four side by side: one waits for its own comparison
            m0 = max(m0, min(a[k], b[k]))
            m1 = max(m1, min(a[k + 1], b[k + 1]))
            m2 = max(m2, min(a[k + 2], b[k + 2]))
            m3 = max(m3, min(a[k + 3], b[k + 3]))
        for k in range(whole, channels):
            m0 = max(m0, min(a[k], b[k]))
        most = max(max(m0, m1), max(m2, m3))
        out[e] = -1
        if most > -np.inf and a[edges[e, 1]] < share * most:
            for k in range(channels):
                if min(a[k], b[k]) == most:
                    out[e] = k
                    break
