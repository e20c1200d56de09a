"""numba's compiler without its engine: LLVM's optimised text of a loop, of which nobody has made machine code yet.

numba makes machine code of every function of a generated module as soon as that is compiled, and of all of them again
in the one that calls them; the object that is kept would be the third time. Here nothing is made on the way.
"""

from __future__ import annotations

import copy
from functools import cache
from types import SimpleNamespace
from typing import Any


def module_of(loop: Any, kinds: tuple[Any, ...]) -> tuple[Any, str]:
    """What numba's compiler makes of a loop and of those it calls.

    Parameters
    ----------
    loop : numba dispatcher
        Not compiled yet for the arguments.
    kinds : tuple
        numba's types of the arguments.

    Returns
    -------
    module : llvmlite module
        Optimised.
    name : str
        The loop's in it.
    """
    import llvmlite.binding as llvm

    # numba's for this CPU.
    target = loop._compiler.targetdescr
    there = {id(one): one for one in (loop, *loop.py_func.__globals__.values()) if hasattr(one, "_compiler")}
    context = _without_engine(target.target_context)
    engineless = SimpleNamespace(options=target.options, typing_context=target.typing_context, target_context=context)
    compilers = [one._compiler for one in there.values()]
    before = [(one.targetdescr, one.targetoptions) for one in compilers]
    try:
        for one in compilers:
            one.targetdescr = engineless
        # The functions that Python and C would call it by are not of its object.
        wanted = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        loop._compiler.targetoptions = {**loop._compiler.targetoptions, **wanted}
        found = loop._compiler.compile(kinds, None)
    finally:
        for one, (known, options) in zip(compilers, before, strict=True):
            one.targetdescr, one.targetoptions = known, options
    return llvm.parse_bitcode(found.library._get_module_for_linking().as_bitcode()), found.fndesc.llvm_func_name


class _NoEngine:
    """Stands where numba has LLVM's engine, which makes machine code of whatever module it is given."""

    def finalize_object(self) -> None:
        """Nothing is made."""

    def is_symbol_defined(self, name: str) -> bool:
        """Nothing has been made."""
        return False


@cache
def _without_engine(context: Any) -> Any:
    """numba's compiler as far as LLVM's optimised text."""
    codegen = copy.copy(context.codegen())
    codegen._engine = _NoEngine()
    for step in ("_add_module", "_scan_and_fix_unresolved_refs", "set_env"):
        getattr(codegen, step)  # As it is called in this version of numba.
        setattr(codegen, step, lambda *_: None)
    return context.subtarget(_internal_codegen=codegen)
