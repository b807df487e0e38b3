"""Numbers for shards such that each has a partition of its own, or all partitions have as many of them."""

SEED = 42  # of the hash by which Spark shares out groups
_MASK = 0xFFFFFFFF


def numbers_of(shards: int) -> list[int]:
    """As many numbers as ``shards``, which Spark shares out evenly over so many partitions, or a divisor of them.

    They are told by ``shards`` alone: a checkpoint fixes that, and the number of partitions that a session has may be
    another when the job goes on. Numbers made of both lost the state of the keys whose number was another.

    >>> numbers_of(4), sorted(_hash(n) % 4 for n in numbers_of(4)), sorted(_hash(n) % 2 for n in numbers_of(4))
    ([0, 2, 6, 12], [0, 1, 2, 3], [0, 0, 1, 1])
    """
    found: dict[int, int] = {}
    number = 0
    while len(found) < shards:
        found.setdefault(_hash(number) % shards, number)
        number += 1
    return sorted(found.values())


def _hash(number: int) -> int:
    """Spark's hash of an integer: Murmur3, x86, 32 bits, signed."""
    k = number * 0xCC9E2D51 & _MASK
    k = _rotated(k, 15) * 0x1B873593 & _MASK
    h = (_rotated(SEED ^ k, 13) * 5 + 0xE6546B64) & _MASK
    h ^= 4
    h = (h ^ h >> 16) * 0x85EBCA6B & _MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK
