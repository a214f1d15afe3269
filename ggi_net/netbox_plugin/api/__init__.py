"""The plugin's part of NetBox's REST API, below /api/plugins/ggi/."""
