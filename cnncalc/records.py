"""Records: named tuples that cost little to define.

`typing.NamedTuple` compiles a constructor for every class: about 0.15 ms each, and a cold start
defines some thirty of them. A record's constructor is shared, and slower to call: where millions
are made (windows, fields, params, work), NamedTuple stays.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record(tuple[Any, ...]):
    """A tuple whose items have names: the annotated names of the class, in order, with defaults."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Turn the annotated names into properties."""
        cls._fields = tuple(cls.__dict__.get("__annotations__", ()))
        cls._defaults = {name: cls.__dict__[name] for name in cls._fields if name in cls.__dict__}
        for index, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(index)))

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Return a record of the positional and named values."""
        if not kwargs and len(args) == len(cls._fields):
            return tuple.__new__(cls, args)
        values = dict(zip(cls._fields, args, strict=False)) | kwargs
        if len(values) != len(args) + len(kwargs) or values.keys() - set(cls._fields):
            raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}, each once")
        values = cls._defaults | values
        missing = [name for name in cls._fields if name not in values]
        if missing:
            raise TypeError(f"{cls.__name__}: missing {', '.join(missing)}")
        return tuple.__new__(cls, [values[name] for name in cls._fields])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return the values, for copies and pickles."""
        return tuple(self)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({given})"

    def _asdict(self) -> dict[str, Any]:
        """Return the values by name."""
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: Any) -> Self:
        """Return the same record with some values changed."""
        return type(self)(**(self._asdict() | changes))
