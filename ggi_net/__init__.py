"""The GGI toolkit: one national standard, local options, every gemeente configured, checked and watched."""

__version__ = "0.1.0"
