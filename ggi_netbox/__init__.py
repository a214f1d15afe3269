"""The name that NetBox loads `ggi_net.netbox_plugin` by.

NetBox's REST pages about plugins (`/api/plugins/`) fail as soon as any plugin's name has a dot, so it gets one without.
"""

from ggi_net.netbox_plugin import __path__, config

__all__ = ["__path__", "config"]
