"""Engine: the address of a registered version in, its matcher out, checked before it is made."""

from lfr_eval.registry.registered import RegisteredModel, RegistryError, load_registered

__all__ = ["RegisteredModel", "RegistryError", "load_registered"]
