"""The paths below /api/plugins/ggi/."""

from __future__ import annotations

from django.urls import path

from ggi_net.netbox_plugin.api.views import ExportTablesView, ExportView

urlpatterns = [
    path("export/", ExportView.as_view(), name="export"),
    path("export/tables/", ExportTablesView.as_view(), name="export-tables"),
]
